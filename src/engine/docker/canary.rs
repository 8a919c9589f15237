//! The proof: a test container in which the supervisor says what it sees.
//!
//! Versions promise, kernels and configurations break the promise. So before anything of the user's runs, a
//! container is made exactly as jobs are, given one folder next to another it must not see, and what the
//! supervisor reports from inside is judged. A sibling in sight or a missing piece of the hardening is an
//! error, and nothing is run on such an engine; a limit that is not there is listed, and jobs are refused for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use pytask_protocol::{PROBE_FILE, Probe};

use super::judge::judge;
use super::link::{Link, ORDINARY, status, within};
use super::storage::{self, StorageMap};
use super::{Docker, images};
use crate::engine::{
    Capabilities, Engine, Error, JobName, JobSpec, JobState, Mount, Network, Priority, ResourceCaps,
    UnenforcedLimit,
};

/// How a test container is told from a job.
const KIND_LABEL: &str = "pytask.kind";
const PROBE: &str = "probe";

const REPORT_TARGET: &str = "/pytask/run";
const LOOK_TARGET: &str = "/pytask/look";
const BIN_TARGET: &str = "/pytask/bin";
/// The supervisor only reads a few files; a loaded machine still takes seconds to start a container.
const PATIENCE: Duration = Duration::from_secs(60);
const MAX_REPORT_BYTES: u64 = 1024 * 1024;

/// One canary: what it is called and which folder it is given.
#[derive(Debug, Clone)]
pub struct Plan {
    nonce: String,
    /// Where it is told to look, below the data directory. Everything but `<root>/mine` must stay out of sight.
    pub mounted: PathBuf,
}

impl Plan {
    pub(super) fn new() -> Self {
        let nonce = uuid::Uuid::now_v7().simple().to_string();
        let mounted = Self::root(&nonce).join("mine");
        Self { nonce, mounted }
    }

    /// A canary that is given the parent of its folder: it has to fail, or it proves nothing.
    pub fn exposing_siblings() -> Self {
        let honest = Self::new();
        Self {
            mounted: Self::root(&honest.nonce),
            ..honest
        }
    }

    fn root(nonce: &str) -> PathBuf {
        Path::new("probe").join(nonce)
    }

    fn mark(&self) -> String {
        format!("canary-{}", self.nonce)
    }

    fn job(&self, instance: &str, image: &str, supervisor_dir: &Path) -> JobSpec {
        let mount = |source: &Path, target: &str, read_only| Mount {
            source: source.to_owned(),
            target: target.to_owned(),
            read_only,
        };
        JobSpec {
            name: JobName(format!("pytask-{instance}-probe-{}", self.nonce)),
            labels: BTreeMap::from([(KIND_LABEL.to_owned(), PROBE.to_owned())]),
            image: image.to_owned(),
            command: [
                &format!("{BIN_TARGET}/supervisor"),
                "probe",
                REPORT_TARGET,
                LOOK_TARGET,
            ]
            .map(str::to_owned)
            .to_vec(),
            mounts: vec![
                mount(&Self::root(&self.nonce).join("report"), REPORT_TARGET, false),
                mount(&self.mounted, LOOK_TARGET, true),
                mount(supervisor_dir, BIN_TARGET, true),
            ],
            caps: ResourceCaps {
                memory: 64 * 1024 * 1024,
                cpus: 0.5,
                pids: 32,
                nofile: 256,
                fsize: 1024 * 1024,
                tmp: 1024 * 1024,
            },
            network: Network::None,
            priority: Priority::Normal,
            stop_grace: Duration::from_secs(1),
        }
    }
}

impl Docker {
    /// Runs one canary and judges it. [`Engine::probe`] is this with the honest plan, remembered.
    pub async fn try_canary(&self, image: &str, plan: &Plan) -> Result<Capabilities, Error> {
        self.prove(image, plan)
            .await
            .map(|(capabilities, _)| capabilities)
    }

    pub(super) async fn prove(&self, image: &str, plan: &Plan) -> Result<(Capabilities, StorageMap), Error> {
        let (report, unenforced, storage) = self.examine(image, plan).await?;
        let link = self.line.link().await?;
        let machine = match within(ORDINARY, link.client.info()).await {
            Ok(machine) => machine,
            Err(error) => return Err(self.line.failed(error).await),
        };
        let capabilities = Capabilities {
            engine_version: link.engine_version.clone(),
            api_version: link.api.to_string(),
            storage: storage.kind(),
            cgroup_version: report
                .cgroup_version
                .and_then(|version| u8::try_from(version).ok())
                .unwrap_or(0),
            cpus: machine.ncpu.and_then(|count| u32::try_from(count).ok()),
            memory_bytes: machine.mem_total.and_then(|bytes| u64::try_from(bytes).ok()),
            unenforced,
        };
        Ok((capabilities, storage))
    }

    /// What a container of this image is like from inside, if it is as a job's has to be, with the limits that do not
    /// hold in it.
    pub(super) async fn examine(
        &self,
        image: &str,
        plan: &Plan,
    ) -> Result<(Probe, Vec<UnenforcedLimit>, StorageMap), Error> {
        let _one_at_a_time = self.canary.lock().await;
        let link = self.line.link().await?;
        images::ensure(&self.line, &link, image).await?;
        let data_dir = self.config.data_dir.clone();
        let data_dir = on_disk("finding", move || data_dir.canonicalize()).await?;
        let storage = self.storage(&link, &data_dir).await?;

        let folder = data_dir.join(Plan::root(&plan.nonce));
        let (made, mark) = (folder.clone(), plan.mark());
        on_disk("preparing", move || prepare(&made, &mark)).await?;
        self.remove_earlier(&link).await;
        let job = plan.job(&self.config.instance, image, &self.config.supervisor_dir);
        let report = self.report(&link, &job, &storage, &folder).await;
        // Whatever came of it; what cannot be removed now is found by its label later.
        if let Err(error) = self.remove_container(&link, &job.name).await {
            tracing::warn!(job = %job.name, %error, "a test container stays behind");
        }
        if let Err(error) = on_disk("removing", move || std::fs::remove_dir_all(folder)).await {
            tracing::warn!(%error, "a test folder stays behind");
        }

        let report = report?;
        let unenforced = judge(&report, &plan.mark(), &job.caps)
            .map_err(|why| Error::Unenforceable(format!("the test container shows that {why}")))?;
        Ok((report, unenforced, storage))
    }

    /// Test containers of a controller that was killed in the middle of its proof; an instance has one at a time.
    async fn remove_earlier(&self, link: &Link) {
        // What cannot be listed or removed now is found by its label later.
        for job in self.list().await.unwrap_or_default() {
            if job.labels.get(KIND_LABEL).is_some_and(|kind| kind == PROBE)
                && let Err(error) = self.remove_container(link, &job.name).await
            {
                tracing::warn!(job = %job.name, %error, "an earlier test container stays behind");
            }
        }
    }

    async fn storage(&self, link: &Link, data_dir: &Path) -> Result<StorageMap, Error> {
        if let Some(volume) = &self.config.data_volume {
            return match within(ORDINARY, link.client.inspect_volume(volume)).await {
                Ok(found) => storage::of_volume(volume, &found.mountpoint, link.api),
                Err(error) => Err(self.line.failed(error).await),
            };
        }
        let mountinfo = on_disk("reading", || std::fs::read_to_string("/proc/self/mountinfo")).await?;
        let Some(id) = storage::own_container_id(&mountinfo) else {
            return Ok(StorageMap::HostPath {
                root: data_dir.to_owned(),
            });
        };
        match within(ORDINARY, link.client.inspect_container(&id, None)).await {
            Ok(own) => storage::of_container(&own, data_dir, link.api),
            // A container of some other engine: to this one we are an ordinary process on its host, or the
            // canary will tell that we are not.
            Err(error) if status(&error) == Some(404) => Ok(StorageMap::HostPath {
                root: data_dir.to_owned(),
            }),
            Err(error) => Err(self.line.failed(error).await),
        }
    }

    async fn report(
        &self,
        link: &Link,
        job: &JobSpec,
        storage: &StorageMap,
        folder: &Path,
    ) -> Result<Probe, Error> {
        self.launch_with(link, job, storage).await?;
        let state = tokio::time::timeout(PATIENCE, self.wait(&job.name))
            .await
            .unwrap_or(Ok(JobState::Running))?;
        let path = folder.join("report").join(PROBE_FILE);
        let found = on_disk("reading the report of", move || read_report(&path)).await;
        match (state, found) {
            (JobState::Exited { code: 0, .. }, Ok(Some(report))) => Ok(report),
            (JobState::Exited { code: 0, .. }, Ok(None)) => Err(Error::Unenforceable(
                "the test container wrote its report somewhere else than into the folder it was given"
                    .to_owned(),
            )),
            (JobState::Exited { code: 0, .. }, Err(error)) => Err(error),
            (state, _) => Err(Error::Unenforceable(format!(
                "the test container did not do its work ({state:?}): {}",
                self.last_words(link, &job.name).await
            ))),
        }
    }

    /// What the supervisor had to say; only for the sentence that explains a failed proof.
    async fn last_words(&self, link: &Link, name: &JobName) -> String {
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .tail("5")
            .build();
        let mut words = String::new();
        let mut lines = link.client.logs(&name.0, Some(options));
        while let Ok(Some(Ok(line))) = tokio::time::timeout(Duration::from_secs(5), lines.next()).await {
            words.push_str(&line.to_string());
        }
        if words.trim().is_empty() {
            "it said nothing".to_owned()
        } else {
            words.trim().to_owned()
        }
    }
}

/// `mine` with a mark to recognise it by, `theirs` beside it, and a place for the report.
fn prepare(folder: &Path, mark: &str) -> std::io::Result<()> {
    // What a controller left that was killed in the middle of its proof.
    if let Some(all) = folder.parent().filter(|all| all.exists()) {
        std::fs::remove_dir_all(all)?;
    }
    std::fs::create_dir_all(folder.join("report"))?;
    std::fs::create_dir_all(folder.join("mine"))?;
    std::fs::create_dir_all(folder.join("theirs"))?;
    std::fs::write(folder.join("mine").join(mark), "")?;
    std::fs::write(folder.join("theirs").join("secret"), "")
}

fn read_report(path: &Path) -> std::io::Result<Option<Probe>> {
    use std::io::Read;
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = Vec::new();
    file.take(MAX_REPORT_BYTES).read_to_end(&mut text)?;
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(std::io::Error::other)
}

async fn on_disk<T: Send + 'static>(
    what: &str,
    act: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(act)
        .await
        .map_err(std::io::Error::other)
        .flatten();
    done.map_err(|error| {
        Error::Unenforceable(format!("{what} the data directory for a test container: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::docker::spec;

    #[test]
    fn the_canary_is_given_one_folder_and_the_supervisor() {
        let plan = Plan::new();
        let job = plan.job("a", "image", Path::new("bin/x"));
        assert!(job.mounts.iter().all(|mount| spec::is_confined(&mount.source)));
        assert!(job.mounts[1].source.ends_with("mine"));
        assert!(Plan::exposing_siblings().mounted.parent() == Some(Path::new("probe")));
    }
}
