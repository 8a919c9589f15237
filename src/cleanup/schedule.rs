//! When a clean-up is due by itself: pure, but for the cursor, which is stored.
//!
//! However many were missed, one is made up for, at the start or whenever the clock has come past it. A schedule that was
//! changed counts from then on.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::model::cleanup::Cleanup;
use crate::scheduler::by_itself::{self, Cursor};
use crate::scheduler::timetable::{Timetable, Unusable};
use crate::store::{self, meta};

const CURSOR: &str = "cleanup_cursor";

/// With which everything is dealt with.
pub(super) fn here(settings: &Cleanup, now: Timestamp) -> Cursor {
    Cursor::new(&settings.expression, &settings.timezone, now)
}

pub(super) fn cursor(c: &Connection) -> Result<Option<Cursor>, store::Error> {
    meta::value(c, CURSOR)
}

pub(super) fn set_cursor(c: &Connection, cursor: &Cursor) -> Result<(), store::Error> {
    meta::set_value(c, CURSOR, cursor)
}

/// What is to be done about the schedule now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// It counts from now on.
    Begin,
    Due,
    Wait(Option<Timestamp>),
}

pub(super) fn timetable(settings: &Cleanup) -> Result<Timetable, Unusable> {
    by_itself::timetable(&settings.expression, &settings.timezone)
}

pub(super) fn turn(cursor: Option<&Cursor>, settings: &Cleanup, now: Timestamp) -> Turn {
    let Some(cursor) = cursor.filter(|cursor| cursor.is_of(&settings.expression, &settings.timezone)) else {
        return Turn::Begin;
    };
    // A clock that was set back must not put it off.
    let after = cursor.at.min(now);
    let next = timetable(settings).ok().and_then(|table| table.next(after));
    match next {
        _ if !settings.enabled => Turn::Wait(None),
        Some(fire) if fire.at <= now => Turn::Due,
        fire => Turn::Wait(fire.map(|fire| fire.at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn one_is_made_up_for_however_many_were_missed() {
        let settings = Cleanup::built_in();
        assert_eq!(turn(None, &settings, at("2026-01-01T00:00:00Z")), Turn::Begin);
        let cursor = here(&settings, at("2026-01-01T00:00:00Z"));
        let sunday = at("2026-01-04T03:30:00Z");
        let turn = |now| turn(Some(&cursor), &settings, at(now));
        assert_eq!(turn("2026-01-02T00:00:00Z"), Turn::Wait(Some(sunday)));
        assert_eq!(turn("2026-01-04T03:30:00Z"), Turn::Due);
        assert_eq!(turn("2026-03-01T00:00:00Z"), Turn::Due);
        // Set back by a year: it goes on with the next one.
        assert_eq!(
            turn("2025-01-01T00:00:00Z"),
            Turn::Wait(Some(at("2025-01-05T03:30:00Z")))
        );
    }

    #[test]
    fn another_schedule_counts_from_its_beginning_and_none_is_due_while_it_is_off() {
        let settings = Cleanup::built_in();
        let cursor = here(&settings, at("2026-01-01T00:00:00Z"));
        let now = at("2026-03-01T00:00:00Z");
        let other = Cleanup {
            timezone: "Europe/Berlin".to_owned(),
            ..settings.clone()
        };
        assert_eq!(turn(Some(&cursor), &other, now), Turn::Begin);
        let off = Cleanup {
            enabled: false,
            ..settings
        };
        assert_eq!(turn(Some(&cursor), &off, now), Turn::Wait(None));
    }
}
