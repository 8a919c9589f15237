//! Access tokens: what they may do, how long, and what may be wished of a new one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::TokenId;
use super::script::Invalid;
use super::token::Fingerprint;

/// With which every access token begins.
pub const PREFIX: &str = "pytask_";
pub const NAME_CHARS: usize = 60;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything.
    #[default]
    Full,
    /// To look, and to follow what happens.
    Read,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    /// Unique, whatever its case.
    pub name: String,
    pub fingerprint: Fingerprint,
    pub hint: String,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// To about a minute.
    pub last_used_at: Option<Timestamp>,
}

impl Token {
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// A browser that has signed in with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub fingerprint: Fingerprint,
    pub token: TokenId,
    pub created_at: Timestamp,
    /// To about a minute.
    pub seen_at: Timestamp,
}

/// The name as it is stored: trimmed, bounded, without control characters.
pub fn check_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Invalid {
            field: "name",
            message: format!("A name has 1 to {NAME_CHARS} characters, none of them a control character"),
        });
    }
    Ok(name.to_owned())
}

pub fn check_expiry(expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), Invalid> {
    match expires_at {
        Some(end) if end <= now => Err(Invalid {
            field: "expires_at",
            message: "A token has to expire in the future, or never".to_owned(),
        }),
        _ => Ok(()),
    }
}
