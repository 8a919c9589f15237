//! The last lines of a log while it is written, a few times a second: for eyes, which need no more of a flood.
//!
//! Costs the same however much is written in between, because only the log's end is read. Where nothing was appended
//! nothing is read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::follow::POLL;
use super::lines::{From, Window, window};
use super::reader::LogFile;
use super::{Error, Filter, Result};
use crate::files::{Watch, Watcher, on_disk};

/// Between two looks.
const PACE: Duration = Duration::from_millis(100);
/// Text of a look, so that long lines ten times a second are no flood themselves. The last line comes whatever it has.
const MOST_TEXT: usize = 128 * 1024;

pub struct EndFollower {
    run_dir: PathBuf,
    filter: Filter,
    lines: u64,
    watch: Watch,
    complete: bool,
    /// Whether there may be something that was not looked at.
    due: bool,
    not_before: Instant,
    /// Length of the log when it was last told of.
    told: Option<u64>,
}

impl EndFollower {
    pub fn new(watcher: &Watcher, run_dir: &Path, filter: Filter, lines: u64) -> Self {
        Self {
            run_dir: run_dir.to_owned(),
            filter,
            lines,
            watch: watcher.subscribe(run_dir),
            complete: false,
            due: true,
            not_before: Instant::now(),
            told: None,
        }
    }

    /// Nothing will be appended any more: [`EndFollower::next`] tells what is there now, once more if need be, and ends.
    pub fn complete(&mut self) {
        self.complete = true;
        self.due = true;
        self.told = None;
    }

    /// The end as it is now, once it is another one than last time; `None` when the log is complete and its end was told.
    /// May be cancelled without loss.
    pub async fn next(&mut self) -> Result<Option<Window>> {
        loop {
            if self.due {
                sleep_until(self.not_before).await;
                let began_complete = self.complete;
                let found = self.read().await?;
                self.not_before = Instant::now() + PACE;
                self.due = false;
                match found {
                    Some(window) => {
                        self.told = Some(window.bytes);
                        self.due = began_complete;
                        return Ok(Some(window));
                    }
                    None if began_complete => return Ok(None),
                    None => {}
                }
            }
            let _ = timeout(POLL, self.watch.changed()).await;
            self.due = true;
        }
    }

    /// `None`: as it was told already.
    async fn read(&self) -> Result<Option<Window>> {
        let (run_dir, filter, lines, told) = (self.run_dir.clone(), self.filter, self.lines, self.told);
        on_disk(move || {
            let length = match LogFile::open(&run_dir) {
                Err(Error::NotFound) => 0,
                log => log?.len()?,
            };
            if told == Some(length) {
                return Ok(None);
            }
            let mut end = window(&run_dir, filter, From::End, lines)?;
            end.keep_end(MOST_TEXT);
            Ok(Some(end))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::super::Stream;
    use super::super::fixture::Log;
    use super::*;

    async fn next(end: &mut EndFollower) -> Option<Window> {
        let next = timeout(Duration::from_secs(20), end.next());
        next.await.expect("it came in time").expect("it can be read")
    }

    #[tokio::test]
    async fn the_end_is_told_as_it_grows_and_once_more_when_it_is_complete() {
        let mut log = Log::new();
        let mut end = EndFollower::new(&Watcher::start().unwrap(), log.dir(), Filter::All, 2);
        assert_eq!(next(&mut end).await.map(|window| window.total), Some(0));
        for number in 1..=3_u64 {
            log.write(Stream::Stdout, format!("line {number}\n").as_bytes());
            let window = next(&mut end).await.expect("news");
            assert_eq!(window.total, number);
            assert_eq!(
                window.lines.last().map(|line| line.text.clone()),
                Some(format!("line {number}"))
            );
            assert!(window.lines.len() <= 2);
        }
        log.write(Stream::Stdout, b"the last\n");
        end.complete();
        assert_eq!(next(&mut end).await.map(|window| window.total), Some(4));
        assert_eq!(next(&mut end).await, None);
    }

    #[tokio::test]
    async fn of_long_lines_only_the_last_are_told() {
        let mut log = Log::new();
        for letter in b'a'..=b'z' {
            log.write(Stream::Stdout, &[&[letter; 50_000][..], b"\n"].concat());
        }
        let mut end = EndFollower::new(&Watcher::start().unwrap(), log.dir(), Filter::All, 20);
        let window = next(&mut end).await.expect("an end");
        assert_eq!((window.total, window.first, window.lines.len()), (26, 19, 8));
        assert!(window.lines[0].text.starts_with('s'));
    }

    #[tokio::test]
    async fn a_flood_is_told_of_at_a_pace() {
        let mut log = Log::new();
        let mut end = EndFollower::new(&Watcher::start().unwrap(), log.dir(), Filter::All, 5);
        let start = Instant::now();
        let mut looks = 0_u32;
        while start.elapsed() < PACE * 5 {
            for _ in 0..20 {
                log.write(Stream::Stdout, &b"0123456789\n".repeat(1000));
            }
            next(&mut end).await.expect("news");
            looks += 1;
        }
        assert!(looks <= 7, "{looks} in half a second");
    }
}
