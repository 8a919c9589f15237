//! A run: one execution, from the wish to what was measured of it. How it goes from state to state is its [`machine`]'s.

mod machine;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use machine::{Ending, Event, RunState, State, Step, StopReason, step};

use super::build::Build;
use super::ids::{RunId, ScheduleId, ScriptId};
use super::limits::Limits;
use super::outcome::Outcome;
use super::schedule::Retry;
use super::variable::Used;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Executes a script.
    Script,
    /// Builds a script's environment.
    Build,
    /// Compiles the bytecode of an environment that is live already, so that runs start faster.
    Compile,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trigger {
    /// Somebody pressed Run in the browser.
    Manual,
    /// A client of the API.
    Api,
    /// The application itself; nobody waits for it.
    System,
    /// A call to the script's trigger; its body is a file that the run is given.
    Webhook {
        #[serde(default)]
        content_type: Option<String>,
        #[serde(default)]
        body_bytes: u64,
    },
    /// A schedule's due moment, at which nobody waits for it.
    Schedule {
        schedule_id: ScheduleId,
        /// Of the schedule; the moment belongs to it.
        #[serde(default)]
        version: i64,
        /// The due moment, by the timetable.
        slot: Timestamp,
        /// From 1; each further one is a retry.
        #[serde(default = "first")]
        attempt: u32,
    },
}

const fn first() -> u32 {
    1
}

impl Trigger {
    /// Whether somebody waits for it.
    pub fn is_attended(&self) -> bool {
        !matches!(self, Self::Schedule { .. } | Self::System)
    }
}

/// What a new run does about runs of the same script that have not finished.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Do not run; be recorded as skipped.
    Skip,
    /// Wait until they have finished.
    #[default]
    Queue,
    /// Stop them, then run.
    Replace,
    /// Run beside them.
    Allow,
}

/// Why a queued run has not been started yet; computed anew at every admission, never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitReason {
    pub kind: WaitKind,
    /// A sentence for people.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// The container engine does not answer.
    EngineAway,
    /// As many runs as allowed are running.
    GlobalCap,
    /// Runs of the same script have to finish first.
    Overlap,
    /// The script's environment is being built.
    Environment,
    /// Too little space is left on the data disk.
    DiskFull,
    /// It is tried again, later.
    Retry,
    /// Its turn has not been looked at yet.
    Admission,
}

/// What the log holds, known once it is sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogSummary {
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    /// Bytes the log limit dropped.
    pub dropped_bytes: u64,
    pub records: u64,
    pub last_seq: u64,
    /// Why some of it could not be written, such as a full disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One execution, as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub id: RunId,
    /// Counts up per instance: what people call it.
    pub number: i64,
    pub script_id: ScriptId,
    pub kind: RunKind,
    pub state: State,
    /// Grows with every stored step; the compare of compare-and-set.
    pub version: i64,
    /// Marked by somebody: it is never removed by itself.
    pub kept: bool,
    pub trigger: Trigger,
    pub overlap: Overlap,
    /// With [`Overlap::Allow`]: how many runs of the script may be active at once, if there is a bound.
    pub parallel_limit: Option<u32>,
    pub queued_at: Timestamp,
    /// It waits at least until then.
    pub not_before: Option<Timestamp>,
    /// Whether it is tried again if it goes wrong; none for what no schedule has fired.
    pub retry: Option<Retry>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
    pub limits: Limits,
    pub image: String,
    /// The requirements a build was asked for; empty for script runs.
    pub requirements: Vec<String>,
    /// What else a build was asked for; none for script runs.
    pub build: Option<Build>,
    /// Of the build whose failure ended this run.
    pub build_run_id: Option<RunId>,
    pub launch: Launch,
    pub facts: Facts,
}

/// What was settled when the run was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    pub revision: Option<i64>,
    pub environment_key: Option<String>,
    pub lock_hash: Option<String>,
    pub image_digest: Option<String>,
    /// Variables that it was given beside its own; never a value. `None`: not known, or no script's run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<Vec<Used>>,
}

/// What was measured when it had ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub peak_memory_bytes: Option<u64>,
    pub cpu_ms: Option<u64>,
    pub log: Option<LogSummary>,
    pub usage: Option<Usage>,
    /// What was left in `$PYTASK_ARTIFACTS`.
    pub artifacts: Option<ArtifactsSummary>,
}

/// What the kernel and the supervisor counted besides memory and CPU time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Usage {
    /// Time in which its processes wanted to run and were held back by the CPU limit.
    pub cpu_throttled_ms: Option<u64>,
    /// Most processes and threads seen at once.
    pub peak_pids: Option<u32>,
    /// Processes that could not be started because of the limit.
    pub pids_refused: Option<u64>,
    /// Most space of `/tmp` seen in use.
    pub tmp_peak_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactsSummary {
    pub files: u64,
    pub bytes: u64,
}

impl Run {
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            State::Finished { outcome } => Some(outcome),
            _ => None,
        }
    }

    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished { .. })
    }

    /// What it is started from: the image that was settled, by its content, or until then the one asked for.
    pub fn image_to_start(&self) -> &str {
        self.launch.image_digest.as_deref().unwrap_or(&self.image)
    }

    /// Occupies a slot: admitted and not yet finished.
    pub fn is_active(&self) -> bool {
        !matches!(self.state, State::Queued | State::Finished { .. })
    }
}

/// Values that tests start from.
#[cfg(test)]
pub(crate) mod tests_support {
    use super::*;

    pub(crate) fn run_in(state: State) -> Run {
        Run {
            id: RunId::generate(),
            number: 1,
            script_id: ScriptId::generate(),
            kind: RunKind::Script,
            state,
            version: 0,
            kept: false,
            trigger: Trigger::Manual,
            overlap: Overlap::Queue,
            parallel_limit: None,
            queued_at: Timestamp::UNIX_EPOCH,
            not_before: None,
            retry: None,
            started_at: None,
            finished_at: None,
            args: vec![],
            env: Default::default(),
            limits: Limits::default_for_scripts(),
            image: "pytask-runner:3.13".to_owned(),
            requirements: vec![],
            build: None,
            build_run_id: None,
            launch: Launch::default(),
            facts: Facts::default(),
        }
    }
}
