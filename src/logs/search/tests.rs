//! Search against the model that says it in one line: whole lines, put together, that contain the text.

use proptest::prelude::*;

use super::super::fixture::Log;
use super::super::{WindowFrom, window};
use super::*;

fn find(log: &Log, wanted: &Search) -> (Vec<Match>, Progress) {
    let mut found = Vec::new();
    let progress = search(log.dir(), wanted, |matches, _| {
        found.extend(matches);
        ControlFlow::Continue(())
    });
    (found, progress.unwrap())
}

fn for_text(text: &str) -> Search {
    Search {
        pattern: Pattern::new(text, false, false).unwrap(),
        filter: Filter::All,
        order: Order::Oldest,
        // More than there are: what is listed is held against all that there is.
        limit: usize::MAX,
        after: 0,
        before: u64::MAX,
    }
}

/// Lines that are long beside the pieces they come in, and stretches that end within them.
fn record() -> impl Strategy<Value = (Stream, Vec<u8>)> {
    let text = prop_oneof![
        6 => "[abc\n]{0,12}".prop_map(String::into_bytes),
        1 => (1..65_536_usize, 1..9000_usize).prop_map(|(length, line)| {
            (0..length).map(|at| match at % line { 0 => b'\n', 1 => b'a', 2 => b'b', _ => b'x' }).collect()
        }),
    ];
    prop_oneof![
        6 => text.clone().prop_map(|text| (Stream::Stdout, text)),
        3 => text.prop_map(|text| (Stream::Stderr, text)),
        1 => Just((Stream::System, b"drab".to_vec())),
        1 => Just((Stream::Truncated, 7_u64.to_le_bytes().to_vec())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_line_with_it_is_found_once_and_in_order(
        records in prop::collection::vec(record(), 0..200),
        repeats in 1..3_usize,
        bounds in any::<(u8, u8)>(),
    ) {
        let mut log = Log::new();
        for _ in 0..repeats {
            for (stream, payload) in &records {
                log.write(*stream, payload);
            }
        }
        for filter in [Filter::All, Filter::Only(Stream::Stdout), Filter::Only(Stream::Stderr), Filter::Only(Stream::System)] {
            let all = window(log.dir(), filter, WindowFrom::Position(1), u64::MAX).unwrap().lines;
            let expected: Vec<(u64, u64)> = all
                .iter()
                .zip(1..)
                .filter(|(line, _)| line.text.contains("ab"))
                .map(|(line, position)| (line.line, position))
                .collect();
            let wanted = Search { filter, ..for_text("ab") };
            let (found, progress) = find(&log, &wanted);
            let places = |found: &[Match]| found.iter().map(|hit| (hit.line, hit.position)).collect::<Vec<_>>();
            prop_assert_eq!(places(&found), expected.clone());
            prop_assert_eq!(progress.matches, expected.len() as u64);
            prop_assert_eq!(progress.searched_bytes, progress.total_bytes);
            for hit in found.iter().take(20) {
                let line = all.iter().find(|line| line.line == hit.line).unwrap();
                prop_assert!(line.text.contains(&hit.text));
                prop_assert_eq!((line.at, line.stream), (hit.at, hit.stream));
            }

            let newest = Search { order: Order::Newest, limit: 3, ..wanted.clone() };
            let (found, progress) = find(&log, &newest);
            let last: Vec<_> = expected.iter().rev().take(3).copied().collect();
            prop_assert_eq!(places(&found), last);
            prop_assert_eq!((progress.matches, progress.listed), (expected.len() as u64, found.len() as u64));

            let (after, before) = (u64::from(bounds.0), u64::from(bounds.0) + u64::from(bounds.1));
            let within = Search { after, before, ..wanted };
            let inside: Vec<_> = expected.iter().filter(|(line, _)| *line > after && *line < before).copied().collect();
            prop_assert_eq!(places(&find(&log, &within).0), inside);
        }
    }
}

#[test]
fn whoever_has_enough_ends_it() {
    let mut log = Log::new();
    for _ in 0..400 {
        log.write(Stream::Stdout, "a line\n".repeat(9000).as_bytes());
    }
    let mut told = 0;
    let wanted = for_text("line");
    let progress = search(log.dir(), &wanted, |matches, _| {
        told += matches.len();
        ControlFlow::Break(())
    });
    let progress = progress.unwrap();
    assert!(progress.searched_bytes < progress.total_bytes);
    assert_eq!(told as u64, progress.listed);
    let missing = tempfile::tempdir().unwrap();
    let none = search(missing.path(), &wanted, |_, _| ControlFlow::Continue(()));
    assert_eq!(none.unwrap(), Progress::default());
}
