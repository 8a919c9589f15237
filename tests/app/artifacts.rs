//! What runs leave: listed and sent as they are, shown without a way to act, and nothing that was planted.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use pytask_manager::engine::fake::{Gate, Script};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{TestApp, expect};

/// A run that has been started and ends when the gate is opened.
async fn going(app: &TestApp) -> (String, Gate) {
    let gate = Gate::default();
    app.fake.script_others(Script::waits_for(&gate));
    let run = app.run(&app.script("Leaves something").await).await;
    app.run_until(&run, "ran", |run| run["state"] == "running").await;
    (run, gate)
}

async fn fetch(app: &TestApp, run: &str, path: &str) -> Response {
    let request = app.request(Method::GET, &format!("/api/v1/runs/{run}/artifacts/{path}"));
    request.send().await.expect("an answer")
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().expect("text"))
}

fn kinds(list: &Value) -> Vec<(&str, &str)> {
    let items = list["items"].as_array().expect("items").iter();
    items
        .map(|item| {
            (
                item["path"].as_str().unwrap_or(""),
                item["kind"].as_str().unwrap_or(""),
            )
        })
        .collect()
}

#[tokio::test]
async fn what_a_run_leaves_is_listed_and_sent_byte_for_byte() {
    let app = TestApp::start().await;
    let (run, gate) = going(&app).await;
    let list = format!("/runs/{run}/artifacts");
    assert_eq!(app.get(&list).await, json!({ "items": [], "truncated": false }));
    let folder = app.artifacts(&run).await;
    std::fs::create_dir(folder.join("charts")).expect("a folder");
    let picture: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    std::fs::write(folder.join("charts/growth.png"), &picture).expect("written");
    std::fs::write(folder.join("späße \"1\".csv"), "a,b\n1,2\n").expect("written");
    std::fs::write(folder.join("notes"), "words\n").expect("written");

    // While it runs and when it has finished.
    for _ in 0..2 {
        let listed = app.get(&list).await;
        let expected = [
            ("charts/growth.png", "image"),
            ("notes", "text"),
            ("späße \"1\".csv", "csv"),
        ];
        assert_eq!(kinds(&listed), expected);
        assert_eq!(listed["items"][0]["size"], 200_000);
        assert!(listed["items"][0]["modified_at"].is_string());
        let answer = fetch(&app, &run, "charts/growth.png").await;
        assert_eq!(header(&answer, "content-type"), "application/octet-stream");
        assert_eq!(header(&answer, "content-length"), "200000");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert_eq!(header(&answer, "x-frame-options"), "DENY");
        let disposition = header(&answer, "content-disposition");
        assert_eq!(disposition, "attachment; filename*=UTF-8''growth.png");
        assert!(answer.bytes().await.expect("a body") == picture);
        let odd = fetch(&app, &run, "sp%C3%A4%C3%9Fe%20%221%22.csv").await;
        assert_eq!(
            header(&odd, "content-disposition"),
            "attachment; filename*=UTF-8''sp%C3%A4%C3%9Fe%20%221%22.csv"
        );
        assert_eq!(odd.text().await.expect("a body"), "a,b\n1,2\n");
        gate.open();
        let finished = app.finished(&run).await;
        assert_eq!(finished["artifacts"], json!({ "files": 3, "bytes": 200_014 }));
    }
}

#[tokio::test]
async fn a_run_that_leaves_nothing_has_no_folder() {
    let app = TestApp::start().await;
    let run = app.run(&app.script("Tidy").await).await;
    assert_eq!(
        app.finished(&run).await["artifacts"],
        json!({ "files": 0, "bytes": 0 })
    );
    let folder = app.artifacts(&run).await;
    let deadline = tokio::time::Instant::now() + crate::harness::PATIENCE;
    while folder.exists() {
        assert!(tokio::time::Instant::now() < deadline, "the empty folder stays");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(
        app.get(&format!("/runs/{run}/artifacts")).await["items"],
        json!([])
    );
    expect(404, fetch(&app, &run, "x").await).await;
    // The script's container was given the folder, and nothing above it.
    let mounts = &app.fake.launches()[0].mounts;
    let mount = mounts
        .iter()
        .find(|mount| mount.target == "/artifacts")
        .expect("a mount");
    assert_eq!(app.data.join(&mount.source), folder);
    assert!(!mount.read_only);
}

#[tokio::test]
async fn what_is_shown_is_sandboxed() {
    let app = TestApp::start().await;
    let (run, _gate) = going(&app).await;
    let folder = app.artifacts(&run).await;
    let evil = "<script>fetch('/api/v1/settings')</script>";
    let still = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let page =
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";
    let text = "text/plain; charset=utf-8";
    let shown = [
        ("a.png", "image/png", still, "DENY"),
        ("a.svg", "image/svg+xml", still, "DENY"),
        ("a.csv", text, still, "DENY"),
        ("a.json", text, still, "DENY"),
        ("a.md", text, still, "DENY"),
        ("a", text, still, "DENY"),
        ("a.html", "text/html; charset=utf-8", page, "SAMEORIGIN"),
    ];
    for (name, content_type, policy, frames) in shown {
        std::fs::write(folder.join(name), evil).expect("written");
        let answer = fetch(&app, &run, &format!("{name}?view=true")).await;
        assert_eq!(header(&answer, "content-type"), content_type, "{name}");
        assert_eq!(header(&answer, "content-security-policy"), policy, "{name}");
        assert_eq!(header(&answer, "x-frame-options"), frames, "{name}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{name}");
        assert!(
            header(&answer, "content-disposition").starts_with("inline; "),
            "{name}"
        );
        assert_eq!(answer.text().await.expect("a body"), evil);
    }
    // The rest is a download, however it is asked for.
    std::fs::write(folder.join("a.pdf"), evil).expect("written");
    std::fs::write(folder.join("a.bin"), [0, 1, 2]).expect("written");
    for name in ["a.pdf?view=true", "a.bin?view=true", "a.html", "a.svg?view=false"] {
        let answer = fetch(&app, &run, name).await;
        assert_eq!(
            header(&answer, "content-type"),
            "application/octet-stream",
            "{name}"
        );
        assert!(
            header(&answer, "content-disposition").starts_with("attachment; "),
            "{name}"
        );
        assert!(header(&answer, "content-security-policy").contains("frame-ancestors 'none'"));
    }
    for (name, size, status) in [
        ("large.txt", (16 << 20) + 1, 413),
        ("large.png", (16 << 20) + 1, 200),
        ("huge.png", (64 << 20) + 1, 413),
    ] {
        let file = std::fs::File::create(folder.join(name)).expect("a file");
        file.set_len(size).expect("sparse");
        let answer = fetch(&app, &run, &format!("{name}?view=true")).await;
        assert_eq!(answer.status(), status, "{name}");
        if status == 413 {
            assert_eq!(expect(413, answer).await["code"], "artifact_too_large");
            assert_eq!(
                fetch(&app, &run, name).await.status(),
                200,
                "{name} can be downloaded"
            );
        }
    }
}

#[tokio::test]
async fn nothing_that_was_planted_is_listed_or_sent() {
    let app = TestApp::start().await;
    let (run, gate) = going(&app).await;
    let folder = app.artifacts(&run).await;
    std::fs::write(folder.join("honest.txt"), "x").expect("written");
    symlink("/etc/passwd", folder.join("passwd.txt")).expect("a link");
    symlink("..", folder.join("up")).expect("a link");
    std::fs::hard_link(folder.join("../started"), folder.join("second.txt")).expect("a second name");
    let fifo = std::process::Command::new("mkfifo")
        .arg(folder.join("pipe"))
        .status();
    assert!(fifo.expect("mkfifo").success());
    std::fs::write(folder.join(OsStr::from_bytes(b"bad\xff.txt")), "x").expect("written");
    std::fs::write(folder.join("new\nline.txt"), "x").expect("written");
    std::fs::create_dir(folder.join("empty")).expect("a folder");

    let listed = app.get(&format!("/runs/{run}/artifacts")).await;
    assert_eq!(kinds(&listed), [("honest.txt", "text")]);
    for (path, status, code) in [
        ("passwd.txt", 409, "unsafe_file"),
        ("up/started", 409, "unsafe_file"),
        ("second.txt", 409, "unsafe_file"),
        ("pipe", 409, "unsafe_file"),
        ("empty", 409, "not_a_file"),
        ("none", 404, "file_not_found"),
        ("..%2Fstarted", 422, "invalid_field"),
        ("%2Fetc%2Fpasswd", 422, "invalid_field"),
        ("new%0Aline.txt", 422, "invalid_field"),
        ("honest.txt?view=maybe", 400, "invalid_query"),
        ("honest.txt?look=true", 400, "invalid_query"),
    ] {
        let answer = expect(status, fetch(&app, &run, path).await).await;
        assert_eq!(answer["code"], code, "{path}");
    }
    let nobody = "0".repeat(32);
    expect(404, fetch(&app, &nobody, "x").await).await;
    gate.open();
    app.finished(&run).await;
}
