//! The data disk: a floor below which nothing starts, a reserve, and answers when there is no room at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pytask_manager::engine::fake::Script;
use pytask_manager::store::Witness;
use serde_json::{Value, json};

use crate::harness::{PATIENCE, TestApp, expect};

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
    let app = TestApp::start_watched(&[], vec![Arc::clone(&disk) as Arc<dyn Witness>]).await;
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
