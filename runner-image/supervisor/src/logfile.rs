//! The log on the disk: one `writev` per record, and durable about once a second without the reading waiting for it.
//!
//! Beside it, once it is long, the index: marks at multiples of their length, never synced, because whoever misses one
//! finds it again in the log.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use pytask_protocol::lines::{MARK_LEN, Mark};
use pytask_protocol::{INDEX_FILE, LOG_FILE};

use crate::intake::create_new;
use crate::log::Sink;
use crate::sys;

const SYNC_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct LogFile {
    file: Arc<File>,
    /// Something was written since the last sync began.
    dirty: Arc<AtomicBool>,
    syncer: Option<Thread>,
    index: Index,
}

/// Made with its first mark: a short log has none.
struct Index {
    path: PathBuf,
    file: Option<File>,
    marks: u64,
}

impl LogFile {
    pub(crate) fn create(run_dir: &Path) -> io::Result<LogFile> {
        let file = Arc::new(create_new(&run_dir.join(LOG_FILE))?);
        let dirty = Arc::new(AtomicBool::new(false));
        // Made before the script starts, so that a fork bomb cannot prevent it. Without it the log is synced at the
        // end only.
        let syncer = {
            let (file, dirty) = (Arc::clone(&file), Arc::clone(&dirty));
            thread::Builder::new()
                .stack_size(64 * 1024)
                .spawn(move || sync_forever(&file, &dirty))
                .ok()
        };
        Ok(LogFile {
            file,
            dirty,
            syncer: syncer.map(|thread| thread.thread().clone()),
            index: Index {
                path: run_dir.join(INDEX_FILE),
                file: None,
                marks: 0,
            },
        })
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn sync_forever(file: &File, dirty: &AtomicBool) {
    loop {
        while !dirty.swap(false, Ordering::AcqRel) {
            thread::park();
        }
        // A disk that cannot sync is noticed by the final sync.
        let _ = file.sync_data();
        thread::sleep(SYNC_EVERY);
    }
}

impl Sink for LogFile {
    fn append(&mut self, header: &[u8], payload: &[u8]) -> io::Result<usize> {
        let count = sys::write_both(self.file.as_fd(), header, payload)?;
        if !self.dirty.swap(true, Ordering::AcqRel)
            && let Some(syncer) = &self.syncer
        {
            syncer.unpark();
        }
        Ok(count)
    }

    fn cut(&mut self, length: u64) {
        // A torn end that cannot be taken back is cut by the reader.
        let _ = self.file.set_len(length);
    }

    fn mark(&mut self, mark: &Mark) {
        // One that was written in part is written over by the next.
        let _ = self.index.append(mark);
    }
}

impl Index {
    fn append(&mut self, mark: &Mark) -> io::Result<()> {
        if self.file.is_none() {
            // Not for appending, which would ignore the place.
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            self.file = Some(options.custom_flags(libc::O_NOFOLLOW).open(&self.path)?);
        }
        if let Some(file) = &self.file {
            file.write_all_at(&mark.encode(), self.marks * MARK_LEN as u64)?;
            self.marks += 1;
        }
        Ok(())
    }
}
