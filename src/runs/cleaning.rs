//! What a clean-up asks of runs: what is there that nobody needs, and taking one such thing away if that is so still.
//!
//! The loops of this module remove most of it by themselves, sooner or later; here it is named, so that somebody can be
//! told beforehand. Decides nothing of its own.

use std::collections::HashSet;
use std::time::Duration;

use super::retention::{Question, preview_with_numbers};
use super::{EngineStatus, Error, Runs, Unneeded, environments, retention, sweep};
use crate::model::ids::{RunId, ScriptId};
use crate::model::retention::RetentionWish;
use crate::store;
use crate::store::runs::removal::{self, Directory};

/// Runs that need not be kept.
#[derive(Debug, Clone, Default)]
pub struct Expired {
    pub directories: Vec<Directory>,
    /// There are more.
    pub truncated: bool,
}

impl Runs {
    pub async fn unneeded_environments(&self) -> Result<Vec<Unneeded>, Error> {
        environments::unneeded(&self.0).await
    }

    /// Whether it was there, was not needed, and has gone.
    pub async fn remove_unneeded_environment(&self, script: &ScriptId, key: &str) -> Result<bool, Error> {
        environments::remove_unneeded(&self.0, script, key).await
    }

    /// The oldest runs that retention would remove now.
    pub async fn expired(&self, most: usize) -> Result<Expired, Error> {
        let (settings, now) = (self.0.settings.in_force().retention, self.0.clock.now());
        self.0
            .store
            .read(move |c| {
                let scripts = store::scripts::all(c)?;
                let question = Question::of(scripts, &RetentionWish::default(), None, (&settings, now));
                let Some(question) = question else {
                    return Ok(Expired::default());
                };
                let (preview, mut numbers) = preview_with_numbers(c, &question)?;
                numbers.sort_unstable();
                numbers.dedup();
                let truncated = preview.truncated || numbers.len() > most;
                numbers.truncate(most);
                Ok::<_, Error>(Expired {
                    directories: removal::directories(c, &numbers)?,
                    truncated,
                })
            })
            .await
    }

    /// Of these, those that retention would remove now: they have gone.
    pub async fn remove_expired(&self, numbers: Vec<i64>) -> Result<Vec<i64>, Error> {
        retention::remove_some(&self.0, numbers).await
    }

    /// Ids without a run, also none whose removal goes on.
    pub async fn unknown(&self, ids: Vec<RunId>) -> Result<HashSet<RunId>, Error> {
        let unknown = self.0.store.read(move |c| removal::unknown(c, &ids)).await;
        Ok(unknown?)
    }

    /// Containers of this instance that no run needs. `Err`: why the engine does not say.
    pub async fn leftover_containers(&self) -> Result<Result<Vec<String>, String>, Error> {
        let found = sweep::leftovers(&self.0).await?;
        Ok(found.map(|names| names.into_iter().map(|name| name.0).collect()))
    }

    /// Whether it was there, was not needed, and has gone. `Err`: why not.
    pub async fn remove_leftover_container(&self, name: &str) -> Result<Result<bool, String>, Error> {
        sweep::remove_leftover(&self.0, name).await
    }

    /// Whether a container is there that may have a supervisor of before `second` (Unix). Nobody knows while the engine
    /// is away.
    pub async fn has_container_older_than(&self, second: i64) -> bool {
        match self.0.engine.list().await {
            Ok(jobs) => jobs.iter().any(|job| job.created_at <= second),
            Err(_) => true,
        }
    }

    /// Whether anything is being executed or waits for it.
    pub async fn are_busy(&self) -> Result<bool, Error> {
        let unfinished = self.0.store.read(store::runs::unfinished).await;
        Ok(!unfinished.map_err(Error::Store)?.is_empty())
    }

    /// Returns when the engine can be asked, or after so long.
    pub async fn until_engine_is_ready(&self, at_most: Duration) {
        let mut status = self.engine_changes();
        let ready = status.wait_for(EngineStatus::is_ready);
        let _ = tokio::time::timeout(at_most, ready).await;
    }

    /// Somebody has made room on the disk, or taken it.
    pub fn look_at_disk(&self) {
        self.0.look_at_disk.notify_one();
    }
}
