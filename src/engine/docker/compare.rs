//! Did the engine take what it was asked for?
//!
//! Engines drop what they do not know without a word: an old API ignores a volume's subpath and mounts the
//! whole volume, a kernel without swap accounting turns the swap limit off. So the engine's description of the
//! created container is read back and every field of the host configuration is held against the request: what
//! was asked must be there, and what was not asked must be absent or a known default. Pure.

use bollard::models::{ContainerCreateBody, ContainerInspectResponse, MountType};
use serde::Serialize;
use serde_json::{Map, Value};

/// What engines report for things nobody asked for, beyond the empty values: harmless, and theirs to choose.
fn is_engine_default(field: &str, value: &Value) -> bool {
    match field {
        // Whatever fits in is charged to the container's memory limit.
        "ShmSize" => value.is_number(),
        // Which runtime, and under which cgroup its containers live, is the administrator's decision.
        "Runtime" | "CgroupParent" => value.is_string(),
        "MemorySwappiness" => value == &Value::from(-1),
        "Isolation" => value == &Value::from("default"),
        // Set by the engine because they were left unset; an empty list would be a loss, and is not this case.
        "MaskedPaths" | "ReadonlyPaths" => true,
        _ => false,
    }
}

/// Sentences, one for each difference; none means that the container is what was asked for.
pub(super) fn differences(asked: &ContainerCreateBody, found: &ContainerInspectResponse) -> Vec<String> {
    let mut differences = Vec::new();
    host_config(asked, found, &mut differences);
    config(asked, found, &mut differences);
    mounts(asked, found, &mut differences);
    differences
}

fn host_config(asked: &ContainerCreateBody, found: &ContainerInspectResponse, out: &mut Vec<String>) {
    let asked = fields(&asked.host_config);
    let found = fields(&found.host_config);
    for (field, wanted) in &asked {
        let got = found.get(field).unwrap_or(&Value::Null);
        if normal(field, wanted) != normal(field, got) {
            out.push(format!("{field} is {got} instead of {wanted}"));
        }
    }
    for (field, got) in &found {
        if !asked.contains_key(field) && !is_empty(got) && !is_engine_default(field, got) {
            out.push(format!("{field} is {got} and was not asked for"));
        }
    }
    // Left unset, so that the engine's own lists apply. An engine that reports none has none.
    for field in ["MaskedPaths", "ReadonlyPaths"] {
        if found.get(field).is_none_or(is_empty) {
            out.push(format!("{field} is empty: parts of /proc and /sys would be open"));
        }
    }
}

fn config(asked: &ContainerCreateBody, found: &ContainerInspectResponse, out: &mut Vec<String>) {
    let found = fields(&found.config);
    for field in [
        "User",
        "Entrypoint",
        "Cmd",
        "WorkingDir",
        "StopSignal",
        "StopTimeout",
        "Healthcheck",
        "OpenStdin",
        "Tty",
    ] {
        let wanted = fields(&Some(asked)).remove(field).unwrap_or(Value::Null);
        let got = found.get(field).unwrap_or(&Value::Null);
        let same = normal(field, &wanted) == normal(field, got) || (is_empty(&wanted) && is_empty(got));
        if !same {
            out.push(format!("{field} is {got} instead of {wanted}"));
        }
    }
    // An image brings labels of its own; ours must be among them.
    for (label, wanted) in asked.labels.iter().flatten() {
        let got = found
            .get("Labels")
            .and_then(|labels| labels.get(label))
            .and_then(Value::as_str);
        if got != Some(wanted) {
            out.push(format!("label {label} is {got:?} instead of {wanted:?}"));
        }
    }
}

/// The mounts as resolved, beside the wish that the host configuration repeats: an image's `VOLUME` lines, for
/// example, show only here.
fn mounts(asked: &ContainerCreateBody, found: &ContainerInspectResponse, out: &mut Vec<String>) {
    let asked: Vec<_> = asked
        .host_config
        .iter()
        .flat_map(|config| config.mounts.iter().flatten())
        .collect();
    let found: Vec<_> = found
        .mounts
        .iter()
        .flatten()
        // Some engines list the tmpfs ones here too; those are compared in the host configuration.
        .filter(|mount| mount.typ.as_deref() != Some("tmpfs"))
        .collect();
    for wanted in &asked {
        let target = wanted.target.as_deref().unwrap_or_default();
        let Some(got) = found
            .iter()
            .find(|got| got.destination.as_deref() == Some(target))
        else {
            out.push(format!("nothing is mounted at {target}"));
            continue;
        };
        let source = match wanted.typ {
            Some(MountType::VOLUME) => (&got.name, "volume"),
            _ => (&got.source, "bind"),
        };
        if source.0 != &wanted.source || got.typ.as_deref() != Some(source.1) {
            out.push(format!(
                "{target} comes from {:?} instead of {:?}",
                source.0, wanted.source
            ));
        }
        if got.rw != Some(wanted.read_only != Some(true)) {
            out.push(format!("{target} is writable: {:?}", got.rw));
        }
    }
    for got in found {
        if !asked.iter().any(|wanted| wanted.target == got.destination) {
            out.push(format!(
                "{:?} is mounted and was not asked for (does the image declare a VOLUME?)",
                got.destination.as_deref().unwrap_or_default()
            ));
        }
    }
}

fn fields<T: Serialize>(part: &Option<T>) -> Map<String, Value> {
    match serde_json::to_value(part) {
        Ok(Value::Object(fields)) => fields,
        // Both sides come from the client's own types; what does not serialise is compared as missing.
        _ => Map::new(),
    }
}

/// One spelling for what engines spell differently: `CAP_KILL` and `KILL`, `no-new-privileges:true`, and lists
/// that are sets. Empty leaves are dropped inside objects, because engines leave them out or fill them in.
fn normal(field: &str, value: &Value) -> Value {
    match (field, value) {
        ("CapAdd" | "CapDrop" | "SecurityOpt", Value::Array(items)) => {
            let mut items: Vec<String> = items
                .iter()
                .filter_map(Value::as_str)
                .map(|item| {
                    item.trim_start_matches("CAP_")
                        .trim_end_matches(":true")
                        .to_owned()
                })
                .collect();
            items.sort();
            Value::from(items)
        }
        ("Ulimits" | "Mounts", Value::Array(items)) => {
            let mut items: Vec<Value> = items.iter().map(without_empty).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        (_, Value::Object(_)) => without_empty(value),
        (_, value) => value.clone(),
    }
}

fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), without_empty(value)))
            .filter(|(_, value)| !is_empty(value))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        // `ConsoleSize` is `[0, 0]` for a container without a console.
        Value::Array(items) => items.iter().all(|item| item.is_number() && is_empty(item)),
        Value::Object(fields) => fields.values().all(is_empty),
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
