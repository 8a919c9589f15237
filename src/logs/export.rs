//! A log as a download, in pieces, at the reader's pace.

use std::io::Write;
use std::path::Path;

use bytes::Bytes;
use futures_util::stream::{self, Stream as AsyncStream};

use super::reader::{Item, LogFile, Records};
use super::text::{LogRecord, system_text};
use super::{Error, Filter, Record, Result, Stream};

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
        })
    }

    /// The next bytes; `None` at the end.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>> {
        let mut piece = Vec::new();
        while piece.len() < PIECE {
            match self.records.next()? {
                None => break,
                Some(Item::Damaged { .. }) => {}
                Some(Item::Record { record, .. }) => self.shape.append(&record, &mut piece)?,
            }
        }
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// For a response body: reads from disk only as the client takes.
    pub fn into_stream(self) -> impl AsyncStream<Item = Result<Bytes>> + Send + 'static {
        stream::try_unfold(self, |mut export| async {
            let read = tokio::task::spawn_blocking(move || export.next_piece().map(|piece| (piece, export)));
            let (piece, export) = read.await.map_err(std::io::Error::other)??;
            Ok::<_, Error>(piece.map(|piece| (Bytes::from(piece), export)))
        })
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
    use super::*;

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
        let stream = Export::open(log.dir(), Format::Raw, Filter::All)
            .unwrap()
            .into_stream();
        let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
        assert!(pieces.iter().all(|piece| piece.len() < PIECE + 65_536));
        assert_eq!(pieces.concat(), payload.repeat(50));
    }
}
