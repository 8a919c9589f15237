//! Runner images: added, renewed, chosen by scripts, removed; on the fake engine, whose registry the tests stock.

use pytask_manager::engine::fake::{Gate, Registry};
use pytask_manager::engine::{Images, Interpreter};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};
use crate::packages::{LOCK, built};

const OWN: &str = "pytask-runner:3.13";

fn python(version: &str, uv: Option<&str>) -> Interpreter {
    Interpreter {
        python: Some(version.to_owned()),
        uv: uv.map(str::to_owned),
    }
}

impl TestApp {
    async fn image(&self, name: &str) -> Option<Value> {
        let listed = self.get("/images").await["items"].take();
        let items = listed.as_array().expect("a list").iter();
        items.clone().find(|image| image["name"] == name).cloned()
    }

    async fn image_in(&self, name: &str, state: &str) -> Value {
        self.until(&format!("{name} is {state}"), async |app| {
            app.image(name).await.is_some_and(|image| image["state"] == state)
        })
        .await;
        self.image(name).await.expect("it is listed")
    }

    async fn add_image(&self, status: u16, body: Value) -> Value {
        expect(status, self.post("/images", body).await).await
    }

    async fn on_image(&self, name: &str, method: Method, action: &str) -> reqwest::Response {
        let name = name.replace(':', "%3A").replace('/', "%2F");
        self.request(method, &format!("/api/v1/images/{name}{action}"))
            .send()
            .await
            .expect("an answer")
    }
}

#[tokio::test]
async fn the_instances_own_is_there_and_stays() {
    let app = TestApp::start().await;
    let own = app.image_in(OWN, "ready").await;
    assert_eq!(
        (&own["own"], &own["python"], &own["origin"], &own["digest"]),
        (
            &json!(true),
            &json!("3.13.5"),
            &json!("found"),
            &json!(format!("sha256:{OWN}"))
        )
    );
    let refused = expect(409, app.on_image(OWN, Method::DELETE, "").await).await;
    assert_eq!(refused["code"], "image_in_use");
    expect(404, app.on_image("none", Method::DELETE, "").await).await;
}

#[tokio::test]
async fn a_base_without_uv_is_built_on_and_one_with_it_is_not() {
    let app = TestApp::start().await;
    app.fake.set_image_inside("python:3.11", python("3.11.9", None));
    app.fake.set_registry("python:3.11", Registry::Has);
    let added = app.add_image(202, json!({ "base": "python:3.11" })).await;
    assert_eq!(
        (&added["name"], &added["state"]),
        (&json!("python:3.11"), &json!("preparing"))
    );
    let image = app.image_in("python:3.11", "ready").await;
    let tag = text(&image["reference"]);
    assert!(tag.starts_with("pytask-runner-"), "{image:#}");
    assert_eq!(
        (&image["origin"], &image["python"]),
        (&json!("built"), &json!("3.11.9"))
    );
    assert_eq!(image["progress"], Value::Null);

    app.add_image(202, json!({ "base": "own/runner:1", "name": "mine" }))
        .await;
    let mine = app.image_in("mine", "ready").await;
    assert_eq!(
        (&mine["origin"], &mine["reference"]),
        (&json!("found"), &json!("own/runner:1"))
    );
    app.add_image(
        202,
        json!({ "base": "own/runner:1", "system_packages": ["ffmpeg"] }),
    )
    .await;
    let more = app.image_in("own/runner:1+ffmpeg", "ready").await;
    assert_eq!(more["origin"], "built");

    // What was brought here for it goes with it, and what was here before stays.
    expect(202, app.on_image("python:3.11", Method::DELETE, "").await).await;
    expect(202, app.on_image("mine", Method::DELETE, "").await).await;
    for gone in ["python:3.11", "mine"] {
        app.until("it is gone", async |app| app.image(gone).await.is_none())
            .await;
    }
    let here = async |reference: &str| app.fake.find_image(reference).await.expect("looks").is_some();
    assert!(!here(&tag).await && !here("python:3.11").await);
    assert!(here("own/runner:1").await);
}

#[tokio::test]
async fn what_cannot_be_used_says_why() {
    let app = TestApp::start().await;
    app.fake.set_image_missing("nobody:1");
    app.fake.set_image_inside("alpine:3", Interpreter::default());
    for (base, why) in [("nobody:1", "no such image"), ("alpine:3", "no `python3`")] {
        app.add_image(202, json!({ "base": base })).await;
        let image = app.image_in(base, "failed").await;
        assert!(text(&image["message"]).contains(why), "{image:#}");
        let script = app.script(base).await;
        let refused = app
            .patch_answered(422, &format!("/scripts/{script}"), json!({ "image": base }))
            .await;
        assert_eq!(refused["details"]["field"], "image");
    }
    for (body, field) in [
        (json!({ "base": "--help" }), "base"),
        (json!({ "base": "python:3", "name": "a b" }), "name"),
        (
            json!({ "base": "python:3", "system_packages": ["-y"] }),
            "system_packages",
        ),
    ] {
        assert_eq!(app.add_image(422, body).await["details"]["field"], field);
    }
    assert_eq!(
        app.add_image(409, json!({ "base": "NOBODY:1" })).await["code"],
        "image_exists"
    );
    assert_eq!(
        app.get("/images").await["items"].as_array().map(Vec::len),
        Some(3)
    );
    // A failure can be tried again, once there is something to be had.
    app.fake.set_registry("nobody:1", Registry::Has);
    expect(202, app.on_image("nobody:1", Method::POST, "/renew").await).await;
    app.image_in("nobody:1", "ready").await;
}

#[tokio::test]
async fn a_pull_is_watched_given_up_and_taken_up_again_after_a_restart() {
    let mut app = TestApp::start().await;
    let gate = Gate::default();
    for base in ["slow:1", "slow:2"] {
        app.fake.set_registry(base, Registry::HasSlowly(gate.clone()));
        app.add_image(202, json!({ "base": base })).await;
    }
    app.until("it is further", async |app| {
        let image = app.image("slow:1").await.expect("listed");
        let progress = &image["progress"];
        progress["phase"] == "pulling" && progress["part"] == 30 && progress["lines"][0] == "Pulling slow:1"
    })
    .await;
    expect(409, app.on_image("slow:1", Method::POST, "/renew").await).await;
    expect(202, app.on_image("slow:2", Method::DELETE, "").await).await;
    app.until("it is given up", async |app| app.image("slow:2").await.is_none())
        .await;
    app.restart().await;
    assert_eq!(app.image("slow:1").await.expect("listed")["state"], "preparing");
    gate.open();
    app.image_in("slow:1", "ready").await;
    assert!(app.image("slow:2").await.is_none());
}

#[tokio::test]
async fn an_engine_that_is_away_is_waited_for() {
    let app = TestApp::start().await;
    app.image_in(OWN, "ready").await;
    app.fake.set_away(true);
    app.add_image(202, json!({ "base": "python:3.12" })).await;
    app.until("it waits", async |app| {
        app.image("python:3.12").await.expect("listed")["progress"]["phase"] == "waiting"
    })
    .await;
    app.fake.set_away(false);
    app.image_in("python:3.12", "ready").await;
}

#[tokio::test]
async fn a_script_runs_in_the_image_it_names_and_its_environment_follows() {
    let app = TestApp::start().await;
    app.fake.script("build", built(LOCK));
    app.add_image(202, json!({ "base": "own:1", "name": "other" }))
        .await;
    app.image_in("other", "ready").await;
    let script = app.script("report").await;
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    app.build(&script, "install", json!({})).await;
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["image_digest"], format!("sha256:{OWN}"));

    let changed = app
        .patch(&format!("/scripts/{script}"), json!({ "image": "OTHER" }))
        .await;
    assert_eq!(
        (&changed["image"], &changed["environment"]["state"]),
        (&json!("other"), &json!("needs_install"))
    );
    assert!(text(&changed["environment"]["message"]).contains("another image"));
    // Until the new environment is there, runs use the old one, and the image it was built on.
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["image_digest"], format!("sha256:{OWN}"));
    let build = app.build(&script, "install", json!({})).await;
    assert_eq!(build["image_digest"], "sha256:own:1");
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["image_digest"], "sha256:own:1");
    assert_eq!(app.dependencies(&script).await["environment"]["state"], "in_step");

    let refused = expect(409, app.on_image("other", Method::DELETE, "").await).await;
    assert_eq!(refused["details"]["scripts"], json!(["report"]));
    // Its environment still needs it.
    app.patch(&format!("/scripts/{script}"), json!({ "image": null }))
        .await;
    expect(409, app.on_image("other", Method::DELETE, "").await).await;
    app.build(&script, "install", json!({})).await;
    expect(202, app.on_image("other", Method::DELETE, "").await).await;
}

#[tokio::test]
async fn a_renewed_image_asks_for_new_environments_and_a_failed_renewal_changes_nothing() {
    let app = TestApp::start().await;
    app.fake.script("build", built(LOCK));
    app.fake.set_image_inside("python:3.12", python("3.12.1", None));
    app.add_image(202, json!({ "base": "python:3.12" })).await;
    let before = app.image_in("python:3.12", "ready").await;
    let script = app.script("report").await;
    app.patch(&format!("/scripts/{script}"), json!({ "image": "python:3.12" }))
        .await;
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    app.build(&script, "install", json!({})).await;

    app.fake.set_image_inside("python:3.12", python("3.12.2", None));
    expect(202, app.on_image("python:3.12", Method::POST, "/renew").await).await;
    app.until("it is renewed", async |app| {
        app.image("python:3.12").await.expect("listed")["python"] == "3.12.2"
    })
    .await;
    let renewed = app.image_in("python:3.12", "ready").await;
    assert_ne!(renewed["digest"], before["digest"]);
    assert_eq!(
        app.dependencies(&script).await["environment"]["state"],
        "needs_install"
    );

    app.fake.set_image_missing("python:3.12");
    expect(202, app.on_image("python:3.12", Method::POST, "/renew").await).await;
    app.until("it has failed", async |app| {
        app.image("python:3.12").await.expect("listed")["message"].is_string()
    })
    .await;
    let kept = app.image_in("python:3.12", "ready").await;
    assert_eq!(
        (&kept["digest"], &kept["reference"]),
        (&renewed["digest"], &renewed["reference"])
    );
    assert!(text(&kept["message"]).contains("still the one of before"));
}
