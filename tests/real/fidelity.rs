//! Bytes: what a script writes is what the log gives back, whatever the bytes are; and where a limit cuts, it cuts to
//! the byte and says so.

use serde_json::{Value, json};

use crate::product::{Frame, Product, words};

async fn succeeded(product: &Product, script: &str) -> (String, Value) {
    let run = product.outcome(script).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    (words(&run["id"]), run)
}

#[tokio::test]
async fn every_byte_comes_back_on_its_own_stream() {
    let product = Product::start().await;
    let program = "\
import sys
every = bytes(range(256))
out, err = sys.stdout.buffer, sys.stderr.buffer
for raw, piece in (
    (out, every * 3), (err, every[::-1]), (out, b'\\xff\\xfe\\x80 no UTF-8 \\xc3'), (out, b'\\xa9 cut in two\\r\\n'),
    (err, b'\\0\\0\\n\\n\\r'), (out, b'x' * (1 << 20) + b'\\n'), (err, b'y' * 16383 + b'\\n' + b'y' * 16384 + b'\\n'),
    (out, b'no newline at the end'), (err, b'nor here'),
):
    view = memoryview(piece)
    while view:
        view = view[raw.write(view):]
    raw.flush()
";
    let script = product.script("Bytes", program).await;
    let (run, row) = succeeded(&product, &script).await;

    let every: Vec<u8> = (0..=255).collect();
    let mut stdout = every.repeat(3);
    stdout.extend(b"\xff\xfe\x80 no UTF-8 \xc3\xa9 cut in two\r\n");
    stdout.extend(vec![b'x'; 1 << 20]);
    stdout.extend(b"\nno newline at the end");
    let mut stderr: Vec<u8> = every.iter().rev().copied().collect();
    stderr.extend(b"\0\0\n\n\r");
    stderr.extend([vec![b'y'; 16383], vec![b'\n'], vec![b'y'; 16384], vec![b'\n']].concat());
    stderr.extend(b"nor here");

    let live = product.live(&run, 0).await.all().await;
    let records: Vec<_> = live.into_iter().filter_map(Frame::record).collect();
    for (stream, written) in [("stdout", stdout), ("stderr", stderr)] {
        // Not `assert_eq`: a failure would print a megabyte.
        let logged = product.raw(&run, Some(stream)).await;
        assert!(
            logged == written,
            "{stream}: {} bytes of {}",
            logged.len(),
            written.len()
        );
        assert_eq!(row["log"][format!("{stream}_bytes")], written.len());
        let seen = records.iter().filter(|record| record.stream == stream);
        let seen: Vec<u8> = seen.flat_map(|record| record.bytes.clone()).collect();
        assert!(
            seen == written,
            "{stream} live: {} bytes of {}",
            seen.len(),
            written.len()
        );
    }
    assert_eq!(row["log"]["dropped_bytes"], 0);
}

#[tokio::test]
async fn beyond_the_log_limit_head_and_tail_stay_and_the_rest_is_counted() {
    let (size, kept) = (5_000_000, 64 << 10);
    let product = Product::start().await;
    let program = "\
import sys
flood = b''.join(b'%07d\\n' % number for number in range(625000))
view = memoryview(flood)
while view:
    view = view[sys.stdout.buffer.write(view):]
sys.exit('the last words')
";
    let script = product
        .limited("Flood", json!({ "log_bytes": kept }), program)
        .await;
    let run = product.outcome(&script).await;
    assert_eq!(run["outcome"]["kind"], "failed", "{run:#}");
    assert_eq!(
        run["outcome"]["stderr_tail"],
        json!(["the last words"]),
        "the traceback is there"
    );
    let id = words(&run["id"]);

    let flood: Vec<u8> = (0..625_000)
        .flat_map(|number| format!("{number:07}\n").into_bytes())
        .collect();
    assert_eq!(flood.len(), size);
    let stderr = product.raw(&id, Some("stderr")).await;
    assert_eq!(stderr, b"the last words\n");
    let stdout = product.raw(&id, Some("stdout")).await;
    // The tail is shared by both streams.
    let tail = kept - stderr.len();
    let expected = [&flood[..kept], &flood[size - tail..]].concat();
    assert!(
        stdout == expected,
        "{} bytes instead of {}",
        stdout.len(),
        expected.len()
    );
    let dropped = size - kept - tail;
    assert_eq!(run["log"]["dropped_bytes"], dropped, "{run:#}");
    assert_eq!(run["log"]["stdout_bytes"], kept + tail, "what is in the log");
    assert!(
        product
            .text(&id)
            .await
            .contains(&format!("{dropped} bytes of output are missing here."))
    );
}

/// Many runs at once, each with its own bytes.
#[tokio::test]
async fn runs_side_by_side_do_not_mix() {
    let product = Product::start_with(&[("PYTASK_MAX_RUNS", "6")]).await;
    let program = "\
import hashlib, os, sys
seed = os.environ['PYTASK_RUN_ID'].encode()
for number in range(2000):
    print(number, hashlib.sha256(seed + b'%d' % number).hexdigest(), file=(sys.stdout, sys.stderr)[number % 2])
";
    let mut runs = Vec::new();
    for number in 0..6 {
        let script = product.script(&format!("Side {number}"), program).await;
        runs.push(product.submit(&script).await);
    }
    for run in runs {
        let finished = product.finished(&run).await;
        assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
        for (stream, parity) in [("stdout", 0), ("stderr", 1)] {
            let expected: String = (parity..2000)
                .step_by(2)
                .map(|number| line(&run, number))
                .collect();
            let logged = product.raw(&run, Some(stream)).await;
            assert!(
                logged == expected.as_bytes(),
                "{stream} of {run}: {} bytes",
                logged.len()
            );
        }
    }
    product.no_container_stays().await;
}

fn line(run: &str, number: usize) -> String {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(format!("{run}{number}"));
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{number} {hex}\n")
}
