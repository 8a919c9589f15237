//! Stretches between two changes of a zone's clocks; the zones themselves are the model's.

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use crate::model::zone::{UnknownZone, named, names};

/// Between two changes of a clock. Instants are Unix seconds, offsets seconds east of UTC, and civil time is the sum of
/// both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its first instant; far in the past if nothing is known before.
    pub from: i64,
    /// The first instant of the next one; never, if there is none.
    pub until: i64,
    pub offset: i64,
    /// The offsets on either side.
    pub before: i64,
    pub after: i64,
}

impl Stretch {
    /// The one that this instant lies in.
    pub fn at(zone: &TimeZone, instant: i64) -> Self {
        let change =
            |found: Option<jiff::tz::TimeZoneTransition<'_>>| found.map(|c| c.timestamp().as_second());
        let from = change(zone.preceding(timestamp(instant + 1)).next());
        let until = change(zone.following(timestamp(instant)).next());
        let offset_at = |instant| i64::from(zone.to_offset(timestamp(instant)).seconds());
        let offset = offset_at(instant);
        Self {
            from: from.unwrap_or(i64::MIN),
            until: until.unwrap_or(i64::MAX),
            offset,
            before: from.map_or(offset, |from| offset_at(from - 1)),
            after: until.map_or(offset, offset_at),
        }
    }

    /// Where civil time begins that the stretch before has not shown yet; where it begins at all if that was a gap.
    pub fn news(&self) -> i64 {
        self.from.saturating_add(self.offset.max(self.before))
    }

    /// Where civil time begins again in the next stretch; greater than [`Stretch::end`] if there is a gap between.
    pub fn resumes(&self) -> i64 {
        self.until.saturating_add(self.after)
    }

    /// The civil time that this stretch does not reach.
    pub fn end(&self) -> i64 {
        self.until.saturating_add(self.offset)
    }
}

/// What is beyond the years that the library counts is far away, and that is all that matters.
pub fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(if second < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_names_and_nothing_else_is_one() {
        for (given, proper) in [
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("UTC", "UTC"),
        ] {
            let zone = named(given).expect(given);
            assert_eq!(zone.iana_name(), Some(proper));
        }
        for name in [
            "",
            "Berlin",
            "Etc/Unknown",
            "EST5EDT4,M3.2.0,M11.1.0",
            "../../etc/localtime",
            "Europe/Berlin\0",
            "+02:00",
        ] {
            assert!(named(name).is_err(), "{name:?}");
        }
        let names = names();
        assert!(names.len() > 400 && names.iter().all(|name| named(name).is_ok()));
    }

    #[test]
    fn a_stretch_knows_its_sides() {
        let berlin = named("Europe/Berlin").expect("a zone");
        let summer = Stretch::at(&berlin, 1_780_000_000);
        let expected = Stretch {
            from: 1_774_746_000,
            until: 1_792_890_000,
            offset: 7200,
            before: 3600,
            after: 3600,
        };
        assert_eq!(summer, expected);
        assert_eq!(Stretch::at(&berlin, summer.from), summer);
        assert_eq!(Stretch::at(&berlin, summer.until - 1), summer);
        let utc = Stretch::at(&TimeZone::UTC, 0);
        assert_eq!((utc.from, utc.until, utc.offset), (i64::MIN, i64::MAX, 0));
    }
}
