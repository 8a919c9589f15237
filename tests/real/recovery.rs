//! A controller that dies at any moment: runs go on, and the next controller knows them. A container that vanishes:
//! never a success.

use std::time::Duration;

use serde_json::json;

use crate::machine;
use crate::product::{Product, words};
use crate::ten_lines;

/// Says its one line and leaves a mark in its folder: two marks are two starts.
const ONE_LINE: &str = "\
import os
with open('/script/starts', 'a') as starts:
    starts.write(os.environ['PYTASK_RUN_ID'] + '\\n')
print('the one line of', os.environ['PYTASK_RUN_ID'])
";

const ENDLESS: &str = "\
import time
print('here I am', flush=True)
while True:
    time.sleep(60)
";

/// Waits, without any controller, for the run to have said this much of its ten lines.
async fn lines_on_disk(product: &Product, script: &std::path::Path, least: usize) {
    product
        .until("the run goes on", async || {
            let printed = ["stdout", "stderr"].map(|stream| {
                let account = std::fs::read_to_string(script.join(format!("printed.{stream}")));
                account.unwrap_or_default().lines().count()
            });
            let lines = printed.iter().sum::<usize>();
            if lines >= least { Ok(()) } else { Err(lines) }
        })
        .await;
}

#[tokio::test]
async fn a_killed_controller_costs_a_run_nothing() {
    let mut product = Product::start().await;
    let script = product.script("Ten lines", &ten_lines::program(0.3, "")).await;
    let folder = product.files(&script).await;
    let run = product.submit(&script).await;
    product.until_written(&run, "line 2 ").await;

    product.kill();
    lines_on_disk(&product, &folder, 6).await;
    product.boot().await;
    // The log so far, its rest as it comes, and the outcome: over one connection to the new controller.
    let frames = product.live(&run, 0).await.all().await;
    let live: Vec<u8> = frames
        .into_iter()
        .filter_map(|frame| frame.record())
        .flat_map(|r| r.bytes)
        .collect();
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    assert_eq!(live, product.raw(&run, None).await);
    ten_lines::assert_exact(&product, &script, &run).await;
    product.no_container_stays().await;
}

#[tokio::test]
async fn a_run_that_ends_while_no_controller_is_there_is_found() {
    let mut product = Product::start().await;
    let script = product.script("Ten lines", &ten_lines::program(0.05, "")).await;
    let run = product.submit(&script).await;
    product.until_written(&run, "line 0 ").await;
    product.kill();
    let facts = product
        .run_directory(&run)
        .expect("a run directory")
        .join("exit.json");
    product
        .until("the run ends", async || {
            facts.exists().then_some(()).ok_or("still going")
        })
        .await;

    product.boot().await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    ten_lines::assert_exact(&product, &script, &run).await;
    product.no_container_stays().await;
}

/// The controller dies at moments all over the way from the submission to the end, with three runs under way each
/// time; some of the moments fall before the engine is even found fit.
#[tokio::test]
async fn a_controller_killed_at_any_moment_starts_each_run_once() {
    let mut product = Product::start_with(&[("PYTASK_MAX_RUNS", "3")]).await;
    let mut scripts = Vec::new();
    for name in ["One", "Two", "Three"] {
        scripts.push(product.script(name, ONE_LINE).await);
    }
    let mut runs = Vec::new();
    for moment in [0, 15, 40, 80, 130, 200, 300, 450, 700, 1100] {
        for script in &scripts {
            runs.push((script.clone(), product.submit(script).await));
        }
        // Not a wait for anything: the moments themselves are what is tried.
        tokio::time::sleep(Duration::from_millis(moment)).await;
        product.kill();
        product.boot().await;
    }
    for (_, run) in &runs {
        let finished = product.finished(run).await;
        assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
        assert_eq!(product.stdout(run).await, format!("the one line of {run}\n"));
    }
    for script in &scripts {
        let mut begun: Vec<_> = runs
            .iter()
            .filter(|(of, _)| of == script)
            .map(|(_, run)| run.as_str())
            .collect();
        let marks = String::from_utf8(product.file(script, "starts").await).expect("text");
        let mut started: Vec<_> = marks.lines().collect();
        begun.sort();
        started.sort();
        assert_eq!(started, begun, "every run once");
    }
    product.no_container_stays().await;
}

/// The same for states that are over too soon to be met by chance: the controller dies at the very moment in which
/// one is seen.
#[tokio::test]
async fn a_controller_killed_in_a_state_goes_on_from_there() {
    let mut product = Product::start().await;
    let script = product.script("States", ONE_LINE).await;
    for sought in ["starting", "running", "collecting", "finished"] {
        let run = product.submit(&script).await;
        let reached = |run: &serde_json::Value| {
            let order = [
                "queued",
                "starting",
                "running",
                "stopping",
                "collecting",
                "finished",
            ];
            let place = |state: &str| order.iter().position(|known| *known == state);
            // It may be past it by the time we look: the next is as good.
            place(run["state"].as_str().unwrap_or("")) >= place(sought)
        };
        product.run_until(&run, sought, reached).await;
        product.kill();
        product.boot().await;
        let finished = product.finished(&run).await;
        assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
        assert_eq!(product.stdout(&run).await, format!("the one line of {run}\n"));
        let marks = String::from_utf8(product.file(&script, "starts").await).expect("text");
        assert_eq!(marks.matches(&run).count(), 1, "{marks}");
    }
    product.no_container_stays().await;
}

/// Eight runs that write all the time, and a controller that never lives long.
#[tokio::test]
async fn runs_that_write_all_the_time_lose_nothing_to_many_kills() {
    let mut product = Product::start_with(&[("PYTASK_MAX_RUNS", "8")]).await;
    let program = "\
import sys, time
with open('/script/lines', 'w') as account:
    for number in range(4000):
        line = f'{number} {time.time()} ' + 'x' * (number % 200)
        print(line, file=(sys.stdout, sys.stderr)[number % 2])
        account.write(line + '\\n')
        if number % 40 == 0:
            time.sleep(0.05)
";
    let limits = json!({ "cpus": 0.2, "memory_bytes": 64 << 20, "tmp_bytes": 1 << 20 });
    let mut runs = Vec::new();
    for number in 0..8 {
        let script = product
            .limited(&format!("Writer {number}"), limits.clone(), program)
            .await;
        runs.push((script.clone(), product.submit(&script).await));
    }
    for moment in [900, 100, 500, 250, 700, 50, 400] {
        // Not a wait for anything: the moments themselves are what is tried.
        tokio::time::sleep(Duration::from_millis(moment)).await;
        product.kill();
        product.boot().await;
    }
    for (script, run) in runs {
        let finished = product.finished(&run).await;
        assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
        let account = String::from_utf8(product.file(&script, "lines").await).expect("text");
        for (stream, parity) in [("stdout", 0), ("stderr", 1)] {
            let written: String = account.split_inclusive('\n').skip(parity).step_by(2).collect();
            let logged = product.raw(&run, Some(stream)).await;
            assert!(
                logged == written.as_bytes(),
                "{stream}: {} bytes of {}",
                logged.len(),
                written.len()
            );
        }
    }
    product.no_container_stays().await;
}

#[tokio::test]
async fn a_controller_that_is_stopped_leaves_its_runs_alone() {
    let mut product = Product::start().await;
    let script = product.script("Ten lines", &ten_lines::program(0.3, "")).await;
    let folder = product.files(&script).await;
    let run = product.submit(&script).await;
    product.until_written(&run, "line 1 ").await;
    let container = product.container(&run);
    let pid = machine::described(&container)["State"]["Pid"].take();

    let ended = product.terminate().await;
    assert!(ended.success(), "{ended}");
    lines_on_disk(&product, &folder, 4).await;
    let state = machine::described(&container)["State"].take();
    assert_eq!(
        (&state["Running"], &state["Pid"]),
        (&json!(true), &pid),
        "{state:#}"
    );

    product.boot().await;
    let finished = product.finished(&run).await;
    assert_eq!(finished["outcome"]["kind"], "succeeded", "{finished:#}");
    ten_lines::assert_exact(&product, &script, &run).await;
}

/// Somebody removes the container, or kills it from outside: with the controller there, and while it is away.
#[tokio::test]
async fn a_container_taken_away_is_a_lost_run() {
    let mut product = Product::start().await;
    let script = product.script("Endless", ENDLESS).await;
    for (act, there) in [("rm", true), ("rm", false), ("kill", true), ("kill", false)] {
        let run = product.submit(&script).await;
        product.until_written(&run, "here I am").await;
        if !there {
            product.kill();
        }
        match act {
            "rm" => machine::docker(&["rm", "-f", &product.container(&run)]),
            _ => machine::docker(&["kill", &product.container(&run)]),
        };
        if !there {
            product.boot().await;
        }
        let finished = product.finished(&run).await;
        assert_eq!(finished["outcome"]["kind"], "lost", "{act} {there}: {finished:#}");
        assert!(
            words(&finished["outcome"]["reason"]).contains("container"),
            "{finished:#}"
        );
        assert_eq!(
            product.stdout(&run).await,
            "here I am\n",
            "the log up to that moment stays"
        );
    }
    product.no_container_stays().await;
}

#[tokio::test]
async fn a_second_controller_on_the_same_data_is_refused() {
    let product = Product::start().await;
    let second = product.command().output().expect("it ends by itself");
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("another PyTask-Manager is using"), "{said}");
    // The first is none the worse for it.
    let script = product.script("One", ONE_LINE).await;
    let run = product.outcome(&script).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
}
