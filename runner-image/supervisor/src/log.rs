//! The run's log: what is kept, in which order, and what is missing.
//!
//! Invariants: append-only; sequence numbers have no gaps; head, marker and tail as `docs/log-format.md` says;
//! `kept` counts a byte only when its whole record is in the file, so the count of dropped bytes is exact
//! whatever the disk does. A write that fails never fails the run. Knows no pipes and no processes.

use std::io;

use pytask_protocol::frame::{MAX_PAYLOAD, Record, Stream};
use pytask_protocol::lines::{Mark, Marker};

use crate::sys;
use crate::tail::Tail;

/// How many of the last bytes are kept beyond the head.
const TAIL_BYTES: usize = 64 * 1024;

/// Where records go. Separate from the file so that a full disk can be tested.
pub(crate) trait Sink {
    /// Appends both parts in one write; may take less than all.
    fn append(&mut self, header: &[u8], payload: &[u8]) -> io::Result<usize>;
    /// Takes back the torn end of the file.
    fn cut(&mut self, length: u64);
    /// Keeps a mark for readers in a hurry. Nobody relies on it, so nobody hears when that fails.
    fn mark(&mut self, mark: &Mark);
}

/// When something was read.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub wall_us: i64,
    pub mono_us: u64,
}

impl Moment {
    pub(crate) fn now() -> Moment {
        Moment {
            wall_us: sys::wall_us(),
            mono_us: sys::monotonic_us(),
        }
    }
}

/// What the log knows in the end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    pub dropped_bytes: u64,
    pub last_seq: u64,
    /// Why some of the log could not be written.
    pub write_error: Option<String>,
}

pub(crate) struct Log<S> {
    sink: S,
    /// Of the last record that is in the file, wholly or in part.
    seq: u64,
    /// Length of the file's whole records.
    length: u64,
    marker: Marker,
    /// The end of a record that the disk took only in part.
    unfinished: Option<Unfinished>,
    limit: u64,
    head_left: u64,
    limit_announced: bool,
    tail: Tail,
    /// Script bytes that could not be written since the last success.
    gap: u64,
    write_error: Option<io::Error>,
    stdout_bytes: u64,
    stderr_bytes: u64,
    kept_bytes: u64,
}

struct Unfinished {
    rest: Vec<u8>,
    record_length: u64,
    script_bytes: u64,
}

impl<S: Sink> Log<S> {
    pub(crate) fn new(sink: S, limit: u64) -> Log<S> {
        Log {
            sink,
            seq: 0,
            length: 0,
            marker: Marker::default(),
            unfinished: None,
            limit,
            head_left: limit,
            limit_announced: false,
            tail: Tail::new(TAIL_BYTES),
            gap: 0,
            write_error: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
            kept_bytes: 0,
        }
    }

    /// Script output: at most [`MAX_PAYLOAD`] bytes as they were read.
    pub(crate) fn output(&mut self, stream: Stream, now: Moment, bytes: &[u8]) {
        let count = bytes.len() as u64;
        match stream {
            Stream::Stderr => self.stderr_bytes += count,
            _ => self.stdout_bytes += count,
        }
        let fits = usize::try_from(self.head_left.min(count)).unwrap_or(bytes.len());
        let (head, rest) = bytes.split_at(fits);
        if !head.is_empty() {
            self.head_left -= head.len() as u64;
            self.write_output(stream, now, head);
        }
        if !rest.is_empty() {
            if !self.limit_announced {
                self.limit_announced = true;
                let limit = self.limit;
                self.note(
                    now,
                    &format!(
                        "The log limit of {limit} bytes is reached; from here on only the last 64 KiB are kept."
                    ),
                );
            }
            self.tail.push(stream, (now.wall_us, now.mono_us), rest);
        }
    }

    /// A sentence for people.
    pub(crate) fn note(&mut self, now: Moment, sentence: &str) {
        let end = sentence.floor_char_boundary(MAX_PAYLOAD);
        // A note that cannot be written is lost: it is no output of the script.
        let _ = self.ready(now) && self.write(Stream::System, now, &sentence.as_bytes()[..end]);
    }

    /// Appends the tail and tells the totals. Nothing can be written afterwards.
    pub(crate) fn finish(mut self, now: Moment) -> (S, Totals) {
        let tail = std::mem::replace(&mut self.tail, Tail::new(0));
        let dropped = tail.dropped();
        let mut pieces = tail.into_pieces().peekable();
        if dropped > 0 {
            let at = pieces.peek().map_or(now, |piece| Moment {
                wall_us: piece.wall_us,
                mono_us: piece.mono_us,
            });
            if self.ready(at) {
                self.write(Stream::Truncated, at, &dropped.to_le_bytes());
            }
        }
        for piece in pieces {
            let at = Moment {
                wall_us: piece.wall_us,
                mono_us: piece.mono_us,
            };
            self.write_output(piece.stream, at, &piece.bytes);
        }
        // If output is missing at the very end, say so if the disk lets us.
        self.ready(now);
        if self.unfinished.is_some() {
            self.sink.cut(self.length);
            self.seq -= 1;
        }
        let totals = Totals {
            stdout_bytes: self.stdout_bytes,
            stderr_bytes: self.stderr_bytes,
            dropped_bytes: self.stdout_bytes + self.stderr_bytes - self.kept_bytes,
            last_seq: self.seq,
            write_error: self.write_error.as_ref().map(sys::reason),
        };
        (self.sink, totals)
    }

    fn write_output(&mut self, stream: Stream, now: Moment, bytes: &[u8]) {
        if !(self.ready(now) && self.write(stream, now, bytes)) {
            self.gap += bytes.len() as u64;
        }
    }

    /// Brings the file to a state in which a record can follow: an unfinished record completed, a gap marked.
    fn ready(&mut self, now: Moment) -> bool {
        if !self.complete_unfinished() {
            return false;
        }
        if self.gap == 0 {
            return true;
        }
        let reason = self
            .write_error
            .as_ref()
            .map(io::Error::to_string)
            .unwrap_or_default();
        let gap = self.gap;
        let sentence =
            format!("The log could not be written for a while ({reason}); {gap} bytes are missing here.");
        let marked = self.write(Stream::System, now, sentence.as_bytes())
            && self.complete_unfinished()
            && self.write(Stream::Truncated, now, &gap.to_le_bytes());
        if marked {
            self.gap = 0;
        }
        marked && self.complete_unfinished()
    }

    fn complete_unfinished(&mut self) -> bool {
        let Some(mut unfinished) = self.unfinished.take() else {
            return true;
        };
        match self.sink.append(&unfinished.rest, &[]) {
            Ok(count) if count >= unfinished.rest.len() => {
                self.length += unfinished.record_length;
                self.kept_bytes += unfinished.script_bytes;
                return true;
            }
            Ok(count) => drop(unfinished.rest.drain(..count)),
            Err(error) => self.write_error = Some(error),
        }
        self.unfinished = Some(unfinished);
        false
    }

    /// Writes one record, perhaps only its beginning. `false`: nothing of it was written.
    fn write(&mut self, stream: Stream, now: Moment, payload: &[u8]) -> bool {
        let Moment { wall_us, mono_us } = now;
        let record = Record {
            seq: self.seq + 1,
            wall_us,
            mono_us,
            stream,
            payload,
        };
        let header = record.encode_header();
        let record_length = record.encoded_len() as u64;
        let script_bytes = match stream {
            Stream::Stdout | Stream::Stderr => payload.len() as u64,
            Stream::System | Stream::Truncated => 0,
        };
        if let Some(mark) = self.marker.due(self.length, record.seq, wall_us) {
            self.sink.mark(&mark);
        }
        match self.sink.append(&header, payload) {
            Ok(0) => return false,
            Ok(count) if count as u64 >= record_length => {
                self.length += record_length;
                self.kept_bytes += script_bytes;
            }
            Ok(count) => {
                let rest = header.iter().chain(payload).skip(count).copied().collect();
                self.unfinished = Some(Unfinished {
                    rest,
                    record_length,
                    script_bytes,
                });
            }
            Err(error) => {
                self.write_error = Some(error);
                return false;
            }
        }
        self.marker.pass(stream, payload);
        self.seq += 1;
        true
    }
}

#[cfg(test)]
mod tests;
