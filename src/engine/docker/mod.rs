//! The engine on Docker's HTTP API (also spoken by Podman), through bollard.
//!
//! This file only drives: it asks, and hands the answers to pure parts. `spec` builds the container, `compare`
//! checks what the engine made of it, `storage` decides how folders are mounted, `canary` proves all of it,
//! `state` reads the engine's words.
//!
//! Invariants: nothing is launched on an engine that has not been proved by [`Engine::probe`]; a container
//! without this instance's label is never touched and never taken for a job; nothing asks for a container's
//! removal but [`Engine::remove`] and the refusal of one that never started.

mod canary;
mod compare;
mod describe;
mod images;
mod judge;
mod link;
mod meter;
mod network;
mod spec;
mod state;
mod storage;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerSummary, ContainerSummaryStateEnum,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;

pub use canary::Plan as CanaryPlan;
use link::{Line, Link, ORDINARY, PATIENT, PING, status, within};
use spec::INSTANCE_LABEL;
use storage::StorageMap;

use super::{Capabilities, Description, Engine, Error, JobName, JobSpec, JobState, ListedJob, Network};

/// How many times a launch starts over when the container disappears under its hands.
const LAUNCH_ROUNDS: usize = 3;

#[derive(Debug, Clone)]
pub struct DockerConfig {
    /// `unix:///var/run/docker.sock` or `tcp://host:port`.
    pub host: String,
    /// Part of the label on everything this engine makes; jobs of other instances are invisible.
    pub instance: String,
    /// As this process sees it; need not be what the engine sees.
    pub data_dir: PathBuf,
    /// The volume whose root is the data directory, for where it cannot be found out.
    pub data_volume: Option<String>,
    /// The folder of the supervisor's binary, relative to the data directory.
    pub supervisor_dir: PathBuf,
}

pub struct Docker {
    config: DockerConfig,
    line: Line,
    proof: tokio::sync::Mutex<Proof>,
    /// An instance has one test container at a time.
    canary: tokio::sync::Mutex<()>,
    /// Two jobs at once must not both make the bridge: old engines would make two of one name.
    bridge: tokio::sync::Mutex<()>,
}

/// What is known about the engine on the other end.
#[derive(Debug, Clone)]
enum Proof {
    None,
    Failed(String),
    /// Holds for the engine that gave it, recognised by its versions.
    Given {
        capabilities: Capabilities,
        storage: StorageMap,
    },
}

impl Docker {
    /// Opens nothing yet: the engine may be away, and come later.
    pub fn connect(config: DockerConfig) -> Self {
        let line = Line::new(config.host.clone());
        Self {
            config,
            line,
            proof: Proof::None.into(),
            canary: tokio::sync::Mutex::default(),
            bridge: tokio::sync::Mutex::default(),
        }
    }

    /// The storage map and the terms of a proved engine, or why there is none.
    async fn proved(&self, link: &Link, spec: &JobSpec) -> Result<StorageMap, Error> {
        match &*self.proof.lock().await {
            Proof::Given {
                capabilities,
                storage,
            } if capabilities.engine_version == link.engine_version
                && capabilities.api_version == link.api.to_string() =>
            {
                // Every job asks for every limit, so one that does not hold concerns them all.
                match capabilities.unenforced.first() {
                    Some(unenforced) => Err(Error::Unenforceable(format!(
                        "job {} asks for the limit {}, but {}",
                        spec.name, unenforced.limit, unenforced.reason
                    ))),
                    None => Ok(storage.clone()),
                }
            }
            Proof::Failed(why) => Err(Error::Unenforceable(why.clone())),
            Proof::Given { .. } => Err(Error::Away(
                "another engine answers now; it has to be probed first".to_owned(),
            )),
            Proof::None => Err(Error::Away("it has to be probed first".to_owned())),
        }
    }

    async fn launch_with(&self, link: &Link, spec: &JobSpec, storage: &StorageMap) -> Result<(), Error> {
        if spec.network == Network::Bridge {
            let _one_at_a_time = self.bridge.lock().await;
            network::ensure(&self.line, link, &self.config.instance).await?;
        }
        let body = spec::container(spec, storage, &self.config.instance)?;
        for _ in 0..LAUNCH_ROUNDS {
            self.create(link, spec, &body).await?;
            let Some(found) = self.look(link, &spec.name).await? else {
                continue;
            };
            if !state::is_ours(&found, &self.config.instance) {
                return Err(Error::Refused(format!(
                    "the name {} is taken by a stranger's container",
                    spec.name
                )));
            }
            if state::of(&found) != JobState::Created {
                return Ok(());
            }
            if state::is_half_removed(&found) {
                self.remove_container(link, &spec.name).await?;
                continue;
            }
            let differences = compare::differences(&body, &found);
            if !differences.is_empty() {
                self.remove_container(link, &spec.name).await?;
                return Err(Error::Unenforceable(differences.join("; ")));
            }
            match within(ORDINARY, link.client.start_container(&spec.name.0, None)).await {
                Ok(()) => return Ok(()),
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(self.line.failed(error).await),
            }
        }
        Err(Error::Refused(format!(
            "container {} disappears as soon as it is made",
            spec.name
        )))
    }

    /// Creates the container unless its name exists already.
    async fn create(&self, link: &Link, spec: &JobSpec, body: &ContainerCreateBody) -> Result<(), Error> {
        let options = CreateContainerOptionsBuilder::new().name(&spec.name.0).build();
        match within(
            ORDINARY,
            link.client.create_container(Some(options), body.clone()),
        )
        .await
        {
            Ok(created) => {
                for warning in &created.warnings {
                    tracing::warn!(job = %spec.name, warning, "the engine warns about a container");
                }
                Ok(())
            }
            Err(error) if status(&error) == Some(409) => Ok(()),
            Err(error) if status(&error) == Some(404) => Err(match link::translate(error) {
                // The only other thing that can be missing at this point is the image.
                Error::Refused(words) if words.to_lowercase().contains("image") => {
                    images::missing(&spec.image, &words)
                }
                other => other,
            }),
            Err(error) => Err(self.line.failed(error).await),
        }
    }

    async fn look(&self, link: &Link, name: &JobName) -> Result<Option<ContainerInspectResponse>, Error> {
        match within(ORDINARY, link.client.inspect_container(&name.0, None)).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(self.line.failed(error).await),
        }
    }

    async fn state(&self, link: &Link, name: &JobName) -> Result<JobState, Error> {
        let found = self.look(link, name).await?;
        let ours = found.filter(|found| state::is_ours(found, &self.config.instance));
        Ok(ours.map_or(JobState::Absent, |found| state::of(&found)))
    }

    async fn remove_container(&self, link: &Link, name: &JobName) -> Result<(), Error> {
        // `v`: with the anonymous volumes that an image may have declared; named ones stay.
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match within(ORDINARY, link.client.remove_container(&name.0, Some(options))).await {
            Ok(()) => Ok(()),
            Err(error) if is_gone(&error) || is_being_removed(&error) => Ok(()),
            Err(error) => Err(self.line.failed(error).await),
        }
    }
}

#[async_trait]
impl Engine for Docker {
    async fn probe(&self, image: &str) -> Result<Capabilities, Error> {
        // Held throughout: no launch goes by a proof that is being replaced.
        let mut proof = self.proof.lock().await;
        let outcome = self.prove(image, &CanaryPlan::new()).await;
        match &outcome {
            Ok((capabilities, storage)) => {
                *proof = Proof::Given {
                    capabilities: capabilities.clone(),
                    storage: storage.clone(),
                };
            }
            // Silence proves nothing, for or against; neither does the lack of an image to try with.
            Err(Error::Away(_) | Error::Image { .. }) => {}
            Err(error) => *proof = Proof::Failed(error.to_string()),
        }
        outcome.map(|(capabilities, _)| capabilities)
    }

    async fn describe(&self) -> Result<Description, Error> {
        self.described().await
    }

    async fn remove_network(&self) -> Result<(), Error> {
        let link = self.line.link().await?;
        network::remove(&self.line, &link, &self.config.instance).await
    }

    async fn ping(&self) -> Result<(), Error> {
        let link = self.line.link().await?;
        match within(PING, link.client.ping()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.line.failed(error).await),
        }
    }

    async fn launch(&self, spec: &JobSpec) -> Result<(), Error> {
        let link = self.line.link().await?;
        let storage = self.proved(&link, spec).await?;
        self.launch_with(&link, spec, &storage).await
    }

    async fn inspect(&self, name: &JobName) -> Result<JobState, Error> {
        let link = self.line.link().await?;
        self.state(&link, name).await
    }

    async fn wait(&self, name: &JobName) -> Result<JobState, Error> {
        loop {
            let link = self.line.link().await?;
            let state = self.state(&link, name).await?;
            if state != JobState::Running {
                return Ok(state);
            }
            // The wait's own answer is only the hint to look again: looking tells more (killed for memory, the
            // engine's error) and cannot mistake a container that is gone for one that ended well.
            let client = link.patient(PATIENT);
            let options = WaitContainerOptionsBuilder::new()
                .condition("not-running")
                .build();
            let mut ended = client.wait_container(&name.0, Some(options));
            match tokio::time::timeout(PATIENT, ended.next()).await {
                Err(_) | Ok(None | Some(Ok(_))) => {}
                // Not an error: this is how the client hands over an exit code above zero.
                Ok(Some(Err(bollard::errors::Error::DockerContainerWaitError { .. }))) => {}
                Ok(Some(Err(error))) if is_gone(&error) => {}
                Ok(Some(Err(error))) => return Err(self.line.failed(error).await),
            }
        }
    }

    async fn stop(&self, name: &JobName, grace: Duration) -> Result<(), Error> {
        let link = self.line.link().await?;
        if self.state(&link, name).await? != JobState::Running {
            return Ok(());
        }
        let seconds = spec::whole_seconds(grace);
        let patience = PATIENT + Duration::from_secs(seconds.unsigned_abs());
        let options = StopContainerOptionsBuilder::new()
            .t(i32::try_from(seconds).unwrap_or(i32::MAX))
            .build();
        let client = link.patient(patience);
        match within(patience, client.stop_container(&name.0, Some(options))).await {
            Ok(()) => Ok(()),
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(self.line.failed(error).await),
        }
    }

    async fn remove(&self, name: &JobName) -> Result<(), Error> {
        let link = self.line.link().await?;
        match self.state(&link, name).await? {
            JobState::Absent => Ok(()),
            _ => self.remove_container(&link, name).await,
        }
    }

    async fn list(&self) -> Result<Vec<ListedJob>, Error> {
        let link = self.line.link().await?;
        let ours = format!("{INSTANCE_LABEL}={}", self.config.instance);
        let filters = HashMap::from([("label".to_owned(), vec![ours])]);
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        match within(ORDINARY, link.client.list_containers(Some(options))).await {
            Ok(found) => Ok(found.into_iter().filter_map(listed).collect()),
            Err(error) => Err(self.line.failed(error).await),
        }
    }
}

/// A container without a name is being taken apart.
fn listed(found: ContainerSummary) -> Option<ListedJob> {
    use ContainerSummaryStateEnum::{PAUSED, RESTARTING, RUNNING};
    let name = found.names?.into_iter().next()?;
    Some(ListedJob {
        name: JobName(name.trim_start_matches('/').to_owned()),
        labels: found.labels.unwrap_or_default().into_iter().collect(),
        running: matches!(found.state, Some(RUNNING | PAUSED | RESTARTING)),
        created_at: found.created.unwrap_or_default(),
    })
}

fn is_gone(error: &bollard::errors::Error) -> bool {
    let no_container = |message: &str| message.to_lowercase().contains("no such container");
    match error {
        bollard::errors::Error::DockerResponseServerError {
            status_code: 404,
            message,
        } => no_container(message),
        _ => false,
    }
}

fn is_being_removed(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 409, message }
        if message.contains("already in progress"))
}
