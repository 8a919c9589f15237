//! Environments over time: updated, rebuilt, checked, gone back to, found damaged; on the fake engine.

use std::path::PathBuf;

use pytask_manager::engine::fake::{End, Gate, Script, Step};
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};
use crate::packages::{LOCK, built};

#[tokio::test]
async fn a_build_that_fails_leaves_the_live_environment_as_it_is() {
    let app = TestApp::start().await;
    let script = app.script("Careful").await;
    app.fake.script("build", built(LOCK));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    assert_eq!(
        app.build(&script, "install", json!({})).await["outcome"]["kind"],
        "succeeded"
    );
    let before = app.dependencies(&script).await;
    let failing = Script {
        end: End::code(1),
        ..built("other==1 \\\n")
    };
    app.fake.script("build", failing);
    app.require(200, &script, json!({ "requirements": ["six", "other"] }))
        .await;
    assert_eq!(
        app.build(&script, "install", json!({})).await["outcome"]["kind"],
        "failed"
    );
    let after = app.dependencies(&script).await;
    assert_eq!(after["environment"]["state"], "failed");
    assert_eq!(after["lock"], before["lock"]);
    assert_eq!(
        app.finished(&app.run(&script).await).await["outcome"]["kind"],
        "succeeded"
    );
}

#[tokio::test]
async fn the_lock_there_is_is_where_a_build_starts_from() {
    let app = TestApp::start().await;
    let script = app.script("Steady").await;
    app.fake.script("build", built(LOCK));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    let conflict = app
        .post(&format!("/scripts/{script}/dependencies/rebuild"), json!({}))
        .await;
    assert_eq!(expect(409, conflict).await["code"], "nothing_to_rebuild");
    app.build(&script, "install", json!({})).await;

    // Kept at its end, so that what it was given can be looked at.
    let gate = Gate::default();
    let mut held = built(LOCK);
    held.steps.insert(0, Step::Pass(gate.clone()));
    app.fake.script("build", held);
    let update = format!("/scripts/{script}/dependencies/update");
    let run = expect(202, app.post(&update, json!({ "packages": ["Six"] })).await).await["run"].take();
    let id = text(&run["id"]);
    app.run_until(&id, "ran", |run| run["state"] == "running").await;
    let given = app.data.join("cache/builds").join(&id).join("requirements.lock");
    assert_eq!(std::fs::read_to_string(given).expect("a lock"), LOCK);
    assert_eq!(
        (&run["build"]["action"], &run["build"]["packages"]),
        (&json!("update"), &json!(["six"]))
    );
    // The same wish is answered with the same run, another one is not.
    let again = expect(202, app.post(&update, json!({ "packages": ["six"] })).await).await;
    assert_eq!(again["run"]["id"], run["id"]);
    let other = expect(202, app.post(&update, json!({})).await).await;
    assert_ne!(other["run"]["id"], run["id"]);
    gate.open();
    app.finished(&id).await;
    app.finished(&text(&other["run"]["id"])).await;

    let stranger = app.post(&update, json!({ "packages": ["requests"] })).await;
    let refused = expect(422, stranger).await;
    assert_eq!(refused["details"]["field"], "packages");
}

#[tokio::test]
async fn a_rebuild_is_an_environment_of_its_own() {
    let app = TestApp::start().await;
    let script = app.script("Again").await;
    app.fake.script("build", built(LOCK));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    app.build(&script, "install", json!({})).await;
    let slug = text(&app.get(&format!("/scripts/{script}")).await["slug"]);
    let folders = || {
        let envs = app.data.join("scripts").join(&slug).join("envs");
        std::fs::read_dir(envs).expect("a folder").count()
    };
    assert_eq!(folders(), 1);
    // Installed once more it is the same one; rebuilt it is not.
    app.build(&script, "install", json!({})).await;
    assert_eq!(folders(), 1);
    let before = app.dependencies(&script).await;
    let rebuilt = app.build(&script, "rebuild", json!({})).await;
    assert_eq!(rebuilt["outcome"]["kind"], "succeeded", "{rebuilt:#}");
    assert_eq!(folders(), 2);
    assert_eq!(app.dependencies(&script).await["lock"], before["lock"]);
}

#[tokio::test]
async fn a_check_says_what_would_change_and_changes_nothing() {
    let app = TestApp::start().await;
    let script = app.script("Curious").await;
    app.fake.script("build", built(&format!("old==1 \\\n{LOCK}")));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    app.build(&script, "install", json!({})).await;
    let before = app.dependencies(&script).await;
    assert_eq!(before["check"], json!(null));

    let newest = Step::Leave("newest.txt".to_owned(), b"new==3\nsix==1.18.0\n".to_vec());
    let mut found = built("new==2 \\\n    # via six\nsix==1.17.1 \\\n    # via -r requirements.in\n");
    found.steps.push(newest);
    app.fake.script("build", found);
    let run = app.build(&script, "check", json!({})).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    let changes = json!({
        "added": [{ "name": "new", "version": "2" }],
        "removed": [{ "name": "old", "version": "1" }],
        "changed": [{ "name": "six", "from": "1.17.0", "to": "1.17.1" }],
    });
    assert_eq!(run["build"]["found"]["changes"], changes);
    let after = app.dependencies(&script).await;
    assert_eq!(
        (
            &after["check"]["changes"],
            &after["check"]["current"],
            &after["check"]["run_id"]
        ),
        (&changes, &json!(true), &run["id"])
    );
    assert_eq!(
        (&after["lock"], &after["environment"]),
        (&before["lock"], &before["environment"])
    );
    let six = after["packages"].as_array().expect("packages").iter();
    let six = six.clone().find(|package| package["name"] == "six").expect("six");
    assert_eq!(
        (&six["newest"], &six["installed"]),
        (&json!("1.18.0"), &json!("1.17.0"))
    );
    assert_eq!((&six["direct"], &six["required_by"]), (&json!(true), &json!([])));

    // One that fails says nothing about the environment.
    app.fake.script(
        "build",
        Script {
            end: End::code(1),
            ..Script::default()
        },
    );
    app.build(&script, "check", json!({ "action": "install" })).await;
    assert_eq!(
        app.dependencies(&script).await["environment"],
        before["environment"]
    );
}

impl TestApp {
    /// Where the script's environments are.
    async fn envs(&self, script: &str) -> PathBuf {
        let slug = text(&self.get(&format!("/scripts/{script}")).await["slug"]);
        self.data.join("scripts").join(slug).join("envs")
    }

    /// Installs this version of `six`.
    async fn install_six(&self, script: &str, version: &str) {
        let lock = format!("six=={version} \\\n    # via -r requirements.in\n");
        self.fake.script("build", built(&lock));
        let asked = json!({ "requirements": [format!("six=={version}")] });
        self.require(200, script, asked).await;
        let run = self.build(script, "install", json!({})).await;
        assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    }
}

#[tokio::test]
async fn the_environment_before_can_be_gone_back_to() {
    let mut app = TestApp::start().await;
    let script = app.script("Back").await;
    for version in ["1", "2", "3"] {
        app.install_six(&script, version).await;
    }
    let versions = |seen: &Value| -> Vec<(String, bool)> {
        let all = seen["environments"].as_array().expect("environments").iter();
        let one = |environment: &Value| (text(&environment["requirements"][0]), environment["live"] == true);
        all.map(one).collect()
    };
    // What is older than the one before is removed, at the next start at the latest.
    app.restart().await;
    let kept = [("six==3".to_owned(), true), ("six==2".to_owned(), false)];
    app.until("only two are kept", async |app| {
        versions(&app.dependencies(&script).await) == kept
    })
    .await;
    let envs = app.envs(&script).await;
    app.until("their folders, too", async |_| {
        std::fs::read_dir(&envs).expect("a folder").count() == 2
    })
    .await;

    let seen = app.dependencies(&script).await;
    let earlier = &seen["environments"][1];
    assert_eq!(
        earlier["changes"]["changed"],
        json!([{ "name": "six", "from": "3", "to": "2" }])
    );
    let rollback = format!("/scripts/{script}/dependencies/rollback");
    let back = expect(200, app.post(&rollback, json!({ "key": earlier["key"] })).await).await;
    assert_eq!(
        versions(&back),
        [("six==2".to_owned(), true), ("six==3".to_owned(), false)]
    );
    assert_eq!(
        back["environment"]["state"], "needs_install",
        "something newer is asked for"
    );
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["lock_hash"], earlier["lock_hash"]);

    let unknown = app.post(&rollback, json!({ "key": "nothing" })).await;
    assert_eq!(expect(404, unknown).await["code"], "not_found");
    let damaged = text(&back["environments"][1]["key"]);
    std::fs::remove_file(envs.join(&damaged).join("venv/pyvenv.cfg")).expect("removed");
    let refused = expect(409, app.post(&rollback, json!({ "key": damaged })).await).await;
    assert_eq!(refused["code"], "environment_broken");
    assert!(
        text(&refused["message"]).contains("pyvenv.cfg is missing"),
        "{refused}"
    );
    assert_eq!(versions(&app.dependencies(&script).await), versions(&back));
}

#[tokio::test]
async fn a_damaged_environment_is_noticed_and_mended() {
    let mut app = TestApp::start().await;
    let script = app.script("Damaged").await;
    app.install_six(&script, "1").await;
    let envs = app.envs(&script).await;
    let file = "lib/python3.13/site-packages/six.py";
    let live = async |app: &TestApp| {
        let seen = app.dependencies(&script).await;
        envs.join(text(&seen["environments"][0]["key"]))
            .join("venv")
            .join(file)
    };
    let verify = format!("/scripts/{script}/dependencies?verify=true");
    assert_eq!(app.get(&verify).await["environment"]["state"], "in_step");
    let place = live(&app).await;
    std::fs::write(&place, "something else entirely").expect("written");
    let seen = app.get(&verify).await;
    assert_eq!(seen["environment"]["state"], "broken");
    let said = text(&seen["environment"]["message"]);
    assert!(
        said.contains(&format!("{file} was changed")) && said.contains("rebuild"),
        "{said}"
    );
    // It is remembered, and not only where it was looked for.
    assert_eq!(
        app.get(&format!("/scripts/{script}")).await["environment"]["state"],
        "broken"
    );

    assert_eq!(
        app.build(&script, "rebuild", json!({})).await["outcome"]["kind"],
        "succeeded"
    );
    assert_eq!(app.get(&verify).await["environment"]["state"], "in_step");

    // A start looks by itself; installing what has a damaged namesake does not take that.
    std::fs::remove_file(live(&app).await).expect("removed");
    app.restart().await;
    app.until("it is noticed", async |app| {
        app.dependencies(&script).await["environment"]["state"] == "broken"
    })
    .await;
    app.install_six(&script, "1").await;
    assert_eq!(app.get(&verify).await["environment"]["state"], "in_step");
}

#[tokio::test]
async fn a_venv_that_leads_elsewhere_is_no_environment() {
    let app = TestApp::start().await;
    let script = app.script("Elsewhere").await;
    let gate = Gate::default();
    let mut planted = built(LOCK);
    planted.steps.truncate(2);
    planted.steps.push(Step::Pass(gate.clone()));
    app.fake.script("build", planted);
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    let install = format!("/scripts/{script}/dependencies/install");
    let run = text(&expect(202, app.post(&install, json!({})).await).await["run"]["id"]);
    app.run_until(&run, "ran", |run| run["state"] == "running").await;
    let venv = app.data.join("cache/builds").join(&run).join("venv");
    std::os::unix::fs::symlink("../../../db", venv).expect("a planted link");
    gate.open();
    let run = app.finished(&run).await;
    assert_eq!(run["outcome"]["kind"], "engine_error", "{run:#}");
    assert_eq!(app.dependencies(&script).await["environments"], json!([]));
}

/// While it is built or when it is done: beyond its limit it does not become live, and what is live stays.
#[tokio::test]
async fn an_environment_beyond_its_limit_is_not_put_in_place() {
    let app = TestApp::start().await;
    let script = app.script("Bounded").await;
    app.fake.script("build", built(LOCK));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    let small = app.build(&script, "install", json!({})).await;
    let limits = |run: &Value| {
        (
            run["limits"]["disk_bytes"].clone(),
            run["limits"]["run_seconds"].clone(),
        )
    };
    assert_eq!(limits(&small), (json!(5u64 << 30), json!(600)));
    let before = app.dependencies(&script).await;

    app.set_packages(
        200,
        json!({ "max_environment_bytes": 1 << 20, "max_build_seconds": 120 }),
    )
    .await;
    app.require(200, &script, json!({ "requirements": ["six", "large"] }))
        .await;
    let large = Step::Leave("venv/large.so".to_owned(), vec![1; 2 << 20]);
    let mut whole = built(LOCK);
    whole.steps.push(large);
    let mut growing = whole.clone();
    growing.steps.push(Step::Hang);
    for (build, words) in [
        (growing, "Stopped at a limit. "),
        (whole, "Nothing was installed. "),
    ] {
        app.fake.script("build", build);
        let run = app.build(&script, "install", json!({})).await;
        assert_eq!(limits(&run), (json!(1 << 20), json!(120)));
        let outcome = &run["outcome"];
        let hit = &outcome["limits_hit"][0];
        assert_eq!(
            (&outcome["kind"], &hit["limit"], &hit["allowed"]),
            (&json!("failed"), &json!("environment_bytes"), &json!(1 << 20)),
            "{run:#}"
        );
        assert!(hit["found"].as_u64() > Some(2 << 20), "{run:#}");
        let message = text(&outcome["message"]);
        assert!(
            message.starts_with(words) && message.ends_with("the limit is 1 MiB (Settings, Packages)"),
            "{message}"
        );
        let after = app.dependencies(&script).await;
        assert_eq!(
            (&after["environment"]["state"], &after["lock"]),
            (&json!("failed"), &before["lock"])
        );
        assert_eq!(text(&after["environment"]["message"]), message);
    }
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(
        (&run["lock_hash"], &run["outcome"]["kind"]),
        (&before["environments"][0]["lock_hash"], &json!("succeeded")),
        "{run:#}"
    );

    app.set_packages(200, json!({ "max_environment_bytes": 3 << 20 }))
        .await;
    let run = app.build(&script, "install", json!({})).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
}
