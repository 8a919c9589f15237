//! The key of whoever holds the data folder: a token in a file there, made anew at every start.
//!
//! The first token of an instance has to come from somebody who needs none. Who can read this folder can read and change
//! everything in it anyway, so being able to read one more file of it is what tells them (`rndc` and Jupyter do likewise).
//! Not stored anywhere else; a copy of the folder opens nothing once the application has been started again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::model::token::{Fingerprint, generate};

/// So that nobody takes it for a token that can be handed out.
pub const PREFIX: &str = "pytask_local_";

/// Puts a new one there, for its owner alone. Whole or not at all: whoever reads meanwhile has the old one or the new.
pub fn make(path: &Path) -> io::Result<Fingerprint> {
    let fresh = generate(PREFIX);
    let staged = path.with_extension("new");
    match std::fs::remove_file(&staged) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&staged)?;
    file.write_all(fresh.text.reveal().as_bytes())?;
    std::fs::rename(&staged, path)?;
    Ok(fresh.fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn each_start_has_its_own_and_only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("local.key");
        std::fs::write(path.with_extension("new"), "half").expect("a start that was cut short");
        let first = make(&path).expect("made");
        let text = std::fs::read_to_string(&path).expect("read");
        assert!(text.starts_with(PREFIX));
        assert_eq!(Fingerprint::of(&text), first);
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_ne!(make(&path).expect("made"), first);
        assert_ne!(std::fs::read_to_string(&path).expect("read"), text);
    }
}
