//! Webhooks and deliveries as they are shown: no address, no secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::secret::Secret;
use crate::model::webhook::{Attempt, Delivery, DeliveryState, Format, Occasion, Rules, SentRequest};
use crate::webhooks::WithLast;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    pub id: String,
    /// `null`: every script.
    pub script_id: Option<String>,
    pub name: String,
    /// The address but for what could be a secret, which is everything behind the host.
    pub url_shown: String,
    pub format: Format,
    pub template: Option<String>,
    pub content_type: Option<String>,
    pub events: Vec<Occasion>,
    pub rules: Rules,
    pub enabled: bool,
    /// Why it was switched off by itself.
    pub disabled_because: Option<String>,
    pub signed: bool,
    pub has_secret: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_delivery: Option<LastDelivery>,
    /// Since when every attempt has failed.
    pub failing_since: Option<Timestamp>,
    /// Only in the answer that makes it or gives it a new one: it is not to be had again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// The newest that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastDelivery {
    pub state: DeliveryState,
    /// Of its last attempt.
    pub at: Timestamp,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
}

pub fn webhook(found: WithLast, secret: Option<Secret>) -> WebhookView {
    let WithLast { webhook, last } = found;
    let terms = webhook.terms;
    WebhookView {
        id: webhook.id.to_string(),
        script_id: webhook.script_id.map(|id| id.to_string()),
        name: terms.name,
        url_shown: webhook.url_shown,
        format: terms.format,
        template: terms.template,
        content_type: terms.content_type,
        events: terms.events,
        rules: terms.rules,
        enabled: terms.enabled,
        disabled_because: webhook.disabled_because,
        signed: terms.signed,
        has_secret: webhook.secret.is_some(),
        created_at: webhook.created_at,
        updated_at: webhook.updated_at,
        last_delivery: last.map(|last| {
            let attempt = last.attempts.last();
            LastDelivery {
                state: last.state,
                at: attempt.map_or(last.created_at, |attempt| attempt.at),
                status: attempt.and_then(|attempt| attempt.status),
            }
        }),
        failing_since: webhook.failing_since,
        secret: secret.map(|secret| secret.reveal().to_owned()),
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    pub id: String,
    pub webhook_id: String,
    /// The `webhook-id` that receivers see: the same through all attempts and replays.
    pub message_id: String,
    /// `null` for a test. The run may have been removed since.
    pub run_id: Option<String>,
    /// Of whom it tells; `null` for a test of a webhook that is told of every script.
    pub script_id: Option<String>,
    pub event: Occasion,
    pub state: DeliveryState,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
    /// In lists `null`: ask for the delivery.
    pub request: Option<RequestView>,
}

/// As it was sent last or, before the first attempt, would be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryRequest)]
pub struct RequestView {
    pub method: String,
    pub url_shown: String,
    /// By their names. Of `authorization` only that it is there.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

pub fn delivery(delivery: Delivery, request: Option<SentRequest>) -> DeliveryView {
    let is_of_script = delivery.run_id.is_some();
    DeliveryView {
        id: delivery.id.to_string(),
        webhook_id: delivery.webhook_id.to_string(),
        message_id: delivery.message_id,
        run_id: delivery.run_id.map(|id| id.to_string()),
        script_id: is_of_script.then(|| delivery.report.script.id.to_string()),
        event: delivery.report.event,
        state: delivery.state,
        attempts: delivery.attempts,
        next_attempt_at: delivery.next_attempt_at,
        created_at: delivery.created_at,
        delivered_at: delivery
            .ended_at
            .filter(|_| delivery.state == DeliveryState::Delivered),
        request: request.map(|request| RequestView {
            method: request.method,
            url_shown: request.url_shown,
            headers: request.headers.into_iter().collect(),
            body: request.body,
        }),
    }
}
