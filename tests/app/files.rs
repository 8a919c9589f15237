//! A script's folder: files of any size, ranges, folders, what is in revisions, what somebody else changes.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::{TestApp, expect, text};

const MIB: usize = 1024 * 1024;

fn at(app: &TestApp, method: Method, script: &str, path: &str) -> RequestBuilder {
    app.request(method, &format!("/api/v1/scripts/{script}/files/{path}"))
}

fn put(app: &TestApp, script: &str, path: &str, contents: Vec<u8>) -> RequestBuilder {
    at(app, Method::PUT, script, path)
        .header("content-type", "application/octet-stream")
        .body(contents)
}

async fn folder(app: &TestApp, script: &str) -> std::path::PathBuf {
    let slug = text(&app.get(&format!("/scripts/{script}")).await["slug"]);
    app.data.join("scripts").join(slug).join("files")
}

async fn entry(app: &TestApp, script: &str, path: &str) -> Option<Value> {
    let list = app.get(&format!("/scripts/{script}/files")).await;
    let items = list["items"].as_array().expect("items");
    items.iter().find(|item| item["path"] == path).cloned()
}

#[tokio::test]
async fn a_large_file_is_kept_beside_revisions_and_read_in_parts() {
    let app = TestApp::start().await;
    let script = app.script("Large").await;
    let large: Vec<u8> = (0..17 * MIB).map(|n| (n % 251) as u8).collect();
    let saved = put(&app, &script, "data/large.bin", large.clone())
        .send()
        .await
        .expect("an answer");
    let saved = expect(200, saved).await;
    assert_eq!((&saved["revision"], &saved["etag"]), (&json!(1), &json!(null)));
    let listed = entry(&app, &script, "data/large.bin").await.expect("it is there");
    assert_eq!(
        (&listed["tracked"], &listed["size"]),
        (&json!(false), &json!(large.len()))
    );
    assert_eq!(
        entry(&app, &script, "main.py").await.expect("is there")["tracked"],
        true
    );

    let whole = at(&app, Method::GET, &script, "data/large.bin")
        .send()
        .await
        .expect("an answer");
    assert_eq!(whole.bytes().await.expect("bytes"), large);
    let part = at(&app, Method::GET, &script, "data/large.bin").header("range", "bytes=16777216-16777225");
    let part = part.send().await.expect("an answer");
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        part.headers()["content-range"],
        format!("bytes 16777216-16777225/{}", large.len())
    );
    assert_eq!(part.bytes().await.expect("bytes"), large[16 * MIB..16 * MIB + 10]);
    let beyond = at(&app, Method::GET, &script, "main.py").header("range", "bytes=9999-");
    assert_eq!(
        beyond.send().await.expect("an answer").status(),
        StatusCode::RANGE_NOT_SATISFIABLE
    );

    // It takes the place of a file that revisions know, if nobody changed that meanwhile.
    let refused = put(&app, &script, "main.py", large.clone()).header("if-none-match", "*");
    assert_eq!(
        expect(412, refused.send().await.expect("an answer")).await["code"],
        "file_changed"
    );
    let replaced = put(&app, &script, "main.py", large)
        .send()
        .await
        .expect("an answer");
    assert_eq!(expect(200, replaced).await["revision"], 2);
    let changed = app.get(&format!("/scripts/{script}/revisions/2/changes")).await;
    assert_eq!(changed["items"][0]["change"], "deleted");
}

#[tokio::test]
async fn what_is_beyond_the_scripts_limit_is_refused_and_leaves_nothing() {
    let app = TestApp::start().await;
    let script = app.script("Full").await;
    app.patch(
        &format!("/scripts/{script}"),
        json!({"limits": {"disk_bytes": 20 * MIB}}),
    )
    .await;
    let refused = put(&app, &script, "data.bin", vec![1; 24 * MIB])
        .send()
        .await
        .expect("an answer");
    let refused = expect(413, refused).await;
    assert_eq!(refused["code"], "file_too_large");
    assert!(
        text(&refused["message"]).contains("limit on its folder"),
        "{refused}"
    );
    assert_eq!(entry(&app, &script, "data.bin").await, None);
    let staged = || {
        std::fs::read_dir(app.data.join("staging"))
            .expect("a folder")
            .count()
    };
    app.until("nothing of it is left", async |_| staged() == 0).await;
    let fits = put(&app, &script, "data.bin", vec![1; 17 * MIB])
        .send()
        .await
        .expect("an answer");
    expect(200, fits).await;
    let none = put(&app, "nobody", "data.bin", vec![1; 17 * MIB])
        .send()
        .await
        .expect("an answer");
    expect(404, none).await;
}

#[tokio::test]
async fn folders_are_made_shown_moved_and_taken_away_with_all_that_is_in_them() {
    let app = TestApp::start().await;
    let script = app.script("Folders").await;
    let folders = format!("/scripts/{script}/folders");
    assert_eq!(
        app.post(&folders, json!({"path": "a/b"})).await.status(),
        StatusCode::CREATED
    );
    for (path, status) in [("a/b", 409), ("main.py", 409), ("../x", 422), ("main.py/x", 409)] {
        let answer = app.post(&folders, json!({"path": path})).await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
    assert_eq!(
        entry(&app, &script, "a/b").await.expect("it is there")["kind"],
        "directory"
    );
    expect(
        200,
        put(&app, &script, "a/b/c.txt", b"kept".to_vec())
            .send()
            .await
            .expect("an answer"),
    )
    .await;
    let moved = json!({"from": "a/b", "to": "z"});
    expect(
        200,
        app.post(&format!("/scripts/{script}/rename-file"), moved).await,
    )
    .await;

    let refused = at(&app, Method::DELETE, &script, "z")
        .send()
        .await
        .expect("an answer");
    assert_eq!(expect(409, refused).await["code"], "folder_not_empty");
    let gone = at(&app, Method::DELETE, &script, "z?recursive=true")
        .send()
        .await
        .expect("an answer");
    let gone = expect(200, gone).await;
    assert_eq!(entry(&app, &script, "z").await, None);
    let before = gone["revision"].as_i64().expect("a number") - 1;
    let kept = format!("/api/v1/scripts/{script}/revisions/{before}/files/z/c.txt");
    let kept = app.request(Method::GET, &kept).send().await.expect("an answer");
    assert_eq!(kept.text().await.expect("text"), "kept");
    let missing = at(&app, Method::DELETE, &script, "z?recursive=true")
        .send()
        .await
        .expect("an answer");
    expect(404, missing).await;
}

#[tokio::test]
async fn a_folder_of_very_many_is_listed_in_part_and_goes_at_once() {
    let app = TestApp::start().await;
    let script = app.script("Crowded").await;
    let root = folder(&app, &script).await;
    std::fs::create_dir(root.join("many")).expect("made");
    for number in 0..100_000 {
        std::fs::File::create(root.join("many").join(number.to_string())).expect("made");
    }
    let asked = Instant::now();
    let list = app.get(&format!("/scripts/{script}/files")).await;
    let listed = asked.elapsed();
    assert_eq!(list["truncated"], true);
    for (method, path) in [(Method::GET, "archive"), (Method::POST, "duplicate")] {
        let asked = Instant::now();
        let request = app.request(method, &format!("/api/v1/scripts/{script}/{path}"));
        let refused = request
            .header("content-type", "application/json")
            .send()
            .await
            .expect("an answer");
        assert_eq!(expect(409, refused).await["code"], "too_many_files");
        println!("100,000 entries: {path} refused in {:?}", asked.elapsed());
        assert!(asked.elapsed() < Duration::from_secs(2));
    }
    let asked = Instant::now();
    let gone = at(&app, Method::DELETE, &script, "many?recursive=true")
        .send()
        .await
        .expect("an answer");
    expect(200, gone).await;
    let deleted = asked.elapsed();
    println!("100,000 entries: listed in {listed:?}, deleted in {deleted:?}");
    for took in [listed, deleted] {
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
    assert!(!root.join("many").exists());
    let staged = || {
        std::fs::read_dir(app.data.join("staging"))
            .expect("a folder")
            .count()
    };
    app.until("it is removed in the background", async |_| staged() == 0)
        .await;
}

#[tokio::test]
async fn a_picture_is_shown_and_a_page_is_sandboxed() {
    let app = TestApp::start().await;
    let script = app.script("Pictures").await;
    for (path, content, kind) in [
        (
            "dot.svg",
            "<svg xmlns='http://www.w3.org/2000/svg'/>",
            "image/svg+xml",
        ),
        ("page.html", "<script>alert(1)</script>", "text/html"),
    ] {
        expect(
            200,
            put(&app, &script, path, content.into())
                .send()
                .await
                .expect("an answer"),
        )
        .await;
        let shown = at(&app, Method::GET, &script, &format!("{path}?view=true"));
        let shown = shown.send().await.expect("an answer");
        let header = |name: &str| shown.headers()[name].to_str().expect("text").to_owned();
        assert!(header("content-type").starts_with(kind), "{path}");
        assert!(header("content-security-policy").contains("sandbox"), "{path}");
        let saved = at(&app, Method::GET, &script, path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(saved.headers()["content-type"], "application/octet-stream");
    }
}

#[tokio::test]
async fn a_change_from_outside_is_told_while_somebody_looks() {
    let app = TestApp::start().await;
    let script = app.script("Watched").await;
    let root = folder(&app, &script).await;
    let mut request = format!("ws://{}/api/v1/events", app.host())
        .into_client_request()
        .expect("a request");
    let origin = format!("http://{}", app.host());
    request
        .headers_mut()
        .insert("origin", origin.parse().expect("a value"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("connects");
    app.get(&format!("/scripts/{script}/files")).await;
    let told = async {
        let mut number = 0;
        loop {
            // The watch is set by a task of its own.
            number += 1;
            std::fs::write(root.join("data.txt"), number.to_string()).expect("written");
            let next = tokio::time::timeout(Duration::from_millis(200), socket.next()).await;
            let Ok(Some(Ok(message))) = next else { continue };
            let message: Value = serde_json::from_str(message.to_text().expect("text")).expect("JSON");
            if message["type"] == "files" {
                return message;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(20), told)
        .await
        .expect("it is told");
    assert_eq!(told["script_id"], script);
}
