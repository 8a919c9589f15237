//! `GET /scripts/{id}/archive`: a script's folder as one file, packed while it is taken.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::error::{ApiError, ErrorBody};
use crate::api::extract::{Path, Query};
use crate::api::files::rel_path;
use crate::api::streamed;
use crate::api::view::disposition;
use crate::files::archives::Format;
use crate::model::ids::ScriptId;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum ArchiveFormat {
    #[default]
    #[serde(rename = "zip")]
    Zip,
    #[serde(rename = "tar.gz")]
    TarGz,
}

impl ArchiveFormat {
    fn ending(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::TarGz => "tar.gz",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Zip => "application/zip",
            Self::TarGz => "application/gzip",
        }
    }
}

impl From<ArchiveFormat> for Format {
    fn from(format: ArchiveFormat) -> Self {
        match format {
            ArchiveFormat::Zip => Self::Zip,
            ArchiveFormat::TarGz => Self::TarGz,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArchiveQuery {
    #[serde(default)]
    #[param(inline)]
    format: ArchiveFormat,
    /// Only this folder or file, as it is.
    path: Option<String>,
}

/// The script's folder as an archive, with what the script is in `pytask.json`: it can be imported again, and
/// `uv run <slug>/main.py` runs it elsewhere.
#[utoipa::path(get, path = "/scripts/{id}/archive", tag = "scripts", operation_id = "downloadScript",
    params(("id" = String, Path), ArchiveQuery),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn archive(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<ArchiveQuery>,
) -> Result<Response, ApiError> {
    let part = query.path.as_deref().map(rel_path).transpose()?;
    let export = api.scripts.export(&ScriptId::parse(&id), part).await?;
    let name = format!("{}.{}", export.name(), query.format.ending());
    let format = query.format.into();
    let (mut pieces, breaking, body) = streamed::body();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = export.pack(format, &mut pieces)
            && breaking.is_heard()
        {
            tracing::warn!(%error, "an archive could not be made to its end");
            breaking.break_off(error);
        }
    });
    let mut response = body.into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static(query.format.content_type());
    headers.insert(header::CONTENT_TYPE, content_type);
    if let Ok(disposition) = HeaderValue::try_from(attachment(&name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// Also for clients that know plain names only, where it is one.
fn attachment(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let how = if name.bytes().all(is_plain) {
        format!("attachment; filename=\"{name}\"")
    } else {
        "attachment".to_owned()
    };
    disposition(&how, name)
}
