//! What an import of a `requirements.txt` would do, line by line. Nothing is stored: whoever agrees saves the list that is
//! answered, as any other.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lookalikes;
use crate::api::Api;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::extract::{Json, Path};
use crate::envs::requirements_file::import::{self, Fate, Import};
use crate::envs::requirements_file::{self, Line, Reading};
use crate::model::ids::ScriptId;
use crate::model::packages::Lookalike;

/// Characters of a line that are repeated: with its hashes it may be as long as the file.
const SHOWN: usize = 200;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// The file, as pip reads it; at most 1 MiB. Other files that it names are not read.
    text: String,
    /// The list that it would come into. Absent: what the script asks for.
    requirements: Option<Vec<String>>,
    /// What becomes of packages in the list that the file does not name; default: `keep`.
    #[serde(default)]
    others: Others,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Others {
    #[default]
    Keep,
    Remove,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportPreview)]
pub struct Preview {
    /// Everything but blank lines and comments.
    lines: Vec<LineView>,
    /// How many comments there are; they are not kept.
    comments: usize,
    /// The list as it would be, to be saved.
    requirements: Vec<String>,
    /// What would go with nothing of the same package in its place; empty with `keep`.
    removed: Vec<String>,
    /// Names in that list to be looked at twice.
    warnings: Vec<Lookalike>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportLine)]
pub struct LineView {
    /// In the file, from 0.
    first: usize,
    /// The same, unless the line is continued.
    last: usize,
    /// Without comment; cut after 200 characters.
    text: String,
    fate: FateView,
    /// As it comes into the list.
    requirement: Option<String>,
    /// What of the list it replaces.
    replaces: Vec<String>,
    /// Why, what to do instead, or what is left out of it.
    message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportFate)]
pub enum FateView {
    /// A package that is not in the list.
    Added,
    /// The list says the same.
    AlreadyThere,
    /// The list asks for the package in another way.
    Replaces,
    /// Another line of the file says the same.
    Merged,
    /// It needs nothing here.
    Ignored,
    /// It cannot be had.
    NotTaken,
}

/// What would come of importing a `requirements.txt`. Nothing is changed.
#[utoipa::path(post, path = "/scripts/{id}/dependencies/preview", tag = "dependencies",
    operation_id = "previewImport", params(("id" = String, Path)), request_body = PreviewRequest,
    responses((status = 200, body = Preview), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn preview(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(request): Json<PreviewRequest>,
) -> Result<Json<Preview>, ApiError> {
    let script = api.scripts.get(&ScriptId::parse(&id)).await?;
    let packages = api.settings.in_force().packages;
    let list = request.requirements.unwrap_or(script.requirements);
    let others = match request.others {
        Others::Keep => import::Others::Keep,
        Others::Remove => import::Others::Remove,
    };
    let lines = requirements_file::read(&request.text)?;
    let import = import::import(&lines, &list, others, &packages)?;
    let warnings = lookalikes(&api, &import.requirements).await?;
    Ok(Json(show(lines, import, warnings)))
}

fn show(lines: Vec<Line>, import: Import, warnings: Vec<Lookalike>) -> Preview {
    let all = lines.len();
    let fates = lines.into_iter().zip(import.fates);
    let lines: Vec<_> = fates
        .filter_map(|(line, fate)| LineView::new(line, fate))
        .collect();
    Preview {
        comments: all - lines.len(),
        lines,
        requirements: import.requirements,
        removed: import.removed,
        warnings,
    }
}

impl LineView {
    /// `None` for a comment.
    fn new(line: Line, fate: Fate) -> Option<Self> {
        let none = Vec::new;
        let (fate, replaces, message) = match fate {
            Fate::Comment => return None,
            Fate::Added { note } => (FateView::Added, none(), note),
            Fate::AlreadyThere { note } => (FateView::AlreadyThere, none(), note),
            Fate::Replaces { replaced, note } => (FateView::Replaces, replaced, note),
            Fate::Merged { why } => (FateView::Merged, none(), Some(why)),
            Fate::Ignored { why } => (FateView::Ignored, none(), Some(why)),
            Fate::NotTaken { why } => (FateView::NotTaken, none(), Some(why)),
        };
        let requirement = match line.reading {
            Reading::Asked(asked) if matches!(fate, FateView::Added | FateView::Replaces) => Some(asked.text),
            _ => None,
        };
        Some(Self {
            first: line.first - 1,
            last: line.last - 1,
            text: line.text.chars().take(SHOWN).collect(),
            fate,
            requirement,
            replaces,
            message,
        })
    }
}
