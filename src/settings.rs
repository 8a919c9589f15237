//! The instance's settings: read once, kept at hand, changed in one place.
//!
//! What holds is a value that everybody may look at at any time and be woken about; what was set is in the database.
//! Changes are serialised by the database's one writer. Who signs in to an index is stored beside it, the password
//! sealed, and changes in the same transaction. Knows neither runs nor scripts: who is concerned, listens.

mod credentials;

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::envs::policy;
use crate::events::{Events, News};
use crate::model::indexes::{Index, IndexView, Indexes};
use crate::model::limits::OutOfBounds;
use crate::model::settings::{InForce, Settings, SettingsPatch};
use crate::model::settings_change::{self, Changed};
use crate::store::index_credentials::{self, IndexCredentials};
use crate::store::settings_changes::{self, Entry};
use crate::store::{self, Store};
use crate::vault::{self, Vault};

use credentials::{Change, Known, Password};

pub use credentials::Invalid as InvalidCredentials;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    #[error(transparent)]
    Packages(#[from] policy::Invalid),
    #[error(transparent)]
    Credentials(#[from] InvalidCredentials),
    /// A password that is stored.
    #[error("the password for {address} cannot be read: {source}")]
    Password { address: String, source: vault::Error },
    #[error(transparent)]
    Vault(#[from] vault::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Keeper {
    store: Store,
    clock: Clock,
    events: Events,
    vault: Vault,
    built_in: InForce,
    main_index: Option<Index>,
    in_force: watch::Sender<InForce>,
}

/// What a keeper is made of.
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub events: Events,
    pub vault: Vault,
    pub built_in: InForce,
    /// The instance's own package index.
    pub main_index: Option<Index>,
}

impl Keeper {
    pub async fn open(parts: Parts) -> Result<Self, store::Error> {
        let set = parts.store.read(store::settings::get).await?;
        let in_force = watch::Sender::new(set.over(&parts.built_in));
        Ok(Self {
            store: parts.store,
            clock: parts.clock,
            events: parts.events,
            vault: parts.vault,
            built_in: parts.built_in,
            main_index: parts.main_index,
            in_force,
        })
    }

    /// What holds now.
    pub fn in_force(&self) -> InForce {
        self.in_force.borrow().clone()
    }

    /// What would hold if nothing were set.
    pub fn built_in(&self) -> &InForce {
        &self.built_in
    }

    /// For whoever acts on changes.
    pub fn subscribe(&self) -> watch::Receiver<InForce> {
        self.in_force.subscribe()
    }

    /// What somebody has set.
    pub async fn set(&self) -> Result<Settings, Error> {
        Ok(self.store.read(store::settings::get).await?)
    }

    /// The indexes in the order in which they are asked, and who signs in there.
    pub async fn indexes(&self) -> Result<Vec<IndexView>, Error> {
        let stored = self.store.read(index_credentials::all).await?;
        let extra = self.in_force.borrow().packages.extra_index_urls.clone();
        Ok(self.known(&stored).shown(&extra))
    }

    /// The same for a build that asks `extra` beside the instance's own index: with passwords.
    pub async fn indexes_for(&self, extra: &[String]) -> Result<Indexes, Error> {
        let stored = self.store.read(index_credentials::all).await?;
        let opened = self.known(&stored).opened_for(extra);
        opened.map_err(|(address, source)| Error::Password { address, source })
    }

    /// What was changed, the newest first.
    pub async fn changes(&self, before: Option<i64>, limit: u32) -> Result<Vec<Entry>, Error> {
        let read = self.store.read(move |c| settings_changes::page(c, before, limit));
        Ok(read.await?)
    }

    /// The latest change of each field.
    pub async fn latest_changes(&self) -> Result<Vec<Entry>, Error> {
        Ok(self.store.read(settings_changes::latest).await?)
    }

    fn known<'a>(&'a self, stored: &'a [IndexCredentials]) -> Known<'a> {
        Known {
            stored,
            main: self.main_index.as_ref(),
            vault: &self.vault,
        }
    }

    /// Changes settings as a whole or not at all.
    pub async fn change(&self, mut patch: SettingsPatch) -> Result<Settings, Error> {
        let now = self.clock.now();
        let vault = self.vault.clone();
        let main = self.main_index.as_ref().map(|main| main.address.clone());
        let settings = self
            .store
            .write(move |tx| {
                let before = store::settings::get(tx)?;
                if let Some(packages) = patch.packages.take() {
                    patch.packages = Some(policy::check(packages, &before.packages.in_force())?);
                }
                let wish = patch.index_credentials.take().unwrap_or_default();
                let settings = before.clone().changed(patch)?;
                store::settings::set(tx, &settings, now)?;
                let mut journal = settings_change::between(&before, &settings).map_err(store::Error::from)?;
                let mut indexes = settings.packages.extra_index_urls.clone();
                indexes.extend(main);
                let stored = index_credentials::all(tx)?;
                for change in credentials::changes(&stored, wish, &indexes)? {
                    journal.extend(told(&stored, &change));
                    put_down(tx, &vault, change, now)?;
                }
                settings_changes::record(tx, &journal, now)?;
                Ok::<_, Error>(settings)
            })
            .await?;
        self.in_force.send_replace(settings.over(&self.built_in));
        self.events.publish(News::System);
        Ok(settings)
    }
}

/// What the journal says of credentials: who signs in, and whether the password is another. Nothing of the password.
fn told(stored: &[IndexCredentials], change: &Change) -> Option<Changed> {
    let (address, becomes) = match change {
        Change::Remove { address } => (address, None),
        Change::Put {
            address,
            username,
            password,
        } => {
            let with = match password {
                Password::Kept(_) => "",
                Password::New(_) => ", with a new password",
            };
            (address, Some(format!("{username}{with}")))
        }
    };
    let there = stored.iter().find(|there| there.address == *address);
    let was = there.map(|there| there.username.clone());
    (was != becomes).then(|| Changed {
        field: format!("index_credentials.{address}"),
        from: was.into(),
        to: becomes.into(),
    })
}

fn put_down(c: &Connection, vault: &Vault, change: Change, now: Timestamp) -> Result<(), Error> {
    let (address, username, password) = match change {
        Change::Remove { address } => return Ok(index_credentials::remove(c, &address)?),
        Change::Put {
            address,
            username,
            password,
        } => (address, username, password),
    };
    let password = match password {
        Password::Kept(sealed) => sealed,
        Password::New(secret) => vault.seal(&index_credentials::place(&address), &secret)?,
    };
    let row = IndexCredentials {
        address,
        username,
        password,
    };
    Ok(index_credentials::put(c, &row, now)?)
}
