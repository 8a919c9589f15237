//! The text of one stream in a stretch of a log, without the frames, and whose lines it is.
//!
//! A stretch has the lines that begin in it, each to its end, also where that lies behind the stretch; what a line of
//! before goes on with is none of its own.

use std::ops::Range;
use std::path::Path;

use pytask_protocol::lines::Counts;

use crate::logs::index::{Index, Step};
use crate::logs::reader::LogFile;
use crate::logs::text::system_text;
use crate::logs::{Result, Stream};

/// What is read behind a stretch for the end of its last line. Of a longer line the rest is not searched.
const LONGEST_REST: usize = 16 * 1024 * 1024;

/// Texts of stdout, stderr and the product's sentences.
#[derive(Debug, Default)]
pub(super) struct Texts([Text; 3]);

#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    spans: Vec<Span>,
    /// The stretch began within a line that is not its own.
    skips: bool,
    /// The last line that is its own has no end yet.
    open: bool,
}

/// What came with one record.
#[derive(Debug, Clone, Copy)]
struct Span {
    at: usize,
    wall_us: i64,
    /// The number of the line that is open at its start; 0: none is.
    open: u64,
    /// Lines before, of all streams and of its own.
    lines: u64,
    own: u64,
}

/// Which line something is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    /// Among the lines of its stream.
    pub(super) own: u64,
    pub(super) wall_us: i64,
}

const STREAMS: [Stream; 3] = [Stream::Stdout, Stream::Stderr, Stream::System];

impl Texts {
    /// Of the lines that begin between two marks (or a mark and the log's end).
    pub(super) fn gather(run_dir: &Path, index: &Index, marks: Range<usize>) -> Result<Self> {
        let mut texts = Self::default();
        let end = index.marks().get(marks.end).map_or(u64::MAX, |mark| mark.offset);
        if let Some(mark) = index.marks().get(marks.start) {
            texts.0[0].skips = mark.before.stdout_open;
            texts.0[1].skips = mark.before.stderr_open;
        }
        let mut rest = 0;
        index.walk(LogFile::open(run_dir)?, marks.start, |step| {
            let behind = step.offset >= end;
            if behind {
                rest += step.record.payload.len();
                if rest > LONGEST_REST || texts.0.iter().all(|text| !text.open) {
                    return std::ops::ControlFlow::Break(());
                }
            }
            texts.take(step, behind);
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(texts)
    }

    pub(super) fn streams(&self) -> impl Iterator<Item = (Stream, &Text)> {
        STREAMS.into_iter().zip(&self.0)
    }

    fn take(&mut self, step: &Step<'_>, behind: bool) {
        let Counts {
            stdout_open,
            stderr_open,
            last_stdout_line,
            last_stderr_line,
            ..
        } = step.before;
        let [stdout, stderr, system] = &mut self.0;
        match step.record.stream {
            Stream::Stdout => {
                let own = step.before.stdout_lines;
                stdout.append(step, stdout_open.then_some(last_stdout_line), own, behind);
            }
            Stream::Stderr => {
                let own = step.before.stderr_lines;
                stderr.append(step, stderr_open.then_some(last_stderr_line), own, behind);
            }
            Stream::System | Stream::Truncated => {
                if step.record.stream == Stream::Truncated {
                    stdout.end_line();
                    stderr.end_line();
                }
                if !behind {
                    let sentence = system_text(&step.record).unwrap_or_default().replace('\n', " ");
                    system.span(step, None, step.before.system_lines);
                    system.bytes.extend_from_slice(sentence.as_bytes());
                    system.bytes.push(b'\n');
                }
            }
        }
    }
}

impl Text {
    fn append(&mut self, step: &Step<'_>, open: Option<u64>, own: u64, behind: bool) {
        let payload = step.record.payload;
        if (behind && !self.open) || payload.is_empty() {
            return;
        }
        // The end of a line that is not ours, or of our last one.
        let newline = (self.skips || behind).then(|| memchr::memchr(b'\n', payload));
        let (skipped, taken) = match newline {
            None => (0, payload.len()),
            Some(None) if behind => (0, payload.len()),
            Some(None) => return,
            Some(Some(at)) if behind => (0, at + 1),
            Some(Some(at)) => (at + 1, payload.len()),
        };
        self.skips = false;
        let bytes = &payload[skipped..taken];
        if bytes.is_empty() {
            return;
        }
        // What was skipped is the rest of one line, so it began none.
        self.span(step, open.filter(|_| skipped == 0), own);
        self.bytes.extend_from_slice(bytes);
        self.open = bytes.last() != Some(&b'\n');
    }

    fn span(&mut self, step: &Step<'_>, open: Option<u64>, own: u64) {
        self.spans.push(Span {
            at: self.bytes.len(),
            wall_us: step.record.wall_us,
            open: open.unwrap_or(0),
            lines: step.before.lines(),
            own,
        });
    }

    /// Output is missing: no line goes on over that.
    fn end_line(&mut self) {
        self.skips = false;
        if std::mem::take(&mut self.open) {
            self.bytes.push(b'\n');
        }
    }

    /// Tells lines' places, of one after the other.
    pub(super) fn places(&self) -> Places<'_> {
        Places {
            text: self,
            span: 0,
            counted: 0,
            newlines: 0,
        }
    }
}

pub(super) struct Places<'t> {
    text: &'t Text,
    span: usize,
    /// In the text; up to here `newlines` were counted since the span began.
    counted: usize,
    newlines: u64,
}

impl Places<'_> {
    /// Of the line that begins at a place which is not before the one asked for last. Without a line only for an empty
    /// text.
    pub(super) fn of(&mut self, line_start: usize) -> Place {
        let spans = &self.text.spans;
        let ahead = spans[self.span.min(spans.len())..].partition_point(|span| span.at <= line_start);
        if ahead > 1 {
            self.span += ahead - 1;
            self.counted = spans[self.span].at;
            self.newlines = 0;
        }
        let Some(span) = spans.get(self.span) else {
            return Place {
                line: 0,
                own: 0,
                wall_us: 0,
            };
        };
        let counted = self.counted.min(line_start);
        self.newlines += memchr::memchr_iter(b'\n', &self.text.bytes[counted..line_start]).count() as u64;
        self.counted = line_start;
        let begun = self.newlines + u64::from(span.open == 0);
        Place {
            line: if begun == 0 { span.open } else { span.lines + begun },
            own: span.own + begun,
            wall_us: span.wall_us,
        }
    }
}
