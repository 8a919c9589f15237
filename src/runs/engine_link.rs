//! The link to the engine: is it there, what was it proved to hold, and since when not.
//!
//! One task connects, probes and pings; everybody else reads its latest word. Nothing is launched before the
//! probe has shown that limits hold and that sibling folders are invisible.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::context::Context;
use crate::engine::{Capabilities, Engine, Error};
use crate::events::News;

const PING_EVERY: Duration = Duration::from_secs(5);
const FIRST_RETRY: Duration = Duration::from_millis(500);
/// What is away is asked often enough that somebody who waits for it hardly notices that.
const LAST_RETRY: Duration = Duration::from_secs(5);
/// What answers and cannot be used is asked for an image each time, perhaps of a registry.
const LAST_RETRY_UNFIT: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, PartialEq)]
pub enum EngineStatus {
    Connecting,
    Ready(Ready),
    /// It does not answer.
    Away(String),
    /// It answers and cannot be used: the runner image is missing, or the proof failed.
    Unfit(String),
}

/// What a usable engine was proved to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Ready {
    pub capabilities: Capabilities,
    /// Content id of the runner image.
    pub image_id: String,
}

impl EngineStatus {
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    /// Content id of the runner image, as far as it is known.
    pub fn image_id(&self) -> Option<&str> {
        match self {
            Self::Ready(ready) => Some(&ready.image_id),
            _ => None,
        }
    }
}

/// Keeps the link up.
pub(super) async fn keep(cx: Arc<Context>, status: watch::Sender<EngineStatus>) {
    let (engine, image) = (cx.engine.as_ref(), cx.installation.image.as_str());
    let mut retry = FIRST_RETRY;
    let mut asked = false;
    loop {
        let was_ready = status.borrow().is_ready() && !asked;
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
                    EngineStatus::Ready(Ready { capabilities, .. }) => {
                        let (version, api) = (&capabilities.engine_version, &capabilities.api_version);
                        let (storage, cgroup) = (capabilities.storage, capabilities.cgroup_version);
                        tracing::info!(%version, %api, ?storage, cgroup, "container engine ready");
                    }
                    EngineStatus::Away(why) => tracing::warn!(why, "container engine away"),
                    EngineStatus::Unfit(why) => tracing::warn!(why, "container engine unfit"),
                    EngineStatus::Connecting => {}
                }
                cx.events.publish(News::System);
            }
        }
        if std::mem::take(&mut asked) {
            cx.proofs.send_modify(|count| *count += 1);
        }
        let longest = match &*status.borrow() {
            EngineStatus::Ready(_) => None,
            EngineStatus::Unfit(_) => Some(LAST_RETRY_UNFIT),
            EngineStatus::Away(_) | EngineStatus::Connecting => Some(LAST_RETRY),
        };
        let pause = match longest {
            None => {
                retry = FIRST_RETRY;
                PING_EVERY
            }
            Some(longest) => {
                let pause = retry.min(longest);
                retry = (retry * 2).min(longest);
                pause
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = cx.to_prove.notified() => asked = true,
        }
    }
}

/// How the engine is, proved with a test container.
pub async fn connect(engine: &dyn Engine, image: &str) -> EngineStatus {
    match prove(engine, image).await {
        Ok(ready) => EngineStatus::Ready(ready),
        Err(Error::Away(why)) => EngineStatus::Away(why),
        Err(e) => EngineStatus::Unfit(e.to_string()),
    }
}

async fn prove(engine: &dyn Engine, image: &str) -> Result<Ready, Error> {
    let image_id = engine.ensure_image(image).await?.id;
    let capabilities = engine.probe(image).await?;
    Ok(Ready {
        capabilities,
        image_id,
    })
}
