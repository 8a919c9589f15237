//! Schedules: when scripts are due, and what is to be done about it.
//!
//! Everything but [`Scheduler`] and its driver is pure: text becomes an [`expression`], with a zone a [`timetable`], that
//! gives [`fires`]; from these and a moment, [`plan`] decides what is submitted, what is skipped and why. The rules are
//! those of `docs/schedules.md`. [`Scheduler`] is the face: it changes schedules, and before each change settles what
//! was due until then, in the same transaction. Fires become rows of runs through the face of `runs`.

pub mod by_itself;
pub mod calendar;
pub mod crontab;
mod driver;
pub mod expression;
pub mod fires;
pub mod jitter;
pub mod next;
pub mod notes;
pub mod plan;
pub mod remark;
#[cfg(test)]
mod simulation;
pub mod timetable;
pub mod words;
pub mod zone;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::events::{Events, News};
use crate::model::ids::{ScheduleId, ScriptId};
use crate::model::schedule::{Schedule, Terms, When};
use crate::model::script::Invalid;
use crate::runs::{Runs, keep_alive};
use crate::settings::Keeper;
use crate::store::{self, Store, schedules};
use timetable::{Timetable, Unusable};

/// Of one script.
const MOST_SCHEDULES: u64 = 100;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such schedule")]
    NotFound,
    #[error("there is no such script")]
    ScriptNotFound,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What it works with.
pub struct Parts {
    pub store: Store,
    pub runs: Runs,
    pub clock: Clock,
    pub events: Events,
    pub settings: Keeper,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Scheduler(Arc<Context>);

struct Context {
    store: Store,
    runs: Runs,
    clock: Clock,
    events: Events,
    settings: Keeper,
    /// Schedules were changed.
    changed: Notify,
}

impl Scheduler {
    /// Starts the timer. What was due while nobody was there is dealt with first.
    pub fn start(parts: Parts) -> Self {
        let context = Arc::new(Context {
            store: parts.store,
            runs: parts.runs,
            clock: parts.clock,
            events: parts.events,
            settings: parts.settings,
            changed: Notify::new(),
        });
        let cx = Arc::clone(&context);
        keep_alive("scheduler", move || driver::keep(Arc::clone(&cx)));
        Self(context)
    }

    /// Nothing of the time before now is due by it.
    pub async fn create(&self, script: &ScriptId, terms: Terms) -> Result<Schedule, Error> {
        let now = self.0.clock.now();
        check(&terms, now)?;
        let schedule = Schedule {
            id: ScheduleId::generate(),
            script_id: script.clone(),
            version: 1,
            terms,
            cursor: now,
            created_at: now,
            updated_at: now,
        };
        let row = schedule.clone();
        self.0
            .store
            .write(move |tx| {
                driver::living(tx, &row.script_id)?;
                if schedules::count(tx, &row.script_id)? >= MOST_SCHEDULES {
                    return Err(Error::Invalid(Invalid {
                        field: "script_id",
                        message: format!("A script may have at most {MOST_SCHEDULES} schedules"),
                    }));
                }
                Ok(schedules::insert(tx, &row)?)
            })
            .await?;
        self.told(&schedule.script_id);
        Ok(schedule)
    }

    pub async fn get(&self, id: &ScheduleId) -> Result<Schedule, Error> {
        let id = id.clone();
        let found = self.0.store.read(move |c| schedules::get(c, &id)).await;
        found.map_err(Error::Store)?.ok_or(Error::NotFound)
    }

    /// Changes its terms as a whole or not at all. What was due until now is dealt with under the old ones.
    pub async fn change(
        &self,
        id: &ScheduleId,
        f: impl FnOnce(&mut Terms) + Send + 'static,
    ) -> Result<Schedule, Error> {
        self.settled(id, move |tx, schedule, now| {
            let mut terms = schedule.terms.clone();
            f(&mut terms);
            if terms == schedule.terms {
                return Ok(schedule.clone());
            }
            // What has been once stays as it is.
            if terms.when == schedule.terms.when {
                terms.check()?;
            } else {
                check(&terms, now)?;
            }
            let changed = schedule.changed(terms, now);
            schedules::update(tx, &changed)?;
            Ok(changed)
        })
        .await
    }

    pub async fn delete(&self, id: &ScheduleId) -> Result<(), Error> {
        self.settled(id, |tx, schedule, now| {
            schedules::delete(tx, &schedule.id, now)?;
            Ok(schedule.clone())
        })
        .await?;
        Ok(())
    }

    /// Deals with what is due, then changes the schedule, in one transaction.
    async fn settled(
        &self,
        id: &ScheduleId,
        change: impl FnOnce(&rusqlite::Connection, &Schedule, Timestamp) -> Result<Schedule, Error>
        + Send
        + 'static,
    ) -> Result<Schedule, Error> {
        let (wanted, ground) = (id.clone(), self.0.runs.ground());
        let paused = self.0.settings.in_force().schedules_paused;
        let (runs, schedule) = self
            .0
            .store
            .write(move |tx| {
                let schedule = schedules::get(tx, &wanted)?.ok_or(Error::NotFound)?;
                let script = driver::living(tx, &schedule.script_id)?;
                let found = schedules::WithScript {
                    schedule,
                    script_name: script.name,
                    script_paused: script.paused,
                };
                let runs = driver::settle(tx, &ground, paused, &[found])?;
                let schedule = schedules::get(tx, &wanted)?.ok_or(Error::NotFound)?;
                Ok::<_, Error>((runs, change(tx, &schedule, ground.now)?))
            })
            .await?;
        self.0.runs.announce(runs);
        self.told(&schedule.script_id);
        Ok(schedule)
    }

    /// Deals with what is due of a script, or of all, before it is paused or taken up again.
    pub async fn settle(&self, script: Option<&ScriptId>) -> Result<(), Error> {
        let filter = schedules::Filter {
            script: script.cloned(),
            enabled_only: true,
            ..schedules::Filter::default()
        };
        let ground = self.0.runs.ground();
        let paused = self.0.settings.in_force().schedules_paused;
        let runs = self
            .0
            .store
            .write(move |tx| {
                let found = schedules::list(tx, &filter)?;
                driver::settle(tx, &ground, paused, &found)
            })
            .await?;
        self.0.runs.announce(runs);
        Ok(())
    }

    /// After a script was in the trash: what its schedules would have fired meanwhile is not due.
    pub async fn begin_anew(&self, script: &ScriptId) -> Result<(), Error> {
        let (script, now) = (script.clone(), self.0.clock.now());
        let begun = self
            .0
            .store
            .write(move |tx| schedules::begin_anew(tx, &script, now))
            .await;
        begun.map_err(Error::Store)?;
        self.0.changed.notify_one();
        Ok(())
    }

    /// Has timer and queue look at the clock, for a test that has set it.
    pub fn look(&self) {
        self.0.changed.notify_one();
        self.0.runs.announce(Vec::new());
    }

    /// Schedules of a script are others than before: the timer and whoever shows them look anew.
    pub fn told(&self, script: &ScriptId) {
        self.0.changed.notify_one();
        self.0.events.publish(News::Schedules(script.clone()));
    }
}

fn check(terms: &Terms, now: Timestamp) -> Result<(), Error> {
    terms.check()?;
    Timetable::of(&terms.when)?;
    match terms.when {
        When::Once { at } if at <= now => Err(Error::Invalid(Invalid {
            field: "at",
            message: "The time has passed already; choose one in the future, or run the script now"
                .to_owned(),
        })),
        _ => Ok(()),
    }
}
