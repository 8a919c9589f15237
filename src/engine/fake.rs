//! An engine without containers, steered by data: what a job does is a [`Script`] chosen by its name or a label.
//!
//! It keeps the contract of [`Engine`] (adopts, is idempotent, sees only its own instance) and stands in for the
//! supervisor too: a job with a run directory leaves there what a real run would. Everything is in memory and
//! shared between clones, so a controller can be dropped and built anew over the same jobs. For tests; no
//! production path makes one. Unlike `docker` it launches without having been probed.

mod images;
mod script;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use images::Registry;
pub use script::{End, Gate, Launch, OnStop, Script, Step};

use super::{
    Capabilities, Description, Engine, Error, Images, JobName, JobSpec, JobState, ListedJob, Network,
    Priority, ResourceCaps, Storage,
};
use images::{Shelf, missing};

const INSTANCE_LABEL: &str = "pytask.instance";

/// Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Fake {
    instance: String,
    world: Arc<World>,
}

struct World {
    data_dir: PathBuf,
    /// Where jobs run: the runtime of whoever made the engine, so that they outlive a controller with its own.
    home: tokio::runtime::Handle,
    state: Mutex<State>,
    /// Counts changes, for those who wait for one.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    jobs: BTreeMap<JobName, Job>,
    /// The first whose key is the job's name or one of its label values.
    scripts: Vec<(String, Script)>,
    fallback: Script,
    images: Shelf,
    away: bool,
    lose_next_reply: bool,
    launches: Vec<JobSpec>,
    refused_removals: usize,
    next_serial: u64,
}

struct Job {
    /// Tells it from an earlier job of the same name, whose process may still be ending.
    serial: u64,
    instance: String,
    labels: BTreeMap<String, String>,
    state: JobState,
    created_at: i64,
    stop: Gate,
    /// The job's process, while it runs.
    process: Option<AbortHandle>,
}

/// A job with everything at its least and no folders, for asking an engine rather than a run's way to it.
pub fn least_job(name: &str) -> JobSpec {
    JobSpec {
        name: JobName(name.to_owned()),
        labels: BTreeMap::new(),
        image: "runner:1".to_owned(),
        command: vec!["supervisor".to_owned()],
        mounts: vec![],
        caps: ResourceCaps {
            memory: 1,
            cpus: 1.0,
            pids: 1,
            nofile: 1,
            fsize: 1,
            tmp: 1,
        },
        network: Network::None,
        priority: Priority::Normal,
        stop_grace: Duration::from_secs(1),
    }
}

impl Fake {
    /// Must be called within a tokio runtime, in which its jobs will run.
    pub fn new(instance: &str, data_dir: impl Into<PathBuf>) -> Self {
        let world = World {
            data_dir: data_dir.into(),
            home: tokio::runtime::Handle::current(),
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        };
        Self {
            instance: instance.to_owned(),
            world: Arc::new(world),
        }
    }

    /// The same engine as another instance sees it.
    pub fn beside(&self, instance: &str) -> Self {
        Self {
            instance: instance.to_owned(),
            world: self.world.clone(),
        }
    }

    /// What the job with this name, or with a label of this value, will do. The latest word counts.
    pub fn script(&self, name_or_label: &str, script: Script) {
        self.change(|state| state.scripts.insert(0, (name_or_label.to_owned(), script)));
    }

    /// What all other jobs will do; at first: end well at once, without output.
    pub fn script_others(&self, script: Script) {
        self.change(|state| state.fallback = script);
    }

    /// While away every call fails, pending ones too; jobs go on.
    pub fn set_away(&self, away: bool) {
        self.change(|state| state.away = away);
    }

    /// The next launch takes place and is answered with [`Error::Away`].
    pub fn lose_next_reply(&self) {
        self.change(|state| state.lose_next_reply = true);
    }

    /// Every launch asked for so far, adopting ones included.
    pub fn launches(&self) -> Vec<JobSpec> {
        self.state().launches.clone()
    }

    /// How often a removal was asked for in vain.
    pub fn refused_removals(&self) -> usize {
        self.state().refused_removals
    }

    /// Returns when the job has come to what the condition asks for.
    pub async fn until(&self, name: &JobName, condition: impl Fn(&JobState) -> bool) {
        let mut changes = self.world.changes.subscribe();
        while !condition(&self.state().look(&self.instance, name)) {
            // The sender lives in `self.world`.
            let _ = changes.changed().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.world.state()
    }

    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        self.world.change(act)
    }

    fn reachable(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.state();
        if state.away {
            Err(Error::Away("the switch is off".to_owned()))
        } else {
            Ok(state)
        }
    }

    /// Makes the job's process: a task that ends by writing down how.
    fn start(&self, spec: &JobSpec, script: Script, job: &Job) -> AbortHandle {
        let mounted = spec.mounts.iter().map(|mount| {
            let source = self.world.data_dir.join(&mount.source);
            (PathBuf::from(&mount.target), source)
        });
        let places = script::Places(mounted.collect());
        let (world, name) = (self.world.clone(), spec.name.clone());
        let (serial, stop) = (job.serial, job.stop.clone());
        let process = self.world.home.spawn(async move {
            let end = script::perform(&script, &places, &stop).await;
            world.change(|state| {
                let same = |job: &&mut Job| job.serial == serial && job.state == JobState::Running;
                match (state.jobs.get_mut(&name).filter(same), end) {
                    (Some(job), Some(exited)) => job.state = exited,
                    (Some(_), None) => drop(state.jobs.remove(&name)),
                    (None, _) => {}
                }
            });
        });
        process.abort_handle()
    }

    async fn until_not_running(&self, name: &JobName) -> Result<JobState, Error> {
        let mut changes = self.world.changes.subscribe();
        loop {
            let state = self.inspect(name).await?;
            if state != JobState::Running {
                return Ok(state);
            }
            let _ = changes.changed().await;
        }
    }
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked with the lock held has failed already.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let done = act(&mut self.state());
        self.changes.send_modify(|count| *count += 1);
        done
    }
}

impl State {
    fn look(&self, instance: &str, name: &JobName) -> JobState {
        let ours = self.jobs.get(name).filter(|job| job.instance == instance);
        ours.map_or(JobState::Absent, |job| job.state.clone())
    }

    fn script_for(&self, spec: &JobSpec) -> Script {
        let meant = |key: &String| spec.name.0 == *key || spec.labels.values().any(|value| value == key);
        let found = self.scripts.iter().find(|(key, _)| meant(key));
        found.map_or_else(|| self.fallback.clone(), |(_, script)| script.clone())
    }
}

#[async_trait]
impl Engine for Fake {
    async fn probe(&self, image: &str) -> Result<Capabilities, Error> {
        self.ensure_image(image).await?;
        Ok(Capabilities {
            engine_version: "fake".to_owned(),
            api_version: "1.45".to_owned(),
            storage: Storage::Subpath,
            cgroup_version: 2,
            cpus: Some(64),
            memory_bytes: Some(1 << 40),
            unenforced: vec![],
        })
    }

    async fn describe(&self) -> Result<Description, Error> {
        drop(self.reachable()?);
        Ok(Description {
            product: "Fake Engine".to_owned(),
            version: "fake".to_owned(),
            api_version: "1.45".to_owned(),
            cgroup_driver: Some("none".to_owned()),
            cgroup_version: Some("2".to_owned()),
            ..Description::default()
        })
    }

    async fn remove_network(&self) -> Result<(), Error> {
        self.reachable().map(drop)
    }

    async fn ping(&self) -> Result<(), Error> {
        self.reachable().map(drop)
    }

    async fn launch(&self, spec: &JobSpec) -> Result<(), Error> {
        drop(self.reachable()?);
        self.change(|state| {
            state.launches.push(spec.clone());
            let script = state.script_for(spec);
            if let Some(job) = state.jobs.get(&spec.name) {
                if job.instance != self.instance {
                    return Err(Error::Refused(format!("the name {} is taken", spec.name)));
                }
                if job.state != JobState::Created {
                    return Ok(());
                }
            }
            if state.images.find(&spec.image).is_none() {
                return Err(missing(&spec.image));
            }
            if let Launch::Unenforceable(why) = &script.launch {
                state.jobs.remove(&spec.name);
                return Err(Error::Unenforceable(why.clone()));
            }
            let mut labels = spec.labels.clone();
            labels.insert(INSTANCE_LABEL.to_owned(), self.instance.clone());
            state.next_serial += 1;
            let mut job = Job {
                serial: state.next_serial,
                instance: self.instance.clone(),
                labels,
                state: JobState::Created,
                created_at: unix_seconds(),
                stop: Gate::default(),
                process: None,
            };
            let answer = match &script.launch {
                Launch::Refuse(why) => Err(Error::Refused(why.clone())),
                Launch::NeverStart => Ok(()),
                _ => {
                    job.state = JobState::Running;
                    job.process = Some(self.start(spec, script, &job));
                    Ok(())
                }
            };
            state.jobs.insert(spec.name.clone(), job);
            answer
        })?;
        if std::mem::take(&mut self.state().lose_next_reply) {
            return Err(Error::Away("the reply was lost".to_owned()));
        }
        Ok(())
    }

    async fn inspect(&self, name: &JobName) -> Result<JobState, Error> {
        Ok(self.reachable()?.look(&self.instance, name))
    }

    async fn wait(&self, name: &JobName) -> Result<JobState, Error> {
        self.until_not_running(name).await
    }

    async fn stop(&self, name: &JobName, grace: Duration) -> Result<(), Error> {
        if self.inspect(name).await? != JobState::Running {
            return Ok(());
        }
        if let Some(job) = self.state().jobs.get(name) {
            job.stop.open();
        }
        let ended = tokio::time::timeout(grace, self.until_not_running(name)).await;
        let Err(_grace_is_over) = ended else {
            return ended.unwrap_or(Ok(JobState::Absent)).map(drop);
        };
        self.change(|state| {
            if let Some(job) = state
                .jobs
                .get_mut(name)
                .filter(|job| job.state == JobState::Running)
            {
                job.kill();
                job.state = JobState::Exited {
                    code: 137,
                    oom_killed: false,
                    error: None,
                };
            }
        });
        Ok(())
    }

    async fn remove(&self, name: &JobName) -> Result<(), Error> {
        if self.state().away {
            self.change(|state| state.refused_removals += 1);
        }
        if self.inspect(name).await? != JobState::Absent
            && let Some(job) = self.change(|state| state.jobs.remove(name))
        {
            job.kill();
        }
        Ok(())
    }

    async fn list(&self) -> Result<Vec<ListedJob>, Error> {
        let state = self.reachable()?;
        let ours = state.jobs.iter().filter(|(_, job)| job.instance == self.instance);
        let listed = ours.map(|(name, job)| ListedJob {
            name: name.clone(),
            labels: job.labels.clone(),
            running: job.state == JobState::Running,
            created_at: job.created_at,
        });
        Ok(listed.collect())
    }
}

impl Job {
    fn kill(&self) {
        if let Some(process) = &self.process {
            process.abort();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "an engine has a clock of its own")]
fn unix_seconds() -> i64 {
    std::time::SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as i64)
}
