//! Webhooks over HTTP: who is told what, in which order, signed, through receivers that are down, hang, flood, and through a
//! restart; and what is refused.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use pytask_manager::engine::fake::Script;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::harness::{PATIENCE, TestApp, expect, text};

/// What a receiver does once it has read a request.
#[derive(Debug, Clone)]
enum Manner {
    /// Answers with this, byte for byte.
    Says(String),
    /// Never answers, and keeps the connection.
    Hangs,
    /// Answers 200 and ten million bytes.
    Floods,
}

impl Manner {
    fn status(status: u16) -> Self {
        Self::Says(format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n"))
    }
}

#[derive(Debug, Clone)]
struct Received {
    headers: HeaderMap,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| value.to_str().expect("text"));
        value.unwrap_or_default().to_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// A small server of our own: it has to be able to behave badly.
struct Receiver {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let manner = Arc::new(Mutex::new(Manner::status(204)));
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let (how, into) = (Arc::clone(&manner), Arc::clone(&received));
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("a connection");
                let (how, into) = (Arc::clone(&how), Arc::clone(&into));
                tokio::spawn(async move { serve(socket, &how, &into).await });
            }
        });
        Self {
            address,
            manner,
            received,
            task,
        }
    }

    fn be(&self, manner: Manner) {
        *self.manner.lock().expect("a lock") = manner;
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().expect("a lock").clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut socket: TcpStream, manner: &Mutex<Manner>, received: &Mutex<Vec<Received>>) -> Option<()> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let mut some = [0; 4096];
        let n = socket.read(&mut some).await.ok().filter(|n| *n > 0)?;
        read.extend_from_slice(&some[..n]);
    };
    let mut headers = HeaderMap::new();
    for line in String::from_utf8_lossy(&read[..head]).lines().skip(1) {
        if let Some((name, value)) = line.split_once(": ") {
            let name: reqwest::header::HeaderName = name.parse().expect("a name");
            headers.append(name, value.parse().expect("a value"));
        }
    }
    let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    while read.len() < head + length {
        let mut some = [0; 4096];
        let n = socket.read(&mut some).await.ok().filter(|n| *n > 0)?;
        read.extend_from_slice(&some[..n]);
    }
    let body = String::from_utf8(read[head..].to_vec()).expect("UTF-8");
    received.lock().expect("a lock").push(Received { headers, body });
    let manner = manner.lock().expect("a lock").clone();
    match manner {
        Manner::Says(answer) => socket.write_all(answer.as_bytes()).await.ok()?,
        Manner::Hangs => std::future::pending().await,
        Manner::Floods => {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n";
            socket.write_all(head.as_bytes()).await.ok()?;
            for _ in 0..1_000 {
                socket.write_all(&[b'x'; 10_000]).await.ok()?;
            }
        }
    }
    socket.shutdown().await.ok()
}

/// An application whose clock the test moves, that may send to this machine.
struct Stage {
    app: TestApp,
    clock: Clock,
}

impl Stage {
    async fn start() -> Self {
        // Receivers compare what was signed with their own clock: it is passed by the time that a test lets pass.
        Self::start_before(SignedDuration::ZERO).await
    }

    async fn start_before(time: SignedDuration) -> Self {
        let clock = Clock::manual(Clock::system().now() - time);
        let surroundings = Surroundings {
            clock: clock.clone(),
            ..Surroundings::default()
        };
        let app = TestApp::start_in(surroundings, &[]).await;
        app.patch(
            "/settings",
            json!({ "notifications": { "private_targets": ["127.0.0.1"] } }),
        )
        .await;
        Self { app, clock }
    }

    fn pass(&self, seconds: i64) {
        self.clock
            .set(self.clock.now() + SignedDuration::from_secs(seconds));
        self.app.webhooks().wake();
    }

    async fn webhook(&self, url: &str, more: Value) -> Value {
        let mut wish = json!({ "name": "Team", "url": url, "events": ["finished", "failed", "recovered"] });
        for (name, value) in more.as_object().expect("an object") {
            wish[name] = value.clone();
        }
        expect(201, self.app.post("/webhooks", wish).await).await
    }

    /// A run that ends with this code.
    async fn run(&self, script: &str, code: i32) -> Value {
        self.app.fake.script("script", Script::prints(&["line"], code));
        let run = self.app.run(script).await;
        self.app.finished(&run).await
    }

    async fn deliveries(&self, webhook: &Value) -> Vec<Value> {
        let id = text(&webhook["id"]);
        let page = self
            .app
            .get(&format!("/webhooks/{id}/deliveries?limit=500"))
            .await;
        page["items"].as_array().expect("items").clone()
    }

    /// The newest delivery, once it is so.
    async fn newest_until(&self, webhook: &Value, what: &str, so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let newest = self
                .deliveries(webhook)
                .await
                .first()
                .cloned()
                .unwrap_or_default();
            if so(&newest) {
                return self
                    .app
                    .get(&format!("/deliveries/{}", text(&newest["id"])))
                    .await;
            }
            assert!(Instant::now() < deadline, "never {what}: {newest:#}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn attempts(delivery: &Value) -> usize {
    delivery["attempts"].as_array().map_or(0, Vec::len)
}

fn verify(secret: &str, received: &Received) {
    let verifier = standardwebhooks::Webhook::new(secret).expect("a secret");
    let verified = verifier.verify(received.body.as_bytes(), &received.headers);
    verified.expect("the specification's own library takes the signature");
}

/// The issue's own question: down for ten minutes, then back.
#[tokio::test]
async fn what_a_receiver_missed_arrives_once_it_is_back_in_order_signed_and_no_run_waited() {
    let stage = Stage::start_before(SignedDuration::from_mins(12)).await;
    // A port at which nobody listens.
    let address = {
        let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        taken.local_addr().expect("an address")
    };
    let url = format!("http://{address}/hook");
    let hook = stage.webhook(&url, json!({ "secret": "generate" })).await;
    let secret = text(&hook["secret"]);
    let scripts = [stage.app.script("A").await, stage.app.script("B").await];
    let mut expected: Vec<Vec<(i64, &str)>> = vec![vec![], vec![]];
    let mut slowest = Duration::ZERO;
    for round in 0..20 {
        for (which, script) in scripts.iter().enumerate() {
            let code = i32::from(round % 3 == 1);
            let begun = Instant::now();
            let run = stage.run(script, code).await;
            slowest = slowest.max(begun.elapsed());
            let event = match round % 3 {
                1 => "run.failed",
                2 => "run.recovered",
                _ => "run.finished",
            };
            expected[which].push((run["number"].as_i64().expect("a number"), event));
        }
        stage.pass(30);
    }
    let waiting = stage.deliveries(&hook).await;
    assert_eq!(waiting.len(), 40);
    assert!(waiting.iter().all(|delivery| delivery["delivered_at"].is_null()));
    let tried: usize = waiting.iter().map(attempts).sum();
    assert!((4..=40).contains(&tried), "tried with patience: {tried}");
    assert!(
        slowest < Duration::from_secs(5),
        "a run waited for a receiver: {slowest:?}"
    );
    let shown = stage.app.get(&format!("/webhooks/{}", text(&hook["id"]))).await;
    assert!(shown["failing_since"].is_string(), "{shown:#}");

    let receiver = Receiver::start_at(&address.to_string()).await;
    let deadline = Instant::now() + PATIENCE;
    while receiver.received().len() < 40 {
        assert!(
            Instant::now() < deadline,
            "only {} came",
            receiver.received().len()
        );
        // Until both have been asked again: what is signed has to be fresh by the receiver's clock.
        let scripts: Vec<Value> = receiver
            .received()
            .iter()
            .map(|one| one.json()["data"]["script"]["id"].clone())
            .collect();
        match scripts.iter().any(|script| *script != scripts[0]) {
            true => stage.app.webhooks().wake(),
            false => stage.pass(10),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let received = receiver.received();
    for (script, expected) in scripts.iter().zip(&expected) {
        let of_script: Vec<(i64, String)> = received
            .iter()
            .map(Received::json)
            .filter(|body| body["data"]["script"]["id"] == script.as_str())
            .map(|body| {
                (
                    body["data"]["run"]["number"].as_i64().expect("a number"),
                    text(&body["type"]),
                )
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(number, event)| (*number, (*event).to_owned()))
            .collect();
        assert_eq!(of_script, expected, "every event, once, in order");
    }
    let mut ids: Vec<String> = received
        .iter()
        .map(|received| received.header("webhook-id"))
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 40);
    for received in &received {
        verify(&secret, received);
    }
    stage
        .newest_until(&hook, "delivered", |newest| newest["state"] == "delivered")
        .await;
    let shown = stage.app.get(&format!("/webhooks/{}", text(&hook["id"]))).await;
    assert!(shown["failing_since"].is_null(), "{shown:#}");
    assert_eq!(shown["last_delivery"]["status"], 204);
}

#[tokio::test]
async fn a_kill_between_and_within_attempts_loses_nothing() {
    let mut stage = Stage::start().await;
    let receiver = Receiver::start().await;
    receiver.be(Manner::status(503));
    let hook = stage
        .webhook(&receiver.url(), json!({ "secret": "generate" }))
        .await;
    let secret = text(&hook["secret"]);
    let script = stage.app.script("A").await;
    stage.run(&script, 1).await;
    stage
        .newest_until(&hook, "tried", |newest| attempts(newest) == 1)
        .await;
    // Between two attempts.
    stage.app.restart().await;
    receiver.be(Manner::Hangs);
    stage.pass(10);
    stage
        .app
        .until("it is being sent", async |_| receiver.received().len() == 2)
        .await;
    // While it is being sent; it is sent again as soon as somebody is there.
    receiver.be(Manner::status(200));
    stage.app.restart().await;
    stage.pass(60);
    let delivered = stage
        .newest_until(&hook, "delivered", |newest| newest["state"] == "delivered")
        .await;
    let received = receiver.received();
    assert_eq!((received.len(), attempts(&delivered)), (3, 3), "{delivered:#}");
    assert!(
        text(&delivered["attempts"][1]["error"]).contains("nobody knows"),
        "{delivered:#}"
    );
    let id = received[0].header("webhook-id");
    assert_eq!(delivered["message_id"], id.as_str());
    for received in &received {
        assert_eq!(
            received.header("webhook-id"),
            id,
            "by which a receiver tells that it is the same"
        );
        verify(&secret, received);
    }
}

#[tokio::test]
async fn receivers_that_behave_badly_cost_an_attempt_and_nothing_else() {
    let stage = Stage::start().await;
    stage
        .app
        .patch("/settings", json!({ "notifications": { "timeout_seconds": 1 } }))
        .await;
    let receiver = Receiver::start().await;
    let hook = stage.webhook(&receiver.url(), json!({})).await;
    let id = text(&hook["id"]);
    let test = async |manner: Manner| {
        receiver.be(manner);
        let begun = Instant::now();
        let delivery = expect(
            200,
            stage.app.post(&format!("/webhooks/{id}/test"), json!({})).await,
        )
        .await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{delivery:#}");
        delivery
    };
    let hung = test(Manner::Hangs).await;
    assert_eq!(hung["state"], "failed");
    assert_eq!(hung["attempts"][0]["error"], "No answer within 1 s");
    let flooded = test(Manner::Floods).await;
    assert_eq!(
        (&flooded["state"], &flooded["attempts"][0]["status"]),
        (&json!("delivered"), &json!(200))
    );
    assert_eq!(text(&flooded["attempts"][0]["response_excerpt"]).len(), 1_000);
    for garbage in [
        "\0\u{1}\u{2}garbage".to_owned(),
        "HTTP/9.9 999 What\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nbad header\r\n: : :\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", "x: y\r\n".repeat(50_000)),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(2_000_000)),
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx".to_owned(),
        String::new(),
    ] {
        let delivery = test(Manner::Says(garbage)).await;
        assert_eq!(delivery["state"], "failed", "{delivery:#}");
        assert!(delivery["attempts"][0]["error"].is_string());
    }
    let evil = "HTTP/1.1 500 So\r\ncontent-length: 24\r\n\r\n<script>\u{1b}[2J\u{202e}x</script>";
    let hostile = test(Manner::Says(evil.to_owned())).await;
    let excerpt = text(&hostile["attempts"][0]["response_excerpt"]);
    assert!(
        excerpt.starts_with("<script>") && !excerpt.contains(['\u{1b}', '\u{202e}']),
        "{excerpt:?}"
    );
    // Not followed, wherever it leads.
    let before = receiver.received().len();
    let moved = format!(
        "HTTP/1.1 307 Moved\r\nlocation: http://{}/api/v1/scripts\r\n\r\n",
        stage.app.host()
    );
    let redirected = test(Manner::Says(moved)).await;
    assert_eq!(redirected["state"], "failed");
    assert!(text(&redirected["attempts"][0]["error"]).contains("not followed"));
    assert_eq!(receiver.received().len(), before + 1);
}

#[tokio::test]
async fn a_test_shows_what_was_sent_and_a_replay_sends_it_again() {
    let stage = Stage::start().await;
    let receiver = Receiver::start().await;
    let with_login = receiver.url().replace("http://", "http://ann:s3cret-word@");
    let hook = stage
        .webhook(&with_login, json!({ "secret": "generate", "enabled": false }))
        .await;
    assert_eq!(hook["url_shown"], format!("http://…@{}/…", receiver.address));
    assert!(!hook.to_string().contains("s3cret-word"));
    let id = text(&hook["id"]);
    let tested = expect(
        200,
        stage.app.post(&format!("/webhooks/{id}/test"), json!({})).await,
    )
    .await;
    assert_eq!(
        (&tested["state"], &tested["event"], &tested["run_id"]),
        (&json!("delivered"), &json!("test"), &Value::Null)
    );
    let received = receiver.received().remove(0);
    assert_eq!(received.header("authorization"), "Basic YW5uOnMzY3JldC13b3Jk");
    assert_eq!(received.header("content-type"), "application/json");
    verify(&text(&hook["secret"]), &received);
    let request = &tested["request"];
    assert_eq!(
        (&request["method"], &request["body"]),
        (&json!("POST"), &json!(received.body))
    );
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        assert_eq!(request["headers"][name], received.header(name).as_str(), "{name}");
    }
    assert_eq!(request["headers"]["authorization"], "…");
    let all = stage
        .app
        .get(&format!("/deliveries/{}", text(&tested["id"])))
        .await
        .to_string();
    assert!(!all.contains("s3cret-word") && !all.contains("YW5uOnMz") && !all.contains("whsec_"));

    let replay = format!("/deliveries/{}/replay", text(&tested["id"]));
    let off = expect(409, stage.app.post(&replay, json!({})).await).await;
    assert_eq!(off["code"], "webhook_disabled");
    let on = stage
        .app
        .patch(&format!("/webhooks/{id}"), json!({ "enabled": true }))
        .await;
    assert!(on["secret"].is_null(), "it is answered once");
    let again = expect(202, stage.app.post(&replay, json!({})).await).await;
    assert_ne!(again["id"], tested["id"]);
    assert_eq!(again["message_id"], tested["message_id"]);
    stage
        .app
        .until("it came again", async |_| receiver.received().len() == 2)
        .await;
    assert_eq!(
        receiver.received()[1].header("webhook-id"),
        received.header("webhook-id")
    );
}

#[tokio::test]
async fn scripts_have_their_own_and_rules_decide_what_is_told() {
    let stage = Stage::start().await;
    let receiver = Receiver::start().await;
    let (a, b) = (stage.app.script("A").await, stage.app.script("B").await);
    let rules = json!({ "on_change": true, "every_nth_failure": 3 });
    let wish = json!({ "script_id": a, "events": ["failed", "recovered"], "rules": rules });
    let hook = stage.webhook(&receiver.url(), wish).await;
    for code in [1, 1, 1, 1, 0, 0] {
        stage.run(&a, code).await;
        stage.run(&b, code).await;
    }
    stage
        .app
        .until("three came", async |_| receiver.received().len() >= 3)
        .await;
    let told: Vec<(String, i64)> = receiver
        .received()
        .iter()
        .map(Received::json)
        .map(|body| {
            (
                text(&body["type"]),
                body["data"]["failures"].as_i64().expect("a number"),
            )
        })
        .collect();
    let expected = [("run.failed", 1), ("run.failed", 3), ("run.recovered", 4)];
    assert_eq!(
        told,
        expected.map(|(event, failures)| (event.to_owned(), failures))
    );
    assert_eq!(stage.deliveries(&hook).await.len(), 3);
    let of_a = stage.app.get(&format!("/webhooks?script={a}")).await;
    let of_b = stage.app.get(&format!("/webhooks?script={b}")).await;
    assert_eq!(
        (of_a["items"][0]["id"] == hook["id"], of_b["items"] == json!([])),
        (true, true)
    );

    // Cancelled by a person: it ended, and did not fail.
    let all = stage
        .webhook(&receiver.url(), json!({ "events": ["failed", "finished"] }))
        .await;
    stage.app.fake.script("script", Script::hangs());
    let run = stage.app.run(&b).await;
    stage
        .app
        .run_until(&run, "running", |run| run["state"] == "running")
        .await;
    stage.app.post(&format!("/runs/{run}/cancel"), json!({})).await;
    stage.app.finished(&run).await;
    let newest = stage
        .newest_until(&all, "told", |newest| newest["run_id"] == run.as_str())
        .await;
    assert_eq!(newest["event"], "finished");
}

#[tokio::test]
async fn quiet_hours_hold_messages_until_they_are_over() {
    let stage = Stage::start().await;
    let receiver = Receiver::start().await;
    let minute = |at: Timestamp| at.strftime("%H:%M").to_string();
    let now = stage.clock.now();
    let quiet = json!({
        "from": minute(now - SignedDuration::from_mins(5)),
        "to": minute(now + SignedDuration::from_mins(30)),
        "timezone": "UTC",
    });
    let hook = stage
        .webhook(&receiver.url(), json!({ "rules": { "quiet_hours": quiet } }))
        .await;
    let script = stage.app.script("A").await;
    stage.run(&script, 0).await;
    let held = stage
        .newest_until(&hook, "made", |newest| newest["id"].is_string())
        .await;
    assert_eq!(held["state"], "quiet", "{held:#}");
    let until: Timestamp = text(&held["next_attempt_at"]).parse().expect("a time");
    let wait = until.duration_since(now).as_secs();
    assert!((29 * 60..=31 * 60).contains(&wait), "{wait}");
    stage.pass(20 * 60);
    assert_eq!(receiver.received().len(), 0);
    stage.pass(11 * 60);
    stage
        .newest_until(&hook, "delivered", |newest| newest["state"] == "delivered")
        .await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn what_is_skipped_and_what_is_late_is_told() {
    let stage = Stage::start_before(SignedDuration::from_hours(4)).await;
    let receiver = Receiver::start().await;
    let hook = stage
        .webhook(&receiver.url(), json!({ "events": ["skipped", "late"] }))
        .await;
    let script = stage.app.script("A").await;
    // It goes on, so that its start is seen and not read from facts, which have another clock.
    stage.app.fake.script("script", Script::hangs());
    let schedule = json!({ "when": { "kind": "cron", "expression": "0 * * * *", "zone": "UTC" } });
    expect(
        201,
        stage
            .app
            .post(&format!("/scripts/{script}/schedules"), schedule)
            .await,
    )
    .await;
    // Nobody was there for a while: of two fires one is skipped, the other made up for, late.
    let next_hour = (stage.clock.now().as_second() / 3_600 + 1) * 3_600;
    let to = Timestamp::from_second(next_hour + 3_600 + 600).expect("in range");
    stage.clock.set(to);
    stage.app.scheduler().look();
    stage
        .app
        .until("both came", async |_| receiver.received().len() == 2)
        .await;
    let bodies: Vec<Value> = receiver.received().iter().map(Received::json).collect();
    let events: Vec<String> = bodies.iter().map(|body| text(&body["type"])).collect();
    assert_eq!(events, ["run.skipped", "run.late"]);
    assert_eq!(bodies[1]["data"]["late_seconds"], 600);
    assert_eq!(stage.deliveries(&hook).await.len(), 2);
}

#[tokio::test]
async fn a_receiver_that_is_gone_switches_its_webhook_off_and_patience_is_given() {
    let stage = Stage::start().await;
    let receiver = Receiver::start().await;
    let busy = "HTTP/1.1 429 So\r\nretry-after: 1800\r\ncontent-length: 0\r\n\r\n";
    receiver.be(Manner::Says(busy.to_owned()));
    let hook = stage.webhook(&receiver.url(), json!({})).await;
    let id = text(&hook["id"]);
    let script = stage.app.script("A").await;
    stage.run(&script, 0).await;
    let tried = stage
        .newest_until(&hook, "tried", |newest| attempts(newest) == 1)
        .await;
    let next: Timestamp = text(&tried["next_attempt_at"]).parse().expect("a time");
    assert_eq!(
        next.duration_since(stage.clock.now()),
        SignedDuration::from_mins(30)
    );
    stage.run(&script, 0).await;
    receiver.be(Manner::status(410));
    stage.pass(1_801);
    stage
        .newest_until(&hook, "cancelled", |newest| newest["state"] == "cancelled")
        .await;
    let states: Vec<Value> = stage
        .deliveries(&hook)
        .await
        .iter()
        .map(|d| d["state"].clone())
        .collect();
    assert_eq!(states, [json!("cancelled"), json!("failed")]);
    let shown = stage.app.get(&format!("/webhooks/{id}")).await;
    assert_eq!(shown["enabled"], false);
    assert!(text(&shown["disabled_because"]).contains("410"));
    stage.run(&script, 0).await;
    assert_eq!(stage.deliveries(&hook).await.len(), 2, "nothing is told any more");
    let on = stage
        .app
        .patch(&format!("/webhooks/{id}"), json!({ "enabled": true }))
        .await;
    assert!(on["disabled_because"].is_null());
}

#[tokio::test]
async fn a_change_of_the_address_has_what_waits_tried_at_once() {
    let stage = Stage::start().await;
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    old.be(Manner::status(500));
    let hook = stage.webhook(&old.url(), json!({})).await;
    let script = stage.app.script("A").await;
    stage.run(&script, 0).await;
    stage.run(&script, 1).await;
    stage
        .app
        .until("it was tried", async |_| old.received().len() == 1)
        .await;
    stage
        .app
        .patch(
            &format!("/webhooks/{}", text(&hook["id"])),
            json!({ "url": new.url() }),
        )
        .await;
    stage
        .app
        .until("both came", async |_| new.received().len() == 2)
        .await;
    // What the receiver finds fault with is not tried for long, and does not keep what is behind it.
    new.be(Manner::status(422));
    stage.run(&script, 1).await;
    for attempt in 1..=3 {
        stage
            .newest_until(&hook, "tried", |newest| attempts(newest) == attempt)
            .await;
        stage.pass(60);
    }
    stage
        .newest_until(&hook, "given up", |newest| newest["state"] == "failed")
        .await;
    assert_eq!(
        expect(
            204,
            stage
                .app
                .request(
                    reqwest::Method::DELETE,
                    &format!("/api/v1/webhooks/{}", text(&hook["id"]))
                )
                .send()
                .await
                .expect("an answer")
        )
        .await,
        Value::Null
    );
    expect(
        404,
        stage
            .app
            .post(&format!("/webhooks/{}/test", text(&hook["id"])), json!({}))
            .await,
    )
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_field_and_changes_nothing() {
    let stage = Stage::start().await;
    let good = json!({ "name": "Team", "url": "http://127.0.0.1:9/x", "events": ["failed"] });
    for (change, code, field) in [
        (json!({ "url": null }), "invalid_field", "url"),
        (json!({ "url": "nonsense" }), "address_refused", "url"),
        (json!({ "url": "ftp://example.com" }), "address_refused", "url"),
        (
            json!({ "url": "http://169.254.169.254/latest" }),
            "address_refused",
            "url",
        ),
        (json!({ "url": "http://10.0.0.1/" }), "address_refused", "url"),
        (json!({ "url": "http://[::1]/" }), "address_refused", "url"),
        (
            json!({ "url": "http://does-not-exist.invalid/" }),
            "address_refused",
            "url",
        ),
        (json!({ "name": "" }), "invalid_field", "name"),
        (json!({ "events": [] }), "invalid_field", "events"),
        (json!({ "events": ["test"] }), "invalid_field", "events"),
        (json!({ "events": ["exploded"] }), "invalid_field", "events[0]"),
        (json!({ "secret": "hunter2" }), "invalid_field", "secret"),
        (json!({ "secret": "whsec_c2hvcnQ=" }), "invalid_field", "secret"),
        (json!({ "signed": true }), "invalid_field", "secret"),
        (json!({ "format": "template" }), "invalid_field", "template"),
        (
            json!({ "format": "template", "template": "{{ nothing }}" }),
            "invalid_template",
            "template",
        ),
        (
            json!({ "format": "template", "template": "{{ title }}" }),
            "invalid_template",
            "template",
        ),
        (
            json!({ "rules": { "every_nth_failure": 0 } }),
            "invalid_field",
            "rules.every_nth_failure",
        ),
        (
            json!({ "rules": { "quiet_hours": { "from": "25:00", "to": "07:00", "timezone": "UTC" } } }),
            "invalid_field",
            "rules.quiet_hours.from",
        ),
        (json!({ "color": "red" }), "invalid_field", "color"),
    ] {
        let mut wish = good.clone();
        for (name, value) in change.as_object().expect("an object") {
            wish[name] = value.clone();
        }
        let refused = expect(422, stage.app.post("/webhooks", wish).await).await;
        assert_eq!(
            (&refused["code"], &refused["details"]["field"]),
            (&json!(code), &json!(field)),
            "{change} {refused:#}"
        );
        assert!(!refused.to_string().contains("hunter2"));
    }
    let mut of_nobody = good.clone();
    of_nobody["script_id"] = json!("0190000000007000800000000000dead");
    expect(404, stage.app.post("/webhooks", of_nobody).await).await;
    assert_eq!(stage.app.get("/webhooks").await["items"], json!([]));

    // What was allowed is not any more.
    let receiver = Receiver::start().await;
    let hook = stage.webhook(&receiver.url(), json!({})).await;
    stage
        .app
        .patch(
            "/settings",
            json!({ "notifications": { "private_targets": null } }),
        )
        .await;
    let path = format!("/webhooks/{}/test", text(&hook["id"]));
    let refused = expect(200, stage.app.post(&path, json!({})).await).await;
    assert_eq!(refused["state"], "failed");
    assert!(
        text(&refused["attempts"][0]["error"]).contains("private targets"),
        "{refused:#}"
    );
    assert_eq!(receiver.received().len(), 0);
    for (wish, field) in [
        (json!({ "max_attempts": 0 }), "notifications.max_attempts"),
        (
            json!({ "private_targets": ["10.0.0.0/99"] }),
            "notifications.private_targets",
        ),
    ] {
        let refused = stage
            .app
            .patch_answered(422, "/settings", json!({ "notifications": wish }))
            .await;
        assert_eq!(refused["details"]["field"], field);
    }
}

#[tokio::test]
async fn formats_are_previewed() {
    let stage = Stage::start().await;
    stage
        .app
        .patch(
            "/settings",
            json!({ "notifications": { "public_url": "https://pytask.example/" } }),
        )
        .await;
    for format in ["generic", "slack", "discord", "ntfy", "teams"] {
        for event in ["finished", "failed", "recovered", "skipped", "late", "test"] {
            let wish = json!({ "format": format, "event": event });
            let shown = expect(200, stage.app.post("/webhooks/preview", wish).await).await;
            assert!(
                text(&shown["body"]).contains("Nightly report") || format == "ntfy",
                "{shown:#}"
            );
            assert!(shown["content_type"].is_string() && shown["headers"].is_object());
        }
    }
    let wish = json!({ "format": "template", "template": "{{ title }}: {{ link }}", "content_type": "text/plain", "event": "failed" });
    let shown = expect(200, stage.app.post("/webhooks/preview", wish).await).await;
    assert!(
        text(&shown["body"])
            .starts_with("Nightly report failed (failure 3 in a row): https://pytask.example/runs/")
    );
    let wish = json!({ "format": "template", "template": "a\n{% set x = 1 %}", "event": "failed" });
    let refused = expect(422, stage.app.post("/webhooks/preview", wish).await).await;
    assert_eq!(
        (&refused["code"], &refused["details"]["line"]),
        (&json!("invalid_template"), &json!(2))
    );
}

/// Neither address nor secret is in anything that is answered, told over sockets, or stored in the clear.
#[tokio::test]
async fn address_and_secret_stay_secret() {
    const PATH: &str = "T0001-secret-path-7d1f-battery";
    let stage = Stage::start().await;
    let receiver = Receiver::start().await;
    let url = format!("http://{}/{PATH}", receiver.address);
    let hook = stage.webhook(&url, json!({ "secret": "generate" })).await;
    let secret = text(&hook["secret"]);
    receiver.be(Manner::status(500));
    let script = stage.app.script("A").await;
    stage.run(&script, 1).await;
    let delivery = stage
        .newest_until(&hook, "tried", |newest| attempts(newest) == 1)
        .await;
    let mut answers = vec![delivery.to_string()];
    for path in [
        "/webhooks",
        "/settings",
        &format!("/webhooks/{}", text(&hook["id"])),
    ] {
        answers.push(stage.app.get(path).await.to_string());
    }
    for answer in answers {
        assert!(!answer.contains(PATH) && !answer.contains(&secret), "{answer}");
    }
    for file in std::fs::read_dir(stage.app.data.join("db"))
        .expect("a folder")
        .flatten()
    {
        let bytes = std::fs::read(file.path()).expect("a file");
        for hidden in [PATH, &secret] {
            assert!(
                !bytes
                    .windows(hidden.len())
                    .any(|window| window == hidden.as_bytes())
            );
        }
    }
}

/// One window sees what happens to deliveries without asking.
#[tokio::test]
async fn news_of_deliveries_are_told() {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;

    let stage = Stage::start().await;
    let receiver = Receiver::start().await;
    let mut request = format!("ws://{}/api/v1/events", stage.app.host())
        .into_client_request()
        .expect("a request");
    let origin = format!("http://{}", stage.app.host()).parse().expect("an origin");
    request.headers_mut().insert("origin", origin);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    let hook = stage.webhook(&receiver.url(), json!({})).await;
    let told = async {
        while let Some(Ok(frame)) = socket.next().await {
            let message: Value = serde_json::from_str(&frame.into_text().expect("text")).expect("JSON");
            if message["type"] == "webhook" {
                return message;
            }
        }
        Value::Null
    };
    let message = tokio::time::timeout(PATIENCE, told).await.expect("in time");
    assert_eq!(message["webhook_id"], hook["id"]);
}
