//! What watches an instance: the doctor, the metrics, the two questions of orchestrators, the journal of the settings.

use pytask_manager::metrics::catalog::CATALOG;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

const EXAMINED: [&str; 2] = ["--examine-at-start", "true"];

async fn examined(app: &TestApp) -> Value {
    app.until("examined", async |app| {
        let seen = app.get("/doctor").await;
        seen["running"].is_null() && !seen["ran_at"].is_null()
    })
    .await;
    app.get("/doctor").await
}

fn check<'a>(report: &'a Value, id: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().find(|check| check["id"] == id).expect(id)
}

#[tokio::test]
async fn a_start_is_followed_by_an_examination_and_others_are_asked_for() {
    let app = TestApp::start_with(&EXAMINED).await;
    let first = examined(&app).await;
    for (id, state) in [
        ("engine", "ok"),
        ("mounts", "ok"),
        ("limits", "ok"),
        ("cgroups", "warning"),
        ("network", "ok"),
        // The fake engine executes nothing, so nobody asks.
        ("index", "unknown"),
        ("disk", "ok"),
        ("database", "ok"),
        ("secrets_key", "ok"),
        ("reach", "ok"),
    ] {
        assert_eq!(check(&first, id)["state"], state, "{:#}", check(&first, id));
    }
    let system = app.get("/system").await;
    assert_eq!(system["doctor"]["ran_at"], first["ran_at"]);

    app.fake.set_away(true);
    app.until("away", async |app| {
        app.get("/system").await["engine"]["state"] == "away"
    })
    .await;
    let begun = expect(202, app.post("/doctor", json!({})).await).await;
    assert!(
        begun["running"]["of"].as_u64().is_some_and(|of| of > 0),
        "{begun:#}"
    );
    app.until("examined anew", async |app| {
        let seen = app.get("/doctor").await;
        seen["running"].is_null() && seen["ran_at"] != first["ran_at"]
    })
    .await;
    let second = app.get("/doctor").await;
    assert_eq!(check(&second, "engine")["state"], "problem");
    assert!(check(&second, "engine")["mend"]["command"].is_string());
    let system = app.get("/system").await;
    assert!(
        !system["doctor"]["problems"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
    app.fake.set_away(false);
}

#[tokio::test]
async fn metrics_tell_what_happened() {
    let app = TestApp::start_with(&EXAMINED).await;
    examined(&app).await;
    let script = app.script("Counted").await;
    let run = app.run(&script).await;
    app.finished(&run).await;
    let answer = app
        .request(Method::GET, "/metrics")
        .send()
        .await
        .expect("an answer");
    let kind = answer.headers()["content-type"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let told = answer.text().await.expect("a body");
    for metric in CATALOG {
        let line = format!("# TYPE {} {}", metric.name, metric.kind.word());
        assert!(told.lines().any(|told| told == line), "{line}");
    }
    let value = |series: &str| -> f64 {
        let line = told
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{series} ")));
        line.unwrap_or_else(|| panic!("{series}"))
            .parse()
            .expect("a number")
    };
    assert_eq!(
        value(r#"pytask_runs_finished_total{kind="script",trigger="api",outcome="succeeded"}"#),
        1.0
    );
    assert_eq!(value(r#"pytask_run_duration_seconds_count{kind="script"}"#), 1.0);
    assert_eq!(value("pytask_runs_active"), 0.0);
    assert_eq!(value("pytask_engine_ready"), 1.0);
    assert!(value(r#"pytask_engine_call_seconds_count{call="launch"}"#) >= 1.0);
    assert!(value("pytask_database_commit_seconds_count") > 3.0);
    assert!(value(r#"pytask_database_bytes{file="main"}"#) > 0.0);
    assert!(value(r#"pytask_doctor_checks{state="ok"}"#) > 3.0);
    assert!(!told.contains("Counted"), "no name that somebody has given");
}

#[tokio::test]
async fn alive_and_ready_are_different_questions() {
    let app = TestApp::start().await;
    let ask = async |path: &str| {
        let answer = app.request(Method::GET, path).send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.expect("JSON"),
        )
    };
    app.until("ready", async |_| ask("/readyz").await.0 == 200).await;
    assert_eq!(
        ask("/readyz").await.1,
        json!({ "status": "ready", "database": "ok", "engine": "ok" })
    );
    app.fake.set_away(true);
    app.until("away", async |_| ask("/readyz").await.0 == 503).await;
    let (_, away) = ask("/readyz").await;
    assert_eq!(away["code"], "engine_away");
    assert_eq!(away["details"]["database"], "ok");
    assert_eq!(ask("/healthz").await, (200, json!({ "status": "ok" })));
    app.fake.set_away(false);
}

#[tokio::test]
async fn changes_of_settings_are_kept_without_secrets() {
    let app = TestApp::start().await;
    app.patch("/settings", json!({ "max_runs": 8 })).await;
    app.patch("/settings", json!({ "max_runs": 8 })).await;
    let view = app
        .patch(
            "/settings",
            json!({ "max_runs": 4, "default_timezone": "europe/berlin",
                    "packages": { "extra_index_urls": ["https://index.example/simple"] },
                    "index_credentials": { "https://index.example/simple":
                        { "username": "ann", "password": "hunter2-hunter2" } } }),
        )
        .await;
    assert_eq!(view["in_force"]["default_timezone"], "Europe/Berlin");
    // What is refused changes nothing, and is not told.
    app.patch_answered(422, "/settings", json!({ "max_runs": 2, "min_free_bytes": 1 }))
        .await;
    app.patch_answered(422, "/settings", json!({ "default_timezone": "Mars/Olympus" }))
        .await;
    let told = app.get("/settings/changes").await;
    let rows: Vec<(String, Value, Value)> = told["items"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (text(&row["field"]), row["from"].clone(), row["to"].clone()))
        .collect();
    let row = |field: &str, from: Value, to: Value| (field.to_owned(), from, to);
    assert_eq!(
        rows,
        [
            row(
                "index_credentials.https://index.example/simple",
                Value::Null,
                json!("ann, with a new password")
            ),
            row(
                "packages.extra_index_urls",
                json!([]),
                json!(["https://index.example/simple"])
            ),
            row("max_runs", json!(8), json!(4)),
            row("default_timezone", Value::Null, json!("Europe/Berlin")),
            row("max_runs", Value::Null, json!(8)),
        ]
    );
    assert!(!told.to_string().contains("hunter2"));
    let page = app.get("/settings/changes?limit=2").await;
    let next = text(&page["next_cursor"]);
    let rest = app.get(&format!("/settings/changes?cursor={next}")).await;
    assert_eq!(rest["items"].as_array().expect("rows").len(), 3);
    let latest = app.get("/settings").await["changes"].clone();
    let of_runs: Vec<&Value> = latest
        .as_array()
        .expect("changes")
        .iter()
        .filter(|change| change["field"] == "max_runs")
        .collect();
    assert_eq!(of_runs.len(), 1);
    assert_eq!(of_runs[0]["to"], 4);
}
