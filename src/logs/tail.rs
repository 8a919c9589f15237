//! The last lines of a log, read from its end.
//!
//! Reading starts in the middle, where records have to be found by their magic. A script could print something that looks
//! like a record there, so what is found must be an unbroken chain (no damage, each sequence number one more) up to the
//! end; if it is not, the log is read from its beginning, which cannot be fooled.

use std::collections::VecDeque;
use std::path::Path;

use pytask_protocol::frame::{OwnedRecord, Stream};

use super::reader::{Item, LogFile};
use super::{Error, Filter, Result};

/// The first look at the end; each further one is four times as long.
const FIRST_WINDOW: u64 = 128 * 1024;
/// No tail is longer, however long its lines.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Of a line kept as evidence.
const MAX_EVIDENCE_LINE: usize = 1000;

/// The records with the last `lines` lines, the first cut to where its line begins. A sentence of the product counts as a
/// line. At most 8 MiB: of longer lines, the last part.
pub fn tail(run_dir: &Path, filter: Filter, lines: usize) -> Result<Vec<OwnedRecord>> {
    let mut window = FIRST_WINDOW;
    loop {
        let log = LogFile::open(run_dir)?;
        let from = log.len()?.saturating_sub(window);
        if let Some(kept) = last_records(log, from, filter, lines)? {
            return Ok(cut_to_lines(kept.records, lines));
        }
        window = window.saturating_mul(4);
    }
}

/// The last lines that the script wrote to stderr, oldest first, as text for people: each at most 1,000 bytes, without its
/// line end. Empty if there is no log.
pub fn last_stderr_lines(run_dir: &Path, lines: usize) -> Result<Vec<String>> {
    let records = match tail(run_dir, Filter::Only(Stream::Stderr), lines) {
        Err(Error::NotFound) => return Ok(Vec::new()),
        other => other?,
    };
    let bytes: Vec<u8> = records.into_iter().flat_map(|record| record.payload).collect();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(bytes.split(|byte| *byte == b'\n').map(evidence_line).collect())
}

fn evidence_line(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() <= MAX_EVIDENCE_LINE {
        return String::from_utf8_lossy(line).into_owned();
    }
    let mut text = String::from_utf8_lossy(&line[..MAX_EVIDENCE_LINE]).into_owned();
    text.push('…');
    text
}

/// A bounded end of what was read so far.
struct Kept {
    records: VecDeque<OwnedRecord>,
    lines: usize,
    bytes: usize,
    /// Something was let go for its size, so nothing before it is wanted either.
    full: bool,
}

/// `None` if a longer window is needed.
fn last_records(log: LogFile, from: u64, filter: Filter, lines: usize) -> Result<Option<Kept>> {
    let mut kept = Kept {
        records: VecDeque::new(),
        lines: 0,
        bytes: 0,
        full: false,
    };
    let mut records = log.records_from(from);
    let mut last_seq = None;
    while let Some(item) = records.next()? {
        match item {
            Item::Damaged { offset, .. } if from > 0 && offset != from => {
                return last_records(records.into_log(), 0, filter, lines);
            }
            Item::Damaged { .. } => {}
            Item::Record { record, .. } => {
                if from > 0 && last_seq.is_some_and(|last: u64| last.checked_add(1) != Some(record.seq)) {
                    return last_records(records.into_log(), 0, filter, lines);
                }
                last_seq = Some(record.seq);
                if filter.takes(record.stream) {
                    kept.push(record.to_owned(), lines);
                }
            }
        }
    }
    // One more line end than lines: the last may end the last line.
    let enough = from == 0 || kept.full || kept.lines > lines;
    Ok(enough.then_some(kept))
}

fn is_sentence(record: &OwnedRecord) -> bool {
    matches!(record.stream, Stream::System | Stream::Truncated)
}

fn lines_in(record: &OwnedRecord) -> usize {
    if is_sentence(record) {
        1
    } else {
        record.payload.iter().filter(|byte| **byte == b'\n').count()
    }
}

impl Kept {
    fn push(&mut self, record: OwnedRecord, wanted: usize) {
        self.lines += lines_in(&record);
        self.bytes += record.payload.len();
        self.records.push_back(record);
        while let Some(first) = self.records.front() {
            let too_large = self.bytes > MAX_BYTES && self.records.len() > 1;
            let not_needed = self.lines - lines_in(first) > wanted;
            if !too_large && !not_needed {
                break;
            }
            self.lines -= lines_in(first);
            self.bytes -= first.payload.len();
            self.full = true;
            self.records.pop_front();
        }
    }
}

fn cut_to_lines(records: VecDeque<OwnedRecord>, lines: usize) -> Vec<OwnedRecord> {
    let mut result = VecDeque::new();
    let mut left = lines;
    for (from_end, mut record) in records.into_iter().rev().enumerate() {
        if left == 0 {
            break;
        }
        if is_sentence(&record) {
            left -= 1;
            result.push_front(record);
            continue;
        }
        // The very last line end belongs to the last line.
        let end = record.payload.len() - usize::from(from_end == 0 && record.payload.ends_with(b"\n"));
        let line_ends = (0..end).rev().filter(|at| record.payload[*at] == b'\n');
        match line_ends.take(left).enumerate().last() {
            Some((n, at)) if n + 1 == left => {
                record.payload.drain(..=at);
                left = 0;
            }
            Some((n, _)) => left -= n + 1,
            None => {}
        }
        if !record.payload.is_empty() {
            result.push_front(record);
        }
    }
    result.into()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Log;
    use super::*;

    fn text(log: &Log, filter: Filter, lines: usize) -> String {
        let bytes: Vec<u8> = tail(log.dir(), filter, lines)
            .unwrap()
            .into_iter()
            .flat_map(|r| r.payload)
            .collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_last_lines_whatever_the_records_are() {
        let pieces: &[&[&str]] = &[
            &["a\nb\nc\n"],
            &["a\n", "b\n", "c\n"],
            &["a\nb", "\n", "c", "\n"],
            &["", "a\n", "b\nc", "", "\n"],
        ];
        for pieces in pieces {
            let mut log = Log::new();
            pieces
                .iter()
                .for_each(|piece| log.write(Stream::Stdout, piece.as_bytes()));
            for (lines, expected) in [
                (0, ""),
                (1, "c\n"),
                (2, "b\nc\n"),
                (3, "a\nb\nc\n"),
                (9, "a\nb\nc\n"),
            ] {
                assert_eq!(text(&log, Filter::All, lines), expected, "{pieces:?} {lines}");
            }
        }
        let mut log = Log::new();
        log.write(Stream::Stdout, b"a\nb\nc");
        assert_eq!(text(&log, Filter::All, 2), "b\nc");
        log.write(Stream::System, b"stopped");
        assert_eq!(text(&log, Filter::All, 1), "stopped");
        assert_eq!(text(&log, Filter::Only(Stream::Stdout), 1), "c");
    }

    #[test]
    fn a_long_log_is_read_from_its_end_and_far_back_only_if_need_be() {
        let mut log = Log::new();
        log.write(Stream::Stderr, b"one\ntwo\nthree\n");
        for i in 0..30_000 {
            log.write(Stream::Stdout, format!("line {i}\n").as_bytes());
        }
        assert_eq!(text(&log, Filter::All, 2), "line 29998\nline 29999\n");
        assert_eq!(text(&log, Filter::Only(Stream::Stderr), 2), "two\nthree\n");
        assert_eq!(
            text(&log, Filter::Only(Stream::Stdout), 20_000).lines().count(),
            20_000
        );
    }

    #[test]
    fn a_script_that_prints_records_is_not_believed() {
        let mut log = Log::new();
        let mut forged = Vec::new();
        for seq in 0..1_200 {
            Log::encode_into(900_000 + seq, Stream::System, b"forged", &mut forged);
        }
        for _ in 0..8 {
            log.write(Stream::Stdout, &forged);
        }
        log.write(Stream::Stdout, b"\nreal\n");
        let records = tail(log.dir(), Filter::All, 3).unwrap();
        assert!(records.iter().all(|record| record.stream == Stream::Stdout));
        assert_eq!(records.last().unwrap().payload, b"\nreal\n");
    }

    #[test]
    fn a_tail_is_bounded_however_long_its_lines() {
        let mut log = Log::new();
        for _ in 0..300 {
            log.write(Stream::Stdout, &[b'x'; 65_536]);
        }
        assert_eq!(text(&log, Filter::All, 10).len(), MAX_BYTES);
    }

    #[test]
    fn evidence_is_the_last_lines_of_stderr_as_text() {
        let mut log = Log::new();
        assert_eq!(last_stderr_lines(log.dir(), 5).unwrap(), Vec::<String>::new());
        log.write(Stream::Stderr, b"first\nTraceback:\r\n");
        log.write(Stream::Stdout, b"noise\n");
        log.write(Stream::Stderr, b"  bad \xff\n");
        log.write(Stream::Stderr, &[b'y'; 5000]);
        let lines = last_stderr_lines(log.dir(), 3).unwrap();
        assert_eq!(lines[..2], ["Traceback:", "  bad \u{fffd}"]);
        assert_eq!(lines[2].len(), 1000 + "…".len());
        assert_eq!(
            last_stderr_lines(&log.dir().join("none"), 3).unwrap(),
            Vec::<String>::new()
        );
    }
}
