//! Who may ask: host names, origins and headers, on every kind of route.

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, http::HeaderValue};

use crate::harness::{TestApp, expect};

#[tokio::test]
async fn foreign_hosts_are_misdirected_everywhere() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/scripts",
        "/healthz",
        "/api/v1/scripts",
        "/api/v1/openapi.json",
        "/api/v1/events",
        "/nothing",
    ] {
        let request = app.request(Method::GET, path).header("host", "evil.example");
        assert_eq!(
            expect(421, request.send().await.expect("an answer")).await["code"],
            "unknown_host",
            "{path}"
        );
    }
}

#[tokio::test]
async fn foreign_pages_change_nothing() {
    let app = TestApp::start().await;
    let body = json!({ "name": "planted" }).to_string();
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "null"),
    ] {
        let request = app.request(Method::POST, "/api/v1/scripts").header(name, value);
        let request = request
            .header("content-type", "application/json")
            .body(body.clone());
        assert_eq!(
            expect(403, request.send().await.expect("an answer")).await["code"],
            "foreign_origin"
        );
    }
    let form = app
        .request(Method::POST, "/api/v1/scripts")
        .header("content-type", "text/plain")
        .body(body);
    assert_eq!(
        expect(415, form.send().await.expect("an answer")).await["code"],
        "json_required"
    );
    assert_eq!(app.get("/scripts").await["items"], json!([]));
}

#[tokio::test]
async fn sockets_open_for_our_own_pages_only() {
    let app = TestApp::start().await;
    let own = format!("http://{}", app.host());
    for (origin, status) in [
        (None, 403),
        (Some("http://evil.example"), 403),
        (Some(own.as_str()), 101),
    ] {
        let url = format!("ws://{}/api/v1/events", app.host());
        let mut request = url.into_client_request().expect("a request");
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", HeaderValue::from_str(origin).expect("an origin"));
        }
        let got = match tokio_tungstenite::connect_async(request).await {
            Ok((_, answer)) => answer.status().as_u16(),
            Err(Error::Http(answer)) => answer.status().as_u16(),
            Err(e) => panic!("{e}"),
        };
        assert_eq!(got, status, "{origin:?}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_browsers_hold_us_to() {
    let app = TestApp::start().await;
    for path in ["/", "/api/v1/scripts", "/api/v1/nothing", "/healthz"] {
        let answer = app.request(Method::GET, path).send().await.expect("an answer");
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .unwrap_or("")
                .to_owned()
        };
        let policy = header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(
            (header("x-content-type-options"), header("referrer-policy")),
            ("nosniff".into(), "no-referrer".into())
        );
        assert!(
            !answer.headers().contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
}
