//! What a change of the clocks does to fires, in words: one sentence or two for each change that concerns any of them.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::fires::{Fire, Mark};
use super::zone::{Stretch, timestamp};

/// For fires in their order; none if no clock interferes.
pub fn notes(zone: &TimeZone, fires: &[Fire]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut last = None;
    for fire in fires {
        let Some((change, effect)) = effect(zone, *fire) else {
            continue;
        };
        if last.replace(change.at) != Some(change.at) {
            notes.push(format!("{} {effect}", change.in_words(zone)));
        }
    }
    notes
}

/// The changes of a zone's clocks between two instants, whatever is due then.
pub fn changes(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, String)> {
    let mut changes = Vec::new();
    let mut stretch = Stretch::at(zone, from.as_second());
    while stretch.until <= to.as_second() {
        let change = Change {
            at: stretch.until,
            before: stretch.offset,
            after: stretch.after,
        };
        // A zone may change its name and nothing else.
        if change.before != change.after {
            changes.push((timestamp(change.at), change.in_words(zone)));
        }
        stretch = Stretch::at(zone, stretch.until);
    }
    changes
}

/// A moment at which clocks are changed, and their offsets.
struct Change {
    at: i64,
    before: i64,
    after: i64,
}

fn effect(zone: &TimeZone, fire: Fire) -> Option<(Change, &'static str)> {
    let stretch = Stretch::at(zone, fire.at.as_second());
    let begun = Change {
        at: stretch.from,
        before: stretch.before,
        after: stretch.offset,
    };
    let coming = Change {
        at: stretch.until,
        before: stretch.offset,
        after: stretch.after,
    };
    Some(match fire.mark {
        Mark::Usual => return None,
        Mark::Moved => (begun, "What would be due in between is due once, right after it."),
        Mark::OnceOfTwo => (
            coming,
            "What is due in the time that comes twice is due the first time only.",
        ),
        Mark::FirstPass => (
            coming,
            "What is due in the time that comes twice is due both times.",
        ),
        Mark::SecondPass => (
            begun,
            "What is due in the time that comes twice is due both times.",
        ),
    })
}

impl Change {
    /// "On 29 March 2026 the clocks in Europe/Berlin jump from 02:00 to 03:00."
    fn in_words(&self, zone: &TimeZone) -> String {
        let shown = |offset: i64| Offset::UTC.to_datetime(timestamp(self.at + offset));
        let (from, to) = (shown(self.before), shown(self.after));
        let verb = if self.after > self.before {
            "jump"
        } else {
            "go back"
        };
        let other_day = if from.date() == to.date() {
            String::new()
        } else {
            format!(" on {}", to.strftime("%-d %B %Y"))
        };
        format!(
            "On {} the clocks in {} {verb} from {} to {}{other_day}.",
            from.strftime("%-d %B %Y"),
            zone.iana_name().unwrap_or("this zone"),
            from.strftime("%H:%M"),
            to.strftime("%H:%M"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::Expression;
    use super::super::fires::Walk;
    use super::super::zone;
    use super::*;

    fn of(text: &str, name: &str, from: &str, count: usize) -> Vec<String> {
        let (expression, zone) = (
            Expression::parse(text).expect(text),
            zone::named(name).expect(name),
        );
        let from = from.parse().expect(from);
        let fires: Vec<Fire> = Walk::after(&expression, &zone, from).take(count).collect();
        notes(&zone, &fires)
    }

    #[test]
    fn each_change_that_matters_is_told_once() {
        let berlin = "On 29 March 2026 the clocks in Europe/Berlin jump from 02:00 to 03:00. \
                      What would be due in between is due once, right after it.";
        assert_eq!(
            of("0,30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 6),
            [berlin]
        );
        let twice = "On 25 October 2026 the clocks in Europe/Berlin go back from 03:00 to 02:00. \
                     What is due in the time that comes twice is due both times.";
        assert_eq!(
            of("*/20 * * * *", "Europe/Berlin", "2026-10-24T23:00:00Z", 12),
            [twice]
        );
        let once = "On 5 April 2026 the clocks in Australia/Lord_Howe go back from 02:00 to 01:30. \
                    What is due in the time that comes twice is due the first time only.";
        assert_eq!(
            of("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2),
            [once]
        );
        let day = "On 30 December 2011 the clocks in Pacific/Apia jump from 00:00 to 00:00 on 31 December 2011. \
                   What would be due in between is due once, right after it.";
        assert_eq!(
            of("0 6 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 1),
            [day]
        );
    }

    #[test]
    fn a_zones_changes_are_told_for_themselves() {
        let at = |text: &str| text.parse::<Timestamp>().expect(text);
        let berlin = zone::named("Europe/Berlin").expect("a zone");
        let year = changes(&berlin, at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        assert_eq!(
            year,
            [
                (
                    at("2026-03-29T01:00:00Z"),
                    "On 29 March 2026 the clocks in Europe/Berlin jump from 02:00 to 03:00.".to_owned()
                ),
                (
                    at("2026-10-25T01:00:00Z"),
                    "On 25 October 2026 the clocks in Europe/Berlin go back from 03:00 to 02:00.".to_owned()
                ),
            ]
        );
        assert!(changes(&TimeZone::UTC, Timestamp::UNIX_EPOCH, Timestamp::MAX).is_empty());
    }

    #[test]
    fn what_no_clock_touches_has_no_note() {
        assert!(of("30 4 * * *", "Europe/Berlin", "2026-03-01T00:00:00Z", 300).is_empty());
        assert!(of("* * * * *", "UTC", "2026-03-29T00:00:00Z", 300).is_empty());
        // Elapsed time: nothing is due for what did not happen, and nothing is to be said.
        assert!(of("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 5).is_empty());
    }
}
