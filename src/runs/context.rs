//! What the loops of this module share, and the one way in which a run's row changes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::engine_link::EngineStatus;
use super::space::Disk;
use super::{Error, Installation, fires, outbox, spec};
use crate::clock::Clock;
use crate::engine::{Engine, JobName};
use crate::events::{Events, News};
use crate::files::{DataDir, Reserve, Watcher};
use crate::metrics::Metrics;
use crate::model::ids::RunId;
use crate::model::run::{Event, Run, State, Step, WaitReason, step};
use crate::scripts::Scripts;
use crate::settings::Keeper;
use crate::store::{self, Store};
use crate::variables::Variables;

pub(super) struct Context {
    pub store: Store,
    pub engine: Arc<dyn Engine>,
    pub data: DataDir,
    pub clock: Clock,
    pub events: Events,
    pub scripts: Scripts,
    pub watcher: Watcher,
    pub settings: Keeper,
    pub metrics: Metrics,
    pub variables: Variables,
    pub installation: Installation,
    pub reserve: Reserve,
    pub status: watch::Receiver<EngineStatus>,
    pub disk: watch::Receiver<Disk>,
    /// Somebody has seen something else.
    pub look_at_disk: Notify,
    /// Somebody wants the engine proved anew; the count of proofs that were asked for tells when it is.
    pub to_prove: Notify,
    pub proofs: watch::Sender<u64>,
    /// Something about the queue may have changed.
    pub admission: Notify,
    /// Something that nobody needs could not be removed.
    pub leftovers: Notify,
    /// An environment has become live, whose bytecode may be missing.
    pub to_compile: Notify,
    /// A log has come that is to be packed some time.
    pub to_pack: Notify,
    /// Held while a log is packed and until that is stored.
    pub packing: tokio::sync::Mutex<()>,
    /// What can wait for the next controller is not begun any more.
    pub stopping: CancellationToken,
    /// What is to be kept of runs was changed, or something of a removed one is left.
    pub retention: Notify,
    /// Held while directories of removed runs go.
    pub removing: tokio::sync::Mutex<()>,
    /// Runs whose directories are there before their rows.
    pub arriving: Mutex<HashSet<RunId>>,
    /// Held while an environment becomes live or is removed.
    pub environments: tokio::sync::Mutex<()>,
    /// One per run that has a driver: look at it again.
    pub drivers: Mutex<HashMap<RunId, Arc<Notify>>>,
    /// Why queued runs wait.
    pub waiting: Mutex<HashMap<RunId, WaitReason>>,
}

impl Context {
    pub async fn load(&self, id: &RunId) -> Result<Run, Error> {
        let id = id.clone();
        self.store
            .read(move |c| store::runs::get(c, &id))
            .await
            .map_err(Error::Store)?
            .ok_or(Error::NotFound)
    }

    pub async fn record(&self, id: &RunId, event: Event) -> Result<Run, Error> {
        self.record_with(id, event, |_| {}, |_, _| Ok(())).await
    }

    /// Takes the run one step: `fill` adds what is known besides, `also` stores in the same transaction what must not
    /// be told apart from it. An event without effect changes nothing.
    pub async fn record_with<F, A>(&self, id: &RunId, event: Event, fill: F, also: A) -> Result<Run, Error>
    where
        F: FnOnce(&mut Run) + Send + 'static,
        A: FnOnce(&rusqlite::Connection, &Run) -> Result<(), store::Error> + Send + 'static,
    {
        let (id, now) = (id.clone(), self.clock.now());
        let late = self.settings.in_force().notifications.late_seconds;
        let (run, next, changed) = self
            .store
            .write(move |tx| {
                let mut run = store::runs::get(tx, &id)?.ok_or(Error::NotFound)?;
                match step(&run.state, &event) {
                    Step::Same => return Ok((run, None, false)),
                    Step::Impossible => {
                        let state = run.state.name().as_str();
                        return Err(Error::Impossible {
                            event: format!("{event:?}"),
                            state,
                        });
                    }
                    Step::To(next) => run.state = next,
                }
                let had_started = run.started_at.is_some();
                fill(&mut run);
                if matches!(run.state, State::Finished { .. }) {
                    run.finished_at.get_or_insert(now);
                }
                store::runs::store_step(tx, &mut run, &event, now)?;
                also(tx, &run)?;
                if !had_started && run.started_at.is_some() {
                    outbox::note_start(tx, &run, jiff::SignedDuration::from_secs(late.into()), now)?;
                }
                outbox::note_end(tx, &run, now)?;
                let next = fires::record_next_attempt(tx, &run, now)?;
                Ok::<_, Error>((run, next, true))
            })
            .await?;
        if changed {
            tracing::debug!(run = %run.id, state = run.state.name().as_str(), "run stepped");
            if run.is_finished() {
                self.metrics.finished(&run);
                self.waiting().remove(&run.id);
                self.admission.notify_one();
            }
            self.events.publish(News::Run(Box::new(run.clone())));
            if let Some(next) = next {
                self.events.publish(News::Run(Box::new(next)));
            }
        }
        Ok(run)
    }

    /// Under which name the engine knows the run.
    pub fn job_name(&self, run: &Run) -> JobName {
        spec::job_name(&self.installation.instance, run)
    }

    pub fn waiting(&self) -> MutexGuard<'_, HashMap<RunId, WaitReason>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn drivers(&self) -> MutexGuard<'_, HashMap<RunId, Arc<Notify>>> {
        self.drivers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn arriving(&self) -> MutexGuard<'_, HashSet<RunId>> {
        self.arriving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the run's driver look again, if it has one.
    pub fn nudge(&self, id: &RunId) {
        if let Some(driver) = self.drivers().get(id) {
            driver.notify_one();
        }
    }
}
