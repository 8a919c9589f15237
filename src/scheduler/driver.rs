//! The one timer behind all schedules: reads them, has [`plan`] decide, stores what was decided.
//!
//! All steps of a moment are one transaction: rows of fires and cursors are there together or not at all. Each step
//! compares with what it was planned for; if anything has changed meanwhile it is planned again. The timer is woken by
//! changes, and looks at the wall clock at least every quarter of a minute, so that a clock that is set is noticed.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::plan::{self, Change, Decision, Plan, Script, Step, Summary, Verdict};
use super::timetable::Timetable;
use super::{Context, Error};
use crate::events::News;
use crate::model::ids::{ScheduleId, ScriptId};
use crate::model::run::Run;
use crate::model::schedule::Schedule;
use crate::model::script;
use crate::runs::{Fate, Ground, record_fire};
use crate::store::{self, schedules};

/// At most so long the wall clock is not looked at.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// After a failure of the database.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Schedules are read again behind every change that should have been told.
const READ_EVERY: Duration = Duration::from_secs(300);

/// A schedule as it was read, with what it takes to ask it.
struct Loaded {
    schedule: Schedule,
    timetable: Arc<Timetable>,
    script: Script,
}

pub(super) async fn keep(cx: Arc<Context>) {
    let mut news = cx.events.subscribe();
    let mut known = Known::default();
    loop {
        let pause = match known.turn(&cx).await {
            Ok(pause) => pause,
            Err(e) => {
                tracing::error!(error = %e, "what is due could not be stored; trying again");
                known.read_at = None;
                LOOK_AGAIN
            }
        };
        tokio::select! {
            () = cx.changed.notified() => known.read_at = None,
            () = concerns_us(&mut news) => known.read_at = None,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Returns when something was told that may change what is due.
async fn concerns_us(news: &mut broadcast::Receiver<News>) {
    loop {
        match news.recv().await {
            // A script was paused, deleted or restored; settings were changed.
            Ok(News::Script(_) | News::System) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What the driver knows from one turn to the next.
#[derive(Default)]
struct Known {
    loaded: BTreeMap<ScheduleId, Loaded>,
    timetables: HashMap<(ScheduleId, i64), Arc<Timetable>>,
    read_at: Option<tokio::time::Instant>,
}

impl Known {
    /// Does what is due, and answers how long nothing is.
    async fn turn(&mut self, cx: &Context) -> Result<Duration, Error> {
        if self.read_at.is_none_or(|at| at.elapsed() >= READ_EVERY) {
            self.read(cx).await?;
        }
        loop {
            let now = cx.clock.now();
            let plan = self.plan(now);
            if plan.steps.is_empty() {
                let left = plan
                    .wake
                    .map(|wake| Duration::try_from(wake.duration_since(now)).unwrap_or_default());
                return Ok(left.unwrap_or(LOOK_EVERY).min(LOOK_EVERY));
            }
            if !self.carry_out(cx, plan).await? {
                self.read(cx).await?;
            }
        }
    }

    fn plan(&self, now: jiff::Timestamp) -> Plan {
        let entries: Vec<plan::Entry<'_>> = self
            .loaded
            .values()
            .map(|loaded| plan::Entry {
                schedule: &loaded.schedule,
                timetable: &loaded.timetable,
                script: loaded.script,
            })
            .collect();
        plan::plan(now, &entries)
    }

    async fn read(&mut self, cx: &Context) -> Result<(), Error> {
        let all = cx
            .store
            .read(|c| {
                schedules::list(
                    c,
                    &schedules::Filter {
                        enabled_only: true,
                        ..schedules::Filter::default()
                    },
                )
            })
            .await
            .map_err(Error::Store)?;
        let paused = cx.settings.in_force().schedules_paused;
        let before = std::mem::take(&mut self.timetables);
        self.loaded.clear();
        for found in all {
            let key = (found.schedule.id.clone(), found.schedule.version);
            let timetable = match before.get(&key) {
                Some(known) => Arc::clone(known),
                // It was read when it was stored; another version of this program may read less.
                None => match Timetable::of(&found.schedule.terms.when) {
                    Ok(timetable) => Arc::new(timetable),
                    Err(e) => {
                        tracing::error!(schedule = %found.schedule.id, error = %e, "a schedule cannot be read and rests");
                        continue;
                    }
                },
            };
            self.timetables.insert(key, Arc::clone(&timetable));
            let loaded = Loaded {
                script: state_of(paused, found.script_paused),
                schedule: found.schedule,
                timetable,
            };
            self.loaded.insert(loaded.schedule.id.clone(), loaded);
        }
        self.read_at = Some(tokio::time::Instant::now());
        Ok(())
    }

    /// Answers whether everything was as it had been seen.
    async fn carry_out(&mut self, cx: &Context, plan: Plan) -> Result<bool, Error> {
        let ground = cx.runs.ground();
        let steps: Vec<(Schedule, Step)> = plan
            .steps
            .into_iter()
            .filter_map(|step| {
                let loaded = self.loaded.get(&step.seen.schedule)?;
                Some((loaded.schedule.clone(), step))
            })
            .collect();
        let paused = cx.settings.in_force().schedules_paused;
        let (runs, steps, all) = cx
            .store
            .write(move |tx| {
                let (mut runs, mut all) = (Vec::new(), true);
                let mut desk = Desk::new(tx, &ground, paused);
                for (schedule, step) in &steps {
                    match desk.store(schedule, step)? {
                        Some(made) => runs.extend(made),
                        None => all = false,
                    }
                }
                Ok::<_, Error>((runs, steps, all))
            })
            .await?;
        for (_, step) in &steps {
            self.moved(step);
        }
        cx.runs.announce(runs);
        Ok(all)
    }

    /// What is stored of a step; if it was not, everything is read again anyway.
    fn moved(&mut self, step: &Step) {
        let Some(Loaded { schedule, .. }) = self.loaded.get_mut(&step.seen.schedule) else {
            return;
        };
        match &step.change {
            Change::Cover { until, .. } => schedule.cursor = *until,
            Change::BeginAnew { to } => {
                let timetable = self.timetables.remove(&(schedule.id.clone(), schedule.version));
                (schedule.version, schedule.cursor) = (schedule.version + 1, *to);
                let key = (schedule.id.clone(), schedule.version);
                self.timetables
                    .extend(timetable.map(|timetable| (key, timetable)));
            }
        }
    }
}

fn state_of(all_paused: bool, script_paused: bool) -> Script {
    match (all_paused, script_paused) {
        (true, _) => Script::AllPaused,
        (false, true) => Script::Paused,
        (false, false) => Script::Active,
    }
}

/// One transaction's work: what is the same for many steps is read once.
struct Desk<'a> {
    connection: &'a Connection,
    ground: &'a Ground,
    all_paused: bool,
    /// Those in the trash are none.
    scripts: HashMap<ScriptId, Option<script::Script>>,
}

impl<'a> Desk<'a> {
    fn new(connection: &'a Connection, ground: &'a Ground, all_paused: bool) -> Self {
        Self {
            connection,
            ground,
            all_paused,
            scripts: HashMap::new(),
        }
    }

    /// Stores a step and answers the rows of its fires; `None` if something is not as it was seen, and then nothing is.
    fn store(&mut self, schedule: &Schedule, step: &Step) -> Result<Option<Vec<Run>>, Error> {
        let connection = self.connection;
        let script = match self.scripts.entry(schedule.script_id.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let found = store::scripts::get(connection, &schedule.script_id)?;
                place.insert(found.filter(|script| script.deleted_at.is_none()))
            }
        };
        let Some(script) = script.as_ref() else {
            return Ok(None);
        };
        if state_of(self.all_paused, script.paused) != step.seen.script {
            return Ok(None);
        }
        let (to, next_version) = match &step.change {
            Change::Cover { until, .. } => (*until, step.seen.version),
            Change::BeginAnew { to } => (*to, step.seen.version + 1),
        };
        let change = schedules::Move {
            version: step.seen.version,
            from: step.seen.cursor,
            to,
            next_version,
        };
        if !schedules::move_cursor(connection, &schedule.id, change)? {
            return Ok(None);
        }
        let Change::Cover {
            summary, decisions, ..
        } = &step.change
        else {
            tracing::warn!(schedule = %schedule.id, "the clock was set back; a schedule begins anew");
            return Ok(Some(Vec::new()));
        };
        let mut rows = Vec::new();
        let fires = summary.iter().map(summed_up).chain(decisions.iter().map(decided));
        for (slot, fate) in fires {
            rows.extend(record_fire(
                connection,
                self.ground,
                (script, schedule),
                slot,
                fate,
            )?);
        }
        Ok(Some(rows))
    }
}

fn decided(decision: &Decision) -> (jiff::Timestamp, Fate) {
    let fate = match decision.verdict {
        Verdict::Submit => Fate::Run,
        Verdict::Skip(reason) => Fate::Skipped(reason.words().to_owned()),
    };
    (decision.fire.at, fate)
}

/// One row for many fires, at the moment of the latest.
fn summed_up(summary: &Summary) -> (jiff::Timestamp, Fate) {
    let reason = format!(
        "one of {} fires from {} to {} without a row of their own: {}",
        summary.count,
        summary.after,
        summary.until,
        summary.reason.words()
    );
    (summary.until, Fate::Skipped(reason))
}

/// For the schedules of one script, or of all: whatever is due by now is dealt with, before something changes.
pub(super) fn settle(
    connection: &Connection,
    ground: &Ground,
    all_paused: bool,
    found: &[schedules::WithScript],
) -> Result<Vec<Run>, Error> {
    let mut desk = Desk::new(connection, ground, all_paused);
    let mut rows = Vec::new();
    for schedules::WithScript {
        schedule,
        script_paused,
        ..
    } in found
    {
        let Ok(timetable) = Timetable::of(&schedule.terms.when) else {
            continue;
        };
        let entry = plan::Entry {
            schedule,
            timetable: &timetable,
            script: state_of(all_paused, *script_paused),
        };
        if let Some(step) = plan::settle(ground.now, &entry) {
            rows.extend(desk.store(schedule, &step)?.unwrap_or_default());
        }
    }
    Ok(rows)
}

/// Whether a script can be given a schedule.
pub(super) fn living(connection: &Connection, id: &ScriptId) -> Result<script::Script, Error> {
    let script = store::scripts::get(connection, id)?;
    script
        .filter(|script| script.deleted_at.is_none())
        .ok_or(Error::ScriptNotFound)
}
