//! Hours in which nobody is to be disturbed. Pure.
//!
//! They begin on certain days at one time of the clock and end at the next other one, in their own zone: through a change
//! of its clocks they are an hour longer or shorter. The same time twice means a whole day.

use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::sync::LazyLock;
use utoipa::ToSchema;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Stretches that touch are one; more than a week of them is looked at again when it is over.
const STRETCHES: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// `22:00`
    #[schema(value_type = String)]
    pub from: Minute,
    /// `07:00`, of the next day if it is not later than `from`.
    #[schema(value_type = String)]
    pub to: Minute,
    /// The IANA name of the zone whose clocks count.
    pub timezone: String,
    /// On which they begin; absent: on each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<Day>>,
}

/// A time of the clock, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute(Time);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn of(date: Date) -> Self {
        match date.weekday() {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl Serialize for Minute {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Minute {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let parts = text
            .split_once(':')
            .filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2)
            .and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
        parts
            .and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok())
            .map(Self)
            .ok_or_else(|| de::Error::custom("a time is like 22:00"))
    }
}

impl QuietHours {
    /// Otherwise a sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        if ZONES.get(&self.timezone).is_err() {
            let shown: String = self.timezone.chars().take(60).collect();
            return Err(format!(
                "{shown:?} is no time zone. They are named like Europe/Berlin, America/New_York or UTC"
            ));
        }
        let every_day = match &self.days {
            None => true,
            Some(days) if days.is_empty() => {
                return Err("Choose at least one day, or leave days out".to_owned());
            }
            Some(days) => {
                use Day::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
                [Mon, Tue, Wed, Thu, Fri, Sat, Sun]
                    .iter()
                    .all(|day| days.contains(day))
            }
        };
        if self.from == self.to && every_day {
            return Err(
                "Whole days, and all of them: nothing would ever be sent. Switch the webhook off instead"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// When the quiet is over that this moment lies in.
    pub fn held_until(&self, at: Timestamp) -> Option<Timestamp> {
        let zone = ZONES.get(&self.timezone).ok()?;
        let first = self.end_of_stretch(at, &zone)?;
        let mut end = first;
        for _ in 1..STRETCHES {
            match self.end_of_stretch(end, &zone) {
                Some(later) => end = later,
                None => break,
            }
        }
        Some(end)
    }

    fn end_of_stretch(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = at.to_zoned(zone.clone()).date();
        let instant = |date: Date, time: Minute| zone.to_timestamp(date.to_datetime(time.0)).ok();
        [today.yesterday().ok()?, today].into_iter().find_map(|date| {
            let begins = self
                .days
                .as_ref()
                .is_none_or(|days| days.contains(&Day::of(date)));
            if !begins {
                return None;
            }
            let last = match self.from.0 < self.to.0 {
                true => date,
                false => date.checked_add(1.day()).ok()?,
            };
            let (from, to) = (instant(date, self.from)?, instant(last, self.to)?);
            (from <= at && at < to).then_some(to)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(json: &str) -> QuietHours {
        serde_json::from_str(json).expect(json)
    }

    const NIGHT: &str = r#"{"from": "22:00", "to": "07:00", "timezone": "Europe/Berlin"}"#;
    const NOON: &str = r#"{"from": "12:00", "to": "13:30", "timezone": "UTC", "days": ["mon"]}"#;
    const WEEKEND: &str = r#"{"from": "00:00", "to": "00:00", "timezone": "UTC", "days": ["sat", "sun"]}"#;

    #[test]
    fn what_lies_in_them_is_held_until_they_are_over() {
        let table = [
            // In winter Berlin is an hour ahead, in summer two.
            (NIGHT, "2026-01-10T20:59:59Z", None),
            (NIGHT, "2026-01-10T21:00:00Z", Some("2026-01-11T06:00:00Z")),
            (NIGHT, "2026-01-11T05:59:59Z", Some("2026-01-11T06:00:00Z")),
            (NIGHT, "2026-01-11T06:00:00Z", None),
            (NIGHT, "2026-07-10T20:00:00Z", Some("2026-07-11T05:00:00Z")),
            // The night in which the clocks go forward ends earlier, by the sun.
            (NIGHT, "2026-03-28T21:30:00Z", Some("2026-03-29T05:00:00Z")),
            (NIGHT, "2026-10-24T21:30:00Z", Some("2026-10-25T06:00:00Z")),
            // 2026-06-01 is a Monday.
            (NOON, "2026-06-01T12:30:00Z", Some("2026-06-01T13:30:00Z")),
            (NOON, "2026-06-02T12:30:00Z", None),
            (WEEKEND, "2026-06-05T23:59:59Z", None),
            (WEEKEND, "2026-06-06T00:00:00Z", Some("2026-06-08T00:00:00Z")),
            (WEEKEND, "2026-06-07T12:00:00Z", Some("2026-06-08T00:00:00Z")),
        ];
        for (json, at, until) in table {
            let until = until.map(|until| until.parse().expect("a time"));
            assert_eq!(
                hours(json).held_until(at.parse().expect("a time")),
                until,
                "{json} at {at}"
            );
        }
    }

    #[test]
    fn what_would_be_quiet_for_ever_or_nowhere_is_refused() {
        for json in [NIGHT, NOON, WEEKEND] {
            assert_eq!(hours(json).check(), Ok(()));
            assert_eq!(
                hours(&serde_json::to_string(&hours(json)).expect("JSON")),
                hours(json)
            );
        }
        for json in [
            r#"{"from": "01:00", "to": "01:00", "timezone": "UTC"}"#,
            r#"{"from": "01:00", "to": "01:00", "timezone": "UTC", "days": ["mon","tue","wed","thu","fri","sat","sun"]}"#,
            r#"{"from": "01:00", "to": "02:00", "timezone": "UTC", "days": []}"#,
            r#"{"from": "01:00", "to": "02:00", "timezone": "Nowhere/At_All"}"#,
        ] {
            assert!(hours(json).check().is_err(), "{json}");
        }
        for json in [
            r#"{"from": "24:00", "to": "01:00", "timezone": "UTC"}"#,
            r#"{"from": "1:00", "to": "02:00", "timezone": "UTC"}"#,
            r#"{"from": "01:00:00", "to": "02:00", "timezone": "UTC"}"#,
            r#"{"from": "01:00", "to": "02:00", "timezone": "UTC", "days": ["monday"]}"#,
        ] {
            assert!(serde_json::from_str::<QuietHours>(json).is_err(), "{json}");
        }
    }
}
