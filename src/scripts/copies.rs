//! A second script like one that is there: its files as they are on disk now, and everything that is decided about it.
//! Environment, revisions and runs stay the first one's.

use std::io::{self, Read};

use super::birth::{Birth, Born, Cradle, Name, within_bounds};
use super::{Error, Result, Scripts};
use crate::files::archives::is_executable;
use crate::files::{self, EntryKind, Folder, RelPath, layout};
use crate::model::ids::ScriptId;
use crate::model::revision::MadeBy;
use crate::model::schedule::{Schedule, Terms};
use crate::model::script::{self, NAME_CHARS, Script};
use crate::store::schedules;

impl Scripts {
    /// Without a name it is called a copy. Schedules come along only if they are asked for, and switched off.
    pub async fn duplicate(&self, id: &ScriptId, name: Option<&str>, with_schedules: bool) -> Result<Script> {
        let revision = self.capture(id).await?;
        let original = self.get(id).await?;
        let (name, exactly) = match name {
            Some(name) => (script::check_name(name)?, Name::Exactly),
            None => (copy_of(&original.name), Name::Numbered),
        };
        let of = id.clone();
        let schedules = self
            .store
            .read(move |c| schedules::of_scripts(c, &[of]))
            .await
            .map_err(Error::Store)?;
        let variables = self.variables.carried(id).await.map_err(Error::Store)?;
        let tracked = self.revision(id, revision).await?.manifest;
        let blank = self.blank(name);
        let copy = Script {
            id: blank.id,
            slug: blank.slug,
            name: blank.name,
            revision: 0,
            environment_key: None,
            created_at: blank.created_at,
            updated_at: blank.updated_at,
            ..original.clone()
        };
        let (data, owner) = (self.data.clone(), self.owner);
        let birth = Birth {
            script: copy,
            name: exactly,
            message: "Duplicated",
            made_by: MadeBy::Duplicate,
        };
        let born = self.bear(birth, move |cradle: &Cradle, mut born: Born| {
            let from = data.folder(&layout::script_files(&original.slug), owner)?;
            copy_all(&from, &cradle.files()?)?;
            born.tracked = Some(tracked);
            born.variables = variables;
            if with_schedules {
                let off = |schedule: Schedule| Terms {
                    enabled: false,
                    ..schedule.terms
                };
                born.schedules = schedules.into_iter().map(off).collect();
            }
            Ok(born)
        });
        Ok(born.await?.0)
    }
}

fn copy_of(name: &str) -> String {
    const END: &str = " copy";
    let begin: String = name.chars().take(NAME_CHARS - END.len()).collect();
    format!("{}{END}", begin.trim_end())
}

/// Plain files and folders; links and the like stay where they are, and so does what goes away meanwhile.
fn copy_all(from: &Folder, to: &Folder) -> Result<()> {
    for entry in within_bounds(from)? {
        if entry.kind == EntryKind::Other {
            continue;
        }
        let path = RelPath::parse(&entry.path).map_err(files::Error::from)?;
        if entry.kind == EntryKind::Directory {
            to.add_folder(&path)?;
            continue;
        }
        let open = match from.open_file(&path) {
            Ok(open) => open,
            Err(files::Error::NotFound(_)) => continue,
            Err(other) => return Err(other.into()),
        };
        let copied = is_executable(&open.file).map_err(|e| files::Error::from_io(path.as_str(), e));
        let mut file = to.add_file(&path, copied?)?;
        io::copy(&mut open.file.take(open.size), &mut file)
            .map_err(|e| files::Error::from_io(path.as_str(), e))?;
    }
    Ok(())
}
