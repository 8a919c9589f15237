//! What is in a folder, bounded, without following or opening anything that could bite.
//!
//! Breadth first, so that a folder with a million entries deep down does not hide the files at the top. Entries that
//! cannot be addressed (names that are no [`super::RelPath`] component) or must not be read (links, FIFOs, second names)
//! are listed as [`EntryKind::Other`] and not entered.

use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::{AtFlags, Dir, FileType, OFlags};
use rustix::io::Errno;

use super::confined;
use super::error::{Error, Result};
use super::folder::{modified_at_ms, size};
use super::path::{MAX_DEPTH, RelPath};

/// Larger files are not offered to the editor.
const MAX_TEXT_BYTES: u64 = 2 * 1024 * 1024;
/// How much of a file is looked at to tell text from other content.
const SNIFFED_BYTES: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLimits {
    pub entries: usize,
    /// 1 lists only the folder itself.
    pub depth: usize,
}

impl Default for ListLimits {
    fn default() -> Self {
        Self {
            entries: 5_000,
            depth: MAX_DEPTH,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Directory,
    /// Shown and nothing else: a link, a device, a pipe, a socket, a hard link, an impossible name.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// A [`super::RelPath`], but for [`EntryKind::Other`] possibly only a printable likeness of the name.
    pub path: String,
    pub size: u64,
    pub modified_at_ms: i64,
    pub kind: EntryKind,
    /// A file that an editor can show: UTF-8 as far as looked at, no NUL, at most 2 MiB.
    pub text: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// By path.
    pub entries: Vec<Entry>,
    /// There is more than the limits let us list.
    pub truncated: bool,
}

pub(super) fn list(root: &OwnedFd, limits: &ListLimits) -> Result<Listing> {
    let mut listing = Listing {
        entries: Vec::new(),
        truncated: false,
    };
    let mut queue = VecDeque::from([(None::<RelPath>, 1)]);
    while let Some((folder, depth)) = queue.pop_front() {
        let path = folder.as_ref().map_or(".", RelPath::as_str);
        let opened = confined::open_folder(root, path.as_bytes()).and_then(Dir::new);
        let mut dir = match opened {
            Ok(dir) => dir,
            // The script moved or replaced it since we saw it; the folder itself must be there.
            Err(_) if folder.is_some() => continue,
            Err(errno) => return Err(Error::from_errno(path, errno)),
        };
        while let Some(item) = dir.read() {
            let Ok(item) = item else { break };
            let name = item.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            if listing.entries.len() >= limits.entries {
                listing.truncated = true;
                queue.clear();
                break;
            }
            let Ok(fd) = dir.fd() else { break };
            let child = addressable(folder.as_ref(), name);
            match describe(fd, name, folder.as_ref(), child.as_ref()) {
                Ok(entry) => {
                    if let (EntryKind::Directory, Some(child)) = (entry.kind, child) {
                        if depth < limits.depth.min(MAX_DEPTH) {
                            queue.push_back((Some(child), depth + 1));
                        } else {
                            listing.truncated = true;
                        }
                    }
                    listing.entries.push(entry);
                }
                // Gone since the directory was read.
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(Error::from_errno(path, errno)),
            }
        }
    }
    listing.entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(listing)
}

fn addressable(folder: Option<&RelPath>, name: &[u8]) -> Option<RelPath> {
    let name = std::str::from_utf8(name).ok()?;
    match folder {
        Some(folder) => folder.join(name).ok(),
        None => RelPath::parse(name).ok(),
    }
}

fn describe(
    dir: BorrowedFd<'_>,
    name: &[u8],
    folder: Option<&RelPath>,
    address: Option<&RelPath>,
) -> rustix::io::Result<Entry> {
    let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    let kind = match confined::kind_of(&stat) {
        _ if address.is_none() => EntryKind::Other,
        FileType::Directory => EntryKind::Directory,
        FileType::RegularFile if confined::is_plain_file(&stat) => EntryKind::File,
        _ => EntryKind::Other,
    };
    let path = match (address, folder) {
        (Some(address), _) => address.to_string(),
        (None, Some(folder)) => format!("{folder}/{}", printable(name)),
        (None, None) => printable(name),
    };
    let size = if confined::kind_of(&stat) == FileType::RegularFile {
        size(&stat)
    } else {
        0
    };
    let text = kind == EntryKind::File && size <= MAX_TEXT_BYTES && (size == 0 || looks_like_text(dir, name));
    Ok(Entry {
        path,
        size,
        modified_at_ms: modified_at_ms(&stat),
        kind,
        text,
    })
}

/// Control characters escaped, invalid UTF-8 replaced.
fn printable(name: &[u8]) -> String {
    let escape = |c: char| match c {
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    String::from_utf8_lossy(name).chars().map(escape).collect()
}

fn looks_like_text(dir: BorrowedFd<'_>, name: &[u8]) -> bool {
    let Ok(fd) = confined::open(dir.as_fd(), name, OFlags::RDONLY) else {
        return false;
    };
    if !rustix::fs::fstat(&fd).is_ok_and(|stat| confined::is_plain_file(&stat)) {
        return false;
    }
    begins_like_text(&File::from(fd))
}

/// UTF-8 without NUL, as far as looked at.
pub(super) fn begins_like_text(file: &File) -> bool {
    let mut buffer = [0; SNIFFED_BYTES];
    let Ok(n) = file.read_at(&mut buffer, 0) else {
        return false;
    };
    let head = &buffer[..n];
    let utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character cut by the end of what was looked at.
        Err(error) => error.error_len().is_none() && n == SNIFFED_BYTES,
    };
    utf8 && !head.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_printable() {
        assert_eq!(printable(b"a\nb\x1b[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(printable(b"\xff.py"), "\u{fffd}.py");
        assert_eq!(printable("späße".as_bytes()), "späße");
    }

    #[test]
    fn text_is_told_from_other_content() {
        let temp = tempfile::tempdir().unwrap();
        let long = "é".repeat(3000);
        let odd = format!("x{long}"); // the 4,096th byte is the first half of a character
        let cases: &[(&str, &[u8], bool)] = &[
            ("empty", b"", true),
            ("ascii", b"print(1)\n", true),
            ("long", long.as_bytes(), true),
            ("odd", odd.as_bytes(), true),
            ("nul", b"a\0b", false),
            ("latin1", b"caf\xe9", false),
            ("png", b"\x89PNG\r\n", false),
        ];
        for (name, bytes, _) in cases {
            std::fs::write(temp.path().join(name), bytes).unwrap();
        }
        let root = OwnedFd::from(File::open(temp.path()).unwrap());
        let listing = list(&root, &ListLimits::default()).unwrap();
        for (name, _, text) in cases {
            let entry = listing.entries.iter().find(|entry| entry.path == *name).unwrap();
            assert_eq!(entry.text, *text, "{name}");
        }
    }
}
