//! A log as lines: a window of them from anywhere, in time that does not grow with the log.
//!
//! A line belongs to one stream and is put together per stream, also when the other speaks in between; lines are numbered
//! from 1 in the order in which they begin. With a filter there is a second count, the position among the lines it takes.
//! A carriage return begins the line's text anew, as a terminal shows it. Pure apart from reading through [`Index`].

use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;
use memchr::{memchr, memrchr};
use pytask_protocol::lines::{Counts, MARK_EVERY, Mark};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::index::{Index, Step};
use super::reader::LogFile;
use super::text::{LogStream, system_text, time_of};
use super::{Error, Filter, Record, Result, Stream};

/// Of a line's text.
pub const LONGEST_LINE: usize = 16 * 1024;
/// How far behind a window's last beginning the ends of its lines are looked for.
const LOOK_AHEAD: u64 = 4 * MARK_EVERY;

/// Where a window begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// A position, from 1.
    Position(u64),
    /// At the line of this number, or the next that the filter takes.
    Line(u64),
    /// At the first line that began then or later.
    Time(Timestamp),
    /// So that it ends with the log.
    End,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// Among the lines of all streams, from 1.
    pub line: u64,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub stream: LogStream,
    /// Without its end; invalid UTF-8 replaced.
    pub text: String,
    /// Bytes that are left out behind `text`.
    pub cut: u64,
    /// It has no end yet, and may still grow.
    #[serde(default, skip_serializing_if = "is_false")]
    pub open: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Lines that follow each other, as far as the filter takes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LogWindow)]
pub struct Window {
    /// Position of the first line here; behind the last line of the log if there is none.
    pub first: u64,
    /// Lines that the filter takes.
    pub total: u64,
    /// Lines of all streams.
    pub lines_all: u64,
    /// Of the log.
    pub bytes: u64,
    pub lines: Vec<LogLine>,
}

/// At most `limit` lines. A log that is not there (yet) has none.
pub fn window(run_dir: &Path, filter: Filter, from: From, limit: u64) -> Result<Window> {
    let (log, index) = match Index::load(run_dir) {
        Err(Error::NotFound) => {
            return Ok(Window {
                first: 1,
                ..Window::default()
            });
        }
        other => other?,
    };
    let bytes = log.len()?;
    let end = index.walk(log, index.marks().len() - 1, |_| ControlFlow::Continue(()))?;
    let total = filter.count(&end);
    let first = match from {
        From::Position(position) => position.max(1),
        From::End => total.saturating_sub(limit) + 1,
        From::Line(number) => find_line(run_dir, &index, filter, number)?.unwrap_or(total + 1),
        From::Time(time) => find_time(run_dir, &index, filter, time)?.unwrap_or(total + 1),
    };
    let first = first.min(total + 1);
    // Lines that began since the walk to the end wait for the next window.
    let wanted = limit.min(total + 1 - first);
    let mut lines = Assembly::new(filter, first, wanted);
    if wanted > 0 {
        let begin = index.last_where(|mark| filter.count(&mark.before) < first);
        let mut read = 0;
        let log = LogFile::open(run_dir)?;
        index.walk(log, begin, |step| {
            lines.take(step);
            if lines.all_begun() {
                read += step.record.encoded_len() as u64;
            }
            if lines.is_complete() || read > LOOK_AHEAD {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
    }
    Ok(Window {
        first,
        total,
        lines_all: end.lines(),
        bytes,
        lines: lines.finish(),
    })
}

impl Window {
    /// Drops lines from its beginning until the rest has at most so much text, or is one line.
    pub(super) fn keep_end(&mut self, most_text: usize) {
        let mut text = 0;
        let kept = self.lines.iter().rev().take_while(|line| {
            text += line.text.len();
            text <= most_text
        });
        let dropped = self.lines.len() - kept.count().max(1).min(self.lines.len());
        self.lines.drain(..dropped);
        self.first += dropped as u64;
    }
}

impl Filter {
    /// Lines that it takes.
    pub(super) fn count(self, counts: &Counts) -> u64 {
        match self {
            Self::All => counts.lines(),
            Self::Only(Stream::Stdout) => counts.stdout_lines,
            Self::Only(Stream::Stderr) => counts.stderr_lines,
            Self::Only(Stream::System | Stream::Truncated) => counts.system_lines,
        }
    }
}

/// A stretch of one line within one record.
struct Piece<'r> {
    number: u64,
    begins: bool,
    ends: bool,
    /// Without the line's end.
    bytes: &'r [u8],
}

/// The stretches of script output in a record; none in one of another kind.
fn pieces<'r>(before: &Counts, record: &Record<'r>) -> impl Iterator<Item = Piece<'r>> + use<'r> {
    let (open, last) = match record.stream {
        Stream::Stdout => (before.stdout_open, before.last_stdout_line),
        Stream::Stderr => (before.stderr_open, before.last_stderr_line),
        Stream::System | Stream::Truncated => (false, 0),
    };
    let payload = match record.stream {
        Stream::Stdout | Stream::Stderr => record.payload,
        Stream::System | Stream::Truncated => &[],
    };
    let (mut continues, mut begun, mut at) = (open, before.lines(), 0);
    std::iter::from_fn(move || {
        let rest = payload.get(at..).filter(|rest| !rest.is_empty())?;
        let end = memchr(b'\n', rest);
        let bytes = &rest[..end.unwrap_or(rest.len())];
        let begins = !std::mem::take(&mut continues);
        begun += u64::from(begins);
        let piece = Piece {
            number: if begins { begun } else { last },
            begins,
            ends: end.is_some(),
            bytes,
        };
        at += bytes.len() + 1;
        Some(piece)
    })
}

fn find_line(run_dir: &Path, index: &Index, filter: Filter, number: u64) -> Result<Option<u64>> {
    if filter == Filter::All {
        return Ok(Some(number.max(1)));
    }
    let begin = index.last_where(|mark: &Mark| mark.before.lines() < number);
    find(
        run_dir,
        index,
        begin,
        filter,
        |step| step.after.lines() >= number,
        |line, _| line >= number,
    )
}

/// Clocks step now and then: the first line of that time behind the last mark that is older.
fn find_time(run_dir: &Path, index: &Index, filter: Filter, time: Timestamp) -> Result<Option<u64>> {
    let micros = time.as_microsecond();
    let begin = index.last_where(|mark| mark.wall_us < micros);
    find(
        run_dir,
        index,
        begin,
        filter,
        |step| step.record.wall_us >= micros,
        |_, _| true,
    )
}

/// The position of the first line in a step that `may` have it and for which `fits` holds (with its number).
fn find(
    run_dir: &Path,
    index: &Index,
    begin: usize,
    filter: Filter,
    may: impl Fn(&Step<'_>) -> bool,
    fits: impl Fn(u64, &Step<'_>) -> bool,
) -> Result<Option<u64>> {
    let mut found = None;
    index.walk(LogFile::open(run_dir)?, begin, |step| {
        if filter.takes(step.record.stream) && may(step) {
            let mut position = filter.count(&step.before);
            for number in beginnings(step) {
                position += 1;
                if fits(number, step) {
                    found = Some(position);
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// The numbers of the lines that begin in a step.
fn beginnings(step: &Step<'_>) -> impl Iterator<Item = u64> + use<> {
    step.before.lines() + 1..=step.after.lines()
}

/// Puts the lines of a window together.
struct Assembly {
    filter: Filter,
    first: u64,
    wanted: usize,
    lines: Vec<Growing>,
    /// Those without an end, of stdout and of stderr.
    open: [Option<usize>; 2],
}

struct Growing {
    line: LogLine,
    text: Vec<u8>,
    /// Its last byte was a carriage return: what comes next decides whether that ended or restarts the line.
    returned: bool,
}

impl Assembly {
    fn new(filter: Filter, first: u64, wanted: u64) -> Self {
        Self {
            filter,
            first,
            wanted: usize::try_from(wanted).unwrap_or(usize::MAX),
            lines: Vec::new(),
            open: [None; 2],
        }
    }

    fn all_begun(&self) -> bool {
        self.lines.len() >= self.wanted
    }

    fn is_complete(&self) -> bool {
        self.all_begun() && self.open == [None; 2]
    }

    fn take(&mut self, step: &Step<'_>) {
        let record = &step.record;
        if record.stream == Stream::Truncated {
            self.close(0);
            self.close(1);
        }
        if !self.filter.takes(record.stream) || self.filter.count(&step.after) < self.first {
            return;
        }
        let mut position = self.filter.count(&step.before);
        let slot = match record.stream {
            Stream::Stdout => 0,
            Stream::Stderr => 1,
            Stream::System | Stream::Truncated => {
                if position + 1 >= self.first && !self.all_begun() {
                    let sentence = system_text(record).unwrap_or_default();
                    let mut line = Growing::new(step.after.lines(), record);
                    line.append(sentence.replace('\n', " ").as_bytes());
                    line.line.open = false;
                    self.lines.push(line);
                }
                return;
            }
        };
        for piece in pieces(&step.before, record) {
            if piece.begins {
                position += 1;
                if position < self.first {
                    continue;
                }
                if self.all_begun() {
                    return;
                }
                self.open[slot] = Some(self.lines.len());
                self.lines.push(Growing::new(piece.number, record));
            }
            if let Some(growing) = self.open[slot].and_then(|at| self.lines.get_mut(at)) {
                growing.append(piece.bytes);
            }
            if piece.ends {
                self.close(slot);
            }
        }
    }

    fn close(&mut self, slot: usize) {
        if let Some(growing) = self.open[slot].take().and_then(|at| self.lines.get_mut(at)) {
            growing.line.open = false;
        }
    }

    fn finish(self) -> Vec<LogLine> {
        self.lines.into_iter().map(Growing::finish).collect()
    }
}

impl Growing {
    fn new(number: u64, record: &Record<'_>) -> Self {
        Self {
            line: LogLine {
                line: number,
                at: time_of(record),
                stream: LogStream::from(record.stream),
                text: String::new(),
                cut: 0,
                open: true,
            },
            text: Vec::new(),
            returned: false,
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        let end = bytes
            .iter()
            .rposition(|byte| *byte != b'\r')
            .map_or(0, |at| at + 1);
        let (body, returns) = bytes.split_at(end);
        if body.is_empty() {
            self.returned |= !returns.is_empty();
            return;
        }
        if std::mem::replace(&mut self.returned, !returns.is_empty()) {
            self.restart();
        }
        let body = match memrchr(b'\r', body) {
            Some(at) => {
                self.restart();
                &body[at + 1..]
            }
            None => body,
        };
        let room = LONGEST_LINE.saturating_sub(self.text.len()).min(body.len());
        self.text.extend_from_slice(&body[..room]);
        self.line.cut += (body.len() - room) as u64;
    }

    fn restart(&mut self) {
        self.text.clear();
        self.line.cut = 0;
    }

    fn finish(mut self) -> LogLine {
        self.line.text = String::from_utf8_lossy(&self.text).into_owned();
        self.line
    }
}

#[cfg(test)]
mod tests;
