//! A run from the wish to the verdict, waiting and being cancelled on the way.

use pytask_manager::engine::fake::{Gate, Launch, Script, Step};
use pytask_protocol::frame::Stream;
use reqwest::Method;
use serde_json::json;

use crate::harness::{TestApp, expect, text};

#[tokio::test]
async fn a_run_succeeds_and_is_found_in_the_history() {
    let app = TestApp::start().await;
    let script = app.script("Report").await;
    app.fake.script(&script, Script::prints(&["one", "two"], 0));
    let request = json!({ "args": ["--fast"], "env": { "COLOUR": "blue" } });
    let run = app.submit(&script, request).await;
    assert_eq!(run["state"], "queued");

    let run = app.finished(&text(&run["id"])).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    assert_eq!(
        (run["exit_code"].as_i64(), run["revision"].as_i64()),
        (Some(0), Some(1))
    );
    assert_eq!(
        (&run["args"], &run["env"]),
        (&json!(["--fast"]), &json!({ "COLOUR": "blue" }))
    );
    assert!(
        run["started_at"].is_string() && run["finished_at"].is_string() && run["image_digest"].is_string()
    );
    assert_eq!(run["log"]["stdout_bytes"], 8);

    let history = app.get(&format!("/runs?script={script}&outcome=succeeded")).await;
    assert_eq!(history["items"][0]["id"], run["id"]);
    assert_eq!(app.get("/runs?outcome=failed").await["items"], json!([]));
    let script = app.get(&format!("/scripts/{script}")).await;
    assert_eq!(script["last_run"]["id"], run["id"]);
    assert_eq!(script["recent_outcomes"][0]["kind"], "succeeded");
    let log = app
        .request(Method::GET, &format!("/api/v1/runs/{}/log", text(&run["id"])))
        .send()
        .await;
    assert_eq!(
        log.expect("an answer").text().await.expect("a body"),
        "one\ntwo\n"
    );
}

#[tokio::test]
async fn a_failure_is_explained_by_its_last_words() {
    let app = TestApp::start().await;
    let script = app.script("Broken").await;
    let steps = vec![Step::Write(
        Stream::Stderr,
        b"Traceback\nKeyError: 'total'\n".to_vec(),
    )];
    let end = pytask_manager::engine::fake::End::code(1);
    app.fake.script(
        &script,
        Script {
            steps,
            end,
            ..Script::default()
        },
    );
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["outcome"]["kind"], "failed");
    assert_eq!(run["outcome"]["exit_code"], 1);
    assert_eq!(
        run["outcome"]["stderr_tail"],
        json!(["Traceback", "KeyError: 'total'"])
    );
    assert_eq!(
        run["outcome"]["message"],
        "Failed with exit code 1: KeyError: 'total'"
    );
}

#[tokio::test]
async fn endings_without_facts_are_never_success() {
    let app = TestApp::start().await;
    let table = [
        (
            Script {
                end: pytask_manager::engine::fake::End::Vanishes,
                ..Script::default()
            },
            "lost",
        ),
        (
            Script {
                launch: Launch::Refuse("no such mount".into()),
                ..Script::default()
            },
            "engine_error",
        ),
        (
            Script {
                launch: Launch::Unenforceable("pids".into()),
                ..Script::default()
            },
            "engine_error",
        ),
    ];
    for (number, (behaviour, expected)) in table.into_iter().enumerate() {
        let script = app.script(&format!("script {number}")).await;
        app.fake.script(&script, behaviour);
        let run = app.finished(&app.run(&script).await).await;
        assert_eq!(run["outcome"]["kind"], expected, "{run:#}");
    }
}

#[tokio::test]
async fn a_run_waits_for_the_one_before_and_says_so() {
    let app = TestApp::start().await;
    let script = app.script("Slow").await;
    let gate = Gate::default();
    app.fake.script(&script, Script::waits_for(&gate));
    let first = app.run(&script).await;
    let second = app.run(&script).await;
    app.run_until(&first, "ran", |run| run["state"] == "running")
        .await;
    app.run_until(&second, "waited", |run| run["wait_reason"]["kind"] == "overlap")
        .await;
    let skipped = app.submit(&script, json!({ "overlap": "skip" })).await;
    assert_eq!(
        app.finished(&text(&skipped["id"])).await["outcome"]["kind"],
        "skipped"
    );
    gate.open();
    assert_eq!(app.finished(&first).await["outcome"]["kind"], "succeeded");
    assert_eq!(app.finished(&second).await["outcome"]["kind"], "succeeded");
}

#[tokio::test]
async fn the_cap_delays_and_a_queued_run_can_be_cancelled() {
    let app = TestApp::start_with(&["--max-runs", "1"]).await;
    app.fake.script_others(Script::hangs());
    let (busy, waiting) = (app.script("busy").await, app.script("waiting").await);
    let running = app.run(&busy).await;
    app.run_until(&running, "ran", |run| run["state"] == "running")
        .await;
    let queued = app.run(&waiting).await;
    app.run_until(&queued, "waited", |run| {
        run["wait_reason"]["kind"] == "global_cap"
    })
    .await;
    for _ in 0..2 {
        let cancelled = expect(200, app.post(&format!("/runs/{queued}/cancel"), json!({})).await).await;
        assert_eq!(
            cancelled["outcome"]["kind"], "cancelled",
            "cancelling twice is the same"
        );
    }
    expect(200, app.post(&format!("/runs/{running}/cancel"), json!({})).await).await;
    assert_eq!(app.finished(&running).await["outcome"]["kind"], "cancelled");
    assert_eq!(
        app.fake.launches().len(),
        1,
        "what was cancelled in the queue was never launched"
    );
}

#[tokio::test]
async fn replacing_stops_the_one_before() {
    let app = TestApp::start().await;
    let script = app.script("Watcher").await;
    app.fake.script(&script, Script::hangs());
    let first = app.run(&script).await;
    app.run_until(&first, "ran", |run| run["state"] == "running")
        .await;
    app.fake.script(&script, Script::prints(&["new"], 0));
    let second = text(&app.submit(&script, json!({ "overlap": "replace" })).await["id"]);
    assert_eq!(app.finished(&first).await["outcome"]["kind"], "cancelled");
    assert_eq!(app.finished(&second).await["outcome"]["kind"], "succeeded");
}

#[tokio::test]
async fn an_engine_that_is_away_delays_and_loses_nothing() {
    let app = TestApp::start().await;
    let script = app.script("Patient").await;
    app.fake.script(&script, Script::prints(&["at last"], 0));
    app.fake.set_away(true);
    let run = app.run(&script).await;
    // Whether the link has noticed or the launch has: it waits, and is not judged.
    let system = |state: &'static str| {
        let app = &app;
        async move {
            let deadline = tokio::time::Instant::now() + crate::harness::PATIENCE;
            while app.get("/system").await["engine"]["state"] != state {
                assert!(
                    tokio::time::Instant::now() < deadline,
                    "the engine never was {state}"
                );
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    };
    system("away").await;
    let ready = app
        .request(Method::GET, "/readyz")
        .send()
        .await
        .expect("an answer");
    assert_eq!(expect(503, ready).await["code"], "engine_away");
    assert_ne!(app.get(&format!("/runs/{run}")).await["state"], "finished");
    let later = app.run(&script).await;
    app.run_until(&later, "waited", |run| !run["wait_reason"].is_null())
        .await;
    app.fake.set_away(false);
    assert_eq!(app.finished(&run).await["outcome"]["kind"], "succeeded");
    assert_eq!(app.finished(&later).await["outcome"]["kind"], "succeeded");
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_run() {
    let app = TestApp::start().await;
    let script = app.script("Once").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = app.request(Method::POST, &format!("/api/v1/scripts/{script}/runs"));
        let answer = request
            .header("Idempotency-Key", "today")
            .json(&json!({}))
            .send()
            .await
            .expect("an answer");
        ids.push(text(&expect(201, answer).await["id"]));
    }
    assert_eq!(ids[0], ids[1]);
    app.finished(&ids[0]).await;
    assert_eq!(app.get("/runs").await["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_lost_reply_launches_nothing_twice() {
    let app = TestApp::start().await;
    let script = app.script("Once").await;
    app.fake.script(&script, Script::prints(&["once"], 0));
    app.fake.lose_next_reply();
    let run = app.run(&script).await;
    assert_eq!(app.finished(&run).await["outcome"]["kind"], "succeeded");
    let log = app
        .request(Method::GET, &format!("/api/v1/runs/{run}/log"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(log.text().await.expect("a body"), "once\n");
}

#[tokio::test]
async fn an_engine_that_says_yes_and_does_nothing_is_asked_again_in_peace() {
    let app = TestApp::start().await;
    let script = app.script("Stuck").await;
    let behaviour = Script {
        launch: Launch::NeverStart,
        ..Script::default()
    };
    app.fake.script(&script, behaviour);
    let run = app.run(&script).await;
    let deadline = tokio::time::Instant::now() + crate::harness::PATIENCE;
    while app.fake.launches().len() < 3 {
        assert!(tokio::time::Instant::now() < deadline, "it was given up");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(app.get(&format!("/runs/{run}")).await["state"], "starting");
    let cancelled = app.post(&format!("/runs/{run}/cancel"), json!({})).await;
    expect(200, cancelled).await;
    assert_eq!(app.finished(&run).await["outcome"]["kind"], "cancelled");
    assert!(app.fake.launches().len() < 20, "asked without a pause");
}
