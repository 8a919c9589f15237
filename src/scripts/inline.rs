//! Keeping a script's list of requirements and the metadata block of its entry file (PEP 723) in step, both ways.
//!
//! After each change of files the block is compared with the list: if only the file was changed, the list follows. If only
//! the list was changed, the block is rewritten, as a revision like any other. If both were, nothing is: somebody has
//! to say which counts. What cannot be read changes nothing either.

use super::{Error, Result, Scripts};
use rusqlite::Connection;

use crate::envs::requirements::Unreadable;
use crate::envs::{inline, policy};
use crate::files::{self, ErrorKind, Expected, RelPath};
use crate::model::ids::ScriptId;
use crate::model::revision::MadeBy;
use crate::model::script::{InlineState, Script};

/// The block and how it stands to the list.
#[derive(Debug, Clone)]
pub struct Inline {
    pub state: InlineState,
    /// What the block asks for; empty if it cannot be read.
    pub in_file: Vec<String>,
    /// Why it cannot be read, and where in the file.
    pub unreadable: Option<Unreadable>,
}

/// Which of the two counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    File,
    List,
}

/// The entry file as it was read.
struct Entry {
    path: RelPath,
    contents: files::Contents,
    text: String,
}

impl Scripts {
    /// The block of the entry file; `None` if it has none.
    pub async fn inline(&self, script: &Script) -> Result<Option<Inline>> {
        let Some(entry) = self.entry(script).await? else {
            return Ok(None);
        };
        Ok(match inline::dependencies(&entry.text) {
            Ok(None) => None,
            Ok(Some(in_file)) => Some(Inline {
                state: inline::compare(&script.requirements, &in_file, script.inline_agreed.as_deref()),
                in_file,
                unreadable: None,
            }),
            Err(unreadable) => Some(Inline {
                state: InlineState::Unreadable,
                in_file: Vec::new(),
                unreadable: Some(unreadable),
            }),
        })
    }

    /// The entry file, unless it is missing, no text, or nothing that may be read.
    async fn entry(&self, script: &Script) -> Result<Option<Entry>> {
        let path = RelPath::parse(&script.entry_point).map_err(files::Error::from)?;
        let contents = match self.read_file(&script.id, path.clone()).await {
            Ok(contents) => contents,
            Err(Error::Files(e)) if !matches!(e.kind(), ErrorKind::Io | ErrorKind::NoSpace) => {
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        let text = String::from_utf8(contents.bytes.clone()).ok();
        Ok(text.map(|text| Entry { path, contents, text }))
    }

    /// After a change of the script's files: has the list follow the block, if it alone was changed.
    pub(super) async fn follow_block(&self, id: &ScriptId) -> Result<()> {
        let script = self.get(id).await?;
        let Some(entry) = self.entry(&script).await? else {
            return Ok(());
        };
        // A block that cannot be read is shown where dependencies are, and nobody's save fails for it.
        let Ok(in_file) = inline::dependencies(&entry.text) else {
            return Ok(());
        };
        if in_file == script.inline_agreed && in_file.as_ref().is_none_or(|list| *list == script.requirements)
        {
            return Ok(());
        }
        let packages = self.settings.in_force().packages;
        let follow = move |_: &Connection, script: &mut Script| {
            let Some(in_file) = in_file else {
                // Without a block the list is the only one there is.
                script.inline_agreed = None;
                return Ok(());
            };
            match inline::compare(&script.requirements, &in_file, script.inline_agreed.as_deref()) {
                InlineState::InStep => script.inline_agreed = Some(in_file),
                InlineState::FileNewer if policy::admit(&in_file, &packages).is_ok() => {
                    script.requirements.clone_from(&in_file);
                    script.inline_agreed = Some(in_file);
                }
                _ => {}
            }
            Ok(())
        };
        self.change(id, follow).await?;
        Ok(())
    }

    /// After a change of the list: rewrites the block, if the list alone was changed.
    pub(super) async fn follow_list(&self, script: Script) -> Result<Script> {
        match self.inline(&script).await? {
            Some(inline) if inline.state == InlineState::ListNewer => self.write_block(&script).await,
            Some(inline) if inline.state == InlineState::InStep => self.agree(&script).await,
            _ => Ok(script),
        }
    }

    /// Makes the two the same, whichever was changed.
    pub async fn resolve(&self, id: &ScriptId, winner: Use) -> Result<Script> {
        let script = self.get(id).await?;
        let inline = self.inline(&script).await?.ok_or(Error::NoBlock)?;
        if let Some(unreadable) = inline.unreadable {
            return Err(Error::Block(unreadable));
        }
        if winner == Use::List {
            return self.write_block(&script).await;
        }
        policy::admit(&inline.in_file, &self.settings.in_force().packages)?;
        let take = move |_: &Connection, script: &mut Script| {
            script.requirements.clone_from(&inline.in_file);
            script.inline_agreed = Some(inline.in_file);
            Ok(())
        };
        self.change(id, take).await
    }

    /// Writes the list into the block, unless the file is changed at the same moment.
    async fn write_block(&self, script: &Script) -> Result<Script> {
        let entry = self.entry(script).await?.ok_or(Error::NoBlock)?;
        let written = inline::with_dependencies(&entry.text, &script.requirements).map_err(Error::Block)?;
        let written = written.ok_or(Error::NoBlock)?;
        let expected = Expected::Content(entry.contents.hash);
        self.save_file(
            &script.id,
            entry.path,
            written.into(),
            expected,
            MadeBy::Dependencies,
        )
        .await?;
        self.agree(script).await
    }

    /// Remembers that both are what the list is, if it still is that.
    async fn agree(&self, script: &Script) -> Result<Script> {
        let requirements = script.requirements.clone();
        let agree = move |_: &Connection, script: &mut Script| {
            if script.requirements == requirements {
                script.inline_agreed = Some(requirements);
            }
            Ok(())
        };
        self.change(&script.id, agree).await
    }
}
