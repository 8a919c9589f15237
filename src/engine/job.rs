//! A job: what the engine is asked to execute, and what it says about it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Bytes, where a bare number would not say so.
pub type Bytes = u64;

/// The job's name at the engine; derived from ids by the caller, so that it leads back to them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobName(pub String);

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct JobSpec {
    pub name: JobName,
    /// Beside these the engine sets its own instance label.
    pub labels: BTreeMap<String, String>,
    pub image: String,
    /// The supervisor's command line, inside the container.
    pub command: Vec<String>,
    pub mounts: Vec<Mount>,
    pub caps: ResourceCaps,
    pub network: Network,
    pub priority: Priority,
    /// How long the engine waits between SIGTERM and SIGKILL when it is itself shut down.
    pub stop_grace: Duration,
}

/// A folder of the data volume, visible to the job. Never a parent of anything the job must not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Relative to the data directory; no `..`, not absolute.
    pub source: PathBuf,
    pub target: String,
    pub read_only: bool,
}

/// The limits that the engine enforces (the supervisor enforces run time and log size).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceCaps {
    /// Memory and swap together, so there is no swap beyond it.
    pub memory: Bytes,
    pub cpus: f64,
    pub pids: u32,
    pub nofile: u32,
    pub fsize: Bytes,
    pub tmp: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// No network but loopback.
    None,
    /// The instance's own bridge, without traffic between containers.
    Bridge,
}

/// Who goes first when the processors are wanted by more than they can serve.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Priority {
    #[default]
    Normal,
    /// Takes what the others leave.
    Low,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum JobState {
    Absent,
    /// Created and never started.
    Created,
    Running,
    Exited {
        code: i64,
        oom_killed: bool,
        error: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedJob {
    pub name: JobName,
    pub labels: BTreeMap<String, String>,
    pub running: bool,
    /// Unix seconds.
    pub created_at: i64,
}
