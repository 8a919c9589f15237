//! Small files that are there wholly or not at all, and survive a crash of the machine.
//!
//! A [`Reserved`] file takes its room on the disk before the run starts, so that the run's facts can be written
//! even when the script has filled the disk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What the content may be long without needing more of the disk.
pub(crate) const ROOM: usize = 4096;

pub(crate) struct Reserved {
    temporary: PathBuf,
    target: PathBuf,
    file: File,
}

impl Reserved {
    /// Reserves `name` in `dir`; it does not appear yet.
    pub(crate) fn new(dir: &Path, name: &str) -> io::Result<Reserved> {
        let temporary = dir.join(format!(".{name}.tmp"));
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all_at(&[0; ROOM], 0)?;
        Ok(Reserved {
            temporary,
            target: dir.join(name),
            file,
        })
    }

    /// Lets the file appear with this content. May be tried again after an error.
    pub(crate) fn commit(&self, content: &[u8]) -> io::Result<()> {
        self.file.write_all_at(content, 0)?;
        self.file.set_len(content.len() as u64)?;
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.target)?;
        match self.target.parent() {
            Some(dir) => sync_directory(dir),
            None => Ok(()),
        }
    }
}

/// Makes what was created, renamed or removed in a directory durable.
pub(crate) fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_appears_whole_and_alone() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let reserved = Reserved::new(dir.path(), "facts").expect("reserve");
        assert!(!dir.path().join("facts").exists());
        reserved.commit(b"{}").expect("commit");
        assert_eq!(fs::read(dir.path().join("facts")).expect("read"), b"{}");
        assert_eq!(fs::read_dir(dir.path()).expect("list").count(), 1);
    }
}
