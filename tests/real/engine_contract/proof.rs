//! The canary: that it passes on a fit engine, notices an unfit one, and that nothing runs without it.

use std::path::Path;

use pytask_manager::engine::docker::{CanaryPlan, Docker};
use pytask_manager::engine::{Engine, Error, JobState, Storage};

use super::bench::{DockerBench, StorageMode, config};
use super::contract::{Behaviour, Bench};
use crate::machine::{docker, runner_image, socket, variable};

/// Set for the copy of this suite that runs in a container: the instance it is.
const INSIDE: &str = "PYTASK_SUITE_INSIDE";

async fn assert_proved(mode: StorageMode, storage: Storage) {
    let bench = DockerBench::unproved(mode);
    let capabilities = bench
        .docker
        .probe(&runner_image())
        .await
        .expect("the engine is fit");
    assert_eq!(capabilities.storage, storage);
    assert_eq!(capabilities.unenforced, vec![]);
    assert!([1, 2].contains(&capabilities.cgroup_version), "{capabilities:?}");
    assert!(!capabilities.engine_version.is_empty() && capabilities.api_version.starts_with("1."));

    assert_eq!(
        bench.docker.list().await.expect("listed"),
        vec![],
        "no test container stays"
    );
    let left = std::fs::read_dir(bench.data_dir.join("probe"))
        .expect("the folder of test folders")
        .count();
    assert_eq!(left, 0, "no test folder stays");
}

#[tokio::test]
async fn the_canary_passes_with_subpaths() {
    assert_proved(StorageMode::Volume, Storage::Subpath).await;
}

#[tokio::test]
async fn the_canary_passes_with_host_paths() {
    assert_proved(StorageMode::HostPath, Storage::HostPath).await;
}

/// What an engine that ignores subpaths would do: the container is given the folder above its own.
#[tokio::test]
async fn the_canary_notices_a_sibling_in_sight() {
    for mode in [StorageMode::Volume, StorageMode::HostPath] {
        let bench = DockerBench::unproved(mode);
        let answer = bench
            .docker
            .try_canary(&runner_image(), &CanaryPlan::exposing_siblings())
            .await;
        let Err(Error::Unenforceable(why)) = answer else {
            panic!("{mode:?}: {answer:?}")
        };
        assert!(why.contains("another folder") && why.contains("theirs"), "{why}");
        assert_eq!(bench.docker.list().await.expect("listed"), vec![]);
    }
}

/// A volume whose root is not the data directory: the folders that jobs are given are not the controller's.
#[tokio::test]
async fn the_canary_notices_a_foreign_volume() {
    let bench = DockerBench::unproved(StorageMode::HostPath);
    let foreign = DockerBench::unproved(StorageMode::Volume);
    let mixed = config(
        &bench.instance,
        &bench.data_dir,
        Some(format!("pytask-{}", foreign.instance)),
    );
    let mixed = Docker::connect(mixed);
    assert!(mixed.probe(&runner_image()).await.is_err());
    let job = bench.job(Behaviour::Exit(0));
    let launched = mixed.launch(&job).await;
    assert!(
        matches!(launched, Err(Error::Unenforceable(_))),
        "a failed proof refuses every job: {launched:?}"
    );
    assert_eq!(mixed.inspect(&job.name).await.expect("seen"), JobState::Absent);
}

#[tokio::test]
async fn nothing_is_launched_before_the_proof() {
    let bench = DockerBench::unproved(StorageMode::HostPath);
    let job = bench.job(Behaviour::Exit(0));
    assert!(matches!(bench.docker.launch(&job).await, Err(Error::Away(_))));
    assert_eq!(
        docker(&["ps", "-aq", "--filter", &format!("name={}", job.name)]),
        ""
    );
}

#[tokio::test]
async fn an_engine_that_comes_later_is_found() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let place = folder.path().join("docker.sock");
    let there = config("late", folder.path(), None);
    let late = Docker::connect(pytask_manager::engine::docker::DockerConfig {
        host: format!("unix://{}", place.display()),
        ..there.clone()
    });
    for _ in 0..2 {
        assert!(matches!(late.ping().await, Err(Error::Away(_))));
        assert!(matches!(late.list().await, Err(Error::Away(_))));
        assert!(matches!(late.probe(&runner_image()).await, Err(Error::Away(_))));
    }
    std::os::unix::fs::symlink(socket(), &place).expect("a link to the socket");
    late.ping().await.expect("there now");
    std::fs::remove_file(&place).expect("removed");
    assert!(matches!(late.ping().await, Err(Error::Away(_))), "gone again");
}

/// The controller in a container: it finds out by itself how its data directory reaches others. This very test
/// is what runs inside, told so by its environment.
#[tokio::test]
async fn a_controller_in_a_container_finds_its_own_volume() {
    if let Some(instance) = variable(INSIDE) {
        let inside = Docker::connect(config(&instance, Path::new("/data"), None));
        let capabilities = inside.probe(&runner_image()).await.expect("the engine is fit");
        assert_eq!(inside.list().await.expect("listed"), vec![]);
        println!("the storage is {:?}", capabilities.storage);
        return;
    }
    for (mode, storage) in [
        (StorageMode::Volume, "Subpath"),
        (StorageMode::HostPath, "HostPath"),
    ] {
        let bench = DockerBench::unproved(mode);
        let suite = std::env::current_exe().expect("this binary");
        let data = bench
            .volume
            .clone()
            .unwrap_or_else(|| bench.data_dir.display().to_string());
        let found = docker(&[
            "run",
            "--rm",
            "--network=none",
            "--user=0:0",
            "--env=DOCKER_HOST=unix:///engine.sock",
            &format!("--env=PYTASK_RUNNER_IMAGE={}", runner_image()),
            &format!("--env={INSIDE}={}", bench.instance),
            &format!("--volume={}:/engine.sock", socket().display()),
            &format!("--volume={}:/suite:ro", suite.display()),
            &format!("--volume={data}:/data"),
            "--entrypoint=/suite",
            &runner_image(),
            "--exact",
            "--nocapture",
            "engine_contract::proof::a_controller_in_a_container_finds_its_own_volume",
        ]);
        assert!(
            found.contains(&format!("the storage is {storage}")),
            "{mode:?}: {found}"
        );
    }
}
