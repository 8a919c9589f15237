//! What every request goes through: an id, one log line, error bodies, and headers that browsers hold us to.

use std::time::Instant;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::access::CALLS;
use super::error::{ApiError, ErrorBody};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Styles may be inline because the editor writes its own; scripts may not, from nowhere but here.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; frame-src 'self'; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// The path as it may be logged: that of a call to a trigger is a secret.
fn told(path: &str) -> String {
    match path.strip_prefix(CALLS) {
        Some(_) => format!("{CALLS}…"),
        None => path.to_owned(),
    }
}

/// The outermost layer.
pub async fn attend(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let (method, path) = (request.method().clone(), told(request.uri().path()));
    let began = Instant::now();
    // Everything that is said while it is answered has its id.
    let answering = tracing::info_span!("request", request_id = %id);
    let mut response = next.run(request).instrument(answering).await;

    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        if let Some(cause) = &error.internal {
            tracing::error!(request_id = %id, %method, path, cause, "request failed");
        }
        let headers = std::mem::take(response.headers_mut());
        let body = ErrorBody {
            code: error.code.to_owned(),
            message: error.message,
            request_id: id.clone(),
            details: error.details,
        };
        response = (error.status, Json(body)).into_response();
        for (name, value) in headers
            .iter()
            .filter(|(name, _)| **name != header::CONTENT_LENGTH)
        {
            response
                .headers_mut()
                .entry(name)
                .or_insert_with(|| value.clone());
        }
    }
    tracing::debug!(
        request_id = %id, %method, path, status = response.status().as_u16(), took = ?began.elapsed(), "request"
    );

    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // What shows a script's own bytes brings narrower rules.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if path.starts_with("/api/") || path.starts_with(CALLS) {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
