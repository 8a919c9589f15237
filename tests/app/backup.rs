//! Backups of an application that goes on meanwhile, and instances that are restored from them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use pytask_manager::app::Surroundings;
use pytask_manager::backup::restore;
use pytask_manager::clock::Clock;
use pytask_manager::engine::fake::{Gate, Script, Step};
use pytask_manager::files::Owner;
use pytask_protocol::frame::Stream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};
use crate::packages::{LOCK, built};

impl TestApp {
    /// Makes a backup and waits for it; as it is listed then.
    async fn backup(&self, wish: Value) -> Value {
        let job = expect(202, self.post("/backups", wish).await).await;
        self.no_job().await;
        let list = self.get("/backups").await;
        assert_eq!(list["last"]["problem"], Value::Null, "{list:#}");
        let items = list["items"].as_array().expect("items");
        let made = items.iter().find(|item| item["name"] == job["name"]);
        made.expect("it is there").clone()
    }

    /// It has little right to the processors, so a busy machine lets it wait.
    async fn no_job(&self) {
        let deadline = tokio::time::Instant::now() + 6 * crate::harness::PATIENCE;
        while !self.get("/backups").await["job"].is_null() {
            assert!(tokio::time::Instant::now() < deadline, "a backup does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn write(&self, script: &str, path: &str, bytes: impl Into<reqwest::Body>) {
        let put = self.request(Method::PUT, &format!("/api/v1/scripts/{script}/files/{path}"));
        expect(200, put.body(bytes).send().await.expect("an answer")).await;
    }

    fn backups(&self) -> Vec<String> {
        names(&self.data.join("backups"))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

fn restore_to(target: &Path, backup: &Path) {
    let wish = restore::Wish {
        backup,
        data_dir: target,
        owner: Owner::Script { uid: 1000, gid: 1000 },
        key: None,
    };
    restore::restore(&wish, &Clock::system(), &mut |_| Ok(())).expect("restores");
}

/// Another instance, restored from a backup of this one.
async fn restored(app: &TestApp, backup: &Value) -> TestApp {
    let backup = app.data.join("backups").join(text(&backup["name"]));
    TestApp::start_prepared(Surroundings::default(), &[], |data| restore_to(data, &backup)).await
}

/// The files below some folders of a data folder, but for what is never in a backup.
fn tree(data: &Path, tops: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() && entry.file_name() != "venv" {
                walk(&entry.path(), root, found);
            } else if kind.is_file() {
                let name = entry.path().strip_prefix(root).expect("below").to_owned();
                found.insert(name, std::fs::read(entry.path()).expect("reads"));
            }
        }
    }
    let mut found = BTreeMap::new();
    for top in tops {
        walk(&data.join(top), data, &mut found);
    }
    // Of an environment only what it is built from.
    found.retain(|name, _| !name.ends_with("manifest.json") && !name.ends_with("compiled"));
    found
}

#[tokio::test]
async fn what_is_restored_is_byte_for_byte_what_there_was_and_works() {
    let app = TestApp::start().await;
    let script = app.script("Nightly").await;
    app.write(&script, "data/späße.bin", vec![0xA5; 300_000]).await;
    app.write(&script, "main.py", "print('two')\n").await;
    app.fake.script("build", built(LOCK));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    app.build(&script, "install", json!({})).await;
    app.fake.script_others(Script::prints(&["kept in the log"], 0));
    let run = app.run(&script).await;
    app.finished(&run).await;
    let gate = Gate::default();
    app.fake.script_others(Script {
        steps: vec![
            Step::Write(Stream::Stdout, b"so far\n".to_vec()),
            Step::Pass(gate.clone()),
        ],
        ..Script::default()
    });
    let schedule = json!({ "when": { "kind": "cron", "expression": "0 4 * * *", "zone": "UTC" } });
    let schedule = app.post(&format!("/scripts/{script}/schedules"), schedule).await;
    assert!(
        schedule.status().is_success(),
        "{}",
        schedule.text().await.expect("a body")
    );
    let going = app.run(&script).await;
    app.run_until(&going, "ran", |run| run["state"] == "running")
        .await;
    std::fs::write(app.artifacts(&going).await.join("plot.png"), [7; 5_000]).expect("written");
    let waiting = app.run(&script).await;

    let made = app.backup(json!({ "logs": true, "artifacts": true })).await;
    assert!(
        made["checked_at"].is_string() && made["problem"].is_null(),
        "{made:#}"
    );
    assert_eq!(
        (&made["logs"], &made["account"]["damaged"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(names(&app.data.join("staging")), [""; 0]);

    let target = tempfile::tempdir().expect("a temporary folder");
    restore_to(target.path(), &app.data.join("backups").join(text(&made["name"])));
    let mut there = tree(&app.data, &["scripts", "runs"]);
    // The facts of a run that goes on are no facts.
    there.retain(|name, _| !(name.ends_with("started") && name.to_string_lossy().contains(&going)));
    // Nothing is built, and nothing that a build left behind.
    let builds: Vec<_> = there
        .keys()
        .filter(|name| name.ends_with("requirements.in"))
        .cloned()
        .collect();
    let back = tree(target.path(), &["scripts", "runs"]);
    for (name, bytes) in &there {
        assert_eq!(back.get(name), Some(bytes), "{}", name.display());
    }
    assert_eq!(back.len(), there.len(), "{:?} {builds:?}", back.keys());

    let other = restored(&app, &made).await;
    let scripts = other.get("/scripts").await;
    assert_eq!(scripts["items"][0]["name"], "Nightly");
    let log = other.request(Method::GET, &format!("/api/v1/runs/{run}/log?format=raw"));
    let log = log.send().await.expect("an answer").text().await.expect("text");
    assert_eq!(log, "kept in the log\n");
    // Nothing goes on, and nothing is begun again.
    let lost = other.finished(&going).await;
    assert_eq!(lost["outcome"]["kind"], "lost", "{lost:#}");
    assert!(text(&lost["outcome"]["reason"]).contains("restored"), "{lost:#}");
    let log = other.request(Method::GET, &format!("/api/v1/runs/{going}/log?format=raw"));
    assert_eq!(
        log.send().await.expect("an answer").text().await.expect("text"),
        "so far\n"
    );
    assert_eq!(other.finished(&waiting).await["outcome"]["kind"], "cancelled");
    assert_eq!(other.get("/settings").await["in_force"]["schedules_paused"], true);
    assert!(other.get("/backups").await["restored"]["made_at"].is_string());
    let instance = |system: &Value| text(&system["instance"]);
    assert_ne!(
        instance(&app.get("/system").await),
        instance(&other.get("/system").await),
        "the containers of the one are not the other's"
    );
    gate.open();
}

#[tokio::test]
async fn environments_come_back_from_their_locks_by_themselves() {
    let app = TestApp::start().await;
    let script = app.script("With packages").await;
    app.fake.script("build", built(LOCK));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    app.build(&script, "install", json!({})).await;
    let made = app.backup(json!({})).await;
    let gate = Gate::default();
    let mut held = built(LOCK);
    held.steps.insert(0, Step::Pass(gate.clone()));
    let backup = app.data.join("backups").join(text(&made["name"]));
    let mut other =
        TestApp::start_prepared(Surroundings::default(), &[], |data| restore_to(data, &backup)).await;
    // The harness' own engine builds nothing that is usable, so the first try fails; it is tried at the next start.
    other.no_builds_left().await;
    other.fake.script("build", held);
    other.fake.script_others(Script::prints(&["hello"], 0));
    other.restart().await;
    other
        .until("a build is under way", async |app| {
            app.dependencies(&script).await["environment"]["state"] == "building"
        })
        .await;
    // A run waits for it instead of starting without.
    let run = other.run(&script).await;
    other
        .run_until(&run, "waited", |run| run["wait_reason"]["kind"] == "environment")
        .await;
    let build = other.get("/runs?kind=build").await["items"][0].take();
    let given = other
        .data
        .join("cache/builds")
        .join(text(&build["id"]))
        .join("requirements.lock");
    other
        .until("it is given its lock", async |_| given.exists())
        .await;
    assert_eq!(std::fs::read_to_string(given).expect("a lock"), LOCK);
    gate.open();
    assert_eq!(other.finished(&run).await["outcome"]["kind"], "succeeded");
    let dependencies = other.dependencies(&script).await;
    assert_eq!(
        dependencies["environment"]["state"], "in_step",
        "{dependencies:#}"
    );
    assert_eq!(dependencies["lock"], app.dependencies(&script).await["lock"]);
}

impl TestApp {
    async fn no_builds_left(&self) {
        self.until("no build is left", async |app| {
            let runs = app.get("/runs?kind=build").await;
            let runs = runs["items"].as_array().expect("items").clone();
            runs.len() > 1 && runs.iter().all(|run| run["state"] == "finished")
        })
        .await;
    }
}

#[tokio::test]
async fn a_run_whose_log_was_not_in_the_backup_says_so() {
    let app = TestApp::start().await;
    let script = app.script("Quiet").await;
    app.fake.script_others(Script::prints(&["not kept"], 0));
    let run = app.run(&script).await;
    app.finished(&run).await;
    let made = app.backup(json!({})).await;
    assert_eq!(
        (&made["logs"], &made["artifacts"]),
        (&json!(false), &json!(false))
    );
    let other = restored(&app, &made).await;
    let old = other.get(&format!("/runs/{run}")).await;
    assert_eq!(old["left_behind"], json!(["log", "artifacts"]));
    assert_eq!(old["outcome"]["kind"], "succeeded");
    let log = other.request(Method::GET, &format!("/api/v1/runs/{run}/log"));
    let answer = expect(410, log.send().await.expect("an answer")).await;
    assert_eq!(answer["code"], "not_in_backup");
    other.fake.script_others(Script::prints(&["new"], 0));
    let new = other.run(&script).await;
    assert_eq!(other.finished(&new).await["left_behind"], json!([]));
}

/// Saves, folders that are written to from outside, runs that finish, scripts that come and go: whatever a backup of that
/// moment names is in it.
#[tokio::test]
async fn a_backup_under_load_is_consistent() {
    let app = TestApp::start().await;
    app.fake.script_others(Script::prints(&["a line"], 0));
    let mut scripts = Vec::new();
    for number in 0..4 {
        let script = app.script(&format!("Busy {number}")).await;
        app.write(&script, "ballast.bin", vec![number; 400_000]).await;
        scripts.push(script);
    }
    app.patch("/settings", json!({ "max_revisions": 5 })).await;
    let stop = Arc::new(AtomicBool::new(false));
    let folders: Vec<PathBuf> = names(&app.data.join("scripts"))
        .iter()
        .map(|slug| app.data.join("scripts").join(slug).join("files"))
        .collect();
    let writer = {
        let stop = Arc::clone(&stop);
        std::thread::spawn(move || {
            let mut round = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                for folder in &folders {
                    round += 1;
                    let place = folder.join(format!("out-{}.csv", round % 40));
                    let _ = std::fs::write(&place, vec![b'x'; (round % 50_000) as usize]);
                    let _ = std::fs::remove_file(folder.join(format!("out-{}.csv", (round + 20) % 40)));
                }
            }
        })
    };
    let mut made = Vec::new();
    for round in 0..3 {
        let busy = async {
            for save in 0..12 {
                for script in &scripts {
                    app.write(script, "main.py", format!("print({round}, {save})\n"))
                        .await;
                }
                app.run(&scripts[save % scripts.len()]).await;
                let gone = app.script(&format!("Short-lived {round} {save}")).await;
                let path = format!("/api/v1/scripts/{gone}");
                for query in ["", "?forever=true"] {
                    let _ = app
                        .request(Method::DELETE, &format!("{path}{query}"))
                        .send()
                        .await;
                }
            }
        };
        let backup = async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            app.backup(json!({ "logs": true, "artifacts": true })).await
        };
        let ((), backup) = tokio::join!(busy, backup);
        assert_eq!(backup["account"]["damaged"], 0, "{backup:#}");
        made.push(backup);
        // Their names tell seconds.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().expect("the writer ends");
    for backup in &made {
        let other = restored(&app, backup).await;
        for script in other.get("/scripts").await["items"].as_array().expect("items") {
            let id = text(&script["id"]);
            let revisions = other.get(&format!("/scripts/{id}/revisions?limit=100")).await;
            let revisions = revisions["items"].as_array().expect("items").clone();
            assert!(!revisions.is_empty());
            for revision in revisions {
                let number = &revision["number"];
                let file = format!("/api/v1/scripts/{id}/revisions/{number}/files/main.py");
                let answer = other.request(Method::GET, &file).send().await.expect("an answer");
                // The restored one thins out its revisions, too.
                let kept = || async {
                    let now = other.get(&format!("/scripts/{id}/revisions?limit=100")).await;
                    let mut items = now["items"].as_array().expect("items").iter();
                    items.any(|item| &item["number"] == number)
                };
                assert!(
                    answer.status() == 200 || !kept().await,
                    "{file}: {}",
                    answer.status()
                );
            }
            // What is on disk can be taken up as it is.
            let run = other.run(&id).await;
            other.finished(&run).await;
        }
        let runs = other.get("/runs?kind=script&limit=100").await;
        for run in runs["items"].as_array().expect("items") {
            let id = text(&run["id"]);
            other.finished(&id).await;
            if run["outcome"]["kind"] == "succeeded" && run["log"]["stdout_bytes"] == 7 {
                let log = other.request(Method::GET, &format!("/api/v1/runs/{id}/log?format=raw"));
                assert_eq!(
                    log.send().await.expect("an answer").text().await.expect("text"),
                    "a line\n"
                );
            }
        }
    }
}

#[tokio::test]
async fn killed_while_it_makes_one_nothing_half_is_left() {
    let mut app = TestApp::start().await;
    let script = app.script("Large").await;
    app.write(
        &script,
        "ballast.bin",
        (0..3_000_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect::<Vec<_>>(),
    )
    .await;
    for round in 0..10_u64 {
        expect(202, app.post("/backups", json!({ "logs": true })).await).await;
        tokio::time::sleep(Duration::from_millis(round * 15)).await;
        app.restart().await;
        app.no_job().await;
        assert_eq!(names(&app.data.join("staging")), [""; 0], "round {round}");
        // What has its name is whole.
        for name in app.backups() {
            let verify = app.post(&format!("/backups/{name}/verify"), json!({})).await;
            expect(202, verify).await;
            app.no_job().await;
            let list = app.get("/backups").await;
            let items = list["items"].as_array().expect("items");
            let item = items.iter().find(|item| item["name"] == *name).expect("listed");
            assert!(
                item["checked_at"].is_string() && item["problem"].is_null(),
                "{item:#}"
            );
            let delete = app.request(Method::DELETE, &format!("/api/v1/backups/{name}"));
            expect(204, delete.send().await.expect("an answer")).await;
        }
    }
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let app = TestApp::start().await;
    app.script("There").await;
    app.patch("/settings", json!({ "min_free_bytes": 1_u64 << 50 }))
        .await;
    let full = expect(507, app.post("/backups", json!({})).await).await;
    assert_eq!(full["code"], "disk_full");
    assert_eq!(app.backups(), [""; 0]);
    assert_eq!(names(&app.data.join("staging")), [""; 0]);
    assert!(app.get("/backups").await["job"].is_null());
    app.patch("/settings", json!({ "min_free_bytes": null })).await;

    for name in [
        "nothing.tar.zst",
        "pytask-20261125T070509Z.tar.zst",
        "..%2Fdb%2Fpytask.sqlite",
        "%2Fetc%2Fpasswd",
    ] {
        let path = format!("/api/v1/backups/{name}");
        expect(
            404,
            app.request(Method::GET, &path).send().await.expect("an answer"),
        )
        .await;
        expect(
            404,
            app.request(Method::DELETE, &path)
                .send()
                .await
                .expect("an answer"),
        )
        .await;
        expect(404, app.post(&format!("/backups/{name}/verify"), json!({})).await).await;
    }
    for (patch, code) in [
        (json!({ "keep": 0 }), "invalid_field"),
        (json!({ "expression": "61 * * * *" }), "invalid_expression"),
        (json!({ "timezone": "Moon/Base" }), "invalid_field"),
        (json!({ "expression": "0 0 30 2 *" }), "invalid_expression"),
    ] {
        let answer = app
            .patch_answered(422, "/settings", json!({ "backup": patch }))
            .await;
        assert_eq!(answer["code"], code, "{patch}");
    }
    let settings = app.get("/settings").await;
    assert_eq!(settings["in_force"]["backup"], settings["defaults"]["backup"]);
    expect(404, app.post("/backups/cancel", json!({})).await).await;
}

#[tokio::test]
async fn one_is_made_when_it_is_due_once_for_what_was_missed_and_old_ones_go() {
    let start: Timestamp = "2026-11-25T12:00:00Z".parse().expect("a time");
    let clock = Clock::manual(start);
    let surroundings = Surroundings {
        clock: clock.clone(),
        ..Surroundings::default()
    };
    let mut app = TestApp::start_in(surroundings, &[]).await;
    app.script("There").await;
    app.patch(
        "/settings",
        json!({ "backup": { "keep": 2, "timezone": "Europe/Berlin" } }),
    )
    .await;
    app.until("the schedule has begun", async |app| {
        app.get("/backups").await["next_at"] == "2026-11-26T02:30:00Z"
    })
    .await;
    app.restart().await;
    let by_hand = app.backup(json!({})).await;
    for days in [1_i64, 3, 5] {
        clock.set(start + (days * 24).hours());
        app.restart().await;
        app.until("one is made", async |app| {
            let name = format!("pytask-202611{}T120000Z-scheduled.tar.zst", 25 + days);
            app.get("/backups").await["last"]["name"] == name.as_str()
        })
        .await;
        app.no_job().await;
    }
    let scheduled = || {
        app.backups()
            .into_iter()
            .filter(|name| name.contains("scheduled"))
            .collect::<Vec<_>>()
    };
    app.until("only two are left", async |_| scheduled().len() == 2)
        .await;
    assert!(
        app.backups().contains(&text(&by_hand["name"])),
        "what somebody made stays"
    );
}

#[tokio::test]
async fn downloads_are_whole_and_in_parts() {
    let app = TestApp::start().await;
    app.script("There").await;
    let made = app.backup(json!({})).await;
    let name = text(&made["name"]);
    let on_disk = std::fs::read(app.data.join("backups").join(&name)).expect("reads");
    let get = |range: Option<&str>| {
        let request = app.request(Method::GET, &format!("/api/v1/backups/{name}"));
        match range {
            Some(range) => request.header("range", range),
            None => request,
        }
    };
    let whole = get(None).send().await.expect("an answer");
    assert_eq!(
        whole.headers()["content-length"],
        on_disk.len().to_string().as_str()
    );
    assert_eq!(whole.bytes().await.expect("bytes"), on_disk);
    let part = get(Some("bytes=10-19")).send().await.expect("an answer");
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.expect("bytes"), on_disk[10..20]);
    // Sent as it is made, without being kept.
    let sent = app.post("/backups/send", json!({})).await;
    assert_eq!(sent.headers()["content-type"], "application/zstd");
    let sent = sent.bytes().await.expect("bytes");
    app.no_job().await;
    assert_eq!(app.backups(), std::slice::from_ref(&name));
    let target = tempfile::tempdir().expect("a temporary folder");
    let place = target.path().join("sent.tar.zst");
    std::fs::write(&place, &sent).expect("writes");
    restore_to(&target.path().join("data"), &place);

    let delete = app.request(Method::DELETE, &format!("/api/v1/backups/{name}"));
    expect(204, delete.send().await.expect("an answer")).await;
    assert_eq!(app.backups(), [""; 0]);
}

fn pytask(words: &[&str]) -> (bool, Vec<u8>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pytask-manager"))
        .args(words)
        .env_remove("PYTASK_DATA_DIR")
        .output()
        .expect("it is started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), output.stdout, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verbs_know_whether_somebody_uses_the_folder() {
    let mut app = TestApp::start().await;
    app.script("There").await;
    let temp = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| temp.path().join(name).display().to_string();
    let (data, listen) = (app.data.display().to_string(), app.host().to_owned());

    // Over the API of the one that holds the lock.
    let (went, _, said) = pytask(&["backup", "--data-dir", &data, "--listen", &listen]);
    assert!(went, "{said}");
    assert!(
        said.contains("read back") && said.contains("secrets.key"),
        "{said}"
    );
    assert_eq!(app.backups().len(), 1);
    let (went, bytes, said) = pytask(&["backup", "--url", &format!("http://{listen}"), "--to", "-"]);
    assert!(went, "{said}");
    std::fs::write(temp.path().join("piped"), bytes).expect("writes");
    app.kill();

    // Directly.
    let direct = place("direct.tar.zst");
    app.until_unlocked().await;
    let (went, _, said) = pytask(&["backup", "--data-dir", &data, "--to", &direct]);
    assert!(went, "{said}");
    let (went, _, said) = pytask(&["backup", "--data-dir", &data, "--to", &direct]);
    assert!(!went && said.contains("exists already"), "{said}");
    let (went, _, said) = pytask(&["backup", "--data-dir", &place("nowhere")]);
    assert!(!went && said.contains("no instance"), "{said}");

    for (backup, target) in [(place("piped"), "one"), (direct.clone(), "two")] {
        let (went, _, said) = pytask(&["restore", &backup, "--data-dir", &place(target)]);
        assert!(went && said.contains("paused"), "{said}");
        let (went, _, said) = pytask(&["restore", &backup, "--data-dir", &place(target)]);
        assert!(!went && said.contains("not empty"), "{said}");
    }
    std::fs::write(temp.path().join("text"), "hello").expect("writes");
    let (went, _, said) = pytask(&["restore", &place("text"), "--data-dir", &place("three")]);
    assert!(!went && said.contains("no backup of PyTask-Manager"), "{said}");
    assert!(!temp.path().join("three").exists());
}

impl TestApp {
    async fn until_unlocked(&self) {
        self.until_so("the lock is free", || {
            let lock = std::fs::File::open(self.data.join("lock")).expect("the lock file");
            lock.try_lock().is_ok()
        })
        .await;
    }

    async fn until_so(&self, what: &str, so: impl Fn() -> bool) {
        let deadline = tokio::time::Instant::now() + crate::harness::PATIENCE;
        while !so() {
            assert!(tokio::time::Instant::now() < deadline, "never: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
