//! Where lines stand in a log: the supervisor's marks, and what makes up for those that are missing.
//!
//! The index is never needed and never believed blindly: an unsound mark and all behind it count as missing, and what is
//! missing is found again by reading the log. [`Index::walk`] reads records on from a mark and knows what is before each of
//! them, also behind damage, which therefore costs the lines up to the next mark at most.

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use pytask_protocol::frame::Record;
use pytask_protocol::lines::{Counts, MARK_EVERY, MARK_LEN, Mark, Marker};
use pytask_protocol::{EXIT_FILE, INDEX_FILE};
use rustix::fs::{CWD, OFlags};

use super::Result;
use super::reader::{Item, LogFile};
use super::source::open_plain;

/// With so much of the log behind the last mark, marks are missing. A writer is never so far ahead of its own.
const TOO_LONG: u64 = 4 * MARK_EVERY;

/// The beginning of the log and its marks, in order.
#[derive(Debug)]
pub struct Index {
    marks: Vec<Mark>,
}

impl Index {
    /// Of the log in a run directory, opened with it. Reads the log itself only as far as marks are missing, and keeps
    /// what it has found if nobody else writes there any more.
    pub fn load(run_dir: &Path) -> Result<(LogFile, Self)> {
        let log = LogFile::open(run_dir)?;
        let length = log.len()?;
        let mut marks = vec![BEGINNING];
        marks.extend(marks_in(&read(run_dir)?, length));
        let last = *last_of(&marks);
        if length - last.offset <= TOO_LONG {
            return Ok((log, Self { marks }));
        }
        let found = find(LogFile::open(run_dir)?, &last)?;
        if !found.is_empty() {
            marks.extend(found);
            if run_dir.join(EXIT_FILE).exists()
                && let Err(error) = keep(run_dir, &marks[1..])
            {
                tracing::debug!(%error, "an index is not kept");
            }
        }
        Ok((log, Self { marks }))
    }

    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The last mark for which this holds, which is to hold for a beginning of them only; else the log's beginning.
    pub fn last_where(&self, holds: impl Fn(&Mark) -> bool) -> usize {
        self.marks.partition_point(holds).saturating_sub(1)
    }

    /// Reads on from a mark until there is enough, else to the log's end for now. Answers what is before the place where it
    /// stopped.
    pub fn walk(
        &self,
        log: LogFile,
        from: usize,
        mut visit: impl FnMut(&Step<'_>) -> ControlFlow<()>,
    ) -> Result<Counts> {
        let (mark, mut ahead) = match self.marks.split_at_checked(from) {
            Some((_, [mark, ahead @ ..])) => (mark, ahead),
            _ => (&BEGINNING, &self.marks[..]),
        };
        let mut before = mark.before;
        let mut records = log.records_from(mark.offset);
        while let Some(item) = records.next()? {
            let Item::Record { offset, record } = item else {
                continue;
            };
            while let Some((mark, rest)) = ahead.split_first().filter(|(mark, _)| mark.offset <= offset) {
                // What was lost on the way is known here.
                before = mark.before;
                ahead = rest;
            }
            let mut after = before;
            after.pass(record.stream, record.payload);
            let step = Step {
                offset,
                before,
                after,
                record,
            };
            before = after;
            if visit(&step).is_break() {
                break;
            }
        }
        Ok(before)
    }
}

/// A record, with what lies before its beginning and before its end.
#[derive(Debug)]
pub struct Step<'r> {
    pub offset: u64,
    pub before: Counts,
    pub after: Counts,
    pub record: Record<'r>,
}

const BEGINNING: Mark = Mark {
    offset: 0,
    seq: 1,
    wall_us: i64::MIN,
    before: Counts {
        stdout_lines: 0,
        stderr_lines: 0,
        system_lines: 0,
        stdout_bytes: 0,
        stderr_bytes: 0,
        last_stdout_line: 0,
        last_stderr_line: 0,
        stdout_open: false,
        stderr_open: false,
    },
};

fn last_of(marks: &[Mark]) -> &Mark {
    marks.last().unwrap_or(&BEGINNING)
}

/// The sidecar's bytes; empty if there is none.
fn read(run_dir: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match open_plain(CWD, &run_dir.join(INDEX_FILE), OFlags::RDONLY) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        // None, or not one: marks are missing.
        Err(_) => 0,
    };
    Ok(bytes)
}

/// Marks up to the first that cannot be one of this log.
fn marks_in(bytes: &[u8], length: u64) -> Vec<Mark> {
    let (whole, _) = bytes.as_chunks::<MARK_LEN>();
    let mut last = BEGINNING;
    let mut marks = Vec::with_capacity(whole.len());
    for mark in whole.iter().map_while(Mark::decode) {
        if mark.offset <= last.offset || mark.seq <= last.seq || mark.offset > length {
            break;
        }
        last = mark;
        marks.push(mark);
    }
    marks
}

/// The marks behind `last`, as the supervisor would have set them.
fn find(log: LogFile, last: &Mark) -> Result<Vec<Mark>> {
    let mut marker = Marker::after(last);
    let mut marks = Vec::new();
    let mut records = log.records_from(last.offset);
    while let Some(item) = records.next()? {
        if let Item::Record { offset, record } = item {
            marks.extend(marker.due(offset, record.seq, record.wall_us));
            marker.pass(record.stream, record.payload);
        }
    }
    Ok(marks)
}

fn keep(run_dir: &Path, marks: &[Mark]) -> io::Result<()> {
    let temporary = run_dir.join(format!(".{INDEX_FILE}.{}", uuid::Uuid::now_v7()));
    let written = (|| {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).open(&temporary)?;
        let bytes: Vec<u8> = marks.iter().flat_map(Mark::encode).collect();
        file.write_all(&bytes)?;
        std::fs::rename(&temporary, run_dir.join(INDEX_FILE))
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}
