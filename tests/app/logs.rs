//! Logs as downloads: ranges, gzip, and what nobody notices of a log's being packed.

use std::io::Read;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use pytask_manager::engine::fake::{Script, Step};
use pytask_protocol::frame::Stream;
use reqwest::{Method, Response};

use crate::harness::{TestApp, expect, text};

async fn log(app: &TestApp, run: &str, query: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = app.request(Method::GET, &format!("/api/v1/runs/{run}/log{query}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

async fn bytes(response: Response) -> Vec<u8> {
    response.bytes().await.expect("a body").to_vec()
}

fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().expect("text").to_owned())
}

/// Several blocks long, on both streams.
fn long() -> Script {
    let write = |n: u32| {
        let stream = if n.is_multiple_of(3) {
            Stream::Stderr
        } else {
            Stream::Stdout
        };
        let line = format!("{n} {}\n", n.wrapping_mul(2_654_435_761)).repeat(50);
        Step::Write(stream, line.into_bytes())
    };
    Script {
        steps: (0..1_500).map(write).collect(),
        ..Script::default()
    }
}

async fn ran(app: &TestApp, name: &str, does: Script) -> String {
    let script = app.script(name).await;
    app.fake.script(&script, does);
    let run = app.run(&script).await;
    app.finished(&run).await;
    run
}

/// Ranges are parts of the whole, wherever they are.
async fn assert_ranges(app: &TestApp, run: &str, stream: &str) {
    let query = format!("?format=raw{stream}");
    let answer = log(app, run, &query, &[]).await;
    assert_eq!(header(&answer, "accept-ranges"), "bytes");
    let etag = header(&answer, "etag");
    let whole = bytes(answer).await;
    let length = whole.len();
    for (first, last) in [
        (0, 0),
        (1, 9),
        (length / 2, length / 2 + 70_000),
        (length - 1, length - 1),
        (0, length - 1),
    ] {
        let range = format!("bytes={first}-{last}");
        let answer = log(app, run, &query, &[("range", &range), ("if-range", &etag)]).await;
        assert_eq!(answer.status(), 206);
        assert_eq!(
            header(&answer, "content-range"),
            format!("bytes {first}-{last}/{length}")
        );
        assert_eq!(header(&answer, "content-length"), (last - first + 1).to_string());
        assert!(bytes(answer).await == whole[first..=last], "{range}");
    }
    let answer = log(app, run, &query, &[("range", "bytes=-5")]).await;
    assert_eq!(bytes(answer).await, whole[length - 5..]);

    let beyond = format!("bytes={length}-");
    let answer = log(app, run, &query, &[("range", &beyond)]).await;
    assert_eq!(header(&answer, "content-range"), format!("bytes */{length}"));
    assert_eq!(expect(416, answer).await["code"], "range_not_satisfiable");

    for headers in [
        [("range", "bytes=0-1,4-5"), ("if-range", &*etag)],
        [("range", "bytes=0-1"), ("if-range", "\"another\"")],
    ] {
        let answer = log(app, run, &query, &headers).await;
        assert_eq!(answer.status(), 200);
        assert!(bytes(answer).await == whole);
    }
}

#[tokio::test]
async fn a_range_of_the_exact_bytes_can_be_asked_for() {
    let app = TestApp::start().await;
    let run = ran(&app, "Ranges", long()).await;
    for stream in ["", "&stream=stdout", "&stream=stderr"] {
        assert_ranges(&app, &run, stream).await;
    }
    // What has other bytes than the script's has no ranges.
    for query in [
        "",
        "?format=ndjson",
        "?format=raw&tail=3",
        "?format=raw&gzip=true",
    ] {
        let answer = log(&app, &run, query, &[("range", "bytes=0-1")]).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "etag").as_str()),
            (200, "")
        );
        assert!(bytes(answer).await.len() > 2, "{query}");
    }
}

#[tokio::test]
async fn a_run_under_way_has_no_ranges_yet() {
    let app = TestApp::start().await;
    let script = app.script("Under way").await;
    let mut does = Script::hangs();
    does.steps
        .insert(0, Step::Write(Stream::Stdout, b"so far\n".to_vec()));
    app.fake.script(&script, does);
    let run = app.run(&script).await;
    app.until("the first line", async |app| {
        let answer = log(app, &run, "?format=raw", &[("range", "bytes=0-1")]).await;
        assert_eq!(
            (
                answer.status().as_u16(),
                header(&answer, "accept-ranges").as_str()
            ),
            (200, "")
        );
        bytes(answer).await == b"so far\n"
    })
    .await;
}

#[tokio::test]
async fn every_format_can_be_had_as_gzip() {
    let app = TestApp::start().await;
    let run = ran(&app, "Gzip", long()).await;
    for query in [
        "format=text",
        "format=ndjson",
        "format=raw",
        "format=raw&stream=stderr",
        "format=text&tail=7",
    ] {
        let plain = bytes(log(&app, &run, &format!("?{query}"), &[]).await).await;
        let answer = log(&app, &run, &format!("?{query}&gzip=true"), &[]).await;
        assert_eq!(header(&answer, "content-type"), "application/gzip");
        assert!(header(&answer, "content-disposition").ends_with(".log.gz\""));
        let packed = bytes(answer).await;
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_end(&mut unpacked)
            .expect("gzip");
        assert!(unpacked == plain && packed.len() < plain.len() + 30, "{query}");
    }
    let unfinished = log(&app, &run, "?gzip=perhaps", &[]).await;
    expect(400, unfinished).await;
}

async fn folder_of(app: &TestApp, run: &str) -> PathBuf {
    let mut folder = app.artifacts(run).await;
    folder.pop();
    folder
}

#[tokio::test]
async fn logs_of_a_day_ago_are_packed_and_nobody_notices() {
    let begin: Timestamp = "2026-11-25T12:00:00Z".parse().expect("a time");
    let hours = |n| begin + SignedDuration::from_hours(n);
    let clock = Clock::manual(begin);
    let surroundings = Surroundings {
        clock: clock.clone(),
        ..Surroundings::default()
    };
    let mut app = TestApp::start_in(surroundings, &[]).await;
    let old = ran(&app, "Old", long()).await;
    clock.set(hours(2));
    let younger = ran(&app, "Younger", long()).await;
    let queries = [
        "?format=raw",
        "?format=text",
        "?format=ndjson",
        "?tail=20",
        "?stream=stderr&tail=3",
    ];
    let mut before = Vec::new();
    for query in queries {
        before.push(bytes(log(&app, &old, query, &[]).await).await);
    }
    let records = |mut frames: Vec<serde_json::Value>| {
        frames.retain(|frame| frame["type"] == "record");
        frames
    };
    let live = records(app.live(&old, "after=700").await);
    let (old_folder, younger_folder) = (folder_of(&app, &old).await, folder_of(&app, &younger).await);
    assert!(old_folder.join("log").exists() && !old_folder.join("log.zst").exists());

    clock.set(hours(25));
    // A run that finishes has the packer look.
    let short = ran(&app, "Short", Script::prints(&["short"], 0)).await;
    let is_packed =
        async |_: &TestApp| !old_folder.join("log").exists() && old_folder.join("log.zst").exists();
    app.until("the old log is packed", is_packed).await;
    assert!(younger_folder.join("log").exists() && !younger_folder.join("log.zst").exists());

    for (query, before) in queries.iter().zip(&before) {
        assert!(
            &bytes(log(&app, &old, query, &[]).await).await == before,
            "{query}"
        );
    }
    assert_eq!(records(app.live(&old, "after=700").await), live);
    assert_ranges(&app, &old, "").await;

    // What the packer knows is stored: another controller goes on with what is old by then.
    app.kill();
    clock.set(hours(60));
    app.restart().await;
    let is_packed = async |_: &TestApp| !younger_folder.join("log").exists();
    app.until("the younger log is packed", is_packed).await;
    let short = folder_of(&app, &short).await;
    assert!(short.join("log").exists() && !short.join("log.zst").exists());
    assert_eq!(
        text(&app.get(&format!("/runs/{younger}")).await["state"]),
        "finished"
    );
}
