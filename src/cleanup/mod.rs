//! Clean-up: what is unused is found, shown with what it takes, and taken away when somebody says so, or by itself.
//!
//! [`plan`] decides, [`survey`] looks, [`acts`] take away. What is to go is stored as a list before anything goes, and what
//! has become of each is stored after it; a controller that is killed in between goes on with the list at its next start.
//! One clean-up at a time, in small batches with pauses. Nothing goes that was not on the list, and nothing that stands
//! otherwise than it did when it was put there. Only what this instance has made is ever on it. Calls no engine: `runs`
//! and `images` do.

mod acts;
pub mod plan;
mod room;
mod schedule;
mod survey;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::events::{Events, News};
use crate::files::{self, DataDir, on_disk};
use crate::images::Images;
use crate::model::cleanup::{
    CleanedGroup, Cleanup as Settings, CleanupPatch, Failure, Kind, Report, Trigger,
};
use crate::runs::{self, Runs, keep_alive};
use crate::scheduler::timetable::Unusable;
use crate::settings::Keeper;
use crate::store::cleanups::{self, ItemRow, Progress};
use crate::store::{self, Store};
use acts::Done;
use plan::{Plan, account, with_parts};
pub use room::Room;
use schedule::{Cursor, Turn};

/// Previews that somebody may still agree to.
const REMEMBERED: usize = 8;
const SHOWN_REPORTS: u32 = 20;
const MOST_FAILURES: usize = 50;
/// A clock that is set is noticed after so long.
const LOOK_EVERY: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// After a batch, so many times what it took; at most [`LONGEST_PAUSE`], and more while something runs.
const PAUSE: u32 = 1;
const PAUSE_WHILE_BUSY: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// What is missed is made up for at the start, when the engine may not have answered yet.
const PATIENCE_WITH_ENGINE: Duration = Duration::from_secs(30);

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
        keep_alive("clean-up", move || keep(Arc::clone(&cx)));
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
            Some(fingerprint) => {
                let known = self
                    .previews()
                    .iter()
                    .find(|plan| plan.fingerprint() == *fingerprint)
                    .cloned();
                known
            }
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
        let running = far(&found, &rows);
        self.set_running(Some(running.clone()));
        self.wake.notify_one();
        Ok(running)
    }
}

/// How far it is by what is stored.
fn far(found: &cleanups::Running, rows: &[ItemRow]) -> Running {
    let gone = |row: &&ItemRow| row.progress == Progress::Gone;
    let open = |row: &&ItemRow| matches!(row.progress, Progress::Pending | Progress::Acting);
    Running {
        id: found.id,
        trigger: found.trigger,
        started_at: found.started_at,
        continued: found.continued,
        items: rows.len() as u64,
        done: (rows.len() - rows.iter().filter(open).count()) as u64,
        bytes: rows.iter().map(|row| row.bytes).sum(),
        freed_bytes: rows.iter().filter(gone).map(|row| row.bytes).sum(),
        kind: rows.iter().find(open).map(|row| row.kind),
    }
}

async fn keep(cx: Arc<Context>) {
    let mut settings = cx.parts.settings.subscribe();
    let mut taken_up = false;
    loop {
        let pause = match round(&cx, &mut taken_up).await {
            Ok(()) => LOOK_EVERY,
            Err(e) => {
                tracing::warn!(error = %e, "a clean-up could not go on; trying again");
                LOOK_AGAIN
            }
        };
        tokio::select! {
            () = cx.wake.notified() => {}
            _ = settings.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn round(cx: &Context, taken_up: &mut bool) -> Result<(), Error> {
    let first = !std::mem::replace(taken_up, true);
    if let Some(found) = cx.parts.store.read(cleanups::running).await? {
        let found = if first {
            tracing::info!(id = found.id, "a clean-up was cut short and goes on");
            let id = found.id;
            cx.parts.store.write(move |tx| cleanups::take_up(tx, id)).await?;
            cleanups::Running {
                continued: found.continued + 1,
                ..found
            }
        } else {
            found
        };
        carry_out(cx, &found).await?;
    }
    let settings = cx.parts.settings.in_force().cleanup;
    let now = cx.parts.clock.now();
    let cursor = cx.parts.store.read(schedule::cursor).await?;
    let turn = schedule::turn(cursor.as_ref(), &settings, now);
    if turn == Turn::Due {
        if first {
            cx.parts.runs.until_engine_is_ready(PATIENCE_WITH_ENGINE).await;
        }
        let wish = Wish {
            fingerprint: None,
            kinds: Some(settings.kinds.clone()),
        };
        match cx.begin(wish, Trigger::Schedule).await {
            // Somebody's own is as good.
            Ok(_) | Err(Error::Running) => {}
            Err(e) => return Err(e),
        }
    }
    if turn == Turn::Due || turn == Turn::Begin {
        let cursor = Cursor::of(&settings, now);
        cx.parts
            .store
            .write(move |tx| schedule::set_cursor(tx, &cursor))
            .await?;
    }
    Ok(())
}

/// Goes through its list from where it is to the end, and stores the report.
async fn carry_out(cx: &Context, found: &cleanups::Running) -> Result<(), Error> {
    let id = found.id;
    let mut rows = cx.parts.store.read(move |c| cleanups::items(c, id)).await?;
    cx.set_running(Some(far(found, &rows)));
    let asks_engine = |row: &ItemRow| matches!(row.kind, Kind::Images | Kind::Containers | Kind::Supervisors);
    if rows.iter().any(asks_engine) {
        cx.parts.runs.until_engine_is_ready(PATIENCE_WITH_ENGINE).await;
    }
    let mut at = 0;
    while at < rows.len() {
        let kind = rows[at].kind;
        let same = rows[at..].iter().take_while(|row| row.kind == kind).count();
        let end = at + same.min(acts::batch(kind));
        let begun = Instant::now();
        carry_out_batch(cx, id, &mut rows[at..end]).await?;
        cx.set_running(Some(far(found, &rows)));
        at = end;
        let times = if cx.parts.runs.are_busy().await? {
            PAUSE_WHILE_BUSY
        } else {
            PAUSE
        };
        tokio::time::sleep((begun.elapsed() * times).min(LONGEST_PAUSE)).await;
    }
    let report = report(found, &rows, cx.parts.clock.now());
    tracing::info!(
        freed = report.freed_bytes,
        failures = report.failures.len(),
        "a clean-up has ended"
    );
    let stored = report.clone();
    cx.parts
        .store
        .write(move |tx| cleanups::finish(tx, &stored))
        .await?;
    cx.set_running(None);
    cx.parts.runs.look_at_disk();
    cx.parts.events.publish(News::System);
    Ok(())
}

/// Intent, act, facts.
async fn carry_out_batch(cx: &Context, id: i64, rows: &mut [ItemRow]) -> Result<(), Error> {
    let open = |row: &ItemRow| matches!(row.progress, Progress::Pending | Progress::Acting);
    let todo: Vec<ItemRow> = rows.iter().filter(|row| open(row)).cloned().collect();
    let Some(kind) = todo.first().map(|row| row.kind) else {
        return Ok(());
    };
    let positions: Vec<i64> = todo.iter().map(|row| row.position).collect();
    cx.parts
        .store
        .write(move |tx| {
            for position in positions {
                cleanups::set_progress(tx, id, position, (Progress::Acting, None))?;
            }
            Ok::<_, store::Error>(())
        })
        .await?;
    let done = acts::act(cx, kind, &todo).await;
    let mut facts = Vec::new();
    for (row, done) in todo.into_iter().zip(done) {
        let (progress, reason) = match done {
            Done::Gone => (Progress::Gone, None),
            // It was on its way out when we were killed: that was us.
            Done::NotThere if row.progress == Progress::Acting => (Progress::Gone, None),
            Done::NotThere => (Progress::Left, Some("it had gone already".to_owned())),
            Done::Left(why) => (Progress::Left, Some(why)),
        };
        facts.push((row.position, progress, reason));
    }
    for (position, progress, reason) in &facts {
        if let Some(row) = rows.iter_mut().find(|row| row.position == *position) {
            (row.progress, row.reason) = (*progress, reason.clone());
        }
    }
    cx.parts
        .store
        .write(move |tx| {
            for (position, progress, reason) in facts {
                cleanups::set_progress(tx, id, position, (progress, reason.as_deref()))?;
            }
            Ok::<_, store::Error>(())
        })
        .await?;
    Ok(())
}

fn report(found: &cleanups::Running, rows: &[ItemRow], now: Timestamp) -> Report {
    let mut groups: BTreeMap<Kind, CleanedGroup> = BTreeMap::new();
    let mut failures = Vec::new();
    for row in rows {
        let group = groups.entry(row.kind).or_insert(CleanedGroup {
            kind: row.kind,
            items: 0,
            bytes: 0,
            left: 0,
        });
        if row.progress == Progress::Gone {
            group.items += 1;
            group.bytes += row.bytes;
            continue;
        }
        group.left += 1;
        if failures.len() < MOST_FAILURES {
            failures.push(Failure {
                kind: row.kind,
                what: row.what.clone(),
                reason: row.reason.clone().unwrap_or_default(),
            });
        }
    }
    let groups: Vec<CleanedGroup> = groups.into_values().collect();
    Report {
        id: found.id,
        trigger: found.trigger,
        started_at: found.started_at,
        finished_at: now,
        continued: found.continued,
        freed_bytes: groups.iter().map(|group| group.bytes).sum(),
        groups,
        failures,
    }
}
