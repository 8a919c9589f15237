//! News for whoever watches: what has changed, after it was stored.
//!
//! News is a hint, never the truth: a listener that misses some is told so and reads the store again.

use tokio::sync::broadcast;

use crate::model::ids::{ScriptId, WebhookId};
use crate::model::run::Run;

/// A listener that is further behind is told that it missed some.
const BACKLOG: usize = 1024;

#[derive(Debug, Clone)]
pub enum News {
    /// As it is now.
    Run(Box<Run>),
    /// Settings, files or environment of a script.
    Script(ScriptId),
    /// Something in a script's folder that is looked at, whoever did it.
    Files(ScriptId),
    /// The schedules of a script.
    Schedules(ScriptId),
    /// The container engine came or went, the disk filled or emptied, settings changed.
    System,
    /// A webhook came, went or was changed, or something became of what it was told.
    Webhook(WebhookId),
    /// A runner image came, went, or is further.
    Images,
    /// A backup came, went, or is further.
    Backups,
    /// A clean-up began, ended, or is further.
    Cleanup,
}

#[derive(Clone)]
pub struct Events(broadcast::Sender<News>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Events {
    pub fn publish(&self, news: News) {
        // Nobody listening is no error.
        let _ = self.0.send(news);
    }

    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.0.subscribe()
    }
}
