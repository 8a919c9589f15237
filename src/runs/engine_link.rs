//! The link to the engine: is it there, what was it proved to hold, and since when not.
//!
//! One task connects, probes and pings; everybody else reads its latest word. Nothing is launched before the
//! probe has shown that limits hold and that sibling folders are invisible.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::context::Context;
use crate::engine::{Capabilities, Engine};
use crate::events::News;

const PING_EVERY: Duration = Duration::from_secs(5);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, PartialEq)]
pub enum EngineStatus {
    Connecting,
    Ready(Capabilities),
    /// What it said, or why it cannot be used.
    Away(String),
}

impl EngineStatus {
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }
}

/// Keeps the link up.
pub(super) async fn keep(cx: Arc<Context>, status: watch::Sender<EngineStatus>) {
    let (engine, image) = (cx.engine.as_ref(), cx.settings.image.as_str());
    let mut retry = FIRST_RETRY;
    loop {
        let was_ready = status.borrow().is_ready();
        let now = if was_ready {
            engine
                .ping()
                .await
                .err()
                .map(|e| EngineStatus::Away(e.to_string()))
        } else {
            Some(connect(engine, image).await)
        };
        if let Some(now) = now {
            let changed = status.send_if_modified(|before| {
                let changed = *before != now;
                *before = now.clone();
                changed
            });
            if changed {
                match &now {
                    EngineStatus::Ready(found) => tracing::info!(
                        version = %found.engine_version, api = %found.api_version, storage = ?found.storage,
                        cgroup = found.cgroup_version, "container engine ready"
                    ),
                    EngineStatus::Away(why) => tracing::warn!(why, "container engine away"),
                    EngineStatus::Connecting => {}
                }
                cx.events.publish(News::Engine);
            }
        }
        let pause = if status.borrow().is_ready() {
            retry = FIRST_RETRY;
            PING_EVERY
        } else {
            let pause = retry;
            retry = (retry * 2).min(LAST_RETRY);
            pause
        };
        tokio::time::sleep(pause).await;
    }
}

async fn connect(engine: &dyn Engine, image: &str) -> EngineStatus {
    let found = match engine.ensure_image(image).await {
        Ok(_) => engine.probe(image).await,
        Err(e) => Err(e),
    };
    match found {
        Ok(found) => EngineStatus::Ready(found),
        Err(e) => EngineStatus::Away(e.to_string()),
    }
}
