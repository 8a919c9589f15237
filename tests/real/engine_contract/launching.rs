//! Launching on the real engine when something is in the way, and the ends that only a kernel makes.

use std::process::{Command, Stdio};

use pytask_manager::engine::{Engine, Error, JobSpec, JobState, Mount};

use super::bench::{DockerBench, StorageMode, described};
use super::contract::{Behaviour, Bench, exited, in_time};
use crate::machine::{docker, socket};

/// Asks the engine behind our back to make a container from a description, started by nobody.
fn recreate(job: &JobSpec, change: impl FnOnce(&mut serde_json::Value)) {
    let mut body = described(job)["Config"].take();
    body["HostConfig"] = described(job)["HostConfig"].take();
    change(&mut body);
    docker(&["rm", "-f", &job.name.0]);
    let mut curl = Command::new("curl")
        .args([
            "-fsS",
            "--unix-socket",
            &socket().display().to_string(),
            "-H",
            "Content-Type: application/json",
            "-d",
            "@-",
        ])
        .arg(format!("http://engine/containers/create?name={}", job.name))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("curl");
    serde_json::to_writer(curl.stdin.take().expect("a pipe"), &body).expect("written");
    assert!(curl.wait().expect("curl").success());
}

/// What a controller leaves that was killed between creating and starting.
#[tokio::test]
async fn a_created_container_is_adopted_and_started() {
    let bench = DockerBench::proved(StorageMode::Volume).await;
    let job = bench.shell("exit 3");
    bench.docker.launch(&job).await.expect("launched");
    recreate(&job, |_| {});
    assert_eq!(
        bench.docker.inspect(&job.name).await.expect("seen"),
        JobState::Created
    );
    assert_eq!(
        in_time(bench.docker.wait(&job.name)).await.expect("waited"),
        JobState::Created
    );
    bench.docker.launch(&job).await.expect("adopted");
    assert_eq!(
        in_time(bench.docker.wait(&job.name)).await.expect("waited"),
        exited(3)
    );
}

#[tokio::test]
async fn a_created_container_that_differs_is_refused_and_removed() {
    let bench = DockerBench::proved(StorageMode::HostPath).await;
    type Change = fn(&mut serde_json::Value);
    let table: [(Change, &str); 4] = [
        (
            |body| body["HostConfig"]["Privileged"] = true.into(),
            "Privileged",
        ),
        (|body| body["HostConfig"]["PidsLimit"] = 65.into(), "PidsLimit"),
        (|body| drop(body["HostConfig"]["CapDrop"].take()), "CapDrop"),
        (
            |body| body["HostConfig"]["Binds"] = serde_json::json!(["/:/host"]),
            "Binds",
        ),
    ];
    for (change, named) in table {
        let job = bench.shell("touch /own/ran");
        bench.docker.launch(&job).await.expect("launched");
        in_time(bench.docker.wait(&job.name)).await.expect("waited");
        std::fs::remove_file(bench.data_dir.join(&job.mounts[0].source).join("ran")).expect("it ran");
        recreate(&job, change);
        match bench.docker.launch(&job).await {
            Err(Error::Unenforceable(why)) => assert!(why.contains(named), "{why}"),
            other => panic!("{named}: {other:?}"),
        }
        assert_eq!(
            bench.docker.inspect(&job.name).await.expect("seen"),
            JobState::Absent
        );
        assert!(
            !bench.data_dir.join(&job.mounts[0].source).join("ran").exists(),
            "it was not started"
        );
    }
}

/// An image's `VOLUME` would be a writable place without a limit.
#[tokio::test]
async fn an_image_with_a_volume_of_its_own_is_refused() {
    let bench = DockerBench::proved(StorageMode::HostPath).await;
    let plain = bench.shell("exit 0");
    bench.docker.launch(&plain).await.expect("launched");
    let image = format!("pytask-test-volume:{}", bench.instance);
    docker(&["commit", "--change", "VOLUME /hoard", &plain.name.0, &image]);
    let answer = bench
        .docker
        .launch(&JobSpec {
            image: image.clone(),
            ..bench.shell("exit 0")
        })
        .await;
    docker(&["rmi", "-f", &image]);
    match answer {
        Err(Error::Unenforceable(why)) => assert!(why.contains("/hoard"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_refused() {
    for mode in [StorageMode::Volume, StorageMode::HostPath] {
        let bench = DockerBench::proved(mode).await;
        let mut job = bench.job(Behaviour::Exit(0));
        job.mounts.push(Mount {
            source: "not/there".into(),
            target: "/more".to_owned(),
            read_only: true,
        });
        let answer = bench.docker.launch(&job).await;
        assert!(matches!(answer, Err(Error::Refused(_))), "{mode:?}: {answer:?}");
        let state = bench.docker.inspect(&job.name).await.expect("seen");
        assert!(
            matches!(state, JobState::Absent | JobState::Created),
            "{mode:?}: {state:?}"
        );
        assert!(!bench.data_dir.join("not").exists(), "and not made");
        bench.docker.remove(&job.name).await.expect("removed");
    }
}

#[tokio::test]
async fn a_command_that_is_not_there_is_refused() {
    let bench = DockerBench::proved(StorageMode::HostPath).await;
    let job = JobSpec {
        command: vec!["/not/there".to_owned()],
        ..bench.shell("")
    };
    assert!(matches!(bench.docker.launch(&job).await, Err(Error::Refused(_))));
    assert_eq!(
        bench.docker.inspect(&job.name).await.expect("seen"),
        JobState::Created
    );
}

#[tokio::test]
async fn a_kill_from_outside_is_seen_by_those_who_wait() {
    let bench = DockerBench::proved(StorageMode::HostPath).await;
    let job = bench.job(Behaviour::Deaf);
    bench.docker.launch(&job).await.expect("launched");
    let name = job.name.0.clone();
    let (waited, _) = in_time(async {
        tokio::join!(
            bench.docker.wait(&job.name),
            tokio::task::spawn_blocking(move || docker(&["kill", &name]))
        )
    })
    .await;
    assert_eq!(waited.expect("waited"), exited(137));
}

#[tokio::test]
async fn a_job_that_eats_its_memory_is_told_apart() {
    let bench = DockerBench::proved(StorageMode::HostPath).await;
    let job = bench.shell("exec python3 -c 'x = bytearray(512 << 20)'");
    bench.docker.launch(&job).await.expect("launched");
    let ended = in_time(bench.docker.wait(&job.name)).await.expect("waited");
    assert_eq!(
        ended,
        JobState::Exited {
            code: 137,
            oom_killed: true,
            error: None
        }
    );
}

#[tokio::test]
async fn a_paused_job_still_runs() {
    let bench = DockerBench::proved(StorageMode::HostPath).await;
    let job = bench.job(Behaviour::Hang);
    bench.docker.launch(&job).await.expect("launched");
    docker(&["pause", &job.name.0]);
    assert_eq!(
        bench.docker.inspect(&job.name).await.expect("seen"),
        JobState::Running
    );
    bench.docker.remove(&job.name).await.expect("removed");
    assert_eq!(
        bench.docker.inspect(&job.name).await.expect("seen"),
        JobState::Absent
    );
}
