//! Rows of deliveries and their attempts: the outbox, and what became of what was in it.
//!
//! A delivery is open until `ended_at` is set. Of each lane only the oldest open one is a [`Head`]: nothing overtakes it.
//! Steps compare with the state that was seen, so a delivery that was cancelled or taken meanwhile is left alone.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::ids::{DeliveryId, RunId, WebhookId};
use crate::model::webhook::{Attempt, Delivery, DeliveryState, SentRequest};
use crate::store::Error;
use crate::store::values::{from_json, from_word, json, ms, time, word};

const COLUMNS: &str = "number, id, webhook_id, lane, message_id, run_id, report, state, created_at, due_at, \
     next_attempt_at, ended_at, request";

/// A delivery that is the next of its lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub number: i64,
    pub webhook_id: WebhookId,
    pub state: DeliveryState,
    pub next_attempt_at: Timestamp,
}

/// Gives the delivery its number.
pub fn insert(connection: &Connection, delivery: &mut Delivery) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO webhook_deliveries (id, webhook_id, lane, message_id, run_id, event, report, state, attempts, \
             created_at, due_at, next_attempt_at, ended_at, request) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,0,?9,?10,?11,NULL,?12)",
        )?
        .execute(params![
            delivery.id.as_str(),
            delivery.webhook_id.as_str(),
            delivery.lane,
            delivery.message_id,
            delivery.run_id.as_ref().map(RunId::as_str),
            delivery.report.event.as_str(),
            json(&delivery.report)?,
            word(&delivery.state)?,
            ms(delivery.created_at),
            ms(delivery.due_at),
            delivery.next_attempt_at.map(ms),
            delivery.request.as_ref().map(json).transpose()?,
        ])?;
    delivery.number = connection.last_insert_rowid();
    Ok(())
}

pub fn get(connection: &Connection, id: &DeliveryId) -> Result<Option<Delivery>, Error> {
    one(connection, "id = ?1", id.as_str())
}

pub fn by_number(connection: &Connection, number: i64) -> Result<Option<Delivery>, Error> {
    one(connection, "number = ?1", number)
}

fn one(
    connection: &Connection,
    condition: &str,
    key: impl rusqlite::ToSql,
) -> Result<Option<Delivery>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhook_deliveries WHERE {condition}"
    ))?;
    let found = statement.query_row([key], read).optional()?;
    found
        .map(|delivery| with_attempts(connection, delivery))
        .transpose()
}

/// Newest first.
pub fn list(
    connection: &Connection,
    webhook: &WebhookId,
    state: Option<DeliveryState>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Delivery>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhook_deliveries WHERE webhook_id = ?1 AND (?2 IS NULL OR state = ?2) \
         AND number < ?3 ORDER BY number DESC LIMIT ?4"
    ))?;
    let state = state.map(|state| word(&state)).transpose()?;
    let rows = statement.query_map(
        params![webhook.as_str(), state, before.unwrap_or(i64::MAX), limit],
        read,
    )?;
    rows.map(|row| with_attempts(connection, row?)).collect()
}

/// The webhook's newest that was tried at least once, or is over.
pub fn newest_tried(connection: &Connection, webhook: &WebhookId) -> Result<Option<Delivery>, Error> {
    one(
        connection,
        "number = (SELECT max(number) FROM webhook_deliveries WHERE webhook_id = ?1 \
         AND (attempts > 0 OR ended_at IS NOT NULL))",
        webhook.as_str(),
    )
}

/// The next of each lane, those that are being sent included. From lane to lane by the index: what waits behind a head costs
/// nothing, however much it is.
pub fn heads(connection: &Connection) -> Result<Vec<Head>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT number, webhook_id, state, coalesce(next_attempt_at, due_at) FROM webhook_deliveries WHERE number IN \
         (WITH RECURSIVE head (number) AS ( \
              SELECT (SELECT f.number FROM webhook_deliveries AS f INDEXED BY webhook_deliveries_open \
                  WHERE f.ended_at IS NULL ORDER BY f.webhook_id, f.lane, f.number LIMIT 1) \
              UNION ALL \
              SELECT coalesce( \
                  (SELECT n.number FROM webhook_deliveries AS n INDEXED BY webhook_deliveries_open \
                   WHERE n.ended_at IS NULL AND n.webhook_id = c.webhook_id AND n.lane > c.lane \
                   ORDER BY n.lane, n.number LIMIT 1), \
                  (SELECT n.number FROM webhook_deliveries AS n INDEXED BY webhook_deliveries_open \
                   WHERE n.ended_at IS NULL AND n.webhook_id > c.webhook_id \
                   ORDER BY n.webhook_id, n.lane, n.number LIMIT 1)) \
              FROM head JOIN webhook_deliveries AS c ON c.number = head.number) \
          SELECT number FROM head WHERE number IS NOT NULL) ORDER BY number",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Head {
            number: row.get(0)?,
            webhook_id: WebhookId::parse(&row.get::<_, String>(1)?),
            state: from_word(2, &row.get::<_, String>(2)?)?,
            next_attempt_at: time(3, row.get(3)?)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Marks it as being sent, with what is sent. Answers whether it still waited; one that has a lane of its own may have been
/// made as being sent.
pub fn claim(connection: &Connection, number: i64, request: Option<&SentRequest>) -> Result<bool, Error> {
    let claimed = connection
        .prepare_cached(
            "UPDATE webhook_deliveries SET state = 'delivering', request = coalesce(?2, request) \
             WHERE number = ?1 AND (state IN ('pending', 'quiet') OR (state = 'delivering' AND lane = id))",
        )?
        .execute(params![number, request.map(json).transpose()?])?;
    Ok(claimed > 0)
}

/// Holds it until then, because of quiet hours.
pub fn hold(connection: &Connection, number: i64, until: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE webhook_deliveries SET state = 'quiet', due_at = max(due_at, ?2), next_attempt_at = ?2 \
             WHERE number = ?1 AND state IN ('pending', 'quiet')",
        )?
        .execute(params![number, ms(until)])?;
    Ok(())
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    At(Timestamp),
    Over(DeliveryState),
}

/// Stores an attempt at what was being sent, and what follows. Answers whether it was still being sent.
pub fn record(
    connection: &Connection,
    number: i64,
    attempt: &Attempt,
    next: Next,
    now: Timestamp,
) -> Result<bool, Error> {
    let (state, next_attempt_at, ended_at) = match next {
        Next::At(at) => (DeliveryState::Pending, Some(ms(at)), None),
        Next::Over(state) => (state, None, Some(ms(now))),
    };
    let stepped = connection
        .prepare_cached(
            "UPDATE webhook_deliveries SET state = ?2, next_attempt_at = ?3, ended_at = ?4, attempts = attempts + 1 \
             WHERE number = ?1 AND state = 'delivering'",
        )?
        .execute(params![number, word(&state)?, next_attempt_at, ended_at])?;
    if stepped == 0 {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO webhook_attempts (delivery, attempt, at, duration_ms, status, error, response_excerpt) \
             SELECT number, attempts, ?2, ?3, ?4, ?5, ?6 FROM webhook_deliveries WHERE number = ?1",
        )?
        .execute(params![
            number,
            ms(attempt.at),
            attempt.duration_ms,
            attempt.status,
            attempt.error,
            attempt.response_excerpt,
        ])?;
    Ok(true)
}

/// Numbers of those that are being sent: at a start nobody does so any more.
pub fn being_sent(connection: &Connection) -> Result<Vec<i64>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT number FROM webhook_deliveries INDEXED BY webhook_deliveries_open \
         WHERE ended_at IS NULL AND state = 'delivering'",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How a delivery goes on of which the webhook has been given up: it does not.
pub fn cancel_open(connection: &Connection, webhook: &WebhookId, now: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE webhook_deliveries INDEXED BY webhook_deliveries_open \
             SET state = 'cancelled', next_attempt_at = NULL, ended_at = ?2 WHERE webhook_id = ?1 AND ended_at IS NULL",
        )?
        .execute(params![webhook.as_str(), ms(now)])?;
    Ok(())
}

/// Has everything that waits tried now, or held until the quiet hours that there are now are over.
pub fn reconsider(
    connection: &Connection,
    webhook: &WebhookId,
    now: Timestamp,
    held_until: Option<Timestamp>,
) -> Result<(), Error> {
    let state = match held_until {
        Some(_) => DeliveryState::Quiet,
        None => DeliveryState::Pending,
    };
    connection
        .prepare_cached(
            "UPDATE webhook_deliveries INDEXED BY webhook_deliveries_open SET state = ?2, next_attempt_at = ?3, \
             due_at = ?3 WHERE webhook_id = ?1 AND ended_at IS NULL AND state <> 'delivering'",
        )?
        .execute(params![webhook.as_str(), word(&state)?, ms(held_until.unwrap_or(now))])?;
    Ok(())
}

/// An attempt went well (`None`) or did not, which then has been so at least since that moment.
pub fn set_failing(
    connection: &Connection,
    webhook: &WebhookId,
    since: Option<Timestamp>,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE webhooks SET failing_since = CASE WHEN ?2 IS NULL THEN NULL ELSE coalesce(failing_since, ?2) END \
             WHERE id = ?1",
        )?
        .execute(params![webhook.as_str(), since.map(ms)])?;
    Ok(())
}

/// Forgets up to `limit` that were over before that. Answers how many there were.
pub fn forget(connection: &Connection, before: Timestamp, limit: u32) -> Result<usize, Error> {
    Ok(connection
        .prepare_cached(
            "DELETE FROM webhook_deliveries WHERE number IN (SELECT number FROM webhook_deliveries \
             WHERE ended_at IS NOT NULL AND ended_at < ?1 ORDER BY ended_at LIMIT ?2)",
        )?
        .execute(params![ms(before), limit])?)
}

fn with_attempts(connection: &Connection, mut delivery: Delivery) -> Result<Delivery, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT at, duration_ms, status, error, response_excerpt FROM webhook_attempts WHERE delivery = ?1 ORDER BY attempt",
    )?;
    let rows = statement.query_map([delivery.number], |row| {
        Ok(Attempt {
            at: time(0, row.get(0)?)?,
            duration_ms: row.get(1)?,
            status: row.get(2)?,
            error: row.get(3)?,
            response_excerpt: row.get(4)?,
        })
    })?;
    delivery.attempts = rows.collect::<Result<_, _>>()?;
    Ok(delivery)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let optional_time = |column: usize| {
        row.get::<_, Option<i64>>(column)?
            .map(|at| time(column, at))
            .transpose()
    };
    Ok(Delivery {
        number: row.get(0)?,
        id: DeliveryId::parse(&row.get::<_, String>(1)?),
        webhook_id: WebhookId::parse(&row.get::<_, String>(2)?),
        lane: row.get(3)?,
        message_id: row.get(4)?,
        run_id: row.get::<_, Option<String>>(5)?.map(|id| RunId::parse(&id)),
        report: from_json(6, &row.get::<_, String>(6)?)?,
        state: from_word(7, &row.get::<_, String>(7)?)?,
        created_at: time(8, row.get(8)?)?,
        due_at: time(9, row.get(9)?)?,
        next_attempt_at: optional_time(10)?,
        ended_at: optional_time(11)?,
        request: row
            .get::<_, Option<String>>(12)?
            .map(|request| from_json(12, &request))
            .transpose()?,
        attempts: vec![],
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::webhook;
    use super::*;
    use crate::model::webhook::Occasion;
    use crate::model::webhook::report::Report;
    use crate::store::{in_memory, webhooks};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    struct Stage {
        db: Connection,
        webhook: WebhookId,
    }

    impl Stage {
        fn new() -> Self {
            let db = in_memory().expect("opens");
            let row = webhook(None);
            webhooks::put(&db, &row).expect("stores");
            Self { db, webhook: row.id }
        }

        fn made(&self, lane: &str) -> Delivery {
            let mut delivery = Delivery {
                number: 0,
                id: DeliveryId::generate(),
                webhook_id: self.webhook.clone(),
                lane: lane.to_owned(),
                message_id: "msg".to_owned(),
                run_id: Some(RunId::generate()),
                report: Report::sample(Occasion::Failed, None, at(1)),
                state: DeliveryState::Pending,
                created_at: at(1),
                due_at: at(1),
                next_attempt_at: Some(at(1)),
                ended_at: None,
                attempts: vec![],
                request: None,
            };
            insert(&self.db, &mut delivery).expect("stores");
            delivery
        }

        fn heads(&self) -> Vec<i64> {
            heads(&self.db)
                .expect("reads")
                .iter()
                .map(|head| head.number)
                .collect()
        }

        fn now(&self, delivery: &Delivery) -> Delivery {
            get(&self.db, &delivery.id).expect("reads").expect("there")
        }

        fn attempt(&self, number: i64, next: Next) -> bool {
            let attempt = Attempt {
                at: at(2),
                duration_ms: 3,
                status: Some(500),
                error: Some("e".to_owned()),
                response_excerpt: None,
            };
            record(&self.db, number, &attempt, next, at(9)).expect("stores")
        }
    }

    #[test]
    fn a_lane_is_worked_off_in_order() {
        let stage = Stage::new();
        let (first, second, other) = (stage.made("a"), stage.made("a"), stage.made("b"));
        assert_eq!(stage.now(&first), first);
        assert_eq!(stage.heads(), [first.number, other.number]);
        let request = SentRequest {
            method: "POST".to_owned(),
            url_shown: "https://example.com/…".to_owned(),
            headers: vec![("a".to_owned(), "b".to_owned())],
            body: "{}".to_owned(),
        };
        assert!(claim(&stage.db, first.number, Some(&request)).expect("claims"));
        assert!(!claim(&stage.db, first.number, None).expect("is taken"));
        assert_eq!(being_sent(&stage.db).expect("reads"), [first.number]);
        assert!(stage.attempt(first.number, Next::At(at(7))));
        assert!(
            !stage.attempt(first.number, Next::At(at(8))),
            "nobody was sending it"
        );
        let now = stage.now(&first);
        assert_eq!(
            (now.state, now.next_attempt_at),
            (DeliveryState::Pending, Some(at(7)))
        );
        assert_eq!((now.attempts.len(), now.request), (1, Some(request)));
        assert_eq!(stage.heads(), [first.number, other.number], "nothing overtakes");
        assert!(claim(&stage.db, first.number, None).expect("claims"));
        assert!(stage.attempt(first.number, Next::Over(DeliveryState::Delivered)));
        assert_eq!(stage.heads(), [second.number, other.number]);
        let newest = newest_tried(&stage.db, &stage.webhook)
            .expect("reads")
            .expect("one");
        assert_eq!(
            (newest.id, newest.attempts.len(), newest.ended_at),
            (first.id, 2, Some(at(9)))
        );
    }

    #[test]
    fn what_is_held_cancelled_or_reconsidered_is_so() {
        let stage = Stage::new();
        let (held, sent) = (stage.made("a"), stage.made("b"));
        hold(&stage.db, held.number, at(50)).expect("holds");
        let now = stage.now(&held);
        assert_eq!(
            (now.state, now.due_at, now.next_attempt_at),
            (DeliveryState::Quiet, at(50), Some(at(50)))
        );
        claim(&stage.db, sent.number, None).expect("claims");
        hold(&stage.db, sent.number, at(50)).expect("leaves it");
        reconsider(&stage.db, &stage.webhook, at(20), None).expect("reconsiders");
        let now = stage.now(&held);
        assert_eq!(
            (now.state, now.next_attempt_at),
            (DeliveryState::Pending, Some(at(20)))
        );
        assert_eq!(stage.now(&sent).state, DeliveryState::Delivering);
        reconsider(&stage.db, &stage.webhook, at(20), Some(at(30))).expect("reconsiders");
        assert_eq!(stage.now(&held).state, DeliveryState::Quiet);
        cancel_open(&stage.db, &stage.webhook, at(9)).expect("cancels");
        assert_eq!(stage.now(&held).state, DeliveryState::Cancelled);
        assert!(
            !stage.attempt(sent.number, Next::Over(DeliveryState::Delivered)),
            "it was cancelled meanwhile"
        );
        assert_eq!(stage.heads(), [0; 0]);
    }

    #[test]
    fn lists_and_forgets() {
        let stage = Stage::new();
        let all: Vec<_> = (0..4).map(|_| stage.made("a")).collect();
        claim(&stage.db, all[0].number, None).expect("claims");
        stage.attempt(all[0].number, Next::Over(DeliveryState::Failed));
        let numbers = |state, before| -> Vec<i64> {
            let found = list(&stage.db, &stage.webhook, state, before, 2).expect("lists");
            found.iter().map(|delivery| delivery.number).collect()
        };
        assert_eq!(numbers(None, None), [all[3].number, all[2].number]);
        assert_eq!(numbers(None, Some(all[2].number)), [all[1].number, all[0].number]);
        assert_eq!(numbers(Some(DeliveryState::Failed), None), [all[0].number]);
        assert_eq!(
            forget(&stage.db, at(9), 10).expect("forgets"),
            0,
            "it was over later"
        );
        assert_eq!(forget(&stage.db, at(10), 10).expect("forgets"), 1);
        assert_eq!(numbers(None, Some(all[2].number)), [all[1].number]);
    }

    #[test]
    fn a_webhook_fails_since_its_first_failure() {
        let stage = Stage::new();
        let since = || {
            webhooks::get(&stage.db, &stage.webhook)
                .expect("reads")
                .expect("there")
                .failing_since
        };
        set_failing(&stage.db, &stage.webhook, None).expect("stores");
        assert_eq!(since(), None);
        for second in [5, 6] {
            set_failing(&stage.db, &stage.webhook, Some(at(second))).expect("stores");
            assert_eq!(since(), Some(at(5)));
        }
    }
}
