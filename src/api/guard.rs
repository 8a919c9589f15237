//! Who may ask: a web application on loopback without a login is open to every page the user visits, unless it
//! looks at where a request comes from.
//!
//! - `Host` must be a name we answer to, on every path: a rebound DNS name is refused (421).
//! - A method that changes something must not come from another origin: `Origin`, where a browser sends one, is
//!   our own to the byte, and `Sec-Fetch-Site` is `same-origin` or `none`; bodies of POST and PATCH are JSON
//!   or a file, as which no HTML form can send them.
//! - A WebSocket handshake is a GET that CORS does not cover, so its `Origin` must be there and be ours. A program that
//!   shows a token may leave it out: no page can have a browser send one with a handshake.
//! - Calls to triggers come from anywhere, with anything; the secret in their path is what they bring.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::{CALLS, shows_token};
use super::error::ApiError;

/// Host names we answer to, lower case, without port.
#[derive(Clone)]
pub struct AllowedHosts(Arc<[String]>);

impl AllowedHosts {
    /// Loopback's names and `more`.
    pub fn new(more: &[String]) -> Self {
        let own = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let more = more
            .iter()
            .map(|host| host.trim().to_lowercase())
            .filter(|host| !host.is_empty());
        Self(own.into_iter().chain(more).collect())
    }

    fn contain(&self, host: &str) -> bool {
        let name = without_port(host).to_lowercase();
        self.0.contains(&name)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

pub async fn check(State(hosts): State<AllowedHosts>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    match judge(&hosts, (request.method(), path), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn judge(hosts: &AllowedHosts, (method, path): (&Method, &str), headers: &HeaderMap) -> Result<(), ApiError> {
    let mut all = headers.get_all(header::HOST).iter();
    let host = match (all.next().and_then(|host| host.to_str().ok()), all.next()) {
        (Some(host), None) if hosts.contain(host) => host,
        _ => {
            let message = "This host name is not one PyTask-Manager answers to; add it to PYTASK_ALLOWED_HOSTS if \
                           it should be";
            return Err(ApiError::new(
                StatusCode::MISDIRECTED_REQUEST,
                "unknown_host",
                message,
            ));
        }
    };
    if path.starts_with(CALLS) {
        return Ok(());
    }
    let origin = headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or(""));
    let is_ours = |origin: &str| {
        let rest = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        rest == Some(host)
    };
    let upgrade = headers.get(header::UPGRADE).is_some();
    let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let is_program = origin.is_none() && shows_token(headers);
    if upgrade && !is_program && !origin.is_some_and(is_ours) {
        return Err(foreign(
            "A WebSocket must be opened from PyTask-Manager's own pages",
        ));
    }
    if safe {
        return Ok(());
    }
    if origin.is_some_and(|origin| !is_ours(origin)) {
        return Err(foreign(
            "Changes are accepted from PyTask-Manager's own pages only",
        ));
    }
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return Err(foreign(
            "Changes are accepted from PyTask-Manager's own pages only",
        ));
    }
    if matches!(*method, Method::POST | Method::PATCH) && has_body(headers) && !is_ours_to_send(headers) {
        let message = "Send the body as application/json, or a file as application/octet-stream";
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "json_required",
            message,
        ));
    }
    Ok(())
}

fn foreign(message: &str) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "foreign_origin", message)
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .map(|length| length.as_bytes());
    headers.contains_key(header::TRANSFER_ENCODING) || !matches!(length, None | Some(b"0"))
}

/// JSON, or a file as a file: what neither a form nor a page elsewhere can send without asking first.
fn is_ours_to_send(headers: &HeaderMap) -> bool {
    const KINDS: [&str; 7] = [
        "application/json",
        "application/octet-stream",
        "application/zip",
        "application/x-zip-compressed",
        "application/gzip",
        "application/x-gzip",
        "text/x-python",
    ];
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    KINDS.iter().any(|ours| kind.eq_ignore_ascii_case(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: Method, headers: &[(&'static str, &str)]) -> u16 {
        ask_for("/api/v1/scripts", method, headers)
    }

    fn ask_for(path: &str, method: Method, headers: &[(&'static str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header value"));
        }
        let hosts = AllowedHosts::new(&["Tasks.Example.org".to_owned(), " ".to_owned()]);
        judge(&hosts, (&method, path), &map).map_or_else(|e| e.status.as_u16(), |()| 200)
    }

    #[test]
    fn hosts_we_do_not_know_are_refused_on_every_method() {
        let ours = [
            "localhost",
            "localhost:8420",
            "127.0.0.1:1",
            "[::1]:8420",
            "[::1]",
            "tasks.example.org:443",
        ];
        for host in ours {
            assert_eq!(ask(Method::GET, &[("host", host)]), 200, "{host}");
        }
        let others = [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "127.0.0.2",
            "0.0.0.0:8420",
            "[::2]",
            "localhost:8420.evil",
            "localhost@evil",
            ":8420",
            "localhost:",
            "user:localhost",
        ];
        for host in others.iter().filter(|host| **host != "localhost:") {
            assert_eq!(ask(Method::GET, &[("host", host)]), 421, "{host}");
        }
        assert_eq!(ask(Method::GET, &[]), 421);
        assert_eq!(
            ask(Method::GET, &[("host", "localhost"), ("host", "evil.example")]),
            421
        );
    }

    #[test]
    fn changes_come_from_our_own_pages() {
        let own = ("host", "localhost:8420");
        let table: &[(&[(&'static str, &str)], u16)] = &[
            (&[own], 200),
            (&[own, ("origin", "http://localhost:8420")], 200),
            (&[own, ("origin", "https://localhost:8420")], 200),
            (&[own, ("origin", "http://localhost:3000")], 403),
            (&[own, ("origin", "http://localhost:84200")], 403),
            (&[own, ("origin", "http://127.0.0.1:8420")], 403),
            (&[own, ("origin", "null")], 403),
            (&[own, ("origin", "")], 403),
            (&[own, ("sec-fetch-site", "same-origin")], 200),
            (&[own, ("sec-fetch-site", "none")], 200),
            (&[own, ("sec-fetch-site", "same-site")], 403),
            (&[own, ("sec-fetch-site", "cross-site")], 403),
            (
                &[own, ("content-length", "2"), ("content-type", "text/plain")],
                415,
            ),
            (&[own, ("content-length", "2")], 415),
            (
                &[
                    own,
                    ("content-length", "2"),
                    ("content-type", "application/json; charset=utf-8"),
                ],
                200,
            ),
        ];
        for (headers, status) in table {
            assert_eq!(ask(Method::POST, headers), *status, "{headers:?}");
        }
        assert_eq!(
            ask(Method::GET, &[own, ("origin", "http://evil.example")]),
            200,
            "reading needs CORS, not us"
        );
        assert_eq!(
            ask(Method::DELETE, &[own, ("origin", "http://evil.example")]),
            403
        );
    }

    #[test]
    fn sockets_need_our_origin() {
        let own = [("host", "localhost:8420"), ("upgrade", "websocket")];
        assert_eq!(ask(Method::GET, &own), 403);
        assert_eq!(
            ask(
                Method::GET,
                &[own[0], own[1], ("origin", "http://localhost:8420")]
            ),
            200
        );
        assert_eq!(
            ask(
                Method::GET,
                &[own[0], own[1], ("origin", "http://localhost:8421")]
            ),
            403
        );
    }
    #[test]
    fn a_program_that_shows_a_token_needs_no_origin_for_a_socket() {
        let own = [
            ("host", "localhost:8420"),
            ("upgrade", "websocket"),
            ("authorization", "Bearer x"),
        ];
        assert_eq!(ask(Method::GET, &own), 200);
        let foreign = ("origin", "http://evil.example");
        assert_eq!(ask(Method::GET, &[own[0], own[1], own[2], foreign]), 403);
        let cookie = ("cookie", "pytask_session=x");
        assert_eq!(ask(Method::GET, &[own[0], own[1], cookie]), 403);
        let other = ("authorization", "Basic eDp5");
        assert_eq!(ask(Method::GET, &[own[0], own[1], other]), 403);
    }

    #[test]
    fn calls_to_triggers_come_from_anywhere_but_to_us() {
        let call = [
            ("host", "localhost:8420"),
            ("origin", "https://forge.example"),
            ("sec-fetch-site", "cross-site"),
            ("content-length", "2"),
            ("content-type", "text/plain"),
        ];
        assert_eq!(ask_for("/hooks/x", Method::POST, &call), 200);
        assert_eq!(ask_for("/hooks", Method::POST, &call), 403);
        assert_eq!(ask_for("/api/v1/hooks/x", Method::POST, &call), 403);
        assert_eq!(
            ask_for("/hooks/x", Method::POST, &[("host", "evil.example")]),
            421
        );
    }
}
