//! A script's folder beside its revisions: what is in it, files of any size, folders.

use super::saves::as_u64;
use super::{Result, Saved, Scripts};
use crate::files::{
    self, Contents, Expected, Folder, Incoming, ListLimits, Listing, Manifest, OpenFile, RelPath, on_disk,
};
use crate::model::ids::ScriptId;
use crate::model::revision::MadeBy;

/// What a folder holds, and which of it belongs to the newest revision.
pub struct Listed {
    pub listing: Listing,
    pub tracked: Manifest,
}

impl Scripts {
    pub async fn list_files(&self, id: &ScriptId) -> Result<Listing> {
        self.in_folder(id, |folder| folder.list(&ListLimits::default()))
            .await
    }

    /// For somebody who looks at the folder: for a while, changes in it are told.
    pub async fn list_and_watch(&self, id: &ScriptId) -> Result<Listed> {
        let script = self.get(id).await?;
        let (data, owner, slug, revision) = (self.data.clone(), self.owner, script.slug, script.revision);
        let place = files::layout::script_files(&slug);
        let root = data.path().join(&place);
        let listed = on_disk(move || {
            let listing = data.folder(&place, owner)?.list(&ListLimits::default())?;
            let tracked = match revision {
                0 => Manifest::default(),
                number => data.revisions(&slug)?.manifest(as_u64(number))?,
            };
            Ok::<_, files::Error>(Listed { listing, tracked })
        })
        .await?;
        self.looks.at(id, &root, &listed.listing);
        Ok(listed)
    }

    pub async fn read_file(&self, id: &ScriptId, path: RelPath) -> Result<Contents> {
        self.in_folder(id, move |folder| folder.read(&path, files::MAX_FILE_BYTES))
            .await
    }

    /// For streaming, whatever its size.
    pub async fn open_file(&self, id: &ScriptId, path: RelPath) -> Result<OpenFile> {
        self.in_folder(id, move |folder| folder.open_file(&path)).await
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

    /// Makes a folder that is not there, with those above it.
    pub async fn create_folder(&self, id: &ScriptId, path: RelPath) -> Result<()> {
        let owner = self.owner;
        let saving = self.saving(id);
        let _saving = saving.lock().await;
        self.in_folder(id, move |folder| match folder.open_folder(&path, owner) {
            Ok(_) => Err(files::Error::Exists(path.to_string())),
            Err(files::Error::NotFound(_)) => folder.create_folder(&path, owner).map(drop),
            Err(other) => Err(other),
        })
        .await?;
        self.changed(id);
        Ok(())
    }

    /// Begins a file that is too large for revisions, and how large it may get: what the script's limit on its folder
    /// leaves, as far as that is below the bound for all.
    pub async fn begin_upload(&self, id: &ScriptId) -> Result<(Incoming, u64)> {
        let script = self.get(id).await?;
        let limits = script.limits.over(&self.settings.in_force().default_limits);
        let most = limits.disk_bytes;
        let begin = move |folder: Folder| {
            let room = match most {
                Some(most) => {
                    let enough = files::Enough {
                        bytes: most,
                        entries: u64::MAX,
                    };
                    most.saturating_sub(folder.measure(enough)?.bytes)
                }
                None => u64::MAX,
            };
            Ok((folder.incoming()?, room.min(files::MAX_UPLOAD_BYTES)))
        };
        self.in_folder(id, begin).await
    }

    /// Gives what was sent its name. If it takes the place of a file that revisions know, the next one is without it.
    pub async fn finish_upload(
        &self,
        id: &ScriptId,
        path: RelPath,
        incoming: Incoming,
        expected: Expected,
        made_by: MadeBy,
    ) -> Result<Saved> {
        let message = format!("Uploaded {path}, too large for revisions");
        let revision = self
            .revise(id, (made_by, message), move |bench| {
                incoming.publish(&bench.folder, &path, expected)?;
                Ok(bench.current.clone().without(&path))
            })
            .await?;
        self.changed(id);
        Ok(Saved { revision, hash: None })
    }

    /// Takes a folder away with all that is in it: at once for everybody, while it is removed in the background.
    pub async fn remove_folder(&self, id: &ScriptId, path: RelPath, made_by: MadeBy) -> Result<Saved> {
        let message = format!("Deleted {path}");
        let revision = self
            .revise(id, (made_by, message), move |bench| {
                let discarded = bench.folder.discard(&path)?;
                tokio::task::spawn_blocking(move || {
                    if let Err(e) = discarded.remove() {
                        tracing::warn!(error = %e, "a deleted folder takes room until the next start");
                    }
                });
                Ok(bench.current.clone().without(&path))
            })
            .await?;
        self.changed(id);
        Ok(Saved { revision, hash: None })
    }
}
