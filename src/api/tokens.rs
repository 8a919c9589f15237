//! `/tokens`: access tokens.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use crate::access::Wish;
use crate::model::access::{Scope, Token};
use crate::model::ids::TokenId;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    pub id: String,
    pub name: String,
    pub scope: Scope,
    /// The first four characters after `pytask_`, to tell it by.
    pub hint: String,
    pub created_at: Timestamp,
    /// To about a minute.
    pub last_used_at: Option<Timestamp>,
    /// `null`: never.
    pub expires_at: Option<Timestamp>,
    /// It is of no use any more.
    pub expired: bool,
}

impl TokenView {
    fn new(token: Token, now: Timestamp) -> Self {
        Self {
            expired: token.has_expired(now),
            id: token.id.to_string(),
            name: token.name,
            scope: token.scope,
            hint: token.hint,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// Oldest first; at most 100.
    pub items: Vec<TokenView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Unique, 1 to 60 characters: whom or what it is for.
    name: String,
    /// Default: `full`.
    #[serde(default)]
    scope: Scope,
    /// Default: it does not expire.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MadeToken {
    #[serde(flatten)]
    pub view: TokenView,
    /// The token itself. It is stored nowhere and answered only now.
    pub token: String,
}

/// Access tokens, never with what is secret of them.
#[utoipa::path(get, path = "/tokens", tag = "access", operation_id = "listTokens",
    responses((status = 200, body = Tokens)))]
pub async fn list(State(api): State<Api>) -> Json<Tokens> {
    let now = api.clock.now();
    let items = api.access.tokens();
    Json(Tokens {
        items: items
            .into_iter()
            .map(|token| TokenView::new(token, now))
            .collect(),
    })
}

/// Makes an access token. The answer is the only place where it can be seen.
#[utoipa::path(post, path = "/tokens", tag = "access", operation_id = "createToken", request_body = NewToken,
    responses((status = 201, body = MadeToken), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), ApiError> {
    let wish = Wish {
        name: new.name,
        scope: new.scope,
        expires_at: new.expires_at,
    };
    let (token, text) = api.access.create(wish).await?;
    let made = MadeToken {
        view: TokenView::new(token, api.clock.now()),
        token: text.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Takes a token back, at once. Browsers that have signed in with it are signed out.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "access", operation_id = "deleteToken",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    api.access.remove(&TokenId::parse(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
