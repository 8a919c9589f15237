//! Keeps the number of revisions within its bound: rows first, then what they have left on the volume.
//!
//! In small batches, so that saves and runs do not wait; what lies on the volume is removed under the script's own lock for
//! saves. A kill in between leaves manifests without rows, which the next round finds. Which revisions stay whatever the
//! bound is decided by `store::revisions::thin`.

use std::time::Duration;

use super::saves::as_u64;
use super::{Error, Result, Scripts};
use crate::files::on_disk;
use crate::model::ids::ScriptId;
use crate::store;

/// Rows that go in one transaction.
const BATCH: u32 = 200;
/// Revisions come slowly; a changed setting is looked at at once.
const LOOK_EVERY: Duration = Duration::from_secs(10 * 60);

impl Scripts {
    /// For as long as the application runs.
    pub async fn keep_revisions_bounded(self) {
        let mut settings = self.settings.subscribe();
        // What a kill has left behind.
        if let Err(e) = self.tidy_all().await {
            tracing::warn!(error = %e, "what old revisions left could not all be removed");
        }
        loop {
            let most = settings.borrow_and_update().max_revisions;
            if let Err(e) = self.thin(most).await {
                tracing::warn!(error = %e, "old revisions could not all be removed");
            }
            let changed = async {
                while settings.changed().await.is_ok() {
                    if settings.borrow().max_revisions != most {
                        return;
                    }
                }
                std::future::pending().await
            };
            let _ = tokio::time::timeout(LOOK_EVERY, changed).await;
        }
    }

    /// One round: every script within the bound, but for revisions that are needed. `None` is no bound.
    pub async fn thin(&self, most: Option<u64>) -> Result<()> {
        let Some(most) = most else { return Ok(()) };
        let scripts = self
            .store
            .read(move |c| store::revisions::scripts_beyond(c, most));
        for id in scripts.await.map_err(Error::Store)? {
            let mut gone = 0;
            loop {
                let script = id.clone();
                let batch = self
                    .store
                    .write(move |tx| store::revisions::thin(tx, &script, most, BATCH));
                let removed = batch.await.map_err(Error::Store)?;
                gone += removed;
                if removed < BATCH as usize {
                    break;
                }
            }
            if gone > 0 {
                self.tidy(&id).await?;
                tracing::info!(script = %id, revisions = gone, "removed the oldest revisions");
                self.changed(&id);
            }
        }
        Ok(())
    }

    async fn tidy_all(&self) -> Result<()> {
        let scripts = self.store.read(|c| store::revisions::scripts_beyond(c, 0));
        for id in scripts.await.map_err(Error::Store)? {
            // One that cannot be read hides no other.
            if let Err(e) = self.tidy(&id).await {
                tracing::warn!(script = %id, error = %e, "what old revisions left stays for now");
            }
        }
        Ok(())
    }

    /// Removes from the volume what no listed revision of the script has.
    async fn tidy(&self, id: &ScriptId) -> Result<()> {
        // Before the other lock: saves do not wait for whoever holds contents.
        let _may_remove = self.removals.read().await;
        let saving = self.saving(id);
        let _saving = saving.lock().await;
        let script = self.find(id).await?;
        let script_id = id.clone();
        let listed = self.store.read(move |c| store::revisions::numbers(c, &script_id));
        let listed: Vec<u64> = listed
            .await
            .map_err(Error::Store)?
            .into_iter()
            .map(as_u64)
            .collect();
        let data = self.data.clone();
        on_disk(move || Ok::<_, Error>(data.revisions(&script.slug)?.forget_all_but(&listed)?)).await?;
        Ok(())
    }
}
