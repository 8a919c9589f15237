//! Searching a log: what is found, in which order, and what is refused.

use pytask_manager::engine::fake::{Script, Step};
use pytask_protocol::frame::Stream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect};

async fn ended(app: &TestApp, output: &[(Stream, &str)]) -> String {
    let script = app.script("Talks").await;
    let steps = output
        .iter()
        .map(|(stream, text)| Step::Write(*stream, text.as_bytes().to_vec()))
        .collect();
    app.fake.script(
        &script,
        Script {
            steps,
            ..Script::default()
        },
    );
    let run = app.run(&script).await;
    app.finished(&run).await;
    run
}

async fn frames(app: &TestApp, run: &str, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/runs/{run}/log/search?{query}");
    let answer = app.request(Method::GET, &path).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    let body = answer.text().await.expect("a body");
    body.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Numbers of the lines found, and the last frame.
async fn found(app: &TestApp, run: &str, query: &str) -> (Vec<u64>, Value) {
    let mut frames = frames(app, run, query).await;
    let done = frames.pop().expect("a last frame");
    assert_eq!(done["type"], "done");
    let lines = frames
        .iter()
        .filter(|frame| frame["type"] == "matches")
        .flat_map(|frame| frame["lines"].as_array().expect("lines"))
        .map(|line| line["line"].as_u64().expect("a number"))
        .collect();
    (lines, done)
}

#[tokio::test]
async fn lines_are_found_newest_first_and_counted() {
    let app = TestApp::start().await;
    let run = ended(
        &app,
        &[
            (Stream::Stdout, "Error one\nfine\nan er"),
            (Stream::Stderr, "error two\n"),
            (Stream::Stdout, "ror three\n"),
        ],
    )
    .await;
    let (lines, done) = found(&app, &run, "q=error").await;
    assert_eq!(lines, [4, 3, 1]);
    assert_eq!((&done["matches"], &done["listed"]), (&json!(3), &json!(3)));
    assert_eq!(done["searched_bytes"], done["total_bytes"]);
    assert_eq!(found(&app, &run, "q=error&ignore_case=false").await.0, [4, 3]);
    assert_eq!(found(&app, &run, "q=error&order=oldest&limit=1").await.0, [1]);
    assert_eq!(found(&app, &run, "q=error&order=oldest&after=1").await.0, [3, 4]);
    assert_eq!(found(&app, &run, "q=error&before=4").await.0, [3, 1]);
    assert_eq!(
        found(&app, &run, "q=%5Eerror&regex=true&stream=stderr").await.0,
        [4]
    );
    assert_eq!(found(&app, &run, "q=nowhere").await.0, [0_u64; 0]);
    let frames = frames(&app, &run, "q=ER&stream=stdout&limit=1").await;
    let line = &frames[0]["lines"][0];
    assert_eq!(
        (&line["text"], &line["ranges"]),
        (&json!("an error three"), &json!([[3, 5]]))
    );
    assert_eq!((&line["line"], &line["position"]), (&json!(3), &json!(3)));
    assert_eq!(frames[1]["matches"], 2, "counted beyond what is listed");
}

#[tokio::test]
async fn a_log_that_is_not_there_has_nothing_and_bad_questions_are_refused() {
    let app = TestApp::start().await;
    let run = ended(&app, &[]).await;
    assert_eq!(found(&app, &run, "q=x").await.1["total_bytes"], 0);
    for query in [
        "",
        "q=",
        "q=(&regex=true",
        "q=a%0Ab",
        "q=x&limit=0",
        "q=x&order=best",
        "q=x&stream=all",
        "q=x&y=1",
    ] {
        let path = format!("/api/v1/runs/{run}/log/search?{query}");
        let asked = app.request(Method::GET, &path).send().await.expect("an answer");
        assert_eq!(expect(400, asked).await["code"], "invalid_query", "{query}");
    }
    let path = "/api/v1/runs/none/log/search?q=x";
    expect(
        404,
        app.request(Method::GET, path).send().await.expect("an answer"),
    )
    .await;
}
