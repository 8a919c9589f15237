//! Row 14: what it costs that the product is there and nobody does anything: memory and processor time with a history of a
//! million runs and the engine found fit, beside Prefect's server with nothing in it, and beside APScheduler, a library, in a
//! Python process without a job.
//!
//! All three are there at once and are looked at in turns. Memory is the proportional set size of all processes. Afterwards
//! somebody leafs through the history for a while, and memory is measured again.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;

use crate::baselines::apscheduler::{ApScheduler, Jobs};
use crate::baselines::prefect::Prefect;
use crate::facts;
use crate::generate::history::History;
use crate::generate::place;
use crate::processes::{Gauge, controller, proportional_memory};
use crate::product::{Product, bytes};
use crate::report::{Goal, Line, Report, Samples};

const RUNS: u64 = 1_000_000;
/// From the start until it counts as idle: what is looked at after a start is done.
const SETTLING: Duration = Duration::from_secs(30);
/// Of processor time.
const WINDOW: Duration = Duration::from_secs(20);
const WINDOWS: usize = 6;
const LOOK_EVERY: Duration = Duration::from_millis(250);
const PAGES: usize = 500;
const MEMORY: Goal = Goal::Bytes(18_000_000);
/// 0.05 %.
const CORE: Goal = Goal::OfCore(500);

#[derive(Default)]
struct Found {
    memory: Vec<u64>,
    used: Vec<(Duration, Duration)>,
}

pub(crate) async fn measure() -> Report {
    let folder = place().join("idle");
    std::fs::create_dir_all(&folder).expect("a folder");
    let product = Product::start_in(History::of(RUNS).data).await;
    let prefect = Prefect::start(&folder.join("prefect")).await;
    let library = ApScheduler::start(Jobs::Sqlite, 0, &folder);
    tokio::time::sleep(SETTLING).await;
    let load = facts::load();
    let everybody = [vec![controller()], prefect.processes(), vec![library.process()]];
    let mut found: [Found; 3] = Default::default();
    for _ in 0..WINDOWS {
        observe(&everybody, &mut found).await;
    }
    let [mut ours, prefects, librarys] = found;
    for page in 0..PAGES {
        let query = [
            "",
            "&outcome=failed",
            "&error=KeyError",
            "&tag=etl",
            "&longer_than=60",
        ][page % 5];
        bytes(product.request(Method::GET, &format!("/runs?limit=50{query}"))).await;
    }
    tokio::time::sleep(LOOK_EVERY).await;
    let leafed = vec![proportional_memory(controller())];
    drop(library);
    remove(&folder);
    let line = |what, ours: &Samples, baseline, theirs: &Samples, goal| {
        Line::new(what, ours.clone(), baseline, theirs.clone(), goal)
    };
    let memory = |of: &mut Found| Samples::of_bytes(std::mem::take(&mut of.memory));
    let (mine, server, process) = (memory(&mut ours), prefects.memory, librarys.memory);
    let (server, process) = (Samples::of_bytes(server), Samples::of_bytes(process));
    let core = |of: &[(Duration, Duration)]| Samples::of_core(of);
    Report {
        title: "Idle, with a history of a million runs".to_owned(),
        lines: vec![
            line("memory", &mine, "Prefect's server, empty", &server, MEMORY),
            line("", &mine, "APScheduler, no job", &process, Goal::None),
            line(
                "memory after leafing through history",
                &Samples::of_bytes(leafed),
                "Prefect's server, empty",
                &server,
                MEMORY,
            ),
            line(
                "of one core",
                &core(&ours.used),
                "Prefect's server, empty",
                &core(&prefects.used),
                CORE,
            ),
            line(
                "",
                &core(&ours.used),
                "APScheduler, no job",
                &core(&librarys.used),
                Goal::None,
            ),
        ],
        notes: vec![format!("Load when it began: {load}.")],
    }
}

/// For the length of a window.
async fn observe(everybody: &[Vec<u32>; 3], found: &mut [Found; 3]) {
    let begun = Instant::now();
    let mut gauges = everybody.each_ref().map(|processes| {
        let gauges = processes.iter().map(|process| Gauge::of(*process));
        gauges.collect::<Vec<_>>()
    });
    while begun.elapsed() < WINDOW {
        tokio::time::sleep(LOOK_EVERY).await;
        gauges.iter_mut().flatten().for_each(Gauge::look);
    }
    let within = begun.elapsed();
    for ((processes, gauges), found) in everybody.iter().zip(&gauges).zip(found) {
        let used = gauges.iter().map(Gauge::used).sum();
        found.used.push((used, within));
        found
            .memory
            .push(processes.iter().copied().map(proportional_memory).sum());
    }
}

fn remove(folder: &Path) {
    // Prefect still writes there; what stays goes with everything else.
    let _ = std::fs::remove_dir_all(folder.join("sqlite"));
}
