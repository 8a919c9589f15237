//! The key to stored secrets, and replacing it.
//!
//! Everything that is sealed, wherever it is stored, is sealed anew with a new key in one transaction. The order is what
//! makes it safe to be killed anywhere: the new key is on disk before anything is sealed with it, both are there while
//! something may be sealed with either, and the old one goes after nothing is. A start that finds it begun ends it.
//!
//! Knows what is sealed only as places and sealed text (`store::sealed`).

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::Mutex;

use crate::store::{self, Store, sealed};
use crate::vault::{self, About, Contents, KeyFile, Vault};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Vault(#[from] vault::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the key could not be replaced: {0}")]
    Interrupted(String),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    store: Store,
    vault: Vault,
    /// Held while a key is replaced.
    alone: Arc<Mutex<()>>,
}

/// What sealing anew has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    pub resealed: u64,
    /// Neither key opens these; they stay as they are.
    pub unreadable: u64,
}

impl Keys {
    /// At the start, before anybody needs a secret. Without its key what is sealed is of no use, and everything else
    /// works.
    pub async fn open(store: Store, file: KeyFile) -> Result<Self, Error> {
        let is_sealed = !store.read(sealed::all).await?.is_empty();
        let contents = if is_sealed {
            Contents::Sealed
        } else {
            Contents::Empty
        };
        let vault = on_disk(move || Vault::open(&file, contents)).await?;
        let keys = Self {
            store,
            vault,
            alone: Arc::default(),
        };
        if keys.vault.has_old_key() {
            let Resealed { resealed, .. } = keys.complete().await?;
            tracing::info!(resealed, "stored secrets were sealed with their new key");
        }
        for (place, why) in keys.lost().await? {
            tracing::error!(secret = place, error = %why, "a stored secret cannot be read");
        }
        Ok(keys)
    }

    /// Where there is something that no key opens.
    pub async fn unreadable(&self) -> Result<Vec<String>, Error> {
        Ok(self.lost().await?.into_iter().map(|(place, _)| place).collect())
    }

    async fn lost(&self) -> Result<Vec<(String, vault::Error)>, Error> {
        let all = self.store.read(sealed::all).await?;
        let why = |at: sealed::SealedAt| Some((self.vault.unseal(&at.place, &at.sealed).err()?, at.place));
        Ok(all
            .into_iter()
            .filter_map(why)
            .map(|(why, place)| (place, why))
            .collect())
    }

    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    pub fn about(&self) -> (About, Option<vault::Error>) {
        (self.vault.about(), self.vault.trouble())
    }

    /// Replaces the key, if it is ours.
    pub async fn rotate(&self) -> Result<Resealed, Error> {
        let _alone = self.alone.lock().await;
        let vault = self.vault.clone();
        on_disk(move || vault.begin_rotation()).await?;
        let done = self.complete().await?;
        tracing::info!(
            resealed = done.resealed,
            unreadable = done.unreadable,
            "the key to stored secrets was replaced"
        );
        Ok(done)
    }

    async fn complete(&self) -> Result<Resealed, Error> {
        let vault = self.vault.clone();
        let done = self.store.write(move |tx| reseal(tx, &vault)).await?;
        let vault = self.vault.clone();
        on_disk(move || vault.finish_rotation()).await?;
        Ok(done)
    }
}

/// Seals everything with the current key that is not.
fn reseal(connection: &Connection, vault: &Vault) -> Result<Resealed, Error> {
    let mut done = Resealed::default();
    for at in sealed::all(connection)? {
        if vault.is_current(&at.sealed) {
            continue;
        }
        match vault.unseal(&at.place, &at.sealed) {
            Ok(secret) => {
                sealed::replace(connection, &at, &vault.seal(&at.place, &secret)?)?;
                done.resealed += 1;
            }
            // What cannot be opened now is not opened by a key that stays, either.
            Err(_) => done.unreadable += 1,
        }
    }
    Ok(done)
}

async fn on_disk<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, vault::Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(f).await;
    Ok(done.map_err(|e| Error::Interrupted(e.to_string()))??)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::Timestamp;

    use super::*;
    use crate::model::secret::Secret;
    use crate::model::variable::{Scope, Value, Variable};
    use crate::store::index_credentials::{self, IndexCredentials};
    use crate::store::{Place, variables};

    async fn store(folder: &Path) -> Store {
        let place = Place {
            database: folder.join("db.sqlite"),
            backups: folder.to_owned(),
        };
        Store::open(place, vec![]).await.expect("a store")
    }

    fn file(folder: &Path) -> KeyFile {
        KeyFile::OnVolume(folder.join("secrets.key"))
    }

    async fn open(folder: &Path) -> Keys {
        Keys::open(store(folder).await, file(folder))
            .await
            .expect("opens")
    }

    /// A password and two secrets.
    async fn fill(keys: &Keys) {
        let vault = keys.vault.clone();
        let filled: Result<(), Error> = keys
            .store
            .write(move |tx| {
                let address = "https://a.example/simple";
                let seal = |place: &str| vault.seal(place, &Secret::new(format!("in {place}")));
                let login = IndexCredentials {
                    address: address.into(),
                    username: "ann".into(),
                    password: seal(&index_credentials::place(address))?,
                };
                index_credentials::put(tx, &login, Timestamp::UNIX_EPOCH)?;
                let secret = |name: &str| {
                    let sealed = seal(&variables::place(&Scope::Global, name))?;
                    Ok::<_, Error>(Variable {
                        name: name.into(),
                        value: Value::Secret(Some(sealed)),
                        description: String::new(),
                        updated_at: Timestamp::UNIX_EPOCH,
                    })
                };
                Ok(variables::replace(
                    tx,
                    &Scope::Global,
                    &[secret("A")?, secret("B")?],
                )?)
            })
            .await;
        filled.expect("filled");
    }

    /// Everything opens, and what it is says where it was put.
    async fn check(keys: &Keys) {
        let all = keys.store.read(sealed::all).await.expect("reads");
        assert_eq!(all.len(), 3);
        for at in all {
            let opened = keys.vault.unseal(&at.place, &at.sealed).expect("opens");
            assert_eq!(opened.reveal(), format!("in {}", at.place));
        }
    }

    /// The steps of a rotation, of which as many are taken as there is time for.
    async fn take_steps(keys: &Keys, steps: usize) {
        if steps > 0 {
            keys.vault.begin_rotation().expect("a new key");
        }
        if steps > 1 {
            let vault = keys.vault.clone();
            keys.store
                .write(move |tx| reseal(tx, &vault))
                .await
                .expect("resealed");
        }
        if steps > 2 {
            keys.vault.finish_rotation().expect("finished");
        }
    }

    #[tokio::test]
    async fn killed_after_any_step_everything_opens_and_the_next_start_ends_it() {
        for steps in 0..=3 {
            let folder = tempfile::tempdir().expect("a folder");
            let keys = open(folder.path()).await;
            fill(&keys).await;
            let before = keys.vault.about().id;
            take_steps(&keys, steps).await;
            check(&keys).await;
            // Nothing is said to anybody; the next start finds what is on disk.
            drop(keys);
            let again = open(folder.path()).await;
            check(&again).await;
            assert!(!again.vault.has_old_key());
            assert_eq!(again.vault.about().id == before, steps == 0, "{steps} steps");
            let all = again.store.read(sealed::all).await.expect("reads");
            assert!(
                all.iter().all(|at| again.vault.is_current(&at.sealed)),
                "{steps} steps"
            );
            assert!(!folder.path().join("secrets.next").exists());
        }
    }

    #[tokio::test]
    async fn a_transaction_that_fails_leaves_both_keys_and_is_taken_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = open(folder.path()).await;
        fill(&keys).await;
        keys.vault.begin_rotation().expect("a new key");
        let vault = keys.vault.clone();
        let failed: Result<(), Error> = keys
            .store
            .write(move |tx| {
                reseal(tx, &vault)?;
                Err(store::Error::Stale.into())
            })
            .await;
        assert!(failed.is_err());
        check(&keys).await;
        let done = keys.rotate().await.expect("taken again");
        assert_eq!(done.resealed, 3);
        check(&keys).await;
        let done = keys.rotate().await.expect("and another time");
        assert_eq!((done.resealed, done.unreadable), (3, 0));
        check(&open(folder.path()).await).await;
    }

    #[tokio::test]
    async fn what_no_key_opens_stays_and_is_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = open(folder.path()).await;
        fill(&keys).await;
        std::fs::write(folder.path().join("secrets.key"), [7; 32]).expect("another key");
        drop(keys);
        let keys = open(folder.path()).await;
        let done = keys.rotate().await.expect("rotated");
        assert_eq!((done.resealed, done.unreadable), (0, 3));
        assert_eq!(keys.store.read(sealed::all).await.expect("reads").len(), 3);
    }
}
