//! When a backup is due, and which ones have had their time: pure.

use jiff::Timestamp;

use super::contents::{Cause, read_name};
use crate::model::backup::Backup;
use crate::scheduler::by_itself::{self, Cursor};
use crate::scheduler::timetable::{Timetable, Unusable};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is due by what is set. The cursor is to be this from now on.
    Begin(Cursor),
    /// Not before then.
    Wait(Timestamp),
    /// Now, however often it was due meanwhile. The cursor is to be this then.
    Due(Cursor),
    Never,
}

/// A changed timetable, and one that was switched on, begin anew: nothing of the time before is due by it.
pub fn decide(settings: &Backup, cursor: Option<&Cursor>, now: Timestamp) -> Result<Decision, Unusable> {
    if !settings.enabled {
        return Ok(Decision::Never);
    }
    let timetable = timetable(settings)?;
    let here = Cursor::new(&settings.expression, &settings.timezone, now);
    let same = |cursor: &&Cursor| cursor.is_of(&settings.expression, &settings.timezone);
    // A clock that was put back does not hold it up.
    let Some(cursor) = cursor.filter(same).filter(|cursor| cursor.at <= now) else {
        return Ok(Decision::Begin(here));
    };
    Ok(match timetable.next(cursor.at) {
        Some(fire) if fire.at <= now => Decision::Due(here),
        Some(fire) => Decision::Wait(fire.at),
        None => Decision::Never,
    })
}

pub fn timetable(settings: &Backup) -> Result<Timetable, Unusable> {
    by_itself::timetable(&settings.expression, &settings.timezone)
}

/// A file in the folder of backups, as far as it concerns what is to go.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub name: &'a str,
    /// Found not to be whole.
    pub damaged: bool,
}

/// Names of the backups that go: of those that were made because they were due, all but the newest `keep`. A damaged one is
/// none of these, and goes once there are as many newer ones.
pub fn superfluous<'a>(there: &[Known<'a>], keep: u32) -> Vec<&'a str> {
    let mut scheduled: Vec<_> = there
        .iter()
        .filter_map(|known| match read_name(known.name) {
            Some((at, Cause::Schedule)) => Some((at, known)),
            _ => None,
        })
        .collect();
    scheduled.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut whole = 0;
    let mut gone = Vec::new();
    for (_, known) in scheduled {
        if whole >= keep {
            gone.push(known.name);
        } else if !known.damaged {
            whole += 1;
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn daily() -> Backup {
        Backup {
            enabled: true,
            expression: "30 3 * * *".to_owned(),
            timezone: "Europe/Berlin".to_owned(),
            ..Backup::built_in()
        }
    }

    #[test]
    fn what_was_missed_is_made_up_for_once() {
        let now = at("2026-11-25T12:00:00Z");
        let settings = daily();
        let cursor = |text| Cursor {
            expression: settings.expression.clone(),
            timezone: settings.timezone.clone(),
            at: at(text),
        };
        let here = cursor("2026-11-25T12:00:00Z");
        let decide = |cursor: Option<&Cursor>| decide(&settings, cursor, now).expect("a timetable");
        assert_eq!(decide(None), Decision::Begin(here.clone()));
        let tomorrow = at("2026-11-26T02:30:00Z");
        assert_eq!(decide(Some(&here)), Decision::Wait(tomorrow));
        assert_eq!(
            decide(Some(&cursor("2026-11-25T02:30:00Z"))),
            Decision::Wait(tomorrow)
        );
        for missed in ["2026-11-25T02:29:59Z", "2026-10-01T00:00:00Z"] {
            assert_eq!(
                decide(Some(&cursor(missed))),
                Decision::Due(here.clone()),
                "{missed}"
            );
        }
        // The clock was put back.
        assert_eq!(
            decide(Some(&cursor("2027-01-01T00:00:00Z"))),
            Decision::Begin(here.clone())
        );
        let other = Cursor {
            expression: "* * * * *".to_owned(),
            ..cursor("2026-01-01T00:00:00Z")
        };
        assert_eq!(decide(Some(&other)), Decision::Begin(here));
        let off = Backup {
            enabled: false,
            ..settings.clone()
        };
        assert_eq!(super::decide(&off, None, now), Ok(Decision::Never));
    }

    #[test]
    fn the_newest_whole_scheduled_ones_stay_and_what_somebody_made_too() {
        let name = |day: u32, scheduled: &str| format!("pytask-202611{day:02}T033000Z{scheduled}.tar.zst");
        let names: Vec<String> = (1..=6).map(|day| name(day, "-scheduled")).collect();
        let by_hand = name(1, "");
        let known = |name, damaged| Known { name, damaged };
        let mut there = vec![known(&*by_hand, false), known("before-schema-3.sqlite", false)];
        for (number, name) in names.iter().enumerate() {
            there.push(known(name, number == 4));
        }
        assert_eq!(superfluous(&there, 3), [names[1].as_str(), &names[0]]);
        assert_eq!(superfluous(&there, 9), [""; 0]);
        assert_eq!(
            superfluous(&there, 1),
            [names[4].as_str(), &names[3], &names[2], &names[1], &names[0]]
        );
    }
}
