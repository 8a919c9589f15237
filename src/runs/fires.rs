//! Fires of schedules as rows of runs: submitted, or skipped with the reason; and the next attempt of one that went
//! wrong.
//!
//! All of it happens inside somebody else's transaction: a fire's row and the schedule's cursor, an outcome and the
//! attempt that follows it, are stored together or not at all. A fire has at most one row per attempt, which the
//! database holds (`runs_by_slot`).

use jiff::Timestamp;
use rusqlite::Connection;

use super::outbox;
use super::submit::{image_of, new_run};
use crate::model::ids::RunId;
use crate::model::limits::Limits;
use crate::model::outcome::Outcome;
use crate::model::retry::retry_after;
use crate::model::run::{Event, Facts, Launch, Overlap, Run, RunKind, State, Trigger};
use crate::model::schedule::Schedule;
use crate::model::script::Script;
use crate::store;

/// Runs of one script that may wait for their turn while nobody waits for them; what is due beyond is skipped.
pub(super) const MOST_WAITING: u64 = 100;

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

/// Makes the row of a fire, unless there is one.
pub fn record_fire(
    connection: &Connection,
    ground: &Ground,
    (script, schedule): (&Script, &Schedule),
    slot: Timestamp,
    fate: Fate,
) -> Result<Option<Run>, store::Error> {
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
    if !insert(connection, &mut run)? {
        return Ok(None);
    }
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
        outbox::note_end(connection, &run, ground.now)?;
    }
    Ok(Some(run))
}

/// Whether this was the first to have this fire and this attempt.
fn insert(connection: &Connection, run: &mut Run) -> Result<bool, store::Error> {
    match store::runs::insert(connection, run, None) {
        Ok(()) => Ok(true),
        Err(store::Error::Taken { .. }) => Ok(false),
        Err(e) => Err(e),
    }
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
        kept: false,
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
    Ok(insert(connection, &mut next)?.then_some(next))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::RunState;
    use crate::model::schedule::tests_support::schedule;
    use crate::model::schedule::{Retry, When};
    use crate::model::script::tests_support::script;

    struct Stage {
        db: Connection,
        script: Script,
        schedule: Schedule,
    }

    const GROUND: Ground = Ground {
        now: Timestamp::UNIX_EPOCH,
        default_limits: Limits::default_for_scripts(),
        own_image: String::new(),
    };

    impl Stage {
        fn new() -> Self {
            let db = store::in_memory().expect("opens");
            let script = script("Nightly");
            store::scripts::insert(&db, &script).expect("stores");
            let when = When::Cron {
                expression: "* * * * *".to_owned(),
                zone: "UTC".to_owned(),
            };
            let mut schedule = schedule(when, Timestamp::UNIX_EPOCH);
            schedule.script_id = script.id.clone();
            Self { db, script, schedule }
        }

        fn fire(&self, slot: i64, fate: Fate) -> Option<Run> {
            let slot = Timestamp::from_second(slot).expect("in range");
            record_fire(&self.db, &GROUND, (&self.script, &self.schedule), slot, fate).expect("stores")
        }

        fn failed(&self, run: &Run) -> Run {
            let mut run = run.clone();
            let outcome = serde_json::from_str(r#"{"kind": "failed", "message": "m", "exit_code": 1}"#);
            run.state = State::Finished {
                outcome: outcome.expect("an outcome"),
            };
            run
        }
    }

    #[test]
    fn a_fire_has_one_row_and_each_attempt_has_one() {
        let mut stage = Stage::new();
        stage.schedule.terms.retry = Retry {
            attempts: 2,
            delay_seconds: 60,
            ..Retry::default()
        };
        let run = stage.fire(60, Fate::Run).expect("the first");
        assert_eq!(stage.fire(60, Fate::Skipped("late".to_owned())), None);
        let next = |run: &Run| record_next_attempt(&stage.db, run, GROUND.now).expect("stores");
        let second = next(&stage.failed(&run)).expect("another attempt");
        assert_eq!(second.not_before, Timestamp::from_second(60).ok());
        assert_eq!(next(&stage.failed(&run)), None, "it is there already");
        assert_eq!(next(&stage.failed(&second)), None, "two are allowed");
        assert_eq!(next(&run), None, "it is not over");
        // A change of the schedule makes other fires of the same moments.
        stage.schedule.version += 1;
        assert!(stage.fire(60, Fate::Run).is_some());
    }

    #[test]
    fn what_is_skipped_is_over_and_says_why_and_so_is_what_would_wait_behind_too_many() {
        let mut stage = Stage::new();
        let skipped = stage
            .fire(60, Fate::Skipped("it was late".to_owned()))
            .expect("a row");
        assert_eq!(skipped.state.name(), RunState::Finished);
        let stored = store::runs::get(&stage.db, &skipped.id)
            .expect("reads")
            .expect("there");
        assert_eq!(
            stored.outcome().map(Outcome::message),
            Some("Skipped: it was late")
        );
        stage.schedule.terms.overlap = Some(Overlap::Queue);
        for slot in 1..=MOST_WAITING {
            let run = stage.fire(1_000 + slot as i64, Fate::Run).expect("a row");
            assert_eq!(run.state, State::Queued);
        }
        let beyond = stage.fire(5_000, Fate::Run).expect("a row");
        assert!(
            beyond
                .outcome()
                .is_some_and(|outcome| outcome.message().contains("waiting already"))
        );
    }
}
