use jiff::civil::DateTime as Civil;
use proptest::prelude::*;

use super::super::calendar::tests::{expressions, matches};
use super::super::zone;
use super::*;

const ZONES: [&str; 12] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Tehran",
    "Europe/Dublin",
    "Pacific/Apia",
    "Antarctica/Troll",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "UTC",
];

fn walk(text: &str, zone: &str, from: &str, count: usize) -> Vec<(String, Mark)> {
    let expression = Expression::parse(text).expect(text);
    let zone = zone::named(zone).expect(zone);
    let from: Timestamp = from.parse().expect(from);
    Walk::after(&expression, &zone, from)
        .take(count)
        .map(|fire| {
            (
                zone.to_datetime(fire.at).strftime("%d %H:%M").to_string() + &offset(&zone, fire.at),
                fire.mark,
            )
        })
        .collect()
}

fn offset(zone: &TimeZone, at: Timestamp) -> String {
    let seconds = zone.to_offset(at).seconds();
    match (seconds / 3600, seconds.abs() / 60 % 60) {
        (hours, 0) => format!("{hours:+}"),
        (hours, minutes) => format!("{hours:+}:{minutes}"),
    }
}

/// Local time with its offset to UTC, and how each fire is marked (a capital after it).
#[test]
fn fires_at_the_changes_of_clocks() {
    let berlin_spring = ("Europe/Berlin", "2026-03-28T12:00:00Z");
    let berlin_autumn = ("Europe/Berlin", "2026-10-24T12:00:00Z");
    let york_spring = ("America/New_York", "2026-03-08T00:00:00Z");
    let york_autumn = ("America/New_York", "2026-11-01T00:00:00Z");
    let table = [
        // Over a gap: fixed times once, right after it; several together.
        ("30 2 * * *", berlin_spring, "29 03:00+2M, 30 02:30+2, 31 02:30+2"),
        (
            "0,30 2 * * *",
            berlin_spring,
            "29 03:00+2M, 30 02:00+2, 30 02:30+2",
        ),
        (
            "30 1-3 * * *",
            berlin_spring,
            "29 01:30+1, 29 03:00+2M, 29 03:30+2, 30 01:30+2",
        ),
        ("0 2,3 * * *", berlin_spring, "29 03:00+2M, 30 02:00+2"),
        ("30 2 * * *", york_spring, "08 03:00-4M, 09 02:30-4"),
        ("*/20 30 2 * * *", berlin_spring, "29 03:00+2M, 30 02:30+2"),
        // Over a gap: elapsed time.
        (
            "*/30 * * * *",
            ("Europe/Berlin", "2026-03-29T00:15:00Z"),
            "29 01:30+1, 29 03:00+2, 29 03:30+2",
        ),
        (
            "15 * * * *",
            ("Europe/Berlin", "2026-03-29T00:00:00Z"),
            "29 01:15+1, 29 03:15+2, 29 04:15+2",
        ),
        ("*/30 2 * * *", berlin_spring, "30 02:00+2, 30 02:30+2"),
        // Over a repeated hour: fixed times once, elapsed time twice.
        ("30 2 * * *", berlin_autumn, "25 02:30+2O, 26 02:30+1"),
        ("30 1 * * *", york_autumn, "01 01:30-4O, 02 01:30-5"),
        (
            "30 1-3 * * *",
            berlin_autumn,
            "25 01:30+2, 25 02:30+2O, 25 03:30+1, 26 01:30+1",
        ),
        ("0 3 * * *", berlin_autumn, "25 03:00+1, 26 03:00+1"),
        (
            "*/30 * * * *",
            ("Europe/Berlin", "2026-10-24T23:45:00Z"),
            "25 02:00+2F, 25 02:30+2F, 25 02:00+1S, 25 02:30+1S, 25 03:00+1",
        ),
        (
            "15 * * * *",
            ("Europe/Berlin", "2026-10-25T00:00:00Z"),
            "25 02:15+2F, 25 02:15+1S, 25 03:15+1",
        ),
        // Asked in the middle of it: what was due in the first pass is not due again.
        (
            "30 2 * * *",
            ("Europe/Berlin", "2026-10-25T01:10:00Z"),
            "26 02:30+1",
        ),
        (
            "30 1 * * *",
            ("America/New_York", "2026-11-01T06:10:00Z"),
            "02 01:30-5",
        ),
        (
            "*/30 * * * *",
            ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            "25 02:30+1S, 25 03:00+1",
        ),
        // Gaps at midnight, half hours, two hours, and a whole day.
        (
            "0 0 * * *",
            ("America/Santiago", "2026-09-05T12:00:00Z"),
            "06 01:00-3M, 07 00:00-3",
        ),
        (
            "0 0 * * *",
            ("Africa/Cairo", "2026-04-23T12:00:00Z"),
            "24 01:00+3M, 25 00:00+3",
        ),
        (
            "15 2 * * *",
            ("Australia/Lord_Howe", "2026-10-03T00:00:00Z"),
            "04 02:30+11M, 05 02:15+11",
        ),
        (
            "45 1 * * *",
            ("Australia/Lord_Howe", "2026-04-04T00:00:00Z"),
            "05 01:45+11O, 06 01:45+10:30",
        ),
        (
            "30 1,2 * * *",
            ("Antarctica/Troll", "2026-03-28T12:00:00Z"),
            "29 03:00+2M, 30 01:30+2",
        ),
        (
            "0 6 30 12 *",
            ("Pacific/Apia", "2011-12-01T00:00:00Z"),
            "31 00:00+14M, 30 06:00+14",
        ),
    ];
    for (text, (zone, from), expected) in table {
        let count = expected.split(", ").count();
        let fires = walk(text, zone, from, count).into_iter().map(|(at, mark)| {
            at + match mark {
                Mark::Usual => "",
                Mark::Moved => "M",
                Mark::OnceOfTwo => "O",
                Mark::FirstPass => "F",
                Mark::SecondPass => "S",
            }
        });
        assert_eq!(fires.collect::<Vec<_>>().join(", "), expected, "{text} in {zone}");
    }
}

#[test]
fn there_is_no_fire_beyond_the_calendar() {
    let expression = Expression::parse("@monthly").expect("an expression");
    let berlin = zone::named("Europe/Berlin").expect("a zone");
    let from = "2100-10-15T00:00:00Z".parse().expect("an instant");
    assert_eq!(Walk::after(&expression, &berlin, from).count(), 2);
    assert_eq!(count(&expression, &berlin, from, Timestamp::MAX), 2);
}

#[test]
fn fractions_of_a_second_neither_repeat_nor_lose_a_fire() {
    let expression = Expression::parse("* * * * * *").expect("an expression");
    let from: Timestamp = "2026-01-01T00:00:00.999Z".parse().expect("an instant");
    let next = Walk::after(&expression, &TimeZone::UTC, from)
        .next()
        .map(|fire| fire.at.to_string());
    assert_eq!(next.as_deref(), Some("2026-01-01T00:00:01Z"));
}

/// A zone, and an instant that is often near a change of its clocks.
fn places() -> impl Strategy<Value = (TimeZone, i64)> {
    let instant = 1_000_000_000i64..4_000_000_000;
    (
        prop::sample::select(&ZONES[..]),
        instant,
        prop::option::weighted(0.7, -20_000i64..10_000),
    )
        .prop_map(|(name, instant, near)| {
            let zone = zone::named(name).expect("one of the list");
            let change = Stretch::at(&zone, instant).until;
            match near {
                Some(distance) if change < i64::MAX => (zone, change + distance),
                _ => (zone, instant),
            }
        })
}

fn fires_between(expression: &Expression, zone: &TimeZone, after: i64, until: i64) -> Vec<Fire> {
    Walk::after(expression, zone, timestamp(after))
        .take_while(|fire| fire.at <= timestamp(until))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_fire_is_later_than_the_last_and_matches_unless_it_was_moved(expression in expressions(), (zone, start) in places()) {
        let mut last = timestamp(start);
        for fire in Walk::after(&expression, &zone, last).take(20) {
            prop_assert!(fire.at > last);
            last = fire.at;
            let civil = fire.at.as_second() + i64::from(zone.to_offset(fire.at).seconds());
            if fire.mark == Mark::Moved {
                let stretch = Stretch::at(&zone, fire.at.as_second());
                prop_assert!(stretch.from == fire.at.as_second() && stretch.before < stretch.offset);
                let gap = stretch.from + stretch.before..stretch.from + stretch.offset;
                let mut due = gap.filter(|&civil| matches(expression.fields(), civil));
                prop_assert!(due.next().is_some());
            } else {
                prop_assert!(matches(expression.fields(), civil));
            }
        }
    }

    /// Nothing is left out: second by second, by the rule as it is written.
    #[test]
    fn every_second_that_is_due_is_a_fire(expression in expressions(), (zone, start) in places()) {
        let until = start + 9_000;
        let fixed = expression.fields().is_fixed();
        let mut stretch = Stretch::at(&zone, start);
        let due = (start + 1..=until).filter(|&instant| {
            if instant >= stretch.until {
                stretch = Stretch::at(&zone, instant);
            }
            let civil = instant + stretch.offset;
            if !fixed {
                return matches(expression.fields(), civil);
            }
            let jumped_over = if instant == stretch.from { stretch.from + stretch.before..civil } else { civil..civil };
            let news = civil >= stretch.news();
            news && matches(expression.fields(), civil)
                || jumped_over.into_iter().any(|civil| matches(expression.fields(), civil))
        });
        let due: Vec<i64> = due.collect();
        let fires = fires_between(&expression, &zone, start, until);
        prop_assert_eq!(fires.iter().map(|fire| fire.at.as_second()).collect::<Vec<_>>(), due);
    }

    #[test]
    fn a_span_is_the_sum_of_its_parts(expression in expressions(), (zone, start) in places(), first in 0i64..40_000, second in 0i64..40_000) {
        let (middle, end) = (start + first, start + first + second);
        let parts = [fires_between(&expression, &zone, start, middle), fires_between(&expression, &zone, middle, end)].concat();
        prop_assert_eq!(&parts, &fires_between(&expression, &zone, start, end));
        prop_assert_eq!(parts.len() as u64, count(&expression, &zone, timestamp(start), timestamp(end)));
    }

    #[test]
    fn years_are_counted_as_they_are_walked(expression in expressions(), (zone, start) in places()) {
        let fires: Vec<Fire> = Walk::after(&expression, &zone, timestamp(start)).take(300).collect();
        if let Some(last) = fires.last() {
            prop_assert_eq!(count(&expression, &zone, timestamp(start), last.at), fires.len() as u64);
        }
    }
}

#[test]
fn civil_times_of_the_table_are_what_the_zone_says() {
    // The helper of the table above would hide a mistake of its own.
    let berlin = zone::named("Europe/Berlin").expect("a zone");
    let at: Timestamp = "2026-10-25T01:30:00Z".parse().expect("an instant");
    let expected: Civil = "2026-10-25T02:30:00".parse().expect("a time");
    assert_eq!(
        (berlin.to_datetime(at), offset(&berlin, at).as_str()),
        (expected, "+1")
    );
}
