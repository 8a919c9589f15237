//! What the process exits with. Pure.
//!
//! The script's own code is passed on as it is; what has no code of its own follows the habits of shells (128 and the signal,
//! 124 of `timeout`) and of `sysexits.h`.

use super::failure::Failure;
use super::wire::OutcomeSeen;

pub const OK: u8 = 0;
/// `EX_DATAERR`: what was asked is refused.
const REFUSED: u8 = 65;
/// `EX_NOINPUT`.
const NOT_FOUND: u8 = 66;
/// `EX_UNAVAILABLE`.
const UNAVAILABLE: u8 = 69;
/// `EX_SOFTWARE`: a run ended in a way that has no code.
const NO_CODE: u8 = 70;
/// `EX_IOERR`.
const INPUT_OUTPUT: u8 = 74;
/// `EX_TEMPFAIL`: a run was skipped.
const SKIPPED: u8 = 75;
/// `EX_NOPERM`.
const NOT_ALLOWED: u8 = 77;
const TIMED_OUT: u8 = 124;
const SIGKILL: u8 = 9;
const SIGNALLED: u8 = 128;
pub const INTERRUPTED: u8 = 130;
const BROKEN_PIPE: u8 = 141;
pub const TERMINATED: u8 = 143;

pub const HELP: &str = "\
Exit codes with --wait:
  the script's own where it has one; 128 and the signal that killed it; 137 out of memory;
  124 timed out; 75 skipped; 70 cancelled, lost, no environment, or at another limit;
  130 after Ctrl+C (once: the run goes on; twice within two seconds: it is cancelled).
Of this command line itself:
  2 wrong usage, 65 refused, 66 no such script, 69 not reachable, 74 input or output, 77 token needed.";

/// What a run's end is to whoever has waited for it. An outcome that this version does not know has no code.
pub fn of_outcome(outcome: &OutcomeSeen) -> u8 {
    match outcome.kind.as_str() {
        "succeeded" => OK,
        // A failure is none that looks like a success.
        "failed" => match outcome.exit_code.map(u8::try_from) {
            Some(Ok(code)) if code != 0 => code,
            _ => NO_CODE,
        },
        "signalled" => outcome
            .signal
            .and_then(|signal| u8::try_from(signal).ok())
            .and_then(|signal| SIGNALLED.checked_add(signal))
            .unwrap_or(NO_CODE),
        "out_of_memory" => SIGNALLED + SIGKILL,
        "timed_out" => TIMED_OUT,
        "skipped" => SKIPPED,
        _ => NO_CODE,
    }
}

pub fn of_failure(failure: &Failure) -> u8 {
    match failure {
        Failure::Usage(_) => 2,
        Failure::Unreachable { .. }
        | Failure::Stranger { .. }
        | Failure::OtherVersion { .. }
        | Failure::Server { .. }
        | Failure::Lost { .. } => UNAVAILABLE,
        Failure::TokenNeeded { .. } | Failure::NotAllowed { .. } => NOT_ALLOWED,
        Failure::NotFound(_) => NOT_FOUND,
        Failure::Refused { .. } => REFUSED,
        Failure::Partly { because, .. } => of_failure(because),
        Failure::File { .. } => INPUT_OUTPUT,
        Failure::Output(_) if failure.is_closed_pipe() => BROKEN_PIPE,
        Failure::Output(_) => INPUT_OUTPUT,
        Failure::Interrupted(_) => INTERRUPTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(kind: &str, exit_code: Option<i64>, signal: Option<i64>) -> OutcomeSeen {
        OutcomeSeen {
            kind: kind.to_owned(),
            exit_code,
            signal,
            ..OutcomeSeen::default()
        }
    }

    #[test]
    fn every_outcome_has_its_code() {
        let table = [
            (outcome("succeeded", None, None), 0),
            (outcome("failed", Some(1), None), 1),
            (outcome("failed", Some(3), None), 3),
            (outcome("failed", Some(255), None), 255),
            (outcome("failed", None, None), 70),
            (outcome("failed", Some(0), None), 70),
            (outcome("failed", Some(256), None), 70),
            (outcome("failed", Some(-1), None), 70),
            (outcome("signalled", None, Some(11)), 139),
            (outcome("signalled", None, Some(15)), 143),
            (outcome("signalled", None, Some(64)), 192),
            (outcome("signalled", None, Some(200)), 70),
            (outcome("signalled", None, None), 70),
            (outcome("out_of_memory", None, None), 137),
            (outcome("timed_out", None, None), 124),
            (outcome("cancelled", None, None), 70),
            (outcome("skipped", None, None), 75),
            (outcome("environment_failed", None, None), 70),
            (outcome("engine_error", None, None), 70),
            (outcome("lost", None, None), 70),
            (outcome("of another version", Some(0), None), 70),
        ];
        for (outcome, code) in table {
            assert_eq!(of_outcome(&outcome), code, "{outcome:?}");
        }
    }

    #[test]
    fn a_reader_that_has_enough_is_no_error() {
        let closed = Failure::Output(std::io::ErrorKind::BrokenPipe.into());
        assert_eq!(of_failure(&closed), 141);
        let full = Failure::Output(std::io::ErrorKind::StorageFull.into());
        assert_eq!(of_failure(&full), 74);
        let partly = Failure::Partly {
            done: 1,
            of: 2,
            because: Box::new(Failure::NotFound("no".to_owned())),
        };
        assert_eq!(of_failure(&partly), 66);
    }
}
