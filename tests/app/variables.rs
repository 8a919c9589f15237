//! Variables and secrets: what is kept of them, what runs are given, and that no secret is where it must not be.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pytask_manager::engine::fake::{Launch, Script};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

/// Nothing else that is stored or said has these bytes.
const SECRET: &str = "tangerine-7d1f\"mountain";
const OTHER: &str = "cobalt-93ae-lighthouse";

impl TestApp {
    async fn set_variables(&self, status: u16, of: &str, items: Value) -> Value {
        let path = format!("/api/v1{of}/variables");
        let request = self.request(Method::PUT, &path).json(&json!({ "items": items }));
        expect(status, request.send().await.expect("an answer")).await
    }

    /// The process that a run is about to start, as it waits for its supervisor; and where it waits.
    async fn waiting_run(&self, script: &str, wish: Value) -> (PathBuf, Value, String) {
        let never = Script {
            launch: Launch::NeverStart,
            ..Script::default()
        };
        self.fake.script("script", never);
        let run = text(&self.submit(script, wish).await["id"]);
        let place = self.artifacts(&run).await.with_file_name("spec.json");
        self.until("a spec waits", async |_| place.exists()).await;
        let spec = std::fs::read(&place).expect("a spec");
        (place, serde_json::from_slice(&spec).expect("JSON"), run)
    }

    async fn end(&self, run: &str) -> Value {
        expect(200, self.post(&format!("/runs/{run}/cancel"), json!({})).await).await;
        self.finished(run).await
    }
}

fn secret(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value, "secret": true, "description": "what for" })
}

fn plain(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

fn kept(name: &str) -> Value {
    json!({ "name": name, "secret": true })
}

/// Name, value and whether a secret is masked or to be entered.
fn brief(list: &Value) -> Vec<String> {
    let one = |item: &Value| {
        let value = match (&item["secret"], item["value"].as_str()) {
            (Value::Bool(true), None) => "•".to_owned(),
            (_, value) => value.unwrap_or("?").to_owned(),
        };
        let masked = if item["masked"] == true { " masked" } else { "" };
        let open = if item["to_be_entered"] == true {
            " open"
        } else {
            ""
        };
        format!("{}={value}{masked}{open}", item["name"].as_str().expect("a name"))
    };
    list.as_array().expect("a list").iter().map(one).collect()
}

/// Whether these bytes are there, as they are or as JSON writes them.
fn holds(bytes: &[u8], secret: &str) -> bool {
    let escaped = json!(secret).to_string();
    let escaped = escaped.trim_matches('"');
    [secret, escaped]
        .iter()
        .any(|form| bytes.windows(form.len()).any(|window| window == form.as_bytes()))
}

/// Files below that hold the secret; but for the reserve, which is room and nothing else.
fn holding(folder: &Path, secret: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, secret));
        } else if !path.ends_with("ballast")
            && let Ok(content) = std::fs::read(&path)
            && holds(&content, secret)
        {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn variables_are_kept_replaced_and_removed_and_secrets_never_answered() {
    let mut app = TestApp::start().await;
    let script = app.script("Report").await;
    let own = format!("/scripts/{script}");
    assert_eq!(app.get("/variables").await["items"], json!([]));
    app.set_variables(200, "", json!([plain("REGION", "eu"), secret("KEY", SECRET)]))
        .await;
    let answered = app
        .set_variables(
            200,
            &own,
            json!([secret("KEY", OTHER), secret("PIN", "1234"), plain("EMPTY", "")]),
        )
        .await;
    assert_eq!(brief(&answered["items"]), ["EMPTY=", "KEY=• masked", "PIN=•"]);
    assert_eq!(brief(&answered["inherited"]), ["KEY=• masked", "REGION=eu"]);
    let overridden: Vec<_> = answered["inherited"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["overridden"].clone())
        .collect();
    assert_eq!(overridden, [true, false]);
    app.restart().await;
    assert_eq!(app.get(&format!("{own}/variables")).await, answered);

    // What is left out stays, with the time at which it was set; what is not in the list goes.
    let before = app.get("/variables").await["items"][0].clone();
    let wish = json!([{ "name": "KEY", "secret": true, "description": "another word" }]);
    let after = app.set_variables(200, "", wish).await["items"].clone();
    assert_eq!(brief(&after), ["KEY=• masked"]);
    assert_eq!(
        (&after[0]["updated_at"], &after[0]["description"]),
        (&before["updated_at"], &json!("another word"))
    );
    app.set_variables(200, "", json!([])).await;
    assert_eq!(app.get("/variables").await["items"], json!([]));
    assert_eq!(holding(&app.data, SECRET), Vec::<PathBuf>::new());

    // The list of a script that is gone for good is gone.
    expect(
        404,
        app.request(Method::GET, "/api/v1/scripts/none/variables")
            .send()
            .await
            .expect("an answer"),
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let there = app
        .set_variables(200, "", json!([plain("A", "1"), secret("KEY", SECRET)]))
        .await;
    for (items, code, about) in [
        (json!([plain("PATH", OTHER)]), "invalid_field", "reserved"),
        (json!([plain("PYTASK_X", OTHER)]), "invalid_field", "reserved"),
        (json!([plain("1A", OTHER)]), "invalid_field", "no variable name"),
        (
            json!([plain("A", "1"), plain("A", OTHER)]),
            "invalid_field",
            "twice",
        ),
        (json!([kept("NEW")]), "invalid_field", "needs a value"),
        (json!([{ "name": "KEY" }]), "invalid_field", "not given out"),
        (
            json!([{ "name": "A", "value": [OTHER] }]),
            "invalid_field",
            "string",
        ),
        (
            json!([{ "name": "A", "value": 8675309 }]),
            "invalid_field",
            "string",
        ),
        (
            json!([{ "name": "A", "valu": OTHER }]),
            "invalid_field",
            "unknown field",
        ),
        (json!(OTHER), "invalid_field", ""),
    ] {
        let refused = app.set_variables(422, "", items.clone()).await;
        let said = refused.to_string();
        assert_eq!(refused["code"], code, "{items}: {said}");
        assert!(
            said.contains(about) && !said.contains("8675309"),
            "{items}: {said}"
        );
        assert!(!said.contains(OTHER) || items.is_string(), "{items}: {said}");
    }
    assert_eq!(app.get("/variables").await, there);
}

#[tokio::test]
async fn a_run_is_given_what_is_nearest_and_its_row_has_no_secret() {
    let app = TestApp::start().await;
    let script = app.script("Report").await;
    app.set_variables(
        200,
        "",
        json!([
            plain("REGION", "eu"),
            secret("TOKEN", OTHER),
            plain("LEVEL", "info"),
            secret("PIN", "1234")
        ]),
    )
    .await;
    app.set_variables(
        200,
        &format!("/scripts/{script}"),
        json!([secret("KEY", SECRET), plain("LEVEL", "debug")]),
    )
    .await;
    let wish = json!({ "env": { "REGION": "us", "PIN": "typed" } });
    let (place, spec, run) = app.waiting_run(&script, wish).await;
    let env = &spec["env"];
    assert_eq!(
        ["REGION", "LEVEL", "TOKEN", "KEY", "PIN"].map(|name| env[name].as_str().expect(name)),
        ["us", "debug", OTHER, SECRET, "typed"]
    );
    assert_eq!(
        spec["secrets"],
        json!(["KEY", "TOKEN"]),
        "PIN was typed, and is no secret"
    );
    assert_eq!(
        holding(&app.data, SECRET),
        std::slice::from_ref(&place),
        "and nowhere else"
    );
    let launched = format!("{:?}", app.fake.launches());
    assert!(launched.contains(&run) && !holds(launched.as_bytes(), SECRET) && !launched.contains(OTHER));
    let seen = app.get(&format!("/runs/{run}")).await;
    assert_eq!(seen["env"], json!({ "REGION": "us", "PIN": "typed" }));
    let given: Vec<_> = seen["variables"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|used| {
            format!(
                "{} {} {}",
                text(&used["name"]),
                text(&used["from"]),
                used["secret"]
            )
        })
        .collect();
    assert_eq!(
        given,
        ["KEY script true", "LEVEL script false", "TOKEN global true"]
    );

    // A spec that nobody came to read does not stay.
    app.end(&run).await;
    app.until("the spec is gone", async |_| !place.exists()).await;
    assert_eq!(holding(&app.data, SECRET), Vec::<PathBuf>::new());
    assert_eq!(holding(&app.data, OTHER), Vec::<PathBuf>::new());

    // Set anew, it is told as a difference by its name.
    app.set_variables(
        200,
        &format!("/scripts/{script}"),
        json!([secret("KEY", "another one"), plain("LEVEL", "debug")]),
    )
    .await;
    let (_, _, later) = app
        .waiting_run(&script, json!({ "env": { "REGION": "us", "PIN": "typed" } }))
        .await;
    app.end(&later).await;
    let changes = app.get(&format!("/runs/{later}/changes?with={run}")).await;
    assert_eq!(
        changes["changes"],
        json!([{ "what": "variables", "names": ["KEY"] }])
    );
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_ends_the_run_before_it_starts() {
    let mut app = TestApp::start().await;
    let script = app.script("Report").await;
    app.set_variables(200, &format!("/scripts/{script}"), json!([secret("KEY", SECRET)]))
        .await;
    let key = app.data.join("secrets.key");
    let saved = std::fs::read(&key).expect("a key");
    std::fs::remove_file(&key).expect("lost");
    app.restart().await;
    let shown = app.get(&format!("/scripts/{script}/variables")).await;
    assert_eq!(brief(&shown["items"]), ["KEY=• open"]);
    let trouble = text(&app.get("/system/key").await["trouble"]);
    assert!(trouble.contains("secrets.key"), "{trouble}");
    let run = app.run(&script).await;
    let ended = app.finished(&run).await;
    let said = text(&ended["outcome"]["message"]);
    assert!(said.contains("KEY") && said.contains("secrets.key"), "{said}");
    assert!(app.fake.launches().is_empty());
    let refused = app
        .set_variables(409, &format!("/scripts/{script}"), json!([secret("KEY", OTHER)]))
        .await;
    assert_eq!(refused["code"], "secrets_key_missing");
    expect(409, app.post("/system/rotate-key", json!({})).await).await;

    std::fs::write(&key, saved).expect("put back");
    app.restart().await;
    let run = app.run(&script).await;
    assert_eq!(app.finished(&run).await["outcome"]["kind"], "succeeded");
}

#[tokio::test]
async fn the_key_is_replaced_and_what_is_stored_still_opens() {
    let mut app = TestApp::start().await;
    let script = app.script("Report").await;
    let index = "https://corp.example/simple";
    app.patch(
        "/settings",
        json!({ "packages": { "extra_index_urls": [index] },
            "index_credentials": { index: { "username": "ann", "password": OTHER } } }),
    )
    .await;
    app.set_variables(
        200,
        &format!("/scripts/{script}"),
        json!([secret("KEY", SECRET), plain("A", "1")]),
    )
    .await;
    let before = app.get("/system/key").await;
    assert_eq!(
        (&before["location"], &before["trouble"]),
        (&json!("volume"), &Value::Null)
    );
    let old = std::fs::read(app.data.join("secrets.key")).expect("a key");
    let done = expect(200, app.post("/system/rotate-key", json!({})).await).await;
    assert_eq!(done, json!({ "resealed": 2, "unreadable": 0 }));
    assert_ne!(app.get("/system/key").await["id"], before["id"]);
    assert_ne!(std::fs::read(app.data.join("secrets.key")).expect("a key"), old);
    assert!(!app.data.join("secrets.next").exists());
    for _ in 0..2 {
        assert_eq!(
            app.get("/settings").await["indexes"][0]["credentials"]["has_password"],
            true
        );
        let (_, spec, run) = app.waiting_run(&script, json!({})).await;
        assert_eq!(spec["env"]["KEY"], SECRET);
        app.end(&run).await;
        app.restart().await;
    }
}

#[tokio::test]
async fn a_given_key_is_replaced_by_whoever_gave_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    std::fs::write(&old, [1; 32]).expect("written");
    std::fs::write(&new, [2; 32]).expect("written");
    let (old, new) = (old.display().to_string(), new.display().to_string());
    let app = TestApp::start_with(&["--secrets-key-file", &new, "--secrets-old-key-file", &old]).await;
    assert_eq!(app.get("/system/key").await["location"], "given");
    let refused = expect(409, app.post("/system/rotate-key", json!({})).await).await;
    assert_eq!(refused["code"], "secrets_key_given");
    let said = text(&refused["message"]);
    assert!(said.contains("PYTASK_SECRETS_OLD_KEY_FILE"), "{said}");
}

#[tokio::test]
async fn secrets_go_with_a_copy_and_never_into_an_archive() {
    let app = TestApp::start().await;
    let script = app.script("Report").await;
    app.set_variables(
        200,
        &format!("/scripts/{script}"),
        json!([secret("KEY", SECRET), plain("REGION", "eu")]),
    )
    .await;
    let copy = expect(
        201,
        app.post(&format!("/scripts/{script}/duplicate"), json!({})).await,
    )
    .await;
    let (_, spec, run) = app.waiting_run(&text(&copy["id"]), json!({})).await;
    assert_eq!(
        (&spec["env"]["KEY"], &spec["env"]["REGION"]),
        (&json!(SECRET), &json!("eu"))
    );
    app.end(&run).await;

    let answer = app.request(
        Method::GET,
        &format!("/api/v1/scripts/{script}/archive?format=zip"),
    );
    let archive = answer
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive.to_vec())).expect("a zip");
    for n in 0..zip.len() {
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut zip.by_index(n).expect("an entry"), &mut content).expect("content");
        assert!(!holds(&content, SECRET));
    }
    let sent = app
        .request(Method::POST, "/api/v1/scripts/import?filename=report.zip")
        .header("content-type", "application/octet-stream")
        .body(archive)
        .send();
    let imported = expect(201, sent.await.expect("an answer")).await;
    let notes = imported["notes"].to_string();
    assert!(notes.contains("Enter them") && notes.contains("KEY"), "{notes}");
    let id = text(&imported["script"]["id"]);
    let shown = app.get(&format!("/scripts/{id}/variables")).await;
    assert_eq!(brief(&shown["items"]), ["KEY=• open", "REGION=eu"]);
    let run = app.run(&id).await;
    let said = text(&app.finished(&run).await["outcome"]["message"]);
    assert!(said.contains("KEY has no value yet"), "{said}");
    // Entered for all scripts, it is enough.
    app.set_variables(200, "", json!([secret("KEY", OTHER)])).await;
    let (_, spec, run) = app.waiting_run(&id, json!({})).await;
    assert_eq!(spec["env"]["KEY"], OTHER);
    app.end(&run).await;
}

/// What the controller says about itself, everything of it.
fn said() -> Arc<Mutex<Vec<u8>>> {
    #[derive(Clone)]
    struct Ear(Arc<Mutex<Vec<u8>>>);
    impl Write for Ear {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    static EAR: OnceLock<Ear> = OnceLock::new();
    let ear = EAR.get_or_init(|| {
        let ear = Ear(Arc::default());
        let hears = ear.clone();
        tracing_subscriber::fmt()
            .with_env_filter("trace,hyper=debug,tungstenite=debug,tokio_tungstenite=debug")
            .with_ansi(false)
            .with_writer(move || hears.clone())
            .init();
        ear
    });
    Arc::clone(&ear.0)
}

#[tokio::test]
async fn no_answer_no_log_and_no_file_has_a_secret() {
    let said = said();
    let mut app = TestApp::start().await;
    let script = app.script("Report").await;
    app.set_variables(200, "", json!([secret("TOKEN", OTHER)])).await;
    app.set_variables(200, &format!("/scripts/{script}"), json!([secret("KEY", SECRET)]))
        .await;
    let (place, _, run) = app.waiting_run(&script, json!({})).await;
    app.end(&run).await;
    app.until("the spec is gone", async |_| !place.exists()).await;
    app.fake.script("script", Script::prints(&["hello"], 0));
    let run = app.run(&script).await;
    app.finished(&run).await;
    expect(200, app.post("/system/rotate-key", json!({})).await).await;

    let document = app
        .request(Method::GET, "/api/v1/openapi.json")
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a document");
    assert!(!holds(document.as_bytes(), SECRET));
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        if item.get("get").is_none() {
            continue;
        }
        let id = if path.contains("/runs/") { &run } else { &script };
        let path = path
            .replace("{id}", id)
            .replace("{number}", "1")
            .replace("{path}", "main.py");
        let answer = app.request(Method::GET, &path).send().await.expect("an answer");
        let body = answer.bytes().await.expect("a body");
        assert!(!holds(&body, SECRET) && !holds(&body, OTHER), "{path}");
        asked += 1;
    }
    assert!(asked > 30, "{asked} routes were asked");

    app.restart().await;
    for value in [SECRET, OTHER] {
        assert_eq!(
            holding(&app.data, value),
            Vec::<PathBuf>::new(),
            "database, its log, copies, run directories"
        );
    }
    let said = said.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(
        holds(&said, "the key to stored secrets was replaced"),
        "the log was heard"
    );
    assert!(
        !holds(&said, SECRET) && !holds(&said, OTHER),
        "the controller's log"
    );
}
