//! Runs: from the wish to the verdict.
//!
//! The only module that writes run rows and calls the engine. [`Runs`] is its face: submit, build, cancel, ask.
//! Behind it, loops: the link to the engine, admission, two that clean up, one that packs logs, and one driver per active run; each acts on what a
//! pure function decided ([`admission`], [`recovery`], [`spec`]) and survives being killed at any point.

pub mod admission;
mod arrivals;
mod artifacts;
mod builds;
mod cleaning;
mod context;
mod directory;
mod disk_watch;
mod driver;
mod ending;
mod enforceable;
mod engine_link;
mod environments;
pub mod fires;
mod outbox;
mod packer;
mod queue;
pub mod recovery;
#[cfg(test)]
mod recovery_model;
pub mod restored;
pub mod retention;
mod reuse;
mod space;
pub mod spec;
mod starting;
mod submit;
mod sweep;
#[cfg(test)]
mod tests_support;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

pub use cleaning::Expired;
pub use engine_link::{EngineStatus, Ready, connect as prove};
pub use environments::Unneeded;
pub use fires::{Fate, Ground, record_fire};
pub use space::{Disk, Relief};
pub use submit::{Submission, Wish};

use crate::clock::Clock;
use crate::engine::Engine;
/// What others may know of the engine.
pub use crate::engine::{Capabilities, Storage};
use crate::events::{Events, News};
use crate::files::Watcher;
use crate::files::{self, DataDir, Folder, Owner, Reserve};
use crate::logs;
use crate::metrics::Metrics;
use crate::model::ids::{RunId, ScriptId};
use crate::model::limits::{LimitsPatch, OutOfBounds};
use crate::model::retention::RetentionWish;
use crate::model::run::{Event, Run, StopReason, Trigger, WaitReason};
use crate::model::script::{Invalid, Script};
use crate::scripts::{self, Scripts};
use crate::settings;
use crate::store::{self, Store};
use crate::variables::Variables;
use context::Context;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such run")]
    NotFound,
    #[error("there is no such script")]
    ScriptNotFound,
    #[error("the script asks for no packages")]
    NothingToInstall,
    #[error("the script has no environment")]
    NothingToRebuild,
    #[error("the script has no such environment")]
    EnvironmentNotFound,
    #[error("the environment is damaged: {damage}")]
    EnvironmentDamaged { damage: String },
    #[error("the run has not finished")]
    Unfinished,
    #[error("the run is marked to be kept")]
    Kept,
    #[error("an environment is there that the run has built")]
    InUse,
    #[error("{waiting} runs of the script are waiting already")]
    QueueFull { waiting: u64 },
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Limits that this engine or this machine cannot hold.
    #[error(transparent)]
    Unenforceable(#[from] OutOfBounds),
    /// A bug of ours: an event that cannot happen in the run's state.
    #[error("{event} cannot happen to a run that is {state}")]
    Impossible { event: String, state: &'static str },
    #[error(transparent)]
    Scripts(#[from] scripts::Error),
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error(transparent)]
    Logs(#[from] logs::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Between the death of a loop and its next life.
const BEGIN_AGAIN: Duration = Duration::from_secs(1);

/// How long somebody waits for a proof.
const PROOF_PATIENCE: Duration = Duration::from_secs(120);

/// What this instance is, for as long as the process lives.
#[derive(Debug, Clone)]
pub struct Installation {
    pub instance: String,
    /// Image of scripts and builds.
    pub image: String,
    /// Folder of the supervisor, relative to the data directory.
    pub supervisor_folder: String,
    pub run_uid: u32,
    pub extra_ca: Option<Arc<Vec<u8>>>,
}

impl Installation {
    /// Whose the scripts' files are.
    pub fn owner(&self) -> Owner {
        Owner::Script {
            uid: self.run_uid,
            gid: self.run_uid,
        }
    }
}

/// What the loops are built from.
pub struct Parts {
    pub store: Store,
    pub engine: Arc<dyn Engine>,
    pub data: DataDir,
    pub reserve: Reserve,
    pub clock: Clock,
    pub events: Events,
    pub scripts: Scripts,
    pub watcher: Watcher,
    pub settings: settings::Keeper,
    pub metrics: Metrics,
    pub variables: Variables,
    pub installation: Installation,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Runs(Arc<Context>);

impl Runs {
    /// Starts the loops. Runs that an earlier controller left unfinished are taken up where they are.
    pub fn start(parts: Parts) -> Self {
        let (sender, status) = watch::channel(EngineStatus::Connecting);
        // Known before anything is admitted.
        let (space, disk) = watch::channel(space::first_look(&space::LookedAt {
            data: parts.data.clone(),
            store: parts.store.clone(),
            reserve: parts.reserve.clone(),
            floor: parts.settings.in_force().min_free_bytes,
        }));
        let context = Arc::new(Context {
            store: parts.store,
            engine: parts.engine,
            data: parts.data,
            reserve: parts.reserve,
            clock: parts.clock,
            events: parts.events,
            scripts: parts.scripts,
            watcher: parts.watcher,
            settings: parts.settings,
            variables: parts.variables,
            installation: parts.installation,
            status,
            disk,
            look_at_disk: Default::default(),
            to_prove: Default::default(),
            proofs: Default::default(),
            metrics: parts.metrics,
            admission: Default::default(),
            leftovers: Default::default(),
            to_compile: Default::default(),
            to_pack: Default::default(),
            packing: Default::default(),
            stopping: Default::default(),
            retention: Default::default(),
            removing: Default::default(),
            arriving: Default::default(),
            drivers: Default::default(),
            environments: Default::default(),
            waiting: Default::default(),
        });
        let cx = Arc::clone(&context);
        keep_alive("engine link", move || {
            engine_link::keep(Arc::clone(&cx), sender.clone())
        });
        let cx = Arc::clone(&context);
        keep_alive("space", move || space::keep(Arc::clone(&cx), space.clone()));
        let cx = Arc::clone(&context);
        keep_alive("queue", move || queue::keep(Arc::clone(&cx)));
        let cx = Arc::clone(&context);
        keep_alive("disk watch", move || disk_watch::keep(Arc::clone(&cx)));
        let cx = Arc::clone(&context);
        keep_alive("sweep", move || sweep::keep(Arc::clone(&cx)));
        let cx = Arc::clone(&context);
        keep_alive("packer", move || packer::keep(Arc::clone(&cx)));
        let cx = Arc::clone(&context);
        keep_alive("environments", move || environments::keep(Arc::clone(&cx)));
        let cx = Arc::clone(&context);
        keep_alive("bytecode", move || environments::keep_compiled(Arc::clone(&cx)));
        let cx = Arc::clone(&context);
        keep_alive("retention", move || retention::keep(Arc::clone(&cx)));
        Self(context)
    }

    /// Ends what is done in the background and would only be given up, in an orderly way. Runs go on.
    pub async fn stop(&self) {
        self.0.stopping.cancel();
        drop(self.0.packing.lock().await);
    }

    /// Removes a script that is in the trash for good: the history of its runs, its row, its folder. Refused while a run
    /// of it has not finished. Cut short, it is in the trash still, with less of its history.
    pub async fn remove_script(&self, id: &ScriptId) -> Result<(), Error> {
        retention::remove_all_of(&self.0, id).await?;
        Ok(self.0.scripts.remove_forever(id).await?)
    }

    /// Records a run and answers it, queued. It starts when admission finds its turn.
    pub async fn submit(&self, submission: Submission) -> Result<Run, Error> {
        submit::submit(&self.0, submission).await
    }

    /// Records a run that a call to its script's trigger has asked for, and keeps the call's body for it.
    pub async fn submit_call(&self, submission: Submission, body: Bytes) -> Result<Run, Error> {
        arrivals::submit(&self.0, submission, body).await
    }

    /// What rows of fires are made with, now.
    pub fn ground(&self) -> Ground {
        Ground {
            now: self.0.clock.now(),
            default_limits: self.0.settings.in_force().default_limits,
            own_image: self.0.installation.image.clone(),
        }
    }

    /// Tells everybody of rows that were made inside another's transaction, once that is stored.
    pub fn announce(&self, runs: Vec<Run>) {
        for run in runs {
            self.0.metrics.fired(&run);
            self.0.events.publish(News::Run(Box::new(run)));
        }
        self.0.admission.notify_one();
    }

    /// Records a build of the script's environment, or answers the one that is already on its way and asks for the
    /// same.
    pub async fn build(&self, script: &ScriptId, wish: Wish, trigger: Trigger) -> Result<Run, Error> {
        submit::build(&self.0, script, wish, trigger).await
    }

    /// Looks whether the script's environment is whole; what is found is stored with it.
    pub async fn check_environment(&self, script: &ScriptId) -> Result<(), Error> {
        environments::check(&self.0, script).await
    }

    /// Makes an earlier environment of the script the one its runs use.
    pub async fn roll_back(&self, script: &ScriptId, key: &str) -> Result<(), Error> {
        environments::roll_back(&self.0, script, key).await
    }

    /// Ends a run wherever it is; one that has finished stays as it is.
    pub async fn cancel(&self, id: &RunId, by: &str) -> Result<Run, Error> {
        let why = StopReason::Cancelled {
            by: by.to_owned(),
            replaced_by: None,
        };
        let run = self.0.record(id, Event::StopRequested { why }).await?;
        self.0.nudge(id);
        Ok(run)
    }

    /// Marks a run as one that is never removed by itself, or takes that back.
    pub async fn keep(&self, id: &RunId, kept: bool) -> Result<Run, Error> {
        let id = id.clone();
        let run = self
            .0
            .store
            .write(move |tx| store::runs::set_kept(tx, &id, kept)?.ok_or(Error::NotFound))
            .await?;
        self.0.events.publish(News::Run(Box::new(run.clone())));
        Ok(run)
    }

    /// Removes a finished run with everything that is stored of it.
    pub async fn remove(&self, id: &RunId) -> Result<(), Error> {
        retention::remove_one(&self.0, id).await
    }

    /// Somebody has changed how long runs are kept.
    pub fn look_at_retention(&self) {
        self.0.retention.notify_one();
    }

    /// What would be removed now, if this were set: for one script, or for all.
    pub async fn preview_retention(
        &self,
        wish: RetentionWish,
        only: Option<ScriptId>,
    ) -> Result<retention::Preview, Error> {
        let (settings, now) = (self.0.settings.in_force().retention, self.0.clock.now());
        self.0
            .store
            .read(move |c| {
                let scripts = store::scripts::all(c)?;
                let question = retention::Question::of(scripts, &wish, only.as_ref(), (&settings, now));
                Ok(retention::preview(c, &question.ok_or(Error::ScriptNotFound)?)?)
            })
            .await
    }

    /// Why a queued run waits.
    pub fn wait_reason(&self, id: &RunId) -> Option<WaitReason> {
        self.0.waiting().get(id).cloned()
    }

    pub fn engine(&self) -> EngineStatus {
        self.0.status.borrow().clone()
    }

    /// Has the engine proved again, with a test container, and answers how it is then.
    pub async fn prove_again(&self) -> EngineStatus {
        let mut proofs = self.0.proofs.subscribe();
        self.0.to_prove.notify_one();
        // An engine that hangs is told as it was before.
        let _ = tokio::time::timeout(PROOF_PATIENCE, proofs.changed()).await;
        self.engine()
    }

    /// Refuses wishes that the engine was seen not to hold, or that are beyond its machine. While it is away nothing is
    /// known, and the run will be refused instead.
    pub fn check_enforceable(&self, wishes: &LimitsPatch) -> Result<(), OutOfBounds> {
        match &*self.0.status.borrow() {
            EngineStatus::Ready(ready) => enforceable::check(wishes, &ready.capabilities),
            _ => Ok(()),
        }
    }

    /// The data disk, with what Settings say now.
    pub fn disk(&self) -> Disk {
        let floor = self.0.settings.in_force().min_free_bytes;
        let seen = *self.0.disk.borrow();
        Disk {
            low: seen.why_not(floor).is_some(),
            floor_bytes: floor,
            ..seen
        }
    }

    /// For whoever wants to know when that changes.
    pub fn engine_changes(&self) -> watch::Receiver<EngineStatus> {
        self.0.status.clone()
    }

    /// Key of the environment that the script's runs have; `None` if it asks for no packages, or has none yet.
    pub fn environment_key(&self, script: &Script) -> Option<String> {
        starting::environment_key(&self.0, script)
    }

    pub fn installation(&self) -> &Installation {
        &self.0.installation
    }

    /// Where the run's log is, for readers.
    pub fn directory(&self, run: &Run) -> PathBuf {
        self.0.data.path().join(directory::place(run))
    }

    /// The run directory itself, for readers of its other files.
    pub fn folder(&self, run: &Run) -> files::Result<Folder> {
        self.0.data.folder(&directory::place(run), Owner::Controller)
    }

    pub fn watcher(&self) -> &Watcher {
        &self.0.watcher
    }
}

/// Runs a loop for good: one that panics is reported and begun again. All it knows is stored, so nothing is lost.
pub fn keep_alive<L>(name: &'static str, begin: impl Fn() -> L + Send + 'static)
where
    L: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        while let Err(e) = tokio::spawn(begin()).await {
            if e.is_cancelled() {
                return;
            }
            tracing::error!(name, error = %e, "a loop died and is begun again");
            tokio::time::sleep(BEGIN_AGAIN).await;
        }
    });
}
