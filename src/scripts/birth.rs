//! How a script comes into being, whatever it is made of: all of it, or nothing.
//!
//! Its whole folder, files and first revision, is made where nobody sees it. Then the folder is noted as a stray, moved
//! to its place in one step, and the transaction that inserts the row strikes out the note. Cut short before that, the
//! next start removes what the note names; nobody has seen any of it.

use std::io::Write;

use super::import::BroughtSchedule;
use super::{Error, Result, Scripts, usable_image};
use crate::files::{
    self, ContentHash, DataDir, EntryKind, Folder, ListLimits, Listing, MAX_FILE_BYTES, MAX_FILES, Manifest,
    Nursery, Owner, RelPath, layout, on_disk,
};
use crate::model::ids::ScheduleId;
use crate::model::revision::MadeBy;
use crate::model::schedule::{Schedule, Terms};
use crate::model::script::{NAME_CHARS, Script};
use crate::model::variable::Carried;
use crate::store::revisions::RevisionRow;
use crate::store::{self, schedules, strays};

/// Files and folders that a script may be made with, and that are copied or packed at once.
pub(super) const MOST_ENTRIES: usize = 20_000;
/// Of files that are copied or packed at once, as long as they say they are: a sparse file is no longer than that when it
/// is written anew.
const MOST_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// Everything in a folder that is to be copied or packed, if that is within bounds.
pub(super) fn within_bounds(folder: &Folder) -> Result<Vec<files::Entry>> {
    let listing = folder.list(&ListLimits {
        entries: MOST_ENTRIES,
        ..ListLimits::default()
    })?;
    if listing.truncated {
        return Err(Error::TooManyFiles(MOST_ENTRIES));
    }
    let mut bytes: u64 = 0;
    for entry in listing
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::File)
    {
        bytes = bytes.saturating_add(entry.size);
        if bytes > MOST_BYTES {
            return Err(Error::TooMuch {
                path: entry.path.clone(),
                most: MOST_BYTES,
            });
        }
    }
    Ok(listing.entries)
}

/// What is known of a script before its files are.
pub(super) struct Birth {
    pub script: Script,
    pub name: Name,
    /// Of its first revision.
    pub message: &'static str,
    pub made_by: MadeBy,
}

/// What becomes of a name that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// It is refused.
    Exactly,
    /// A number is put behind it.
    Numbered,
}

/// What filling the folder may change, and bring.
pub(super) struct Born {
    pub script: Script,
    pub name: Name,
    /// As they are to be, switched on or off.
    pub schedules: Vec<Terms>,
    pub variables: Vec<Carried>,
    pub told: Told,
    /// Files that begin as part of the revision; `None`: as many as one can have.
    pub tracked: Option<Manifest>,
}

/// What there is to know of a script that has come into being.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub notes: Vec<String>,
    pub schedules: Vec<BroughtSchedule>,
}

/// The folder that is filled.
pub(super) struct Cradle {
    nursery: Nursery,
    owner: Owner,
}

const FILES: &str = "files";

impl Cradle {
    fn open(data: &DataDir, owner: Owner) -> files::Result<Self> {
        let nursery = Nursery::open(data)?;
        nursery.root().add_folder(&RelPath::parse("envs")?)?;
        Ok(Self { nursery, owner })
    }

    /// Beside the script's own folder, for what is not in its shape yet.
    pub fn room(&self, name: &str) -> files::Result<Folder> {
        self.nursery
            .root()
            .create_folder(&RelPath::parse(name)?, self.owner)
    }

    /// The script's own folder.
    pub fn files(&self) -> files::Result<Folder> {
        self.room(FILES)
    }

    /// Makes a folder of a room the script's own.
    pub fn adopt(&self, path: &str) -> files::Result<Folder> {
        self.nursery
            .root()
            .rename(&RelPath::parse(path)?, &RelPath::parse(FILES)?)?;
        self.files()
    }

    pub fn discard(&self, room: &str) -> files::Result<()> {
        self.nursery.root().remove_tree(&RelPath::parse(room)?)
    }

    pub fn write(&self, path: &RelPath, bytes: &[u8]) -> files::Result<()> {
        let mut file = self.files()?.add_file(path, false)?;
        file.write_all(bytes)
            .map_err(|e| files::Error::from_io(path.as_str(), e))
    }

    /// Keeps what the files are as the first revision.
    fn revise(&self, born: &mut Born) -> files::Result<()> {
        let files = self.files()?;
        let kept = files::Revisions::open(self.nursery.root())?;
        let mut manifest = Manifest::default();
        let listing = files.list(&ListLimits {
            entries: MOST_ENTRIES,
            ..ListLimits::default()
        })?;
        let (chosen, left) = choose(&listing, born);
        if left > 0 {
            born.told.notes.push(format!(
                "{left} files are not kept in revisions: a revision has at most {MAX_FILES} files"
            ));
        }
        for path in chosen {
            let path = RelPath::parse(&path)?;
            let contents = files.read(&path, MAX_FILE_BYTES)?;
            kept.add_object(contents.hash, &contents.bytes)?;
            manifest = manifest.with(path, contents.hash, contents.bytes.len() as u64);
        }
        kept.store_manifest(1, &manifest)
    }
}

/// The files that a revision begins with, programs first, and how many it has no room for.
fn choose(listing: &Listing, born: &Born) -> (Vec<String>, usize) {
    let small = |entry: &&files::Entry| entry.kind == EntryKind::File && entry.size <= MAX_FILE_BYTES;
    let wanted = |entry: &&files::Entry| match &born.tracked {
        None => true,
        Some(tracked) => RelPath::parse(&entry.path).is_ok_and(|path| tracked.get(&path).is_some()),
    };
    let mut paths: Vec<String> = listing
        .entries
        .iter()
        .filter(small)
        .filter(wanted)
        .map(|entry| entry.path.clone())
        .collect();
    let entry_point = born.script.entry_point.as_str();
    paths.sort_by_key(|path| (path != entry_point, !path.ends_with(".py")));
    let left = paths.len().saturating_sub(MAX_FILES);
    paths.truncate(MAX_FILES);
    (paths, left)
}

impl Scripts {
    /// Makes a script whose folder `fill` fills. Answers it with what was told.
    pub(super) async fn bear<F>(&self, birth: Birth, fill: F) -> Result<(Script, Told)>
    where
        F: FnOnce(&Cradle, Born) -> Result<Born> + Send + 'static,
    {
        let slug = birth.script.slug.clone();
        let (message, made_by) = (birth.message, birth.made_by);
        let (data, owner) = (self.data.clone(), self.owner);
        let (cradle, born) = on_disk(move || {
            let cradle = Cradle::open(&data, owner)?;
            let born = Born {
                script: birth.script,
                name: birth.name,
                schedules: Vec::new(),
                variables: Vec::new(),
                told: Told::default(),
                tracked: None,
            };
            let mut born = fill(&cradle, born)?;
            cradle.revise(&mut born)?;
            Ok::<_, Error>((cradle, born))
        })
        .await?;
        let stray = slug.clone();
        let noted = self.store.write(move |tx| strays::remember(tx, &stray)).await;
        noted.map_err(Error::Store)?;
        let place = layout::script(&slug);
        let settled = on_disk(move || cradle.nursery.settle(&place)).await;
        let made = match settled {
            Ok(()) => self.register(born, (made_by, message)).await,
            Err(e) => Err(e.into()),
        };
        match made {
            Ok((script, told)) => {
                self.changed(&script.id);
                Ok((script, told))
            }
            Err(e) => {
                self.discard_stray(slug).await;
                Err(e)
            }
        }
    }

    /// From here on there is the script.
    async fn register(
        &self,
        born: Born,
        (made_by, message): (MadeBy, &'static str),
    ) -> Result<(Script, Told)> {
        let (now, variables) = (self.clock.now(), self.variables.clone());
        self.store
            .write(move |tx| {
                let (mut script, mut told) = (born.script, born.told);
                if born.name == Name::Numbered {
                    script.name = free_name(&script.name, |name| store::scripts::has_name(tx, name))?;
                }
                if let Some(name) = script.image.take() {
                    match usable_image(tx, &name) {
                        Ok(name) => script.image = Some(name),
                        Err(Error::Invalid(_)) => told.notes.push(format!(
                            "There is no usable image {name} here: it runs on the instance's own image"
                        )),
                        Err(other) => return Err(other),
                    }
                }
                store::scripts::insert(tx, &script)?;
                store::scripts::update(tx, &script)?;
                let first = RevisionRow {
                    number: 1,
                    message: message.to_owned(),
                    made_by,
                    label: None,
                    created_at: now,
                };
                store::revisions::add(tx, &script.id, &first)?;
                script.revision = 1;
                for terms in born.schedules {
                    let schedule = Schedule {
                        id: ScheduleId::generate(),
                        script_id: script.id.clone(),
                        version: 1,
                        terms,
                        cursor: now,
                        created_at: now,
                        updated_at: now,
                    };
                    schedules::insert(tx, &schedule)?;
                }
                variables.bring_along(tx, &script.id, born.variables)?;
                strays::forget(tx, &script.slug)?;
                Ok((script, told))
            })
            .await
    }
}

/// The name itself, or the first with a number that nobody has; it stays as short as a name may be.
fn free_name(
    wanted: &str,
    taken: impl Fn(&str) -> std::result::Result<bool, store::Error>,
) -> std::result::Result<String, store::Error> {
    let mut number = 1_u32;
    loop {
        let end = if number == 1 {
            String::new()
        } else {
            format!(" {number}")
        };
        let begin: String = wanted.chars().take(NAME_CHARS - end.chars().count()).collect();
        let name = format!("{}{end}", begin.trim_end());
        if !taken(&name)? {
            return Ok(name);
        }
        number += 1;
    }
}

/// The name of a content, for whoever compares.
pub(super) fn hash_of(bytes: &[u8]) -> String {
    ContentHash::of(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_a_number() {
        let free = |wanted: &str, taken: &[&str]| {
            free_name(wanted, |name| Ok(taken.contains(&name))).expect("a name")
        };
        assert_eq!(free("x copy", &[]), "x copy");
        assert_eq!(free("x copy", &["x copy"]), "x copy 2");
        assert_eq!(free("x copy", &["x copy", "x copy 2", "x copy 3"]), "x copy 4");
        let long = "é".repeat(NAME_CHARS);
        assert_eq!(free(&long, &[&long]).chars().count(), NAME_CHARS);
    }
}
