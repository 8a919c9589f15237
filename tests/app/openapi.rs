//! The OpenAPI document: served as it is checked in, and true about the routes.

use serde_json::Value;

use crate::harness::TestApp;

/// `make openapi` renews it.
const CHECKED_IN: &str = include_str!("../../frontend/openapi.json");

#[tokio::test]
async fn the_served_document_is_the_checked_in_one() {
    let app = TestApp::start().await;
    let served = app.get("/openapi.json").await;
    let checked_in: Value = serde_json::from_str(CHECKED_IN).expect("JSON");
    // Not `assert_eq!`: two whole documents help nobody.
    assert!(
        served == checked_in,
        "it has changed: run `make openapi` and commit the result"
    );
}

/// Every route in the document exists: asked without sense, it answers, but never with "no such route".
#[tokio::test]
async fn every_documented_route_is_routed() {
    let app = TestApp::start().await;
    let document = app.get("/openapi.json").await;
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let url = path.replace(['{', '}'], "");
            let method = method.to_uppercase().parse().expect("a method");
            let answer = app.request(method, &url).send().await.expect("an answer");
            let (status, body) = (answer.status().as_u16(), answer.text().await.expect("a body"));
            assert!(
                !body.contains("no_such_route") && status != 405 && status < 500,
                "{url}: {status} {body}"
            );
            seen += 1;
        }
    }
    assert!(seen >= 20, "only {seen} routes in the document");
}
