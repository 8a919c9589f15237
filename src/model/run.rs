//! A run and its one state machine.
//!
//! `Queued → Starting → Running → (Stopping) → Collecting → Finished`, stored by compare-and-set with an event row
//! in the same transaction. `step` is pure and total: every event in every state is either a step, without
//! effect (an event that came twice or late), or refused as impossible.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pytask_protocol::Exit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::build::Build;
use super::evidence::Evidence;
use super::ids::{RunId, ScriptId};
use super::limits::{LimitName, Limits};
use super::outcome::{LostCause, Outcome};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Executes a script.
    Script,
    /// Builds a script's environment.
    Build,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trigger {
    /// Somebody pressed Run in the browser.
    Manual,
    /// A client of the API.
    Api,
    /// A schedule's due moment, at which nobody waits for it.
    Schedule { schedule_id: String, slot: Timestamp },
}

impl Trigger {
    /// Whether somebody waits for it.
    pub fn is_attended(&self) -> bool {
        !matches!(self, Self::Schedule { .. })
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

/// Why a run is being stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StopReason {
    Cancelled {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaced_by: Option<RunId>,
    },
    /// It outlived its run-time limit although the supervisor should have ended it.
    Overdue,
    /// It takes more space than it may; in bytes.
    LimitReached { limit: LimitName, found: u64 },
}

/// How a run came to its end: facts, not yet a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// The supervisor's exit facts are there.
    Exited { exit: Box<Exit> },
    /// The engine refused it for good; user code never started.
    LaunchFailed { detail: String },
    /// Stopped before user code started.
    NeverStarted,
    /// User code was started and nobody can say how it ended.
    Lost {
        reason: String,
        #[serde(default)]
        cause: LostCause,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    Queued,
    Starting,
    Running,
    Stopping {
        why: StopReason,
    },
    Collecting {
        ending: Ending,
        stop: Option<StopReason>,
    },
    Finished {
        outcome: Outcome,
    },
}

/// The state without its payload: for filters, columns and clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Queued,
    Starting,
    Running,
    Stopping,
    Collecting,
    Finished,
}

impl RunState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Collecting => "collecting",
            Self::Finished => "finished",
        }
    }
}

impl State {
    pub fn name(&self) -> RunState {
        match self {
            Self::Queued => RunState::Queued,
            Self::Starting => RunState::Starting,
            Self::Running => RunState::Running,
            Self::Stopping { .. } => RunState::Stopping,
            Self::Collecting { .. } => RunState::Collecting,
            Self::Finished { .. } => RunState::Finished,
        }
    }
}

/// Something that happened to a run; stored as it is in `run_events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Its turn has come.
    Admitted,
    /// Revision, environment and image are settled; it is launched with these, however often that is tried.
    Prepared {
        launch: Launch,
    },
    /// It will not be run: skipped, or its environment failed.
    Dismissed {
        outcome: Outcome,
    },
    /// The supervisor has started the script's process.
    Started,
    StopRequested {
        why: StopReason,
    },
    Ended {
        ending: Ending,
    },
    /// Log sealed, facts stored, verdict given.
    Concluded {
        outcome: Outcome,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made and taken apart on the spot, never kept"
)]
pub enum Step {
    To(State),
    /// Came twice or too late; nothing changes.
    Same,
    /// Cannot happen in this state: a bug of the caller.
    Impossible,
}

/// The state after `event`.
pub fn step(state: &State, event: &Event) -> Step {
    use State::{Collecting, Finished, Queued, Running, Starting, Stopping};
    match (state, event) {
        (Finished { .. }, _) => Step::Same,

        (Queued, Event::Admitted) => Step::To(Starting),
        (Queued, Event::Dismissed { outcome }) => Step::To(Finished {
            outcome: outcome.clone(),
        }),
        (
            Queued,
            Event::StopRequested {
                why: StopReason::Cancelled { by, replaced_by },
            },
        ) => Step::To(Finished {
            outcome: Outcome::cancelled(
                by,
                replaced_by.as_ref().map(ToString::to_string),
                Evidence::default(),
            ),
        }),
        (Queued, _) => Step::Impossible,
        (_, Event::Admitted) => Step::Same,

        (Starting, Event::Prepared { .. }) => Step::To(Starting),
        (_, Event::Prepared { .. }) => Step::Same,
        (_, Event::Dismissed { .. }) => Step::Impossible,

        (Starting, Event::Started) => Step::To(Running),
        (_, Event::Started) => Step::Same,

        (Starting | Running, Event::StopRequested { why }) => Step::To(Stopping { why: why.clone() }),
        (_, Event::StopRequested { .. }) => Step::Same,

        (Starting | Running, Event::Ended { ending }) => Step::To(Collecting {
            ending: ending.clone(),
            stop: None,
        }),
        (Stopping { why }, Event::Ended { ending }) => Step::To(Collecting {
            ending: ending.clone(),
            stop: Some(why.clone()),
        }),
        (Collecting { .. }, Event::Ended { .. }) => Step::Same,

        (Collecting { .. }, Event::Concluded { outcome }) => Step::To(Finished {
            outcome: outcome.clone(),
        }),
        (_, Event::Concluded { .. }) => Step::Impossible,
    }
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
    pub trigger: Trigger,
    pub overlap: Overlap,
    /// With [`Overlap::Allow`]: how many runs of the script may be active at once, if there is a bound.
    pub parallel_limit: Option<u32>,
    pub queued_at: Timestamp,
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
            trigger: Trigger::Manual,
            overlap: Overlap::Queue,
            parallel_limit: None,
            queued_at: Timestamp::UNIX_EPOCH,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> Vec<State> {
        vec![
            State::Queued,
            State::Starting,
            State::Running,
            State::Stopping { why: cancelled() },
            State::Collecting {
                ending: Ending::NeverStarted,
                stop: None,
            },
            State::Finished {
                outcome: Outcome::cancelled("user", None, Evidence::default()),
            },
        ]
    }

    fn cancelled() -> StopReason {
        StopReason::Cancelled {
            by: "user".into(),
            replaced_by: None,
        }
    }

    fn events() -> Vec<Event> {
        vec![
            Event::Admitted,
            Event::Prepared {
                launch: Launch::default(),
            },
            Event::Dismissed {
                outcome: Outcome::cancelled("user", None, Evidence::default()),
            },
            Event::Started,
            Event::StopRequested { why: cancelled() },
            Event::Ended {
                ending: Ending::NeverStarted,
            },
            Event::Concluded {
                outcome: Outcome::cancelled("user", None, Evidence::default()),
            },
        ]
    }

    /// Rows: states; columns: events. A letter is the state after; `=` nothing changes; `!` impossible.
    #[test]
    fn the_whole_table() {
        let table = [
            "S!F!F!!", // queued
            "=S!RPC!", // starting
            "==!=PC!", // running
            "==!==C!", // stopping
            "==!===F", // collecting
            "=======", // finished
        ];
        for (row, state) in states().iter().enumerate() {
            for (column, event) in events().iter().enumerate() {
                let got = match step(state, event) {
                    Step::Same => '=',
                    Step::Impossible => '!',
                    Step::To(State::Queued) => 'Q',
                    Step::To(State::Starting) => 'S',
                    Step::To(State::Running) => 'R',
                    Step::To(State::Stopping { .. }) => 'P',
                    Step::To(State::Collecting { .. }) => 'C',
                    Step::To(State::Finished { .. }) => 'F',
                };
                assert_eq!(
                    got,
                    table[row].as_bytes()[column] as char,
                    "{state:?} × {event:?}"
                );
            }
        }
    }

    #[test]
    fn the_reason_of_a_stop_is_kept_to_the_end() {
        let Step::To(stopping) = step(&State::Running, &Event::StopRequested { why: cancelled() }) else {
            panic!("a running run can be stopped")
        };
        let ended = step(
            &stopping,
            &Event::Ended {
                ending: Ending::NeverStarted,
            },
        );
        assert_eq!(
            ended,
            Step::To(State::Collecting {
                ending: Ending::NeverStarted,
                stop: Some(cancelled())
            })
        );
    }

    #[test]
    fn states_survive_storage() {
        for state in states() {
            let json = serde_json::to_string(&state).expect("serializes");
            assert_eq!(serde_json::from_str::<State>(&json).expect("parses"), state);
            assert!(json.contains(state.name().as_str()));
        }
    }
}
