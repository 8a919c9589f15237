//! What the run's container uses, written down again and again while the script runs; and the peaks that were seen.
//!
//! Invariants: whole records at multiples of their length, whatever the disk does; a sample that cannot be measured
//! or written never disturbs the run. Nothing is synced: samples are for looking at, not facts. Times are arguments;
//! when a sample is due is the protocol's decision. Knows no processes and no pipes.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pytask_protocol::{SAMPLES_FILE, Sample};

use crate::cgroup::{Cgroup, Gauges};
use crate::log::Moment;
use crate::tmp::Tmp;

/// A disk that refused a sample is left alone for so long. What happens meanwhile still counts for the peaks.
const WRITE_AGAIN_US: u64 = 10_000_000;

/// The largest figures in any sample; `None` where there was none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Peaks {
    pub pids: Option<u32>,
    pub tmp_bytes: Option<u64>,
}

pub(crate) struct Samples {
    records: Records,
    gauges: Option<Gauges>,
    cpu_us_before: u64,
    tmp: Option<Tmp>,
    started: Moment,
    due_at: u64,
    peaks: Peaks,
}

impl Samples {
    /// For a process started at `started`, when the container had used `cpu_us_before`. The first one is due at once.
    pub(crate) fn new(dir: &Path, cgroup: Option<&Cgroup>, cpu_us_before: u64, started: Moment) -> Samples {
        Samples {
            records: Records::new(dir.join(SAMPLES_FILE)),
            gauges: cgroup.map(Gauges::open),
            cpu_us_before,
            tmp: Tmp::find(),
            started,
            due_at: started.mono_us,
            peaks: Peaks::default(),
        }
    }

    /// Takes a sample if it is time for one.
    pub(crate) fn take_if_due(&mut self, now: Moment) {
        if now.mono_us >= self.due_at {
            self.take(now);
        }
    }

    /// When [`Samples::take_if_due`] has to be asked again at the latest.
    pub(crate) fn next(&self) -> u64 {
        self.due_at
    }

    /// Takes a sample, due or not.
    pub(crate) fn take(&mut self, now: Moment) {
        let elapsed = Duration::from_micros(now.mono_us.saturating_sub(self.started.mono_us));
        let interval_us = Sample::interval(elapsed).as_micros();
        self.due_at = now
            .mono_us
            .saturating_add(u64::try_from(interval_us).unwrap_or(u64::MAX));
        let reading = self.gauges.as_mut().map(Gauges::read).unwrap_or_default();
        self.peaks.pids = self.peaks.pids.max(reading.pids);
        let tmp_bytes = self.tmp.as_ref().and_then(Tmp::used);
        self.peaks.tmp_bytes = self.peaks.tmp_bytes.max(tmp_bytes);
        let sample = Sample {
            at_ms: now.wall_us / 1_000,
            elapsed_ms: elapsed.as_millis().try_into().unwrap_or(u64::MAX),
            memory_bytes: reading.memory_bytes.unwrap_or_default(),
            cpu_us: reading
                .cpu_us
                .map_or(0, |cpu_us| cpu_us.saturating_sub(self.cpu_us_before)),
            pids: reading.pids.unwrap_or_default(),
        };
        self.records.append(&sample, now.mono_us);
    }

    pub(crate) fn peaks(&self) -> Peaks {
        self.peaks
    }
}

/// The file, made with its first record.
struct Records {
    path: PathBuf,
    file: Option<File>,
    /// Length of the file's whole records: where the next one goes, over what a full disk took of the last try.
    length: u64,
    /// Until when the disk is left alone.
    again_at: u64,
}

impl Records {
    fn new(path: PathBuf) -> Records {
        Records {
            path,
            file: None,
            length: 0,
            again_at: 0,
        }
    }

    fn append(&mut self, sample: &Sample, now_us: u64) {
        if now_us < self.again_at {
            return;
        }
        match self.try_append(sample) {
            Ok(()) => self.length += Sample::LEN as u64,
            Err(_) => self.again_at = now_us.saturating_add(WRITE_AGAIN_US),
        }
    }

    fn try_append(&mut self, sample: &Sample) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(create(&self.path)?),
        };
        file.write_all_at(&sample.encode(), self.length)
    }
}

/// A new file that only we can read; not in append mode, in which the kernel would ignore the place of a record.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment {
            wall_us: 1_700_000_000_000_000,
            mono_us: seconds * 1_000_000,
        }
    }

    fn elapsed(dir: &Path) -> Vec<u64> {
        let file = fs::read(dir.join(SAMPLES_FILE)).expect("the samples are there");
        assert_eq!(file.len() % Sample::LEN, 0, "whole records");
        Sample::all_in(&file).map(|sample| sample.elapsed_ms).collect()
    }

    #[test]
    fn a_sample_is_taken_when_it_is_due_and_when_it_is_wanted() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut samples = Samples::new(dir.path(), None, 0, at(100));
        for late in [100, 100, 101] {
            samples.take_if_due(at(late));
        }
        assert_eq!(samples.next(), at(101).mono_us + 250_000);
        samples.take_if_due(at(100 + 5_120));
        assert_eq!(samples.next(), at(100 + 5_120 + 10).mono_us);
        samples.take(at(100 + 5_121));
        assert_eq!(elapsed(dir.path()), [0, 1_000, 5_120_000, 5_121_000]);
        assert_eq!(samples.peaks().pids, None, "nothing was read, nothing is guessed");
    }

    #[test]
    fn a_refused_sample_is_lost_and_another_is_tried_later() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let place = dir.path().join("later");
        let mut samples = Samples::new(&place, None, 0, at(0));
        samples.take(at(0));
        fs::create_dir(&place).expect("create");
        samples.take(at(9));
        assert!(!place.join(SAMPLES_FILE).exists(), "not so soon");
        samples.take(at(10));
        samples.take(at(11));
        assert_eq!(elapsed(&place), [10_000, 11_000]);
    }

    #[test]
    fn a_record_that_was_taken_in_part_is_written_over() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut samples = Samples::new(dir.path(), None, 0, at(0));
        samples.take(at(0));
        let file = OpenOptions::new()
            .append(true)
            .open(dir.path().join(SAMPLES_FILE));
        let torn = [1; 17];
        assert_eq!(
            io::Write::write(&mut file.expect("there"), &torn).expect("written"),
            17
        );
        samples.take(at(1));
        assert_eq!(elapsed(dir.path()), [0, 1_000]);
    }

    #[test]
    fn what_is_there_already_is_not_followed() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let elsewhere = dir.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, dir.path().join(SAMPLES_FILE)).expect("a link");
        Samples::new(dir.path(), None, 0, at(0)).take(at(0));
        assert!(!elsewhere.exists());
    }
}
