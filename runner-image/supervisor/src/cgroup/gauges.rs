//! What the container uses at this moment, to be asked again and again: the cgroup's files stay open and are read
//! anew from their start into one buffer, so that a reading costs four reads and no more.
//!
//! A figure that cannot be read is `None`, never a guess; the others are read all the same.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{Cgroup, keyed, number};

/// The longest of them, `memory.stat`, has some 2 KiB.
const BUFFER: usize = 8 * 1024;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// What counts against the limit and cannot simply be dropped.
    pub memory_bytes: Option<u64>,
    /// Since the cgroup was made.
    pub cpu_us: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u32>,
}

pub(crate) struct Gauges {
    memory: Option<Gauge>,
    inactive_file: Option<Gauge>,
    cpu_us: Option<Gauge>,
    pids: Option<Gauge>,
    buffer: Box<[u8; BUFFER]>,
}

/// One open file and the figure in it.
struct Gauge {
    file: File,
    figure: fn(&str) -> Option<u64>,
}

impl Gauges {
    pub(crate) fn open(cgroup: &Cgroup) -> Gauges {
        let buffer = Box::new([0; BUFFER]);
        match cgroup {
            Cgroup::V1 {
                memory,
                cpu_usage,
                pids,
                ..
            } => {
                let [memory, cpu_usage, pids] = [memory, cpu_usage, pids].map(Option::as_deref);
                Gauges {
                    memory: gauge(memory, "memory.usage_in_bytes", number),
                    inactive_file: gauge(memory, "memory.stat", |text| keyed(text, "total_inactive_file")),
                    cpu_us: gauge(cpu_usage, "cpuacct.usage", |text| Some(number(text)? / 1_000)),
                    pids: gauge(pids, "pids.current", number),
                    buffer,
                }
            }
            Cgroup::V2 { dir } => {
                let dir = Some(dir.as_path());
                Gauges {
                    memory: gauge(dir, "memory.current", number),
                    inactive_file: gauge(dir, "memory.stat", |text| keyed(text, "inactive_file")),
                    cpu_us: gauge(dir, "cpu.stat", |text| keyed(text, "usage_usec")),
                    pids: gauge(dir, "pids.current", number),
                    buffer,
                }
            }
        }
    }

    pub(crate) fn read(&mut self) -> Reading {
        let buffer = &mut self.buffer;
        let mut value = |gauge: &Option<Gauge>| gauge.as_ref()?.read(buffer);
        let memory = value(&self.memory).zip(value(&self.inactive_file));
        Reading {
            memory_bytes: memory.map(|(usage, inactive)| usage.saturating_sub(inactive)),
            cpu_us: value(&self.cpu_us),
            pids: value(&self.pids).map(|pids| pids.try_into().unwrap_or(u32::MAX)),
        }
    }
}

impl Gauge {
    fn read(&self, buffer: &mut [u8; BUFFER]) -> Option<u64> {
        let length = self.file.read_at(buffer, 0).ok()?;
        // A full buffer may have cut a number short.
        let text = buffer.get(..length).filter(|_| length < BUFFER)?;
        (self.figure)(str::from_utf8(text).ok()?)
    }
}

fn gauge(dir: Option<&Path>, name: &str, figure: fn(&str) -> Option<u64>) -> Option<Gauge> {
    let file = File::open(dir?.join(name)).ok()?;
    Some(Gauge { file, figure })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).expect("write");
        }
        dir
    }

    const EXPECTED: Reading = Reading {
        memory_bytes: Some(9_000),
        cpu_us: Some(1_234),
        pids: Some(3),
    };

    #[test]
    fn both_versions_say_the_same_and_are_read_anew() {
        let v1 = folder(&[
            ("memory.usage_in_bytes", "10000\n"),
            ("memory.stat", "inactive_file 5\ntotal_inactive_file 1000\n"),
            ("cpuacct.usage", "1234567\n"),
            ("pids.current", "3\n"),
        ]);
        let here = Some(v1.path().to_owned());
        let mut gauges = Gauges::open(&Cgroup::V1 {
            memory: here.clone(),
            cpu: None,
            cpu_usage: here.clone(),
            pids: here,
        });
        assert_eq!(gauges.read(), EXPECTED);
        fs::write(v1.path().join("pids.current"), "12\n").expect("write");
        assert_eq!(gauges.read().pids, Some(12));
        let v2 = folder(&[
            ("memory.current", "10000\n"),
            ("memory.stat", "anon 7\ninactive_anon 6\ninactive_file 1000\n"),
            ("cpu.stat", "usage_usec 1234\nuser_usec 1000\n"),
            ("pids.current", "3\n"),
        ]);
        let dir = v2.path().to_owned();
        assert_eq!(Gauges::open(&Cgroup::V2 { dir }).read(), EXPECTED);
    }

    #[test]
    fn what_cannot_be_read_is_none_by_itself() {
        let long = format!("inactive_file 1\n{}", "x 1\n".repeat(BUFFER / 4));
        let dir = folder(&[
            ("memory.current", "10000\n"),
            ("memory.stat", &long),
            ("cpu.stat", "nr_periods 0\n"),
            ("pids.current", "99999999999\n"),
        ]);
        let dir = dir.path().to_owned();
        let expected = Reading {
            pids: Some(u32::MAX),
            ..Reading::default()
        };
        assert_eq!(Gauges::open(&Cgroup::V2 { dir }).read(), expected);
        let dir = "/nonexistent".into();
        assert_eq!(Gauges::open(&Cgroup::V2 { dir }).read(), Reading::default());
    }
}
