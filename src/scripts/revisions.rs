//! What a script's files once were: looked at, compared, named, gone back to.

use super::saves::as_u64;
use super::{Error, Result, Saved, Scripts};
use crate::files::{self, Difference, Manifest, RelPath, on_disk};
use crate::model::ids::ScriptId;
use crate::model::revision::{self, MadeBy};
use crate::model::script::Script;
use crate::store;
use crate::store::revisions::{RevisionRow, RunsOf};

#[derive(Debug, Clone)]
pub struct Revision {
    pub row: RevisionRow,
    pub manifest: Manifest,
    /// From the one before that is still there.
    pub changed: Vec<Difference>,
    pub runs: RunsOf,
}

impl Scripts {
    /// Newest first.
    pub async fn revisions(&self, id: &ScriptId, before: Option<i64>, limit: u32) -> Result<Vec<Revision>> {
        let script = self.get(id).await?;
        let script_id = id.clone();
        let rows = self.store.read(move |c| {
            // One more, to compare the last one with.
            let rows = store::revisions::list(c, &script_id, before, limit.saturating_add(1))?;
            let with_runs = |row: RevisionRow| {
                let runs = store::revisions::runs_of(c, &script_id, row.number)?;
                Ok((row, runs))
            };
            rows.into_iter()
                .map(with_runs)
                .collect::<std::result::Result<Vec<_>, store::Error>>()
        });
        let mut found = self
            .with_manifests(&script, rows.await.map_err(Error::Store)?)
            .await?;
        found.truncate(limit as usize);
        Ok(found)
    }

    pub async fn revision(&self, id: &ScriptId, number: i64) -> Result<Revision> {
        let before = number.checked_add(1).ok_or(Error::RevisionNotFound)?;
        let newest = self.revisions(id, Some(before), 1).await?.pop();
        newest
            .filter(|revision| revision.row.number == number)
            .ok_or(Error::RevisionNotFound)
    }

    async fn with_manifests(
        &self,
        script: &Script,
        rows: Vec<(RevisionRow, RunsOf)>,
    ) -> Result<Vec<Revision>> {
        let (data, slug) = (self.data.clone(), script.slug.clone());
        on_disk(move || {
            let revisions = data.revisions(&slug)?;
            // From the oldest on: each is what the next one is compared with.
            let mut before = Manifest::default();
            let mut found = Vec::with_capacity(rows.len());
            for (row, runs) in rows.into_iter().rev() {
                let manifest = revisions.manifest(as_u64(row.number))?;
                let changed = before.differences(&manifest);
                before = manifest.clone();
                found.push(Revision {
                    row,
                    manifest,
                    changed,
                    runs,
                });
            }
            found.reverse();
            Ok(found)
        })
        .await
    }

    async fn manifest(&self, script: &Script, number: i64) -> Result<Manifest> {
        let script_id = script.id.clone();
        let row = self
            .store
            .read(move |c| store::revisions::get(c, &script_id, number));
        row.await.map_err(Error::Store)?.ok_or(Error::RevisionNotFound)?;
        let (data, slug) = (self.data.clone(), script.slug.clone());
        Ok(on_disk(move || data.revisions(&slug)?.manifest(as_u64(number))).await?)
    }

    /// What one revision has otherwise than another; 0 stands for nothing at all.
    pub async fn differences(&self, id: &ScriptId, from: i64, to: i64) -> Result<Vec<Difference>> {
        let script = self.get(id).await?;
        let from = match from {
            0 => Manifest::default(),
            from => self.manifest(&script, from).await?,
        };
        Ok(from.differences(&self.manifest(&script, to).await?))
    }

    /// A file as it was at a revision.
    pub async fn revision_file(&self, id: &ScriptId, number: i64, path: &RelPath) -> Result<Vec<u8>> {
        let script = self.get(id).await?;
        let manifest = self.manifest(&script, number).await?;
        let file = manifest
            .get(path)
            .ok_or_else(|| files::Error::NotFound(path.to_string()))?;
        let data = self.data.clone();
        Ok(on_disk(move || data.revisions(&script.slug)?.object(file.sha256)).await?)
    }

    /// Calls a revision something, which also keeps it for good; nothing, if there is only white space.
    pub async fn label_revision(&self, id: &ScriptId, number: i64, label: Option<&str>) -> Result<Revision> {
        let label = label.map(revision::label).transpose()?.flatten();
        self.get(id).await?;
        let script_id = id.clone();
        let stored = self
            .store
            .write(move |tx| store::revisions::set_label(tx, &script_id, number, label.as_deref()));
        if !stored.await.map_err(Error::Store)? {
            return Err(Error::RevisionNotFound);
        }
        self.changed(id);
        self.revision(id, number).await
    }

    /// Makes the files those of revision `number`, as a new revision.
    pub async fn restore_revision(&self, id: &ScriptId, number: i64) -> Result<Saved> {
        let target = self.revision(id, number).await?.manifest;
        // What was changed outside would be written over, and be lost.
        self.capture(id).await?;
        let message = format!("Restored revision {number}");
        let revision = self
            .revise(id, (MadeBy::Restore, message), move |bench| {
                bench.revisions.restore(&bench.folder, &bench.current, &target)?;
                Ok(target)
            })
            .await?;
        Ok(Saved { revision, hash: None })
    }
}
