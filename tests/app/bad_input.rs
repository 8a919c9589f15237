//! Bad input gets a clear answer and changes nothing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect};

#[tokio::test]
async fn unknown_things_are_not_found() {
    let app = TestApp::start().await;
    let id = "0".repeat(32);
    let paths = [
        format!("/api/v1/scripts/{id}"),
        format!("/api/v1/scripts/{id}/files"),
        format!("/api/v1/scripts/{id}/files/main.py"),
        format!("/api/v1/scripts/{id}/dependencies"),
        format!("/api/v1/runs/{id}"),
        format!("/api/v1/runs/{id}/log"),
        "/api/v1/scripts/..%2f..%2fetc".to_owned(),
        "/api/v1/nothing".to_owned(),
        "/api/nothing".to_owned(),
        "/api".to_owned(),
    ];
    for path in paths {
        let answer = app.request(Method::GET, &path).send().await.expect("an answer");
        let header = answer.headers()["x-request-id"]
            .to_str()
            .expect("text")
            .to_owned();
        let body = expect(404, answer).await;
        assert!(
            body["code"].is_string() && body["message"].is_string(),
            "{path}: {body}"
        );
        assert_eq!(body["request_id"], json!(header));
    }
    for path in [
        format!("/scripts/{id}/runs"),
        format!("/runs/{id}/cancel"),
        format!("/scripts/{id}/restore"),
    ] {
        expect(404, app.post(&path, json!({})).await).await;
    }
    let wrong = app
        .request(Method::DELETE, "/api/v1/runs")
        .send()
        .await
        .expect("an answer");
    assert_eq!(expect(405, wrong).await["code"], "wrong_method");
}

#[tokio::test]
async fn bad_bodies_are_refused_by_field() {
    /// Method, path, body; status, code, field.
    type Case = (Method, String, Value, u16, &'static str, Option<&'static str>);
    let app = TestApp::start().await;
    let script = app.script("Taken").await;
    let runs = format!("/scripts/{script}/runs");
    let limits = |limits: Value| json!({ "limits": limits });
    let cases: [Case; 12] = [
        (
            Method::POST,
            "/scripts".into(),
            json!({ "name": "taken" }),
            409,
            "name_taken",
            Some("name"),
        ),
        (
            Method::POST,
            "/scripts".into(),
            json!({ "name": "  " }),
            422,
            "invalid_field",
            Some("name"),
        ),
        (
            Method::POST,
            "/scripts".into(),
            json!({ "name": 7 }),
            422,
            "invalid_field",
            Some("name"),
        ),
        (
            Method::POST,
            "/scripts".into(),
            json!({ "name": "x", "colour": 1 }),
            422,
            "invalid_field",
            None,
        ),
        (
            Method::POST,
            "/scripts".into(),
            json!({ "name": "x", "tags": ["a,b"] }),
            422,
            "invalid_field",
            Some("tags"),
        ),
        (
            Method::POST,
            runs.clone(),
            json!({ "args": "x" }),
            422,
            "invalid_field",
            Some("args"),
        ),
        (
            Method::POST,
            runs.clone(),
            json!({ "env": { "A B": "x" } }),
            422,
            "invalid_field",
            Some("env"),
        ),
        (
            Method::POST,
            runs,
            json!({ "overlap": "maybe" }),
            422,
            "invalid_field",
            Some("overlap"),
        ),
        (
            Method::PATCH,
            format!("/scripts/{script}"),
            limits(json!({ "memory_bytes": 1 })),
            422,
            "invalid_field",
            Some("limits.memory_bytes"),
        ),
        (
            Method::PATCH,
            format!("/scripts/{script}"),
            limits(json!({ "log_bytes": 1073741824 })),
            422,
            "invalid_field",
            Some("limits.log_bytes"),
        ),
        (
            Method::PATCH,
            format!("/scripts/{script}"),
            json!({ "entry_point": "../main.py" }),
            422,
            "invalid_field",
            Some("entry_point"),
        ),
        (
            Method::POST,
            format!("/scripts/{script}/dependencies/install"),
            json!({}),
            409,
            "nothing_to_install",
            None,
        ),
    ];
    let before = app.get(&format!("/scripts/{script}")).await;
    for (method, path, body, status, code, field) in cases {
        let answer = app
            .request(method, &format!("/api/v1{path}"))
            .json(&body)
            .send()
            .await
            .expect("an answer");
        let answer = expect(status, answer).await;
        assert_eq!(answer["code"], code, "{path} {body}: {answer}");
        if let Some(field) = field {
            assert_eq!(answer["details"]["field"], field, "{path} {body}: {answer}");
        }
    }
    assert_eq!(
        app.get(&format!("/scripts/{script}")).await,
        before,
        "nothing was changed"
    );
    assert_eq!(app.get("/runs").await["items"], json!([]));
}

#[tokio::test]
async fn what_is_no_json_is_said_to_be_none() {
    let app = TestApp::start().await;
    for body in ["{", "nothing", "\u{0}", "{\"name\":\"x\"} tail"] {
        let request = app
            .request(Method::POST, "/api/v1/scripts")
            .header("content-type", "application/json");
        let answer = expect(400, request.body(body).send().await.expect("an answer")).await;
        assert_eq!(answer["code"], "malformed_json", "{body}");
    }
    for query in [
        "limit=0",
        "limit=501",
        "limit=x",
        "cursor=!!",
        "state=unknown",
        "colour=blue",
    ] {
        let answer = app
            .request(Method::GET, &format!("/api/v1/runs?{query}"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(expect(400, answer).await["code"], "invalid_query", "{query}");
    }
}

#[tokio::test]
async fn a_requirement_that_is_none_is_pointed_at() {
    let app = TestApp::start().await;
    let script = app.script("Needs").await;
    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{script}/dependencies"));
    let put = put.json(&json!({ "requirements": ["requests", "num py"] }));
    let refused = expect(422, put.send().await.expect("an answer")).await;
    assert_eq!(refused["code"], "invalid_requirement");
    assert_eq!(
        (&refused["details"]["line"], &refused["details"]["column"]),
        (&json!(1), &json!(4))
    );
    assert_eq!(
        app.get(&format!("/scripts/{script}/dependencies")).await["requirements"],
        json!([])
    );
}

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let app = TestApp::start().await;
    let script = app.script("Confined").await;
    let slug = app.get(&format!("/scripts/{script}")).await["slug"]
        .as_str()
        .expect("a slug")
        .to_owned();
    let files = app.data.join("scripts").join(slug).join("files");
    std::os::unix::fs::symlink("/etc/passwd", files.join("link.py")).expect("a planted link");
    let link = format!("/api/v1/scripts/{script}/files/link.py");
    let answer = app.request(Method::GET, &link).send().await.expect("an answer");
    assert_eq!(expect(409, answer).await["code"], "unsafe_file");
    for path in [
        "%2e%2e/x",
        "a%2f%2e%2e%2f..%2fx",
        "%2fetc%2fpasswd",
        "a%00b",
        "a//b",
    ] {
        let put = app
            .request(Method::PUT, &format!("/api/v1/scripts/{script}/files/{path}"))
            .body("x");
        let status = put.send().await.expect("an answer").status().as_u16();
        assert!(matches!(status, 400 | 404 | 422), "{path}: {status}");
    }
}
