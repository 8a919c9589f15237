//! A schedule's *when*, ready to be asked: read once, kept as long as its version.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::expression::{Expression, Refused};
use super::fires::{self, Fire, Mark, Walk};
use super::zone::{self, UnknownZone};
use crate::model::schedule::When;

#[derive(Debug, Clone)]
pub enum Timetable {
    Cron {
        expression: Box<Expression>,
        zone: TimeZone,
    },
    Once {
        at: Timestamp,
    },
}

/// Why a *when* cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error(transparent)]
    Expression(#[from] Refused),
    #[error(transparent)]
    Zone(#[from] UnknownZone),
}

/// Fires in their order, and how many more there are than were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fires {
    pub list: Vec<Fire>,
    pub more: u64,
}

impl Timetable {
    pub fn of(when: &When) -> Result<Self, Unusable> {
        Ok(match when {
            When::Cron { expression, zone } => Self::Cron {
                expression: Box::new(Expression::parse(expression)?),
                zone: zone::named(zone)?,
            },
            When::Once { at } => Self::Once { at: *at },
        })
    }

    /// The first fire after this instant.
    pub fn next(&self, after: Timestamp) -> Option<Fire> {
        match self {
            Self::Cron { expression, zone } => Walk::after(expression, zone, after).next(),
            Self::Once { at } => (*at > after).then_some(once(*at)),
        }
    }

    /// Those after the one instant and until the other, the first `most` of them one by one.
    pub fn fires(&self, after: Timestamp, until: Timestamp, most: usize) -> Fires {
        let list = self.first(after, until, most);
        let more = if list.len() < most {
            0
        } else {
            self.count(list.last().map_or(after, |last| last.at), until)
        };
        Fires { list, more }
    }

    /// The first of them, whether or not there are more.
    pub fn first(&self, after: Timestamp, until: Timestamp, most: usize) -> Vec<Fire> {
        match self {
            Self::Cron { expression, zone } => Walk::after(expression, zone, after)
                .take_while(|fire| fire.at <= until)
                .take(most)
                .collect(),
            Self::Once { .. } => self
                .next(after)
                .into_iter()
                .filter(|fire| fire.at <= until)
                .take(most)
                .collect(),
        }
    }

    /// How many there are after the one instant and until the other.
    pub fn count(&self, after: Timestamp, until: Timestamp) -> u64 {
        match self {
            Self::Cron { expression, zone } => fires::count(expression, zone, after, until),
            Self::Once { at } => (*at > after && *at <= until).into(),
        }
    }

    /// Seconds by which every fire can be delayed without meeting the next; none for what was asked for by its instant.
    pub fn leeway(&self) -> i64 {
        match self {
            Self::Cron { expression, .. } => expression.calendar().spacing() - 1,
            Self::Once { .. } => 0,
        }
    }
}

fn once(at: Timestamp) -> Fire {
    Fire {
        at,
        mark: Mark::Usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn what_is_beyond_the_most_is_counted() {
        let when = When::Cron {
            expression: "*/10 * * * *".to_owned(),
            zone: "Europe/Berlin".to_owned(),
        };
        let timetable = Timetable::of(&when).expect("usable");
        let (after, until) = (at("2026-03-28T12:00:00Z"), at("2026-03-30T12:00:00Z"));
        let fires = timetable.fires(after, until, 10);
        assert_eq!((fires.list.len(), fires.more), (10, 278));
        let fires = timetable.fires(after, until, 1_000);
        assert_eq!((fires.list.len(), fires.more), (288, 0));
        assert_eq!(fires.list.last().map(|fire| fire.at), Some(until));
        assert_eq!(timetable.fires(after, until, 0).more, 288);
        assert_eq!(
            timetable.fires(until, after, 10),
            Fires {
                list: vec![],
                more: 0
            }
        );
    }

    #[test]
    fn once_is_once() {
        let moment = at("2026-03-28T12:00:00.5Z");
        let timetable = Timetable::of(&When::Once { at: moment }).expect("usable");
        let (before, after) = (at("2026-03-28T12:00:00Z"), at("2027-01-01T00:00:00Z"));
        assert_eq!(timetable.fires(before, after, 10).list, [once(moment)]);
        assert_eq!(
            (timetable.count(before, moment), timetable.count(moment, after)),
            (1, 0)
        );
        assert_eq!(
            (timetable.next(before), timetable.next(moment)),
            (Some(once(moment)), None)
        );
    }

    #[test]
    fn what_cannot_be_used_says_which_part() {
        let cron = |expression: &str, zone: &str| {
            Timetable::of(&When::Cron {
                expression: expression.to_owned(),
                zone: zone.to_owned(),
            })
        };
        assert!(matches!(cron("x", "UTC"), Err(Unusable::Expression(_))));
        assert!(matches!(cron("@daily", "Mars"), Err(Unusable::Zone(_))));
    }
}
