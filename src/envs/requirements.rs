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

/// One line that is no requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
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
        let refuse = |wrong: Wrong| Unreadable {
            line,
            column: wrong.column,
            message: wrong.message,
        };
        let requirement = read(text).map_err(refuse)?;
        let name = requirement.name.to_string();
        // The same package may stand twice if markers tell the lines apart.
        if requirement.marker.is_true() && names.contains(&name) {
            let message = format!("{name} is listed twice");
            return Err(refuse(Wrong { column: 0, message }));
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

/// One requirement, without comment and without blanks around it.
pub(super) fn read(text: &str) -> Result<Requirement<VerbatimUrl>, Wrong> {
    let refuse = |column, message| Err(Wrong { column, message });
    if text.len() > LONGEST {
        return refuse(
            LONGEST,
            format!("A requirement may have at most {LONGEST} characters"),
        );
    }
    if text.starts_with('-') {
        return refuse(0, format!("{text:?} is an option of pip, not a package"));
    }
    stumbles(text).map_or(Ok(()), Err)?;
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
    Ok(requirement)
}

/// The package's normalized name; `None` for what `check` would refuse.
pub fn package_name(requirement: &str) -> Option<String> {
    read(without_comment(requirement))
        .ok()
        .map(|r| r.name.to_string())
}

/// What the parser fills in from outside, or panics on rather than refuse it; in a marker even with its lock held, after which no marker can be
/// read any more.
fn stumbles(text: &str) -> Option<Wrong> {
    let wrong = |at: usize, message: String| Wrong {
        column: text[..at].chars().count(),
        message,
    };
    // It takes places in bytes for such in characters.
    if let Some((at, c)) = text.char_indices().find(|(_, c)| !c.is_ascii()) {
        let message = format!("`{c}` cannot stand in a requirement: write an address with its percent signs");
        return Some(wrong(at, message));
    }
    if let Some(at) = variable(text) {
        return Some(wrong(
            at,
            "Variables are not filled in; write the value itself".to_owned(),
        ));
    }
    if let Some((at, c)) = dangling(text) {
        return Some(wrong(
            at,
            format!("A name must end with a letter or a digit, not with `{c}`"),
        ));
    }
    versionless(text).map(|at| {
        wrong(
            at,
            "`~=` compares versions, which this marker is not about".to_owned(),
        )
    })
}

/// Where the parser would put in a variable of the controller's own environment, which is nobody's business.
pub(super) fn variable(text: &str) -> Option<usize> {
    text.find("${")
}

/// Where the name of a package or of an extra ends with what may only join two parts of it.
fn dangling(text: &str) -> Option<(usize, char)> {
    let names = text
        .split(['@', ';', '<', '>', '=', '!', '~', '('])
        .next()
        .unwrap_or(text);
    let joint = |c: char| matches!(c, '-' | '_' | '.');
    let within = |c: char| c.is_ascii_alphanumeric() || joint(c);
    names
        .char_indices()
        .find(|(at, c)| joint(*c) && !names[at + 1..].starts_with(within))
}

/// Where a marker compares text with `~=`, which means nothing.
fn versionless(text: &str) -> Option<usize> {
    const VERSIONS: [&str; 3] = ["python_version", "python_full_version", "implementation_version"];
    let markers = text.find(';')?;
    let mut operators = text[markers..].match_indices("~=");
    operators.find_map(|(at, _)| {
        let (before, after) = text[markers..].split_at(at);
        let (before, after) = (before.trim_end(), after["~=".len()..].trim_start());
        let versions = VERSIONS
            .iter()
            .any(|key| before.ends_with(key) || after.starts_with(key));
        (!versions).then_some(markers + at)
    })
}

/// Without a comment, which begins at the start or after a blank, and without blanks around the rest.
pub(super) fn without_comment(text: &str) -> &str {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c == '#' && before.is_whitespace() {
            return text[..at].trim();
        }
        before = c;
    }
    text.trim()
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
    use proptest::prelude::*;

    use super::*;

    fn check_lines(lines: &[&str]) -> Result<Vec<String>, Unreadable> {
        check(&lines.iter().map(|&l| l.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn keeps_what_is_a_requirement() {
        let lines = [
            "requests>=2",
            " numpy == 2.1\t# pinned",
            "",
            "# nothing",
            "uvicorn[standard]; python_version > '3.8'",
            "six~=1.0; python_version ~= '3.8'",
        ];
        let checked = check_lines(&lines).expect("all good");
        assert_eq!(
            checked,
            [
                "requests>=2",
                "numpy == 2.1",
                "uvicorn[standard]; python_version > '3.8'",
                "six~=1.0; python_version ~= '3.8'"
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
            // It would be the controller's own.
            (&["x @ https://a.example/${PATH}.whl"], 0, 22),
            (&["requests", "Requests>1"], 1, 0),
            (&["x @ file:///etc/passwd"], 0, 2),
            (&["x @ git+https://example.org/x"], 0, 2),
            (&["six-!"], 0, 3),
            (&["six-"], 0, 3),
            (&["six.>1"], 0, 3),
            (&["six[a, b_]"], 0, 8),
            (&["six; os_name == 'é'"], 0, 17),
            (&["six; sys_platform ~= 'win'"], 0, 18),
            (&["six; '3.8' ~= os_name"], 0, 11),
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

    proptest! {
        /// The parser's own panics included: one of them would keep every marker after it from being read.
        #[test]
        fn whatever_is_written_is_read_or_refused(
            head in r"[a-cA0-9._\-\[\], <>=~!*+();@#']{0,16}",
            key in "(python_version|python_full_version|os_name|sys_platform|extra|'[a-z0-9. ]{0,6}')",
            operator in "( ?(==|!=|<|>|<=|>=|~=|===) ?| in | not in )",
            value in "('[0-9a-z.* -]{0,8}'|\"[0-9.]{0,5}\"|python_version|extra|os_name)",
            rest in r"( and | or |)\PC{0,12}",
        ) {
            for text in [&head, &format!("a; {key}{operator}{value}{rest}"), &format!("a{rest}"), &format!("a @ {rest}")] {
                if let Ok(requirement) = read(without_comment(text)) {
                    prop_assert_eq!(package_name(text), Some(requirement.name.to_string()));
                }
            }
        }
    }
}
