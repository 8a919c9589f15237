//! The start mark: what `started` says besides being there. A later controller learns from it for how long a run
//! has been going, by a clock that nobody can set.
//!
//! Invariants: that the file exists is the fact; its content is best effort, and whatever cannot be read as a mark
//! is no mark, never an error. `CLOCK_MONOTONIC` is one for the host and its containers, but begins anew with every
//! boot: without the same boot no duration is told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::VERSION;

/// Written by the supervisor as `started`, a moment (one directory sync) before the script's process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartMark {
    pub version: u32,
    /// `/proc/sys/kernel/random/boot_id`; empty if it could not be read.
    pub boot_id: String,
    /// Microseconds of `CLOCK_MONOTONIC`.
    pub started_mono_us: u64,
    /// Unix milliseconds.
    pub started_at_ms: i64,
}

impl StartMark {
    /// No mark is longer; a reader needs to read no more.
    pub const MOST_BYTES: usize = 1024;

    /// `None` for what is no mark: nothing at all (its disk was full, or it is only just being written), something
    /// torn or too long, or another version's. Fields that are not known here are passed over.
    pub fn parse(bytes: &[u8]) -> Option<StartMark> {
        if bytes.len() > StartMark::MOST_BYTES {
            return None;
        }
        let mark: StartMark = serde_json::from_slice(bytes).ok()?;
        (mark.version == VERSION).then_some(mark)
    }

    /// How long ago it was set, for a reader in the boot `boot_id` at `now_mono_us` of `CLOCK_MONOTONIC`. `None` if
    /// that cannot be told: another boot, an unknown one, or a mark from the future.
    pub fn elapsed(&self, boot_id: &str, now_mono_us: u64) -> Option<Duration> {
        let same_boot = !self.boot_id.is_empty() && self.boot_id == boot_id.trim();
        let elapsed_us = now_mono_us.checked_sub(self.started_mono_us)?;
        same_boot.then(|| Duration::from_micros(elapsed_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: &str = "5a6c0d3e-0b4f-4c3d-9a52-0d8f6f4f7a11";

    fn mark() -> StartMark {
        StartMark {
            version: VERSION,
            boot_id: BOOT.to_owned(),
            started_mono_us: 5_000_000,
            started_at_ms: 1_700_000_000_000,
        }
    }

    #[test]
    fn a_mark_is_read_back_and_unknown_fields_are_passed_over() {
        let json = serde_json::to_string(&mark()).expect("JSON");
        assert!(
            json.len() < StartMark::MOST_BYTES / 4,
            "far from the bound: {json}"
        );
        assert_eq!(StartMark::parse(json.as_bytes()), Some(mark()));
        let newer = json.replacen('{', r#"{"more":[1],"#, 1);
        assert_eq!(StartMark::parse(newer.as_bytes()), Some(mark()));
    }

    #[test]
    fn whatever_is_no_mark_is_none() {
        let json = serde_json::to_vec(&mark()).expect("JSON");
        for torn in 0..json.len() {
            assert_eq!(StartMark::parse(&json[..torn]), None, "cut at {torn}");
        }
        let mut long = json.clone();
        long.resize(StartMark::MOST_BYTES + 1, b' ');
        let text = String::from_utf8(json).expect("text");
        let negative = text.replace("5000000", "-1");
        let other = text.replace(r#""version":1"#, r#""version":2"#);
        for bytes in [
            &long[..],
            b"null",
            b"[]",
            b"\0\0\0\0",
            b"\xff",
            negative.as_bytes(),
            other.as_bytes(),
        ] {
            assert_eq!(
                StartMark::parse(bytes),
                None,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
        assert!(
            StartMark::parse(&long[..StartMark::MOST_BYTES]).is_some(),
            "the bound itself"
        );
    }

    #[test]
    fn a_duration_is_told_within_one_boot_only() {
        let unknown = StartMark {
            boot_id: String::new(),
            ..mark()
        };
        let with_newline = format!("{BOOT}\n");
        let table = [
            (mark(), BOOT, 5_000_000, Some(0)),
            (mark(), BOOT, 8_500_000, Some(3_500_000)),
            (mark(), &with_newline, 8_500_000, Some(3_500_000)),
            (mark(), BOOT, 4_999_999, None),
            (mark(), "another", 8_500_000, None),
            (mark(), "", 8_500_000, None),
            (unknown.clone(), BOOT, 8_500_000, None),
            (unknown, "", 8_500_000, None),
        ];
        for (mark, boot, now, expected) in table {
            assert_eq!(
                mark.elapsed(boot, now),
                expected.map(Duration::from_micros),
                "{boot:?} {now}"
            );
        }
    }
}
