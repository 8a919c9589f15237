use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::engine::{JobName, ResourceCaps};

pub(in crate::engine::docker) fn job() -> JobSpec {
    JobSpec {
        name: JobName("pytask-a-1".to_owned()),
        labels: [("pytask.run".to_owned(), "1".to_owned())].into(),
        image: "runner:1".to_owned(),
        command: ["/pytask/bin/supervisor", "run", "/pytask/run"]
            .map(str::to_owned)
            .to_vec(),
        mounts: vec![
            Mount {
                source: "scripts/x/files".into(),
                target: "/script".to_owned(),
                read_only: false,
            },
            Mount {
                source: "bin/0".into(),
                target: "/pytask/bin".to_owned(),
                read_only: true,
            },
        ],
        caps: ResourceCaps {
            memory: 512 << 20,
            cpus: 1.5,
            pids: 128,
            nofile: 1024,
            fsize: 1 << 30,
            tmp: 256 << 20,
        },
        network: Network::Bridge,
        priority: Priority::Normal,
        stop_grace: Duration::from_millis(9_500),
    }
}

pub(in crate::engine::docker) fn subpath() -> StorageMap {
    StorageMap::Subpath {
        volume: "data".to_owned(),
        prefix: PathBuf::new(),
    }
}

fn host_path() -> StorageMap {
    StorageMap::HostPath {
        root: "/srv/pytask".into(),
    }
}

/// The whole template as the engine is sent it: a change to any line of it must be meant.
#[test]
fn the_template() {
    let body = container(&job(), &subpath(), "a").expect("a body");
    let sent = serde_json::to_value(&body).expect("JSON");
    let expected = serde_json::json!({
        "Image": "runner:1",
        "User": "0:0",
        "Entrypoint": ["/pytask/bin/supervisor"],
        "Cmd": ["run", "/pytask/run"],
        "WorkingDir": "/",
        "AttachStdin": false, "AttachStdout": false, "AttachStderr": false,
        "OpenStdin": false, "Tty": false,
        "Healthcheck": { "Test": ["NONE"] },
        "StopSignal": "SIGTERM",
        "StopTimeout": 10,
        "Labels": { "pytask.instance": "a", "pytask.run": "1" },
        "HostConfig": {
            "CapDrop": ["ALL"],
            "CapAdd": ["SETUID", "SETGID", "KILL"],
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": true,
            "IpcMode": "private",
            "CgroupnsMode": "private",
            "Memory": 536_870_912, "MemorySwap": 536_870_912,
            "NanoCpus": 1_500_000_000,
            "PidsLimit": 128,
            "Ulimits": [
                { "Name": "nofile", "Soft": 1024, "Hard": 1024 },
                { "Name": "core", "Soft": 0, "Hard": 0 },
                { "Name": "fsize", "Soft": 1_073_741_824, "Hard": 1_073_741_824 },
            ],
            "OomScoreAdj": 500,
            "Tmpfs": {
                "/tmp": "rw,nosuid,nodev,exec,mode=1777,size=268435456",
                "/run/secrets": "rw,nosuid,nodev,noexec,mode=0755,size=1048576",
            },
            "Mounts": [
                {
                    "Type": "volume", "Source": "data", "Target": "/script",
                    "VolumeOptions": { "Subpath": "scripts/x/files", "NoCopy": true },
                },
                {
                    "Type": "volume", "Source": "data", "Target": "/pytask/bin", "ReadOnly": true,
                    "VolumeOptions": { "Subpath": "bin/0", "NoCopy": true },
                },
            ],
            "NetworkMode": "pytask-a-runs",
            "LogConfig": {
                "Type": "local", "Config": { "max-size": "1m", "max-file": "2", "compress": "false" },
            },
            "Init": false,
            "AutoRemove": false,
            "RestartPolicy": { "Name": "no" },
        },
    });
    assert_eq!(sent, expected);
}

#[test]
fn folders_are_mounted_the_way_the_storage_allows() {
    let mounts = |storage: &StorageMap| {
        let body = container(&job(), storage, "a").expect("a body");
        serde_json::to_value(body.host_config.expect("a host configuration").mounts).expect("JSON")
    };
    assert_eq!(
        mounts(&host_path()),
        serde_json::json!([
            { "Type": "bind", "Source": "/srv/pytask/scripts/x/files", "Target": "/script" },
            { "Type": "bind", "Source": "/srv/pytask/bin/0", "Target": "/pytask/bin", "ReadOnly": true },
        ])
    );
    let nested = StorageMap::Subpath {
        volume: "data".to_owned(),
        prefix: "part".into(),
    };
    assert_eq!(
        mounts(&nested)[0]["VolumeOptions"]["Subpath"],
        "part/scripts/x/files"
    );
}

#[test]
fn no_network_is_asked_for_as_none() {
    let job = JobSpec {
        network: Network::None,
        ..job()
    };
    let body = container(&job, &subpath(), "a").expect("a body");
    assert_eq!(
        body.host_config
            .expect("a host configuration")
            .network_mode
            .as_deref(),
        Some("none")
    );
}

#[test]
fn sources_stay_below_the_data_directory() {
    for source in ["scripts/x/files", "bin/0", "a", "a.b/..c"] {
        assert!(is_confined(Path::new(source)), "{source}");
    }
    for source in [
        "", "/", "/etc", ".", "..", "../x", "a/../b", "a/..", "./a", "a\0b",
    ] {
        assert!(!is_confined(Path::new(source)), "{source}");
    }
}

#[test]
fn jobs_that_would_mean_something_else_are_refused() {
    type Change = fn(&mut JobSpec);
    let table: [(Change, &str); 15] = [
        (|job| job.caps.memory = 0, "memory"),
        (|job| job.caps.memory = u64::MAX, "memory"),
        (|job| job.caps.cpus = 0.0, "cpus"),
        (|job| job.caps.cpus = -1.0, "cpus"),
        (|job| job.caps.cpus = f64::NAN, "cpus"),
        (|job| job.caps.cpus = f64::INFINITY, "cpus"),
        (|job| job.caps.pids = 0, "pids"),
        (|job| job.caps.nofile = 0, "nofile"),
        (|job| job.caps.fsize = 0, "fsize"),
        (|job| job.caps.tmp = 0, "tmp"),
        (|job| job.mounts[0].source = "../x".into(), "data directory"),
        (|job| job.mounts[0].target = "relative".to_owned(), "absolute"),
        (
            |job| job.mounts[0].target = "/script/../etc".to_owned(),
            "absolute",
        ),
        (
            |job| job.mounts[0].target = "/pytask/bin".to_owned(),
            "two mounts",
        ),
        (
            |job| drop(job.labels.insert(INSTANCE_LABEL.to_owned(), "b".to_owned())),
            "label",
        ),
    ];
    for (change, expected) in table {
        let mut job = job();
        change(&mut job);
        let error = container(&job, &subpath(), "a").expect_err(expected);
        assert!(
            matches!(error, Error::Refused(_)) && error.to_string().contains(expected),
            "{error}"
        );
    }
    let idle = JobSpec {
        command: vec![],
        ..job()
    };
    assert!(container(&idle, &subpath(), "a").is_err());
}

#[test]
fn a_grace_is_rounded_up_to_seconds() {
    let table = [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2)];
    for (milliseconds, seconds) in table {
        assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
    }
    assert_eq!(
        whole_seconds(Duration::MAX.saturating_sub(Duration::from_secs(1))),
        i64::from(i32::MAX)
    );
}

#[test]
fn what_has_no_hurry_gets_the_least_share_of_the_processors() {
    let mut job = job();
    job.priority = Priority::Low;
    let body = container(&job, &subpath(), "a").expect("a body");
    assert_eq!(body.host_config.expect("a configuration").cpu_shares, Some(2));
}
