//! `/session`: a browser exchanges a token for a cookie that no script of a page can read.
//!
//! Open to everybody, since who is asked to sign in has nothing to show yet. The cookie is random and its own: it is not
//! the token, and goes when that goes. It lives as long as a browser lets it; that it is over after a month without use
//! is decided here, not there.

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::access::{ask, cookies, peer};
use super::error::{ApiError, ErrorBody};
use super::extract::Json;
use crate::access::{Refusal, Who};
use crate::model::access::Scope;
use crate::model::secret::Secret;

/// 400 days: what browsers grant at most (RFC 6265bis).
const COOKIE_SECONDS: u32 = 400 * 24 * 60 * 60;

#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Nobody may ask without a token: other machines can reach this instance, or its configuration wants it.
    pub token_required: bool,
    /// There is a token that somebody could sign in with. If not: `pytask-manager token create NAME`.
    pub has_tokens: bool,
    /// Who asks; `null`: somebody who has to sign in.
    pub who: Option<WhoView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Who)]
pub struct WhoView {
    pub kind: WhoKind,
    pub scope: Scope,
    /// Of the token.
    pub token_id: Option<String>,
    pub name: Option<String>,
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhoKind {
    /// On this machine, where nothing is asked of anybody.
    Anybody,
    /// Whoever can read the data folder.
    Owner,
    /// A program that shows a token.
    Token,
    /// A browser that has signed in with a token.
    Browser,
}

impl From<Who> for WhoView {
    fn from(who: Who) -> Self {
        let holder = who.holder().cloned();
        Self {
            kind: match &who {
                Who::Anybody => WhoKind::Anybody,
                Who::Owner => WhoKind::Owner,
                Who::Token(_) => WhoKind::Token,
                Who::Browser(_) => WhoKind::Browser,
            },
            scope: who.scope(),
            token_id: holder.as_ref().map(|holder| holder.token.to_string()),
            expires_at: holder.as_ref().and_then(|holder| holder.expires_at),
            name: holder.map(|holder| holder.name),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// An access token.
    #[schema(value_type = String)]
    token: Secret,
}

fn show(api: &Api, who: Option<Who>) -> SessionView {
    SessionView {
        token_required: api.access.is_required(),
        has_tokens: api.access.has_valid_token(),
        who: who.map(WhoView::from),
    }
}

/// Who asks, and whether that has to be known.
#[utoipa::path(get, path = "/session", tag = "access", operation_id = "getSession",
    responses((status = 200, body = SessionView), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub async fn get(
    State(api): State<Api>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Json<SessionView>, ApiError> {
    let who = match ask(&api.access, &headers, &extensions) {
        Ok(who) => Some(who),
        Err(Refusal::Required { .. }) => None,
        Err(refusal) => return Err(refusal.into()),
    };
    Ok(Json(show(&api, who)))
}

/// Signs a browser in: the answer sets its cookie.
#[utoipa::path(post, path = "/session", tag = "access", operation_id = "signIn", request_body = SignIn,
    responses((status = 200, body = SessionView), (status = 401, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 429, body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    headers: HeaderMap,
    extensions: Extensions,
    Json(wish): Json<SignIn>,
) -> Result<Response, ApiError> {
    let (cookie, holder) = api.access.sign_in(&wish.token, peer(&extensions)).await?;
    let view = show(&api, Some(Who::Browser(holder)));
    let set = set_cookie(
        api.access.cookie(),
        cookie.reveal(),
        COOKIE_SECONDS,
        is_secure(&headers),
    );
    Ok(with_cookie(Json(view).into_response(), &set))
}

/// Signs this browser out.
#[utoipa::path(delete, path = "/session", tag = "access", operation_id = "signOut",
    responses((status = 204)))]
pub async fn delete(State(api): State<Api>, headers: HeaderMap) -> Result<Response, ApiError> {
    let name = api.access.cookie();
    api.access.sign_out(&cookies(&headers, name)).await?;
    let set = set_cookie(name, "", 0, is_secure(&headers));
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), &set))
}

/// Browsers say so with whatever changes something; a proxy that ends the encryption passes it on.
fn is_secure(headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    origin.is_some_and(|origin| origin.starts_with(b"https://"))
}

fn set_cookie(name: &str, value: &str, seconds: u32, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
