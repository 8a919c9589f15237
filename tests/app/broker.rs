//! The application with the engine behind a broker: the same work gets done, and what arrives there are orders.

use pytask_manager::engine::Interpreter;
use pytask_manager::engine::fake::{Registry, Script};
use reqwest::Method;
use serde_json::json;

use crate::harness::{TestApp, expect, text};
use crate::packages::{LOCK, built};

#[tokio::test]
async fn scripts_run_and_environments_are_built_and_compiled_behind_a_broker() {
    let mut app = TestApp::start_behind_a_broker().await;
    let script = app.script("Behind").await;
    app.fake.script("build", built(LOCK));
    app.fake.script("script", Script::prints(&["hello"], 3));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    let run = app.run(&script).await;
    let finished = app.finished(&run).await;
    assert_eq!(
        (&finished["outcome"]["kind"], &finished["exit_code"]),
        (&json!("failed"), &json!(3))
    );
    app.until("its bytecode is compiled", async |app| {
        let kinds: Vec<String> = app
            .fake
            .launches()
            .iter()
            .map(|job| job.labels["pytask.kind"].clone())
            .collect();
        kinds.iter().any(|kind| kind == "compile")
    })
    .await;

    app.fake.script("script", Script::hangs());
    let run = app.run(&script).await;
    app.run_until(&run, "started", |run| run["state"] == "running")
        .await;
    // The broker stays; the controller finds its run again.
    app.restart().await;
    app.run_until(&run, "goes on", |run| run["state"] == "running")
        .await;
    expect(200, app.post(&format!("/runs/{run}/cancel"), json!({})).await).await;
    assert_eq!(app.finished(&run).await["outcome"]["kind"], "cancelled");
}

#[tokio::test]
async fn images_are_fetched_built_and_removed_behind_a_broker() {
    let app = TestApp::start_behind_a_broker().await;
    let inside = Interpreter {
        python: Some("3.11.9".to_owned()),
        uv: None,
    };
    app.fake.set_image_inside("python:3.11", inside);
    app.fake.set_registry("python:3.11", Registry::Has);
    let added = expect(202, app.post("/images", json!({ "base": "python:3.11" })).await).await;
    let name = text(&added["name"]);
    app.until("it is ready", async |app| {
        let listed = app.get("/images").await;
        let mut items = listed["items"].as_array().expect("a list").iter();
        items.any(|image| image["name"] == name.as_str() && image["state"] == "ready")
    })
    .await;
    let place = format!("/api/v1/images/{}", name.replace(':', "%3A"));
    let removed = app
        .request(Method::DELETE, &place)
        .send()
        .await
        .expect("an answer");
    assert!(removed.status().is_success(), "{removed:?}");
    app.until("it is gone", async |app| {
        let listed = app.get("/images").await;
        let mut items = listed["items"].as_array().expect("a list").iter();
        !items.any(|image| image["name"] == name.as_str())
    })
    .await;
}
