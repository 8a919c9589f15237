//! What a request shows of itself, and whether that is enough: around every route but the interface's own files.
//!
//! - Open to everybody: health checks, signing in, and calls to triggers, which bring their own secret.
//! - `Authorization: Bearer` is a token; a browser's is in its cookie. What is shown is judged, needed or not.
//! - A token that only reads may GET, and open the sockets that only tell.
//!
//! Where a request comes from is the `guard`'s question, which is asked before this one.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use crate::access::{Access, Credential, Refusal, Who};
use crate::model::access::Scope;
use crate::model::secret::Secret;

pub const SESSION: &str = "/api/v1/session";
pub const CALLS: &str = "/hooks/";
/// Cookies of our name that are looked at; browsers send one.
const MOST_COOKIES: usize = 4;

pub async fn check(State(access): State<Access>, request: Request, next: Next) -> Response {
    if is_open(request.uri().path()) {
        return next.run(request).await;
    }
    let who = ask(&access, request.headers(), request.extensions());
    let allowed = who.map_err(ApiError::from).and_then(|who| {
        let upgrade = request.headers().contains_key(header::UPGRADE);
        may(&who, request.method(), request.uri().path(), upgrade)
    });
    match allowed {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Who sends this request.
pub fn ask(access: &Access, headers: &HeaderMap, extensions: &Extensions) -> Result<Who, Refusal> {
    access.judge(&shown(headers, access.cookie()), peer(extensions))
}

/// The other end of the connection: of a proxy's, the proxy.
pub fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let info = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(info.0.ip().to_canonical())
}

fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | SESSION) || path.starts_with(CALLS)
}

fn may(who: &Who, method: &Method, path: &str, upgrade: bool) -> Result<(), ApiError> {
    let only_looks = matches!(*method, Method::GET | Method::HEAD) && (!upgrade || only_tells(path));
    match who.scope() {
        Scope::Full => Ok(()),
        Scope::Read if only_looks => Ok(()),
        Scope::Read => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "read_only_token",
            "This access token may only look; use one that may change things",
        )),
    }
}

/// Sockets over which nothing is done.
fn only_tells(path: &str) -> bool {
    path == "/api/v1/events" || (path.starts_with("/api/v1/runs/") && path.ends_with("/live"))
}

/// A bearer token counts before a cookie: it was sent on purpose.
fn shown(headers: &HeaderMap, cookie: &str) -> Credential {
    if let Some(token) = bearer(headers) {
        return Credential::Bearer(token);
    }
    match cookies(headers, cookie) {
        found if found.is_empty() => Credential::None,
        found => Credential::Cookies(found),
    }
}

/// What follows `Bearer`, whatever it is; another scheme is not ours to judge.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, rest) = value.split_at_checked("bearer ".len())?;
    if !scheme.eq_ignore_ascii_case(b"bearer ") {
        return None;
    }
    Some(Secret::new(String::from_utf8_lossy(rest).trim().to_owned()))
}

/// Whether this is the request of a program that shows a token; no browser can be made to by another page.
pub fn shows_token(headers: &HeaderMap) -> bool {
    bearer(headers).is_some()
}

pub fn cookies(headers: &HeaderMap, name: &str) -> Vec<Secret> {
    let all = headers.get_all(header::COOKIE).iter();
    let pairs = all
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .take(MOST_COOKIES)
        .map(|(_, value)| Secret::new(value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Holder;
    use crate::model::ids::TokenId;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().expect("a header value"));
        }
        map
    }

    #[test]
    fn what_is_shown_is_found_in_the_header_or_in_our_cookie() {
        let found = |pairs: &[(&'static str, &str)]| match shown(&headers(pairs), "ours") {
            Credential::None => "nothing".to_owned(),
            Credential::Bearer(token) => format!("bearer {}", token.reveal()),
            Credential::Cookies(cookies) => {
                let all: Vec<_> = cookies.iter().map(Secret::reveal).collect();
                format!("cookies {}", all.join(" "))
            }
        };
        let table: [(&[(&'static str, &str)], &str); 9] = [
            (&[], "nothing"),
            (&[("authorization", "Bearer x")], "bearer x"),
            (&[("authorization", "bEARER  x ")], "bearer x"),
            (&[("authorization", "Bearer ")], "bearer "),
            (&[("authorization", "Basic eA==")], "nothing"),
            (&[("cookie", "ours=a; other=b")], "cookies a"),
            (&[("cookie", "ours=a"), ("cookie", "z=1;ours=c")], "cookies a c"),
            (&[("cookie", "oursx=a; xours=b; ours")], "nothing"),
            (&[("authorization", "Bearer x"), ("cookie", "ours=a")], "bearer x"),
        ];
        for (pairs, expected) in table {
            assert_eq!(found(pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn who_only_reads_may_look_and_listen() {
        let reader = Who::Token(Holder {
            token: TokenId::generate(),
            name: "screen".to_owned(),
            scope: Scope::Read,
            expires_at: None,
        });
        let table = [
            (Method::GET, "/api/v1/scripts", false, true),
            (Method::HEAD, "/api/v1/scripts", false, true),
            (Method::POST, "/api/v1/scripts", false, false),
            (Method::PUT, "/api/v1/scripts", false, false),
            (Method::PATCH, "/api/v1/scripts", false, false),
            (Method::DELETE, "/api/v1/scripts", false, false),
            (Method::OPTIONS, "/api/v1/scripts", false, false),
            (Method::GET, "/api/v1/events", true, true),
            (Method::GET, "/api/v1/runs/1/live", true, true),
            (Method::GET, "/api/v1/scripts/1/tools/language", true, false),
            (Method::GET, "/api/v1/new-socket", true, false),
        ];
        for (method, path, upgrade, allowed) in table {
            let said = may(&reader, &method, path, upgrade);
            assert_eq!(said.is_ok(), allowed, "{method} {path}");
            assert!(may(&Who::Anybody, &method, path, upgrade).is_ok());
        }
    }

    #[test]
    fn only_these_are_open() {
        for open in ["/healthz", "/readyz", "/api/v1/session", "/hooks/x"] {
            assert!(is_open(open), "{open}");
        }
        for shut in [
            "/api/v1/session/",
            "/api/v1/sessions",
            "/hooks",
            "/metrics",
            "/api",
            "/healthz/x",
        ] {
            assert!(!is_open(shut), "{shut}");
        }
    }
}
