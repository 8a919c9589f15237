//! Row 3: whatever bytes a script writes, on whichever stream, are the bytes that come back, over HTTP and over the live
//! socket; and a run that says one line has said it once.

use reqwest::Method;
use serde_json::json;

use crate::figures::Tally;
use crate::form::either;
use crate::product::{Product, answered, words};
use crate::readers::{self, Manner, Reader};
use crate::writers::wrong_bytes;

/// What is in its folder, to both streams in pieces of an odd size.
const COPY: &str = "\
import os
with open('/script/case', 'rb') as case:
    content = memoryview(case.read())
for start in range(0, len(content), 999_983):
    for stream in (1, 2):
        piece = content[start:start + 999_983]
        while piece:
            piece = piece[os.write(stream, piece):]
";

const ONE_LINE: &str = "\
import os
run = os.environ['PYTASK_RUN_ID']
with open('/script/starts', 'a') as starts:
    starts.write(run + '\\n')
print('the one line of', run)
";

fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let every: Vec<u8> = (0..=255).collect();
    let line = |length: usize| [vec![b'x'; length - 1], vec![b'\n']].concat();
    vec![
        ("every byte value", every.repeat(300)),
        ("NUL", b"\0a\0\0\n\0".repeat(1000)),
        (
            "invalid UTF-8",
            b"\xff\xfe\x80 \xc3\xc3\xa9 \xf0\x9f\x92\n\xed\xa0\x80 \xe2\x82".repeat(1000),
        ),
        ("CRLF and lone CR", b"one\r\ntwo\rthree\n\r\n\r".repeat(1000)),
        ("no newline at the end", b"first line\nand no more".to_vec()),
        ("nothing", Vec::new()),
        ("a line of 10 MB", line(10_000_000)),
        (
            "lines of 16,383, 16,384 and 16,385 bytes",
            [line(16_383), line(16_384), line(16_385)].concat().repeat(3),
        ),
    ]
}

pub(super) async fn in_every_case() {
    let mut tally = Tally::new(3, "bytes of every kind, on both streams");
    let product = Product::start().await;
    let mut copying = Vec::new();
    for (name, content) in cases() {
        let script = product.script(name, COPY).await;
        let case = product.files(&script).await.join("case");
        std::fs::write(&case, &content).expect("a file in the script's folder");
        let run = product.submit(&script).await;
        let live = readers::on_a_thread(product.client(), &run, |_| {});
        copying.push((name, content, run, live));
    }
    for (name, content, run, live) in copying {
        let finished = product.finished(&run).await;
        tally.check(finished["outcome"]["kind"] == "succeeded", || {
            format!("{name}: {finished:#}")
        });
        let late = Reader::new(product.client(), &run, Manner::Steady)
            .read(|_| {})
            .await;
        let live = live.join().expect("it read to the end");
        for (stream, live, late) in [
            ("stdout", &live.stdout, &late.stdout),
            ("stderr", &live.stderr, &late.stderr),
        ] {
            let logged = product.raw(&run, Some(stream)).await;
            for (way, got) in [("HTTP", &logged), ("live", live), ("late", late)] {
                let wrong = wrong_bytes(got, &content, content.len());
                tally.figures.wrong_bytes += wrong;
                tally.check(wrong == 0, || {
                    format!(
                        "{name}, {stream}, {way}: {wrong} bytes wrong of {}",
                        content.len()
                    )
                });
            }
            let counted = &finished["log"][format!("{stream}_bytes")];
            tally.check(*counted == content.len(), || {
                format!("{name}, {stream}: {counted} counted")
            });
        }
        tally.figures.injected += 1;
        tally.figures.runs += 1;
    }
    product.no_container_stays().await;
    tally.close();
}

pub(super) async fn in_one_line() {
    let mut tally = Tally::new(3, "runs of one line");
    let product = Product::start_with(&[("PYTASK_MAX_RUNS", "6")]).await;
    let script = product
        .limited("One line", json!({ "network": "none" }), ONE_LINE)
        .await;
    let mut runs = Vec::new();
    for _ in 0..either(30, 1000) {
        let request = product.request(Method::POST, &format!("/scripts/{script}/runs"));
        let answer = answered(request.json(&json!({ "overlap": "allow" }))).await;
        let Some((201, Some(run))) = answer else {
            panic!("a submission was not accepted: {answer:?}")
        };
        runs.push(words(&run["id"]));
    }
    for run in &runs {
        // One after the other is admitted, so each wait is short though all together take minutes.
        let finished = product.finished(run).await;
        let line = format!("the one line of {run}\n");
        let logged = product.raw(run, None).await;
        let wrong = wrong_bytes(&logged, line.as_bytes(), line.len());
        tally.figures.wrong_bytes += wrong;
        let whole = finished["outcome"]["kind"] == "succeeded" && wrong == 0;
        tally.check(whole, || {
            format!("{:?} {finished:#}", String::from_utf8_lossy(&logged))
        });
    }
    let starts = String::from_utf8(product.file(&script, "starts").await).expect("text");
    let mut started: Vec<&str> = starts.lines().collect();
    let all = started.len();
    started.sort_unstable();
    started.dedup();
    tally.figures.doubled = (all - started.len()) as u64;
    tally.figures.runs = runs.len() as u64;
    tally.check(all == runs.len(), || {
        format!("{all} starts of {} runs", runs.len())
    });
    product.no_container_stays().await;
    tally.close();
}
