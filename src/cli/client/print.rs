//! Printing what is at hand at once: answers to stdout, our own sentences to stderr.

use std::io::{self, Write};

use serde_json::Value;

use super::failure::Failure;

/// What stands before everything that is not the script's.
pub const SELF: &str = "pytask-manager: ";

pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(Failure::Output)
}

pub fn line(line: &str) -> Result<(), Failure> {
    text(&format!("{line}\n"))
}

/// One value on its line.
pub fn json(value: &Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// For people. That nobody takes it harms nothing.
pub fn note(note: &str) {
    let _ = io::stderr()
        .lock()
        .write_all(format!("{SELF}{}\n", plain(note)).as_bytes());
}

/// Without what a terminal might take for an order: names and messages are others' words.
pub fn plain(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' => '\n',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_words_order_no_terminal_about() {
        assert_eq!(plain("é\u{1b}[31m\r\nx\u{7}"), "é\u{fffd}[31m\u{fffd}\nx\u{fffd}");
    }
}
