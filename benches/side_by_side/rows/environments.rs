//! Row 16: a new environment, from the click to an environment in use, beside `uv venv` and `uv pip install` by hand.
//!
//! A build that has been here before is not installed again, so a sample needs a lock that is new and packages that are
//! not. A lock says who asks for what: every sample asks for pandas and requests, and for another choice of the packages
//! that those two bring along anyway. So all samples install the same files, by locks of which no two are alike, and the
//! baseline is given the same words. The two shorter ways are then measured on the same wish: another script that asks
//! for it within ten minutes, and a third that asks in other words and comes to the same lock.
//!
//! Bytecode is compiled after an environment is in use, with the least share of the processors. It is waited for before
//! anything else is measured.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pytask_manager::model::ids::RunId;
use pytask_manager::model::run::Event;
use pytask_manager::store;
use reqwest::Method;
use serde_json::{Value, json};

use crate::baselines::uv::{Bytecode, Uv};
use crate::facts;
use crate::product::{Product, bytes, words};
use crate::report::{Goal, Line, Report, median, time};

/// With nothing in the caches; the network decides.
const COLD: usize = 2;
const WARM: usize = 12;
const ASKED: [&str; 2] = ["pandas", "requests"];
/// What those bring along.
const BROUGHT: [&str; 6] = [
    "numpy",
    "python-dateutil",
    "certifi",
    "charset-normalizer",
    "idna",
    "urllib3",
];

pub(crate) async fn measure() -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let by_hand = folder.path().join("by-hand");
    std::fs::create_dir(&by_hand).expect("a folder for the baseline");
    let product = Product::start_in(folder.path().join("data")).await;
    let uv = Uv::working_in(&by_hand);
    let mut found = Found::default();
    for number in 0..COLD {
        forget(&product.data.join("cache/uv"));
        uv.forget();
        let sample = product.sample(&wish(number), "new").await;
        found.cold.push(sample.ready);
        found
            .uv_cold
            .push(uv.install(&as_given(&wish(number)), &sample.before, Bytecode::Left));
    }
    let load = facts::load();
    for number in COLD..COLD + WARM {
        let wish = wish(number);
        let sample = product.sample(&wish, "new").await;
        found.warm.push(sample.ready);
        found.compiled.push(sample.compiled);
        found.phases.push(sample.phases);
        found
            .uv_warm
            .push(uv.install(&as_given(&wish), &sample.before, Bytecode::Left));
        found
            .taken_over
            .push(product.again(&wish, "resolved moments ago").await);
        let mut other_words = wish.clone();
        other_words[0] = "pandas>1".to_owned();
        let linked = product
            .again(&other_words, "installed already on this image")
            .await;
        found.linked.push(linked);
        found
            .uv_compiled
            .push(uv.install(&as_given(&wish), &sample.before, Bytecode::Compiled));
    }
    product.no_container_stays().await;
    found.report(&load)
}

#[derive(Default)]
struct Found {
    cold: Vec<Duration>,
    uv_cold: Vec<Duration>,
    warm: Vec<Duration>,
    uv_warm: Vec<Duration>,
    compiled: Vec<Duration>,
    uv_compiled: Vec<Duration>,
    taken_over: Vec<Duration>,
    linked: Vec<Duration>,
    phases: Vec<Vec<(&'static str, Duration)>>,
}

impl Found {
    fn report(self, load: &str) -> Report {
        let phases = self.phases_in_words();
        let compiling = "uv pip install --compile-bytecode";
        Report {
            title: "New environment: pandas and requests, asked → in use".to_owned(),
            lines: vec![
                Line::new("from nothing", &self.cold[..], "uv pip install", &self.uv_cold[..], Goal::None),
                Line::new("warm cache", &self.warm[..], "uv pip install", &self.uv_warm[..], Goal::Ratio(1.15)),
                Line::new("same wish, moments ago", &self.taken_over[..], compiling, &self.uv_compiled[..], Goal::Ratio(0.05)),
                Line::new("same lock, other words", &self.linked[..], compiling, &self.uv_compiled[..], Goal::Ratio(0.05)),
                Line::new("until bytecode is complete", &self.compiled[..], compiling, &self.uv_compiled[..], Goal::None),
            ],
            notes: vec![
                "Both by the same uv with a cache of its own, on one file system, files linked; the baseline includes \
                 `uv venv`."
                    .to_owned(),
                format!("Warm cache, where our time goes (medians): {phases}."),
                format!("Load when it began: {load}."),
            ],
        }
    }

    fn phases_in_words(&self) -> String {
        let names = self.phases[0].iter().map(|(name, _)| *name);
        let told: Vec<String> = names
            .enumerate()
            .map(|(at, name)| {
                let of_all: Vec<Duration> = self.phases.iter().map(|phases| phases[at].1).collect();
                format!("{name} {}", time(median(&of_all)))
            })
            .collect();
        told.join(", ")
    }
}

/// One of 64 that come to the same packages.
fn wish(number: usize) -> Vec<String> {
    let chosen = BROUGHT
        .iter()
        .enumerate()
        .filter(|(at, _)| number >> at & 1 == 1)
        .map(|(_, name)| *name);
    ASKED.into_iter().chain(chosen).map(str::to_owned).collect()
}

fn as_given(wish: &[String]) -> Vec<&str> {
    wish.iter().map(String::as_str).collect()
}

/// Empties a cache that nobody is using.
fn forget(cache: &Path) {
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        let path = entry.path();
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        removed.expect("the cache can be emptied");
    }
}

struct Sample {
    ready: Duration,
    compiled: Duration,
    /// No release of after this instant was considered.
    before: String,
    phases: Vec<(&'static str, Duration)>,
}

impl Product {
    /// A script that wants this, built in full; returns when its bytecode is complete, too.
    async fn sample(&self, wish: &[String], name: &str) -> Sample {
        let script = self.wanting(name, wish).await;
        let begun = Instant::now();
        let build = self.built(&script).await;
        let ready = begun.elapsed();
        let said = self.stdout(&build).await;
        assert!(
            said.contains("[3/3] Installing"),
            "it was to be built in full: {said}"
        );
        let compiled = format!("/runs?script={script}&kind=compile&state=finished");
        self.until("its bytecode is compiled", async || {
            let runs = self.get(&compiled).await["items"].take();
            if runs[0]["outcome"]["kind"] == "succeeded" {
                Ok(())
            } else {
                Err(runs)
            }
        })
        .await;
        let compiled = begun.elapsed();
        Sample {
            ready,
            compiled,
            before: words(&self.get(&format!("/runs/{build}")).await["build"]["exclude_newer"]),
            phases: self.phases(&build).await,
        }
    }

    /// Another script whose wish ends in a way that its build's log names: how long that takes.
    async fn again(&self, wish: &[String], way: &str) -> Duration {
        let script = self.wanting(way, wish).await;
        let begun = Instant::now();
        let build = self.built(&script).await;
        let took = begun.elapsed();
        let said = self.stdout(&build).await;
        assert!(said.contains(way), "{way}: {said}");
        took
    }

    async fn wanting(&self, name: &str, wish: &[String]) -> String {
        let name = format!("{name} {}", uuid::Uuid::now_v7());
        let script = self.script(&name, "import pandas, requests\n").await;
        self.require(&script, &as_given(wish)).await;
        script
    }

    /// Asks for it and returns at once when the build has been told to be finished; then the environment is in use.
    async fn built(&self, script: &str) -> String {
        let install = format!("/scripts/{script}/dependencies/install");
        let build = words(&self.post(202, &install, json!({})).await["run"]["id"]);
        self.live(&build, 0).await.all().await;
        let environment = self.get(&format!("/scripts/{script}")).await["environment"].take();
        assert_eq!(environment["state"], "in_step", "{environment:#}");
        build
    }

    /// What a build spent its time with: by its events, and by what it said while it ran.
    async fn phases(&self, build: &str) -> Vec<(&'static str, Duration)> {
        let (asked, events) = self.events_of(build);
        let said = self.said_at(build).await;
        let marks = [
            ("queued", events["admitted"]),
            ("preparing", events["prepared"]),
            ("container and first process", said["[1/3]"]),
            ("resolving", said["[2/3]"]),
            ("venv", said["[3/3]"]),
            ("installing", said["Done"]),
            ("until its end is known", events["ended"]),
            ("putting in place", events["concluded"]),
        ];
        let mut before = asked;
        marks
            .into_iter()
            .map(|(name, at)| {
                let took = Duration::try_from(at.duration_since(before)).unwrap_or_default();
                before = at;
                (name, took)
            })
            .collect()
    }

    /// When it was asked for, and when what happened to it was recorded.
    fn events_of(&self, build: &str) -> (Timestamp, HashMap<&'static str, Timestamp>) {
        let database = self.data.join(pytask_manager::files::layout::DATABASE);
        let connection =
            rusqlite::Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
                .expect("the database");
        let id = RunId::parse(build);
        let run = store::runs::get(&connection, &id).expect("reads").expect("a run");
        let events = store::runs::events(&connection, &id).expect("reads");
        let named = events.into_iter().filter_map(|(at, event)| {
            let name = match event {
                Event::Admitted => "admitted",
                Event::Prepared { .. } => "prepared",
                Event::Ended { .. } => "ended",
                Event::Concluded { .. } => "concluded",
                _ => return None,
            };
            Some((name, at))
        });
        (run.queued_at, named.collect())
    }

    /// When the build began each of its steps, and when it was done.
    async fn said_at(&self, build: &str) -> HashMap<&'static str, Timestamp> {
        let log = bytes(self.request(Method::GET, &format!("/runs/{build}/log?format=ndjson"))).await;
        let log = String::from_utf8(log).expect("text");
        let mut found = HashMap::new();
        for line in log.lines() {
            let record: Value = serde_json::from_str(line).expect("JSON");
            let at: Timestamp = words(&record["at"]).parse().expect("a time");
            for sign in ["[1/3]", "[2/3]", "[3/3]", "Done"] {
                if record["text"].as_str().is_some_and(|text| text.contains(sign)) {
                    found.entry(sign).or_insert(at);
                }
            }
        }
        found
    }
}
