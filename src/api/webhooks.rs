//! `/webhooks` and `/deliveries`: who is told of what runs come to, and what became of it.

mod view;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path, Query};
use super::page::{self, Page};
use crate::model::ids::{DeliveryId, ScriptId, WebhookId};
use crate::model::patch::given;
use crate::model::secret::Secret;
use crate::model::webhook::{Delivery, DeliveryState, Format, Occasion, Rules, Terms};
use crate::webhooks::{SecretWish, Wish};
use view::{DeliveryView, WebhookView};

/// Everything that can be said of a webhook. A new one needs `name`, `url` and `events`; in a change what is absent stays
/// as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookWish {
    /// 1 to 100 characters.
    pub name: Option<String>,
    /// The script whose runs it is told of; `null`: every script.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false)]
    pub script_id: Option<Option<ScriptId>>,
    /// Where messages go, `http` or `https`. Never answered: `url_shown` is.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    pub url: Option<Secret>,
    /// `generate`, or one of your own: `whsec_` and 24 to 64 bytes in Base64; `null` takes it away. Answered once.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false, format = Password)]
    pub secret: Option<Option<Secret>>,
    /// `generic` unless it says otherwise.
    pub format: Option<Format>,
    /// For the format `template`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false)]
    pub template: Option<Option<String>>,
    /// Of what the template gives; `application/json` unless it says otherwise.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false)]
    pub content_type: Option<Option<String>>,
    pub events: Option<Vec<Occasion>>,
    /// As a whole.
    pub rules: Option<Rules>,
    pub enabled: Option<bool>,
    /// Whether messages are signed; they are if there is a secret, unless it says otherwise.
    pub signed: Option<bool>,
}

impl From<WebhookWish> for Wish {
    fn from(wish: WebhookWish) -> Self {
        Self {
            script_id: wish.script_id,
            name: wish.name,
            url: wish.url,
            secret: wish.secret.map(|secret| match secret {
                None => SecretWish::None,
                Some(secret) if secret.reveal() == "generate" => SecretWish::Generate,
                Some(secret) => SecretWish::Given(secret),
            }),
            format: wish.format,
            template: wish.template,
            content_type: wish.content_type,
            events: wish.events,
            rules: wish.rules,
            enabled: wish.enabled,
            signed: wish.signed,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WebhooksQuery {
    /// Only those of this script alone, without those of every script.
    script: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeliveriesQuery {
    state: Option<DeliveryState>,
    cursor: Option<String>,
    /// 1 to 500; 50 unless it says otherwise.
    limit: Option<u32>,
}

/// All of them, oldest first; there are at most 200.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", operation_id = "listWebhooks", params(WebhooksQuery),
    responses((status = 200, body = Page<WebhookView>)))]
pub async fn list(
    State(api): State<Api>,
    Query(query): Query<WebhooksQuery>,
) -> Result<Json<Page<WebhookView>>, ApiError> {
    let script = query.script.map(|id| ScriptId::parse(&id));
    let found = api.webhooks.list(script).await?;
    Ok(Json(Page {
        items: found
            .into_iter()
            .map(|found| view::webhook(found, None))
            .collect(),
        next_cursor: None,
    }))
}

/// Makes a webhook. Its address is resolved and looked at now, its template tried out with every event.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", operation_id = "createWebhook", request_body = WebhookWish,
    responses((status = 201, body = WebhookView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn create(
    State(api): State<Api>,
    Json(wish): Json<WebhookWish>,
) -> Result<(StatusCode, Json<WebhookView>), ApiError> {
    let (made, secret) = api.webhooks.create(wish.into()).await?;
    Ok((StatusCode::CREATED, Json(view::webhook(made, secret))))
}

#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", operation_id = "getWebhook", params(("id" = String, Path)),
    responses((status = 200, body = WebhookView), (status = 404, body = ErrorBody)))]
pub async fn get(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<WebhookView>, ApiError> {
    let found = api.webhooks.get(&WebhookId::parse(&id)).await?;
    Ok(Json(view::webhook(found, None)))
}

/// Changes what is given. What waits to be sent is tried at once by what holds then; switched off, it is cancelled.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", operation_id = "updateWebhook",
    params(("id" = String, Path)), request_body = WebhookWish,
    responses((status = 200, body = WebhookView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(wish): Json<WebhookWish>,
) -> Result<Json<WebhookView>, ApiError> {
    let (changed, secret) = api.webhooks.change(&WebhookId::parse(&id), wish.into()).await?;
    Ok(Json(view::webhook(changed, secret)))
}

/// Forgets a webhook, what it was told, and what it was to be told.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", operation_id = "deleteWebhook",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    api.webhooks.remove(&WebhookId::parse(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends one message that says that it is a test, and answers what became of it. Also while the webhook is switched off, and
/// in quiet hours; never tried again.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", operation_id = "testWebhook",
    params(("id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = 404, body = ErrorBody)))]
pub async fn test(State(api): State<Api>, Path(id): Path<String>) -> Result<Json<DeliveryView>, ApiError> {
    let delivery = api.webhooks.test(&WebhookId::parse(&id)).await?;
    Ok(Json(whole(&api, delivery).await?))
}

async fn whole(api: &Api, delivery: Delivery) -> Result<DeliveryView, ApiError> {
    let request = api.webhooks.request(&delivery).await?;
    Ok(view::delivery(delivery, Some(request)))
}

/// What a webhook was told, and what waits; newest first.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "listDeliveries",
    params(("id" = String, Path), DeliveriesQuery),
    responses((status = 200, body = Page<DeliveryView>), (status = 404, body = ErrorBody)))]
pub async fn list_deliveries(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<Json<Page<DeliveryView>>, ApiError> {
    let limit = page::limit(query.limit)?;
    let before = page::before(query.cursor.as_deref())?;
    let id = WebhookId::parse(&id);
    let found = api
        .webhooks
        .deliveries(&id, query.state, before, limit + 1)
        .await?;
    let number = |delivery: &Delivery| delivery.number.to_string();
    Ok(Json(Page::cut(found, limit, number, |delivery| {
        view::delivery(delivery, None)
    })))
}

/// One delivery with its request and all attempts.
#[utoipa::path(get, path = "/deliveries/{id}", tag = "webhooks", operation_id = "getDelivery",
    params(("id" = String, Path)),
    responses((status = 200, body = DeliveryView), (status = 404, body = ErrorBody)))]
pub async fn get_delivery(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<DeliveryView>, ApiError> {
    let delivery = api.webhooks.delivery(&DeliveryId::parse(&id)).await?;
    Ok(Json(whole(&api, delivery).await?))
}

/// Sends the same again as a new delivery, behind what waits already, with the same `webhook-id`.
#[utoipa::path(post, path = "/deliveries/{id}/replay", tag = "webhooks", operation_id = "replayDelivery",
    params(("id" = String, Path)),
    responses((status = 202, body = DeliveryView), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn replay(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<DeliveryView>), ApiError> {
    let delivery = api.webhooks.replay(&DeliveryId::parse(&id)).await?;
    Ok((StatusCode::ACCEPTED, Json(whole(&api, delivery).await?)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewWish {
    format: Format,
    /// For the format `template`.
    #[serde(default)]
    template: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
    /// Of which a sample is made.
    event: Occasion,
}

/// A message as a receiver would get it, but for the headers of every message.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookPreview {
    content_type: String,
    body: String,
    /// By their names.
    headers: BTreeMap<String, String>,
}

/// What a message would look like, of an event that never was.
#[utoipa::path(post, path = "/webhooks/preview", tag = "webhooks", operation_id = "previewWebhook",
    request_body = PreviewWish,
    responses((status = 200, body = WebhookPreview), (status = 422, body = ErrorBody)))]
pub async fn preview(
    State(api): State<Api>,
    Json(wish): Json<PreviewWish>,
) -> Result<Json<WebhookPreview>, ApiError> {
    let mut terms = Terms {
        name: "Preview".to_owned(),
        format: wish.format,
        template: wish.template.filter(|_| wish.format == Format::Template),
        content_type: wish.content_type.filter(|_| wish.format == Format::Template),
        events: vec![Occasion::Finished],
        rules: Rules::default(),
        enabled: true,
        signed: false,
    };
    terms.check().map_err(crate::webhooks::Error::from)?;
    let rendered = api.webhooks.preview(&terms, wish.event)?;
    Ok(Json(WebhookPreview {
        content_type: rendered.content_type,
        body: rendered.body,
        headers: rendered.headers.into_iter().collect(),
    }))
}
