use serde_json::json;

use super::*;
use crate::engine::docker::spec;
use crate::engine::docker::spec::tests::{job, subpath};

fn asked() -> ContainerCreateBody {
    spec::container(&job(), &subpath(), "a").expect("a body")
}

/// What Docker 26.1 answers for it, down to the values it fills in.
fn answer() -> Value {
    let body = serde_json::to_value(asked()).expect("JSON");
    let mut answer = json!({
        "State": { "Status": "created" },
        "HostConfig": body["HostConfig"],
        "Config": body,
        "Mounts": [
            {
                "Type": "volume", "Name": "data", "Source": "/var/lib/docker/volumes/data/_data",
                "Destination": "/script", "Driver": "local", "Mode": "z", "RW": true, "Propagation": "",
            },
            {
                "Type": "volume", "Name": "data", "Source": "/var/lib/docker/volumes/data/_data",
                "Destination": "/pytask/bin", "Driver": "local", "Mode": "z", "RW": false, "Propagation": "",
            },
        ],
    });
    answer["Config"]["HostConfig"].take();
    answer["Config"]["Labels"]["maintainer"] = json!("the image's");
    answer["Config"]["Env"] = json!(["PATH=/usr/bin"]);
    let filled_in = json!({
        "Binds": null, "ContainerIDFile": "", "PortBindings": null, "VolumeDriver": "", "VolumesFrom": null,
        "ConsoleSize": [0, 0], "Dns": [], "DnsOptions": [], "ExtraHosts": null, "GroupAdd": null, "Cgroup": "",
        "Links": null, "PidMode": "", "Privileged": false, "PublishAllPorts": false, "UTSMode": "",
        "UsernsMode": "", "ShmSize": 67_108_864, "Runtime": "runc", "Isolation": "", "CpuShares": 0,
        "CgroupParent": "", "BlkioWeight": 0, "CpuPeriod": 0, "CpuQuota": 0, "CpusetCpus": "", "Devices": [],
        "MemoryReservation": 0, "MemorySwappiness": null, "OomKillDisable": false, "CpuCount": 0,
        "MaskedPaths": ["/proc/kcore"], "ReadonlyPaths": ["/proc/sys"],
        "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
    });
    let Value::Object(filled_in) = filled_in else {
        unreachable!("an object above")
    };
    for (field, value) in filled_in {
        answer["HostConfig"][field] = value;
    }
    answer
}

fn found(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut answer = answer();
    change(&mut answer);
    differences(
        &asked(),
        &serde_json::from_value(answer).expect("an inspect answer"),
    )
}

#[test]
fn what_a_faithful_engine_answers_is_no_difference() {
    assert_eq!(found(|_| {}), Vec::<String>::new());
}

#[test]
fn other_spellings_of_the_same_are_no_difference() {
    let spelled = found(|answer| {
        let host = &mut answer["HostConfig"];
        host["CapAdd"] = json!(["CAP_KILL", "CAP_SETGID", "CAP_SETUID"]);
        host["SecurityOpt"] = json!(["no-new-privileges:true"]);
        host["MemorySwappiness"] = json!(-1);
        host["OomKillDisable"] = json!(null);
        host["Mounts"].as_array_mut().expect("a list").reverse();
        host["Mounts"][0]["BindOptions"] = json!({});
    });
    assert_eq!(spelled, Vec::<String>::new());
}

#[test]
fn whatever_differs_is_named() {
    type Change = fn(&mut Value);
    let host: [(&str, Value); 24] = [
        ("CapDrop", json!(null)),
        ("CapAdd", json!(["SETUID", "SETGID", "KILL", "SYS_ADMIN"])),
        ("SecurityOpt", json!(["no-new-privileges", "seccomp=unconfined"])),
        ("ReadonlyRootfs", json!(false)),
        ("IpcMode", json!("shareable")),
        ("CgroupnsMode", json!("host")),
        ("MemorySwap", json!(-1)),
        ("PidsLimit", json!(null)),
        ("NanoCpus", json!(0)),
        (
            "Ulimits",
            json!([{ "Name": "nofile", "Soft": 1024, "Hard": 1024 }]),
        ),
        ("OomScoreAdj", json!(0)),
        ("Tmpfs", json!(null)),
        ("NetworkMode", json!("bridge")),
        ("LogConfig", json!({ "Type": "json-file", "Config": {} })),
        ("Init", json!(true)),
        ("Init", json!(null)),
        ("AutoRemove", json!(true)),
        ("Privileged", json!(true)),
        (
            "Devices",
            json!([{ "PathOnHost": "/dev/kmsg", "PathInContainer": "/dev/kmsg" }]),
        ),
        ("Binds", json!(["/var/run/docker.sock:/var/run/docker.sock"])),
        ("PidMode", json!("host")),
        ("UsernsMode", json!("host")),
        ("MaskedPaths", json!([])),
        ("ReadonlyPaths", json!(null)),
    ];
    for (field, value) in host {
        let differences = found(|answer| answer["HostConfig"][field] = value);
        assert!(
            differences.len() == 1 && differences[0].starts_with(field),
            "{field}: {differences:?}"
        );
    }
    let elsewhere: [(Change, &str); 9] = [
        (|answer| answer["Config"]["User"] = json!("1000"), "User"),
        (
            |answer| answer["Config"]["Entrypoint"] = json!(["/bin/sh"]),
            "Entrypoint",
        ),
        (|answer| answer["Config"]["Cmd"] = json!(null), "Cmd"),
        (
            |answer| answer["Config"]["Healthcheck"] = json!(null),
            "Healthcheck",
        ),
        (|answer| answer["Config"]["Tty"] = json!(true), "Tty"),
        (
            |answer| answer["Config"]["Labels"]["pytask.run"] = json!("2"),
            "label pytask.run",
        ),
        (
            |answer| answer["Mounts"][1]["RW"] = json!(true),
            "/pytask/bin is writable",
        ),
        (
            |answer| answer["Mounts"][0]["Name"] = json!("other"),
            "/script comes from",
        ),
        (
            |answer| drop(answer["Mounts"].as_array_mut().expect("a list").remove(0)),
            "nothing is mounted at /script",
        ),
    ];
    for (change, expected) in elsewhere {
        let differences = found(change);
        assert!(
            differences.len() == 1 && differences[0].starts_with(expected),
            "{expected}: {differences:?}"
        );
    }
}

/// API 1.41 drops the subpath without a word, and the run would see every script's folder.
#[test]
fn a_dropped_subpath_is_seen() {
    let differences = found(|answer| {
        for mount in answer["HostConfig"]["Mounts"].as_array_mut().expect("a list") {
            mount["VolumeOptions"] = json!({ "NoCopy": true });
        }
    });
    assert!(
        differences.len() == 1 && differences[0].starts_with("Mounts"),
        "{differences:?}"
    );
}

#[test]
fn a_volume_of_the_images_own_is_seen() {
    let differences = found(|answer| {
        answer["Mounts"].as_array_mut().expect("a list").push(json!({
            "Type": "volume", "Name": "0f", "Source": "/var/lib/docker/volumes/0f/_data",
            "Destination": "/cache", "RW": true,
        }));
    });
    assert!(
        differences.len() == 1 && differences[0].contains("/cache"),
        "{differences:?}"
    );
}
