//! Asks the package indexes from a container like a build's: the same image, the same network, the same certificates.
//!
//! That the controller reaches an index says nothing of a build, whose names and ways are the engine's. No code of a
//! package or a script runs in that container, so it is told who signs in. Bounded in time; whatever comes of it,
//! container and folder are removed, and what cannot be removed now is found by the sweep and the next start.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::facts::{Answer, IndexAnswer, IndexesFact};
use crate::engine::{Engine, JobName, JobSpec, JobState, Mount, Network, Priority, ResourceCaps};
use crate::files::{DataDir, Owner, RelPath, on_disk};
use crate::model::indexes::{Index, Indexes};

const PROGRAM: &str = include_str!("ask_indexes.py");
/// Where nothing else is named.
const PYPI: &str = "https://pypi.org/simple";
const TARGET: &str = "/pytask/ask";
/// The program itself gives each index eight seconds.
const PATIENCE: Duration = Duration::from_secs(45);
const MOST_INDEXES: usize = 4;
const MOST_ANSWER_BYTES: u64 = 64 * 1024;

/// What is needed to ask.
pub(super) struct Asking<'a> {
    pub engine: &'a dyn Engine,
    pub data: &'a DataDir,
    pub instance: &'a str,
    pub image: &'a str,
    pub indexes: &'a Indexes,
    pub extra_ca: Option<&'a [u8]>,
}

#[derive(Serialize)]
struct Wish<'a> {
    indexes: Vec<Named<'a>>,
    extra_ca: Option<String>,
}

#[derive(Serialize)]
struct Named<'a> {
    address: &'a str,
    username: Option<&'a str>,
    password: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
struct Said {
    status: Option<u16>,
    date: Option<String>,
    /// Unix seconds of our machine when it answered.
    at: Option<f64>,
    kind: Option<String>,
    error: Option<String>,
}

pub(super) async fn ask(asking: &Asking<'_>) -> IndexesFact {
    match try_to(asking).await {
        Ok(answers) => IndexesFact::Asked(answers),
        Err(why) => IndexesFact::NotAsked(why),
    }
}

async fn try_to(asking: &Asking<'_>) -> Result<Vec<IndexAnswer>, String> {
    let pypi = Index {
        address: PYPI.to_owned(),
        login: None,
    };
    let main = asking.indexes.main.as_ref().unwrap_or(&pypi);
    let asked: Vec<&Index> = std::iter::once(main)
        .chain(&asking.indexes.extra)
        .take(MOST_INDEXES)
        .collect();
    let nonce = uuid::Uuid::now_v7().simple().to_string();
    let place = format!("staging/doctor-{nonce}");
    let wish = Wish {
        indexes: asked
            .iter()
            .map(|index| Named {
                address: &index.address,
                username: index.login.as_ref().map(|login| login.username.as_str()),
                password: index.login.as_ref().map(|login| login.password.reveal()),
            })
            .collect(),
        extra_ca: asking
            .extra_ca
            .map(|pem| String::from_utf8_lossy(pem).into_owned()),
    };
    let wish = serde_json::to_vec(&wish).map_err(|e| e.to_string())?;
    let (data, there) = (asking.data.clone(), place.clone());
    let prepared = on_disk(move || {
        let folder = data.create(&there, Owner::Controller)?;
        folder.write(&RelPath::parse("ask.json")?, &wish)
    });
    let answered = match prepared.await {
        Ok(_) => run(asking, &nonce, &place).await,
        Err(e) => Err(format!("nothing could be prepared in the data folder ({e})")),
    };
    let (data, there) = (asking.data.clone(), place);
    if let Err(e) = on_disk(move || data.remove_tree(&there)).await {
        tracing::warn!(error = %e, "a folder of an examination stays until the next start");
    }
    read(&asked, &answered?)
}

/// What the container left.
async fn run(asking: &Asking<'_>, nonce: &str, place: &str) -> Result<Vec<u8>, String> {
    let job = job(asking, nonce, place);
    let ended = tokio::time::timeout(PATIENCE, async {
        asking.engine.launch(&job).await?;
        asking.engine.wait(&job.name).await
    })
    .await;
    if let Err(e) = asking.engine.remove(&job.name).await {
        tracing::warn!(job = %job.name, error = %e, "a container of an examination stays behind");
    }
    match ended {
        Err(_) => {
            return Err(format!(
                "the container took more than {} seconds",
                PATIENCE.as_secs()
            ));
        }
        Ok(Err(e)) => return Err(e.to_string()),
        Ok(Ok(JobState::Exited { code: 0, .. })) => {}
        Ok(Ok(state)) => return Err(format!("the container did not do its work ({state:?})")),
    }
    let (data, there) = (asking.data.clone(), place.to_owned());
    let read = on_disk(move || {
        let folder = data.folder(&there, Owner::Controller)?;
        folder.read(&RelPath::parse("answers.json")?, MOST_ANSWER_BYTES)
    });
    let contents = read
        .await
        .map_err(|e| format!("the container left no answer ({e})"))?;
    Ok(contents.bytes)
}

fn job(asking: &Asking<'_>, nonce: &str, place: &str) -> JobSpec {
    const MIB: u64 = 1024 * 1024;
    JobSpec {
        name: JobName(format!("pytask-{}-doctor-{nonce}", asking.instance)),
        labels: BTreeMap::from([("pytask.kind".to_owned(), "doctor".to_owned())]),
        image: asking.image.to_owned(),
        command: ["python3", "-I", "-c", PROGRAM, TARGET]
            .map(str::to_owned)
            .to_vec(),
        mounts: vec![Mount {
            source: Path::new(place).to_owned(),
            target: TARGET.to_owned(),
            read_only: false,
        }],
        caps: ResourceCaps {
            memory: 128 * MIB,
            cpus: 1.0,
            pids: 32,
            nofile: 256,
            fsize: MIB,
            tmp: MIB,
        },
        network: Network::Bridge,
        priority: Priority::Normal,
        stop_grace: Duration::from_secs(1),
    }
}

fn read(asked: &[&Index], answers: &[u8]) -> Result<Vec<IndexAnswer>, String> {
    let said: Vec<Said> =
        serde_json::from_slice(answers).map_err(|e| format!("the container's answer is none ({e})"))?;
    if said.len() != asked.len() {
        return Err("the container's answer is not complete".to_owned());
    }
    Ok(asked
        .iter()
        .zip(said)
        .map(|(index, said)| put(index, said))
        .collect())
}

fn put(index: &Index, said: Said) -> IndexAnswer {
    let why = said.error.unwrap_or_else(|| "it does not say why".to_owned());
    let answer = match (said.status, said.kind.as_deref()) {
        (Some(status), _) => Answer::Status(status),
        (None, Some("name")) => Answer::NoSuchName(why),
        (None, Some("certificate")) => Answer::Certificate(why),
        (None, Some("unreachable")) => Answer::Unreachable(why),
        (None, _) => Answer::Other(why),
    };
    let theirs = said.date.as_deref().and_then(http_date);
    let ours = said
        .at
        .and_then(|at| Timestamp::from_millisecond((at * 1_000.0) as i64).ok());
    IndexAnswer {
        address: index.address.clone(),
        signs_in: index.login.is_some(),
        answer,
        time: theirs.zip(ours),
    }
}

/// As HTTP writes dates: `Wed, 25 Nov 2026 08:00:31 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text)
        .ok()
        .map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(address: &str) -> Index {
        Index {
            address: address.to_owned(),
            login: None,
        }
    }

    #[test]
    fn what_the_container_says_is_understood() {
        let (one, two) = (index("https://a.example"), index("https://b.example"));
        let answers = br#"[
            {"status": 200, "date": "Wed, 25 Nov 2026 08:00:31 GMT", "at": 1795593632.25},
            {"kind": "certificate", "error": "self-signed certificate"}
        ]"#;
        let read = read(&[&one, &two], answers).expect("an answer");
        assert_eq!(read[0].answer, Answer::Status(200));
        let (theirs, ours) = read[0].time.expect("both clocks");
        assert_eq!(ours.duration_since(theirs).as_millis(), 1_250);
        assert_eq!(
            read[1].answer,
            Answer::Certificate("self-signed certificate".into())
        );
        assert_eq!(read[1].time, None);
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let one = index("https://a.example");
        for answers in [&b"[]"[..], b"{", b"[{\"status\": \"x\"}]"] {
            assert!(read(&[&one], answers).is_err());
        }
        let read = read(&[&one], b"[{}]").expect("an answer");
        assert!(matches!(read[0].answer, Answer::Other(_)));
    }

    /// The program as a build's container runs it, against a server of its own.
    #[tokio::test]
    async fn the_program_asks_and_tells() {
        let server = wiremock::MockServer::start().await;
        wiremock::Mock::given(wiremock::matchers::path("/simple/pip/"))
            .and(wiremock::matchers::header("authorization", "Basic YW5uOnB3"))
            .respond_with(wiremock::ResponseTemplate::new(200))
            .mount(&server)
            .await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let nobody = "http://127.0.0.1:1/simple";
        let address = format!("{}/simple/", server.uri());
        let wish = serde_json::json!({ "indexes": [
            { "address": address, "username": "ann", "password": "pw" },
            { "address": address },
            { "address": nobody },
            { "address": "http://no-such-name.invalid/simple" },
        ]});
        std::fs::write(folder.path().join("ask.json"), wish.to_string()).expect("written");
        let place = folder.path().display().to_string();
        let done = tokio::process::Command::new("python3")
            .args(["-I", "-c", PROGRAM, &place])
            .status()
            .await
            .expect("there is a python3");
        assert!(done.success());
        let answers = std::fs::read(folder.path().join("answers.json")).expect("answers");
        let asked = [&address, &address, nobody, "http://no-such-name.invalid/simple"].map(index);
        let asked: Vec<&Index> = asked.iter().collect();
        let read = read(&asked, &answers).expect("an answer");
        assert_eq!(read[0].answer, Answer::Status(200));
        assert_eq!(read[1].answer, Answer::Status(404));
        assert!(matches!(read[2].answer, Answer::Unreachable(_)), "{:?}", read[2]);
        assert!(matches!(read[3].answer, Answer::NoSuchName(_)), "{:?}", read[3]);
    }
}
