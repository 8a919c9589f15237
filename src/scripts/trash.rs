//! The trash: in, out again, and out of it for good.
//!
//! Nothing of a script is deleted while it is in the trash. Removing it for good takes its row first, with a note of its
//! folder, and the folder then: cut short anywhere, the next start goes on.

use super::{Error, Result, Scripts};
use crate::files::{layout, on_disk};
use crate::model::ids::ScriptId;
use crate::model::script::Script;
use crate::store::{self, strays};

impl Scripts {
    /// Moves the script to the trash: it is listed no more and its name is free. Nothing of it is deleted.
    pub async fn delete(&self, id: &ScriptId) -> Result<()> {
        let (script, now) = (id.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let found = store::scripts::get(tx, &script)?.filter(|script| script.deleted_at.is_none());
                let mut found = found.ok_or(Error::NotFound)?;
                let unfinished = store::runs::unfinished(tx)?;
                let mine = unfinished.iter().filter(|run| run.script_id == script);
                let runs: Vec<String> = mine.map(|run| run.id.to_string()).collect();
                if !runs.is_empty() {
                    return Err(Error::Busy { runs });
                }
                found.deleted_at = Some(now);
                found.updated_at = now;
                Ok(store::scripts::update(tx, &found)?)
            })
            .await?;
        self.changed(id);
        Ok(())
    }

    /// Takes the script out of the trash; one that is not in it stays as it is. Its name may have been taken meanwhile.
    pub async fn restore(&self, id: &ScriptId) -> Result<Script> {
        let (script, now) = (id.clone(), self.clock.now());
        let script = self
            .store
            .write(move |tx| {
                let mut script = store::scripts::get(tx, &script)?.ok_or(Error::NotFound)?;
                if script.deleted_at.take().is_some() {
                    script.updated_at = now;
                    store::scripts::update(tx, &script)?;
                }
                Ok::<_, Error>(script)
            })
            .await?;
        self.changed(id);
        Ok(script)
    }

    /// Takes a script that is in the trash out of everything, with its folder. Its runs have to be gone.
    pub async fn remove_forever(&self, id: &ScriptId) -> Result<()> {
        let wanted = id.clone();
        let slug = self
            .store
            .write(move |tx| {
                let script = store::scripts::get(tx, &wanted)?.ok_or(Error::NotFound)?;
                if script.deleted_at.is_none() {
                    return Err(Error::NotInTrash);
                }
                if !store::runs::removal::some_of(tx, &wanted, 1)?.is_empty() {
                    return Err(Error::HasRuns);
                }
                strays::remember(tx, &script.slug)?;
                store::scripts::remove(tx, &wanted)?;
                Ok(script.slug)
            })
            .await?;
        self.changed(id);
        self.discard_stray(slug).await;
        Ok(())
    }

    /// Removes folders that belong to no script, which an earlier process left. At the start, before anybody asks.
    pub async fn sweep(&self) -> Result<()> {
        let strays = self.store.read(strays::all).await.map_err(Error::Store)?;
        for slug in strays {
            self.remove_stray(&slug).await;
        }
        Ok(())
    }

    /// Removes a folder that is noted as stray. If somebody holds contents, perhaps for long, nobody waits for that.
    pub(super) async fn discard_stray(&self, slug: String) {
        if self.removals.try_read().is_ok() {
            return self.remove_stray(&slug).await;
        }
        let this = self.clone();
        tokio::spawn(async move { this.remove_stray(&slug).await });
    }

    /// What cannot be removed now is left for the next start.
    async fn remove_stray(&self, slug: &str) {
        let _may_remove = self.removals.read().await;
        let (data, folder) = (self.data.clone(), layout::script(slug));
        let removed = on_disk(move || data.remove_tree(&folder)).await;
        let forgotten = match removed {
            Ok(()) => {
                let slug = slug.to_owned();
                let forgotten = self.store.write(move |tx| strays::forget(tx, &slug)).await;
                forgotten.map_err(|e| e.to_string())
            }
            Err(e) => Err(e.to_string()),
        };
        if let Err(error) = forgotten {
            tracing::warn!(
                slug,
                error,
                "a folder without a script stays until the next start"
            );
        }
    }
}
