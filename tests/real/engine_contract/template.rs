//! The container of a run as the engine's own client describes it, field by field and nothing beside them; and
//! the same as the kernel shows it from inside.

use serde_json::{Value, json};

use pytask_manager::engine::{Engine, JobSpec, Network};

use super::bench::{DockerBench, StorageMode, described};
use super::contract::{Behaviour, Bench, exited, in_time};
use crate::template::{assert_host_config, host_config};

async fn assert_template(mode: StorageMode, network: Network) {
    let bench = DockerBench::proved(mode).await;
    let job = JobSpec {
        network,
        ..bench.job(Behaviour::Hang)
    };
    bench.docker.launch(&job).await.expect("launched");
    let described = described(&job);

    let mounts: Vec<Value> = job
        .mounts
        .iter()
        .map(|mount| {
            let mut expected = match mode {
                StorageMode::Volume => json!({
                    "Type": "volume",
                    "Source": format!("pytask-{}", bench.instance),
                    "Target": mount.target,
                    "VolumeOptions": { "NoCopy": true, "Subpath": mount.source },
                }),
                StorageMode::HostPath => json!({
                    "Type": "bind", "Source": bench.data_dir.join(&mount.source), "Target": mount.target,
                }),
            };
            if mount.read_only {
                expected["ReadOnly"] = json!(true);
            }
            expected
        })
        .collect();
    let bridge = format!("pytask-{}-runs", bench.instance);
    let network = if network == Network::None { "none" } else { &bridge };
    let expected = host_config(&job.caps, network, json!(mounts));
    assert_host_config(&described["HostConfig"], &expected);

    let config = &described["Config"];
    assert_eq!(config["User"], "0:0");
    assert_eq!(config["Entrypoint"], json!([job.command[0]]));
    assert_eq!(config["Cmd"], json!(job.command[1..]));
    assert_eq!(config["Healthcheck"], json!({ "Test": ["NONE"] }));
    assert_eq!(config["StopSignal"], "SIGTERM");
    assert_eq!(config["StopTimeout"], 3);
    assert_eq!(
        (&config["Tty"], &config["OpenStdin"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(config["Labels"]["pytask.instance"], json!(bench.instance));
    assert_eq!(config["Labels"]["pytask.run"], json!(job.name.0));
    assert_eq!(
        described["Mounts"].as_array().map(Vec::len),
        Some(job.mounts.len())
    );
}

#[tokio::test]
async fn a_container_equals_the_template_with_subpaths() {
    assert_template(StorageMode::Volume, Network::Bridge).await;
}

#[tokio::test]
async fn a_container_equals_the_template_with_host_paths() {
    assert_template(StorageMode::HostPath, Network::None).await;
}

/// The same from inside: what the kernel grants to the container's first process.
async fn assert_confined(mode: StorageMode) {
    let bench = DockerBench::proved(mode).await;
    let neighbour = bench.shell("exit 0");
    let job = bench.shell(
        "cd /own && ls -A /own > seen && grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status > status; \
         touch /pytask/bin/x /x 2> refused; ls -A /sys/class/net > net; grep -E ' (/tmp|/run/secrets) ' /proc/mounts > tmpfs; \
         head -c 20000000 /dev/zero > big 2> /dev/null; wc -c < big > size; exit 0",
    );
    bench.docker.launch(&job).await.expect("launched");
    assert_eq!(
        in_time(bench.docker.wait(&job.name)).await.expect("waited"),
        exited(0)
    );

    assert_eq!(
        bench.left(&job, "seen"),
        "seen\n",
        "its own folder and nothing of {}",
        neighbour.name
    );
    let status = bench.left(&job, "status");
    for line in [
        "CapEff:\t00000000000000e0",
        "CapBnd:\t00000000000000e0",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(line), "{line} in {status}");
    }
    assert_eq!(
        bench
            .left(&job, "refused")
            .matches("Read-only file system")
            .count(),
        2
    );
    assert_eq!(bench.left(&job, "net"), "lo\n");
    let tmpfs = bench.left(&job, "tmpfs");
    let tmp = tmpfs
        .lines()
        .find(|line| line.contains(" /tmp "))
        .expect("a /tmp");
    assert!(
        tmp.contains("nosuid,nodev") && tmp.contains("size=4096k") && !tmp.contains("noexec"),
        "{tmp}"
    );
    let secrets = tmpfs
        .lines()
        .find(|line| line.contains(" /run/secrets "))
        .expect("a /run/secrets");
    assert!(
        secrets.contains("noexec") && secrets.contains("size=1024k"),
        "{secrets}"
    );
    assert_eq!(
        bench.left(&job, "size").trim(),
        job.caps.fsize.to_string(),
        "the file size limit holds"
    );
}

#[tokio::test]
async fn a_container_is_confined_with_subpaths() {
    assert_confined(StorageMode::Volume).await;
}

#[tokio::test]
async fn a_container_is_confined_with_host_paths() {
    assert_confined(StorageMode::HostPath).await;
}

/// Inter-container traffic is off on the instance's bridge.
#[tokio::test]
async fn jobs_on_the_bridge_cannot_reach_each_other() {
    let bench = DockerBench::proved(StorageMode::HostPath).await;
    let server = JobSpec {
        network: Network::Bridge,
        ..bench.shell("cd /tmp && touch /own/up && exec python3 -m http.server 8000")
    };
    bench.docker.launch(&server).await.expect("launched");
    let address = described(&server)["NetworkSettings"]["Networks"]
        [format!("pytask-{}-runs", bench.instance)]["IPAddress"]
        .as_str()
        .expect("an address")
        .to_owned();
    // The server answers itself, so that a failure to reach it means something.
    let ask = |address: &str| {
        format!(
            "import socket,sys,time\nfor _ in range(int(sys.argv[1])):\n try:\n  socket.create_connection(('{address}', 8000), 2); print('open'); break\n except OSError as error: print(error); time.sleep(.2)"
        )
    };
    let itself = in_time(async {
        tokio::task::spawn_blocking({
            let (name, code) = (server.name.0.clone(), ask("127.0.0.1"));
            move || crate::machine::docker(&["exec", &name, "python3", "-c", &code, "100"])
        })
        .await
    })
    .await
    .expect("asked");
    assert!(itself.ends_with("open"), "{itself}");

    let client = JobSpec {
        network: Network::Bridge,
        command: ["/bin/sh", "-c", "python3 -c \"$0\" 2 > /own/answer"]
            .map(str::to_owned)
            .into_iter()
            .chain([ask(&address)])
            .collect(),
        ..bench.shell("")
    };
    bench.docker.launch(&client).await.expect("launched");
    assert_eq!(
        in_time(bench.docker.wait(&client.name)).await.expect("waited"),
        exited(0)
    );
    let answer = bench.left(&client, "answer");
    assert!(!answer.is_empty() && !answer.contains("open"), "{answer}");
}
