//! What is to be told of a run, stored in the transaction that stores what happened: both are there or neither is.
//!
//! Nothing is rendered here and nobody is asked: the facts are frozen in a row, and `webhooks` sends them when it can. So no
//! receiver delays a run, and no crash loses what is to be told.

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use crate::model::ids::DeliveryId;
use crate::model::run::{Run, RunKind, Trigger};
use crate::model::webhook::report::{Report, ScriptFacts};
use crate::model::webhook::rules::{Moment, told};
use crate::model::webhook::{Delivery, DeliveryState};
use crate::store::{self, webhooks};

/// A run has finished, or was skipped.
pub(super) fn note_end(connection: &Connection, run: &Run, now: Timestamp) -> Result<(), store::Error> {
    match run.outcome() {
        Some(outcome) => note(connection, run, Moment::Ended(outcome), now),
        None => Ok(()),
    }
}

/// A run has started.
pub(super) fn note_start(
    connection: &Connection,
    run: &Run,
    allowed: SignedDuration,
    now: Timestamp,
) -> Result<(), store::Error> {
    // Only the first run for a moment of a schedule can be in time.
    let Trigger::Schedule {
        schedule_id,
        slot,
        attempt: 1,
        ..
    } = &run.trigger
    else {
        return Ok(());
    };
    let Some(by) = run.started_at.map(|started| started.duration_since(*slot)) else {
        return Ok(());
    };
    let mut late = by > allowed;
    if late {
        // What the schedule is delayed by on purpose is not held against it.
        let schedule = store::schedules::get(connection, schedule_id)?;
        let jitter = schedule.map_or(0, |schedule| schedule.terms.jitter_seconds);
        late = by
            > allowed.saturating_add(SignedDuration::from_secs(
                i64::try_from(jitter).unwrap_or(i64::MAX),
            ));
    }
    note(
        connection,
        run,
        Moment::Started {
            late: late.then_some(by),
        },
        now,
    )
}

fn note(connection: &Connection, run: &Run, moment: Moment<'_>, now: Timestamp) -> Result<(), store::Error> {
    if run.kind != RunKind::Script {
        return Ok(());
    }
    let before = webhooks::streak(connection, &run.script_id)?;
    let after = before.after(moment, now);
    if after != before {
        webhooks::set_streak(connection, &run.script_id, &after)?;
    }
    let mut script = None;
    for (webhook, terms) in webhooks::listening(connection, &run.script_id)? {
        let Some(event) = told(&terms, moment, &before, &after) else {
            continue;
        };
        if script.is_none() {
            script = store::scripts::get(connection, &run.script_id)?;
        }
        let Some(script) = &script else {
            return Ok(());
        };
        let facts = ScriptFacts {
            id: script.id.clone(),
            name: script.name.clone(),
            tags: script.tags.clone(),
        };
        let mut report = Report::of(event, facts, run, (&before, &after), now);
        if let Moment::Started { late: Some(by) } = moment {
            report.late_seconds = Some(by.as_secs());
        }
        let held = terms.rules.quiet_hours.and_then(|quiet| quiet.held_until(now));
        let id = DeliveryId::generate();
        let mut delivery = Delivery {
            number: 0,
            message_id: format!("msg_{id}"),
            id,
            webhook_id: webhook,
            lane: run.script_id.to_string(),
            run_id: Some(run.id.clone()),
            report,
            state: match held {
                Some(_) => DeliveryState::Quiet,
                None => DeliveryState::Pending,
            },
            created_at: now,
            due_at: held.unwrap_or(now),
            next_attempt_at: Some(held.unwrap_or(now)),
            ended_at: None,
            attempts: vec![],
            request: None,
        };
        webhooks::deliveries::insert(connection, &mut delivery)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{ScheduleId, WebhookId};
    use crate::model::outcome::Outcome;
    use crate::model::run::State;
    use crate::model::run::tests_support::run_in;
    use crate::model::script::Script;
    use crate::model::script::tests_support::script;
    use crate::model::secret::Sealed;
    use crate::model::webhook::tests_support::terms;
    use crate::model::webhook::{Occasion, Webhook};

    struct Stage {
        db: Connection,
        script: Script,
        webhook: Webhook,
    }

    impl Stage {
        fn new(events: &[Occasion]) -> Self {
            let db = store::in_memory().expect("opens");
            let script = script("Nightly");
            store::scripts::insert(&db, &script).expect("stores");
            let webhook = Webhook {
                id: WebhookId::generate(),
                script_id: None,
                terms: terms(events),
                url: Sealed::new(String::new()),
                url_shown: String::new(),
                secret: None,
                disabled_because: None,
                failing_since: None,
                created_at: Timestamp::UNIX_EPOCH,
                updated_at: Timestamp::UNIX_EPOCH,
            };
            webhooks::put(&db, &webhook).expect("stores");
            Self { db, script, webhook }
        }

        fn ended(&self, outcome: &str) -> Run {
            let outcome: Outcome = serde_json::from_str(outcome).expect("an outcome");
            Run {
                script_id: self.script.id.clone(),
                ..run_in(State::Finished { outcome })
            }
        }

        fn told(&self) -> Vec<Delivery> {
            let mut told =
                webhooks::deliveries::list(&self.db, &self.webhook.id, None, None, 100).expect("lists");
            told.reverse();
            told
        }
    }

    const FAILED: &str = r#"{"kind": "failed", "message": "m", "exit_code": 1}"#;
    const SUCCEEDED: &str = r#"{"kind": "succeeded", "message": "m"}"#;

    #[test]
    fn ends_are_told_with_what_came_before_and_builds_are_not() {
        let stage = Stage::new(&[Occasion::Failed, Occasion::Recovered]);
        for (outcome, kind) in [
            (SUCCEEDED, RunKind::Script),
            (FAILED, RunKind::Script),
            (FAILED, RunKind::Build),
            (FAILED, RunKind::Script),
            (SUCCEEDED, RunKind::Script),
        ] {
            let run = Run {
                kind,
                ..stage.ended(outcome)
            };
            note_end(&stage.db, &run, Timestamp::UNIX_EPOCH).expect("stores");
        }
        let told: Vec<_> = stage
            .told()
            .iter()
            .map(|delivery| (delivery.report.event, delivery.report.failures))
            .collect();
        assert_eq!(
            told,
            [
                (Occasion::Failed, 1),
                (Occasion::Failed, 2),
                (Occasion::Recovered, 2)
            ]
        );
    }

    #[test]
    fn what_happens_in_quiet_hours_is_held() {
        let mut stage = Stage::new(&[Occasion::Failed]);
        let quiet = r#"{"from": "00:00", "to": "07:00", "timezone": "UTC"}"#;
        stage.webhook.terms.rules.quiet_hours = serde_json::from_str(quiet).ok();
        webhooks::put(&stage.db, &stage.webhook).expect("stores");
        note_end(&stage.db, &stage.ended(FAILED), Timestamp::UNIX_EPOCH).expect("stores");
        let told = stage.told().remove(0);
        let seven = Timestamp::from_second(7 * 3600).ok();
        assert_eq!((told.state, told.next_attempt_at), (DeliveryState::Quiet, seven));
    }

    #[test]
    fn a_start_is_late_beyond_what_is_allowed_and_what_its_schedule_waits_on_purpose() {
        let stage = Stage::new(&[Occasion::Late]);
        let when = crate::model::schedule::When::Cron {
            expression: "* * * * *".to_owned(),
            zone: "UTC".to_owned(),
        };
        let mut schedule = crate::model::schedule::tests_support::schedule(when, Timestamp::UNIX_EPOCH);
        schedule.script_id = stage.script.id.clone();
        schedule.terms.jitter_seconds = 30;
        store::schedules::insert(&stage.db, &schedule).expect("stores");
        let start = |schedule_id: &ScheduleId, attempt: u32, after: i64| {
            let run = Run {
                trigger: Trigger::Schedule {
                    schedule_id: schedule_id.clone(),
                    version: 1,
                    slot: Timestamp::UNIX_EPOCH,
                    attempt,
                },
                started_at: Timestamp::from_second(after).ok(),
                ..stage.ended(SUCCEEDED)
            };
            let allowed = SignedDuration::from_secs(60);
            note_start(&stage.db, &run, allowed, Timestamp::UNIX_EPOCH).expect("stores");
            stage
                .told()
                .iter()
                .filter_map(|told| told.report.late_seconds)
                .collect::<Vec<_>>()
        };
        assert_eq!(start(&schedule.id, 1, 60), [0; 0]);
        assert_eq!(start(&schedule.id, 1, 90), [0; 0], "jitter");
        assert_eq!(start(&schedule.id, 2, 500), [0; 0], "another attempt");
        assert_eq!(start(&schedule.id, 1, 91), [91]);
        assert_eq!(
            start(&ScheduleId::generate(), 1, 61),
            [91, 61],
            "of a schedule that is gone"
        );
    }
}
