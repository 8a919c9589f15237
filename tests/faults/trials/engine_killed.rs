//! Row 2: the engine's daemon is stopped and killed under eight runs, with live-restore and without. Each run ends as it
//! really did, or is honestly lost with its log up to that moment; and within fifteen seconds of the engine's return the
//! product runs what it was given meanwhile.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::figures::Tally;
use crate::form::{either, is_full};
use crate::private_engine::PrivateEngine;
use crate::product::{Product, Setup};
use crate::random::Random;
use crate::writers::{End, Writers};

const USABLE_WITHIN: Duration = Duration::from_secs(15);
const RUNS: usize = 8;

/// How the daemon goes, and for how long it stays away beyond what it needs to come back.
type Blow = (Signal, Duration);

fn blows(short: Signal, random: &mut Random) -> Vec<Blow> {
    let signals = either(vec![short], [Signal::TERM, Signal::KILL].repeat(5));
    let mut blows: Vec<Blow> = signals
        .into_iter()
        .map(|signal| (signal, random.moment(Duration::from_secs(2))))
        .collect();
    if is_full() {
        // Long enough for whoever asks ever more rarely.
        blows[0].1 = Duration::from_secs(45);
    }
    blows
}

pub(super) async fn without_live_restore() {
    let mut random = Random::new();
    let mut tally = Tally::new(2, "dockerd stopped and killed");
    let blows = blows(Signal::KILL, &mut random);
    under_eight_runs(false, &blows, &mut random, &mut tally).await;
    tally.close();
}

pub(super) async fn with_live_restore() {
    let mut random = Random::new();
    let mut tally = Tally::new(2, "dockerd stopped and killed, live-restore");
    let blows = blows(Signal::TERM, &mut random);
    under_eight_runs(true, &blows, &mut random, &mut tally).await;
    tally.close();
}

async fn under_eight_runs(live_restore: bool, blows: &[Blow], random: &mut Random, tally: &mut Tally) {
    tally.figures.note = format!("seed {}", random.seed);
    let mut engine = PrivateEngine::start(live_restore).await;
    let mut setup = Setup::with(&[("PYTASK_MAX_RUNS", "9")]);
    setup.engine = engine.engine();
    let mut product = Product::new(setup);
    product.boot().await;
    product.engine_ready().await;
    let client = product.client();
    let mut writers = Writers::new(&product).await;
    for (signal, away) in blows {
        let end = match (live_restore, *signal) {
            // Containers go on without the daemon.
            (true, _) => End::Whole,
            // It asks them to end, and waits for it.
            (false, Signal::TERM) => End::Evicted,
            // They go on, until the next daemon ends them.
            (false, _) => End::Honest,
        };
        let wished: Vec<usize> = (0..RUNS).map(|_| writers.wish(200, 0.04, end)).collect();
        writers.deliver(&client).await;
        product
            .until("all are writing", async || {
                let begun: Vec<usize> = wished.iter().map(|&writer| writers.begun(writer)).collect();
                if begun.iter().all(|begun| *begun > 0) {
                    Ok(())
                } else {
                    Err(begun)
                }
            })
            .await;
        // Not a wait for anything: the moments themselves are what is tried.
        tokio::time::sleep(random.moment(Duration::from_millis(1500))).await;
        for &writer in &wished {
            writers.hold_to_what_is_written(writer);
        }
        engine.end(*signal).await;
        tally.figures.injected += 1;
        let late = writers.wish(10, 0.0, End::Whole);
        writers.deliver(&client).await;
        tokio::time::sleep(*away).await;
        let waiting = writers.all[late]
            .run
            .clone()
            .expect("a run is accepted without an engine");
        let state = product.get(&format!("/runs/{waiting}")).await["state"].take();
        // Or starting, as long as nobody has noticed that the engine is away.
        let waits = state == json!("queued") || state == json!("starting");
        tally.check(waits, || format!("without an engine run {waiting} is {state}"));

        engine.begin().await;
        engine.answers().await;
        let back = Instant::now();
        product.finished(&waiting).await;
        let took = back.elapsed();
        tally.check(took <= USABLE_WITHIN, || {
            format!("after {signal:?} and {away:?} of use again after {took:?}")
        });
        tally.back_after(took);
        product
            .until("all have ended", async || {
                match writers.unfinished(&client).await {
                    0 => Ok(()),
                    left => Err(left),
                }
            })
            .await;
    }
    writers.settle(&product, tally).await;
    product.no_container_stays().await;
}
