//! A scheduler's life by chance: clocks that jump, crashes between any two steps, pauses, edits, runs that take long.
//!
//! [`world`] is a small model around [`super::plan`] and the queue's [`admit`](crate::runs::admission::admit): a store
//! whose transactions happen or do not, and a controller that plans, carries out one step after the other, and may
//! forget everything in between. What must hold is written here a second time, in other words than in the plan.
//!
//! Two hundred lives are led in each test run; `PYTASK_SCHEDULER_SEEDS=10000` leads as many. They differ from run to
//! run. A life that goes wrong is made as short as it can be, and printed.

mod world;

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::model::run::Overlap;
use crate::model::schedule::{Missed, Terms, When};
use world::World;

const VARIABLE: &str = "PYTASK_SCHEDULER_SEEDS";
const SCHEDULES: usize = 3;
const EXPRESSIONS: &[&str] = &[
    "*/20 * * * * *",
    "* * * * *",
    "*/10 * * * *",
    "15 * * * *",
    "30 1-3 * * *",
    "30 2 * * *",
];
const ZONES: &[&str] = &["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];
const OVERLAPS: &[Overlap] = &[Overlap::Skip, Overlap::Queue, Overlap::Replace, Overlap::Allow];

/// What happens next.
#[derive(Debug, Clone)]
enum Act {
    /// Time goes on.
    Pass(SignedDuration),
    /// Time goes on until the controller wanted to be woken.
    Sleep,
    /// Somebody sets the clock, forward or back.
    Jump(SignedDuration),
    /// The controller reads and plans.
    Plan,
    /// It carries out the next step of its plan, if there is one.
    CarryOut,
    /// It does so, and does not learn that it has.
    LoseTheAnswer,
    /// It dies and comes back.
    Crash,
    Edit(usize, Box<Terms>),
    PauseOrResume(usize),
    /// The queue decides whose turn it is.
    Admit,
    /// One of the active runs ends.
    Finish(usize),
}

fn acts() -> impl Strategy<Value = Act> {
    let seconds = |range: Range<i64>| range.prop_map(SignedDuration::from_secs);
    let which = 0..SCHEDULES;
    prop_oneof![
        4 => (0i64..15_000).prop_map(|ms| Act::Pass(SignedDuration::from_millis(ms))),
        4 => Just(Act::Sleep),
        2 => seconds(1..7_200).prop_map(Act::Jump),
        1 => seconds(7_200..100_000).prop_map(Act::Jump),
        1 => seconds(-400..0).prop_map(Act::Jump),
        1 => seconds(-20_000..0).prop_map(Act::Jump),
        8 => Just(Act::Plan),
        10 => Just(Act::CarryOut),
        1 => Just(Act::LoseTheAnswer),
        1 => Just(Act::Crash),
        1 => (which.clone(), terms()).prop_map(|(which, terms)| Act::Edit(which, Box::new(terms))),
        1 => which.prop_map(Act::PauseOrResume),
        4 => Just(Act::Admit),
        3 => (0usize..8).prop_map(Act::Finish),
    ]
}

fn terms() -> impl Strategy<Value = Terms> {
    let cron = (prop::sample::select(EXPRESSIONS), prop::sample::select(ZONES));
    let when = prop_oneof![
        8 => cron.prop_map(|(expression, zone)| When::Cron { expression: expression.to_owned(), zone: zone.to_owned() }),
        1 => (0i64..20_000).prop_map(|seconds| When::Once { at: beginning() + SignedDuration::from_secs(seconds) }),
    ];
    let missed = prop::sample::select(vec![Missed::None, Missed::Latest, Missed::All]);
    let numbers = (
        prop::sample::select(vec![60, 600, 3_600]),
        prop::sample::select(vec![0, 0, 30, 900]),
    );
    let enabled = prop::bool::weighted(0.9);
    (when, missed, prop::sample::select(OVERLAPS), numbers, enabled).prop_map(
        |(when, missed, overlap, (start_deadline_seconds, jitter_seconds), enabled)| Terms {
            missed,
            overlap: Some(overlap),
            start_deadline_seconds,
            jitter_seconds,
            enabled,
            ..Terms::of(when)
        },
    )
}

/// Shortly before clocks are changed in Berlin.
fn beginning() -> Timestamp {
    Timestamp::constant(1_774_742_400, 0)
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration to ask")]
fn lives() -> u32 {
    let named = std::env::var(VARIABLE).ok();
    named.map_or(200, |number| number.parse().expect("a number of lives"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: lives(), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_fire_is_decided_on_once_and_by_the_rules(
        terms in prop::collection::vec(terms(), SCHEDULES),
        acts in prop::collection::vec(acts(), 1..150),
    ) {
        let mut world = World::new(beginning(), terms);
        for act in acts {
            world.happen(act);
        }
        world.close();
    }
}
