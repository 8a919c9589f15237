use jiff::Timestamp;

use super::*;
use crate::files::Space;
use crate::store::examination::Examination;
use CheckState::{Ok as Well, Problem, Unknown, Warning};

const GIB: u64 = 1 << 30;

#[test]
fn an_index_is_judged_by_what_a_container_got() {
    let asked = |answer: Answer, signs_in: bool| {
        let fact = IndexesFact::Asked(vec![IndexAnswer {
            address: "https://pypi.example/simple".into(),
            signs_in,
            answer,
            time: None,
        }]);
        let check = indexes(&fact);
        assert_eq!(check.mend.is_some(), check.state != Well, "{check:?}");
        check.state
    };
    for (answer, signs_in, state) in [
        (Answer::Status(200), false, Well),
        (Answer::Status(404), false, Well),
        (Answer::Status(401), false, Warning),
        (Answer::Status(401), true, Problem),
        (Answer::Status(503), false, Warning),
        (Answer::NoSuchName("not known".into()), false, Problem),
        (Answer::Unreachable("timed out".into()), false, Problem),
        (Answer::Certificate("self-signed".into()), false, Problem),
        (Answer::Other("what".into()), false, Problem),
    ] {
        assert_eq!(asked(answer.clone(), signs_in), state, "{answer:?}");
    }
    let not = IndexesFact::NotAsked("the engine is away".into());
    assert_eq!(indexes(&not).state, Unknown);
}

#[test]
fn of_several_indexes_the_worst_is_told_and_all_are_listed() {
    let answer = |address: &str, answer| IndexAnswer {
        address: address.into(),
        signs_in: false,
        answer,
        time: None,
    };
    let check = indexes(&IndexesFact::Asked(vec![
        answer("https://a.example", Answer::Status(503)),
        answer("https://b.example", Answer::Unreachable("timed out".into())),
        answer("https://c.example", Answer::Status(200)),
    ]));
    assert_eq!(check.state, Problem);
    assert!(check.what.starts_with("https://b.example"), "{}", check.what);
    assert_eq!(check.details.len(), 3);
}

#[test]
fn clocks_may_differ_a_little() {
    let judged = |engine_ms, index_ms| {
        let facts = ClockFacts {
            engine_ms,
            index_ms,
            zone: None,
        };
        let check = clock(&facts).remove(0);
        (check.state, check.what)
    };
    assert_eq!(judged(None, None).0, Unknown);
    assert_eq!(judged(Some(4_000), Some(-900)).0, Well);
    let (state, what) = judged(Some(0), Some(-61_000));
    assert_eq!(
        (state, what.as_str()),
        (Warning, "It is 61 seconds ahead of the package index's.")
    );
    let (state, what) = judged(Some(3 * 3_600_000), None);
    assert_eq!(
        (state, what.as_str()),
        (Problem, "It is 3 hours behind the engine's.")
    );
}

#[test]
fn a_disk_is_judged_by_room_and_files() {
    let judged = |free: u64, inodes: Option<u64>| {
        let facts = DiskFacts {
            folder: "/data".into(),
            space: Ok(Space {
                total_bytes: 100 * GIB,
                free_bytes: free,
                free_inodes: inodes,
            }),
            floor_bytes: GIB,
            network_file_system: None,
        };
        disk(&facts).state
    };
    assert_eq!(judged(50 * GIB, None), Well);
    assert_eq!(judged(50 * GIB, Some(1_000_000)), Well);
    assert_eq!(judged(GIB + 1, None), Warning);
    assert_eq!(judged(GIB - 1, None), Problem);
    assert_eq!(judged(50 * GIB, Some(10)), Problem);
    assert_eq!(judged(50 * GIB, Some(10_000)), Warning);
    let remote = DiskFacts {
        folder: "/data".into(),
        space: Err("what".into()),
        floor_bytes: GIB,
        network_file_system: Some("NFS"),
    };
    assert_eq!(disk(&remote).state, Problem);
}

#[test]
fn a_database_is_whole_or_says_what_is_wrong() {
    let whole = Examination {
        sqlite_version: "3.50".into(),
        journal_mode: "wal".into(),
        schema: 12,
        known_schema: 12,
        integrity: Integrity::Whole,
    };
    let judged = |change: fn(&mut Examination)| {
        let mut found = whole.clone();
        change(&mut found);
        database(&Ok(Some(found))).state
    };
    assert_eq!(judged(|_| {}), Well);
    assert_eq!(judged(|found| found.integrity = Integrity::Unfinished), Well);
    assert_eq!(judged(|found| found.journal_mode = "delete".into()), Warning);
    assert_eq!(judged(|found| found.schema = 13), Problem);
    assert_eq!(
        judged(|found| found.integrity = Integrity::Damaged("a page".into())),
        Problem
    );
    assert_eq!(database(&Ok(None)).state, Well);
    assert_eq!(database(&Err("permission denied".into())).state, Problem);
}

#[test]
fn a_key_is_there_fits_and_is_private() {
    let judged = |given, file: KeyFile, unreadable: &[&str]| {
        key(&KeyFacts {
            path: "/data/secrets.key".into(),
            given,
            file,
            unreadable: unreadable.iter().map(|&each| each.to_owned()).collect(),
        })
        .state
    };
    let there = |bytes, mode| KeyFile::There { bytes, mode };
    assert_eq!(judged(false, there(32, 0o100600), &[]), Well);
    assert_eq!(judged(false, there(32, 0o100644), &[]), Warning);
    assert_eq!(judged(true, there(32, 0o100444), &[]), Well);
    assert_eq!(judged(false, there(31, 0o100600), &[]), Problem);
    assert_eq!(judged(false, there(32, 0o100600), &["an index"]), Problem);
    assert_eq!(judged(false, KeyFile::Missing, &[]), Well);
    assert_eq!(judged(false, KeyFile::Missing, &["an index"]), Problem);
    assert_eq!(judged(true, KeyFile::Missing, &[]), Problem);
}

#[test]
fn reach_is_where_the_port_is_published() {
    let judged = |listen: &str, in_container, published: Option<&[&str]>, guarded| {
        reach(&ReachFacts {
            listen: listen.parse().expect("an address"),
            in_container,
            published: published.map(|all| all.iter().map(|&each| each.to_owned()).collect()),
            guarded,
        })
        .state
    };
    assert_eq!(judged("127.0.0.1:8420", false, None, false), Well);
    assert_eq!(judged("0.0.0.0:8420", false, None, false), Problem);
    assert_eq!(judged("0.0.0.0:8420", false, None, true), Well);
    assert_eq!(judged("0.0.0.0:8420", true, None, false), Unknown);
    assert_eq!(
        judged("0.0.0.0:8420", true, Some(&["127.0.0.1", "::1"]), false),
        Well
    );
    assert_eq!(judged("0.0.0.0:8420", true, Some(&["0.0.0.0"]), false), Problem);
    assert_eq!(judged("0.0.0.0:8420", true, Some(&[]), false), Well);
}

#[test]
fn backups_are_judged_where_there_are_any() {
    let judged = |days: Option<i64>| {
        let now = Timestamp::from_second(2_000_000_000).expect("in range");
        let facts = BackupFacts {
            now,
            newest: days.map(|days| now - jiff::SignedDuration::from_hours(24 * days)),
        };
        backups(&facts).map(|check| check.state)
    };
    assert_eq!(judged(None), None);
    assert_eq!(judged(Some(0)), Some(Well));
    assert_eq!(judged(Some(7)), Some(Well));
    assert_eq!(judged(Some(8)), Some(Warning));
}

#[test]
fn what_is_sealed_is_named() {
    for (place, words) in [
        (
            "index_credentials/https://a.example/simple",
            "the password for https://a.example/simple",
        ),
        ("variables//KEY", "the secret KEY"),
        ("variables/0190/KEY", "a script's secret KEY"),
        ("webhooks/0190/url", "the address or secret of a webhook"),
        ("elsewhere", "elsewhere"),
    ] {
        assert_eq!(sealed_at(place), words);
    }
}
