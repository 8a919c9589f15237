//! The spec: everything the supervisor must know to start the script's process.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Written by the controller as `spec.json`. Unknown fields are refused: a spec is exact or it is not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// [`crate::VERSION`] of the writer.
    pub version: u32,
    pub run_id: String,
    /// Program and arguments; the program is looked up in `env["PATH"]` unless it has a slash.
    pub argv: Vec<String>,
    /// The whole environment of the script's process; nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// Working directory inside the container.
    pub cwd: String,
    /// The unprivileged user and group of the script's process.
    pub uid: u32,
    pub gid: u32,
    pub limits: SpecLimits,
    /// Names of those variables in `env` whose values are masked in everything that the supervisor stores.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub secrets: BTreeSet<String>,
}

/// What is shorter is not masked: it would be found everywhere, and masking it would give it away.
pub const SHORTEST_MASKED: usize = 6;

/// Whether a secret is masked: it has at least [`SHORTEST_MASKED`] bytes, white space around it not counted.
pub fn is_masked(secret: &str) -> bool {
    secret.trim().len() >= SHORTEST_MASKED
}

/// The limits that the supervisor itself enforces; the engine enforces the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecLimits {
    /// Wall-clock run time from the start of the script's process; 0 means unlimited.
    pub run_ms: u64,
    /// Between SIGTERM and SIGKILL, for a stop as well as for the run-time limit.
    pub stop_grace_ms: u64,
    /// Bytes of script output kept in the log: the head up to this many, then the last 64 KiB.
    pub log_bytes: u64,
}
