//! Taking something away at once, however large it is, and removing it later.
//!
//! It is moved into the staging folder, which is emptied at the next start should we be killed before it is removed.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::confined;
use super::error::{Error, Result};
use super::folder::Folder;
use super::path::RelPath;
use super::sweep;

/// Out of everybody's sight; what is left is to remove it.
#[derive(Debug)]
#[must_use = "it takes room until it is removed"]
pub struct Discarded {
    staging: Arc<OwnedFd>,
    name: String,
}

impl Folder {
    /// Takes a file, a link or a folder with all that is in it out of this folder, in one step.
    pub fn discard(&self, path: &RelPath) -> Result<Discarded> {
        let failed = |errno| Error::from_errno(path.as_str(), errno);
        let parent = self.existing_parent(path)?;
        let staging = Arc::clone(self.staging());
        loop {
            let name = confined::unique_name();
            match rustix::fs::renameat_with(&parent, path.name(), &staging, &*name, RenameFlags::NOREPLACE) {
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(failed(errno)),
                Ok(()) => {
                    rustix::fs::fsync(&parent).map_err(failed)?;
                    return Ok(Discarded { staging, name });
                }
            }
        }
    }
}

impl Discarded {
    /// A long job for a large folder.
    pub fn remove(self) -> Result<()> {
        sweep::remove_tree(self.staging.as_fd(), &self.name)
            .map_err(|errno| Error::from_errno(&self.name, errno))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::files::{DataDir, ErrorKind, Owner};

    #[test]
    fn it_is_gone_at_once_and_what_a_kill_leaves_goes_at_the_next_start() {
        let temp = tempfile::tempdir().unwrap();
        let outside = temp.path().join("outside");
        std::fs::write(&outside, "kept").unwrap();
        let data = DataDir::open(&temp.path().join("data")).unwrap();
        data.create_all(Owner::Controller).unwrap();
        let folder = data.create_script("s", Owner::Controller).unwrap();
        let files = temp.path().join("data/scripts/s/files");
        std::fs::create_dir_all(files.join("tree/a/b")).unwrap();
        symlink(&outside, files.join("tree/a/link")).unwrap();
        symlink(&outside, files.join("link")).unwrap();
        let path = |text: &str| RelPath::parse(text).unwrap();

        let tree = folder.discard(&path("tree")).unwrap();
        assert!(!files.join("tree").exists());
        assert_eq!(
            folder.discard(&path("tree")).unwrap_err().kind(),
            ErrorKind::NotFound
        );
        tree.remove().unwrap();
        let staged = || {
            std::fs::read_dir(temp.path().join("data/staging"))
                .unwrap()
                .count()
        };
        assert_eq!(staged(), 0);

        let _killed = folder.discard(&path("link")).unwrap();
        assert_eq!(staged(), 1);
        data.create_all(Owner::Controller).unwrap();
        assert_eq!(staged(), 0);
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), "kept");
    }
}
