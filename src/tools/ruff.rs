//! What ruff says, in the terms of an editor: pure.
//!
//! Places are lines and columns from 1; ruff counts characters, editors UTF-16 units, so the text itself is needed. What
//! ruff says is read leniently: a field that is missing is a problem without it, not a failure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Error;

/// A place in a text, from 1; columns in UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It cannot run, or certainly fails where it is reached.
    Error,
    Warning,
}

/// Something that a linter has to say.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// The rule, such as `F401`.
    pub code: String,
    pub message: String,
    pub severity: Severity,
    /// What the rule is about.
    pub url: Option<String>,
    pub start: Place,
    pub end: Place,
    pub fix: Option<Fix>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Fix {
    pub message: String,
    pub edits: Vec<TextEdit>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TextEdit {
    pub start: Place,
    pub end: Place,
    pub text: String,
}

/// More are not listed; nobody reads them.
const MOST_PROBLEMS: usize = 500;

#[derive(Deserialize)]
struct Said {
    code: Option<String>,
    #[serde(default)]
    message: String,
    url: Option<String>,
    location: Option<Spot>,
    end_location: Option<Spot>,
    fix: Option<SaidFix>,
}

#[derive(Deserialize, Clone, Copy)]
struct Spot {
    row: u32,
    column: u32,
}

#[derive(Deserialize)]
struct SaidFix {
    applicability: Option<String>,
    message: Option<String>,
    #[serde(default)]
    edits: Vec<SaidEdit>,
}

#[derive(Deserialize)]
struct SaidEdit {
    #[serde(default)]
    content: String,
    location: Spot,
    end_location: Spot,
}

/// The output of `ruff check --output-format json` on this text.
pub(super) fn problems(output: &[u8], text: &str) -> Result<Vec<Problem>, Error> {
    let said: Vec<Said> = serde_json::from_slice(output)
        .map_err(|e| Error::Failed(format!("the linter's answer is not understood: {e}")))?;
    let lines = Lines::of(text);
    Ok(said
        .into_iter()
        .take(MOST_PROBLEMS)
        .map(|said| problem(said, &lines))
        .collect())
}

fn problem(said: Said, lines: &Lines<'_>) -> Problem {
    let code = said.code.unwrap_or_else(|| "invalid-syntax".to_owned());
    let start = said.location.unwrap_or(Spot { row: 1, column: 1 });
    let end = said.end_location.unwrap_or(start);
    // Others would change what the program does, and are not ruff's to offer unasked.
    let fix = said
        .fix
        .filter(|fix| fix.applicability.as_deref() == Some("safe"))
        .map(|fix| Fix {
            message: fix.message.unwrap_or_else(|| "Fix".to_owned()),
            edits: fix
                .edits
                .into_iter()
                .map(|edit| TextEdit {
                    start: lines.place(edit.location),
                    end: lines.place(edit.end_location),
                    text: edit.content,
                })
                .collect(),
        });
    Problem {
        severity: severity(&code),
        code,
        message: said.message,
        url: said.url,
        start: lines.place(start),
        end: lines.place(end),
        fix,
    }
}

/// ruff calls everything an error; what is wrong and what could be nicer should not look alike.
fn severity(code: &str) -> Severity {
    let fails = code == "invalid-syntax"
        || code.starts_with("E9")
        || code.starts_with("F82")
        || code.starts_with("F7");
    if fails { Severity::Error } else { Severity::Warning }
}

/// A text's lines, as editors and ruff split it.
struct Lines<'a>(Vec<&'a str>);

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let mut lines = Vec::new();
        let mut rest = text;
        while let Some(end) = rest.find(['\r', '\n']) {
            lines.push(&rest[..end]);
            let length = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
            rest = &rest[end + length..];
        }
        lines.push(rest);
        Self(lines)
    }

    fn place(&self, spot: Spot) -> Place {
        let line = spot.row.max(1);
        let before = spot.column.max(1) - 1;
        let known = self.0.get(line as usize - 1);
        let units = known.map_or(before, |text| {
            let units: usize = text.chars().take(before as usize).map(char::len_utf16).sum();
            u32::try_from(units).unwrap_or(u32::MAX - 1)
        });
        Place {
            line,
            column: units + 1,
        }
    }
}

/// What `ruff format` says when it fails: where the text is no Python, or why it cannot be asked at all.
pub(super) fn not_formatted(stderr: &str, path: &str) -> Error {
    let line = stderr
        .lines()
        .find_map(|line| line.strip_prefix("error: Failed to parse "));
    let syntax = line.and_then(|line| {
        // `<file>:<line>:<column>: <what>`; the file's name may hold colons.
        let name = path.rsplit('/').next().unwrap_or(path);
        let rest = &line[line.find(&format!("{name}:"))? + name.len() + 1..];
        let mut parts = rest.splitn(3, ':');
        let (line, column) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Error::Syntax {
            line,
            column,
            message: parts.next()?.trim().to_owned(),
        })
    });
    syntax.unwrap_or_else(|| failed(stderr))
}

/// What it says of itself, such as that the project's configuration cannot be read.
pub(super) fn failed(stderr: &str) -> Error {
    let said = stderr.trim();
    Error::Failed(if said.is_empty() {
        "it ended without a word".to_owned()
    } else {
        said.chars().take(1000).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn place(line: u32, column: u32) -> Place {
        Place { line, column }
    }

    #[test]
    fn problems_stand_where_an_editor_counts_them() {
        let text = "x = \"ä𝒳\"; import sys\r\nimport os\n";
        let spot = |row: u32, column: u32| json!({ "row": row, "column": column });
        let said = json!([
            { "code": "F401", "message": "`sys` imported but unused", "url": "https://e.org",
              "location": spot(1, 18), "end_location": spot(1, 21), "severity": "error",
              "fix": { "applicability": "safe", "message": "Remove", "edits": [
                  { "content": "", "location": spot(1, 9), "end_location": spot(2, 1) } ] } },
            { "code": null, "message": "bad", "location": spot(9, 3), "end_location": spot(9, 4), "fix": null },
            { "code": "F821", "message": "Undefined name", "location": spot(2, 1), "end_location": spot(2, 2),
              "fix": { "applicability": "unsafe", "message": "Guess", "edits": [] } },
        ]);
        let problems = problems(said.to_string().as_bytes(), text).expect("understood");
        assert_eq!(
            problems[0],
            Problem {
                code: "F401".into(),
                message: "`sys` imported but unused".into(),
                severity: Severity::Warning,
                url: Some("https://e.org".into()),
                start: place(1, 19),
                end: place(1, 22),
                fix: Some(Fix {
                    message: "Remove".into(),
                    edits: vec![TextEdit {
                        start: place(1, 10),
                        end: place(2, 1),
                        text: String::new()
                    }],
                }),
            }
        );
        assert_eq!(
            (problems[1].severity, problems[1].start),
            (Severity::Error, place(9, 3))
        );
        assert_eq!(
            (problems[2].severity, &problems[2].fix),
            (Severity::Error, &None),
            "an unsafe fix is not offered"
        );
    }

    #[test]
    fn a_text_that_is_no_python_says_where() {
        let said = "error: Failed to parse b.py:1:7: Expected a parameter: or the end\n";
        match not_formatted(said, "a/b.py") {
            Error::Syntax {
                line,
                column,
                message,
            } => {
                assert_eq!(
                    (line, column, message.as_str()),
                    (1, 7, "Expected a parameter: or the end")
                );
            }
            other => panic!("{other:?}"),
        }
        for said in [
            "",
            "ruff failed\n  Cause: TOML",
            "error: Failed to parse elsewhere",
        ] {
            assert!(matches!(not_formatted(said, "b.py"), Error::Failed(_)), "{said}");
        }
    }

    proptest! {
        #[test]
        fn places_are_within_their_line(text in any::<String>(), row in 0_u32..20, column in any::<u32>()) {
            let lines = Lines::of(&text);
            let place = lines.place(Spot { row, column: column.min(1 << 20) });
            if let Some(line) = lines.0.get(place.line as usize - 1) {
                prop_assert!(place.column as usize <= line.encode_utf16().count() + 1);
            }
        }

        #[test]
        fn any_answer_is_understood_or_refused(output in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = problems(&output, "x\n");
            let _ = not_formatted(&String::from_utf8_lossy(&output), "x.py");
        }
    }
}
