//! Variables and secrets: what is set for all scripts and for each, what is shown of it, what a run is given.
//!
//! Invariants: a secret is sealed inside the transaction that stores it, and opened only to be put into a run's spec or,
//! when a script is duplicated, to be sealed for the copy; nothing here answers one. What may be wished for, and which
//! ones hold for a run, is decided by `model::variable`. Knows no runs, no HTTP.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::clock::Clock;
use crate::events::{Events, News};
use crate::model::ids::ScriptId;
use crate::model::secret::Secret;
use crate::model::variable::{
    self, Carried, Given, Invalid, NewValue, Planned, Scope, Used, Value, Variable, Wish,
};
use crate::store::{self, Store};
use crate::vault::{self, Vault};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such script")]
    ScriptNotFound,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Vault(#[from] vault::Error),
    #[error("the secret {name} has no value yet; enter it in the script's settings")]
    ToBeEntered { name: String },
    /// One that is stored.
    #[error("the secret {name} cannot be read: {source}")]
    Secret { name: String, source: vault::Error },
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A variable and whether its secret can be had.
#[derive(Debug)]
pub struct Shown {
    pub variable: Variable,
    /// What is wrong with a secret, for people.
    pub trouble: Option<Error>,
    /// Whether it is looked for in logs.
    pub masked: bool,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Variables {
    store: Store,
    clock: Clock,
    events: Events,
    vault: Vault,
}

impl Variables {
    pub fn new(store: Store, clock: Clock, events: Events, vault: Vault) -> Self {
        Self {
            store,
            clock,
            events,
            vault,
        }
    }

    /// By name.
    pub async fn shown(&self, scope: Scope) -> Result<Vec<Shown>, Error> {
        let of = scope.clone();
        let all = self.store.read(move |c| {
            check_scope(c, &of)?;
            Ok::<_, Error>(store::variables::of(c, &of)?)
        });
        Ok(all.await?.into_iter().map(|one| self.show(&scope, one)).collect())
    }

    fn show(&self, scope: &Scope, variable: Variable) -> Shown {
        let (masked, trouble) = match &variable.value {
            Value::Plain(_) => (false, None),
            Value::Secret(_) => match self.open(scope, &variable) {
                Ok(secret) => (pytask_protocol::is_masked(secret.reveal()), None),
                Err(e) => (false, Some(e)),
            },
        };
        Shown {
            variable,
            trouble,
            masked,
        }
    }

    fn open(&self, scope: &Scope, variable: &Variable) -> Result<Secret, Error> {
        let name = || variable.name.clone();
        match &variable.value {
            Value::Plain(text) => Ok(Secret::new(text.clone())),
            Value::Secret(None) => Err(Error::ToBeEntered { name: name() }),
            Value::Secret(Some(sealed)) => self
                .vault
                .unseal(&store::variables::place(scope, &variable.name), sealed)
                .map_err(|source| Error::Secret { name: name(), source }),
        }
    }

    /// Puts a list in the place of the one that there is, as a whole or not at all. Runs that have started keep what
    /// they were given.
    pub async fn replace(&self, scope: Scope, wishes: Vec<Wish>) -> Result<Vec<Shown>, Error> {
        let (vault, now, of) = (self.vault.clone(), self.clock.now(), scope.clone());
        let stored = self
            .store
            .write(move |tx| {
                check_scope(tx, &of)?;
                let before = store::variables::of(tx, &of)?;
                let planned = variable::plan(&before, wishes, vault::length)?;
                put_down(tx, &vault, (&of, now), planned)?;
                Ok::<_, Error>(store::variables::of(tx, &of)?)
            })
            .await?;
        self.events.publish(match &scope {
            Scope::Global => News::System,
            Scope::Script(id) => News::Script(id.clone()),
        });
        Ok(stored.into_iter().map(|one| self.show(&scope, one)).collect())
    }

    /// Which ones a run of the script has now, beside its own.
    pub async fn used(
        &self,
        script: &ScriptId,
        own: &BTreeMap<String, String>,
    ) -> Result<Vec<Used>, store::Error> {
        let (script, own) = (script.clone(), own.clone());
        self.store
            .read(move |c| {
                let (globals, scripts) = both(c, &script)?;
                Ok(variable::used(&variable::in_force(globals, scripts, &own)))
            })
            .await
    }

    /// Their values, for the spec of a run that is about to start, and which they are.
    pub async fn given(
        &self,
        script: &ScriptId,
        own: &BTreeMap<String, String>,
    ) -> Result<(Vec<Used>, Given), Error> {
        let of = script.clone();
        let (globals, scripts) = self.store.read(move |c| both(c, &of)).await?;
        let in_force = variable::in_force(globals, scripts, own);
        let mut given = Given::default();
        for (origin, variable) in &in_force {
            let scope = match origin {
                variable::Origin::Global => Scope::Global,
                variable::Origin::Script => Scope::Script(script.clone()),
            };
            let name = variable.name.clone();
            match &variable.value {
                Value::Plain(text) => drop(given.plain.insert(name, text.clone())),
                Value::Secret(_) => drop(given.secret.insert(name, self.open(&scope, variable)?)),
            }
        }
        Ok((variable::used(&in_force), given))
    }

    /// What a copy of the script is to have. A secret that cannot be read has to be entered there.
    pub async fn carried(&self, script: &ScriptId) -> Result<Vec<Carried>, store::Error> {
        let scope = Scope::Script(script.clone());
        let of = scope.clone();
        let all = self.store.read(move |c| store::variables::of(c, &of)).await?;
        let carried = all.into_iter().map(|variable| Carried {
            secret: variable.is_secret(),
            value: self.open(&scope, &variable).ok(),
            name: variable.name,
            description: variable.description,
        });
        Ok(carried.collect())
    }

    /// Inside the transaction in which a script comes into being.
    pub fn bring_along(
        &self,
        connection: &Connection,
        script: &ScriptId,
        carried: Vec<Carried>,
    ) -> Result<(), Error> {
        let planned = variable::plan_carried(carried)?;
        let scope = Scope::Script(script.clone());
        put_down(connection, &self.vault, (&scope, self.clock.now()), planned)
    }
}

fn both(connection: &Connection, script: &ScriptId) -> Result<(Vec<Variable>, Vec<Variable>), store::Error> {
    Ok((
        store::variables::of(connection, &Scope::Global)?,
        store::variables::of(connection, &Scope::Script(script.clone()))?,
    ))
}

fn check_scope(connection: &Connection, scope: &Scope) -> Result<(), Error> {
    let Scope::Script(id) = scope else { return Ok(()) };
    let living = store::scripts::get(connection, id)?.filter(|script| script.deleted_at.is_none());
    living.map(drop).ok_or(Error::ScriptNotFound)
}

fn put_down(
    connection: &Connection,
    vault: &Vault,
    (scope, now): (&Scope, Timestamp),
    planned: Vec<Planned>,
) -> Result<(), Error> {
    let mut variables = Vec::with_capacity(planned.len());
    for planned in planned {
        let (value, updated_at) = match planned.value {
            NewValue::Kept(value, at) => (value, at),
            NewValue::Plain(text) => (Value::Plain(text), now),
            NewValue::ToBeEntered => (Value::Secret(None), now),
            NewValue::Secret(secret) => {
                let place = store::variables::place(scope, &planned.name);
                (Value::Secret(Some(vault.seal(&place, &secret)?)), now)
            }
        };
        variables.push(Variable {
            name: planned.name,
            value,
            description: planned.description,
            updated_at,
        });
    }
    Ok(store::variables::replace(connection, scope, &variables)?)
}
