//! What text is searched for, in logs and in scripts' files, and how a line is shown that has it. The matching is ripgrep's, in time linear in the text.

use grep_matcher::Matcher as _;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};

/// Characters of a pattern.
const LONGEST: usize = 1000;
/// Of a line that is shown around its first match.
const EXCERPT_BEFORE: usize = 120;
const EXCERPT: usize = 400;
/// Marked in one line.
const MOST_RANGES: usize = 50;
/// What a hostile expression may cost.
const PROGRAM_BYTES: usize = 4 * 1024 * 1024;
const NESTING: u32 = 50;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("what is searched for must be from 1 to {LONGEST} characters long")]
    Length,
    #[error("a line never has a line end in it: search for one line at a time")]
    LineEnd,
    #[error("the regular expression cannot be used: {0}")]
    Regex(String),
}

#[derive(Debug, Clone)]
pub struct Pattern(RegexMatcher);

impl Pattern {
    pub fn new(text: &str, regex: bool, ignore_case: bool) -> Result<Self, PatternError> {
        if text.is_empty() || text.chars().count() > LONGEST {
            return Err(PatternError::Length);
        }
        if text.contains('\n') {
            return Err(PatternError::LineEnd);
        }
        let matcher = RegexMatcherBuilder::new()
            .fixed_strings(!regex)
            .case_insensitive(ignore_case)
            .multi_line(true)
            .line_terminator(Some(b'\n'))
            .size_limit(PROGRAM_BYTES)
            .dfa_size_limit(PROGRAM_BYTES)
            .nest_limit(NESTING)
            .build(text);
        matcher
            .map(Self)
            .map_err(|error| PatternError::Regex(error.to_string()))
    }

    pub(crate) fn matcher(&self) -> &RegexMatcher {
        &self.0
    }

    /// A line with a match, as text, with where the matches are in units of UTF-16.
    pub(crate) fn excerpt(&self, line: &[u8]) -> (String, Vec<[usize; 2]>) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut found = Vec::new();
        // Cannot fail: its error has no value.
        let _ = self.0.find_iter(line, |hit| {
            found.push(hit);
            found.len() < MOST_RANGES
        });
        let first = found.first().map_or(0, |hit| hit.start());
        let start = if line.len() <= EXCERPT {
            0
        } else {
            at_char(line, first.saturating_sub(EXCERPT_BEFORE))
        };
        let end = at_char(line, (start + EXCERPT).min(line.len()));
        let mut text = String::new();
        let (mut units, mut done) = (0, start);
        let mut ranges = Vec::new();
        let mut take = |to: usize, done: &mut usize, units: &mut usize| {
            let piece = String::from_utf8_lossy(&line[*done..to]);
            *units += piece.encode_utf16().count();
            *done = to;
            text.push_str(&piece);
        };
        for hit in found {
            let (from, to) = (hit.start().clamp(done, end), hit.end().clamp(done, end));
            if from == to {
                continue;
            }
            take(from, &mut done, &mut units);
            let begin = units;
            take(to, &mut done, &mut units);
            ranges.push([begin, units]);
        }
        take(end, &mut done, &mut units);
        (text, ranges)
    }
}

/// The place, or a little before it, where a character begins.
fn at_char(line: &[u8], place: usize) -> usize {
    let continues = |byte: &u8| *byte & 0xC0 == 0x80;
    let back = line[..place.min(line.len())].iter().rev().take(3).count();
    (0..=back)
        .map(|step| place - step)
        .find(|at| !line.get(*at).is_some_and(continues))
        .unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Pattern {
        Pattern::new(text, false, true).unwrap()
    }

    #[test]
    fn matches_are_marked_as_a_browser_counts() {
        let (text, ranges) = literal("É").excerpt("😀 é and É\r\n".as_bytes());
        assert_eq!((text.as_str(), ranges), ("😀 é and É", vec![[3, 4], [9, 10]]));
        let (text, ranges) = literal("b").excerpt(b"\xffb\xff");
        assert_eq!((text.as_str(), ranges), ("\u{fffd}b\u{fffd}", vec![[1, 2]]));
    }

    #[test]
    fn of_a_long_line_only_what_is_around_the_first_match_is_shown() {
        let line = format!("{}needle{}", "é".repeat(3000), "z".repeat(3000));
        let (text, ranges) = literal("needle").excerpt(line.as_bytes());
        assert!(text.len() <= EXCERPT && text.contains("needle") && text.starts_with('é'));
        assert_eq!(ranges, [[60, 66]]);
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused() {
        let refused = |text: &str| Pattern::new(text, true, false).unwrap_err();
        assert_eq!(refused(""), PatternError::Length);
        assert_eq!(refused(&"x".repeat(1001)), PatternError::Length);
        assert_eq!(refused("a\nb"), PatternError::LineEnd);
        for text in ["(", "a{99999}{99999}", "\\n", &"(".repeat(400)] {
            assert!(matches!(refused(text), PatternError::Regex(_)), "{text:?}");
        }
        assert!(Pattern::new("(", false, false).is_ok(), "as plain text");
    }
}
