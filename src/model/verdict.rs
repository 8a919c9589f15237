//! From the facts of an end to an outcome: pure and total.
//!
//! A missing fact is never a success: a run succeeded only if the supervisor saw its process end with exit code 0 and
//! nobody had cut it short. The evidence explains and decides nothing, but for a limit that we ended the run for and for
//! an environment that is too large to be one.

use pytask_protocol::{Exit, ExitCause};

use super::evidence::{Evidence, bytes};
use super::limits::{LimitName, Limits};
use super::outcome::{LostCause, Outcome};
use super::run::{Ending, StopReason};
use super::traceback::Traceback;

/// Judges how a run ended.
pub fn verdict(ending: &Ending, stop: Option<&StopReason>, limits: &Limits, evidence: Evidence) -> Outcome {
    match ending {
        Ending::Exited { exit } => judge_exit(exit, stop, limits, evidence),
        Ending::LaunchFailed { detail } => Outcome::engine_error(detail),
        Ending::Lost { reason, cause } => Outcome::lost(reason, *cause, evidence),
        Ending::NeverStarted => match stop {
            Some(StopReason::Cancelled { by, replaced_by }) => {
                let replaced_by = replaced_by.as_ref().map(ToString::to_string);
                Outcome::cancelled(by, replaced_by, Evidence::default())
            }
            Some(StopReason::Overdue | StopReason::LimitReached { .. }) | None => {
                let reason = "it ended before its script was started";
                Outcome::lost(reason, LostCause::NoFacts, evidence)
            }
        },
    }
}

fn judge_exit(exit: &Exit, stop: Option<&StopReason>, limits: &Limits, evidence: Evidence) -> Outcome {
    match (exit.cause, stop) {
        (ExitCause::StartFailed, _) => {
            let detail = exit.error.as_deref();
            return Outcome::engine_error(detail.unwrap_or("the process could not be started"));
        }
        (ExitCause::TimeLimit, _) | (ExitCause::StopRequested, Some(StopReason::Overdue)) => {
            let limit_seconds = limits.run_seconds;
            let killed = if exit.killed_after_grace {
                format!(
                    "; it was still there {} s later and was killed",
                    limits.stop_grace_seconds
                )
            } else {
                String::new()
            };
            return Outcome::TimedOut {
                message: format!("Timed out after {limit_seconds} s{killed}"),
                limit_seconds,
                evidence,
            };
        }
        (ExitCause::StopRequested, Some(StopReason::Cancelled { by, replaced_by })) => {
            return Outcome::cancelled(by, replaced_by.as_ref().map(ToString::to_string), evidence);
        }
        (ExitCause::StopRequested, Some(StopReason::LimitReached { limit, .. })) => {
            return limited(*limit, "Stopped at a limit.", exit, evidence);
        }
        (ExitCause::StopRequested, None) => {
            let reason = "its container was stopped from outside PyTask-Manager";
            return Outcome::lost(reason, LostCause::Interrupted, evidence);
        }
        // It ended by itself, be it a moment before a stop could reach it.
        (ExitCause::Own, _) => {}
    }
    // A script may survive the death of a child and still end well, so the kill alone decides nothing.
    let failed = exit.code != Some(0);
    if failed && exit.oom_kills.is_some_and(|kills| kills > 0) {
        let (limit_bytes, peak_bytes) = (limits.memory_bytes, exit.peak_memory_bytes);
        let peak = peak_bytes.map_or_else(String::new, |peak| format!(", the peak was {}", bytes(peak)));
        return Outcome::OutOfMemory {
            message: format!("Out of memory: the limit is {}{peak}", bytes(limit_bytes)),
            limit_bytes,
            peak_bytes,
            evidence,
        };
    }
    match (exit.code, exit.signal) {
        (Some(0), _) if evidence.hit(LimitName::EnvironmentBytes).is_some() => limited(
            LimitName::EnvironmentBytes,
            "Nothing was installed.",
            exit,
            evidence,
        ),
        (Some(0), _) => Outcome::Succeeded {
            message: "Succeeded".to_owned(),
            evidence,
        },
        (Some(exit_code), _) => Outcome::Failed {
            message: match last_words(&evidence) {
                Some(words) => format!("Failed with exit code {exit_code}: {words}"),
                None => format!("Failed with exit code {exit_code}"),
            },
            exit_code: Some(exit_code),
            evidence,
        },
        (None, Some(signal)) => Outcome::Signalled {
            message: format!("Killed by {}", signal_name(signal)),
            signal,
            evidence,
        },
        (None, None) => {
            let reason = "its exit facts name neither an exit code nor a signal";
            Outcome::lost(reason, LostCause::BadFacts, evidence)
        }
    }
}

/// Ended, or not accepted, because of a limit that nobody in the container enforces.
fn limited(limit: LimitName, what: &str, exit: &Exit, evidence: Evidence) -> Outcome {
    let why = evidence.hit(limit).map(|hit| hit.message.as_str());
    Outcome::Failed {
        message: format!("{what} {}", why.unwrap_or("It is one of its own")),
        // An end with 0 is not what it failed with.
        exit_code: exit.code.filter(|code| *code != 0),
        evidence,
    }
}

/// The exception and where it was raised, or the last line that says anything.
fn last_words(evidence: &Evidence) -> Option<String> {
    let last = evidence
        .stderr_tail
        .iter()
        .rev()
        .find(|line| !line.trim().is_empty())?;
    // A traceback that was printed by the way, long before the end, is not what it ended with.
    let closing = |traceback: &&Traceback| last.starts_with(&traceback.exception);
    let place = evidence
        .traceback
        .as_ref()
        .filter(closing)
        .and_then(|found| found.location.as_ref());
    Some(match place {
        Some(place) => format!("{} ({}, line {})", last.trim(), place.path, place.line),
        None => last.trim().to_owned(),
    })
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
    use crate::model::outcome::tests_support::exit as facts;

    fn exit(cause: ExitCause, code: Option<i32>, signal: Option<i32>, oom_kills: Option<u64>) -> Ending {
        let exit = facts(cause, code, signal, oom_kills).into();
        Ending::Exited { exit }
    }

    fn judge(ending: &Ending, stop: Option<&StopReason>, stderr: &[&str]) -> Outcome {
        let limits = Limits::default_for_scripts();
        let stderr: Vec<String> = stderr.iter().map(|line| (*line).to_owned()).collect();
        let evidence = Evidence::of(ending, stop, &limits, &stderr);
        verdict(ending, stop, &limits, evidence)
    }

    #[test]
    fn every_ending_has_its_verdict() {
        use ExitCause::{Own, StartFailed, StopRequested, TimeLimit};
        let user = StopReason::Cancelled {
            by: "user".into(),
            replaced_by: None,
        };
        let full = StopReason::LimitReached {
            limit: LimitName::DiskBytes,
            found: 1 << 40,
        };
        let lost = Ending::Lost {
            reason: "gone".into(),
            cause: LostCause::Vanished,
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
            (exit(StopRequested, Some(0), None, Some(0)), Some(&full), "failed"),
            (
                exit(StopRequested, None, Some(15), Some(0)),
                Some(&full),
                "failed",
            ),
            (exit(Own, Some(0), None, Some(0)), Some(&full), "succeeded"),
            (Ending::NeverStarted, Some(&full), "lost"),
            (exit(StartFailed, None, None, None), None, "engine_error"),
            (exit(Own, Some(0), None, Some(0)), Some(&user), "succeeded"),
            (exit(Own, Some(2), None, Some(0)), Some(&user), "failed"),
            (lost, Some(&user), "lost"),
            (refused, None, "engine_error"),
            (Ending::NeverStarted, Some(&user), "cancelled"),
            (Ending::NeverStarted, None, "lost"),
        ];
        for (ending, stop, expected) in table {
            let outcome = judge(ending, *stop, &[]);
            assert_eq!(outcome.kind(), *expected, "{ending:?} {stop:?}");
            let json = serde_json::to_value(&outcome).expect("serializes");
            assert_eq!(json["kind"], *expected, "the stored word is the sent word");
            assert!(Outcome::KINDS.contains(expected));
        }
    }

    #[test]
    fn a_failure_names_its_last_words_and_their_place() {
        let failed = exit(ExitCause::Own, Some(1), None, Some(0));
        let traceback = [
            "Traceback (most recent call last):",
            "  File \"/script/main.py\", line 3, in <module>",
            "    rows['total']",
            "KeyError: 'total'",
        ];
        let table: [(&[&str], &str); 4] = [
            (&[], "Failed with exit code 1"),
            (
                &["no such customer", ""],
                "Failed with exit code 1: no such customer",
            ),
            (
                &traceback,
                "Failed with exit code 1: KeyError: 'total' (main.py, line 3)",
            ),
            (
                &[
                    traceback[0],
                    traceback[1],
                    traceback[2],
                    traceback[3],
                    "giving up",
                ],
                "Failed with exit code 1: giving up",
            ),
        ];
        for (stderr, message) in table {
            assert_eq!(judge(&failed, None, stderr).message(), message);
        }
    }

    #[test]
    fn a_run_that_was_ended_at_a_limit_says_at_which() {
        let ending = exit(ExitCause::StopRequested, None, Some(15), Some(0));
        let stop = StopReason::LimitReached {
            limit: LimitName::ArtifactsBytes,
            found: 3 << 30,
        };
        let message = "Stopped at a limit. Artifacts: they took 3 GiB, the limit is 1 GiB";
        assert_eq!(judge(&ending, Some(&stop), &[]).message(), message);
    }

    #[test]
    fn an_environment_beyond_its_limit_is_no_success_whoever_noticed() {
        let limits = Limits::default_for_builds();
        let watched = StopReason::LimitReached {
            limit: LimitName::EnvironmentBytes,
            found: 6 << 30,
        };
        let judged = |stop: Option<&StopReason>, took: u64| {
            let ending = exit(ExitCause::Own, Some(0), None, Some(0));
            let evidence = Evidence::of(&ending, stop, &limits, &[]).with_environment(&limits, took);
            assert!(evidence.limits_hit.len() <= 1, "{evidence:?}");
            verdict(&ending, stop, &limits, evidence)
        };
        assert!(judged(None, 5 << 30).is_success());
        let message =
            "Nothing was installed. Environment: it took 6 GiB, the limit is 5 GiB (Settings, Packages)";
        assert_eq!(judged(None, 6 << 30).message(), message);
        let failed = judged(None, 6 << 30);
        assert!(
            matches!(failed, Outcome::Failed { exit_code: None, .. }),
            "{failed:?}"
        );
        assert_eq!(judged(Some(&watched), 6 << 30).message(), message);
        // Whoever watched saw more of it than there is in the end.
        assert_eq!(judged(Some(&watched), 1).message(), message);
    }

    #[test]
    fn who_did_not_leave_in_its_grace_is_said_to_have_been_killed() {
        let mut exit = facts(ExitCause::TimeLimit, None, Some(9), Some(0));
        exit.killed_after_grace = true;
        let message = judge(&Ending::Exited { exit: exit.into() }, None, &[])
            .message()
            .to_owned();
        assert!(
            message.ends_with("it was still there 10 s later and was killed"),
            "{message}"
        );
    }
}
