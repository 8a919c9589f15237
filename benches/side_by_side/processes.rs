//! What the kernel counts of processes: processor time, and memory that is theirs. Linux, by /proc.

use std::collections::HashMap;
use std::time::Duration;

/// Of a process and all its threads, also those that have ended. Told in hundredths of a second.
pub(crate) fn processor_time(process: u32) -> Duration {
    let fields = stat(process).unwrap_or_else(|| panic!("process {process} is gone"));
    let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
    Duration::from_millis((ticks(USER) + ticks(SYSTEM)) * 10)
}

/// Processes with this name; the kernel knows its first fifteen characters.
pub(crate) fn named(name: &str) -> Vec<u32> {
    all()
        .filter(|process| read(*process, "comm").is_some_and(|found| found.trim_end() == name))
        .collect()
}

pub(crate) fn parent(process: u32) -> Option<u32> {
    stat(process)?[PARENT].parse().ok()
}

/// The process itself and what it has started.
pub(crate) fn family(of: u32) -> Vec<u32> {
    let parents: HashMap<u32, u32> = all()
        .filter_map(|process| Some((process, parent(process)?)))
        .collect();
    let belongs = |process: &u32| {
        let line = std::iter::successors(Some(*process), |process| parents.get(process).copied());
        line.take_while(|process| *process > 1)
            .any(|process| process == of)
    };
    parents.keys().copied().filter(belongs).collect()
}

/// The controller that this process has started; there is one.
pub(crate) fn controller() -> u32 {
    let mine = |process: &u32| parent(*process) == Some(std::process::id());
    let mut controllers = named("pytask-manager").into_iter().filter(mine);
    let controller = controllers.next().expect("a controller");
    assert_eq!(controllers.next(), None, "one controller");
    controller
}

/// The memory that would be free without it, in bytes: what it shares is shared fairly.
pub(crate) fn proportional_memory(process: u32) -> u64 {
    let rollup = read(process, "smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib: u64 = line
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .expect("a figure");
    kib * 1024
}

/// Processor time of little to the nanosecond. What a thread did after it was last looked at and before it ended is lost,
/// so it wants to be looked at often.
pub(crate) struct Gauge {
    process: u32,
    /// Of each thread, when it was first seen and last.
    threads: HashMap<String, (u64, u64)>,
    begun: bool,
}

impl Gauge {
    pub(crate) fn of(process: u32) -> Self {
        let mut gauge = Self {
            process,
            threads: HashMap::new(),
            begun: false,
        };
        gauge.look();
        gauge.begun = true;
        gauge
    }

    pub(crate) fn look(&mut self) {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process));
        for thread in threads.into_iter().flatten().flatten() {
            let Ok(schedule) = std::fs::read_to_string(thread.path().join("schedstat")) else {
                continue;
            };
            let first = schedule.split(' ').next().and_then(|first| first.parse().ok());
            let now: u64 = first.expect("a figure");
            let name = thread.file_name().to_string_lossy().into_owned();
            let at_first = if self.begun { 0 } else { now };
            self.threads.entry(name).or_insert((at_first, 0)).1 = now;
        }
    }

    /// Since it was made.
    pub(crate) fn used(&self) -> Duration {
        let used = self
            .threads
            .values()
            .map(|(first, last)| last.saturating_sub(*first));
        Duration::from_nanos(used.sum())
    }
}

/// In /proc/<process>/stat, counted behind the name, which may hold anything.
const PARENT: usize = 1;
const USER: usize = 11;
const SYSTEM: usize = 12;

fn stat(process: u32) -> Option<Vec<String>> {
    let stat = read(process, "stat")?;
    let (_, behind) = stat.rsplit_once(") ")?;
    Some(behind.split(' ').map(str::to_owned).collect())
}

fn read(process: u32, what: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{process}/{what}")).ok()
}

fn all() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
