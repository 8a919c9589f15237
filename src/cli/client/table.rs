//! Tables for people: as wide as the terminal and coloured there; elsewhere a line per row, plain.
//!
//! `NO_COLOR` is honoured by the library that colours.

use std::io::IsTerminal;

use comfy_table::{Color, ContentArrangement, Row, presets};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::print::plain;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
    Faint,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    tone: Tone,
}

impl Cell {
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        // A row is a line.
        let text = plain(text.as_ref()).replace('\n', " ");
        Self { text, tone }
    }

    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// Where a table is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// Columns there are; `None`: as many as it takes.
    pub width: Option<u16>,
    pub colours: bool,
}

impl Looks {
    pub fn of_stdout() -> Self {
        let colours = std::io::stdout().is_terminal();
        Self {
            width: comfy_table::Table::new().width().filter(|_| colours),
            colours,
        }
    }
}

pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub fn add(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Ends with a line end.
    pub fn render(&self, looks: Looks) -> String {
        let mut table = comfy_table::Table::new();
        table.load_preset(presets::NOTHING);
        if looks.colours {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        match looks.width {
            Some(width) => table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        table.set_header(&self.header);
        for row in &self.rows {
            table.add_row(Row::from(row.iter().map(shown).collect::<Vec<_>>()));
        }
        // Between columns is room enough; before the first none is wanted.
        if let Some(first) = table.column_mut(0) {
            first.set_padding((0, 1));
        }
        format!("{}\n", table.trim_fmt())
    }
}

fn shown(cell: &Cell) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new(&cell.text);
    match cell.tone {
        Tone::Plain => shown,
        Tone::Good => shown.fg(Color::DarkGreen),
        Tone::Warn => shown.fg(Color::DarkYellow),
        Tone::Bad => shown.fg(Color::DarkRed),
        Tone::Faint => shown.fg(Color::DarkGrey),
    }
}

/// As the clock on the wall here shows it.
pub fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["NAME", "OUTCOME"]);
        table.add(vec![
            Cell::plain("Nightly report"),
            Cell::new("failed", Tone::Bad),
        ]);
        table.add(vec![
            Cell::plain("a\u{1b}[2J\nb"),
            Cell::new("succeeded", Tone::Good),
        ]);
        table
    }

    #[test]
    fn elsewhere_a_row_is_a_plain_line() {
        let looks = Looks {
            width: None,
            colours: false,
        };
        let shown = table().render(looks);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 3, "{shown:?}");
        assert!(
            lines[0].starts_with("NAME ") && lines[0].ends_with("OUTCOME"),
            "{shown:?}"
        );
        assert_eq!(lines[1].split_whitespace().last(), Some("failed"));
        assert!(lines[2].starts_with("a\u{fffd}[2J b"), "{shown:?}");
        assert!(shown.ends_with('\n') && !shown.contains('\u{1b}'));
    }

    #[test]
    fn on_a_terminal_it_is_no_wider_than_that() {
        let looks = Looks {
            width: Some(20),
            colours: false,
        };
        let shown = table().render(looks);
        assert!(shown.lines().all(|line| line.chars().count() <= 20), "{shown}");
        assert!(shown.lines().count() > 3, "{shown}");
    }
}
