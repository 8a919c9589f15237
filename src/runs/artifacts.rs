//! What a run leaves to be kept: the folder `artifacts/` in its run directory, the script's to write into.
//!
//! Made before the launch, counted when the run has ended, gone again if nothing was left. Hostile like any folder a
//! script can write to; what is listed and opened are regular files with one name.

use super::{Error, Runs};
use crate::files::{
    self, DataDir, Enough, EntryKind, ErrorKind, Folder, ListLimits, Listing, OpenFile, Owner, RelPath,
    layout, on_disk,
};
use crate::model::run::{ArtifactsSummary, Run};

/// Counted at most; what lies beyond is listed no more either.
const MOST_ENTRIES: u64 = 1_000_000;

/// Relative to the data directory.
pub(super) fn place(run: &Run) -> String {
    layout::artifacts(run.queued_at, run.id.as_str())
}

pub(super) fn prepare(data: &DataDir, run: &Run, owner: Owner) -> files::Result<()> {
    data.create(&place(run), owner).map(drop)
}

/// `None` where there never was such a folder: of builds, and of runs that were not launched.
fn open(data: &DataDir, run: &Run) -> files::Result<Option<Folder>> {
    match data.folder(&place(run), Owner::Controller) {
        Ok(folder) => Ok(Some(folder)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

pub(super) fn summary(data: &DataDir, run: &Run) -> files::Result<Option<ArtifactsSummary>> {
    let Some(folder) = open(data, run)? else {
        return Ok(None);
    };
    let usage = folder.measure(Enough {
        bytes: u64::MAX,
        entries: MOST_ENTRIES,
    })?;
    Ok(Some(ArtifactsSummary {
        files: usage.files,
        bytes: usage.contents,
    }))
}

/// A run that left nothing needs no folder for it.
pub(super) fn discard_empty(data: &DataDir, run: &Run) -> files::Result<()> {
    data.remove_folder_if_empty(&place(run)).map(drop)
}

impl Runs {
    /// What the run has left so far, within bounds.
    pub async fn artifacts(&self, run: &Run) -> Result<Listing, Error> {
        let (data, run) = (self.0.data.clone(), run.clone());
        let listed = on_disk(move || {
            let Some(folder) = open(&data, &run)? else {
                return Ok(Listing::default());
            };
            let mut listing = folder.list(&ListLimits::default())?;
            listing.entries.retain(|entry| entry.kind == EntryKind::File);
            Ok::<_, files::Error>(listing)
        });
        Ok(listed.await?)
    }

    pub async fn open_artifact(&self, run: &Run, path: RelPath) -> Result<OpenFile, Error> {
        let (data, run) = (self.0.data.clone(), run.clone());
        let opened = on_disk(move || match open(&data, &run)? {
            Some(folder) => folder.open_file(&path),
            None => Err(files::Error::NotFound(path.to_string())),
        });
        Ok(opened.await?)
    }
}
