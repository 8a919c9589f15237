//! A log as a download, in pieces, at the reader's pace: all of it, or a range of what the script wrote.

use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use pytask_protocol::lines::Mark;

use super::index::Index;
use super::reader::{Item, LogFile, Records};
use super::text::{LogRecord, system_text};
use super::{Filter, Pieces, Record, Result, Stream};

/// A piece is about this long.
const PIECE: usize = 128 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The script's output, byte for byte. Of both streams in the order in which it was read.
    Raw,
    /// The same with the product's own sentences, each on a line that starts with `[pytask] `.
    Text,
    /// One [`LogRecord`] as JSON per line.
    Ndjson,
}

/// The records wanted, from the log's beginning to where it ended when the export was at its end.
#[derive(Debug)]
pub struct Export {
    records: Records,
    shape: Shape,
    /// Of a range of the raw bytes.
    window: Option<Window>,
}

/// Bytes of the script's output that are still to be passed over, and to be given.
#[derive(Debug, Clone, Copy)]
struct Window {
    skip: u64,
    left: u64,
}

/// Where reading begins for a byte of the script's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RawStart {
    /// In the log; a record begins there.
    log_offset: u64,
    /// Bytes of the output before it.
    raw_offset: u64,
}

/// For the output's byte `offset`, at or before it: where the mark before it stands.
fn start_of_raw(index: &Index, filter: Filter, offset: u64) -> RawStart {
    let raw = |mark: &Mark| match filter {
        Filter::All => mark.before.stdout_bytes + mark.before.stderr_bytes,
        Filter::Only(Stream::Stdout) => mark.before.stdout_bytes,
        Filter::Only(Stream::Stderr) => mark.before.stderr_bytes,
        Filter::Only(Stream::System | Stream::Truncated) => 0,
    };
    let mark = &index.marks()[index.last_where(|mark| raw(mark) <= offset)];
    RawStart {
        log_offset: mark.offset,
        raw_offset: raw(mark),
    }
}

#[derive(Debug)]
struct Shape {
    format: Format,
    filter: Filter,
    /// So that a sentence starts its own line.
    at_line_start: bool,
}

impl Export {
    pub fn open(run_dir: &Path, format: Format, filter: Filter) -> Result<Self> {
        let shape = Shape {
            format,
            filter,
            at_line_start: true,
        };
        Ok(Self {
            records: LogFile::open(run_dir)?.records_from(0),
            shape,
            window: None,
        })
    }

    /// So many bytes of the script's output: of [`Format::Raw`]. It is an error if they cannot be counted off, because the log
    /// has fewer or is damaged on the way to them.
    pub fn open_range(run_dir: &Path, filter: Filter, range: Range<u64>) -> Result<Self> {
        let (log, index) = Index::load(run_dir)?;
        let start = start_of_raw(&index, filter, range.start);
        Ok(Self {
            records: log.records_from(start.log_offset),
            shape: Shape {
                format: Format::Raw,
                filter,
                at_line_start: true,
            },
            window: Some(Window {
                skip: range.start - start.raw_offset,
                left: range.end.saturating_sub(range.start),
            }),
        })
    }
}

impl Pieces for Export {
    fn next_piece(&mut self) -> Result<Option<Vec<u8>>> {
        let mut piece = Vec::new();
        while piece.len() < PIECE && self.window.is_none_or(|window| window.left > 0) {
            match self.records.next()? {
                // Rather than bytes that are not those that were asked for.
                None | Some(Item::Damaged { .. }) if self.window.is_some() => {
                    let what = "the log is damaged: what is behind that cannot be counted off";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, what).into());
                }
                None => break,
                Some(Item::Damaged { .. }) => {}
                Some(Item::Record { mut record, .. }) => {
                    if let Some(window) = &mut self.window
                        && self.shape.filter.takes(record.stream)
                        && matches!(record.stream, Stream::Stdout | Stream::Stderr)
                    {
                        record.payload = window.cut(record.payload);
                    }
                    self.shape.append(&record, &mut piece)?;
                }
            }
        }
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl Window {
    /// What of the next bytes is within.
    fn cut<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        let bytes = bytes.get(skipped as usize..).unwrap_or_default();
        let taken = self.left.min(bytes.len() as u64);
        self.left -= taken;
        bytes.get(..taken as usize).unwrap_or_default()
    }
}

/// Some records (of [`super::tail`], say) in a format.
pub fn render<'a>(records: impl IntoIterator<Item = Record<'a>>, format: Format) -> Result<Vec<u8>> {
    let mut shape = Shape {
        format,
        filter: Filter::All,
        at_line_start: true,
    };
    let mut out = Vec::new();
    for record in records {
        shape.append(&record, &mut out)?;
    }
    Ok(out)
}

impl Shape {
    fn append(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Result<()> {
        if !self.filter.takes(record.stream) {
            return Ok(());
        }
        match (self.format, record.stream) {
            (Format::Ndjson, _) => {
                serde_json::to_writer(&mut *out, &LogRecord::from(*record)).map_err(std::io::Error::from)?;
                out.push(b'\n');
            }
            (Format::Raw, Stream::System | Stream::Truncated) => {}
            (_, Stream::Stdout | Stream::Stderr) => {
                out.extend_from_slice(record.payload);
                if let Some(last) = record.payload.last() {
                    self.at_line_start = *last == b'\n';
                }
            }
            (Format::Text, Stream::System | Stream::Truncated) => {
                let newline = if self.at_line_start { "" } else { "\n" };
                let sentence = system_text(record).unwrap_or_default();
                writeln!(out, "{newline}[pytask] {sentence}")?;
                self.at_line_start = true;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::super::fixture::Log;
    use super::super::stream;
    use super::*;
    use bytes::Bytes;

    fn log() -> Log {
        let mut log = Log::new();
        log.write(Stream::Stdout, b"out\xff");
        log.write(Stream::Stderr, b"err\n");
        log.write(Stream::Stdout, b"no newline");
        log.write(Stream::System, b"stopped");
        log.write(Stream::Truncated, &5_u64.to_le_bytes());
        log.write(Stream::Stdout, b"end");
        log
    }

    fn export(log: &Log, format: Format, filter: Filter) -> Vec<u8> {
        let mut export = Export::open(log.dir(), format, filter).unwrap();
        let mut all = Vec::new();
        while let Some(piece) = export.next_piece().unwrap() {
            all.extend(piece);
        }
        all
    }

    #[test]
    fn each_format_and_filter() {
        let log = log();
        let only = Filter::Only;
        assert_eq!(
            export(&log, Format::Raw, only(Stream::Stdout)),
            b"out\xffno newlineend"
        );
        assert_eq!(export(&log, Format::Raw, only(Stream::Stderr)), b"err\n");
        assert_eq!(
            export(&log, Format::Raw, Filter::All),
            b"out\xfferr\nno newlineend"
        );
        let text =
            b"out\xfferr\nno newline\n[pytask] stopped\n[pytask] 5 bytes of output are missing here.\nend";
        assert_eq!(export(&log, Format::Text, Filter::All), text);
        let lines = export(&log, Format::Ndjson, only(Stream::System));
        let lines: Vec<LogRecord> = lines
            .split_inclusive(|b| *b == b'\n')
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [4, 5]);
    }

    #[tokio::test]
    async fn a_stream_has_the_same_bytes_in_bounded_pieces() {
        let mut log = Log::new();
        let payload: Vec<u8> = (0..=255).cycle().take(60_000).collect();
        for _ in 0..50 {
            log.write(Stream::Stdout, &payload);
        }
        let export = Export::open(log.dir(), Format::Raw, Filter::All).unwrap();
        let pieces: Vec<Bytes> = stream(export).try_collect().await.unwrap();
        assert!(pieces.iter().all(|piece| piece.len() < PIECE + 65_536));
        assert_eq!(pieces.concat(), payload.repeat(50));
    }

    #[test]
    fn a_range_is_what_it_is_of_the_whole() {
        let log = log();
        for filter in [Filter::All, Filter::Only(Stream::Stdout)] {
            let whole = export(&log, Format::Raw, filter);
            for start in 0..=whole.len() {
                for end in start..=whole.len() {
                    let range = start as u64..end as u64;
                    let mut export = Export::open_range(log.dir(), filter, range).unwrap();
                    let mut got = Vec::new();
                    while let Some(piece) = export.next_piece().unwrap() {
                        got.extend(piece);
                    }
                    assert_eq!(got, whole[start..end], "{start}..{end}");
                }
            }
            let beyond = whole.len() as u64 + 1;
            let mut export = Export::open_range(log.dir(), filter, 0..beyond).unwrap();
            assert!(
                export.next_piece().is_err(),
                "what is promised and not there is no end"
            );
        }
    }

    #[test]
    fn a_range_behind_damage_is_refused_rather_than_another() {
        let mut log = log();
        let before = export(&log, Format::Raw, Filter::All).len() as u64;
        log.append(b"garbage");
        log.write(Stream::Stdout, b"behind");
        let piece = |range| {
            Export::open_range(log.dir(), Filter::All, range)
                .unwrap()
                .next_piece()
        };
        assert_eq!(piece(1..before).unwrap().unwrap().len() as u64, before - 1);
        assert!(piece(before..before + 1).is_err());
        assert!(piece(1..before + 1).is_err());
    }
}
