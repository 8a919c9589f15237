//! A folder in which a script has planted everything it could: what is done with it touches nothing outside and takes no
//! longer than anybody would wait.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, expect, text};

const PATIENCE: Duration = Duration::from_secs(2);

async fn folder(app: &TestApp, script: &str) -> PathBuf {
    let slug = text(&app.get(&format!("/scripts/{script}")).await["slug"]);
    app.data.join("scripts").join(slug).join("files")
}

/// Links to anything, pipes, sockets, odd names; and something outside that links lead to.
fn plant(folder: &Path, outside: &Path) {
    std::fs::write(outside, "outside").expect("written");
    symlink(outside, folder.join("link")).expect("planted");
    symlink("/", folder.join("root")).expect("planted");
    symlink("/proc/self/root/etc/passwd", folder.join("magic")).expect("planted");
    symlink("loop", folder.join("loop")).expect("planted");
    std::fs::hard_link(outside, folder.join("second-name")).expect("planted");
    let pipe = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mknodat(rustix::fs::CWD, folder.join("pipe"), pipe, mode, 0).expect("planted");
    drop(std::os::unix::net::UnixListener::bind(folder.join("socket")).expect("planted"));
    for name in [&b"line\nend"[..], b"not \xff utf-8", b"\x1b[31mred", &[b'n'; 255]] {
        std::fs::write(folder.join(std::ffi::OsStr::from_bytes(name)), "odd").expect("planted");
    }
}

#[expect(clippy::print_stdout, reason = "the times are what somebody wants to see")]
async fn timed(what: &str, ask: reqwest::RequestBuilder) -> (u16, Vec<u8>) {
    let asked = Instant::now();
    let answer = ask.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.expect("a body").to_vec();
    let took = asked.elapsed();
    println!("{what}: {status} in {took:?}");
    assert!(took < PATIENCE, "{what} took {took:?}");
    (status, bytes)
}

#[tokio::test]
async fn whatever_is_planted_is_listed_and_stays_behind() {
    let app = TestApp::start().await;
    let script = app.script("Hostile").await;
    let root = folder(&app, &script).await;
    let outside = app.data.join("outside");
    plant(&root, &outside);
    let api = format!("/api/v1/scripts/{script}");
    let ask = |method: Method, path: &str| app.request(method, &format!("{api}{path}"));

    let (_, list) = timed("listed", ask(Method::GET, "/files")).await;
    let list: Value = serde_json::from_slice(&list).expect("JSON");
    let kind = |path: &str| {
        let items = list["items"].as_array().expect("items");
        items
            .iter()
            .find(|item| item["path"] == path)
            .map(|item| item["kind"].clone())
    };
    for path in ["link", "root", "magic", "loop", "second-name", "pipe", "socket"] {
        assert_eq!(kind(path), Some(json!("other")), "{path}");
        let (status, _) = timed(path, ask(Method::GET, &format!("/files/{path}"))).await;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    let (status, archive) = timed("packed", ask(Method::GET, "/archive?format=zip")).await;
    assert_eq!(status, 200);
    assert!(
        !archive.windows(7).any(|window| window == b"outside"),
        "nothing from outside is in it"
    );
    let copied = timed(
        "duplicated",
        ask(Method::POST, "/duplicate").json(&json!({"name": "Copy"})),
    )
    .await;
    let copy: Value = serde_json::from_slice(&copied.1).expect("JSON");
    let copy = folder(&app, &text(&copy["id"])).await;
    assert!(copy.join("main.py").is_file() && !copy.join("link").exists() && !copy.join("pipe").exists());
    for path in ["link", "root", "magic", "loop", "second-name", "pipe", "socket"] {
        let (status, _) = timed("deleted", ask(Method::DELETE, &format!("/files/{path}"))).await;
        assert_eq!(status, 200, "{path}");
    }
    assert_eq!(std::fs::read_to_string(&outside).expect("is there"), "outside");
    assert!(Path::new("/etc/passwd").is_file());
}

#[tokio::test]
async fn a_file_of_a_terabyte_that_is_not_there_is_neither_copied_nor_packed() {
    let app = TestApp::start().await;
    let script = app.script("Sparse").await;
    let root = folder(&app, &script).await;
    let file = std::fs::File::create(root.join("huge.bin")).expect("made");
    file.set_len(1 << 40).expect("grown");
    let api = format!("/api/v1/scripts/{script}");
    let ask = |method: Method, path: &str| app.request(method, &format!("{api}{path}"));
    for (what, request) in [
        ("packed", ask(Method::GET, "/archive?format=tar.gz")),
        ("duplicated", ask(Method::POST, "/duplicate").json(&json!({}))),
    ] {
        let (status, body) = timed(what, request).await;
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(
            (status, &body["code"]),
            (409, &json!("folder_too_large")),
            "{what}"
        );
        assert!(text(&body["message"]).contains("huge.bin"));
    }
    let part = ask(Method::GET, "/files/huge.bin").header("range", "bytes=0-9");
    assert_eq!(timed("read in part", part).await.1, [0; 10]);
    let gone = ask(Method::DELETE, "/files/huge.bin")
        .send()
        .await
        .expect("an answer");
    expect(200, gone).await;
    let names = app.get("/scripts").await;
    assert_eq!(
        names["items"].as_array().map(Vec::len),
        Some(1),
        "nothing half made remains"
    );
}
