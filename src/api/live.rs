//! `/runs/{id}/live`: a run's log as it is written and its states as they change, over a WebSocket.
//!
//! With `samples`, also what it uses, a few times a minute to once a second.
//!
//! For programs, every record: begins after a sequence number, so a client that lost its connection goes on where it was,
//! without gaps or repeats. For eyes, with `tail`, the last lines a few times a second. Each client reads the file for
//! itself: a slow one is only late itself. The run's state of the moment comes first, and the finished one last, after the
//! last of the log.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::events::send;
use super::extract::{Path, Query};
use super::log_lines::{LinesOf, LogLines};
use super::runs::{RunView, find, show_one};
use super::stats::samples_of;
use crate::events::News;
use crate::files::on_disk;
use crate::logs::{self, EndFollower, Follower, LogRecord};
use crate::model::run::Run;
use crate::stats::{Samples, StatsPoint};

/// One text frame.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveMessage {
    /// What the script wrote, in order, some at a time.
    Records {
        records: Vec<LogRecord>,
    },
    /// The last lines as they are now.
    Tail(LogLines),
    State {
        run: Box<RunView>,
    },
    /// What the run has used since the last of these; all of it at first.
    Samples {
        samples: Vec<StatsPoint>,
    },
}

const MOST_TAIL: u64 = 1000;
/// Between two looks at the samples.
const SAMPLES_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// The last sequence number the client has; 0 for everything.
    #[serde(default)]
    after: u64,
    /// Instead of records: the last so many lines (1 to 1,000) whenever they have changed, at most ten times a second.
    tail: Option<u64>,
    /// With `tail`: only lines of it.
    #[param(inline)]
    stream: Option<LinesOf>,
    /// Whether samples of CPU and memory are wanted, too.
    #[serde(default)]
    samples: bool,
}

/// The log as it is written. Needs an `Origin` equal to the host. Closed by the server after the finished state.
#[utoipa::path(get, path = "/runs/{id}/live", tag = "runs", operation_id = "followRun",
    params(("id" = String, Path), LiveQuery),
    responses((status = 101, description = "WebSocket; text frames are `LiveMessage`"),
        (status = 404, body = ErrorBody)))]
pub async fn live(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<LiveQuery>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    if query.tail.is_some_and(|lines| !(1..=MOST_TAIL).contains(&lines)) {
        let message = format!("tail must be from 1 to {MOST_TAIL}");
        return Err(ApiError::bad_request("invalid_query", message));
    }
    let run = find(&api, &id).await?;
    Ok(upgrade.on_upgrade(move |socket| async move {
        if let Err(why) = serve(api, run, query, socket).await {
            tracing::debug!(why, "a live log ended early");
        }
    }))
}

async fn serve(api: Api, run: Run, query: LiveQuery, mut socket: WebSocket) -> Result<(), String> {
    // Subscribed before the state is read, so that no step falls between the two.
    let mut news = api.events.subscribe();
    let id = run.id.clone();
    let mut feed = Feed::new(&api, &run, &query);
    let mut latest = find(&api, id.as_str()).await.map_err(|e| e.message)?;
    tell(&api, &latest, &mut socket).await?;
    if latest.is_finished() {
        feed.complete();
    }
    let mut used = query.samples.then(|| Used::of(&run));
    let mut look_at_samples = tokio::time::interval(SAMPLES_EVERY);
    look_at_samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look_at_samples.tick(), if used.is_some() => {
                if let Some(used) = &mut used {
                    used.tell(&api, &mut socket).await?;
                }
            }
            message = feed.next(latest.is_finished()) => match message.map_err(|e| e.to_string())? {
                Some(message) => send(&mut socket, &message).await.map_err(|e| e.to_string())?,
                None => break,
            },
            news = news.recv(), if !latest.is_finished() => {
                let changed = match news {
                    Ok(News::Run(run)) if run.id == id => Some(*run),
                    // Some may have been ours.
                    Err(RecvError::Lagged(_)) => Some(find(&api, id.as_str()).await.map_err(|e| e.message)?),
                    Ok(_) => None,
                    Err(RecvError::Closed) => return Ok(()),
                };
                if let Some(run) = changed {
                    latest = run;
                    if latest.is_finished() {
                        // Told after the last record.
                        feed.complete();
                    } else {
                        tell(&api, &latest, &mut socket).await?;
                    }
                }
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                Some(Ok(_)) => {}
            },
        }
    }
    if let Some(used) = &mut used {
        used.tell(&api, &mut socket).await?;
    }
    tell(&api, &latest, &mut socket).await?;
    let _ = socket.send(Message::Close(None)).await;
    Ok(())
}

/// What one client is told of the log.
enum Feed {
    Records(Follower),
    Tail(EndFollower),
}

impl Feed {
    fn new(api: &Api, run: &Run, query: &LiveQuery) -> Self {
        let (watcher, directory) = (api.runs.watcher(), api.runs.directory(run));
        match query.tail {
            None => Self::Records(Follower::new(watcher, &directory, query.after)),
            Some(lines) => {
                let filter = LinesOf::filter(query.stream);
                Self::Tail(EndFollower::new(watcher, &directory, filter, lines))
            }
        }
    }

    fn complete(&mut self) {
        match self {
            Self::Records(follower) => follower.complete(),
            Self::Tail(follower) => follower.complete(),
        }
    }

    /// May be cancelled without loss. `None` after the log's last.
    async fn next(&mut self, ended: bool) -> Result<Option<LiveMessage>, logs::Error> {
        Ok(match self {
            Self::Records(follower) => follower.next().await?.map(|records| LiveMessage::Records {
                records: records.iter().map(|record| record.as_record().into()).collect(),
            }),
            Self::Tail(follower) => {
                let window = follower.next().await?;
                window.map(|window| LiveMessage::Tail(LogLines::new(window, ended)))
            }
        })
    }
}

/// What one client has been told of a run's samples.
struct Used {
    run: Run,
    samples: Option<Samples>,
}

impl Used {
    fn of(run: &Run) -> Self {
        Self {
            run: run.clone(),
            samples: None,
        }
    }

    /// What is new. Samples that cannot be read cost nobody the log.
    async fn tell(&mut self, api: &Api, socket: &mut WebSocket) -> Result<(), String> {
        if self.samples.is_none() {
            self.samples = samples_of(api, &self.run).ok().flatten();
        }
        let Some(mut samples) = self.samples.take() else {
            return Ok(());
        };
        let read = on_disk(move || Ok::<_, std::convert::Infallible>((samples.read_on(), samples))).await;
        let Ok((news, samples)) = read;
        self.samples = Some(samples);
        let news = news.unwrap_or_default();
        if news.is_empty() {
            return Ok(());
        }
        let samples = news.into_iter().map(StatsPoint::from).collect();
        send(socket, &LiveMessage::Samples { samples })
            .await
            .map_err(|e| e.to_string())
    }
}

async fn tell(api: &Api, run: &Run, socket: &mut WebSocket) -> Result<(), String> {
    let run = Box::new(show_one(api, run.clone()).await.map_err(|e| e.message)?);
    send(socket, &LiveMessage::State { run })
        .await
        .map_err(|e| e.to_string())
}
