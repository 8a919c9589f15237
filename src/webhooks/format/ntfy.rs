//! ntfy, on a phone: the text as the body, the rest in headers. Headers are ASCII; what is not goes as RFC 2047 says, which
//! ntfy reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::words::{self, Tone};
use super::{Material, Rendered};

/// Beyond 4,096 bytes ntfy makes an attachment of it.
const MESSAGE: usize = 3_500;
const TITLE: usize = 200;

pub fn render(material: &Material<'_>) -> Rendered {
    let report = material.report;
    let (priority, tag) = match words::tone(report) {
        Tone::Good => ("3", "white_check_mark"),
        Tone::Bad => ("4", "rotating_light"),
        Tone::Warning => ("3", "warning"),
        Tone::Neutral => ("3", "information_source"),
    };
    let facts: Vec<String> = words::facts(report)
        .into_iter()
        .map(|(label, value)| format!("{label}: {value}"))
        .collect();
    let parts = [
        words::sentence(report),
        words::last_words(material),
        facts.join(" · "),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let mut headers = vec![
        (
            "title".to_owned(),
            header(&words::cut(&words::title(report), TITLE)),
        ),
        ("priority".to_owned(), priority.to_owned()),
        ("tags".to_owned(), tag.to_owned()),
    ];
    headers.extend(material.link().map(|link| ("click".to_owned(), link)));
    let message = parts.join("\n\n");
    Rendered {
        content_type: "text/plain; charset=utf-8".to_owned(),
        body: words::cut(&message, MESSAGE),
        headers,
    }
}

fn header(text: &str) -> String {
    // What looks like an encoded word would be read as one.
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) && !text.contains("=?") {
        return text.to_owned();
    }
    format!("=?UTF-8?B?{}?=", STANDARD.encode(text))
}
