//! The editor's tools on the real engine: what they know of a script and its packages, what they cannot do, and that they
//! come and go as they should. Needs the image `pytask-tools:1` (or `PYTASK_TOOLS_IMAGE`).

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::machine::{self, docker};
use crate::product::{PATIENCE, Product, bytes, expect, words};

const FILE: &str = "file:///script/main.py";

/// Uses a package as it is, and as it is not.
const PROGRAM: &str = "\
import attrs
import nowhere_to_be_found

@attrs.define
class Point:
    x: int
    y: int

point = Point(1, 2)
print(point.zz)
";

impl Product {
    async fn tool(&self, status: u16, script: &str, tool: &str, text: &str) -> Value {
        let body = json!({ "path": "main.py", "text": text });
        self.post(status, &format!("/scripts/{script}/tools/{tool}"), body)
            .await
    }

    async fn tools_state(&self, script: &str) -> String {
        words(&self.get(&format!("/scripts/{script}/tools")).await["state"])
    }

    fn tools_container(&self, script: &str) -> String {
        format!("pytask-{}-tools-{script}", self.instance)
    }

    async fn editor(&self, script: &str) -> Editor {
        let address = format!("127.0.0.1:{}", self.port());
        let url = format!("ws://{address}/api/v1/scripts/{script}/tools/language");
        let mut request = url.into_client_request().expect("a request");
        let origin = format!("http://{address}").parse().expect("an origin");
        request.headers_mut().insert("origin", origin);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
        Editor {
            socket,
            asked: 0,
            diagnostics: None,
        }
    }

    async fn have(&self, script: &str, requirements: &[&str]) {
        self.require(script, requirements).await;
        let install = format!("/scripts/{script}/dependencies/install");
        let build = words(&self.post(202, &install, json!({})).await["run"]["id"]);
        let built = self.finished(&build).await;
        assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    }
}

/// As much of an editor as there is to a language server.
struct Editor {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: i64,
    /// Of the file, as published last.
    diagnostics: Option<Value>,
}

impl Editor {
    async fn tell(&mut self, message: Value) {
        let message = Message::text(message.to_string());
        self.socket.send(message).await.expect("it listens");
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.tell(json!({ "jsonrpc": "2.0", "method": method, "params": params }))
            .await;
    }

    /// The next message, or the code with which the socket was closed, and why.
    async fn hear(&mut self) -> Result<Value, (u16, String)> {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.socket.next());
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

    /// Takes note of what is published, and gives the server the little that it asks for.
    async fn step(&mut self) -> Value {
        let message = self.hear().await.expect("it goes on");
        if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == FILE {
            self.diagnostics = Some(message["params"]["diagnostics"].clone());
        }
        if message.get("method").is_some() && message.get("id").is_some() {
            let wanted = message["params"]["items"].as_array().map_or(0, Vec::len);
            let result = if wanted > 0 {
                json!(vec![Value::Null; wanted])
            } else {
                Value::Null
            };
            self.tell(json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }))
                .await;
        }
        message
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = json!(self.asked);
        self.tell(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        loop {
            let mut message = self.step().await;
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{method}: {message:#}");
                return message["result"].take();
            }
        }
    }

    async fn open(&mut self, text: &str) {
        let capabilities = json!({ "textDocument": {
            "publishDiagnostics": {}, "completion": { "completionItem": {} }, "signatureHelp": {}, "definition": {} } });
        self.ask(
            "initialize",
            json!({ "processId": null, "rootUri": null, "capabilities": capabilities }),
        )
        .await;
        self.notify("initialized", json!({})).await;
        let document = json!({ "uri": FILE, "languageId": "python", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }))
            .await;
    }

    /// Of the file, once there are some.
    async fn published(&mut self) -> Vec<Value> {
        loop {
            if let Some(Value::Array(found)) = self.diagnostics.take() {
                return found;
            }
            self.step().await;
        }
    }

    async fn change(&mut self, version: u64, text: &str) {
        let params = json!({ "textDocument": { "uri": FILE, "version": version }, "contentChanges": [{ "text": text }] });
        self.notify("textDocument/didChange", params).await;
    }

    async fn at(&mut self, method: &str, line: usize, character: usize) -> Value {
        let position = json!({ "line": line, "character": character });
        self.ask(
            method,
            json!({ "textDocument": { "uri": FILE }, "position": position }),
        )
        .await
    }
}

fn inside(container: &str, command: &str) -> Result<String, String> {
    machine::try_docker(&["exec", "--user", "1000", container, "sh", "-c", command])
}

#[tokio::test]
async fn the_editor_knows_the_script_and_its_packages() {
    let product = Product::start().await;
    let script = product.script("Known", PROGRAM).await;
    product.have(&script, &["attrs"]).await;
    let seen = product.get(&format!("/scripts/{script}/tools")).await;
    assert_eq!(
        (&seen["available"], &seen["state"]),
        (&json!(true), &json!("stopped")),
        "{seen:#}"
    );
    assert_eq!(seen["programs"][0]["name"], "ty");

    let begun = Instant::now();
    let answer = product
        .tool(200, &script, "lint", "import os\nprint('ä', x)\n")
        .await;
    println!(
        "the first lint, with the start of the container: {:?}",
        begun.elapsed()
    );
    let problems = answer["problems"].as_array().expect("problems");
    let of = |code: &str| {
        problems
            .iter()
            .find(|problem| problem["code"] == code)
            .unwrap_or_else(|| panic!("{code} in {answer:#}"))
    };
    assert_eq!(of("F401")["severity"], "warning");
    assert_eq!(of("F401")["fix"]["edits"][0]["text"], "");
    assert_eq!(
        (&of("F821")["severity"], &of("F821")["start"]),
        (&json!("error"), &json!({ "line": 2, "column": 12 }))
    );
    let begun = Instant::now();
    product.tool(200, &script, "lint", PROGRAM).await;
    println!("a lint: {:?}", begun.elapsed());
    let begun = Instant::now();
    let formatted = product
        .tool(200, &script, "format", "x  =  1\nif x :\n  pass\n")
        .await;
    println!("a format: {:?}", begun.elapsed());
    assert_eq!(formatted["text"], "x = 1\nif x:\n    pass\n");
    let refused = product.tool(422, &script, "format", "def f(:\n").await;
    assert_eq!(
        (&refused["code"], &refused["details"]["line"]),
        (&json!("syntax_error"), &json!(1)),
        "{refused:#}"
    );

    let begun = Instant::now();
    let mut editor = product.editor(&script).await;
    editor.open(PROGRAM).await;
    let found = editor.published().await;
    println!(
        "the first diagnostics of a new language server: {:?}",
        begun.elapsed()
    );
    let said: Vec<_> = found
        .iter()
        .map(|diagnostic| {
            let line = diagnostic["range"]["start"]["line"].clone();
            (line, words(&diagnostic["message"]))
        })
        .collect();
    let about = |line: u64, word: &str| {
        said.iter()
            .any(|(at, message)| *at == json!(line) && message.contains(word))
    };
    assert!(about(1, "nowhere_to_be_found"), "an import of nothing: {said:#?}");
    assert!(about(9, "zz"), "a misspelt attribute: {said:#?}");
    assert!(!about(0, "attrs"), "what is installed is known: {said:#?}");

    let typing = format!("{PROGRAM}attrs.\nPoint(\n");
    editor.change(2, &typing).await;
    let begun = Instant::now();
    let completion = editor.at("textDocument/completion", 10, 6).await;
    println!("from the request to a completion: {:?}", begun.elapsed());
    let items = completion
        .get("items")
        .unwrap_or(&completion)
        .as_array()
        .expect("items");
    let labels: Vec<_> = items.iter().map(|item| words(&item["label"])).collect();
    assert!(labels.iter().any(|label| label == "field"), "{labels:?}");
    let begun = Instant::now();
    let signature = editor.at("textDocument/signatureHelp", 11, 6).await;
    println!("from the request to a signature: {:?}", begun.elapsed());
    let label = words(&signature["signatures"][0]["label"]);
    assert!(label.contains("x: int"), "{label}");

    // Where a definition leads can be read, in packages and in the standard library.
    let definition = editor.at("textDocument/definition", 0, 8).await;
    let first = definition.get(0).unwrap_or(&definition);
    let uri = words(first.get("targetUri").unwrap_or(&first["uri"]));
    let path = uri.strip_prefix("file://").expect("a file");
    assert!(path.starts_with("/env/"), "{uri}");
    let source = product.request(
        Method::GET,
        &format!("/scripts/{script}/tools/source?path={path}"),
    );
    let source = String::from_utf8(bytes(source).await).expect("text");
    assert!(source.contains("import"), "{source}");
    editor.change(3, "import json\njson.dumps(1)\n").await;
    let definition = editor.at("textDocument/definition", 1, 6).await;
    let first = definition.get(0).unwrap_or(&definition);
    let uri = words(first.get("targetUri").unwrap_or(&first["uri"]));
    let path = uri.strip_prefix("file://").expect("a file");
    println!("json.dumps is defined in {path}");
    let source = product.request(
        Method::GET,
        &format!("/scripts/{script}/tools/source?path={path}"),
    );
    let source = String::from_utf8(bytes(source).await).expect("text");
    assert!(source.contains("def dumps"), "{source}");
    for path in ["/etc/passwd", "/env/../etc/passwd.py"] {
        let refused = product.request(
            Method::GET,
            &format!("/scripts/{script}/tools/source?path={path}"),
        );
        expect(422, refused).await;
    }
}

#[tokio::test]
async fn a_tools_container_can_look_and_nothing_else() {
    let product = Product::start().await;
    let script = product.script("Confined", "print(1)\n").await;
    product.tool(200, &script, "lint", "x = 1\n").await;
    let container = product.tools_container(&script);
    let described = machine::described(&container);
    let host = &described["HostConfig"];
    assert_eq!(
        (
            &host["NetworkMode"],
            &host["ReadonlyRootfs"],
            &host["Memory"],
            &host["NanoCpus"],
            &host["PidsLimit"]
        ),
        (
            &json!("none"),
            &json!(true),
            &json!(1_u64 << 30),
            &json!(1_000_000_000),
            &json!(128)
        )
    );
    assert_eq!(host["CapDrop"], json!(["ALL"]));
    assert_eq!(host["SecurityOpt"], json!(["no-new-privileges"]));
    assert_eq!(described["Config"]["Labels"]["pytask.kind"], "tools");
    assert!(described["Config"]["Labels"].get("pytask.run").is_none());

    for command in [
        "echo x > /script/main.py",
        "echo x > /script/new",
        "echo x > /usr/new",
        "ls /pytask/tools",
        "echo x > /pytask/bin/new",
    ] {
        assert!(inside(&container, command).is_err(), "{command}");
    }
    assert_eq!(
        inside(&container, "ls /sys/class/net").expect("a list"),
        "lo",
        "no network"
    );
    // The programs are the script's user without capabilities.
    let mut editor = product.editor(&script).await;
    editor.open("x = 1\n").await;
    let command = "for p in /proc/[0-9]*; do grep -q '^Name:.ty' $p/status && cat $p/status; done; true";
    let status = inside(&container, command).expect("a status");
    for line in [
        "Uid:\t1000\t1000\t1000\t1000",
        "CapEff:\t0000000000000000",
        "NoNewPrivs:\t1",
    ] {
        assert!(status.contains(line), "{line} in {status}");
    }
    assert_eq!(product.file(&script, "main.py").await, b"print(1)\n");
}

#[tokio::test]
async fn tools_die_change_and_stop_and_come_back() {
    let mut product = Product::start_with(&[("PYTASK_TOOLS_IDLE_SECONDS", "4")]).await;
    let script = product.script("Changing", "import six\n").await;
    let mut editor = product.editor(&script).await;
    editor.open("import six\n").await;
    let found = editor.published().await;
    assert!(
        words(&found[0]["message"]).contains("six"),
        "an import without a requirement: {found:#?}"
    );

    // The server dies: this talk is over and says so, the next one works, in the same container.
    let container = product.tools_container(&script);
    let id = words(&machine::described(&container)["Id"]);
    docker(&[
        "exec",
        "--user",
        "1000",
        &container,
        "sh",
        "-c",
        "for p in /proc/[0-9]*; do grep -q '^Name:.ty' $p/status && kill -9 ${p#/proc/}; done; true",
    ]);
    let (code, reason) = loop {
        if let Err(closed) = editor.hear().await {
            break closed;
        }
    };
    assert_eq!(code, 1011, "{reason}");
    let begun = Instant::now();
    let mut editor = product.editor(&script).await;
    editor.open("import six\n").await;
    editor.published().await;
    println!("a new server in a container that is there: {:?}", begun.elapsed());
    assert_eq!(words(&machine::described(&container)["Id"]), id);

    // The whole container dies.
    docker(&["kill", &container]);
    let (code, _) = loop {
        if let Err(closed) = editor.hear().await {
            break closed;
        }
    };
    assert_eq!(code, 1011);
    let begun = Instant::now();
    let mut editor = product.editor(&script).await;
    editor.open("import six\n").await;
    editor.published().await;
    println!("a new server in a new container: {:?}", begun.elapsed());

    // The environment changes: it ends, and what comes then knows the package.
    product.require(&script, &["six"]).await;
    let install = format!("/scripts/{script}/dependencies/install");
    let build = words(&product.post(202, &install, json!({})).await["run"]["id"]);
    let closed = loop {
        tokio::select! {
            heard = editor.hear() => if let Err(closed) = heard { break closed },
            // Used all the while, so that it is not for idleness that it ends.
            () = tokio::time::sleep(Duration::from_millis(500)) => {
                editor.notify("workspace/didChangeConfiguration", json!({ "settings": {} })).await;
            }
        }
    };
    assert_eq!(closed.0, 1012, "{closed:?}");
    assert_eq!(product.finished(&build).await["outcome"]["kind"], "succeeded");
    let mut editor = product.editor(&script).await;
    editor.open("import six\nsix.nothing_of_the_kind\n").await;
    let found = editor.published().await;
    assert!(
        found.iter().all(|one| one["range"]["start"]["line"] == 1),
        "six is known now: {found:#?}"
    );

    // Nobody asks: it stops.
    let (code, _) = loop {
        if let Err(closed) = editor.hear().await {
            break closed;
        }
    };
    assert_eq!(code, 1001);
    assert_eq!(product.tools_state(&script).await, "stopped");

    // A killed controller's container goes with the next one, a stopped controller takes its own along.
    product.tool(200, &script, "lint", "x = 1\n").await;
    product.kill();
    assert!(machine::try_docker(&["inspect", &container]).is_ok());
    product.boot().await;
    product.no_container_stays().await;
    product.engine_ready().await;
    product.tool(200, &script, "lint", "x = 1\n").await;
    assert!(product.terminate().await.success());
    assert!(machine::try_docker(&["inspect", &container]).is_err());
}

#[tokio::test]
async fn a_configuration_in_the_folder_counts_and_a_broken_one_is_named() {
    let product = Product::start().await;
    let script = product.script("Configured", "x = 1\n").await;
    product
        .put_file(&script, "ruff.toml", "[lint]\nselect = [\"D\"]\n")
        .await;
    let answer = product.tool(200, &script, "lint", "import os\n").await;
    let codes: Vec<_> = answer["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .map(|problem| words(&problem["code"]))
        .collect();
    assert_eq!(codes, ["D100"]);
    product.put_file(&script, "ruff.toml", "[lint\n").await;
    let refused = product.tool(422, &script, "lint", "import os\n").await;
    assert_eq!(refused["code"], "tool_failed");
    assert!(words(&refused["message"]).contains("ruff.toml"), "{refused:#}");
}
