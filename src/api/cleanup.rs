//! `/cleanup`: what is unused, what would go, and having it go.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Query};
use crate::cleanup::account::Plan;
use crate::cleanup::{Room, Running, Wish};
use crate::model::cleanup::{Kind, Report, Trigger};
use crate::scheduler;
use crate::scheduler::timetable::Unusable;

const EXAMPLES: usize = 8;
const LEFT_ALONE_SHOWN: usize = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    /// Kinds that are chosen, with commas between them; absent: those that go by themselves.
    kinds: Option<String>,
}

/// What would go now.
#[derive(Debug, Serialize, ToSchema)]
pub struct CleanupPreview {
    /// To be sent with the wish to have exactly this go.
    pub fingerprint: String,
    pub computed_at: Timestamp,
    /// Of the chosen groups.
    pub total_bytes: u64,
    /// All there are, in the order in which they go.
    pub groups: Vec<CleanupGroup>,
    /// What stays, and why; at most a hundred.
    pub left_alone: Vec<LeftAloneView>,
    pub left_alone_count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CleanupGroup {
    pub kind: Kind,
    pub what: String,
    pub why: String,
    /// Whether it goes with what was asked for.
    pub chosen: bool,
    /// Whether it goes by itself unless settings say otherwise.
    pub safe: bool,
    pub place: CleanupPlace,
    pub items_count: u64,
    /// What is free once it has gone. Of a group that is not chosen: beside the chosen ones.
    pub bytes: u64,
    /// The largest.
    pub examples: Vec<CleanupExample>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CleanupPlace {
    /// On the data disk.
    Data,
    /// With the container engine: at least so much.
    Engine,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CleanupExample {
    pub what: String,
    pub bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeftAlone)]
pub struct LeftAloneView {
    pub what: String,
    pub why: String,
}

/// What is to go.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CleanupWishBody {
    /// Of a preview: nothing that it did not show goes, and of what it showed nothing that has changed since.
    pub fingerprint: Option<String>,
    /// Absent: those of the preview, or those that go by themselves.
    #[schema(value_type = Option<Vec<Kind>>)]
    pub kinds: Option<BTreeSet<Kind>>,
}

/// One that is being carried out.
#[derive(Debug, Serialize, ToSchema)]
pub struct CleanupJob {
    pub id: i64,
    pub trigger: Trigger,
    pub started_at: Timestamp,
    /// How often it was cut short and went on at the next start.
    pub continued: u32,
    pub items: u64,
    pub items_done: u64,
    pub bytes: u64,
    pub freed_bytes: u64,
    pub kind: Option<Kind>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CleanupView {
    pub running: Option<CleanupJob>,
    /// The newest first, at most twenty.
    pub last_reports: Vec<Report>,
    /// When it goes on by itself.
    pub next_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RoomView {
    /// What takes room on the data disk. Files that several share count once.
    pub items: Vec<RoomItem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RoomItem {
    pub kind: Room,
    pub bytes: u64,
}

/// How it stands, and what the last ones did.
#[utoipa::path(get, path = "/cleanup", tag = "system", operation_id = "getCleanup",
    responses((status = 200, body = CleanupView)))]
pub async fn get(State(api): State<Api>) -> Result<Json<CleanupView>, ApiError> {
    let standing = api.cleanup.standing().await?;
    Ok(Json(CleanupView {
        running: standing.running.map(job),
        last_reports: standing.last_reports,
        next_at: standing.next_at,
    }))
}

/// What would go now, with what it takes. Looks at a good part of the disk.
#[utoipa::path(get, path = "/cleanup/preview", tag = "system", operation_id = "previewCleanup", params(PreviewQuery),
    responses((status = 200, body = CleanupPreview), (status = 400, body = ErrorBody)))]
pub async fn preview(
    State(api): State<Api>,
    Query(query): Query<PreviewQuery>,
) -> Result<Json<CleanupPreview>, ApiError> {
    let kinds = query.kinds.as_deref().map(kinds_of).transpose()?;
    let plan = api.cleanup.preview(kinds).await?;
    Ok(Json(show(&plan)))
}

/// What takes room on the data disk. A long look at a full one.
#[utoipa::path(get, path = "/cleanup/room", tag = "system", operation_id = "getRoom",
    responses((status = 200, body = RoomView)))]
pub async fn room(State(api): State<Api>) -> Result<Json<RoomView>, ApiError> {
    let room = api.cleanup.room().await?;
    let items = room.into_iter().map(|(kind, bytes)| RoomItem { kind, bytes });
    Ok(Json(RoomView {
        items: items.collect(),
    }))
}

/// Begins a clean-up; it goes on by itself from there, also after a restart.
#[utoipa::path(post, path = "/cleanup", tag = "system", operation_id = "beginCleanup", request_body = CleanupWishBody,
    responses((status = 202, body = CleanupJob), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn begin(
    State(api): State<Api>,
    Json(wish): Json<CleanupWishBody>,
) -> Result<(StatusCode, Json<CleanupJob>), ApiError> {
    let wish = Wish {
        fingerprint: wish.fingerprint,
        kinds: wish.kinds,
    };
    Ok((StatusCode::ACCEPTED, Json(job(api.cleanup.begin(wish).await?))))
}

/// In the settings the fields are a group's.
pub(super) fn unusable(error: Unusable) -> ApiError {
    let mut refused = ApiError::from(scheduler::Error::Unusable(error));
    if let Some(field) = refused
        .details
        .as_mut()
        .and_then(|details| details.get_mut("field"))
        && let Some(name) = field.as_str()
    {
        *field = format!("cleanup.{name}").into();
    }
    refused
}

fn kinds_of(text: &str) -> Result<BTreeSet<Kind>, ApiError> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| {
            serde_json::from_value(word.into()).map_err(|_| {
                ApiError::bad_request(
                    "invalid_query",
                    format!("There is no kind {word:?} that could go"),
                )
            })
        })
        .collect()
}

fn job(running: Running) -> CleanupJob {
    CleanupJob {
        id: running.id,
        trigger: running.trigger,
        started_at: running.started_at,
        continued: running.continued,
        items: running.items,
        items_done: running.done,
        bytes: running.bytes,
        freed_bytes: running.freed_bytes,
        kind: running.kind,
    }
}

fn show(plan: &Plan) -> CleanupPreview {
    let groups = Kind::ALL.into_iter().map(|kind| {
        let mut items: Vec<_> = plan.items.iter().filter(|item| item.kind == kind).collect();
        items.sort_by_key(|item| std::cmp::Reverse(item.bytes));
        let (what, why) = words(kind, plan.trash_days);
        CleanupGroup {
            kind,
            what: what.to_owned(),
            why,
            chosen: plan.chosen.contains(&kind),
            safe: kind.is_safe(),
            place: match kind {
                Kind::Images | Kind::Containers => CleanupPlace::Engine,
                _ => CleanupPlace::Data,
            },
            items_count: items.len() as u64,
            bytes: items.iter().map(|item| item.bytes).sum(),
            examples: items
                .iter()
                .take(EXAMPLES)
                .map(|item| CleanupExample {
                    what: item.what.clone(),
                    bytes: item.bytes,
                })
                .collect(),
        }
    });
    let left_alone = plan
        .left_alone
        .iter()
        .take(LEFT_ALONE_SHOWN)
        .map(|left| LeftAloneView {
            what: left.what.clone(),
            why: left.why.clone(),
        });
    CleanupPreview {
        fingerprint: plan.fingerprint(),
        computed_at: plan.computed_at,
        total_bytes: plan.bytes(),
        groups: groups.collect(),
        left_alone: left_alone.collect(),
        left_alone_count: plan.left_alone.len() as u64,
    }
}

fn words(kind: Kind, trash_days: Option<u32>) -> (&'static str, String) {
    let trash = match trash_days {
        Some(days) => format!(
            "They have been in the trash for more than {days} days. Their files, revisions, environments, schedules and \
             runs go with them, for good"
        ),
        None => "Settings say that what is in the trash stays there".to_owned(),
    };
    match kind {
        Kind::Trash => ("Scripts in the trash", trash),
        Kind::Runs => (
            "Runs that need not be kept",
            "They are beyond what retention keeps, with their logs and artifacts".to_owned(),
        ),
        Kind::RunDirectories => (
            "Run directories without a run",
            "No run in the database has them; after an older copy of it was restored they may be all that is left of \
             later runs"
                .to_owned(),
        ),
        Kind::Folders => (
            "Folders without a script",
            "No script in the database has them; after an older copy of it was restored they may be all that is left \
             of later scripts"
                .to_owned(),
        ),
        Kind::Environments => (
            "Environments that no script needs",
            "They are neither in use nor the one before, to which a script could go back".to_owned(),
        ),
        Kind::Leftovers => (
            "What was cut short",
            "It was being made or removed more than a day ago, and nobody is at it any more".to_owned(),
        ),
        Kind::UnusedPackages => (
            "Packages that no environment has",
            "They are in the package cache only; whoever wants one again fetches it from the index".to_owned(),
        ),
        Kind::PackageCache => (
            "The rest of the package cache",
            "Environments keep their files; the next installs fetch everything from the index again".to_owned(),
        ),
        Kind::DatabaseCopies => (
            "Old copies of the database",
            "They were made before its schema changed; the last three stay".to_owned(),
        ),
        Kind::Supervisors => (
            "Supervisors of earlier versions",
            "No container uses them any more".to_owned(),
        ),
        Kind::Images => (
            "Images that nothing uses",
            "They were built here and were replaced when they were renewed, or are no longer on the list".to_owned(),
        ),
        Kind::Containers => (
            "Containers without a run",
            "They carry this instance's mark, and no run needs them; they take no room to speak of".to_owned(),
        ),
    }
}
