//! Cron expressions as Unix users know them: five fields, or six with seconds in front, or a nickname.
//!
//! The language is Debian's: names, lists, ranges, steps, 0 and 7 for Sunday, and its rule for days, that both day
//! fields have to match if either begins with `*`, and that one is enough otherwise. What other schedulers have added
//! (`L W # ?`, years, ranges over the end) is refused with the place and the reason. An expression that would never
//! fire is none. Knows no zone: what it means at a change of the clocks is for [`super::fires`].

mod field;
mod set;

use std::ops::Range;

pub use field::{Field, MONTHS, Unit, WEEKDAYS};
pub use set::Set;

use super::calendar::Calendar;
use field::Piece;

pub const LONGEST: usize = 256;

/// Why a text is no expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// `None` if it is not about a single field.
    pub field: Option<Place>,
    /// Bytes of the text, at borders of characters.
    pub span: Range<usize>,
    /// A sentence for people.
    pub message: String,
}

/// A field of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub unit: Unit,
    /// Which one it is, from 0.
    pub index: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayRule {
    /// Day of month and day of week have to match.
    Both,
    /// One of them is enough.
    Either,
}

/// What an expression means, field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fields {
    pub seconds: Field,
    pub minutes: Field,
    pub hours: Field,
    pub days: Field,
    pub months: Field,
    pub weekdays: Field,
}

impl Fields {
    pub fn day_rule(&self) -> DayRule {
        if self.days.starred || self.weekdays.starred {
            DayRule::Both
        } else {
            DayRule::Either
        }
    }

    /// Whether it names times of the day, and not intervals: neither minute nor hour begins with `*`.
    pub fn is_fixed(&self) -> bool {
        !self.minutes.starred && !self.hours.starred
    }
}

/// An expression that can be read and that fires.
#[derive(Debug, Clone)]
pub struct Expression {
    fields: Fields,
    calendar: Calendar,
}

impl Expression {
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let plain = plain(text)?;
        if plain.starts_with('@') {
            return Self::of(nickname(text, plain)?).ok_or_else(|| never(text, &[]));
        }
        let words: Vec<(usize, &str)> = words(text).collect();
        Self::of(parse_fields(text, &words)?).ok_or_else(|| never(text, &words))
    }

    /// None if there is no day on which they would fire.
    fn of(fields: Fields) -> Option<Self> {
        let calendar = Calendar::of(&fields);
        calendar.after(0).is_some().then_some(Self { fields, calendar })
    }

    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }
}

/// The text without space around it, if it can be looked at at all.
fn plain(text: &str) -> Result<&str, Refused> {
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        let message = format!("An expression may have at most {LONGEST} characters");
        return Err(Refused {
            field: None,
            span: at..text.len(),
            message,
        });
    }
    if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_control() && *c != '\t') {
        return Err(Refused {
            field: None,
            span: at..at + c.len_utf8(),
            message: "An expression stands on one line, without control characters".to_owned(),
        });
    }
    Ok(text.trim())
}

fn parse_fields(text: &str, words: &[(usize, &str)]) -> Result<Fields, Refused> {
    let units = match words.len() {
        5 => &Unit::ALL[1..],
        6 => &Unit::ALL[..],
        given => return Err(wrong_number(text, given, words)),
    };
    let mut read = Vec::with_capacity(6);
    if units.len() == 5 {
        read.push(Field::only(0));
    }
    for (index, (&unit, &(start, text))) in units.iter().zip(words).enumerate() {
        let place = Place { unit, index };
        read.push(field::parse(Piece { place, text, start })?);
    }
    let &[seconds, minutes, hours, days, months, weekdays] = read.as_slice() else {
        unreachable!("six units, six fields")
    };
    Ok(Fields {
        seconds,
        minutes,
        hours,
        days,
        months,
        weekdays,
    })
}

/// Underlines day and month, which stand before the last field.
fn never(text: &str, words: &[(usize, &str)]) -> Refused {
    let (index, span) = match words {
        [.., day, month, _] => (words.len() - 3, day.0..month.0 + month.1.len()),
        _ => (0, 0..text.len()),
    };
    let unit = Unit::DayOfMonth;
    Refused {
        field: Some(Place { unit, index }),
        span,
        message: "This day never comes: none of these months is long enough".to_owned(),
    }
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace()
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn wrong_number(text: &str, given: usize, words: &[(usize, &str)]) -> Refused {
    const FIELDS: &str = "minute, hour, day of month, month, day of week";
    let (span, message) = match (given, words.get(6)) {
        (0, _) => (
            0..text.len(),
            format!("An expression has five fields: {FIELDS}. Every morning at six is 0 6 * * *"),
        ),
        (_, Some(&(start, _))) => (
            start..text.trim_end().len(),
            format!(
                "An expression has five fields: {FIELDS}; a sixth in front may be seconds. There is none for years"
            ),
        ),
        _ => (
            words.first().map_or(0, |word| word.0)..text.trim_end().len(),
            format!("An expression has five fields: {FIELDS}. Here are {given}"),
        ),
    };
    Refused {
        field: None,
        span,
        message,
    }
}

fn nickname(text: &str, name: &str) -> Result<Fields, Refused> {
    let meaning = match name.to_ascii_lowercase().as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        other => {
            let why = match other {
                "@reboot" => "@reboot is no time; there is nothing here that boots. ",
                _ => "",
            };
            let start = text.len() - text.trim_start().len();
            return Err(Refused {
                field: None,
                span: start..start + name.len(),
                message: format!(
                    "{why}The names are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually"
                ),
            });
        }
    };
    parse_fields(meaning, &words(meaning).collect::<Vec<_>>())
}

#[cfg(test)]
#[path = "expression_tests.rs"]
mod tests;
