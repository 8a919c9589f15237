//! Row 10: the last thousand lines of a log of ten million, a gigabyte, and one line out of it chosen by chance, over HTTP,
//! beside `tail` and `sed` on the same text in a file.
//!
//! Everything is in the page cache. `sed` may stop at the line it was asked for, which it does not do by itself.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use super::long::Long;
use crate::facts;
use crate::generate::Random;
use crate::generate::log::LINES;
use crate::product::bytes;
use crate::report::{Goal, Line, Report};

const LAST: usize = 1_000;
const SAMPLES: usize = 200;
/// `sed` takes a while for each.
const SED_SAMPLES: usize = 20;

pub(crate) async fn measure() -> Report {
    let long = Long::start().await;
    let load = facts::load();
    let tail = long.path(&format!("lines?tail=true&limit={LAST}"));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // The first of each brings the file into the cache.
    for sample in 0..=SAMPLES {
        let (took, lines) = long.lines(&tail).await;
        let (baseline, text) = by_hand("tail", &["-n", &LAST.to_string()], &long.text);
        let text: Vec<&str> = text.lines().collect();
        assert!(lines == text, "the last lines are not the same");
        ours.extend((sample > 0).then_some(took));
        theirs.extend((sample > 0).then_some(baseline));
    }
    let mut random = Random::from_seed(10);
    let (mut one, mut sed, mut sed_whole) = (Vec::new(), Vec::new(), Vec::new());
    for sample in 0..SAMPLES {
        let number = 1 + random.below(LINES);
        let (took, lines) = long
            .lines(&long.path(&format!("lines?line={number}&limit=1")))
            .await;
        one.push(took);
        if sample % (SAMPLES / SED_SAMPLES) == 0 {
            let (took, text) = by_hand("sed", &["-n", &format!("{number}{{p;q}}")], &long.text);
            assert!(lines == [text.trim_end()], "line {number} is not the same");
            sed.push(took);
            sed_whole.push(by_hand("sed", &["-n", &format!("{number}p")], &long.text).0);
        }
    }
    long.product.no_container_stays().await;
    let limit = Duration::from_millis(5);
    Report {
        title: "A log of ten million lines, a gigabyte: its end, and a line of it".to_owned(),
        lines: vec![
            Line::new(
                "last 1,000 lines",
                ours,
                "tail -n 1000",
                theirs,
                Goal::Both(limit, 2.0),
            ),
            Line::new(
                "a line by its number",
                one.clone(),
                "sed -n 'N{p;q}'",
                sed,
                Goal::Ratio(0.05),
            ),
            Line::new("", one, "sed -n Np", sed_whole, Goal::Ratio(0.05)),
        ],
        notes: vec![format!("Load when it began: {load}.")],
    }
}

impl Long {
    async fn lines(&self, path: &str) -> (Duration, Vec<String>) {
        let begun = Instant::now();
        let answer = bytes(self.product.request(Method::GET, path)).await;
        let took = begun.elapsed();
        let window: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(window["total"], LINES);
        let lines = window["lines"].as_array().expect("lines");
        let text = |line: &Value| line["text"].as_str().expect("a text").to_owned();
        (took, lines.iter().map(text).collect())
    }
}

/// What a program says about a file, and how long it took from before its start.
fn by_hand(program: &str, arguments: &[&str], file: &Path) -> (Duration, String) {
    let begun = Instant::now();
    let output = Command::new(program).args(arguments).arg(file).output();
    let took = begun.elapsed();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} failed");
    (took, String::from_utf8(output.stdout).expect("text"))
}
