//! Limits of a run: what a script may ask for, within which bounds, and what holds when nobody asks for anything.
//!
//! Three layers: what is built in, what Settings say over it, what the script says over that. What holds for a run is
//! settled when it is submitted and stored with it. Knows nobody who enforces them; the engine, the supervisor and the
//! disk watch each have their share.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const KIB: u64 = 1024;
pub(super) const MIB: u64 = 1024 * KIB;
pub(super) const GIB: u64 = 1024 * MIB;

/// Of one environment: twice what a large one for data science takes.
pub(super) const MAX_ENVIRONMENT_BYTES: u64 = 5 * GIB;
pub(super) const MAX_BUILD_SECONDS: u64 = 600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Loopback only.
    None,
    /// The instance's own bridge: out to the world, not to other containers.
    Bridge,
}

/// A limit's name: the field's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitName {
    MemoryBytes,
    Cpus,
    Pids,
    Nofile,
    FsizeBytes,
    RunSeconds,
    StopGraceSeconds,
    LogBytes,
    TmpBytes,
    DiskBytes,
    ArtifactsBytes,
    /// Of a build, whose `disk_bytes` it is.
    EnvironmentBytes,
}

/// All limits of one run, as they were when it was submitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Memory and swap together.
    pub memory_bytes: u64,
    pub cpus: f64,
    /// Processes and threads at once.
    pub pids: u32,
    /// Open files per process.
    pub nofile: u32,
    /// Largest file a process may write.
    pub fsize_bytes: u64,
    /// Wall-clock run time.
    pub run_seconds: u64,
    /// Between SIGTERM and SIGKILL.
    pub stop_grace_seconds: u64,
    /// Bytes of output kept.
    pub log_bytes: u64,
    /// Size of `/tmp`, which counts as memory.
    pub tmp_bytes: u64,
    /// Space the script's folder may take while it runs; each entry counts for at least 4 KiB. `null` means no limit. Of a
    /// build: what its environment may take, with what it shares with the package cache.
    pub disk_bytes: Option<u64>,
    /// Space the files in `$PYTASK_ARTIFACTS` may take, counted in the same way.
    #[serde(default = "default_artifacts_bytes")]
    pub artifacts_bytes: u64,
    pub network: Network,
}

/// Also for runs from before there was such a limit.
const fn default_artifacts_bytes() -> u64 {
    GIB
}

impl Limits {
    /// What a script gets that asks for nothing.
    pub const fn default_for_scripts() -> Self {
        Self {
            memory_bytes: 512 * MIB,
            cpus: 1.0,
            pids: 128,
            nofile: 1024,
            fsize_bytes: GIB,
            run_seconds: 3600,
            stop_grace_seconds: 10,
            log_bytes: 256 * MIB,
            tmp_bytes: 256 * MIB,
            disk_bytes: Some(10 * GIB),
            artifacts_bytes: default_artifacts_bytes(),
            network: Network::Bridge,
        }
    }

    /// What the build of an environment gets: more of everything, with network. Settings say how long and how large.
    pub const fn default_for_builds() -> Self {
        Self {
            memory_bytes: 2 * GIB,
            cpus: 2.0,
            pids: 512,
            nofile: 8192,
            fsize_bytes: 8 * GIB,
            run_seconds: MAX_BUILD_SECONDS,
            stop_grace_seconds: 5,
            log_bytes: 16 * MIB,
            tmp_bytes: 512 * MIB,
            disk_bytes: Some(MAX_ENVIRONMENT_BYTES),
            artifacts_bytes: default_artifacts_bytes(),
            network: Network::Bridge,
        }
    }

    /// Nobody waits for it, so it has time and one processor.
    pub const fn default_for_compiling() -> Self {
        Self {
            cpus: 1.0,
            run_seconds: 3600,
            network: Network::None,
            ..Self::default_for_builds()
        }
    }
}

/// Wishes of a script, or of Settings for all of them; an absent field means what holds without it. Unknown fields are
/// refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nofile: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fsize_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_grace_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tmp_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifacts_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// A wish outside what can be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OutOfBounds {
    pub field: &'static str,
    pub message: String,
}

/// What the supervisor's log takes beside the script's output, at most: frames, markers, the last 64 KiB.
const LOG_OVERHEAD: u64 = MIB;

impl Limits {
    /// Refuses limits that contradict each other. The file size limit binds the supervisor, which writes the log, like
    /// everything in the container.
    pub fn check(&self) -> Result<(), OutOfBounds> {
        // Frames of short lines cost more than their bytes; half of the limit is room enough for both.
        if self.log_bytes.saturating_mul(2).saturating_add(LOG_OVERHEAD) > self.fsize_bytes {
            let message = format!(
                "log_bytes ({}) must be less than half of fsize_bytes ({}): the log is a file, too",
                self.log_bytes, self.fsize_bytes
            );
            return Err(OutOfBounds {
                field: "log_bytes",
                message,
            });
        }
        Ok(())
    }
}

impl LimitsPatch {
    /// The limits that hold for these wishes.
    pub fn over(&self, base: &Limits) -> Limits {
        Limits {
            memory_bytes: self.memory_bytes.unwrap_or(base.memory_bytes),
            cpus: self.cpus.unwrap_or(base.cpus),
            pids: self.pids.unwrap_or(base.pids),
            nofile: self.nofile.unwrap_or(base.nofile),
            fsize_bytes: self.fsize_bytes.unwrap_or(base.fsize_bytes),
            run_seconds: self.run_seconds.unwrap_or(base.run_seconds),
            stop_grace_seconds: self.stop_grace_seconds.unwrap_or(base.stop_grace_seconds),
            log_bytes: self.log_bytes.unwrap_or(base.log_bytes),
            tmp_bytes: self.tmp_bytes.unwrap_or(base.tmp_bytes),
            disk_bytes: self.disk_bytes.or(base.disk_bytes),
            artifacts_bytes: self.artifacts_bytes.unwrap_or(base.artifacts_bytes),
            network: self.network.unwrap_or(base.network),
        }
    }

    /// Refuses the first wish that is out of bounds, saying which and what is allowed.
    pub fn check(&self) -> Result<(), OutOfBounds> {
        within("memory_bytes", self.memory_bytes, 16 * MIB, 1024 * GIB)?;
        within("pids", self.pids.map(u64::from), 4, 32_768)?;
        within("nofile", self.nofile.map(u64::from), 16, 1_048_576)?;
        within("fsize_bytes", self.fsize_bytes, 4 * KIB, 1024 * GIB)?;
        within("run_seconds", self.run_seconds, 1, 30 * 24 * 3600)?;
        within("stop_grace_seconds", self.stop_grace_seconds, 0, 3600)?;
        within("log_bytes", self.log_bytes, 64 * KIB, 64 * GIB)?;
        within("tmp_bytes", self.tmp_bytes, MIB, 64 * GIB)?;
        within("disk_bytes", self.disk_bytes, MIB, 64 * 1024 * GIB)?;
        within("artifacts_bytes", self.artifacts_bytes, 64 * KIB, 1024 * GIB)?;
        if let Some(cpus) = self.cpus
            && !(0.05..=512.0).contains(&cpus)
        {
            return Err(OutOfBounds {
                field: "cpus",
                message: format!("cpus must be from 0.05 to 512, not {cpus}"),
            });
        }
        Ok(())
    }
}

pub(super) fn within(
    field: &'static str,
    value: Option<u64>,
    least: u64,
    most: u64,
) -> Result<(), OutOfBounds> {
    match value {
        Some(value) if value < least || value > most => Err(OutOfBounds {
            field,
            message: format!("{field} must be from {least} to {most}, not {value}"),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_wish_means_the_default() {
        let base = Limits::default_for_scripts();
        assert_eq!(LimitsPatch::default().over(&base), base);
        let wish = LimitsPatch {
            memory_bytes: Some(64 * MIB),
            network: Some(Network::None),
            ..Default::default()
        };
        let got = wish.over(&base);
        assert_eq!(
            (got.memory_bytes, got.network, got.pids),
            (64 * MIB, Network::None, base.pids)
        );
    }

    #[test]
    fn a_stored_run_from_before_a_limit_existed_can_be_read() {
        let mut stored = serde_json::to_value(Limits::default_for_scripts()).expect("serializes");
        let fields = stored.as_object_mut().expect("an object");
        fields.remove("artifacts_bytes");
        fields.insert("disk_bytes".to_owned(), serde_json::Value::Null);
        let read: Limits = serde_json::from_value(stored).expect("parses");
        assert_eq!((read.artifacts_bytes, read.disk_bytes), (GIB, None));
    }

    #[test]
    fn wishes_out_of_bounds_are_named() {
        let cases = [
            (
                LimitsPatch {
                    memory_bytes: Some(1),
                    ..Default::default()
                },
                "memory_bytes",
            ),
            (
                LimitsPatch {
                    cpus: Some(0.0),
                    ..Default::default()
                },
                "cpus",
            ),
            (
                LimitsPatch {
                    cpus: Some(f64::NAN),
                    ..Default::default()
                },
                "cpus",
            ),
            (
                LimitsPatch {
                    run_seconds: Some(0),
                    ..Default::default()
                },
                "run_seconds",
            ),
            (
                LimitsPatch {
                    disk_bytes: Some(4096),
                    ..Default::default()
                },
                "disk_bytes",
            ),
        ];
        for (wish, field) in cases {
            assert_eq!(wish.check().expect_err(field).field, field);
        }
    }
}
