//! One folder of the volume and everything that may be done in it.
//!
//! A [`Folder`] is an open directory, not a path: it stays the same folder whatever is renamed around it.
//! Reads refuse links, second names (hard links), FIFOs, devices and whatever is too large. Writes replace what
//! has the name, be it a link (the link, not its target), and never a folder.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::confined::{self, Owner, Staged};
use super::error::{Error, Result};
use super::hash::ContentHash;
use super::incoming::Incoming;
use super::path::{PathError, RelPath};
use super::{link, listing, sweep, usage};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Folder {
    root: Arc<OwnedFd>,
    /// Where new contents are prepared; on the same file system, out of every script's sight.
    staging: Arc<OwnedFd>,
    owner: Owner,
}

/// A file's content as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub bytes: Vec<u8>,
    pub modified_at_ms: i64,
    /// The entity tag of these bytes.
    pub hash: ContentHash,
}

/// A checked file, for streaming. A script may still change it while it is read.
#[derive(Debug)]
pub struct OpenFile {
    pub file: File,
    pub size: u64,
    pub modified_at_ms: i64,
}

impl OpenFile {
    /// UTF-8 without NUL, as far as looked at.
    pub fn begins_like_text(&self) -> bool {
        listing::begins_like_text(&self.file)
    }
}

/// What a conditional write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Anything,
    Absent,
    Content(ContentHash),
}

impl Folder {
    pub(super) fn new(root: OwnedFd, staging: Arc<OwnedFd>, owner: Owner) -> Self {
        Self {
            root: Arc::new(root),
            staging,
            owner,
        }
    }

    pub(super) fn root(&self) -> &OwnedFd {
        &self.root
    }

    pub(super) fn staging(&self) -> &Arc<OwnedFd> {
        &self.staging
    }

    /// Begins a file that comes in pieces.
    pub fn incoming(&self) -> Result<Incoming> {
        Incoming::new(Arc::clone(&self.staging), self.owner)
    }

    pub(super) fn owner(&self) -> Owner {
        self.owner
    }

    /// A path that leads to this name in here as long as the folder is open: for a socket, whose path may be no longer
    /// than some hundred bytes.
    pub fn place_of(&self, name: &str) -> PathBuf {
        format!("/proc/self/fd/{}/{name}", self.root.as_raw_fd()).into()
    }

    /// A folder inside this one.
    pub fn open_folder(&self, path: &RelPath, owner: Owner) -> Result<Self> {
        let root = confined::open_folder(&self.root, path.as_str().as_bytes()).map_err(at(path))?;
        Ok(Self::new(root, Arc::clone(&self.staging), owner))
    }

    /// Like [`Folder::open_folder`], creating it (`owner`'s) and its parents (this folder's owner's) where missing.
    /// A folder that exists keeps its owner and mode.
    pub fn create_folder(&self, path: &RelPath, owner: Owner) -> Result<Self> {
        let parent = self.ensure_parent(path)?;
        let root = confined::ensure_folder(parent.as_fd(), path.name(), owner).map_err(at(path))?;
        Ok(Self::new(root, Arc::clone(&self.staging), owner))
    }

    /// Everything in this folder, within `limits`.
    pub fn list(&self, limits: &listing::ListLimits) -> Result<listing::Listing> {
        listing::list(&self.root, limits)
    }

    /// What everything in this folder takes, as far as it has to be known.
    pub fn measure(&self, enough: usage::Enough) -> Result<usage::Usage> {
        usage::measure(&self.root, enough)
    }

    /// A regular file of one link, of whatever size.
    pub fn open_file(&self, path: &RelPath) -> Result<OpenFile> {
        let fd = confined::open(&self.root, path.as_str().as_bytes(), OFlags::RDONLY).map_err(at(path))?;
        let stat = rustix::fs::fstat(&fd).map_err(at(path))?;
        check_plain(path, &stat)?;
        Ok(OpenFile {
            file: File::from(fd),
            size: size(&stat),
            modified_at_ms: modified_at_ms(&stat),
        })
    }

    /// The whole file, if it is no larger than `limit` bytes.
    pub fn read(&self, path: &RelPath, limit: u64) -> Result<Contents> {
        let open = self.open_file(path)?;
        let too_large = || Error::TooLarge {
            path: path.to_string(),
            limit,
        };
        if open.size > limit {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(open.size).map_err(|_| too_large())?);
        // One byte more than allowed, so that a file that grows meanwhile is noticed.
        let mut reader = open.file.take(limit.saturating_add(1));
        reader
            .read_to_end(&mut bytes)
            .map_err(|error| Error::from_io(path.as_str(), error))?;
        if bytes.len() as u64 > limit {
            return Err(too_large());
        }
        Ok(Contents {
            hash: ContentHash::of(&bytes),
            bytes,
            modified_at_ms: open.modified_at_ms,
        })
    }

    /// Hash and size, without holding the content; for files of at most `limit` bytes.
    pub fn hash(&self, path: &RelPath, limit: u64) -> Result<(ContentHash, u64)> {
        let open = self.open_file(path)?;
        let hashed = if open.size > limit {
            None
        } else {
            ContentHash::of_reader(open.file, limit).map_err(|error| Error::from_io(path.as_str(), error))?
        };
        hashed.ok_or_else(|| Error::TooLarge {
            path: path.to_string(),
            limit,
        })
    }

    /// Creates or replaces the file in one step, durably; missing folders are created. An existing file's
    /// executable bits are kept.
    pub fn write(&self, path: &RelPath, bytes: &[u8]) -> Result<ContentHash> {
        self.put(path, bytes, true)
    }

    /// Creates the file; [`Error::Exists`] if anything has its name.
    pub fn write_new(&self, path: &RelPath, bytes: &[u8]) -> Result<ContentHash> {
        self.put(path, bytes, false)
    }

    /// Writes if the file is as `expected`, else [`Error::Changed`]. Against other writers of ours the caller
    /// serialises; a running script can always write between the look and the act.
    pub fn write_if(&self, path: &RelPath, bytes: &[u8], expected: Expected) -> Result<ContentHash> {
        match expected {
            Expected::Anything => self.write(path, bytes),
            Expected::Absent => match self.write_new(path, bytes) {
                Err(Error::Exists(path)) => Err(Error::Changed(path)),
                other => other,
            },
            Expected::Content(hash) => match self.hash(path, super::MAX_FILE_BYTES) {
                Ok((found, _)) if found == hash => self.write(path, bytes),
                Ok(_) | Err(Error::NotFound(_) | Error::TooLarge { .. }) => {
                    Err(Error::Changed(path.to_string()))
                }
                Err(other) => Err(other),
            },
        }
    }

    fn put(&self, path: &RelPath, bytes: &[u8], replace: bool) -> Result<ContentHash> {
        let parent = self.ensure_parent(path)?;
        let mut executable = Mode::empty();
        match rustix::fs::statat(&parent, path.name(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if confined::kind_of(&stat) == FileType::Directory => {
                return Err(Error::from_errno(path.as_str(), Errno::ISDIR));
            }
            Ok(_) if !replace => return Err(Error::Exists(path.to_string())),
            Ok(stat) if confined::is_plain_file(&stat) => {
                executable = Mode::from_raw_mode(stat.st_mode) & (Mode::XUSR | Mode::XGRP | Mode::XOTH);
            }
            Ok(_) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(at(path)(errno)),
        }
        let staged = Staged::write(self.staging.as_fd(), bytes, self.owner, executable)
            .map_err(|error| Error::from_io(path.as_str(), error))?;
        staged
            .publish(parent.as_fd(), path.name(), replace)
            .map_err(at(path))?;
        Ok(ContentHash::of(bytes))
    }

    /// Removes a file, a link or an empty folder.
    pub fn remove(&self, path: &RelPath) -> Result<()> {
        let parent = self.existing_parent(path)?;
        match rustix::fs::unlinkat(&parent, path.name(), AtFlags::empty()) {
            Err(Errno::ISDIR) => rustix::fs::unlinkat(&parent, path.name(), AtFlags::REMOVEDIR),
            other => other,
        }
        .map_err(at(path))?;
        rustix::fs::fsync(&parent).map_err(at(path))
    }

    /// Whether there was an empty folder of that name, which is gone now.
    pub fn remove_folder_if_empty(&self, path: &RelPath) -> Result<bool> {
        let parent = match self.existing_parent(path) {
            Err(Error::NotFound(_) | Error::NotAFile { .. } | Error::Unsafe { .. }) => return Ok(false),
            other => other?,
        };
        match rustix::fs::unlinkat(&parent, path.name(), AtFlags::REMOVEDIR) {
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::NOTDIR) => Ok(false),
            other => other.map(|()| true).map_err(at(path)),
        }
    }

    /// Removes whatever has the name, a folder with all that is in it. Nothing there is fine. A long job for a
    /// large folder; safe to repeat when it was cut short.
    pub fn remove_tree(&self, path: &RelPath) -> Result<()> {
        let parent = match self.existing_parent(path) {
            Err(Error::NotFound(_)) => return Ok(()),
            other => other?,
        };
        sweep::remove_tree(parent.as_fd(), path.name()).map_err(at(path))?;
        rustix::fs::fsync(&parent).map_err(at(path))
    }

    /// Fills this folder, which is empty, with second names of everything in another one; folders are made anew. For
    /// trees that nobody writes to.
    pub fn link_all_of(&self, other: &Self, most: usize) -> Result<()> {
        link::link_tree(&other.root, &self.root, self.owner, most)
            .map_err(|errno| Error::from_errno(".", errno))
    }

    /// Moves a file or folder within this folder; nothing is ever replaced ([`Error::Exists`]).
    pub fn rename(&self, from: &RelPath, to: &RelPath) -> Result<()> {
        if to.inside(from).is_some() {
            return Err(PathError::IntoItself.into());
        }
        let source = self.existing_parent(from)?;
        // Looked at first, so that a wrong name leaves no new folders behind.
        rustix::fs::statat(&source, from.name(), AtFlags::SYMLINK_NOFOLLOW).map_err(at(from))?;
        let target = self.ensure_parent(to)?;
        rustix::fs::renameat_with(&source, from.name(), &target, to.name(), RenameFlags::NOREPLACE)
            .map_err(at(to))?;
        rustix::fs::fsync(&target).map_err(at(to))?;
        rustix::fs::fsync(&source).map_err(at(from))
    }

    pub(super) fn existing_parent(&self, path: &RelPath) -> Result<OwnedFd> {
        let parent = path.parent();
        let parent = parent.as_ref().map_or(".", RelPath::as_str);
        confined::open_folder(&self.root, parent.as_bytes()).map_err(at(path))
    }

    pub(super) fn ensure_parent(&self, path: &RelPath) -> Result<OwnedFd> {
        match self.existing_parent(path) {
            Err(Error::NotFound(_)) => {}
            other => return other,
        }
        let mut folder = confined::open_folder(&self.root, b".").map_err(at(path))?;
        let parent = path.parent();
        for name in parent.iter().flat_map(RelPath::components) {
            folder = confined::ensure_folder(folder.as_fd(), name, self.owner).map_err(at(path))?;
        }
        Ok(folder)
    }
}

fn at(path: &RelPath) -> impl FnOnce(Errno) -> Error + '_ {
    move |errno| Error::from_errno(path.as_str(), errno)
}

fn check_plain(path: &RelPath, stat: &Stat) -> Result<()> {
    let refuse = |reason| {
        Err(Error::Unsafe {
            path: path.to_string(),
            reason,
        })
    };
    match confined::kind_of(stat) {
        FileType::RegularFile if stat.st_nlink == 1 => Ok(()),
        FileType::RegularFile if stat.st_nlink == 0 => Err(Error::NotFound(path.to_string())),
        FileType::RegularFile => refuse("has a second name (hard link)"),
        FileType::Directory => Err(Error::from_errno(path.as_str(), Errno::ISDIR)),
        _ => refuse("is not a regular file"),
    }
}

pub(super) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

/// Whatever a script set it to, so any value at all.
pub(super) fn modified_at_ms(stat: &Stat) -> i64 {
    stat.st_mtime
        .saturating_mul(1000)
        .saturating_add(stat.st_mtime_nsec as i64 / 1_000_000)
}
