//! `/events`: news of everything, over one WebSocket per window.
//!
//! Messages carry what is true when they are sent. A client that was slow gets a `missed` message and reads again
//! what it shows.

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use super::Api;
use super::error::ApiError;
use super::runs::{RunView, show_one};
use super::system::{self, System};
use crate::events::News;

/// One text frame.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventMessage {
    Run {
        run: Box<RunView>,
    },
    /// Settings, files or environment changed.
    Script {
        script_id: String,
    },
    /// Something in the script's folder came, went or was changed, perhaps not by us. Told of folders whose files were
    /// listed in the last ten minutes.
    Files {
        script_id: String,
    },
    System {
        system: Box<System>,
    },
    /// Schedules of the script came, went or were changed.
    Schedules {
        script_id: String,
    },
    /// A runner image came, went, or is further.
    Images,
    /// A webhook came, went or was changed, or something became of a delivery of it.
    Webhook {
        webhook_id: String,
    },
    /// A backup came, went, or is further.
    Backups,
    /// A clean-up began, ended, or is further.
    Cleanup,
    /// Some messages were dropped; read again what is shown.
    Missed,
}

/// News of all runs, scripts and the engine. Needs an `Origin` equal to the host.
#[utoipa::path(get, path = "/events", tag = "system", operation_id = "watchEvents",
    responses((status = 101, description = "WebSocket; text frames are `EventMessage`")))]
pub async fn events(State(api): State<Api>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| async move {
        if let Err(e) = serve(api, socket).await {
            tracing::debug!(error = %e, "an event stream ended");
        }
    })
}

async fn serve(api: Api, mut socket: WebSocket) -> Result<(), axum::Error> {
    let mut news = api.events.subscribe();
    if let Ok(system) = system::show(&api).await {
        send(
            &mut socket,
            &EventMessage::System {
                system: Box::new(system),
            },
        )
        .await?;
    }
    loop {
        let news = tokio::select! {
            news = news.recv() => news,
            heard = socket.recv() => match heard {
                // Nothing is said to us here; a ping is answered by the library.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => continue,
            },
        };
        let message = match news {
            Ok(news) => tell(&api, news).await,
            Err(RecvError::Lagged(_)) => Ok(EventMessage::Missed),
            Err(RecvError::Closed) => return Ok(()),
        };
        match message {
            Ok(message) => send(&mut socket, &message).await?,
            Err(error) => tracing::warn!(error = error.message, "an event could not be told"),
        }
    }
}

async fn tell(api: &Api, news: News) -> Result<EventMessage, ApiError> {
    Ok(match news {
        News::Run(run) => EventMessage::Run {
            run: Box::new(show_one(api, *run).await?),
        },
        News::Script(id) => EventMessage::Script {
            script_id: id.to_string(),
        },
        News::Files(id) => EventMessage::Files {
            script_id: id.to_string(),
        },
        News::Schedules(id) => EventMessage::Schedules {
            script_id: id.to_string(),
        },
        News::Images => EventMessage::Images,
        News::Webhook(id) => EventMessage::Webhook {
            webhook_id: id.to_string(),
        },
        News::Backups => EventMessage::Backups,
        News::Cleanup => EventMessage::Cleanup,
        News::System => EventMessage::System {
            system: Box::new(system::show(api).await?),
        },
    })
}

pub async fn send(socket: &mut WebSocket, message: &impl Serialize) -> Result<(), axum::Error> {
    let text = serde_json::to_string(message).map_err(axum::Error::new)?;
    socket.send(Message::Text(text.into())).await
}
