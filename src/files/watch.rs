//! Wake-ups when something happens in a directory.
//!
//! One inotify instance for the whole process, one kernel watch per directory, any number of [`Watch`]es of it.
//! A wake-up says "look again", nothing more: it may come for nothing, several may merge into one, and where the kernel
//! refuses watches (its limit is reached) none come. So whoever waits also polls.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use inotify::{EventMask, EventOwned, Inotify, WatchDescriptor, WatchMask, Watches};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often a directory that cannot be watched (yet) is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Clone)]
pub struct Watcher(Arc<Inner>);

struct Inner {
    directories: Mutex<Directories>,
    reader: Mutex<Option<JoinHandle<()>>>,
}

struct Directories {
    kernel: Watches,
    known: HashMap<WatchDescriptor, watch::Sender<()>>,
}

/// One subscriber's view of one directory.
pub struct Watch {
    watcher: Watcher,
    directory: PathBuf,
    attached: Option<Attached>,
}

struct Attached {
    descriptor: WatchDescriptor,
    wakes: watch::Receiver<()>,
}

impl Watcher {
    /// Must be called within a tokio runtime, whose task then reads the events.
    pub fn start() -> io::Result<Self> {
        let events = Inotify::init()?.into_event_stream(vec![0; 16 * 1024])?;
        let directories = Directories {
            kernel: events.watches(),
            known: HashMap::new(),
        };
        let inner = Arc::new(Inner {
            directories: Mutex::new(directories),
            reader: Mutex::new(None),
        });
        let reader = tokio::spawn(dispatch(events, Arc::downgrade(&inner)));
        *inner.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
        Ok(Self(inner))
    }

    /// Watches a directory, which need not exist yet. What happens from now on is not missed, if it exists.
    pub fn subscribe(&self, directory: &Path) -> Watch {
        let mut watch = Watch {
            watcher: self.clone(),
            directory: directory.to_owned(),
            attached: None,
        };
        watch.attach();
        watch
    }

    fn lock(&self) -> MutexGuard<'_, Directories> {
        self.0.lock()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Directories> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(reader) = self
            .reader
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            reader.abort();
        }
    }
}

impl Watch {
    /// Returns when something may have happened since the last return (or since subscribing). Cancelling is fine. Does not
    /// poll: a caller that must not wait for ever brings its own timeout.
    pub async fn changed(&mut self) {
        loop {
            match &mut self.attached {
                Some(attached) => {
                    if attached.wakes.changed().await.is_err() {
                        // The directory is gone. Perhaps another one comes.
                        self.attached = None;
                    }
                    return;
                }
                None => {
                    // Tried first: whoever waits with less patience than this pause would never get there.
                    if self.attach() {
                        return;
                    }
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    fn attach(&mut self) -> bool {
        let mask = WatchMask::CREATE
            | WatchMask::DELETE
            | WatchMask::MOVED_FROM
            | WatchMask::MOVED_TO
            | WatchMask::MODIFY
            | WatchMask::CLOSE_WRITE
            | WatchMask::ONLYDIR
            | WatchMask::DONT_FOLLOW;
        // Held over both steps, so that no event comes before its directory is known.
        let mut directories = self.watcher.lock();
        match directories.kernel.add(&self.directory, mask) {
            Ok(descriptor) => {
                let sender = directories
                    .known
                    .entry(descriptor.clone())
                    .or_insert_with(|| watch::channel(()).0);
                self.attached = Some(Attached {
                    descriptor,
                    wakes: sender.subscribe(),
                });
                true
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::debug!(directory = %self.directory.display(), %error, "a directory is not watched");
                }
                false
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(Attached { descriptor, wakes }) = self.attached.take() else {
            return;
        };
        let mut directories = self.watcher.lock();
        drop(wakes);
        let unused = |sender: &watch::Sender<()>| sender.receiver_count() == 0;
        if directories.known.get(&descriptor).is_some_and(unused) {
            directories.known.remove(&descriptor);
            // Fails if the directory is gone, and with it the watch.
            let _ = directories.kernel.remove(descriptor);
        }
    }
}

async fn dispatch(mut events: inotify::EventStream<Vec<u8>>, inner: Weak<Inner>) {
    while let Some(event) = events.next().await {
        let Some(inner) = inner.upgrade() else { return };
        match event {
            Ok(event) => wake(&mut inner.lock(), &event),
            Err(error) => {
                // Everybody polls, so this costs promptness only.
                tracing::error!(%error, "file notifications cannot be read any more");
                return;
            }
        }
    }
}

fn wake(directories: &mut Directories, event: &EventOwned) {
    if event.mask.contains(EventMask::Q_OVERFLOW) {
        // Some events were lost, nobody knows whose.
        directories.known.values().for_each(|sender| {
            sender.send_replace(());
        });
    } else if event.mask.contains(EventMask::IGNORED) {
        directories.known.remove(&event.wd);
    } else if let Some(sender) = directories.known.get(&event.wd) {
        sender.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const SOON: Duration = Duration::from_secs(5);

    async fn woken(watch: &mut Watch) {
        tokio::time::timeout(SOON, watch.changed())
            .await
            .expect("no wake-up came");
    }

    fn watched(watcher: &Watcher) -> usize {
        watcher.lock().known.len()
    }

    #[tokio::test]
    async fn everybody_who_watches_a_directory_is_woken() {
        let temp = tempfile::tempdir().unwrap();
        let watcher = Watcher::start().unwrap();
        let mut a = watcher.subscribe(temp.path());
        let mut b = watcher.subscribe(temp.path());
        for act in ["create", "modify", "rename"] {
            let file = temp.path().join("started");
            match act {
                "create" => std::fs::write(&file, "").unwrap(),
                "modify" => std::fs::write(&file, "x").unwrap(),
                _ => std::fs::rename(&file, temp.path().join("exit.json")).unwrap(),
            }
            let start = Instant::now();
            woken(&mut a).await;
            woken(&mut b).await;
            println!("{act}: woken after {:?}", start.elapsed());
        }
    }

    #[tokio::test]
    async fn a_wake_up_between_looks_is_kept() {
        let temp = tempfile::tempdir().unwrap();
        let watcher = Watcher::start().unwrap();
        let mut watch = watcher.subscribe(temp.path());
        let mut other = watcher.subscribe(temp.path());
        std::fs::write(temp.path().join("x"), "").unwrap();
        woken(&mut other).await;
        woken(&mut watch).await;
    }

    #[tokio::test]
    async fn a_directory_may_come_later_and_go_again() {
        let temp = tempfile::tempdir().unwrap();
        let watcher = Watcher::start().unwrap();
        let directory = temp.path().join("run");
        let mut watch = watcher.subscribe(&directory);
        assert_eq!(watched(&watcher), 0);
        std::fs::create_dir(&directory).unwrap();
        woken(&mut watch).await;
        std::fs::write(directory.join("x"), "").unwrap();
        woken(&mut watch).await;
        std::fs::remove_dir_all(&directory).unwrap();
        while watched(&watcher) > 0 {
            woken(&mut watch).await;
        }
        std::fs::create_dir(&directory).unwrap();
        while watched(&watcher) == 0 {
            woken(&mut watch).await;
        }
    }

    #[tokio::test]
    async fn an_impatient_waiter_is_attached_all_the_same() {
        let temp = tempfile::tempdir().unwrap();
        let watcher = Watcher::start().unwrap();
        let directory = temp.path().join("run");
        let mut watch = watcher.subscribe(&directory);
        let impatient = Duration::from_millis(1);
        let waited = tokio::time::timeout(impatient, watch.changed()).await;
        assert!(waited.is_err(), "nothing is there yet");
        std::fs::create_dir(&directory).unwrap();
        let _ = tokio::time::timeout(impatient, watch.changed()).await;
        assert_eq!(watched(&watcher), 1);
    }

    #[tokio::test]
    async fn the_last_to_leave_ends_the_watch() {
        let temp = tempfile::tempdir().unwrap();
        let watcher = Watcher::start().unwrap();
        let a = watcher.subscribe(temp.path());
        let b = watcher.subscribe(temp.path());
        assert_eq!(watched(&watcher), 1);
        drop(a);
        assert_eq!(watched(&watcher), 1);
        drop(b);
        assert_eq!(watched(&watcher), 0);
        let mut again = watcher.subscribe(temp.path());
        std::fs::write(temp.path().join("x"), "").unwrap();
        woken(&mut again).await;
    }
}
