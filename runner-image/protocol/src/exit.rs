//! The exit facts: what happened, as the supervisor saw it. No verdict.

use serde::{Deserialize, Serialize};

/// Why the supervisor ended the script's process, if it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitCause {
    /// The process ended by itself (normally, by an error, or by a signal that is not ours).
    Own,
    /// The run-time limit was reached.
    TimeLimit,
    /// The supervisor was asked to stop (SIGTERM or SIGINT from the engine).
    StopRequested,
    /// The process could not be started at all; `error` says why.
    StartFailed,
}

/// Written by the supervisor as `exit.json`. What was added later has a default, for the facts of a supervisor that
/// was started before an upgrade. Exactly one of `code`, `signal`, `error` is present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    pub version: u32,
    pub run_id: String,
    pub cause: ExitCause,
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub error: Option<String>,
    /// Unix milliseconds.
    pub started_at_ms: i64,
    pub finished_at_ms: i64,
    /// Processes the kernel killed in this container for want of memory; `None` if the cgroup could not be read.
    pub oom_kills: Option<u64>,
    pub peak_memory_bytes: Option<u64>,
    /// User and system time of everything that ran in the container.
    pub cpu_ms: Option<u64>,
    /// Bytes the script wrote, per stream, kept or not; secrets count as what stands in their place.
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    /// Bytes of those that are missing in the log, because of its limit or of a disk that could not take them.
    pub dropped_bytes: u64,
    /// Sequence number of the log's last record; 0 for an empty log.
    pub last_seq: u64,
    /// Why some of the log could not be written ("No space left on device"); `None` if all writes succeeded.
    #[serde(default)]
    pub log_error: Option<String>,
    /// The script was still there when the grace after SIGTERM was over, and we sent SIGKILL.
    #[serde(default)]
    pub killed_after_grace: bool,
    /// How many new processes or threads the limit refused; `None` if the cgroup does not say.
    #[serde(default)]
    pub pids_refused: Option<u64>,
    /// For how long the CPU limit kept the container waiting; `None` if the cgroup does not say.
    #[serde(default)]
    pub cpu_throttled_ms: Option<u64>,
    /// The most processes and threads in any [`crate::Sample`], the supervisor's included.
    #[serde(default)]
    pub peak_pids: Option<u32>,
    /// The most that was seen in use in /tmp, at the times of the samples; `None` if it is not a mount of its own.
    #[serde(default)]
    pub tmp_peak_bytes: Option<u64>,
}

impl Exit {
    /// An end of which nothing was measured and nothing written.
    pub fn bare(run_id: &str, cause: ExitCause) -> Self {
        Self {
            version: crate::VERSION,
            run_id: run_id.to_owned(),
            cause,
            code: None,
            signal: None,
            error: None,
            started_at_ms: 0,
            finished_at_ms: 0,
            oom_kills: None,
            peak_memory_bytes: None,
            cpu_ms: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
            dropped_bytes: 0,
            last_seq: 0,
            log_error: None,
            killed_after_grace: false,
            pids_refused: None,
            cpu_throttled_ms: None,
            peak_pids: None,
            tmp_peak_bytes: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_of_an_older_supervisor_can_be_read() {
        let older = r#"{"version":1,"run_id":"r","cause":"own","code":0,"signal":null,"error":null,
            "started_at_ms":1,"finished_at_ms":2,"oom_kills":0,"peak_memory_bytes":null,"cpu_ms":null,
            "stdout_bytes":0,"stderr_bytes":0,"dropped_bytes":0,"last_seq":0}"#;
        let exit: Exit = serde_json::from_str(older).expect("facts");
        assert!(!exit.killed_after_grace && exit.log_error.is_none());
        assert_eq!((exit.pids_refused, exit.cpu_throttled_ms), (None, None));
        assert_eq!((exit.peak_pids, exit.tmp_peak_bytes), (None, None));
    }
}
