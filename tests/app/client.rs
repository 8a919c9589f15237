//! The command line as a client: the real binary, as a process, against an application on the fake engine.

mod proxy;

use std::process::{Output, Stdio};
use std::time::Duration;

use pytask_manager::engine::fake::{End, Gate, Launch, OnStop, Script, Step};
use pytask_protocol::ExitCause;
use pytask_protocol::frame::Stream;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::harness::{PATIENCE, TestApp, expect, text};
use proxy::Proxy;

/// The binary, told where the application is and nothing else.
pub fn command(host: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pytask-manager"));
    command
        .args(args)
        .env_clear()
        .env("PYTASK_URL", format!("http://{host}"))
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

pub async fn ended(mut command: Command) -> Output {
    tokio::time::timeout(PATIENCE, command.output())
        .await
        .expect("it ends")
        .expect("an output")
}

impl TestApp {
    /// What the binary has printed when it has ended.
    pub async fn cli(&self, args: &[&str]) -> Output {
        ended(command(self.host(), args)).await
    }
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn assert_code(output: &Output, code: i32) {
    let (out, err) = (out(output), err(output));
    assert_eq!(output.status.code(), Some(code), "stdout: {out}\nstderr: {err}");
    assert!(!err.contains("panicked"), "{err}");
}

/// Every line as JSON.
pub fn lines(output: &Output) -> Vec<Value> {
    let text = out(output);
    let json = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    text.lines().map(json).collect()
}

fn ends(end: End) -> Script {
    Script {
        end,
        ..Script::default()
    }
}

fn interrupt(child: &Child) {
    let pid = child
        .id()
        .and_then(|id| Pid::from_raw(id as i32))
        .expect("a process");
    kill_process(pid, Signal::INT).expect("a signal");
}

/// Once it has printed this line to stderr.
async fn says(lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStderr>>, part: &str) -> String {
    let mut heard = String::new();
    loop {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("never {part:?}: {heard}"));
        let line = line
            .expect("text")
            .unwrap_or_else(|| panic!("no {part:?}: {heard}"));
        if line.contains(part) {
            return line;
        }
        heard += &line;
    }
}

#[tokio::test]
async fn it_ends_as_the_script_does() {
    let app = TestApp::start().await;
    let signal = |signal| ends(End::signal(ExitCause::Own, signal));
    let refused = Script {
        launch: Launch::Refuse("no such device".to_owned()),
        ..Script::default()
    };
    let table = [
        ("well", Script::prints(&["done"], 0), 0, "Succeeded"),
        ("three", Script::prints(&[], 3), 3, "exit code 3"),
        ("segv", signal(11), 139, "SIGSEGV"),
        ("memory", ends(End::out_of_memory()), 137, "emory"),
        ("time", ends(End::signal(ExitCause::TimeLimit, 9)), 124, "ime"),
        ("gone", ends(End::Vanishes), 70, "Lost"),
        ("refused", refused, 70, "could not be started"),
    ];
    for (name, script, code, said) in table {
        let id = app.script(name).await;
        app.fake.script(&id, script);
        let output = app.cli(&["run", name, "--wait"]).await;
        assert_code(&output, code);
        let last = err(&output);
        let last = last.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("pytask-manager: run ") && last.contains(said) && last.contains(name),
            "{name}: {last}"
        );
    }
    let id = app.script("busy").await;
    app.fake.script(&id, Script::hangs());
    let first = app.run(&id).await;
    app.run_until(&first, "ran", |run| run["state"] == "running")
        .await;
    let skipped = app.cli(&["run", "busy", "--wait", "--overlap", "skip"]).await;
    assert_code(&skipped, 75);
    let waiting = app.cli(&["logs", "busy", "--follow", "--exit-code"]);
    let cancelled = async {
        let cancel = app.post(&format!("/runs/{first}/cancel"), json!({})).await;
        expect(200, cancel).await;
    };
    // The last run is the one that was skipped.
    let (last, ()) = tokio::join!(waiting, cancelled);
    assert_code(&last, 75);
    assert_code(&app.cli(&["logs", &first, "--follow", "--exit-code"]).await, 70);
    assert_code(&app.cli(&["logs", &first, "--follow"]).await, 0);
}

#[tokio::test]
async fn both_streams_come_through_to_the_byte() {
    let app = TestApp::start().await;
    let id = app.script("Bytes").await;
    let every: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let steps = vec![
        Step::Write(Stream::Stdout, b"a\r\n\x1b[31mred".to_vec()),
        Step::Write(Stream::Stderr, b"torn \xff".to_vec()),
        Step::Write(Stream::Stdout, every.clone()),
        Step::Write(Stream::Stderr, b"\xc3\xa9 end".to_vec()),
    ];
    app.fake.script(
        &id,
        Script {
            steps,
            ..Script::default()
        },
    );
    let output = app.cli(&["run", "bytes", "--wait", "--quiet"]).await;
    assert_code(&output, 0);
    let expected = [b"a\r\n\x1b[31mred".to_vec(), every].concat();
    assert!(output.stdout == expected, "{} bytes", output.stdout.len());
    assert_eq!(output.stderr, b"torn \xff\xc3\xa9 end");

    let run = text(&app.get("/runs").await["items"][0]["id"]);
    for args in [
        &["logs", &run, "--quiet"][..],
        &["logs", "1", "--quiet"],
        &["logs", "-f", "-q", "#1"],
    ] {
        let again = app.cli(args).await;
        assert_code(&again, 0);
        assert!(
            again.stdout == output.stdout && again.stderr == output.stderr,
            "{args:?}"
        );
    }
    let only = app.cli(&["logs", "Bytes", "--stream", "stderr"]).await;
    assert_eq!((only.stdout.len(), &only.stderr), (0, &output.stderr));
    // Our own sentence begins a line.
    let told = app.cli(&["run", "Bytes", "--wait"]).await;
    assert!(
        told.stderr
            .starts_with(b"torn \xff\xc3\xa9 end\npytask-manager: run 2 of Bytes: ")
    );
}

#[tokio::test]
async fn a_tail_is_the_end_and_since_is_from_then_on() {
    let app = TestApp::start().await;
    let id = app.script("Tail").await;
    let gate = Gate::default();
    let mut script = Script::prints(&["one", "two", "three"], 0);
    script.steps.push(Step::Pass(gate.clone()));
    script.steps.push(Step::Write(Stream::Stdout, b"four\n".to_vec()));
    app.fake.script(&id, script);
    let run = app.run(&id).await;
    app.until("three lines", async |app| {
        out(&app.cli(&["logs", &run]).await).lines().count() == 3
    })
    .await;
    assert_eq!(out(&app.cli(&["logs", &run, "--tail", "1"]).await), "three\n");
    assert_eq!(
        out(&app.cli(&["logs", &run, "--since", "1h"]).await)
            .lines()
            .count(),
        3
    );
    assert_eq!(
        out(&app.cli(&["logs", &run, "--since", "2999-01-01T00:00:00Z"]).await),
        ""
    );
    for (tail, expected) in [("2", "two\nthree\nfour\n"), ("0", "four\n")] {
        let args = ["logs", run.as_str(), "-f", "--tail", tail];
        let follow = app.cli(&args);
        if tail == "2" {
            let opened = async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                gate.open();
            };
            let (output, ()) = tokio::join!(follow, opened);
            assert_eq!(out(&output), expected);
        } else {
            // It has ended: nothing follows.
            assert_eq!(out(&follow.await), "", "{expected}");
        }
    }
}

#[tokio::test]
async fn arguments_and_variables_reach_the_run() {
    let app = TestApp::start().await;
    app.script("Args").await;
    let args = [
        "run", "Args", "--arg", "--day=1", "--arg", "a b", "-e", "X=1=2", "--", "-v", "end",
    ];
    let output = app.cli(&args).await;
    assert_code(&output, 0);
    let run = app.finished(out(&output).trim()).await;
    assert_eq!(run["args"], json!(["--day=1", "a b", "-v", "end"]));
    assert_eq!(run["env"], json!({ "X": "1=2" }));
    assert_eq!(run["trigger"], json!({ "kind": "api" }));
    let bad = app.cli(&["run", "Args", "-e", "PYTASK_X=1"]).await;
    assert_code(&bad, 65);
    assert!(err(&bad).contains("reserved"), "{}", err(&bad));
    assert_code(&app.cli(&["run", "Args", "-e", "X"]).await, 2);
    let key = ["run", "Args", "--idempotency-key", "tonight"];
    assert_eq!(out(&app.cli(&key).await), out(&app.cli(&key).await));
}

#[tokio::test]
async fn ctrl_c_once_leaves_the_run_alone() {
    let app = TestApp::start().await;
    let id = app.script("Long").await;
    let mut script = Script::hangs();
    script
        .steps
        .insert(0, Step::Write(Stream::Stdout, b"begun\n".to_vec()));
    app.fake.script(&id, script);
    let mut child = command(app.host(), &["run", "Long", "--wait"])
        .spawn()
        .expect("started");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    assert_eq!(stdout.next_line().await.expect("text").as_deref(), Some("begun"));
    interrupt(&child);
    let said = says(&mut stderr, "goes on").await;
    let run = text(&app.get("/runs").await["items"][0]["id"]);
    assert!(said.contains(&format!("logs --follow {run}")), "{said}");
    let status = tokio::time::timeout(PATIENCE, child.wait())
        .await
        .expect("it ends");
    assert_eq!(status.expect("a status").code(), Some(130));
    assert_eq!(app.get(&format!("/runs/{run}")).await["state"], "running");
}

#[tokio::test]
async fn ctrl_c_twice_cancels_it_and_its_end_is_waited_for() {
    let app = TestApp::start().await;
    let id = app.script("Long").await;
    let mut script = Script::hangs();
    script
        .steps
        .insert(0, Step::Write(Stream::Stdout, b"begun\n".to_vec()));
    script.on_stop = OnStop::Ends;
    app.fake.script(&id, script);
    let mut child = command(app.host(), &["run", "Long", "--wait"])
        .spawn()
        .expect("started");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    assert_eq!(stdout.next_line().await.expect("text").as_deref(), Some("begun"));
    interrupt(&child);
    says(&mut stderr, "Ctrl+C again").await;
    interrupt(&child);
    says(&mut stderr, "Cancelled").await;
    let status = tokio::time::timeout(PATIENCE, child.wait())
        .await
        .expect("it ends");
    assert_eq!(status.expect("a status").code(), Some(130));
    let run = &app.get("/runs").await["items"][0];
    assert_eq!(
        (&run["state"], &run["outcome"]["kind"]),
        (&json!("finished"), &json!("cancelled"))
    );
}

#[tokio::test]
async fn a_reader_that_takes_nothing_does_not_hold_up_ctrl_c() {
    let app = TestApp::start().await;
    let id = app.script("Much").await;
    let much = Step::Write(Stream::Stdout, vec![b'x'; 8 << 20]);
    app.fake.script(
        &id,
        Script {
            steps: vec![much, Step::Hang],
            ..Script::default()
        },
    );
    let mut child = command(app.host(), &["run", "Much", "--wait"])
        .spawn()
        .expect("started");
    // Held, and not read.
    let _stdout = child.stdout.take().expect("a pipe");
    app.until("it is under way", async |app| {
        app.get("/runs").await["items"][0]["state"] == "running"
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    interrupt(&child);
    let status = tokio::time::timeout(PATIENCE, child.wait())
        .await
        .expect("it ends");
    assert_eq!(status.expect("a status").code(), Some(130));
}

#[tokio::test]
async fn a_torn_connection_loses_and_doubles_nothing() {
    let app = TestApp::start().await;
    let id = app.script("Torn").await;
    let gates: Vec<Gate> = (0..4).map(|_| Gate::default()).collect();
    let mut steps = Vec::new();
    let mut expected: Vec<u8> = Vec::new();
    for (part, gate) in gates.iter().enumerate() {
        for line in 0..200 {
            let line = format!("part {part} line {line} é\n").into_bytes();
            expected.extend(&line);
            steps.push(Step::Write(Stream::Stdout, line));
        }
        steps.push(Step::Pass(gate.clone()));
    }
    app.fake.script(
        &id,
        Script {
            steps,
            ..Script::default()
        },
    );
    let proxy = Proxy::start(app.host()).await;
    let child = command(proxy.host(), &["run", "Torn", "--wait"])
        .spawn()
        .expect("started");
    let torn = async {
        for gate in &gates {
            proxy.until_quiet().await;
            proxy.tear();
            gate.open();
        }
    };
    let output = async { tokio::time::timeout(PATIENCE, child.wait_with_output()).await };
    let (output, ()) = tokio::join!(output, torn);
    let output = output.expect("it ends").expect("an output");
    assert_code(&output, 0);
    assert!(output.stdout == expected, "{}", out(&output));
    assert!(
        err(&output).contains("the connection is lost"),
        "{}",
        err(&output)
    );
}

#[tokio::test]
async fn a_restart_of_the_application_is_waited_for() {
    let mut app = TestApp::start().await;
    let id = app.script("Goes on").await;
    let gate = Gate::default();
    let steps = vec![
        Step::Write(Stream::Stdout, b"before\n".to_vec()),
        Step::Pass(gate.clone()),
        Step::Write(Stream::Stdout, b"after\n".to_vec()),
    ];
    app.fake.script(
        &id,
        Script {
            steps,
            end: End::code(7),
            ..Script::default()
        },
    );
    let proxy = Proxy::start(app.host()).await;
    let mut child = command(proxy.host(), &["run", "Goes on", "--wait"])
        .spawn()
        .expect("started");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).await.expect("text");
    assert_eq!(line, "before\n");
    app.restart().await;
    proxy.goes_to(app.host());
    gate.open();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).await.expect("text");
    assert_eq!(rest, "after\n");
    let status = tokio::time::timeout(PATIENCE, child.wait())
        .await
        .expect("it ends");
    assert_eq!(status.expect("a status").code(), Some(7));
}

#[tokio::test]
async fn an_answer_that_is_lost_starts_nothing_twice() {
    let app = TestApp::start().await;
    app.script("Once").await;
    let proxy = Proxy::start(app.host()).await;
    proxy.swallow_next_answer_to("POST");
    let output = ended(command(proxy.host(), &["run", "Once"])).await;
    assert_code(&output, 0);
    assert!(err(&output).contains("Trying again"), "{}", err(&output));
    let runs = app.get("/runs").await;
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(out(&output).trim(), text(&runs["items"][0]["id"]));
}

#[tokio::test]
async fn why_it_waits_is_told() {
    let app = TestApp::start_with(&["--max-runs", "1"]).await;
    let busy = app.script("Busy").await;
    let gate = Gate::default();
    app.fake.script(&busy, Script::waits_for(&gate));
    let first = app.run(&busy).await;
    app.run_until(&first, "ran", |run| run["state"] == "running")
        .await;
    app.script("Second").await;
    let mut child = command(app.host(), &["run", "Second", "--wait"])
        .spawn()
        .expect("started");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let said = says(&mut stderr, "waits").await;
    assert!(said.starts_with("pytask-manager: run 2 waits: "), "{said}");
    gate.open();
    says(&mut stderr, "run 2 of Second: ").await;
    let status = tokio::time::timeout(PATIENCE, child.wait())
        .await
        .expect("it ends");
    assert_eq!(status.expect("a status").code(), Some(0));
}

#[tokio::test]
async fn as_json_every_line_is_a_value() {
    let app = TestApp::start().await;
    let id = app.script("Report").await;
    app.fake.script(&id, Script::prints(&["one", "two"], 4));
    let waited = app.cli(&["run", "Report", "--wait", "--json"]).await;
    assert_code(&waited, 4);
    let told = lines(&waited);
    let written: String = told
        .iter()
        .filter(|line| line["type"] == "record")
        .map(|line| text(&line["text"]))
        .collect();
    assert_eq!(written, "one\ntwo\n");
    let last = told.last().expect("a line");
    assert_eq!(
        (&last["type"], &last["run"]["outcome"]["exit_code"]),
        (&json!("state"), &json!(4))
    );
    let queued = lines(&app.cli(&["run", "Report", "--json"]).await);
    assert_eq!((queued.len(), &queued[0]["script_name"]), (1, &json!("Report")));
    app.finished(&text(&queued[0]["id"])).await;
    let records = lines(&app.cli(&["logs", "Report", "--json"]).await);
    assert_eq!((records.len(), &records[1]["seq"]), (2, &json!(2)));

    let runs = lines(&app.cli(&["list", "runs", "--json"]).await);
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0], app.get(&format!("/runs/{}", text(&runs[0]["id"]))).await);
    let scripts = lines(&app.cli(&["list", "--json"]).await);
    assert_eq!((scripts.len(), &scripts[0]["id"]), (1, &json!(id)));
    assert_eq!(lines(&app.cli(&["list", "schedules", "--json"]).await).len(), 0);
}

#[tokio::test]
async fn lists_are_narrowed_and_as_long_as_is_wanted() {
    let app = TestApp::start().await;
    for number in 0..3 {
        let new = json!({ "name": format!("Script {number}"), "tags": [format!("t{number}"), "all"] });
        let script = text(&expect(201, app.post("/scripts", new).await).await["id"]);
        app.fake.script(&script, Script::prints(&[], number));
        let run = app.run(&script).await;
        app.finished(&run).await;
    }
    let names = async |args: &[&str]| -> Vec<String> {
        let output = app.cli(&[&["list"], args, &["--json"]].concat()).await;
        assert_code(&output, 0);
        let name = |item: &Value| {
            item["name"]
                .as_str()
                .or(item["script_name"].as_str())
                .map(str::to_owned)
        };
        lines(&output).iter().filter_map(name).collect()
    };
    assert_eq!(names(&["--tag", "t1"]).await, ["Script 1"]);
    assert_eq!(
        names(&["scripts", "--tag", "all", "--tag", "t2"]).await,
        ["Script 2"]
    );
    assert_eq!(names(&["scripts", "--outcome", "succeeded"]).await, ["Script 0"]);
    assert_eq!(names(&["scripts", "-n", "2"]).await, ["Script 0", "Script 1"]);
    assert_eq!(
        names(&["scripts", "--sort", "last_run", "-n", "1"]).await,
        ["Script 2"]
    );
    assert_eq!(
        names(&["runs", "--outcome", "failed"]).await,
        ["Script 2", "Script 1"]
    );
    assert_eq!(names(&["runs", "--script", "script 0"]).await, ["Script 0"]);
    assert_eq!(names(&["runs", "--tag", "t1"]).await, ["Script 1"]);
    assert_eq!(names(&["runs", "--limit", "0"]).await.len(), 3);
    assert_code(&app.cli(&["list", "runs", "--outcome", "odd"]).await, 65);

    let table = app.cli(&["list", "runs"]).await;
    let shown = out(&table);
    let rows: Vec<&str> = shown.lines().collect();
    assert_eq!(rows.len(), 4, "{shown}");
    assert!(
        rows[0].starts_with("RUN ") && rows[1].contains("failed (2)"),
        "{shown}"
    );
    assert!(!shown.contains('\u{1b}'), "no colours but on a terminal");
    let cut = app.cli(&["list", "scripts", "-n", "1"]).await;
    assert!(err(&cut).contains("there are more"), "{}", err(&cut));
}

#[tokio::test]
async fn schedules_are_made_shown_and_removed() {
    let app = TestApp::start().await;
    app.script("Nightly").await;
    let args = [
        "schedule",
        "nightly",
        "0 6 * * *",
        "--timezone",
        "Europe/Berlin",
        "--name",
        "Early",
        "--arg",
        "-x",
    ];
    let made = app.cli(&args).await;
    assert_code(&made, 0);
    let id = out(&made).trim().to_owned();
    let schedule = app.get(&format!("/schedules/{id}")).await;
    assert_eq!(
        schedule["when"],
        json!({ "kind": "cron", "expression": "0 6 * * *", "zone": "Europe/Berlin" })
    );
    assert_eq!(
        (&schedule["name"], &schedule["args"]),
        (&json!("Early"), &json!(["-x"]))
    );
    let listed = app.cli(&["schedule", "list"]).await;
    assert!(
        out(&listed).contains("Europe/Berlin") && out(&listed).contains(&id),
        "{}",
        out(&listed)
    );

    let bad = app.cli(&["schedule", "Nightly", "0 25 * * *"]).await;
    assert_code(&bad, 65);
    assert!(err(&bad).contains("  0 25 * * *\n    ^^\n"), "{}", err(&bad));
    assert_code(
        &app.cli(&["schedule", "Nightly", "0 6 * * *", "--timezone", "Nowhere"])
            .await,
        65,
    );
    assert_code(&app.cli(&["schedule", "remove", "Late"]).await, 66);
    assert_code(&app.cli(&["schedule", "remove", "Early"]).await, 0);
    assert_eq!(app.get("/schedules").await["items"], json!([]));
    assert_code(&app.cli(&["schedule"]).await, 2);
}

#[tokio::test]
async fn what_is_not_there_is_named_with_what_may_have_been_meant() {
    let app = TestApp::start().await;
    app.script("Nightly report").await;
    let typo = app.cli(&["run", "nigthly report", "--wait"]).await;
    assert_code(&typo, 66);
    assert!(
        err(&typo).contains("Did you mean \"Nightly report\"?"),
        "{}",
        err(&typo)
    );
    let never = app.cli(&["logs", "Nightly report"]).await;
    assert_code(&never, 66);
    assert!(err(&never).contains("has not run yet"), "{}", err(&never));
    let number = app.cli(&["logs", "#77"]).await;
    assert_code(&number, 66);
    assert!(err(&number).contains("no run #77"), "{}", err(&number));
    assert_code(&app.cli(&["logs", &"0".repeat(32)]).await, 66);
}

#[tokio::test]
async fn an_application_that_is_not_there_is_said_to_be() {
    let port = {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        taken.local_addr().expect("an address").to_string()
    };
    let away = ended(command(&port, &["run", "x", "--wait"])).await;
    assert_code(&away, 69);
    let said = err(&away);
    assert!(
        said.contains(&port) && said.contains("PYTASK_URL") && said.lines().count() == 1,
        "{said}"
    );
    assert_code(&ended(command("", &["list"])).await, 2);

    let app = TestApp::start().await;
    let mut elsewhere = command(app.host(), &["list"]);
    elsewhere.env("PYTASK_URL", format!("http://{}/below", app.host()));
    let stranger = ended(elsewhere).await;
    assert_code(&stranger, 69);
    assert!(err(&stranger).contains("--url"), "{}", err(&stranger));
}

#[tokio::test]
async fn a_token_is_sent_and_asked_for() {
    use wiremock::matchers::{header, method};
    use wiremock::{Mock, MockServer, ResponseTemplate};
    let server = MockServer::start().await;
    let let_in = ResponseTemplate::new(200).set_body_json(json!({ "items": [], "next_cursor": null }));
    Mock::given(method("GET"))
        .and(header("authorization", "Bearer pytask_secret"))
        .respond_with(let_in)
        .mount(&server)
        .await;
    let refusal = json!({ "code": "token_required", "message": "A token is required", "request_id": "r" });
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401).set_body_json(refusal))
        .mount(&server)
        .await;
    let host = server.address().to_string();
    let refused = ended(command(&host, &["list"])).await;
    assert_code(&refused, 77);
    assert!(err(&refused).contains("PYTASK_TOKEN"), "{}", err(&refused));
    assert_code(
        &ended(command(&host, &["list", "--token", "pytask_secret"])).await,
        0,
    );
    let mut by_variable = command(&host, &["list"]);
    by_variable.env("PYTASK_TOKEN", "pytask_secret");
    assert_code(&ended(by_variable).await, 0);
    let wrong = ended(command(&host, &["list", "--token", "pytask_other"])).await;
    assert!(!err(&wrong).contains("pytask_other"), "{}", err(&wrong));
    let mut help = command(&host, &["list", "--help"]);
    help.env("PYTASK_TOKEN", "pytask_secret");
    assert!(!out(&ended(help).await).contains("pytask_secret"));
}

#[tokio::test]
async fn a_reader_that_has_enough_is_no_error() {
    let app = TestApp::start().await;
    let id = app.script("Chatty").await;
    let line = [&[b'x'; 999][..], b"\n"].concat();
    let steps = vec![Step::Write(Stream::Stdout, line.repeat(2000))];
    app.fake.script(
        &id,
        Script {
            steps,
            ..Script::default()
        },
    );
    let run = app.run(&id).await;
    app.finished(&run).await;
    for args in [
        &["logs", &run][..],
        &["logs", "-f", &run],
        &["run", "Chatty", "--wait"],
    ] {
        let mut child = command(app.host(), args).spawn().expect("started");
        let mut stdout = child.stdout.take().expect("a pipe");
        let mut some = [0; 100];
        stdout.read_exact(&mut some).await.expect("some of it");
        drop(stdout);
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.expect("it ends").expect("an output");
        assert_code(&output, 141);
    }
    // A short list is written whole, or its reader is gone before.
    let mut child = command(app.host(), &["list"]).spawn().expect("started");
    drop(child.stdout.take());
    let output = child.wait_with_output().await.expect("an output");
    assert_code(&output, 141);
}

#[tokio::test]
async fn shells_complete_it() {
    for shell in ["bash", "zsh", "fish"] {
        let output = ended(command("x", &["completions", shell])).await;
        assert_code(&output, 0);
        assert!(out(&output).contains("schedule"), "{shell}");
    }
}
