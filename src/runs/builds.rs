//! The files of a build: what it needs before, and what becomes of its result.
//!
//! A build works in `cache/builds/<run>`. When it has succeeded, its row is stored (the intent), then the folder is
//! moved to `envs/<key>` of its script in one step, then one column of the script makes it live. Cut short anywhere,
//! the same steps are taken again and find done what is done.

use jiff::Timestamp;

use super::{environments, reuse};
use crate::envs::{build, lock};
use crate::files::{self, DataDir, Enough, ErrorKind, Owner, RelPath};
use crate::model::build::{Build, BuildAction, Found};
use crate::model::environment::Environment;
use crate::model::run::Run;
use crate::store;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The build said it succeeded and did not leave what a build leaves.
    #[error("the build left no usable {what}: {reason}")]
    Result { what: &'static str, reason: String },
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a build is given beside its wish.
pub(super) struct Given<'a> {
    pub owner: Owner,
    pub extra_ca: Option<&'a [u8]>,
    /// Hashes of locks that need not be installed.
    pub known_locks: &'a [String],
}

/// Puts where the build will look: the requirements, the lock of the environment it starts from (`slug` is the script's),
/// the lists that the new one is held against, locks that are installed already, and certificates if there are any.
pub(super) fn prepare(data: &DataDir, run: &Run, slug: &str, given: &Given<'_>) -> files::Result<()> {
    let (owner, extra_ca) = (given.owner, given.extra_ca);
    let folder = data.create_build(run.id.as_str(), owner)?;
    let requirements = build::requirements_in(&run.requirements);
    folder.write(&RelPath::parse(build::REQUIREMENTS_IN)?, requirements.as_bytes())?;
    let asked = run.build.clone().unwrap_or_default();
    if let Some(lock) = lock_it_starts_from(data, &asked, slug)? {
        folder.write(&RelPath::parse(build::LOCK)?, &lock)?;
    }
    for (name, list) in build::lists(&asked.policy) {
        folder.write(&RelPath::parse(name)?, list.as_bytes())?;
    }
    if !given.known_locks.is_empty() {
        let list = given.known_locks.join("\n") + "\n";
        folder.write(&RelPath::parse(build::KNOWN_LOCKS)?, list.as_bytes())?;
    }
    if let Some(pem) = extra_ca {
        folder.write(&RelPath::parse(build::EXTRA_CA)?, pem)?;
    }
    Ok(())
}

/// The lock of the environment that the build starts from; none if that is gone.
fn lock_it_starts_from(data: &DataDir, asked: &Build, slug: &str) -> files::Result<Option<Vec<u8>>> {
    let Some(key) = &asked.from else {
        return Ok(None);
    };
    let lock = data
        .folder(&files::layout::env(slug, key), Owner::Controller)
        .and_then(|home| home.read(&RelPath::parse(build::LOCK)?, build::LARGEST_LOCK));
    match lock {
        Ok(lock) => Ok(Some(lock.bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// What a successful check has found out.
pub(super) fn found(data: &DataDir, run: &Run, slug: &str, owner: Owner) -> Result<Found, Error> {
    let folder = data.folder(&files::layout::build(run.id.as_str()), owner)?;
    let text = |name: &str| -> files::Result<String> {
        let contents = folder.read(&RelPath::parse(name)?, build::LARGEST_LOCK)?;
        Ok(String::from_utf8_lossy(&contents.bytes).into_owned())
    };
    let resolved = text(build::LOCK).map_err(|e| Error::Result {
        what: "lock",
        reason: e.to_string(),
    })?;
    let asked = run.build.clone().unwrap_or_default();
    let before = lock_it_starts_from(data, &asked, slug)?.unwrap_or_default();
    // Without it there are still the changes.
    let newest = lock::packages(&text(build::NEWEST).unwrap_or_default());
    Ok(Found {
        changes: lock::changes(
            &lock::packages(&String::from_utf8_lossy(&before)),
            &lock::packages(&resolved),
        ),
        newest,
    })
}

/// What a successful build made, as the row it will be.
pub(super) fn examine(
    data: &DataDir,
    run: &Run,
    slug: &str,
    owner: Owner,
    now: Timestamp,
) -> Result<Environment, Error> {
    let folder = data.folder(&files::layout::build(run.id.as_str()), owner)?;
    let read = |what: &'static str, name: &str| {
        let path = RelPath::parse(name).map_err(files::Error::from)?;
        let contents = folder.read(&path, build::LARGEST_LOCK);
        contents
            .map(|contents| contents.bytes)
            .map_err(|e| match e.kind() {
                ErrorKind::Io | ErrorKind::NoSpace => Error::Files(e),
                _ => Error::Result {
                    what,
                    reason: e.to_string(),
                },
            })
    };
    let lock = read("lock", build::LOCK)?;
    let packages =
        lock::installed(&read("list of packages", build::INSTALLED)?).map_err(|e| Error::Result {
            what: "list of packages",
            reason: e.to_string(),
        })?;
    // It will be mounted by its path, which a build that runs foreign code may have made lead anywhere.
    folder
        .open_folder(&RelPath::parse(build::VENV).map_err(files::Error::from)?, owner)
        .map_err(|e| Error::Result {
            what: "venv",
            reason: e.to_string(),
        })?;
    let lock_hash = lock::hash(&lock);
    let image_digest = run.launch.image_digest.clone().unwrap_or_default();
    let mut asked = run.build.clone().unwrap_or_default();
    let name = |asked: &Build| lock::environment_key(&lock_hash, &image_digest, asked, run.id.as_str());
    let mut key = name(&asked);
    let there = data
        .folder(&files::layout::env(slug, &key), Owner::Controller)
        .is_ok();
    // What has that name and is not whole is replaced as by a rebuild.
    if there && environments::damage(data, slug, &key)?.is_some() {
        asked.action = BuildAction::Rebuild;
        key = name(&asked);
    }
    Ok(Environment {
        script_id: run.script_id.clone(),
        key,
        lock_hash,
        requirements: run.requirements.clone(),
        image: run.image.clone(),
        image_digest,
        packages,
        run_id: run.id.clone(),
        created_at: now,
        live_at: None,
        damage: None,
        compiled_at: reuse::is_compiled(&folder)?.then_some(now),
    })
}

/// Moves the build to where its script's runs will find it; safe to repeat.
pub(super) fn put_in_place(data: &DataDir, run: &Run, slug: &str, key: &str) -> files::Result<()> {
    let (built, home) = (
        files::layout::build(run.id.as_str()),
        files::layout::env(slug, key),
    );
    if let Ok(folder) = data.folder(&built, Owner::Shared)
        && let Some(manifest) = environments::take_stock(&folder)?
    {
        let place = RelPath::parse(build::MANIFEST)?;
        // Whatever a build that runs foreign code may have put there.
        folder.remove_tree(&place)?;
        folder.write(&place, &manifest.to_json())?;
    }
    // What is about to be relied on is on disk before it has its name.
    data.sync()?;
    match data.rename(&built, &home) {
        Ok(()) => Ok(()),
        // The same lock was built before; runs may be using that one, and it is equal.
        Err(e) if matches!(e.kind(), ErrorKind::Exists | ErrorKind::NotEmpty) => Ok(()),
        // Moved before we were cut short.
        Err(e) if e.kind() == ErrorKind::NotFound && data.folder(&home, Owner::Controller).is_ok() => Ok(()),
        Err(e) => Err(e),
    }
}

/// The space that takes what a build has made; `None` once it is in its place. Files that it shares with the package
/// cache count in full: they would take as much without it.
pub(super) fn size(data: &DataDir, run: &Run) -> files::Result<Option<u64>> {
    let enough = Enough {
        // Somewhat beyond the limit, so that people know what to raise it to; a hostile tree ends somewhere.
        bytes: run
            .limits
            .disk_bytes
            .map_or(u64::MAX, |allowed| allowed.saturating_mul(4)),
        entries: u64::MAX,
    };
    match data.folder(&files::layout::build(run.id.as_str()), Owner::Controller) {
        Ok(folder) => Ok(Some(folder.measure(enough)?.bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Whatever a build left behind, once it has its verdict.
pub(super) fn discard(data: &DataDir, run: &Run) -> files::Result<()> {
    data.remove_tree(&files::layout::build(run.id.as_str()))
}
