//! Fires of schedules as rows of runs: submitted, or skipped with the reason; and the next attempt of one that went
//! wrong.
//!
//! All of it happens inside somebody else's transaction: a fire's row and the schedule's cursor, an outcome and the
//! attempt that follows it, are stored together or not at all. A fire has at most one row per attempt, which the
//! database holds (`runs_by_slot`).

use jiff::Timestamp;
use rusqlite::Connection;

use super::submit::{image_of, new_run};
use crate::model::ids::RunId;
use crate::model::limits::Limits;
use crate::model::outcome::Outcome;
use crate::model::retry::retry_after;
use crate::model::run::{Event, Facts, Launch, Overlap, Run, RunKind, State, Trigger};
use crate::model::schedule::Schedule;
use crate::model::script::Script;
use crate::store;

/// Runs of one script that may wait for their turn because of schedules; what is due beyond is skipped.
const MOST_WAITING: u64 = 100;

/// What holds for all rows of one transaction.
#[derive(Debug, Clone)]
pub struct Ground {
    pub now: Timestamp,
    pub(super) default_limits: Limits,
    pub(super) own_image: String,
}

/// What becomes of a fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Run,
    /// The end of a sentence that begins with "Skipped".
    Skipped(String),
}

/// Makes the row of a fire.
pub fn record_fire(
    connection: &Connection,
    ground: &Ground,
    (script, schedule): (&Script, &Schedule),
    slot: Timestamp,
    fate: Fate,
) -> Result<Run, store::Error> {
    let terms = &schedule.terms;
    let mut run = new_run(script, RunKind::Script, ground.now);
    run.trigger = Trigger::Schedule {
        schedule_id: schedule.id.clone(),
        version: schedule.version,
        slot,
        attempt: 1,
    };
    run.overlap = terms.overlap.unwrap_or(script.overlap);
    run.parallel_limit = script.parallel_limit;
    run.args.clone_from(&terms.args);
    run.env.clone_from(&terms.env);
    run.limits = script.limits.over(&ground.default_limits);
    run.image = image_of(connection, script, ground.own_image.clone())?;
    run.retry = Some(terms.retry.clone());
    let fate = match fate {
        Fate::Run
            if run.overlap != Overlap::Skip
                && store::runs::count_queued(connection, &script.id)? >= MOST_WAITING =>
        {
            Fate::Skipped(format!("{MOST_WAITING} runs of this script are waiting already"))
        }
        fate => fate,
    };
    store::runs::insert(connection, &mut run, None)?;
    if let Fate::Skipped(reason) = fate {
        let outcome = Outcome::Skipped {
            message: format!("Skipped: {reason}"),
            reason,
        };
        run.state = State::Finished {
            outcome: outcome.clone(),
        };
        run.finished_at = Some(ground.now);
        store::runs::store_step(connection, &mut run, &Event::Dismissed { outcome }, ground.now)?;
    }
    Ok(run)
}

/// Makes the row of the attempt that follows a finished run, if there is to be one.
pub(super) fn record_next_attempt(
    connection: &Connection,
    run: &Run,
    now: Timestamp,
) -> Result<Option<Run>, store::Error> {
    let Some((trigger, delay)) = next_attempt(run) else {
        return Ok(None);
    };
    let mut next = Run {
        id: RunId::generate(),
        number: 0,
        state: State::Queued,
        version: 0,
        trigger,
        queued_at: now,
        not_before: Some(now.saturating_add(delay).unwrap_or(now)),
        started_at: None,
        finished_at: None,
        build_run_id: None,
        launch: Launch::default(),
        facts: Facts::default(),
        ..run.clone()
    };
    match store::runs::insert(connection, &mut next, None) {
        Ok(()) => Ok(Some(next)),
        // It is there already.
        Err(store::Error::Taken { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

fn next_attempt(run: &Run) -> Option<(Trigger, jiff::SignedDuration)> {
    let (outcome, policy) = (run.outcome()?, run.retry.as_ref()?);
    let Trigger::Schedule {
        schedule_id,
        version,
        slot,
        attempt,
    } = &run.trigger
    else {
        return None;
    };
    let delay = retry_after(outcome, *attempt, policy)?;
    let trigger = Trigger::Schedule {
        schedule_id: schedule_id.clone(),
        version: *version,
        slot: *slot,
        attempt: attempt + 1,
    };
    Some((trigger, delay))
}
