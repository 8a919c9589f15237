//! Scripts: their settings, their folder, their revisions, kept in step with each other.
//!
//! Every save is a revision. The order of a save is content, file, manifest, row: cut short anywhere, the file on
//! disk is whole, and `capture` records what it holds before the next run executes it. Saves of one script are
//! serialised here. Knows no runs and no engine.

mod birth;
mod copies;
mod export;
mod folders;
pub mod import;
mod inline;
mod looks;
mod passport;
mod revisions;
mod saves;
pub mod search;
mod tags;
pub mod templates;
mod thinning;
mod trash;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use export::Export;
pub use folders::Listed;
pub use inline::{Inline, Use};
pub use revisions::Revision;
use rusqlite::Connection;
pub use saves::Saved;

use birth::{Birth, Name};

use crate::clock::Clock;
use crate::envs::{policy, requirements};
use crate::events::{Events, News};
use crate::files::{self, DataDir, Owner, RelPath, Watcher};
use crate::model::ids::ScriptId;
use crate::model::image::ImageState;
use crate::model::limits::{LimitsPatch, OutOfBounds};
use crate::model::retention::RetentionWish;
use crate::model::revision::{InvalidLabel, MadeBy};
use crate::model::run::Overlap;
use crate::model::script::{self, Invalid, Script};
use crate::settings::Keeper;
use crate::store::{self, Store};
use crate::variables::{self, Variables};
use looks::Looks;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such script")]
    NotFound,
    #[error("there is no such revision, or no longer")]
    RevisionNotFound,
    #[error(transparent)]
    Label(#[from] InvalidLabel),
    #[error("the script has unfinished runs")]
    Busy { runs: Vec<String> },
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Limits(#[from] OutOfBounds),
    #[error("{0}")]
    Retention(OutOfBounds),
    #[error(transparent)]
    Requirement(#[from] requirements::Unreadable),
    #[error(transparent)]
    Refused(#[from] policy::Refused),
    #[error(transparent)]
    Package(#[from] policy::Invalid),
    /// The metadata block of the entry file; places are in the file.
    #[error("the script block cannot be read: {0}")]
    Block(requirements::Unreadable),
    #[error("the entry file has no script block")]
    NoBlock,
    #[error(transparent)]
    Variables(#[from] variables::Error),
    #[error("there is no such tag")]
    TagNotFound,
    #[error("there is no such template")]
    TemplateNotFound,
    #[error("the script is not in the trash")]
    NotInTrash,
    #[error("the script has runs")]
    HasRuns,
    #[error(transparent)]
    Archive(#[from] files::archives::Refused),
    /// Nothing that is sent says which file is to be run.
    #[error("none of the files is one to run")]
    NoEntry { found: Vec<String> },
    #[error("the folder has more than {0} files and folders")]
    TooManyFiles(usize),
    /// With this file the folder is larger than what is copied or packed at once.
    #[error("with {path} the folder is larger than {most} bytes")]
    TooMuch { path: String, most: u64 },
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

type Result<T> = std::result::Result<T, Error>;

/// What a script starts with.
#[derive(Debug, Clone, Default)]
pub struct New {
    pub name: String,
    pub description: String,
    pub tags: Vec<String>,
    /// Id of a template; `None` is the plainest.
    pub template: Option<String>,
}

/// What is to change; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub name: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    pub entry_point: Option<String>,
    pub paused: Option<bool>,
    pub limits: Option<LimitsPatch>,
    /// Name of a runner image; `Some(None)`: the instance's own.
    pub image: Option<Option<String>>,
    pub overlap: Option<Overlap>,
    /// `Some(None)`: no bound.
    pub parallel_limit: Option<Option<u32>>,
    pub retention: Option<RetentionWish>,
}

/// What a script asks for, as somebody wrote it.
#[derive(Debug, Clone, Default)]
pub struct Requirements {
    /// PEP 508, one package each, with comments and empty lines.
    pub lines: Vec<String>,
    /// Names of packages that are built from source; `None` stays.
    pub build_from_source: Option<Vec<String>>,
}

/// What it works with.
pub struct Parts {
    pub store: Store,
    pub data: DataDir,
    pub clock: Clock,
    pub events: Events,
    pub settings: Keeper,
    pub variables: Variables,
    /// Whose the scripts' files are.
    pub owner: Owner,
    pub watcher: Watcher,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Scripts {
    store: Store,
    data: DataDir,
    clock: Clock,
    events: Events,
    settings: Keeper,
    variables: Variables,
    /// Whose the scripts' files are.
    owner: Owner,
    looks: Looks,
    saving: Arc<Mutex<HashMap<ScriptId, Arc<tokio::sync::Mutex<()>>>>>,
    /// Read by whoever removes contents for good, written by whoever needs all of them to stay.
    removals: Arc<tokio::sync::RwLock<()>>,
}

/// As long as it is held, no folder of a script and no content of a revision is removed.
pub struct Held(
    #[expect(dead_code, reason = "the lock lasts as long as this")] tokio::sync::OwnedRwLockWriteGuard<()>,
);

impl Scripts {
    pub fn new(parts: Parts) -> Self {
        Self {
            store: parts.store,
            data: parts.data,
            clock: parts.clock,
            looks: Looks::new(parts.watcher, parts.events.clone()),
            events: parts.events,
            settings: parts.settings,
            variables: parts.variables,
            owner: parts.owner,
            saving: Arc::default(),
            removals: Arc::default(),
        }
    }

    /// Has everything stay that is there now, for a backup; what is added is no concern of it.
    pub async fn hold(&self) -> Held {
        Held(Arc::clone(&self.removals).write_owned().await)
    }

    /// A new script with a program to start from, as revision 1.
    pub async fn create(&self, new: New) -> Result<Script> {
        let made_by = match new.template {
            Some(_) => MadeBy::Template,
            None => MadeBy::Created,
        };
        let template = templates::find(new.template.as_deref())?;
        let name = script::check_name(&new.name)?;
        let script = Script {
            description: script::check_description(&new.description)?,
            tags: script::check_tags(&new.tags)?,
            ..self.blank(name)
        };
        let packages = self.settings.in_force().packages;
        let birth = Birth {
            script,
            name: Name::Exactly,
            message: "Created",
            made_by,
        };
        let born = self.bear(birth, move |cradle, mut born| {
            for (path, text) in template.files {
                cradle.write(
                    &RelPath::parse(path).map_err(files::Error::from)?,
                    text.as_bytes(),
                )?;
            }
            let wanted: Vec<String> = template
                .requirements
                .iter()
                .map(|&line| line.to_owned())
                .collect();
            policy::admit(&wanted, &packages)?;
            born.script.inline_agreed = (!wanted.is_empty()).then(|| wanted.clone());
            born.script.requirements = wanted;
            Ok(born)
        });
        Ok(born.await?.0)
    }

    /// A script of this name as it is before anybody says more of it.
    fn blank(&self, name: String) -> Script {
        let (id, now) = (ScriptId::generate(), self.clock.now());
        Script {
            slug: script::slug(&name, &id),
            id,
            name,
            description: String::new(),
            tags: Vec::new(),
            entry_point: "main.py".to_owned(),
            paused: false,
            limits: LimitsPatch::default(),
            image: None,
            overlap: Overlap::default(),
            parallel_limit: None,
            retention: RetentionWish::default(),
            requirements: Vec::new(),
            build_from_source: Vec::new(),
            inline_agreed: None,
            revision: 0,
            environment_key: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// The script, unless it is in the trash.
    pub async fn get(&self, id: &ScriptId) -> Result<Script> {
        let script = self.find(id).await?;
        if script.deleted_at.is_some() {
            Err(Error::NotFound)
        } else {
            Ok(script)
        }
    }

    async fn find(&self, id: &ScriptId) -> Result<Script> {
        let id = id.clone();
        self.store
            .read(move |c| store::scripts::get(c, &id))
            .await
            .map_err(Error::Store)?
            .ok_or(Error::NotFound)
    }

    pub async fn update(&self, id: &ScriptId, patch: Patch) -> Result<Script> {
        let name = patch.name.as_deref().map(script::check_name).transpose()?;
        let description = patch
            .description
            .as_deref()
            .map(script::check_description)
            .transpose()?;
        let tags = patch.tags.as_deref().map(script::check_tags).transpose()?;
        let entry_point = patch.entry_point.as_deref().map(check_entry_point).transpose()?;
        if let Some(limits) = &patch.limits {
            limits.check()?;
        }
        let parallel_limit = patch
            .parallel_limit
            .map(script::check_parallel_limit)
            .transpose()?;
        if let Some(retention) = &patch.retention {
            retention.check().map_err(Error::Retention)?;
        }
        let defaults = self.settings.in_force().default_limits;
        let other_entry = entry_point.is_some();
        let changed = self.change(id, move |tx, script| {
            if let Some(image) = patch.image {
                script.image = image.map(|name| usable_image(tx, &name)).transpose()?;
            }
            script.name = name.unwrap_or_else(|| script.name.clone());
            script.description = description.unwrap_or_else(|| script.description.clone());
            script.tags = tags.unwrap_or_else(|| script.tags.clone());
            script.entry_point = entry_point.unwrap_or_else(|| script.entry_point.clone());
            script.paused = patch.paused.unwrap_or(script.paused);
            script.limits = patch.limits.unwrap_or_else(|| script.limits.clone());
            script.overlap = patch.overlap.unwrap_or(script.overlap);
            script.parallel_limit = parallel_limit.unwrap_or(script.parallel_limit);
            script.retention = patch.retention.unwrap_or(script.retention);
            Ok(script.limits.over(&defaults).check()?)
        });
        let script = changed.await?;
        if !other_entry {
            return Ok(script);
        }
        self.follow_block(id).await?;
        self.get(id).await
    }

    /// Stores what the script asks for, and writes it into the metadata block of the entry file, if there is one that was
    /// not changed meanwhile. Installing it is a run of its own.
    pub async fn set_requirements(&self, id: &ScriptId, wish: &Requirements) -> Result<Script> {
        let requirements = requirements::check(&wish.lines)?;
        policy::admit(&wish.lines, &self.settings.in_force().packages)?;
        let from_source = wish.build_from_source.as_deref();
        let from_source = from_source
            .map(|list| policy::names("build_from_source", list))
            .transpose()?;
        let set = move |_: &Connection, script: &mut Script| {
            script.requirements = requirements;
            script.build_from_source = from_source.unwrap_or_else(|| script.build_from_source.clone());
            Ok(())
        };
        let script = self.change(id, set).await?;
        self.follow_list(script).await
    }

    /// Reads, changes and stores the row in one transaction.
    async fn change(
        &self,
        id: &ScriptId,
        f: impl FnOnce(&Connection, &mut Script) -> Result<()> + Send + 'static,
    ) -> Result<Script> {
        let (id, now) = (id.clone(), self.clock.now());
        let script = self
            .store
            .write(move |tx| {
                let script = store::scripts::get(tx, &id)?.filter(|script| script.deleted_at.is_none());
                let mut script = script.ok_or(Error::NotFound)?;
                f(tx, &mut script)?;
                script.updated_at = now;
                store::scripts::update(tx, &script)?;
                Ok::<_, Error>(script)
            })
            .await?;
        self.changed(&script.id);
        Ok(script)
    }

    fn changed(&self, id: &ScriptId) {
        self.events.publish(News::Script(id.clone()));
    }

    /// Held while the files of one script are saved.
    fn saving(&self, id: &ScriptId) -> Arc<tokio::sync::Mutex<()>> {
        let mut saving = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        saving.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(saving.entry(id.clone()).or_default())
    }
}

/// The name of an image that runs can be started from, as it is written there.
fn usable_image(connection: &Connection, name: &str) -> Result<String> {
    let image = store::images::get(connection, name)?;
    let usable = image.filter(|image| image.digest.is_some() && image.state != ImageState::Removing);
    let invalid = || Invalid {
        field: "image",
        message: format!("{name:?} is not among the usable images of Settings, Images"),
    };
    Ok(usable.ok_or_else(invalid)?.name)
}

fn check_entry_point(path: &str) -> std::result::Result<String, Invalid> {
    let invalid = |message| Invalid {
        field: "entry_point",
        message,
    };
    let checked = files::RelPath::parse(path).map_err(|e| invalid(e.to_string()))?;
    if !checked.as_str().ends_with(".py") {
        return Err(invalid("The entry point must be a .py file".to_owned()));
    }
    Ok(checked.to_string())
}
