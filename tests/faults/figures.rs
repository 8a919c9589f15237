//! Figures: what a trial counted and measured, kept as a line of JSON, and the table made from such lines.
//!
//! Trials run in processes of their own, so their figures meet in a folder. A trial that fails leaves its figures all
//! the same, marked. Knows nothing of what the figures mean.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::machine;
use crate::percentile::percentile;

/// `faults table FOLDER`
pub(crate) const VERB: &str = "table";
/// The folder; without one a trial prints its own row.
const VARIABLE: &str = "PYTASK_FAULTS_FIGURES";

/// One row of the table.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Sorts the table: the row's number in docs/testing.md.
    pub(crate) row: u32,
    pub(crate) fault: String,
    /// How often it was brought about.
    pub(crate) injected: u64,
    pub(crate) runs: u64,
    /// Runs whose outcome is `lost`, or that are not known any more.
    pub(crate) lost: u64,
    /// Starts of the same run beyond the first.
    pub(crate) doubled: u64,
    /// Bytes of logs that are missing, added, or others than were written.
    pub(crate) wrong_bytes: u64,
    /// From the start of the controller's process, or of the engine's, until the product was of use again.
    pub(crate) back_ms: Vec<u64>,
    pub(crate) memory_growth_kib: Option<u64>,
    pub(crate) api_p95_ms: Option<f64>,
    pub(crate) note: String,
    pub(crate) failed: bool,
}

/// Figures in the making, with everything that was found wrong. Written when it is dropped.
pub(crate) struct Tally {
    pub(crate) figures: Figures,
    complaints: Vec<String>,
}

impl Tally {
    pub(crate) fn new(row: u32, fault: &str) -> Self {
        let fault = fault.to_owned();
        let figures = Figures {
            row,
            fault,
            ..Figures::default()
        };
        Self {
            figures,
            complaints: Vec::new(),
        }
    }

    /// Something is wrong, and the trial goes on to see what else is.
    pub(crate) fn complain(&mut self, what: impl Into<String>) {
        self.complaints.push(what.into());
    }

    pub(crate) fn check(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.complain(otherwise());
        }
    }

    /// The outcome of this run names the limit that it reached.
    pub(crate) fn names(&mut self, run: &Value, limit: &str) {
        let hits = run["outcome"]["limits_hit"].as_array();
        let named = hits.is_some_and(|hits| hits.iter().any(|hit| hit["limit"] == *limit));
        self.check(named, || format!("{limit} is not named in {:#}", run["outcome"]));
    }

    pub(crate) fn back_after(&mut self, time: Duration) {
        self.figures.back_ms.push(time.as_millis() as u64);
    }

    /// The verdict.
    pub(crate) fn close(mut self) {
        self.figures.failed = !self.complaints.is_empty();
        let complaints = std::mem::take(&mut self.complaints);
        drop(self);
        assert!(
            complaints.is_empty(),
            "{} complaints:\n{}",
            complaints.len(),
            complaints.join("\n")
        );
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.figures.failed |= std::thread::panicking();
        for complaint in &self.complaints {
            tell(complaint);
        }
        match machine::variable(VARIABLE) {
            Some(folder) => keep(folder.as_ref(), &self.figures),
            None => tell(&table(std::slice::from_ref(&self.figures))),
        }
    }
}

#[expect(clippy::print_stderr, reason = "a trial shows what it found")]
fn tell(what: &str) {
    eprintln!("{what}");
}

fn keep(folder: &Path, figures: &Figures) {
    std::fs::create_dir_all(folder).expect("the folder of figures");
    let mut line = serde_json::to_string(figures).expect("plain data");
    line.push('\n');
    let place = folder.join(format!("{}.jsonl", std::process::id()));
    let file = std::fs::OpenOptions::new().create(true).append(true).open(place);
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .expect("the figures are kept");
}

#[expect(clippy::print_stdout, reason = "printing is what this verb is for")]
pub(crate) fn print(folder: &Path) {
    let entries = std::fs::read_dir(folder).expect("a folder of figures");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let lines = files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("figures"))
        .collect::<String>();
    let mut rows: Vec<Figures> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("figures"))
        .collect();
    rows.sort_by(|a, b| (a.row, &a.fault).cmp(&(b.row, &b.fault)));
    println!("{}", table(&rows));
}

const HEADINGS: [&str; 12] = [
    "row",
    "fault",
    "injected",
    "runs",
    "lost",
    "doubled",
    "wrong bytes",
    "back max ms",
    "back p95 ms",
    "memory MiB",
    "API p95 ms",
    "",
];

/// Markdown, with columns that line up for those who read it as it is; notes below.
fn table(rows: &[Figures]) -> String {
    let mut cells = vec![HEADINGS.map(str::to_owned)];
    cells.extend(rows.iter().map(in_cells));
    let width = |column: usize| {
        cells
            .iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut text = String::new();
    for (number, row) in cells.iter().enumerate() {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| match column {
                1 | 11 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        let _ = writeln!(text, "| {} |", padded.join(" | "));
        if number == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            let _ = writeln!(text, "|-{}-|", rules.join("-|-"));
        }
    }
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        let _ = write!(text, "\n{}. {}: {}", row.row, row.fault, row.note);
    }
    text
}

fn in_cells(row: &Figures) -> [String; 12] {
    let optional = |value: Option<String>| value.unwrap_or_else(|| "·".to_owned());
    let number = |value: &u64| value.to_string();
    [
        row.row.to_string(),
        row.fault.clone(),
        row.injected.to_string(),
        row.runs.to_string(),
        row.lost.to_string(),
        row.doubled.to_string(),
        row.wrong_bytes.to_string(),
        optional(row.back_ms.iter().max().map(number)),
        optional(percentile(&row.back_ms, 95).as_ref().map(number)),
        optional(
            row.memory_growth_kib
                .map(|kib| format!("{:.1}", kib as f64 / 1024.0)),
        ),
        optional(row.api_p95_ms.map(|ms| format!("{ms:.0}"))),
        if row.failed { "FAILED" } else { "ok" }.to_owned(),
    ]
}
