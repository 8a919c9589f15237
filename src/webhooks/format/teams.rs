//! An adaptive card in the envelope that Teams' workflows ("Post to a channel when a webhook request is received") take.

use serde_json::{Value, json};

use super::words::{self, Tone};
use super::{Material, Rendered};

/// A card takes 28 KB.
const TEXT: usize = 4_000;
const TITLE: usize = 300;

pub fn render(material: &Material<'_>) -> Rendered {
    let report = material.report;
    let colour = match words::tone(report) {
        Tone::Good => "Good",
        Tone::Bad => "Attention",
        Tone::Warning => "Warning",
        Tone::Neutral => "Accent",
    };
    let mut body = vec![json!({
        "type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": true, "color": colour,
        "text": escaped(&words::cut(&words::title(report), TITLE)),
    })];
    let sentence = words::sentence(report);
    if !sentence.is_empty() {
        body.push(text_block(&escaped(&sentence)));
    }
    let facts: Vec<Value> = words::facts(report)
        .into_iter()
        .map(|(title, value)| json!({ "title": title, "value": escaped(&value) }))
        .collect();
    if !facts.is_empty() {
        body.push(json!({ "type": "FactSet", "facts": facts }));
    }
    let said = words::last_words(material);
    if !said.is_empty() {
        let mut block = text_block(&escaped(&words::cut(&said, TEXT)).replace('\n', "\n\n"));
        block["fontType"] = "Monospace".into();
        body.push(block);
    }
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    });
    if let Some(link) = material.link() {
        card["actions"] = json!([{ "type": "Action.OpenUrl", "title": "Open the run", "url": link }]);
    }
    Rendered::json(&json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    }))
}

fn text_block(text: &str) -> Value {
    json!({ "type": "TextBlock", "wrap": true, "text": text })
}

/// Cards read a little Markdown.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '#' | '`') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
