//! The few system calls that everything else is made of: opening beneath a directory, staging new contents.
//!
//! Invariants: no path is resolved through a link or out of its directory; no open waits (FIFOs, leases); what
//! is written becomes visible complete or not at all, and is on disk when the call returns.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, RenameFlags, ResolveFlags, Stat, Uid};
use rustix::io::Errno;

/// Whose the files are that we create in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Ours alone: folders 0700, files 0600.
    Controller,
    /// Ours to write, everybody's to read: folders 0755, files 0644.
    Shared,
    /// A script's: folders 0755, files 0644, belonging to the unprivileged user of its runs. Where the
    /// controller is not root (development), they stay the controller's own: it may not give files away.
    Script { uid: u32, gid: u32 },
}

impl Owner {
    fn folder_mode(self) -> Mode {
        Mode::from_raw_mode(if self == Self::Controller { 0o700 } else { 0o755 })
    }

    fn file_mode(self) -> Mode {
        Mode::from_raw_mode(if self == Self::Controller { 0o600 } else { 0o644 })
    }

    fn give(self, fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
        let Self::Script { uid, gid } = self else {
            return Ok(());
        };
        match rustix::fs::fchown(fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))) {
            Err(Errno::PERM) if !rustix::process::geteuid().is_root() => Ok(()),
            other => other,
        }
    }
}

/// Opens `path` beneath `at` without following any link. Never blocks. `flags` beside the safe ones.
pub(super) fn open(at: impl AsFd, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(at.as_fd(), path, flags, Mode::empty(), resolve) {
        // Linux before 5.6, or a seccomp profile that does not know the call.
        Err(Errno::NOSYS) => open_by_steps(at, path, flags),
        other => other,
    }
}

/// What `openat2` does, one component at a time; no component may be `..`, which [`super::RelPath`] guarantees.
fn open_by_steps(at: impl AsFd, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let step = |dir: BorrowedFd<'_>, name: &[u8], flags: OFlags| {
        if name == b".." {
            return Err(Errno::XDEV);
        }
        let is_link = |dir| {
            rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
        };
        match rustix::fs::openat(dir, name, flags | OFlags::NOFOLLOW, Mode::empty()) {
            Err(Errno::NOTDIR) if is_link(dir) => Err(Errno::LOOP),
            other => other,
        }
    };
    let mut components = path.split(|&byte| byte == b'/');
    let last = components.next_back().unwrap_or(path);
    let mut dir: Option<OwnedFd> = None;
    for name in components {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        dir = Some(step(dir.as_ref().map_or(at.as_fd(), AsFd::as_fd), name, flags)?);
    }
    step(dir.as_ref().map_or(at.as_fd(), AsFd::as_fd), last, flags)
}

/// A directory that can be listed, synced and opened from.
pub(super) fn open_folder(at: impl AsFd, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    open(at, path, OFlags::RDONLY | OFlags::DIRECTORY)
}

pub(super) fn kind_of(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// A regular file with one name: reading it reads nothing that is also elsewhere.
pub(super) fn is_plain_file(stat: &Stat) -> bool {
    kind_of(stat) == FileType::RegularFile && stat.st_nlink == 1
}

/// Creates the folder `name` in `dir` unless it is there, and opens it.
pub(super) fn ensure_folder(dir: BorrowedFd<'_>, name: &str, owner: Owner) -> rustix::io::Result<OwnedFd> {
    let created = match rustix::fs::mkdirat(dir, name, Mode::RWXU) {
        Ok(()) => true,
        Err(Errno::EXIST) => false,
        Err(errno) => return Err(errno),
    };
    let folder = open_folder(dir, name.as_bytes())?;
    if created {
        set_up_folder(&folder, owner)?;
        rustix::fs::fsync(dir)?;
    }
    Ok(folder)
}

/// Mode and owner as they should be, whatever the umask. For folders that are ours to set up.
pub(super) fn set_up_folder(folder: impl AsFd, owner: Owner) -> rustix::io::Result<()> {
    rustix::fs::fchmod(folder.as_fd(), owner.folder_mode())?;
    owner.give(folder.as_fd())
}

/// The same for a file of ours; `executable` for whoever may read it.
pub(super) fn set_up_file(file: BorrowedFd<'_>, owner: Owner, executable: bool) -> rustix::io::Result<()> {
    let mode = owner.file_mode();
    let runnable = Mode::from_raw_mode((mode.as_raw_mode() & 0o444) >> 2);
    rustix::fs::fchmod(file, if executable { mode | runnable } else { mode })?;
    owner.give(file)
}

/// Contents on disk under a name that no script can see; gone again unless published.
pub(super) struct Staged<'a> {
    staging: BorrowedFd<'a>,
    name: String,
    published: bool,
}

impl<'a> Staged<'a> {
    /// Writes `bytes` to a new file and syncs it. `executable` bits (of 0111) are added to the owner's usual mode.
    pub(super) fn write(
        staging: BorrowedFd<'a>,
        bytes: &[u8],
        owner: Owner,
        executable: Mode,
    ) -> io::Result<Self> {
        let (file, name) = create_unique(staging, OFlags::WRONLY)?;
        let staged = Self {
            staging,
            name,
            published: false,
        };
        let mut file = File::from(file);
        file.write_all(bytes)?;
        rustix::fs::fchmod(&file, owner.file_mode() | executable)?;
        owner.give(file.as_fd())?;
        file.sync_all()?;
        Ok(staged)
    }

    /// Gives the contents their name, in one step. Without `replace` an existing name is an error (`EXIST`).
    pub(super) fn publish(
        mut self,
        dir: BorrowedFd<'_>,
        name: &str,
        replace: bool,
    ) -> rustix::io::Result<()> {
        let flags = if replace {
            RenameFlags::empty()
        } else {
            RenameFlags::NOREPLACE
        };
        rustix::fs::renameat_with(self.staging, &*self.name, dir, name, flags)?;
        self.published = true;
        rustix::fs::fsync(dir)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if !self.published {
            // Best effort: the staging folder is emptied at the next start.
            let _ = rustix::fs::unlinkat(self.staging, &*self.name, AtFlags::empty());
        }
    }
}

/// A name that nothing else of this process has.
pub(super) fn unique_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{number}", std::process::id())
}

/// A new file, opened as `access` says, under a name that nothing had.
pub(super) fn create_unique(
    staging: BorrowedFd<'_>,
    access: OFlags,
) -> rustix::io::Result<(OwnedFd, String)> {
    let flags = access | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    loop {
        let name = unique_name();
        match rustix::fs::openat(staging, &*name, flags, Mode::RUSR | Mode::WUSR) {
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
            Ok(file) => return Ok((file, name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// The kernel's resolution and our own must agree on everything a hostile folder can hold.
    #[test]
    fn both_ways_of_opening_agree() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("a/b/file"), "x").unwrap();
        symlink("a", root.join("dir-link")).unwrap();
        symlink("a/b/file", root.join("file-link")).unwrap();
        symlink("/etc", root.join("etc")).unwrap();
        let at = File::open(root).unwrap();
        let cases = [
            "a",
            "a/b",
            "a/b/file",
            "a/b/none",
            "none/x",
            "a/b/file/x",
            "dir-link",
            "dir-link/b",
            "file-link",
            "etc",
            "etc/passwd",
            "..",
            "a/../..",
        ];
        for path in cases {
            for extra in [OFlags::RDONLY, OFlags::RDONLY | OFlags::DIRECTORY] {
                let flags = extra | OFlags::CLOEXEC | OFlags::NONBLOCK;
                let kernel = open(&at, path.as_bytes(), extra).map(drop);
                let steps = open_by_steps(&at, path.as_bytes(), flags).map(drop);
                assert_eq!(kernel, steps, "{path} {extra:?}");
            }
        }
    }

    #[test]
    fn staged_contents_leave_nothing_behind() {
        let temp = tempfile::tempdir().unwrap();
        let dir = File::open(temp.path()).unwrap();
        let stage = || Staged::write(dir.as_fd(), b"new", Owner::Controller, Mode::empty()).unwrap();
        drop(stage());
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 0);
        stage().publish(dir.as_fd(), "x", false).unwrap();
        assert_eq!(stage().publish(dir.as_fd(), "x", false), Err(Errno::EXIST));
        assert_eq!(std::fs::read_dir(temp.path()).unwrap().count(), 1);
    }
}
