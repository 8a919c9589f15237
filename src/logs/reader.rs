//! One pass over a log's records, with a bounded buffer.
//!
//! [`Records::next`] answers a record, a damaged stretch, or the end *for now*: asked again later it goes on with
//! whatever was appended. A record that is not whole yet (the torn tail) is the end for now.

use std::path::Path;

use pytask_protocol::frame::{Decoded, Record, Stream, decode};

use super::Result;
use super::source::{Got, Source};

/// Read at a time: little where little comes (a live log), more as long as there is more.
const SHORTEST_READ: usize = 16 * 1024;
const LONGEST_READ: usize = 256 * 1024;

/// An open log, packed or not.
#[derive(Debug)]
pub struct LogFile(Source);

/// What stands at an offset of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    Record {
        offset: u64,
        record: Record<'a>,
    },
    /// No records can be read in these bytes; how many are lost shows in the sequence numbers.
    Damaged {
        offset: u64,
        bytes: u64,
    },
}

impl LogFile {
    /// The log in a run directory.
    pub fn open(run_dir: &Path) -> Result<Self> {
        Source::open(run_dir).map(Self)
    }

    pub(super) fn of(source: Source) -> Self {
        Self(source)
    }

    pub(super) fn into_source(self) -> Source {
        self.0
    }

    /// Bytes of the log, now. All offsets are offsets of these, also of a packed log.
    pub fn len(&self) -> Result<u64> {
        self.0.length()
    }

    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// All records from `offset` on, which is 0 or where a record begins. (From anywhere else the reader finds the
    /// next record, but a script's output that looks like a record can fool it.)
    pub fn records_from(self, offset: u64) -> Records {
        Records {
            log: self,
            offset,
            buffer: Vec::new(),
            start: 0,
            next_read: SHORTEST_READ,
        }
    }
}

#[derive(Debug)]
pub struct Records {
    log: LogFile,
    /// In the file, of `buffer[start]`.
    offset: u64,
    /// At most one unfinished record and the longest read.
    buffer: Vec<u8>,
    start: usize,
    next_read: usize,
}

/// A record apart from its payload, which stays in the buffer.
struct Found {
    seq: u64,
    wall_us: i64,
    mono_us: u64,
    stream: Stream,
    length: usize,
}

impl Records {
    /// Where the next item begins. A good place for [`LogFile::records_from`] later.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    pub fn into_log(self) -> LogFile {
        self.log
    }

    /// The next item; `None` at the end for now.
    // Lends its buffer, which `Iterator` cannot.
    #[expect(clippy::should_implement_trait, reason = "a lending iterator")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>> {
        let mut damaged = 0;
        loop {
            let unread = self.buffer.get(self.start..).unwrap_or_default();
            let step = if unread.is_empty() {
                Decoded::NeedMore
            } else {
                decode(unread)
            };
            match step {
                // First what is damaged, then the record, which is decoded again: damage is rare.
                Decoded::Record { .. } if damaged > 0 => {
                    return Ok(Some(self.damage(damaged)));
                }
                Decoded::Record { record, consumed } => {
                    let Record {
                        seq,
                        wall_us,
                        mono_us,
                        stream,
                        payload,
                    } = record;
                    let found = Found {
                        seq,
                        wall_us,
                        mono_us,
                        stream,
                        length: payload.len(),
                    };
                    return Ok(Some(self.take(found, consumed)));
                }
                Decoded::Damaged { skip } => {
                    damaged += skip as u64;
                    self.advance(skip);
                }
                Decoded::NeedMore => match self.fill()? {
                    Got::Bytes(0) => return Ok((damaged > 0).then(|| self.damage(damaged))),
                    Got::Bytes(_) => {}
                    Got::Lost(bytes) => {
                        // What the rest of a record is missing of is lost with it.
                        let unread = self.buffer.len() as u64;
                        self.buffer.clear();
                        self.offset += unread + bytes;
                        damaged += unread + bytes;
                    }
                },
            }
        }
    }

    fn take(&mut self, found: Found, consumed: usize) -> Item<'_> {
        let offset = self.offset;
        self.advance(consumed);
        let Found {
            seq,
            wall_us,
            mono_us,
            stream,
            length,
        } = found;
        let payload = self
            .buffer
            .get(self.start - length..self.start)
            .unwrap_or_default();
        Item::Record {
            offset,
            record: Record {
                seq,
                wall_us,
                mono_us,
                stream,
                payload,
            },
        }
    }

    /// `bytes` before here.
    fn damage(&self, bytes: u64) -> Item<'static> {
        Item::Damaged {
            offset: self.offset - bytes,
            bytes,
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Reads on behind what the buffer holds, which then begins with what is unread.
    fn fill(&mut self) -> Result<Got> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let held = self.buffer.len();
        self.buffer.resize(held + self.next_read, 0);
        let read = self
            .log
            .0
            .read_at(&mut self.buffer[held..], self.offset + held as u64);
        let got = match read {
            Ok(Got::Bytes(bytes)) => bytes,
            _ => 0,
        };
        self.buffer.truncate(held + got);
        if got == self.next_read {
            self.next_read = (self.next_read * 4).min(LONGEST_READ);
        } else {
            self.next_read = SHORTEST_READ;
            // An idle reader holds no long buffer.
            self.buffer.shrink_to(held + got.max(SHORTEST_READ));
        }
        Ok(read?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Log, read_all};
    use super::super::{ErrorKind, Stream};
    use super::*;
    use pytask_protocol::LOG_FILE;
    use rustix::fs::Mode;

    fn seqs(items: &[(u64, Vec<u8>)]) -> Vec<u64> {
        items.iter().map(|(seq, _)| *seq).collect()
    }

    #[test]
    fn records_are_read_whatever_their_size() {
        let mut log = Log::new();
        let sizes = [0, 1, 65_536, 65_536, 65_536, 65_536, 17, 65_535, 0, 3];
        for (i, size) in sizes.iter().enumerate() {
            log.write(Stream::Stdout, &vec![i as u8; *size]);
        }
        let (records, damaged) = read_all(log.dir());
        assert_eq!(
            records
                .iter()
                .map(|(_, payload)| payload.len())
                .collect::<Vec<_>>(),
            sizes
        );
        assert!(
            records
                .iter()
                .enumerate()
                .all(|(i, (_, payload))| payload.iter().all(|b| *b == i as u8))
        );
        assert_eq!(damaged, 0);
    }

    #[test]
    fn a_torn_record_is_the_end_until_its_rest_arrives() {
        let whole = Log::encode(2, Stream::Stderr, b"second");
        for cut in 0..whole.len() {
            let mut log = Log::new();
            log.write(Stream::Stdout, b"first");
            log.append(&whole[..cut]);
            let mut records = LogFile::open(log.dir()).unwrap().records_from(0);
            assert!(matches!(
                records.next().unwrap(),
                Some(Item::Record { offset: 0, .. })
            ));
            let end = records.offset();
            assert_eq!(records.next().unwrap(), None, "cut at {cut}");
            assert_eq!(records.offset(), end);
            log.append(&whole[cut..]);
            let Some(Item::Record { offset, record }) = records.next().unwrap() else {
                panic!("cut at {cut}")
            };
            assert_eq!((offset, record.seq, record.payload), (end, 2, &b"second"[..]));
        }
    }

    #[test]
    fn damage_costs_only_the_record_it_is_in() {
        let mut log = Log::new();
        for i in 0..200 {
            log.write(Stream::Stdout, &vec![b'x'; i * 37]);
        }
        let clean = log.bytes();
        let mut starts = Vec::new();
        let mut records = LogFile::open(log.dir()).unwrap().records_from(0);
        while let Some(Item::Record { offset, .. }) = records.next().unwrap() {
            starts.push(offset as usize);
        }
        for (i, start) in starts.iter().enumerate().step_by(31) {
            for at in [0, 5, 10, 13, 20, 39, 45] {
                if i + 1 == starts.len() || start + at >= starts[i + 1] {
                    continue;
                }
                let mut bytes = clean.clone();
                bytes[start + at] ^= 0x10;
                log.replace(&bytes);
                let (records, damaged) = read_all(log.dir());
                let expected: Vec<u64> = (1..=200).filter(|seq| *seq != i as u64 + 1).collect();
                assert_eq!(seqs(&records), expected, "record {i}, byte {at}");
                assert_eq!(damaged, (starts[i + 1] - start) as u64);
            }
        }
    }

    #[test]
    fn garbage_is_one_damaged_stretch() {
        let mut log = Log::new();
        log.write(Stream::Stdout, b"a");
        log.append(&vec![0xF5; 700_000]);
        log.write(Stream::Stdout, b"b");
        let mut records = LogFile::open(log.dir()).unwrap().records_from(0);
        let mut kinds = Vec::new();
        while let Some(item) = records.next().unwrap() {
            kinds.push(match item {
                Item::Record { record, .. } => record.seq,
                Item::Damaged { bytes, .. } => bytes,
            });
        }
        assert_eq!(kinds, [1, 700_000, 2]);
    }

    #[test]
    fn only_a_plain_file_is_a_log() {
        let kind = |dir: &Path| LogFile::open(dir).unwrap_err().kind();
        let temp = tempfile::tempdir().unwrap();
        let log = temp.path().join(LOG_FILE);
        assert_eq!(kind(temp.path()), ErrorKind::NotFound);
        std::fs::write(temp.path().join("other"), "").unwrap();
        std::os::unix::fs::symlink("other", &log).unwrap();
        assert_eq!(kind(temp.path()), ErrorKind::Unsafe);
        std::fs::remove_file(&log).unwrap();
        std::fs::hard_link(temp.path().join("other"), &log).unwrap();
        assert_eq!(kind(temp.path()), ErrorKind::Unsafe);
        std::fs::remove_file(&log).unwrap();
        std::fs::create_dir(&log).unwrap();
        assert_eq!(kind(temp.path()), ErrorKind::Unsafe);
        std::fs::remove_dir(&log).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &log, fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(kind(temp.path()), ErrorKind::Unsafe);
    }

    #[test]
    fn a_large_log_is_read_at_the_speed_of_memory() {
        let mut log = Log::new();
        let line = [b'x'; 99];
        // 104 MB; less where nothing is optimised.
        let wanted = if cfg!(debug_assertions) { 75_000 } else { 750_000 };
        let mut bytes = Vec::new();
        for seq in 1..=wanted {
            Log::encode_into(seq, Stream::Stdout, &line, &mut bytes);
        }
        log.append(&bytes);
        let start = std::time::Instant::now();
        let mut records = LogFile::open(log.dir()).unwrap().records_from(0);
        let mut count = 0;
        while records.next().unwrap().is_some() {
            count += 1;
        }
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(count, wanted);
        let megabytes = bytes.len() as f64 / 1e6;
        println!(
            "{megabytes:.0} MB in {count} records read in {seconds:.3} s: {:.0} MB/s",
            megabytes / seconds
        );
    }
}
