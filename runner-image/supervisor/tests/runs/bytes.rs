//! The log is the script's bytes, whatever they are.

use std::fs;
use std::time::Instant;

use pytask_protocol::frame::Stream;

use crate::support::{Run, bytes_of};

/// Prints two files, one to each stream.
fn print(out: &[u8], err: &[u8]) {
    let run = Run::new();
    fs::write(run.script_dir().join("out"), out).expect("write");
    fs::write(run.script_dir().join("err"), err).expect("write");
    let seen = run.complete(&run.shell("cat out & cat err >&2; wait"));
    assert_eq!(seen.exit.code, Some(0));
    assert!(seen.stdout() == out, "stdout differs");
    assert!(seen.stderr() == err, "stderr differs");
    assert_eq!(
        (seen.exit.stdout_bytes, seen.exit.stderr_bytes),
        (out.len() as u64, err.len() as u64)
    );
    assert_eq!((seen.exit.dropped_bytes, seen.notes().as_str()), (0, ""));
}

#[test]
fn every_byte_value() {
    let every: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    print(&every, &every);
}

#[test]
fn awkward_text() {
    print(
        b"no newline at the end",
        b"\r\n\0\0\n\xff\xfe\xc3\x28 \xed\xa0\x80\n\x1b[31mred",
    );
    print(b"", b"\n");
}

#[test]
fn lines_around_16_kib() {
    let mut out = Vec::new();
    for length in [16_383, 16_384, 16_385, 65_535, 65_536, 65_537] {
        out.extend(vec![b'x'; length]);
        out.push(b'\n');
    }
    let err: Vec<u8> = out.iter().rev().copied().collect();
    print(&out, &err);
}

#[test]
fn a_line_of_ten_megabytes() {
    let line: Vec<u8> = (0..10_000_000_u32).map(|n| b'a' + (n % 25) as u8).collect();
    print(&line, b"meanwhile\n");
}

#[test]
fn a_thousand_lines_in_order() {
    let run = Run::new();
    let seen = run.complete(&run.shell("i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done"));
    let expected: String = (0..1000).map(|n| format!("line {n}\n")).collect();
    assert_eq!(String::from_utf8(seen.stdout()).expect("text"), expected);
    let times: Vec<u64> = seen.records.iter().map(|record| record.mono_us).collect();
    assert!(times.is_sorted());
}

#[test]
fn an_error_stands_after_the_output_before_it() {
    for _ in 0..10 {
        let run = Run::new();
        let seen = run.complete(&run.shell("head -c 250000 /dev/zero; echo failed >&2"));
        let error = seen
            .records
            .iter()
            .position(|record| record.stream == Stream::Stderr)
            .expect("an error");
        assert_eq!(bytes_of(&seen.records[..error], Stream::Stdout).len(), 250_000);
    }
}

#[test]
fn a_flood_is_taken_whole_and_fast() {
    let run = Run::new();
    let mut spec = run.shell("head -c 50000000 /dev/zero");
    spec.limits.log_bytes = 1 << 30;
    run.give(&spec);
    let start = Instant::now();
    assert_eq!(run.start().wait().code(), Some(0));
    let speed = 50.0 / start.elapsed().as_secs_f64();
    let seen = run.seen();
    println!("50 MB at {speed:.0} MB/s in {} records", seen.records.len());
    assert_eq!((seen.exit.stdout_bytes, seen.exit.dropped_bytes), (50_000_000, 0));
    assert!(seen.stdout().iter().all(|byte| *byte == 0));
    assert!(speed > 2.0, "{speed:.1} MB/s");
}
