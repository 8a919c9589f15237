//! The machine that figures belong to, as far as they depend on it.

use crate::machine;

/// In one line, at the start of the output.
pub(crate) fn now() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores; engine {} with {}; load {} at the start",
        machine::docker(&["version", "--format", "{{.Server.Version}}"]),
        machine::docker(&[
            "info",
            "--format",
            "{{.DefaultRuntime}}, {{.Driver}}, cgroup v{{.CgroupVersion}}"
        ]),
        load(),
    )
}

/// How many processes wanted to run, on the average of the last minute.
pub(crate) fn load() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split(' ').next().unwrap_or("unknown").to_owned()
}
