//! One field of an expression: what may stand in it, and which numbers it means.

use std::ops::{Range, RangeInclusive};

use serde::Serialize;
use utoipa::ToSchema;

use super::set::Set;
use super::{Place, Refused};

/// What a field counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

impl Unit {
    /// In the order in which they are written.
    pub const ALL: [Self; 6] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::DayOfMonth,
        Self::Month,
        Self::DayOfWeek,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        }
    }

    /// What may be written; of the days of the week both 0 and 7 are Sunday.
    pub fn bounds(self) -> RangeInclusive<u8> {
        match self {
            Self::Second | Self::Minute => 0..=59,
            Self::Hour => 0..=23,
            Self::DayOfMonth => 1..=31,
            Self::Month => 1..=12,
            Self::DayOfWeek => 0..=7,
        }
    }

    /// What `*` means.
    pub fn all(self) -> Set {
        folded(self, Set::range(self.bounds(), 1))
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::Second => "Seconds go from 0 to 59",
            Self::Minute => "Minutes go from 0 to 59",
            Self::Hour => "Hours go from 0 to 23",
            Self::DayOfMonth => "Days of the month go from 1 to 31",
            Self::Month => "Months go from 1 to 12 or from JAN to DEC",
            Self::DayOfWeek => {
                "Days of the week go from 0 (Sunday) to 6, or from SUN to SAT; 7 is Sunday, too"
            }
        }
    }

    /// Three letters, the whole name, or anything between.
    fn named(self, text: &str) -> Option<u8> {
        let (names, first): (&[&str], u8) = match self {
            Self::Month => (&MONTHS, 1),
            Self::DayOfWeek => (&WEEKDAYS, 0),
            _ => return None,
        };
        let begins = |name: &&str| {
            name.get(..text.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(text))
        };
        let found = (text.len() >= 3).then(|| names.iter().position(begins))??;
        Some(first + found as u8)
    }
}

/// What a field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    pub set: Set,
    /// Whether it is written with a `*` at its beginning. Days and clock changes are treated by that, not by the set.
    pub starred: bool,
}

impl Field {
    pub fn only(value: u8) -> Self {
        Self {
            set: Set::range(value..=value, 1),
            starred: false,
        }
    }
}

/// A stretch of the expression that is looked at, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub place: Place,
    pub text: &'a str,
    pub start: usize,
}

impl<'a> Piece<'a> {
    fn span(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    fn part(self, text: &'a str, start: usize) -> Self {
        Self { text, start, ..self }
    }

    /// What stands before and after the first of these characters.
    fn split(self, at: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(at)?;
        let after = self.part(after, self.start + before.len() + 1);
        Some((self.part(before, self.start), after))
    }

    fn refuse<T>(self, what: impl std::fmt::Display) -> Result<T, Refused> {
        Err(Refused {
            field: Some(self.place),
            span: self.span(),
            message: format!("In the {} field, {what}", self.place.unit.name()),
        })
    }
}

pub(super) fn parse(field: Piece<'_>) -> Result<Field, Refused> {
    let mut set = Set::default();
    let mut rest = Some(field);
    while let Some(list) = rest {
        let (item, more) = list
            .split(',')
            .map_or((list, None), |(item, more)| (item, Some(more)));
        set = set.union(parse_item(item)?);
        rest = more;
    }
    Ok(Field {
        set: folded(field.place.unit, set),
        starred: field.text.starts_with('*'),
    })
}

/// `*`, `5`, `1-5`, each also with `/2` behind it.
fn parse_item(item: Piece<'_>) -> Result<Set, Refused> {
    let (base, step) = match item.split('/') {
        Some((base, step)) => (base, Some(parse_step(step)?)),
        None => (item, None),
    };
    let bounds = item.place.unit.bounds();
    let range = if base.text == "*" {
        bounds
    } else if let Some((from, to)) = base.split('-') {
        let (first, last) = (parse_value(from)?, parse_value(to)?);
        if first > last {
            return base.refuse(backwards(base, first, last));
        }
        first..=last
    } else {
        let first = parse_value(base)?;
        // Not of Vixie's, but everywhere since: `5/20` goes on to the end.
        let last = step.map_or(first, |_| *bounds.end());
        first..=last
    };
    Ok(Set::range(range, step.unwrap_or(1)))
}

fn parse_step(step: Piece<'_>) -> Result<u8, Refused> {
    match number(step.text) {
        Some(0) => step.refuse("a step of 0 never gets anywhere; use 1 or more"),
        // However great: only the first is left.
        Some(number) => Ok(number.min(u8::MAX.into()) as u8),
        None if step.text.is_empty() => step.refuse("a number is missing after /"),
        None => step.refuse(format_args!("the step {:?} is no number", step.text)),
    }
}

fn parse_value(value: Piece<'_>) -> Result<u8, Refused> {
    let unit = value.place.unit;
    if let Some(number) = number(value.text) {
        return match u8::try_from(number) {
            Ok(number) if unit.bounds().contains(&number) => Ok(number),
            _ => value.refuse(format_args!(
                "{} is out of bounds. {}",
                value.text,
                unit.allowed()
            )),
        };
    }
    if let Some(number) = unit.named(value.text) {
        return Ok(number);
    }
    let upper = value.text.to_ascii_uppercase();
    match upper.as_str() {
        "" => value.refuse(format_args!("a value is missing here. {}", unit.allowed())),
        "?" => value.refuse("? has no meaning here; write * for any"),
        "L" | "W" | "LW" => value.refuse(format_args!(
            "{} is not supported: cron has no word for last days and working days",
            value.text
        )),
        text if text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(['L', 'W', '#']) => value
            .refuse(format_args!(
                "{} is not supported: L, W and # are extensions of other schedulers",
                value.text
            )),
        _ => value.refuse(format_args!(
            "{:?} cannot be read. {}",
            value.text,
            unit.allowed()
        )),
    }
}

/// Digits only, so that no sign passes; what is too great for a number is just very great.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

/// Says how to write a range that goes over the end, as for `FRI-MON`.
fn backwards(range: Piece<'_>, first: u8, last: u8) -> String {
    let bounds = range.place.unit.bounds();
    // Sunday is the end of the week only as 7.
    let rest = match (range.place.unit, last) {
        (Unit::DayOfWeek, 0) => format!("{first}-7"),
        _ => format!("{first}-{},{}-{last}", bounds.end(), bounds.start()),
    };
    format!("the range {} runs backwards; write {rest}", range.text)
}

/// Sunday is 0.
fn folded(unit: Unit, mut set: Set) -> Set {
    if unit == Unit::DayOfWeek && set.contains(7) {
        set.remove(7);
        set.insert(0);
    }
    set
}
