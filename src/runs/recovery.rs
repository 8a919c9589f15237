//! What to do next about a run, from its stored state, its run directory and the engine's answer: pure.
//!
//! This is the only place that decides. A driver that has just submitted a run and one that finds it after a
//! crash ask the same question and get the same answer, so there is no second code path for recovery.
//!
//! Invariants: user code is started at most once (nothing is launched once `started` exists, and the
//! supervisor creates it exclusively); a missing container is never a success; facts on the volume outrank the
//! engine's word.

use std::time::Duration;

use pytask_protocol::{Exit, StartMark};

use crate::engine::JobState;
use crate::model::outcome::LostCause;
use crate::model::run::{Ending, Event, Run, State, StopReason};

/// The supervisor enforces the run-time limit; past this margin it must be stuck and the engine is asked.
const OVERDUE_MARGIN: Duration = Duration::from_secs(30);

/// A supervisor that has not got as far as `started` after this will not, and is ended all the same.
const START_PATIENCE: Duration = Duration::from_secs(4);

/// What can be seen of a run. The job is looked at *before* the directory, so a job seen ended has already
/// written whatever it will ever write.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// `None`: the engine did not answer.
    pub job: Option<JobState>,
    pub directory: Directory,
    /// For how long it has been going, by a clock that nobody can set: since its start mark, whoever saw it being set.
    /// Without a mark that can be read, since this controller first saw it running or stopping.
    pub going_for: Duration,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    /// User code may have been started.
    pub started: bool,
    /// When, if `started` could be written in full.
    pub mark: Option<StartMark>,
    pub exit: ExitFile,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum ExitFile {
    #[default]
    Absent,
    Facts(Box<Exit>),
    /// There, but not what a supervisor writes.
    Unreadable(String),
}

#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made and taken apart on the spot, never kept"
)]
pub enum Act {
    /// Not ours to move: admission will.
    Leave,
    /// Settle revision, environment and image.
    Prepare,
    /// Write the spec and have the engine create and start the job.
    Launch,
    /// Store this.
    Record(Event),
    /// Ask the engine to end the job.
    Stop,
    /// Nothing to do until something happens.
    Watch,
    /// Seal the log and give the verdict.
    Collect,
    /// Remove the job and let go.
    Release,
}

/// Total over everything that can be stored and seen.
pub fn decide(run: &Run, seen: &Seen) -> Act {
    match &run.state {
        State::Queued => Act::Leave,
        State::Collecting { .. } => Act::Collect,
        State::Finished { .. } => Act::Release,
        State::Starting | State::Running | State::Stopping { .. } => match &seen.directory.exit {
            ExitFile::Facts(exit) if exit.run_id == run.id.as_str() => {
                ended(Ending::Exited { exit: exit.clone() })
            }
            ExitFile::Facts(exit) => ended(lost(
                LostCause::BadFacts,
                format!("its exit facts are those of run {}", exit.run_id),
            )),
            ExitFile::Unreadable(why) => ended(lost(
                LostCause::BadFacts,
                format!("its exit facts cannot be read ({why})"),
            )),
            ExitFile::Absent => without_facts(run, seen),
        },
    }
}

fn without_facts(run: &Run, seen: &Seen) -> Act {
    let started = seen.directory.started;
    let stopping = matches!(run.state, State::Stopping { .. });
    match &seen.job {
        _ if matches!(run.state, State::Starting) && started => Act::Record(Event::Started),
        None => Act::Watch,
        // A signal that comes before the supervisor listens is lost, and none follows it: `started` says that it listens.
        Some(JobState::Running) if stopping && !started && seen.going_for < START_PATIENCE => Act::Watch,
        Some(JobState::Running) if stopping => Act::Stop,
        Some(JobState::Running) if is_overdue(run, seen.going_for) => Act::Record(Event::StopRequested {
            why: StopReason::Overdue,
        }),
        Some(JobState::Running) => Act::Watch,
        Some(JobState::Absent) if started => ended(lost(
            LostCause::Vanished,
            "its container is gone and left no exit facts",
        )),
        Some(JobState::Exited {
            code,
            oom_killed,
            error,
        }) if started => {
            let mut reason = format!("its container ended with code {code} and left no exit facts");
            if *oom_killed {
                reason.push_str(", killed for want of memory");
            }
            if let Some(error) = error {
                reason.push_str(&format!(": {error}"));
            }
            ended(lost(LostCause::NoFacts, reason))
        }
        Some(JobState::Created) if started => ended(lost(
            LostCause::NoFacts,
            "its container says it was never started",
        )),
        // Nothing of the user's has run from here on.
        Some(_) if stopping => ended(Ending::NeverStarted),
        Some(JobState::Absent | JobState::Created) if matches!(run.state, State::Starting) => {
            if run.launch.image_digest.is_some() {
                Act::Launch
            } else {
                Act::Prepare
            }
        }
        Some(JobState::Absent | JobState::Created) => ended(lost(
            LostCause::Vanished,
            "its container and its run directory are gone",
        )),
        Some(JobState::Exited { code, error, .. }) => {
            let detail = match error {
                Some(error) => format!("the container could not be started: {error}"),
                None => format!("the container ended with code {code} before the script was started"),
            };
            ended(Ending::LaunchFailed { detail })
        }
    }
}

/// Absolute: a new controller counts on from the start mark.
fn is_overdue(run: &Run, going_for: Duration) -> bool {
    let allowed = run
        .limits
        .run_seconds
        .saturating_add(run.limits.stop_grace_seconds);
    going_for > Duration::from_secs(allowed).saturating_add(OVERDUE_MARGIN)
}

fn ended(ending: Ending) -> Act {
    Act::Record(Event::Ended { ending })
}

fn lost(cause: LostCause, reason: impl Into<String>) -> Ending {
    Ending::Lost {
        reason: reason.into(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::evidence::Evidence;
    use crate::model::outcome::Outcome;
    use crate::runs::tests_support::{exit_facts, run_in};

    fn jobs() -> [Option<JobState>; 5] {
        let exited = JobState::Exited {
            code: 137,
            oom_killed: true,
            error: None,
        };
        [
            None,
            Some(JobState::Absent),
            Some(JobState::Created),
            Some(JobState::Running),
            Some(exited),
        ]
    }

    fn letter(act: &Act) -> char {
        match act {
            Act::Leave => '.',
            Act::Prepare => 'P',
            Act::Launch => 'L',
            Act::Stop => 'S',
            Act::Watch => 'w',
            Act::Collect => 'C',
            Act::Release => 'R',
            Act::Record(Event::Started) => 's',
            Act::Record(Event::StopRequested { .. }) => 'o',
            Act::Record(Event::Ended { ending }) => match ending {
                Ending::Exited { .. } => 'x',
                Ending::Lost { .. } => '?',
                Ending::NeverStarted => 'n',
                Ending::LaunchFailed { .. } => '!',
            },
            Act::Record(_) => panic!("{act:?}"),
        }
    }

    /// Columns: engine away, absent, created, running, exited. First without `started`, then with it.
    #[test]
    fn the_whole_table_without_exit_facts() {
        let stopping = State::Stopping {
            why: StopReason::Cancelled {
                by: "user".into(),
                replaced_by: None,
            },
        };
        let collecting = State::Collecting {
            ending: Ending::NeverStarted,
            stop: None,
        };
        let finished = State::Finished {
            outcome: Outcome::cancelled("user", None, Evidence::default()),
        };
        let table = [
            (State::Queued, ".....", "....."),
            (State::Starting, "wPPw!", "sssss"),
            (State::Running, "w??w!", "w??w?"),
            (stopping, "wnnwn", "w??S?"),
            (collecting, "CCCCC", "CCCCC"),
            (finished, "RRRRR", "RRRRR"),
        ];
        for (state, fresh, begun) in table {
            for (started, expected) in [(false, fresh), (true, begun)] {
                for (job, expected) in jobs().into_iter().zip(expected.chars()) {
                    let run = run_in(state.clone());
                    let seen = Seen {
                        job,
                        directory: Directory {
                            started,
                            mark: None,
                            exit: ExitFile::Absent,
                        },
                        going_for: Duration::ZERO,
                    };
                    let act = decide(&run, &seen);
                    assert_eq!(
                        letter(&act),
                        expected,
                        "{:?} started={started} {:?}",
                        state.name(),
                        seen.job
                    );
                }
            }
        }
    }

    #[test]
    fn a_stop_waits_for_ears_but_not_for_ever() {
        let run = run_in(State::Stopping {
            why: StopReason::Overdue,
        });
        for (started, going_for, expected) in [
            (false, Duration::ZERO, 'w'),
            (false, START_PATIENCE, 'S'),
            (true, Duration::ZERO, 'S'),
        ] {
            let directory = Directory {
                started,
                mark: None,
                exit: ExitFile::Absent,
            };
            let seen = Seen {
                job: Some(JobState::Running),
                directory,
                going_for,
            };
            assert_eq!(letter(&decide(&run, &seen)), expected, "{started} {going_for:?}");
        }
    }

    #[test]
    fn what_is_prepared_is_launched() {
        let mut run = run_in(State::Starting);
        run.launch.image_digest = Some("sha256:1".to_owned());
        for job in [JobState::Absent, JobState::Created] {
            let seen = Seen {
                job: Some(job),
                directory: Directory::default(),
                going_for: Duration::ZERO,
            };
            assert_eq!(letter(&decide(&run, &seen)), 'L');
        }
    }

    #[test]
    fn facts_on_the_volume_outrank_the_engine() {
        for state in [
            State::Starting,
            State::Running,
            State::Stopping {
                why: StopReason::Overdue,
            },
        ] {
            let run = run_in(state);
            for job in jobs() {
                let facts = ExitFile::Facts(Box::new(exit_facts(&run, 0)));
                let seen = Seen {
                    job,
                    directory: Directory {
                        started: true,
                        mark: None,
                        exit: facts,
                    },
                    going_for: Duration::ZERO,
                };
                assert_eq!(letter(&decide(&run, &seen)), 'x');
            }
        }
    }

    #[test]
    fn forged_or_foreign_facts_are_no_success() {
        let run = run_in(State::Running);
        let other = run_in(State::Running);
        for exit in [
            ExitFile::Facts(Box::new(exit_facts(&other, 0))),
            ExitFile::Unreadable("cut".into()),
        ] {
            let seen = Seen {
                job: Some(JobState::Absent),
                directory: Directory {
                    started: true,
                    mark: None,
                    exit,
                },
                going_for: Duration::ZERO,
            };
            assert_eq!(letter(&decide(&run, &seen)), '?');
        }
    }

    #[test]
    fn a_stuck_supervisor_is_ended_from_outside() {
        let run = run_in(State::Running);
        let limit = run.limits.run_seconds + run.limits.stop_grace_seconds;
        let after = |seconds: u64| Seen {
            job: Some(JobState::Running),
            directory: Directory {
                started: true,
                mark: None,
                exit: ExitFile::Absent,
            },
            going_for: Duration::from_secs(seconds),
        };
        assert_eq!(letter(&decide(&run, &after(limit + 30))), 'w');
        assert_eq!(letter(&decide(&run, &after(limit + 31))), 'o');
    }
}
