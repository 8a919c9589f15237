//! Revisions: who made them, what they changed, what they are called, which runs had them, and how long they stay.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestApp, text};

async fn put(app: &TestApp, script: &str, path: &str, contents: &str) {
    let request = app.request(Method::PUT, &format!("/api/v1/scripts/{script}/files/{path}"));
    let answer = request
        .header("content-type", "application/octet-stream")
        .body(contents.to_owned())
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
}

async fn listed(app: &TestApp, script: &str) -> Vec<Value> {
    let page = app.get(&format!("/scripts/{script}/revisions")).await;
    page["items"].as_array().expect("items").clone()
}

fn numbers(revisions: &[Value]) -> Vec<i64> {
    revisions
        .iter()
        .map(|revision| revision["number"].as_i64().expect("a number"))
        .collect()
}

#[tokio::test]
async fn each_tells_who_made_it_what_it_changed_and_which_runs_had_it() {
    let app = TestApp::start().await;
    let script = app.script("Told").await;
    put(&app, &script, "main.py", "print(1)\n").await;
    let run = app.run(&script).await;
    app.finished(&run).await;
    let path = format!("/api/v1/scripts/{script}/files/helper.py");
    let host = app.host().to_owned();
    let browser = app
        .request(Method::PUT, &path)
        .header("origin", format!("http://{host}"))
        .header("content-type", "application/octet-stream");
    let answer = browser.body("x = 1\n").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);

    let revisions = listed(&app, &script).await;
    let told: Vec<_> = revisions
        .iter()
        .map(|r| {
            (
                r["number"].as_i64(),
                r["by"].as_str(),
                r["changed_count"].as_i64(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some(3), Some("editor"), Some(1)),
            (Some(2), Some("api"), Some(1)),
            (Some(1), Some("created"), Some(1))
        ]
    );
    let changed = &revisions[0]["changed"][0];
    assert_eq!(
        (&changed["path"], &changed["change"]),
        (&json!("helper.py"), &json!("added"))
    );
    assert_eq!(revisions[1]["changed"][0]["change"], "modified");
    assert_eq!(revisions[1]["runs"], json!({"count": 1, "last_run_id": run}));
    assert_eq!(revisions[0]["runs"], json!({"count": 0, "last_run_id": null}));

    let whole = app.get(&format!("/scripts/{script}/revisions/3")).await;
    assert_eq!(whole["files"].as_array().map(Vec::len), Some(2));
    assert_eq!(whole["by"], "editor");
    let since = app
        .get(&format!("/scripts/{script}/revisions/3/changes?with=1"))
        .await;
    let paths: Vec<_> = since["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| &i["path"])
        .collect();
    assert_eq!(paths, [&json!("helper.py"), &json!("main.py")]);
    let back = app
        .get(&format!("/scripts/{script}/revisions/1/changes?with=3"))
        .await;
    assert_eq!(back["items"][0]["change"], "deleted");
    let all = app
        .get(&format!("/scripts/{script}/revisions/1/changes?with=0"))
        .await;
    assert_eq!(all["items"][0]["change"], "added");
}

#[tokio::test]
async fn going_back_first_keeps_what_was_changed_outside() {
    let app = TestApp::start().await;
    let script = app.script("Outside").await;
    put(&app, &script, "main.py", "print(2)\n").await;
    let slug = text(&app.get(&format!("/scripts/{script}")).await["slug"]);
    let file = app.data.join("scripts").join(slug).join("files/main.py");
    std::fs::write(&file, "print('by hand')\n").expect("written");
    let restored = app
        .post(&format!("/scripts/{script}/revisions/1/restore"), json!({}))
        .await;
    assert_eq!(restored.status(), StatusCode::OK);
    let revisions = listed(&app, &script).await;
    let made: Vec<_> = revisions.iter().map(|r| r["by"].as_str()).collect();
    assert_eq!(
        made,
        [Some("restore"), Some("outside"), Some("api"), Some("created")]
    );
    let kept = format!("/api/v1/scripts/{script}/revisions/3/files/main.py");
    let kept = app.request(Method::GET, &kept).send().await.expect("an answer");
    assert_eq!(kept.text().await.expect("text"), "print('by hand')\n");
}

#[tokio::test]
async fn a_label_is_given_and_taken_away_and_a_bad_one_changes_nothing() {
    let app = TestApp::start().await;
    let script = app.script("Named").await;
    let one = format!("/scripts/{script}/revisions/1");
    let named = app.patch(&one, json!({"label": "  first that worked "})).await;
    assert_eq!(named["label"], "first that worked");
    for bad in [json!("two\nlines"), json!("x".repeat(81)), json!(7)] {
        let refused = app.patch_answered(422, &one, json!({"label": bad})).await;
        assert_eq!(refused["code"], "invalid_field", "{bad}");
    }
    assert_eq!(listed(&app, &script).await[0]["label"], "first that worked");
    app.patch_answered(422, &one, json!({})).await;
    assert_eq!(
        app.patch(&one, json!({"label": null})).await["label"],
        json!(null)
    );
    let none = format!("/scripts/{script}/revisions/9");
    app.patch_answered(404, &none, json!({"label": "x"})).await;
}

#[tokio::test]
async fn the_oldest_go_with_contents_that_nobody_names_but_not_what_is_needed() {
    let app = TestApp::start().await;
    let script = app.script("Many").await;
    for number in 2..=8 {
        put(&app, &script, "main.py", &format!("print({number})\n")).await;
        if number == 4 {
            let run = app.run(&script).await;
            app.finished(&run).await;
            app.patch(&format!("/runs/{run}"), json!({"kept": true})).await;
        }
    }
    app.patch(
        &format!("/scripts/{script}/revisions/2"),
        json!({"label": "keep me"}),
    )
    .await;
    let refused = app
        .patch_answered(422, "/settings", json!({"max_revisions": 100_001}))
        .await;
    assert_eq!(refused["code"], "invalid_field");
    app.patch("/settings", json!({"max_revisions": 3})).await;
    app.until("the oldest are gone", async |app| {
        numbers(&listed(app, &script).await) == [8, 7, 6, 4, 2]
    })
    .await;

    let slug = text(&app.get(&format!("/scripts/{script}")).await["slug"]);
    let revisions = app.data.join("scripts").join(slug).join("revisions");
    let count = |folder: &str| {
        std::fs::read_dir(revisions.join(folder))
            .expect("a folder")
            .count()
    };
    app.until("their contents are gone", async |_| {
        count("manifests") == 5 && count("objects") == 5
    })
    .await;
    let gone = app.request(Method::GET, &format!("/api/v1/scripts/{script}/revisions/3"));
    assert_eq!(
        gone.send().await.expect("an answer").status(),
        StatusCode::NOT_FOUND
    );
    let kept = app.request(
        Method::GET,
        &format!("/api/v1/scripts/{script}/revisions/4/files/main.py"),
    );
    assert_eq!(
        kept.send().await.expect("an answer").text().await.expect("text"),
        "print(4)\n"
    );
    put(&app, &script, "main.py", "print(9)\n").await;
    assert_eq!(numbers(&listed(&app, &script).await)[0], 9);
}
