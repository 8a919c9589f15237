//! Discord's webhooks: one embed. Nobody is mentioned, whatever the text says.

use serde_json::json;

use super::words::{self, Tone};
use super::{Material, Rendered};

/// Discord takes 256 characters, 4,096 and 1,024.
const TITLE: usize = 250;
const DESCRIPTION: usize = 4_000;
const LAST_WORDS: usize = 2_500;
const FIELD: usize = 1_000;

pub fn render(material: &Material<'_>) -> Rendered {
    let report = material.report;
    let colour = match words::tone(report) {
        Tone::Good => 0x2E_A0_43,
        Tone::Bad => 0xD1_24_2F,
        Tone::Warning => 0xBF_87_00,
        Tone::Neutral => 0x08_69_DA,
    };
    let mut description = escaped(&words::sentence(report));
    let said = words::last_words(material);
    if !said.is_empty() {
        let said = words::cut(&said.replace("```", "'''"), LAST_WORDS);
        description.push_str(&format!("\n```\n{said}\n```"));
    }
    let fields: Vec<_> = words::facts(report)
        .into_iter()
        .map(|(name, value)| json!({ "name": name, "value": words::cut(&escaped(&value), FIELD), "inline": true }))
        .collect();
    let mut embed = json!({
        "title": words::cut(&escaped(&words::title(report)), TITLE),
        "description": words::cut(&description, DESCRIPTION),
        "color": colour,
        "timestamp": report.at,
        "fields": fields,
    });
    if let Some(link) = material.link() {
        embed["url"] = link.into();
    }
    Rendered::json(&json!({
        "username": "PyTask-Manager",
        "allowed_mentions": { "parse": [] },
        "embeds": [embed],
    }))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '[' | ']' | '<' | '#'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
