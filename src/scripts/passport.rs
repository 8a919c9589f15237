//! What a script is besides its files, as `pytask.json` in an archive of it. Pure.
//!
//! Written by us and read from anybody: every field is read for itself, and one that cannot be read is told of and left
//! out. Of secrets it has names and descriptions, and never a value.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::model::limits::LimitsPatch;
use crate::model::retention::RetentionWish;
use crate::model::run::Overlap;
use crate::model::schedule::Terms;
use crate::model::script::{self, Script};
use crate::model::secret::Secret;
use crate::model::variable::{Carried, Value, Variable, plan_carried};

pub const NAME: &str = "pytask.json";
const FORMAT: &str = "pytask-script";
const VERSION: u64 = 1;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Passport {
    format: &'static str,
    version: u64,
    pub name: String,
    pub description: String,
    pub tags: Vec<String>,
    pub entry_point: String,
    pub requirements: Vec<String>,
    pub build_from_source: Vec<String>,
    pub limits: LimitsPatch,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    pub overlap: Overlap,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_limit: Option<u32>,
    pub retention: RetentionWish,
    pub schedules: Vec<Terms>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Packed>,
    /// A block that was put into the entry file for the archive only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added_block: Option<AddedBlock>,
}

/// A variable of the script's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packed {
    pub name: String,
    #[serde(default)]
    pub secret: bool,
    /// Of one that is no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default)]
    pub description: String,
}

impl Packed {
    fn of(variable: &Variable) -> Self {
        let (secret, value) = match &variable.value {
            Value::Plain(text) => (false, Some(text.clone())),
            Value::Secret(_) => (true, None),
        };
        Self {
            name: variable.name.clone(),
            secret,
            value,
            description: variable.description.clone(),
        }
    }
}

/// Which bytes of the entry file, if that still is what was packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedBlock {
    pub sha256: String,
    pub begin: usize,
    pub end: usize,
}

impl Passport {
    pub fn of(script: &Script, schedules: Vec<Terms>, variables: &[Variable]) -> Self {
        Self {
            format: FORMAT,
            version: VERSION,
            name: script.name.clone(),
            description: script.description.clone(),
            tags: script.tags.clone(),
            entry_point: script.entry_point.clone(),
            requirements: script.requirements.clone(),
            build_from_source: script.build_from_source.clone(),
            limits: script.limits.clone(),
            image: script.image.clone(),
            overlap: script.overlap,
            parallel_limit: script.parallel_limit,
            retention: script.retention,
            schedules,
            variables: variables.iter().map(Packed::of).collect(),
            added_block: None,
        }
    }
}

/// What could be read of one; absent fields were not there or could not be.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    pub name: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    pub entry_point: Option<String>,
    pub requirements: Option<Vec<String>>,
    pub build_from_source: Option<Vec<String>>,
    pub limits: Option<LimitsPatch>,
    pub image: Option<String>,
    pub overlap: Option<Overlap>,
    pub parallel_limit: Option<u32>,
    pub retention: Option<RetentionWish>,
    pub variables: Vec<Carried>,
    /// In their order, those that cannot be read included.
    pub schedules: Vec<Result<Terms, UnreadableSchedule>>,
    pub added_block: Option<AddedBlock>,
    pub notes: Vec<String>,
}

/// A schedule that says something else than it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableSchedule {
    /// Empty if even that cannot be read.
    pub name: String,
    pub why: String,
}

/// `None` if this is a file of the script's own that only has the same name.
pub fn read(bytes: &[u8]) -> Option<Read> {
    let Ok(Json::Object(mut fields)) = serde_json::from_slice(bytes) else {
        return None;
    };
    if fields.get("format").and_then(Json::as_str) != Some(FORMAT) {
        return None;
    }
    let mut read = Read::default();
    if fields.get("version").and_then(Json::as_u64) != Some(VERSION) {
        let note = format!("{NAME} is of another version: what is not known here was left out");
        read.notes.push(note);
    }
    let notes = &mut read.notes;
    read.name = checked(
        &mut fields,
        "name",
        |name: String| script::check_name(&name),
        notes,
    );
    read.description = checked(
        &mut fields,
        "description",
        |text: String| script::check_description(&text),
        notes,
    );
    read.tags = checked(
        &mut fields,
        "tags",
        |tags: Vec<String>| script::check_tags(&tags),
        notes,
    );
    read.entry_point = any(&mut fields, "entry_point", notes);
    read.requirements = any(&mut fields, "requirements", notes);
    read.build_from_source = any(&mut fields, "build_from_source", notes);
    let bounded = |limits: LimitsPatch| limits.check().map(|()| limits);
    read.limits = checked(&mut fields, "limits", bounded, notes);
    read.image = any(&mut fields, "image", notes);
    read.overlap = any(&mut fields, "overlap", notes);
    read.parallel_limit = checked(
        &mut fields,
        "parallel_limit",
        |limit: Option<u32>| script::check_parallel_limit(limit),
        notes,
    )
    .flatten();
    let bounded = |wish: RetentionWish| wish.check().map(|()| wish);
    read.retention = checked(&mut fields, "retention", bounded, notes);
    read.schedules = any::<Vec<Json>>(&mut fields, "schedules", notes)
        .unwrap_or_default()
        .into_iter()
        .map(schedule)
        .collect();
    read.variables = variables(&mut fields, notes);
    read.added_block = any(&mut fields, "added_block", notes);
    Some(read)
}

/// Each for itself, and the whole list only if it is not too much.
fn variables(fields: &mut Map<String, Json>, notes: &mut Vec<String>) -> Vec<Carried> {
    let mut carried = Vec::new();
    for (number, entry) in any::<Vec<Json>>(fields, "variables", notes)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let mut left_out = |why: &dyn std::fmt::Display| {
            notes.push(format!("Variable {} was left out: {why}", number + 1));
        };
        // What serde says may quote a value.
        let Ok(packed) = serde_json::from_value::<Packed>(entry) else {
            left_out(&"it cannot be read");
            continue;
        };
        let one = Carried {
            name: packed.name,
            secret: packed.secret,
            // A secret that stands in an archive is none any more.
            value: packed.value.filter(|_| !packed.secret).map(Secret::new),
            description: packed.description,
        };
        match plan_carried(vec![one.clone()]) {
            Ok(_) => carried.push(one),
            Err(e) => left_out(&e),
        }
    }
    if let Err(e) = plan_carried(carried.clone()) {
        notes.push(format!("Its variables were left out: {e}"));
        carried.clear();
    }
    carried
}

fn schedule(terms: Json) -> Result<Terms, UnreadableSchedule> {
    let name = terms.get("name").and_then(Json::as_str).unwrap_or_default();
    // Whatever else it is, it is shown.
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    serde_json::from_value(terms).map_err(|e| UnreadableSchedule {
        name,
        why: format!("it cannot be read ({e})"),
    })
}

fn any<T: DeserializeOwned>(
    fields: &mut Map<String, Json>,
    name: &str,
    notes: &mut Vec<String>,
) -> Option<T> {
    checked(fields, name, Ok::<T, std::convert::Infallible>, notes)
}

fn checked<T: DeserializeOwned, U, E: std::fmt::Display>(
    fields: &mut Map<String, Json>,
    name: &str,
    check: impl FnOnce(T) -> Result<U, E>,
    notes: &mut Vec<String>,
) -> Option<U> {
    let value = fields.remove(name).filter(|value| !value.is_null())?;
    let why = match serde_json::from_value(value) {
        Ok(value) => match check(value) {
            Ok(value) => return Some(value),
            Err(e) => e.to_string(),
        },
        Err(e) => e.to_string(),
    };
    notes.push(format!("{name} in {NAME} cannot be used and was left out: {why}"));
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schedule::When;
    use crate::model::secret::Sealed;

    #[test]
    fn what_is_written_is_what_is_read() {
        let script = Script {
            tags: vec!["etl".into()],
            requirements: vec!["requests>=2".into()],
            limits: LimitsPatch {
                memory_bytes: Some(64 << 20),
                ..LimitsPatch::default()
            },
            parallel_limit: Some(3),
            ..script::tests_support::script("Report")
        };
        let when = When::Cron {
            expression: "0 6 * * *".into(),
            zone: "UTC".into(),
        };
        let variable = |name: &str, value: Value| Variable {
            name: name.into(),
            value,
            description: "what for".into(),
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let variables = [
            variable("PLAIN", Value::Plain("1".into())),
            variable("KEY", Value::Secret(Some(Sealed::new("sealed".into())))),
        ];
        let passport = Passport::of(&script, vec![Terms::of(when)], &variables);
        assert!(!serde_json::to_string(&passport).expect("JSON").contains("sealed"));
        let read = read(&serde_json::to_vec(&passport).expect("JSON")).expect("ours");
        assert_eq!(read.notes, Vec::<String>::new());
        assert_eq!(read.name.as_ref(), Some(&script.name));
        assert_eq!(read.requirements.as_ref(), Some(&script.requirements));
        assert_eq!(read.limits.as_ref(), Some(&script.limits));
        let carried = |name: &str, secret, value: Option<&str>| Carried {
            name: name.into(),
            secret,
            value: value.map(|value| Secret::new(value.into())),
            description: "what for".into(),
        };
        assert_eq!(
            read.variables,
            [carried("PLAIN", false, Some("1")), carried("KEY", true, None)]
        );
        assert_eq!(
            (read.parallel_limit, read.schedules),
            (Some(3), passport.schedules.into_iter().map(Ok).collect())
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_taken() {
        for foreign in ["", "[]", "{}", r#"{"format":"other"}"#, "\u{0}"] {
            assert_eq!(read(foreign.as_bytes()), None, "{foreign}");
        }
        let odd = r#"{"format":"pytask-script","version":9,"name":"x","tags":["a,b"],"limits":{"memory_bytes":1},
            "schedules":[{"when":7,"name":"a\tb"}],"description":5}"#;
        let read = read(odd.as_bytes()).expect("ours");
        assert_eq!(
            (read.name.as_deref(), read.tags, read.limits),
            (Some("x"), None, None)
        );
        assert_eq!(read.notes.len(), 4, "{:?}", read.notes);
        let [Err(unreadable)] = &read.schedules[..] else {
            panic!("{:?}", read.schedules)
        };
        assert_eq!(unreadable.name, "ab");
    }

    #[test]
    fn variables_that_break_a_rule_are_left_out_and_no_value_is_quoted() {
        let odd = r#"{"format":"pytask-script","version":1,"variables":[
            {"name":"PATH","value":"hunter2"}, {"name":"A-B","value":"hunter2"}, {"name":"N"}, {"name":"N","value":["hunter2"]},
            "hunter2", {"name":"KEY","secret":true,"value":"hunter2"}, {"name":"OK","value":"1"}]}"#;
        let read = read(odd.as_bytes()).expect("ours");
        let names: Vec<_> = read
            .variables
            .iter()
            .map(|one| (one.name.as_str(), one.value.is_some()))
            .collect();
        assert_eq!(names, [("KEY", false), ("OK", true)]);
        assert_eq!(read.notes.len(), 5, "{:?}", read.notes);
        assert!(!read.notes.concat().contains("hunter2"), "{:?}", read.notes);
        let twice = r#"{"format":"pytask-script","version":1,"variables":[{"name":"A","value":"1"},{"name":"A","value":"2"}]}"#;
        let twice = super::read(twice.as_bytes()).expect("ours");
        assert_eq!((twice.variables.len(), twice.notes.len()), (0, 1));
    }
}
