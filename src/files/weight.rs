//! What removing things would give back: blocks of files that have no other name, and files that have, with how many of
//! their names are among what was weighed.
//!
//! So several trees can be weighed together: a file's blocks are free once its last name goes. And how something stands,
//! so that what is removed later is what was looked at. Nothing is followed or opened but folders.

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;

use rustix::fs::{AtFlags, FileType, Stat};

use super::confined;
use super::discard::Discarded;
use super::error::{Error, ErrorKind, Result};
use super::folder::{Folder, modified_at_ms};
use super::layout::DataDir;
use super::path::RelPath;
use super::space;
use super::usage;

/// Files with several names that are told apart in one tree; of more of them nothing is known.
const MAX_LINKS: usize = 500_000;

/// A file with names in several places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    pub inode: u64,
    /// Names of it among what was weighed, and all.
    pub names: u64,
    pub links: u64,
    pub bytes: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weight {
    /// Blocks that are free as soon as this is gone.
    pub bytes: u64,
    pub entries: u64,
    pub shared: Vec<Shared>,
    /// There is more than was looked at: what is shared is not known.
    pub truncated: bool,
}

impl Weight {
    /// Whether some of it has names elsewhere, or may have.
    pub fn is_used_elsewhere(&self) -> bool {
        self.truncated || self.shared.iter().any(|file| file.names < file.links)
    }

    pub fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.entries += other.entries;
        self.shared.extend(other.shared);
        self.truncated |= other.truncated;
    }
}

/// Which thing has a name, and since when it is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub inode: u64,
    pub modified_at_ms: i64,
    pub is_folder: bool,
}

/// A stable form, to be stored and compared.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_folder { "folder" } else { "file" };
        write!(f, "{kind} {} {}", self.inode, self.modified_at_ms)
    }
}

#[derive(Default)]
struct Scale {
    weight: Weight,
    shared: HashMap<u64, Shared>,
}

impl Scale {
    fn put(&mut self, stat: &Stat) {
        self.weight.entries += 1;
        let bytes = space::taken(stat);
        if confined::kind_of(stat) == FileType::Directory || stat.st_nlink <= 1 {
            self.weight.bytes = self.weight.bytes.saturating_add(bytes);
            return;
        }
        if self.shared.len() >= MAX_LINKS && !self.shared.contains_key(&stat.st_ino) {
            self.weight.truncated = true;
            return;
        }
        let file = self.shared.entry(stat.st_ino).or_insert(Shared {
            inode: stat.st_ino,
            names: 0,
            links: stat.st_nlink,
            bytes,
        });
        file.names += 1;
    }

    fn read(self) -> Weight {
        let mut shared: Vec<Shared> = self.shared.into_values().collect();
        shared.sort_unstable_by_key(|file| file.inode);
        Weight {
            shared,
            ..self.weight
        }
    }
}

impl DataDir {
    fn stat(&self, path: &RelPath) -> Result<Option<Stat>> {
        let found = self.root_folder().existing_parent(path).and_then(|parent| {
            rustix::fs::statat(&parent, path.name(), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|errno| Error::from_errno(path.as_str(), errno))
        });
        match found {
            Ok(stat) => Ok(Some(stat)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// How what has this path stands; `None` if there is nothing.
    pub fn standing(&self, path: &str) -> Result<Option<Standing>> {
        let stat = self.stat(&RelPath::parse(path)?)?;
        Ok(stat.map(|stat| Standing {
            inode: stat.st_ino,
            modified_at_ms: modified_at_ms(&stat),
            is_folder: confined::kind_of(&stat) == FileType::Directory,
        }))
    }

    /// What would be free without it: a file, or a folder with everything in it. Nothing there weighs nothing.
    pub fn weigh(&self, path: &str) -> Result<Weight> {
        let path = RelPath::parse(path)?;
        let mut scale = Scale::default();
        let Some(stat) = self.stat(&path)? else {
            return Ok(Weight::default());
        };
        scale.put(&stat);
        if confined::kind_of(&stat) == FileType::Directory {
            let folder = match self.folder(path.as_str(), super::Owner::Controller) {
                Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Weight::default()),
                other => other?,
            };
            usage::walk(folder.root(), |stat| {
                scale.put(stat);
                ControlFlow::Continue(())
            })?;
        }
        Ok(scale.read())
    }

    /// Takes it out of everybody's sight, in one step.
    pub fn discard(&self, path: &str) -> Result<Discarded> {
        self.root_folder().discard(&RelPath::parse(path)?)
    }

    /// Names in a folder, or none if there is no such folder.
    pub fn names(&self, path: Option<&str>, most: usize) -> Result<super::Listing> {
        let limits = super::ListLimits {
            entries: most,
            depth: 1,
        };
        let opened: Folder;
        let folder = match path {
            None => self.root_folder(),
            Some(path) => match self.folder(path, super::Owner::Controller) {
                Err(e) if e.kind() == ErrorKind::NotFound => return Ok(super::Listing::default()),
                other => {
                    opened = other?;
                    &opened
                }
            },
        };
        folder.list(&limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Owner;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};

    fn data() -> (tempfile::TempDir, DataDir) {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        data.create_all(Owner::Controller).unwrap();
        (temp, data)
    }

    #[test]
    fn blocks_are_free_once_the_last_name_goes() {
        let (temp, data) = data();
        let root = temp.path();
        fs::create_dir_all(root.join("scripts/a/deep")).unwrap();
        fs::create_dir_all(root.join("scripts/b")).unwrap();
        fs::write(root.join("scripts/a/own"), vec![1; 100_000]).unwrap();
        fs::write(root.join("scripts/a/shared"), vec![1; 200_000]).unwrap();
        fs::hard_link(root.join("scripts/a/shared"), root.join("scripts/a/deep/again")).unwrap();
        symlink("/usr", root.join("scripts/a/link")).unwrap();
        let blocks = |path: &str| fs::symlink_metadata(root.join(path)).unwrap().blocks() * 512;
        let alone: u64 = ["a", "a/deep", "a/own", "a/link"]
            .iter()
            .map(|path| blocks(&format!("scripts/{path}")))
            .sum();
        let weight = data.weigh("scripts/a").unwrap();
        assert_eq!((weight.bytes, weight.entries), (alone, 6));
        let bytes = blocks("scripts/a/shared");
        assert!(bytes >= 200_000);
        assert_eq!(weight.shared.len(), 1);
        assert_eq!(
            (
                weight.shared[0].names,
                weight.shared[0].links,
                weight.shared[0].bytes
            ),
            (2, 2, bytes)
        );
        assert!(!weight.is_used_elsewhere());
        fs::hard_link(root.join("scripts/a/shared"), root.join("scripts/b/third")).unwrap();
        assert!(data.weigh("scripts/a").unwrap().is_used_elsewhere());
        let file = data.weigh("scripts/a/own").unwrap();
        assert_eq!((file.bytes, file.entries), (blocks("scripts/a/own"), 1));
        assert_eq!(data.weigh("scripts/nothing").unwrap(), Weight::default());
    }

    #[test]
    fn a_standing_is_that_of_one_thing() {
        let (temp, data) = data();
        assert_eq!(data.standing("scripts/x").unwrap(), None);
        fs::create_dir(temp.path().join("scripts/x")).unwrap();
        let before = data.standing("scripts/x").unwrap().unwrap();
        assert!(before.is_folder);
        assert_eq!(data.standing("scripts/x").unwrap(), Some(before));
        fs::rename(temp.path().join("scripts/x"), temp.path().join("scripts/y")).unwrap();
        fs::create_dir(temp.path().join("scripts/x")).unwrap();
        let after = data.standing("scripts/x").unwrap().unwrap();
        assert_ne!(before.to_string(), after.to_string());
        symlink(temp.path(), temp.path().join("scripts/z")).unwrap();
        assert!(!data.standing("scripts/z").unwrap().unwrap().is_folder);
        data.discard("scripts/y").unwrap().remove().unwrap();
        assert!(!temp.path().join("scripts/y").exists());
    }
}
