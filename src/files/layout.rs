//! Where everything is on the data volume, in one place. Paths are relative to the data directory.
//!
//! ```text
//! db/pytask.sqlite   bin/<hash>/supervisor   backups/   staging/ (emptied at start)   lock   ballast   secrets.key   local.key
//! cache/uv/          cache/builds/<run-id>/           written by builds, as the runs' user
//! scripts/<slug>/files/                               the script's own: hostile
//! scripts/<slug>/envs/<key>/{venv,…}   scripts/<slug>/revisions/
//! runs/<yyyy>/<mm>/<run-id>/                          0700: the supervisor's and ours
//! tools/<script-id>/                                  0700: likewise; emptied at start
//! runs/<yyyy>/<mm>/<run-id>/artifacts/                the run's own: hostile
//! runs/<yyyy>/<mm>/<run-id>/trigger/body              what a call brought: hostile contents, our file
//! ```
//! Slugs, keys and ids come from the caller; a bad one is refused by [`RelPath`] when the folder is opened.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::confined::{self, Owner};
use super::error::{Error, Result};
use super::folder::Folder;
use super::path::RelPath;
use super::revisions::Revisions;
use super::space::{self, Space};

pub const DATABASE: &str = "db/pytask.sqlite";
pub const BACKUPS: &str = "backups";
/// The vault's: 0600, and nowhere else.
pub const SECRETS_KEY: &str = "secrets.key";
/// With all that is below it: what builds share.
pub const CACHE: &str = "cache";
/// Access's: 0600, made anew at each start.
pub const LOCAL_KEY: &str = "local.key";
pub const UV_CACHE: &str = "cache/uv";
/// There while a backup is restored: until it is gone this is no instance.
pub const RESTORING: &str = "restoring";
pub const BUILDS: &str = "cache/builds";
pub const TOOLS: &str = "tools";
/// The engine's, for its test containers.
pub const PROBE: &str = "probe";
pub const SCRIPTS: &str = "scripts";
pub const RUNS: &str = "runs";
pub const BIN: &str = "bin";
pub const STAGING: &str = "staging";
const LOCK: &str = "lock";
pub const BALLAST: &str = "ballast";
/// Everything of ours at the top.
pub const TOP: [&str; 12] = [
    "backups",
    BALLAST,
    BIN,
    "cache",
    "db",
    LOCK,
    PROBE,
    RUNS,
    SCRIPTS,
    SECRETS_KEY,
    STAGING,
    TOOLS,
];

/// The data directory, open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DataDir {
    root: Folder,
    path: PathBuf,
}

/// Held for as long as this process owns the data directory.
#[derive(Debug)]
pub struct DataLock(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

pub fn script(slug: &str) -> String {
    format!("scripts/{slug}")
}

pub fn script_files(slug: &str) -> String {
    format!("scripts/{slug}/files")
}

pub fn script_envs(slug: &str) -> String {
    format!("scripts/{slug}/envs")
}

pub fn env(slug: &str, key: &str) -> String {
    format!("scripts/{slug}/envs/{key}")
}

pub fn env_venv(slug: &str, key: &str) -> String {
    format!("scripts/{slug}/envs/{key}/venv")
}

/// By the UTC month in which the run was created.
pub fn run(created_at: Timestamp, run_id: &str) -> String {
    let day = created_at.to_zoned(TimeZone::UTC).date();
    format!("runs/{:04}/{:02}/{run_id}", day.year(), day.month())
}

/// What a run leaves to be kept; the one part of its directory that is its own.
pub fn artifacts(created_at: Timestamp, run_id: &str) -> String {
    format!("{}/artifacts", run(created_at, run_id))
}

/// What the call that started a run brought; ours, and the run's to read.
pub fn trigger(created_at: Timestamp, run_id: &str) -> String {
    format!("{}/trigger", run(created_at, run_id))
}

pub fn build(run_id: &str) -> String {
    format!("{BUILDS}/{run_id}")
}

/// Where the supervisor of a script's tools container listens.
pub fn tools(script_id: &str) -> String {
    format!("{TOOLS}/{script_id}")
}

pub fn supervisor_folder(hash: &str) -> String {
    format!("bin/{hash}")
}

impl DataDir {
    /// Opens (and creates, if need be) the directory itself. Its own path may lead through links: that is the
    /// administrator's choice.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let io = |error| Error::from_io(&shown, error);
        std::fs::create_dir_all(path).map_err(io)?;
        let path = path.canonicalize().map_err(io)?;
        let root = File::open(&path).map_err(io)?;
        let staging = confined::ensure_folder(std::os::fd::AsFd::as_fd(&root), STAGING, Owner::Controller)
            .map_err(|errno| Error::from_errno(STAGING, errno))?;
        let root = Folder::new(root.into(), Arc::new(staging), Owner::Controller);
        Ok(Self { root, path })
    }

    /// The absolute path, for what has to be named by one (the database, watches).
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One controller per data directory: `None` if another process has it.
    pub fn try_lock(&self) -> Result<Option<DataLock>> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path.join(LOCK))
            .map_err(|error| Error::from_io(LOCK, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(DataLock(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(Error::from_io(LOCK, error)),
        }
    }

    /// Creates the top folders and clears what a killed process left half-written. For the process that holds the lock.
    pub fn create_all(&self, runs_user: Owner) -> Result<()> {
        for emptied in [STAGING, TOOLS] {
            let left = self.create(emptied, Owner::Controller)?;
            for entry in left
                .list(&super::ListLimits {
                    entries: usize::MAX,
                    depth: 1,
                })?
                .entries
            {
                left.remove_tree(&RelPath::parse(&entry.path)?)?;
            }
        }
        for (path, owner) in [
            ("db", Owner::Controller),
            (BACKUPS, Owner::Controller),
            ("runs", Owner::Controller),
            ("scripts", Owner::Controller),
            // Entered by the runs' user inside a container.
            ("bin", Owner::Shared),
            ("cache", Owner::Shared),
            (BUILDS, Owner::Shared),
            (UV_CACHE, runs_user),
        ] {
            self.create(path, owner)?;
        }
        Ok(())
    }

    /// An existing folder.
    pub fn folder(&self, path: &str, owner: Owner) -> Result<Folder> {
        self.root.open_folder(&RelPath::parse(path)?, owner)
    }

    /// A folder, created if need be; an existing one keeps its owner and mode.
    pub fn create(&self, path: &str, owner: Owner) -> Result<Folder> {
        self.root.create_folder(&RelPath::parse(path)?, owner)
    }

    /// A new script's folders. Answers the one with its files.
    pub fn create_script(&self, slug: &str, runs_user: Owner) -> Result<Folder> {
        self.create(&script(slug), Owner::Controller)?;
        self.create(&script_envs(slug), Owner::Controller)?;
        self.create(&script_files(slug), runs_user)
    }

    pub fn revisions(&self, slug: &str) -> Result<Revisions> {
        Revisions::open(&self.folder(&script(slug), Owner::Controller)?)
    }

    /// The run directory: 0700, the controller's and the supervisor's.
    pub fn create_run(&self, created_at: Timestamp, run_id: &str) -> Result<Folder> {
        self.create(&run(created_at, run_id), Owner::Controller)
    }

    /// An empty folder that a build may fill.
    pub fn create_build(&self, run_id: &str, runs_user: Owner) -> Result<Folder> {
        self.create(&build(run_id), runs_user)
    }

    /// Moves a file or folder to a place where nothing is; in one step, durably.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        self.root.rename(&RelPath::parse(from)?, &RelPath::parse(to)?)
    }

    /// Whether there was an empty folder of that name, which is gone now.
    pub fn remove_folder_if_empty(&self, path: &str) -> Result<bool> {
        self.root.remove_folder_if_empty(&RelPath::parse(path)?)
    }

    /// Nothing there is fine.
    pub fn remove_tree(&self, path: &str) -> Result<()> {
        self.root.remove_tree(&RelPath::parse(path)?)
    }

    /// The kind of network file system that the directory is on, if it is on one (statfs(2) lists the numbers).
    pub fn remote_file_system(&self) -> Result<Option<&'static str>> {
        let stat = rustix::fs::fstatfs(self.root.root()).map_err(|errno| Error::from_errno(".", errno))?;
        Ok(match stat.f_type as u32 {
            0x6969 => Some("NFS"),
            0xFF53_4D42 => Some("CIFS"),
            0xFE53_4D42 | 0x517B => Some("SMB"),
            0x0102_1997 => Some("9p"),
            0x5346_414F => Some("AFS"),
            0x00C3_6400 => Some("Ceph"),
            _ => None,
        })
    }

    /// Waits until everything written so far, by whomever, is on disk.
    pub fn sync(&self) -> Result<()> {
        rustix::fs::syncfs(self.root.root()).map_err(|errno| Error::from_errno(".", errno))
    }

    /// What is left of the file system.
    pub fn space(&self) -> Result<Space> {
        space::of(self.root.root()).map_err(|errno| Error::from_errno(".", errno))
    }

    pub(super) fn root(&self) -> &OwnedFd {
        self.root.root()
    }

    pub(super) fn root_folder(&self) -> &Folder {
        &self.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_run_is_found_by_the_utc_month_of_its_creation() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(run(at("2026-03-01T00:30:00+02:00"), "r1"), "runs/2026/02/r1");
        assert_eq!(run(at("2026-12-31T23:59:59Z"), "r1"), "runs/2026/12/r1");
    }

    #[test]
    fn folders_have_the_modes_and_owners_that_keep_others_out() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(&temp.path().join("new/data")).unwrap();
        let user = Owner::Script { uid: 1000, gid: 1000 };
        data.create_all(user).unwrap();
        data.create_script("s", user).unwrap();
        data.create_run(Timestamp::UNIX_EPOCH, "r").unwrap();
        data.create_build("r", user).unwrap();
        data.revisions("s").unwrap();
        let us = rustix::process::geteuid();
        let runs_user = if us.is_root() { 1000 } else { us.as_raw() };
        for (path, mode, uid) in [
            ("db", 0o700, us.as_raw()),
            ("staging", 0o700, us.as_raw()),
            ("runs/1970/01/r", 0o700, us.as_raw()),
            ("scripts/s/revisions", 0o700, us.as_raw()),
            ("scripts/s/files", 0o755, runs_user),
            ("cache", 0o755, us.as_raw()),
            ("cache/uv", 0o755, runs_user),
            ("cache/builds/r", 0o755, runs_user),
        ] {
            let meta = std::fs::metadata(data.path().join(path)).unwrap();
            assert_eq!((meta.mode() & 0o7777, meta.uid()), (mode, uid), "{path}");
        }
    }

    #[test]
    fn leftovers_of_a_killed_process_are_cleared_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        data.create_all(Owner::Controller).unwrap();
        let files = data.create_script("s", Owner::Controller).unwrap();
        files.write(&RelPath::parse("main.py").unwrap(), b"x").unwrap();
        std::fs::write(temp.path().join("staging/1-2"), "half").unwrap();
        data.create_all(Owner::Controller).unwrap();
        assert!(!temp.path().join("staging/1-2").exists());
        assert!(temp.path().join("scripts/s/files/main.py").exists());
    }

    #[test]
    fn one_process_at_a_time_owns_the_directory() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        let lock = data.try_lock().unwrap();
        assert!(lock.is_some());
        assert!(data.try_lock().unwrap().is_none());
        drop(lock);
        assert!(data.try_lock().unwrap().is_some());
    }

    #[test]
    fn a_bad_slug_leads_nowhere() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        for slug in ["..", "../../etc", "", "a//b", "a/../b"] {
            assert!(data.create_script(slug, Owner::Controller).is_err(), "{slug:?}");
        }
    }
}
