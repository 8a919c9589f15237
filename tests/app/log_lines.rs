//! A log as lines: windows from anywhere, the end as it grows, and what is refused.

use pytask_manager::engine::fake::{Gate, Script, Step};
use pytask_protocol::frame::Stream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

async fn running(app: &TestApp, steps: Vec<Step>) -> String {
    let script = app.script("Talks").await;
    app.fake.script(
        &script,
        Script {
            steps,
            ..Script::default()
        },
    );
    app.run(&script).await
}

fn says(stream: Stream, text: &str) -> Step {
    Step::Write(stream, text.as_bytes().to_vec())
}

fn texts(window: &Value) -> Vec<String> {
    let lines = window["lines"].as_array().expect("lines");
    lines.iter().map(|line| text(&line["text"])).collect()
}

#[tokio::test]
async fn lines_from_anywhere_also_while_it_is_going_on() {
    let app = TestApp::start().await;
    let gate = Gate::default();
    let run = running(
        &app,
        vec![
            says(Stream::Stdout, "one\ntwo\n"),
            says(Stream::Stderr, "oops\n"),
            says(Stream::Stdout, "thr"),
            Step::Pass(gate.clone()),
            says(Stream::Stderr, "between\n"),
            says(Stream::Stdout, "ee\nfour"),
        ],
    )
    .await;
    let lines = format!("/runs/{run}/log/lines");
    app.until("three lines are there", async |app| {
        app.get(&lines).await["total"] == 4
    })
    .await;
    let window = app.get(&format!("{lines}?tail=true&limit=2")).await;
    assert_eq!(
        (texts(&window), &window["first"]),
        (vec!["oops".to_owned(), "thr".to_owned()], &json!(3))
    );
    assert_eq!(
        (&window["lines"][1]["open"], &window["ended"]),
        (&json!(true), &json!(false))
    );

    gate.open();
    app.finished(&run).await;
    let window = app.get(&lines).await;
    assert_eq!(
        texts(&window)[..6],
        ["one", "two", "oops", "three", "between", "four"]
    );
    assert_eq!(window["ended"], true);
    assert!(
        window["lines"]
            .as_array()
            .expect("lines")
            .iter()
            .all(|line| line["open"].is_null())
    );
    let window = app.get(&format!("{lines}?from=2&limit=2")).await;
    assert_eq!(texts(&window), ["two", "oops"]);
    let window = app.get(&format!("{lines}?stream=stdout&line=3&limit=1")).await;
    assert_eq!(
        (texts(&window), &window["first"], &window["total"]),
        (vec!["three".to_owned()], &json!(3), &json!(4))
    );
    assert_eq!(window["lines"][0]["line"], 4);
    let at = text(&app.get(&lines).await["lines"][4]["at"]);
    let window = app.get(&format!("{lines}?at={at}")).await;
    assert!(texts(&window).contains(&"between".to_owned()));
    let beyond = app.get(&format!("{lines}?from=100")).await;
    assert!(texts(&beyond).is_empty());
}

#[tokio::test]
async fn the_end_is_told_while_it_grows_and_the_last_of_it_before_the_run_is_over() {
    let app = TestApp::start().await;
    let gate = Gate::default();
    let steps = vec![
        says(Stream::Stdout, "first\n"),
        Step::Pass(gate.clone()),
        says(Stream::Stdout, "last\n"),
    ];
    let run = running(&app, steps).await;
    let opener = async {
        app.run_until(&run, "ran", |run| run["state"] == "running").await;
        gate.open();
    };
    let (frames, ()) = tokio::join!(app.live(&run, "tail=1&stream=stdout"), opener);
    let tails: Vec<&Value> = frames.iter().filter(|frame| frame["type"] == "tail").collect();
    let end = tails.last().expect("an end was told");
    assert_eq!(
        (texts(end), &end["total"], &end["ended"]),
        (vec!["last".to_owned()], &json!(2), &json!(true))
    );
    assert!(tails.iter().all(|tail| texts(tail).len() <= 1));
    assert_eq!(frames.last().expect("frames")["run"]["state"], "finished");
    assert!(frames.iter().all(|frame| frame["type"] != "records"));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let app = TestApp::start().await;
    let run = running(&app, vec![]).await;
    app.finished(&run).await;
    for query in [
        "limit=0",
        "limit=2001",
        "from=0",
        "line=0",
        "from=1&tail=true",
        "stream=both",
        "at=yesterday",
        "from=-1",
        "what=1",
    ] {
        let asked = app
            .request(Method::GET, &format!("/api/v1/runs/{run}/log/lines?{query}"))
            .send()
            .await;
        let refused = expect(400, asked.expect("an answer")).await;
        assert_eq!(refused["code"], "invalid_query", "{query}");
    }
    let asked = app
        .request(Method::GET, "/api/v1/runs/none/log/lines")
        .send()
        .await;
    expect(404, asked.expect("an answer")).await;
}
