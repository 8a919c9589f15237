//! Looks: each answers facts and judges nothing. Thin, and bounded in time.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::facts::{
    BackupFacts, DatabaseFacts, DiskFacts, ImageFact, ImageFound, KeyFacts, KeyFile, ReachFacts, Socket,
};
use super::{Key, Parts};
use crate::engine::Engine;
use crate::files::{DataDir, layout};
use crate::store::examination::examine;

/// For the check of the database; one of an ordinary size takes a part of a second.
const CHECK_FOR: Duration = Duration::from_secs(10);

pub(super) fn socket(address: &str) -> Socket {
    let Some(path) = address.strip_prefix("unix://") else {
        return Socket::Elsewhere;
    };
    match UnixStream::connect(path) {
        Ok(_) => Socket::Answers,
        Err(e) => match e.kind() {
            ErrorKind::NotFound => Socket::Missing,
            ErrorKind::PermissionDenied => Socket::Denied,
            ErrorKind::ConnectionRefused => Socket::Refused,
            _ => Socket::Broken(e.to_string()),
        },
    }
}

pub(super) async fn image(engine: &dyn Engine, name: &str) -> ImageFact {
    let found = match engine.find_image(name).await {
        Ok(Some(_)) => ImageFound::Here,
        Ok(None) => ImageFound::Missing,
        Err(e) => ImageFound::Unknown(e.to_string()),
    };
    ImageFact {
        name: name.to_owned(),
        found,
    }
}

pub(super) fn disk(data: &DataDir, floor_bytes: u64) -> DiskFacts {
    DiskFacts {
        folder: data.path().display().to_string(),
        space: data.space().map_err(|e| e.to_string()),
        floor_bytes,
        network_file_system: data.remote_file_system().unwrap_or(None),
    }
}

pub(super) fn database(data: &DataDir) -> DatabaseFacts {
    examine(&data.path().join(layout::DATABASE), CHECK_FOR).map_err(|e| e.to_string())
}

pub(super) fn key(key: &Key, unreadable: Vec<String>) -> KeyFacts {
    let (path, given): (PathBuf, bool) = match key {
        Key::OnVolume(path) => (path.clone(), false),
        Key::Given(path) => (path.clone(), true),
    };
    let file = match std::fs::metadata(&path) {
        Ok(found) => KeyFile::There {
            bytes: found.len(),
            mode: found.permissions().mode(),
        },
        Err(e) if e.kind() == ErrorKind::NotFound => KeyFile::Missing,
        Err(e) => KeyFile::Unreadable(e.to_string()),
    };
    KeyFacts {
        path: path.display().to_string(),
        given,
        file,
        unreadable,
    }
}

pub(super) fn reach(parts: &Parts, published: Option<Vec<String>>) -> ReachFacts {
    let is_container = ["/.dockerenv", "/run/.containerenv"]
        .iter()
        .any(|mark| Path::new(mark).exists());
    ReachFacts {
        listen: parts.listen,
        in_container: is_container || published.is_some(),
        published,
        guarded: parts.guarded,
    }
}

/// Copies that the program makes before it changes the schema are no backups: they are not of today.
pub(super) fn backups(data: &DataDir, now: Timestamp) -> BackupFacts {
    let listed = std::fs::read_dir(data.path().join(layout::BACKUPS));
    let newest = listed
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            is_file
                && !name.starts_with("before-schema-")
                && !name.starts_with('.')
                && !name.ends_with(".new")
        })
        .filter_map(|entry| Timestamp::try_from(entry.metadata().ok()?.modified().ok()?).ok())
        .max();
    BackupFacts { now, newest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_looked_at_before_it_is_asked() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = |name: &str| format!("unix://{}", folder.path().join(name).display());
        assert_eq!(socket("tcp://engine:2375"), Socket::Elsewhere);
        assert_eq!(socket(&address("none")), Socket::Missing);
        let listener = std::os::unix::net::UnixListener::bind(folder.path().join("it")).expect("a socket");
        assert_eq!(socket(&address("it")), Socket::Answers);
        drop(listener);
        assert_eq!(socket(&address("it")), Socket::Refused);
    }

    #[test]
    fn copies_before_a_change_of_the_schema_are_no_backups() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = DataDir::open(folder.path()).expect("opens");
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(backups(&data, now).newest, None);
        let place = folder.path().join(layout::BACKUPS);
        std::fs::create_dir(&place).expect("made");
        for name in ["before-schema-7.sqlite", "half.new", ".hidden"] {
            std::fs::write(place.join(name), "").expect("written");
        }
        assert_eq!(backups(&data, now).newest, None);
        std::fs::write(place.join("2026-11-25.tar.zst"), "").expect("written");
        assert!(backups(&data, now).newest.is_some());
    }
}
