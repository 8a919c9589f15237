//! Scripts, their files and revisions, their dependencies.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{TestApp, expect, text};

async fn put(
    app: &TestApp,
    script: &str,
    path: &str,
    content: &str,
    if_match: Option<&str>,
) -> reqwest::Response {
    let mut request = app.request(Method::PUT, &format!("/api/v1/scripts/{script}/files/{path}"));
    if let Some(tag) = if_match {
        request = request.header("If-Match", tag);
    }
    request.body(content.to_owned()).send().await.expect("an answer")
}

async fn read(app: &TestApp, path: &str) -> (StatusCode, String) {
    let answer = app
        .request(Method::GET, &format!("/api/v1{path}"))
        .send()
        .await
        .expect("an answer");
    (answer.status(), answer.text().await.expect("a body"))
}

#[tokio::test]
async fn a_script_begins_with_a_program_and_a_revision() {
    let app = TestApp::start().await;
    let new = json!({ "name": " Nightly report ", "tags": ["ETL", "etl"], "description": "d" });
    let script = expect(201, app.post("/scripts", new).await).await;
    assert_eq!(
        (&script["name"], &script["tags"]),
        (&json!("Nightly report"), &json!(["etl"]))
    );
    assert_eq!(
        (&script["revision"], &script["environment"]["state"]),
        (&json!(1), &json!("not_needed"))
    );
    let id = text(&script["id"]);
    let (status, program) = read(&app, &format!("/scripts/{id}/files/main.py")).await;
    assert!(status.is_success() && program.contains("print"), "{program}");
    assert_eq!(
        app.get("/scripts?q=night&tag=etl").await["items"][0]["id"],
        script["id"]
    );
    assert_eq!(app.get("/scripts?tag=other").await["items"], json!([]));
}

#[tokio::test]
async fn every_save_is_a_revision_that_can_be_restored() {
    let app = TestApp::start().await;
    let script = app.script("Edited").await;
    let first = expect(200, put(&app, &script, "main.py", "print(1)\n", None).await).await;
    assert_eq!(first["revision"], 2);
    let same = expect(200, put(&app, &script, "main.py", "print(1)\n", None).await).await;
    assert_eq!(same["revision"], 2, "saving the same changes nothing");
    expect(200, put(&app, &script, "main.py", "print(2)\n", None).await).await;
    let old = read(&app, &format!("/scripts/{script}/revisions/2/files/main.py")).await;
    assert_eq!(old.1, "print(1)\n");
    let restored = expect(
        200,
        app.post(&format!("/scripts/{script}/revisions/2/restore"), json!({}))
            .await,
    )
    .await;
    assert_eq!(restored["revision"], 4);
    assert_eq!(
        read(&app, &format!("/scripts/{script}/files/main.py")).await.1,
        "print(1)\n"
    );
    let revisions = app.get(&format!("/scripts/{script}/revisions?limit=2")).await;
    assert_eq!(
        (&revisions["items"][0]["number"], &revisions["items"][1]["number"]),
        (&json!(4), &json!(3))
    );
    assert!(revisions["next_cursor"].is_string());
}

#[tokio::test]
async fn nobodys_work_is_overwritten_silently() {
    let app = TestApp::start().await;
    let script = app.script("Shared").await;
    let mine = expect(200, put(&app, &script, "main.py", "mine\n", None).await).await;
    let tag = text(&mine["etag"]);
    expect(200, put(&app, &script, "main.py", "theirs\n", Some(&tag)).await).await;
    let refused = expect(
        412,
        put(&app, &script, "main.py", "mine again\n", Some(&tag)).await,
    )
    .await;
    assert_eq!(refused["code"], "file_changed");
    assert_eq!(
        read(&app, &format!("/scripts/{script}/files/main.py")).await.1,
        "theirs\n"
    );
}

#[tokio::test]
async fn what_changed_outside_is_recorded_by_the_run_that_executes_it() {
    let app = TestApp::start().await;
    let script = app.script("Outside").await;
    let slug = text(&app.get(&format!("/scripts/{script}")).await["slug"]);
    std::fs::write(
        app.data.join("scripts").join(slug).join("files/main.py"),
        "print('by hand')\n",
    )
    .expect("written");
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["revision"], 2);
    let revisions = app.get(&format!("/scripts/{script}/revisions")).await;
    assert_eq!(revisions["items"][0]["message"], "Changed outside PyTask-Manager");
    let kept = read(&app, &format!("/scripts/{script}/revisions/2/files/main.py")).await;
    assert_eq!(kept.1, "print('by hand')\n");
}

#[tokio::test]
async fn the_trash_gives_a_name_free_and_a_script_back() {
    let app = TestApp::start().await;
    let script = app.script("Old").await;
    let delete = || {
        app.request(Method::DELETE, &format!("/api/v1/scripts/{script}"))
            .send()
    };
    expect(204, delete().await.expect("an answer")).await;
    expect(404, delete().await.expect("an answer")).await;
    assert_eq!(app.get("/scripts").await["items"], json!([]));
    let second = app.script("old").await;
    let restore = app.post(&format!("/scripts/{script}/restore"), json!({})).await;
    assert_eq!(expect(409, restore).await["code"], "name_taken");
    let rename = app
        .request(Method::PATCH, &format!("/api/v1/scripts/{second}"))
        .json(&json!({ "name": "New" }));
    expect(200, rename.send().await.expect("an answer")).await;
    let restored = expect(
        200,
        app.post(&format!("/scripts/{script}/restore"), json!({})).await,
    )
    .await;
    assert_eq!(restored["name"], "Old");
}

#[tokio::test]
async fn a_busy_script_is_not_deleted() {
    let app = TestApp::start().await;
    app.fake
        .script_others(pytask_manager::engine::fake::Script::hangs());
    let script = app.script("Busy").await;
    let run = app.run(&script).await;
    let delete = app
        .request(Method::DELETE, &format!("/api/v1/scripts/{script}"))
        .send()
        .await
        .expect("an answer");
    let refused = expect(409, delete).await;
    assert_eq!(
        (&refused["code"], &refused["details"]["runs"]),
        (&json!("script_busy"), &json!([run]))
    );
}

#[tokio::test]
async fn a_failed_build_ends_the_run_that_waits_for_it() {
    let app = TestApp::start().await;
    let script = app.script("Needs").await;
    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{script}/dependencies"));
    let put = put.json(&json!({ "requirements": ["requests>=2", "# a comment", ""] }));
    let dependencies = expect(200, put.send().await.expect("an answer")).await;
    assert_eq!(dependencies["requirements"], json!(["requests>=2"]));
    assert_eq!(dependencies["environment"]["state"], "missing");

    let steps = vec![pytask_manager::engine::fake::Step::Write(
        pytask_protocol::frame::Stream::Stderr,
        b"error: no such package\n".to_vec(),
    )];
    let behaviour = pytask_manager::engine::fake::Script {
        steps,
        ..pytask_manager::engine::fake::Script::prints(&[], 1)
    };
    let behaviour = pytask_manager::engine::fake::Script {
        end: pytask_manager::engine::fake::End::code(1),
        ..behaviour
    };
    app.fake.script("build", behaviour);
    let run = app.finished(&app.run(&script).await).await;
    assert_eq!(run["outcome"]["kind"], "environment_failed", "{run:#}");
    let message = text(&run["outcome"]["message"]);
    assert!(message.contains("no such package"), "{message}");
    let build = app.get(&format!("/runs/{}", text(&run["build_run_id"]))).await;
    assert_eq!(
        (&build["kind"], &build["outcome"]["kind"]),
        (&json!("build"), &json!("failed"))
    );
    let environment = &app.get(&format!("/scripts/{script}")).await["environment"];
    assert_eq!(environment["state"], "failed");
    assert_eq!(environment["message"], "error: no such package");
}
