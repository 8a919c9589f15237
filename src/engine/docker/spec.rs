//! A job's spec as the engine's create request: the template that every container of ours follows.
//!
//! Pure. The hardening is not configurable: what a job may choose is in [`JobSpec`], everything else is fixed
//! here. `compare` later checks that the engine took all of it.

use std::collections::HashMap;
use std::path::{Component, Path};

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig,
    Mount as EngineMount, MountType, MountVolumeOptions, ResourcesUlimits, RestartPolicy,
    RestartPolicyNameEnum,
};

use super::storage::StorageMap;
use crate::engine::{Error, JobSpec, Mount, Network, Priority};

/// On every container, network and volume of ours: whose it is.
pub(super) const INSTANCE_LABEL: &str = "pytask.instance";

/// What the supervisor needs to drop to the script's user and to signal it. The script's process has none.
const CAPABILITIES: [&str; 3] = ["SETUID", "SETGID", "KILL"];

/// The script folder is writable and executable anyway, so `noexec` here would stop nothing but packages that
/// unpack shared libraries into the temporary directory.
const TMP_OPTIONS: &str = "rw,nosuid,nodev,exec,mode=1777";

/// Owned by root and readable for the script's user, who is the only one in this container: the supervisor has
/// no CHOWN capability to hand a 0700 folder over.
const SECRETS_OPTIONS: &str = "rw,nosuid,nodev,noexec,mode=0755,size=1048576";

pub(super) fn container(
    spec: &JobSpec,
    storage: &StorageMap,
    instance: &str,
) -> Result<ContainerCreateBody, Error> {
    check(spec)?;
    let (program, arguments) = spec
        .command
        .split_first()
        .ok_or_else(|| Error::Refused("a job without a command".to_owned()))?;
    let mut labels: HashMap<String, String> = spec.labels.clone().into_iter().collect();
    labels.insert(INSTANCE_LABEL.to_owned(), instance.to_owned());
    Ok(ContainerCreateBody {
        image: Some(spec.image.clone()),
        user: Some("0:0".to_owned()),
        // With an entrypoint of our own the image's command is not appended.
        entrypoint: Some(vec![program.clone()]),
        cmd: Some(arguments.to_vec()),
        working_dir: Some("/".to_owned()),
        attach_stdin: Some(false),
        attach_stdout: Some(false),
        attach_stderr: Some(false),
        open_stdin: Some(false),
        tty: Some(false),
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..Default::default()
        }),
        stop_signal: Some("SIGTERM".to_owned()),
        stop_timeout: Some(whole_seconds(spec.stop_grace)),
        labels: Some(labels),
        host_config: Some(host_config(spec, storage, instance)?),
        ..Default::default()
    })
}

fn host_config(spec: &JobSpec, storage: &StorageMap, instance: &str) -> Result<HostConfig, Error> {
    let caps = &spec.caps;
    let memory = signed("memory", caps.memory)?;
    let fsize = signed("fsize", caps.fsize)?;
    let mounts = spec
        .mounts
        .iter()
        .map(|mount| engine_mount(mount, storage))
        .collect::<Result<_, _>>()?;
    Ok(HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(CAPABILITIES.map(str::to_owned).to_vec()),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        readonly_rootfs: Some(true),
        ipc_mode: Some("private".to_owned()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        memory: Some(memory),
        // Memory and swap together: equal means no swap.
        memory_swap: Some(memory),
        // The engine's own default is 1024, and 2 the least there is.
        cpu_shares: match spec.priority {
            Priority::Normal => None,
            Priority::Low => Some(2),
        },
        nano_cpus: Some((caps.cpus * 1e9).round() as i64),
        pids_limit: Some(i64::from(caps.pids)),
        ulimits: Some(vec![
            ulimit("nofile", i64::from(caps.nofile)),
            ulimit("core", 0),
            ulimit("fsize", fsize),
        ]),
        oom_score_adj: Some(500),
        tmpfs: Some(HashMap::from([
            ("/tmp".to_owned(), format!("{TMP_OPTIONS},size={}", caps.tmp)),
            ("/run/secrets".to_owned(), SECRETS_OPTIONS.to_owned()),
        ])),
        mounts: Some(mounts),
        network_mode: Some(match spec.network {
            Network::None => "none".to_owned(),
            Network::Bridge => super::network::name(instance),
        }),
        // The engine's own log keeps only what the supervisor itself has to say.
        log_config: Some(HostConfigLogConfig {
            typ: Some("local".to_owned()),
            config: Some(
                [("max-size", "1m"), ("max-file", "2"), ("compress", "false")]
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
            ),
        }),
        // The supervisor is PID 1 itself; removal is our act, after the facts are stored; a run starts once.
        init: Some(false),
        auto_remove: Some(false),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        ..Default::default()
    })
}

/// Refuses what the engine would read as "no limit" or as another folder than was meant.
fn check(spec: &JobSpec) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::Refused(format!("job {}: {why}", spec.name)));
    let caps = &spec.caps;
    let zero = [
        ("memory", caps.memory == 0),
        // A nano-CPU is the engine's unit; NaN is not above it either.
        ("cpus", caps.cpus.is_nan() || !(1e-9..=1e6).contains(&caps.cpus)),
        ("pids", caps.pids == 0),
        ("nofile", caps.nofile == 0),
        ("fsize", caps.fsize == 0),
        ("tmp", caps.tmp == 0),
    ];
    if let Some((limit, _)) = zero.iter().find(|(_, wrong)| *wrong) {
        return refuse(format!("the limit {limit} is not a limit"));
    }
    for mount in &spec.mounts {
        if !is_confined(&mount.source) {
            return refuse(format!(
                "mount source {:?} does not stay in the data directory",
                mount.source
            ));
        }
        let target = Path::new(&mount.target);
        if !target.is_absolute() || target.components().any(|part| part == Component::ParentDir) {
            return refuse(format!(
                "mount target {:?} is not a plain absolute path",
                mount.target
            ));
        }
        if spec
            .mounts
            .iter()
            .filter(|other| other.target == mount.target)
            .count()
            > 1
        {
            return refuse(format!("two mounts at {}", mount.target));
        }
    }
    if spec.labels.contains_key(INSTANCE_LABEL) {
        return refuse(format!("the label {INSTANCE_LABEL} is the engine's own"));
    }
    Ok(())
}

/// A path below the data directory, and not the data directory itself, spelled without detours.
pub(super) fn is_confined(source: &Path) -> bool {
    source
        .to_str()
        .is_some_and(|text| !text.is_empty() && !text.contains('\0'))
        && source
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

fn engine_mount(mount: &Mount, storage: &StorageMap) -> Result<EngineMount, Error> {
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| Error::Refused(format!("{path:?} is not valid UTF-8")))
    };
    let shared = EngineMount {
        target: Some(mount.target.clone()),
        // `false` is what the engine leaves out when it is asked what it took.
        read_only: mount.read_only.then_some(true),
        ..Default::default()
    };
    Ok(match storage {
        StorageMap::Subpath { volume, prefix } => EngineMount {
            typ: Some(MountType::VOLUME),
            source: Some(volume.clone()),
            volume_options: Some(MountVolumeOptions {
                subpath: Some(text(&prefix.join(&mount.source))?),
                // An image's content must not be copied into the data volume.
                no_copy: Some(true),
                ..Default::default()
            }),
            ..shared
        },
        StorageMap::HostPath { root } => EngineMount {
            typ: Some(MountType::BIND),
            source: Some(text(&root.join(&mount.source))?),
            ..shared
        },
    })
}

fn ulimit(name: &str, value: i64) -> ResourcesUlimits {
    ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(value),
        hard: Some(value),
    }
}

fn signed(limit: &str, value: u64) -> Result<i64, Error> {
    i64::try_from(value).map_err(|_| Error::Refused(format!("the limit {limit} of {value} is out of range")))
}

/// Rounded up: the engine counts in seconds and a grace is a promise.
pub(super) fn whole_seconds(grace: std::time::Duration) -> i64 {
    let seconds = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
    seconds.min(i32::MAX as u64) as i64
}

#[cfg(test)]
#[path = "spec_tests.rs"]
pub(super) mod tests;
