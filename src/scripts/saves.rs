//! Changes of a script's files: each is a revision, and what a run executes is one too.

use super::{Error, Result, Scripts};
use crate::files::{self, ContentHash, Expected, Folder, Manifest, RelPath, Revisions, on_disk};
use crate::model::ids::ScriptId;
use crate::model::revision::MadeBy;
use crate::store::{self, revisions::RevisionRow};

#[derive(Debug, Clone)]
pub struct Saved {
    /// The script's latest revision; the one before if nothing changed.
    pub revision: i64,
    /// Of the file that was saved; `None` if it is gone.
    pub hash: Option<ContentHash>,
}

/// Everything a change of files needs at hand.
pub(super) struct Bench {
    pub(super) folder: Folder,
    pub(super) revisions: Revisions,
    pub(super) current: Manifest,
    latest: i64,
}

impl Scripts {
    /// Saves a file; `expected` guards against overwriting what somebody else saved meanwhile.
    pub async fn save_file(
        &self,
        id: &ScriptId,
        path: RelPath,
        bytes: bytes::Bytes,
        expected: Expected,
        made_by: MadeBy,
    ) -> Result<Saved> {
        let size = bytes.len() as u64;
        if size > files::MAX_FILE_BYTES {
            return Err(files::Error::TooLarge {
                path: path.to_string(),
                limit: files::MAX_FILE_BYTES,
            }
            .into());
        }
        let message = format!("Saved {path}");
        let hash = ContentHash::of(&bytes);
        let revision = self
            .revise(id, (made_by, message), move |bench| {
                bench.revisions.put_object(&bytes)?;
                bench.folder.write_if(&path, &bytes, expected)?;
                Ok(bench.current.clone().with(path, hash, size))
            })
            .await?;
        Ok(Saved {
            revision,
            hash: Some(hash),
        })
    }

    pub async fn remove_file(&self, id: &ScriptId, path: RelPath, made_by: MadeBy) -> Result<Saved> {
        let message = format!("Deleted {path}");
        let revision = self
            .revise(id, (made_by, message), move |bench| {
                bench.folder.remove(&path)?;
                Ok(bench.current.clone().without(&path))
            })
            .await?;
        Ok(Saved { revision, hash: None })
    }

    pub async fn rename_file(
        &self,
        id: &ScriptId,
        from: RelPath,
        to: RelPath,
        made_by: MadeBy,
    ) -> Result<Saved> {
        let message = format!("Renamed {from} to {to}");
        let revision = self
            .revise(id, (made_by, message), move |bench| {
                bench.folder.rename(&from, &to)?;
                // A path that fits on disk but not in a revision leaves the file untracked.
                let current = bench.current.clone();
                Ok(current
                    .clone()
                    .renamed(&from, &to)
                    .unwrap_or_else(|| current.without(&from)))
            })
            .await?;
        Ok(Saved { revision, hash: None })
    }

    /// The revision that the files on disk are: the latest, or a new one if they were changed outside the
    /// application. What a run is recorded with.
    pub async fn capture(&self, id: &ScriptId) -> Result<i64> {
        let message = "Changed outside PyTask-Manager".to_owned();
        self.revise(id, (MadeBy::Outside, message), |bench| {
            Ok(bench.revisions.capture(&bench.folder, &bench.current)?.0)
        })
        .await
    }

    /// Applies a change of files and records the manifest it answers as the next revision, unless it is the same.
    pub(super) async fn revise<F>(
        &self,
        id: &ScriptId,
        (made_by, message): (MadeBy, String),
        change: F,
    ) -> Result<i64>
    where
        F: FnOnce(&Bench) -> files::Result<Manifest> + Send + 'static,
    {
        let saving = self.saving(id);
        let _saving = saving.lock().await;
        let script = self.get(id).await?;
        let (data, owner) = (self.data.clone(), self.owner);
        let (latest, slug) = (script.revision, script.slug);
        let number = latest + 1;
        let changed = on_disk(move || {
            let revisions = data.revisions(&slug)?;
            let current = if latest == 0 {
                Manifest::default()
            } else {
                revisions.manifest(as_u64(latest))?
            };
            let folder = data.folder(&files::layout::script_files(&slug), owner)?;
            let bench = Bench {
                folder,
                revisions,
                current,
                latest,
            };
            let next = change(&bench)?;
            if next == bench.current {
                return Ok(false);
            }
            bench.revisions.store_manifest(as_u64(bench.latest + 1), &next)?;
            Ok::<_, files::Error>(true)
        })
        .await?;
        if !changed {
            return Ok(latest);
        }
        let script_id = id.clone();
        let row = RevisionRow {
            number,
            message,
            made_by,
            label: None,
            created_at: self.clock.now(),
        };
        self.store
            .write(move |tx| store::revisions::add(tx, &script_id, &row))
            .await
            .map_err(Error::Store)?;
        self.changed(id);
        self.follow_block(id).await?;
        Ok(number)
    }
}

/// Revision numbers count up from 1; SQLite's integers are signed.
pub(super) fn as_u64(number: i64) -> u64 {
    number.unsigned_abs()
}
