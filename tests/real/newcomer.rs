//! The newcomer's job over the API alone: write a script, install what it imports, run it, watch it, download its log.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::product::{Frame, Product, Record, words};
use crate::ten_lines;

/// Follows a log over as many connections as it takes: each is dropped after `each` records and the next one goes on
/// behind the last record seen.
async fn follow_in_pieces(product: &Product, run: &str, each: usize) -> (Vec<Record>, Value) {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(0, |record| record.seq);
        let mut live = product.live(run, after).await;
        let goal = records.len() + each;
        while records.len() < goal {
            match live.next().await {
                Some(Frame::Record(record)) => records.push(record),
                Some(Frame::State(state)) if state["state"] == "finished" => return (records, state),
                Some(Frame::State(_) | Frame::Samples(_)) => {}
                None => panic!("closed without the finished state"),
            }
        }
    }
}

fn by_stream(records: &[Record]) -> BTreeMap<&str, Vec<u8>> {
    let mut streams = BTreeMap::<_, Vec<u8>>::new();
    for record in records {
        streams.entry(&*record.stream).or_default().extend(&record.bytes);
    }
    streams
}

#[tokio::test]
async fn a_script_with_a_dependency_is_installed_run_watched_and_explained() {
    let product = Product::start().await;
    let script = product
        .script("Newcomer", &ten_lines::program(0.5, "import requests"))
        .await;

    let asked = product.require(&script, &["requests>=2"]).await;
    assert_eq!(asked["environment"]["state"], "missing");
    let install = format!("/scripts/{script}/dependencies/install");
    let build = product.post(202, &install, json!({})).await["run"].take();
    assert_eq!(build["kind"], "build");
    let frames = product.live(&words(&build["id"]), 0).await.all().await;
    let Some(Frame::State(built)) = frames.last() else {
        panic!("{frames:?}")
    };
    assert_eq!(built["outcome"]["kind"], "succeeded", "{built:#}");
    let records: Vec<Record> = frames.into_iter().filter_map(Frame::record).collect();
    let output = String::from_utf8(by_stream(&records)["stdout"].clone()).expect("text");
    assert!(
        output.starts_with("[1/3] Resolving\n") && output.ends_with("Done\n"),
        "{output}"
    );

    let dependencies = product.get(&format!("/scripts/{script}/dependencies")).await;
    assert_eq!(
        dependencies["environment"]["state"], "in_step",
        "{dependencies:#}"
    );
    assert!(words(&dependencies["lock"]).contains("--hash=sha256:"));
    let packages = dependencies["packages"].as_array().expect("packages");
    let requests = packages
        .iter()
        .find(|package| package["name"] == "requests")
        .expect("requests");
    assert_eq!(requests["asked"], "requests>=2");
    assert!(
        requests["installed"].is_string() && requests["installed"] == requests["locked"],
        "{requests}"
    );
    assert!(
        packages.len() > 3,
        "what it needs itself is installed, too: {packages:?}"
    );

    let run = product.submit(&script).await;
    let (records, last) = follow_in_pieces(&product, &run, 3).await;
    assert_eq!(last["outcome"]["kind"], "succeeded", "{last:#}");
    assert_eq!(last["lock_hash"], dependencies["environment"]["lock_hash"]);
    assert_eq!((&last["exit_code"], &last["revision"]), (&json!(0), &json!(2)));

    // No gap and no repeat over all those connections, and the same bytes as in the download.
    let numbers: Vec<_> = records.iter().map(|record| record.seq).collect();
    let all: Vec<_> = (1..=last["log"]["last_seq"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, all);
    for (stream, bytes) in by_stream(&records) {
        assert_eq!(bytes, product.raw(&run, Some(stream)).await, "{stream}");
    }
    ten_lines::assert_exact(&product, &script, &run).await;

    // Live means live: the first line was here before the last was printed.
    let stderr = product.stderr(&run).await;
    let last_printed = ten_lines::printed_at(stderr.lines().last().expect("lines"));
    let first_arrived = records[0].arrived.as_microsecond() as f64 / 1e6;
    assert!(
        first_arrived < last_printed,
        "arrived {first_arrived}, printed {last_printed}"
    );

    // Who comes late gets everything; who has everything gets the outcome.
    let late = product.live(&run, 0).await.all().await;
    let late: Vec<Record> = late.into_iter().filter_map(Frame::record).collect();
    assert_eq!(by_stream(&late), by_stream(&records));
    let rest = product
        .live(&run, *all.last().expect("records"))
        .await
        .all()
        .await;
    assert!(
        rest.iter().all(|frame| matches!(frame, Frame::State(_))),
        "{rest:?}"
    );

    let history = product.get(&format!("/runs?script={script}&kind=script")).await;
    assert_eq!(history["items"][0]["id"], json!(run));
    assert_eq!(history["items"].as_array().map(Vec::len), Some(1));
    product.no_container_stays().await;
}
