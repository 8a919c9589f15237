//! `/scripts/{id}/tools`: what an editor knows about Python. A language server over a WebSocket, a linter and a formatter
//! as plain requests, and the sources of packages.
//!
//! They are an extra: where there are none the answer is 503 `tools_unavailable` with what to do, and everything else
//! works.

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::files::rel_path;
use crate::model::ids::ScriptId;
use crate::tools::framing::MAX_MESSAGE_BYTES;
use crate::tools::{Closed, Error, MOST_TEXT_BYTES, Phase, Problem, Session, Why};

/// Close codes of RFC 6455 and its registry.
mod code {
    pub const NORMAL: u16 = 1000;
    pub const GOING_AWAY: u16 = 1001;
    pub const UNSUPPORTED: u16 = 1003;
    pub const INTERNAL: u16 = 1011;
    pub const RESTART: u16 = 1012;
    pub const TRY_LATER: u16 = 1013;
}

/// The most that a close frame's reason may have.
const REASON_BYTES: usize = 123;

/// How it stands with the tools of a script.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolsStatus)]
pub struct ToolsView {
    /// Whether they can be used; they are started by the first use.
    pub available: bool,
    /// Why not, and what to do.
    pub reason: Option<String>,
    pub programs: Vec<ToolsProgram>,
    pub state: ToolsState,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ToolsProgram {
    pub name: String,
    pub version: String,
}

/// Of the script's tools container.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolsState {
    Stopped,
    Starting,
    Running,
    /// The last start came to nothing; the next use tries again.
    Failed,
}

/// Which programs an editor may ask about this script, and whether they run.
#[utoipa::path(get, path = "/scripts/{id}/tools", tag = "tools", operation_id = "getTools",
    params(("id" = String, Path)),
    responses((status = 200, body = ToolsView), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<ToolsView>, ApiError> {
    let status = api.tools.status(&ScriptId::parse(&id)).await?;
    let (state, failure) = match status.phase {
        Phase::Stopped => (ToolsState::Stopped, None),
        Phase::Starting => (ToolsState::Starting, None),
        Phase::Running { .. } => (ToolsState::Running, None),
        Phase::Failed(why) => (ToolsState::Failed, Some(why)),
    };
    let programs = status.programs.into_iter();
    Ok(Json(ToolsView {
        available: status.unavailable.is_none(),
        reason: status.unavailable.or(failure),
        programs: programs
            .map(|(name, version)| ToolsProgram { name, version })
            .collect(),
        state,
    }))
}

/// A text and the name of the file that it is or will be; what the file holds is not looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolsText {
    /// Relative to the script's folder.
    pub path: String,
    pub text: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LintAnswer {
    /// At most 500.
    pub problems: Vec<Problem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FormatAnswer {
    pub text: String,
}

/// What the linter says of a text. A configuration in the script's folder (`pyproject.toml`, `ruff.toml`) counts.
#[utoipa::path(post, path = "/scripts/{id}/tools/lint", tag = "tools", operation_id = "lintText",
    params(("id" = String, Path)), request_body = ToolsText,
    responses((status = 200, body = LintAnswer), (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody, description = "`tool_failed`: the linter refuses, and says why"),
        (status = 503, body = ErrorBody)))]
pub async fn lint(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(asked): Json<ToolsText>,
) -> Result<Json<LintAnswer>, ApiError> {
    let path = rel_path(&asked.path)?;
    let problems = api.tools.lint(&ScriptId::parse(&id), &path, asked.text).await?;
    Ok(Json(LintAnswer { problems }))
}

/// A text as the formatter would have it; nothing is saved.
#[utoipa::path(post, path = "/scripts/{id}/tools/format", tag = "tools", operation_id = "formatText",
    params(("id" = String, Path)), request_body = ToolsText,
    responses((status = 200, body = FormatAnswer), (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody, description = "`syntax_error` with `details.line` and `details.column`, or `tool_failed`"),
        (status = 503, body = ErrorBody)))]
pub async fn format(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(asked): Json<ToolsText>,
) -> Result<Json<FormatAnswer>, ApiError> {
    let path = rel_path(&asked.path)?;
    let text = api.tools.format(&ScriptId::parse(&id), &path, asked.text).await?;
    Ok(Json(FormatAnswer { text }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SourceQuery {
    /// As a language server names it, such as `/env/lib/python3.13/site-packages/attr/__init__.py`.
    path: String,
}

/// A source of a package or of Python itself, where a definition leads; at most 4 MiB of it.
#[utoipa::path(get, path = "/scripts/{id}/tools/source", tag = "tools", operation_id = "readToolsSource",
    params(("id" = String, Path), SourceQuery),
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn source(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<SourceQuery>,
) -> Result<Response, ApiError> {
    let bytes = api.tools.source(&ScriptId::parse(&id), &query.path).await?;
    let mut response = bytes.into_response();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(response)
}

/// A language server of the editor's own, one JSON-RPC message per text frame. Needs an `Origin` equal to the host.
///
/// Where the script is (`file:///script`) and how the server is set up is filled into `initialize`. The server closes with
/// 1011 when it died or does not answer, 1012 when the script's environment has changed (connect again), 1013 when there
/// are no tools, 1001 when nothing was asked for some minutes; the reason says more.
#[utoipa::path(get, path = "/scripts/{id}/tools/language", tag = "tools", operation_id = "talkToLanguageServer",
    params(("id" = String, Path)),
    responses((status = 101, description = "WebSocket; text frames are messages of the language server protocol"),
        (status = 404, body = ErrorBody)))]
pub async fn language(
    State(api): State<Api>,
    Path(id): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    let script = ScriptId::parse(&id);
    // A script that is not there is an ordinary 404; the rest a page can only learn from a socket that opened.
    api.tools.status(&script).await?;
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES);
    Ok(upgrade.on_upgrade(move |mut socket| async move {
        let (code, reason) = match api.tools.language(&script).await {
            Ok(session) => talk(&mut socket, session).await,
            Err(error) => refusal(error),
        };
        let end = reason.floor_char_boundary(REASON_BYTES);
        let frame = CloseFrame {
            code,
            reason: reason[..end].into(),
        };
        let _ = socket.send(Message::Close(Some(frame))).await;
    }))
}

fn refusal(error: Error) -> (u16, String) {
    let code = match error {
        Error::Unavailable(_) => code::TRY_LATER,
        Error::NotFound => code::GOING_AWAY,
        _ => code::INTERNAL,
    };
    (code, error.to_string())
}

/// Until one of the three is done with it: editor, server, or we with either. Answers how to say so.
async fn talk(socket: &mut WebSocket, session: Session) -> (u16, String) {
    let Session {
        mut editor,
        mut server,
    } = session;
    let (mut to_editor, mut from_editor) = socket.split();
    let up = async {
        loop {
            match from_editor.next().await {
                Some(Ok(Message::Text(text))) => {
                    if let Err(closed) = editor.tell(text.to_string()).await {
                        return closing(&closed);
                    }
                }
                Some(Ok(Message::Binary(_))) => {
                    let reason = "messages of the language server protocol are text frames";
                    return (code::UNSUPPORTED, reason.to_owned());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return (code::NORMAL, String::new()),
            }
        }
    };
    let down = async {
        loop {
            match server.next().await {
                Ok(message) => {
                    if to_editor.send(Message::Text(message.into())).await.is_err() {
                        return (code::NORMAL, String::new());
                    }
                }
                Err(closed) => return closing(&closed),
            }
        }
    };
    tokio::select! {
        said = up => said,
        said = down => said,
    }
}

fn closing(closed: &Closed) -> (u16, String) {
    let code = match closed {
        Closed::Ended(Why::EnvironmentChanged) => code::RESTART,
        Closed::Ended(Why::Displaced) => code::TRY_LATER,
        Closed::Ended(Why::Died) | Closed::Died(_) | Closed::Broken(_) | Closed::Flood | Closed::Silent => {
            code::INTERNAL
        }
        Closed::Ended(Why::Idle | Why::ScriptGone | Why::ControllerStops) => code::GOING_AWAY,
    };
    (code, closed.to_string())
}

/// A text may be longer than other JSON; as JSON, every character of it may take six.
pub fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(2 * MOST_TEXT_BYTES)
}
