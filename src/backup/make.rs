//! What goes into a backup, from a data folder and a copy of its database that was made before.
//!
//! The copy says what there is: its scripts, their revisions, its runs. Contents of revisions never change, and whoever
//! removes some waits while this goes on (`Scripts::hold`), so everything that the copy names is there. Folders of scripts are
//! taken as they are at that moment, which may be later than the copy: the next run of a restored script records that as
//! a revision, as after any change from outside. Runs' files may go meanwhile; what is gone is not in it.
//!
//! Every folder that a script writes to is read through [`Folder`]: links, devices and second names stay behind and are counted.

use std::collections::BTreeSet;
use std::io::{self, Write};

use rusqlite::Connection;

use super::contents::{About, OF_A_LOG, OF_AN_END, OF_AN_ENVIRONMENT, Wish};
use super::error::{Error, Result};
use super::write::Writer;
use crate::files::{
    self, ContentHash, DataDir, Enough, EntryKind, ErrorKind, Folder, ListLimits, OpenFile, Owner, RelPath,
    layout,
};
use crate::model::script::Script;
use crate::store::{self, copies};

/// Rows that are read at a time.
const BATCH: u32 = 500;

pub struct Source<'a> {
    pub data: &'a DataDir,
    pub copy: &'a Connection,
    pub wish: Wish,
}

/// Everything but the header and the manifest.
pub fn write_all<W: Write>(
    writer: &mut Writer<'_, W>,
    source: &Source<'_>,
    database: OpenFile,
) -> Result<()> {
    writer.file(layout::DATABASE, database).map_err(failed)?;
    for script in store::scripts::all(source.copy)? {
        script_of(writer, source, &script)?;
    }
    if source.wish.logs || source.wish.artifacts {
        runs(writer, source)?;
    }
    Ok(())
}

/// Bytes that it may come to, at most about.
pub fn estimate(source: &Source<'_>) -> Result<u64> {
    let mut bytes = source
        .data
        .folder("db", Owner::Controller)?
        .open_file(&database_file()?)?
        .size;
    let enough = Enough {
        bytes: u64::MAX,
        entries: u64::MAX,
    };
    for script in store::scripts::all(source.copy)? {
        for part in ["files", "revisions"] {
            let place = format!("{}/{part}", layout::script(&script.slug));
            bytes += match source.data.folder(&place, Owner::Controller) {
                Ok(folder) => folder.measure(enough)?.contents,
                Err(e) if e.kind() == ErrorKind::NotFound => 0,
                Err(e) => return Err(e.into()),
            };
        }
    }
    let (logs, artifacts) = copies::bytes_of_runs(source.copy)?;
    bytes += if source.wish.logs { logs } else { 0 };
    bytes += if source.wish.artifacts { artifacts } else { 0 };
    Ok(bytes)
}

fn database_file() -> Result<RelPath> {
    Ok(RelPath::parse("pytask.sqlite").map_err(files::Error::from)?)
}

fn failed(error: io::Error) -> Error {
    Error::io("a backup", error)
}

fn path(text: &str) -> Result<RelPath> {
    Ok(RelPath::parse(text).map_err(files::Error::from)?)
}

/// The folder, if it is there.
fn folder(data: &DataDir, place: &str) -> Result<Option<Folder>> {
    match data.folder(place, Owner::Controller) {
        Ok(folder) => Ok(Some(folder)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e.into()),
    }
}

fn script_of<W: Write>(writer: &mut Writer<'_, W>, source: &Source<'_>, script: &Script) -> Result<()> {
    let files = layout::script_files(&script.slug);
    match folder(source.data, &files)? {
        Some(folder) => tree(writer, &folder, &files)?,
        None => writer.account.damaged(&files),
    }
    revisions(writer, source, script)?;
    if let Some(key) = &script.environment_key {
        let place = layout::env(&script.slug, key);
        if let Some(folder) = folder(source.data, &place)? {
            for name in OF_AN_ENVIRONMENT {
                ours(writer, &folder, (&place, name))?;
            }
        }
    }
    Ok(())
}

/// A folder that a script or a run writes to, with all that may be read of it.
fn tree<W: Write>(writer: &mut Writer<'_, W>, folder: &Folder, place: &str) -> Result<()> {
    writer.folder(place, About::default()).map_err(failed)?;
    let mut left: Vec<Option<RelPath>> = vec![None];
    while let Some(inside) = left.pop() {
        let opened = match &inside {
            None => Ok(folder.clone()),
            Some(path) => folder.open_folder(path, Owner::Controller),
        };
        let listed = opened.and_then(|opened| {
            opened.list(&ListLimits {
                entries: usize::MAX,
                depth: 1,
            })
        });
        let listed = match listed {
            Ok(listed) => listed,
            // Gone, or become something else, since it was listed.
            Err(e) if gone(&e) => continue,
            Err(e) => return Err(e.into()),
        };
        let mut deeper = Vec::new();
        for entry in listed.entries {
            let name = match &inside {
                Some(folder) => format!("{folder}/{}", entry.path),
                None => entry.path.clone(),
            };
            let shown = format!("{place}/{name}");
            let Some(path) = RelPath::parse(&name)
                .ok()
                .filter(|_| entry.kind != EntryKind::Other)
            else {
                writer.account.left_out(&shown);
                continue;
            };
            if entry.kind == EntryKind::Directory {
                let about = About::modified(entry.modified_at_ms);
                writer.folder(&shown, about).map_err(failed)?;
                deeper.push(Some(path));
                continue;
            }
            match folder.open_file(&path) {
                Ok(open) => {
                    let (_, changing) = writer.file(&shown, open).map_err(failed)?;
                    if changing {
                        writer.account.changing(&shown);
                    }
                }
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) if gone(&e) => writer.account.left_out(&shown),
                Err(e) => return Err(e.into()),
            }
        }
        left.extend(deeper.into_iter().rev());
    }
    Ok(())
}

/// What only a script can have done.
fn gone(error: &files::Error) -> bool {
    !matches!(error.kind(), ErrorKind::Io | ErrorKind::NoSpace)
}

fn revisions<W: Write>(writer: &mut Writer<'_, W>, source: &Source<'_>, script: &Script) -> Result<()> {
    let place = format!("{}/revisions", layout::script(&script.slug));
    let Some(folder) = folder(source.data, &place)? else {
        return Ok(());
    };
    let revisions = source.data.revisions(&script.slug)?;
    let mut contents = BTreeSet::new();
    for number in store::revisions::numbers(source.copy, &script.id)? {
        let name = format!("manifests/{number}.json");
        match revisions.manifest(number.unsigned_abs()) {
            Ok(manifest) => contents.extend(manifest.files().map(|(_, file)| file.sha256)),
            Err(e) if e.kind() == ErrorKind::Io => return Err(e.into()),
            Err(_) => {
                writer.account.damaged(&format!("{place}/{name}"));
                continue;
            }
        }
        ours(writer, &folder, (&place, &name))?;
    }
    for hash in contents {
        let name = format!("objects/{hash}");
        match ours(writer, &folder, (&place, &name))? {
            Some(found) if found == hash => {}
            _ => writer.account.damaged(&format!("{place}/{name}")),
        }
    }
    Ok(())
}

/// A file that only we write. What went in; nothing if there is no such file.
fn ours<W: Write>(
    writer: &mut Writer<'_, W>,
    folder: &Folder,
    (place, name): (&str, &str),
) -> Result<Option<ContentHash>> {
    match folder.open_file(&path(name)?) {
        Ok(open) => {
            let (hash, _) = writer.file(&format!("{place}/{name}"), open).map_err(failed)?;
            Ok(Some(hash))
        }
        Err(e) if gone(&e) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

fn runs<W: Write>(writer: &mut Writer<'_, W>, source: &Source<'_>) -> Result<()> {
    let mut after = 0;
    loop {
        let runs = copies::runs_after(source.copy, after, BATCH)?;
        let Some(last) = runs.last() else {
            return Ok(());
        };
        after = last.number;
        for run in runs {
            let place = layout::run(run.queued_at, run.id.as_str());
            let Some(directory) = folder(source.data, &place)? else {
                continue;
            };
            if source.wish.logs {
                let of_its_end = OF_AN_END.iter().filter(|_| run.finished);
                for name in OF_A_LOG.iter().chain(of_its_end) {
                    ours(writer, &directory, (&place, name))?;
                }
            }
            if source.wish.artifacts {
                let place = layout::artifacts(run.queued_at, run.id.as_str());
                if let Some(folder) = folder(source.data, &place)? {
                    tree(writer, &folder, &place)?;
                }
            }
        }
    }
}
