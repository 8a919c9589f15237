//! What a script's files were at one revision: paths, hashes and sizes. A pure value.
//!
//! Invariants: sorted by path, no path twice, no file below another file, at most [`MAX_FILES`] entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hash::ContentHash;
use super::path::RelPath;

pub const MAX_FILES: usize = 2_000;
/// Enough for [`MAX_FILES`] entries of ordinary length.
pub(super) const MAX_SERIALIZED_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackedFile {
    pub sha256: ContentHash,
    pub size: u64,
}

/// A file that two revisions do not have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub path: RelPath,
    /// `None`: it was not there.
    pub from: Option<TrackedFile>,
    /// `None`: it is gone.
    pub to: Option<TrackedFile>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Line>", into = "Vec<Line>")]
pub struct Manifest(BTreeMap<RelPath, TrackedFile>);

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    path: RelPath,
    sha256: ContentHash,
    size: u64,
}

impl Manifest {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, path: &RelPath) -> Option<TrackedFile> {
        self.0.get(path).copied()
    }

    /// In the order of paths.
    pub fn files(&self) -> impl Iterator<Item = (&RelPath, TrackedFile)> {
        self.0.iter().map(|(path, file)| (path, *file))
    }

    pub fn total_bytes(&self) -> u64 {
        self.0.values().map(|file| file.size).sum()
    }

    #[must_use]
    pub fn with(mut self, path: RelPath, sha256: ContentHash, size: u64) -> Self {
        self.0.insert(path, TrackedFile { sha256, size });
        self
    }

    /// Without the file, or without all files in the folder, of that name.
    #[must_use]
    pub fn without(mut self, path: &RelPath) -> Self {
        self.0
            .retain(|tracked, _| tracked != path && tracked.inside(path).is_none());
        self
    }

    /// After moving a file or folder. `None` if a moved file's new path would be no path (too long, too deep).
    #[must_use]
    pub fn renamed(self, from: &RelPath, to: &RelPath) -> Option<Self> {
        let mut files = BTreeMap::new();
        for (path, file) in self.0 {
            let path = match path.inside(from) {
                Some(rest) => RelPath::parse(&format!("{to}/{rest}")).ok()?,
                None if path == *from => to.clone(),
                None => path,
            };
            files.insert(path, file);
        }
        Some(Self(files))
    }

    /// What `later` has otherwise, by path.
    pub fn differences(&self, later: &Self) -> Vec<Difference> {
        let mut found: Vec<Difference> = later
            .files()
            .filter(|(path, now)| self.get(path).is_none_or(|before| before.sha256 != now.sha256))
            .map(|(path, now)| Difference {
                path: path.clone(),
                from: self.get(path),
                to: Some(now),
            })
            .collect();
        found.extend(
            self.files()
                .filter(|(path, _)| later.get(path).is_none())
                .map(|(path, before)| Difference {
                    path: path.clone(),
                    from: Some(before),
                    to: None,
                }),
        );
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// Why this can be no folder's content, if so.
    pub(super) fn flaw(&self) -> Option<String> {
        if self.0.len() > MAX_FILES {
            return Some(format!("{} files; at most {MAX_FILES} are kept", self.0.len()));
        }
        let below_a_file = |path: &&RelPath| {
            std::iter::successors(path.parent(), RelPath::parent).any(|parent| self.0.contains_key(&parent))
        };
        self.0
            .keys()
            .find(below_a_file)
            .map(|path| format!("{path} is inside something that is a file"))
    }
}

impl TryFrom<Vec<Line>> for Manifest {
    type Error = String;
    fn try_from(lines: Vec<Line>) -> Result<Self, String> {
        let mut files = BTreeMap::new();
        for Line { path, sha256, size } in lines {
            if let Some((last, _)) = files.last_key_value()
                && *last >= path
            {
                return Err(format!("{path} is out of order"));
            }
            files.insert(path, TrackedFile { sha256, size });
        }
        let manifest = Self(files);
        match manifest.flaw() {
            Some(flaw) => Err(flaw),
            None => Ok(manifest),
        }
    }
}

impl From<Manifest> for Vec<Line> {
    fn from(manifest: Manifest) -> Self {
        let line = |(path, TrackedFile { sha256, size })| Line { path, sha256, size };
        manifest.0.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    fn manifest(paths: &[&str]) -> Manifest {
        paths.iter().fold(Manifest::default(), |m, p| {
            m.with(path(p), ContentHash::of(p.as_bytes()), 1)
        })
    }

    fn paths(manifest: &Manifest) -> Vec<&str> {
        manifest.files().map(|(path, _)| path.as_str()).collect()
    }

    #[test]
    fn a_folder_is_removed_and_moved_with_its_files() {
        let m = manifest(&["b/x", "a", "b/c/y", "bc"]);
        assert_eq!(paths(&m), ["a", "b/c/y", "b/x", "bc"]);
        assert_eq!(paths(&m.clone().without(&path("b"))), ["a", "bc"]);
        assert_eq!(paths(&m.clone().without(&path("b/x"))), ["a", "b/c/y", "bc"]);
        let moved = m.renamed(&path("b"), &path("z/b")).unwrap();
        assert_eq!(paths(&moved), ["a", "bc", "z/b/c/y", "z/b/x"]);
        assert_eq!(moved.get(&path("z/b/x")).unwrap().sha256, ContentHash::of(b"b/x"));
        assert_eq!(moved.renamed(&path("z"), &path(&["d"; 31].join("/"))), None);
    }

    #[test]
    fn differences_are_told_by_path() {
        let before = manifest(&["a", "b", "d"]);
        let after = manifest(&["b", "c"]).with(path("d"), ContentHash::of(b"other"), 5);
        let told: Vec<_> = before
            .differences(&after)
            .iter()
            .map(|d| (d.path.to_string(), d.from.is_some(), d.to.is_some()))
            .collect();
        let expected = [("a", true, false), ("c", false, true), ("d", true, true)];
        assert_eq!(told, expected.map(|(path, from, to)| (path.to_owned(), from, to)));
        assert_eq!(after.differences(&after), []);
    }

    #[test]
    fn it_reads_as_written_and_only_so() {
        let m = manifest(&["a", "b/x"]);
        let json = serde_json::to_string(&m).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), m);
        let hash = ContentHash::of(b"");
        let line = |path: &str| format!(r#"{{"path":"{path}","sha256":"{hash}","size":0}}"#);
        for wrong in [
            format!("[{},{}]", line("b"), line("a")),
            format!("[{},{}]", line("a"), line("a")),
            format!("[{}]", line("../a")),
            format!("[{},{}]", line("a"), line("a/b")),
            r#"[{"path":"a","sha256":"00","size":0}]"#.to_owned(),
        ] {
            assert!(serde_json::from_str::<Manifest>(&wrong).is_err(), "{wrong}");
        }
    }
}
