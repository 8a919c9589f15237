use std::collections::HashMap;

use super::super::expression::Expression;
use super::*;

#[test]
fn expressions_can_be_said_aloud() {
    let table = [
        ("* * * * *", "Every minute"),
        ("*/10 * * * *", "Every 10 minutes"),
        ("0,30 * * * *", "Every 30 minutes"),
        ("*/90 * * * *", "Every hour"),
        ("0 * * * *", "Every hour"),
        ("@daily", "At 00:00 every day"),
        ("15 * * * *", "At minute 15 of every hour"),
        ("5/20 * * * *", "At minutes 5, 25 and 45 of every hour"),
        (
            "*/7 * * * *",
            "At every 7th minute from 0 through 56 of every hour",
        ),
        (
            "0-10,20,40-45 * * * *",
            "At minutes 0 through 10, 20 and 40 through 45 of every hour",
        ),
        ("0 */6 * * *", "Every 6 hours"),
        ("30 */2 * * *", "Every 2 hours, from 00:30 through 22:30"),
        ("30 1/2 * * *", "Every 2 hours, from 01:30 through 23:30"),
        ("0 8,12,18 * * *", "At 08:00, 12:00 and 18:00 every day"),
        ("0,45 8,12 * * *", "At 08:00, 08:45, 12:00 and 12:45 every day"),
        ("30 2 * * 1-5", "At 02:30 on Monday through Friday"),
        ("0 0 13 * 5", "At 00:00 on day 13 of the month or on Friday"),
        (
            "0 9-17 * * 1-5",
            "Every hour, from 09:00 through 17:00, Monday through Friday",
        ),
        (
            "*/5 9-17 * * MON,WED",
            "Every 5 minutes, from 09:00 through 17:55, on Monday and Wednesday",
        ),
        ("* 9 * * *", "Every minute, from 09:00 through 09:59"),
        ("*/20 6,18 * * *", "Every 20 minutes of the hours 6 and 18"),
        (
            "5,10,15,25 9-17 * * *",
            "At minutes 5, 10, 15 and 25 of the hours 9 through 17",
        ),
        ("*/15 * * * FRI-7", "Every 15 minutes, Friday through Sunday"),
        ("0 0 * * 0", "At 00:00 on Sunday"),
        ("0 0 * * 0,6", "At 00:00 on Saturday and Sunday"),
        ("0 6 1,15 * *", "At 06:00 on days 1 and 15 of the month"),
        ("0 6 1-7 * *", "At 06:00 on days 1 through 7 of the month"),
        (
            "0 6 */2 * *",
            "At 06:00 on every 2nd day from 1 through 31 of the month",
        ),
        ("@yearly", "At 00:00 on day 1 of January"),
        (
            "0 0 1 1,4,7,10 *",
            "At 00:00 on day 1 of January, April, July and October",
        ),
        ("0 6 * 6-8 *", "At 06:00 every day in June through August"),
        ("*/10 * * 6 *", "Every 10 minutes, in June"),
        ("0 6 * 6 MON", "At 06:00 on Monday in June"),
        (
            "0 0 13 6 5",
            "At 00:00 on day 13 of the month or on Friday, in June",
        ),
        (
            "0 0 */10 * MON",
            "At 00:00 on Monday if it is day 1, 11, 21 or 31 of the month",
        ),
        ("0 0 1-31 * MON", "At 00:00 every day"),
        ("* * * * * *", "Every second"),
        ("*/10 * * * * *", "Every 10 seconds"),
        ("15 30 2 * * *", "At 02:30:15 every day"),
        ("15 */10 * * * *", "Every 10 minutes, at second 15"),
        (
            "15 0 9-17 * * 1-5",
            "Every hour, from 09:00:15 through 17:00:15, Monday through Friday",
        ),
        ("5,10 * * * * *", "At seconds 5 and 10 of every minute"),
        ("*/10 * 9 * * *", "Every 10 seconds of the hour 9"),
        (
            "* */10 * * * *",
            "Every second of minutes 0, 10, 20, 30, 40 and 50 of every hour",
        ),
        (
            "*/30 0 9-17 * * MON",
            "Every 30 seconds of minute 0 of the hours 9 through 17, on Monday",
        ),
    ];
    for (text, expected) in table {
        let expression = Expression::parse(text).expect(text);
        assert_eq!(describe(expression.fields()), expected, "{text}");
    }
}

/// What a description has to tell apart.
fn meaning(fields: &Fields) -> impl Clone + PartialEq + std::fmt::Debug + use<> {
    let all = (Unit::DayOfMonth.all(), Unit::DayOfWeek.all());
    let days = (fields.days.set, fields.weekdays.set);
    let rule = (days.0 != all.0 && days.1 != all.1).then(|| fields.day_rule());
    let any_day = fields.day_rule() == DayRule::Either && rule.is_none();
    let days = if any_day { all } else { days };
    let times = (fields.seconds.set, fields.minutes.set, fields.hours.set);
    (times, fields.months.set, days, rule)
}

/// Times of every shape with some days, and days of every shape with some times.
#[test]
fn what_differs_is_said_differently() {
    let times = each_with_each(&[
        &["0", "*", "15", "*/10", "5,10"],
        &["*", "*/10", "0", "5", "0,30", "*/7", "5-10", "1/2", "0,1"],
        &["*", "*/2", "1/2", "0", "9", "9-17", "9,10", "*/12", "1,5,6"],
    ]);
    let days = each_with_each(&[
        &["*", "1", "1-7", "*/2", "1,15", "1-31"],
        &["*", "6", "6-8"],
        &["*", "0", "1-5", "FRI-7", "*/2", "0-7"],
    ]);
    let some_times = ["0 30 2", "0 0 9-17", "*/10 0 0"].map(str::to_owned);
    let some_days = ["* * *", "1 * *", "* 6 1-5", "13 * 5"].map(str::to_owned);
    let mut said = HashMap::new();
    for (times, days) in [(&times[..], &some_days[..]), (&some_times[..], &days[..])] {
        for text in times
            .iter()
            .flat_map(|time| days.iter().map(move |day| format!("{time} {day}")))
        {
            let expression = Expression::parse(&text).expect("fires");
            let words = describe(expression.fields());
            assert!(!words.ends_with([' ', ',']) && !words.contains("  "), "{words:?}");
            let meaning = meaning(expression.fields());
            let (first, other) = said
                .entry(words)
                .or_insert_with(|| (text.clone(), meaning.clone()));
            assert_eq!(*other, meaning, "{text} and {first} are described alike");
        }
    }
}

fn each_with_each(fields: &[&[&str]]) -> Vec<String> {
    fields.iter().fold(vec![String::new()], |texts, choices| {
        let with = |text: &String| {
            choices
                .iter()
                .map(|choice| format!("{text} {choice}"))
                .collect::<Vec<_>>()
        };
        texts.iter().flat_map(with).collect()
    })
}
