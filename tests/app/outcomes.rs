//! Outcomes with what explains them: a place in the script, who stopped it, what has changed since it went well.

use pytask_manager::engine::fake::{End, Script, Step};
use pytask_protocol::frame::Stream;
use reqwest::Method;
use serde_json::json;

use crate::harness::{TestApp, expect, text};

fn fails_with(stderr: &str) -> Script {
    Script {
        steps: vec![Step::Write(Stream::Stderr, stderr.as_bytes().to_vec())],
        end: End::code(1),
        ..Script::default()
    }
}

#[tokio::test]
async fn a_traceback_leads_to_its_place() {
    let app = TestApp::start().await;
    let script = app.script("Broken").await;
    let traceback = "Traceback (most recent call last):\n  File \"/script/lib/a.py\", line 7, in total\n    \
                     row['total']\nKeyError: 'total'\n";
    app.fake.script(&script, fails_with(traceback));
    let run = app.finished(&app.run(&script).await).await;
    let outcome = &run["outcome"];
    assert_eq!(
        outcome["message"],
        "Failed with exit code 1: KeyError: 'total' (lib/a.py, line 7)"
    );
    assert_eq!(
        outcome["traceback"]["location"],
        json!({ "path": "lib/a.py", "line": 7 })
    );
    assert_eq!(outcome["traceback"]["exception"], "KeyError");
    assert_eq!(outcome["stderr_tail"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn a_replaced_run_names_its_successor() {
    let app = TestApp::start().await;
    let script = app.script("Watcher").await;
    app.fake.script(&script, Script::hangs());
    let first = app.run(&script).await;
    app.run_until(&first, "ran", |run| run["state"] == "running")
        .await;
    let second = app.submit(&script, json!({ "overlap": "replace" })).await;
    let outcome = app.finished(&first).await["outcome"].take();
    assert_eq!(
        (&outcome["kind"], &outcome["replaced_by"]),
        (&json!("cancelled"), &second["id"])
    );
    let cancel = app
        .post(&format!("/runs/{}/cancel", text(&second["id"])), json!({}))
        .await;
    expect(200, cancel).await;
    let outcome = app.finished(&text(&second["id"])).await["outcome"].take();
    assert_eq!(
        (&outcome["by"], &outcome["replaced_by"]),
        (&json!("user"), &json!(null))
    );
}

#[tokio::test]
async fn what_has_changed_since_the_last_success_is_told() {
    let app = TestApp::start().await;
    let script = app.script("Report").await;
    let changes = async |run: &str| app.get(&format!("/runs/{run}/changes")).await;
    app.fake.script(&script, fails_with("no\n"));
    let never = app.run(&script).await;
    app.finished(&never).await;
    assert_eq!(changes(&never).await, json!({ "since": null, "changes": [] }));

    app.fake.script(&script, Script::prints(&["fine"], 0));
    let good = app.finished(&app.run(&script).await).await;
    app.fake.script(&script, fails_with("no\n"));
    let same = app.run(&script).await;
    app.finished(&same).await;
    let told = changes(&same).await;
    assert_eq!(
        (&told["since"]["run_id"], &told["changes"]),
        (&good["id"], &json!([]))
    );

    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{script}/files/main.py"));
    expect(200, put.body("print(2)\n").send().await.expect("an answer")).await;
    let limits = json!({ "limits": { "memory_bytes": 64 << 20 } });
    app.patch(&format!("/scripts/{script}"), limits).await;
    let wish = json!({ "args": ["--all"], "env": { "TOKEN": "not to be shown" } });
    let run = app.submit(&script, wish).await;
    app.finished(&text(&run["id"])).await;
    let told = changes(&text(&run["id"])).await;
    let expected = json!([
        { "what": "revision", "from": 1, "to": 2 },
        { "what": "arguments", "from": [], "to": ["--all"] },
        { "what": "variables", "names": ["TOKEN"] },
        { "what": "limit", "name": "memory_bytes", "from": 512 << 20, "to": 64 << 20 },
    ]);
    assert_eq!(told["changes"], expected);
}

#[tokio::test]
async fn a_run_can_be_cancelled_in_every_state_and_again() {
    let app = TestApp::start_with(&["--max-runs", "1"]).await;
    app.fake.script_others(Script::hangs());
    let cancel = async |run: &str| {
        for _ in 0..3 {
            expect(200, app.post(&format!("/runs/{run}/cancel"), json!({})).await).await;
        }
        let outcome = app.finished(run).await["outcome"].take();
        assert_eq!(outcome["kind"], "cancelled", "{outcome}");
        // Afterwards as well, without effect.
        let after = expect(200, app.post(&format!("/runs/{run}/cancel"), json!({})).await).await;
        assert_eq!(after["outcome"], outcome);
    };
    let (one, two) = (app.script("One").await, app.script("Two").await);
    // The moment after the answer: queued or starting, whichever it is by then.
    for _ in 0..20 {
        cancel(&app.run(&one).await).await;
    }
    let running = app.run(&one).await;
    app.run_until(&running, "ran", |run| run["state"] == "running")
        .await;
    let queued = app.run(&two).await;
    app.run_until(&queued, "waited", |run| run["state"] == "queued")
        .await;
    cancel(&queued).await;
    cancel(&running).await;
    assert_eq!(app.get("/dashboard").await["running"], 0);
}
