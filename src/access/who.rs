//! What a request shows, who that is, and why somebody may not ask. Values only.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::access::Scope;
use crate::model::ids::TokenId;
use crate::model::secret::Secret;

/// Why somebody may not ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was shown, and something has to be.
    #[error("a token is required")]
    Required { any: bool },
    #[error("the token is not known")]
    Wrong,
    #[error("the token has expired")]
    Expired,
    #[error("too many wrong tokens from this peer")]
    TooMany { wait: Duration },
}

/// What a request shows.
#[derive(Debug)]
pub enum Credential {
    None,
    /// A token, or the local key.
    Bearer(Secret),
    /// What browsers keep in our cookie; there may be several of the name.
    Cookies(Vec<Secret>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Somebody on this machine; nothing was asked of them.
    Anybody,
    /// Whoever can read the data folder.
    Owner,
    Token(Holder),
    /// A browser that has signed in with that token.
    Browser(Holder),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub token: TokenId,
    pub name: String,
    pub scope: Scope,
    pub expires_at: Option<Timestamp>,
}

impl Who {
    pub fn scope(&self) -> Scope {
        match self {
            Self::Anybody | Self::Owner => Scope::Full,
            Self::Token(holder) | Self::Browser(holder) => holder.scope,
        }
    }

    pub fn holder(&self) -> Option<&Holder> {
        match self {
            Self::Anybody | Self::Owner => None,
            Self::Token(holder) | Self::Browser(holder) => Some(holder),
        }
    }
}
