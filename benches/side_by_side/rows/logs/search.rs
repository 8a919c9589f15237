//! Row 11: searching a log of a gigabyte, ten million lines, beside ripgrep on the same text in a file: all lines that
//! match, and the first.
//!
//! Ours is asked over HTTP and lists a thousand lines as JSON, each with its number, time and where the matches are; what is
//! beyond is counted. ripgrep prints all lines with their numbers into a pipe. Everything is in the page cache.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use super::long::Long;
use crate::baselines::ripgrep;
use crate::facts;
use crate::generate::log::{ONCE, SELDOM};
use crate::report::{Goal, Line, Report};

const SAMPLES: usize = 20;
const ALL: Goal = Goal::Ratio(1.3);
const FIRST: Goal = Goal::Ratio(0.5);

/// The same question to both.
struct Asked {
    what: &'static str,
    query: String,
    arguments: Vec<&'static str>,
    /// Until the first line is there, not the last.
    first: bool,
}

pub(crate) async fn measure() -> Report {
    let long = Long::start().await;
    let load = facts::load();
    let literal = |text: &str| format!("q={}&ignore_case=false&order=oldest", text.replace(' ', "%20"));
    let all = |what, query, arguments: &[&'static str]| Asked {
        what,
        query,
        arguments: arguments.to_vec(),
        first: false,
    };
    let first = |what, query, arguments: &[&'static str]| Asked {
        what,
        query,
        arguments: arguments.to_vec(),
        first: true,
    };
    let asked = [
        all("all of 1,000", literal(SELDOM), &["-F", SELDOM]),
        all(
            "all, ignoring case",
            literal(SELDOM).replace("=false", "=true"),
            &["-i", "-F", SELDOM],
        ),
        all(
            "all, regular expression",
            format!("{}&regex=true", literal("worker-0[37] .* mismatch")),
            &["worker-0[37] .* mismatch"],
        ),
        first("first of 1,000", literal(SELDOM), &["-m", "1", "-F", SELDOM]),
        first(
            "newest of 1,000",
            literal(SELDOM).replace("oldest", "newest"),
            &["-m", "1", "-F", SELDOM],
        ),
        first(
            "the only one, in the middle",
            literal(ONCE),
            &["-m", "1", "-F", ONCE],
        ),
    ];
    let mut lines = Vec::new();
    for asked in asked {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for sample in 0..=SAMPLES {
            let (first, whole, found) = long.search(&asked).await;
            let (baseline, count) = ripgrep::search(&asked.arguments, &long.text);
            assert!(
                asked.first || found == count,
                "{found} lines, and ripgrep finds {count}"
            );
            ours.extend((sample > 0).then_some(if asked.first { first } else { whole }));
            theirs.extend((sample > 0).then_some(baseline));
        }
        let goal = if asked.first { FIRST } else { ALL };
        lines.push(Line::new(
            asked.what,
            ours,
            format!("rg {}", asked.arguments.join(" ")),
            theirs,
            goal,
        ));
    }
    long.product.no_container_stays().await;
    Report {
        title: "Searching a log of a gigabyte".to_owned(),
        lines,
        notes: vec![format!("{}. Load when it began: {load}.", ripgrep::version())],
    }
}

impl Long {
    /// Until a line was there, until the end (or until then, if no more is asked), and how many were found.
    async fn search(&self, asked: &Asked) -> (Duration, Duration, usize) {
        let request = self
            .product
            .request(Method::GET, &self.path(&format!("search?{}", asked.query)));
        let begun = Instant::now();
        let mut answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let (mut first, mut said) = (None, Vec::new());
        while let Some(chunk) = answer.chunk().await.expect("a body") {
            said.extend_from_slice(&chunk);
            if first.is_none() && chunk.starts_with(br#"{"type":"matches""#) {
                first = Some(begun.elapsed());
                if asked.first {
                    break;
                }
            }
        }
        let whole = begun.elapsed();
        let first = first.expect("a match");
        if asked.first {
            return (first, whole, 1);
        }
        let last = said
            .trim_ascii()
            .rsplit(|byte| *byte == b'\n')
            .next()
            .expect("a line");
        let done: Value = serde_json::from_slice(last).expect("JSON");
        assert_eq!(done["type"], "done", "{done}");
        (first, whole, done["matches"].as_u64().expect("a number") as usize)
    }
}
