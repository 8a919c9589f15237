//! What a change of the settings has changed, field by field. Pure.
//!
//! Fields are named by their path (`packages.cool_down_days`), values are as they were set: `null` is the default. What
//! was set is compared, not what holds, so a better default of a later version is nobody's change. Who signs in to an
//! index is named by the user; a password is only ever said to be there.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Text and lists beyond it are cut: this is a journal, not a copy.
const MOST_CHARS: usize = 2_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    pub field: String,
    pub from: Value,
    pub to: Value,
}

/// Between two settings, by field.
pub fn between<T: Serialize>(before: &T, after: &T) -> serde_json::Result<Vec<Changed>> {
    let (mut was, mut becomes) = (BTreeMap::new(), BTreeMap::new());
    flatten("", serde_json::to_value(before)?, &mut was);
    flatten("", serde_json::to_value(after)?, &mut becomes);
    let mut fields: Vec<&String> = was.keys().chain(becomes.keys()).collect();
    fields.sort();
    fields.dedup();
    let changed = fields.into_iter().filter_map(|field| {
        let value = |of: &BTreeMap<String, Value>| of.get(field).cloned().unwrap_or(Value::Null);
        let (from, to) = (value(&was), value(&becomes));
        (from != to).then(|| Changed {
            field: field.clone(),
            from: cut(from),
            to: cut(to),
        })
    });
    Ok(changed.collect())
}

/// Objects by their fields; lists and everything else as a whole.
fn flatten(path: &str, value: Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() {
                    name
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, value, into);
            }
        }
        value => {
            into.insert(path.to_owned(), value);
        }
    }
}

fn cut(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > MOST_CHARS => {
            Value::String(text.chars().take(MOST_CHARS).chain("…".chars()).collect())
        }
        Value::Array(items) => {
            let count = items.len();
            let mut room = MOST_CHARS;
            let mut kept: Vec<Value> = items
                .into_iter()
                .take_while(|item| {
                    let takes = item.to_string().len();
                    let fits = takes <= room;
                    room = room.saturating_sub(takes);
                    fits
                })
                .collect();
            if kept.len() < count {
                kept.push(Value::String(format!("… and {} more", count - kept.len())));
            }
            Value::Array(kept)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::settings::{Settings, SettingsPatch};
    use serde_json::json;

    fn changed(before: &Settings, patch: Value) -> (Settings, Vec<(String, Value, Value)>) {
        let patch: SettingsPatch = serde_json::from_value(patch).expect("a patch");
        let after = before.clone().changed(patch).expect("within bounds");
        let changes = between(before, &after).expect("JSON");
        let rows = changes.into_iter().map(|c| (c.field, c.from, c.to));
        (after, rows.collect())
    }

    #[test]
    fn fields_are_told_by_their_paths_and_the_default_is_null() {
        let (set, rows) = changed(
            &Settings::default(),
            json!({ "max_runs": 8, "default_limits": { "pids": 64 }, "retention": { "max_runs": 0 } }),
        );
        let row = |field: &str, from: Value, to: Value| (field.to_owned(), from, to);
        assert_eq!(
            rows,
            [
                row("default_limits.pids", Value::Null, json!(64)),
                row("max_runs", Value::Null, json!(8)),
                row("retention.max_runs", Value::Null, json!(0)),
            ]
        );
        let (_, rows) = changed(&set, json!({ "max_runs": 4, "default_limits": {} }));
        assert_eq!(
            rows,
            [
                row("default_limits.pids", json!(64), Value::Null),
                row("max_runs", json!(8), json!(4)),
            ]
        );
        assert_eq!(changed(&set, json!({ "max_runs": 8 })).1, []);
    }

    #[test]
    fn long_values_are_cut() {
        let long = json!(["x".repeat(1_500), "y".repeat(1_500), "z"]);
        assert_eq!(cut(long), json!(["x".repeat(1_500), "… and 2 more"]));
        let Value::String(text) = cut(Value::String("ü".repeat(3_000))) else {
            panic!("a text");
        };
        assert_eq!(text.chars().count(), MOST_CHARS + 1);
    }
}
