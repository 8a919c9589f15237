//! What the kernel counted for this container, and the limits it holds: cgroup v1 and v2. `gauges` reads what is in
//! use at the moment.
//!
//! Inside a container with its own cgroup namespace (or Docker's v1 bind mounts) our cgroup is the root of what is
//! mounted at /sys/fs/cgroup; elsewhere it is at the path that /proc/self/cgroup names. Everything is optional:
//! older kernels lack some files, and a figure that cannot be read is `None`, never a guess.

mod gauges;

use std::path::{Path, PathBuf};

pub(crate) use gauges::Gauges;

use crate::sys;

const MOUNT: &str = "/sys/fs/cgroup";

/// Where our figures are.
pub(crate) enum Cgroup {
    V1 {
        memory: Option<PathBuf>,
        cpu: Option<PathBuf>,
        cpu_usage: Option<PathBuf>,
        pids: Option<PathBuf>,
    },
    V2 {
        dir: PathBuf,
    },
}

/// Counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub oom_kills: Option<u64>,
    pub peak_memory_bytes: Option<u64>,
    pub cpu_us: Option<u64>,
    /// For how long the CPU limit kept something waiting.
    pub throttled_us: Option<u64>,
    /// New processes and threads that the limit refused.
    pub pids_refused: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Limits {
    pub memory_bytes: Option<u64>,
    pub memory_swap_bytes: Option<u64>,
    pub pids: Option<u64>,
    pub cpus: Option<f64>,
}

impl Cgroup {
    pub(crate) fn find() -> Option<Cgroup> {
        let mount = Path::new(MOUNT);
        let own = sys::kernel_text(Path::new("/proc/self/cgroup")).unwrap_or_default();
        if mount.join("cgroup.controllers").exists() {
            let dir = below(mount, path_of(&own, ""));
            return Some(Cgroup::V2 { dir });
        }
        let controller = |name: &str| {
            let dir = mount.join(name);
            dir.exists().then(|| below(&dir, path_of(&own, name)))
        };
        let (memory, cpu) = (controller("memory"), controller("cpu"));
        let (cpu_usage, pids) = (controller("cpuacct"), controller("pids"));
        let any = memory.is_some() || cpu.is_some() || cpu_usage.is_some() || pids.is_some();
        any.then_some(Cgroup::V1 {
            memory,
            cpu,
            cpu_usage,
            pids,
        })
    }

    pub(crate) fn version(&self) -> u32 {
        match self {
            Cgroup::V1 { .. } => 1,
            Cgroup::V2 { .. } => 2,
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        match self {
            Cgroup::V1 {
                memory,
                cpu,
                cpu_usage,
                pids,
            } => Usage {
                oom_kills: text(memory, "memory.oom_control").and_then(|text| keyed(&text, "oom_kill")),
                peak_memory_bytes: text(memory, "memory.max_usage_in_bytes").and_then(|text| number(&text)),
                cpu_us: text(cpu_usage, "cpuacct.usage")
                    .and_then(|text| number(&text))
                    .map(|ns| ns / 1_000),
                throttled_us: text(cpu, "cpu.stat")
                    .and_then(|text| keyed(&text, "throttled_time"))
                    .map(|ns| ns / 1_000),
                pids_refused: text(pids, "pids.events").and_then(|text| keyed(&text, "max")),
            },
            Cgroup::V2 { dir } => {
                let dir = &Some(dir.clone());
                let cpu = text(dir, "cpu.stat");
                let cpu = |key| cpu.as_ref().and_then(|text| keyed(text, key));
                Usage {
                    oom_kills: text(dir, "memory.events").and_then(|text| keyed(&text, "oom_kill")),
                    peak_memory_bytes: text(dir, "memory.peak").and_then(|text| number(&text)),
                    cpu_us: cpu("usage_usec"),
                    throttled_us: cpu("throttled_usec"),
                    pids_refused: text(dir, "pids.events").and_then(|text| keyed(&text, "max")),
                }
            }
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        match self {
            Cgroup::V1 {
                memory, cpu, pids, ..
            } => {
                let bytes = |name| {
                    text(memory, name)
                        .and_then(|text| number(&text))
                        .filter(|n| *n < UNLIMITED_V1)
                };
                let quota = text(cpu, "cpu.cfs_quota_us").unwrap_or_default();
                let period = text(cpu, "cpu.cfs_period_us").unwrap_or_default();
                Limits {
                    memory_bytes: bytes("memory.limit_in_bytes"),
                    memory_swap_bytes: bytes("memory.memsw.limit_in_bytes"),
                    pids: text(pids, "pids.max").and_then(|text| number(&text)),
                    cpus: share(&quota, &period),
                }
            }
            Cgroup::V2 { dir } => {
                let dir = &Some(dir.clone());
                let value = |name| text(dir, name).and_then(|text| number(&text));
                let memory_bytes = value("memory.max");
                let cpu = text(dir, "cpu.max").unwrap_or_default();
                let mut cpu = cpu.split_ascii_whitespace();
                Limits {
                    memory_bytes,
                    // v2 limits swap by itself; together they are what v1 calls memory and swap.
                    memory_swap_bytes: memory_bytes
                        .zip(value("memory.swap.max"))
                        .map(|(a, b)| a.saturating_add(b)),
                    pids: value("pids.max"),
                    cpus: share(cpu.next().unwrap_or_default(), cpu.next().unwrap_or_default()),
                }
            }
        }
    }
}

impl Usage {
    /// What was added since `start`; a peak has no difference.
    pub(crate) fn since(self, start: Usage) -> Usage {
        let difference =
            |end: Option<u64>, start: Option<u64>| end.zip(start).map(|(a, b)| a.saturating_sub(b));
        Usage {
            oom_kills: difference(self.oom_kills, start.oom_kills),
            peak_memory_bytes: self.peak_memory_bytes,
            cpu_us: difference(self.cpu_us, start.cpu_us),
            throttled_us: difference(self.throttled_us, start.throttled_us),
            pids_refused: difference(self.pids_refused, start.pids_refused),
        }
    }
}

/// cgroup v1 says "no limit" with the largest multiple of a page.
const UNLIMITED_V1: u64 = 1 << 62;

fn text(dir: &Option<PathBuf>, name: &str) -> Option<String> {
    sys::kernel_text(&dir.as_ref()?.join(name)).ok()
}

/// Our own directory if it is visible here, else the mount itself.
fn below(mount: &Path, own: &str) -> PathBuf {
    let dir = mount.join(own.trim_start_matches('/'));
    if own.contains("..") || !dir.exists() {
        mount.to_owned()
    } else {
        dir
    }
}

/// The path of a v1 controller, or of v2 for the empty name, from the lines `id:controllers:path`.
fn path_of<'a>(own: &'a str, controller: &str) -> &'a str {
    own.lines()
        .filter_map(|line| line.split_once(':')?.1.split_once(':'))
        .find(|(names, _)| names.split(',').any(|name| name == controller))
        .map_or("/", |(_, path)| path)
}

/// A whole file that is one number; `max` is no number.
fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The number after a key in lines of `key number`.
fn keyed(text: &str, key: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| number(line.strip_prefix(key)?.strip_prefix(' ')?))
}

/// CPUs from quota and period; a quota of `max` or −1 is no limit.
fn share(quota: &str, period: &str) -> Option<f64> {
    let (quota, period) = (number(quota)?, number(period)?);
    (period > 0).then(|| quota as f64 / period as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_path_in_both_versions() {
        let v1 = "9:name=systemd:/\n4:memory:/docker/ab\n3:cpu,cpuacct:/x:y\n0::/\n";
        assert_eq!(path_of(v1, "memory"), "/docker/ab");
        assert_eq!(path_of(v1, "cpuacct"), "/x:y");
        assert_eq!(path_of(v1, "pids"), "/");
        assert_eq!(path_of("0::/user.slice\n", ""), "/user.slice");
    }

    #[test]
    fn figures_as_the_kernel_writes_them() {
        assert_eq!(
            keyed("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill"),
            Some(3)
        );
        assert_eq!(
            keyed(
                "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\noom_group_kill 0\n",
                "oom_kill"
            ),
            Some(1)
        );
        assert_eq!(keyed("oom_kill_disable 0\n", "oom_kill"), None);
        assert_eq!(keyed("usage_usec 15\nuser_usec 9\n", "usage_usec"), Some(15));
        let v1 = "nr_periods 4\nnr_throttled 1\nthrottled_time 1500\nnr_bursts 0\n";
        assert_eq!(keyed(v1, "throttled_time"), Some(1_500));
        assert_eq!(keyed("max 3\n", "max"), Some(3));
        assert_eq!(number("max\n"), None);
        assert_eq!(share("50000", "100000"), Some(0.5));
        assert_eq!(share("-1\n", "100000\n"), None);
        assert_eq!(share("max", "100000"), None);
    }

    #[test]
    fn only_what_was_added_counts() {
        let at = |n| Usage {
            oom_kills: Some(n),
            peak_memory_bytes: Some(n),
            cpu_us: Some(10 * n),
            throttled_us: Some(100 * n),
            pids_refused: Some(n * n),
        };
        let expected = Usage {
            oom_kills: Some(2),
            peak_memory_bytes: Some(5),
            cpu_us: Some(20),
            throttled_us: Some(200),
            pids_refused: Some(16),
        };
        assert_eq!(at(5).since(at(3)), expected);
        assert_eq!(at(5).since(Usage::default()).cpu_us, None);
    }
}
