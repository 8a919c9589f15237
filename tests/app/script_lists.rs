//! Many scripts at a time: lists, tags, bulk changes, search in their files, the trash.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

async fn delete(app: &TestApp, path: &str) -> reqwest::Response {
    app.request(Method::DELETE, &format!("/api/v1{path}"))
        .send()
        .await
        .expect("an answer")
}

async fn save(app: &TestApp, script: &str, path: &str, content: &str) {
    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{script}/files/{path}"));
    let put = put.body(content.to_owned());
    expect(200, put.send().await.expect("an answer")).await;
}

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|item| text(&item["name"])).collect()
}

async fn schedule(app: &TestApp, script: &str, expression: &str) -> String {
    let when = json!({ "kind": "cron", "expression": expression, "zone": "UTC" });
    let created = app
        .post(&format!("/scripts/{script}/schedules"), json!({ "when": when }))
        .await;
    text(&expect(201, created).await["id"])
}

#[tokio::test]
async fn lists_are_filtered_and_ordered() {
    let app = TestApp::start().await;
    let (a, b, c) = (
        app.script("a").await,
        app.script("b").await,
        app.script("c").await,
    );
    app.fake
        .script(&b, pytask_manager::engine::fake::Script::prints(&[], 3));
    app.finished(&app.run(&a).await).await;
    app.finished(&app.run(&b).await).await;
    let yearly = schedule(&app, &c, "0 0 1 1 *").await;
    let hourly = schedule(&app, &a, "0 * * * *").await;
    app.patch(&format!("/scripts/{b}"), json!({ "paused": true }))
        .await;

    let list = app.get("/scripts").await;
    assert_eq!(names(&list), ["a", "b", "c"]);
    let first = &list["items"][0];
    assert_eq!(
        (&first["next_fire"]["schedule_id"], &first["schedules"]),
        (&json!(hourly), &json!(1))
    );
    assert_eq!(first["recent_outcomes"][0]["kind"], "succeeded");
    assert_eq!(list["items"][2]["next_fire"]["schedule_id"], json!(yearly));
    for (query, expected) in [
        ("outcome=failed", &["b"][..]),
        ("outcome=succeeded,none", &["a", "c"]),
        ("outcome=none", &["c"]),
        ("scheduled=true", &["a", "c"]),
        ("scheduled=false", &["b"]),
        ("paused=true", &["b"]),
        ("paused=false&scheduled=true&outcome=none", &["c"]),
        ("environment=not_needed", &["a", "b", "c"]),
        ("environment=missing,failed", &[]),
        ("sort=last_run", &["b", "a", "c"]),
        ("sort=next_fire", &["a", "c", "b"]),
        ("sort=updated", &["b", "c", "a"]),
        ("trashed=true", &[]),
    ] {
        assert_eq!(
            names(&app.get(&format!("/scripts?{query}")).await),
            expected,
            "{query}"
        );
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = app.get(&format!("/scripts?{query}&limit=1{cursor}")).await;
            paged.extend(names(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, expected, "{query}, page by page");
    }
    let page = app.get("/scripts?sort=last_run&limit=1").await;
    let cursor = text(&page["next_cursor"]);
    for bad in [
        "outcome=good".to_owned(),
        "environment=x".to_owned(),
        "sort=size".to_owned(),
        format!("sort=updated&cursor={cursor}"),
        "cursor=bm90aGluZw".to_owned(),
    ] {
        let answer = app.request(Method::GET, &format!("/api/v1/scripts?{bad}"));
        expect(400, answer.send().await.expect("an answer")).await;
    }
    app.patch("/settings", json!({ "schedules_paused": true })).await;
    assert_eq!(app.get(&format!("/scripts/{a}")).await["next_fire"], Value::Null);
}

#[tokio::test]
async fn tags_have_colours_and_are_renamed_everywhere() {
    let app = TestApp::start().await;
    for (name, tags) in [
        ("a", json!(["etl", "home"])),
        ("b", json!(["etl"])),
        ("c", json!([])),
    ] {
        let new = json!({ "name": name, "tags": tags });
        expect(201, app.post("/scripts", new).await).await;
    }
    let tags = app.get("/tags").await;
    assert_eq!(names(&tags), ["etl", "home"]);
    assert_eq!(tags["items"][0]["scripts"], 2);
    let given = text(&tags["items"][0]["colour"]);
    assert!(!given.is_empty() && given != "grey");

    let pink = app.patch("/tags/etl", json!({ "colour": "pink" })).await;
    assert_eq!((&pink["name"], &pink["colour"]), (&json!("etl"), &json!("pink")));
    let merged = app.patch("/tags/etl", json!({ "name": "HOME" })).await;
    assert_eq!(
        (&merged["name"], &merged["scripts"], &merged["colour"]),
        (&json!("home"), &json!(2), &json!("pink"))
    );
    assert_eq!(names(&app.get("/scripts?tag=home").await), ["a", "b"]);
    app.patch_answered(404, "/tags/etl", json!({ "colour": "red" }))
        .await;
    app.patch_answered(422, "/tags/home", json!({ "name": "a,b" }))
        .await;
    app.patch_answered(422, "/tags/home", json!({ "colour": "black" }))
        .await;
    expect(204, delete(&app, "/tags/home").await).await;
    expect(404, delete(&app, "/tags/home").await).await;
    assert_eq!(app.get("/tags").await["items"], json!([]));
}

#[tokio::test]
async fn many_are_changed_at_once_each_for_itself() {
    let app = TestApp::start().await;
    app.fake
        .script_others(pytask_manager::engine::fake::Script::hangs());
    let (a, b) = (app.script("a").await, app.script("b").await);
    let unknown = "0".repeat(32);
    let bulk = async |action: Value| {
        let request = json!({ "ids": [a, b, unknown, a], "action": action });
        expect(200, app.post("/scripts/bulk", request).await).await
    };
    let tagged = bulk(json!({ "kind": "tag", "tags": ["X", "y"] })).await;
    assert_eq!(tagged["done"], json!([a, b]));
    assert_eq!(
        (&tagged["failed"][0]["id"], &tagged["failed"][0]["code"]),
        (&json!(unknown), &json!("not_found"))
    );
    bulk(json!({ "kind": "untag", "tags": ["y"] })).await;
    assert_eq!(app.get(&format!("/scripts/{a}")).await["tags"], json!(["x"]));
    bulk(json!({ "kind": "pause" })).await;
    assert_eq!(
        app.get("/scripts?paused=true").await["items"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    bulk(json!({ "kind": "resume" })).await;
    let run = app.run(&a).await;
    let deleted = bulk(json!({ "kind": "delete" })).await;
    assert_eq!(deleted["done"], json!([b]));
    assert_eq!(deleted["failed"][0]["code"], "script_busy");
    assert_eq!(names(&app.get("/scripts?trashed=true").await), ["b"]);
    assert_eq!(bulk(json!({ "kind": "restore" })).await["done"], json!([a, b]));
    expect(200, app.post(&format!("/runs/{run}/cancel"), json!({})).await).await;
    app.finished(&run).await;
    assert_eq!(bulk(json!({ "kind": "run" })).await["done"], json!([a, b]));
    for bad in [json!({ "kind": "tag" }), json!({ "kind": "explode" })] {
        let request = json!({ "ids": [a], "action": bad });
        expect(422, app.post("/scripts/bulk", request).await).await;
    }
    let many: Vec<String> = (0..501).map(|n| format!("{n:032}")).collect();
    let request = json!({ "ids": many, "action": { "kind": "pause" } });
    expect(422, app.post("/scripts/bulk", request).await).await;
}

#[tokio::test]
async fn text_is_found_in_the_scripts_own_files() {
    let app = TestApp::start().await;
    let (a, b) = (app.script("a").await, app.script("b").await);
    save(&app, &a, "main.py", "import needle\nx = 1\n# Needle, needle\n").await;
    save(&app, &a, "lib/more.py", "needle()\nneedle()\n").await;
    save(&app, &b, "data.bin", "needle\0").await;
    let slug = text(&app.get(&format!("/scripts/{b}")).await["slug"]);
    let folder = app.data.join("scripts").join(&slug).join("files");
    std::fs::write(app.data.join("secret"), "needle").expect("written");
    std::os::unix::fs::symlink(app.data.join("secret"), folder.join("link.txt")).expect("linked");

    let found = app.get("/scripts/search?q=needle").await;
    assert_eq!(found["truncated"], false);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    let item = &found["items"][0];
    assert_eq!((&item["script_id"], &item["matches"]), (&json!(a), &json!(4)));
    assert_eq!(item["lines"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        item["lines"][1],
        json!({ "path": "main.py", "line": 3, "text": "# Needle, needle", "ranges": [[2, 8], [10, 16]] })
    );
    let exact = app
        .get("/scripts/search?q=%5E%23%20N&regex=true&ignore_case=false")
        .await;
    assert_eq!(exact["items"][0]["matches"], 1);
    assert_eq!(app.get("/scripts/search?q=nowhere").await["items"], json!([]));
    let bad = app.request(Method::GET, "/api/v1/scripts/search?q=(&regex=true");
    expect(400, bad.send().await.expect("an answer")).await;
    save(&app, &a, "main.py", "x = 1\n").await;
    assert_eq!(
        app.get("/scripts/search?q=needle").await["items"][0]["matches"],
        2
    );
}

#[tokio::test]
async fn what_is_removed_for_good_is_gone() {
    let mut app = TestApp::start().await;
    let script = app.script("Old").await;
    let path = format!("/scripts/{script}");
    let slug = text(&app.get(&path).await["slug"]);
    let folder = app.data.join("scripts").join(&slug);
    schedule(&app, &script, "0 0 1 1 *").await;
    let run = app.run(&script).await;
    app.finished(&run).await;
    app.patch(&format!("/runs/{run}"), json!({ "kept": true })).await;

    let refused = expect(409, delete(&app, &format!("{path}?forever=true")).await).await;
    assert_eq!(refused["code"], "not_in_trash");
    expect(204, delete(&app, &path).await).await;
    let trash = app.get("/scripts?trashed=true").await;
    assert_eq!(trash["items"][0]["id"], json!(script));
    assert!(trash["items"][0]["deleted_at"].is_string());
    assert!(folder.exists());
    expect(204, delete(&app, &format!("{path}?forever=true")).await).await;
    assert!(!folder.exists());
    assert_eq!(app.get("/scripts?trashed=true").await["items"], json!([]));
    assert_eq!(app.get("/runs").await["items"], json!([]));
    for gone in [path.clone(), format!("/runs/{run}")] {
        let answer = app.request(Method::GET, &format!("/api/v1{gone}"));
        expect(404, answer.send().await.expect("an answer")).await;
    }
    expect(404, delete(&app, &format!("{path}?forever=true")).await).await;
    app.restart().await;
    assert_eq!(app.get("/scripts").await["items"], json!([]));
}

/// Prints how long it takes; the bound itself is for a release build on a machine of its own.
#[tokio::test]
async fn five_hundred_scripts_are_listed_with_few_statements() {
    let app = TestApp::start().await;
    let database = app.data.join("db/pytask.sqlite");
    let first = app.script("first").await;
    app.finished(&app.run(&first).await).await;
    schedule(&app, &first, "0 6 * * *").await;
    tokio::task::spawn_blocking(move || {
        let db = rusqlite::Connection::open(database).expect("opens");
        db.busy_timeout(std::time::Duration::from_secs(10))
            .expect("waits");
        for table in ["scripts", "runs", "schedules"] {
            fill(&db, table);
        }
    })
    .await
    .expect("filled");
    let mut best = std::time::Duration::MAX;
    for query in [
        "limit=500",
        "limit=500&sort=next_fire",
        "limit=500&environment=not_needed",
    ] {
        for _ in 0..3 {
            let begun = Instant::now();
            let list = app.get(&format!("/scripts?{query}")).await;
            let took = begun.elapsed();
            best = best.min(took);
            let items = list["items"].as_array().expect("a list");
            assert_eq!(items.len(), 500, "{query}");
            assert!(list["next_cursor"].is_string());
            let full = items.iter().filter(|item| {
                item["recent_outcomes"].as_array().map(Vec::len) == Some(20) && item["next_fire"].is_object()
            });
            assert!(full.count() >= 499, "{query}");
            println!("500 scripts of 20 runs, {query}: {took:?}");
        }
    }
    assert!(best < std::time::Duration::from_secs(2), "{best:?}");
}

/// Copies of what is there: 500 scripts, each with a schedule and 20 runs.
fn fill(db: &rusqlite::Connection, table: &str) {
    let columns: Vec<String> = db
        .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
        .expect("columns")
        .query_map([], |row| row.get(0))
        .expect("columns")
        .collect::<Result<_, _>>()
        .expect("columns");
    let id_of = |what: &str| format!("printf('{what}%031d', n)");
    let value = |column: &String| match (table, column.as_str()) {
        ("scripts", "id") => id_of("a"),
        ("scripts", "name" | "slug") => "printf('script %04d', n)".to_owned(),
        ("runs", "id") => "printf('b%027d%04d', n, m)".to_owned(),
        ("schedules", "id") => id_of("c"),
        ("runs" | "schedules", "script_id") => id_of("a"),
        ("runs", "number") => "NULL".to_owned(),
        (_, other) => format!("t.{other}"),
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let runs = if table == "runs" { 20 } else { 1 };
    let sql = format!(
        "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 500), \
         r (m) AS (SELECT 1 UNION ALL SELECT m + 1 FROM r WHERE m < {runs}), \
         t AS (SELECT * FROM {table} LIMIT 1) \
         INSERT INTO {table} ({}) SELECT {} FROM s, r, t",
        columns.join(", "),
        values.join(", ")
    );
    db.execute(&sql, []).unwrap_or_else(|e| panic!("{sql}: {e}"));
}
