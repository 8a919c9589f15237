//! An expression in plain English.
//!
//! Made from what the fields mean and not from how they are written: `*/90` is said to be every hour, because it is.
//! Nothing is lost on the way: two expressions are described alike only if they fire alike (by the calendar; what
//! happens at a change of the clocks is for `super::notes`). Our own, because libraries for this read the text once
//! more, by their own rules: croner takes `0 0 */10 * MON` for *or*, and others shift days of the week.

use super::expression::{DayRule, Fields, MONTHS, Set, Unit, WEEKDAYS};

/// Up to so many times of day are listed one by one.
const TIMES: u32 = 6;

/// A sentence without its full stop.
pub fn describe(fields: &Fields) -> String {
    let (times, kind) = times(fields);
    match (days(fields, kind), kind) {
        (Some(days), Kind::Moments) => format!("{times} {days}"),
        (Some(days), Kind::Interval) => format!("{times}, {days}"),
        (None, Kind::Moments) => format!("{times} every day"),
        (None, Kind::Interval) => times,
    }
}

/// How days are joined to what is said of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// "At 02:30".
    Moments,
    /// "Every 10 minutes".
    Interval,
}

/// How the numbers of a field lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    All,
    /// In steps that fit: every tenth of sixty, from 0.
    Even(u8),
    /// Three and more in other steps.
    Steps(u8),
    Others,
}

fn shape(set: Set, unit: Unit) -> Shape {
    if set == unit.all() {
        return Shape::All;
    }
    let values: Vec<u8> = set.iter().collect();
    let &[first, second, ..] = values.as_slice() else {
        return Shape::Others;
    };
    let step = second - first;
    let last = values[values.len() - 1];
    if values.windows(2).any(|pair| pair[1] - pair[0] != step) {
        Shape::Others
    } else if first == 0 && last + step == unit.bounds().end() + 1 {
        Shape::Even(step)
    } else if values.len() > 2 {
        Shape::Steps(step)
    } else {
        Shape::Others
    }
}

fn times(fields: &Fields) -> (String, Kind) {
    let (seconds, minutes, hours) = (fields.seconds.set, fields.minutes.set, fields.hours.set);
    match seconds.single() {
        Some(second) => by_minute(second, minutes, hours),
        None => (by_second(seconds, minutes, hours), Kind::Interval),
    }
}

fn by_minute(second: u8, minutes: Set, hours: Set) -> (String, Kind) {
    let (at_second, colon_second) = match second {
        0 => (String::new(), String::new()),
        _ => (format!(", at second {second}"), format!(":{second:02}")),
    };
    let clock = |hour: u8, minute: u8| format!("{hour:02}:{minute:02}{colon_second}");
    let interval = |every: String| (format!("Every {every}{at_second}"), Kind::Interval);
    let window = |every: String| {
        let end = |hour: Option<u8>, minute: Option<u8>| clock(hour.unwrap_or(0), minute.unwrap_or(0));
        let (first, last) = (
            end(hours.first(), minutes.first()),
            end(hours.last(), minutes.last()),
        );
        (
            format!("Every {every}, from {first} through {last}"),
            Kind::Interval,
        )
    };
    let hour_shape = shape(hours, Unit::Hour);
    let every = match shape(minutes, Unit::Minute) {
        Shape::All => Some("minute".to_owned()),
        Shape::Even(step) => Some(format!("{step} minutes")),
        _ => None,
    };
    match (every, minutes.single(), hour_shape) {
        (Some(every), _, Shape::All) => interval(every),
        (Some(every), ..) if is_one_stretch(hours) => window(every),
        (Some(every), ..) => interval(format!("{every} of {}", hours_in_words(hours))),
        (_, Some(0), Shape::All) => interval("hour".to_owned()),
        (_, Some(0), Shape::Even(step)) => interval(format!("{step} hours")),
        _ if minutes.len() * hours.len() <= TIMES && !is_long_stretch(hours) => {
            let of_hour = |hour| minutes.iter().map(move |minute| (hour, minute));
            let all = hours.iter().flat_map(of_hour);
            let all: Vec<String> = all.map(|(hour, minute)| clock(hour, minute)).collect();
            (format!("At {}", joined(&all, "and")), Kind::Moments)
        }
        (_, Some(_), Shape::Steps(1)) => window("hour".to_owned()),
        (_, Some(_), Shape::Steps(step) | Shape::Even(step)) => window(format!("{step} hours")),
        _ => {
            let (minutes, hours) = (counted("minute", minutes, Unit::Minute), hours_in_words(hours));
            (format!("At {minutes} of {hours}{at_second}"), Kind::Interval)
        }
    }
}

fn by_second(seconds: Set, minutes: Set, hours: Set) -> String {
    let mut words = match shape(seconds, Unit::Second) {
        Shape::All => "Every second".to_owned(),
        Shape::Even(step) => format!("Every {step} seconds"),
        _ => format!("At {}", counted("second", seconds, Unit::Second)),
    };
    let is_plain = words.starts_with("Every");
    match (minutes == Unit::Minute.all(), hours == Unit::Hour.all()) {
        (true, true) if is_plain => {}
        (true, true) => words += " of every minute",
        (true, false) if is_plain => words += &format!(" of {}", hours_in_words(hours)),
        (true, false) => words += &format!(" of every minute of {}", hours_in_words(hours)),
        (false, _) => {
            let minutes = counted("minute", minutes, Unit::Minute);
            words += &format!(" of {minutes} of {}", hours_in_words(hours));
        }
    }
    words
}

fn hours_in_words(hours: Set) -> String {
    match (shape(hours, Unit::Hour), hours.single()) {
        (Shape::All, _) => "every hour".to_owned(),
        (_, Some(hour)) => format!("the hour {hour}"),
        _ => format!("the {}", counted("hour", hours, Unit::Hour)),
    }
}

/// "on Monday through Friday in May"; nothing if it is every day of the year.
fn days(fields: &Fields, kind: Kind) -> Option<String> {
    let (mut days, mut weekdays) = (fields.days.set, fields.weekdays.set);
    let (all_days, all_weekdays) = (Unit::DayOfMonth.all(), Unit::DayOfWeek.all());
    // If one of them is enough, and always given, the other does not matter.
    if fields.day_rule() == DayRule::Either && (days == all_days || weekdays == all_weekdays) {
        (days, weekdays) = (all_days, all_weekdays);
    }
    let months = (fields.months.set != Unit::Month.all()).then(|| months_in_words(fields.months.set));
    let names = weekdays_in_words(weekdays);
    let numbered = counted("day", days, Unit::DayOfMonth);
    let in_months = |words: String| match &months {
        Some(months) => format!("{words} in {months}"),
        None => words,
    };
    match (days == all_days, weekdays == all_weekdays) {
        (true, true) => months.map(|months| match kind {
            Kind::Moments => format!("every day in {months}"),
            Kind::Interval => format!("in {months}"),
        }),
        (true, false) if kind == Kind::Interval && is_long_stretch(from_monday(weekdays)) => {
            Some(in_months(names))
        }
        (true, false) => Some(in_months(format!("on {names}"))),
        (false, true) => {
            let months = months.unwrap_or_else(|| "the month".to_owned());
            Some(format!("on {numbered} of {months}"))
        }
        (false, false) => match fields.day_rule() {
            DayRule::Both => {
                let number = numbers(days, "or");
                Some(in_months(format!(
                    "on {names} if it is day {number} of the month"
                )))
            }
            DayRule::Either => {
                let words = format!("on {numbered} of the month or on {names}");
                Some(months.map_or(words.clone(), |months| format!("{words}, in {months}")))
            }
        },
    }
}

fn months_in_words(months: Set) -> String {
    spoken(months, "and", |month| MONTHS[usize::from(month) - 1].to_owned())
}

fn weekdays_in_words(weekdays: Set) -> String {
    spoken(from_monday(weekdays), "and", |day| {
        WEEKDAYS[usize::from(day) % 7].to_owned()
    })
}

/// As people count them: Sunday is the seventh.
fn from_monday(weekdays: Set) -> Set {
    weekdays
        .iter()
        .map(|day| if day == 0 { 7 } else { day })
        .collect()
}

/// "minute 5", "minutes 5, 25 and 45", "every 7th minute from 0 through 56".
fn counted(word: &str, set: Set, unit: Unit) -> String {
    let (first, last) = (set.first().unwrap_or(0), set.last().unwrap_or(0));
    match shape(set, unit) {
        _ if set.len() == 1 => format!("{word} {first}"),
        Shape::Steps(step @ 2..) | Shape::Even(step) if set.len() > TIMES => {
            format!("every {} {word} from {first} through {last}", ordinal(step))
        }
        _ => format!("{word}s {}", numbers(set, "and")),
    }
}

fn ordinal(number: u8) -> String {
    let ending = match (number % 10, number / 10) {
        (1, tens) if tens != 1 => "st",
        (2, tens) if tens != 1 => "nd",
        (3, tens) if tens != 1 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn numbers(set: Set, and: &str) -> String {
    spoken(set, and, |value| value.to_string())
}

/// Stretches of three and more are named by their ends.
fn spoken(set: Set, and: &str, word: impl Fn(u8) -> String) -> String {
    let mut parts = Vec::new();
    for stretch in set.stretches() {
        if stretch.len() >= 3 {
            parts.push(format!(
                "{} through {}",
                word(*stretch.start()),
                word(*stretch.end())
            ));
        } else {
            parts.extend(stretch.map(&word));
        }
    }
    joined(&parts, and)
}

fn joined(parts: &[String], and: &str) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

fn is_one_stretch(set: Set) -> bool {
    set.stretches().len() == 1
}

fn is_long_stretch(set: Set) -> bool {
    is_one_stretch(set) && set.len() >= 3
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
