//! JSON with all there is to tell, in the frame that the specification of Standard Webhooks suggests: a type, a moment, data.

use serde_json::{Map, Value, json};

use super::{Material, Rendered, words};

pub fn render(material: &Material<'_>) -> Rendered {
    Rendered::json(&json!({
        "type": format!("run.{}", material.report.event.as_str()),
        "timestamp": material.report.at,
        "data": data(material),
    }))
}

/// The report with a headline, a sentence and a link: also what templates are given.
pub fn data(material: &Material<'_>) -> Value {
    let report = serde_json::to_value(material.report).unwrap_or_default();
    let mut data = match report {
        Value::Object(data) => data,
        _ => Map::new(),
    };
    data.insert("title".to_owned(), words::title(material.report).into());
    data.insert("summary".to_owned(), words::sentence(material.report).into());
    data.insert("link".to_owned(), material.link().into());
    Value::Object(data)
}
