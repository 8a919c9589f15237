//! Values in columns: times as Unix milliseconds, the rest as JSON or as its one-word name.

use jiff::Timestamp;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(super) fn time(column: usize, ms: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(|e| unreadable(column, Type::Integer, e))
}

pub(super) fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

pub(super) fn from_json<T: DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|e| unreadable(column, Type::Text, e))
}

/// The name of a unit variant, as serde writes it, without its quotes.
pub(super) fn word<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    Ok(json(value)?.trim_matches('"').to_owned())
}

pub(super) fn from_word<T: DeserializeOwned>(column: usize, word: &str) -> rusqlite::Result<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|e| unreadable(column, Type::Text, e))
}

fn unreadable(
    column: usize,
    kind: Type,
    e: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(e))
}

/// Whether a constraint over `index_or_column` refused the statement.
pub(super) fn is_unique_violation(error: &rusqlite::Error, index_or_column: &str) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, Some(message)) => {
            failure.code == rusqlite::ErrorCode::ConstraintViolation && message.contains(index_or_column)
        }
        _ => false,
    }
}
