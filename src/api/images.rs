//! `/images`: what scripts can be run in, and getting, renewing and removing it.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use crate::images::{Listed, Report, Wish};
use crate::model::image::{ImageOrigin, ImageState};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunnerImage)]
pub struct ImageView {
    /// What scripts say; unique.
    pub name: String,
    /// Whether it is the instance's own, for scripts that name no image.
    pub own: bool,
    /// The image that it is made from, or is.
    pub base: String,
    /// Debian packages that are installed on the base.
    pub system_packages: Vec<String>,
    pub state: ImageState,
    /// Why it is not usable, or could not be renewed.
    pub message: Option<String>,
    /// What runs are started from, once there is something.
    pub reference: Option<String>,
    pub origin: Option<ImageOrigin>,
    /// Id of its content (`sha256:…`).
    pub digest: Option<String>,
    /// Version of its Python.
    pub python: Option<String>,
    pub uv: Option<String>,
    pub size_bytes: Option<u64>,
    /// Names of scripts that use it by name.
    pub scripts: Vec<String>,
    /// What is being done about it at the moment.
    pub progress: Option<Report>,
    pub added_at: Timestamp,
    /// When its content last became what it is.
    pub prepared_at: Option<Timestamp>,
}

impl From<Listed> for ImageView {
    fn from(listed: Listed) -> Self {
        let image = listed.image;
        Self {
            name: image.name,
            own: listed.own,
            base: image.base,
            system_packages: image.system_packages,
            state: image.state,
            message: image.message,
            reference: image.reference,
            origin: image.origin,
            digest: image.digest,
            python: image.python,
            uv: image.uv,
            size_bytes: image.size_bytes,
            scripts: listed.scripts,
            progress: listed.progress,
            added_at: image.added_at,
            prepared_at: image.prepared_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ImageList {
    /// The instance's own first, then by name.
    pub items: Vec<ImageView>,
}

/// All runner images.
#[utoipa::path(get, path = "/images", tag = "images", operation_id = "listImages",
    responses((status = 200, body = ImageList)))]
pub async fn list(State(api): State<Api>) -> Result<Json<ImageList>, ApiError> {
    let listed = api.images.list().await?;
    Ok(Json(ImageList {
        items: listed.into_iter().map(ImageView::from).collect(),
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImage {
    /// An image with Python, such as `python:3.12-slim-trixie`. It is pulled if it is not here. If it has `uv` as well and
    /// no packages are wanted, it is used as it is; otherwise an image is built on it, which needs `pip` in it.
    base: String,
    /// What scripts say; the base's name if left out.
    #[serde(default)]
    name: Option<String>,
    /// Names of packages to install with `apt-get`, for images that are made of Debian.
    #[serde(default)]
    system_packages: Vec<String>,
}

/// Begins to make an image usable. The list of images, and the event `images`, tell how far it is.
#[utoipa::path(post, path = "/images", tag = "images", operation_id = "addImage", request_body = NewImage,
    responses((status = 202, body = ImageView), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn add(
    State(api): State<Api>,
    Json(new): Json<NewImage>,
) -> Result<(StatusCode, Json<ImageView>), ApiError> {
    let wish = Wish {
        name: new.name,
        base: new.base,
        system_packages: new.system_packages,
    };
    let image = api.images.add(wish).await?;
    Ok((StatusCode::ACCEPTED, Json(image.into())))
}

/// Asks the registry for the base again and makes the image anew from that. Scripts use the one of before until it is
/// done, and then need their packages installed again.
#[utoipa::path(post, path = "/images/{name}/renew", tag = "images", operation_id = "renewImage",
    params(("name" = String, Path, description = "Percent-encoded")),
    responses((status = 202, body = ImageView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn renew(
    State(api): State<Api>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<ImageView>), ApiError> {
    let image = api.images.renew(&name).await?;
    Ok((StatusCode::ACCEPTED, Json(image.into())))
}

/// Takes an image off the list, and from the engine what was pulled or built for it. One that scripts use stays.
#[utoipa::path(delete, path = "/images/{name}", tag = "images", operation_id = "removeImage",
    params(("name" = String, Path, description = "Percent-encoded")),
    responses((status = 202), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn remove(State(api): State<Api>, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    api.images.remove(&name).await?;
    Ok(StatusCode::ACCEPTED)
}
