//! The forms in which a secret is looked for: as it is, in base64, escaped for URLs, for JSON and as Python shows it.
//!
//! Pure. A secret of several lines is looked for by each of its lines as well, because that is how it is printed. What
//! else can be done to a secret (hashing, compressing, cutting it in pieces, base64 broken into lines) is not undone:
//! masking is for accidents.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pytask_protocol::SHORTEST_MASKED;

/// Every pattern of these secrets.
pub(super) fn of_all<'a>(secrets: impl IntoIterator<Item = &'a str>) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for text in secrets.into_iter().flat_map(parts) {
        forms.insert(text.as_bytes().to_vec());
        base64(text.as_bytes(), &mut forms);
        escaped_for_urls(text, &mut forms);
        escaped_in_quotes(text, &mut forms);
    }
    forms.retain(|form| form.len() >= SHORTEST_MASKED);
    forms
}

/// The secret and, if there are several, its lines; without the white space around them, which is often not printed.
fn parts(secret: &str) -> BTreeSet<&str> {
    let whole = secret.trim();
    let lines = whole.split(['\n', '\r']).map(str::trim);
    lines
        .chain([whole])
        .filter(|part| part.len() >= SHORTEST_MASKED)
        .collect()
}

/// Three bytes become four letters, so it depends on how many bytes come before which letters a secret makes. Letters
/// that it shares with what is around it are left out, except at the end of the data, where they are known.
fn base64(secret: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        for before in 0..3 {
            let bytes = [&[0; 2][..before], secret].concat();
            let letters = alphabet.encode(&bytes).into_bytes();
            let first = (before * 8).div_ceil(6);
            let whole = bytes.len() * 8 / 6;
            forms.insert(letters[first..whole].to_vec());
            let mut to_the_end = letters[first..].to_vec();
            forms.insert(to_the_end.clone());
            to_the_end.resize(bytes.len().div_ceil(3) * 4 - first, b'=');
            forms.insert(to_the_end);
        }
    }
}

/// What RFC 3986 never escapes.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
/// Python's `quote`.
const PATH: AsciiSet = UNRESERVED.remove(b'/');
/// A browser's `encodeURIComponent`.
const COMPONENT: AsciiSet = UNRESERVED
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');
/// A browser's `encodeURI`, and what clients leave alone in an address that they are given.
const ADDRESS: AsciiSet = COMPONENT
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'?')
    .remove(b'@')
    .remove(b'[')
    .remove(b']');

fn escaped_for_urls(secret: &str, forms: &mut BTreeSet<Vec<u8>>) {
    for set in [&UNRESERVED, &PATH, &COMPONENT, &ADDRESS] {
        let escaped = utf8_percent_encode(secret, set).to_string();
        let lower = with_small_digits(&escaped);
        for escaped in [escaped, lower] {
            forms.insert(escaped.replace("%20", "+").into_bytes());
            forms.insert(escaped.into_bytes());
        }
    }
}

/// `%2F` as `%2f`.
fn with_small_digits(escaped: &str) -> String {
    let mut digits = 0;
    let lower = escaped.chars().map(|c| match c {
        '%' => {
            digits = 2;
            c
        }
        _ if digits > 0 => {
            digits -= 1;
            c.to_ascii_lowercase()
        }
        _ => c,
    });
    lower.collect()
}

/// How characters are written between quotes.
#[derive(Clone, Copy)]
enum Foreign {
    /// As they are.
    Kept,
    /// `\u00e9`, as Python's `json` does.
    Utf16,
    /// `\xc3\xa9`, as Python shows bytes.
    Bytes,
}

fn escaped_in_quotes(secret: &str, forms: &mut BTreeSet<Vec<u8>>) {
    for foreign in [Foreign::Kept, Foreign::Utf16, Foreign::Bytes] {
        for more in ["\"", "\"/", "\"<>&", "\"/<>&", "'", ""] {
            let form = quoted(secret, foreign, more);
            forms.insert(form.replace("\\x", "\\u00").into_bytes());
            forms.insert(form.into_bytes());
        }
    }
}

/// Backslashes, control characters and what is in `more` are escaped.
fn quoted(secret: &str, foreign: Foreign, more: &str) -> String {
    use std::fmt::Write;
    let mut form = String::new();
    for c in secret.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            '\n' => write!(form, "\\n"),
            '\r' => write!(form, "\\r"),
            '\t' => write!(form, "\\t"),
            '<' | '>' | '&' if more.contains(c) => write!(form, "\\u{:04x}", c as u32),
            _ if c == '\\' || more.contains(c) => write!(form, "\\{c}"),
            _ if c.is_ascii_control() => write!(form, "\\x{:02x}", c as u32),
            _ if c.is_ascii() => write!(form, "{c}"),
            _ => match foreign {
                Foreign::Kept => write!(form, "{c}"),
                Foreign::Utf16 => c
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .try_for_each(|unit| write!(form, "\\u{unit:04x}")),
                Foreign::Bytes => c
                    .encode_utf8(&mut [0; 4])
                    .bytes()
                    .try_for_each(|byte| write!(form, "\\x{byte:02x}")),
            },
        };
    }
    form
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn found(secret: &str, text: &str) -> bool {
        let forms = of_all([secret]);
        let text = text.as_bytes();
        forms
            .iter()
            .any(|form| text.windows(form.len()).any(|window| window == form))
    }

    #[test]
    fn what_programs_make_of_a_secret() {
        let secret = "pä\"s/w'\\rd & <ü> +1";
        for form in [
            // json.dumps, with and without ensure_ascii
            r#"{"k": "p\u00e4\"s/w'\\rd & <\u00fc> +1"}"#,
            r#"{"k": "pä\"s/w'\\rd & <ü> +1"}"#,
            // encoding/json, and one that escapes slashes
            r#"{"k": "pä\"s/w'\\rd \u0026 \u003cü\u003e +1"}"#,
            r#"{"k": "pä\"s\/w'\\rd & <ü> +1"}"#,
            // repr of it, and of its bytes
            r#"'pä"s/w\'\\rd & <ü> +1'"#,
            r#"b'p\xc3\xa4"s/w\'\\rd & <\xc3\xbc> +1'"#,
            // quote, quote_plus, encodeURIComponent
            "p%C3%A4%22s/w%27%5Crd%20%26%20%3C%C3%BC%3E%20%2B1",
            "p%C3%A4%22s%2Fw%27%5Crd+%26+%3C%C3%BC%3E+%2B1",
            "p%C3%A4%22s%2Fw'%5Crd%20%26%20%3C%C3%BC%3E%20%2B1",
            "p%c3%a4%22s%2fw%27%5crd+%26+%3c%c3%bc%3e+%2b1",
        ] {
            assert!(found(secret, form), "{form}");
        }
        assert!(!found(secret, "pä\"s/w"));
    }

    #[test]
    fn base64_wherever_in_the_data() {
        for before in 0..7 {
            for after in 0..4 {
                let data = [&b"user-is"[..before], b"hunter2", &b"tail"[..after]].concat();
                for text in [
                    STANDARD.encode(&data),
                    STANDARD_NO_PAD.encode(&data),
                    URL_SAFE_NO_PAD.encode(&data),
                ] {
                    assert!(found("hunter2", &text), "{before} {after} {text}");
                }
            }
        }
    }

    #[test]
    fn lines_are_looked_for_and_short_ones_are_not() {
        let secret = "-----BEGIN KEY-----\r\nMIIEvQIB\nab\n-----END KEY-----\n";
        assert!(found(secret, "a MIIEvQIB b") && found(secret, "-----END KEY-----"));
        assert!(!found(secret, "ab"));
        assert!(found(secret, secret.trim()), "the whole, short lines and all");
        for short in ["", "12345", "  12345\n\n"] {
            assert_eq!(of_all([short]), BTreeSet::new(), "{short:?}");
        }
        assert!(found("12345 \n", "") == pytask_protocol::is_masked("12345 \n"));
        assert!(found(" 123456\n", "x123456y"));
    }
}
