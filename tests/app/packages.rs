//! Packages: the policy for them and how it reaches builds, on the fake engine, which leaves what a build leaves.

use pytask_manager::engine::fake::{End, Script, Step};
use pytask_protocol::frame::Stream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

/// What a build leaves that has resolved to this lock.
pub fn built(lock: &str) -> Script {
    let installed: Vec<Value> = lock
        .lines()
        .filter_map(|line| line.split_once("=="))
        .map(|(name, rest)| json!({ "name": name, "version": rest.split(' ').next() }))
        .collect();
    let leave = |name: &str, content: String| Step::Leave(name.to_owned(), content.into_bytes());
    Script {
        steps: vec![
            leave("requirements.lock", lock.to_owned()),
            leave("installed.json", json!(installed).to_string()),
            leave("venv/pyvenv.cfg", "home = /usr/bin\n".to_owned()),
            leave("venv/lib/python3.13/site-packages/six.py", "version\n".to_owned()),
        ],
        ..Script::default()
    }
}

pub const LOCK: &str = "six==1.17.0 \\\n    --hash=sha256:aa\n    # via -r requirements.in\n";

impl TestApp {
    pub async fn require(&self, status: u16, script: &str, body: Value) -> Value {
        let put = self.request(Method::PUT, &format!("/api/v1/scripts/{script}/dependencies"));
        expect(status, put.json(&body).send().await.expect("an answer")).await
    }

    pub async fn set_packages(&self, status: u16, packages: Value) -> Value {
        let patch = self.request(Method::PATCH, "/api/v1/settings");
        let body = json!({ "packages": packages });
        expect(status, patch.json(&body).send().await.expect("an answer")).await
    }

    pub async fn dependencies(&self, script: &str) -> Value {
        self.get(&format!("/scripts/{script}/dependencies")).await
    }

    /// Has a build of this kind done to its end.
    pub async fn build(&self, script: &str, action: &str, body: Value) -> Value {
        let asked = self
            .post(&format!("/scripts/{script}/dependencies/{action}"), body)
            .await;
        let run = expect(202, asked).await["run"].take();
        self.finished(&text(&run["id"])).await
    }
}

#[tokio::test]
async fn the_policy_is_a_setting_and_lasts() {
    let mut app = TestApp::start().await;
    let before = app.get("/settings").await["in_force"]["packages"].take();
    let expected = json!({ "default_requirements": [], "cool_down_days": 7, "allow": [], "deny": [],
        "extra_index_urls": [], "max_environment_bytes": 5u64 << 30, "max_build_seconds": 600 });
    assert_eq!(before, expected);
    app.set_packages(
        200,
        json!({ "deny": ["Evil_Package", "evil-package"], "cool_down_days": 0 }),
    )
    .await;
    app.set_packages(200, json!({ "default_requirements": ["rich  # pretty"] }))
        .await;
    app.restart().await;
    let held = app.get("/settings").await["in_force"]["packages"].take();
    assert_eq!(
        (
            &held["deny"],
            &held["cool_down_days"],
            &held["default_requirements"]
        ),
        (&json!(["evil-package"]), &json!(0), &json!(["rich"]))
    );
    for (bad, code, field) in [
        (json!({ "deny": ["no name"] }), "invalid_field", "packages.deny"),
        (
            json!({ "cool_down_days": 4000 }),
            "invalid_field",
            "packages.cool_down_days",
        ),
        (
            json!({ "default_requirements": ["a", "b>>1"] }),
            "invalid_requirement",
            "packages.default_requirements",
        ),
        (
            json!({ "deny": ["rich"] }),
            "package_refused",
            "packages.default_requirements",
        ),
        (
            json!({ "extra_index_urls": ["http://index.example.org"] }),
            "invalid_field",
            "packages.extra_index_urls",
        ),
    ] {
        let refused = app.set_packages(422, bad).await;
        assert_eq!(
            (&refused["code"], &refused["details"]["field"]),
            (&json!(code), &json!(field))
        );
    }
    assert_eq!(
        app.get("/settings").await["in_force"]["packages"],
        held,
        "nothing was changed"
    );
}

#[tokio::test]
async fn what_the_policy_refuses_is_named_with_its_line_and_the_place_to_change_it() {
    let app = TestApp::start().await;
    let script = app.script("Refused").await;
    app.set_packages(200, json!({ "deny": ["evil"] })).await;
    let asked = json!({ "requirements": ["six", "", "Evil[x]>=1"] });
    let refused = app.require(422, &script, asked).await;
    assert_eq!(refused["code"], "package_refused");
    assert_eq!(
        refused["details"],
        json!({ "field": "requirements", "line": 2, "package": "evil", "rule": "denied" })
    );
    let said = text(&refused["message"]);
    assert!(
        said.starts_with("Line 3: evil is on") && said.contains("Settings"),
        "{said}"
    );
    assert_eq!(app.dependencies(&script).await["requirements"], json!([]));

    app.set_packages(200, json!({ "allow": ["requests"] })).await;
    let refused = app
        .require(422, &script, json!({ "requirements": ["six"] }))
        .await;
    assert_eq!(refused["details"]["rule"], "not_allowed");
    app.require(200, &script, json!({ "requirements": ["requests"] }))
        .await;
}

#[tokio::test]
async fn defaults_reach_every_script_that_does_not_name_the_package_itself() {
    let app = TestApp::start().await;
    let script = app.script("Plain").await;
    app.fake.script("build", built(LOCK));
    app.set_packages(200, json!({ "default_requirements": ["six>=1", "rich"] }))
        .await;
    let seen = app
        .require(200, &script, json!({ "requirements": ["rich==14"] }))
        .await;
    assert_eq!(
        (
            &seen["requirements"],
            &seen["default_requirements"],
            &seen["environment"]["state"]
        ),
        (&json!(["rich==14"]), &json!(["six>=1"]), &json!("missing"))
    );
    let six = seen["packages"].as_array().expect("packages").iter();
    let six = six.clone().find(|package| package["name"] == "six").expect("six");
    assert_eq!((&six["asked"], &six["default"]), (&json!("six>=1"), &json!(true)));

    // A run waits for them as for its own.
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    let seen = app.dependencies(&script).await;
    assert_eq!(seen["environment"]["state"], "in_step", "{seen:#}");
    app.set_packages(200, json!({ "default_requirements": [] })).await;
    let seen = app.dependencies(&script).await;
    assert_eq!(seen["environment"]["state"], "needs_install");
}

#[tokio::test]
async fn a_build_keeps_the_rules_it_was_submitted_with() {
    let mut app = TestApp::start().await;
    let script = app.script("Kept").await;
    app.fake.script("build", built(LOCK));
    let asked = json!({ "requirements": ["six"], "build_from_source": ["Six"] });
    assert_eq!(
        app.require(200, &script, asked).await["build_from_source"],
        json!(["six"])
    );
    // Absent is as before.
    let kept = app
        .require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    assert_eq!(kept["build_from_source"], json!(["six"]));
    let run = app.build(&script, "install", json!({})).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    assert_eq!(
        (&run["build"]["action"], &run["build"]["build_from_source"]),
        (&json!("install"), &json!(["six"]))
    );
    let instant = text(&run["build"]["exclude_newer"]);
    assert!(instant < text(&run["queued_at"]), "{run:#}");
    // What may execute code of packages sees nobody else's cache.
    let launched = app.fake.launches().pop().expect("a launch");
    assert!(
        launched.mounts.iter().all(|mount| mount.target != "/cache"),
        "{launched:?}"
    );
    app.restart().await;
    let again = app.get(&format!("/runs/{}", text(&run["id"]))).await;
    assert_eq!(again["build"], run["build"]);
}

#[tokio::test]
async fn a_missing_module_is_offered_as_a_package_unless_it_is_the_scripts_own() {
    let app = TestApp::start().await;
    let script = app.script("Imports").await;
    let put = app.request(
        Method::PUT,
        &format!("/api/v1/scripts/{script}/files/lib/helpers.py"),
    );
    expect(200, put.body("x = 1\n").send().await.expect("an answer")).await;
    let offered = async |module: &str| {
        let words = format!(
            "Traceback (most recent call last):\n  File \"/script/main.py\", line 1, in <module>\n    import {module}\n\
             ModuleNotFoundError: No module named '{module}'\n"
        );
        let failing = Script {
            steps: vec![Step::Write(Stream::Stderr, words.into_bytes())],
            end: End::code(1),
            ..Script::default()
        };
        app.fake.script(&script, failing);
        let mut run = app.finished(&app.run(&script).await).await;
        assert_eq!(
            run["outcome"]["traceback"]["exception"], "ModuleNotFoundError",
            "{run:#}"
        );
        run["outcome"]["missing_module"].take()
    };
    assert_eq!(
        offered("cv2").await,
        json!({ "module": "cv2", "package": "opencv-python" })
    );
    assert_eq!(offered("helpers").await, json!(null));
    assert_eq!(offered("tkinter").await, json!(null));
}
