//! What every engine promises, whatever it is made of: the clauses of `Engine`'s documentation as tests.
//!
//! Used twice: for the fake, and for Docker in the real-engine suite. A bench hides the difference.

use std::time::{Duration, Instant};

use pytask_manager::engine::{Engine, Error, JobSpec, JobState};

/// What a job does, in terms that a container and a fake both know.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    Exit(i32),
    /// Until SIGTERM, then with 143.
    Hang,
    /// Like `Hang`, but SIGTERM is ignored.
    Deaf,
}

pub(crate) trait Bench {
    fn engine(&self) -> &dyn Engine;
    /// The same engine, for another instance.
    fn stranger(&self) -> &dyn Engine;
    /// A job with a new name and the label `pytask.run` = its name.
    fn job(&self, behaviour: Behaviour) -> JobSpec;
}

/// Long enough for a loaded machine; never waited out by a test that passes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("in time")
}

pub(crate) fn exited(code: i64) -> JobState {
    JobState::Exited {
        code,
        oom_killed: false,
        error: None,
    }
}

pub(crate) async fn waiting_tells_the_exit_code(bench: &impl Bench) {
    for code in [0, 3, 255] {
        let job = bench.job(Behaviour::Exit(code));
        bench.engine().launch(&job).await.expect("launched");
        let ended = in_time(bench.engine().wait(&job.name)).await.expect("waited");
        assert_eq!(ended, exited(code.into()));
        // An ended job stays as it is until it is removed.
        assert_eq!(
            bench.engine().wait(&job.name).await.expect("waited"),
            exited(code.into())
        );
        assert_eq!(
            bench.engine().inspect(&job.name).await.expect("seen"),
            exited(code.into())
        );
    }
}

pub(crate) async fn launching_again_adopts(bench: &impl Bench) {
    let engine = bench.engine();
    let job = bench.job(Behaviour::Hang);
    for _ in 0..3 {
        engine.launch(&job).await.expect("launched or adopted");
        assert_eq!(engine.inspect(&job.name).await.expect("seen"), JobState::Running);
    }
    let ours = engine.list().await.expect("listed");
    assert_eq!(ours.iter().filter(|listed| listed.name == job.name).count(), 1);

    let ended = bench.job(Behaviour::Exit(7));
    engine.launch(&ended).await.expect("launched");
    in_time(engine.wait(&ended.name)).await.expect("waited");
    engine.launch(&ended).await.expect("adopted");
    assert_eq!(
        engine.inspect(&ended.name).await.expect("seen"),
        exited(7),
        "an ended job is not started again"
    );
}

pub(crate) async fn an_absent_job_is_absent_in_every_answer(bench: &impl Bench) {
    let engine = bench.engine();
    let name = bench.job(Behaviour::Hang).name;
    assert_eq!(engine.inspect(&name).await.expect("seen"), JobState::Absent);
    assert_eq!(
        in_time(engine.wait(&name)).await.expect("waited"),
        JobState::Absent
    );
    engine
        .stop(&name, Duration::from_secs(1))
        .await
        .expect("nothing to stop");
    engine.remove(&name).await.expect("nothing to remove");
}

pub(crate) async fn a_stop_ends_a_job_within_its_grace(bench: &impl Bench) {
    let engine = bench.engine();
    let job = bench.job(Behaviour::Hang);
    engine.launch(&job).await.expect("launched");
    let begun = Instant::now();
    in_time(engine.stop(&job.name, PATIENCE)).await.expect("stopped");
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(engine.inspect(&job.name).await.expect("seen"), exited(143));
    engine
        .stop(&job.name, PATIENCE)
        .await
        .expect("stopping an ended job is nothing");
    assert_eq!(engine.inspect(&job.name).await.expect("seen"), exited(143));
}

pub(crate) async fn a_deaf_job_is_killed_when_the_grace_is_over(bench: &impl Bench) {
    let engine = bench.engine();
    let job = bench.job(Behaviour::Deaf);
    engine.launch(&job).await.expect("launched");
    let begun = Instant::now();
    in_time(engine.stop(&job.name, Duration::from_secs(1)))
        .await
        .expect("stopped");
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "killed before its grace was over"
    );
    assert_eq!(engine.inspect(&job.name).await.expect("seen"), exited(137));
}

pub(crate) async fn a_removed_job_is_gone_for_those_who_wait(bench: &impl Bench) {
    let engine = bench.engine();
    let job = bench.job(Behaviour::Deaf);
    engine.launch(&job).await.expect("launched");
    let (waited, removed) = in_time(async {
        tokio::join!(engine.wait(&job.name), async {
            // Not before the waiting has begun.
            tokio::task::yield_now().await;
            engine.remove(&job.name).await
        })
    })
    .await;
    removed.expect("removed");
    // The engine may tell of the kill or of the removal first.
    let waited = waited.expect("waited");
    assert!(waited == JobState::Absent || waited == exited(137), "{waited:?}");
    assert_eq!(engine.inspect(&job.name).await.expect("seen"), JobState::Absent);
    engine.remove(&job.name).await.expect("removing again is nothing");

    engine.launch(&job).await.expect("the name is free again");
    assert_eq!(engine.inspect(&job.name).await.expect("seen"), JobState::Running);
    engine.remove(&job.name).await.expect("removed");
}

pub(crate) async fn jobs_of_other_instances_are_invisible(bench: &impl Bench) {
    let (engine, stranger) = (bench.engine(), bench.stranger());
    let job = bench.job(Behaviour::Hang);
    engine.launch(&job).await.expect("launched");

    let listed = engine.list().await.expect("listed");
    let found = listed
        .iter()
        .find(|listed| listed.name == job.name)
        .expect("our own job");
    assert!(found.running && found.created_at > 0, "{found:?}");
    assert_eq!(found.labels.get("pytask.run"), Some(&job.name.0));
    assert!(found.labels.contains_key("pytask.instance"));

    assert!(
        stranger
            .list()
            .await
            .expect("listed")
            .iter()
            .all(|listed| listed.name != job.name)
    );
    assert_eq!(stranger.inspect(&job.name).await.expect("seen"), JobState::Absent);
    assert!(
        matches!(stranger.launch(&job).await, Err(Error::Refused(_))),
        "the name is taken"
    );
    stranger
        .stop(&job.name, Duration::ZERO)
        .await
        .expect("nothing of the stranger's to stop");
    stranger
        .remove(&job.name)
        .await
        .expect("nothing of the stranger's to remove");
    assert_eq!(engine.inspect(&job.name).await.expect("seen"), JobState::Running);
}

pub(crate) async fn a_missing_image_is_named(bench: &impl Bench, image: &str) {
    let job = JobSpec {
        image: image.to_owned(),
        ..bench.job(Behaviour::Exit(0))
    };
    for answer in [
        bench.engine().ensure_image(image).await.map(drop),
        bench.engine().launch(&job).await,
        bench.engine().probe(image).await.map(drop),
    ] {
        match answer {
            Err(Error::Image { image: named, reason }) => {
                assert_eq!(named, image);
                assert!(!reason.is_empty());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            bench.engine().inspect(&job.name).await.expect("seen"),
            JobState::Absent
        );
    }
}

/// One test for each clause that needs nothing but a bench.
macro_rules! clauses {
    ($bench:expr) => {
        contract::clauses! { $bench;
            waiting_tells_the_exit_code,
            launching_again_adopts,
            an_absent_job_is_absent_in_every_answer,
            a_stop_ends_a_job_within_its_grace,
            a_deaf_job_is_killed_when_the_grace_is_over,
            a_removed_job_is_gone_for_those_who_wait,
            jobs_of_other_instances_are_invisible,
        }
    };
    ($bench:expr; $($clause:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $clause() {
                contract::$clause(&$bench.await).await;
            }
        )*
    };
}
pub(crate) use clauses;
