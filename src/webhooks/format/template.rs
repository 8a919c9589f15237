//! Templates of one's own, by minijinja: text, `{{ … }}`, `{% if %}`, `{% for x in run.last_lines %}`.
//!
//! A template runs inside the controller, so it must end soon and stay small, whoever wrote it. Fuel bounds its steps, a
//! writer what comes out. What comes to be in between is bounded by what the language leaves out: nothing can be bound to
//! a name but the elements of what it is given, texts are not multiplied, and no filter makes more than a message holds.
//! There are no other templates, no functions, no files. What does not exist is an error and not an empty text.

use std::io::{self, Write};

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, ErrorKind, UndefinedBehavior};

use super::{Material, Rendered, generic};

/// Of a message, and of every text on the way to it.
const MOST_BYTES: usize = 64 * 1024;
/// Steps of minijinja's; a page of template takes some hundreds.
const FUEL: u64 = 20_000;
const DEPTH: usize = 50;
const CONTENT_TYPE: &str = "application/json";
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// From 1, if it is known.
    pub line: Option<usize>,
    pub message: String,
}

impl Error {
    fn at(line: usize, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            message: message.into(),
        }
    }
}

pub fn render(
    template: &str,
    content_type: Option<&str>,
    material: &Material<'_>,
) -> Result<Rendered, Error> {
    check_language(template)?;
    let environment = environment();
    let parsed = environment.template_from_str(template).map_err(explained)?;
    let mut out = Bounded(Vec::new());
    let rendered = parsed
        .render_captured_to(generic::data(material), &mut out)
        .map(drop);
    if out.0.len() > MOST_BYTES {
        return Err(too_large());
    }
    rendered.map_err(explained)?;
    let body = String::from_utf8_lossy(&out.0).into_owned();
    let content_type = content_type.unwrap_or(CONTENT_TYPE);
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if (kind == "application/json" || kind.ends_with("+json"))
        && let Err(e) = serde_json::from_str::<serde::de::IgnoredAny>(&body)
    {
        return Err(Error {
            line: None,
            message: format!(
                "What comes out is no JSON: {e}. Texts need the filter tojson, which adds the quotes: {{{{ title|tojson }}}}"
            ),
        });
    }
    Ok(Rendered {
        content_type: content_type.to_owned(),
        body,
        headers: vec![],
    })
}

fn too_large() -> Error {
    Error {
        line: None,
        message: format!("What comes out is larger than {MOST_BYTES} bytes"),
    }
}

fn explained(error: minijinja::Error) -> Error {
    let detail = error.detail().unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::OutOfFuel => "The template takes too many steps".to_owned(),
        ErrorKind::UndefinedError if detail.is_empty() => {
            "Something is used here that is not there; ask with \"is defined\", or give a default".to_owned()
        }
        kind if detail.is_empty() => format!("{kind}"),
        kind => format!("{kind}: {detail}"),
    };
    Error {
        line: error.line(),
        message: super::words::cut(&message, 500),
    }
}

/// Takes what a message may hold and one byte more, which tells that it was too much.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (MOST_BYTES + 1).saturating_sub(self.0.len());
        if room == 0 {
            return Err(io::Error::other("too large"));
        }
        let taken = bytes.len().min(room);
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Made<T> = Result<T, minijinja::Error>;

fn bounded(text: String) -> Made<String> {
    if text.len() > MOST_BYTES {
        return Err(minijinja::Error::new(
            ErrorKind::InvalidOperation,
            format!("a text becomes larger than {MOST_BYTES} bytes"),
        ));
    }
    Ok(text)
}

/// Only what stands here exists in a template.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    environment.add_test("defined", minijinja::tests::is_defined);
    environment.add_test("none", minijinja::tests::is_none);
    environment.add_filter("default", minijinja::filters::default);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("first", minijinja::filters::first);
    environment.add_filter("last", minijinja::filters::last);
    environment.add_filter("round", minijinja::filters::round);
    environment.add_filter("int", minijinja::filters::int);
    environment.add_filter("tojson", |value: Value, options: Kwargs| -> Made<String> {
        options.assert_all_used()?;
        // A filter is given what is not there; as JSON it would be null, and a slip of the pen go out.
        if value.is_undefined() {
            return Err(ErrorKind::UndefinedError.into());
        }
        let json = serde_json::to_string(&value)
            .map_err(|e| minijinja::Error::new(ErrorKind::BadSerialization, e.to_string()))?;
        bounded(json)
    });
    environment.add_filter("upper", |text: String| bounded(text.to_uppercase()));
    environment.add_filter("lower", |text: String| bounded(text.to_lowercase()));
    environment.add_filter("trim", |text: String| bounded(text.trim().to_owned()));
    environment.add_filter("truncate", |text: String, chars: usize| -> Made<String> {
        bounded(match text.char_indices().nth(chars) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        })
    });
    environment.add_filter("replace", replace);
    environment.add_filter("join", join);
    environment
}

fn replace(text: String, from: String, to: String) -> Made<String> {
    // Counted first: what is too much is never made.
    let grown = text
        .matches(from.as_str())
        .count()
        .saturating_mul(to.len())
        .saturating_add(text.len());
    if grown > 2 * MOST_BYTES {
        bounded("x".repeat(MOST_BYTES + 1))
    } else {
        bounded(text.replace(from.as_str(), &to))
    }
}

fn join(values: Value, between: Option<String>) -> Made<String> {
    let between = between.unwrap_or_default();
    let mut joined = String::new();
    for (n, value) in values.try_iter()?.enumerate() {
        if n > 0 {
            joined.push_str(&between);
        }
        match value.as_str() {
            Some(text) => joined.push_str(text),
            None => joined.push_str(&value.to_string()),
        }
        joined = bounded(joined)?;
    }
    Ok(joined)
}

/// Refuses what the language leaves out, before anything is executed.
fn check_language(template: &str) -> Result<(), Error> {
    let line_of = |at: usize| template[..at].matches('\n').count() + 1;
    let mut rest = 0;
    while let Some(found) = template[rest..].find('{') {
        let open = rest + found;
        let kind = template.as_bytes().get(open + 1).copied();
        rest = open + 2;
        match kind {
            Some(b'#') => match template[rest..].find("#}") {
                Some(end) => rest += end + 2,
                // minijinja says so, too.
                None => return Err(Error::at(line_of(open), "A comment is not closed")),
            },
            Some(b'{' | b'%') => {
                let is_statement = kind == Some(b'%');
                let close = if is_statement { "%}" } else { "}}" };
                let (words, end) = words_until(template, rest, close)
                    .ok_or_else(|| Error::at(line_of(open), format!("There is no {close} to this")))?;
                check_words(&words, is_statement).map_err(|message| Error::at(line_of(open), message))?;
                rest = end;
            }
            _ => rest = open + 1,
        }
    }
    Ok(())
}

/// The words and signs from here to the closing mark, and where that ends. What stands between quotes is left out. As with
/// minijinja, what is within brackets closes nothing: the two must not disagree about where a tag ends.
fn words_until<'a>(template: &'a str, from: usize, close: &str) -> Option<(Vec<&'a str>, usize)> {
    let bytes = template.as_bytes();
    let mut words = Vec::new();
    let mut at = from;
    let mut depth = 0;
    while at < bytes.len() {
        if depth == 0 && template[at..].starts_with(close) {
            return Some((words, at + close.len()));
        }
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                words.push("\"");
                at += 1;
                while *bytes.get(at)? != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b if b.is_ascii_alphanumeric() || b == b'_' => {
                let end = bytes[at..]
                    .iter()
                    .position(|b| !b.is_ascii_alphanumeric() && *b != b'_');
                let end = end.map_or(bytes.len(), |length| at + length);
                words.push(&template[at..end]);
                at = end;
            }
            b if b.is_ascii() => {
                depth += match b {
                    b'(' | b'[' | b'{' => 1,
                    b')' | b']' | b'}' => -1,
                    _ => 0,
                };
                if !b.is_ascii_whitespace() {
                    words.push(&template[at..=at]);
                }
                at += 1;
            }
            _ => {
                // A name in another alphabet; minijinja has its own opinion.
                let c = template[at..].chars().next()?;
                words.push(&template[at..at + c.len_utf8()]);
                at += c.len_utf8();
            }
        }
        // An escape at the very end, or in the middle of a character.
        if at > bytes.len() || !template.is_char_boundary(at) {
            return None;
        }
    }
    None
}

fn check_words(words: &[&str], is_statement: bool) -> Result<(), String> {
    let words = match words {
        ["-" | "+", words @ ..] if is_statement => words,
        words => words,
    };
    if words.contains(&"*") {
        return Err("There is no multiplication here".to_owned());
    }
    if !is_statement {
        return Ok(());
    }
    let statement = words.first().copied().unwrap_or_default();
    if !STATEMENTS.contains(&statement) {
        return Err(format!(
            "There is no {statement:?} here, only if, elif, else, endif, for and endfor"
        ));
    }
    if statement == "for" {
        let path = match words {
            ["for", name, "in", path @ ..] if is_name(name) => path,
            _ => &[],
        };
        let path = match path {
            [path @ .., "-" | "+"] => path,
            path => path,
        };
        let names_alternate = path.len() % 2 == 1
            && path
                .iter()
                .enumerate()
                .all(|(n, word)| if n % 2 == 0 { is_name(word) } else { *word == "." });
        if !names_alternate {
            return Err(
                "A loop is like \"for line in run.last_lines\", over something that is there".to_owned(),
            );
        }
    }
    Ok(())
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}
