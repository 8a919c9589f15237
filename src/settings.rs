//! The instance's settings: read once, kept at hand, changed in one place.
//!
//! What holds is a value that everybody may look at at any time and be woken about; what was set is in the database.
//! Changes are serialised by the database's one writer. Knows neither runs nor scripts: who is concerned, listens.

use tokio::sync::watch;

use crate::clock::Clock;
use crate::envs::policy;
use crate::events::{Events, News};
use crate::model::limits::OutOfBounds;
use crate::model::settings::{InForce, Settings, SettingsPatch};
use crate::store::{self, Store};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    OutOfBounds(#[from] OutOfBounds),
    #[error(transparent)]
    Packages(#[from] policy::Invalid),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Keeper {
    store: Store,
    clock: Clock,
    events: Events,
    built_in: InForce,
    in_force: watch::Sender<InForce>,
}

impl Keeper {
    pub async fn open(
        store: Store,
        clock: Clock,
        events: Events,
        built_in: InForce,
    ) -> Result<Self, store::Error> {
        let set = store.read(store::settings::get).await?;
        let in_force = watch::Sender::new(set.over(&built_in));
        Ok(Self {
            store,
            clock,
            events,
            built_in,
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

    /// Changes settings as a whole or not at all.
    pub async fn change(&self, mut patch: SettingsPatch) -> Result<Settings, Error> {
        let now = self.clock.now();
        let settings = self
            .store
            .write(move |tx| {
                let before = store::settings::get(tx)?;
                if let Some(packages) = patch.packages.take() {
                    patch.packages = Some(policy::check(packages, &before.packages.in_force())?);
                }
                let settings = before.changed(patch)?;
                store::settings::set(tx, &settings, now)?;
                Ok::<_, Error>(settings)
            })
            .await?;
        self.in_force.send_replace(settings.over(&self.built_in));
        self.events.publish(News::System);
        Ok(settings)
    }
}
