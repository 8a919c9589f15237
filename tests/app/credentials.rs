//! Who signs in to a package index: what is kept of it and where it goes, on the fake engine.

use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use pytask_manager::engine::fake::{Launch, Script};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::{PATIENCE, TestApp, expect, text};

const CORP: &str = "https://corp.example/simple";
const LAB: &str = "https://lab.example/simple";
/// Nothing else in a data folder has these bytes.
const PASSWORD: &str = "correct-horse-7d1f-battery";

impl TestApp {
    /// Two extra indexes, of which one wants to be signed in to.
    async fn with_credentials() -> Self {
        let app = Self::start().await;
        app.patch(
            "/settings",
            json!({ "packages": { "extra_index_urls": [CORP, LAB] } }),
        )
        .await;
        app.sign_in(200, CORP, json!({ "username": "ann", "password": PASSWORD }))
            .await;
        app
    }

    async fn sign_in(&self, status: u16, address: &str, credentials: Value) -> Value {
        let wish = json!({ "index_credentials": { address: credentials } });
        self.patch_answered(status, "/settings", wish).await
    }

    /// What is shown of who signs in, index for index.
    async fn signed_in(&self) -> Vec<Value> {
        let view = self.get("/settings").await;
        let indexes = view["indexes"].as_array().expect("indexes");
        indexes.iter().map(|index| index["credentials"].clone()).collect()
    }

    /// The process that a build is about to start, as it waits for its supervisor; and its run.
    async fn waiting_build(&self, script: &str) -> (PathBuf, Value, String) {
        let never = Script {
            launch: Launch::NeverStart,
            ..Script::default()
        };
        self.fake.script("build", never);
        let asked = self
            .post(&format!("/scripts/{script}/dependencies/install"), json!({}))
            .await;
        let run = text(&expect(202, asked).await["run"]["id"]);
        let place = self.artifacts(&run).await.with_file_name("spec.json");
        self.until("a spec waits", async |_| place.exists()).await;
        let spec = std::fs::read(&place).expect("a spec");
        (place, serde_json::from_slice(&spec).expect("JSON"), run)
    }
}

/// Files below that have these bytes in them; but for the reserve, which is room and nothing else.
fn holding(folder: &Path, bytes: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if !path.ends_with("ballast")
            && let Ok(content) = std::fs::read(&path)
            && content
                .windows(bytes.len())
                .any(|window| window == bytes.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn a_password_is_written_and_never_read() {
    let mut app = TestApp::start().await;
    let url = format!("ws://{}/api/v1/events", app.host());
    let mut request = url.into_client_request().expect("a request");
    let origin = format!("http://{}", app.host()).parse().expect("an origin");
    request.headers_mut().insert("origin", origin);
    let (mut events, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");

    // The index and who signs in there, in one change.
    let wish = json!({
        "packages": { "extra_index_urls": [CORP, LAB] },
        "index_credentials": { CORP: { "username": "ann", "password": PASSWORD } },
    });
    let answered = app.patch("/settings", wish).await;
    let expected = json!([
        { "address": CORP, "role": "extra",
          "credentials": { "username": "ann", "has_password": true, "set_by": "settings" } },
        { "address": LAB, "role": "extra", "credentials": null },
    ]);
    assert_eq!(answered["indexes"], expected);
    app.restart().await;
    assert_eq!(app.get("/settings").await["indexes"], expected);

    let mut told = String::new();
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(PATIENCE, events.next()).await {
        told.push_str(&frame.to_string());
    }
    assert!(told.contains("system"), "{told}");
    for seen in [told, answered.to_string(), app.get("/system").await.to_string()] {
        assert!(!seen.contains(PASSWORD), "{seen}");
    }
    // Tables, the log of the database, copies: all files there are.
    assert_eq!(holding(&app.data, PASSWORD), Vec::<PathBuf>::new());
    assert!(!holding(&app.data, CORP).is_empty(), "the files were read");
}

#[tokio::test]
async fn credentials_are_kept_replaced_and_removed() {
    let app = TestApp::with_credentials().await;
    let shown = |name: &str| json!({ "username": name, "has_password": true, "set_by": "settings" });
    app.sign_in(200, CORP, json!({ "username": "bob" })).await;
    app.sign_in(200, CORP, json!({ "password": "another" })).await;
    app.sign_in(200, LAB, json!({ "username": "eve", "password": "third" }))
        .await;
    assert_eq!(app.signed_in().await, [shown("bob"), shown("eve")]);

    let before = app.get("/settings").await;
    for (address, wish, said) in [
        (
            "https://other.example/simple",
            json!({ "username": "u", "password": PASSWORD }),
            "add it to them",
        ),
        (CORP, json!({ "username": "" }), "user name"),
        (CORP, json!({ "password": "line\nbreak" }), "line break"),
    ] {
        let refused = app.sign_in(422, address, wish).await;
        assert_eq!(
            refused["details"],
            json!({ "field": "index_credentials", "address": address })
        );
        assert!(text(&refused["message"]).contains(said), "{refused}");
    }
    for wish in [
        json!({ "password": 8675309 }),
        json!({ "passwrd": "x" }),
        json!(PASSWORD),
    ] {
        let refused = app.sign_in(422, CORP, wish).await.to_string();
        assert!(
            !refused.contains("8675309") && !refused.contains(PASSWORD),
            "{refused}"
        );
    }
    let with_login =
        json!({ "packages": { "extra_index_urls": [format!("https://u:{PASSWORD}@corp.example/simple")] } });
    let refused = app.patch_answered(422, "/settings", with_login).await.to_string();
    assert!(
        refused.contains("fields of their own") && !refused.contains(PASSWORD),
        "{refused}"
    );
    assert_eq!(app.get("/settings").await, before, "nothing was changed");

    app.sign_in(200, LAB, json!(null)).await;
    assert_eq!(app.signed_in().await, [shown("bob"), json!(null)]);
    // They go with the index, and do not come back with it.
    for indexes in [json!([LAB]), json!([CORP, LAB])] {
        app.set_packages(200, json!({ "extra_index_urls": indexes }))
            .await;
    }
    assert_eq!(app.signed_in().await, [json!(null), json!(null)]);
}

#[tokio::test]
async fn they_reach_the_process_of_a_build_and_nothing_else() {
    let app = TestApp::with_credentials().await;
    let script = app.script("Private").await;
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    let (place, spec, run) = app.waiting_build(&script).await;
    let told = &spec["env"];
    assert_eq!(
        (
            &told["UV_INDEX_EXTRA1_USERNAME"],
            &told["UV_INDEX_EXTRA1_PASSWORD"]
        ),
        (&json!("ann"), &json!(PASSWORD))
    );
    assert_eq!(told["UV_INDEX"], format!("extra1={CORP} {LAB}"));
    assert_eq!(
        spec["secrets"],
        json!(["UV_INDEX_EXTRA1_PASSWORD"]),
        "masked in its log"
    );
    assert!(!spec["argv"].to_string().contains(PASSWORD));
    assert_eq!(
        holding(&app.data, PASSWORD),
        std::slice::from_ref(&place),
        "and nowhere else"
    );
    let launched = format!("{:?}", app.fake.launches());
    assert!(
        launched.contains(&run) && !launched.contains(PASSWORD),
        "{launched}"
    );
    assert!(
        !app.get(&format!("/runs/{run}"))
            .await
            .to_string()
            .contains(PASSWORD)
    );

    // A spec that nobody came to read does not stay.
    expect(200, app.post(&format!("/runs/{run}/cancel"), json!({})).await).await;
    app.finished(&run).await;
    app.until("the spec is gone", async |_| !place.exists()).await;
}

#[tokio::test]
async fn a_build_that_runs_code_of_packages_is_told_who_is_missing_and_no_password() {
    let app = TestApp::with_credentials().await;
    let script = app.script("Sources").await;
    let wish = json!({ "requirements": ["six"], "build_from_source": ["six"] });
    app.require(200, &script, wish).await;
    let (_, spec, run) = app.waiting_build(&script).await;
    assert!(!spec.to_string().contains(PASSWORD), "{spec:#}");
    assert_eq!(
        (&spec["env"]["PYTASK_LOGINS"], &spec["env"]["UV_INDEX"]),
        (&json!(CORP), &json!(format!("{CORP} {LAB}")))
    );
    expect(200, app.post(&format!("/runs/{run}/cancel"), json!({})).await).await;
}

#[tokio::test]
async fn a_lost_key_costs_the_passwords_and_nothing_else() {
    let mut app = TestApp::with_credentials().await;
    let script = app.script("Private").await;
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    let key = app.data.join("secrets.key");
    let saved = std::fs::read(&key).expect("a key");
    std::fs::remove_file(&key).expect("lost");
    app.restart().await;
    let lost = json!({ "username": "ann", "has_password": false, "set_by": "settings" });
    assert_eq!(app.signed_in().await[0], lost);
    assert!(!key.exists(), "no new one while the old one may come back");

    let build = app.build(&script, "install", json!({})).await;
    let said = text(&build["outcome"]["message"]);
    assert!(said.contains(CORP) && said.contains("secrets.key"), "{said}");
    let refused = app
        .sign_in(409, LAB, json!({ "username": "u", "password": PASSWORD }))
        .await;
    assert_eq!(refused["code"], "secrets_key_missing");

    // It is found.
    std::fs::write(&key, saved).expect("put back");
    app.restart().await;
    assert_eq!(app.signed_in().await[0]["has_password"], true);

    // It is not.
    std::fs::remove_file(&key).expect("lost again");
    app.restart().await;
    app.sign_in(200, CORP, json!(null)).await;
    app.restart().await;
    app.sign_in(200, CORP, json!({ "username": "ann", "password": PASSWORD }))
        .await;
    assert_eq!(app.signed_in().await[0]["has_password"], true);
}

#[tokio::test]
async fn a_login_in_the_configured_address_is_taken_out_of_it() {
    let main = format!("https://conf:{PASSWORD}@main.example/simple");
    let app = TestApp::start_with(&["--index-url", &main]).await;
    let view = app.get("/settings").await;
    let expected = json!([{ "address": "https://main.example/simple", "role": "main",
        "credentials": { "username": "conf", "has_password": true, "set_by": "configuration" } }]);
    assert_eq!(view["indexes"], expected);
    let script = app.script("Mirrored").await;
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    let (_, spec, run) = app.waiting_build(&script).await;
    assert_eq!(
        (
            &spec["env"]["UV_DEFAULT_INDEX"],
            &spec["env"]["UV_INDEX_MAIN_PASSWORD"]
        ),
        (&json!("main=https://main.example/simple"), &json!(PASSWORD))
    );
    expect(200, app.post(&format!("/runs/{run}/cancel"), json!({})).await).await;
    // What is set goes before it.
    let address = "https://main.example/simple";
    app.sign_in(200, address, json!({ "username": "ann", "password": "x" }))
        .await;
    assert_eq!(app.signed_in().await[0]["set_by"], "settings");
}
