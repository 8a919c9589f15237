//! Which event something that happened gives for a webhook, given what came before it. Pure.
//!
//! How often the same has come of a script in a row is its [`Streak`], stored with the outcome. A run's end gives a webhook
//! at most one event, the most telling that it wants: `recovered` or `failed` before `finished`.

use jiff::{SignedDuration, Timestamp};

use super::super::outcome::Outcome;
use super::{Occasion, Rules, Terms};

/// How often the same has come of a script in a row, up to now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streak {
    /// Ends without success since the last success.
    pub failures: u32,
    pub failing_since: Option<Timestamp>,
    /// Skipped runs since one ended.
    pub skips: u32,
    /// Late starts since one was in time.
    pub lates: u32,
}

/// What happened to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment<'a> {
    Ended(&'a Outcome),
    /// With how late it was, if that is too late.
    Started {
        late: Option<SignedDuration>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Success,
    Failure,
    /// Somebody wanted it so: it says nothing about the script.
    Cancelled,
    Skipped,
}

fn end(outcome: &Outcome) -> End {
    match outcome {
        Outcome::Succeeded { .. } => End::Success,
        Outcome::Cancelled { .. } => End::Cancelled,
        Outcome::Skipped { .. } => End::Skipped,
        Outcome::Failed { .. }
        | Outcome::Signalled { .. }
        | Outcome::OutOfMemory { .. }
        | Outcome::TimedOut { .. }
        | Outcome::EnvironmentFailed { .. }
        | Outcome::EngineError { .. }
        | Outcome::Lost { .. } => End::Failure,
    }
}

impl Streak {
    pub fn after(self, moment: Moment<'_>, at: Timestamp) -> Self {
        let outcome = match moment {
            Moment::Started { late: None } => return Self { lates: 0, ..self },
            Moment::Started { late: Some(_) } => {
                return Self {
                    lates: self.lates.saturating_add(1),
                    ..self
                };
            }
            Moment::Ended(outcome) => outcome,
        };
        match end(outcome) {
            End::Skipped => Self {
                skips: self.skips.saturating_add(1),
                ..self
            },
            End::Cancelled => Self { skips: 0, ..self },
            End::Success => Self {
                failures: 0,
                failing_since: None,
                skips: 0,
                ..self
            },
            End::Failure => Self {
                failures: self.failures.saturating_add(1),
                failing_since: self.failing_since.or(Some(at)),
                skips: 0,
                ..self
            },
        }
    }
}

/// What a webhook with these terms is told, if anything.
pub fn told(terms: &Terms, moment: Moment<'_>, before: &Streak, after: &Streak) -> Option<Occasion> {
    let wants = |occasion: Occasion| terms.events.contains(&occasion).then_some(occasion);
    let rules = &terms.rules;
    let outcome = match moment {
        Moment::Started { late } => {
            return wants(Occasion::Late).filter(|_| late.is_some() && first_of_row(rules, after.lates));
        }
        Moment::Ended(outcome) => outcome,
    };
    match end(outcome) {
        End::Skipped => wants(Occasion::Skipped).filter(|_| first_of_row(rules, after.skips)),
        End::Cancelled => wants(Occasion::Finished).filter(|_| !rules.on_change),
        End::Failure => wants(Occasion::Failed)
            .or(wants(Occasion::Finished))
            .filter(|_| failure_counts(rules, after.failures)),
        End::Success if before.failures > 0 => wants(Occasion::Recovered).or(wants(Occasion::Finished)),
        End::Success => wants(Occasion::Finished).filter(|_| !rules.on_change),
    }
}

fn first_of_row(rules: &Rules, count: u32) -> bool {
    !rules.on_change || count == 1
}

fn failure_counts(rules: &Rules, count: u32) -> bool {
    match (rules.on_change, rules.every_nth_failure) {
        (false, None) => true,
        (on_change, nth) => {
            (on_change && count == 1) || nth.is_some_and(|n| n > 0 && count.is_multiple_of(n))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::terms;
    use super::Occasion::{Failed, Finished, Late, Recovered, Skipped};
    use super::*;

    fn outcome(kind: char) -> Outcome {
        let json = match kind {
            '.' => r#"{"kind": "succeeded", "message": "m"}"#,
            'F' => r#"{"kind": "failed", "message": "m", "exit_code": 1}"#,
            'O' => r#"{"kind": "out_of_memory", "message": "m", "limit_bytes": 1, "peak_bytes": null}"#,
            'T' => r#"{"kind": "timed_out", "message": "m", "limit_seconds": 1}"#,
            'G' => r#"{"kind": "signalled", "message": "m", "signal": 9}"#,
            'V' => r#"{"kind": "environment_failed", "message": "m", "build_run_id": null}"#,
            'E' => r#"{"kind": "engine_error", "message": "m", "detail": "d"}"#,
            'X' => r#"{"kind": "lost", "message": "m", "reason": "r"}"#,
            'c' => r#"{"kind": "cancelled", "message": "m", "by": "user"}"#,
            's' => r#"{"kind": "skipped", "message": "m", "reason": "r"}"#,
            other => panic!("{other}"),
        };
        serde_json::from_str(json).expect("an outcome")
    }

    /// What a life of a script tells: one character for each thing that happens, `l` and `p` being late and punctual starts.
    fn life(terms: &Terms, moments: &str) -> String {
        let mut streak = Streak::default();
        let tell = |kind: char| {
            let stored;
            let moment = match kind {
                'l' => Moment::Started {
                    late: Some(SignedDuration::from_secs(90)),
                },
                'p' => Moment::Started { late: None },
                other => {
                    stored = outcome(other);
                    Moment::Ended(&stored)
                }
            };
            let before = streak;
            streak = before.after(moment, Timestamp::UNIX_EPOCH);
            match told(terms, moment, &before, &streak) {
                None => '-',
                Some(Finished) => 'f',
                Some(Failed) => 'F',
                Some(Recovered) => 'R',
                Some(Skipped) => 's',
                Some(Late) => 'l',
                Some(Occasion::Test) => 'T',
            }
        };
        moments.chars().map(tell).collect()
    }

    #[test]
    fn which_events_a_life_gives() {
        let all = [Finished, Failed, Recovered, Skipped, Late];
        let rules = |on_change, every_nth_failure| Rules {
            on_change,
            every_nth_failure,
            quiet_hours: None,
        };
        let table = [
            // Everything there is, the most telling once.
            (&all[..], rules(false, None), "..FF.c.ssplpl", "ffFFRffss-l-l"),
            // Every outcome that is no success is a failure, but for a cancelled one.
            (&[Failed], rules(false, None), "FOTGVEXcs.", "FFFFFFF---"),
            (&[Recovered], rules(false, None), ".F.FF..cFc.", "--R--R----R"),
            (&[Finished], rules(false, None), ".Fcs.", "fff-f"),
            // On change: the first failure, and back.
            (
                &[Failed, Recovered],
                rules(true, None),
                "FFFF..FcF.",
                "F---R-F--R",
            ),
            (&[Finished], rules(true, None), "..FF..c", "--f-f--"),
            (&[Failed], rules(true, None), "FFcFsFF.F", "F-------F"),
            (&[Skipped], rules(true, None), "sss.sscs", "s---s--s"),
            (&[Late], rules(true, None), "lllpll", "l---l-"),
            // Every third, alone and beside the first.
            (&[Failed], rules(false, Some(3)), "FFFFFF.FFF", "--F--F---F"),
            (&[Failed, Recovered], rules(true, Some(3)), "FFFFFF.F", "F-F--FRF"),
            (&[Finished], rules(false, Some(2)), ".FFFF.", "f-f-ff"),
            // What is not wanted is not told.
            (&[Late], rules(false, None), ".Fcs", "----"),
        ];
        for (events, rules, moments, expected) in table {
            let mut terms = terms(events);
            terms.rules = rules;
            assert_eq!(
                life(&terms, moments),
                expected,
                "{events:?} {:?} {moments}",
                terms.rules
            );
        }
    }

    #[test]
    fn a_row_of_failures_knows_when_it_began() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let failed = outcome('F');
        let first = Streak::default().after(Moment::Ended(&failed), at(10));
        let second = first.after(Moment::Ended(&failed), at(20));
        assert_eq!((second.failures, second.failing_since), (2, Some(at(10))));
        let over = second.after(Moment::Ended(&outcome('.')), at(30));
        assert_eq!(over, Streak::default());
    }
}
