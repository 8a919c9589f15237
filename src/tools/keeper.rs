//! Which tools containers there are: starts them when somebody asks, and ends them when [`plan`] says so.
//!
//! One slot per script, whose `work` is held while its container is started or ended; so there is one at a time, and all
//! windows share it. Nothing of it is stored: a controller begins by removing what an earlier one left, and ends by
//! removing its own. Beside `runs` and `images` the only place that calls the engine.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use pytask_protocol::tools::TOOLS_SPEC_FILE;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::language::Presence;
use super::plan::{self, Act, Phase, Seen, Why, decide};
use super::{Error, Parts, container, table, wire};
use crate::engine::{Image, JobState};
use crate::events::News;
use crate::files::{Folder, Owner, RelPath, layout, on_disk};
use crate::model::ids::ScriptId;
use crate::model::script::Script;
use crate::runs::EngineStatus;
use crate::runs::spec::{KIND_TOOLS, LABEL_KIND};
use crate::store;

/// At once; each may take a gigabyte.
const MOST_CONTAINERS: usize = 6;
/// For a container to listen.
const START_PATIENCE: Duration = Duration::from_secs(20);
const LISTENS_EVERY: Duration = Duration::from_millis(5);
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Between two looks at all of them, at most.
const TICK: Duration = Duration::from_secs(10);
/// For the leftovers of an earlier controller to be gone.
const SWEEP_PATIENCE: Duration = Duration::from_secs(10);
const STOP_PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Keeper {
    pub(super) parts: Parts,
    slots: Mutex<HashMap<ScriptId, Arc<Slot>>>,
    /// Whether what an earlier controller left is gone.
    swept: watch::Sender<bool>,
    stopping: CancellationToken,
}

struct Slot {
    work: tokio::sync::Mutex<()>,
    facts: Mutex<Facts>,
}

struct Facts {
    phase: Phase,
    users: usize,
    last_used: Instant,
    life: Option<Life>,
}

/// One container from its start to its end: where its socket is, and why it ended.
#[derive(Clone)]
struct Life {
    folder: Folder,
    environment: bool,
    ended: Arc<OnceLock<Why>>,
}

impl Slot {
    fn new() -> Self {
        Self {
            work: tokio::sync::Mutex::default(),
            facts: Mutex::new(Facts {
                phase: Phase::Stopped,
                users: 0,
                last_used: Instant::now(),
                life: None,
            }),
        }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody uses a container; it is not stopped to make room meanwhile.
pub(super) struct Use {
    slot: Arc<Slot>,
    life: Life,
}

impl Use {
    pub fn socket(&self) -> PathBuf {
        self.life.folder.place_of(container::SOCKET)
    }

    pub fn has_environment(&self) -> bool {
        self.life.environment
    }
}

impl Presence for Use {
    fn touch(&self) {
        self.slot.facts().last_used = Instant::now();
    }

    fn ended(&self) -> Option<Why> {
        self.life.ended.get().copied()
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut facts = self.slot.facts();
        facts.users -= 1;
        facts.last_used = Instant::now();
    }
}

impl Keeper {
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            parts,
            slots: Mutex::default(),
            swept: watch::Sender::new(false),
            stopping: CancellationToken::new(),
        })
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<ScriptId, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn phase(&self, script: &ScriptId) -> Phase {
        let slot = self.slots().get(script).cloned();
        slot.map_or(Phase::Stopped, |slot| slot.facts().phase.clone())
    }

    /// The script's container, started if need be. Not cut short when its caller is.
    pub async fn acquire(self: &Arc<Self>, script: &ScriptId) -> Result<Use, Error> {
        let (keeper, script) = (Arc::clone(self), script.clone());
        let settled = tokio::spawn(async move { keeper.settle_for_use(&script).await });
        settled
            .await
            .map_err(|e| Error::Unavailable(format!("starting them was given up: {e}")))?
    }

    async fn settle_for_use(&self, id: &ScriptId) -> Result<Use, Error> {
        let (script, environment) = self.wanted(id).await?.ok_or(Error::NotFound)?;
        if self.stopping.is_cancelled() {
            return Err(Error::Unavailable("the controller is stopping".to_owned()));
        }
        let slot = Arc::clone(
            self.slots()
                .entry(id.clone())
                .or_insert_with(|| Arc::new(Slot::new())),
        );
        let work = slot.work.lock().await;
        let act = self.act(&slot, Some(environment.as_deref()), true).await;
        if act == Act::Restart {
            self.end(id, &slot, Why::EnvironmentChanged).await;
        }
        if matches!(act, Act::Start | Act::Restart) {
            self.start(&slot, &script, environment).await?;
        }
        let used = {
            let mut facts = slot.facts();
            let life = facts
                .life
                .clone()
                .ok_or_else(|| Error::Unavailable("the tools container is gone".to_owned()))?;
            facts.users += 1;
            facts.last_used = Instant::now();
            life
        };
        drop(work);
        Ok(Use { slot, life: used })
    }

    /// Ends it if it is not as it should be; looks another time if somebody is at it.
    async fn settle(&self, id: &ScriptId) -> Result<(), Error> {
        let Some(slot) = self.slots().get(id).cloned() else {
            return Ok(());
        };
        let Ok(_work) = slot.work.try_lock() else {
            return Ok(());
        };
        let wanted = self.wanted(id).await?;
        let environment = wanted.as_ref().map(|(_, environment)| environment.as_deref());
        if let Act::Stop(why) = self.act(&slot, environment, false).await {
            self.end(id, &slot, why).await;
        }
        Ok(())
    }

    async fn act(&self, slot: &Slot, wanted: Option<Option<&str>>, asked: bool) -> Act {
        let (phase, idle, life) = {
            let facts = slot.facts();
            (facts.phase.clone(), facts.last_used.elapsed(), facts.life.clone())
        };
        let alive = match life {
            Some(life) => wire::answers(&life.folder.place_of(container::SOCKET)).await,
            None => false,
        };
        decide(&Seen {
            phase: &phase,
            wanted,
            asked,
            alive,
            idle,
            patience: self.parts.idle,
        })
    }

    /// The script and the key of the environment that its runs have; `None` if it is gone.
    async fn wanted(&self, id: &ScriptId) -> Result<Option<(Script, Option<String>)>, Error> {
        let read = id.clone();
        let script = self
            .parts
            .store
            .read(move |c| store::scripts::get(c, &read))
            .await?
            .filter(|script| script.deleted_at.is_none());
        Ok(script.map(|script| {
            let environment = self.parts.runs.environment_key(&script);
            (script, environment)
        }))
    }

    /// The image with the tools, if they can be used here.
    pub async fn image(&self) -> Result<Image, Error> {
        match self.parts.runs.engine() {
            EngineStatus::Ready(_) => {}
            EngineStatus::Connecting => {
                return Err(Error::Unavailable(
                    "the container engine is not ready yet".to_owned(),
                ));
            }
            EngineStatus::Away(why) | EngineStatus::Unfit(why) => return Err(Error::Unavailable(why)),
        }
        let name = &self.parts.image;
        let found = self.parts.engine.find_image(name).await;
        found.map_err(unavailable)?.ok_or_else(|| {
            Error::Unavailable(format!(
                "the image {name} is not here; build it with `docker compose build tools-image`, or name another in \
                 PYTASK_TOOLS_IMAGE"
            ))
        })
    }

    async fn start(&self, slot: &Slot, script: &Script, environment: Option<String>) -> Result<(), Error> {
        let image = self.image().await?;
        if !self.is_swept().await {
            return Err(Error::Unavailable(
                "the container engine is not ready yet".to_owned(),
            ));
        }
        self.make_room(slot).await?;
        let begun = Instant::now();
        match self.launch(script, environment.as_deref(), &image).await {
            Ok(folder) => {
                let mut facts = slot.facts();
                facts.life = Some(Life {
                    folder,
                    environment: environment.is_some(),
                    ended: Arc::default(),
                });
                facts.phase = Phase::Running { environment };
                tracing::info!(script = %script.id, took_ms = begun.elapsed().as_millis() as u64, "tools started");
                Ok(())
            }
            Err(e) => {
                self.end(&script.id, slot, Why::Died).await;
                slot.facts().phase = Phase::Failed(e.to_string());
                tracing::warn!(script = %script.id, error = %e, "tools could not be started");
                Err(e)
            }
        }
    }

    /// Whether what an earlier controller left is gone, soon at least.
    async fn is_swept(&self) -> bool {
        let mut swept = self.swept.subscribe();
        let gone = tokio::time::timeout(SWEEP_PATIENCE, swept.wait_for(|swept| *swept)).await;
        matches!(gone, Ok(Ok(_)))
    }

    /// Takes a place among those that are there, of somebody else's if there is none.
    async fn make_room(&self, slot: &Slot) -> Result<(), Error> {
        let victim = {
            let slots = self.slots();
            let mut there = Vec::new();
            for (id, other) in slots.iter().filter(|(_, other)| !std::ptr::eq(&***other, slot)) {
                let facts = other.facts();
                if matches!(facts.phase, Phase::Running { .. } | Phase::Starting) {
                    let idle = (facts.users == 0).then(|| facts.last_used.elapsed());
                    there.push((id.clone(), idle));
                }
            }
            slot.facts().phase = Phase::Starting;
            let victim = plan::make_room(&there, MOST_CONTAINERS);
            victim.map(|id| id.and_then(|id| Some((id.clone(), Arc::clone(slots.get(&id)?)))))
        };
        let freed = match victim {
            Ok(None) => true,
            // One that somebody is at is no longer idle.
            Ok(Some((id, other))) => match other.work.try_lock() {
                Ok(_work) => {
                    self.end(&id, &other, Why::Displaced).await;
                    true
                }
                Err(_) => false,
            },
            Err(plan::Crowded) => false,
        };
        if freed {
            return Ok(());
        }
        slot.facts().phase = Phase::Stopped;
        Err(Error::Unavailable(format!(
            "{MOST_CONTAINERS} scripts are being edited already; close one of them"
        )))
    }

    async fn launch(
        &self,
        script: &Script,
        environment: Option<&str>,
        image: &Image,
    ) -> Result<Folder, Error> {
        let installation = self.parts.runs.installation();
        let engine = &self.parts.engine;
        let job = container::job(
            &installation.instance,
            script,
            environment,
            &image.id,
            &installation.supervisor_folder,
        );
        // One of the same name would be taken for ours.
        engine.remove(&job.name).await.map_err(unavailable)?;
        let spec = serde_json::to_vec(&table::spec(installation.run_uid, environment.is_some()))
            .map_err(|e| Error::Failed(e.to_string()))?;
        let (data, place) = (self.parts.data.clone(), layout::tools(script.id.as_str()));
        let folder = on_disk(move || {
            data.remove_tree(&place)?;
            let folder = data.create(&place, Owner::Controller)?;
            folder.write(&RelPath::parse(TOOLS_SPEC_FILE)?, &spec)?;
            Ok::<_, crate::files::Error>(folder)
        });
        let folder = folder
            .await
            .map_err(|e| Error::Unavailable(format!("their folder cannot be made: {e}")))?;
        engine.launch(&job).await.map_err(unavailable)?;
        let socket = folder.place_of(container::SOCKET);
        let deadline = Instant::now() + START_PATIENCE;
        let mut look = Instant::now() + LOOK_EVERY;
        while !wire::answers(&socket).await {
            let now = Instant::now();
            if now > deadline {
                return Err(Error::Unavailable("their container does not answer".to_owned()));
            }
            if now > look {
                look = now + LOOK_EVERY;
                let state = engine.inspect(&job.name).await.map_err(unavailable)?;
                if state != JobState::Running {
                    return Err(Error::Unavailable(format!(
                        "their container ended at once ({state:?})"
                    )));
                }
            }
            tokio::time::sleep(LISTENS_EVERY).await;
        }
        Ok(folder)
    }

    /// Ends the container and its connections. For whoever holds the slot's `work`.
    async fn end(&self, id: &ScriptId, slot: &Slot, why: Why) {
        let life = {
            let mut facts = slot.facts();
            facts.phase = Phase::Stopped;
            facts.life.take()
        };
        if let Some(life) = life {
            // Before they end, so that they know.
            let _ = life.ended.set(why);
            tracing::info!(script = %id, ?why, "tools stopped");
        }
        let name = container::name(&self.parts.runs.installation().instance, id);
        if let Err(e) = self.parts.engine.remove(&name).await {
            // The next start removes it before it begins; so does the next controller.
            tracing::warn!(container = %name, error = %e, "a tools container stays for now");
        }
        let (data, place) = (self.parts.data.clone(), layout::tools(id.as_str()));
        if let Err(e) = on_disk(move || data.remove_tree(&place)).await {
            tracing::warn!(error = %e, "the folder of a tools container stays for now");
        }
    }

    /// Removes what an earlier controller left.
    async fn sweep(&self) -> Result<(), crate::engine::Error> {
        for job in self.parts.engine.list().await? {
            if job.labels.get(LABEL_KIND).is_some_and(|kind| kind == KIND_TOOLS) {
                self.parts.engine.remove(&job.name).await?;
            }
        }
        Ok(())
    }

    /// The loop behind it all.
    pub async fn keep(self: Arc<Self>) {
        let mut news = self.parts.events.subscribe();
        let mut status = self.parts.runs.engine_changes();
        let tick = TICK.min(self.parts.idle / 4).max(LOOK_EVERY);
        loop {
            if !*self.swept.borrow() && status.borrow_and_update().is_ready() {
                match self.sweep().await {
                    Ok(()) => drop(self.swept.send_replace(true)),
                    Err(e) => tracing::warn!(error = %e, "earlier tools containers stay for now"),
                }
            }
            let changed = tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(tick) => None,
                _ = status.changed() => continue,
                news = news.recv() => match news {
                    Ok(News::Script(id)) => Some(id),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                },
            };
            let ids = match changed {
                Some(id) => vec![id],
                None => self.slots().keys().cloned().collect(),
            };
            for id in ids {
                if let Err(e) = self.settle(&id).await {
                    tracing::warn!(script = %id, error = %e, "tools could not be looked after");
                }
            }
            self.forget_unused();
        }
    }

    /// Slots of scripts that nobody edits any more.
    fn forget_unused(&self) {
        self.slots().retain(|_, slot| {
            let shared = Arc::strong_count(slot) > 1;
            shared || !matches!(slot.facts().phase, Phase::Stopped)
        });
    }

    /// Ends all of them, as far as that is quickly done.
    pub async fn stop(&self) {
        self.stopping.cancel();
        let slots: Vec<_> = self.slots().drain().collect();
        let ends = slots.iter().map(|(id, slot)| async move {
            let _work = slot.work.lock().await;
            if !matches!(slot.facts().phase, Phase::Stopped) {
                self.end(id, slot, Why::ControllerStops).await;
            }
        });
        if tokio::time::timeout(STOP_PATIENCE, join_all(ends)).await.is_err() {
            tracing::warn!("tools containers are left to the next start");
        }
    }
}

fn unavailable(error: crate::engine::Error) -> Error {
    Error::Unavailable(error.to_string())
}
