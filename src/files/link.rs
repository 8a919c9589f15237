//! A second tree of the same files: folders are made anew, everything else gets a second name (hard link).
//!
//! Costs no space for contents and no time for copying them, and whoever may write to one tree writes to both: for
//! trees that nobody writes to. Links are taken as they are, never followed. On one file system only.

use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir, FileType, Mode};
use rustix::io::Errno;

use super::confined::{self, Owner};

/// Folders held open at a time are two per level.
const DEEPEST: usize = 64;

/// Fills the empty folder `to` with what is in `from`, at most `most` entries.
pub(super) fn link_tree(from: &OwnedFd, to: &OwnedFd, owner: Owner, most: usize) -> rustix::io::Result<()> {
    let mut left = most;
    link_folder(from, to, owner, (DEEPEST, &mut left))
}

fn link_folder(
    from: &OwnedFd,
    to: &OwnedFd,
    owner: Owner,
    (deepest, left): (usize, &mut usize),
) -> rustix::io::Result<()> {
    for item in Dir::read_from(from)? {
        let item = item?;
        let name = item.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        *left = left.checked_sub(1).ok_or(Errno::OVERFLOW)?;
        let kind = match item.file_type() {
            FileType::Unknown => {
                confined::kind_of(&rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?)
            }
            known => known,
        };
        match kind {
            FileType::RegularFile | FileType::Symlink => {
                rustix::fs::linkat(from, name, to, name, AtFlags::empty())?;
            }
            FileType::Directory => {
                let deepest = deepest.checked_sub(1).ok_or(Errno::NAMETOOLONG)?;
                rustix::fs::mkdirat(to, name, Mode::RWXU)?;
                let (inner, copy) = (
                    confined::open_folder(from, name.to_bytes())?,
                    confined::open_folder(to, name.to_bytes())?,
                );
                confined::set_up_folder(&copy, owner)?;
                link_folder(&inner, &copy, owner, (deepest, left))?;
            }
            _ => return Err(Errno::NXIO),
        }
    }
    Ok(())
}
