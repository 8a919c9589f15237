//! Triggers: which calls start a script, what they bring, and that those which are refused change nothing.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use pytask_manager::engine::fake::{Gate, Script};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::harness::{TestApp, expect, text};

impl TestApp {
    async fn put_trigger(&self, script: &str, wish: Value) -> Value {
        let request = self.request(Method::PUT, &format!("/api/v1/scripts/{script}/trigger"));
        expect(200, request.json(&wish).send().await.expect("an answer")).await
    }

    async fn call(&self, path: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Response {
        let mut request = self.request(Method::POST, path).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    async fn runs_of(&self, script: &str) -> Vec<Value> {
        let runs = self.get(&format!("/runs?script={script}&limit=500")).await;
        runs["items"].as_array().expect("runs").clone()
    }

    /// Run directories there are, with a row or without.
    fn directories(&self) -> Vec<PathBuf> {
        let below = |folders: Vec<PathBuf>| -> Vec<PathBuf> {
            let entries = folders
                .into_iter()
                .filter_map(|folder| std::fs::read_dir(folder).ok());
            entries.flatten().flatten().map(|entry| entry.path()).collect()
        };
        below(below(below(vec![self.data.join("runs")])))
    }
}

/// As the other side signs.
fn signed(secret: &str, id: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let signature = Webhook::new(secret)
        .expect("a secret")
        .sign(id, at.as_second(), body);
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.as_second().to_string()),
        ("webhook-signature", signature.expect("signed")),
    ]
}

fn borrowed<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

#[tokio::test]
async fn a_call_starts_a_run_that_is_given_its_body() {
    let app = TestApp::start().await;
    let script = app.script("Called").await;
    let made = app.put_trigger(&script, json!({})).await;
    let path = text(&made["url_path"]);
    assert!(
        path.starts_with("/hooks/") && path.len() == "/hooks/".len() + 43,
        "{path}"
    );
    assert_eq!(
        (&made["enabled"], &made["signed"], &made["secret"]),
        (&json!(true), &json!(false), &json!(null))
    );
    // Told once.
    let seen = app.get(&format!("/scripts/{script}/trigger")).await;
    assert_eq!(seen["url_path"], json!(null));
    assert_eq!(text(&seen["url_shown"]), format!("{}…", &path[..11]));
    assert_eq!(app.put_trigger(&script, json!({})).await["url_path"], json!(null));

    // From wherever it comes, whatever it is.
    let body: Vec<u8> = (0..=255).cycle().take(1024 * 1024).collect();
    let headers = [
        ("origin", "https://forge.example"),
        ("sec-fetch-site", "cross-site"),
        ("content-type", "image/x-hostile; name=\"../../etc\""),
    ];
    let called = expect(202, app.call(&path, &headers, body.clone()).await).await;
    let run = app.finished(&text(&called["run_id"])).await;
    assert_eq!(
        run["trigger"],
        json!({ "kind": "webhook", "content_type": headers[2].1, "body_bytes": body.len() })
    );
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    let job = app.fake.launches().remove(0);
    let mount = job
        .mounts
        .iter()
        .find(|mount| mount.target == "/trigger")
        .expect("a mount");
    assert!(mount.read_only);
    let kept = std::fs::read(app.data.join(&mount.source).join("body")).expect("the body");
    assert!(kept == body, "the body is another one");
    assert_eq!(app.runs_of(&script).await.len(), 1);
    assert_eq!(
        app.get("/runs?trigger=webhook").await["items"][0]["id"],
        run["id"]
    );
    assert_eq!(app.get("/runs?trigger=api").await["items"], json!([]));
    assert!(app.get(&format!("/scripts/{script}/trigger")).await["last_used_at"].is_string());

    // It goes with its run.
    let gone = app.request(Method::DELETE, &format!("/api/v1/runs/{}", text(&run["id"])));
    expect(204, gone.send().await.expect("an answer")).await;
    app.until("its directory is gone", async |app| app.directories().is_empty())
        .await;
    // Others have nothing of the kind.
    let plain = app.run(&script).await;
    app.finished(&plain).await;
    let job = app.fake.launches().pop().expect("a launch");
    assert!(job.mounts.iter().all(|mount| mount.target != "/trigger"));
}

#[tokio::test]
async fn calls_that_are_refused_change_nothing() {
    let app = TestApp::start().await;
    let called = async |name: &str, wish: Value| {
        let script = app.script(name).await;
        let made = app.put_trigger(&script, wish).await;
        (script, text(&made["url_path"]))
    };
    let (_, open) = called("Open", json!({})).await;
    let (_, disabled) = called("Disabled", json!({ "enabled": false })).await;
    let (paused_script, paused) = called("Paused", json!({})).await;
    app.patch(&format!("/scripts/{paused_script}"), json!({ "paused": true }))
        .await;
    let (trashed_script, trashed) = called("Trashed", json!({})).await;
    let (removed_script, removed) = called("Removed", json!({})).await;
    let (_, signed) = called("Signed", json!({ "signed": true })).await;
    for path in [
        format!("/scripts/{trashed_script}"),
        format!("/scripts/{removed_script}/trigger"),
    ] {
        let gone = app.request(Method::DELETE, &format!("/api/v1{path}"));
        expect(204, gone.send().await.expect("an answer")).await;
    }
    let large = vec![b'x'; 1024 * 1024 + 1];
    let table: [(&str, Vec<u8>, u16, &str); 10] = [
        ("/hooks/wrong", vec![], 404, "not_found"),
        ("/hooks/..%2f..%2fetc", vec![], 404, "not_found"),
        (&open[..open.len() - 1], vec![], 404, "not_found"),
        (&disabled, vec![], 403, "trigger_disabled"),
        (&paused, vec![], 409, "script_paused"),
        (&trashed, vec![], 404, "not_found"),
        (&removed, vec![], 404, "not_found"),
        (&signed, vec![], 401, "signature_required"),
        (&open, large.clone(), 413, "body_too_large"),
        ("/hooks/wrong", large, 413, "body_too_large"),
    ];
    for (path, body, status, code) in table {
        let refused = expect(status, app.call(path, &[], body).await).await;
        assert_eq!(refused["code"], code, "{path}");
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let wrong = app.request(method, &open).send().await.expect("an answer");
        assert_eq!(expect(405, wrong).await["code"], "wrong_method");
    }
    let foreign = app.call(&open, &[("host", "evil.example")], "").await;
    assert_eq!(expect(421, foreign).await["code"], "unknown_host");
    assert_eq!(app.get("/runs").await["items"], json!([]));
    assert_eq!(app.directories(), Vec::<PathBuf>::new());

    // Out of the trash it is as it was.
    let restored = format!("/scripts/{trashed_script}/restore");
    expect(200, app.post(&restored, json!({})).await).await;
    expect(202, app.call(&trashed, &[], "").await).await;
}

#[tokio::test]
async fn a_signed_call_is_taken_once_and_a_wrong_one_never() {
    let clock = Clock::manual("2026-11-25T12:00:00Z".parse().expect("a time"));
    let surroundings = Surroundings {
        clock: clock.clone(),
        ..Surroundings::default()
    };
    let app = TestApp::start_in(surroundings, &[]).await;
    let script = app.script("Signed").await;
    let made = app.put_trigger(&script, json!({ "signed": true })).await;
    let (path, secret) = (text(&made["url_path"]), text(&made["secret"]));
    assert!(secret.starts_with("whsec_"), "{secret}");
    let seen = app.get(&format!("/scripts/{script}/trigger")).await;
    assert_eq!(
        (&seen["secret"], &seen["has_secret"]),
        (&json!(null), &json!(true)),
        "told once"
    );
    let (now, minutes) = (clock.now(), |m| SignedDuration::from_mins(m));
    let body = br#"{"ref": "refs/heads/main"}"#.to_vec();
    let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let with = |name: &str, value: &str| {
        let mut headers = signed(&secret, "m", now, &body);
        for header in headers.iter_mut().filter(|header| header.0 == name) {
            header.1 = value.to_owned();
        }
        headers
    };
    for (headers, code) in [
        (signed(other, "m", now, &body), "wrong_signature"),
        (signed(&secret, "m", now, b"{}"), "wrong_signature"),
        (signed(&secret, "m", now - minutes(6), &body), "signature_expired"),
        (signed(&secret, "m", now + minutes(6), &body), "signature_expired"),
        (with("webhook-id", "n"), "wrong_signature"),
        (with("webhook-id", ""), "signature_required"),
        (with("webhook-timestamp", "now"), "signature_required"),
        (with("webhook-signature", "v1,AAAA"), "wrong_signature"),
        (with("webhook-signature", ""), "wrong_signature"),
    ] {
        let refused = expect(401, app.call(&path, &borrowed(&headers), body.clone()).await).await;
        assert_eq!(refused["code"], code, "{headers:?}");
    }
    assert_eq!(app.runs_of(&script).await, Vec::<Value>::new());

    let right = signed(&secret, "m", now, &body);
    let first = expect(202, app.call(&path, &borrowed(&right), body.clone()).await).await;
    app.finished(&text(&first["run_id"])).await;
    // Sent again, by its sender or by somebody who has listened.
    for _ in 0..3 {
        let again = expect(202, app.call(&path, &borrowed(&right), body.clone()).await).await;
        assert_eq!(again, first);
    }
    assert_eq!(app.runs_of(&script).await.len(), 1);
    app.until("what was written for the repeats is gone", async |app| {
        app.directories().len() == 1
    })
    .await;
    clock.set(now + minutes(6));
    let late = expect(401, app.call(&path, &borrowed(&right), body.clone()).await).await;
    assert_eq!(late["code"], "signature_expired");

    // A secret of the sender's own; and a new one of ours, which ends that.
    let now = clock.now();
    app.put_trigger(&script, json!({ "secret": other })).await;
    let theirs = signed(other, "o", now, &body);
    expect(202, app.call(&path, &borrowed(&theirs), body.clone()).await).await;
    let rotate = format!("/scripts/{script}/trigger/rotate");
    let rotated = expect(200, app.post(&rotate, json!({ "what": "secret" })).await).await;
    assert_eq!(rotated["url_path"], json!(null));
    let theirs = signed(other, "p", now, &body);
    expect(401, app.call(&path, &borrowed(&theirs), body.clone()).await).await;
    let ours = signed(&text(&rotated["secret"]), "p", now, &body);
    expect(202, app.call(&path, &borrowed(&ours), body.clone()).await).await;
}

#[tokio::test]
async fn an_address_that_was_rotated_is_nobodys() {
    let app = TestApp::start().await;
    let script = app.script("Rotated").await;
    let before = text(&app.put_trigger(&script, json!({})).await["url_path"]);
    let rotate = format!("/scripts/{script}/trigger/rotate");
    let after = expect(200, app.post(&rotate, json!({})).await).await;
    let after = text(&after["url_path"]);
    assert_ne!(before, after);
    expect(404, app.call(&before, &[], "").await).await;
    expect(202, app.call(&after, &[], "").await).await;
    let bytes = std::fs::read(app.data.join("db/pytask.sqlite-wal")).expect("the database's log");
    let token = after.trim_start_matches("/hooks/").as_bytes();
    assert!(!bytes.windows(token.len()).any(|window| window == token));
}

#[tokio::test]
async fn bad_wishes_change_no_trigger() {
    let app = TestApp::start().await;
    let script = app.script("Wished").await;
    let path = format!("/api/v1/scripts/{script}/trigger");
    let seen = app.request(Method::GET, &path).send().await.expect("an answer");
    assert_eq!(seen.status(), 204, "it has none");
    let put = async |wish: &Value| {
        let request = app.request(Method::PUT, &path).json(wish);
        request.send().await.expect("an answer")
    };
    let hunter = "hunter2hunter2";
    for wish in [
        json!({ "enabled": "yes" }),
        json!({ "url": "mine" }),
        json!({ "secret": hunter }),
        json!({ "secret": "whsec_c2hvcnQ=" }),
        json!({ "secret": 7 }),
    ] {
        let refused = expect(422, put(&wish).await).await;
        assert_eq!(refused["code"], "invalid_field", "{wish}");
        assert!(!refused.to_string().contains(hunter), "{refused}");
    }
    let rotate = format!("/scripts/{script}/trigger/rotate");
    expect(404, app.post(&rotate, json!({})).await).await;
    let seen = app.request(Method::GET, &path).send().await.expect("an answer");
    assert_eq!(seen.status(), 204, "it has none");
    let nobody = format!("/api/v1/scripts/{}/trigger", "0".repeat(32));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        expect(404, app.request(method, &nobody).send().await.expect("an answer")).await;
    }
    app.put_trigger(&script, json!({})).await;
    expect(422, app.post(&rotate, json!({ "what": "everything" })).await).await;
}

#[tokio::test]
async fn calls_come_one_a_second_after_the_first_sixty() {
    let app = TestApp::start().await;
    let script = app.script("Busy").await;
    app.patch(&format!("/scripts/{script}"), json!({ "overlap": "skip" }))
        .await;
    let gate = Gate::default();
    app.fake.script(&script, Script::waits_for(&gate));
    let path = text(&app.put_trigger(&script, json!({})).await["url_path"]);
    let mut taken = 0;
    let refused = loop {
        let answer = app.call(&path, &[], "{}").await;
        if answer.status() == 429 {
            break answer;
        }
        expect(202, answer).await;
        taken += 1;
        assert!(taken < 200, "never refused");
    };
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(expect(429, refused).await["code"], "too_many_calls");
    assert!(taken >= 60, "{taken}");
    // The script's own rule: one runs, the others are on record as skipped.
    app.until("all but one are over", async |app| {
        let runs = app.runs_of(&script).await;
        let skipped = runs.iter().filter(|run| run["outcome"]["kind"] == "skipped");
        runs.len() == taken && skipped.count() == taken - 1
    })
    .await;
    gate.open();
}

#[tokio::test]
async fn no_more_than_a_hundred_wait() {
    let app = TestApp::start().await;
    let script = app.script("Crowded").await;
    let gate = Gate::default();
    app.fake.script(&script, Script::waits_for(&gate));
    let path = text(&app.put_trigger(&script, json!({})).await["url_path"]);
    for _ in 0..102 {
        app.run(&script).await;
    }
    let refused = app.call(&path, &[], "{}").await;
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(expect(429, refused).await["code"], "queue_full");
    assert_eq!(app.get("/runs?trigger=webhook").await["items"], json!([]));
    gate.open();
}

#[tokio::test]
async fn a_run_keeps_its_body_while_the_application_dies() {
    let mut app = TestApp::start().await;
    let script = app.script("Patient").await;
    let path = text(&app.put_trigger(&script, json!({})).await["url_path"]);
    app.fake.set_away(true);
    let called = expect(202, app.call(&path, &[], "as it was").await).await;
    app.restart().await;
    app.fake.set_away(false);
    let run = app.finished(&text(&called["run_id"])).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    let job = app.fake.launches().pop().expect("a launch");
    let mount = job
        .mounts
        .iter()
        .find(|mount| mount.target == "/trigger")
        .expect("a mount");
    let kept = std::fs::read(app.data.join(&mount.source).join("body")).expect("the body");
    assert_eq!(kept, b"as it was");
}

/// Killed between the body and the row: the directory is nobody's, and goes.
#[tokio::test]
async fn a_body_without_a_run_is_removed_at_the_next_start() {
    let mut app = TestApp::start().await;
    app.kill();
    let id = "01900000000070008000000000000009";
    let stray = app.data.join("runs/2026/11").join(id).join("trigger");
    std::fs::create_dir_all(&stray).expect("a folder");
    std::fs::write(stray.join("body"), "nobody's").expect("written");
    let stored = rusqlite::Connection::open(app.data.join("db/pytask.sqlite")).expect("opens");
    let at = "2026-11-25T12:00:00Z"
        .parse::<Timestamp>()
        .expect("a time")
        .as_millisecond();
    stored
        .execute(
            "INSERT INTO removals (run_id, queued_at) VALUES (?1, ?2)",
            (id, at),
        )
        .expect("noted");
    drop(stored);
    app.restart().await;
    app.until("it is gone", async |app| app.directories().is_empty())
        .await;
}

#[tokio::test]
async fn calls_need_no_access_token_where_everybody_else_does() {
    let app = TestApp::start_with(&["--require-token"]).await;
    let key = std::fs::read_to_string(app.data.join("local.key")).expect("a local key");
    let ask = |method, path: &str| app.request(method, &format!("/api/v1{path}")).bearer_auth(&key);
    let made = ask(Method::POST, "/scripts").json(&json!({ "name": "Called" }));
    let script = text(&expect(201, made.send().await.expect("an answer")).await["id"]);
    let trigger = ask(Method::PUT, &format!("/scripts/{script}/trigger")).json(&json!({}));
    let trigger = expect(200, trigger.send().await.expect("an answer")).await;
    expect(202, app.call(&text(&trigger["url_path"]), &[], "{}").await).await;
}
