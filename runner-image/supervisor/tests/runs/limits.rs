//! The limits that the supervisor holds: time, log size, and a disk that takes no more.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use pytask_protocol::ExitCause;
use pytask_protocol::frame::Stream;

use crate::support::{Run, Supervisor, bytes_of};

const TAIL: usize = 64 * 1024;

#[test]
fn time_runs_out() {
    let run = Run::new();
    let mut spec = run.shell("echo started; exec sleep 600");
    // Long enough for a shell to start on the busiest machine.
    spec.limits.run_ms = 1_500;
    let start = Instant::now();
    let seen = run.complete(&spec);
    assert!(start.elapsed() >= Duration::from_millis(1_500));
    assert_eq!(
        (seen.exit.cause, seen.exit.signal),
        (ExitCause::TimeLimit, Some(15))
    );
    assert!(!seen.exit.killed_after_grace);
    assert_eq!(seen.stdout(), b"started\n");
    assert!(
        seen.notes()
            .starts_with("The run-time limit of 1500 ms is reached"),
        "{}",
        seen.notes()
    );
}

#[test]
fn time_runs_out_for_the_stubborn_and_their_children() {
    let run = Run::new();
    let mut spec = run.shell(
        "trap '' TERM; setsid sh -c \"trap '' TERM; while :; do sleep 0.02; done\" & while :; do sleep 0.02; done",
    );
    (spec.limits.run_ms, spec.limits.stop_grace_ms) = (2_000, 200);
    let seen = run.complete(&spec);
    assert_eq!(
        (seen.exit.cause, seen.exit.signal),
        (ExitCause::TimeLimit, Some(9))
    );
    assert!(seen.exit.killed_after_grace);
}

#[test]
fn head_and_tail_of_a_long_log_are_exact() {
    let run = Run::new();
    let all: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 253) as u8).collect();
    fs::write(run.script_dir().join("all"), &all).expect("write");
    let mut spec = run.shell("cat all; cat missing-file || exit 3");
    spec.limits.log_bytes = 100_000;
    let seen = run.complete(&spec);
    assert_eq!(seen.exit.code, Some(3));
    let total = all.len() as u64 + seen.exit.stderr_bytes;
    let missing = total - 100_000 - TAIL as u64;
    assert_eq!(seen.exit.dropped_bytes, missing);
    let marker = seen
        .records
        .iter()
        .position(|record| record.stream == Stream::Truncated)
        .expect("a marker");
    assert_eq!(seen.records[marker].as_record().dropped_bytes(), Some(missing));
    let (head, tail) = seen.records.split_at(marker);
    assert!(
        bytes_of(head, Stream::Stdout) == all[..100_000],
        "the head differs"
    );
    let last = bytes_of(tail, Stream::Stdout);
    assert!(last == all[all.len() - last.len()..], "the tail differs");
    assert_eq!(last.len() + seen.stderr().len(), TAIL);
    assert!(
        String::from_utf8_lossy(&seen.stderr()).contains("missing-file"),
        "the last words are kept"
    );
    assert!(seen.notes().contains("The log limit of 100000 bytes is reached"));
}

#[test]
fn a_flood_beyond_the_limit_stops_nothing() {
    let run = Run::new();
    let mut spec = run.shell("head -c 300000000 /dev/zero; echo the end");
    spec.limits.log_bytes = 0;
    let seen = run.complete(&spec);
    assert_eq!(seen.exit.code, Some(0));
    assert_eq!(seen.exit.stdout_bytes, 300_000_008);
    assert_eq!(seen.exit.dropped_bytes, 300_000_008 - TAIL as u64);
    assert!(seen.stdout().ends_with(b"\0the end\n"));
}

/// A file-size limit on the supervisor is what a full disk is to it: writes that stop half-way, then errors.
#[test]
fn a_log_that_cannot_grow_fails_nothing() {
    let run = Run::new();
    let mut spec = run.shell("head -c 2000000 /dev/zero; echo survived >&2; echo ran > proof");
    spec.limits.log_bytes = 1 << 30;
    run.give(&spec);
    let mut limited = Command::new("sh");
    limited
        .args([
            "-c",
            "ulimit -f 1000; exec \"$0\" run \"$1\"",
            env!("CARGO_BIN_EXE_supervisor"),
        ])
        .arg(run.dir());
    assert_eq!(Supervisor::start(&mut limited).wait().code(), Some(0));
    let seen = run.seen();
    assert_eq!(seen.exit.code, Some(0));
    assert_eq!(
        fs::read_to_string(run.script_dir().join("proof")).expect("it ran to its end"),
        "ran\n"
    );
    assert_eq!(seen.exit.stdout_bytes, 2_000_000);
    assert!(seen.exit.dropped_bytes > 0, "counted");
    assert!(seen.stdout().len() > 100_000, "what fitted is kept");
    let error = seen.exit.log_error.expect("the reason");
    assert!(error.contains("File too large"), "{error}");
}
