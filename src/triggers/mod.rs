//! Triggers: an address per script, at which a call starts it.
//!
//! [`Triggers`] is the face: what a script's trigger is, and a call to one. The address holds a token of which only the
//! fingerprint is stored, so it is told when it is made and never again. What callers may sign with is sealed by the
//! vault. A call that is taken is a run of the script like any other, by `runs`' face; one that is refused changes
//! nothing.
//!
//! *Absent:* HTTP, and where a body goes (`runs`).

pub mod signature;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::model::ids::{RunId, ScriptId};
use crate::model::run::Trigger as RunTrigger;
use crate::model::script::{Invalid, Script};
use crate::model::secret::{Sealed, Secret};
use crate::model::token::{Fingerprint, generate};
use crate::model::trigger::{Trigger, check_secret, content_type, generate_secret};
use crate::rate::Rate;
use crate::runs::{self, Runs, Submission};
use crate::store::{self, Store};
use crate::vault::{self, Vault};
use signature::{Refused, Signed};

/// Calls of one trigger: so many at once, then one in so much time.
const CALLS: u32 = 60;
const CALL_EVERY: Duration = Duration::from_secs(1);
/// Calls with a wrong signature, of one peer.
const FAILURES: u32 = 20;
const FAILURE_EVERY: Duration = Duration::from_secs(6);
const NOTE_EVERY: SignedDuration = SignedDuration::from_mins(1);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the script has no trigger")]
    NotFound,
    #[error("there is no such script")]
    ScriptNotFound,
    #[error("the trigger is switched off")]
    Disabled,
    #[error("the script is paused")]
    Paused,
    #[error(transparent)]
    Signature(#[from] Refused),
    #[error("too many calls; one more in {wait:?}")]
    TooMany { wait: Duration },
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("the signing secret: {0}")]
    Vault(#[from] vault::Error),
    #[error(transparent)]
    Runs(#[from] runs::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub runs: Runs,
    pub vault: Vault,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Triggers(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    runs: Runs,
    vault: Vault,
    calls: Mutex<Rate<ScriptId>>,
    failures: Mutex<Rate<Option<IpAddr>>>,
}

/// What a trigger is to be. What is not said stays, or is as for a new one: on, and unsigned.
#[derive(Debug, Default)]
pub struct Wish {
    pub enabled: Option<bool>,
    pub signed: Option<bool>,
    pub secret: Option<SecretWish>,
}

#[derive(Debug)]
pub enum SecretWish {
    Generate,
    /// As the sender's side dictates it.
    Given(Secret),
}

/// A trigger, and what is told of it only now.
#[derive(Debug)]
pub struct Told {
    pub trigger: Trigger,
    /// The token in its address, if that is new.
    pub token: Option<Secret>,
    /// The signing secret, if we have just made it.
    pub secret: Option<Secret>,
}

/// What is made anew.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rotation {
    pub address: bool,
    pub secret: bool,
}

/// A call, as it came.
#[derive(Debug)]
pub struct Call {
    pub token: Secret,
    pub peer: Option<IpAddr>,
    pub signed: Signed,
    /// The header's value.
    pub content_type: Option<Vec<u8>>,
    pub body: Bytes,
}

impl Triggers {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            store: parts.store,
            clock: parts.clock,
            runs: parts.runs,
            vault: parts.vault,
            calls: Mutex::new(Rate::new(CALLS, CALL_EVERY)),
            failures: Mutex::new(Rate::new(FAILURES, FAILURE_EVERY)),
        }))
    }

    pub async fn get(&self, script: &ScriptId) -> Result<Trigger, Error> {
        let script = script.clone();
        self.0
            .store
            .read(move |c| {
                living(c, &script)?;
                store::triggers::get(c, &script)?.ok_or(Error::NotFound)
            })
            .await
    }

    /// Makes the script's trigger, or changes it.
    pub async fn put(&self, script: &ScriptId, wish: Wish) -> Result<Told, Error> {
        if let Some(SecretWish::Given(secret)) = &wish.secret {
            check_secret(secret.reveal())?;
        }
        let (script, now, vault) = (script.clone(), self.0.clock.now(), self.0.vault.clone());
        self.0
            .store
            .write(move |tx| {
                living(tx, &script)?;
                let (mut trigger, token) = match store::triggers::get(tx, &script)? {
                    Some(trigger) => (trigger, None),
                    None => {
                        let fresh = generate("");
                        (new(&script, fresh.fingerprint, fresh.hint, now), Some(fresh.text))
                    }
                };
                trigger.enabled = wish.enabled.unwrap_or(trigger.enabled);
                trigger.signed = wish.signed.unwrap_or(trigger.signed);
                trigger.updated_at = now;
                let mut told = None;
                match wish.secret {
                    Some(SecretWish::Given(secret)) => {
                        trigger.secret = Some(vault.seal(&store::triggers::place(&script), &secret)?);
                    }
                    Some(SecretWish::Generate) => told = Some(renew_secret(&mut trigger, &vault)?),
                    None if trigger.signed && trigger.secret.is_none() => {
                        told = Some(renew_secret(&mut trigger, &vault)?);
                    }
                    None => {}
                }
                store::triggers::put(tx, &trigger)?;
                Ok(Told {
                    trigger,
                    token,
                    secret: told,
                })
            })
            .await
    }

    /// What is made anew is good at once, and what it was no more.
    pub async fn rotate(&self, script: &ScriptId, what: Rotation) -> Result<Told, Error> {
        let (script, now, vault) = (script.clone(), self.0.clock.now(), self.0.vault.clone());
        self.0
            .store
            .write(move |tx| {
                living(tx, &script)?;
                let mut trigger = store::triggers::get(tx, &script)?.ok_or(Error::NotFound)?;
                trigger.updated_at = now;
                let (mut token, mut secret) = (None, None);
                if what.address {
                    let fresh = generate("");
                    trigger.fingerprint = fresh.fingerprint;
                    trigger.hint = fresh.hint;
                    token = Some(fresh.text);
                }
                if what.secret {
                    secret = Some(renew_secret(&mut trigger, &vault)?);
                }
                store::triggers::put(tx, &trigger)?;
                Ok(Told {
                    trigger,
                    token,
                    secret,
                })
            })
            .await
    }

    pub async fn remove(&self, script: &ScriptId) -> Result<(), Error> {
        let script = script.clone();
        self.0
            .store
            .write(move |tx| {
                living(tx, &script)?;
                match store::triggers::remove(tx, &script)? {
                    true => Ok(()),
                    false => Err(Error::NotFound),
                }
            })
            .await
    }

    /// Starts the script whose trigger this is, or says why not. A signed call that was taken already is answered with
    /// its run.
    pub async fn call(&self, call: Call) -> Result<RunId, Error> {
        let shown = Fingerprint::of(call.token.reveal());
        let (trigger, script) = self
            .0
            .store
            .read(move |c| {
                let trigger = store::triggers::by_fingerprint(c, &shown)?.ok_or(Error::NotFound)?;
                match living(c, &trigger.script_id) {
                    Ok(script) => Ok((trigger, script)),
                    // In the trash: as if there were none.
                    Err(Error::ScriptNotFound) => Err(Error::NotFound),
                    Err(e) => Err(e),
                }
            })
            .await?;
        if !trigger.enabled {
            return Err(Error::Disabled);
        }
        if script.paused {
            return Err(Error::Paused);
        }
        let idempotency_key = if trigger.signed {
            Some(self.check_signature(&trigger, &call)?)
        } else {
            None
        };
        take(&self.0.calls, script.id.clone(), &self.0.clock)?;
        let submission = Submission {
            script: script.id.clone(),
            trigger: RunTrigger::Webhook {
                content_type: content_type(call.content_type.as_deref()),
                body_bytes: call.body.len() as u64,
            },
            args: Vec::new(),
            env: BTreeMap::new(),
            overlap: None,
            idempotency_key,
        };
        let run = self.0.runs.submit_call(submission, call.body).await?;
        self.note_use(&trigger).await;
        Ok(run.id)
    }

    /// What the call is known by, if it is signed as it should be.
    fn check_signature(&self, trigger: &Trigger, call: &Call) -> Result<String, Error> {
        let sealed = trigger.secret.as_ref().ok_or(vault::Error::Damaged)?;
        let secret = self
            .0
            .vault
            .unseal(&store::triggers::place(&trigger.script_id), sealed)?;
        match signature::check(&call.signed, &call.body, &secret, self.0.clock.now()) {
            Ok(id) => Ok(key_of(id)),
            Err(refused) => {
                take(&self.0.failures, call.peer, &self.0.clock)?;
                Err(refused.into())
            }
        }
    }

    async fn note_use(&self, trigger: &Trigger) {
        let now = self.0.clock.now();
        let is_due = |noted: Timestamp| now.duration_since(noted).abs() >= NOTE_EVERY;
        if !trigger.last_used_at.is_none_or(is_due) {
            return;
        }
        let script = trigger.script_id.clone();
        let noted = self
            .0
            .store
            .write(move |tx| store::triggers::set_used(tx, &script, now));
        if let Err(e) = noted.await {
            tracing::warn!(error = %e, "when a trigger was last used could not be stored");
        }
    }
}

fn take<K: std::hash::Hash + Eq>(rate: &Mutex<Rate<K>>, key: K, clock: &Clock) -> Result<(), Error> {
    let now = Duration::from_micros(clock.monotonic_us());
    let mut rate = rate.lock().unwrap_or_else(PoisonError::into_inner);
    rate.take(key, now).map_err(|wait| Error::TooMany { wait })
}

/// Of whatever length the sender's ids are, and never one that somebody gave with a run of their own.
fn key_of(id: &str) -> String {
    let hash: String = Fingerprint::of(id)
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("webhook-id {hash}")
}

fn new(script: &ScriptId, fingerprint: Fingerprint, hint: String, now: Timestamp) -> Trigger {
    Trigger {
        script_id: script.clone(),
        fingerprint,
        hint,
        enabled: true,
        signed: false,
        secret: None,
        created_at: now,
        updated_at: now,
        last_used_at: None,
    }
}

fn renew_secret(trigger: &mut Trigger, vault: &Vault) -> Result<Secret, vault::Error> {
    let secret = generate_secret();
    let sealed: Sealed = vault.seal(&store::triggers::place(&trigger.script_id), &secret)?;
    trigger.secret = Some(sealed);
    Ok(secret)
}

fn living(connection: &rusqlite::Connection, id: &ScriptId) -> Result<Script, Error> {
    let script = store::scripts::get(connection, id)?.filter(|script| script.deleted_at.is_none());
    script.ok_or(Error::ScriptNotFound)
}
