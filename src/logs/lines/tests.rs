//! Windows against a plain model: lines put together from the whole log at once.

use proptest::prelude::*;
use pytask_protocol::lines::MARK_EVERY;
use pytask_protocol::{EXIT_FILE, INDEX_FILE};

use super::super::fixture::Log;
use super::*;

/// What the whole log is, line by line.
fn model(records: &[(Stream, Vec<u8>)]) -> Vec<(LogStream, String)> {
    let mut lines: Vec<(LogStream, Vec<u8>)> = Vec::new();
    let mut open: [Option<usize>; 2] = [None; 2];
    for (stream, payload) in records {
        let slot = match stream {
            Stream::Stdout => 0,
            Stream::Stderr => 1,
            Stream::System | Stream::Truncated => {
                if *stream == Stream::Truncated {
                    open = [None; 2];
                }
                let text = match stream {
                    Stream::Truncated => b"7 bytes of output are missing here.".to_vec(),
                    _ => payload.clone(),
                };
                lines.push((LogStream::System, text));
                continue;
            }
        };
        for byte in payload {
            let at = *open[slot].get_or_insert_with(|| {
                lines.push(((*stream).into(), Vec::new()));
                lines.len() - 1
            });
            if *byte == b'\n' {
                open[slot] = None;
            } else {
                lines[at].1.push(*byte);
            }
        }
    }
    lines
        .into_iter()
        .map(|(stream, text)| (stream, shown(&text)))
        .collect()
}

/// As a terminal would: what a carriage return wrote over is gone.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_end_matches('\r');
    text.rsplit('\r').next().unwrap_or_default().to_owned()
}

fn texts(window: &Window) -> Vec<(LogStream, String)> {
    window
        .lines
        .iter()
        .map(|line| (line.stream, line.text.clone()))
        .collect()
}

fn written(records: &[(Stream, Vec<u8>)]) -> Log {
    let mut log = Log::new();
    for (stream, payload) in records {
        log.write(*stream, payload);
    }
    log
}

/// Mostly short, sometimes as long as it goes, so that a few dozen have several marks.
fn record() -> impl Strategy<Value = (Stream, Vec<u8>)> {
    let text = prop_oneof![
        8 => "[ab\r\n]{0,8}".prop_map(String::into_bytes),
        2 => (1..60_000_usize, 1..3000_usize).prop_map(|(length, line)| {
            (0..length).map(|at| if at % line == 0 { b'\n' } else { b'x' }).collect()
        }),
    ];
    prop_oneof![
        6 => text.clone().prop_map(|text| (Stream::Stdout, text)),
        3 => text.prop_map(|text| (Stream::Stderr, text)),
        1 => Just((Stream::System, b"a sentence".to_vec())),
        1 => Just((Stream::Truncated, 7_u64.to_le_bytes().to_vec())),
    ]
}

const FILTERS: [Filter; 4] = [
    Filter::All,
    Filter::Only(Stream::Stdout),
    Filter::Only(Stream::Stderr),
    Filter::Only(Stream::System),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_window_is_the_models(
        records in prop::collection::vec(record(), 0..60),
        from in any::<prop::sample::Index>(),
        limit in 1..40_u64,
    ) {
        let log = written(&records);
        let all = model(&records);
        for filter in FILTERS {
            let wanted: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(_, (stream, _))| match filter {
                    Filter::All => true,
                    Filter::Only(only) => *stream == LogStream::from(only),
                })
                .collect();
            let first = from.index(wanted.len() + 1);
            let found = window(log.dir(), filter, From::Position(first as u64 + 1), limit).unwrap();
            let expected: Vec<_> = wanted.iter().skip(first).take(limit as usize).collect();
            prop_assert_eq!(
                texts(&found),
                expected.iter().map(|(_, line)| (*line).clone()).collect::<Vec<_>>()
            );
            let numbers: Vec<u64> = found.lines.iter().map(|line| line.line).collect();
            prop_assert_eq!(numbers, expected.iter().map(|(at, _)| *at as u64 + 1).collect::<Vec<_>>());
            prop_assert_eq!((found.total, found.lines_all), (wanted.len() as u64, all.len() as u64));
            let end = window(log.dir(), filter, From::End, limit).unwrap();
            prop_assert_eq!(end.first, (wanted.len() as u64).saturating_sub(limit) + 1);
            prop_assert_eq!(end.lines.len() as u64, limit.min(wanted.len() as u64));
            if let Some((at, _)) = wanted.get(first) {
                let by_number = window(log.dir(), filter, From::Line(*at as u64 + 1), 1).unwrap();
                prop_assert_eq!(by_number.first, first as u64 + 1);
                let by_time = window(log.dir(), filter, From::Time(found.lines[0].at), 1).unwrap();
                prop_assert_eq!(by_time.lines[0].at, found.lines[0].at);
                prop_assert!(by_time.first <= first as u64 + 1);
            }
        }
    }
}

fn long_log() -> (Log, u64) {
    let mut log = Log::new();
    for number in 0..40_u64 {
        let text: String = (0..1000)
            .map(|line| format!("{number} {line} {}\n", "z".repeat(40)))
            .collect();
        log.write(Stream::Stdout, text.as_bytes());
    }
    (log, 40_000)
}

#[test]
fn an_index_is_made_when_it_is_missing_and_believed_only_where_it_is_sound() {
    let (log, lines) = long_log();
    let index = log.dir().join(INDEX_FILE);
    let at = |position| window(log.dir(), Filter::All, From::Position(position), 1).unwrap();
    let right = at(23_456);
    assert_eq!(right.lines[0].text, format!("23 455 {}", "z".repeat(40)));
    assert!(!index.exists(), "somebody may still write it");
    std::fs::write(log.dir().join(EXIT_FILE), "{}").unwrap();
    assert_eq!(at(23_456), right);
    let sound = std::fs::read(&index).unwrap();
    assert!(sound.len() as u64 / 96 >= log.bytes().len() as u64 / (2 * MARK_EVERY));
    for place in (0..sound.len()).step_by(7) {
        let mut broken = sound.clone();
        broken[place] ^= 0x10;
        std::fs::write(&index, &broken).unwrap();
        assert_eq!(at(23_456), right, "byte {place}");
    }
    for cut in [0, 1, 95, 96, 97, sound.len() - 1] {
        std::fs::write(&index, &sound[..cut]).unwrap();
        assert_eq!(at(23_456), right, "cut at {cut}");
        assert_eq!(at(23_456).total, lines);
    }
}

#[test]
fn damage_costs_lines_up_to_the_next_mark_at_most() {
    let (mut log, lines) = long_log();
    std::fs::write(log.dir().join(EXIT_FILE), "{}").unwrap();
    let at = |log: &Log, position| window(log.dir(), Filter::All, From::Position(position), 1).unwrap();
    let before = at(&log, 1);
    let after = at(&log, 30_000);
    let mut bytes = log.bytes();
    let middle = bytes.len() / 4;
    bytes[middle..middle + 10].fill(0);
    log.replace(&bytes);
    assert_eq!(at(&log, 1).lines, before.lines);
    assert_eq!(at(&log, 30_000).lines, after.lines);
    assert_eq!(at(&log, 30_000).total, lines);
}

#[test]
fn a_long_line_is_cut_and_says_so() {
    let mut log = Log::new();
    for _ in 0..100 {
        log.write(Stream::Stdout, &[b'q'; 50_000]);
    }
    log.write(Stream::Stdout, b"\nnext\n");
    let found = window(log.dir(), Filter::All, From::Position(1), 2).unwrap();
    assert_eq!(found.lines[0].text.len(), LONGEST_LINE);
    assert!(found.lines[0].cut > 900_000);
    assert_eq!(found.lines[1].text, "next");
    assert!(!found.lines[1].open);
}

#[test]
fn a_line_without_an_end_is_open_and_a_missing_log_has_no_lines() {
    let mut log = Log::new();
    let none = window(log.dir(), Filter::All, From::End, 10).unwrap();
    assert_eq!((none.first, none.total, none.lines.len()), (1, 0, 0));
    log.write(Stream::Stdout, b"done\nhalf");
    let found = window(log.dir(), Filter::All, From::End, 10).unwrap();
    let open: Vec<bool> = found.lines.iter().map(|line| line.open).collect();
    assert_eq!(open, [false, true]);
}
