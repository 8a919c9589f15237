//! When a script is next due by any of its schedules. Pure.

use jiff::Timestamp;

use super::timetable::Timetable;
use crate::model::ids::ScheduleId;
use crate::model::schedule::Schedule;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    pub at: Timestamp,
    pub schedule_id: ScheduleId,
}

/// The earliest fire of those that are enabled. Whether anything rests is for whoever asks.
pub fn next(schedules: &[Schedule], now: Timestamp) -> Option<Next> {
    let enabled = schedules.iter().filter(|schedule| schedule.terms.enabled);
    let fires = enabled.filter_map(|schedule| {
        let timetable = Timetable::of(&schedule.terms.when).ok()?;
        let after = schedule.cursor.max(now);
        let at = timetable.next(after)?.at;
        Some((at, &schedule.id))
    });
    let (at, id) = fires.min_by_key(|(at, _)| *at)?;
    Some(Next {
        at,
        schedule_id: id.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schedule::{When, tests_support};

    #[test]
    fn the_earliest_of_the_enabled_ones_counts() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let once = |second| tests_support::schedule(When::Once { at: at(second) }, at(0));
        let mut off = once(50);
        off.terms.enabled = false;
        let all = [once(200), once(100), off, once(10)];
        let found = next(&all, at(20)).expect("one is due");
        assert_eq!((found.at, &found.schedule_id), (at(100), &all[1].id));
        assert_eq!(next(&all, at(300)), None);
    }
}
