//! How the product answers while something else happens to it: four requests that the interface makes all the time, one
//! after the other, timed, from a thread that nothing else runs on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::figures::Tally;
use crate::percentile::percentile;
use crate::product::{Client, Product};

/// A person who looks at everything at once does not ask faster.
const ASK_EVERY: Duration = Duration::from_millis(25);

pub(crate) struct Gauge {
    ended: Arc<AtomicBool>,
    /// While a controller is taken away on purpose nobody counts.
    paused: Arc<AtomicBool>,
    asker: JoinHandle<Vec<Duration>>,
}

impl Gauge {
    /// Asks about this script and this run, among others.
    pub(crate) fn start(product: &Product, script: &str, run: &str) -> Self {
        let (ended, paused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let paths = [
            "/dashboard".to_owned(),
            "/runs?limit=50".to_owned(),
            "/scripts".to_owned(),
            format!("/scripts/{script}"),
            format!("/runs/{run}"),
        ];
        let (client, over, idle) = (
            product.client().elsewhere(),
            Arc::clone(&ended),
            Arc::clone(&paused),
        );
        let asker = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime
                .expect("a runtime")
                .block_on(ask(&client, &paths, &over, &idle))
        });
        Self { ended, paused, asker }
    }

    pub(crate) fn pause(&self, is_paused: bool) {
        self.paused.store(is_paused, Ordering::SeqCst);
    }

    /// What is to be said of the answers: how long, and that they came.
    pub(crate) fn stop(self, within: Duration, tally: &mut Tally) {
        self.ended.store(true, Ordering::SeqCst);
        let times = self.asker.join().expect("it asked to the end");
        tally.check(times.len() >= 20, || {
            format!("only {} answers were timed", times.len())
        });
        let Some(p95) = percentile(&times, 95) else { return };
        tally.figures.api_p95_ms = Some(p95.as_secs_f64() * 1000.0);
        tally.check(p95 <= within, || {
            format!("the API's 95th percentile is {p95:?} of {} answers", times.len())
        });
    }
}

async fn ask(client: &Client, paths: &[String], ended: &AtomicBool, paused: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    for path in paths.iter().cycle() {
        if ended.load(Ordering::SeqCst) {
            break;
        }
        let asked = Instant::now();
        let answer = client.try_get(path).await;
        let took = asked.elapsed();
        if paused.load(Ordering::SeqCst) {
            tokio::time::sleep(ASK_EVERY).await;
            continue;
        }
        assert!(answer.is_some(), "{path} was not answered");
        times.push(took);
        tokio::time::sleep(ASK_EVERY).await;
    }
    times
}
