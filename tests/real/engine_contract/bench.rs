//! An instance of its own on the real engine, with a data directory of its own; taken apart when dropped.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pytask_manager::engine::docker::{Docker, DockerConfig};
use pytask_manager::engine::{Engine, JobName, JobSpec, Mount, Network, Priority, ResourceCaps};

use super::contract::{Behaviour, Bench};
use crate::machine::{self, docker, runner_image, socket};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageMode {
    /// The data directory is a named volume, folders are mounted by subpath.
    Volume,
    /// The data directory is a folder of the host.
    HostPath,
}

pub(crate) struct DockerBench {
    pub(crate) docker: Docker,
    stranger: Docker,
    pub(crate) instance: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) volume: Option<String>,
    _temporary: Option<tempfile::TempDir>,
    jobs: AtomicU64,
}

const SUPERVISOR_DIR: &str = "bin/test";

impl DockerBench {
    /// On an engine that was not probed yet.
    pub(crate) fn unproved(mode: StorageMode) -> Self {
        let supervisor = machine::supervisor();
        let instance = format!("t{}", &uuid::Uuid::now_v7().simple().to_string()[16..]);
        let (data_dir, volume, temporary) = match mode {
            StorageMode::Volume => {
                let volume = format!("pytask-{instance}");
                docker(&[
                    "volume",
                    "create",
                    "--label",
                    &format!("pytask.instance={instance}"),
                    &volume,
                ]);
                let mountpoint = docker(&["volume", "inspect", "--format", "{{.Mountpoint}}", &volume]);
                (PathBuf::from(mountpoint), Some(volume), None)
            }
            StorageMode::HostPath => {
                let temporary = tempfile::tempdir().expect("a temporary directory");
                (temporary.path().to_owned(), None, Some(temporary))
            }
        };
        let bench = |instance: &str| Docker::connect(config(instance, &data_dir, volume.clone()));
        let made = Self {
            docker: bench(&instance),
            stranger: bench(&format!("{instance}-stranger")),
            instance,
            data_dir,
            volume,
            _temporary: temporary,
            jobs: AtomicU64::new(0),
        };
        let folder = made.data_dir.join(SUPERVISOR_DIR);
        std::fs::create_dir_all(&folder).expect("a folder for the supervisor");
        std::fs::copy(supervisor, folder.join("supervisor")).expect("the supervisor's binary can be copied");
        made
    }

    pub(crate) async fn proved(mode: StorageMode) -> Self {
        let bench = Self::unproved(mode);
        bench
            .docker
            .probe(&runner_image())
            .await
            .expect("the engine is fit");
        bench
            .stranger
            .probe(&runner_image())
            .await
            .expect("the engine is fit");
        bench
    }

    /// A job that runs a shell line instead of a supervisor, with a folder of its own at `/own`.
    pub(crate) fn shell(&self, line: &str) -> JobSpec {
        let name = format!(
            "pytask-{}-{}",
            self.instance,
            self.jobs.fetch_add(1, Ordering::Relaxed)
        );
        let source = Path::new("jobs").join(&name);
        std::fs::create_dir_all(self.data_dir.join(&source)).expect("a folder for the job");
        JobSpec {
            labels: [("pytask.run".to_owned(), name.clone())].into(),
            name: JobName(name),
            image: runner_image(),
            command: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            mounts: vec![
                Mount {
                    source,
                    target: "/own".to_owned(),
                    read_only: false,
                },
                Mount {
                    source: SUPERVISOR_DIR.into(),
                    target: "/pytask/bin".to_owned(),
                    read_only: true,
                },
            ],
            caps: ResourceCaps {
                memory: 64 << 20,
                cpus: 0.5,
                pids: 64,
                nofile: 256,
                fsize: 16 << 20,
                tmp: 4 << 20,
            },
            network: Network::None,
            priority: Priority::Normal,
            stop_grace: Duration::from_secs(3),
        }
    }

    /// What the job left at `/own/<name>`.
    pub(crate) fn left(&self, job: &JobSpec, name: &str) -> String {
        let path = self.data_dir.join(&job.mounts[0].source).join(name);
        std::fs::read_to_string(path).expect("left by the job")
    }
}

impl Bench for DockerBench {
    fn engine(&self) -> &dyn Engine {
        &self.docker
    }

    fn stranger(&self) -> &dyn Engine {
        &self.stranger
    }

    fn job(&self, behaviour: Behaviour) -> JobSpec {
        match behaviour {
            Behaviour::Exit(code) => self.shell(&format!("exit {code}")),
            Behaviour::Hang => self.shell("trap 'exit 143' TERM; while :; do sleep 1 & wait $!; done"),
            Behaviour::Deaf => self.shell("trap '' TERM; while :; do sleep 1; done"),
        }
    }
}

impl Drop for DockerBench {
    /// Also after a failed test, and also what a broken engine of ours would leave behind.
    fn drop(&mut self) {
        for instance in [&self.instance, &format!("{}-stranger", self.instance)] {
            machine::Engine::default().remove_everything_of(instance);
        }
        if let Some(volume) = &self.volume {
            docker(&["volume", "rm", volume]);
        }
    }
}

pub(crate) fn config(instance: &str, data_dir: &Path, data_volume: Option<String>) -> DockerConfig {
    DockerConfig {
        host: format!("unix://{}", socket().display()),
        instance: instance.to_owned(),
        data_dir: data_dir.to_owned(),
        data_volume,
        supervisor_dir: SUPERVISOR_DIR.into(),
    }
}

pub(crate) fn described(job: &JobSpec) -> serde_json::Value {
    machine::described(&job.name.0)
}
