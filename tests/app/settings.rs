//! Settings: defaults that reach runs, the cap that reaches the queue, and what they refuse.

use pytask_manager::engine::fake::{Gate, Script};
use serde_json::{Value, json};

use crate::harness::{TestApp, text};

#[tokio::test]
async fn defaults_lie_between_what_is_built_in_and_what_a_script_says() {
    let mut app = TestApp::start().await;
    let (plain, own) = (app.script("Plain").await, app.script("Own").await);
    app.patch(&format!("/scripts/{own}"), json!({ "limits": { "pids": 16 } }))
        .await;
    let before = text(
        &app.post(&format!("/scripts/{plain}/runs"), json!({}))
            .await
            .json::<Value>()
            .await
            .expect("JSON")["id"],
    );

    let limits = json!({ "memory_bytes": 64 << 20, "pids": 32 });
    let set = app.patch("/settings", json!({ "default_limits": limits })).await;
    assert_eq!(set["in_force"]["default_limits"]["memory_bytes"], 64 << 20);
    assert_eq!(set["defaults"]["default_limits"]["memory_bytes"], 512 << 20);
    assert_eq!(set["set"]["default_limits"], limits);
    // Over a restart as well.
    app.restart().await;
    let limits_of = async |script: &str| {
        let run = app.run(script).await;
        let limits = app.get(&format!("/runs/{run}")).await["limits"].take();
        (limits["memory_bytes"].clone(), limits["pids"].clone())
    };
    assert_eq!(limits_of(&plain).await, (json!(64 << 20), json!(32)));
    assert_eq!(limits_of(&own).await, (json!(64 << 20), json!(16)));
    let script = app.get(&format!("/scripts/{plain}")).await;
    assert_eq!(script["effective_limits"]["pids"], 32);
    let old = app.get(&format!("/runs/{before}")).await;
    assert_eq!(
        old["limits"]["pids"], 128,
        "a run keeps the limits it was submitted with"
    );
    let set = app.patch("/settings", json!({ "default_limits": {} })).await;
    assert_eq!(set["in_force"], set["defaults"]);
}

#[tokio::test]
async fn a_raised_cap_admits_who_waits() {
    let app = TestApp::start_with(&["--max-runs", "1"]).await;
    let gate = Gate::default();
    app.fake.script_others(Script::waits_for(&gate));
    let (first, second) = (app.script("First").await, app.script("Second").await);
    let running = app.run(&first).await;
    app.run_until(&running, "ran", |run| run["state"] == "running")
        .await;
    let waiting = app.run(&second).await;
    app.run_until(&waiting, "waited", |run| {
        run["wait_reason"]["kind"] == "global_cap"
    })
    .await;
    app.patch("/settings", json!({ "max_runs": 2 })).await;
    app.run_until(&waiting, "ran", |run| run["state"] == "running")
        .await;
    assert_eq!(app.get("/system").await["max_runs"], 2);
    app.patch("/settings", json!({ "max_runs": null })).await;
    assert_eq!(app.get("/system").await["max_runs"], 1);
    gate.open();
    app.finished(&running).await;
    app.finished(&waiting).await;
}

#[tokio::test]
async fn what_cannot_be_held_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let script = app.script("Greedy").await;
    app.run_until(&app.run(&script).await, "ran", |run| run["state"] == "finished")
        .await;
    let before = app.get("/settings").await;
    // The fake engine's machine has 64 CPUs and a terabyte.
    for (limits, field) in [
        (json!({ "cpus": 65 }), "limits.cpus"),
        (json!({ "memory_bytes": 2u64 << 40 }), "limits.memory_bytes"),
        (json!({ "disk_bytes": 1 }), "limits.disk_bytes"),
        (json!({ "log_bytes": 1u64 << 30 }), "limits.log_bytes"),
        (json!({ "speed": 1 }), "limits"),
    ] {
        let refused = app
            .patch_answered(422, &format!("/scripts/{script}"), json!({ "limits": limits }))
            .await;
        assert!(text(&refused["details"]["field"]).starts_with(field), "{refused}");
    }
    for (body, field) in [
        (json!({ "max_runs": 0 }), "max_runs"),
        (json!({ "max_runs": "many" }), "max_runs"),
        (json!({ "min_free_bytes": 1 }), "min_free_bytes"),
        (json!({ "default_limits": { "cpus": 65 } }), "limits.cpus"),
        (json!({ "colour": "blue" }), "colour"),
    ] {
        let refused = app.patch_answered(422, "/settings", body).await;
        assert!(text(&refused["details"]["field"]).contains(field), "{refused}");
    }
    assert_eq!(app.get("/settings").await, before);
    assert_eq!(app.get(&format!("/scripts/{script}")).await["limits"], json!({}));
}

#[tokio::test]
async fn a_script_says_what_its_runs_do_about_each_other() {
    let app = TestApp::start().await;
    let script = app.script("Side by side").await;
    let gate = Gate::default();
    app.fake.script(&script, Script::waits_for(&gate));
    let wish = json!({ "overlap": "allow", "parallel_limit": 2 });
    let changed = app.patch(&format!("/scripts/{script}"), wish).await;
    assert_eq!(
        (&changed["overlap"], &changed["parallel_limit"]),
        (&json!("allow"), &json!(2))
    );
    let runs = [
        app.run(&script).await,
        app.run(&script).await,
        app.run(&script).await,
    ];
    for run in &runs[..2] {
        app.run_until(run, "ran", |run| run["state"] == "running").await;
    }
    let waits = app
        .run_until(&runs[2], "waited", |run| run["wait_reason"]["kind"] == "overlap")
        .await;
    assert_eq!(
        waits["wait_reason"]["message"],
        "2 of at most 2 runs of this script are active"
    );
    gate.open();
    for run in &runs {
        assert_eq!(app.finished(run).await["outcome"]["kind"], "succeeded");
    }
    let refused = app
        .patch_answered(422, &format!("/scripts/{script}"), json!({ "parallel_limit": 0 }))
        .await;
    assert_eq!(refused["details"]["field"], "parallel_limit");
    let unbound = app
        .patch(&format!("/scripts/{script}"), json!({ "parallel_limit": null }))
        .await;
    assert_eq!(unbound["parallel_limit"], json!(null));
}
