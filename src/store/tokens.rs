//! Rows of access tokens and of the browsers that have signed in with them.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::Error;
use super::values::{from_word, is_unique_violation, ms, time, word};
use crate::model::access::{Session, Token};
use crate::model::ids::TokenId;
use crate::model::token::Fingerprint;

/// All of them, oldest first.
pub fn all(connection: &Connection) -> Result<Vec<Token>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, fingerprint, hint, scope, created_at, expires_at, last_used_at FROM access_tokens ORDER BY id",
    )?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn insert(connection: &Connection, token: &Token) -> Result<(), Error> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO access_tokens (id, name, fingerprint, hint, scope, created_at, expires_at, last_used_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            token.id.as_str(),
            token.name,
            token.fingerprint.as_bytes(),
            token.hint,
            word(&token.scope)?,
            ms(token.created_at),
            token.expires_at.map(ms),
            token.last_used_at.map(ms),
        ]);
    match inserted {
        Ok(_) => Ok(()),
        Err(e) if is_unique_violation(&e, "access_tokens") => Err(Error::Taken { what: "token name" }),
        Err(e) => Err(e.into()),
    }
}

/// Whether there was one. Its sessions go with it.
pub fn remove(connection: &Connection, id: &TokenId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("DELETE FROM access_tokens WHERE id = ?1")?
        .execute([id.as_str()])?
        > 0)
}

pub fn set_used(connection: &Connection, id: &TokenId, at: Timestamp) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE access_tokens SET last_used_at = ?2 WHERE id = ?1")?
        .execute(params![id.as_str(), ms(at)])?;
    Ok(())
}

pub fn sessions(connection: &Connection) -> Result<Vec<Session>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT fingerprint, token_id, created_at, seen_at FROM access_sessions")?;
    let rows = statement.query_map([], |row| {
        Ok(Session {
            fingerprint: Fingerprint::from_bytes(row.get(0)?),
            token: TokenId::parse(&row.get::<_, String>(1)?),
            created_at: time(2, row.get(2)?)?,
            seen_at: time(3, row.get(3)?)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether its token is still there.
pub fn insert_session(connection: &Connection, session: &Session) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached(
            "INSERT INTO access_sessions (fingerprint, token_id, created_at, seen_at) \
             SELECT ?1, id, ?3, ?4 FROM access_tokens WHERE id = ?2",
        )?
        .execute(params![
            session.fingerprint.as_bytes(),
            session.token.as_str(),
            ms(session.created_at),
            ms(session.seen_at),
        ])?
        > 0)
}

/// Of one that is still there.
pub fn set_seen(connection: &Connection, session: &Session) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE access_sessions SET seen_at = ?2 WHERE fingerprint = ?1")?
        .execute(params![session.fingerprint.as_bytes(), ms(session.seen_at)])?;
    Ok(())
}

pub fn remove_sessions(connection: &Connection, gone: &[Fingerprint]) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("DELETE FROM access_sessions WHERE fingerprint = ?1")?;
    for fingerprint in gone {
        statement.execute([fingerprint.as_bytes()])?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Token> {
    let optional = |column: usize| {
        row.get::<_, Option<i64>>(column)?
            .map(|ms| time(column, ms))
            .transpose()
    };
    Ok(Token {
        id: TokenId::parse(&row.get::<_, String>(0)?),
        name: row.get(1)?,
        fingerprint: Fingerprint::from_bytes(row.get(2)?),
        hint: row.get(3)?,
        scope: from_word(4, &row.get::<_, String>(4)?)?,
        created_at: time(5, row.get(5)?)?,
        expires_at: optional(6)?,
        last_used_at: optional(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::access::Scope;
    use crate::store::in_memory;

    fn token(name: &str) -> Token {
        Token {
            id: TokenId::generate(),
            name: name.to_owned(),
            fingerprint: Fingerprint::of(name),
            hint: "abcd".to_owned(),
            scope: Scope::Read,
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: Some(Timestamp::UNIX_EPOCH),
            last_used_at: None,
        }
    }

    #[test]
    fn sessions_go_with_their_token_and_names_are_given_once() {
        let db = in_memory().expect("opens");
        let mut token = token("laptop");
        insert(&db, &token).expect("stored");
        let again = Token {
            id: TokenId::generate(),
            fingerprint: Fingerprint::of("x"),
            name: "LAPTOP".to_owned(),
            ..token.clone()
        };
        assert!(matches!(insert(&db, &again), Err(Error::Taken { .. })));
        let mut session = Session {
            fingerprint: Fingerprint::of("cookie"),
            token: token.id.clone(),
            created_at: Timestamp::UNIX_EPOCH,
            seen_at: Timestamp::UNIX_EPOCH,
        };
        assert!(insert_session(&db, &session).expect("stored"));
        session.seen_at = Timestamp::from_second(9).expect("a time");
        set_seen(&db, &session).expect("stored");
        assert_eq!(sessions(&db).expect("read"), [session.clone()]);
        set_used(&db, &token.id, session.seen_at).expect("stored");
        token.last_used_at = Some(session.seen_at);
        assert_eq!(all(&db).expect("read"), [token.clone()]);
        assert!(remove(&db, &token.id).expect("removed"));
        assert!(!remove(&db, &token.id).expect("gone already"));
        assert_eq!(sessions(&db).expect("read"), []);
        set_seen(&db, &session).expect("nobody to see");
        assert!(
            !insert_session(&db, &session).expect("refused"),
            "its token was removed meanwhile"
        );
        assert_eq!(sessions(&db).expect("read"), []);
    }
}
