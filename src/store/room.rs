//! Room for the write-ahead log, taken before it is needed.
//!
//! A commit appends to the log or writes over what was checkpointed. On a disk that a script keeps full to the last
//! byte, only blocks that the log has already can be written. So it is given some, beyond its end and without changing
//! its size: SQLite sees nothing of them until it grows into them. They suffice for hundreds of writes, such as the one
//! that stops the script.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

/// SQLite checkpoints from 4 MiB on, if nothing is in its way.
const ROOM: u64 = 8 * 1024 * 1024;

/// Sees to it that the log of `database` has its room. Where there is none yet (nobody has the database open), and on a
/// file system that cannot do it, nothing is done.
pub(super) fn take(database: &Path) -> io::Result<()> {
    // SQLite keeps its locks elsewhere: closing this descriptor loosens none.
    let log = match File::options().write(true).open(log_of(database)) {
        Ok(log) => log,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    if log.metadata()?.blocks() * 512 >= ROOM {
        return Ok(());
    }
    match rustix::fs::fallocate(&log, FallocateFlags::KEEP_SIZE, 0, ROOM) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Place, Store, meta};

    #[tokio::test]
    async fn the_log_has_blocks_before_it_needs_them_and_keeps_them() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let database = dir.path().join("db.sqlite");
        take(&database).expect("nothing is open");
        let place = Place {
            database: database.clone(),
            backups: dir.path().to_owned(),
        };
        let store = Store::open(place, vec![]).await.expect("opens");
        let write = async |n: u32| {
            let value = n.to_string().repeat(5_000);
            let written: Result<(), crate::store::Error> =
                store.write(move |tx| meta::set(tx, "x", &value)).await;
            written.expect("writes");
        };
        write(0).await;
        let size = || std::fs::metadata(log_of(&database)).expect("a log");
        let before = size().len();
        store.take_log_room().expect("room");
        assert_eq!(size().len(), before, "SQLite sees nothing of it");
        assert!(size().blocks() * 512 >= ROOM);
        // Through some checkpoints.
        for n in 0..1_000 {
            write(n).await;
        }
        assert!(size().blocks() * 512 >= ROOM);
        let kept = store.read(|c| meta::get(c, "x")).await.expect("reads");
        assert_eq!(kept, Some("999".repeat(5_000)));
    }
}
