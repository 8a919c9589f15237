//! Looking back: filters over HTTP, totals, what is kept, saved filters, comparing runs.

use pytask_manager::engine::fake::{End, Script, Step};
use pytask_protocol::frame::Stream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

fn fails_with(stderr: &str) -> Script {
    Script {
        steps: vec![Step::Write(Stream::Stderr, stderr.as_bytes().to_vec())],
        end: End::code(1),
        ..Script::default()
    }
}

/// Two scripts, one of them tagged; a success and a failure of each, oldest first.
async fn some_history(app: &TestApp) -> ([String; 2], [String; 4]) {
    let (tagged, plain) = (app.script("Nightly").await, app.script("Import").await);
    app.patch(&format!("/scripts/{tagged}"), json!({ "tags": ["ETL"] }))
        .await;
    let mut runs = Vec::new();
    for script in [&tagged, &plain] {
        app.fake.script(script, Script::prints(&["fine"], 0));
        runs.push(app.run(script).await);
        app.finished(runs.last().expect("a run")).await;
        app.fake
            .script(script, fails_with("Traceback of a kind\nKeyError: 'total'\n"));
        runs.push(app.run(script).await);
        app.finished(runs.last().expect("a run")).await;
    }
    ([tagged, plain], runs.try_into().expect("four runs"))
}

async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.get(&format!("/runs?{query}")).await;
    let items = page["items"].as_array().expect("items");
    items.iter().map(|run| text(&run["id"])).collect()
}

#[tokio::test]
async fn runs_are_found_by_any_combination() {
    let app = TestApp::start().await;
    let ([tagged, plain], [a, b, c, d]) = some_history(&app).await;
    let queued = text(&app.get(&format!("/runs/{c}")).await["queued_at"]);
    let table: [(String, &[&String]); 13] = [
        (String::new(), &[&d, &c, &b, &a]),
        ("tag=etl".to_owned(), &[&b, &a]),
        ("tag=none".to_owned(), &[]),
        ("outcome=failed".to_owned(), &[&d, &b]),
        ("outcome=failed,succeeded&tag=ETL".to_owned(), &[&b, &a]),
        (format!("script={plain}&outcome=succeeded"), &[&c]),
        (
            "trigger=api&kind=script&state=finished".to_owned(),
            &[&d, &c, &b, &a],
        ),
        ("trigger=schedule".to_owned(), &[]),
        (format!("from={queued}"), &[&d, &c]),
        (format!("to={queued}&outcome=failed"), &[&b]),
        ("error=keyerror".to_owned(), &[&d, &b]),
        (format!("error=of%20a%20kind&script={tagged}"), &[&b]),
        ("longer_than=3600".to_owned(), &[]),
    ];
    for (query, expected) in table {
        assert_eq!(
            found(&app, &query).await,
            expected.iter().map(|id| (*id).clone()).collect::<Vec<_>>(),
            "{query}"
        );
    }
    let first = app.get("/runs?outcome=failed&limit=1").await;
    let cursor = text(&first["next_cursor"]);
    assert_eq!(
        found(&app, &format!("outcome=failed&limit=1&cursor={cursor}")).await,
        [b]
    );
    let known = "schedule=0190000000007000800000000000000a";
    assert!(found(&app, known).await.is_empty());
    assert!(found(&app, "schedule=nonsense").await.is_empty());
}

#[tokio::test]
async fn what_is_no_filter_is_refused() {
    let app = TestApp::start().await;
    for query in [
        "outcome=broken",
        "outcome=failed,broken",
        "trigger=magic",
        "from=yesterday",
        "longer_than=-1",
        "longer_than=NaN",
        "shorter_than=much",
        "error=ab",
        "error=a%00bc",
        "kept=perhaps",
        "colour=blue",
    ] {
        let answer = app
            .request(Method::GET, &format!("/api/v1/runs?{query}"))
            .send()
            .await;
        let refused = expect(400, answer.expect("an answer")).await;
        assert_eq!(refused["code"], "invalid_query", "{query}");
    }
    for query in [
        "error=%22%22%22",
        "error=a%22b%22c%20OR%20d",
        "error=***",
        "q=%25",
    ] {
        assert!(found(&app, query).await.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn runs_are_counted_and_kept_ones_found() {
    let app = TestApp::start().await;
    let ([tagged, _], [a, ..]) = some_history(&app).await;
    let totals = app.get("/runs/totals").await;
    assert_eq!(totals["total"], 4);
    assert_eq!(totals["by_outcome"], json!({ "failed": 2, "succeeded": 2 }));
    assert!(totals["log_bytes"].as_u64().expect("a number") > 0);
    let run = app.patch(&format!("/runs/{a}"), json!({ "kept": true })).await;
    assert_eq!((&run["id"], &run["kept"]), (&json!(a), &json!(true)));
    assert_eq!(found(&app, "kept=true").await, std::slice::from_ref(&a));
    let of_script = app.get(&format!("/runs/totals?script={tagged}")).await;
    assert_eq!((&of_script["total"], &of_script["kept"]), (&json!(2), &json!(1)));
    app.patch(&format!("/runs/{a}"), json!({ "kept": false })).await;
    assert!(found(&app, "kept=true").await.is_empty());
    let nobody = app
        .patch_answered(404, "/runs/0190", json!({ "kept": true }))
        .await;
    assert_eq!(nobody["code"], "not_found");
    app.patch_answered(422, &format!("/runs/{a}"), json!({ "kept": "yes" }))
        .await;
    let dashboard: Value = app.get("/dashboard").await;
    assert_eq!(
        (&dashboard["finished_7d"], &dashboard["succeeded_7d"]),
        (&json!(4), &json!(2))
    );
}

#[tokio::test]
async fn a_run_is_held_against_another_one() {
    let app = TestApp::start().await;
    let ([tagged, plain], [a, b, c, d]) = some_history(&app).await;
    let with = |run: &str, other: &str| format!("/runs/{run}/changes?with={other}");
    let told = app.get(&with(&b, &a)).await;
    assert_eq!(
        (&told["since"]["run_id"], &told["changes"]),
        (&json!(a), &json!([]))
    );
    app.fake.script(&tagged, Script::prints(&["fine"], 0));
    let other = app.submit(&tagged, json!({ "args": ["--all"] })).await;
    let other = text(&other["id"]);
    app.finished(&other).await;
    let told = app.get(&with(&other, &b)).await;
    assert_eq!(told["since"]["run_id"], b, "a failure, too");
    assert_eq!(told["changes"][0]["what"], "arguments");
    for refused in [with(&a, &c), with(&d, &a), with(&a, &a)] {
        let answer = app
            .request(Method::GET, &format!("/api/v1{refused}"))
            .send()
            .await;
        let body = expect(400, answer.expect("an answer")).await;
        assert_eq!(body["code"], "invalid_query", "{refused}: {plain}");
    }
    let nobody = app.request(Method::GET, &format!("/api/v1{}", with(&a, "0190")));
    expect(404, nobody.send().await.expect("an answer")).await;
}

#[tokio::test]
async fn filters_are_saved_under_names() {
    let app = TestApp::start().await;
    let query =
        json!({ "outcome": "failed,lost", "last": "7d", "longer_than": 1.5, "kept": true, "error": "a b&c" });
    let saved = app
        .post("/saved-filters", json!({ "name": " Broken ", "query": query }))
        .await;
    let saved = expect(201, saved).await;
    assert_eq!((&saved["name"], &saved["query"]), (&json!("Broken"), &query));
    let id = text(&saved["id"]);
    let taken = app
        .post("/saved-filters", json!({ "name": "broken", "query": {} }))
        .await;
    assert_eq!(expect(409, taken).await["code"], "taken");
    for (query, field) in [
        (json!({ "colour": "blue" }), "query"),
        (json!({ "outcome": "broken" }), "query"),
        (json!({ "limit": 5 }), "query"),
        (json!({ "last": "1y" }), "query"),
        (json!({ "last": "7d", "from": "2026-01-01T00:00:00Z" }), "query"),
        (json!({ "script": ["a"] }), "query"),
    ] {
        let refused = app
            .post("/saved-filters", json!({ "name": "Other", "query": query }))
            .await;
        let refused = expect(422, refused).await;
        assert_eq!(refused["details"]["field"], field, "{query}");
    }
    let nameless = app
        .post("/saved-filters", json!({ "name": " ", "query": {} }))
        .await;
    assert_eq!(expect(422, nameless).await["details"]["field"], "name");
    let path = format!("/saved-filters/{id}");
    let changed = app.patch(&path, json!({ "query": { "state": "running" } })).await;
    assert_eq!(
        (&changed["name"], &changed["query"]),
        (&json!("Broken"), &json!({ "state": "running" }))
    );
    assert_eq!(app.get("/saved-filters").await["items"], json!([changed]));
    let delete = async || {
        let request = app.request(Method::DELETE, &format!("/api/v1{path}"));
        request.send().await.expect("an answer")
    };
    expect(204, delete().await).await;
    expect(404, delete().await).await;
    app.patch_answered(404, &path, json!({ "name": "x" })).await;
    for n in 0..100 {
        let body = json!({ "name": format!("Filter {n}"), "query": {} });
        expect(201, app.post("/saved-filters", body).await).await;
    }
    let body = json!({ "name": "One more", "query": {} });
    assert_eq!(
        expect(409, app.post("/saved-filters", body).await).await["code"],
        "too_many_filters"
    );
}
