//! A folder that is being made: out of everybody's sight until it is whole, then in its place by one rename.
//!
//! It is made in the staging folder, which is emptied at every start, so a process that is killed meanwhile leaves
//! nothing. Files are not synced as they are written, but all together before it settles. Nobody else writes into it; what is
//! written here must not yet be where a script can see it.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::confined::{self, Owner};
use super::error::{Error, Result};
use super::folder::Folder;
use super::layout::{DataDir, STAGING};
use super::path::RelPath;

/// So many files and folders are synced one by one. For more of them it is quicker to wait for everything that anybody
/// has written, which for a few could be very much.
const FEW: usize = 200;

#[derive(Debug)]
pub struct Nursery {
    data: DataDir,
    /// Relative to the data directory.
    place: String,
    root: Folder,
    settled: bool,
}

impl Nursery {
    /// An empty one, the controller's alone.
    pub fn open(data: &DataDir) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let staging = data.folder(STAGING, Owner::Controller)?;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("new-{}-{number}", std::process::id());
            match rustix::fs::mkdirat(staging.root(), &*name, Mode::RWXU) {
                Ok(()) => {}
                Err(Errno::EXIST) => continue,
                Err(errno) => return Err(Error::from_errno(&name, errno)),
            }
            let place = format!("{STAGING}/{name}");
            let root = data.folder(&place, Owner::Controller)?;
            return Ok(Self {
                data: data.clone(),
                place,
                root,
                settled: false,
            });
        }
    }

    pub fn root(&self) -> &Folder {
        &self.root
    }

    /// Makes everything in it durable and moves it to where nothing is.
    pub fn settle(mut self, to: &str) -> Result<()> {
        let mut left = FEW;
        let synced =
            sync_tree(self.root.root(), &mut left).map_err(|errno| Error::from_errno(&self.place, errno))?;
        if !synced {
            self.data.sync()?;
        }
        self.data.rename(&self.place, to)?;
        self.settled = true;
        Ok(())
    }
}

impl Drop for Nursery {
    fn drop(&mut self) {
        if !self.settled {
            // Best effort: the staging folder is emptied at the next start.
            let _ = self.data.remove_tree(&self.place);
        }
    }
}

/// Whether all of it is durable; not if there is more than `left`.
fn sync_tree(folder: &OwnedFd, left: &mut usize) -> rustix::io::Result<bool> {
    for item in Dir::read_from(folder)? {
        let item = item?;
        let name = item.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let Some(fewer) = left.checked_sub(1) else {
            return Ok(false);
        };
        *left = fewer;
        let inner = confined::open(folder, name.to_bytes(), OFlags::RDONLY)?;
        if confined::kind_of(&rustix::fs::fstat(&inner)?) != FileType::Directory {
            rustix::fs::fsync(&inner)?;
        } else if !sync_tree(&inner, left)? {
            return Ok(false);
        }
    }
    rustix::fs::fsync(folder)?;
    Ok(true)
}

/// A file without a name, for what has to be looked at before it is kept; gone when it is closed.
pub fn scratch_file(data: &DataDir) -> Result<File> {
    let staging = data.folder(STAGING, Owner::Controller)?;
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    match rustix::fs::openat(staging.root(), ".", flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => Ok(File::from(file)),
        // Not every file system knows files without a name.
        Err(Errno::OPNOTSUPP | Errno::ISDIR) => named_scratch_file(&staging),
        Err(errno) => Err(Error::from_errno(STAGING, errno)),
    }
}

fn named_scratch_file(staging: &Folder) -> Result<File> {
    let (file, name) = confined::create_unique(staging.root().as_fd(), OFlags::RDWR)
        .map_err(|errno| Error::from_errno(STAGING, errno))?;
    rustix::fs::unlinkat(staging.root(), &*name, rustix::fs::AtFlags::empty())
        .map_err(|errno| Error::from_errno(STAGING, errno))?;
    Ok(File::from(file))
}

/// What is done in a nursery's folders.
impl Folder {
    /// Creates an empty file for writing, and missing folders on its way; unsynced.
    pub fn add_file(&self, path: &RelPath, executable: bool) -> Result<File> {
        let at = |errno| Error::from_errno(path.as_str(), errno);
        let parent = add_folders(self, path.parent().as_ref()).map_err(at)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&parent, path.name(), flags, Mode::RUSR | Mode::WUSR).map_err(at)?;
        confined::set_up_file(file.as_fd(), self.owner(), executable).map_err(at)?;
        Ok(File::from(file))
    }

    /// Creates the folder and those on its way; unsynced. One that is there is fine.
    pub fn add_folder(&self, path: &RelPath) -> Result<()> {
        add_folders(self, Some(path))
            .map(drop)
            .map_err(|errno| Error::from_errno(path.as_str(), errno))
    }
}

fn add_folders(folder: &Folder, path: Option<&RelPath>) -> rustix::io::Result<OwnedFd> {
    let mut inner = confined::open_folder(folder.root(), b".")?;
    for name in path.into_iter().flat_map(RelPath::components) {
        let created = match rustix::fs::mkdirat(&inner, name, Mode::RWXU) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(errno) => return Err(errno),
        };
        let next = confined::open_folder(&inner, name.as_bytes())?;
        if created {
            confined::set_up_folder(&next, folder.owner())?;
        }
        inner = next;
    }
    Ok(inner)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    #[test]
    fn it_is_there_whole_or_not_at_all() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        data.create_all(Owner::Controller).unwrap();
        let staged = || std::fs::read_dir(temp.path().join("staging")).unwrap().count();
        for settles in [false, true] {
            let nursery = Nursery::open(&data).unwrap();
            let files = nursery
                .root()
                .create_folder(&path("files"), Owner::Controller)
                .unwrap();
            files.add_folder(&path("empty")).unwrap();
            let mut file = files.add_file(&path("a/b/main.py"), true).unwrap();
            file.write_all(b"print()").unwrap();
            assert!(files.add_file(&path("a/b/main.py"), true).is_err());
            assert!(files.add_file(&path("a/b/main.py/x"), true).is_err());
            assert_eq!(staged(), 1);
            if settles {
                nursery.settle("scripts/s").unwrap();
            } else {
                drop(nursery);
            }
            assert_eq!(staged(), 0);
            assert_eq!(temp.path().join("scripts/s/files/a/b/main.py").exists(), settles);
        }
        let nursery = Nursery::open(&data).unwrap();
        assert!(nursery.settle("scripts/s").is_err(), "nothing is replaced");
        assert!(temp.path().join("scripts/s/files/empty").is_dir());
    }

    #[test]
    fn a_killed_process_leaves_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        data.create_all(Owner::Controller).unwrap();
        let nursery = Nursery::open(&data).unwrap();
        nursery.root().add_file(&path("files/x"), false).unwrap();
        std::mem::forget(nursery);
        data.create_all(Owner::Controller).unwrap();
        assert_eq!(std::fs::read_dir(temp.path().join("staging")).unwrap().count(), 0);
    }

    #[test]
    fn a_scratch_file_has_no_name() {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        let staging = data.folder(STAGING, Owner::Controller).unwrap();
        for mut file in [
            scratch_file(&data).unwrap(),
            named_scratch_file(&staging).unwrap(),
        ] {
            file.write_all(b"x").unwrap();
            file.rewind().unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text, "x");
            assert_eq!(std::fs::read_dir(temp.path().join("staging")).unwrap().count(), 0);
        }
    }
}
