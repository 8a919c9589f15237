//! Files and revisions of one script: each change of a file is a revision, and what a run executes is one too.

use jiff::Timestamp;

use super::{Error, Result, Scripts};
use crate::files::{
    self, ContentHash, Contents, Expected, Folder, ListLimits, Listing, Manifest, RelPath, Revisions, on_disk,
};
use crate::model::ids::ScriptId;
use crate::model::script::Script;
use crate::store;
use crate::store::scripts::RevisionRow;

#[derive(Debug, Clone)]
pub struct Saved {
    /// The script's latest revision; the one before if nothing changed.
    pub revision: i64,
    /// Of the file that was saved; `None` if it is gone.
    pub hash: Option<ContentHash>,
}

#[derive(Debug, Clone)]
pub struct Revision {
    pub row: RevisionRow,
    pub manifest: Manifest,
}

pub(super) fn row(number: i64, message: impl Into<String>, created_at: Timestamp) -> RevisionRow {
    RevisionRow {
        number,
        message: message.into(),
        created_at,
    }
}

/// Everything a change of files needs at hand.
struct Bench {
    folder: Folder,
    revisions: Revisions,
    current: Manifest,
    latest: i64,
}

impl Scripts {
    pub async fn list_files(&self, id: &ScriptId) -> Result<Listing> {
        self.in_folder(id, |folder| folder.list(&ListLimits::default()))
            .await
    }

    pub async fn read_file(&self, id: &ScriptId, path: RelPath) -> Result<Contents> {
        self.in_folder(id, move |folder| folder.read(&path, files::MAX_FILE_BYTES))
            .await
    }

    async fn in_folder<T, F>(&self, id: &ScriptId, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(Folder) -> files::Result<T> + Send + 'static,
    {
        let script = self.get(id).await?;
        let (data, owner) = (self.data.clone(), self.owner);
        Ok(on_disk(move || f(data.folder(&files::layout::script_files(&script.slug), owner)?)).await?)
    }

    /// Saves a file; `expected` guards against overwriting what somebody else saved meanwhile.
    pub async fn save_file(
        &self,
        id: &ScriptId,
        path: RelPath,
        bytes: bytes::Bytes,
        expected: Expected,
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
            .revise(id, message, move |bench| {
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

    pub async fn remove_file(&self, id: &ScriptId, path: RelPath) -> Result<Saved> {
        let message = format!("Deleted {path}");
        let revision = self
            .revise(id, message, move |bench| {
                bench.folder.remove(&path)?;
                Ok(bench.current.clone().without(&path))
            })
            .await?;
        Ok(Saved { revision, hash: None })
    }

    pub async fn rename_file(&self, id: &ScriptId, from: RelPath, to: RelPath) -> Result<Saved> {
        let message = format!("Renamed {from} to {to}");
        let revision = self
            .revise(id, message, move |bench| {
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

    /// Makes the files those of revision `number`, as a new revision.
    pub async fn restore_revision(&self, id: &ScriptId, number: i64) -> Result<Saved> {
        let target = self.revision(id, number).await?.manifest;
        let revision = self
            .revise(id, format!("Restored revision {number}"), move |bench| {
                bench.revisions.restore(&bench.folder, &bench.current, &target)?;
                Ok(target)
            })
            .await?;
        Ok(Saved { revision, hash: None })
    }

    /// The revision that the files on disk are: the latest, or a new one if they were changed outside the
    /// application. What a run is recorded with.
    pub async fn capture(&self, id: &ScriptId) -> Result<i64> {
        self.revise(id, "Changed outside PyTask-Manager".to_owned(), |bench| {
            Ok(bench.revisions.capture(&bench.folder, &bench.current)?.0)
        })
        .await
    }

    /// Applies a change of files and records the manifest it answers as the next revision, unless it is the same.
    async fn revise<F>(&self, id: &ScriptId, message: String, change: F) -> Result<i64>
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
        let (script_id, row) = (id.clone(), row(number, message, self.clock.now()));
        self.store
            .write(move |tx| store::scripts::add_revision(tx, &script_id, &row))
            .await
            .map_err(Error::Store)?;
        self.changed(id);
        self.follow_block(id).await?;
        Ok(number)
    }

    /// Newest first, with their files.
    pub async fn revisions(&self, id: &ScriptId, before: Option<i64>, limit: u32) -> Result<Vec<Revision>> {
        let script = self.get(id).await?;
        let script_id = id.clone();
        let rows = self
            .store
            .read(move |c| store::scripts::revisions(c, &script_id, before, limit))
            .await
            .map_err(Error::Store)?;
        self.with_manifests(&script, rows).await
    }

    pub async fn revision(&self, id: &ScriptId, number: i64) -> Result<Revision> {
        let before = number.checked_add(1).ok_or(Error::RevisionNotFound)?;
        let newest = self.revisions(id, Some(before), 1).await?.pop();
        newest
            .filter(|revision| revision.row.number == number)
            .ok_or(Error::RevisionNotFound)
    }

    async fn with_manifests(&self, script: &Script, rows: Vec<RevisionRow>) -> Result<Vec<Revision>> {
        let (data, slug) = (self.data.clone(), script.slug.clone());
        on_disk(move || {
            let revisions = data.revisions(&slug)?;
            let with_manifest = |row: RevisionRow| {
                let manifest = revisions.manifest(as_u64(row.number))?;
                Ok(Revision { row, manifest })
            };
            rows.into_iter().map(with_manifest).collect()
        })
        .await
    }

    /// A file as it was at a revision.
    pub async fn revision_file(&self, id: &ScriptId, number: i64, path: &RelPath) -> Result<Vec<u8>> {
        let script = self.get(id).await?;
        let manifest = self.revision(id, number).await?.manifest;
        let file = manifest
            .get(path)
            .ok_or_else(|| files::Error::NotFound(path.to_string()))?;
        let data = self.data.clone();
        Ok(on_disk(move || data.revisions(&script.slug)?.object(file.sha256)).await?)
    }
}

/// Revision numbers count up from 1; SQLite's integers are signed.
fn as_u64(number: i64) -> u64 {
    number.unsigned_abs()
}
