//! Counts lines while records go by, and marks where a reader can begin: the sidecar index of `docs/log-format.md`.
//!
//! One definition of a line for the supervisor, which counts while it writes, and the controller, which counts while it
//! reads: a line belongs to one stream and is numbered in the order in which lines begin. Pure; knows no files.

use crate::frame::Stream;

/// A mark stands about this far from the one before.
pub const MARK_EVERY: u64 = 256 * 1024;
pub const MARK_LEN: usize = 96;
const VERSION: [u8; 4] = *b"PTI1";
const STDOUT_OPEN: u32 = 1;
const STDERR_OPEN: u32 = 2;

/// What lies before a place of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that have begun.
    pub stdout_lines: u64,
    pub stderr_lines: u64,
    pub system_lines: u64,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    /// The number among the lines of all streams of the stream's last one; 0 before there is any.
    pub last_stdout_line: u64,
    pub last_stderr_line: u64,
    /// The stream's last line has no end yet.
    pub stdout_open: bool,
    pub stderr_open: bool,
}

impl Counts {
    /// Lines of all streams.
    pub fn lines(&self) -> u64 {
        self.stdout_lines
            .saturating_add(self.stderr_lines)
            .saturating_add(self.system_lines)
    }

    /// Passes over one record.
    pub fn pass(&mut self, stream: Stream, payload: &[u8]) {
        let all = self.lines();
        let (lines, bytes, open, last_line) = match stream {
            Stream::Stdout => (
                &mut self.stdout_lines,
                &mut self.stdout_bytes,
                &mut self.stdout_open,
                &mut self.last_stdout_line,
            ),
            Stream::Stderr => (
                &mut self.stderr_lines,
                &mut self.stderr_bytes,
                &mut self.stderr_open,
                &mut self.last_stderr_line,
            ),
            Stream::System => {
                self.system_lines += 1;
                return;
            }
            // What is missing had line ends, as far as anybody knows.
            Stream::Truncated => {
                self.system_lines += 1;
                self.stdout_open = false;
                self.stderr_open = false;
                return;
            }
        };
        let Some(last) = payload.last() else { return };
        let ends = memchr::memchr_iter(b'\n', payload).count() as u64;
        let ended = *last == b'\n';
        // A line begins at the start unless one is open, and behind every end that has something behind it.
        let begun = ends + u64::from(!*open) - u64::from(ended);
        if begun > 0 {
            *last_line = all + begun;
        }
        *lines += begun;
        *bytes += payload.len() as u64;
        *open = !ended;
    }
}

/// A place in the log where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub offset: u64,
    /// Of the record that begins there.
    pub seq: u64,
    pub wall_us: i64,
    pub before: Counts,
}

impl Mark {
    pub fn encode(&self) -> [u8; MARK_LEN] {
        let Counts {
            stdout_lines,
            stderr_lines,
            system_lines,
            stdout_bytes,
            stderr_bytes,
            last_stdout_line,
            last_stderr_line,
            stdout_open,
            stderr_open,
        } = self.before;
        let numbers = [
            self.offset,
            self.seq,
            self.wall_us.cast_unsigned(),
            stdout_lines,
            stderr_lines,
            system_lines,
            stdout_bytes,
            stderr_bytes,
            last_stdout_line,
            last_stderr_line,
        ];
        let mut bytes = [0; MARK_LEN];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let open = u32::from(stdout_open) * STDOUT_OPEN + u32::from(stderr_open) * STDERR_OPEN;
        bytes[80..84].copy_from_slice(&open.to_le_bytes());
        bytes[88..92].copy_from_slice(&VERSION);
        let check = crc32fast::hash(&bytes[..92]);
        bytes[92..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// `None` for anything but a whole, checked mark.
    pub fn decode(bytes: &[u8; MARK_LEN]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let short = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        if short(92)? != crc32fast::hash(&bytes[..92]) || bytes[88..92] != VERSION {
            return None;
        }
        let open = short(80)?;
        Some(Self {
            offset: number(0)?,
            seq: number(8)?,
            wall_us: number(16)?.cast_signed(),
            before: Counts {
                stdout_lines: number(24)?,
                stderr_lines: number(32)?,
                system_lines: number(40)?,
                stdout_bytes: number(48)?,
                stderr_bytes: number(56)?,
                last_stdout_line: number(64)?,
                last_stderr_line: number(72)?,
                stdout_open: open & STDOUT_OPEN != 0,
                stderr_open: open & STDERR_OPEN != 0,
            },
        })
    }
}

/// Decides where marks stand. For the one who writes a log, and for who makes up for a missing index.
#[derive(Debug, Default)]
pub struct Marker {
    counts: Counts,
    last: u64,
}

impl Marker {
    /// Goes on behind a mark.
    pub fn after(mark: &Mark) -> Self {
        Self {
            counts: mark.before,
            last: mark.offset,
        }
    }

    /// Before a record at `offset`: the mark that is due there, if any.
    pub fn due(&mut self, offset: u64, seq: u64, wall_us: i64) -> Option<Mark> {
        if offset.saturating_sub(self.last) < MARK_EVERY {
            return None;
        }
        self.last = offset;
        Some(Mark {
            offset,
            seq,
            wall_us,
            before: self.counts,
        })
    }

    pub fn pass(&mut self, stream: Stream, payload: &[u8]) {
        self.counts.pass(stream, payload);
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines_of(text: &[u8]) -> u64 {
        text.split_inclusive(|byte| *byte == b'\n').count() as u64
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_output_is_cut(
            pieces in prop::collection::vec((any::<bool>(), "[a\n]{0,6}"), 0..40),
        ) {
            let mut counts = Counts::default();
            let (mut out, mut err) = (Vec::new(), Vec::new());
            for (to_stderr, text) in &pieces {
                let (stream, whole) = if *to_stderr { (Stream::Stderr, &mut err) } else { (Stream::Stdout, &mut out) };
                counts.pass(stream, text.as_bytes());
                whole.extend_from_slice(text.as_bytes());
            }
            prop_assert_eq!(counts.stdout_lines, lines_of(&out));
            prop_assert_eq!(counts.stderr_lines, lines_of(&err));
            prop_assert_eq!(counts.stdout_open, out.last().is_some_and(|byte| *byte != b'\n'));
            prop_assert_eq!((counts.stdout_bytes, counts.stderr_bytes), (out.len() as u64, err.len() as u64));
        }

        #[test]
        fn a_mark_survives_and_a_flipped_bit_does_not(
            numbers in any::<[u64; 10]>(), open in any::<(bool, bool)>(), bit in 0..MARK_LEN * 8,
        ) {
            let mark = Mark {
                offset: numbers[0],
                seq: numbers[1],
                wall_us: numbers[2].cast_signed(),
                before: Counts {
                    stdout_lines: numbers[3],
                    stderr_lines: numbers[4],
                    system_lines: numbers[5],
                    stdout_bytes: numbers[6],
                    stderr_bytes: numbers[7],
                    last_stdout_line: numbers[8],
                    last_stderr_line: numbers[9],
                    stdout_open: open.0,
                    stderr_open: open.1,
                },
            };
            let mut bytes = mark.encode();
            prop_assert_eq!(Mark::decode(&bytes), Some(mark));
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Mark::decode(&bytes), None);
        }
    }

    #[test]
    fn missing_output_ends_open_lines() {
        let mut counts = Counts::default();
        counts.pass(Stream::Stdout, b"half a li");
        counts.pass(Stream::Truncated, &9_u64.to_le_bytes());
        counts.pass(Stream::Stdout, b"another\n");
        assert_eq!(
            (counts.stdout_lines, counts.system_lines, counts.lines()),
            (2, 1, 3)
        );
    }
}
