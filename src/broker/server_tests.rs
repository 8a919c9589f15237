use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::broker::Client;
use crate::broker::order;
use crate::engine::fake::Fake;
use crate::engine::{Images, JobSpec, JobState, Mount};

const INSTANCE: &str = "abcdef012345";
const SUPERVISOR: &str = "0123456789abcdef";

struct Scene {
    folder: tempfile::TempDir,
    fake: Fake,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let fake = Fake::new(INSTANCE, folder.path().join("data"));
        let scene = Self { folder, fake };
        scene.open();
        scene
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("broker.sock")
    }

    fn open(&self) {
        let config = Config {
            socket: self.socket(),
            state: self.folder.path().join("state"),
        };
        let fake = self.fake.clone();
        let server = Server::bind(&config, Box::new(move |_, _| Arc::new(fake.clone()))).expect("binds");
        tokio::spawn(server.serve());
    }

    fn client(&self, instance: &str) -> Client {
        Client::new(
            self.socket(),
            instance.to_owned(),
            &Path::new("bin").join(SUPERVISOR),
        )
    }

    /// What one call is answered, as bytes that nobody has looked at.
    async fn raw(&self, frames: &[Vec<u8>]) -> Option<Value> {
        let stream = UnixStream::connect(self.socket()).await.expect("connects");
        let codec = tokio_util::codec::LengthDelimitedCodec::new();
        let mut framed = tokio_util::codec::Framed::new(stream, codec);
        for frame in frames {
            use futures_util::SinkExt;
            // It may have hung up already.
            if framed.send(bytes::Bytes::from(frame.clone())).await.is_err() {
                break;
            }
        }
        use futures_util::StreamExt;
        let answer = tokio::time::timeout(Duration::from_secs(20), framed.next())
            .await
            .expect("an answer or an end");
        answer
            .and_then(Result::ok)
            .map(|frame| serde_json::from_slice(&frame).expect("JSON"))
    }
}

fn greeting() -> Value {
    json!({ "version": VERSION, "instance": INSTANCE, "supervisor": SUPERVISOR })
}

/// Said by the test for itself: what a container of this product may look like.
fn is_within_template(job: &JobSpec) -> bool {
    let place = |mount: &Mount| {
        let source = mount.source.to_str().expect("text");
        let parts: Vec<&str> = source.split('/').collect();
        let plain = parts.iter().all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        });
        plain
            && matches!(
                (parts.as_slice(), mount.target.as_str(), mount.read_only),
                (["runs", _, _, _], "/pytask/run", false)
                    | (["runs", _, _, _, "artifacts"], "/artifacts", false)
                    | (["runs", _, _, _, "trigger"], "/trigger", true)
                    | (["bin", _], "/pytask/bin", true)
                    | (["tools", _], "/pytask/tools", false)
                    | (["scripts", _, "files"], "/script", _)
                    | (["scripts", _, "envs", _, "venv"], "/env", _)
                    | (["cache"], "/cache", false)
            )
            || matches!(parts.as_slice(), ["cache", "builds", id] if mount.target == format!("/cache/builds/{id}"))
    };
    let command: Vec<&str> = job.command.iter().map(String::as_str).collect();
    job.name.0.starts_with(&format!("pytask-{INSTANCE}-"))
        && job.mounts.iter().all(place)
        && matches!(
            command.as_slice(),
            ["/pytask/bin/supervisor", "run", "/pytask/run"]
                | ["/pytask/bin/supervisor", "tools", "/pytask/tools"]
        )
        && job
            .labels
            .keys()
            .all(|label| matches!(label.as_str(), "pytask.run" | "pytask.script" | "pytask.kind"))
        && (16 << 20..=1 << 40).contains(&job.caps.memory)
        && (0.05..=512.0).contains(&job.caps.cpus)
        && job.caps.pids >= 4
        && job.stop_grace <= Duration::from_secs(3_700)
}

#[tokio::test]
async fn it_is_an_engine_like_any_other() {
    let scene = Scene::new().await;
    let client = scene.client(INSTANCE);
    let job = order::tests::script().job(INSTANCE).expect("a job");
    let early = client.launch(&job).await;
    assert!(matches!(early, Err(Error::Away(_))), "before a probe: {early:?}");
    client.probe("pytask-runner:3.13").await.expect("proved");
    client.launch(&job).await.expect("launched");
    assert_eq!(client.list().await.expect("listed").len(), 1);
    let (ended, stopped) = tokio::join!(client.wait(&job.name), client.stop(&job.name, Duration::ZERO));
    stopped.expect("stopped");
    let ended = ended.expect("ends");
    assert!(matches!(ended, JobState::Exited { .. }), "{ended:?}");
    client.remove(&job.name).await.expect("removed");
    assert_eq!(client.inspect(&job.name).await.expect("looked"), JobState::Absent);
    client.ensure_image("pytask-runner:3.13").await.expect("there");
    scene.fake.set_image_missing("nowhere:1");
    assert_eq!(client.find_image("nowhere:1").await.expect("looked"), None);
}

#[tokio::test]
async fn a_broker_that_comes_back_serves_the_same_instance_and_no_other() {
    let scene = Scene::new().await;
    scene.client(INSTANCE).ping().await.expect("the first");
    let other = scene.client("0123").ping().await;
    assert!(matches!(other, Err(Error::Refused(_))), "{other:?}");
    scene.open();
    let other = scene.client("0123").ping().await;
    assert!(
        matches!(other, Err(Error::Refused(_))),
        "after a restart: {other:?}"
    );
    scene.client(INSTANCE).ping().await.expect("the first");
    let nobody = Client::new(
        scene.folder.path().join("none"),
        INSTANCE.into(),
        Path::new(SUPERVISOR),
    );
    assert!(matches!(nobody.ping().await, Err(Error::Away(_))));
}

#[tokio::test]
async fn images_that_were_here_before_stay() {
    let scene = Scene::new().await;
    let client = scene.client(INSTANCE);
    client.ensure_image("pytask-runner:3.13").await.expect("there");
    let refused = client.remove_image("postgres:17").await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    client
        .remove_image(&format!("{}own-1", images::tag_prefix(INSTANCE)))
        .await
        .expect("ours");
}

#[test]
fn only_the_recipes_arguments_are_taken_and_only_as_what_they_are() {
    let build = |tag: &str, name: &str, value: &str| BuildOrder {
        tag: tag.to_owned(),
        args: BTreeMap::from([(name.to_owned(), value.to_owned())]),
    };
    let ours = format!("{}mine-1", images::tag_prefix(INSTANCE));
    for (name, value) in [
        ("BASE", "python:3.12"),
        ("SYSTEM_PACKAGES", "ffmpeg g++"),
        ("SYSTEM_PACKAGES", ""),
        ("INDEX_URL", "https://user:p$ss@index.example.org/simple"),
        ("EXTRA_CA_PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n"),
    ] {
        recipe(INSTANCE, build(&ours, name, value)).expect(value);
    }
    for (name, value) in [
        ("BASE", "python:3.12\nRUN id"),
        ("SYSTEM_PACKAGES", "ffmpeg; id"),
        ("SYSTEM_PACKAGES", "$(id)"),
        ("INDEX_URL", "a b"),
        ("HTTP_PROXY", "http://elsewhere"),
        ("UV_VERSION", "1"),
    ] {
        assert!(
            recipe(INSTANCE, build(&ours, name, value)).is_err(),
            "{name}={value}"
        );
    }
    for tag in [
        "postgres:17",
        "pytask-runner-other:x",
        "pytask-runner-abcdef012345:",
        "pytask-runner-abcdef012345:a/b",
    ] {
        assert!(recipe(INSTANCE, build(tag, "BASE", "python")).is_err(), "{tag}");
    }
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("small")
    }
}

/// Where there is something in it, as JSON pointers.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, &format!("{here}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{at}"), found);
            }
        }
        _ => {}
    }
}

fn mutated(mut call: Value, dice: &mut Dice) -> Vec<u8> {
    let strange = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!(".."),
        json!("../../.."),
        json!("/"),
        json!("/var/run/docker.sock"),
        json!("scripts/a/../../db"),
        json!("a\u{0}b"),
        json!("x".repeat(5_000)),
        json!("script"),
        json!("tools"),
        json!("host"),
        json!("bridge"),
        json!([]),
        json!({}),
        json!(["--privileged"]),
        json!({ "kind": "script", "Privileged": true, "Binds": ["/:/host"] }),
    ];
    for _ in 0..=dice.roll(3) {
        let mut all = Vec::new();
        places(&call, "", &mut all);
        let place = &all[dice.roll(all.len())];
        let Some(spot) = call.pointer_mut(place) else {
            continue;
        };
        match dice.roll(4) {
            0 | 1 => *spot = strange[dice.roll(strange.len())].clone(),
            2 => match spot {
                Value::Object(fields) => {
                    let words = [
                        "Privileged",
                        "binds",
                        "mounts",
                        "command",
                        "HostConfig",
                        "user",
                        "instance",
                        "caps",
                    ];
                    fields.insert(
                        words[dice.roll(words.len())].to_owned(),
                        strange[dice.roll(strange.len())].clone(),
                    );
                }
                Value::String(text) => {
                    let at = dice.roll(text.chars().count() + 1);
                    let odd = ['/', '.', '\0', ' ', '$', 'é', ':', '-', '0', 'Z'][dice.roll(10)];
                    *text = text
                        .chars()
                        .take(at)
                        .chain([odd])
                        .chain(text.chars().skip(at))
                        .collect();
                }
                _ => *spot = strange[dice.roll(strange.len())].clone(),
            },
            _ => {
                if let Value::Object(fields) = spot
                    && !fields.is_empty()
                {
                    let name = fields
                        .keys()
                        .nth(dice.roll(fields.len()))
                        .cloned()
                        .unwrap_or_default();
                    fields.remove(&name);
                }
            }
        }
    }
    let mut bytes = serde_json::to_vec(&call).expect("JSON");
    if dice.roll(10) == 0 {
        let at = dice.roll(bytes.len());
        bytes[at] ^= 1 << dice.roll(8);
    }
    bytes
}

/// Whatever is sent, what reaches the engine is a run and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_mutated_calls_ask_for_nothing_but_runs() {
    let scene = Scene::new().await;
    scene
        .client(INSTANCE)
        .probe("pytask-runner:3.13")
        .await
        .expect("proved");
    let calls: Vec<Value> = order::tests::all()
        .into_iter()
        .map(|order| json!({ "call": "launch", "order": order }))
        .chain([
            json!({ "call": "stop", "name": format!("pytask-{INSTANCE}-0"), "grace_ms": 0 }),
            json!({ "call": "remove", "name": format!("pytask-{INSTANCE}-0") }),
            json!({ "call": "remove_image", "reference": "postgres:17" }),
            json!({ "call": "build_image", "build": { "tag": format!("{}x-1", images::tag_prefix(INSTANCE)), "args": { "BASE": "python:3.13" } } }),
        ])
        .collect();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut refused, mut accepted, mut hung_up) = (0, 0, 0);
    for turn in 0..5_000 {
        let mut first = serde_json::to_vec(&greeting()).expect("JSON");
        if turn % 10 == 0 {
            first = mutated(greeting(), &mut dice);
        }
        let call = mutated(calls[dice.roll(calls.len())].clone(), &mut dice);
        match scene.raw(&[first, call]).await {
            Some(answer) if answer.get("failed").is_some() => refused += 1,
            Some(_) => accepted += 1,
            None => hung_up += 1,
        }
    }
    let launched = scene.fake.launches();
    for job in &launched {
        assert!(is_within_template(job), "{job:?}");
    }
    assert!(
        refused > 4_000,
        "{refused} refused, {accepted} accepted, {hung_up} dropped"
    );
    let kept = scene.fake.find_image("postgres:17").await.expect("looked");
    assert!(kept.is_some(), "an image that was here before is gone");
    let still = scene.client(INSTANCE).ping().await;
    assert!(still.is_ok(), "{still:?}");
}
