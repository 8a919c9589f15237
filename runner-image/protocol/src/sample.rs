//! Resource samples: what a run's container used, again and again while the script runs. Fixed-size records, one
//! after the other, in the file `samples`; encoding for the supervisor and decoding for the controller.
//!
//! Invariants: a record stands at a multiple of its length, so a damaged or torn one costs itself only; every
//! record has a check, which zeros (what a crash of the machine may leave) do not pass. However long a run is,
//! the number of its samples is bounded ([`Sample::interval`]). Knows no cgroups and no files.

use std::time::Duration;

/// The shortest time between two samples.
const SHORTEST: Duration = Duration::from_millis(250);
/// From 128 s on a sample follows the one before by this part of the run's age.
const PART: u32 = 512;

/// What was used at one moment. All but the times are the container's, the supervisor included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Since the start of the script's process, by a clock that nobody can set.
    pub elapsed_ms: u64,
    /// What counts against the limit and cannot simply be dropped: usage without inactive file pages. 0 if it could
    /// not be read.
    pub memory_bytes: u64,
    /// User and system time since the start, microseconds. 0 if it could not be read.
    pub cpu_us: u64,
    /// Processes and threads. 0 if it could not be read.
    pub pids: u32,
}

impl Sample {
    /// Length of a record in bytes.
    pub const LEN: usize = 40;

    /// Little-endian, in the order of the fields; then the CRC-32 (IEEE) of the bytes before it.
    pub fn encode(&self) -> [u8; Sample::LEN] {
        let mut record = [0; Sample::LEN];
        record[..8].copy_from_slice(&self.at_ms.to_le_bytes());
        record[8..16].copy_from_slice(&self.elapsed_ms.to_le_bytes());
        record[16..24].copy_from_slice(&self.memory_bytes.to_le_bytes());
        record[24..32].copy_from_slice(&self.cpu_us.to_le_bytes());
        record[32..36].copy_from_slice(&self.pids.to_le_bytes());
        let check = crc32fast::hash(&record[..36]);
        record[36..].copy_from_slice(&check.to_le_bytes());
        record
    }

    /// `None` for a damaged record.
    pub fn decode(record: &[u8; Sample::LEN]) -> Option<Sample> {
        let u32_at = |at: usize| Some(u32::from_le_bytes(*record.get(at..)?.first_chunk()?));
        let u64_at = |at: usize| Some(u64::from_le_bytes(*record.get(at..)?.first_chunk()?));
        if crc32fast::hash(&record[..36]) != u32_at(36)? {
            return None;
        }
        Some(Sample {
            at_ms: u64_at(0)?.cast_signed(),
            elapsed_ms: u64_at(8)?,
            memory_bytes: u64_at(16)?,
            cpu_us: u64_at(24)?,
            pids: u32_at(32)?,
        })
    }

    /// The sound records of a file, or of a part of it that begins with a record; damaged ones and a torn end are
    /// passed over.
    pub fn all_in(bytes: &[u8]) -> impl Iterator<Item = Sample> {
        let (records, _torn) = bytes.as_chunks();
        records.iter().filter_map(Sample::decode)
    }

    /// How long after a sample taken at that age of the run the next one is due: a quarter of a second at first,
    /// later so that each step is the same part of what was before. A month has some 5,600 samples, 220 KB.
    pub fn interval(elapsed: Duration) -> Duration {
        SHORTEST.max(elapsed / PART)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLE: Sample = Sample {
        at_ms: -2,
        elapsed_ms: 0x0102,
        memory_bytes: 64 << 20,
        cpu_us: 1_000_000,
        pids: 7,
    };

    #[test]
    fn the_bytes_are_those_of_the_document() {
        let bytes = SAMPLE.encode();
        assert_eq!(bytes[..8], [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(bytes[8..16], [2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[16..24], [0, 0, 0, 4, 0, 0, 0, 0]);
        assert_eq!(bytes[24..32], [0x40, 0x42, 0x0F, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[32..36], [7, 0, 0, 0]);
        assert_eq!(bytes[36..], crc32fast::hash(&bytes[..36]).to_le_bytes());
    }

    #[test]
    fn what_a_crash_may_leave_is_no_sample() {
        assert_eq!(Sample::decode(&[0; Sample::LEN]), None);
        assert_eq!(Sample::decode(&[0xFF; Sample::LEN]), None);
    }

    #[test]
    fn a_damaged_record_and_a_torn_end_cost_themselves_only() {
        let samples: Vec<Sample> = (0..5)
            .map(|n| Sample {
                elapsed_ms: n * 250,
                ..SAMPLE
            })
            .collect();
        let mut file: Vec<u8> = samples.iter().flat_map(Sample::encode).collect();
        assert!(Sample::all_in(&file).eq(samples.iter().copied()));
        file[2 * Sample::LEN + 17] ^= 1;
        let without = [0, 1, 3, 4].map(|n| samples[n]);
        assert!(Sample::all_in(&file).eq(without));
        file.extend_from_slice(&SAMPLE.encode()[..39]);
        assert!(Sample::all_in(&file).eq(without));
        assert_eq!(Sample::all_in(&file[..39]).count(), 0);
    }

    #[test]
    fn a_run_of_any_length_has_a_bounded_number_of_samples() {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let (mut elapsed, mut before, mut count) = (Duration::ZERO, Duration::ZERO, 0);
        let mut counted = Vec::new();
        for limit in [Duration::from_secs(1), Duration::from_secs(128), DAY, 30 * DAY] {
            while elapsed < limit {
                let interval = Sample::interval(elapsed);
                assert!(interval >= before, "steps never shrink");
                (elapsed, before, count) = (elapsed + interval, interval, count + 1);
            }
            counted.push(count);
        }
        assert_eq!(counted[..2], [4, 512]);
        assert!((3_500..4_000).contains(&counted[2]), "a day: {}", counted[2]);
        assert!((5_000..6_000).contains(&counted[3]), "a month: {}", counted[3]);
        assert!(
            Sample::interval(Duration::MAX) < Duration::MAX,
            "and nothing overflows"
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_and_any_flipped_bit_is_noticed(
            at_ms: i64, elapsed_ms: u64, memory_bytes: u64, cpu_us: u64, pids: u32, bit in 0..Sample::LEN * 8,
        ) {
            let sample = Sample { at_ms, elapsed_ms, memory_bytes, cpu_us, pids };
            let mut record = sample.encode();
            prop_assert_eq!(Sample::decode(&record), Some(sample));
            record[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Sample::decode(&record), None);
        }
    }
}
