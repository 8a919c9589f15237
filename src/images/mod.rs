//! Runner images: what there is to choose from, and getting, renewing and removing it.
//!
//! An image is added by the name of a base. If that has Python and uv it is used as it is; otherwise, or if packages of
//! Debian are wanted, an image is built on it from the instance's own Dockerfile. What is wanted is stored first and then
//! done, by a task per image ([`prepare`]) that is begun again after a restart. An image that was usable stays in use
//! until its successor is complete. Calls the engine, as `runs` and `tools` do. Knows no run.

mod leftovers;
mod prepare;
mod progress;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use tokio::task::AbortHandle;

pub use leftovers::{Removal, Unused};
pub use prepare::DOCKERFILE;
pub use progress::Report;
use progress::Work;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::events::{Events, News};
use crate::model::image::{self, ImageState, RunnerImage};
use crate::model::script::Invalid;
use crate::store::{self, Store};

/// A look behind every event: images come and go without our doing.
const LOOK_EVERY: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such image")]
    NotFound,
    #[error("the image is being prepared")]
    Busy,
    #[error("the image is the instance's own")]
    Own,
    #[error("the image is in use")]
    InUse { scripts: Vec<String> },
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// An image that somebody wants.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// `None`: called like its base.
    pub name: Option<String>,
    pub base: String,
    pub system_packages: Vec<String>,
}

/// An image with who uses it and what is being done about it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub image: RunnerImage,
    /// Whether scripts use it that name none.
    pub own: bool,
    /// Names of scripts that use it by name.
    pub scripts: Vec<String>,
    pub progress: Option<Report>,
}

/// What it works with.
pub struct Parts {
    pub store: Store,
    pub engine: Arc<dyn Engine>,
    pub clock: Clock,
    pub events: Events,
    pub instance: String,
    /// Of scripts that name no image.
    pub own: String,
    pub index_url: Option<String>,
    pub extra_ca: Option<Arc<Vec<u8>>>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Images(Arc<Context>);

struct Context {
    parts: Parts,
    /// What is being done, by the image's name.
    work: Mutex<HashMap<String, (Arc<Work>, AbortHandle)>>,
}

impl Images {
    /// Takes up what an earlier controller left undone, and keeps an eye on the rest.
    pub async fn start(parts: Parts) -> Result<Self, store::Error> {
        let (own, now) = (parts.own.clone(), parts.clock.now());
        let undone = parts
            .store
            .write(move |tx| {
                if store::images::get(tx, &own)?.is_none() {
                    let image = RunnerImage {
                        state: ImageState::Missing,
                        reference: Some(own.clone()),
                        origin: Some(image::ImageOrigin::Found),
                        ..RunnerImage::new(own.clone(), own, now)
                    };
                    store::images::insert(tx, &image)?;
                    store::images::update(tx, &image)?;
                }
                store::images::list(tx)
            })
            .await?;
        let images = Self(Arc::new(Context {
            parts,
            work: Mutex::default(),
        }));
        for image in undone {
            match image.state {
                ImageState::Preparing => images.begin(image, Effort::Complete),
                ImageState::Removing => images.begin(image, Effort::Remove),
                _ => {}
            }
        }
        tokio::spawn(prepare::keep(Arc::clone(&images.0)));
        Ok(images)
    }

    /// All images, the instance's own first.
    pub async fn list(&self) -> Result<Vec<Listed>, Error> {
        let (images, users) = self
            .0
            .parts
            .store
            .read(|c| Ok::<_, store::Error>((store::images::list(c)?, store::images::users(c)?)))
            .await?;
        let mut listed: Vec<_> = images
            .into_iter()
            .map(|image| self.listed(image, &users))
            .collect();
        listed.sort_by_key(|listed| !listed.own);
        Ok(listed)
    }

    fn listed(&self, image: RunnerImage, users: &[(String, String)]) -> Listed {
        let mine = users
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(&image.name));
        Listed {
            own: self.is_own(&image.name),
            scripts: mine.map(|(_, script)| script.clone()).collect(),
            progress: self.0.work().get(&image.name).map(|(work, _)| work.report()),
            image,
        }
    }

    /// Records the wish and begins to fulfil it.
    pub async fn add(&self, wish: Wish) -> Result<Listed, Error> {
        let base = image::check_reference(&wish.base)?;
        let system_packages = image::check_system_packages(&wish.system_packages)?;
        let name = match &wish.name {
            Some(name) => name.clone(),
            None => default_name(&base, &system_packages),
        };
        let image = RunnerImage {
            system_packages,
            ..RunnerImage::new(image::check_name(&name)?, base, self.0.parts.clock.now())
        };
        let row = image.clone();
        self.0
            .parts
            .store
            .write(move |tx| store::images::insert(tx, &row))
            .await?;
        self.begin(image.clone(), Effort::Complete);
        Ok(self.listed(image, &[]))
    }

    /// Asks the registry for its base again and builds on what that is now. Until then, and if that fails, it stays as
    /// it is.
    pub async fn renew(&self, name: &str) -> Result<Listed, Error> {
        let wanted = name.to_owned();
        let (image, users) = self
            .0
            .parts
            .store
            .write(move |tx| {
                let mut image = store::images::get(tx, &wanted)?.ok_or(Error::NotFound)?;
                if matches!(image.state, ImageState::Preparing | ImageState::Removing) {
                    return Err(Error::Busy);
                }
                image.state = ImageState::Preparing;
                store::images::update(tx, &image)?;
                Ok((image, store::images::users(tx)?))
            })
            .await?;
        self.begin(image.clone(), Effort::Renew);
        Ok(self.listed(image, &users))
    }

    /// Takes the image off the list and, if it was brought here for this, from the engine. What is still being prepared
    /// is given up.
    pub async fn remove(&self, name: &str) -> Result<(), Error> {
        if self.is_own(name) {
            return Err(Error::Own);
        }
        let wanted = name.to_owned();
        let image = self
            .0
            .parts
            .store
            .write(move |tx| {
                let image = store::images::get(tx, &wanted)?.ok_or(Error::NotFound)?;
                let scripts = needed_by(tx, &image)?;
                if !scripts.is_empty() {
                    return Err(Error::InUse { scripts });
                }
                store::images::set_state(tx, &image.name, ImageState::Removing)?;
                Ok(image)
            })
            .await?;
        self.begin(image, Effort::Remove);
        Ok(())
    }

    fn is_own(&self, name: &str) -> bool {
        self.0.parts.own.eq_ignore_ascii_case(name)
    }

    /// Begins the task of an image, instead of one that is under way.
    fn begin(&self, image: RunnerImage, effort: Effort) {
        let cx = &self.0;
        let work = Arc::new(Work::new(cx.parts.events.clone()));
        let mut all = cx.work();
        let before = all.remove(&image.name);
        let name = image.name.clone();
        let (context, own) = (Arc::clone(cx), Arc::clone(&work));
        let task = tokio::spawn(async move {
            if let Some((_, earlier)) = before {
                earlier.abort();
            }
            prepare::carry_out(&context, &image, effort, &own).await;
            context.done(&image.name, &own);
        });
        all.insert(name, (work, task.abort_handle()));
        drop(all);
        cx.parts.events.publish(News::Images);
    }
}

/// What a task is to do about its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Make it usable with what is here, fetching what is not.
    Complete,
    /// Make it anew from what the registry has now.
    Renew,
    Remove,
}

impl Context {
    fn work(&self) -> MutexGuard<'_, HashMap<String, (Arc<Work>, AbortHandle)>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_busy(&self, name: &str) -> bool {
        self.work().contains_key(name)
    }

    fn done(&self, name: &str, own: &Arc<Work>) {
        let mut all = self.work();
        if all.get(name).is_some_and(|(work, _)| Arc::ptr_eq(work, own)) {
            all.remove(name);
        }
        drop(all);
        self.parts.events.publish(News::Images);
    }
}

/// Scripts that would not run without it: those that name it, and those whose environment was built on it.
fn needed_by(connection: &Connection, image: &RunnerImage) -> Result<Vec<String>, store::Error> {
    let users = store::images::users(connection)?;
    let mut scripts: Vec<_> = users
        .into_iter()
        .filter(|(used, _)| used.eq_ignore_ascii_case(&image.name))
        .map(|(_, script)| script)
        .collect();
    // Another name of the same content keeps it.
    let others = store::images::list(connection)?;
    let alone = !others
        .iter()
        .any(|other| other.name != image.name && other.digest == image.digest);
    if let Some(digest) = image.digest.as_deref().filter(|_| alone) {
        scripts.extend(store::images::environments_on(connection, digest)?);
    }
    scripts.sort_unstable();
    scripts.dedup();
    Ok(scripts)
}

fn default_name(base: &str, system_packages: &[String]) -> String {
    match system_packages {
        [] => base.to_owned(),
        packages => format!("{base}+{}", packages.join("+")),
    }
}

/// With which the names of all images begin that are built for this instance.
pub fn tag_prefix(instance: &str) -> String {
    format!("pytask-runner-{instance}:")
}

/// The name that an image built for `name` gets at the engine: readable, valid, and no other image's.
fn tag(instance: &str, name: &str) -> String {
    let readable: String = name
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '.' | '-' | '_' => c,
            'A'..='Z' => c.to_ascii_lowercase(),
            _ => '-',
        })
        .take(60)
        .collect();
    let hash: String = Sha256::digest(name.to_lowercase())
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{}{readable}-{hash}", tag_prefix(instance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tags_tell_images_apart() {
        assert_eq!(default_name("python:3.12", &[]), "python:3.12");
        assert_eq!(
            default_name("python:3.12", &["ffmpeg".to_owned(), "g++".to_owned()]),
            "python:3.12+ffmpeg+g++"
        );
        let tag = |name| tag("abc", name);
        assert!(tag("python:3.12-slim").starts_with("pytask-runner-abc:python-3.12-slim-"));
        assert_ne!(tag("a/b"), tag("a:b"));
        assert_eq!(tag("Py"), tag("py"), "names are the same whatever their case");
        assert!(tag(&"x".repeat(128)).len() < 128);
    }
}
