//! What a script's files once were: contents by hash, one manifest per revision.
//!
//! ```text
//! <script>/revisions/objects/<sha256>        written once, shared by all revisions with that content
//! <script>/revisions/manifests/<number>.json
//! ```
//! The folder is the controller's alone (0700) and is mounted into no container. Contents are verified when they
//! are read. Numbers, times and messages of revisions are rows of the database; this knows only the files. A manifest
//! stored before its row exists is harmless: the next save replaces it.

use std::io::Write;

use super::error::{Error, ErrorKind, Result};
use super::folder::Folder;
use super::hash::ContentHash;
use super::manifest::{MAX_SERIALIZED_BYTES, Manifest};
use super::path::RelPath;
use super::{MAX_FILE_BYTES, Owner};

#[derive(Debug, Clone)]
pub struct Revisions {
    objects: Folder,
    manifests: Folder,
}

/// How a tracked file on disk differs from its revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: RelPath,
    pub kind: ChangeKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    Modified {
        sha256: ContentHash,
        size: u64,
    },
    Missing,
    /// Replaced by something that cannot be kept: a link, a folder, a file that is too large. The reason, for people.
    Unreadable(String),
}

impl Revisions {
    /// The revisions of the script whose folder (the parent of `files`) is `script`; created where missing.
    pub fn open(script: &Folder) -> Result<Self> {
        let sub = |name| script.create_folder(&RelPath::parse(name)?, Owner::Controller);
        sub("revisions")?;
        Ok(Self {
            objects: sub("revisions/objects")?,
            manifests: sub("revisions/manifests")?,
        })
    }

    pub(super) fn objects(&self) -> &Folder {
        &self.objects
    }

    pub(super) fn manifests(&self) -> &Folder {
        &self.manifests
    }

    /// Keeps a content under its hash. A damaged object of that hash is replaced.
    pub fn put_object(&self, bytes: &[u8]) -> Result<ContentHash> {
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(Error::TooLarge {
                path: "content".to_owned(),
                limit: MAX_FILE_BYTES,
            });
        }
        let hash = ContentHash::of(bytes);
        let path = object_path(hash)?;
        match self.objects.hash(&path, MAX_FILE_BYTES) {
            Ok((found, _)) if found == hash => Ok(hash),
            _ => self.objects.write(&path, bytes),
        }
    }

    /// Keeps a content in a nursery, where nothing is synced yet and nobody else writes.
    pub fn add_object(&self, hash: ContentHash, bytes: &[u8]) -> Result<()> {
        let path = object_path(hash)?;
        match self.objects.add_file(&path, false) {
            Ok(mut file) => file
                .write_all(bytes)
                .map_err(|error| Error::from_io(path.as_str(), error)),
            Err(Error::Exists(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    pub fn object(&self, hash: ContentHash) -> Result<Vec<u8>> {
        let path = object_path(hash)?;
        let contents = self.objects.read(&path, MAX_FILE_BYTES)?;
        if contents.hash != hash {
            let reason = "its content is not the one that was stored".to_owned();
            return Err(Error::Damaged {
                path: path.to_string(),
                reason,
            });
        }
        Ok(contents.bytes)
    }

    /// Stores revision `number`. The caller knows that no such revision is recorded: what may have that number already
    /// is left from a save that was cut short, and is replaced.
    pub fn store_manifest(&self, number: u64, manifest: &Manifest) -> Result<()> {
        let path = manifest_path(number)?;
        let damaged = |reason| Error::Damaged {
            path: path.to_string(),
            reason,
        };
        if let Some(flaw) = manifest.flaw() {
            return Err(damaged(flaw));
        }
        let json = serde_json::to_vec(manifest).map_err(|error| damaged(error.to_string()))?;
        if json.len() as u64 > MAX_SERIALIZED_BYTES {
            return Err(Error::TooLarge {
                path: path.to_string(),
                limit: MAX_SERIALIZED_BYTES,
            });
        }
        self.manifests.write(&path, &json).map(drop)
    }

    pub fn manifest(&self, number: u64) -> Result<Manifest> {
        let path = manifest_path(number)?;
        let contents = self.manifests.read(&path, MAX_SERIALIZED_BYTES)?;
        serde_json::from_slice(&contents.bytes).map_err(|error| Error::Damaged {
            path: path.to_string(),
            reason: error.to_string(),
        })
    }

    /// The tracked files that are not on disk as the manifest says, in the order of paths. Contents are compared, not
    /// times, which a script can set as it likes.
    pub fn changed_on_disk(folder: &Folder, manifest: &Manifest) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (path, tracked) in manifest.files() {
            let kind = match folder.hash(path, MAX_FILE_BYTES) {
                Ok((sha256, _)) if sha256 == tracked.sha256 => continue,
                Ok((sha256, size)) => ChangeKind::Modified { sha256, size },
                Err(error) => change_for(error)?,
            };
            changes.push(Change {
                path: path.clone(),
                kind,
            });
        }
        Ok(changes)
    }

    /// What the tracked files are on disk now: changed contents are kept, missing and unreadable files are left out.
    /// So a run can be recorded with what it really executed.
    pub fn capture(&self, folder: &Folder, manifest: &Manifest) -> Result<(Manifest, Vec<Change>)> {
        let mut now = manifest.clone();
        let mut changes = Vec::new();
        for change in Self::changed_on_disk(folder, manifest)? {
            let kind = match change.kind {
                ChangeKind::Modified { .. } => match folder.read(&change.path, MAX_FILE_BYTES) {
                    Ok(contents) => {
                        let sha256 = self.put_object(&contents.bytes)?;
                        let size = contents.bytes.len() as u64;
                        now = now.with(change.path.clone(), sha256, size);
                        ChangeKind::Modified { sha256, size }
                    }
                    Err(error) => change_for(error)?,
                },
                other => other,
            };
            if !matches!(kind, ChangeKind::Modified { .. }) {
                now = now.without(&change.path);
            }
            changes.push(Change {
                path: change.path,
                kind,
            });
        }
        Ok((now, changes))
    }

    /// Makes the tracked files those of `target`: writes what differs, removes what only `current` has, and folders
    /// which that leaves empty. Files that no revision tracks stay. Nothing is touched unless every content is at hand; safe to repeat when cut short.
    pub fn restore(&self, folder: &Folder, current: &Manifest, target: &Manifest) -> Result<()> {
        let differing = Self::changed_on_disk(folder, target)?;
        for change in &differing {
            self.content_of(target, &change.path)?;
        }
        // First, so that a file can become a folder.
        for (path, _) in current.files().filter(|(path, _)| target.get(path).is_none()) {
            match folder.remove(path) {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotAFile) => {}
                // In its place stands a folder with files that no revision tracks.
                Err(Error::NotEmpty(_)) => {}
                other => other?,
            }
            let mut parent = path.parent();
            while let Some(folder_path) = parent
                && folder.remove_folder_if_empty(&folder_path)?
            {
                parent = folder_path.parent();
            }
        }
        for change in &differing {
            folder.write(&change.path, &self.content_of(target, &change.path)?)?;
        }
        Ok(())
    }

    fn content_of(&self, manifest: &Manifest, path: &RelPath) -> Result<Vec<u8>> {
        let tracked = manifest
            .get(path)
            .ok_or_else(|| Error::NotFound(path.to_string()))?;
        self.object(tracked.sha256)
    }
}

/// Only what the script can have done is a change; a failing disk is an error.
fn change_for(error: Error) -> Result<ChangeKind> {
    match error.kind() {
        ErrorKind::NotFound => Ok(ChangeKind::Missing),
        ErrorKind::NotAFile | ErrorKind::Unsafe | ErrorKind::TooLarge => {
            Ok(ChangeKind::Unreadable(error.to_string()))
        }
        _ => Err(error),
    }
}

pub(super) fn object_path(hash: ContentHash) -> Result<RelPath> {
    Ok(RelPath::parse(&hash.to_string())?)
}

pub(super) fn manifest_path(number: u64) -> Result<RelPath> {
    Ok(RelPath::parse(&format!("{number}.json"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::DataDir;

    struct Script {
        temp: tempfile::TempDir,
        files: Folder,
        revisions: Revisions,
    }

    fn script() -> Script {
        let temp = tempfile::tempdir().unwrap();
        let data = DataDir::open(temp.path()).unwrap();
        data.create_all(Owner::Controller).unwrap();
        let files = data.create_script("s", Owner::Controller).unwrap();
        let revisions = data.revisions("s").unwrap();
        Script {
            temp,
            files,
            revisions,
        }
    }

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    impl Script {
        /// Writes the files, and keeps them as a revision.
        fn save(&self, number: u64, files: &[(&str, &str)]) -> Manifest {
            let mut manifest = Manifest::default();
            for (name, text) in files {
                self.files.write(&path(name), text.as_bytes()).unwrap();
                let hash = self.revisions.put_object(text.as_bytes()).unwrap();
                manifest = manifest.with(path(name), hash, text.len() as u64);
            }
            self.revisions.store_manifest(number, &manifest).unwrap();
            manifest
        }

        fn text(&self, name: &str) -> Option<String> {
            std::fs::read_to_string(self.temp.path().join("scripts/s/files").join(name)).ok()
        }
    }

    #[test]
    fn a_revision_is_read_as_it_was_stored() {
        let s = script();
        let first = s.save(1, &[("main.py", "one"), ("lib/a.py", "a")]);
        assert_eq!(s.revisions.manifest(1).unwrap(), first);
        s.revisions.store_manifest(2, &Manifest::default()).unwrap();
        s.revisions.store_manifest(2, &first).unwrap();
        assert_eq!(
            s.revisions.manifest(2).unwrap(),
            first,
            "what a save that was cut short left is replaced"
        );
        assert_eq!(s.revisions.manifest(3).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(s.revisions.object(ContentHash::of(b"one")).unwrap(), b"one");
        let below = first.with(path("main.py/x"), ContentHash::of(b""), 0);
        assert_eq!(
            s.revisions.store_manifest(3, &below).unwrap_err().kind(),
            ErrorKind::Damaged
        );
    }

    #[test]
    fn a_damaged_object_is_noticed_and_can_be_put_again() {
        let s = script();
        let hash = s.revisions.put_object(b"good").unwrap();
        let object = s
            .temp
            .path()
            .join("scripts/s/revisions/objects")
            .join(hash.to_string());
        std::fs::write(&object, "evil").unwrap();
        assert_eq!(s.revisions.object(hash).unwrap_err().kind(), ErrorKind::Damaged);
        s.revisions.put_object(b"good").unwrap();
        assert_eq!(s.revisions.object(hash).unwrap(), b"good");
    }

    #[test]
    fn restoring_undoes_every_kind_of_change_and_leaves_untracked_files() {
        let s = script();
        let old = s.save(
            1,
            &[
                ("main.py", "one"),
                ("lib/a.py", "a"),
                ("kept", "k"),
                ("thing", "file"),
            ],
        );
        std::fs::remove_file(s.temp.path().join("scripts/s/files/thing")).unwrap();
        let new = s.save(
            2,
            &[
                ("main.py", "two"),
                ("kept", "k"),
                ("thing/y/x", "folder"),
                ("extra", "e"),
            ],
        );
        s.files.remove(&path("lib/a.py")).unwrap();
        s.files.write(&path("untracked"), b"u").unwrap();

        s.revisions.restore(&s.files, &new, &old).unwrap();
        s.revisions.restore(&s.files, &new, &old).unwrap();
        assert_eq!(Revisions::changed_on_disk(&s.files, &old).unwrap(), []);
        assert_eq!(s.text("extra"), None);
        assert_eq!(s.text("untracked").as_deref(), Some("u"));
        assert_eq!(s.text("thing").as_deref(), Some("file"));

        // A content that is gone stops the restore before anything is touched.
        s.revisions
            .objects
            .remove(&object_path(ContentHash::of(b"two")).unwrap())
            .unwrap();
        assert_eq!(
            s.revisions.restore(&s.files, &old, &new).unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(Revisions::changed_on_disk(&s.files, &old).unwrap(), []);
    }

    #[test]
    fn what_the_script_did_to_its_files_is_seen_and_can_be_kept() {
        let s = script();
        let saved = s.save(1, &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]);
        let on_disk = s.temp.path().join("scripts/s/files");
        std::fs::write(on_disk.join("a"), "!").unwrap();
        std::fs::remove_file(on_disk.join("b")).unwrap();
        std::fs::remove_file(on_disk.join("c")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", on_disk.join("c")).unwrap();

        let (now, changes) = s.revisions.capture(&s.files, &saved).unwrap();
        assert_eq!(changes, Revisions::changed_on_disk(&s.files, &saved).unwrap());
        let kinds: Vec<_> = changes.iter().map(|c| (c.path.as_str(), &c.kind)).collect();
        let modified = ChangeKind::Modified {
            sha256: ContentHash::of(b"!"),
            size: 1,
        };
        assert_eq!(kinds[0], ("a", &modified));
        assert_eq!(kinds[1], ("b", &ChangeKind::Missing));
        assert!(matches!(kinds[2], ("c", ChangeKind::Unreadable(_))));
        assert_eq!(kinds.len(), 3);
        let tracked: Vec<_> = now.files().map(|(path, _)| path.as_str()).collect();
        assert_eq!(tracked, ["a", "d"]);
        assert_eq!(s.revisions.object(ContentHash::of(b"!")).unwrap(), b"!");

        s.revisions.restore(&s.files, &now, &saved).unwrap();
        assert_eq!(Revisions::changed_on_disk(&s.files, &saved).unwrap(), []);
        assert!(std::fs::symlink_metadata(on_disk.join("c")).unwrap().is_file());
    }
}
