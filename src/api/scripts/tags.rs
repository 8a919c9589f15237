//! `/tags`: what scripts are sorted by, as a whole.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::extract::{Json, Path};
use crate::model::tag::TagColour;
use crate::store::tags::Tag;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
pub struct TagView {
    pub name: String,
    /// What was chosen, or else follows from the name.
    pub colour: TagColour,
    /// How many scripts have it; those in the trash are not counted.
    pub scripts: u64,
}

impl TagView {
    fn new(tag: Tag) -> Self {
        Self {
            colour: tag.colour.unwrap_or_else(|| TagColour::of(&tag.name)),
            name: tag.name,
            scripts: tag.scripts,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TagList {
    /// By name.
    pub items: Vec<TagView>,
}

/// The tags that scripts have.
#[utoipa::path(get, path = "/tags", tag = "scripts", operation_id = "listTags",
    responses((status = 200, body = TagList)))]
pub async fn list_tags(State(api): State<Api>) -> Result<Json<TagList>, ApiError> {
    let items = api.scripts.tags().await?;
    Ok(Json(TagList {
        items: items.into_iter().map(TagView::new).collect(),
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagPatch {
    /// The new name, on all scripts; one that is there already is merged into.
    name: Option<String>,
    colour: Option<TagColour>,
}

/// Renames a tag on all scripts, or gives it a colour.
#[utoipa::path(patch, path = "/tags/{name}", tag = "scripts", operation_id = "updateTag",
    params(("name" = String, Path)), request_body = TagPatch,
    responses((status = 200, body = TagView), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn update_tag(
    State(api): State<Api>,
    Path(name): Path<String>,
    Json(patch): Json<TagPatch>,
) -> Result<Json<TagView>, ApiError> {
    let tag = api
        .scripts
        .change_tag(&name, patch.name.as_deref(), patch.colour)
        .await?;
    Ok(Json(TagView::new(tag)))
}

/// Takes a tag off all scripts.
#[utoipa::path(delete, path = "/tags/{name}", tag = "scripts", operation_id = "deleteTag",
    params(("name" = String, Path)), responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn delete_tag(State(api): State<Api>, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    api.scripts.remove_tag(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
