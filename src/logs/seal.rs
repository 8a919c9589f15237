//! A log's end: the torn tail cut, everything on disk, counted.

use std::path::Path;

use pytask_protocol::LOG_FILE;
use pytask_protocol::frame::{HEADER_LEN, Stream};
use rustix::fs::{CWD, OFlags};

use super::reader::{Item, LogFile, Records};
use super::source::{Source, open_plain};
use super::{Error, Result};

/// What a log holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes of the script's output in the log.
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    /// Bytes of the script's output that were left out, as far as the log's markers tell.
    pub dropped_bytes: u64,
    pub records: u64,
    pub last_seq: u64,
    /// Bytes of the file in which no records can be read.
    pub damaged_bytes: u64,
}

impl Summary {
    /// Of the log itself, but for the product's own sentences and what is damaged.
    pub fn log_bytes(&self) -> u64 {
        let headers = self.records.saturating_mul(HEADER_LEN as u64);
        self.stdout_bytes
            .saturating_add(self.stderr_bytes)
            .saturating_add(headers)
    }
}

/// Of the log as it is now; all zero if there is none.
pub fn summary(run_dir: &Path) -> Result<Summary> {
    match LogFile::open(run_dir) {
        Err(Error::NotFound) => Ok(Summary::default()),
        log => Ok(count(&mut log?.records_from(0))?),
    }
}

/// Cuts what is left of a record that was never finished, syncs, and counts. For a log that nobody writes any more;
/// safe to repeat, also when the log has been packed since. A run without a log has an empty one.
pub fn seal(run_dir: &Path) -> Result<Summary> {
    let log = match open_plain(CWD, &run_dir.join(LOG_FILE), OFlags::RDWR) {
        Err(Error::NotFound) => return summary(run_dir),
        other => LogFile::of(Source::Plain(other?)),
    };
    let mut records = log.records_from(0);
    let summary = count(&mut records)?;
    let end = records.offset();
    if let Source::Plain(file) = records.into_log().into_source() {
        if file.metadata()?.len() > end {
            file.set_len(end)?;
        }
        file.sync_all()?;
    }
    Ok(summary)
}

fn count(records: &mut Records) -> Result<Summary> {
    let mut summary = Summary::default();
    while let Some(item) = records.next()? {
        match item {
            Item::Damaged { bytes, .. } => summary.damaged_bytes += bytes,
            Item::Record { record, .. } => {
                summary.records += 1;
                summary.last_seq = summary.last_seq.max(record.seq);
                let bytes = record.payload.len() as u64;
                match record.stream {
                    Stream::Stdout => summary.stdout_bytes += bytes,
                    Stream::Stderr => summary.stderr_bytes += bytes,
                    Stream::System => {}
                    Stream::Truncated => {
                        let dropped = record.dropped_bytes().unwrap_or(0);
                        summary.dropped_bytes = summary.dropped_bytes.saturating_add(dropped);
                    }
                }
            }
        }
    }
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Log;
    use super::*;

    #[test]
    fn a_torn_tail_is_cut_and_the_rest_counted() {
        let mut log = Log::new();
        log.write(Stream::Stdout, b"12345");
        log.write(Stream::Stderr, b"123");
        log.write(Stream::System, b"the log is full");
        log.write(Stream::Truncated, &1000_u64.to_le_bytes());
        log.write(Stream::Stdout, b"67");
        let whole = log.bytes();
        let expected = Summary {
            stdout_bytes: 7,
            stderr_bytes: 3,
            dropped_bytes: 1000,
            records: 5,
            last_seq: 5,
            damaged_bytes: 0,
        };
        let next = Log::encode(6, Stream::Stdout, b"torn");
        for cut in 0..next.len() {
            log.replace(&whole);
            log.append(&next[..cut]);
            assert_eq!(seal(log.dir()).unwrap(), expected, "cut at {cut}");
            assert_eq!(log.bytes(), whole);
            assert_eq!(seal(log.dir()).unwrap(), expected);
        }
        assert_eq!(summary(log.dir()).unwrap(), expected);
    }

    #[test]
    fn damage_stays_where_it_is() {
        let mut log = Log::new();
        log.write(Stream::Stdout, b"a");
        log.append(b"garbage");
        let before = log.bytes();
        assert_eq!(seal(log.dir()).unwrap().damaged_bytes, 7);
        assert_eq!(log.bytes(), before);
    }

    #[test]
    fn no_log_is_an_empty_log() {
        let temp = tempfile::tempdir().unwrap();
        assert_eq!(seal(temp.path()).unwrap(), Summary::default());
        assert_eq!(summary(temp.path()).unwrap(), Summary::default());
    }
}
