//! The data disk: a floor below which nothing starts, a reserve, answers when there is no room at all, and the limits
//! of what one run may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pytask_manager::app::Surroundings;
use pytask_manager::engine::fake::Script;
use pytask_manager::store::Witness;
use serde_json::{Value, json};

use crate::harness::{PATIENCE, TestApp, expect, text};

const MIB: u64 = 1 << 20;
/// The highest floor that can be set: 1 PiB, more than any test's disk has free.
const BEYOND: u64 = 1 << 50;

#[tokio::test]
async fn below_the_floor_runs_wait_and_start_when_there_is_room() {
    let app = TestApp::start().await;
    app.fake.script_others(Script::prints(&["at last"], 0));
    let script = app.script("Patient").await;
    app.patch("/settings", json!({ "min_free_bytes": BEYOND })).await;
    let run = app.run(&script).await;
    let waiting = app
        .run_until(&run, "waited", |run| run["wait_reason"]["kind"] == "disk_full")
        .await;
    assert_eq!(waiting["state"], "queued");
    let why = waiting["wait_reason"]["message"].as_str().expect("a sentence");
    assert!(
        why.contains("free on the data disk") && why.contains("Settings"),
        "{why}"
    );
    let disk = app.get("/system").await["disk"].take();
    assert_eq!(
        (&disk["low"], &disk["floor_bytes"]),
        (&json!(true), &json!(BEYOND)),
        "{disk:#}"
    );
    assert!(disk["free_bytes"].as_u64() <= disk["total_bytes"].as_u64());

    app.patch("/settings", json!({ "min_free_bytes": 16 * MIB }))
        .await;
    assert_eq!(app.finished(&run).await["outcome"]["kind"], "succeeded");
    assert_eq!(app.get("/system").await["disk"]["low"], false);
}

#[tokio::test]
async fn a_reserve_lies_on_the_disk_while_there_is_room() {
    let app = TestApp::start().await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let held = loop {
        let held = app.get("/system").await["disk"]["reserve_bytes"].as_u64();
        if held > Some(0) {
            break held.expect("a number");
        }
        assert!(tokio::time::Instant::now() < deadline, "no reserve is made");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let file = std::fs::metadata(app.data.join("ballast")).expect("the reserve");
    assert_eq!(file.len(), held);
}

/// Keeps the database from growing while it is told to: to SQLite, the disk is full.
#[derive(Default)]
struct FullDisk(AtomicBool);

impl Witness for FullDisk {
    fn committed(&self, connection: &rusqlite::Connection) {
        let pages: u32 = if self.0.load(Ordering::SeqCst) {
            1
        } else {
            u32::MAX - 1
        };
        connection
            .pragma_update(None, "max_page_count", pages)
            .expect("a bound; never below what there is");
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_refused_and_can_be_repeated() {
    let disk = Arc::new(FullDisk::default());
    let surroundings = Surroundings {
        witnesses: vec![Arc::clone(&disk) as Arc<dyn Witness>],
        ..Surroundings::default()
    };
    let app = TestApp::start_in(surroundings, &[]).await;
    let small = async || app.patch("/settings", json!({ "max_runs": 3 })).await;
    disk.0.store(true, Ordering::SeqCst);
    // Needs no room, and tells the database.
    small().await;
    let wish = |n: u32| json!({ "name": format!("script {n}"), "description": "x".repeat(4_000) });
    let mut refused: Option<(u32, Value)> = None;
    for n in 0..100 {
        let answer = app.post("/scripts", wish(n)).await;
        if answer.status() != 201 {
            refused = Some((n, expect(507, answer).await));
            break;
        }
    }
    let (n, refused) = refused.expect("a database that cannot grow is full at some time");
    assert_eq!(refused["code"], "disk_full");
    let message = refused["message"].as_str().expect("a sentence");
    assert!(
        message.contains("not be recorded") && message.contains("try again"),
        "{message}"
    );
    let listed = app.get("/scripts?limit=500").await["items"]
        .as_array()
        .expect("a list")
        .len();
    assert_eq!(listed, n as usize, "what was refused left nothing");

    disk.0.store(false, Ordering::SeqCst);
    small().await;
    expect(201, app.post("/scripts", wish(n)).await).await;
}

/// The run ended at a limit that nobody in its container enforces, and says so.
async fn assert_ended_at(app: &TestApp, run: &str, limit: &str, allowed: u64) {
    let run = app.finished(run).await;
    let outcome = &run["outcome"];
    assert_eq!(outcome["kind"], "failed", "{run:#}");
    let hit = &outcome["limits_hit"][0];
    assert_eq!(
        (&hit["limit"], &hit["allowed"]),
        (&json!(limit), &json!(allowed)),
        "{run:#}"
    );
    assert!(hit["found"].as_u64() > Some(allowed), "{run:#}");
    let message = text(&outcome["message"]);
    assert!(message.starts_with("Stopped at a limit. "), "{message}");
}

/// The script's own folder on the volume.
async fn folder_of(app: &TestApp, script: &str) -> std::path::PathBuf {
    let script = app.get(&format!("/scripts/{script}")).await;
    app.data.join("scripts").join(text(&script["slug"])).join("files")
}

#[tokio::test]
async fn a_run_whose_folder_takes_too_much_is_ended() {
    let app = TestApp::start().await;
    app.fake.script_others(Script::hangs());
    let script = app.script("Hoarder").await;
    let wishes = json!({ "limits": { "disk_bytes": MIB } });
    app.patch(&format!("/scripts/{script}"), wishes).await;
    let files = folder_of(&app, &script).await;
    // Many and empty is as much as few and large.
    for n in 0..300 {
        std::fs::write(files.join(n.to_string()), "").expect("written");
    }
    assert_ended_at(&app, &app.run(&script).await, "disk_bytes", MIB).await;
}

#[tokio::test]
async fn a_run_that_leaves_too_much_is_ended() {
    let app = TestApp::start().await;
    app.fake.script_others(Script::hangs());
    let script = app.script("Generous").await;
    let wishes = json!({ "limits": { "artifacts_bytes": 64 * 1024 } });
    app.patch(&format!("/scripts/{script}"), wishes).await;
    // Its first measuring finds what is there by then.
    app.fake.set_away(true);
    let run = app.run(&script).await;
    let folder = app.artifacts(&run).await;
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("large"), vec![1; 100_000]).expect("written");
    app.fake.set_away(false);
    assert_ended_at(&app, &run, "artifacts_bytes", 64 * 1024).await;
    let left = app.get(&format!("/runs/{run}")).await["artifacts"].take();
    assert_eq!(
        left,
        json!({ "files": 1, "bytes": 100_000 }),
        "what was left stays"
    );
}

/// Who takes up a run after a restart watches it as well.
#[tokio::test]
async fn a_run_is_watched_by_the_next_controller_too() {
    let mut app = TestApp::start().await;
    app.fake.script_others(Script::hangs());
    let script = app.script("Survivor").await;
    let wishes = json!({ "limits": { "disk_bytes": MIB } });
    app.patch(&format!("/scripts/{script}"), wishes).await;
    let files = folder_of(&app, &script).await;
    let run = app.run(&script).await;
    app.run_until(&run, "ran", |run| run["state"] == "running").await;
    app.kill();
    std::fs::write(files.join("large"), vec![1; 2 << 20]).expect("written");
    app.restart().await;
    assert_ended_at(&app, &run, "disk_bytes", MIB).await;
}
