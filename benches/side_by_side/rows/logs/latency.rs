//! Row 9: from the moment at which a script writes a line until a client has it, at twenty lines a second, beside
//! `docker logs --follow` of the same in a plain container.
//!
//! Both at once, a fortieth of a second apart, so that each line of ours is followed by one of theirs. A line is the time
//! of its writing, by the machine's own clock, which containers have as well. Ours is stamped once its frame has been parsed.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::plain::{Ours, Plain, WAIT_FOR_GO};
use crate::facts;
use crate::generate::place;
use crate::product::Product;
use crate::report::{Goal, Line, Report};

const LINES: usize = 800;
/// That nobody counts.
const FIRST: usize = 20;
const APART: Duration = Duration::from_millis(50);

fn program() -> String {
    format!(
        "{WAIT_FOR_GO}begun = time.monotonic()\nfor n in range({LINES}):\n    os.write(1, b'%d\\n' % time.monotonic_ns())\n    \
         time.sleep(max(0, begun + (n + 1) * {} - time.monotonic()))\ntime.sleep(600)\n",
        APART.as_secs_f64()
    )
}

pub(crate) async fn measure() -> Report {
    let folder = place().join("latency");
    let product = Product::start_in(folder.join("data")).await;
    let script = product.script("Ticks", &program()).await;
    let waiting = Ours::start(&product, &script).await;
    let mut plain = Plain::start(&folder.join("plain"), &program()).await;
    let load = facts::load();
    let output = BufReader::new(plain.output());
    let reader = std::thread::spawn(move || {
        let lines = output.lines().take(LINES).map(|line| line.expect("its output"));
        lines.map(|line| since(line.as_bytes())).collect::<Vec<_>>()
    });
    let mut live = product.live(&waiting.run, 0).await;
    waiting.go();
    tokio::time::sleep(APART / 2).await;
    plain.go();
    let mut ours = Vec::new();
    while ours.len() < LINES {
        let frame = live.next().await.expect("it goes on");
        let Some(record) = frame.record() else { continue };
        ours.extend(
            record
                .bytes
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(since),
        );
    }
    let theirs = reader.join().expect("all lines");
    drop(live);
    waiting.end(&product).await;
    product.no_container_stays().await;
    let goal = Goal::Both(Duration::from_millis(5), 1.0);
    Report {
        title: "A line is written → its frame is received, 20 lines a second".to_owned(),
        lines: vec![Line::new(
            "over a WebSocket",
            &ours[FIRST..],
            "docker logs -f",
            &theirs[FIRST..],
            goal,
        )],
        notes: vec![format!("Load when it began: {load}.")],
    }
}

/// How long ago that was.
fn since(written: &[u8]) -> Duration {
    let text = std::str::from_utf8(written).expect("a number");
    let written = Duration::from_nanos(text.parse().expect("a time"));
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32) - written
}
