//! The template of a container, written down a second time: what the engine must say of each. Pure.

use pytask_manager::engine::ResourceCaps;
use serde_json::{Value, json};

/// Everything that a container's host configuration may hold; a field that is not here must be empty.
pub(crate) fn host_config(caps: &ResourceCaps, network: &str, mounts: Value) -> Value {
    json!({
        "CapDrop": ["ALL"],
        "CapAdd": ["SETUID", "SETGID", "KILL"],
        "SecurityOpt": ["no-new-privileges"],
        "ReadonlyRootfs": true,
        "IpcMode": "private",
        "CgroupnsMode": "private",
        "Memory": caps.memory,
        "MemorySwap": caps.memory,
        "NanoCpus": (caps.cpus * 1e9) as u64,
        "PidsLimit": caps.pids,
        "Ulimits": [
            { "Name": "nofile", "Soft": caps.nofile, "Hard": caps.nofile },
            { "Name": "core", "Soft": 0, "Hard": 0 },
            { "Name": "fsize", "Soft": caps.fsize, "Hard": caps.fsize },
        ],
        "OomScoreAdj": 500,
        "Tmpfs": {
            "/tmp": format!("rw,nosuid,nodev,exec,mode=1777,size={}", caps.tmp),
            "/run/secrets": "rw,nosuid,nodev,noexec,mode=0755,size=1048576",
        },
        "Mounts": mounts,
        "NetworkMode": network,
        "LogConfig": { "Type": "local", "Config": { "max-size": "1m", "max-file": "2", "compress": "false" } },
        "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
        "ShmSize": 64 << 20,
    })
}

/// The administrator's choice, or the engine's own lists for what is left unset.
const LEFT_TO_THE_ENGINE: [&str; 4] = ["Runtime", "CgroupParent", "MaskedPaths", "ReadonlyPaths"];

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(fields) => fields.is_empty(),
        other => [Value::Null, json!(false), json!(0), json!("")].contains(other),
    }
}

pub(crate) fn assert_host_config(found: &Value, expected: &Value) {
    let found = found.as_object().expect("a host configuration");
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(found.get(field), Some(value), "HostConfig.{field}");
    }
    for (field, value) in found {
        let known = expected.get(field).is_some() || LEFT_TO_THE_ENGINE.contains(&field.as_str());
        assert!(known || is_empty(value), "HostConfig.{field} is {value}");
    }
    for field in ["MaskedPaths", "ReadonlyPaths"] {
        assert!(
            !is_empty(&found[field]),
            "HostConfig.{field} is the engine's own list"
        );
    }
}
