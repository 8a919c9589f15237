//! Whether a run that went wrong is tried again, and how long that is waited for.

use jiff::SignedDuration;

use super::outcome::Outcome;
use super::schedule::{AfterLost, Backoff, Retry};

/// How long to wait before the attempt after this one (the first is 1), if there is to be one.
pub fn retry_after(outcome: &Outcome, attempt: u32, retry: &Retry) -> Option<SignedDuration> {
    match outcome {
        Outcome::Failed { .. }
        | Outcome::Signalled { .. }
        | Outcome::OutOfMemory { .. }
        | Outcome::TimedOut { .. }
        | Outcome::EnvironmentFailed { .. }
        | Outcome::EngineError { .. } => (attempt < retry.attempts).then(|| delay(attempt, retry)),
        Outcome::Lost { .. } => match retry.after_lost {
            AfterLost::Rerun => (attempt < retry.attempts.max(2)).then_some(SignedDuration::ZERO),
            AfterLost::Fail => None,
        },
        // Somebody wanted it so.
        Outcome::Cancelled { .. } | Outcome::Skipped { .. } | Outcome::Succeeded { .. } => None,
    }
}

fn delay(attempt: u32, retry: &Retry) -> SignedDuration {
    let doublings = match retry.backoff {
        Backoff::Fixed => 0,
        Backoff::Doubling => attempt.saturating_sub(1),
    };
    let factor = 2u64.saturating_pow(doublings);
    let seconds = retry
        .delay_seconds
        .saturating_mul(factor)
        .min(retry.longest_delay_seconds);
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(json: &str) -> Outcome {
        serde_json::from_str(json).expect(json)
    }

    fn failed() -> Outcome {
        outcome(r#"{"kind": "failed", "message": "m", "exit_code": 1}"#)
    }

    fn seconds(outcome: &Outcome, retry: &Retry) -> Vec<i64> {
        let delay = |attempt| retry_after(outcome, attempt, retry);
        (1..).map_while(delay).map(|delay| delay.as_secs()).collect()
    }

    #[test]
    fn delays_grow_up_to_the_longest_and_attempts_end() {
        let retry = Retry {
            attempts: 6,
            delay_seconds: 10,
            longest_delay_seconds: 60,
            ..Retry::default()
        };
        assert_eq!(seconds(&failed(), &retry), [10, 20, 40, 60, 60]);
        let fixed = Retry {
            backoff: Backoff::Fixed,
            ..retry
        };
        assert_eq!(seconds(&failed(), &fixed), [10, 10, 10, 10, 10]);
        assert!(seconds(&failed(), &Retry::default()).is_empty());
    }

    #[test]
    fn what_somebody_wanted_is_not_tried_again_and_what_was_lost_only_if_asked() {
        let retry = Retry {
            attempts: 3,
            ..Retry::default()
        };
        for json in [
            r#"{"kind": "succeeded", "message": "m"}"#,
            r#"{"kind": "cancelled", "message": "m", "by": "user"}"#,
            r#"{"kind": "skipped", "message": "m", "reason": "r"}"#,
        ] {
            assert!(seconds(&outcome(json), &retry).is_empty(), "{json}");
        }
        let lost = outcome(r#"{"kind": "lost", "message": "m", "reason": "r"}"#);
        assert!(seconds(&lost, &retry).is_empty());
        let rerun = |attempts| Retry {
            attempts,
            after_lost: AfterLost::Rerun,
            ..Retry::default()
        };
        assert_eq!(seconds(&lost, &rerun(1)), [0]);
        assert_eq!(seconds(&lost, &rerun(3)), [0, 0]);
    }
}
