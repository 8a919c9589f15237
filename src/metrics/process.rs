//! The controller's own process, as the kernel tells of it, in the names that everybody uses for that.
//!
//! Written as text: the recorder's counters are whole numbers, and seconds of CPU time are not.

use std::fmt::Write;

use jiff::Timestamp;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::catalog::CATALOG;

pub(super) fn write(text: &mut String, began: Timestamp) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let values = [
        (
            "process_cpu_seconds_total",
            Some(cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9),
        ),
        (
            "process_resident_memory_bytes",
            field(&status, "VmRSS:").map(|kib| kib * 1_024.0),
        ),
        ("process_open_fds", open_files()),
        (
            "process_max_fds",
            getrlimit(Resource::Nofile).current.map(|most| most as f64),
        ),
        ("process_threads", field(&status, "Threads:")),
        (
            "process_start_time_seconds",
            Some(began.as_millisecond() as f64 / 1_000.0),
        ),
    ];
    for (name, value) in values {
        let metric = CATALOG.iter().find(|metric| metric.name == name);
        if let (Some(metric), Some(value)) = (metric, value) {
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "# HELP {name} {}\n# TYPE {name} {}\n{name} {value}\n\n",
                metric.help,
                metric.kind.word()
            );
        }
    }
}

fn field(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The folder's own descriptor, with which they are counted, is not one of them.
fn open_files() -> Option<f64> {
    let listed = std::fs::read_dir("/proc/self/fd").ok()?;
    Some(listed.count().saturating_sub(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_all_of_it() {
        let mut text = String::new();
        write(&mut text, Timestamp::UNIX_EPOCH);
        let value = |name: &str| -> f64 {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name} ")));
            line.expect(name).parse().expect("a number")
        };
        assert!(value("process_resident_memory_bytes") > 1_000_000.0);
        assert!(value("process_cpu_seconds_total") >= 0.0);
        assert!(value("process_open_fds") >= 3.0);
        assert!(value("process_max_fds") >= value("process_open_fds"));
        assert!(value("process_threads") >= 1.0);
        assert_eq!(value("process_start_time_seconds"), 0.0);
    }
}
