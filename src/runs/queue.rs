//! The admission loop: reads the queue, asks `admission::admit`, carries out its decisions, starts drivers.
//!
//! One task, so no two admissions ever count the same free slot. It also starts the drivers of runs that were
//! active when the controller came up: to it, they look no different.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tracing::Instrument;

use super::admission::{Decision, Readiness, Situation, admit};
use super::context::Context;
use super::{Error, driver, space, submit};
use crate::envs::policy;
use crate::envs::status::reason;
use crate::events::News;
use crate::model::ids::{RunId, ScriptId};
use crate::model::outcome::Outcome;
use crate::model::run::{Event, Run, RunKind, State, StopReason, WaitReason};
use crate::store;

/// Backstop behind every wake-up.
const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(super) async fn keep(cx: Arc<Context>) {
    let mut status = cx.status.clone();
    let mut settings = cx.settings.subscribe();
    let mut disk = cx.disk.clone();
    loop {
        let retry = match round(&cx).await {
            Ok(retry) => retry,
            Err(e) => {
                tracing::error!(error = %e, "the queue could not be looked at; trying again");
                None
            }
        };
        let pause = retry.map_or(LOOK_EVERY, |until| {
            let left = until.duration_since(cx.clock.now());
            Duration::try_from(left).unwrap_or_default().min(LOOK_EVERY)
        });
        tokio::select! {
            () = cx.admission.notified() => {}
            _ = status.changed() => {}
            _ = settings.changed() => {}
            _ = disk.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Answers when the next run is to be tried again.
async fn round(cx: &Arc<Context>) -> Result<Option<Timestamp>, Error> {
    let defaults = cx.settings.in_force().packages.default_requirements;
    let (unfinished, readiness) = cx
        .store
        .read(move |c| {
            let unfinished = store::runs::unfinished(c)?;
            // What is the same for all runs of a script is read once, however many of them wait.
            let mut standings: HashMap<&ScriptId, Standing> = HashMap::new();
            let mut readiness = HashMap::new();
            for run in &unfinished {
                if run.kind == RunKind::Script && !run.is_active() {
                    let standing = match standings.entry(&run.script_id) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(place) => place.insert(standing_of(c, &run.script_id, &defaults)?),
                    };
                    readiness.insert(run.id.clone(), readiness_of(run, standing));
                }
            }
            Ok::<_, store::Error>((unfinished, readiness))
        })
        .await?;
    let no_room = if unfinished.iter().all(Run::is_active) {
        None
    } else {
        space::no_room(cx).await?
    };
    let now = cx.clock.now();
    let decisions = admit(&Situation {
        unfinished: &unfinished,
        readiness: &readiness,
        engine_ready: cx.status.borrow().is_ready(),
        no_room,
        cap: cx.settings.in_force().max_runs as usize,
        now,
    });
    for run in unfinished.iter().filter(|run| run.is_active()) {
        ensure_driver(cx, run);
    }
    // One build serves all runs of a script.
    let mut built = HashSet::new();
    for (id, decision) in decisions {
        match decision {
            Decision::Admit => {
                let run = cx.record(&id, Event::Admitted).await?;
                if run.is_active() {
                    cx.waiting().remove(&id);
                    ensure_driver(cx, &run);
                }
            }
            Decision::Wait(why) => wait(cx, &id, why).await?,
            Decision::Build(why) => {
                let run = unfinished.iter().find(|run| run.id == id);
                if let Some(run) = run.filter(|run| built.insert(&run.script_id)) {
                    let wish = submit::Wish::default();
                    submit::build(cx, &run.script_id, wish, run.trigger.clone()).await?;
                }
                wait(cx, &id, why).await?;
            }
            Decision::Replace(others, why) => {
                for other in others {
                    let why = StopReason::Cancelled {
                        by: "the run that replaces it".to_owned(),
                        replaced_by: Some(id.clone()),
                    };
                    cx.record(&other, Event::StopRequested { why }).await?;
                    cx.nudge(&other);
                }
                wait(cx, &id, why).await?;
            }
            Decision::Dismiss(outcome) => {
                let build = match &outcome {
                    Outcome::EnvironmentFailed { build_run_id, .. } => build_run_id.clone(),
                    _ => None,
                };
                let fill = move |run: &mut Run| run.build_run_id = build.as_deref().map(RunId::parse);
                cx.record_with(&id, Event::Dismissed { outcome }, fill, |_, _| Ok(()))
                    .await?;
            }
        }
    }
    let later = unfinished.iter().filter(|run| !run.is_active());
    Ok(later
        .filter_map(|run| run.not_before)
        .filter(|until| *until > now)
        .min())
}

/// How the environment of a script stands, for all of its queued runs.
enum Standing {
    /// There, or not needed; one whose files are not there is none. An environment that is live is good enough, be it that something newer is asked for: runs
    /// keep using it until the new one is whole.
    Ready,
    None {
        asked: Vec<String>,
        newest_build: Option<Box<Run>>,
    },
}

fn standing_of(
    c: &rusqlite::Connection,
    script: &ScriptId,
    defaults: &[String],
) -> Result<Standing, store::Error> {
    let Some(script) = store::scripts::get(c, script)? else {
        return Ok(Standing::Ready);
    };
    let asked = policy::effective(&script.requirements, defaults);
    let usable = match &script.environment_key {
        Some(key) => !store::environments::is_absent(c, &script.id, key)?,
        None => false,
    };
    if asked.is_empty() || usable {
        return Ok(Standing::Ready);
    }
    let newest_build = store::runs::newest_build(c, &script.id)?.map(Box::new);
    Ok(Standing::None { asked, newest_build })
}

/// The same for one of them: a build that failed before it was queued is not held against it.
fn readiness_of(run: &Run, standing: &Standing) -> Readiness {
    let (asked, build) = match standing {
        Standing::Ready => return Readiness::Ready,
        Standing::None {
            newest_build: None, ..
        } => return Readiness::NeedsBuild,
        Standing::None {
            asked,
            newest_build: Some(build),
        } => (asked, build),
    };
    match &build.state {
        State::Finished { outcome } if outcome.is_success() => Readiness::NeedsBuild,
        // What an older list came to says nothing about this one.
        State::Finished { .. } if build.requirements != *asked => Readiness::NeedsBuild,
        State::Finished { outcome } if build.finished_at >= Some(run.queued_at) => Readiness::Failed {
            build: build.id.clone(),
            message: reason(outcome),
        },
        State::Finished { .. } => Readiness::NeedsBuild,
        _ => Readiness::Building,
    }
}

/// Keeps the reason, and tells whoever watches if it is a new one.
async fn wait(cx: &Context, id: &RunId, why: WaitReason) -> Result<(), Error> {
    let before = cx.waiting().insert(id.clone(), why.clone());
    if before.as_ref() != Some(&why) {
        let run = cx.load(id).await?;
        cx.events.publish(News::Run(Box::new(run)));
    }
    Ok(())
}

/// One driver per run: started unless there is one.
fn ensure_driver(cx: &Arc<Context>, run: &Run) {
    let id = &run.id;
    let nudge = Arc::new(Notify::new());
    {
        let mut drivers = cx.drivers();
        if drivers.contains_key(id) {
            return;
        }
        drivers.insert(id.clone(), Arc::clone(&nudge));
    }
    // Whatever is said of the run while it is driven has both ids.
    let driving = tracing::info_span!("run", run = %id, script = %run.script_id);
    let (cx, id) = (Arc::clone(cx), id.clone());
    tokio::spawn(async move {
        // A panic ends one driver and not the run: the next round starts another.
        let driven =
            tokio::spawn(driver::drive(Arc::clone(&cx), id.clone(), nudge).instrument(driving)).await;
        cx.drivers().remove(&id);
        if let Err(e) = driven {
            tracing::error!(run = %id, error = %e, "a driver died");
        }
    });
}
