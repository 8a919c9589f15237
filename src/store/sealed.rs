//! Everything in the database that the vault has sealed, wherever it is stored: so that it can be sealed anew with
//! another key.
//!
//! A family is a column of a table; whoever stores something sealed adds theirs to [`FAMILIES`]. The place is what a
//! secret is bound to, and names one row and column of all.

use rusqlite::{Connection, params};

use super::{Error, index_credentials, triggers, variables, webhooks};
use crate::model::secret::Sealed;

/// Where sealed text is, as SQL.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    pub table: &'static str,
    pub column: &'static str,
    /// The place of a row's secret.
    pub place: &'static str,
}

pub const FAMILIES: &[Family] = &[
    index_credentials::PASSWORDS,
    triggers::SECRETS,
    variables::SECRETS,
    webhooks::SECRETS,
    webhooks::URLS,
];

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub struct SealedAt {
    family: &'static Family,
    pub place: String,
    pub sealed: Sealed,
}

pub fn all(connection: &Connection) -> Result<Vec<SealedAt>, Error> {
    let mut all = Vec::new();
    for family in FAMILIES {
        let Family { table, column, place } = family;
        let sql = format!("SELECT {place}, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1");
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| {
            Ok(SealedAt {
                family,
                place: row.get(0)?,
                sealed: Sealed::new(row.get(1)?),
            })
        })?;
        for row in rows {
            all.push(row?);
        }
    }
    Ok(all)
}

/// Puts the same secret there, sealed otherwise, provided that what is there is what was seen.
pub fn replace(connection: &Connection, seen: &SealedAt, anew: &Sealed) -> Result<(), Error> {
    let Family { table, column, place } = seen.family;
    let sql = format!("UPDATE {table} SET {column} = ?3 WHERE {place} = ?1 AND {column} = ?2");
    let replaced = connection.execute(&sql, params![seen.place, seen.sealed.as_str(), anew.as_str()])?;
    if replaced == 1 { Ok(()) } else { Err(Error::Stale) }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::ids::ScriptId;
    use crate::model::script::tests_support::script;
    use crate::model::variable::{Scope, Value, Variable};
    use crate::store::index_credentials::IndexCredentials;
    use crate::store::{in_memory, scripts};

    #[test]
    fn all_of_them_are_found_at_their_places_and_replaced_once() {
        let db = in_memory().expect("opens");
        assert_eq!(all(&db).expect("reads"), []);
        let owner = script("S");
        scripts::insert(&db, &owner).expect("a script");
        let address = "https://a.example/simple";
        let login = IndexCredentials {
            address: address.into(),
            username: "ann".into(),
            password: Sealed::new("p".into()),
        };
        index_credentials::put(&db, &login, Timestamp::UNIX_EPOCH).expect("stored");
        let secret = |name: &str, sealed: Option<&str>| Variable {
            name: name.into(),
            value: Value::Secret(sealed.map(|sealed| Sealed::new(sealed.into()))),
            description: String::new(),
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let of_script = Scope::Script(owner.id.clone());
        variables::replace(
            &db,
            &Scope::Global,
            &[secret("A", Some("ga")), secret("OPEN", None)],
        )
        .expect("stored");
        variables::replace(&db, &of_script, &[secret("A", Some("sa"))]).expect("stored");
        let found = all(&db).expect("reads");
        let mut told: Vec<_> = found
            .iter()
            .map(|at| (at.place.clone(), at.sealed.as_str()))
            .collect();
        told.sort();
        let mut expected = [
            (index_credentials::place(address), "p"),
            (variables::place(&Scope::Global, "A"), "ga"),
            (variables::place(&of_script, "A"), "sa"),
        ];
        expected.sort();
        assert_eq!(told, expected);
        assert_ne!(
            variables::place(&Scope::Script(ScriptId::generate()), "A"),
            expected[1].0
        );
        for at in &found {
            replace(&db, at, &Sealed::new("anew".into())).expect("replaced");
            assert!(matches!(
                replace(&db, at, &Sealed::new("again".into())),
                Err(Error::Stale)
            ));
        }
        assert!(
            all(&db)
                .expect("reads")
                .iter()
                .all(|at| at.sealed.as_str() == "anew")
        );
    }
}
