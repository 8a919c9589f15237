//! Rows of webhooks, and how often the same has come of a script in a row. What is on its way to them is
//! [`deliveries`]'. Addresses and secrets come and go sealed, each bound to the place it is stored at.

pub mod deliveries;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::sealed::Family;
use super::values::{from_json, json, ms, time};
use crate::model::ids::{ScriptId, WebhookId};
use crate::model::secret::Sealed;
use crate::model::webhook::rules::Streak;
use crate::model::webhook::{Terms, Webhook};

const COLUMNS: &str =
    "id, script_id, terms, url, url_shown, secret, disabled_because, failing_since, created_at, updated_at";

pub const URLS: Family = Family {
    table: "webhooks",
    column: "url",
    place: "'webhooks/' || id || '/url'",
};

pub const SECRETS: Family = Family {
    table: "webhooks",
    column: "secret",
    place: "'webhooks/' || id || '/secret'",
};

/// What an address is bound to.
pub fn url_place(id: &WebhookId) -> String {
    format!("webhooks/{id}/url")
}

/// What a secret is bound to.
pub fn secret_place(id: &WebhookId) -> String {
    format!("webhooks/{id}/secret")
}

/// A new one, or the one of this id as it is now.
pub fn put(connection: &Connection, webhook: &Webhook) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO webhooks (id, script_id, terms, enabled, url, url_shown, secret, disabled_because, failing_since, \
             created_at, updated_at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) \
             ON CONFLICT (id) DO UPDATE SET script_id = ?2, terms = ?3, enabled = ?4, url = ?5, url_shown = ?6, \
             secret = ?7, disabled_because = ?8, failing_since = ?9, updated_at = ?11",
        )?
        .execute(params![
            webhook.id.as_str(),
            webhook.script_id.as_ref().map(ScriptId::as_str),
            json(&webhook.terms)?,
            webhook.terms.enabled,
            webhook.url.as_str(),
            webhook.url_shown,
            webhook.secret.as_ref().map(Sealed::as_str),
            webhook.disabled_because,
            webhook.failing_since.map(ms),
            ms(webhook.created_at),
            ms(webhook.updated_at),
        ])?;
    Ok(())
}

pub fn get(connection: &Connection, id: &WebhookId) -> Result<Option<Webhook>, Error> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM webhooks WHERE id = ?1"))?;
    Ok(statement.query_row([id.as_str()], read).optional()?)
}

/// All, or those of one script alone; oldest first.
pub fn list(connection: &Connection, script: Option<&ScriptId>) -> Result<Vec<Webhook>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhooks WHERE ?1 IS NULL OR script_id = ?1 ORDER BY created_at, id"
    ))?;
    let rows = statement.query_map([script.map(ScriptId::as_str)], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn count(connection: &Connection) -> Result<usize, Error> {
    Ok(connection.query_row("SELECT count(*) FROM webhooks", [], |row| row.get(0))?)
}

/// Whether there was one. Its deliveries go with it.
pub fn remove(connection: &Connection, id: &WebhookId) -> Result<bool, Error> {
    let gone = connection
        .prepare_cached("DELETE FROM webhooks WHERE id = ?1")?
        .execute([id.as_str()])?;
    Ok(gone > 0)
}

/// Who is told of a script. One that cannot be read is left out: it must not keep an outcome from being stored.
pub fn listening(connection: &Connection, script: &ScriptId) -> Result<Vec<(WebhookId, Terms)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, terms FROM webhooks WHERE enabled AND (script_id IS NULL OR script_id = ?1) ORDER BY created_at, id",
    )?;
    let mut rows = statement.query([script.as_str()])?;
    let mut listening = Vec::new();
    while let Some(row) = rows.next()? {
        let id = WebhookId::parse(&row.get::<_, String>(0)?);
        match from_json(1, &row.get::<_, String>(1)?) {
            Ok(terms) => listening.push((id, terms)),
            Err(e) => {
                tracing::error!(webhook = %id, error = %e, "a webhook cannot be read and is told nothing")
            }
        }
    }
    Ok(listening)
}

/// What has come of the script in a row.
pub fn streak(connection: &Connection, script: &ScriptId) -> Result<Streak, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT failures, failing_since, skips, lates FROM script_streaks WHERE script_id = ?1",
    )?;
    let found = statement
        .query_row([script.as_str()], |row| {
            Ok(Streak {
                failures: row.get(0)?,
                failing_since: row.get::<_, Option<i64>>(1)?.map(|at| time(1, at)).transpose()?,
                skips: row.get(2)?,
                lates: row.get(3)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

pub fn set_streak(connection: &Connection, script: &ScriptId, streak: &Streak) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO script_streaks (script_id, failures, failing_since, skips, lates) VALUES (?1,?2,?3,?4,?5) \
             ON CONFLICT (script_id) DO UPDATE SET failures = ?2, failing_since = ?3, skips = ?4, lates = ?5",
        )?
        .execute(params![
            script.as_str(),
            streak.failures,
            streak.failing_since.map(ms),
            streak.skips,
            streak.lates,
        ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    let script: Option<String> = row.get(1)?;
    Ok(Webhook {
        id: WebhookId::parse(&row.get::<_, String>(0)?),
        script_id: script.map(|id| ScriptId::parse(&id)),
        terms: from_json(2, &row.get::<_, String>(2)?)?,
        url: Sealed::new(row.get(3)?),
        url_shown: row.get(4)?,
        secret: row.get::<_, Option<String>>(5)?.map(Sealed::new),
        disabled_because: row.get(6)?,
        failing_since: row.get::<_, Option<i64>>(7)?.map(|at| time(7, at)).transpose()?,
        created_at: time(8, row.get(8)?)?,
        updated_at: time(9, row.get(9)?)?,
    })
}

#[cfg(test)]
pub(super) mod tests_support {
    use jiff::Timestamp;

    use super::*;
    use crate::model::webhook::Occasion;
    use crate::model::webhook::tests_support::terms;

    pub fn webhook(script: Option<&ScriptId>) -> Webhook {
        Webhook {
            id: WebhookId::generate(),
            script_id: script.cloned(),
            terms: terms(&[Occasion::Failed]),
            url: Sealed::new("sealed url".to_owned()),
            url_shown: "https://example.com/…".to_owned(),
            secret: Some(Sealed::new("sealed secret".to_owned())),
            disabled_because: None,
            failing_since: Timestamp::from_second(7).ok(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::tests_support::webhook;
    use super::*;
    use crate::model::script::tests_support::script;
    use crate::store::{in_memory, scripts};

    #[test]
    fn a_script_is_listened_to_by_its_own_and_by_those_of_all() {
        let db = in_memory().expect("opens");
        let (a, b) = (script("A"), script("B"));
        for script in [&a, &b] {
            scripts::insert(&db, script).expect("stores");
        }
        let (all, of_a, of_b) = (webhook(None), webhook(Some(&a.id)), webhook(Some(&b.id)));
        let mut off = webhook(None);
        off.terms.enabled = false;
        for webhook in [&all, &of_a, &of_b, &off] {
            put(&db, webhook).expect("stores");
            assert_eq!(get(&db, &webhook.id).expect("reads").as_ref(), Some(webhook));
        }
        let listening: Vec<_> = listening(&db, &a.id)
            .expect("reads")
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(listening, [all.id.clone(), of_a.id.clone()]);
        assert_eq!(
            list(&db, Some(&b.id)).expect("reads"),
            std::slice::from_ref(&of_b)
        );
        assert_eq!(count(&db).expect("counts"), 4);

        scripts::remove(&db, &a.id).expect("removes");
        assert_eq!(
            get(&db, &of_a.id).expect("reads"),
            None,
            "it goes with its script"
        );
        assert!(remove(&db, &all.id).expect("removes") && !remove(&db, &all.id).expect("removes nothing"));
    }

    #[test]
    fn one_that_cannot_be_read_is_left_out() {
        let db = in_memory().expect("opens");
        let (good, bad) = (webhook(None), webhook(None));
        put(&db, &good).expect("stores");
        put(&db, &bad).expect("stores");
        db.execute(
            "UPDATE webhooks SET terms = '{}' WHERE id = ?1",
            [bad.id.as_str()],
        )
        .expect("spoils");
        let found = listening(&db, &ScriptId::generate()).expect("reads");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_streak_is_kept_per_script() {
        let db = in_memory().expect("opens");
        let row = script("A");
        scripts::insert(&db, &row).expect("stores");
        assert_eq!(streak(&db, &row.id).expect("reads"), Streak::default());
        let failing = Streak {
            failures: 3,
            failing_since: Timestamp::from_second(1).ok(),
            skips: 1,
            lates: 2,
        };
        for kept in [failing, Streak::default(), failing] {
            set_streak(&db, &row.id, &kept).expect("stores");
            assert_eq!(streak(&db, &row.id).expect("reads"), kept);
        }
    }
}
