//! APScheduler in processes of its own, due between the product's fires: benches/side_by_side/baselines/apscheduler_jobs.py.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const PROGRAM: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/side_by_side/baselines/apscheduler_jobs.py"
);
/// Where it keeps its jobs.
#[derive(Clone, Copy)]
pub(crate) enum Jobs {
    Sqlite,
    /// They are gone with the process, so nothing has to be written before the next is called.
    Memory,
}

impl Jobs {
    fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Memory => "memory",
        }
    }

    /// Of the minute, at which all of them are due; ours are at its beginning.
    pub(crate) fn second(self) -> i64 {
        match self {
            Self::Sqlite => 20,
            Self::Memory => 40,
        }
    }
}

pub(crate) struct ApScheduler {
    process: Child,
    output: BufReader<ChildStdout>,
}

/// Of one fire, since it was due.
pub(crate) struct Fire {
    pub(crate) called: Duration,
    pub(crate) committed: Duration,
}

impl ApScheduler {
    /// Returns once it has that many jobs and waits for the second at which they are due.
    pub(crate) fn start(jobs: Jobs, count: usize, folder: &Path) -> Self {
        let folder = folder.join(jobs.word());
        std::fs::create_dir_all(&folder).expect("a folder for its databases");
        let mut process = Command::new(super::python())
            .arg(PROGRAM)
            .args([count.to_string(), jobs.second().to_string()])
            .arg(jobs.word())
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the baselines' Python");
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("its output");
        assert_eq!(
            line.trim(),
            "ready",
            "APScheduler did not start; it says why above"
        );
        Self { process, output }
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Ends it: its fires by the second, in Unix time, at which they were due.
    pub(crate) fn end(mut self) -> BTreeMap<i64, Vec<Fire>> {
        drop(self.process.stdin.take());
        let mut said = String::new();
        self.output.read_to_string(&mut said).expect("its output");
        let ended = self.process.wait().expect("our child");
        assert!(ended.success(), "APScheduler ended with {ended}");
        let fires: Vec<(i64, u64, u64)> = serde_json::from_str(&said).expect("fires");
        let mut by_second: BTreeMap<i64, Vec<Fire>> = BTreeMap::new();
        for (due, called, committed) in fires {
            by_second.entry(due).or_default().push(Fire {
                called: Duration::from_micros(called),
                committed: Duration::from_micros(committed),
            });
        }
        by_second
    }
}

impl Drop for ApScheduler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
