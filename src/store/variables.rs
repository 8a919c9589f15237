//! Rows of variables and secrets, of all scripts and of each. Secrets come and go sealed; each is bound to the place it
//! is stored at.

use rusqlite::{Connection, Row, params};

use super::Error;
use super::sealed::Family;
use super::values::{ms, time};
use crate::model::ids::ScriptId;
use crate::model::secret::Sealed;
use crate::model::variable::{Scope, Value, Variable};

pub const SECRETS: Family = Family {
    table: "variables",
    column: "sealed",
    place: "'variables/' || coalesce(script_id, '') || '/' || name",
};

/// What a secret is bound to: the table, whose it is, and its name.
pub fn place(scope: &Scope, name: &str) -> String {
    format!("variables/{}/{name}", id(scope).unwrap_or_default())
}

fn id(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Global => None,
        Scope::Script(id) => Some(ScriptId::as_str(id)),
    }
}

/// By name.
pub fn of(connection: &Connection, scope: &Scope) -> Result<Vec<Variable>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT name, secret, value, sealed, description, updated_at FROM variables \
         WHERE coalesce(script_id, '') = ?1 ORDER BY name",
    )?;
    let rows = statement.query_map([id(scope).unwrap_or_default()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// These are all there are from now on.
pub fn replace(connection: &Connection, scope: &Scope, variables: &[Variable]) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM variables WHERE coalesce(script_id, '') = ?1")?
        .execute([id(scope).unwrap_or_default()])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO variables (script_id, name, secret, value, sealed, description, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for variable in variables {
        let (secret, value, sealed) = match &variable.value {
            Value::Plain(text) => (false, Some(text.as_str()), None),
            Value::Secret(sealed) => (true, None, sealed.as_ref().map(Sealed::as_str)),
        };
        insert.execute(params![
            id(scope),
            variable.name,
            secret,
            value,
            sealed,
            variable.description,
            ms(variable.updated_at)
        ])?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Variable> {
    let value = if row.get(1)? {
        Value::Secret(row.get::<_, Option<String>>(3)?.map(Sealed::new))
    } else {
        Value::Plain(row.get(2)?)
    };
    Ok(Variable {
        name: row.get(0)?,
        value,
        description: row.get(4)?,
        updated_at: time(5, row.get(5)?)?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::script::tests_support::script;
    use crate::store::{in_memory, scripts};

    #[test]
    fn each_has_its_own_list_and_a_script_s_goes_with_it() {
        let db = in_memory().expect("opens");
        let owner = script("S");
        scripts::insert(&db, &owner).expect("a script");
        let variable = |name: &str, value: Value| Variable {
            name: name.into(),
            value,
            description: format!("about {name}"),
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let plain = || variable("P", Value::Plain(String::new()));
        let sealed = || variable("A", Value::Secret(Some(Sealed::new("x".into()))));
        let open = || variable("A", Value::Secret(None));
        let own = Scope::Script(owner.id.clone());
        replace(&db, &Scope::Global, &[plain(), sealed()]).expect("stored");
        replace(&db, &own, &[open()]).expect("stored");
        assert_eq!(of(&db, &Scope::Global).expect("read"), [sealed(), plain()]);
        assert_eq!(of(&db, &own).expect("read"), [open()]);
        replace(&db, &Scope::Global, &[plain()]).expect("stored");
        assert_eq!(of(&db, &Scope::Global).expect("read"), [plain()]);
        scripts::remove(&db, &owner.id).expect("removed");
        assert_eq!(of(&db, &own).expect("read"), []);
        assert_eq!(of(&db, &Scope::Global).expect("read"), [plain()]);
    }
}
