//! How much a tree takes on disk, whatever a script has planted in it.
//!
//! Depth first and without recursion. Of the folders on the way down only the innermost are held open; the others are
//! found again by name, from the top, when their turn comes, and go on where they were. So neither depth nor number
//! costs descriptors or memory, and no path leads out of the tree. Nothing is followed, nothing but folders is opened,
//! other file systems are not entered.
//!
//! A tree that changes meanwhile is measured as it was come across, and what has no name any more is not seen.

use std::collections::HashSet;
use std::ffi::CString;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Stat};

use super::confined;
use super::error::{Error, Result};
use super::folder::size;
use super::space;

/// What an entry counts for at least: names cost something, too.
pub const LEAST_ENTRY: u64 = 4096;
/// Folders held open at a time.
const MAX_OPEN: usize = 64;
/// Deeper ones are not entered: no program that uses paths can reach half as deep.
const MAX_DEPTH: usize = 8192;
/// Hard links that are recognised; more of them count each by itself.
const MAX_LINKS: usize = 65_536;

/// Where a walk may end early, because the answer is known.
#[derive(Debug, Clone, Copy)]
pub struct Enough {
    pub bytes: u64,
    pub entries: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Blocks on disk; [`LEAST_ENTRY`] for whatever takes less. A file with several names counts once.
    pub bytes: u64,
    pub entries: u64,
    /// Regular files with one name, and what is in them.
    pub files: u64,
    pub contents: u64,
}

/// A folder on the way down.
struct Level {
    name: CString,
    /// Closed while deeper ones are walked.
    dir: Option<Dir>,
    /// Behind the entry that was come to last.
    position: i64,
}

struct Walk<'a, F> {
    root: &'a OwnedFd,
    /// From the root on; the last is being read.
    levels: Vec<Level>,
    device: u64,
    see: F,
}

/// Shows every entry below `root`, once, until `see` says that it has seen enough.
pub(super) fn walk(root: &OwnedFd, see: impl FnMut(&Stat) -> ControlFlow<()>) -> Result<()> {
    let at = |errno| Error::from_errno(".", errno);
    let device = rustix::fs::fstat(root).map_err(at)?.st_dev;
    let top = confined::open_folder(root, b".").and_then(Dir::new).map_err(at)?;
    let mut walk = Walk {
        root,
        levels: vec![Level::new(CString::default(), top)],
        device,
        see,
    };
    while !walk.levels.is_empty() {
        if walk.step().is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn measure(root: &OwnedFd, enough: Enough) -> Result<Usage> {
    let (mut usage, mut links) = (Usage::default(), HashSet::new());
    walk(root, |stat| {
        usage.count(stat, &mut links);
        if usage.bytes <= enough.bytes && usage.entries <= enough.entries {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    Ok(usage)
}

impl Usage {
    fn count(&mut self, stat: &Stat, links: &mut HashSet<u64>) {
        let is_file = confined::kind_of(stat) == FileType::RegularFile;
        let counted = is_file && stat.st_nlink > 1 && links.contains(&stat.st_ino);
        if is_file && stat.st_nlink > 1 && links.len() < MAX_LINKS {
            links.insert(stat.st_ino);
        }
        let bytes = if counted { 0 } else { space::taken(stat) };
        self.bytes = self.bytes.saturating_add(bytes.max(LEAST_ENTRY));
        self.entries += 1;
        if confined::is_plain_file(stat) {
            self.files += 1;
            self.contents = self.contents.saturating_add(size(stat));
        }
    }
}

impl Level {
    fn new(name: CString, dir: Dir) -> Self {
        Self {
            name,
            dir: Some(dir),
            position: 0,
        }
    }
}

impl<F: FnMut(&Stat) -> ControlFlow<()>> Walk<'_, F> {
    /// One entry, or out of a folder that is done.
    fn step(&mut self) -> ControlFlow<()> {
        let on = ControlFlow::Continue(());
        let Some(level) = self.levels.last_mut() else {
            return on;
        };
        let entry = level.dir.as_mut().and_then(Dir::read);
        let Some(Ok(entry)) = entry else {
            self.leave();
            return on;
        };
        level.position = entry.offset();
        let name = entry.file_name();
        if name == c"." || name == c".." {
            return on;
        }
        let Some(Ok(fd)) = level.dir.as_ref().map(Dir::fd) else {
            return on;
        };
        // What is gone since it was listed takes nothing.
        let Ok(stat) = rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return on;
        };
        let folder = (confined::kind_of(&stat) == FileType::Directory && stat.st_dev == self.device)
            .then(|| confined::open_folder(fd, name.to_bytes()).and_then(Dir::new));
        (self.see)(&stat)?;
        if let Some(Ok(dir)) = folder {
            self.enter(Level::new(name.to_owned(), dir));
        }
        on
    }

    fn enter(&mut self, level: Level) {
        if self.levels.len() >= MAX_DEPTH {
            return;
        }
        self.levels.push(level);
        if let Some(outer) = self.levels.len().checked_sub(MAX_OPEN + 1) {
            self.levels[outer].dir = None;
        }
    }

    fn leave(&mut self) {
        self.levels.pop();
        if self.levels.last().is_some_and(|level| level.dir.is_none()) {
            self.open_again();
        }
    }

    /// Opens the innermost levels again, where they were left; all below one that was moved away is given up.
    fn open_again(&mut self) {
        while let Err(lost) = self.try_open_again() {
            self.levels.truncate(lost);
        }
    }

    /// Or the depth at which the way down ends.
    fn try_open_again(&mut self) -> std::result::Result<(), usize> {
        let innermost = self.levels.len().saturating_sub(MAX_OPEN);
        let mut outer: Option<OwnedFd> = None;
        for (depth, level) in self.levels.iter_mut().enumerate() {
            let folder = match &outer {
                None => confined::open_folder(self.root, b"."),
                Some(outer) => confined::open_folder(outer, level.name.to_bytes()),
            };
            let folder = folder.map_err(|_| depth)?;
            if depth >= innermost {
                level.dir = Some(resumed(folder.as_fd(), level.position).map_err(|_| depth)?);
            }
            outer = Some(folder);
        }
        Ok(())
    }
}

fn resumed(folder: BorrowedFd<'_>, position: i64) -> rustix::io::Result<Dir> {
    let mut dir = Dir::read_from(folder)?;
    dir.seek(position)?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::path::Path;

    use rustix::fs::Mode;

    const ALL: Enough = Enough {
        bytes: u64::MAX,
        entries: u64::MAX,
    };

    fn of(path: &Path) -> Usage {
        measure_until(path, ALL)
    }

    fn measure_until(path: &Path, enough: Enough) -> Usage {
        measure(&fs::File::open(path).unwrap().into(), enough).unwrap()
    }

    /// By paths, with recursion: right where nobody is hostile.
    fn naive(path: &Path) -> (u64, u64) {
        let mut sum = (0, 0);
        for entry in fs::read_dir(path).unwrap() {
            let meta = entry.as_ref().unwrap().metadata().unwrap();
            let below = if meta.is_dir() {
                naive(&entry.unwrap().path())
            } else {
                (0, 0)
            };
            sum.0 += below.0 + (meta.blocks() * 512).max(LEAST_ENTRY);
            sum.1 += below.1 + 1;
        }
        sum
    }

    #[test]
    fn blocks_count_and_every_name_a_little() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("tree");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/large"), vec![1; 1 << 20]).unwrap();
        fs::write(root.join("a/b/small"), "x").unwrap();
        fs::write(root.join("empty"), "").unwrap();
        fs::File::create(root.join("sparse"))
            .unwrap()
            .set_len(1 << 40)
            .unwrap();
        symlink("/", root.join("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, root.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let usage = of(&root);
        assert_eq!((usage.bytes, usage.entries), naive(&root));
        assert_eq!((usage.files, usage.contents), (4, (1 << 20) + 1 + (1 << 40)));
        assert!(
            (1 << 20..(1 << 20) + 20 * LEAST_ENTRY).contains(&usage.bytes),
            "{usage:?}"
        );
    }

    #[test]
    fn a_file_with_two_names_takes_its_blocks_once() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("one"), vec![1; 1 << 20]).unwrap();
        fs::hard_link(temp.path().join("one"), temp.path().join("two")).unwrap();
        let usage = of(temp.path());
        assert!(usage.bytes < 2 << 20, "{usage:?}");
        assert_eq!((usage.entries, usage.files), (2, 0));
    }

    /// Wide and far deeper than folders are held open, so that each is left and come back to.
    #[test]
    fn nothing_is_missed_or_counted_twice_on_the_way_back_up() {
        let temp = tempfile::tempdir().unwrap();
        let mut path = temp.path().to_owned();
        for depth in 0..3 * MAX_OPEN {
            for name in ["a", "b", "c"] {
                fs::create_dir_all(path.join(name).join("leaf")).unwrap();
                fs::write(path.join(format!("file-{name}")), vec![1; depth * 100]).unwrap();
            }
            path.push(["a", "b", "c"][depth % 3]);
        }
        let usage = of(temp.path());
        assert_eq!((usage.bytes, usage.entries), naive(temp.path()));
        assert_eq!(usage.files as usize, 9 * MAX_OPEN);
    }

    #[test]
    fn depth_hides_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let top = fs::File::open(temp.path()).unwrap();
        let mut dir = OwnedFd::from(top.try_clone().unwrap());
        for _ in 0..4096 {
            rustix::fs::mkdirat(&dir, "d", Mode::RWXU).unwrap();
            rustix::fs::symlinkat("/etc", &dir, "link").unwrap();
            dir = confined::open_folder(&dir, b"d").unwrap();
        }
        let usage = of(temp.path());
        assert_eq!(usage.entries, 2 * 4096);
        super::super::sweep::remove_tree(top.as_fd(), "d").unwrap();
    }

    #[test]
    fn it_ends_where_the_answer_is_known() {
        let temp = tempfile::tempdir().unwrap();
        for n in 0..200 {
            fs::write(temp.path().join(n.to_string()), "").unwrap();
        }
        let bytes = Enough {
            bytes: 10 * LEAST_ENTRY,
            ..ALL
        };
        assert_eq!(measure_until(temp.path(), bytes).bytes, 11 * LEAST_ENTRY);
        assert_eq!(
            measure_until(temp.path(), Enough { entries: 7, ..ALL }).entries,
            8
        );
        assert_eq!(of(temp.path()).entries, 200);
    }

    /// Folders change places while they are walked: the walk ends, and saw no more than there is.
    #[test]
    fn a_tree_that_is_moved_about_ends_the_walk_at_no_harm() {
        let temp = tempfile::tempdir().unwrap();
        let deep = ["d"; 2 * MAX_OPEN].join("/");
        for side in ["x", "y"] {
            fs::create_dir_all(temp.path().join(side).join(&deep)).unwrap();
        }
        symlink("/usr", temp.path().join("x").join(&deep).join("evil")).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (x, y) = (temp.path().join("x/d/d"), temp.path().join("y"));
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let flags = rustix::fs::RenameFlags::EXCHANGE;
                    let cwd = rustix::fs::CWD;
                    let _ = rustix::fs::renameat_with(cwd, &x, cwd, &y, flags);
                }
            });
            for _ in 0..50 {
                assert!(of(temp.path()).entries <= 16 * MAX_OPEN as u64);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }
}
