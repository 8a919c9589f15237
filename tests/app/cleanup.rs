//! Clean-up: what is shown is what goes and what it frees, nothing else is touched, and a kill anywhere changes neither.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use jiff::SignedDuration;
use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use pytask_manager::engine::Engine;
use pytask_manager::engine::fake::{Script, least_job};
use pytask_manager::store::Witness;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

const RUN: &str = "0190aaaaaaaa7000800000000000abcd";

fn put(path: &Path, bytes: usize) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, vec![7; bytes]).expect("written");
}

/// As if nobody had been at it for a long time.
fn age(path: &Path) {
    let file = std::fs::File::open(path).expect("opens");
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000))
        .expect("set");
}

/// Blocks of everything in it, each file once; without the database, which grows by what it is told.
fn taken(folder: &Path) -> u64 {
    fn walk(folder: &Path, seen: &mut HashSet<u64>) -> u64 {
        let mut bytes = 0;
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let meta = entry.path().symlink_metadata().expect("there");
            if entry.file_name() == "db" {
                continue;
            }
            if seen.insert(meta.ino()) {
                bytes += meta.blocks() * 512;
            }
            if meta.is_dir() {
                bytes += walk(&entry.path(), seen);
            }
        }
        bytes
    }
    walk(folder, &mut HashSet::new())
}

fn group<'a>(preview: &'a Value, kind: &str) -> &'a Value {
    let groups = preview["groups"].as_array().expect("groups");
    groups
        .iter()
        .find(|group| group["kind"] == kind)
        .expect("every kind")
}

impl TestApp {
    async fn clean(&self, wish: Value) -> Value {
        let before = self.reports().await.len();
        expect(202, self.post("/cleanup", wish).await).await;
        self.reported(before + 1).await
    }

    async fn reports(&self) -> Vec<Value> {
        let view = self.get("/cleanup").await;
        view["last_reports"].as_array().expect("reports").clone()
    }

    async fn reported(&self, so_many: usize) -> Value {
        self.until("there is a report", async |app| {
            app.reports().await.len() >= so_many
        })
        .await;
        self.reports().await.remove(0)
    }

    async fn slug(&self, name: &str) -> String {
        let folders = std::fs::read_dir(self.data.join("scripts")).expect("a folder");
        let names = folders.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
        let name = format!("{}-", name.to_lowercase());
        names
            .into_iter()
            .find(|slug| slug.starts_with(&name))
            .expect("its folder")
    }
}

/// Everything that can go, and beside it what must not.
async fn plant(app: &TestApp, clock: &Clock) -> Vec<String> {
    let data = &app.data;
    app.script("Alive").await;
    let alive = app.slug("Alive").await;
    put(&data.join(format!("scripts/{alive}/files/data.bin")), 300_000);
    let thrown = app.script("Thrown").await;
    app.fake.script(&thrown, Script::prints(&["a line"], 0));
    let run = app.run(&thrown).await;
    app.finished(&run).await;
    let slug = app.slug("Thrown").await;
    put(&data.join(format!("scripts/{slug}/files/large.bin")), 500_000);
    expect(204, delete(app, &format!("/scripts/{thrown}")).await).await;
    clock.set(clock.now() + SignedDuration::from_hours(31 * 24));

    for old in [
        "scripts/lost-0123abcd",
        "cache/builds/0190aaaaaaaa7000800000000000ffff",
        "staging/half",
        "probe/1",
    ] {
        put(&data.join(old).join("files/x"), 40_000);
        age(&data.join(old));
    }
    put(&data.join(format!("runs/2020/01/{RUN}/log")), 90_000);
    // Of a package that an environment which goes has, one that somebody else has, and one that nobody has.
    let archive = data.join("cache/uv/archive-v0");
    for (name, bytes) in [("goes-with-it", 200_000), ("shared", 150_000), ("alone", 250_000)] {
        put(&archive.join(name).join("pkg/code.py"), bytes);
    }
    put(&data.join("cache/uv/wheels-v8/pypi/pkg.msgpack"), 5_000);
    put(&data.join("cache/uv/CACHEDIR.TAG"), 40);
    let env = data.join(format!("scripts/{alive}/envs/0badc0de/venv"));
    std::fs::create_dir_all(&env).expect("made");
    std::fs::hard_link(archive.join("goes-with-it/pkg/code.py"), env.join("code.py")).expect("linked");
    std::fs::hard_link(
        archive.join("shared/pkg/code.py"),
        data.join(format!("scripts/{alive}/files/shared.py")),
    )
    .expect("linked");
    for schema in 3..9 {
        put(
            &data.join(format!("backups/before-schema-{schema}.sqlite")),
            10_000 * schema,
        );
    }
    put(&data.join("bin/0123456789abcdef/supervisor"), 60_000);

    let strangers = [
        "notes.txt",
        "scripts/My Folder/x",
        "runs/readme.md",
        "runs/2020/01/not-a-run/x",
        "backups/mine.tar",
        "bin/own/tool",
        "cache/uv/foreign/x",
        "cache/uv/archive-v0/file",
        "cache/builds/mine/x",
    ];
    for stranger in strangers {
        put(&data.join(stranger), 12_000);
    }
    let mut stay: Vec<String> = strangers.iter().map(|&path| path.to_owned()).collect();
    stay.push(format!("scripts/{alive}/files/data.bin"));
    stay.push(format!("scripts/{alive}/files/shared.py"));
    stay.push("cache/uv/archive-v0/shared/pkg/code.py".to_owned());
    stay.push("cache/uv/CACHEDIR.TAG".to_owned());
    for schema in 6..9 {
        stay.push(format!("backups/before-schema-{schema}.sqlite"));
    }
    stay
}

async fn delete(app: &TestApp, path: &str) -> reqwest::Response {
    let request = app.request(Method::DELETE, &format!("/api/v1{path}"));
    request.send().await.expect("an answer")
}

async fn start() -> (TestApp, Clock) {
    start_with(Vec::new()).await
}

async fn start_with(witnesses: Vec<Arc<dyn Witness>>) -> (TestApp, Clock) {
    let clock = Clock::manual(Clock::system().now());
    let surroundings = Surroundings {
        clock: clock.clone(),
        witnesses,
    };
    let app = TestApp::start_in(surroundings, &[]).await;
    // What goes by itself would be in the way.
    let by_itself = json!({ "cleanup": { "enabled": false }, "backup": { "enabled": false } });
    app.patch("/settings", by_itself).await;
    (app, clock)
}

const ALL: &str = "trash,runs,run_directories,folders,environments,leftovers,unused_packages,database_copies,\
     supervisors,images,containers";

#[tokio::test]
async fn what_is_shown_is_what_goes_and_what_it_frees() {
    let (app, clock) = start().await;
    let stay = plant(&app, &clock).await;
    let preview = app.get(&format!("/cleanup/preview?kinds={ALL}")).await;
    for (kind, items) in [
        ("trash", 1),
        ("runs", 0),
        ("run_directories", 1),
        ("folders", 1),
        ("environments", 1),
        ("leftovers", 3),
        ("unused_packages", 2),
        ("package_cache", 2),
        ("database_copies", 3),
        ("supervisors", 1),
    ] {
        assert_eq!(group(&preview, kind)["items_count"], items, "{kind}: {preview:#}");
    }
    assert_eq!(group(&preview, "package_cache")["chosen"], false);
    assert_eq!(
        group(&preview, "trash")["examples"][0]["what"],
        "Thrown with 1 run"
    );
    let again = app.get(&format!("/cleanup/preview?kinds={ALL}")).await;
    assert_eq!(preview["fingerprint"], again["fingerprint"]);

    let before = taken(&app.data);
    let report = app.clean(json!({ "fingerprint": preview["fingerprint"] })).await;
    let freed = before - taken(&app.data);
    assert_eq!(report["failures"], json!([]), "{report:#}");
    assert_eq!(report["freed_bytes"], preview["total_bytes"]);
    assert_eq!(report["freed_bytes"].as_u64(), Some(freed), "{report:#}");
    assert_eq!(
        (&report["trigger"], &report["continued"]),
        (&json!("manual"), &json!(0))
    );
    for path in stay {
        assert!(app.data.join(&path).exists(), "{path}");
    }
    assert_eq!(
        app.get("/scripts").await["items"].as_array().map(Vec::len),
        Some(1)
    );

    let preview = app.get(&format!("/cleanup/preview?kinds={ALL}")).await;
    assert_eq!(preview["total_bytes"], 0, "{preview:#}");
    let before = taken(&app.data);
    let report = app.clean(json!({ "fingerprint": preview["fingerprint"] })).await;
    assert_eq!(
        (&report["freed_bytes"], &report["groups"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(taken(&app.data), before);
}

#[tokio::test]
async fn the_whole_cache_goes_when_it_is_asked_for_and_frees_what_nobody_shares() {
    let (app, clock) = start().await;
    let stay = plant(&app, &clock).await;
    let preview = app.get("/cleanup/preview?kinds=package_cache").await;
    assert_eq!(group(&preview, "unused_packages")["chosen"], true, "a part of it");
    assert_eq!(group(&preview, "unused_packages")["items_count"], 1);
    // With what environments have, and the index's answers.
    assert_eq!(group(&preview, "package_cache")["items_count"], 3);
    let before = taken(&app.data);
    let report = app.clean(json!({ "fingerprint": preview["fingerprint"] })).await;
    assert_eq!(
        report["freed_bytes"].as_u64(),
        Some(before - taken(&app.data)),
        "{report:#}"
    );
    assert_eq!(report["freed_bytes"], preview["total_bytes"]);
    for path in stay.iter().filter(|path| !path.contains("archive-v0/shared")) {
        assert!(app.data.join(path).exists(), "{path}");
    }
    assert!(!app.data.join("cache/uv/archive-v0/shared").exists());
    assert!(!app.data.join("cache/uv/wheels-v8").exists());
}

#[tokio::test]
async fn what_changes_after_the_preview_stays_and_what_is_new_does_not_go() {
    let (app, clock) = start().await;
    plant(&app, &clock).await;
    let preview = app.get("/cleanup/preview?kinds=run_directories,leftovers").await;
    let run = app.data.join(format!("runs/2020/01/{RUN}"));
    put(&run.join("new"), 10);
    put(&app.data.join("staging/later/x"), 10);
    age(&app.data.join("staging/later"));
    let report = app.clean(json!({ "fingerprint": preview["fingerprint"] })).await;
    assert!(
        run.exists() && app.data.join("staging/later").exists(),
        "{report:#}"
    );
    assert!(!app.data.join("staging/half").exists());
    assert_eq!(report["failures"][0]["kind"], "run_directories");
    assert!(text(&report["failures"][0]["reason"]).contains("changed since the preview"));
    let groups = report["groups"].as_array().expect("groups");
    let left: Vec<_> = groups
        .iter()
        .map(|group| (&group["items"], &group["left"]))
        .collect();
    assert_eq!(left, [(&json!(0), &json!(1)), (&json!(3), &json!(0))]);
}

#[tokio::test]
async fn what_nobody_has_looked_at_does_not_go() {
    let (app, clock) = start().await;
    plant(&app, &clock).await;
    let before = taken(&app.data);
    let refused = expect(409, app.post("/cleanup", json!({ "fingerprint": "00" })).await).await;
    assert_eq!(refused["code"], "cleanup_outdated");
    expect(
        422,
        app.post("/cleanup", json!({ "kinds": ["everything"] })).await,
    )
    .await;
    let refused = app
        .request(Method::GET, "/api/v1/cleanup/preview?kinds=nothing")
        .send()
        .await
        .expect("an answer");
    expect(400, refused).await;
    assert_eq!(taken(&app.data), before);
    let preview = app.get("/cleanup/preview").await;
    let left = preview["left_alone"].as_array().expect("a list");
    for stranger in [
        "notes.txt",
        "scripts/My Folder",
        "runs/readme.md",
        "bin/own",
        "cache/builds/mine",
    ] {
        assert!(
            left.iter().any(|left| left["what"] == stranger),
            "{stranger}: {preview:#}"
        );
    }
    for (kind, chosen) in [("trash", true), ("folders", false), ("package_cache", false)] {
        assert_eq!(group(&preview, kind)["chosen"], chosen, "{kind}");
    }
}

#[tokio::test]
async fn a_script_in_the_trash_with_a_kept_run_stays_and_so_does_a_young_one() {
    let (app, clock) = start().await;
    let (kept, young) = (app.script("Kept").await, app.script("Young").await);
    app.fake.script(&kept, Script::prints(&["a line"], 0));
    let run = app.run(&kept).await;
    app.finished(&run).await;
    app.patch(&format!("/runs/{run}"), json!({ "kept": true })).await;
    expect(204, delete(&app, &format!("/scripts/{kept}")).await).await;
    clock.set(clock.now() + SignedDuration::from_hours(29 * 24));
    expect(204, delete(&app, &format!("/scripts/{young}")).await).await;
    clock.set(clock.now() + SignedDuration::from_hours(2 * 24));
    let preview = app.get("/cleanup/preview?kinds=trash").await;
    assert_eq!(group(&preview, "trash")["items_count"], 0, "{preview:#}");
    let left = preview["left_alone"].as_array().expect("a list");
    let why = left
        .iter()
        .find(|left| left["what"] == "Kept")
        .expect("it is told");
    assert!(text(&why["why"]).contains("marked to be kept"));
    app.patch("/settings", json!({ "cleanup": { "trash_days": 1 } }))
        .await;
    let preview = app.get("/cleanup/preview?kinds=trash").await;
    assert_eq!(group(&preview, "trash")["items_count"], 1, "the young one");
    app.patch("/settings", json!({ "cleanup": { "trash_days": 0 } }))
        .await;
    let preview = app.get("/cleanup/preview?kinds=trash").await;
    assert_eq!(group(&preview, "trash")["items_count"], 0, "never");
}

/// Stands still after so many commits of a clean-up.
#[derive(Default)]
struct Holder {
    /// Negative: never.
    left: AtomicI64,
    held: AtomicI64,
}

impl Witness for Holder {
    fn committed(&self, connection: &Connection) {
        let running = connection.query_row(
            "SELECT count(*) FROM cleanups WHERE finished_at IS NULL",
            [],
            |row| row.get::<_, i64>(0),
        );
        if running.is_ok_and(|running| running > 0) && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.held.store(1, Ordering::SeqCst);
            while self.held.load(Ordering::SeqCst) == 1 {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

#[tokio::test]
async fn a_kill_after_any_step_changes_neither_what_goes_nor_what_is_told() {
    const KINDS: &str = "trash,run_directories,environments,unused_packages";
    let mut steps = 0;
    loop {
        let holder = Arc::new(Holder::default());
        holder.left.store(-1, Ordering::SeqCst);
        let (mut app, clock) = start_with(vec![Arc::clone(&holder) as Arc<dyn Witness>]).await;
        let stay = plant(&app, &clock).await;
        // It goes at every start.
        std::fs::remove_dir_all(app.data.join("staging/half")).expect("removed");
        let preview = app.get(&format!("/cleanup/preview?kinds={KINDS}")).await;
        let before = taken(&app.data);
        holder.left.store(steps + 1, Ordering::SeqCst);
        let wish = json!({ "fingerprint": preview["fingerprint"] });
        let asked = app.request(Method::POST, "/api/v1/cleanup").json(&wish).send();
        let asked = tokio::spawn(asked);
        app.until("it is held, or over", async |_| {
            holder.held.load(Ordering::SeqCst) == 1 || over(&app).await
        })
        .await;
        let was_held = holder.held.load(Ordering::SeqCst) == 1;
        if was_held {
            app.kill();
            asked.abort();
            holder.left.store(-1, Ordering::SeqCst);
            holder.held.store(0, Ordering::SeqCst);
            app.restart().await;
        }
        let report = app.reported(1).await;
        assert_eq!(report["failures"], json!([]), "after step {steps}: {report:#}");
        assert_eq!(
            report["freed_bytes"], preview["total_bytes"],
            "after step {steps}"
        );
        assert_eq!(
            report["freed_bytes"].as_u64(),
            Some(before - taken(&app.data)),
            "after step {steps}"
        );
        assert_eq!(report["continued"], i64::from(was_held), "after step {steps}");
        for path in stay {
            assert!(app.data.join(&path).exists(), "{path} after step {steps}");
        }
        if !was_held {
            break;
        }
        steps += 1;
    }
    // The list, and before and after each of four batches at least.
    assert!(steps >= 9, "only {steps} steps");
}

/// Asks without waiting for the writer.
async fn over(app: &TestApp) -> bool {
    !app.reports().await.is_empty()
}

#[tokio::test]
async fn one_at_a_time() {
    let holder = Arc::new(Holder::default());
    holder.left.store(-1, Ordering::SeqCst);
    let (app, clock) = start_with(vec![Arc::clone(&holder) as Arc<dyn Witness>]).await;
    plant(&app, &clock).await;
    holder.left.store(2, Ordering::SeqCst);
    let wish = json!({ "kinds": ["run_directories"] });
    let begun = expect(202, app.post("/cleanup", wish.clone()).await).await;
    assert_eq!((&begun["items"], &begun["items_done"]), (&json!(1), &json!(0)));
    app.until("it is held", async |_| holder.held.load(Ordering::SeqCst) == 1)
        .await;
    let refused = expect(409, app.post("/cleanup", wish).await).await;
    assert_eq!(refused["code"], "cleanup_running");
    assert_eq!(app.get("/cleanup").await["running"]["kind"], "run_directories");
    holder.held.store(0, Ordering::SeqCst);
    app.reported(1).await;
    assert_eq!(app.get("/cleanup").await["running"], Value::Null);
}

#[tokio::test]
async fn what_was_missed_while_nobody_was_there_is_made_up_for_once() {
    let (mut app, clock) = start().await;
    let set = app
        .patch(
            "/settings",
            json!({ "cleanup": { "enabled": true, "expression": "0 3 * * *", "kinds": ["leftovers"] } }),
        )
        .await;
    assert_eq!(set["in_force"]["cleanup"]["kinds"], json!(["leftovers"]));
    let counts_from_now = |app: &TestApp| {
        let db = Connection::open(app.data.join("db/pytask.sqlite")).expect("opens");
        let cursor = db.query_row("SELECT value FROM meta WHERE key = 'cleanup_cursor'", [], |row| {
            row.get::<_, String>(0)
        });
        cursor.is_ok_and(|cursor| cursor.contains("0 3 * * *"))
    };
    app.until("the schedule has begun", async |app| counts_from_now(app))
        .await;
    assert_ne!(app.get("/cleanup").await["next_at"], Value::Null);
    put(&app.data.join("probe/old/x"), 10);
    age(&app.data.join("probe/old"));
    put(&app.data.join(format!("runs/2020/01/{RUN}/log")), 10);
    app.kill();
    clock.set(clock.now() + SignedDuration::from_hours(10 * 24));
    app.restart().await;
    let report = app.reported(1).await;
    assert_eq!(
        (&report["trigger"], report["freed_bytes"] != json!(0)),
        (&json!("schedule"), true)
    );
    assert!(!app.data.join("probe/old").exists());
    assert!(
        app.data.join(format!("runs/2020/01/{RUN}")).exists(),
        "not by itself"
    );
    app.kill();
    app.restart().await;
    let next = app.get("/cleanup").await;
    assert_eq!(next["last_reports"].as_array().map(Vec::len), Some(1), "{next:#}");
}

#[tokio::test]
async fn a_schedule_that_cannot_be_read_is_refused() {
    let (app, _) = start().await;
    for (patch, field) in [
        (json!({ "expression": "every day" }), "cleanup.expression"),
        (json!({ "timezone": "Mars/Base" }), "cleanup.timezone"),
        (json!({ "trash_days": 99_999 }), "cleanup.trash_days"),
    ] {
        let refused = app
            .patch_answered(422, "/settings", json!({ "cleanup": patch }))
            .await;
        assert_eq!(refused["details"]["field"], field, "{refused:#}");
    }
    let patch = json!({ "cleanup": { "kinds": ["everything"] } });
    app.patch_answered(422, "/settings", patch).await;
    let set = app.get("/settings").await;
    assert_eq!(set["in_force"]["cleanup"]["expression"], "30 3 * * 0");
}

#[tokio::test]
async fn images_and_containers_of_this_instance_alone_go() {
    let (app, clock) = start().await;
    let instance = text(&app.get("/system").await["instance"]);
    app.until("the engine is ready", async |app| {
        app.get("/system").await["engine"]["state"] == "ready"
    })
    .await;
    let (mine, other) = (app.fake.beside(&instance), app.fake.beside("other"));
    mine.launch(&least_job("pytask-lost")).await.expect("launched");
    other.launch(&least_job("pytask-others")).await.expect("launched");
    let left = format!("pytask-runner-{instance}:old-12345678");
    mine.add_labelled_image("sha256:left", &[&left]);
    mine.add_labelled_image("sha256:tagged", &["somebodys:1"]);
    mine.add_labelled_image("sha256:built-on-ours", &[]);
    other.add_labelled_image("sha256:others", &["pytask-runner-other:x"]);
    clock.set(clock.now() + SignedDuration::from_hours(1));
    let preview = app.get("/cleanup/preview?kinds=images,containers").await;
    assert_eq!(group(&preview, "images")["examples"][0]["what"], left);
    for kind in ["images", "containers"] {
        let group = group(&preview, kind);
        assert_eq!(
            (&group["items_count"], &group["place"]),
            (&json!(1), &json!("engine"))
        );
    }
    let report = app.clean(json!({ "fingerprint": preview["fingerprint"] })).await;
    assert_eq!(report["failures"], json!([]));
    assert_eq!(
        app.fake.labelled_ids(),
        ["sha256:built-on-ours", "sha256:others", "sha256:tagged"]
    );
    assert!(mine.list().await.expect("lists").is_empty());
    assert_eq!(other.list().await.expect("lists").len(), 1);
    app.fake.set_away(true);
    let preview = app.get("/cleanup/preview").await;
    let left = preview["left_alone"].as_array().expect("a list");
    assert!(left.iter().any(|left| left["what"] == "Images"), "{preview:#}");
}

#[tokio::test]
async fn what_takes_room_is_told_and_shared_files_count_once() {
    let (app, clock) = start().await;
    plant(&app, &clock).await;
    let room = app.get("/cleanup/room").await;
    let items = room["items"].as_array().expect("items");
    let of = |kind: &str| {
        let item = items
            .iter()
            .find(|item| item["kind"] == kind)
            .expect("every kind");
        item["bytes"].as_u64().expect("a number")
    };
    assert!(of("environments") >= 200_000, "{room:#}");
    assert!(of("files") >= 300_000 + 500_000 + 150_000);
    // Without the file that an environment has, and the one that a script has.
    assert!((250_000..400_000).contains(&of("package_cache")), "{room:#}");
}
