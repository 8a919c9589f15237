//! Removing a folder with everything in it, however deep and whatever it holds.
//!
//! Links are removed, never followed. Depth costs neither stack nor descriptors: a folder found too deep is moved up
//! to the top of the tree and removed from there. Whoever can still write into the tree can only make this fail.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::confined;

/// Folders held open at a time.
const MAX_OPEN: usize = 32;
/// Names held in memory per open folder.
const MAX_BATCH: usize = 4096;

/// Removes `name` in `parent`; that it is not there is fine.
pub(super) fn remove_tree(parent: BorrowedFd<'_>, name: &str) -> rustix::io::Result<()> {
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR) => {}
        Err(errno) => return Err(errno),
    }
    let top = match open_to_empty(parent, name.as_bytes()) {
        // Somebody else was as quick.
        Err(Errno::NOENT) => return Ok(()),
        other => other?,
    };
    empty(&top, top.as_fd(), 1, &mut 0)?;
    ignore_absent(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR))
}

/// Empties `dir`. Folders that are too deep are moved to `top`, whose own round comes later and finds them there.
fn empty(dir: &OwnedFd, top: BorrowedFd<'_>, depth: usize, moved_up: &mut u64) -> rustix::io::Result<()> {
    loop {
        let batch = some_names(dir)?;
        if batch.is_empty() {
            return Ok(());
        }
        for (name, is_folder) in batch {
            if !is_folder {
                ignore_absent(rustix::fs::unlinkat(dir, &*name, AtFlags::empty()))?;
            } else if depth >= MAX_OPEN {
                move_up(dir, &name, top, moved_up)?;
            } else {
                let child = match open_to_empty(dir.as_fd(), name.to_bytes()) {
                    Err(Errno::NOENT) => continue,
                    other => other?,
                };
                empty(&child, top, depth + 1, moved_up)?;
                ignore_absent(rustix::fs::unlinkat(dir, &*name, AtFlags::REMOVEDIR))?;
            }
        }
    }
}

/// A bounded part of what is in `dir`, with whether it is a folder. Read before anything is removed: removing while
/// listing may skip entries.
fn some_names(dir: &OwnedFd) -> rustix::io::Result<Vec<(CString, bool)>> {
    let mut names = Vec::new();
    for item in Dir::read_from(dir)? {
        let item = item?;
        let name = item.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let is_folder = match item.file_type() {
            FileType::Unknown => {
                let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
                confined::kind_of(&stat) == FileType::Directory
            }
            known => known == FileType::Directory,
        };
        names.push((name.to_owned(), is_folder));
        if names.len() == MAX_BATCH {
            break;
        }
    }
    Ok(names)
}

fn move_up(dir: &OwnedFd, name: &CStr, top: BorrowedFd<'_>, moved_up: &mut u64) -> rustix::io::Result<()> {
    loop {
        *moved_up += 1;
        let new_name = format!("deep-{moved_up}");
        let flags = rustix::fs::RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(dir, name, top, &*new_name, flags) {
            Err(Errno::EXIST) => {}
            other => return ignore_absent(other),
        }
    }
}

/// A folder without its owner's permission bits can still be emptied by its owner.
fn open_to_empty(parent: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    let usable = Mode::RWXU;
    let folder = match confined::open_folder(parent, name) {
        Err(Errno::ACCESS) => {
            let path_only = confined::open(parent, name, OFlags::PATH | OFlags::DIRECTORY)?;
            let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&path_only));
            rustix::fs::chmod(link, usable)?;
            confined::open_folder(parent, name)?
        }
        other => other?,
    };
    let stat = rustix::fs::fstat(&folder)?;
    if !Mode::from_raw_mode(stat.st_mode).contains(usable) {
        rustix::fs::fchmod(&folder, usable)?;
    }
    Ok(folder)
}

fn ignore_absent(result: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match result {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn remove(parent: &Path, name: &str) -> rustix::io::Result<()> {
        remove_tree(std::fs::File::open(parent).unwrap().as_fd(), name)
    }

    #[test]
    fn everything_inside_goes_and_nothing_outside() {
        let temp = tempfile::tempdir().unwrap();
        let keep = temp.path().join("keep");
        std::fs::create_dir(&keep).unwrap();
        std::fs::write(keep.join("file"), "x").unwrap();
        let tree = temp.path().join("tree");
        std::fs::create_dir_all(tree.join("a/b")).unwrap();
        std::fs::create_dir(tree.join("deep-1")).unwrap();
        std::fs::write(tree.join("a/b/file"), "x").unwrap();
        symlink(&keep, tree.join("a/link")).unwrap();
        symlink(keep.join("file"), tree.join("link")).unwrap();
        std::fs::set_permissions(tree.join("a/b"), std::fs::Permissions::from_mode(0o000)).unwrap();
        remove(temp.path(), "tree").unwrap();
        assert!(!tree.exists());
        assert!(keep.join("file").exists());
        remove(temp.path(), "tree").unwrap();
        symlink(&keep, temp.path().join("link")).unwrap();
        remove(temp.path(), "link").unwrap();
        assert!(keep.join("file").exists());
    }

    #[test]
    fn depth_does_not_matter() {
        let temp = tempfile::tempdir().unwrap();
        let top = std::fs::File::open(temp.path()).unwrap();
        let mut dir = OwnedFd::from(top.try_clone().unwrap());
        for _ in 0..1500 {
            rustix::fs::mkdirat(&dir, "d", Mode::RWXU).unwrap();
            dir = confined::open_folder(&dir, b"d").unwrap();
            rustix::fs::symlinkat("/etc", &dir, "link").unwrap();
        }
        remove_tree(top.as_fd(), "d").unwrap();
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
    }
}
