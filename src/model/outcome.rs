//! The verdict on a run: a closed set of outcomes, each with its evidence and a sentence for people.
//!
//! `verdict` is pure and total. A missing fact is never a success: a run succeeded only if the supervisor saw
//! its process end with exit code 0 and nobody had cut it short.

use pytask_protocol::{Exit, ExitCause};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::Limits;
use super::run::{Ending, StopReason};

/// Our verdict, as it is stored and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    Succeeded {
        message: String,
    },
    Failed {
        message: String,
        exit_code: i32,
        /// The last lines the script wrote to stderr, oldest first.
        stderr_tail: Vec<String>,
    },
    Signalled {
        message: String,
        signal: i32,
    },
    OutOfMemory {
        message: String,
        limit_bytes: u64,
        peak_bytes: Option<u64>,
    },
    TimedOut {
        message: String,
        limit_seconds: u64,
    },
    Cancelled {
        message: String,
        by: String,
    },
    Skipped {
        message: String,
        reason: String,
    },
    EnvironmentFailed {
        message: String,
        build_run_id: Option<String>,
    },
    EngineError {
        message: String,
        /// What the engine or the supervisor said.
        detail: String,
    },
    Lost {
        message: String,
        reason: String,
    },
}

impl Outcome {
    /// All there are.
    pub const KINDS: [&'static str; 10] = [
        "succeeded",
        "failed",
        "signalled",
        "out_of_memory",
        "timed_out",
        "cancelled",
        "skipped",
        "environment_failed",
        "engine_error",
        "lost",
    ];

    /// The outcome's name in filters and in the database; the same word as its serialized `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Signalled { .. } => "signalled",
            Self::OutOfMemory { .. } => "out_of_memory",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled { .. } => "cancelled",
            Self::Skipped { .. } => "skipped",
            Self::EnvironmentFailed { .. } => "environment_failed",
            Self::EngineError { .. } => "engine_error",
            Self::Lost { .. } => "lost",
        }
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        match self {
            Self::Succeeded { message }
            | Self::Failed { message, .. }
            | Self::Signalled { message, .. }
            | Self::OutOfMemory { message, .. }
            | Self::TimedOut { message, .. }
            | Self::Cancelled { message, .. }
            | Self::Skipped { message, .. }
            | Self::EnvironmentFailed { message, .. }
            | Self::EngineError { message, .. }
            | Self::Lost { message, .. } => message,
        }
    }

    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded { .. })
    }

    /// Cut short before anything of it was started.
    pub fn cancelled(by: &str) -> Self {
        Self::Cancelled {
            message: format!("Cancelled by {by}"),
            by: by.to_owned(),
        }
    }

    pub fn engine_error(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::EngineError {
            message: format!("The run could not be started: {detail}"),
            detail,
        }
    }

    fn lost(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Lost {
            message: format!("Lost: {reason}"),
            reason,
        }
    }
}

/// Judges how a run ended. `stderr_tail` is evidence for a failure and used for nothing else.
pub fn verdict(
    ending: &Ending,
    stop: Option<&StopReason>,
    limits: &Limits,
    stderr_tail: Vec<String>,
) -> Outcome {
    match ending {
        Ending::Exited { exit } => judge_exit(exit, stop, limits, stderr_tail),
        Ending::LaunchFailed { detail } => Outcome::engine_error(detail),
        Ending::Lost { reason } => Outcome::lost(reason),
        Ending::NeverStarted => match stop {
            Some(StopReason::Cancelled { by }) => Outcome::cancelled(by),
            Some(StopReason::Overdue) | None => Outcome::lost("it ended before its script was started"),
        },
    }
}

fn judge_exit(exit: &Exit, stop: Option<&StopReason>, limits: &Limits, stderr_tail: Vec<String>) -> Outcome {
    match (exit.cause, stop) {
        (ExitCause::StartFailed, _) => {
            return Outcome::engine_error(
                exit.error
                    .as_deref()
                    .unwrap_or("the process could not be started"),
            );
        }
        (ExitCause::TimeLimit, _) | (ExitCause::StopRequested, Some(StopReason::Overdue)) => {
            let limit_seconds = limits.run_seconds;
            return Outcome::TimedOut {
                message: format!("Timed out after {limit_seconds} s"),
                limit_seconds,
            };
        }
        (ExitCause::StopRequested, Some(StopReason::Cancelled { by })) => return Outcome::cancelled(by),
        (ExitCause::StopRequested, None) => {
            return Outcome::lost("its container was stopped from outside PyTask-Manager");
        }
        // It ended by itself, be it a moment before a stop could reach it.
        (ExitCause::Own, _) => {}
    }
    // A script may survive the death of a child and still end well, so the kill alone decides nothing.
    let failed = exit.code != Some(0);
    if failed && exit.oom_kills.is_some_and(|kills| kills > 0) {
        let (limit_bytes, peak_bytes) = (limits.memory_bytes, exit.peak_memory_bytes);
        let message = format!("Out of memory: the limit is {} MiB", limit_bytes / (1024 * 1024));
        return Outcome::OutOfMemory {
            message,
            limit_bytes,
            peak_bytes,
        };
    }
    match (exit.code, exit.signal) {
        (Some(0), _) => Outcome::Succeeded {
            message: "Succeeded".to_owned(),
        },
        (Some(exit_code), _) => {
            let message = match stderr_tail.iter().rev().find(|line| !line.trim().is_empty()) {
                Some(last) => format!("Failed with exit code {exit_code}: {}", last.trim()),
                None => format!("Failed with exit code {exit_code}"),
            };
            Outcome::Failed {
                message,
                exit_code,
                stderr_tail,
            }
        }
        (None, Some(signal)) => Outcome::Signalled {
            message: format!("Killed by {}", signal_name(signal)),
            signal,
        },
        (None, None) => Outcome::lost("its exit facts name neither an exit code nor a signal"),
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ (file size limit)",
        31 => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(cause: ExitCause, code: Option<i32>, signal: Option<i32>, oom_kills: Option<u64>) -> Ending {
        Ending::Exited {
            exit: Exit {
                version: pytask_protocol::VERSION,
                run_id: "r".into(),
                cause,
                code,
                signal,
                error: None,
                started_at_ms: 0,
                finished_at_ms: 1,
                oom_kills,
                peak_memory_bytes: Some(7),
                cpu_ms: Some(1),
                stdout_bytes: 0,
                stderr_bytes: 0,
                dropped_bytes: 0,
                last_seq: 0,
                log_error: None,
            },
        }
    }

    #[test]
    fn every_ending_has_its_verdict() {
        use ExitCause::{Own, StartFailed, StopRequested, TimeLimit};
        let user = StopReason::Cancelled { by: "user".into() };
        let lost = Ending::Lost {
            reason: "gone".into(),
        };
        let refused = Ending::LaunchFailed {
            detail: "no such image".into(),
        };
        let table: &[(Ending, Option<&StopReason>, &str)] = &[
            (exit(Own, Some(0), None, Some(0)), None, "succeeded"),
            (exit(Own, Some(0), None, Some(1)), None, "succeeded"),
            (exit(Own, Some(3), None, Some(0)), None, "failed"),
            (exit(Own, Some(1), None, Some(2)), None, "out_of_memory"),
            (exit(Own, None, Some(9), Some(1)), None, "out_of_memory"),
            (exit(Own, None, Some(9), None), None, "signalled"),
            (exit(Own, None, Some(11), Some(0)), None, "signalled"),
            (exit(Own, None, None, Some(0)), None, "lost"),
            (exit(TimeLimit, None, Some(9), Some(0)), None, "timed_out"),
            (exit(TimeLimit, Some(0), None, Some(0)), Some(&user), "timed_out"),
            (
                exit(StopRequested, None, Some(15), Some(0)),
                Some(&user),
                "cancelled",
            ),
            (
                exit(StopRequested, Some(0), None, Some(0)),
                Some(&user),
                "cancelled",
            ),
            (
                exit(StopRequested, None, Some(15), Some(0)),
                Some(&StopReason::Overdue),
                "timed_out",
            ),
            (exit(StopRequested, Some(0), None, Some(0)), None, "lost"),
            (exit(StartFailed, None, None, None), None, "engine_error"),
            (exit(Own, Some(0), None, Some(0)), Some(&user), "succeeded"),
            (exit(Own, Some(2), None, Some(0)), Some(&user), "failed"),
            (lost, Some(&user), "lost"),
            (refused, None, "engine_error"),
            (Ending::NeverStarted, Some(&user), "cancelled"),
            (Ending::NeverStarted, None, "lost"),
        ];
        for (ending, stop, expected) in table {
            let outcome = verdict(ending, *stop, &Limits::default_for_scripts(), vec![]);
            assert_eq!(outcome.kind(), *expected, "{ending:?} {stop:?}");
            let json = serde_json::to_value(&outcome).expect("serializes");
            assert_eq!(json["kind"], *expected, "the stored word is the sent word");
            assert!(Outcome::KINDS.contains(expected));
        }
    }

    #[test]
    fn a_failure_names_its_last_words() {
        let tail = vec![
            "Traceback".to_owned(),
            "KeyError: 'total'".to_owned(),
            String::new(),
        ];
        let ending = exit(ExitCause::Own, Some(1), None, Some(0));
        let outcome = verdict(&ending, None, &Limits::default_for_scripts(), tail);
        let Outcome::Failed { message, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(message, "Failed with exit code 1: KeyError: 'total'");
    }
}
