//! The log on the disk: one `writev` per record, and durable about once a second without the reading waiting for it.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::intake::create_new;
use crate::log::Sink;
use crate::sys;

const SYNC_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct LogFile {
    file: Arc<File>,
    /// Something was written since the last sync began.
    dirty: Arc<AtomicBool>,
    syncer: Option<Thread>,
}

impl LogFile {
    pub(crate) fn create(path: &Path) -> io::Result<LogFile> {
        let file = Arc::new(create_new(path)?);
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
}
