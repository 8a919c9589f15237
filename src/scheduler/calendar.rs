//! When an expression fires by the clock on the wall, as if that clock never changed.
//!
//! The search is the crate `cron`'s, and this is the only place that names it. Its own language is not Unix's (it
//! counts Sunday as 1, wants seconds, matches both day fields always) and its arithmetic loses and repeats times where
//! clocks change. So it never sees a user's text and never a zone: it gets numbers, and civil time dressed as UTC.
//!
//! Civil time here is a count of seconds, as of an instant in UTC that reads the same. The calendar ends with the year
//! 2100: that is where the crate's ends, and nothing fires after it.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::expression::{DayRule, Fields, Set, Unit, WEEKDAYS};

const DAY: i64 = 24 * 60 * 60;

/// The last second of 2100.
pub const END: i64 = 4_133_980_799;

#[derive(Debug, Clone)]
pub struct Calendar {
    /// It fires whenever one of them does.
    rules: Vec<cron::Schedule>,
    times: Times,
    spacing: i64,
}

/// The times of day at which it fires, on a day on which it does.
#[derive(Debug, Clone, Copy)]
struct Times {
    seconds: Set,
    minutes: Set,
    hours: Set,
}

impl Calendar {
    pub fn of(fields: &Fields) -> Self {
        let (days, weekdays) = (fields.days.set, fields.weekdays.set);
        let rules = match fields.day_rule() {
            DayRule::Both => vec![rule(fields, days, weekdays)],
            DayRule::Either => vec![
                rule(fields, days, Unit::DayOfWeek.all()),
                rule(fields, Unit::DayOfMonth.all(), weekdays),
            ],
        };
        let times = Times {
            seconds: fields.seconds.set,
            minutes: fields.minutes.set,
            hours: fields.hours.set,
        };
        let spacing = times.spacing();
        Self {
            rules,
            times,
            spacing,
        }
    }

    /// The next time it fires.
    pub fn after(&self, civil: i64) -> Option<i64> {
        let civil = moment(civil.max(-1))?;
        self.rules
            .iter()
            .filter_map(|rule| rule.after(&civil).next())
            .min()
            .map(|found| found.timestamp())
    }

    /// How often it fires after the one and until the other. Costs what the days between them cost, however often it
    /// fires on each.
    pub fn count(&self, after: i64, until: i64) -> u64 {
        let (first, last) = ((after + 1).max(0), until.min(END));
        if first > last {
            return 0;
        }
        (first.div_euclid(DAY)..=last.div_euclid(DAY))
            .filter(|&day| self.has_day(day))
            .map(|day| {
                let start = day * DAY;
                let (from, to) = (first.max(start) - start, last.min(start + DAY - 1) - start);
                u64::from(self.times.before(to + 1) - self.times.before(from))
            })
            .sum()
    }

    /// Whether it fires on the day with this number.
    fn has_day(&self, day: i64) -> bool {
        let Some(time) = moment(day * DAY + self.times.first()) else {
            return false;
        };
        self.rules.iter().any(|rule| rule.includes(time))
    }

    /// No two fires are closer in civil time than so many seconds. (Where the first and the last number of a field are
    /// closest, some that are further apart may be counted as that close.)
    pub fn spacing(&self) -> i64 {
        self.spacing
    }
}

impl Times {
    fn spacing(self) -> i64 {
        closest(self.seconds, 60)
            .or_else(|| closest(self.minutes, 60).map(|gap| gap * 60))
            .or_else(|| closest(self.hours, 24).map(|gap| gap * 3600))
            .unwrap_or(DAY)
    }

    fn first(self) -> i64 {
        let of = |set: Set| i64::from(set.first().unwrap_or_default());
        of(self.hours) * 3600 + of(self.minutes) * 60 + of(self.seconds)
    }

    /// How many times of day are before this one, which is in seconds and at most a day.
    fn before(self, time: i64) -> u32 {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        let (hour, minute, second) = (hour as u8, minute as u8, second as u8);
        let mut count = self.hours.below(hour) * self.minutes.len() * self.seconds.len();
        if self.hours.contains(hour) {
            count += self.minutes.below(minute) * self.seconds.len();
            if self.minutes.contains(minute) {
                count += self.seconds.below(second);
            }
        }
        count
    }
}

fn moment(civil: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(civil, 0)
}

/// The smallest distance between two of the set, on a clock face.
fn closest(set: Set, around: i64) -> Option<i64> {
    let first = i64::from(set.first()?);
    let next = set.iter().skip(1).map(i64::from).chain([first + around]);
    let gap = set.iter().map(i64::from).zip(next).map(|(a, b)| b - a).min()?;
    (set.len() > 1).then_some(gap)
}

fn rule(fields: &Fields, days: Set, weekdays: Set) -> cron::Schedule {
    let number = |value: u8| value.to_string();
    let text = [
        listed(fields.seconds.set, Unit::Second, number),
        listed(fields.minutes.set, Unit::Minute, number),
        listed(fields.hours.set, Unit::Hour, number),
        listed(days, Unit::DayOfMonth, number),
        listed(fields.months.set, Unit::Month, number),
        // By name, since its numbers are not Unix's.
        listed(weekdays, Unit::DayOfWeek, |day| {
            WEEKDAYS[usize::from(day)].to_owned()
        }),
    ]
    .join(" ");
    cron::Schedule::from_str(&text).expect("lists of what each field may hold, none empty")
}

fn listed(set: Set, unit: Unit, word: impl Fn(u8) -> String) -> String {
    if set == unit.all() {
        return "*".to_owned();
    }
    let words = set.stretches().into_iter().map(|stretch| {
        if stretch.start() == stretch.end() {
            word(*stretch.start())
        } else {
            format!("{}-{}", word(*stretch.start()), word(*stretch.end()))
        }
    });
    words.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
pub(super) mod tests;
