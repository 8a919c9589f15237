//! Which runs go: pure.
//!
//! Two bounds are rules that each run is held against for itself, its age and its place among the newest of its script
//! and kind; so what goes does not depend on the order in which it is looked at, nor on what has gone before. Bytes are
//! freed from the oldest on, until enough are. What is marked to be kept or is needed goes by neither.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use crate::store::runs::removal::Filed;

/// What a run of one script and kind is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rules {
    /// What finished before goes.
    pub finished_before: Option<Timestamp>,
    /// What has a smaller number goes.
    pub newest_from: i64,
    /// Numbers that stay whatever else holds.
    pub needed: HashSet<i64>,
}

/// When what goes for its age finished at the latest.
pub(super) fn finished_before(max_age_days: Option<u32>, now: Timestamp) -> Option<Timestamp> {
    let age = SignedDuration::from_hours(24 * i64::from(max_age_days?));
    now.checked_sub(age).ok()
}

impl Rules {
    pub fn may_go(&self, run: &Filed) -> bool {
        !run.kept && !self.needed.contains(&run.number)
    }

    pub fn goes(&self, run: &Filed) -> bool {
        let too_old = self
            .finished_before
            .is_some_and(|before| run.finished_at < before);
        self.may_go(run) && (too_old || run.number < self.newest_from)
    }
}

/// Of runs that may go, oldest first: as many as free so much, and what is still to be freed then.
pub(super) fn free<'r>(runs: impl IntoIterator<Item = &'r Filed>, excess: u64) -> (Vec<i64>, u64) {
    let (mut gone, mut left) = (Vec::new(), excess);
    for run in runs {
        if left == 0 {
            break;
        }
        // It would be lost and free nothing.
        if run.bytes > 0 {
            gone.push(run.number);
            left = left.saturating_sub(run.bytes);
        }
    }
    (gone, left)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    fn history() -> impl Strategy<Value = Vec<Filed>> {
        let run = (0..1_000i64, 0..50u64, prop::bool::weighted(0.2));
        prop::collection::vec(run, 0..60).prop_map(|runs| {
            let filed = |(number, (finished, bytes, kept)): (usize, _)| Filed {
                number: number as i64 + 1,
                finished_at: at(finished),
                bytes,
                kept,
            };
            runs.into_iter().enumerate().map(filed).collect()
        })
    }

    fn rules() -> impl Strategy<Value = Rules> {
        let needed = prop::collection::hash_set(1..60i64, 0..6);
        (prop::option::of(0..1_000i64), 0..70i64, needed).prop_map(|(before, newest_from, needed)| Rules {
            finished_before: before.map(at),
            newest_from,
            needed,
        })
    }

    proptest! {
        #[test]
        fn what_is_kept_or_needed_stays_and_the_rest_is_within_the_bounds(
            history in history(),
            rules in rules(),
            most in 0..2_000u64,
        ) {
            let (gone, left): (Vec<_>, Vec<_>) = history.iter().partition(|run| rules.goes(run));
            prop_assert!(gone.iter().all(|run| rules.may_go(run)));
            for run in &left {
                let within = run.number >= rules.newest_from
                    && rules.finished_before.is_none_or(|before| run.finished_at >= before);
                prop_assert!(within || !rules.may_go(run));
            }

            let total: u64 = left.iter().map(|run| run.bytes).sum();
            let (may_go, stays): (Vec<&Filed>, Vec<&Filed>) = left.into_iter().partition(|run| rules.may_go(run));
            let (freed, missing) = free(may_go.iter().copied(), total.saturating_sub(most));
            let mut rest: Vec<&Filed> = may_go.iter().copied().filter(|run| !freed.contains(&run.number)).collect();
            let after: u64 = rest.iter().chain(&stays).map(|run| run.bytes).sum();
            // The bound is reached, or nothing is left that would help.
            prop_assert!(after <= most || rest.iter().all(|run| run.bytes == 0));
            prop_assert_eq!(missing, after.saturating_sub(most));
            // And no run too many: the last one was needed for it, and none is older than what stays without need.
            if let Some(last) = freed.last() {
                let last = history.iter().find(|run| run.number == *last).expect("one of them");
                prop_assert!(after + last.bytes > most);
                rest.retain(|run| run.bytes > 0);
                prop_assert!(rest.iter().all(|run| run.number > last.number));
            }
        }
    }

    #[test]
    fn age_is_counted_in_days_and_none_is_no_bound() {
        assert_eq!(finished_before(None, at(100)), None);
        assert_eq!(finished_before(Some(1), at(2 * 86_400)), Some(at(86_400)));
        // So long that there was nothing before.
        assert_eq!(finished_before(Some(u32::MAX), at(0)), None);
    }
}
