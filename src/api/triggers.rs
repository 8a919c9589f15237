//! `/scripts/{id}/trigger`: the address at which a call starts a script; and `/hooks/{token}`: the call.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::access::{CALLS, peer};
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, unreadable};
use crate::model::ids::ScriptId;
use crate::model::secret::Secret;
use crate::model::trigger::{MOST_BODY_BYTES, Trigger};
use crate::triggers::signature::Signed;
use crate::triggers::{self, Call, Rotation, SecretWish, Told, Wish};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScriptTrigger)]
pub struct TriggerView {
    pub script_id: String,
    /// The path of its address. Answered once, when it is new; `null` from then on: only its fingerprint is stored.
    pub url_path: Option<String>,
    /// How that path begins, to tell it by.
    pub url_shown: String,
    pub enabled: bool,
    /// Calls have to be signed (Standard Webhooks).
    pub signed: bool,
    /// There is a secret that calls are signed with.
    pub has_secret: bool,
    /// That secret. Answered once, when it was made here; `null` otherwise.
    pub secret: Option<String>,
    /// When a call last started a run, to about a minute.
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl From<Told> for TriggerView {
    fn from(told: Told) -> Self {
        let text = |secret: Secret| secret.reveal().to_owned();
        let trigger = told.trigger;
        Self {
            script_id: trigger.script_id.to_string(),
            url_path: told.token.map(|token| format!("{CALLS}{}", token.reveal())),
            url_shown: format!("{CALLS}{}…", trigger.hint),
            enabled: trigger.enabled,
            signed: trigger.signed,
            has_secret: trigger.secret.is_some(),
            secret: told.secret.map(text),
            last_used_at: trigger.last_used_at,
            created_at: trigger.created_at,
            updated_at: trigger.updated_at,
        }
    }
}

impl From<Trigger> for TriggerView {
    fn from(trigger: Trigger) -> Self {
        Self::from(Told {
            trigger,
            token: None,
            secret: None,
        })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerWish {
    /// Default: as it is; a new one is on.
    enabled: Option<bool>,
    /// Default: as it is; a new one takes unsigned calls.
    signed: Option<bool>,
    /// `generate`, or a `whsec_…` of the sender's own. Default: the one there is, or one is made where one is needed.
    #[schema(value_type = Option<String>)]
    secret: Option<Secret>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationWish {
    /// Default: `address`.
    #[serde(default)]
    what: What,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    #[default]
    Address,
    Secret,
    Both,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Called {
    /// The run that was started; of a signed call that was repeated, the first one's.
    pub run_id: String,
}

/// The script's trigger, without what is secret of it. 204: it has none, which is how most scripts are and no error.
#[utoipa::path(get, path = "/scripts/{id}/trigger", tag = "triggers", operation_id = "getTrigger",
    params(("id" = String, Path)),
    responses((status = 200, body = TriggerView), (status = 204), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Response, ApiError> {
    match api.triggers.get(&ScriptId::parse(&id)).await {
        Ok(trigger) => Ok(Json(TriggerView::from(trigger)).into_response()),
        Err(triggers::Error::NotFound) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) => Err(error.into()),
    }
}

/// Makes the script's trigger, or changes what is given of it. A new address, and a secret that is made here, are
/// answered now and never again.
#[utoipa::path(put, path = "/scripts/{id}/trigger", tag = "triggers", operation_id = "putTrigger",
    params(("id" = String, Path)), request_body = TriggerWish,
    responses((status = 200, body = TriggerView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn put(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(wish): Json<TriggerWish>,
) -> Result<Json<TriggerView>, ApiError> {
    let secret = wish.secret.map(|secret| match secret.reveal() {
        "generate" => SecretWish::Generate,
        _ => SecretWish::Given(secret),
    });
    let wish = Wish {
        enabled: wish.enabled,
        signed: wish.signed,
        secret,
    };
    Ok(Json(api.triggers.put(&ScriptId::parse(&id), wish).await?.into()))
}

/// Makes address, secret or both anew. What they were is refused from now on.
#[utoipa::path(post, path = "/scripts/{id}/trigger/rotate", tag = "triggers", operation_id = "rotateTrigger",
    params(("id" = String, Path)), request_body = RotationWish,
    responses((status = 200, body = TriggerView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn rotate(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(wish): Json<RotationWish>,
) -> Result<Json<TriggerView>, ApiError> {
    let what = Rotation {
        address: matches!(wish.what, What::Address | What::Both),
        secret: matches!(wish.what, What::Secret | What::Both),
    };
    Ok(Json(
        api.triggers.rotate(&ScriptId::parse(&id), what).await?.into(),
    ))
}

/// Removes the script's trigger; its address is nobody's from now on.
#[utoipa::path(delete, path = "/scripts/{id}/trigger", tag = "triggers", operation_id = "deleteTrigger",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    api.triggers.remove(&ScriptId::parse(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub fn call_body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(MOST_BODY_BYTES)
}

/// Starts the script whose trigger this is. The body, of any kind and up to 1 MiB, is a file to the run. Needs no access
/// token and no `Origin`.
#[utoipa::path(post, path = "/hooks/{token}", tag = "triggers", operation_id = "callTrigger",
    params(("token" = String, Path), ("webhook-id" = Option<String>, Header),
        ("webhook-timestamp" = Option<i64>, Header), ("webhook-signature" = Option<String>, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 202, body = Called), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 429, body = ErrorBody)))]
pub async fn call(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Called>), ApiError> {
    let token = Secret::new(token);
    let from = peer(request.extensions());
    let headers = request.headers();
    let signed = signed(headers);
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.as_bytes().to_vec());
    // Read whoever asks, so that a right address is not told by that.
    let body = Bytes::from_request(request, &api).await.map_err(unreadable)?;
    let call = Call {
        token,
        peer: from,
        signed,
        content_type,
        body,
    };
    let run = api.triggers.call(call).await?;
    let called = Called {
        run_id: run.to_string(),
    };
    Ok((StatusCode::ACCEPTED, Json(called)))
}

fn signed(headers: &HeaderMap) -> Signed {
    let text = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    Signed {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
    }
}
