//! The one state machine of a run: pure.
//!
//! `Queued → Starting → Running → (Stopping) → Collecting → Finished`, stored by compare-and-set with an event row
//! in the same transaction. `step` is total: every event in every state is either a step, without effect (an event that
//! came twice or late), or refused as impossible.

use pytask_protocol::Exit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Launch;
use crate::model::evidence::Evidence;
use crate::model::ids::RunId;
use crate::model::limits::LimitName;
use crate::model::outcome::{LostCause, Outcome};

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
