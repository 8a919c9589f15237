//! What was measured, as a table for people: pure.
//!
//! With a hundred samples and more there is a 99th percentile; with fewer the least and the greatest are told instead,
//! because a percentile of ten samples is a story.

use std::fmt::Write as _;
use std::time::Duration;

use crate::percentile::percentile;

/// So many samples have a 99th percentile.
const MANY: usize = 100;

pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
    /// Sentences below the table: how it was measured, where the time goes.
    pub(crate) notes: Vec<String>,
}

/// One thing, ours beside the baseline.
pub(crate) struct Line {
    pub(crate) what: &'static str,
    pub(crate) ours: Vec<Duration>,
    pub(crate) baseline: &'static str,
    pub(crate) theirs: Vec<Duration>,
    pub(crate) goal: Goal,
}

pub(crate) enum Goal {
    /// It is told, and nothing is promised.
    None,
    /// Our median is at most so many times the baseline's.
    Ratio(f64),
    /// Our 99th percentile is at most so long.
    NinetyNinth(Duration),
}

const HEADINGS: [&str; 10] = [
    "what", "n", "p50", "spread", "baseline", "n", "p50", "spread", "ratio", "goal",
];

impl Report {
    /// Markdown, with columns that line up for those who read it as it is.
    pub(crate) fn in_words(&self, number: u32) -> String {
        let mut cells = vec![HEADINGS.map(str::to_owned)];
        cells.extend(self.lines.iter().map(Line::in_cells));
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..HEADINGS.len())
            .map(|column| width(column).unwrap_or(0))
            .collect();
        let mut text = format!("## {number}. {}\n\n", self.title);
        for (row, line) in cells.iter().enumerate() {
            let padded: Vec<String> = line
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:<width$}"))
                .collect();
            let _ = writeln!(text, "| {} |", padded.join(" | "));
            if row == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                let _ = writeln!(text, "|-{}-|", rules.join("-|-"));
            }
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}");
        }
        text
    }
}

impl Line {
    fn in_cells(&self) -> [String; 10] {
        [
            self.what.to_owned(),
            self.ours.len().to_string(),
            time(median(&self.ours)),
            spread(&self.ours),
            self.baseline.to_owned(),
            self.theirs.len().to_string(),
            time(median(&self.theirs)),
            spread(&self.theirs),
            format!("{:.3}", self.ratio()),
            self.goal_in_words(),
        ]
    }

    fn ratio(&self) -> f64 {
        median(&self.ours).as_secs_f64() / median(&self.theirs).as_secs_f64()
    }

    fn goal_in_words(&self) -> String {
        let judged =
            |goal: String, reached: bool| format!("{goal}: {}", if reached { "reached" } else { "missed" });
        match self.goal {
            Goal::None => "none".to_owned(),
            Goal::Ratio(most) => judged(format!("ratio ≤ {most}"), self.ratio() <= most),
            Goal::NinetyNinth(most) => {
                let found = percentile(&self.ours, 99).unwrap_or_default();
                judged(format!("p99 ≤ {}", time(most)), found <= most)
            }
        }
    }
}

pub(crate) fn median(of: &[Duration]) -> Duration {
    percentile(of, 50).unwrap_or_default()
}

pub(crate) fn time(of: Duration) -> String {
    let ms = of.as_secs_f64() * 1000.0;
    match ms {
        ..100.0 => format!("{ms:.1} ms"),
        ..10_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1000.0),
    }
}

fn spread(of: &[Duration]) -> String {
    let end = |percent| time(percentile(of, percent).unwrap_or_default());
    if of.len() < MANY {
        format!("{} to {}", end(0), end(100))
    } else {
        format!("p99 {}", end(99))
    }
}
