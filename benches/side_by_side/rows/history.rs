//! Row 12: a page of history, fifty runs over HTTP, under each filter that the API has and some that combine several, of a
//! history and of one ten times as long, beside the page without a filter read from the same file with SQLite alone.
//!
//! Ten million runs take their time to be made and 16 GB; they are wished for by `PYTASK_BENCH_RUNS=10000000`.
//!
//! Each filter's line is its first page, of a script, schedule or week chosen by chance. In each turn one filter is also asked
//! for the page behind a run chosen by chance; these are told together, because most of what they read nobody has read
//! before, and the large history is larger than what the machine can keep in memory: that is the disk's time. Two controllers, without an engine, each on a history of its own; all filters take turns, and in each turn the
//! small history is asked, then the large one, then the baseline on both.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use pytask_manager::files::layout;
use reqwest::Method;
use serde_json::Value;

use crate::baselines::pages::Pages;
use crate::facts;
use crate::generate::Random;
use crate::generate::history::{COMMON_ERROR, History, RARE_ERROR};
use crate::machine;
use crate::product::{Product, Setup, bytes};
use crate::report::{Goal, Line, Report, median, time};

/// Of the long history, if nobody says otherwise.
const RUNS: u64 = 2_000_000;
/// How many times as long it is.
const TIMES: u64 = 10;
/// Of each filter on each history.
const SAMPLES: usize = 200;
/// Turns that nobody counts.
const WARM_UP: usize = 10;
const WEEK_MS: u64 = 7 * 24 * 3_600_000;

/// What is asked for, and whether it may be nothing.
struct Asked {
    what: &'static str,
    query: fn(&History, &mut Random) -> String,
    finds: bool,
}

const fn asked(what: &'static str, query: fn(&History, &mut Random) -> String) -> Asked {
    Asked {
        what,
        query,
        finds: true,
    }
}

const ASKED: [Asked; 24] = [
    asked("no filter", |_, _| String::new()),
    asked("script", |history, random| {
        format!("&script={}", script(history, random))
    }),
    asked("tag", |_, _| "&tag=etl".to_owned()),
    asked("q", |_, _| "&q=report".to_owned()),
    asked("outcome, most", |_, _| "&outcome=succeeded".to_owned()),
    asked("outcome, two of few", |_, _| {
        "&outcome=failed,timed_out".to_owned()
    }),
    asked("outcome, seldom", |_, _| "&outcome=engine_error".to_owned()),
    asked("state=finished", |_, _| "&state=finished".to_owned()),
    Asked {
        finds: false,
        ..asked("state=queued", |_, _| "&state=queued".to_owned())
    },
    asked("kind", |_, _| "&kind=build".to_owned()),
    asked("trigger", |_, _| "&trigger=manual".to_owned()),
    asked("schedule", |history, random| {
        format!("&schedule={}", schedule(history, random))
    }),
    asked("from, to: a week", week),
    asked("longer_than", |_, _| "&longer_than=1234".to_owned()),
    asked("shorter_than", |_, _| "&shorter_than=0.7".to_owned()),
    asked("longer_than, shorter_than", |_, _| {
        "&longer_than=61&shorter_than=64".to_owned()
    }),
    asked("kept", |_, _| "&kept=true".to_owned()),
    asked("error, said often", |_, _| format!("&error={COMMON_ERROR}")),
    asked("error, said seldom", |_, _| {
        format!("&error={}", RARE_ERROR.replace(' ', "%20"))
    }),
    asked("script, outcome", |history, random| {
        format!("&script={}&outcome=failed", script(history, random))
    }),
    asked("script, error", |history, random| {
        format!("&script={}&error={COMMON_ERROR}", script(history, random))
    }),
    asked("tag, outcome, a week", |history, random| {
        format!("&tag=prod&outcome=failed{}", week(history, random))
    }),
    asked("kind, trigger, longer_than", |_, _| {
        "&kind=script&trigger=api&longer_than=30".to_owned()
    }),
    asked("error, outcome, longer_than", |_, _| {
        format!("&error={COMMON_ERROR}&outcome=timed_out&longer_than=10")
    }),
];

fn script(history: &History, random: &mut Random) -> String {
    random.one_of(&history.kinds).script.id.to_string()
}

fn schedule(history: &History, random: &mut Random) -> String {
    let scheduled: Vec<_> = history
        .kinds
        .iter()
        .filter_map(|kind| kind.schedule.as_ref())
        .collect();
    random.one_of(&scheduled).id.to_string()
}

fn week(history: &History, random: &mut Random) -> String {
    let all_ms = history.runs * history.apart_ms;
    let from = history.first_ms + random.below(all_ms - WEEK_MS) as i64;
    let at = |ms| Timestamp::from_millisecond(ms).expect("a time");
    format!("&from={}&to={}", at(from), at(from + WEEK_MS as i64))
}

pub(crate) async fn measure() -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nowhere = format!("unix://{}", folder.path().join("no-engine.sock").display());
    let wished = machine::variable("PYTASK_BENCH_RUNS");
    let runs = wished.map_or(RUNS, |wished| {
        wished.parse().expect("PYTASK_BENCH_RUNS is a number")
    });
    let small = Side::of(runs / TIMES, &nowhere).await;
    let large = Side::of(runs, &nowhere).await;
    let load = facts::load();
    let mut found = Found {
        first: ASKED.iter().map(|_| Default::default()).collect(),
        ..Found::default()
    };
    let mut random = Random::from_seed(50);
    for turn in 0..WARM_UP + SAMPLES {
        let counts = turn >= WARM_UP;
        let sides = || [&small, &large].into_iter();
        for (asked, first) in ASKED.iter().zip(&mut found.first) {
            for (side, first) in sides().zip(first) {
                first.extend(counts.then_some(side.first(asked, &mut random).await));
            }
        }
        for at in 0..2 {
            let side = [&small, &large][at];
            let further = side.further(&ASKED[turn % ASKED.len()], &mut random).await;
            found.further[at].extend(counts.then_some(further));
            found.raw[at].extend(counts.then_some(side.pages.page(side.history.runs)));
            found.raw_further[at].extend(counts.then_some(side.pages.page(side.somewhere(&mut random))));
        }
        found.nothing.push(small.nothing().await);
    }
    found.report([&small, &large].map(|side| counted(side.history.runs)), &load)
}

/// Of the small history, then of the large one.
type Both = [Vec<Duration>; 2];

#[derive(Default)]
struct Found {
    /// Of each filter.
    first: Vec<Both>,
    further: Both,
    raw: Both,
    raw_further: Both,
    nothing: Vec<Duration>,
}

impl Found {
    fn report(self, [small_size, large_size]: [String; 2], load: &str) -> Report {
        let limit = Duration::from_millis(3);
        let alone = format!("SQLite alone, {small_size}");
        let grown = format!("ours, {small_size}");
        let (raw, further) = (&self.raw, &self.further);
        let mut lines = Vec::new();
        for (asked, [small, large]) in ASKED.iter().zip(&self.first) {
            let what = |size: &str| format!("{}, {size}", asked.what);
            let goal = Goal::NinetyNinth(limit);
            lines.push(Line::new(
                what(&small_size),
                &small[..],
                &alone,
                &raw[0][..],
                goal,
            ));
            lines.push(Line::new(
                what(&large_size),
                &large[..],
                &grown,
                &small[..],
                Goal::Both(limit, 1.3),
            ));
        }
        for (at, size) in [&small_size, &large_size].into_iter().enumerate() {
            let baseline = format!("SQLite alone, {size}, further down");
            let theirs = &self.raw_further[at][..];
            lines.push(Line::new(
                format!("further down, {size}"),
                &further[at][..],
                baseline,
                theirs,
                Goal::None,
            ));
        }
        lines.push(Line::new(
            format!("SQLite alone, {large_size}"),
            &raw[1][..],
            &alone,
            &raw[0][..],
            Goal::None,
        ));
        let nothing = time(median(&self.nothing));
        Report {
            title: format!("A page of 50 runs over HTTP, of {small_size} and of {large_size}"),
            lines,
            notes: vec![
                format!(
                    "Lines of {large_size} stand beside the same filter's of {small_size}: their ratio is the growth."
                ),
                format!(
                    "An answer without any run, over the same connection: {nothing}. Load when it began: {load}."
                ),
            ],
        }
    }
}

fn counted(runs: u64) -> String {
    match runs {
        1_000_000.. => format!("{} M", runs / 1_000_000),
        _ => format!("{} k", runs / 1_000),
    }
}

/// A controller on one history.
struct Side {
    product: Product,
    history: History,
    pages: Pages,
}

impl Side {
    async fn of(runs: u64, nowhere: &str) -> Self {
        let history = History::of(runs);
        let mut setup = Setup::with(&[("DOCKER_HOST", nowhere)]);
        setup.data = Some(history.data.clone());
        let mut product = Product::new(setup);
        product.boot().await;
        let pages = Pages::of(&history.data.join(layout::DATABASE));
        Self {
            product,
            history,
            pages,
        }
    }

    fn somewhere(&self, random: &mut Random) -> u64 {
        100 + random.below(self.history.runs - 100)
    }

    async fn first(&self, asked: &Asked, random: &mut Random) -> Duration {
        let query = (asked.query)(&self.history, random);
        let (took, runs) = self.page(&query).await;
        // A script chosen by chance may have no such runs.
        let by_chance = query.contains("script=") || query.contains("from=");
        assert!(by_chance || asked.finds == (runs > 0), "{query}: {runs} runs");
        took
    }

    async fn further(&self, asked: &Asked, random: &mut Random) -> Duration {
        let cursor = URL_SAFE_NO_PAD.encode(self.somewhere(random).to_string());
        let query = (asked.query)(&self.history, random);
        self.page(&format!("{query}&cursor={cursor}")).await.0
    }

    async fn page(&self, query: &str) -> (Duration, usize) {
        let path = format!("/runs?limit=50{query}");
        let begun = Instant::now();
        let answer = bytes(self.product.request(Method::GET, &path)).await;
        let took = begun.elapsed();
        let page: Value = serde_json::from_slice(&answer).expect("JSON");
        (took, page["items"].as_array().expect("runs").len())
    }

    /// Answered without a look at any run.
    async fn nothing(&self) -> Duration {
        let begun = Instant::now();
        bytes(self.product.request(Method::GET, "/runs?limit=50&script=none")).await;
        begun.elapsed()
    }
}
