//! Requirements as users write them: PEP 508, one package each.

use std::str::FromStr;

use pep508_rs::{Pep508Error, Requirement, VerbatimUrl, VersionOrUrl};

pub const MOST: usize = 500;
pub const LONGEST: usize = 1_000;

/// A line that is no requirement, and where it goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unreadable {
    /// Index into the list that was given.
    pub line: usize,
    /// Character within the line, from 0.
    pub column: usize,
    pub message: String,
}

/// The list as it is stored: trimmed, without empty lines and comments, each line one valid requirement for a
/// different package.
pub fn check(lines: &[String]) -> Result<Vec<String>, Unreadable> {
    let mut checked = Vec::with_capacity(lines.len());
    let mut names: Vec<String> = Vec::with_capacity(lines.len());
    for (line, text) in lines.iter().enumerate() {
        let text = without_comment(text);
        if text.is_empty() {
            continue;
        }
        let refuse = |column, message: String| {
            Err(Unreadable {
                line,
                column,
                message,
            })
        };
        if text.len() > LONGEST {
            return refuse(
                LONGEST,
                format!("A requirement may have at most {LONGEST} characters"),
            );
        }
        if text.starts_with('-') {
            return refuse(0, format!("{text:?} is an option of pip, not a package"));
        }
        let requirement = match Requirement::<VerbatimUrl>::from_str(text) {
            Ok(requirement) => requirement,
            Err(e) => return refuse(column(text, &e), first_line(&e)),
        };
        if let Some(VersionOrUrl::Url(url)) = &requirement.version_or_url
            && url.scheme() != "https"
        {
            let at = text.find('@').unwrap_or(0);
            return refuse(at, "A package's address must begin with https://".to_owned());
        }
        let name = requirement.name.to_string();
        // The same package may stand twice if markers tell the lines apart.
        if requirement.marker.is_true() && names.contains(&name) {
            return refuse(0, format!("{name} is listed twice"));
        }
        names.push(name);
        checked.push(text.to_owned());
    }
    if checked.len() > MOST {
        let message = format!("A script may have at most {MOST} requirements");
        return Err(Unreadable {
            line: MOST,
            column: 0,
            message,
        });
    }
    Ok(checked)
}

/// The package's normalized name; `None` for what `check` would refuse.
pub fn package_name(requirement: &str) -> Option<String> {
    Requirement::<VerbatimUrl>::from_str(without_comment(requirement))
        .ok()
        .map(|r| r.name.to_string())
}

fn without_comment(text: &str) -> &str {
    let text = text.trim();
    if text.starts_with('#') {
        return "";
    }
    text.split_once(" #")
        .map_or(text, |(requirement, _)| requirement.trim_end())
}

fn column(text: &str, error: &Pep508Error<VerbatimUrl>) -> usize {
    text.char_indices()
        .take_while(|(at, _)| *at < error.start)
        .count()
}

/// The parser's own words, without the picture that points at the place: the caller points.
fn first_line(error: &Pep508Error<VerbatimUrl>) -> String {
    error
        .message
        .to_string()
        .lines()
        .next()
        .unwrap_or("not a requirement")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_lines(lines: &[&str]) -> Result<Vec<String>, Unreadable> {
        check(&lines.iter().map(|&l| l.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn keeps_what_is_a_requirement() {
        let lines = [
            "requests>=2",
            " numpy == 2.1 # pinned",
            "",
            "# nothing",
            "uvicorn[standard]; python_version > '3.8'",
        ];
        let checked = check_lines(&lines).expect("all good");
        assert_eq!(
            checked,
            [
                "requests>=2",
                "numpy == 2.1",
                "uvicorn[standard]; python_version > '3.8'"
            ]
        );
        assert_eq!(
            package_name("Flask_Login>1 # why").as_deref(),
            Some("flask-login")
        );
    }

    #[test]
    fn points_at_what_is_not() {
        let cases = [
            (&["requests", "num py"][..], 1, 4),
            (&["requests>=two"], 0, 8),
            (&["-r other.txt"], 0, 0),
            (&["requests", "Requests>1"], 1, 0),
            (&["x @ file:///etc/passwd"], 0, 2),
            (&["x @ git+https://example.org/x"], 0, 2),
        ];
        for (lines, line, column) in cases {
            let e = check_lines(lines).expect_err(lines[lines.len() - 1]);
            assert_eq!((e.line, e.column), (line, column), "{lines:?}: {e}");
            assert!(!e.message.is_empty() && !e.message.contains('\n'));
        }
    }

    #[test]
    fn is_bounded() {
        assert!(check(&(0..501).map(|n| format!("p{n}")).collect::<Vec<_>>()).is_err());
        assert!(check(&["x".repeat(2_000)]).is_err());
    }
}
