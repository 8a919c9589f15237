//! New scripts from what is there: a duplicate, or a file or archive that somebody sends.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use utoipa::{IntoParams, ToSchema};

use super::view::{ScriptView, show};
use crate::api::Api;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::extract::{Json, Path, Query};
use crate::files::{self, on_disk};
use crate::model::ids::ScriptId;
use crate::model::schedule::{Terms, When};
use crate::scheduler::timetable::Timetable;
use crate::scripts::import::{BroughtSchedule, Fate, MOST_SENT, Schedules, Sent, Taking};

/// Of what is too large, so much is read and thrown away: who is still sending does not hear an answer.
const MOST_TAKEN: u64 = 4 * MOST_SENT;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DuplicateRequest {
    /// Left out: the script's name with "copy" behind it, and a number if need be.
    name: Option<String>,
    /// Its schedules too, switched off.
    schedules: bool,
}

/// Makes a script with the same files, requirements, limits, tags, image and policies.
#[utoipa::path(post, path = "/scripts/{id}/duplicate", tag = "scripts", operation_id = "duplicateScript",
    params(("id" = String, Path)), request_body = DuplicateRequest,
    responses((status = 201, body = ScriptView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn duplicate(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(request): Json<DuplicateRequest>,
) -> Result<(StatusCode, Json<ScriptView>), ApiError> {
    let id = ScriptId::parse(&id);
    let script = api
        .scripts
        .duplicate(&id, request.name.as_deref(), request.schedules)
        .await?;
    Ok((StatusCode::CREATED, show(&api, script).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Of what is sent; its ending says what it is: `.py`, `.zip`, `.tar.gz` or `.tgz`.
    filename: String,
    /// The script's name. Left out: the one in the archive, or else that of the file, and a number if it is taken.
    name: Option<String>,
    /// What becomes of the schedules in an archive that was made here.
    #[serde(default)]
    #[param(inline)]
    schedules: WantedSchedules,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedSchedules {
    /// They stay behind.
    None,
    /// They come along, switched off.
    #[default]
    Paused,
    /// They come along, switched on or off as they were.
    AsTheyWere,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Imported {
    pub script: ScriptView,
    /// What there is to know of it, in sentences.
    pub notes: Vec<String>,
    /// All that the archive has, in its order.
    pub schedules: Vec<ImportedSchedule>,
}

/// A schedule of an archive, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedSchedule {
    /// As the archive calls it; may be empty.
    pub name: String,
    /// `null` if it cannot be read.
    pub when: Option<When>,
    pub state: ImportedState,
    /// Why it was left out, or what else there is to know of it.
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportedState {
    On,
    Paused,
    LeftOut,
}

impl From<BroughtSchedule> for ImportedSchedule {
    fn from(brought: BroughtSchedule) -> Self {
        Self {
            name: brought.name,
            when: brought.when,
            state: match brought.fate {
                Fate::On => ImportedState::On,
                Fate::Paused => ImportedState::Paused,
                Fate::LeftOut => ImportedState::LeftOut,
            },
            reason: brought.why,
        }
    }
}

/// Makes a script of a Python file or an archive: all of it or nothing, but for schedules, of which each is taken or
/// left out for itself.
#[utoipa::path(post, path = "/scripts/import", tag = "scripts", operation_id = "importScript", params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Imported), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn import(
    State(api): State<Api>,
    Query(query): Query<ImportQuery>,
    body: Body,
) -> Result<(StatusCode, Json<Imported>), ApiError> {
    // Said before anybody sends megabytes for nothing.
    let sent = Sent::new(&query.filename, query.name.as_deref())?;
    let file = received(&api, body).await?;
    let taking = Taking {
        schedules: match query.schedules {
            WantedSchedules::None => Schedules::Leave,
            WantedSchedules::Paused => Schedules::Pause,
            WantedSchedules::AsTheyWere => Schedules::Keep,
        },
        usable,
    };
    let imported = api.scripts.import(sent, file, taking).await?;
    if !imported.schedules.is_empty() {
        api.scheduler.told(&imported.script.id);
    }
    let Json(script) = show(&api, imported.script).await?;
    let imported = Imported {
        script,
        notes: imported.notes,
        schedules: imported.schedules.into_iter().map(Into::into).collect(),
    };
    Ok((StatusCode::CREATED, Json(imported)))
}

/// Whether a schedule could be kept as it is; why not.
fn usable(terms: &Terms) -> Result<(), String> {
    terms.check().map_err(|invalid| invalid.message)?;
    Timetable::of(&terms.when).map(drop).map_err(|e| e.to_string())
}

/// What is sent, in a file that nobody sees.
async fn received(api: &Api, body: Body) -> Result<std::fs::File, ApiError> {
    let data = api.data.clone();
    let file = on_disk(move || files::scratch_file(&data)).await?;
    let mut file = tokio::fs::File::from_std(file);
    let mut stream = body.into_data_stream();
    let mut bytes: u64 = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece
            .map_err(|_| ApiError::bad_request("unreadable_body", "The body could not be read to its end"))?;
        bytes += piece.len() as u64;
        if bytes > MOST_TAKEN {
            break;
        }
        if bytes > MOST_SENT {
            continue;
        }
        let written = file.write_all(&piece).await;
        written.map_err(|e| files::Error::from_io("the import", e))?;
    }
    if bytes > MOST_SENT {
        let message = format!("An import may have at most {} MiB", MOST_SENT / 1024 / 1024);
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "import_too_large",
            message,
        ));
    }
    file.flush()
        .await
        .map_err(|e| files::Error::from_io("the import", e))?;
    Ok(file.into_std().await)
}

/// What is sent is counted as it comes.
pub fn import_body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::disable()
}
