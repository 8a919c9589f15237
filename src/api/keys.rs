//! `/system/key`, `/system/rotate-key`: the key to stored secrets, as far as it is to be known.

use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::Json;

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyLocation {
    /// In the data folder, made here.
    Volume,
    /// In a file that the configuration names.
    Given,
}

/// The key that secrets are sealed with.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretsKey {
    /// Made of the key, and of no use without it. `null`: there is none.
    pub id: Option<String>,
    /// By its file.
    pub created_at: Option<Timestamp>,
    pub location: KeyLocation,
    /// Why secrets can be neither read nor stored.
    pub trouble: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RotatedKey {
    /// Secrets that are sealed with the new key now.
    pub resealed: u64,
    /// Secrets that could not be read before either, and have to be entered anew.
    pub unreadable: u64,
}

/// The key to stored secrets.
#[utoipa::path(get, path = "/system/key", tag = "system", operation_id = "getSecretsKey",
    responses((status = 200, body = SecretsKey)))]
pub async fn get(State(api): State<Api>) -> Json<SecretsKey> {
    let (about, trouble) = api.keys.about();
    Json(SecretsKey {
        id: about.id,
        created_at: about.made_at.and_then(|at| Timestamp::try_from(at).ok()),
        location: if about.is_given {
            KeyLocation::Given
        } else {
            KeyLocation::Volume
        },
        trouble: trouble.map(|trouble| trouble.to_string()),
    })
}

/// Makes a new key, seals everything with it and removes the old one. Copies of the database that were made before need
/// the old key.
#[utoipa::path(post, path = "/system/rotate-key", tag = "system", operation_id = "rotateSecretsKey",
    responses((status = 200, body = RotatedKey), (status = 409, body = ErrorBody)))]
pub async fn rotate(State(api): State<Api>) -> Result<Json<RotatedKey>, ApiError> {
    let done = api.keys.rotate().await?;
    Ok(Json(RotatedKey {
        resealed: done.resealed,
        unreadable: done.unreadable,
    }))
}
