//! Inline script metadata (PEP 723): the `# /// script` block of a Python file, read and rewritten. Pure.
//!
//! <https://packaging.python.org/en/latest/specifications/inline-script-metadata/>. What the block says besides
//! `dependencies`, its comments and its formatting are left as they are. How block and stored list stand to each other is
//! decided by what both were when they last agreed.

use std::ops::Range;

use toml_edit::{Array, Document, DocumentMut, Item, Value};

use super::requirements::{self, Unreadable};
use crate::model::script::InlineState;

const KIND: &str = "script";
const END: &str = "# ///";
const INDENT: &str = "\n    ";

/// The block's lines, first and last included as marks, and what stands between them.
struct Block {
    /// Indices of the lines between the marks.
    content: Range<usize>,
    toml: String,
}

/// What a file asks for; `None` without a block. Lines in errors are those of the file.
pub fn dependencies(source: &str) -> Result<Option<Vec<String>>, Unreadable> {
    let Some(block) = find(source)? else {
        return Ok(None);
    };
    let at = |span: Option<Range<usize>>, message: String| place(&block, span, message);
    let document = Document::parse(block.toml.as_str()).map_err(|e| {
        at(
            e.span(),
            format!("The script block is not TOML: {}", first_line(e.message())),
        )
    })?;
    let array = match document.get("dependencies") {
        None => return Ok(Some(Vec::new())),
        Some(Item::Value(Value::Array(array))) => array,
        Some(other) => {
            return Err(at(
                other.span(),
                "dependencies must be a list of texts".to_owned(),
            ));
        }
    };
    let mut lines = Vec::with_capacity(array.len());
    for value in array {
        let text = value
            .as_str()
            .ok_or_else(|| at(value.span(), "dependencies must be a list of texts".to_owned()))?;
        requirements::check(&[text.to_owned()]).map_err(|bad| at(value.span(), bad.message))?;
        lines.push(text.to_owned());
    }
    // Each is one by itself; together they may still name one twice.
    let checked = requirements::check(&lines).map_err(|bad| {
        let value = array.get(bad.line);
        at(value.and_then(Value::span), bad.message)
    })?;
    Ok(Some(checked))
}

/// The same file with these dependencies; `None` without a block.
pub fn with_dependencies(source: &str, wanted: &[String]) -> Result<Option<String>, Unreadable> {
    let Some(block) = find(source)? else {
        return Ok(None);
    };
    let mut document: DocumentMut = block.toml.parse().map_err(|e: toml_edit::TomlError| {
        let message = format!("The script block is not TOML: {}", first_line(e.message()));
        place(&block, e.span(), message)
    })?;
    let old = document.get("dependencies").and_then(Item::as_array).cloned();
    let new = Value::Array(replaced(old.unwrap_or_default(), wanted));
    match document.get_mut("dependencies").and_then(Item::as_value_mut) {
        Some(value) => *value = new,
        None => drop(document.insert("dependencies", Item::Value(new))),
    }
    let mut lines: Vec<String> = source.split_inclusive('\n').map(str::to_owned).collect();
    let ending = if lines[block.content.start].ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let commented = document.to_string();
    let commented = commented.lines().map(|line| match line {
        "" => format!("#{ending}"),
        line => format!("# {line}{ending}"),
    });
    lines.splice(block.content, commented.collect::<Vec<_>>());
    Ok(Some(lines.concat()))
}

/// A file without a block, with one that asks for these: after what has to come first (a shebang, the encoding). Where it
/// was put, so that it can be taken out again.
pub fn with_new_block(source: &str, wanted: &[String]) -> (String, Range<usize>) {
    let ending = if source.lines().next().is_some() && source.contains("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let mut at = 0;
    for (number, line) in source.split_inclusive('\n').take(2).enumerate() {
        let line_of_its_own = line.ends_with('\n');
        let shebang = number == 0 && line.trim_start_matches('\u{feff}').starts_with("#!");
        let encoding = line.trim_start().starts_with('#') && line.contains("coding");
        if !(line_of_its_own && (shebang || encoding)) {
            break;
        }
        at += line.len();
    }
    let mut lines = Vec::new();
    if at == 0 && source.starts_with('\u{feff}') {
        // The mark has to stay first, and the block begins a line.
        at = '\u{feff}'.len_utf8();
        lines.push("#".to_owned());
    }
    lines.push(format!("# /// {KIND}"));
    lines.push("# dependencies = [".to_owned());
    lines.extend(
        wanted
            .iter()
            .map(|line| format!("#     {},", Value::from(line.as_str()))),
    );
    lines.push("# ]".to_owned());
    lines.push(END.to_owned());
    // What follows could be taken for more of it.
    lines.push(String::new());
    let block: String = lines.iter().flat_map(|line| [line.as_str(), ending]).collect();
    let range = at..at + block.len();
    (format!("{}{block}{}", &source[..at], &source[at..]), range)
}

/// The wanted entries, in their order; what was there before keeps the comments and the space around it.
fn replaced(old: Array, wanted: &[String]) -> Array {
    let multiline = old.iter().any(|value| prefix(value).contains('\n')) || old.is_empty();
    let mut new = old.clone();
    new.clear();
    let stays = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| wanted.iter().any(|wanted| wanted == text))
    };
    for (place, text) in wanted.iter().enumerate() {
        let kept = old.iter().find(|value| value.as_str() == Some(text));
        let value = kept.cloned().unwrap_or_else(|| {
            let before = match (multiline, place) {
                (true, _) => INDENT,
                (false, 0) => "",
                (false, _) => " ",
            };
            // What stands before the entry in its place may be a comment behind the one before.
            let before = old
                .get(place)
                .filter(|value| !stays(value))
                .map_or(before, prefix);
            Value::from(text.as_str()).decorated(before, "")
        });
        new.push_formatted(value);
    }
    if old.is_empty() && !wanted.is_empty() {
        new.set_trailing("\n");
        new.set_trailing_comma(true);
    }
    if wanted.is_empty() {
        new.set_trailing("");
        new.set_trailing_comma(false);
    }
    new
}

fn prefix(value: &Value) -> &str {
    value
        .decor()
        .prefix()
        .and_then(|prefix| prefix.as_str())
        .unwrap_or("")
}

/// How list and block stand to each other; `agreed` is what both were when they last were the same.
pub fn compare(list: &[String], block: &[String], agreed: Option<&[String]>) -> InlineState {
    let (list, block, agreed) = (canonical(list), canonical(block), agreed.map(canonical));
    match agreed {
        _ if list == block => InlineState::InStep,
        Some(agreed) if list == agreed => InlineState::FileNewer,
        Some(agreed) if block == agreed => InlineState::ListNewer,
        Some(_) => InlineState::Conflict,
        // They never agreed: whoever says nothing has nothing to lose.
        None if list.is_empty() => InlineState::FileNewer,
        None if block.is_empty() => InlineState::ListNewer,
        None => InlineState::Conflict,
    }
}

/// Without what makes no difference: order, white space, the spelling of names.
fn canonical(lines: &[String]) -> Vec<String> {
    let one = |line: &String| match requirements::read(line) {
        Ok(requirement) => requirement.to_string(),
        Err(_) => line.clone(),
    };
    let mut lines: Vec<String> = lines.iter().map(one).collect();
    lines.sort_unstable();
    lines
}

/// The one block of that kind. What does not end is no block; two are an error.
fn find(source: &str) -> Result<Option<Block>, Unreadable> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found: Option<Block> = None;
    let mut at = 0;
    while at < lines.len() {
        let Some(kind) = kind(lines[at]) else {
            at += 1;
            continue;
        };
        let comments = lines[at + 1..].iter().take_while(|line| is_content(line)).count();
        // The last possible end counts, and something must stand before it.
        let end = (at + 2..=at + comments).rev().find(|&line| lines[line] == END);
        let Some(end) = end else {
            at += 1;
            continue;
        };
        if kind == KIND {
            if found.is_some() {
                return Err(Unreadable {
                    line: at,
                    column: 0,
                    message: "The file has two script blocks; only one is allowed".to_owned(),
                });
            }
            let text = lines[at + 1..end].iter().map(|line| without_mark(line));
            found = Some(Block {
                content: at + 1..end,
                toml: text.map(|line| format!("{line}\n")).collect(),
            });
        }
        at = end + 1;
    }
    Ok(found)
}

fn kind(line: &str) -> Option<&str> {
    let kind = line.strip_prefix("# /// ")?;
    let word = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    word.then_some(kind)
}

fn is_content(line: &str) -> bool {
    line == "#" || line.starts_with("# ")
}

fn without_mark(line: &str) -> &str {
    line.strip_prefix("# ").unwrap_or("")
}

/// A place in the TOML as one in the file.
fn place(block: &Block, span: Option<Range<usize>>, message: String) -> Unreadable {
    let at = span.map_or(0, |span| span.start.min(block.toml.len()));
    let before = block.toml.get(..at).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Unreadable {
        line: block.content.start + before.matches('\n').count(),
        column: "# ".len() + before[line_start..].chars().count(),
        message,
    }
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or("it cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(list: &[&str]) -> Vec<String> {
        list.iter().map(|&line| line.to_owned()).collect()
    }

    const FILE: &str = "#!/usr/bin/env python3\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n\
                        #     \"requests<3\",  # for the API\n#     \"rich\",\n# ]\n#\n# [tool.uv]\n# exclude-newer = \"2026-01-01T00:00:00Z\"\n\
                        # ///\nimport requests\n";

    #[test]
    fn the_block_is_read_as_the_specification_says() {
        type Case<'a> = (&'a str, Option<&'a [&'a str]>);
        let table: [Case<'_>; 11] = [
            (FILE, Some(&["requests<3", "rich"])),
            ("print(1)\n", None),
            ("# /// script\n# dependencies = ['six']\n# ///", Some(&["six"])),
            (
                "# /// script\r\n# dependencies = ['six']\r\n# ///\r\n",
                Some(&["six"]),
            ),
            ("# /// script\n# requires-python = '>=3'\n# ///\n", Some(&[])),
            // Not closed, broken by a line that is no comment, nothing in it, another kind, not at the line's start.
            ("# /// script\n# dependencies = ['six']\n", None),
            ("# /// script\n# dependencies = ['six']\n\n# ///\n", None),
            ("# /// script\n# ///\n", None),
            ("# /// pyproject\n# dependencies = ['six']\n# ///\n", None),
            (" # /// script\n # dependencies = ['six']\n # ///\n", None),
            // The last possible end counts.
            (
                "# /// script\n# dependencies = ['six']\n# note = '''\n# ///\n# '''\n# ///\n",
                Some(&["six"]),
            ),
        ];
        for (source, expected) in table {
            let found = dependencies(source).unwrap_or_else(|e| panic!("{source}: {e}"));
            assert_eq!(found, expected.map(lines), "{source}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_pointed_at() {
        let table = [
            ("# /// script\n# dependencies = [\n# ///\n", (1, 18)),
            ("x = 1\n# /// script\n#\n# dependencies = 'six'\n# ///\n", (3, 17)),
            (
                "# /// script\n# dependencies = [\n#   'six',\n#   7,\n# ]\n# ///\n",
                (3, 4),
            ),
            (
                "# /// script\n# dependencies = ['six', 'num py']\n# ///\n",
                (1, 25),
            ),
            (
                "# /// script\n# dependencies = ['six', 'six>1']\n# ///\n",
                (1, 25),
            ),
            (
                "# /// script\n# a = 1\n# ///\n\n# /// script\n# b = 1\n# ///\n",
                (4, 0),
            ),
            (
                "# /// script\n# a = 1\n# ///\n# /// script\n# b = 1\n# ///\n",
                (2, 5),
            ),
        ];
        for (source, (line, column)) in table {
            let e = dependencies(source).expect_err(source);
            assert_eq!((e.line, e.column), (line, column), "{source}: {e}");
            assert!(!e.message.is_empty() && !e.message.contains('\n'), "{e}");
        }
    }

    #[test]
    fn only_the_dependencies_are_rewritten() {
        let rewritten = with_dependencies(FILE, &lines(&["requests<3", "six; python_version > '3'"]));
        let expected = FILE.replace("#     \"rich\",\n", "#     \"six; python_version > '3'\",\n");
        assert_eq!(rewritten, Ok(Some(expected)));
        assert_eq!(
            with_dependencies(FILE, &lines(&["requests<3", "rich"])),
            Ok(Some(FILE.to_owned()))
        );
        assert_eq!(with_dependencies("print(1)\n", &lines(&["six"])), Ok(None));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let sources = [
            FILE,
            "# /// script\n# dependencies = ['six']\n# ///\n",
            "# /// script\r\n# dependencies = [ 'six', 'rich' ] # why\r\n# ///\r\nimport six\r\n",
            "# /// script\n# [tool.x]\n# y = 1\n# ///\n",
            "# /// script\n# dependencies = []\n# ///",
        ];
        for source in sources {
            for wanted in [
                &[][..],
                &["six"],
                &["a[b]>=1; python_version > \"3\"", "six", "rich"],
            ] {
                let wanted = lines(wanted);
                let written = with_dependencies(source, &wanted)
                    .expect(source)
                    .expect("a block");
                assert_eq!(dependencies(&written), Ok(Some(wanted.clone())), "{written}");
                let endings = |text: &str| (text.matches("\r\n").count() > 0, text.ends_with('\n'));
                assert_eq!(endings(&written), endings(source), "{written}");
                let again = with_dependencies(&written, &wanted)
                    .expect("reads")
                    .expect("a block");
                assert_eq!(again, written, "writing the same changes nothing");
            }
        }
    }

    #[test]
    fn a_new_block_comes_first_and_can_be_taken_out() {
        let table = [
            ("print(1)\n", 0),
            ("", 0),
            ("print(1)", 0),
            ("#!/usr/bin/env python3\nprint(1)\n", 23),
            (
                "#!/usr/bin/env python3\r\n# -*- coding: utf-8 -*-\r\nprint(1)\r\n",
                49,
            ),
            ("#!/usr/bin/env python3", 0),
            ("# comment\nprint(1)\n", 0),
            ("\u{feff}print(1)\n", 3),
            ("# /// pyproject\n# x = 1\n# ///\nprint(1)\n", 0),
        ];
        let wanted = lines(&["requests>=2", "a[b]>=1; python_version > \"3\""]);
        for (source, at) in table {
            let (text, range) = with_new_block(source, &wanted);
            assert_eq!(range.start, at, "{source:?}");
            assert_eq!(dependencies(&text), Ok(Some(wanted.clone())), "{text}");
            let mut again = text.clone();
            again.replace_range(range, "");
            assert_eq!(again, source);
        }
    }

    #[test]
    fn whoever_changed_since_they_agreed_is_newer() {
        use InlineState::*;
        type Case<'a> = (&'a [&'a str], &'a [&'a str], Option<&'a [&'a str]>, InlineState);
        let table: [Case<'_>; 9] = [
            (&["a"], &["a"], None, InStep),
            (&["Six >= 1", "b"], &["b", "six>=1"], None, InStep),
            (&["a"], &["b"], Some(&["a"]), FileNewer),
            (&["b"], &["a"], Some(&["a"]), ListNewer),
            (&["b"], &["c"], Some(&["a"]), Conflict),
            (&["b"], &["b"], Some(&["a"]), InStep),
            (&[], &["a"], None, FileNewer),
            (&["a"], &[], None, ListNewer),
            (&["a"], &["b"], None, Conflict),
        ];
        for (list, block, agreed, expected) in table {
            let agreed = agreed.map(lines);
            let got = compare(&lines(list), &lines(block), agreed.as_deref());
            assert_eq!(got, expected, "{list:?} {block:?} {agreed:?}");
        }
    }
}
