//! The delay that is a schedule's own: it spreads what is due at the same time, and is the same for each of its fires.

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::timetable::Timetable;
use crate::model::schedule::Schedule;

/// At most what the terms allow, and never so long that a fire would meet the next one.
pub fn jitter(schedule: &Schedule, timetable: &Timetable) -> SignedDuration {
    let allowed = i64::try_from(schedule.terms.jitter_seconds).unwrap_or(i64::MAX);
    let longest = allowed.min(timetable.leeway()).max(0);
    if longest == 0 {
        return SignedDuration::ZERO;
    }
    let mut hash = [0; 8];
    hash.copy_from_slice(&Sha256::digest(schedule.id.as_str())[..8]);
    let chosen = u64::from_be_bytes(hash) % (longest.unsigned_abs() + 1);
    SignedDuration::from_secs(chosen.cast_signed())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::Timestamp;

    use super::*;
    use crate::model::schedule::{When, tests_support::schedule};

    fn chosen(when: &When, jitter_seconds: u64) -> (Schedule, i64) {
        let mut schedule = schedule(when.clone(), Timestamp::UNIX_EPOCH);
        schedule.terms.jitter_seconds = jitter_seconds;
        let timetable = Timetable::of(when).expect("usable");
        let first = jitter(&schedule, &timetable);
        assert_eq!(first, jitter(&schedule, &timetable));
        (schedule, first.as_secs())
    }

    #[test]
    fn schedules_are_spread_within_what_is_allowed_and_within_their_period() {
        let cron = |expression: &str| When::Cron {
            expression: expression.to_owned(),
            zone: "UTC".to_owned(),
        };
        for (when, allowed, bound) in [
            (cron("0 2 * * *"), 300, 300),
            (cron("* * * * *"), 300, 59),
            (cron("* * * * * *"), 300, 0),
            (cron("0 2 * * *"), 0, 0),
            (When::Once { at: Timestamp::MAX }, 300, 0),
        ] {
            let all: HashSet<i64> = (0..200).map(|_| chosen(&when, allowed).1).collect();
            assert!(
                all.iter().all(|&seconds| (0..=bound).contains(&seconds)),
                "{when:?}"
            );
            assert!(all.len() as i64 > bound / 4, "{when:?}: {}", all.len());
        }
    }

    #[test]
    fn a_schedule_keeps_its_delay_through_its_versions() {
        let when = When::Cron {
            expression: "0 2 * * *".to_owned(),
            zone: "UTC".to_owned(),
        };
        let (schedule, seconds) = chosen(&when, 3_000);
        let changed = schedule.changed(schedule.terms.clone(), Timestamp::MAX);
        let timetable = Timetable::of(&when).expect("usable");
        assert_eq!(jitter(&changed, &timetable).as_secs(), seconds);
    }
}
