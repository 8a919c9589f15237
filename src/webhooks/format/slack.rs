//! Slack's incoming webhooks, which Mattermost and Rocket.Chat understand as well.
//!
//! Slack reads `&`, `<` and `>` as its own; escaped, no text of ours mentions a channel or makes a link.

use serde_json::json;

use super::words::{self, Tone};
use super::{Material, Rendered};

/// A section takes 3,000 characters.
const SECTION: usize = 2_900;
const TITLE: usize = 300;

pub fn render(material: &Material<'_>) -> Rendered {
    let report = material.report;
    let title = escaped(&words::cut(&words::title(report), TITLE));
    let mark = match words::tone(report) {
        Tone::Good => ":large_green_circle:",
        Tone::Bad => ":red_circle:",
        Tone::Warning => ":large_yellow_circle:",
        Tone::Neutral => ":large_blue_circle:",
    };
    let headline = match material.link() {
        Some(link) => format!("{mark} *<{}|{title}>*", escaped(&link)),
        None => format!("{mark} *{title}*"),
    };
    let mut blocks = vec![section(&format!(
        "{headline}\n{}",
        escaped(&words::sentence(report))
    ))];
    let said = words::last_words(material);
    if !said.is_empty() {
        let said = escaped(&said);
        blocks.push(section(&format!("```{}```", words::cut(&said, SECTION - 100))));
    }
    let facts: Vec<String> = words::facts(report)
        .into_iter()
        .map(|(label, value)| format!("{label}: {}", escaped(&value)))
        .collect();
    if !facts.is_empty() {
        blocks.push(json!({
            "type": "context",
            "elements": [{ "type": "mrkdwn", "verbatim": true, "text": facts.join(" · ") }],
        }));
    }
    // `text` is what a notification on a phone shows.
    Rendered::json(&json!({ "text": title, "blocks": blocks }))
}

fn section(text: &str) -> serde_json::Value {
    let text = words::cut(text.trim_end(), SECTION);
    // Verbatim: names of channels and people in it stay text.
    json!({ "type": "section", "text": { "type": "mrkdwn", "verbatim": true, "text": text } })
}

fn escaped(text: &str) -> String {
    // A backtick would begin code, or end ours.
    text.replace('`', "'")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
