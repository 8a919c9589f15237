//! One request: put together, signed, sent, and its answer read as far as it is kept.
//!
//! Everything is bounded: connecting, waiting and reading by time, what is read by size. The answer is text of a stranger:
//! of it the status counts, and a short excerpt without control characters is kept for people.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, redirect};

use super::Context;
use super::address::{self, Address};
use super::backoff::{End, retry_after};
use super::format::{self, Material, Rendered};
use crate::model::secret::Secret;
use crate::model::webhook::{Delivery, SentRequest, Webhook};
use crate::store::webhooks::{secret_place, url_place};

const EXCERPT_CHARS: usize = 1_000;
/// Enough for the excerpt in any alphabet.
const EXCERPT_BYTES: usize = 4_000;
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
const AGENT: &str = concat!("PyTask-Manager/", env!("CARGO_PKG_VERSION"));
const METHOD: &str = "POST";

/// What is sent, and to where.
pub(super) struct Prepared {
    pub shown: SentRequest,
    address: Address,
    ips: Vec<IpAddr>,
    headers: HeaderMap,
    body: String,
    timeout: Duration,
}

/// Why nothing can be sent, for people; and how it is to go on.
pub(super) struct Unsendable {
    pub why: String,
    pub end: End,
    /// As much of the request as there is.
    pub shown: SentRequest,
}

/// How a request went.
pub(super) struct Answer {
    pub status: Option<u16>,
    pub error: Option<String>,
    pub excerpt: Option<String>,
    pub end: End,
    pub took: Duration,
}

/// The request as it would be, for people: without a moment, and so without a signature.
pub(super) fn unsent(cx: &Context, webhook: &Webhook, delivery: &Delivery) -> SentRequest {
    match rendered(cx, webhook, delivery) {
        Ok(rendered) => shown(webhook, &plain_headers(delivery, &rendered), rendered.body),
        Err(e) => shown(webhook, &[], format!("(the template does not render: {e})")),
    }
}

fn rendered(
    cx: &Context,
    webhook: &Webhook,
    delivery: &Delivery,
) -> Result<Rendered, format::template::Error> {
    let settings = cx.settings.in_force().notifications;
    let material = Material {
        report: &delivery.report,
        public_url: settings.public_url.as_deref(),
    };
    format::render(&webhook.terms, &material)
}

fn plain_headers(delivery: &Delivery, rendered: &Rendered) -> Vec<(String, String)> {
    let mut headers = vec![
        ("content-type".to_owned(), rendered.content_type.clone()),
        ("user-agent".to_owned(), AGENT.to_owned()),
        (
            standardwebhooks::HEADER_WEBHOOK_ID.to_owned(),
            delivery.message_id.clone(),
        ),
    ];
    headers.extend(rendered.headers.iter().cloned());
    headers
}

fn shown(webhook: &Webhook, headers: &[(String, String)], body: String) -> SentRequest {
    SentRequest {
        method: METHOD.to_owned(),
        url_shown: webhook.url_shown.clone(),
        headers: headers.to_vec(),
        body,
    }
}

pub(super) async fn prepare(
    cx: &Context,
    webhook: &Webhook,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Prepared, Unsendable> {
    let settings = cx.settings.in_force().notifications;
    let rendered = rendered(cx, webhook, delivery).map_err(|e| Unsendable {
        why: format!("The template does not render: {e}"),
        end: End::Refused,
        shown: shown(webhook, &[], String::new()),
    })?;
    let mut headers = plain_headers(delivery, &rendered);
    let timestamp = now.as_second();
    headers.push((
        standardwebhooks::HEADER_WEBHOOK_TIMESTAMP.to_owned(),
        timestamp.to_string(),
    ));
    let body = rendered.body;
    let unsendable = |why: String, end: End, headers: &[(String, String)]| Unsendable {
        why,
        end,
        shown: shown(webhook, headers, body.clone()),
    };
    const LATER: End = End::Failed { retry_after: None };
    let opened = |place: String, sealed, what: &str| {
        let opened = cx.vault.unseal(&place, sealed);
        opened.map_err(|e| format!("The {what} cannot be read: {e}"))
    };
    if let Some(secret) = webhook.secret.as_ref().filter(|_| webhook.terms.signed) {
        let secret = opened(secret_place(&webhook.id), secret, "secret")
            .map_err(|why| unsendable(why, LATER, &headers))?;
        let signature = sign(&secret, &delivery.message_id, timestamp, &body)
            .ok_or_else(|| unsendable("The secret is none".to_owned(), LATER, &headers))?;
        headers.push((standardwebhooks::HEADER_WEBHOOK_SIGNATURE.to_owned(), signature));
    }
    let url = opened(url_place(&webhook.id), &webhook.url, "address")
        .map_err(|why| unsendable(why, LATER, &headers))?;
    let address = Address::parse(url.reveal()).map_err(|e| unsendable(e.to_string(), LATER, &headers))?;
    let ips = address::vet(&address, &settings.targets(), cx.names.as_ref())
        .await
        .map_err(|e| unsendable(e.to_string(), LATER, &headers))?;
    let sent = as_header_map(&headers).ok_or_else(|| {
        unsendable(
            "A header has characters that none may have".to_owned(),
            End::Refused,
            &headers,
        )
    })?;
    if address.login.is_some() {
        headers.push(("authorization".to_owned(), "…".to_owned()));
    }
    Ok(Prepared {
        shown: shown(webhook, &headers, body.clone()),
        address,
        ips,
        headers: sent,
        body,
        timeout: Duration::from_secs(settings.timeout_seconds.into()),
    })
}

fn sign(secret: &Secret, message_id: &str, timestamp: i64, body: &str) -> Option<String> {
    let signer = standardwebhooks::Webhook::new(secret.reveal()).ok()?;
    signer.sign(message_id, timestamp, body.as_bytes()).ok()
}

fn as_header_map(headers: &[(String, String)]) -> Option<HeaderMap> {
    let pairs = headers.iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    pairs.collect()
}

/// Knows no names: what was vetted is pinned, and nothing else is to be connected to.
struct Nowhere;

impl Resolve for Nowhere {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async { Err("only vetted addresses are connected to".into()) })
    }
}

/// One for each request, since the addresses are its own.
fn client(prepared: &Prepared, extra_ca: Option<&[u8]>) -> reqwest::Result<Client> {
    let addresses: Vec<SocketAddr> = prepared.ips.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
    let certificates = match extra_ca {
        Some(pem) => Certificate::from_pem_bundle(pem)?,
        None => vec![],
    };
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(prepared.timeout.min(LONGEST_CONNECT))
        .timeout(prepared.timeout)
        .pool_max_idle_per_host(0)
        .tls_certs_merge(certificates)
        .dns_resolver(Arc::new(Nowhere))
        .resolve_to_addrs(prepared.address.host(), &addresses)
        .build()
}

pub(super) async fn send(prepared: Prepared, extra_ca: Option<&[u8]>, now: Timestamp) -> Answer {
    let begun = Instant::now();
    let failed = |error: String| Answer {
        status: None,
        error: Some(error),
        excerpt: None,
        end: End::Failed { retry_after: None },
        took: begun.elapsed(),
    };
    let client = match client(&prepared, extra_ca) {
        Ok(client) => client,
        Err(e) => return failed(format!("No connection can be made: {}", chain(e))),
    };
    let mut request = client
        .post(prepared.address.url.clone())
        .headers(prepared.headers)
        .body(prepared.body);
    if let Some((user, password)) = &prepared.address.login {
        request = request.basic_auth(user, Some(password.reveal()));
    }
    match request.send().await {
        Err(e) if e.is_timeout() => failed(format!("No answer within {} s", prepared.timeout.as_secs())),
        Err(e) if e.is_connect() => failed(format!("No connection: {}", chain(e))),
        Err(e) => failed(format!("No usable answer: {}", chain(e))),
        Ok(response) => {
            let status = response.status().as_u16();
            let asked = asked_patience(&response, now);
            let excerpt = excerpt(response).await;
            Answer {
                status: Some(status),
                error: complaint(status),
                excerpt,
                end: End::of_status(status, asked),
                took: begun.elapsed(),
            }
        }
    }
}

fn asked_patience(response: &Response, now: Timestamp) -> Option<SignedDuration> {
    let header = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    retry_after(header, now)
}

fn complaint(status: u16) -> Option<String> {
    Some(match status {
        200..=299 => return None,
        300..=399 => {
            "The answer is a redirect, and redirects are not followed; use the address it leads to".to_owned()
        }
        410 => "The receiver says that it is gone for good".to_owned(),
        401 | 403 => "The receiver does not let us in".to_owned(),
        404 => "The receiver knows no such address".to_owned(),
        429 => "The receiver wants fewer messages".to_owned(),
        _ => format!("The receiver answered with status {status}"),
    })
}

/// The whole chain, without the address: that may be a secret.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    plain(&text, 300)
}

/// The beginning of an answer; what follows is not read.
async fn excerpt(mut response: Response) -> Option<String> {
    let mut read = Vec::new();
    while read.len() < EXCERPT_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = EXCERPT_BYTES - read.len();
                read.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            // Its status is what counts.
            Ok(None) | Err(_) => break,
        }
    }
    let text = plain(&String::from_utf8_lossy(&read), EXCERPT_CHARS);
    (!text.is_empty()).then_some(text)
}

/// Without what steers a terminal or the direction of reading.
fn plain(text: &str, most: usize) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => {
                '\u{FFFD}'
            }
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own example, by its own library.
    #[test]
    fn a_signature_is_the_specifications() {
        let secret = Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned());
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = sign(&secret, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(
            signature.as_deref(),
            Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=")
        );
        assert_eq!(sign(&Secret::new("whsec_!".to_owned()), "m", 1, "b"), None);
    }

    #[test]
    fn text_of_strangers_is_only_text() {
        assert_eq!(
            plain("a\u{1b}[31mb\nc\u{202e}d\0", 100),
            "a\u{fffd}[31mb\nc\u{fffd}d\u{fffd}"
        );
        assert_eq!(
            plain(&"ü".repeat(2_000), EXCERPT_CHARS).chars().count(),
            EXCERPT_CHARS
        );
    }
}
