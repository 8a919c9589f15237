//! Environments that share what is there already, and bytecode that comes after; on the fake engine.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use jiff::ToSpan;
use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use pytask_manager::engine::fake::{Script, Step};
use serde_json::{Value, json};

use crate::harness::{TestApp, text};
use crate::packages::{LOCK, built};

const MODULE: &str = "lib/python3.13/site-packages/six.py";

impl TestApp {
    /// The one environment that is there of the script.
    async fn venv(&self, script: &str) -> PathBuf {
        let slug = text(&self.get(&format!("/scripts/{script}")).await["slug"]);
        let envs = self.data.join("scripts").join(slug).join("envs");
        let mut keys = std::fs::read_dir(envs).expect("a folder of environments");
        keys.next()
            .expect("an environment")
            .expect("an entry")
            .path()
            .join("venv")
    }

    async fn inode(&self, script: &str) -> u64 {
        let module = self.venv(script).await.join(MODULE);
        std::fs::metadata(module).expect("the module is there").ino()
    }

    async fn asking(&self, name: &str, body: Value) -> String {
        let script = self.script(name).await;
        self.require(200, &script, body).await;
        script
    }

    fn launched(&self, kind: &str) -> usize {
        let launches = self.fake.launches();
        launches
            .iter()
            .filter(|job| job.labels["pytask.kind"] == kind)
            .count()
    }

    async fn compiled(&self, script: &str) -> Value {
        let path = format!("/runs?script={script}&kind=compile");
        self.until("its bytecode is compiled", async |app| {
            app.get(&path).await["items"][0]["state"] == "finished"
        })
        .await;
        self.get(&path).await["items"].take()
    }
}

/// Resolves to a lock that is installed already, and says so.
fn known(lock: &str) -> Script {
    let leave = |name: &str, content: &str| Step::Leave(name.to_owned(), content.as_bytes().to_vec());
    Script {
        steps: vec![leave("requirements.lock", lock), leave("reuse", "")],
        ..Script::default()
    }
}

#[tokio::test]
async fn what_was_resolved_moments_ago_is_taken_over_without_a_container() {
    let clock = Clock::manual("2026-11-24T10:00:00Z".parse().expect("a time"));
    let surroundings = Surroundings {
        clock: clock.clone(),
        ..Surroundings::default()
    };
    let mut app = TestApp::start_in(surroundings, &[]).await;
    app.fake.script("build", built(LOCK));
    let first = app.asking("first", json!({ "requirements": ["six"] })).await;
    app.build(&first, "install", json!({})).await;
    app.compiled(&first).await;

    let second = app.asking("second", json!({ "requirements": ["six"] })).await;
    let build = app.build(&second, "install", json!({})).await;
    assert_eq!(build["outcome"]["kind"], "succeeded", "{build:#}");
    assert_eq!(app.launched("build"), 1, "the second needs no container");
    assert_eq!(app.inode(&second).await, app.inode(&first).await);
    let log = app.request(
        reqwest::Method::GET,
        &format!("/api/v1/runs/{}/log", text(&build["id"])),
    );
    let log = log.send().await.expect("an answer").text().await.expect("text");
    assert!(log.contains("resolved moments ago"), "{log}");
    let view = app.dependencies(&second).await;
    assert_eq!(view["environment"]["state"], "in_step");
    assert_eq!(view["packages"][0]["installed"], "1.17.0");
    assert_eq!(view["lock"], app.dependencies(&first).await["lock"]);
    // What was compiled for the first is compiled for the second.
    let run = app.finished(&app.run(&second).await).await;
    assert_eq!(run["outcome"]["kind"], "succeeded");
    assert_eq!(app.launched("compile"), 1);
    // Whole after a restart, too: its files are what its manifest says.
    app.restart().await;
    assert_eq!(app.dependencies(&second).await["environment"]["state"], "in_step");

    // Another wish, and the same one later, are resolved anew.
    let other = app.asking("other", json!({ "requirements": ["six>=1"] })).await;
    app.build(&other, "install", json!({})).await;
    assert_eq!(app.launched("build"), 2);
    clock.set(clock.now() + 11.minutes());
    let late = app.asking("late", json!({ "requirements": ["six"] })).await;
    app.build(&late, "install", json!({})).await;
    assert_eq!(app.launched("build"), 3);
}

#[tokio::test]
async fn a_lock_that_is_installed_already_is_linked_and_one_that_is_gone_is_said_to_be() {
    let app = TestApp::start().await;
    app.fake.script("build", built(LOCK));
    let first = app.asking("first", json!({ "requirements": ["six"] })).await;
    app.build(&first, "install", json!({})).await;

    app.fake.script("build", known(LOCK));
    let second = app.asking("second", json!({ "requirements": ["six>=1"] })).await;
    let build = app.build(&second, "install", json!({})).await;
    assert_eq!(build["outcome"]["kind"], "succeeded", "{build:#}");
    assert_eq!(app.inode(&second).await, app.inode(&first).await);
    assert_eq!(
        app.dependencies(&second).await["packages"][0]["installed"],
        "1.17.0"
    );

    app.fake.script("build", known("six==1.16.0\n"));
    let third = app.asking("third", json!({ "requirements": ["six<1.17"] })).await;
    let build = app.build(&third, "install", json!({})).await;
    assert_eq!(build["outcome"]["kind"], "engine_error", "{build:#}");
    assert!(
        text(&build["outcome"]["message"]).contains("install again"),
        "{build:#}"
    );
    assert_eq!(app.dependencies(&third).await["environment"]["state"], "failed");
}

#[tokio::test]
async fn a_build_from_source_shares_nothing() {
    let app = TestApp::start().await;
    app.fake.script("build", built(LOCK));
    for name in ["first", "second"] {
        let wish = json!({ "requirements": ["six"], "build_from_source": ["six"] });
        let script = app.asking(name, wish).await;
        app.build(&script, "install", json!({})).await;
    }
    assert_eq!(app.launched("build"), 2);
}

#[tokio::test]
async fn bytecode_comes_after_the_environment_once_and_is_nobodys_hurry() {
    let mut app = TestApp::start().await;
    app.fake.script("build", built(LOCK));
    app.fake.script("compile", Script::hangs());
    let script = app.asking("report", json!({ "requirements": ["six"] })).await;
    app.build(&script, "install", json!({})).await;
    app.until("it is being compiled", async |app| app.launched("compile") == 1)
        .await;
    let view = app.get(&format!("/scripts/{script}")).await;
    assert_eq!(view["environment"]["state"], "in_step", "it is usable meanwhile");
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["outcome"]["kind"], "succeeded");

    let compiling = app.get(&format!("/runs?script={script}&kind=compile")).await["items"][0].take();
    assert_eq!(compiling["trigger"]["kind"], "system");
    let job = app
        .fake
        .launches()
        .into_iter()
        .find(|job| job.labels["pytask.kind"] == "compile");
    let writable: Vec<_> = job
        .expect("launched")
        .mounts
        .into_iter()
        .filter(|mount| !mount.read_only)
        .collect();
    let targets: Vec<_> = writable.iter().map(|mount| mount.target.as_str()).collect();
    assert_eq!(targets, ["/pytask/run", "/env"]);

    // Cancelled, it is not begun again, and the environment is none the worse.
    let id = text(&compiling["id"]);
    app.post(&format!("/runs/{id}/cancel"), json!({})).await;
    assert_eq!(app.finished(&id).await["outcome"]["kind"], "cancelled");
    app.restart().await;
    assert_eq!(app.compiled(&script).await.as_array().map(Vec::len), Some(1));
    assert_eq!(app.dependencies(&script).await["environment"]["state"], "in_step");
}
