//! Tells when something changes in the folder of a script that somebody looks at, whoever changes it.
//!
//! Whoever asks for a folder's listing looks at it for the next ten minutes. So many folders are watched at most; of the
//! others changes are seen at the next listing, which pages ask for again when they are come back to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::select_all;
use tokio::time::{Instant, sleep, timeout_at};

use crate::events::{Events, News};
use crate::files::{EntryKind, Listing, Watch, Watcher};
use crate::model::ids::ScriptId;

/// After the last listing.
const LOOKED_AT_FOR: Duration = Duration::from_secs(10 * 60);
/// Between two news of one script; what comes closer together is one.
const PACE: Duration = Duration::from_secs(1);
const MOST_SCRIPTS: usize = 16;
/// Of one script, its own included.
const MOST_FOLDERS: usize = 256;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Looks {
    watcher: Watcher,
    events: Events,
    looked_at: Arc<Mutex<HashMap<ScriptId, Look>>>,
}

#[derive(Clone)]
struct Look {
    until: Instant,
    /// The folders of the newest listing.
    folders: Vec<PathBuf>,
}

fn folders(root: &Path, listing: &Listing) -> Vec<PathBuf> {
    let inside = listing
        .entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Directory);
    let inside = inside.map(|entry| root.join(&entry.path));
    std::iter::once(root.to_owned())
        .chain(inside)
        .take(MOST_FOLDERS)
        .collect()
}

impl Looks {
    pub(super) fn new(watcher: Watcher, events: Events) -> Self {
        Self {
            watcher,
            events,
            looked_at: Arc::default(),
        }
    }

    /// Somebody has got this listing of the folder at `root`.
    pub(super) fn at(&self, id: &ScriptId, root: &Path, listing: &Listing) {
        let look = Look {
            until: Instant::now() + LOOKED_AT_FOR,
            folders: folders(root, listing),
        };
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = looked_at.get_mut(id) {
            *known = look;
        } else if looked_at.len() < MOST_SCRIPTS {
            looked_at.insert(id.clone(), look.clone());
            drop(looked_at);
            tokio::spawn(self.clone().tell(id.clone(), look));
        }
    }

    /// What is to be watched now; nobody looks any more if nothing.
    fn still(&self, id: &ScriptId) -> Option<Look> {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let look = looked_at
            .get(id)
            .filter(|look| look.until > Instant::now())
            .cloned();
        if look.is_none() {
            looked_at.remove(id);
        }
        look
    }

    async fn tell(self, id: ScriptId, mut look: Look) {
        let mut watches = self.watch(&look);
        loop {
            let changed = select_all(watches.iter_mut().map(|watch| Box::pin(watch.changed())));
            if timeout_at(look.until, changed).await.is_ok() {
                self.events.publish(News::Files(id.clone()));
                sleep(PACE).await;
            }
            let Some(now) = self.still(&id) else { return };
            // Those that go on keep what came during the pause; of new ones nobody knows whether something did.
            if now.folders != look.folders {
                watches = self.watch(&now);
                self.events.publish(News::Files(id.clone()));
            }
            look = now;
        }
    }

    fn watch(&self, look: &Look) -> Vec<Watch> {
        look.folders
            .iter()
            .map(|folder| self.watcher.subscribe(folder))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::Receiver;
    use tokio::time::timeout;

    use super::*;
    use crate::files::Entry;

    fn listing(folders: &[&str]) -> Listing {
        let entry = |path: &&str| Entry {
            path: (*path).to_owned(),
            size: 0,
            modified_at_ms: 0,
            kind: EntryKind::Directory,
            text: false,
        };
        Listing {
            entries: folders.iter().map(entry).collect(),
            truncated: false,
        }
    }

    async fn told(news: &mut Receiver<News>) -> ScriptId {
        let next = timeout(Duration::from_secs(20), news.recv())
            .await
            .expect("news came");
        match next.expect("a sender") {
            News::Files(id) => id,
            other => panic!("{other:?}"),
        }
    }

    fn looks() -> (tempfile::TempDir, Looks, Receiver<News>) {
        let temp = tempfile::tempdir().expect("a folder");
        let events = Events::default();
        let news = events.subscribe();
        let looks = Looks::new(Watcher::start().expect("a watcher"), events);
        (temp, looks, news)
    }

    #[tokio::test]
    async fn changes_deep_inside_are_told_and_those_of_new_folders_once_they_are_listed() {
        let (temp, looks, mut news) = looks();
        let root = temp.path();
        std::fs::create_dir_all(root.join("a/b")).expect("made");
        let id = ScriptId::parse(&"1".repeat(32));
        looks.at(&id, root, &listing(&["a", "a/b"]));
        // The watches are set by a task of their own.
        let mut number = 0;
        while news.is_empty() {
            number += 1;
            std::fs::write(root.join("a/b/file"), number.to_string()).expect("written");
            tokio::task::yield_now().await;
        }
        assert_eq!(told(&mut news).await, id);
        std::fs::create_dir(root.join("new")).expect("made");
        assert_eq!(told(&mut news).await, id);
        looks.at(&id, root, &listing(&["a", "a/b", "new"]));
        std::fs::remove_file(root.join("a/b/file")).expect("removed");
        assert_eq!(told(&mut news).await, id);
    }

    #[tokio::test]
    async fn no_more_than_so_many_are_watched() {
        let (temp, looks, _news) = looks();
        let many: Vec<String> = (0..MOST_FOLDERS + 9).map(|n| format!("f{n:04}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(folders(temp.path(), &listing(&many)).len(), MOST_FOLDERS);
        for number in 0..MOST_SCRIPTS + 4 {
            let id = ScriptId::parse(&format!("{number:032x}"));
            looks.at(&id, temp.path(), &listing(&[]));
        }
        let looked_at = looks.looked_at.lock().expect("nobody panicked").len();
        assert_eq!(looked_at, MOST_SCRIPTS);
    }
}
