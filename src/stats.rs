//! What a run used while it went on: the supervisor's samples, read from the run directory.
//!
//! One writer, in the run's own container; however many people watch, nobody asks the engine. The file is untrusted:
//! damaged records are passed over, and no more is read than a run of the longest kind can have written. Knows no runs
//! and no cgroups.

use std::io::{self, Read, Seek, SeekFrom};

use jiff::Timestamp;
use pytask_protocol::{SAMPLES_FILE, Sample};
use serde::Serialize;
use utoipa::ToSchema;

use crate::files::{self, ErrorKind, Folder, RelPath};

/// Several times what a run of thirty days has.
const MOST_BYTES: u64 = 1024 * 1024;

/// One moment of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatsPoint {
    pub at: Timestamp,
    /// Since the script's start, by a clock that nobody can set.
    pub elapsed_ms: u64,
    /// Held at this moment, without what could simply be dropped.
    pub memory_bytes: u64,
    /// CPU time since the start, of everything in the container.
    pub cpu_ms: u64,
    /// Processes and threads.
    pub pids: u32,
}

impl From<Sample> for StatsPoint {
    fn from(sample: Sample) -> Self {
        Self {
            at: Timestamp::from_millisecond(sample.at_ms).unwrap_or(Timestamp::UNIX_EPOCH),
            elapsed_ms: sample.elapsed_ms,
            memory_bytes: sample.memory_bytes,
            cpu_ms: sample.cpu_us / 1_000,
            pids: sample.pids,
        }
    }
}

/// Reads on where it was. A run that has not begun, or is older than samples, has none.
pub struct Samples {
    folder: Folder,
    offset: u64,
}

impl Samples {
    /// In a run directory.
    pub fn of(folder: Folder) -> Self {
        Self { folder, offset: 0 }
    }

    /// What has come since the last call.
    pub fn read_on(&mut self) -> files::Result<Vec<Sample>> {
        let path = RelPath::parse(SAMPLES_FILE)?;
        let mut opened = match self.folder.open_file(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let room = MOST_BYTES.saturating_sub(self.offset);
        let mut bytes = Vec::new();
        let io = |e: io::Error| files::Error::from_io(SAMPLES_FILE, e);
        opened.file.seek(SeekFrom::Start(self.offset)).map_err(io)?;
        opened.file.take(room).read_to_end(&mut bytes).map_err(io)?;
        let whole = bytes.len() - bytes.len() % Sample::LEN;
        self.offset += whole as u64;
        Ok(Sample::all_in(&bytes[..whole]).collect())
    }
}

/// At most about so many of them: of each stretch of neighbours the one with the most memory, so that no peak is lost;
/// the first and the last stay.
pub fn thin(samples: Vec<Sample>, most: usize) -> Vec<Sample> {
    if samples.len() <= most || most < 3 {
        return samples;
    }
    let inner = &samples[1..samples.len() - 1];
    let stretch = inner.len().div_ceil(most - 2);
    let peaks = inner
        .chunks(stretch)
        .filter_map(|chunk| chunk.iter().max_by_key(|sample| sample.memory_bytes));
    let ends = (&samples[..1], &samples[samples.len() - 1..]);
    ends.0.iter().chain(peaks).chain(ends.1).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{DataDir, Owner};

    fn sample(n: u64) -> Sample {
        Sample {
            at_ms: 1_000,
            elapsed_ms: n * 250,
            memory_bytes: n,
            cpu_us: n * 1_000,
            pids: 1,
        }
    }

    #[test]
    fn what_comes_is_read_once_and_a_torn_end_when_it_is_whole() {
        let temp = tempfile::tempdir().expect("a folder");
        let data = DataDir::open(temp.path()).expect("opens");
        let folder = data.create("run", Owner::Controller).expect("a folder");
        let file = temp.path().join("run").join(SAMPLES_FILE);
        let mut samples = Samples::of(folder);
        assert_eq!(samples.read_on().expect("reads"), []);

        let bytes: Vec<u8> = (0..3).flat_map(|n| sample(n).encode()).collect();
        std::fs::write(&file, &bytes[..2 * Sample::LEN + 7]).expect("writes");
        assert_eq!(samples.read_on().expect("reads"), [sample(0), sample(1)]);
        assert_eq!(samples.read_on().expect("reads"), []);
        std::fs::write(&file, &bytes).expect("writes");
        assert_eq!(samples.read_on().expect("reads"), [sample(2)]);
    }

    #[test]
    fn a_planted_link_is_not_followed() {
        let temp = tempfile::tempdir().expect("a folder");
        let data = DataDir::open(temp.path()).expect("opens");
        let folder = data.create("run", Owner::Controller).expect("a folder");
        std::os::unix::fs::symlink("/etc/hostname", temp.path().join("run").join(SAMPLES_FILE))
            .expect("a link");
        assert!(Samples::of(folder).read_on().is_err());
    }

    #[test]
    fn thinning_keeps_ends_and_peaks() {
        let mut samples: Vec<Sample> = (0..10_000).map(sample).collect();
        samples[4_321].memory_bytes = 1 << 40;
        let thinned = thin(samples.clone(), 1_000);
        assert!((500..=1_000).contains(&thinned.len()), "{}", thinned.len());
        assert_eq!(
            (thinned[0], thinned[thinned.len() - 1]),
            (samples[0], samples[9_999])
        );
        assert!(thinned.contains(&samples[4_321]));
        assert!(thinned.is_sorted_by_key(|sample| sample.elapsed_ms));
        assert_eq!(thin(samples[..5].to_vec(), 1_000), samples[..5]);
    }
}
