//! What explains an ending beside its kind: last words, traceback, the limits that were reached. Pure.
//!
//! A limit counts as hit where a counter of the kernel, the supervisor or the disk watch says so; only for open files and
//! the size of a file, which nobody counts, the script's own last words are believed, and the sentence says so.

use pytask_protocol::{Exit, ExitCause};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{LimitName, Limits};
use super::run::{ArtifactsSummary, Ending, StopReason};
use super::traceback::{self, Traceback};

/// Lines of stderr that are kept.
const LAST_LINES: usize = 20;
/// Being held back is what a CPU limit is for; it is worth a word from here on.
const THROTTLED_MS: u64 = 1_000;
const SIGXFSZ: i32 = 25;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// The last lines the script wrote to stderr, oldest first; not of a success.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stderr_tail: Vec<String>,
    /// What Python said, if it ended with an exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceback: Option<Traceback>,
    /// What was to be imported and is not there, if a package would bring it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_module: Option<Box<MissingModule>>,
    /// Every limit that was reached, be it that the script went on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits_hit: Vec<LimitHit>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingModule {
    /// As it was to be imported.
    pub module: String,
    /// Name of the package to add, normalised: a guess by the module's name.
    pub package: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitHit {
    pub limit: LimitName,
    /// In the limit's own unit; absent for CPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<u64>,
    /// What was reached, or how often it was refused, where that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<u64>,
    /// A sentence for people.
    pub message: String,
}

impl Evidence {
    /// `stderr` are the last lines, oldest first: more than are kept, for deep tracebacks.
    pub fn of(ending: &Ending, stop: Option<&StopReason>, limits: &Limits, stderr: &[String]) -> Self {
        let exit = match ending {
            Ending::Exited { exit } => Some(exit.as_ref()),
            _ => None,
        };
        let limits_hit = limits_hit(exit, stop, limits, stderr);
        if exit.is_some_and(|exit| exit.cause == ExitCause::Own && exit.code == Some(0)) {
            return Self {
                limits_hit,
                ..Self::default()
            };
        }
        Self {
            stderr_tail: stderr[stderr.len().saturating_sub(LAST_LINES)..].to_vec(),
            traceback: traceback::parse(stderr),
            missing_module: None,
            limits_hit,
        }
    }

    /// A run may leave more than it may before anybody measures it; then it is said, at least.
    pub fn with_artifacts(mut self, limits: &Limits, left: Option<ArtifactsSummary>) -> Self {
        let limit = LimitName::ArtifactsBytes;
        let beyond = left.filter(|left| left.bytes > limits.artifacts_bytes);
        if let (Some(left), None) = (beyond, self.hit(limit)) {
            self.limits_hit.extend(space(limit, limits, left.bytes));
        }
        self
    }

    /// What a build has made is measured before it becomes live, whoever watched it growing.
    pub fn with_environment(mut self, limits: &Limits, took: u64) -> Self {
        let limit = LimitName::EnvironmentBytes;
        let beyond = limits.disk_bytes.is_some_and(|allowed| took > allowed);
        if beyond && self.hit(limit).is_none() {
            self.limits_hit.extend(space(limit, limits, took));
        }
        self
    }

    pub fn hit(&self, limit: LimitName) -> Option<&LimitHit> {
        self.limits_hit.iter().find(|hit| hit.limit == limit)
    }
}

fn limits_hit(
    exit: Option<&Exit>,
    stop: Option<&StopReason>,
    limits: &Limits,
    stderr: &[String],
) -> Vec<LimitHit> {
    let mut hits = Vec::new();
    if let Some(StopReason::LimitReached { limit, found }) = stop {
        hits.extend(space(*limit, limits, *found));
    }
    let Some(exit) = exit else { return hits };
    let mut hit = |limit, allowed, found, message: String| {
        hits.push(LimitHit {
            limit,
            allowed,
            found,
            message,
        });
    };
    let counted = |count: Option<u64>| count.filter(|count| *count > 0);
    // The number that Python puts before the words of an error of the operating system.
    let said = |errno: u32| {
        let mark = format!("[Errno {errno}]");
        stderr.iter().any(|line| line.contains(&mark))
    };

    if counted(exit.oom_kills).is_some() {
        let message = format!("Memory: the limit of {} was reached", bytes(limits.memory_bytes));
        hit(
            LimitName::MemoryBytes,
            Some(limits.memory_bytes),
            exit.peak_memory_bytes,
            message,
        );
    }
    if exit.cause == ExitCause::TimeLimit || matches!(stop, Some(StopReason::Overdue)) {
        let message = format!("Run time: the limit of {} s was reached", limits.run_seconds);
        hit(LimitName::RunSeconds, Some(limits.run_seconds), None, message);
    }
    if exit.killed_after_grace {
        let grace = limits.stop_grace_seconds;
        let message = format!("Stopping: it was still there {grace} s after SIGTERM and was killed");
        hit(LimitName::StopGraceSeconds, Some(grace), None, message);
    }
    if let Some(refused) = counted(exit.pids_refused) {
        let pids = u64::from(limits.pids);
        let message = format!(
            "Processes: the limit of {pids} was reached; {} refused",
            times(refused)
        );
        hit(LimitName::Pids, Some(pids), Some(refused), message);
    }
    if said(24) {
        let message = format!(
            "Open files: it says it ran out of them; the limit is {} per process",
            limits.nofile
        );
        hit(LimitName::Nofile, Some(limits.nofile.into()), None, message);
    }
    if said(27) || exit.signal == Some(SIGXFSZ) {
        let message = format!(
            "File size: a file grew to the limit of {}",
            bytes(limits.fsize_bytes)
        );
        hit(LimitName::FsizeBytes, Some(limits.fsize_bytes), None, message);
    }
    // Blocks are never used to the last one.
    if let Some(peak) = exit
        .tmp_peak_bytes
        .filter(|peak| *peak >= limits.tmp_bytes / 100 * 99)
    {
        let message = format!("/tmp: its {} were full", bytes(limits.tmp_bytes));
        hit(LimitName::TmpBytes, Some(limits.tmp_bytes), Some(peak), message);
    }
    let output = exit.stdout_bytes.saturating_add(exit.stderr_bytes);
    if output > limits.log_bytes && exit.dropped_bytes > 0 {
        let message = format!(
            "Log: it wrote {}, {} are kept; {} bytes between head and tail are missing",
            bytes(output),
            bytes(output - exit.dropped_bytes),
            exit.dropped_bytes
        );
        hit(LimitName::LogBytes, Some(limits.log_bytes), Some(output), message);
    }
    let took = exit
        .finished_at_ms
        .saturating_sub(exit.started_at_ms)
        .unsigned_abs();
    if let Some(ms) = exit
        .cpu_throttled_ms
        .filter(|ms| *ms >= THROTTLED_MS && ms.saturating_mul(10) >= took)
    {
        let message = format!(
            "CPU: it was held back for {}.{} s by the limit of {} CPU{}",
            ms / 1_000,
            ms % 1_000 / 100,
            limits.cpus,
            if limits.cpus == 1.0 { "" } else { "s" }
        );
        hit(LimitName::Cpus, None, Some(ms), message);
    }
    hits
}

/// A limit of space, which we enforce.
fn space(limit: LimitName, limits: &Limits, found: u64) -> Option<LimitHit> {
    let (what, allowed, place) = match limit {
        LimitName::DiskBytes => ("Disk: the script's folder took", limits.disk_bytes?, ""),
        LimitName::ArtifactsBytes => ("Artifacts: they took", limits.artifacts_bytes, ""),
        LimitName::EnvironmentBytes => {
            let place = " (Settings, Packages)";
            ("Environment: it took", limits.disk_bytes?, place)
        }
        _ => return None,
    };
    Some(LimitHit {
        limit,
        allowed: Some(allowed),
        found: Some(found),
        message: format!("{what} {}, the limit is {}{place}", bytes(found), bytes(allowed)),
    })
}

fn times(count: u64) -> String {
    if count == 1 {
        "one was".to_owned()
    } else {
        format!("{count} were")
    }
}

/// Bytes as people read them, rounded to three digits.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} bytes");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if value.fract() == 0.0 || value >= 100.0 {
        0
    } else {
        1
    };
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::tests_support::exit;

    fn names(exit: Exit, stop: Option<&StopReason>, stderr: &[&str]) -> Vec<LimitName> {
        let stderr: Vec<String> = stderr.iter().map(|line| (*line).to_owned()).collect();
        let evidence = Evidence::of(
            &Ending::Exited { exit: exit.into() },
            stop,
            &Limits::default_for_scripts(),
            &stderr,
        );
        for hit in &evidence.limits_hit {
            assert!(hit.message.len() > 10, "{hit:?}");
        }
        evidence.limits_hit.iter().map(|hit| hit.limit).collect()
    }

    #[test]
    fn every_limit_that_was_reached_is_named() {
        use LimitName::*;
        type Change = fn(&mut Exit);
        let limits = Limits::default_for_scripts();
        let disk = |limit| StopReason::LimitReached {
            limit,
            found: 1 << 40,
        };
        let (folder, artifacts) = (disk(DiskBytes), disk(ArtifactsBytes));
        type Case<'a> = (Change, Option<&'a StopReason>, &'a [&'a str], &'a [LimitName]);
        let table: [Case<'_>; 14] = [
            (|_| {}, None, &[], &[]),
            (|exit| exit.oom_kills = Some(1), None, &[], &[MemoryBytes]),
            (|exit| exit.cause = ExitCause::TimeLimit, None, &[], &[RunSeconds]),
            (
                |exit| exit.killed_after_grace = true,
                None,
                &[],
                &[StopGraceSeconds],
            ),
            (|exit| exit.pids_refused = Some(7), None, &[], &[Pids]),
            (
                |exit| exit.code = Some(1),
                None,
                &["OSError: [Errno 24] Too many open files: 'x'"],
                &[Nofile],
            ),
            (
                |exit| exit.code = Some(1),
                None,
                &["OSError: [Errno 27] File too large"],
                &[FsizeBytes],
            ),
            (
                |exit| (exit.code, exit.signal) = (None, Some(25)),
                None,
                &[],
                &[FsizeBytes],
            ),
            (
                |exit| exit.tmp_peak_bytes = Some(256 << 20),
                None,
                &[],
                &[TmpBytes],
            ),
            (
                |exit| (exit.stdout_bytes, exit.dropped_bytes) = (1 << 30, 5),
                None,
                &[],
                &[LogBytes],
            ),
            // Dropped because of a full disk, which is no limit of the script's.
            (
                |exit| (exit.stdout_bytes, exit.dropped_bytes) = (1 << 20, 5),
                None,
                &[],
                &[],
            ),
            (|exit| exit.cpu_throttled_ms = Some(60_000), None, &[], &[Cpus]),
            (
                |exit| exit.cause = ExitCause::StopRequested,
                Some(&folder),
                &[],
                &[DiskBytes],
            ),
            (
                |exit| exit.cause = ExitCause::StopRequested,
                Some(&artifacts),
                &[],
                &[ArtifactsBytes],
            ),
        ];
        assert_eq!(limits.tmp_bytes, 256 << 20);
        for (number, (change, stop, stderr, expected)) in table.into_iter().enumerate() {
            let mut facts = exit(ExitCause::Own, Some(0), None, Some(0));
            change(&mut facts);
            assert_eq!(names(facts, stop, stderr), expected, "case {number}");
        }
    }

    #[test]
    fn a_success_keeps_its_limits_and_not_its_words() {
        let mut facts = exit(ExitCause::Own, Some(0), None, Some(0));
        facts.pids_refused = Some(1);
        let said = ["a warning".to_owned()];
        let evidence = Evidence::of(
            &Ending::Exited { exit: facts.into() },
            None,
            &Limits::default_for_scripts(),
            &said,
        );
        assert!(evidence.stderr_tail.is_empty());
        assert!(evidence.hit(LimitName::Pids).is_some());
    }

    #[test]
    fn too_many_artifacts_are_named_once_whoever_noticed() {
        let limits = Limits::default_for_scripts();
        let left = |bytes| Some(ArtifactsSummary { files: 1, bytes });
        let named = |evidence: Evidence, left| evidence.with_artifacts(&limits, left).limits_hit.len();
        assert_eq!(named(Evidence::default(), None), 0);
        assert_eq!(named(Evidence::default(), left(limits.artifacts_bytes)), 0);
        let noticed = Evidence::default().with_artifacts(&limits, left(2 << 30));
        assert_eq!(noticed.limits_hit.len(), 1);
        assert_eq!(named(noticed, left(3 << 30)), 1);
    }

    #[test]
    fn bytes_are_read_at_a_glance() {
        let table = [
            (1, "1 bytes"),
            (64 << 20, "64 MiB"),
            (1_600_000, "1.5 MiB"),
            (150 << 30, "150 GiB"),
            (1 << 63, "8192 PiB"),
        ];
        for (count, text) in table {
            assert_eq!(bytes(count), text);
        }
    }
}
