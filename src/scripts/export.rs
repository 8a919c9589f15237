//! A script's folder as an archive: what is needed to have it elsewhere, here again or without us.
//!
//! Entries come in the order of their paths, `pytask.json` first. Links and whatever else may not be read stay behind.
//! What is packed is what is on disk while it is packed; the entry file alone is read before.

use std::io::{self, Write};

use super::birth::{hash_of, within_bounds};
use super::passport::{self, AddedBlock, Passport};
use super::{Error, Result, Scripts};
use crate::envs::{inline, policy};
use crate::files::archives::{Format, Packer};
use crate::files::{self, Entry, EntryKind, Folder, MAX_FILE_BYTES, RelPath, layout, on_disk};
use crate::model::ids::ScriptId;
use crate::model::script::Script;
use crate::model::variable::Scope;
use crate::store::{self, schedules, variables};

/// What is to be packed.
pub struct Export {
    name: String,
    /// What entries are called, before their path.
    prefix: String,
    folder: Folder,
    entries: Vec<Entry>,
    /// Instead of the file on disk.
    entry_file: Option<(String, Vec<u8>)>,
    passport: Option<Vec<u8>>,
    updated_at_ms: i64,
}

impl Export {
    /// Of the archive, without its ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes the archive as fast as it is taken.
    pub fn pack(self, format: Format, into: impl Write) -> io::Result<()> {
        let mut packer = Packer::new(format, into);
        if let Some(passport) = &self.passport {
            let name = format!("{}{}", self.prefix, passport::NAME);
            packer.bytes(&name, passport, (false, self.updated_at_ms))?;
        }
        for entry in &self.entries {
            let name = format!("{}{}", self.prefix, entry.path);
            match entry.kind {
                EntryKind::Other => {}
                EntryKind::Directory => packer.folder(&name, entry.modified_at_ms)?,
                EntryKind::File => self.file(&mut packer, &name, entry)?,
            }
        }
        packer.finish()
    }

    fn file<W: Write>(&self, packer: &mut Packer<W>, name: &str, entry: &Entry) -> io::Result<()> {
        let path = RelPath::parse(&entry.path).map_err(io::Error::other)?;
        let open = match self.folder.open_file(&path) {
            Ok(open) => open,
            // Gone, or become something else, since it was listed.
            Err(e) if !matches!(e.kind(), files::ErrorKind::Io) => return Ok(()),
            Err(e) => return Err(io::Error::other(e)),
        };
        match &self.entry_file {
            Some((path, bytes)) if *path == entry.path => {
                let executable = files::archives::is_executable(&open.file)?;
                packer.bytes(name, bytes, (executable, open.modified_at_ms))
            }
            _ => packer.file(name, open),
        }
    }
}

impl Scripts {
    /// The whole script, or a part of its folder as it is.
    pub async fn export(&self, id: &ScriptId, part: Option<RelPath>) -> Result<Export> {
        let script = self.get(id).await?;
        let of = id.clone();
        let (schedules, variables) = self
            .store
            .read(move |c| {
                let variables = variables::of(c, &Scope::Script(of.clone()))?;
                Ok::<_, store::Error>((schedules::of_scripts(c, &[of])?, variables))
            })
            .await
            .map_err(Error::Store)?;
        let defaults = self.settings.in_force().packages.default_requirements;
        let effective = policy::effective(&script.requirements, &defaults);
        let terms = schedules.into_iter().map(|schedule| schedule.terms).collect();
        let (data, owner) = (self.data.clone(), self.owner);
        on_disk(move || {
            let folder = data.folder(&layout::script_files(&script.slug), owner)?;
            match part {
                Some(path) => export_part(folder, &path),
                None => export_whole(
                    folder,
                    &script,
                    Passport::of(&script, terms, &variables),
                    &effective,
                ),
            }
        })
        .await
    }
}

fn export_part(folder: Folder, path: &RelPath) -> Result<Export> {
    let whole = |folder, prefix, entries| Export {
        name: path.name().to_owned(),
        prefix,
        folder,
        entries,
        entry_file: None,
        passport: None,
        updated_at_ms: 0,
    };
    match folder.open_file(path) {
        Ok(open) => {
            let parent = match path.parent() {
                Some(parent) => folder.open_folder(&parent, files::Owner::Controller)?,
                None => folder,
            };
            let entry = Entry {
                path: path.name().to_owned(),
                size: open.size,
                modified_at_ms: open.modified_at_ms,
                kind: EntryKind::File,
                text: false,
            };
            Ok(whole(parent, String::new(), vec![entry]))
        }
        Err(e) if e.kind() == files::ErrorKind::NotAFile => {
            let folder = folder.open_folder(path, files::Owner::Controller)?;
            let entries = within_bounds(&folder)?;
            Ok(whole(folder, format!("{}/", path.name()), entries))
        }
        Err(e) => Err(e.into()),
    }
}

fn export_whole(
    folder: Folder,
    script: &Script,
    mut passport: Passport,
    effective: &[String],
) -> Result<Export> {
    let entries = within_bounds(&folder)?;
    let entry_file = with_block(&folder, &script.entry_point, effective);
    let entry_file = entry_file.map(|(text, range)| {
        passport.added_block = Some(AddedBlock {
            sha256: hash_of(text.as_bytes()),
            begin: range.start,
            end: range.end,
        });
        (script.entry_point.clone(), text.into_bytes())
    });
    // A file of the script's own that is called so stays what it is.
    let own = entries.iter().any(|entry| entry.path == passport::NAME);
    let passport = serde_json::to_vec_pretty(&passport).ok().filter(|_| !own);
    Ok(Export {
        name: script.slug.clone(),
        prefix: format!("{}/", script.slug),
        folder,
        entries,
        entry_file,
        passport,
        updated_at_ms: script.updated_at.as_millisecond(),
    })
}

/// The entry file with a block that names what it needs, unless there is a block, or nothing that is needed.
fn with_block(
    folder: &Folder,
    entry_point: &str,
    wanted: &[String],
) -> Option<(String, std::ops::Range<usize>)> {
    if wanted.is_empty() {
        return None;
    }
    let path = RelPath::parse(entry_point).ok()?;
    let contents = folder.read(&path, MAX_FILE_BYTES).ok()?;
    let text = String::from_utf8(contents.bytes).ok()?;
    match inline::dependencies(&text) {
        Ok(None) => Some(inline::with_new_block(&text, wanted)),
        Ok(Some(_)) | Err(_) => None,
    }
}
