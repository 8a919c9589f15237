//! Rows of who signs in to which package index. Passwords come and go sealed; each is bound to the place it is stored at.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::Error;
use super::sealed::Family;
use super::values::ms;
use crate::model::secret::Sealed;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexCredentials {
    pub address: String,
    pub username: String,
    pub password: Sealed,
}

pub const PASSWORDS: Family = Family {
    table: "index_credentials",
    column: "password",
    place: "'index_credentials/' || address",
};

/// What a password is bound to: the table, and the index that it may be shown to.
pub fn place(address: &str) -> String {
    format!("index_credentials/{address}")
}

pub fn all(connection: &Connection) -> Result<Vec<IndexCredentials>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT address, username, password FROM index_credentials ORDER BY address")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn put(connection: &Connection, credentials: &IndexCredentials, now: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO index_credentials (address, username, password, updated_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (address) DO UPDATE SET username = ?2, password = ?3, updated_at = ?4",
        )?
        .execute(params![
            credentials.address,
            credentials.username,
            credentials.password.as_str(),
            ms(now)
        ])?;
    Ok(())
}

pub fn remove(connection: &Connection, address: &str) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM index_credentials WHERE address = ?1")?
        .execute([address])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<IndexCredentials> {
    Ok(IndexCredentials {
        address: row.get(0)?,
        username: row.get(1)?,
        password: Sealed::new(row.get(2)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory;

    #[test]
    fn there_is_one_row_for_an_address() {
        let db = in_memory().expect("opens");
        let row = |address: &str, username: &str| IndexCredentials {
            address: address.to_owned(),
            username: username.to_owned(),
            password: Sealed::new(format!("sealed for {username}")),
        };
        for row in [row("b", "ann"), row("a", "bob"), row("b", "eve")] {
            put(&db, &row, Timestamp::UNIX_EPOCH).expect("stored");
        }
        assert_eq!(all(&db).expect("read"), [row("a", "bob"), row("b", "eve")]);
        remove(&db, "a").expect("removed");
        remove(&db, "a").expect("removed already");
        assert_eq!(all(&db).expect("read"), [row("b", "eve")]);
    }
}
