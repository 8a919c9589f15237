//! A Python traceback, read out of the last lines of stderr: pure.
//!
//! Of several (chained, or printed by the way) the last one counts. What is read is only text that a script printed:
//! it explains, proves nothing, and every part of it is bounded. Knows no files; a frame in the script's own folder is
//! one whose path begins with that folder's place in the container.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where the script's folder is in its container.
const SCRIPT_FOLDER: &str = "/script/";
/// Outermost and innermost frames that are kept of a deep recursion.
const FRAMES_AT_EACH_END: usize = 20;
const TEXT_BYTES: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Traceback {
    /// Such as `KeyError`, with its module if it has one.
    pub exception: String,
    pub message: String,
    /// Outermost first, as Python prints them.
    pub frames: Vec<Frame>,
    /// The innermost frame in the script's own files: where to look first.
    pub location: Option<Location>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Frame {
    /// As Python names it.
    pub file: String,
    pub line: u64,
    /// Absent for errors of syntax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The line itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Relative to the script's folder, for its own files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_path: Option<String>,
}

/// A line of one of the script's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Location {
    pub path: String,
    pub line: u64,
}

/// The last traceback in these lines, oldest first.
pub fn parse(lines: &[String]) -> Option<Traceback> {
    let lines: Vec<&str> = lines.iter().map(|line| without_group_marks(line)).collect();
    // The exception's line is found from its end; its frames stand directly above it.
    let (at, raised) = lines.iter().enumerate().rev().find_map(|(at, line)| {
        let above = lines[..at].iter().rev().find(|line| !line.trim().is_empty())?;
        let below_frames = above.starts_with(' ');
        below_frames
            .then(|| exception(line))
            .flatten()
            .map(|raised| (at, raised))
    })?;
    let begin = lines[..at]
        .iter()
        .rposition(|line| !line.starts_with(' ') && !line.trim().is_empty())
        .map_or(0, |header| header + 1);
    let frames = frames(&lines[begin..at]);
    if frames.is_empty() {
        return None;
    }
    let location = frames.iter().rev().find_map(|frame| {
        frame.script_path.clone().map(|path| Location {
            path,
            line: frame.line,
        })
    });
    let (exception, message) = raised;
    Some(Traceback {
        exception: cut(exception),
        message: cut(message),
        frames: ends_of(frames),
        location,
    })
}

/// Exception groups are drawn with a margin (PEP 654).
fn without_group_marks(line: &str) -> &str {
    let trimmed = line.trim_start();
    match trimmed.strip_prefix("| ").or_else(|| trimmed.strip_prefix("+ ")) {
        Some(rest) => rest,
        None if trimmed == "|" => "",
        None => line,
    }
}

/// `Name: message` or `Name`, as Python prints what was raised; the name is a dotted identifier.
fn exception(line: &str) -> Option<(&str, &str)> {
    let (name, message) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
    let identifier = |part: &str| {
        part.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let whole = !name.is_empty() && name.split('.').all(|part| part == "<locals>" || identifier(part));
    whole.then_some((name, message.trim_end()))
}

fn frames(lines: &[&str]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut expects_code = false;
    for line in lines {
        if let Some(frame) = frame(line) {
            frames.push(frame);
            expects_code = true;
            continue;
        }
        // Marks under the code and "previous line repeated" are not the code.
        if let (true, Some(last)) = (expects_code, frames.last_mut()) {
            let code = line.trim();
            last.code = (!code.is_empty()).then(|| cut(code));
        }
        expects_code = false;
    }
    frames
}

/// `  File "<file>", line <number>, in <function>`; errors of syntax have no function.
fn frame(line: &str) -> Option<Frame> {
    let rest = line.trim_start().strip_prefix("File \"")?;
    let (file, rest) = rest.split_once("\", line ")?;
    let (number, function) = match rest.split_once(", in ") {
        Some((number, function)) => (number, Some(cut(function.trim_end()))),
        None => (rest, None),
    };
    Some(Frame {
        file: cut(file),
        line: number.trim_end().parse().ok()?,
        function,
        code: None,
        script_path: file
            .strip_prefix(SCRIPT_FOLDER)
            .filter(|path| path.len() <= TEXT_BYTES)
            .map(str::to_owned),
    })
}

fn ends_of(mut frames: Vec<Frame>) -> Vec<Frame> {
    if frames.len() > 2 * FRAMES_AT_EACH_END {
        frames.drain(FRAMES_AT_EACH_END..frames.len() - FRAMES_AT_EACH_END);
    }
    frames
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(TEXT_BYTES)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Traceback> {
        parse(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    const DEEP: &str = r#"about to start
Traceback (most recent call last):
  File "/script/main.py", line 3, in <module>
    total(rows)
    ~~~~~^^^^^^
  File "/script/lib/report.py", line 41, in total
    return row['total']
           ~~~^^^^^^^^^
  File "/env/lib/python3.13/site-packages/rows.py", line 7, in __getitem__
    raise KeyError(name)
KeyError: 'total'
"#;

    #[test]
    fn the_place_to_look_is_the_innermost_of_the_scripts_own() {
        let found = parsed(DEEP).expect("a traceback");
        assert_eq!(
            (found.exception.as_str(), found.message.as_str()),
            ("KeyError", "'total'")
        );
        let location = Location {
            path: "lib/report.py".into(),
            line: 41,
        };
        assert_eq!(found.location, Some(location));
        let frames: Vec<_> = found
            .frames
            .iter()
            .map(|f| (f.line, f.function.as_deref(), f.code.as_deref()))
            .collect();
        let expected = [
            (3, Some("<module>"), Some("total(rows)")),
            (41, Some("total"), Some("return row['total']")),
            (7, Some("__getitem__"), Some("raise KeyError(name)")),
        ];
        assert_eq!(frames, expected);
        assert_eq!(found.frames[2].script_path, None);
    }

    #[test]
    fn of_chained_ones_the_last_counts() {
        let chained = format!(
            "{DEEP}\nDuring handling of the above exception, another exception occurred:\n\n\
             Traceback (most recent call last):\n  File \"/script/main.py\", line 9, in <module>\n    raise Broken from e\n\
             app.errors.Broken: no total\nsecond line of its message\n"
        );
        let found = parsed(&chained).expect("a traceback");
        assert_eq!(
            (found.exception.as_str(), found.message.as_str()),
            ("app.errors.Broken", "no total")
        );
        assert_eq!(found.frames.len(), 1);
    }

    #[test]
    fn errors_of_syntax_have_no_function_and_groups_have_margins() {
        let syntax =
            "  File \"/script/main.py\", line 1\n    def f(:\n          ^\nSyntaxError: invalid syntax";
        let found = parsed(syntax).expect("a traceback");
        assert_eq!(
            (found.exception.as_str(), found.frames[0].line),
            ("SyntaxError", 1)
        );
        assert_eq!(found.frames[0].function, None);

        let group = "  + Exception Group Traceback (most recent call last):\n  |   File \"/script/main.py\", line 2, in <module>\n  \
                     |     raise ExceptionGroup('two', [])\n  | ExceptionGroup: two (1 sub-exception)\n";
        let found = parsed(group).expect("a traceback");
        assert_eq!(
            (found.exception.as_str(), found.frames[0].line),
            ("ExceptionGroup", 2)
        );
    }

    #[test]
    fn other_text_is_no_traceback() {
        for text in [
            "",
            "Error: no such customer",
            "  indented\nKeyError: 'x'",
            "Traceback (most recent call last):\nKeyError: 'x'",
            "  File \"/script/main.py\", line many, in f\n    x\nKeyError: 'x'",
            "  File \"/script/main.py\", line 1, in f\n    x\nnot an exception: really",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn deep_recursion_and_long_lines_are_bounded() {
        let mut text = String::from("Traceback (most recent call last):\n");
        for line in 1..=300 {
            text.push_str(&format!(
                "  File \"/script/main.py\", line {line}, in f\n    f()\n"
            ));
        }
        text.push_str("  [Previous line repeated 700 more times]\n");
        text.push_str(&format!("RecursionError: {}", "ü".repeat(2_000)));
        let found = parsed(&text).expect("a traceback");
        assert_eq!(found.frames.len(), 2 * FRAMES_AT_EACH_END);
        assert_eq!(found.location.map(|at| at.line), Some(300));
        assert!(found.message.len() <= TEXT_BYTES + '…'.len_utf8());
    }
}
