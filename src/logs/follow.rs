//! Following a log while it is written: batches of records as they come, until it is complete.
//!
//! Nothing is read before the consumer asks, so a slow consumer costs its own delay and no memory: it goes on from the
//! file where it stopped. Each follower reads for itself; they share only wake-ups.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::index::Index;
use super::reader::{Item, Records};
use super::{Error, OwnedRecord, Result};
use crate::files::{Watch, Watcher};

/// Records are collected up to about this many bytes (at least one record is).
const BATCH_BYTES: usize = 192 * 1024;
/// Per record, so that a batch of very short ones stays small, too.
const RECORD_COST: usize = 64;
/// Wake-ups are hints: at the latest after this long the file is looked at again.
pub(super) const POLL: Duration = Duration::from_secs(1);

pub struct Follower {
    run_dir: PathBuf,
    watch: Watch,
    complete: bool,
    reading: Reading,
}

enum Reading {
    Idle(Cursor),
    /// A read under way. It is kept here, not in `next`'s own state: whoever cancels `next` loses nothing.
    Busy {
        read: JoinHandle<(Cursor, Result<Vec<OwnedRecord>>)>,
        began_complete: bool,
    },
    /// A read panicked or the runtime is shutting down.
    Lost,
}

/// Where a follower is.
struct Cursor {
    records: Option<Records>,
    after_seq: u64,
}

impl Follower {
    /// Follows the log of a run directory (neither need exist yet), beginning with the first record whose sequence number is
    /// above `after_seq`.
    pub fn new(watcher: &Watcher, run_dir: &Path, after_seq: u64) -> Self {
        Self {
            run_dir: run_dir.to_owned(),
            watch: watcher.subscribe(run_dir),
            complete: false,
            reading: Reading::Idle(Cursor {
                records: None,
                after_seq,
            }),
        }
    }

    /// Nothing will be appended any more: [`Follower::next`] ends after what is there now.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// The next records, never an empty batch, in order and each once; `None` when the log is complete and all of it has been
    /// given. Waits for new ones. May be cancelled (in a `select!`) without loss.
    pub async fn next(&mut self) -> Result<Option<Vec<OwnedRecord>>> {
        loop {
            let (batch, began_complete) = self.read().await?;
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
            if began_complete {
                return Ok(None);
            }
            // Completed meanwhile: one more look, at what came in between.
            if !self.complete {
                let _ = tokio::time::timeout(POLL, self.watch.changed()).await;
            }
        }
    }

    /// A batch, perhaps empty, and whether the log was complete before it was read.
    async fn read(&mut self) -> Result<(Vec<OwnedRecord>, bool)> {
        if let Reading::Idle(_) = self.reading
            && let Reading::Idle(mut cursor) = std::mem::replace(&mut self.reading, Reading::Lost)
        {
            let run_dir = self.run_dir.clone();
            let read = tokio::task::spawn_blocking(move || {
                let batch = cursor.batch(&run_dir);
                (cursor, batch)
            });
            self.reading = Reading::Busy {
                read,
                began_complete: self.complete,
            };
        }
        let Reading::Busy { read, began_complete } = &mut self.reading else {
            return Err(io::Error::other("an earlier read was lost").into());
        };
        let began_complete = *began_complete;
        let done = read.await;
        self.reading = Reading::Lost;
        let (cursor, batch) = done.map_err(io::Error::other)?;
        self.reading = Reading::Idle(cursor);
        Ok((batch?, began_complete))
    }
}

impl Cursor {
    fn batch(&mut self, run_dir: &Path) -> Result<Vec<OwnedRecord>> {
        let records = match &mut self.records {
            Some(records) => records,
            none => match Index::load(run_dir) {
                Err(Error::NotFound) => return Ok(Vec::new()),
                loaded => {
                    let (log, index) = loaded?;
                    // Whoever comes back late does not read what it has.
                    let had = index.last_where(|mark| mark.seq <= self.after_seq);
                    none.insert(log.records_from(index.marks()[had].offset))
                }
            },
        };
        let (mut batch, mut cost) = (Vec::new(), 0);
        while cost < BATCH_BYTES {
            match records.next()? {
                None => break,
                Some(Item::Damaged { offset, bytes }) => {
                    tracing::warn!(run_dir = %run_dir.display(), offset, bytes, "a part of a log is damaged");
                }
                // A number that was had already can only come from damage.
                Some(Item::Record { record, .. }) if record.seq > self.after_seq => {
                    self.after_seq = record.seq;
                    cost += record.payload.len() + RECORD_COST;
                    batch.push(record.to_owned());
                }
                Some(Item::Record { .. }) => {}
            }
        }
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Instant;

    use super::super::Stream;
    use super::super::fixture::Log;
    use super::*;

    /// A small generator; the seed is fixed so that a failure repeats.
    struct Random(u64);
    impl Random {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n
        }
    }

    fn payload(seq: u64) -> Vec<u8> {
        let len = if seq.is_multiple_of(97) {
            65_536
        } else {
            seq * 31 % 300
        };
        (0..len).map(|i| (seq + i) as u8).collect()
    }

    /// Appends records 1..=count, torn at random places, while others read.
    fn write_torn(dir: &Path, count: u64) {
        let mut file = Log::open(dir);
        let mut random = Random(1);
        let mut pending = Vec::new();
        for seq in 1..=count {
            let stream = if seq % 3 == 0 {
                Stream::Stderr
            } else {
                Stream::Stdout
            };
            Log::encode_into(seq, stream, &payload(seq), &mut pending);
            while random.below(4) > 0 && !pending.is_empty() {
                let cut = 1 + random.below(pending.len() as u64) as usize;
                file.write_all(&pending[..cut]).unwrap();
                pending.drain(..cut);
                if random.below(50) == 0 {
                    std::thread::yield_now();
                }
            }
        }
        file.write_all(&pending).unwrap();
    }

    /// Takes records until `last` has come, then to the end.
    async fn follow(mut follower: Follower, last: u64, pause: Duration) -> Vec<u64> {
        let mut seqs = Vec::new();
        while let Some(batch) = follower.next().await.unwrap() {
            let bytes: usize = batch
                .iter()
                .map(|record| record.payload.len() + RECORD_COST)
                .sum();
            assert!(bytes < BATCH_BYTES + 65_536 + RECORD_COST);
            for record in batch {
                assert_eq!(record.payload, payload(record.seq));
                seqs.push(record.seq);
            }
            if seqs.last() == Some(&last) {
                follower.complete();
            }
            tokio::time::sleep(pause).await;
        }
        seqs
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_record_comes_once_in_order_to_fast_slow_and_late_followers() {
        let temp = tempfile::tempdir().unwrap();
        let watcher = Watcher::start().unwrap();
        let count = 20_000;
        let follower = |after| Follower::new(&watcher, temp.path(), after);
        let fast = tokio::spawn(follow(follower(0), count, Duration::ZERO));
        let slow = tokio::spawn(follow(follower(0), count, Duration::from_millis(5)));
        let late = tokio::spawn(follow(follower(15_000), count, Duration::ZERO));
        let dir = temp.path().to_owned();
        let writer = tokio::task::spawn_blocking(move || write_torn(&dir, count));
        writer.await.unwrap();
        assert_eq!(fast.await.unwrap(), (1..=count).collect::<Vec<_>>());
        assert_eq!(slow.await.unwrap(), (1..=count).collect::<Vec<_>>());
        assert_eq!(late.await.unwrap(), (15_001..=count).collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn cancelling_at_any_moment_loses_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let watcher = Watcher::start().unwrap();
        let mut follower = Follower::new(&watcher, temp.path(), 0);
        let dir = temp.path().to_owned();
        let count = 3_000;
        let writer = tokio::task::spawn_blocking(move || write_torn(&dir, count));
        let mut seqs = Vec::new();
        let mut random = Random(2);
        while seqs.last() != Some(&count) {
            let patience = Duration::from_micros(random.below(200));
            if let Ok(batch) = tokio::time::timeout(patience, follower.next()).await {
                seqs.extend(batch.unwrap().unwrap().iter().map(|record| record.seq));
            }
        }
        writer.await.unwrap();
        assert_eq!(seqs, (1..=count).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_complete_log_ends_even_if_it_was_never_written() {
        let temp = tempfile::tempdir().unwrap();
        let watcher = Watcher::start().unwrap();
        let mut follower = Follower::new(&watcher, &temp.path().join("never"), 0);
        follower.complete();
        assert_eq!(follower.next().await.unwrap(), None);
        assert_eq!(follower.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_came_before_completion_is_still_given() {
        let mut log = Log::new();
        let watcher = Watcher::start().unwrap();
        let mut follower = Follower::new(&watcher, log.dir(), 0);
        let waiting = tokio::time::timeout(Duration::from_millis(50), follower.next()).await;
        assert!(waiting.is_err());
        log.write(Stream::Stdout, b"last words");
        log.append(&Log::encode(2, Stream::Stdout, b"torn")[..41]);
        follower.complete();
        assert_eq!(follower.next().await.unwrap().unwrap()[0].payload, b"last words");
        assert_eq!(follower.next().await.unwrap(), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_line_arrives_soon_after_it_is_written() {
        let mut log = Log::new();
        let watcher = Watcher::start().unwrap();
        let mut follower = Follower::new(&watcher, log.dir(), 0);
        let mut delays = Vec::new();
        for _ in 0..50 {
            let start = Instant::now();
            log.write(Stream::Stdout, b"tick\n");
            assert_eq!(follower.next().await.unwrap().unwrap().len(), 1);
            delays.push(start.elapsed());
        }
        delays.sort();
        println!("write to record: median {:?}, worst {:?}", delays[25], delays[49]);
        assert!(
            delays[25] < POLL / 2,
            "records come by polling only: {:?}",
            delays[25]
        );
    }
}
