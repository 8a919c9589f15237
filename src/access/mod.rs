//! Who may ask: access tokens, browsers that have signed in with one, and whoever holds the data folder.
//!
//! [`Access`] is the face. What is known is held in memory, as a pure [`Book`], and stored before it counts; this module
//! is the only writer of those rows. On loopback nobody needs a token; where other machines reach the port, everybody
//! does. A token that is shown is judged in both cases, so one that only reads only reads.
//!
//! *Absent:* HTTP: what of a request is a credential, and what its refusal looks like, is `api`'s.

mod book;
mod browsers;
mod exposure;
pub mod local_key;
mod who;

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

pub use exposure::Exposure;
pub use who::{Credential, Holder, Refusal, Who};

use crate::clock::Clock;
use crate::model::access::{PREFIX, Scope, Token, check_expiry, check_name};
use crate::model::ids::TokenId;
use crate::model::script::Invalid;
use crate::model::secret::Secret;
use crate::model::token::{Fingerprint, generate};
use crate::rate::Rate;
use crate::store::{self, Store, tokens};
use book::{Book, Known, Note, Stranger};

const MOST_TOKENS: usize = 100;
/// Failures of one peer: so many at once, then one in so much time. Tokens cannot be guessed; this bounds the noise.
const FAILURES: u32 = 20;
const FAILURE_EVERY: Duration = Duration::from_secs(6);
/// A peer without an address (a test's own transport) is counted as this one.
const NOWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such token")]
    NotFound,
    #[error("there are {MOST_TOKENS} tokens already")]
    TooMany,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What access is made of.
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub exposure: Exposure,
    /// Also on loopback.
    pub always_required: bool,
    /// Tells this instance's cookie from another's on the same host, which has the same cookies whatever its port.
    pub instance: String,
}

/// A wish for a new token.
#[derive(Debug, Clone)]
pub struct Wish {
    pub name: String,
    pub scope: Scope,
    pub expires_at: Option<Timestamp>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    exposure: Exposure,
    is_required: bool,
    cookie: String,
    owner: Fingerprint,
    book: Mutex<Book>,
    failures: Mutex<Rate<IpAddr>>,
    /// Held while tokens are made and removed, so that memory and rows change in the same order.
    changing: tokio::sync::Mutex<()>,
}

impl Access {
    /// Reads who is known, and puts a new local key at `local_key`.
    pub async fn open(parts: Parts, local_key: &Path) -> Result<Self, OpenError> {
        let (known, sessions) = parts
            .store
            .read(|c| Ok::<_, store::Error>((tokens::all(c)?, tokens::sessions(c)?)))
            .await?;
        let owner = local_key::make(local_key).map_err(OpenError::Key)?;
        let is_required = parts.always_required || parts.exposure.is_wide();
        Ok(Self(Arc::new(Inner {
            cookie: format!("pytask_session_{}", parts.instance),
            store: parts.store,
            clock: parts.clock,
            exposure: parts.exposure,
            is_required,
            owner,
            book: Mutex::new(Book::new(known, sessions)),
            failures: Mutex::new(Rate::new(FAILURES, FAILURE_EVERY)),
            changing: tokio::sync::Mutex::default(),
        })))
    }

    pub fn exposure(&self) -> Exposure {
        self.0.exposure
    }

    /// Whether nobody may ask without a token.
    pub fn is_required(&self) -> bool {
        self.0.is_required
    }

    /// Name of the cookie that browsers sign in with.
    pub fn cookie(&self) -> &str {
        &self.0.cookie
    }

    pub fn tokens(&self) -> Vec<Token> {
        self.book().tokens()
    }

    /// Whether there is a token that somebody could show.
    pub fn has_valid_token(&self) -> bool {
        self.book().has_valid(self.0.clock.now())
    }

    /// Who this is. A wrong token is refused even where none is required: its holder means it to count. A cookie that is
    /// over is as none, since browsers send it by themselves.
    pub fn judge(&self, shown: &Credential, peer: Option<IpAddr>) -> Result<Who, Refusal> {
        let now = self.0.clock.now();
        match shown {
            Credential::Bearer(token) => {
                let shown = Fingerprint::of(token.reveal());
                // Both are looked at, so that it takes the same time whichever it is.
                let is_owner = shown == self.0.owner;
                let known = self.book().by_token(&shown, now);
                match known {
                    _ if is_owner => Ok(Who::Owner),
                    Ok(known) => Ok(Who::Token(self.used(known))),
                    Err(why) => Err(self.failed(peer, why)),
                }
            }
            Credential::Cookies(cookies) => {
                for cookie in cookies {
                    let known = self.book().by_session(&Fingerprint::of(cookie.reveal()), now);
                    if let Ok(known) = known {
                        return Ok(Who::Browser(self.used(known)));
                    }
                }
                self.without()
            }
            Credential::None => self.without(),
        }
    }

    fn without(&self) -> Result<Who, Refusal> {
        if self.0.is_required {
            Err(Refusal::Required {
                any: self.has_valid_token(),
            })
        } else {
            Ok(Who::Anybody)
        }
    }

    /// Counts a failure. A right token is never held up by others' wrong ones, which may come from the same address.
    fn failed(&self, peer: Option<IpAddr>, why: Stranger) -> Refusal {
        let now = Duration::from_micros(self.0.clock.monotonic_us());
        let mut failures = self.0.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(wait) = failures.take(peer.unwrap_or(NOWHERE), now) {
            return Refusal::TooMany { wait };
        }
        tracing::warn!(peer = ?peer, "somebody has shown a token that is not valid");
        match why {
            Stranger::Unknown => Refusal::Wrong,
            Stranger::Expired => Refusal::Expired,
        }
    }

    fn used(&self, known: Known) -> Holder {
        if let Some(note) = known.note {
            let store = self.0.store.clone();
            tokio::spawn(async move {
                let noted = store.write(move |tx| write_down(tx, &note)).await;
                if let Err(e) = noted {
                    tracing::warn!(error = %e, "when a token was last used could not be stored");
                }
            });
        }
        Holder {
            token: known.token,
            name: known.name,
            scope: known.scope,
            expires_at: known.expires_at,
        }
    }

    /// Makes a token. Its text is told here and never again.
    pub async fn create(&self, wish: Wish) -> Result<(Token, Secret), Error> {
        let _alone = self.0.changing.lock().await;
        let now = self.0.clock.now();
        let name = check_name(&wish.name)?;
        check_expiry(wish.expires_at, now)?;
        if self.book().count() >= MOST_TOKENS {
            return Err(Error::TooMany);
        }
        let fresh = generate(PREFIX);
        let token = Token {
            id: TokenId::generate(),
            name,
            fingerprint: fresh.fingerprint,
            hint: fresh.hint,
            scope: wish.scope,
            created_at: now,
            expires_at: wish.expires_at,
            last_used_at: None,
        };
        let row = token.clone();
        self.0
            .store
            .write(move |tx| tokens::insert(tx, &row))
            .await
            .map_err(Error::Store)?;
        self.book().add(token.clone());
        tracing::info!(name = token.name, scope = ?token.scope, "an access token was made");
        Ok((token, fresh.text))
    }

    /// From now on it is as if it had never been; browsers that have signed in with it are signed out.
    pub async fn remove(&self, id: &TokenId) -> Result<(), Error> {
        let _alone = self.0.changing.lock().await;
        let row = id.clone();
        let was_there = self
            .0
            .store
            .write(move |tx| tokens::remove(tx, &row))
            .await
            .map_err(Error::Store)?;
        self.book().remove(id);
        if was_there {
            tracing::info!(token = %id, "an access token was removed");
            Ok(())
        } else {
            Err(Error::NotFound)
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the local key cannot be written: {0}")]
    Key(std::io::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn write_down(connection: &rusqlite::Connection, note: &Note) -> Result<(), store::Error> {
    tokens::set_used(connection, &note.token, note.at)?;
    if let Some(session) = &note.session {
        tokens::set_seen(connection, session)?;
    }
    Ok(())
}
