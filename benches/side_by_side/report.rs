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
    pub(crate) what: String,
    pub(crate) ours: Samples,
    pub(crate) baseline: String,
    pub(crate) theirs: Samples,
    pub(crate) goal: Goal,
}

/// Figures of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    unit: Unit,
    /// In the smallest part of the unit that is told.
    values: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// In nanoseconds.
    Time,
    /// In bytes.
    Memory,
    /// Of one core, in millionths.
    Core,
}

#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// It is told, and nothing is promised.
    None,
    /// Our median is at most so many times the baseline's.
    Ratio(f64),
    /// Our 99th percentile is at most so long.
    NinetyNinth(Duration),
    /// Both of that.
    Both(Duration, f64),
    /// Our median is at most so many bytes.
    Bytes(u64),
    /// Our median is at most so many millionths of a core.
    OfCore(u64),
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
    pub(crate) fn new(
        what: impl Into<String>,
        ours: impl Into<Samples>,
        baseline: impl Into<String>,
        theirs: impl Into<Samples>,
        goal: Goal,
    ) -> Self {
        Self {
            what: what.into(),
            ours: ours.into(),
            baseline: baseline.into(),
            theirs: theirs.into(),
            goal,
        }
    }

    fn in_cells(&self) -> [String; 10] {
        [
            self.what.clone(),
            self.ours.values.len().to_string(),
            self.ours.at(50),
            self.ours.spread(),
            self.baseline.clone(),
            self.theirs.values.len().to_string(),
            self.theirs.at(50),
            self.theirs.spread(),
            self.ratio_in_words(),
            self.goal_in_words(),
        ]
    }

    fn ratio(&self) -> f64 {
        self.ours.median() as f64 / self.theirs.median() as f64
    }

    /// None to what used nothing.
    fn ratio_in_words(&self) -> String {
        match self.theirs.median() {
            0 => "–".to_owned(),
            _ => format!("{:.3}", self.ratio()),
        }
    }

    fn goal_in_words(&self) -> String {
        let judged =
            |goal: String, reached: bool| format!("{goal}: {}", if reached { "reached" } else { "missed" });
        let ninety_ninth = percentile(&self.ours.values, 99).map_or(Duration::ZERO, Duration::from_nanos);
        let median = self.ours.median();
        match self.goal {
            Goal::None => "none".to_owned(),
            Goal::Ratio(most) => judged(format!("ratio ≤ {most}"), self.ratio() <= most),
            Goal::NinetyNinth(most) => judged(format!("p99 ≤ {}", time(most)), ninety_ninth <= most),
            Goal::Both(longest, most) => judged(
                format!("p99 ≤ {}, ratio ≤ {most}", time(longest)),
                ninety_ninth <= longest && self.ratio() <= most,
            ),
            Goal::Bytes(most) => judged(format!("≤ {}", Unit::Memory.in_words(most)), median <= most),
            Goal::OfCore(most) => judged(format!("≤ {}", Unit::Core.in_words(most)), median <= most),
        }
    }
}

impl From<Vec<Duration>> for Samples {
    fn from(times: Vec<Duration>) -> Self {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            unit: Unit::Time,
            values: times.into_iter().map(nanoseconds).collect(),
        }
    }
}

impl From<&[Duration]> for Samples {
    fn from(times: &[Duration]) -> Self {
        times.to_vec().into()
    }
}

impl Samples {
    pub(crate) fn of_bytes(values: Vec<u64>) -> Self {
        Self {
            unit: Unit::Memory,
            values,
        }
    }

    /// What was used of one core: times of it within times.
    pub(crate) fn of_core(used: &[(Duration, Duration)]) -> Self {
        let share = |(used, within): &(Duration, Duration)| {
            (used.as_secs_f64() / within.as_secs_f64() * 1e6).round() as u64
        };
        Self {
            unit: Unit::Core,
            values: used.iter().map(share).collect(),
        }
    }

    fn median(&self) -> u64 {
        percentile(&self.values, 50).unwrap_or_default()
    }

    fn at(&self, percent: usize) -> String {
        let value = percentile(&self.values, percent).unwrap_or_default();
        self.unit.in_words(value)
    }

    fn spread(&self) -> String {
        if self.values.len() < MANY {
            format!("{} to {}", self.at(0), self.at(100))
        } else {
            format!("p99 {}", self.at(99))
        }
    }
}

impl Unit {
    fn in_words(self, value: u64) -> String {
        match self {
            Self::Time => time(Duration::from_nanos(value)),
            Self::Memory => format!("{:.1} MB", value as f64 / 1e6),
            Self::Core => format!("{:.3} %", value as f64 / 1e4),
        }
    }
}

pub(crate) fn median(of: &[Duration]) -> Duration {
    percentile(of, 50).unwrap_or_default()
}

pub(crate) fn time(of: Duration) -> String {
    let ms = of.as_secs_f64() * 1000.0;
    match ms {
        ..1.0 => format!("{:.0} µs", ms * 1000.0),
        ..100.0 => format!("{ms:.1} ms"),
        ..10_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1000.0),
    }
}
