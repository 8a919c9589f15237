//! `push`: a folder as a script, and a script brought up to what a folder is.

use std::path::Path;

use pytask_manager::engine::fake::{Script, Step};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{assert_code, err, lines, out};
use crate::harness::{TestApp, expect, text};

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, contents) in files {
        let place = folder.join(path);
        std::fs::create_dir_all(place.parent().expect("a parent")).expect("made");
        std::fs::write(place, contents).expect("written");
    }
}

async fn file(app: &TestApp, script: &str, path: &str) -> Option<String> {
    let request = app.request(Method::GET, &format!("/api/v1/scripts/{script}/files/{path}"));
    let answer = request.send().await.expect("an answer");
    match answer.status().as_u16() {
        200 => Some(answer.text().await.expect("text")),
        404 => None,
        other => panic!("{path}: {other}"),
    }
}

async fn push(app: &TestApp, folder: &Path, more: &[&str]) -> Value {
    let folder = folder.display().to_string();
    let output = app
        .cli(&[&["push", folder.as_str(), "--json"], more].concat())
        .await;
    assert_code(&output, 0);
    let mut told = lines(&output);
    assert_eq!(told.len(), 1);
    told.remove(0)
}

#[tokio::test]
async fn a_folder_becomes_a_script_and_then_only_what_differs_is_sent() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("Nightly report");
    write(
        &root,
        &[
            (
                "main.py",
                "# /// script\n# dependencies = [\"six\"]\n# ///\nprint(1)\n",
            ),
            ("lib/a b.py", "A = 1\n"),
            ("lib/__pycache__/a.pyc", "x"),
            (".git/HEAD", "x"),
        ],
    );
    let dry = push(&app, &root, &["--dry-run"]).await;
    assert_eq!(
        (&dry["created"], &dry["dry_run"], &dry["added"]),
        (&json!(true), &json!(true), &json!(["lib/a b.py", "main.py"]))
    );
    assert_eq!(app.get("/scripts").await["items"], json!([]));

    let made = push(&app, &root, &[]).await;
    let id = text(&made["script_id"]);
    let script = app.get(&format!("/scripts/{id}")).await;
    assert_eq!(script["name"], "Nightly report");
    assert_eq!(file(&app, &id, "lib/a%20b.py").await.as_deref(), Some("A = 1\n"));
    assert_eq!(file(&app, &id, ".git/HEAD").await, None);
    let dependencies = app.get(&format!("/scripts/{id}/dependencies")).await;
    assert_eq!(dependencies["requirements"], json!(["six"]));

    let same = push(&app, &root, &[]).await;
    assert_eq!((&same["created"], &same["unchanged"]), (&json!(false), &json!(2)));
    assert_eq!(same["revision"], made["revision"]);

    // What a run leaves is the script's own.
    let left = Script {
        steps: vec![Step::Leave("result.csv".to_owned(), b"1\n".to_vec())],
        ..Script::default()
    };
    let put = app.request(Method::PUT, &format!("/api/v1/scripts/{id}/dependencies"));
    expect(
        200,
        put.json(&json!({ "requirements": [] }))
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    let main = file(&app, &id, "main.py").await.expect("there");
    write(&root, &[("main.py", &main)]);
    app.fake.script(&id, left);
    let run = app.run(&id).await;
    app.finished(&run).await;

    write(&root, &[("main.py", "print(2)\n"), ("new.py", "N = 1\n")]);
    std::fs::remove_file(root.join("lib/a b.py")).expect("removed");
    let would = push(&app, &root, &["--dry-run", "--delete"]).await;
    assert_eq!(would["deleted"], json!(["lib/a b.py"]));
    assert_eq!(file(&app, &id, "main.py").await, Some(main));
    let kept = push(&app, &root, &[]).await;
    assert_eq!(
        (&kept["added"], &kept["changed"], &kept["deleted"]),
        (&json!(["new.py"]), &json!(["main.py"]), &json!([]))
    );
    assert_eq!(kept["left"], json!(["lib/a b.py", "result.csv"]));
    assert_eq!(file(&app, &id, "main.py").await.as_deref(), Some("print(2)\n"));
    let deleted = push(&app, &root, &["--delete"]).await;
    assert_eq!(
        (&deleted["deleted"], &deleted["left"]),
        (&json!(["lib/a b.py"]), &json!(["result.csv"]))
    );
    assert_eq!(file(&app, &id, "result.csv").await.as_deref(), Some("1\n"));
    let revisions = app.get(&format!("/scripts/{id}")).await["revision"].clone();
    assert_eq!(deleted["revision"], revisions);
}

#[tokio::test]
async fn people_see_a_line_per_change() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("main.py", "print(1)\n"), ("data.txt", "1")]);
    std::os::unix::fs::symlink("main.py", folder.path().join("link.py")).expect("linked");
    let place = folder.path().display().to_string();
    let made = app.cli(&["push", &place, "--name", "Shown"]).await;
    assert_code(&made, 0);
    assert_eq!(out(&made), "+ data.txt\n+ main.py\n");
    assert!(
        err(&made).contains("link.py: links are not followed"),
        "{}",
        err(&made)
    );
    write(folder.path(), &[("main.py", "print(2)\n")]);
    let changed = app.cli(&["push", &place, "--name", "shown"]).await;
    assert_eq!(out(&changed), "~ main.py\n");
    assert!(err(&changed).contains("it is at revision 2"), "{}", err(&changed));
    let same = app.cli(&["push", &place, "--name", "Shown"]).await;
    assert!(err(&same).contains("Shown is up to date"), "{}", err(&same));
}

#[tokio::test]
async fn what_is_no_script_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display().to_string();
    assert_code(&app.cli(&["push", &place]).await, 2);
    assert_code(&app.cli(&["push", "/nowhere/at/all"]).await, 74);
    write(folder.path(), &[("a.py", ""), ("b.py", "")]);
    let unclear = app.cli(&["push", &place, "--name", "Unclear"]).await;
    assert_code(&unclear, 65);
    assert!(err(&unclear).contains("main.py"), "{}", err(&unclear));
    assert_eq!(app.get("/scripts").await["items"], json!([]));
}
