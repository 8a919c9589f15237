//! The application is killed and comes back: nothing is lost, nothing is done twice.

use pytask_manager::app::Surroundings;
use pytask_manager::clock::Clock;
use pytask_manager::engine::fake::{End, Gate, Script, Step, least_job};
use pytask_manager::engine::{Engine, JobSpec, JobState};
use pytask_manager::model::ids::RunId;
use pytask_protocol::frame::Stream;
use serde_json::json;

use crate::harness::{TestApp, expect, text};

#[tokio::test]
async fn a_running_run_is_taken_up_where_it_is() {
    let mut app = TestApp::start().await;
    let script = app.script("Long").await;
    let gate = Gate::default();
    let line = |text: &str| Step::Write(Stream::Stdout, text.as_bytes().to_vec());
    let steps = vec![line("before\n"), Step::Pass(gate.clone()), line("after\n")];
    app.fake.script(
        &script,
        Script {
            steps,
            ..Script::default()
        },
    );
    let run = app.run(&script).await;
    app.run_until(&run, "ran", |run| run["state"] == "running").await;
    app.restart().await;
    assert_eq!(app.get(&format!("/runs/{run}")).await["state"], "running");
    gate.open();
    let run = app.finished(&run).await;
    assert_eq!(run["outcome"]["kind"], "succeeded", "{run:#}");
    assert_eq!(run["log"]["stdout_bytes"], "before\nafter\n".len());
    assert_eq!(app.fake.launches().len(), 1);
}

#[tokio::test]
async fn a_run_that_ended_meanwhile_is_judged_by_its_facts() {
    let mut app = TestApp::start().await;
    let script = app.script("Short").await;
    let gate = Gate::default();
    app.fake.script(
        &script,
        Script {
            end: End::code(3),
            ..Script::waits_for(&gate)
        },
    );
    let run = app.run(&script).await;
    app.run_until(&run, "ran", |run| run["state"] == "running").await;
    let job = app.fake.launches().remove(0).name;
    app.kill();
    gate.open();
    app.fake
        .beside(&instance(&job.0))
        .until(&job, |state| {
            !matches!(state, pytask_manager::engine::JobState::Running)
        })
        .await;
    app.restart().await;
    let run = app.finished(&run).await;
    assert_eq!(
        (&run["outcome"]["kind"], &run["exit_code"]),
        (&json!("failed"), &json!(3))
    );
}

fn instance(job: &str) -> String {
    job.split('-').nth(1).expect("pytask-<instance>-<run>").to_owned()
}

/// Kills at arbitrary moments of a run's life; each must end well, launched and logged once.
#[tokio::test]
async fn killed_at_any_moment_a_run_ends_once() {
    let mut app = TestApp::start().await;
    for round in 0..12_u64 {
        let script = app.script(&format!("round {round}")).await;
        app.fake.script(&script, Script::prints(&["only once"], 0));
        let run = app.run(&script).await;
        tokio::time::sleep(std::time::Duration::from_millis(round * 2)).await;
        app.restart().await;
        let run = app.finished(&run).await;
        assert_eq!(run["outcome"]["kind"], "succeeded", "round {round}: {run:#}");
        assert_eq!(run["log"]["stdout_bytes"], "only once\n".len(), "round {round}");
    }
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_kill() {
    let mut app = TestApp::start().await;
    let script = app.script("Kept").await;
    let put = app.request(
        reqwest::Method::PUT,
        &format!("/api/v1/scripts/{script}/files/lib/a.py"),
    );
    expect(200, put.body("x = 1\n").send().await.expect("an answer")).await;
    app.restart().await;
    let files = app.get(&format!("/scripts/{script}/files")).await;
    let paths: Vec<String> = files["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| text(&f["path"]))
        .collect();
    assert!(paths.contains(&"lib/a.py".to_owned()), "{paths:?}");
    assert_eq!(app.get(&format!("/scripts/{script}")).await["revision"], 2);
}

/// Creating may succeed although the answer was lost, and a row may be in a backup that is about to be restored: so a
/// container without a row has a grace. Those of other instances are nobody's business here.
#[tokio::test]
async fn orphans_go_after_a_grace_and_strangers_never() {
    let now = Clock::system().now();
    let clock = Clock::manual(now);
    let surroundings = Surroundings {
        clock: clock.clone(),
        ..Surroundings::default()
    };
    let mut app = TestApp::start_in(surroundings, &[]).await;
    app.fake.script_others(Script::hangs());
    let instance = text(&app.get("/system").await["instance"]);
    let orphan = |instance: &str| {
        let id = RunId::generate();
        let labels = [("pytask.run", id.as_str()), ("pytask.kind", "script")];
        JobSpec {
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..least_job(&format!("pytask-{instance}-{id}"))
        }
    };
    let (ours, theirs) = (app.fake.beside(&instance), app.fake.beside("another"));
    let (mine, stranger) = (orphan(&instance), orphan("another"));
    ours.launch(&mine).await.expect("launched");
    theirs.launch(&stranger).await.expect("launched");

    // Each start looks for leftovers, once its engine is found fit; a run that ends afterwards says that it has looked.
    let looked = async |app: &TestApp| {
        let script = app.script(&RunId::generate().to_string()).await;
        app.fake.script(&script, Script::prints(&["done"], 0));
        app.finished(&app.run(&script).await).await;
    };
    app.restart().await;
    looked(&app).await;
    assert_eq!(
        ours.inspect(&mine.name).await.expect("answers"),
        JobState::Running
    );

    clock.set(now + jiff::SignedDuration::from_mins(6));
    app.restart().await;
    ours.until(&mine.name, |state| *state == JobState::Absent).await;
    assert_eq!(
        theirs.inspect(&stranger.name).await.expect("answers"),
        JobState::Running
    );
}

/// An engine that is away for less than anybody takes to notice: what it could not remove then goes all the same.
#[tokio::test]
async fn what_could_not_be_removed_is_removed_soon() {
    let app = TestApp::start().await;
    let script = app.script("Brief").await;
    let gate = Gate::default();
    app.fake.script(&script, Script::waits_for(&gate));
    let run = app.run(&script).await;
    app.run_until(&run, "ran", |run| run["state"] == "running").await;
    let job = app.fake.launches().remove(0).name;
    app.fake.set_away(true);
    gate.open();
    app.finished(&run).await;
    // The verdict comes first and the removal after it; that has failed once the driver has let go.
    app.run_until(&run, "was let go", |_| app.fake.refused_removals() > 0)
        .await;
    app.fake.set_away(false);
    let removed = app.fake.beside(&instance(&job.0));
    let removed = removed.until(&job, |state| *state == JobState::Absent);
    tokio::time::timeout(crate::harness::PATIENCE, removed)
        .await
        .expect("in time");
}
