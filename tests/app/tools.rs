//! The editor's tools, on the fake engine: its tools containers do nothing, and a stand-in for the supervisor answers in
//! their folders.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pytask_manager::engine::JobSpec;
use pytask_manager::engine::fake::Script;
use pytask_protocol::tools::{Ended, Reply, Request, TOOLS_SOCKET, TOOLS_SPEC_FILE, ToolsSpec};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::harness::{PATIENCE, TestApp, expect, text};
use crate::packages::{LOCK, built};

const IMAGE: &str = "pytask-tools:1";

/// What the stand-in's language server does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    /// Sends every message back.
    Echoes,
    /// Ends at the first message.
    Dies,
    /// The connection is gone at the first message, without an end.
    Vanishes,
    Babbles,
    Floods,
    SendsTooLong,
}

/// Stands in for all tools containers of an application.
#[derive(Clone)]
struct StandIn {
    manner: Arc<Mutex<Manner>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl StandIn {
    fn on(app: &TestApp) -> Self {
        app.fake.script("tools", Script::hangs());
        let stand_in = Self {
            manner: Arc::new(Mutex::new(Manner::Echoes)),
            requests: Arc::default(),
        };
        let (own, folder) = (stand_in.clone(), app.data.join("tools"));
        tokio::spawn(async move { own.attend(&folder).await });
        stand_in
    }

    fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    fn requests(&self) -> Vec<Request> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.clone()
    }

    /// Listens in each folder that appears. A folder that is made again is another one.
    async fn attend(&self, tools: &Path) {
        let mut seen = HashSet::new();
        loop {
            let entries = std::fs::read_dir(tools).into_iter().flatten().flatten();
            for place in entries.map(|entry| entry.path()) {
                let Ok(meta) = std::fs::metadata(place.join(TOOLS_SPEC_FILE)) else {
                    continue;
                };
                if seen.insert((meta.ino(), meta.mtime_nsec())) {
                    let own = self.clone();
                    tokio::spawn(async move { own.listen(place).await });
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn listen(&self, place: PathBuf) {
        let Ok(listener) = UnixListener::bind(place.join(TOOLS_SOCKET)) else {
            return;
        };
        // A container that is removed takes its connections along; here its folder stands for it.
        let gone = async {
            while place.exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let mut connections = tokio::task::JoinSet::new();
        tokio::pin!(gone);
        loop {
            tokio::select! {
                () = &mut gone => return,
                Ok((stream, _)) = listener.accept() => {
                    let own = self.clone();
                    connections.spawn(async move { own.serve(stream).await });
                }
            }
        }
    }

    async fn serve(&self, stream: UnixStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream
            .read_line(&mut line)
            .await
            .ok()
            .filter(|length| *length > 0)?;
        let request: Request = serde_json::from_str(&line).expect("a request");
        let program = request.program.clone();
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        if program == "language" {
            return self.language(stream).await;
        }
        let mut input = String::new();
        stream.read_to_string(&mut input).await.ok()?;
        let (out, err, code) = match (program.as_str(), input.as_str()) {
            ("lint", "misconfigured") => (String::new(), "ruff failed\n  Cause: TOML".to_owned(), 2),
            ("lint", _) => (lint_answer().to_string(), String::new(), 0),
            ("format", "def f(:") => (
                String::new(),
                "error: Failed to parse main.py:1:7: Expected a parameter\n".to_owned(),
                2,
            ),
            ("format", input) => (input.to_uppercase(), String::new(), 0),
            ("source", _) if request.args[1].contains("missing") => (String::new(), "no".to_owned(), 1),
            _ => ("# a source\n".to_owned(), String::new(), 0),
        };
        let ended = Ended {
            code: Some(code),
            ..Ended::default()
        };
        for reply in [
            Reply::Stdout(out.into_bytes()),
            Reply::Stderr(err.into_bytes()),
            Reply::Ended(ended),
        ] {
            say(&mut stream, reply).await?;
        }
        Some(())
    }

    async fn language(&self, mut stream: BufReader<UnixStream>) -> Option<()> {
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await.ok()?;
            let length: usize = header.strip_prefix("Content-Length: ")?.trim().parse().ok()?;
            stream.read_line(&mut header).await.ok()?;
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.ok()?;
            let manner = *self.manner.lock().unwrap_or_else(PoisonError::into_inner);
            let frame = |length: usize| format!("Content-Length: {length}\r\n\r\n").into_bytes();
            match manner {
                Manner::Echoes => {
                    // Cut where nobody would cut, unless that takes for ever.
                    let whole = [frame(length), body].concat();
                    let cut = if length < 10_000 { 7 } else { 60_001 };
                    for piece in whole.chunks(cut) {
                        say(&mut stream, Reply::Stdout(piece.to_vec())).await?;
                    }
                }
                Manner::Dies => {
                    let ended = Ended {
                        code: Some(101),
                        ..Ended::default()
                    };
                    return say(&mut stream, Reply::Ended(ended)).await;
                }
                Manner::Vanishes => return None,
                Manner::Babbles => {
                    say(&mut stream, Reply::Stdout(b"Traceback:\r\n\r\n".to_vec())).await?;
                }
                Manner::SendsTooLong => say(&mut stream, Reply::Stdout(frame(17 << 20))).await?,
                Manner::Floods => loop {
                    let text = format!("\"{}\"", "1".repeat(59_998));
                    let piece = [frame(text.len()), text.into_bytes()].concat();
                    say(&mut stream, Reply::Stdout(piece)).await?;
                },
            }
        }
    }
}

async fn say(stream: &mut BufReader<UnixStream>, reply: Reply) -> Option<()> {
    let mut frame = Vec::new();
    reply.encode_into(&mut frame);
    stream.write_all(&frame).await.ok()
}

fn lint_answer() -> Value {
    json!([{ "code": "F401", "message": "`os` imported but unused", "url": "https://example.org/F401",
        "location": { "row": 1, "column": 8 }, "end_location": { "row": 1, "column": 10 },
        "fix": { "applicability": "safe", "message": "Remove it", "edits": [
            { "content": "", "location": { "row": 1, "column": 1 }, "end_location": { "row": 2, "column": 1 } }] } }])
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl TestApp {
    async fn language(&self, script: &str) -> Socket {
        let url = format!("ws://{}/api/v1/scripts/{script}/tools/language", self.host());
        let mut request = url.into_client_request().expect("a request");
        let origin = format!("http://{}", self.host()).parse().expect("an origin");
        request.headers_mut().insert("origin", origin);
        tokio_tungstenite::connect_async(request)
            .await
            .expect("a socket")
            .0
    }

    async fn tool(&self, status: u16, script: &str, tool: &str, path: &str, text: &str) -> Value {
        let body = json!({ "path": path, "text": text });
        expect(
            status,
            self.post(&format!("/scripts/{script}/tools/{tool}"), body).await,
        )
        .await
    }

    async fn tools_state(&self, script: &str) -> String {
        text(&self.get(&format!("/scripts/{script}/tools")).await["state"])
    }

    fn tools_launches(&self) -> Vec<JobSpec> {
        let launches = self.fake.launches().into_iter();
        launches
            .filter(|job| job.labels["pytask.kind"] == "tools")
            .collect()
    }

    async fn ready(&self) {
        self.until("the engine is ready", async |app| {
            app.get("/system").await["engine"]["state"] == "ready"
        })
        .await;
    }
}

async fn started(flags: &[&str]) -> (TestApp, StandIn, String) {
    let app = TestApp::start_with(flags).await;
    let stand_in = StandIn::on(&app);
    app.ready().await;
    let script = app.script("Edited").await;
    (app, stand_in, script)
}

async fn tell(socket: &mut Socket, message: &Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .expect("it listens");
}

/// The next message, or how the socket was closed.
async fn hear(socket: &mut Socket) -> Result<Value, (u16, String)> {
    loop {
        let heard = tokio::time::timeout(PATIENCE, socket.next());
        match heard.await.expect("in time").expect("a message").expect("whole") {
            Message::Text(text) => return Ok(serde_json::from_str(&text).expect("JSON")),
            Message::Close(frame) => {
                let frame = frame.expect("with a reason");
                return Err((frame.code.into(), frame.reason.to_string()));
            }
            _ => {}
        }
    }
}

fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "rootUri": null, "capabilities": {} } })
}

#[tokio::test]
async fn without_the_image_everything_says_what_to_do() {
    let (app, _stand_in, script) = started(&[]).await;
    app.fake.set_image_missing(IMAGE);
    let seen = app.get(&format!("/scripts/{script}/tools")).await;
    assert_eq!(
        (&seen["available"], &seen["state"]),
        (&json!(false), &json!("stopped"))
    );
    let reason = text(&seen["reason"]);
    assert!(
        reason.contains("docker compose build tools-image") && reason.contains("PYTASK_TOOLS_IMAGE"),
        "{reason}"
    );
    for tool in ["lint", "format"] {
        let refused = app.tool(503, &script, tool, "main.py", "x").await;
        assert_eq!(refused["code"], "tools_unavailable");
        assert!(text(&refused["message"]).contains(IMAGE), "{refused}");
    }
    let (code, reason) = hear(&mut app.language(&script).await).await.expect_err("closed");
    assert_eq!(code, 1013);
    assert!(reason.contains(IMAGE), "{reason}");
    assert!(app.tools_launches().is_empty());
    assert_eq!(
        app.finished(&app.run(&script).await).await["outcome"]["kind"],
        "succeeded"
    );
}

#[tokio::test]
async fn texts_are_linted_and_formatted_in_one_hardened_container() {
    let (app, stand_in, script) = started(&[]).await;
    let answer = app.tool(200, &script, "lint", "sub/main.py", "import os\n").await;
    let place = |line, column| json!({ "line": line, "column": column });
    assert_eq!(
        answer,
        json!({ "problems": [{ "code": "F401", "message": "`os` imported but unused", "severity": "warning",
            "url": "https://example.org/F401", "start": place(1, 8), "end": place(1, 10),
            "fix": { "message": "Remove it", "edits": [{ "start": place(1, 1), "end": place(2, 1), "text": "" }] } }] })
    );
    let formatted = app.tool(200, &script, "format", "main.py", "x = 1\n").await;
    assert_eq!(formatted["text"], "X = 1\n");
    let refused = app.tool(422, &script, "format", "main.py", "def f(:").await;
    assert_eq!(
        (&refused["code"], &refused["details"]),
        (&json!("syntax_error"), &place(1, 7))
    );
    let refused = app.tool(422, &script, "lint", "main.py", "misconfigured").await;
    assert_eq!(refused["code"], "tool_failed");
    assert!(text(&refused["message"]).contains("Cause: TOML"));
    let args: Vec<_> = stand_in
        .requests()
        .into_iter()
        .map(|request| request.args)
        .collect();
    assert_eq!(args[0], ["--stdin-filename", "/script/sub/main.py", "-"]);

    let source = app.request(
        Method::GET,
        &format!("/api/v1/scripts/{script}/tools/source?path=/env/lib/a.py"),
    );
    let source = source.send().await.expect("an answer");
    assert_eq!(source.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(source.text().await.expect("a body"), "# a source\n");
    for (status, path) in [
        (404, "/env/lib/missing.py"),
        (422, "/etc/passwd"),
        (422, "../main.py"),
    ] {
        let asked = app.request(
            Method::GET,
            &format!("/api/v1/scripts/{script}/tools/source?path={path}"),
        );
        expect(status, asked.send().await.expect("an answer")).await;
    }

    let launches = app.tools_launches();
    let [job] = &launches[..] else {
        panic!("one for all: {launches:#?}");
    };
    assert!(!job.labels.contains_key("pytask.run"), "it is no run's");
    assert_eq!(job.network, pytask_manager::engine::Network::None);
    let mounts: Vec<_> = job
        .mounts
        .iter()
        .map(|mount| (mount.target.as_str(), mount.read_only))
        .collect();
    assert_eq!(
        mounts,
        [("/pytask/tools", false), ("/pytask/bin", true), ("/script", true)]
    );
    let spec = std::fs::read(app.data.join("tools").join(&script).join(TOOLS_SPEC_FILE)).expect("a spec");
    let spec: ToolsSpec = serde_json::from_slice(&spec).expect("a spec");
    assert_eq!((spec.uid, spec.cwd.as_str()), (1000, "/script"));
    assert_eq!(app.tools_state(&script).await, "running");
}

#[tokio::test]
async fn bad_input_starts_nothing() {
    let (app, _stand_in, script) = started(&[]).await;
    for path in ["../main.py", "/script/main.py", ""] {
        app.tool(422, &script, "lint", path, "x").await;
    }
    let long = "x".repeat(4 * 1024 * 1024 + 1);
    assert_eq!(
        app.tool(422, &script, "format", "main.py", &long).await["details"]["field"],
        "text"
    );
    app.tool(404, "nobody", "lint", "main.py", "x").await;
    let unknown = app.request(Method::GET, "/api/v1/scripts/nobody/tools");
    expect(404, unknown.send().await.expect("an answer")).await;
    let gone = app.request(Method::DELETE, &format!("/api/v1/scripts/{script}"));
    assert!(gone.send().await.expect("an answer").status().is_success());
    app.tool(404, &script, "lint", "main.py", "x").await;
    assert!(app.tools_launches().is_empty());
}

#[tokio::test]
async fn an_editor_talks_to_a_language_server() {
    let (app, stand_in, script) = started(&[]).await;
    let mut socket = app.language(&script).await;
    tell(&mut socket, &initialize()).await;
    let told = hear(&mut socket).await.expect("an answer");
    assert_eq!(told["params"]["rootUri"], "file:///script");
    assert_eq!(
        told["params"]["initializationOptions"],
        json!({}),
        "no environment"
    );
    let about =
        |id: Value, uri: &str| json!({ "jsonrpc": "2.0", "id": id, "method": "x", "params": { "uri": uri } });
    tell(&mut socket, &about(json!(7), "inmemory://model/2")).await;
    assert_eq!(
        hear(&mut socket).await,
        Ok(json!({ "jsonrpc": "2.0", "id": 7, "result": null }))
    );
    let ordinary = about(json!(8), "file:///script/main.py");
    tell(&mut socket, &ordinary).await;
    assert_eq!(hear(&mut socket).await, Ok(ordinary));
    let large = json!({ "text": "ä".repeat(3_000_000) });
    tell(&mut socket, &large).await;
    assert_eq!(hear(&mut socket).await, Ok(large));

    // What a server may do wrong ends one talk, says so, and leaves the next one alone.
    let table = [
        (Manner::Dies, "exit code 101"),
        (Manner::Vanishes, "died"),
        (Manner::Babbles, "did not speak"),
        (Manner::SendsTooLong, "bytes"),
        (Manner::Floods, "too much"),
    ];
    for (manner, reason) in table {
        stand_in.behave(manner);
        let mut other = app.language(&script).await;
        tell(&mut other, &initialize()).await;
        let (code, said) = loop {
            if let Err(closed) = hear(&mut other).await {
                break closed;
            }
        };
        assert_eq!(code, 1011, "{manner:?}: {said}");
        assert!(said.contains(reason), "{manner:?}: {said}");
        stand_in.behave(Manner::Echoes);
        tell(&mut socket, &initialize()).await;
        assert!(hear(&mut socket).await.is_ok(), "{manner:?} is that one's alone");
    }
    let mut binary = app.language(&script).await;
    binary.send(Message::binary(vec![1])).await.expect("it listens");
    assert_eq!(hear(&mut binary).await.expect_err("closed").0, 1003);
    assert_eq!(app.tools_launches().len(), 1, "all of them share a container");
}

#[tokio::test]
async fn a_socket_from_elsewhere_is_refused() {
    let (app, _stand_in, script) = started(&[]).await;
    let url = format!("ws://{}/api/v1/scripts/{script}/tools/language", app.host());
    let mut request = url.into_client_request().expect("a request");
    request
        .headers_mut()
        .insert("origin", "http://evil.example".parse().expect("an origin"));
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
    assert!(app.tools_launches().is_empty());
}

#[tokio::test]
async fn tools_that_nobody_uses_stop_and_come_back() {
    let (app, _stand_in, script) = started(&["--tools-idle-seconds", "1"]).await;
    let mut socket = app.language(&script).await;
    tell(&mut socket, &initialize()).await;
    assert!(hear(&mut socket).await.is_ok());
    let (code, reason) = hear(&mut socket).await.expect_err("closed");
    assert_eq!(
        (code, reason.as_str()),
        (1001, "nothing was asked for some minutes")
    );
    app.until("it is stopped", async |app| {
        app.tools_state(&script).await == "stopped"
    })
    .await;
    assert!(!app.data.join("tools").join(&script).exists());
    app.tool(200, &script, "lint", "main.py", "import os\n").await;
    assert_eq!(app.tools_launches().len(), 2);
}

#[tokio::test]
async fn another_environment_is_another_container() {
    let (app, _stand_in, script) = started(&[]).await;
    let mut socket = app.language(&script).await;
    tell(&mut socket, &initialize()).await;
    assert!(hear(&mut socket).await.is_ok());
    app.fake.script("build", built(LOCK));
    app.require(200, &script, json!({ "requirements": ["six"] }))
        .await;
    app.build(&script, "install", json!({})).await;
    let (code, _) = hear(&mut socket).await.expect_err("closed");
    assert_eq!(code, 1012);
    let mut socket = app.language(&script).await;
    tell(&mut socket, &initialize()).await;
    let told = hear(&mut socket).await.expect("an answer");
    assert_eq!(
        told["params"]["initializationOptions"]["configuration"]["environment"]["python"],
        "/env"
    );
    let launches = app.tools_launches();
    let last = launches.last().expect("launched");
    assert!(
        last.mounts
            .iter()
            .any(|mount| mount.target == "/env" && mount.read_only)
    );
}

#[tokio::test]
async fn a_container_that_is_gone_is_replaced_when_it_is_asked() {
    let (app, _stand_in, script) = started(&[]).await;
    app.tool(200, &script, "lint", "main.py", "x\n").await;
    // As if it had died: nobody listens in its folder any more.
    std::fs::remove_file(app.data.join("tools").join(&script).join(TOOLS_SOCKET)).expect("a socket");
    app.tool(200, &script, "lint", "main.py", "x\n").await;
    assert_eq!(app.tools_launches().len(), 2);
}

#[tokio::test]
async fn a_controller_removes_what_an_earlier_one_left() {
    let (mut app, _stand_in, script) = started(&[]).await;
    app.tool(200, &script, "lint", "main.py", "x\n").await;
    let name = app.tools_launches()[0].name.clone();
    app.restart().await;
    app.fake
        .until(&name, |state| *state == pytask_manager::engine::JobState::Absent)
        .await;
    app.tool(200, &script, "lint", "main.py", "x\n").await;
    assert_eq!(app.tools_launches().len(), 2);
}

#[tokio::test]
async fn a_container_that_ends_at_once_is_a_reason_and_not_the_end() {
    let app = TestApp::start().await;
    app.ready().await;
    let script = app.script("Edited").await;
    // The fake's jobs end at once unless they are told otherwise.
    let refused = app.tool(503, &script, "lint", "main.py", "x\n").await;
    assert!(text(&refused["message"]).contains("ended at once"), "{refused}");
    let seen = app.get(&format!("/scripts/{script}/tools")).await;
    assert_eq!(
        (&seen["state"], &seen["available"]),
        (&json!("failed"), &json!(true))
    );
    let _stand_in = StandIn::on(&app);
    app.tool(200, &script, "lint", "main.py", "x\n").await;
}
