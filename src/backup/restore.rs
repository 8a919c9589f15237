//! A data folder out of a backup: onto an empty one, whole or not at all.
//!
//! Everything is unpacked into `restoring/`, read back from the disk, and moved to its place: scripts, runs, the database.
//! That folder goes last, and as long as it is there the data folder is no instance: a start refuses it, and another restore
//! removes what the one before has left and begins anew. A backup that is refused leaves nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::Path;

use rustix::fs::{Advice, Timespec, Timestamps};

use super::contents::{About, Header, Line, Place};
use super::error::{Error, Refused, Result};
use super::read::{self, Found, Taker};
use super::settle::Restored;
use crate::clock::Clock;
use crate::files::{self, ContentHash, DataDir, DataLock, ErrorKind, Folder, Owner, RelPath, layout};
use crate::store::copies;

/// What is moved to its place, in this order: the database makes it an instance.
const TOPS: [&str; 3] = ["scripts", "runs", "db"];
/// May be there already: it is nothing of an instance, or is to be used by the restored one.
const HARMLESS: [&str; 5] = [
    "lock",
    "staging",
    "lost+found",
    layout::BACKUPS,
    layout::SECRETS_KEY,
];
const KEY_BYTES: usize = 32;
const PIECE: usize = 64 * 1024;

/// What is asked for.
pub struct Wish<'a> {
    pub backup: &'a Path,
    pub data_dir: &'a Path,
    /// Whose the files of scripts will be.
    pub owner: Owner,
    /// The key to stored secrets, which is in no backup.
    pub key: Option<&'a Path>,
}

/// What has come of it.
#[derive(Debug)]
pub struct Done {
    pub found: Found,
    /// Whether the key to stored secrets is there.
    pub has_key: bool,
}

/// `step` is called before each step that changes something, and ends it all with an error.
pub fn restore(
    wish: &Wish<'_>,
    clock: &Clock,
    step: &mut dyn FnMut(&'static str) -> Result<()>,
) -> Result<Done> {
    let mut backup = File::open(wish.backup).map_err(|e| Error::io(wish.backup.display().to_string(), e))?;
    // What is not ours, or newer, is refused before a folder is made for it.
    read::header(&mut backup)?;
    let key = wish.key.map(read_key).transpose()?;
    let data = DataDir::open(wish.data_dir)?;
    let lock = take(&data)?;
    check_empty(&data)?;
    check_key(&data, key.as_deref())?;
    step("clean")?;
    clean(&data)?;
    step("begin")?;
    let root = data.create(layout::RESTORING, Owner::Controller)?;
    let found = fill(&data, &root, (wish, &mut backup), clock, step);
    let found = match found {
        Ok(found) => found,
        Err(e) => {
            // Nothing of it stays; what cannot be removed now is by the next restore.
            if let Err(left) = clean(&data) {
                tracing::warn!(error = %left, "what was restored in part stays");
            }
            return Err(e);
        }
    };
    for top in TOPS {
        step(top)?;
        data.rename(&format!("{}/{top}", layout::RESTORING), top)?;
    }
    if let Some(key) = &key {
        step("key")?;
        write_key(&data, key)?;
    }
    step("end")?;
    data.sync()?;
    data.remove_tree(layout::RESTORING)?;
    let has_key = data.path().join(layout::SECRETS_KEY).exists();
    drop(lock);
    Ok(Done { found, has_key })
}

fn take(data: &DataDir) -> Result<DataLock> {
    let in_use = || Error::Target(format!("{} is in use by a PyTask-Manager", data.path().display()));
    data.try_lock()?.ok_or_else(in_use)
}

/// Everything there is has to be harmless, or left by a restore that was cut short.
fn check_empty(data: &DataDir) -> Result<()> {
    let is_cut = data.path().join(layout::RESTORING).exists();
    let failed = |e| Error::io(data.path().display().to_string(), e);
    for entry in std::fs::read_dir(data.path()).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        let known =
            HARMLESS.contains(&&*name) || (is_cut && (TOPS.contains(&&*name) || name == layout::RESTORING));
        if !known {
            return Err(Error::Target(format!(
                "{} is not empty (there is {name}); a backup is restored onto an empty data folder only, and nothing was \
                 changed in this one",
                data.path().display()
            )));
        }
    }
    Ok(())
}

/// What a restore that was cut short has left. The folder that says so goes last.
fn clean(data: &DataDir) -> Result<()> {
    if !data.path().join(layout::RESTORING).exists() {
        return Ok(());
    }
    // The database first: without it the rest is no instance, whatever happens.
    for top in TOPS.iter().rev() {
        data.remove_tree(top)?;
    }
    data.remove_tree(layout::RESTORING)?;
    Ok(())
}

fn fill(
    data: &DataDir,
    root: &Folder,
    (wish, backup): (&Wish<'_>, &mut File),
    clock: &Clock,
    step: &mut dyn FnMut(&'static str) -> Result<()>,
) -> Result<Found> {
    for top in TOPS {
        root.create_folder(&path(top)?, Owner::Controller)?;
    }
    let mut unpacking = Unpacking {
        root: root.clone(),
        owner: wish.owner,
        theirs: None,
        step,
    };
    let mut index = files::scratch_file(data)?;
    let file = backup.try_clone().map_err(|e| Error::io("the backup", e))?;
    let found = read::read(file, &mut index, &mut unpacking, &mut |_| Ok(()))?;
    data.sync()?;
    step("read back")?;
    read_back(root, &mut index)?;
    step("database")?;
    let database = data.path().join(layout::RESTORING).join(layout::DATABASE);
    if !database.exists() {
        return Err(Refused::Damaged("there is no database in it".to_owned()).into());
    }
    prepare_database(&database, &found.header, clock)?;
    data.sync()?;
    Ok(found)
}

/// Every file once more, from the disk, as the manifest has it.
fn read_back(root: &Folder, index: &mut File) -> Result<()> {
    let failed = |e| Error::io("a list of what is in the backup", e);
    index.rewind().map_err(failed)?;
    for line in BufReader::new(index).lines() {
        let line: Line = serde_json::from_str(&line.map_err(failed)?).map_err(|e| failed(e.into()))?;
        let Some(hash) = line.sha256 else { continue };
        if line.path == super::contents::HEADER {
            continue;
        }
        let open = root.open_file(&path(&line.path)?)?;
        // Not what is still in memory from writing it.
        let _ = rustix::fs::fadvise(&open.file, 0, None, Advice::DontNeed);
        let read = ContentHash::of_reader(open.file, line.size).map_err(|e| Error::io(&line.path, e))?;
        if read != Some((hash, line.size)) {
            return Err(Error::Target(format!(
                "{} is not on the disk as it was written; the disk or its file system is at fault",
                line.path
            )));
        }
    }
    Ok(())
}

/// Makes it another instance, and one whose first start settles what was going on.
fn prepare_database(database: &Path, header: &Header, clock: &Clock) -> Result<()> {
    let connection = copies::open(database)?;
    copies::check(&connection)?;
    let schema = copies::schema_of(&connection)?;
    if schema != header.schema {
        let why = format!("its header says schema {}, its database {schema}", header.schema);
        return Err(Refused::Damaged(why).into());
    }
    let restored = serde_json::to_string(&Restored::new(header, clock.now()))
        .map_err(|e| Error::io("what the instance was restored from", e.into()))?;
    copies::mark_restored(&connection, &restored)?;
    Ok(())
}

fn path(text: &str) -> Result<RelPath> {
    Ok(RelPath::parse(text).map_err(files::Error::from)?)
}

fn read_key(path: &Path) -> Result<Vec<u8>> {
    let key = std::fs::read(path).map_err(|e| Error::io(path.display().to_string(), e))?;
    if key.len() != KEY_BYTES {
        return Err(Error::Target(format!(
            "{} is not a key: it has {} bytes, and a key has {KEY_BYTES}",
            path.display(),
            key.len()
        )));
    }
    Ok(key)
}

fn check_key(data: &DataDir, key: Option<&[u8]>) -> Result<()> {
    let place = data.path().join(layout::SECRETS_KEY);
    match (std::fs::read(&place), key) {
        (Ok(there), Some(key)) if there != key => Err(Error::Target(format!(
            "{} is there already and is another key; nothing was changed",
            place.display()
        ))),
        _ => Ok(()),
    }
}

fn write_key(data: &DataDir, key: &[u8]) -> Result<()> {
    let folder = data.create("staging", Owner::Controller)?;
    folder.write(&path("restored.key")?, key)?;
    match data.rename("staging/restored.key", layout::SECRETS_KEY) {
        Err(e) if e.kind() == ErrorKind::Exists => Ok(folder.remove(&path("restored.key")?)?),
        other => Ok(other?),
    }
}

/// Puts what is read into `restoring/`.
struct Unpacking<'a> {
    root: Folder,
    owner: Owner,
    /// The folder of a script or a run that was written to last.
    theirs: Option<(RelPath, Folder)>,
    step: &'a mut dyn FnMut(&'static str) -> Result<()>,
}

impl Unpacking<'_> {
    fn folder_of(&mut self, place: &RelPath) -> Result<Folder> {
        match &self.theirs {
            Some((known, folder)) if known == place => Ok(folder.clone()),
            _ => {
                let folder = self.root.create_folder(place, self.owner)?;
                self.theirs = Some((place.clone(), folder.clone()));
                Ok(folder)
            }
        }
    }
}

impl Taker for Unpacking<'_> {
    fn begin(&mut self, _: &Header) -> Result<()> {
        (self.step)("unpack")
    }

    fn folder(&mut self, place: &Place, _: About) -> Result<()> {
        (self.step)("folder")?;
        if let Place::Theirs { folder, path } = place {
            let folder = self.folder_of(folder)?;
            if let Some(path) = path {
                folder.add_folder(path).map_err(twice)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, place: &Place, about: About, contents: &mut dyn Read) -> Result<()> {
        (self.step)("file")?;
        let (folder, at) = match place {
            Place::Header | Place::Manifest => return Ok(()),
            Place::Database => (self.root.clone(), path(layout::DATABASE)?),
            Place::Ours(path) => (self.root.clone(), path.clone()),
            Place::Theirs {
                folder,
                path: Some(path),
            } => (self.folder_of(folder)?, path.clone()),
            Place::Theirs { path: None, .. } => return Ok(()),
        };
        let mut file = folder.add_file(&at, about.executable).map_err(twice)?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = match contents.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Refused::Damaged(format!("at {at}: {e}")).into()),
            };
            file.write_all(&piece[..read])
                .map_err(|e| Error::io(at.to_string(), e))?;
        }
        let at_time = Timespec {
            tv_sec: i64::try_from(about.modified_at).unwrap_or(0),
            tv_nsec: 0,
        };
        // A time that the file system does not know is no reason to lose the file.
        let _ = rustix::fs::futimens(
            &file,
            &Timestamps {
                last_access: at_time,
                last_modification: at_time,
            },
        );
        Ok(())
    }
}

/// A name that stands for two things.
fn twice(error: files::Error) -> Error {
    match error.kind() {
        ErrorKind::Exists | ErrorKind::NotAFile | ErrorKind::Unsafe => {
            Refused::Damaged(format!("a name is in it twice ({error})")).into()
        }
        _ => error.into(),
    }
}
