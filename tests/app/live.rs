//! The live log: records once each and in order, states around them.

use pytask_manager::engine::fake::{Gate, Script, Step};
use pytask_protocol::frame::Stream;
use serde_json::Value;

use crate::harness::{TestApp, text};

fn records_in(frames: &[Value]) -> impl Iterator<Item = &Value> {
    frames
        .iter()
        .filter(|frame| frame["type"] == "records")
        .flat_map(|frame| frame["records"].as_array().expect("records"))
}

#[tokio::test]
async fn a_live_log_tells_everything_once_and_ends_with_the_end() {
    let app = TestApp::start().await;
    let script = app.script("Chatty").await;
    let gate = Gate::default();
    let line = |stream, text: &str| Step::Write(stream, text.as_bytes().to_vec());
    let steps = vec![
        line(Stream::Stdout, "one\n"),
        line(Stream::Stderr, "two\n"),
        Step::Pass(gate.clone()),
        Step::Write(Stream::Stdout, b"bad \xff byte\n".to_vec()),
    ];
    app.fake.script(
        &script,
        Script {
            steps,
            ..Script::default()
        },
    );
    let run = app.run(&script).await;
    let live = app.live(&run, "after=0");
    let opener = async {
        app.run_until(&run, "ran", |run| run["state"] == "running").await;
        gate.open();
    };
    let (frames, ()) = tokio::join!(live, opener);

    let records: Vec<_> = records_in(&frames).collect();
    let told: Vec<_> = records
        .iter()
        .map(|r| {
            (
                r["seq"].as_u64().expect("a number"),
                text(&r["stream"]),
                text(&r["text"]),
            )
        })
        .collect();
    let expected = [
        (1, "stdout", "one\n"),
        (2, "stderr", "two\n"),
        (3, "stdout", "bad \u{fffd} byte\n"),
    ];
    assert_eq!(
        told,
        expected.map(|(seq, stream, text)| (seq, stream.to_owned(), text.to_owned()))
    );
    assert!(
        records[2]["base64"].is_string(),
        "the exact bytes of what is no UTF-8"
    );
    assert_eq!(frames[0]["type"], "state");
    let last = &frames[frames.len() - 1];
    assert_eq!(
        (&last["type"], &last["run"]["state"]),
        (&"state".into(), &"finished".into())
    );

    let rest = app.live(&run, "after=2").await;
    let seqs: Vec<_> = records_in(&rest)
        .filter_map(|record| record["seq"].as_u64())
        .collect();
    assert_eq!(seqs, [3], "a client goes on where it was");
}
