//! What a container looks like from inside: the evidence that mounts and limits hold. No judgement.

use serde::{Deserialize, Serialize};

/// Written as [`crate::PROBE_FILE`] by `supervisor probe <out-dir> <look-dir>`. `None` means "could not be
/// read" or, for a limit, "no limit".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    pub version: u32,
    /// Names directly in the look directory, sorted.
    pub listing: Vec<String>,
    /// Why the look directory could not be read; `listing` is empty then.
    pub listing_error: Option<String>,
    /// Why the directory above it could not be read.
    pub parent_listing_error: Option<String>,
    pub uid: u32,
    /// The effective capabilities as a bit mask, as in `/proc/self/status`.
    pub cap_eff: u64,
    pub no_new_privs: bool,
    /// 0 off, 1 strict, 2 filter.
    pub seccomp: u32,
    /// 1 or 2.
    pub cgroup_version: Option<u32>,
    pub memory_limit_bytes: Option<u64>,
    /// Memory and swap together, whichever way this kernel counts.
    pub memory_swap_limit_bytes: Option<u64>,
    pub pids_limit: Option<u64>,
    /// In CPUs: quota divided by period.
    pub cpu_limit: Option<f64>,
    /// The hard limits of a process, as getrlimit(2) names them: open files, bytes of a file, bytes of a core file.
    #[serde(default)]
    pub nofile_limit: Option<u64>,
    #[serde(default)]
    pub fsize_limit: Option<u64>,
    #[serde(default)]
    pub core_limit: Option<u64>,
    /// Size of the file system at /tmp, if that is one of its own.
    #[serde(default)]
    pub tmp_bytes: Option<u64>,
    pub read_only_root: bool,
    /// Whether something exists where engines keep their socket.
    pub docker_socket_visible: bool,
    /// Version of the image's `python3`; none if it has none that runs.
    #[serde(default)]
    pub python: Option<String>,
    /// Version of the image's `uv`.
    #[serde(default)]
    pub uv: Option<String>,
}
