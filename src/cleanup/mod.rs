//! Clean-up: what is unused is found, shown with what it takes, and taken away when somebody says so, or by itself.
//!
//! [`survey`] looks, [`plan`] decides, [`account`] counts, [`acts`] take away, [`job`] carries it out. What is to go is stored as a list before anything goes, and what
//! has become of each is stored after it; a controller that is killed in between goes on with the list at its next start.
//! One clean-up at a time, in small batches with pauses. Nothing goes that was not on the list, and nothing that stands
//! otherwise than it did when it was put there. Only what this instance has made is ever on it. Calls no engine: `runs`
//! and `images` do.

pub mod account;
mod acts;
mod job;
pub mod plan;
mod room;
mod schedule;
mod survey;

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::events::{Events, News};
use crate::files::{self, DataDir, on_disk};
use crate::images::Images;
use crate::model::cleanup::{Cleanup as Settings, CleanupPatch, Kind, Report, Trigger};
use crate::runs::{self, Runs, keep_alive};
use crate::scheduler::timetable::Unusable;
use crate::settings::Keeper;
use crate::store::cleanups::{self, ItemRow, Progress};
use crate::store::{self, Store};
use account::{Plan, account, with_parts};
pub use room::Room;
use schedule::Turn;

/// Previews that somebody may still agree to.
const REMEMBERED: usize = 8;
const SHOWN_REPORTS: u32 = 20;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a clean-up is already under way")]
    Running,
    /// Nobody knows it, and what goes now is something else.
    #[error("what goes has changed since the preview")]
    Outdated,
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error(transparent)]
    Runs(#[from] runs::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What it works with.
pub struct Parts {
    pub store: Store,
    pub data: DataDir,
    pub clock: Clock,
    pub events: Events,
    pub settings: Keeper,
    pub images: Images,
    pub runs: Runs,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Cleanup(Arc<Context>);

struct Context {
    parts: Parts,
    started_at: Timestamp,
    /// Something is to be done, or may be due.
    wake: Notify,
    /// Looked at lately, the latest last.
    previews: Mutex<VecDeque<Arc<Plan>>>,
    /// How far the one is that is carried out.
    running: Mutex<Option<Running>>,
    /// One look at a time: each reads a good part of the disk.
    looking: tokio::sync::Mutex<()>,
}

/// How far a clean-up is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub id: i64,
    pub trigger: Trigger,
    pub started_at: Timestamp,
    pub continued: u32,
    pub items: u64,
    pub done: u64,
    pub bytes: u64,
    pub freed_bytes: u64,
    /// What is going at the moment.
    pub kind: Option<Kind>,
}

/// What somebody wants to go.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Of the preview that was agreed to: nothing else goes.
    pub fingerprint: Option<String>,
    /// `None`: those of the preview, or of the settings.
    pub kinds: Option<BTreeSet<Kind>>,
}

/// How it stands.
#[derive(Debug, Clone)]
pub struct Standing {
    pub running: Option<Running>,
    /// Newest first.
    pub last_reports: Vec<Report>,
    pub next_at: Option<Timestamp>,
}

impl Cleanup {
    /// Takes up what an earlier controller left undone; from then on it goes on by itself when it is due.
    pub fn start(parts: Parts) -> Self {
        let context = Arc::new(Context {
            started_at: parts.clock.now(),
            parts,
            wake: Notify::new(),
            previews: Mutex::default(),
            running: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        });
        let cx = Arc::clone(&context);
        keep_alive("clean-up", move || job::keep(Arc::clone(&cx)));
        Self(context)
    }

    /// What would go, if these kinds were chosen, or those that go by themselves.
    pub async fn preview(&self, kinds: Option<BTreeSet<Kind>>) -> Result<Arc<Plan>, Error> {
        let kinds = kinds.unwrap_or_else(|| self.0.parts.settings.in_force().cleanup.kinds);
        let plan = Arc::new(self.0.look(kinds, None).await?);
        let mut previews = self.0.previews();
        previews.push_back(Arc::clone(&plan));
        if previews.len() > REMEMBERED {
            previews.pop_front();
        }
        Ok(plan)
    }

    /// Records what is to go and begins.
    pub async fn begin(&self, wish: Wish) -> Result<Running, Error> {
        self.0.begin(wish, Trigger::Manual).await
    }

    pub async fn standing(&self) -> Result<Standing, Error> {
        let cx = &self.0;
        let (last_reports, cursor) = cx
            .parts
            .store
            .read(|c| Ok::<_, store::Error>((cleanups::reports(c, SHOWN_REPORTS)?, schedule::cursor(c)?)))
            .await?;
        let settings = cx.parts.settings.in_force().cleanup;
        let now = cx.parts.clock.now();
        let next_at = match schedule::turn(cursor.as_ref(), &settings, now) {
            Turn::Wait(at) => at,
            Turn::Due => Some(now),
            Turn::Begin => match settings.enabled {
                true => schedule::timetable(&settings)?.next(now).map(|fire| fire.at),
                false => None,
            },
        };
        Ok(Standing {
            running: cx.running().clone(),
            last_reports,
            next_at,
        })
    }

    /// What takes room on the data disk.
    pub async fn room(&self) -> Result<Vec<(Room, u64)>, Error> {
        let _alone = self.0.looking.lock().await;
        let data = self.0.parts.data.clone();
        Ok(on_disk(move || room::room(&data)).await?)
    }

    /// Refuses an expression that cannot be read, or a zone that nobody knows.
    pub fn check(patch: &CleanupPatch) -> Result<(), Unusable> {
        let built_in = Settings::built_in();
        let given =
            |wish: &Option<Option<String>>, otherwise: String| wish.clone().flatten().unwrap_or(otherwise);
        schedule::timetable(&Settings {
            expression: given(&patch.expression, built_in.expression.clone()),
            timezone: given(&patch.timezone, built_in.timezone.clone()),
            ..built_in
        })?;
        Ok(())
    }
}

impl Context {
    fn previews(&self) -> MutexGuard<'_, VecDeque<Arc<Plan>>> {
        self.previews.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_running(&self, running: Option<Running>) {
        *self.running() = running;
        self.parts.events.publish(News::Cleanup);
    }

    async fn look(
        &self,
        kinds: BTreeSet<Kind>,
        only: Option<&HashSet<(Kind, String, String)>>,
    ) -> Result<Plan, Error> {
        let _alone = self.looking.lock().await;
        let survey = survey::survey(self).await?;
        let chosen = with_parts(kinds);
        let items = account(&survey.candidates, &chosen, only);
        Ok(Plan {
            chosen,
            items,
            left_alone: survey.left_alone,
            computed_at: survey.now,
            trash_days: survey.trash_days,
        })
    }

    async fn begin(&self, wish: Wish, trigger: Trigger) -> Result<Running, Error> {
        if self.running().is_some() {
            return Err(Error::Running);
        }
        let agreed = match &wish.fingerprint {
            Some(fingerprint) => self
                .previews()
                .iter()
                .find(|plan| plan.fingerprint() == *fingerprint)
                .cloned(),
            None => None,
        };
        let kinds = match (&wish.kinds, &agreed) {
            (Some(kinds), _) => kinds.clone(),
            (None, Some(plan)) => plan.chosen.clone(),
            (None, None) => self.parts.settings.in_force().cleanup.kinds,
        };
        let only: Option<HashSet<_>> = agreed.as_ref().map(|plan| {
            plan.goes()
                .map(|item| (item.kind, item.key.clone(), item.mark.clone()))
                .collect()
        });
        let fresh = self.look(kinds, only.as_ref()).await?;
        if agreed.is_none()
            && wish
                .fingerprint
                .is_some_and(|agreed| agreed != fresh.fingerprint())
        {
            return Err(Error::Outdated);
        }
        let mut rows: Vec<ItemRow> = Vec::new();
        for item in fresh.goes() {
            rows.push(ItemRow {
                position: rows.len() as i64,
                kind: item.kind,
                key: item.key.clone(),
                what: item.what.clone(),
                mark: item.mark.clone(),
                bytes: item.bytes,
                progress: Progress::Pending,
                reason: None,
            });
        }
        // What was agreed to and is not so any more is reported, too.
        let going: HashSet<(Kind, String)> = fresh.goes().map(|item| (item.kind, item.key.clone())).collect();
        for item in agreed.iter().flat_map(|plan| plan.goes()) {
            if fresh.chosen.contains(&item.kind) && !going.contains(&(item.kind, item.key.clone())) {
                rows.push(ItemRow {
                    position: rows.len() as i64,
                    kind: item.kind,
                    key: item.key.clone(),
                    what: item.what.clone(),
                    mark: item.mark.clone(),
                    bytes: item.bytes,
                    progress: Progress::Left,
                    reason: Some("it has changed since the preview, or has gone by itself".to_owned()),
                });
            }
        }
        let now = self.parts.clock.now();
        let stored = rows.clone();
        let inserted = self
            .parts
            .store
            .write(move |tx| cleanups::insert(tx, trigger, &stored, now))
            .await;
        let id = match inserted {
            Err(store::Error::Taken { what: "clean-up" }) => return Err(Error::Running),
            other => other?,
        };
        let found = cleanups::Running {
            id,
            trigger,
            started_at: now,
            continued: 0,
        };
        let running = job::far(&found, &rows);
        self.set_running(Some(running.clone()));
        self.wake.notify_one();
        Ok(running)
    }
}
