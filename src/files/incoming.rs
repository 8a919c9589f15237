//! A file that comes in pieces, of any size, and appears whole under its name or not at all.
//!
//! It grows in the staging folder, where no script sees it; a kill leaves it to the next start, which empties that.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, OFlags, RenameFlags};
use rustix::io::Errno;

use super::confined::{self, Owner};
use super::error::{Error, Result};
use super::folder::{Expected, Folder};
use super::path::RelPath;

#[derive(Debug)]
pub struct Incoming {
    file: File,
    staging: Arc<OwnedFd>,
    name: String,
    owner: Owner,
    published: bool,
}

impl Incoming {
    pub(super) fn new(staging: Arc<OwnedFd>, owner: Owner) -> Result<Self> {
        let (file, name) = confined::create_unique(staging.as_fd(), OFlags::WRONLY)
            .map_err(|errno| Error::from_errno("staging", errno))?;
        Ok(Self {
            file: file.into(),
            staging,
            name,
            owner,
            published: false,
        })
    }

    pub fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.file
            .write_all(piece)
            .map_err(|error| Error::from_io("the file that is sent", error))
    }

    /// Gives it its name in `folder`, replacing a file that is there, if that is as `expected`.
    pub fn publish(mut self, folder: &Folder, path: &RelPath, expected: Expected) -> Result<()> {
        let failed = |error| Error::from_io(path.as_str(), error);
        confined::set_up_file(self.file.as_fd(), self.owner, false)
            .map_err(|errno| Error::from_errno(path.as_str(), errno))?;
        self.file.sync_all().map_err(failed)?;
        self.put(folder, path, expected)?;
        self.published = true;
        Ok(())
    }
}

impl Incoming {
    fn put(&self, folder: &Folder, path: &RelPath, expected: Expected) -> Result<()> {
        let failed = |errno| Error::from_errno(path.as_str(), errno);
        let changed = || Error::Changed(path.to_string());
        if let Expected::Content(hash) = expected {
            match folder.hash(path, super::MAX_FILE_BYTES) {
                Ok((found, _)) if found == hash => {}
                Ok(_) | Err(Error::NotFound(_) | Error::TooLarge { .. }) => return Err(changed()),
                Err(other) => return Err(other),
            }
        }
        let parent = folder.ensure_parent(path)?;
        let flags = match expected {
            Expected::Absent => RenameFlags::NOREPLACE,
            Expected::Anything | Expected::Content(_) => RenameFlags::empty(),
        };
        match rustix::fs::renameat_with(&self.staging, &*self.name, &parent, path.name(), flags) {
            Err(Errno::EXIST) => return Err(changed()),
            other => other.map_err(failed)?,
        }
        rustix::fs::fsync(&parent).map_err(failed)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.published {
            // Best effort: the staging folder is emptied at the next start.
            let _ = rustix::fs::unlinkat(&self.staging, &*self.name, AtFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{ContentHash, DataDir, ErrorKind};

    fn folder() -> (tempfile::TempDir, Folder) {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        data.create_all(Owner::Controller).unwrap();
        let folder = data.create_script("s", Owner::Controller).unwrap();
        (temp, folder)
    }

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    fn sent(folder: &Folder, pieces: &[&[u8]]) -> Incoming {
        let mut incoming = folder.incoming().unwrap();
        for piece in pieces {
            incoming.write(piece).unwrap();
        }
        incoming
    }

    #[test]
    fn it_appears_whole_or_not_at_all() {
        let (temp, folder) = folder();
        let staged = || std::fs::read_dir(temp.path().join("staging")).unwrap().count();
        drop(sent(&folder, &[b"half"]));
        assert_eq!(staged(), 0);
        let whole = sent(&folder, &[b"first ", b"second"]);
        assert_eq!(
            folder.read(&path("data/big.bin"), 99).unwrap_err().kind(),
            ErrorKind::NotFound
        );
        whole
            .publish(&folder, &path("data/big.bin"), Expected::Absent)
            .unwrap();
        assert_eq!(
            folder.read(&path("data/big.bin"), 99).unwrap().bytes,
            b"first second"
        );
        assert_eq!(staged(), 0);
    }

    #[test]
    fn what_is_not_as_expected_stays() {
        let (_temp, folder) = folder();
        folder.write(&path("a"), b"theirs").unwrap();
        let refused = |expected| {
            let incoming = sent(&folder, &[b"mine"]);
            incoming
                .publish(&folder, &path("a"), expected)
                .unwrap_err()
                .kind()
        };
        assert_eq!(refused(Expected::Absent), ErrorKind::Changed);
        assert_eq!(
            refused(Expected::Content(ContentHash::of(b"old"))),
            ErrorKind::Changed
        );
        assert_eq!(folder.read(&path("a"), 99).unwrap().bytes, b"theirs");
        let known = Expected::Content(ContentHash::of(b"theirs"));
        sent(&folder, &[b"mine"])
            .publish(&folder, &path("a"), known)
            .unwrap();
        assert_eq!(folder.read(&path("a"), 99).unwrap().bytes, b"mine");
        folder.create_folder(&path("f"), Owner::Controller).unwrap();
        let onto_folder = sent(&folder, &[b"x"]).publish(&folder, &path("f"), Expected::Anything);
        assert_eq!(onto_folder.unwrap_err().kind(), ErrorKind::NotAFile);
    }
}
