//! Row 1: the controller is killed, at moments by chance and at every arrow of a run's life. Nothing is lost, nothing is
//! doubled, every log is exact, and the next controller answers within two seconds.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use crate::controller::{FAULT_AT, VERB, When};
use crate::figures::Tally;
use crate::form::either;
use crate::product::{Frame, LOOK_EVERY, PATIENCE, Product, Setup};
use crate::random::Random;
use crate::writers::{End, Writers};

const REATTACHED_WITHIN: Duration = Duration::from_secs(2);

/// The product whose controllers can be told where to die.
fn setup() -> Setup {
    let mut setup = Setup::with(&[("PYTASK_MAX_RUNS", "8")]);
    let this = std::env::current_exe().expect("this binary");
    setup.command = vec![this.display().to_string(), VERB.to_owned()];
    setup
}

/// Until the controller that has just been started lets a client follow a run again.
async fn reattached(product: &mut Product, run: &str, tally: &mut Tally) {
    let first = product.live(run, 0).await.next().await;
    let took = product.since().elapsed();
    tally.check(matches!(first, Some(Frame::State(_))), || {
        format!("run {run} has no state: {first:?}")
    });
    tally.check(took <= REATTACHED_WITHIN, || format!("reattached after {took:?}"));
    tally.back_after(took);
}

pub(super) async fn at_random_moments() {
    let mut random = Random::new();
    let mut tally = Tally::new(1, "controller killed at random moments");
    tally.figures.note = format!("seed {}", random.seed);
    let mut writing = 0;
    let mut product = Product::new(setup());
    product.boot().await;
    product.engine_ready().await;
    let client = product.client();
    let mut writers = Writers::new(&product).await;
    for _ in 0..either(15, 200) {
        // Eight at any time; some as short as a run can be, some longer than several controllers live.
        for _ in writers.unfinished(&client).await..8 {
            let (pieces, pause) = (random.below(300) as usize, random.below(40) as f64 / 1000.0);
            writers.wish(pieces, pause, End::Whole);
        }
        let moment = random.moment(Duration::from_millis(2000));
        // Not a wait for anything: the moment itself is what is tried. It may fall into the submissions.
        let _ = tokio::time::timeout(moment, async {
            writers.deliver(&client).await;
            std::future::pending::<()>().await;
        })
        .await;
        product.kill();
        writing += writers.writing();
        tally.figures.injected += 1;
        product.boot().await;
        if let Some(run) = writers.newest() {
            reattached(&mut product, run, &mut tally).await;
        }
    }
    let at_once = writing as f64 / tally.figures.injected as f64;
    tally.figures.note = format!(
        "seed {}; on average {at_once:.1} scripts were writing",
        random.seed
    );
    writers.settle(&product, &mut tally).await;
    product.no_container_stays().await;
    tally.close();
}

/// What happens to the run on whose way the controller is to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// Nothing but its life.
    Plain,
    /// Its user stops it.
    Cancel,
    /// Somebody kills its container: otherwise the supervisor's facts are there before the engine's word.
    KillContainer,
}

pub(super) async fn at_every_commit() {
    let states = [
        "queued",
        "starting",
        "prepared",
        "running",
        "stopping",
        "collecting",
        "finished",
    ];
    let points = states.map(|state| match state {
        "stopping" => (format!("commit.{state}"), Story::Cancel),
        _ => (format!("commit.{state}"), Story::Plain),
    });
    at_every("controller killed at every commit", &points).await;
}

pub(super) async fn at_every_call() {
    let calls = [
        "ensure_image",
        "probe",
        "list",
        "launch",
        "inspect",
        "wait",
        "stop",
        "remove",
    ];
    let points = calls.map(|call| {
        let story = match call {
            "stop" => Story::Cancel,
            "wait" => Story::KillContainer,
            _ => Story::Plain,
        };
        (format!("engine.{call}"), story)
    });
    at_every("controller killed at every call of the engine", &points).await;
}

async fn at_every(name: &str, points: &[(String, Story)]) {
    let mut tally = Tally::new(1, name);
    let mut product = Product::new(setup());
    product.boot().await;
    let mut writers = Writers::new(&product).await;
    product.kill();
    for (point, story) in points {
        for when in [When::Before, When::After] {
            for _ in 0..either(1, 10) {
                let mut tale = Tale::begin(&mut writers, *story);
                die_at(&mut product, &mut writers, point, when, &mut tale).await;
                product.boot().await;
                writers.deliver(&product.client()).await;
                let run = writers.newest().expect("a run was submitted");
                reattached(&mut product, run, &mut tally).await;
                tale.end(&product, &mut writers).await;
                // In whatever it has come to.
                product.kill();
                tally.figures.injected += 2;
            }
        }
    }
    product.boot().await;
    writers.settle(&product, &mut tally).await;
    product.no_container_stays().await;
    tally.close();
}

/// A controller is started that dies at the point; the run is taken along the way that leads there.
async fn die_at(product: &mut Product, writers: &mut Writers, point: &str, when: When, tale: &mut Tale) {
    // Of the calls that every start makes, the image is asked for before any run: the second is a run's.
    let nth = if point == "engine.ensure_image" { 2 } else { 1 };
    let fault = format!("{point}:{}:{nth}", when.word());
    product.begin(&[(FAULT_AT, &fault)]);
    // It may die before.
    let _ = product.serves().await;
    let deadline = Instant::now() + PATIENCE;
    let ended = loop {
        if let Some(ended) = product.has_ended() {
            break ended;
        }
        assert!(Instant::now() < deadline, "no controller came by {fault}");
        writers.deliver(&product.client()).await;
        tale.go_on(product, writers).await;
        tokio::time::sleep(LOOK_EVERY).await;
    };
    assert_eq!(ended.signal(), Some(9), "at {fault}: {ended}");
}

/// One run and what is still to happen to it.
struct Tale {
    story: Story,
    writer: usize,
    told: bool,
}

impl Tale {
    fn begin(writers: &mut Writers, story: Story) -> Self {
        let writer = match story {
            Story::Plain => writers.wish(40, 0.01, End::Whole),
            // Far longer than it is let live.
            Story::Cancel => writers.wish(20_000, 0.02, End::Cancelled),
            Story::KillContainer => writers.wish(20_000, 0.02, End::Torn),
        };
        let told = story == Story::Plain;
        Self { story, writer, told }
    }

    /// As soon as the script runs; whether or not a controller is there to hear of it.
    async fn go_on(&mut self, product: &Product, writers: &mut Writers) {
        if self.told || writers.begun(self.writer) == 0 {
            return;
        }
        let run = writers.all[self.writer].run.clone().expect("it has begun");
        self.told = match self.story {
            Story::Plain => true,
            Story::Cancel => product.client().try_cancel(&run).await,
            Story::KillContainer => {
                writers.hold_to_what_is_written(self.writer);
                let container = product.container(&run);
                product.engine().try_docker(&["kill", &container]).is_ok()
            }
        };
    }

    /// With a controller that stays: so that the run does not stay for ever.
    async fn end(&mut self, product: &Product, writers: &mut Writers) {
        let deadline = Instant::now() + PATIENCE;
        while !self.told {
            assert!(
                Instant::now() < deadline,
                "never begun: {:?}",
                writers.all[self.writer].run
            );
            self.go_on(product, writers).await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
