use jiff::civil::{DateTime as Civil, Weekday};
use jiff::tz::Offset;
use proptest::prelude::*;

use super::super::expression::{Expression, Fields};
use super::*;

/// Expressions of every shape, most of which fire.
pub(in crate::scheduler) fn texts() -> impl Strategy<Value = String> {
    let field = |low: u8, high: u8| {
        let value = low..=high;
        let range = (value.clone(), value.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)));
        let item = prop_oneof![
            value.prop_map(|value| value.to_string()),
            range.clone(),
            (range, 1u8..15).prop_map(|(range, step)| format!("{range}/{step}")),
        ];
        prop_oneof![
            3 => Just("*".to_owned()),
            2 => (1u8..30).prop_map(|step| format!("*/{step}")),
            4 => prop::collection::vec(item, 1..3).prop_map(|items| items.join(",")),
        ]
    };
    let five = (
        field(0, 59),
        field(0, 23),
        field(1, 31),
        field(1, 12),
        field(0, 7),
    );
    let seconds = prop_oneof![4 => Just(None), 1 => field(0, 59).prop_map(Some)];
    (seconds, five).prop_map(|(seconds, (minute, hour, day, month, weekday))| {
        let five = format!("{minute} {hour} {day} {month} {weekday}");
        seconds.map_or(five.clone(), |seconds| format!("{seconds} {five}"))
    })
}

pub(in crate::scheduler) fn expressions() -> impl Strategy<Value = Expression> {
    texts().prop_filter_map("never fires", |text| Expression::parse(&text).ok())
}

/// Whether the fields match, said once more and without `cron`.
pub(in crate::scheduler) fn matches(fields: &Fields, civil: i64) -> bool {
    let time = at(civil);
    let day = fields.days.set.contains(time.day() as u8);
    let weekday = fields
        .weekdays
        .set
        .contains(time.weekday().to_sunday_zero_offset() as u8);
    let days = match fields.day_rule() {
        DayRule::Both => day && weekday,
        DayRule::Either => day || weekday,
    };
    days && fields.months.set.contains(time.month() as u8)
        && fields.hours.set.contains(time.hour() as u8)
        && fields.minutes.set.contains(time.minute() as u8)
        && fields.seconds.set.contains(time.second() as u8)
}

fn at(civil: i64) -> Civil {
    let timestamp = jiff::Timestamp::from_second(civil).expect("in range");
    Offset::UTC.to_datetime(timestamp)
}

fn seconds(text: &str) -> i64 {
    let civil: Civil = text.parse().expect(text);
    Offset::UTC.to_timestamp(civil).expect("in range").as_second()
}

fn calendar(text: &str) -> Calendar {
    Expression::parse(text).expect(text).calendar().clone()
}

#[test]
fn the_next_time_is_the_one_on_the_calendar() {
    let table = [
        ("* * * * *", "2026-01-01T00:00:00", "2026-01-01T00:01:00"),
        ("30 2 * * 1-5", "2026-05-01T03:00:00", "2026-05-04T02:30:00"),
        ("0 0 13 * 5", "2026-05-09T00:00:00", "2026-05-13T00:00:00"),
        ("0 0 13 * 5", "2026-05-13T00:00:00", "2026-05-15T00:00:00"),
        ("0 0 */10 * MON", "2026-01-01T00:00:00", "2026-05-11T00:00:00"),
        ("0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 29 2 */7", "2026-01-01T00:00:00", "2032-02-29T00:00:00"),
        ("0 0 31 * *", "2026-03-31T00:00:00", "2026-05-31T00:00:00"),
        ("*/20 5 0 * * *", "2026-05-31T00:05:41", "2026-06-01T00:05:00"),
        ("@yearly", "2099-06-01T00:00:00", "2100-01-01T00:00:00"),
    ];
    for (text, after, expected) in table {
        let found = calendar(text).after(seconds(after)).map(at);
        assert_eq!(
            found,
            Some(expected.parse().expect("a time")),
            "{text} after {after}"
        );
    }
}

#[test]
fn it_begins_with_1970_and_ends_with_2100() {
    let minutes = calendar("* * * * *");
    assert_eq!(minutes.after(i64::from(i32::MIN)), Some(0));
    assert_eq!(END, seconds("2100-12-31T23:59:59"));
    assert_eq!(END + 1, crate::model::schedule::END.as_second());
    assert_eq!(minutes.after(END - 60), Some(END - 59));
    assert_eq!(minutes.after(END - 59), None);
    assert_eq!(minutes.count(END - 120, i64::MAX), 2);
    // 2100 is no leap year.
    assert_eq!(calendar("0 0 29 2 *").after(seconds("2096-03-01T00:00:00")), None);
}

#[test]
fn weekdays_are_unixs() {
    for (number, weekday) in [
        (0, Weekday::Sunday),
        (1, Weekday::Monday),
        (5, Weekday::Friday),
        (6, Weekday::Saturday),
        (7, Weekday::Sunday),
    ] {
        let next = calendar(&format!("0 0 * * {number}")).after(seconds("2026-01-01T00:00:00"));
        assert_eq!(next.map(|next| at(next).weekday()), Some(weekday), "{number}");
    }
}

#[test]
fn fires_are_at_least_the_spacing_apart() {
    let table = [
        ("* * * * * *", 1),
        ("* * * * *", 60),
        ("*/15 * * * *", 900),
        ("58,1 * * * *", 180),
        ("0 9-17 * * *", 3600),
        ("0 */6 * * *", 21_600),
        ("0 23,1 * * *", 7_200),
        ("30 2 * * *", 86_400),
        ("30 2 1 1 *", 86_400),
    ];
    for (text, expected) in table {
        assert_eq!(calendar(text).spacing(), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn what_it_finds_matches_and_nothing_before_does(expression in expressions(), start in 0i64..4_000_000_000) {
        let mut last = start;
        for _ in 0..5 {
            let Some(next) = expression.calendar().after(last) else { break };
            prop_assert!(matches(expression.fields(), next), "{}", at(next));
            // An hour and a bit before and after.
            let mut skipped = (last + 1..next).take(4_000).chain((last.max(next - 4_000) + 1)..next);
            prop_assert!(skipped.all(|civil| !matches(expression.fields(), civil)));
            prop_assert!(last == start || next - last >= expression.calendar().spacing());
            last = next;
        }
    }

    #[test]
    fn counting_is_finding_without_looking(expression in expressions(), start in 0i64..4_000_000_000, steps in 0usize..300) {
        let calendar = expression.calendar();
        let found: Vec<i64> = std::iter::successors(calendar.after(start), |&last| calendar.after(last)).take(steps).collect();
        if let Some(&last) = found.last() {
            prop_assert_eq!(calendar.count(start, last), found.len() as u64);
            prop_assert_eq!(calendar.count(start, last - 1), found.len() as u64 - 1);
            prop_assert_eq!(calendar.count(last, last), 0);
        }
    }
}
