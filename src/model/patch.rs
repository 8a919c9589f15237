//! Wishes to change something: an absent field stays as it is, and `null` is a value of its own.

use serde::{Deserialize, Deserializer};

/// For fields that may be `null` and may be left out: `Some(None)` for the one, `None` for the other. Used with
/// `#[serde(default, deserialize_with)]`.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}
