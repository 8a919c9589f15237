//! Searching the logs of many runs: which have the text, in which order, where it goes on, and what is refused.

use pytask_manager::engine::fake::{Script, Step};
use pytask_protocol::frame::Stream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect};

/// A run that wrote this.
async fn said(app: &TestApp, script: &str, text: &str) -> String {
    app.fake.script(
        script,
        Script {
            steps: vec![Step::Write(Stream::Stdout, text.as_bytes().to_vec())],
            ..Script::default()
        },
    );
    let run = app.run(script).await;
    app.finished(&run).await;
    run
}

async fn frames(app: &TestApp, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/runs/search?{query}");
    let answer = app.request(Method::GET, &path).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    let body = answer.text().await.expect("a body");
    body.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The runs that were found with the cursor behind each, and the last frame.
async fn found(app: &TestApp, query: &str) -> (Vec<(String, String)>, Value) {
    let mut frames = frames(app, query).await;
    let done = frames.pop().expect("a last frame");
    assert_eq!(done["type"], "done");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let runs = frames
        .iter()
        .filter(|frame| frame["type"] == "run")
        .map(|frame| (text(&frame["run"]["id"]), text(&frame["cursor"])))
        .collect();
    (runs, done)
}

fn ids(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(id, _)| id.as_str()).collect()
}

#[tokio::test]
async fn runs_are_found_newest_first_and_searched_on_from_any_of_them() {
    let app = TestApp::start().await;
    let talker = app.script("Talker").await;
    let other = app.script("Other").await;
    let first = said(&app, &talker, "disk full\n").await;
    said(&app, &talker, "all is well\n").await;
    let third = said(&app, &other, "a\nDisk one\nb\ndisk two\ndisk three\ndisk four\n").await;
    let fourth = said(&app, &talker, "disk full again\n").await;

    let (runs, done) = found(&app, "q=disk").await;
    assert_eq!(ids(&runs), [fourth.as_str(), &third, &first]);
    assert_eq!(done["searched_runs"], 4);
    assert!(done["searched_bytes"].as_u64().expect("a number") > 0);

    let (older, done) = found(&app, &format!("q=disk&cursor={}", runs[1].1)).await;
    assert_eq!(ids(&older), [first.as_str()]);
    assert_eq!(done["searched_runs"], 2);
    let end = done["cursor"].as_str().expect("a cursor");
    let (none, done) = found(&app, &format!("q=disk&cursor={end}")).await;
    assert_eq!((none.len(), &done["searched_runs"]), (0, &json!(0)));

    let frames = frames(&app, "q=disk&name=oth").await;
    assert_eq!(frames[0]["matches"], 4);
    let lines: Vec<_> = frames[0]["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| (line["line"].as_u64(), line["text"].as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (Some(6), Some("disk four")),
            (Some(5), Some("disk three")),
            (Some(4), Some("disk two"))
        ]
    );
}

#[tokio::test]
async fn filters_say_in_which_runs_it_is_searched() {
    let app = TestApp::start().await;
    let talker = app.script("Talker").await;
    let other = app.script("Other").await;
    let run = said(&app, &talker, "needle\n").await;
    said(&app, &other, "needle\n").await;
    let (runs, done) = found(&app, &format!("q=needle&script={talker}")).await;
    assert_eq!(
        (ids(&runs), &done["searched_runs"]),
        (vec![run.as_str()], &json!(1))
    );
    assert_eq!(found(&app, "q=needle&outcome=failed").await.0, []);
    assert_eq!(
        found(&app, "q=needle&name=talk&from=2000-01-01T00:00:00Z")
            .await
            .0
            .len(),
        1
    );
    assert_eq!(
        found(&app, "q=needle&to=2000-01-01T00:00:00Z").await.1["searched_runs"],
        0
    );
    assert_eq!(found(&app, "q=n%5Be%5D%2Bdle&regex=true").await.0.len(), 2);
    assert_eq!(found(&app, "q=NEEDLE&ignore_case=false").await.0, []);
}

#[tokio::test]
async fn a_log_that_is_gone_hides_no_other() {
    let app = TestApp::start().await;
    let script = app.script("Talks").await;
    let first = said(&app, &script, "needle\n").await;
    let second = said(&app, &script, "needle\n").await;
    let artifacts = app.artifacts(&second).await;
    let directory = artifacts.parent().expect("of the run");
    std::fs::remove_dir_all(directory).expect("removed");
    let (runs, done) = found(&app, "q=needle").await;
    assert_eq!(
        (ids(&runs), &done["searched_runs"]),
        (vec![first.as_str()], &json!(2))
    );
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused() {
    let app = TestApp::start().await;
    for (query, word) in [
        ("q=", "from 1 to 1000"),
        ("q=(&regex=true", "unclosed"),
        ("q=x&outcome=odd", "outcome"),
        ("q=x&cursor=%21", "cursor"),
        ("q=x&limit=3", "limit"),
        ("", "q"),
    ] {
        let path = format!("/api/v1/runs/search?{query}");
        let answer = app.request(Method::GET, &path).send().await.expect("an answer");
        let body = expect(400, answer).await;
        let message = body["message"].as_str().expect("a message");
        assert!(message.contains(word), "{query}: {body}");
    }
}
