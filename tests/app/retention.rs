//! Retention: what goes, what stays whatever is set, what is told beforehand, and what a kill in between leaves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use pytask_manager::engine::fake::{Gate, Script};
use pytask_manager::store::Witness;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};
use crate::packages::built;

async fn ended(app: &TestApp, script: &str, does: Script) -> String {
    app.fake.script(script, does);
    let run = app.run(script).await;
    app.finished(&run).await;
    run
}

/// Ids of the script's runs, newest first.
async fn runs(app: &TestApp, script: &str) -> Vec<String> {
    let page = app.get(&format!("/runs?script={script}&kind=script")).await;
    let items = page["items"].as_array().expect("items");
    items.iter().map(|run| text(&run["id"])).collect()
}

async fn directory(app: &TestApp, run: &str) -> PathBuf {
    let mut path = app.artifacts(run).await;
    path.pop();
    path
}

async fn delete(app: &TestApp, path: &str) -> reqwest::Response {
    let request = app.request(Method::DELETE, &format!("/api/v1{path}"));
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn the_newest_stay_and_what_is_kept_needed_or_unfinished() {
    let app = TestApp::start().await;
    let script = app.script("Busy").await;
    let good = || Script::prints(&["fine"], 0);
    let kept = ended(&app, &script, good()).await;
    app.patch(&format!("/runs/{kept}"), json!({ "kept": true })).await;
    let failed_before = ended(&app, &script, Script::prints(&["no"], 1)).await;
    let failed = ended(&app, &script, Script::prints(&["no"], 1)).await;
    let old = ended(&app, &script, good()).await;
    let success = ended(&app, &script, good()).await;
    let gate = Gate::default();
    app.fake.script(&script, Script::waits_for(&gate));
    let running = app.run(&script).await;
    app.run_until(&running, "ran", |run| run["state"] == "running")
        .await;
    let (gone_a, gone_b) = (directory(&app, &failed_before).await, directory(&app, &old).await);
    assert!(gone_a.exists() && gone_b.exists());

    let preview = app.get("/retention/preview?max_runs=1").await;
    assert_eq!(
        (&preview["runs"], &preview["truncated"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(preview["by_script"][0]["script_name"], "Busy");
    assert!(preview["bytes"].as_u64().expect("a number") > 0);
    assert_eq!(app.get("/retention/preview").await["runs"], 0, "as it is set");

    let set = app
        .patch("/settings", json!({ "retention": { "max_runs": 1 } }))
        .await;
    assert_eq!(
        set["in_force"]["retention"],
        json!({ "max_age_days": 90, "max_runs": 1, "max_bytes": null })
    );
    app.until("the directories are gone", async |_| {
        !gone_a.exists() && !gone_b.exists()
    })
    .await;
    let left = [&running, &success, &failed, &kept].map(Clone::clone);
    assert_eq!(runs(&app, &script).await, left);
    assert!(directory(&app, &kept).await.exists());
    expect(
        404,
        app.request(Method::GET, &format!("/api/v1/runs/{old}"))
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    assert_eq!(app.get("/runs/totals").await["total"], 4);
    assert_eq!(
        app.get("/retention/preview").await["runs"],
        0,
        "nothing is left to do"
    );
    gate.open();
    app.finished(&running).await;
}

#[tokio::test]
async fn age_goes_by_the_clock_and_a_script_may_say_otherwise() {
    // Runs finish by the system's clock, whatever ours says.
    let begin = Clock::system().now();
    let days = |days: i64| begin + SignedDuration::from_hours(24 * days);
    let clock = Clock::manual(begin);
    let surroundings = Surroundings {
        clock: clock.clone(),
        ..Surroundings::default()
    };
    let mut app = TestApp::start_in(surroundings, &[]).await;
    let (plain, own) = (app.script("Plain").await, app.script("Own").await);
    let wish = json!({ "retention": { "max_age_days": 0 } });
    let script = app.patch(&format!("/scripts/{own}"), wish).await;
    assert_eq!(script["retention"]["max_age_days"], 0);
    for script in [&plain, &own] {
        ended(&app, script, Script::prints(&["fine"], 0)).await;
        ended(&app, script, Script::prints(&["fine"], 0)).await;
    }
    clock.set(days(89));
    app.restart().await;
    assert_eq!(app.get("/retention/preview").await["runs"], 0, "not yet");
    clock.set(days(91));
    assert_eq!(app.get("/retention/preview").await["runs"], 1);
    app.restart().await;
    app.until("the old one is gone", async |app| {
        runs(app, &plain).await.len() == 1
    })
    .await;
    assert_eq!(runs(&app, &own).await.len(), 2);
}

#[tokio::test]
async fn the_oldest_make_room() {
    let app = TestApp::start().await;
    let script = app.script("Large").await;
    let line = "x".repeat(9_999);
    for _ in 0..5 {
        ended(&app, &script, Script::prints(&[&line], 0)).await;
    }
    let before = runs(&app, &script).await;
    let preview = app
        .get(&format!("/retention/preview?script={script}&max_bytes=25000"))
        .await;
    assert_eq!((&preview["runs"], &preview["bytes"]), (&json!(3), &json!(30_000)));
    let all = app.get("/retention/preview?max_bytes=25000").await;
    assert_eq!(all["runs"], 3);
    app.patch(
        &format!("/scripts/{script}"),
        json!({ "retention": { "max_bytes": 25_000 } }),
    )
    .await;
    app.until("there is room", async |app| runs(app, &script).await.len() == 2)
        .await;
    assert_eq!(runs(&app, &script).await, before[..2]);
    assert_eq!(app.get("/runs/totals").await["log_bytes"], 20_000);
}

#[tokio::test]
async fn what_cannot_be_set_is_refused() {
    let app = TestApp::start().await;
    let script = app.script("Any").await;
    for (path, body, field) in [
        (
            "/settings".to_owned(),
            json!({ "retention": { "max_age_days": 40_000 } }),
            "retention.max_age_days",
        ),
        (
            "/settings".to_owned(),
            json!({ "retention": { "max_runs": 9_999_999 } }),
            "retention.max_runs",
        ),
        (
            format!("/scripts/{script}"),
            json!({ "retention": { "max_runs": 9_999_999 } }),
            "retention.max_runs",
        ),
    ] {
        let refused = app.patch_answered(422, &path, body).await;
        assert_eq!(refused["details"]["field"], field, "{refused}");
    }
    app.patch_answered(422, "/settings", json!({ "retention": { "max_runs": -1 } }))
        .await;
    for query in ["max_runs=-1", "max_age_days=100000", "colour=blue"] {
        let answer = app.request(Method::GET, &format!("/api/v1/retention/preview?{query}"));
        expect(400, answer.send().await.expect("an answer")).await;
    }
    let nobody = app.request(Method::GET, "/api/v1/retention/preview?script=0190");
    expect(404, nobody.send().await.expect("an answer")).await;
}

#[tokio::test]
async fn one_run_is_deleted_for_good() {
    let app = TestApp::start().await;
    let script = app.script("Once").await;
    let gate = Gate::default();
    app.fake.script(&script, Script::waits_for(&gate));
    let run = app.run(&script).await;
    app.run_until(&run, "ran", |run| run["state"] == "running").await;
    let refused = expect(409, delete(&app, &format!("/runs/{run}")).await).await;
    assert_eq!(refused["code"], "run_unfinished");
    gate.open();
    app.finished(&run).await;
    app.patch(&format!("/runs/{run}"), json!({ "kept": true })).await;
    let refused = expect(409, delete(&app, &format!("/runs/{run}")).await).await;
    assert_eq!(refused["code"], "run_kept");
    app.patch(&format!("/runs/{run}"), json!({ "kept": false })).await;
    let directory = directory(&app, &run).await;
    expect(204, delete(&app, &format!("/runs/{run}")).await).await;
    expect(404, delete(&app, &format!("/runs/{run}")).await).await;
    assert!(runs(&app, &script).await.is_empty());
    app.until("the directory is gone", async |_| !directory.exists())
        .await;
}

/// Stops the writer for ever at the moment at which the rows are gone for good and nothing else is.
#[derive(Default)]
struct Holder {
    holds: AtomicBool,
    held: AtomicBool,
}

impl Witness for Holder {
    fn committed(&self, connection: &Connection) {
        let left = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM removals", [], |row| row.get::<_, i64>(0))
        };
        while self.holds.load(Ordering::SeqCst) && left(connection).is_ok_and(|left| left > 0) {
            self.held.store(true, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[tokio::test]
async fn a_removal_that_was_cut_short_is_finished_at_the_next_start() {
    let holder = Arc::new(Holder::default());
    let surroundings = Surroundings {
        witnesses: vec![Arc::clone(&holder) as Arc<dyn Witness>],
        ..Surroundings::default()
    };
    let mut app = TestApp::start_in(surroundings, &[]).await;
    let script = app.script("Cut").await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(ended(&app, &script, Script::prints(&["fine"], 0)).await);
    }
    let (first, second) = (directory(&app, &all[0]).await, directory(&app, &all[1]).await);
    holder.holds.store(true, Ordering::SeqCst);
    // The answer to this may never come: the writer stands still.
    let body = json!({ "retention": { "max_runs": 1 } });
    let change = app.request(Method::PATCH, "/api/v1/settings").json(&body);
    let change = tokio::spawn(change.send());
    app.until("the rows are gone", async |_| holder.held.load(Ordering::SeqCst))
        .await;
    assert_eq!(runs(&app, &script).await, all[2..]);
    app.kill();
    change.abort();
    assert!(first.exists() && second.exists(), "nothing else has happened yet");
    holder.holds.store(false, Ordering::SeqCst);
    app.restart().await;
    app.until("the directories are gone", async |_| {
        !first.exists() && !second.exists()
    })
    .await;
    let left = |path: &std::path::Path| -> i64 {
        let connection = Connection::open(path.join("db/pytask.sqlite")).expect("opens");
        let sql = "SELECT count(*) FROM removals";
        connection.query_row(sql, [], |row| row.get(0)).expect("counts")
    };
    app.until("nothing is remembered", async |app| left(&app.data) == 0)
        .await;
    let totals: Value = app.get("/runs/totals").await;
    assert_eq!(
        (&totals["total"], &totals["by_outcome"]["succeeded"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn what_has_built_an_environment_stays_as_long_as_that() {
    let app = TestApp::start().await;
    let script = app.script("Built").await;
    app.fake.script("build", built("alpha==1.0\n"));
    app.require(200, &script, json!({ "requirements": ["alpha"] }))
        .await;
    let made = app.build(&script, "install", json!({})).await;
    assert_eq!(made["outcome"]["kind"], "succeeded");
    app.fake.script("build", Script::prints(&["no"], 1));
    let failed = app.build(&script, "rebuild", json!({})).await;
    let newest = app.build(&script, "rebuild", json!({})).await;
    assert_eq!(newest["outcome"]["kind"], "failed");
    let path = format!("/runs/{}", text(&made["id"]));
    let refused = expect(409, delete(&app, &path).await).await;
    assert_eq!(refused["code"], "run_in_use");
    app.patch("/settings", json!({ "retention": { "max_runs": 1 } }))
        .await;
    let builds = async |app: &TestApp| {
        let page = app.get(&format!("/runs?script={script}&kind=build")).await;
        let items = page["items"].as_array().expect("items");
        items.iter().map(|run| run["id"].clone()).collect::<Vec<_>>()
    };
    app.until("one build is gone", async |app| builds(app).await.len() == 2)
        .await;
    assert_eq!(builds(&app).await, [newest["id"].clone(), made["id"].clone()]);
    assert_ne!(failed["id"], newest["id"]);
}
