//! Row 15: from the start of the process until the first answer over HTTP, with a history of a million runs, beside Prefect's
//! server with nothing in it, and APScheduler, a library, in a Python process without a job, until it schedules.
//!
//! Ours stopped cleanly before; once more it was killed, and then checks its database first. Everything has been started
//! once before, so that files are in the page cache and databases have their schema.

use std::time::{Duration, Instant};

use crate::baselines::apscheduler::{ApScheduler, Jobs};
use crate::baselines::prefect::Prefect;
use crate::facts;
use crate::generate::history::History;
use crate::generate::place;
use crate::product::{Product, Setup};
use crate::report::{Goal, Line, Report};

const RUNS: u64 = 1_000_000;
const ROUNDS: usize = 20;
/// Of those that take long.
const FEW: usize = 5;

pub(crate) async fn measure() -> Report {
    let folder = place().join("starts");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut setup = Setup::default();
    setup.data = Some(History::of(RUNS).data);
    let mut product = Product::new(setup);
    start(&mut product).await;
    product.terminate().await;
    drop(Prefect::start(&folder.join("prefect")).await);
    let load = facts::load();
    let (mut ours, mut killed, mut prefect, mut library) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        ours.push(start(&mut product).await);
        product.terminate().await;
        let begun = Instant::now();
        let scheduling = ApScheduler::start(Jobs::Sqlite, 0, &folder.join(format!("library-{round}")));
        library.push(begun.elapsed());
        drop(scheduling);
        if round % (ROUNDS / FEW) == 0 {
            prefect.push(Prefect::start(&folder.join("prefect")).await.took);
            start(&mut product).await;
            product.kill();
            killed.push(start(&mut product).await);
            product.terminate().await;
        }
    }
    let server = "Prefect's server, empty";
    let goal = Goal::NinetyNinth(Duration::from_millis(30));
    Report {
        title: "Start → first answer, with a history of a million runs".to_owned(),
        lines: vec![
            Line::new("after a clean stop", ours.clone(), server, prefect.clone(), goal),
            Line::new("", ours, "APScheduler, no job: scheduling", library, Goal::None),
            Line::new("after kill -9", killed, server, prefect, Goal::None),
        ],
        notes: vec![format!("Load when it began: {load}.")],
    }
}

/// Until the first 200.
async fn start(product: &mut Product) -> Duration {
    let begun = Instant::now();
    product.boot().await;
    begun.elapsed()
}
