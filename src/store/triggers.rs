//! Rows of triggers: at which address a call starts which script. One per script at most.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::sealed::Family;
use super::values::{ms, time};
use crate::model::ids::ScriptId;
use crate::model::secret::Sealed;
use crate::model::token::Fingerprint;
use crate::model::trigger::Trigger;

const COLUMNS: &str =
    "script_id, fingerprint, hint, enabled, signed, secret, created_at, updated_at, last_used_at";

pub const SECRETS: Family = Family {
    table: "triggers",
    column: "secret",
    place: "'triggers/' || script_id",
};

/// What a signing secret is bound to: the table, and the script that it starts.
pub fn place(script: &ScriptId) -> String {
    format!("triggers/{script}")
}

pub fn get(connection: &Connection, script: &ScriptId) -> Result<Option<Trigger>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM triggers WHERE script_id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([script.as_str()], read).optional()?)
}

pub fn by_fingerprint(connection: &Connection, fingerprint: &Fingerprint) -> Result<Option<Trigger>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM triggers WHERE fingerprint = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([fingerprint.as_bytes()], read).optional()?)
}

/// A new one, or the script's as it is now.
pub fn put(connection: &Connection, trigger: &Trigger) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO triggers (script_id, fingerprint, hint, enabled, signed, secret, created_at, updated_at, \
             last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
             ON CONFLICT (script_id) DO UPDATE SET fingerprint = ?2, hint = ?3, enabled = ?4, signed = ?5, \
             secret = ?6, updated_at = ?8, last_used_at = ?9",
        )?
        .execute(params![
            trigger.script_id.as_str(),
            trigger.fingerprint.as_bytes(),
            trigger.hint,
            trigger.enabled,
            trigger.signed,
            trigger.secret.as_ref().map(Sealed::as_str),
            ms(trigger.created_at),
            ms(trigger.updated_at),
            trigger.last_used_at.map(ms),
        ])?;
    Ok(())
}

pub fn set_used(connection: &Connection, script: &ScriptId, at: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE triggers SET last_used_at = ?2 WHERE script_id = ?1")?
        .execute(params![script.as_str(), ms(at)])?;
    Ok(())
}

/// Whether there was one.
pub fn remove(connection: &Connection, script: &ScriptId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("DELETE FROM triggers WHERE script_id = ?1")?
        .execute([script.as_str()])?
        > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Trigger> {
    let used: Option<i64> = row.get(8)?;
    Ok(Trigger {
        script_id: ScriptId::parse(&row.get::<_, String>(0)?),
        fingerprint: Fingerprint::from_bytes(row.get(1)?),
        hint: row.get(2)?,
        enabled: row.get(3)?,
        signed: row.get(4)?,
        secret: row.get::<_, Option<String>>(5)?.map(Sealed::new),
        created_at: time(6, row.get(6)?)?,
        updated_at: time(7, row.get(7)?)?,
        last_used_at: used.map(|ms| time(8, ms)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::script::tests_support::script;
    use crate::store::{self, in_memory};

    #[test]
    fn a_script_has_one_trigger_and_takes_it_along_when_it_goes() {
        let db = in_memory().expect("opens");
        let script = script("Called");
        store::scripts::insert(&db, &script).expect("stored");
        let mut trigger = Trigger {
            script_id: script.id.clone(),
            fingerprint: Fingerprint::of("one"),
            hint: "one".to_owned(),
            enabled: true,
            signed: true,
            secret: Some(Sealed::new("sealed".to_owned())),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            last_used_at: None,
        };
        put(&db, &trigger).expect("stored");
        trigger.fingerprint = Fingerprint::of("two");
        put(&db, &trigger).expect("stored");
        assert_eq!(get(&db, &script.id).expect("read"), Some(trigger.clone()));
        let found = |token: &str| by_fingerprint(&db, &Fingerprint::of(token)).expect("read");
        assert_eq!((found("one"), found("two")), (None, Some(trigger.clone())));
        store::scripts::remove(&db, &script.id).expect("removed");
        assert_eq!(get(&db, &script.id).expect("read"), None);
    }
}
