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

/// Written by the supervisor as `exit.json`. Exactly one of `code`, `signal`, `error` is present.
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
    /// Bytes the script wrote, per stream, kept or not.
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    /// Bytes of those that are missing in the log, because of its limit or of a disk that could not take them.
    pub dropped_bytes: u64,
    /// Sequence number of the log's last record; 0 for an empty log.
    pub last_seq: u64,
    /// Why some of the log could not be written ("No space left on device"); `None` if all writes succeeded.
    #[serde(default)]
    pub log_error: Option<String>,
    /// SIGKILL was sent by us because the grace was over.
    #[serde(default)]
    pub killed_after_grace: bool,
    /// Processes and threads that could not be started because of the limit.
    #[serde(default)]
    pub pids_refused: Option<u64>,
    /// Time in which the CPU limit held the run's processes back.
    #[serde(default)]
    pub cpu_throttled_ms: Option<u64>,
    /// Most processes and threads seen at once.
    #[serde(default)]
    pub peak_pids: Option<u32>,
    /// Most space of /tmp seen in use; `None` if it has none of its own.
    #[serde(default)]
    pub tmp_peak_bytes: Option<u64>,
}
