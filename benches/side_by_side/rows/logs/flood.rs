//! Rows 7 and 8: a script that writes as fast as it can, and a client that has all of it: what that costs in processor time
//! for each megabyte, and how long it takes, beside `docker logs --follow` of the same in a plain container.
//!
//! Lines of a hundred bytes, in writes of about eight thousand, as a program with a buffer makes them. Measured from the go
//! until the client has the last line; processor time half a second longer, for what is still to be done. Both rows come
//! from the same samples.

use std::io::Read;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::plain::{Engine, Ours, Plain, WAIT_FOR_GO};
use crate::facts;
use crate::generate::place;
use crate::processes::{controller, processor_time};
use crate::product::Product;
use crate::report::{Goal, Line, Report, median};

const ROUNDS: usize = 7;
const MEGABYTES: u32 = 64;
const LINE: usize = 100;
/// In one write.
const LINES: usize = 80;
const END: &[u8] = b"the end, written within";
/// What is done after the client has everything.
const AFTERWARDS: Duration = Duration::from_millis(500);

fn program() -> String {
    let writes = MEGABYTES as usize * 1_000_000 / (LINE * LINES);
    format!(
        "{WAIT_FOR_GO}block = b''.join(b'%06d ' % n + b'x' * {} + b'\\n' for n in range({LINES}))\nbegun = time.monotonic()\n\
         for _ in range({writes}):\n    rest = block\n    while rest:\n        rest = rest[os.write(1, rest):]\n\
         print('the end, written within %d us' % ((time.monotonic() - begun) * 1e6), flush=True)\ntime.sleep(600)\n",
        LINE - 8
    )
}

/// What one side took in one round.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    /// Until the client had everything.
    whole: Duration,
    /// By the script's own clock.
    writing: Duration,
    /// Processor time of the engine, of ours the controller's with it.
    serving: Duration,
    /// The same with the supervisor's, or else the client's.
    more: Duration,
}

#[derive(Debug, Clone, Default)]
struct Found {
    ours: Vec<Sample>,
    theirs: Vec<Sample>,
    load: String,
}

static FOUND: OnceCell<Found> = OnceCell::const_new();

async fn found() -> &'static Found {
    FOUND
        .get_or_init(|| async {
            let folder = place().join("flood");
            let product = Product::start_in(folder.join("data")).await;
            let script = product.script("Flood", &program()).await;
            let mut found = Found {
                load: facts::load(),
                ..Found::default()
            };
            // The first of each is not counted.
            for round in 0..=ROUNDS {
                let ours = ours(&product, &script).await;
                let theirs = theirs(&folder.join("plain")).await;
                if round > 0 {
                    found.ours.push(ours);
                    found.theirs.push(theirs);
                }
            }
            product.no_container_stays().await;
            found
        })
        .await
}

/// Row 7.
pub(crate) async fn measure_cost() -> Report {
    let found = found().await;
    let each = |of: &[Sample], what: fn(&Sample) -> Duration| -> Vec<Duration> {
        of.iter().map(|sample| what(sample) / MEGABYTES).collect()
    };
    Report {
        title: "Processor time for each megabyte of log, one client".to_owned(),
        lines: vec![
            Line::new(
                "controller and engine",
                each(&found.ours, |sample| sample.serving),
                "docker logs -f: engine",
                each(&found.theirs, |sample| sample.serving),
                Goal::Ratio(0.02),
            ),
            Line::new(
                "with the run's supervisor",
                each(&found.ours, |sample| sample.more),
                "engine and docker logs itself",
                each(&found.theirs, |sample| sample.more),
                Goal::None,
            ),
        ],
        notes: vec![format!(
            "{MEGABYTES} MB in each sample. Load when it began: {}.",
            found.load
        )],
    }
}

/// Row 8.
pub(crate) async fn measure_speed() -> Report {
    let found = found().await;
    let all =
        |of: &[Sample], what: fn(&Sample) -> Duration| -> Vec<Duration> { of.iter().map(what).collect() };
    let (ours, theirs) = (
        all(&found.ours, |sample| sample.whole),
        all(&found.theirs, |sample| sample.whole),
    );
    let speed = |of: &[Duration]| f64::from(MEGABYTES) / median(of).as_secs_f64();
    let notes = vec![
        format!(
            "{:.0} MB/s and {:.1} MB/s: {:.1}×. Ten times as fast is a ratio of 0.1.",
            speed(&ours),
            speed(&theirs),
            speed(&ours) / speed(&theirs)
        ),
        format!("Load when it began: {}.", found.load),
    ];
    Report {
        title: format!("{MEGABYTES} MB of log, script → client"),
        lines: vec![
            Line::new(
                "until the client has all",
                ours,
                "docker logs -f",
                theirs,
                Goal::Ratio(0.1),
            ),
            Line::new(
                "until the script has written all",
                all(&found.ours, |sample| sample.writing),
                "json-file",
                all(&found.theirs, |sample| sample.writing),
                Goal::None,
            ),
        ],
        notes,
    }
}

async fn ours(product: &Product, script: &str) -> Sample {
    let waiting = Ours::start(product, script).await;
    let mut socket = follow(product, &waiting.run).await;
    let engine = Engine::around(&product.container(&waiting.run));
    let controller = controller();
    let used = || {
        (
            processor_time(controller) + engine.processor_time(),
            processor_time(engine.first),
        )
    };
    let before = used();
    let begun = Instant::now();
    waiting.go();
    let writing = loop {
        let message = socket.next().await.expect("it goes on").expect("a message");
        if let Message::Text(text) = message
            && let Some(writing) = ended(text.as_bytes())
        {
            break writing;
        }
    };
    let whole = begun.elapsed();
    tokio::time::sleep(AFTERWARDS).await;
    let after = used();
    drop(socket);
    let written = product.raw(&waiting.run, None).await.len();
    assert!(
        written > MEGABYTES as usize * 1_000_000,
        "{written} bytes are there"
    );
    waiting.end(product).await;
    let serving = after.0 - before.0;
    Sample {
        whole,
        writing,
        serving,
        more: serving + after.1 - before.1,
    }
}

/// All it costs a client to be there: messages as they come, not looked into.
async fn follow(product: &Product, run: &str) -> WebSocketStream<TcpStream> {
    let address = format!("127.0.0.1:{}", product.port());
    let url = format!("ws://{address}/api/v1/runs/{run}/live?after=0");
    let mut request = url.into_client_request().expect("a request");
    let origin = format!("http://{address}").parse().expect("an origin");
    request.headers_mut().insert("origin", origin);
    let stream = TcpStream::connect(&address).await.expect("a connection");
    let (socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .expect("a socket");
    socket
}

async fn theirs(folder: &std::path::Path) -> Sample {
    let mut plain = Plain::start(folder, &program()).await;
    let engine = Engine::around(&plain.container);
    let mut output = plain.output();
    let client = plain.client();
    let used = || (engine.processor_time(), processor_time(client));
    let before = used();
    let begun = Instant::now();
    plain.go();
    let (mut buffer, mut last, mut count) = (vec![0; 64 * 1024], Vec::new(), 0);
    let writing = loop {
        let read = output.read(&mut buffer).expect("its output");
        assert!(read > 0, "docker logs ended");
        count += read;
        // The end may come in two reads.
        last.extend_from_slice(&buffer[..read]);
        last.drain(..last.len().saturating_sub(200));
        if let Some(writing) = ended(&last) {
            break writing;
        }
    };
    let whole = begun.elapsed();
    assert!(count > MEGABYTES as usize * 1_000_000, "{count} bytes came");
    tokio::time::sleep(AFTERWARDS).await;
    let after = used();
    let serving = after.0 - before.0;
    Sample {
        whole,
        writing,
        serving,
        more: serving + after.1 - before.1,
    }
}

/// How long the script took, if this is its last line.
fn ended(text: &[u8]) -> Option<Duration> {
    let at = memchr::memmem::rfind(text, END)?;
    let rest = std::str::from_utf8(&text[at + END.len()..]).ok()?;
    let (number, _) = rest.trim_start().split_once(" us")?;
    Some(Duration::from_micros(number.parse().expect("a number")))
}
