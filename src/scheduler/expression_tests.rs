use proptest::prelude::*;

use super::*;

/// What an expression means, in the notation that the table uses.
fn meaning(text: &str) -> String {
    let expression = Expression::parse(text).unwrap_or_else(|refused| panic!("{text:?}: {refused}"));
    let f = expression.fields();
    let mut words: Vec<String> = [
        (f.seconds, Unit::Second),
        (f.minutes, Unit::Minute),
        (f.hours, Unit::Hour),
        (f.days, Unit::DayOfMonth),
        (f.months, Unit::Month),
        (f.weekdays, Unit::DayOfWeek),
    ]
    .map(|(field, unit)| listed(field.set, unit))
    .into();
    if words[0] == "0" {
        words.remove(0);
    }
    words.join(" ")
}

fn listed(set: Set, unit: Unit) -> String {
    if set == unit.all() {
        return "*".to_owned();
    }
    let stretch = |r: std::ops::RangeInclusive<u8>| match (r.start(), r.end()) {
        (a, b) if a == b => a.to_string(),
        (a, b) => format!("{a}-{b}"),
    };
    let stretches: Vec<_> = set.stretches().into_iter().map(stretch).collect();
    stretches.join(",")
}

#[test]
fn expressions_mean_what_they_mean_to_cron() {
    let table = [
        ("* * * * *", "* * * * *"),
        ("  30   2 \t* * 1-5 ", "30 2 * * 1-5"),
        ("0 0 * * 0", "0 0 * * 0"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 * * 0,5-6"),
        ("0 0 * * 0-7", "0 0 * * *"),
        ("0 0 * * MON-FRI", "0 0 * * 1-5"),
        ("0 0 * * mon,Wed,sunday", "0 0 * * 0-1,3"),
        ("0 0 * * thurs", "0 0 * * 4"),
        ("0 0 1 jan-MAR,September *", "0 0 1 1-3,9 *"),
        ("0 0 * * SUN-TUE", "0 0 * * 0-2"),
        ("*/20 * * * *", "0,20,40 * * * *"),
        ("10-40/10 * * * *", "10,20,30,40 * * * *"),
        ("5/20 * * * *", "5,25,45 * * * *"),
        ("5-5/20 * * * *", "5 * * * *"),
        ("0 0 * * */2", "0 0 * * 0,2,4,6"),
        ("0 0 * * */7", "0 0 * * 0"),
        ("0 0 * * 1/2", "0 0 * * 0-1,3,5"),
        ("0 0 */10 * *", "0 0 1,11,21,31 * *"),
        ("*/90 * * * *", "0 * * * *"),
        ("00 007 * * *", "0 7 * * *"),
        ("1,2,3,30-32,59 * * * *", "1-3,30-32,59 * * * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 31 2 1", "0 0 31 2 1"),
        ("*/15 * * * * *", "0,15,30,45 * * * * *"),
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@Midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        (" @annually ", "0 0 1 1 *"),
    ];
    for (text, expected) in table {
        assert_eq!(meaning(text), expected, "{text:?}");
    }
}

#[test]
fn days_are_both_asked_for_if_either_begins_with_a_star() {
    let table = [
        ("0 0 13 * 5", DayRule::Either),
        ("0 0 1-31 * 5", DayRule::Either),
        ("0 0 13 * *", DayRule::Both),
        ("0 0 */10 * MON", DayRule::Both),
        ("0 0 13 * *,5", DayRule::Both),
    ];
    for (text, expected) in table {
        let expression = Expression::parse(text).expect(text);
        assert_eq!(expression.fields().day_rule(), expected, "{text:?}");
    }
}

/// The text, what is underlined, the field, and words of the message.
#[test]
fn what_is_no_expression_is_refused_where_it_goes_wrong() {
    use Unit::*;
    let long = "1,".repeat(200);
    let table: &[(&str, &str, Option<Unit>, &str)] = &[
        ("", "", None, "five fields"),
        ("  ", "  ", None, "five fields"),
        ("* * * *", "* * * *", None, "Here are 4"),
        ("0 0 0 1 1 ? 2030", "2030", None, "none for years"),
        ("60 * * * *", "60", Some(Minute), "from 0 to 59"),
        (
            "99999999999999999999 * * * *",
            "99999999999999999999",
            Some(Minute),
            "0 to 59",
        ),
        ("0 24 * * *", "24", Some(Hour), "Hours go from 0 to 23"),
        ("0 0 0 * *", "0", Some(DayOfMonth), "from 1 to 31"),
        ("0 0 32 * *", "32", Some(DayOfMonth), "from 1 to 31"),
        ("0 0 1 13 *", "13", Some(Month), "JAN to DEC"),
        ("0 0 1 MON *", "MON", Some(Month), "cannot be read"),
        ("0 0 * * 8", "8", Some(DayOfWeek), "7 is Sunday"),
        ("0 0 * * mo", "mo", Some(DayOfWeek), "SUN to SAT"),
        ("0 0 * * mondays", "mondays", Some(DayOfWeek), "cannot be read"),
        ("60 * * * * *", "60", Some(Second), "Seconds go"),
        ("*/0 * * * *", "0", Some(Minute), "step of 0"),
        ("*/ * * * *", "", Some(Minute), "missing after /"),
        ("*/x * * * *", "x", Some(Minute), "no number"),
        ("*/2/2 * * * *", "2/2", Some(Minute), "no number"),
        ("1,,3 * * * *", "", Some(Minute), "missing here"),
        ("1- * * * *", "", Some(Minute), "missing here"),
        ("-1 * * * *", "", Some(Minute), "missing here"),
        ("+1 * * * *", "+1", Some(Minute), "cannot be read"),
        ("1-2-3 * * * *", "2-3", Some(Minute), "cannot be read"),
        ("*-5 * * * *", "*", Some(Minute), "cannot be read"),
        ("** * * * *", "**", Some(Minute), "cannot be read"),
        ("0 22-2 * * *", "22-2", Some(Hour), "write 22-23,0-2"),
        ("0 0 * * FRI-MON", "FRI-MON", Some(DayOfWeek), "write 5-7,0-1"),
        ("0 0 * * FRI-SUN", "FRI-SUN", Some(DayOfWeek), "write 5-7"),
        ("0 0 1 NOV-FEB *", "NOV-FEB", Some(Month), "write 11-12,1-2"),
        ("0 0 L * *", "L", Some(DayOfMonth), "not supported"),
        ("0 0 LW * *", "LW", Some(DayOfMonth), "not supported"),
        ("0 0 15W * *", "15W", Some(DayOfMonth), "not supported"),
        ("0 0 * * 5L", "5L", Some(DayOfWeek), "not supported"),
        ("0 0 * * 5#2", "5#2", Some(DayOfWeek), "not supported"),
        ("0 0 ? * 5", "?", Some(DayOfMonth), "write * for any"),
        ("0 0 1 1 é", "é", Some(DayOfWeek), "cannot be read"),
        ("@reboot", "@reboot", None, "nothing here that boots"),
        (" @every 5m ", "@every 5m", None, "The names are"),
        ("0 0 31 2 *", "31 2", Some(DayOfMonth), "never comes"),
        (
            "0 0 0 31 4,6,9,11 *",
            "31 4,6,9,11",
            Some(DayOfMonth),
            "never comes",
        ),
        ("0 0 30-31 FEB */2", "30-31 FEB", Some(DayOfMonth), "never comes"),
        ("0 0\n* * *", "\n", None, "one line"),
        ("0 0 * * \u{7}", "\u{7}", None, "control characters"),
        (&long, &long[256..], None, "at most 256"),
    ];
    for (text, underlined, field, words) in table {
        let refused = Expression::parse(text).expect_err(text);
        assert_eq!(&text[refused.span.clone()], *underlined, "{text:?}: {refused}");
        assert_eq!(
            refused.field.map(|place| place.unit),
            *field,
            "{text:?}: {refused}"
        );
        if let Some(Place { index, .. }) = refused.field {
            let word = text.split_whitespace().nth(index).expect("a field");
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            assert!(
                (start..=start + word.len()).contains(&refused.span.start),
                "{text:?}: {refused:?}"
            );
        }
        assert!(refused.message.contains(words), "{text:?}: {refused}");
    }
}

proptest! {
    #[test]
    fn any_text_is_either_read_or_refused_at_a_place_in_it(text in "[ -~\u{80}-\u{ff}\t\n]{0,40}|([0-9A-Za-z*,/?#-]{1,5} ){4,6}") {
        if let Err(refused) = Expression::parse(&text) {
            prop_assert!(text.get(refused.span.clone()).is_some(), "{:?}", refused);
            prop_assert!(!refused.message.is_empty());
        }
    }
}
