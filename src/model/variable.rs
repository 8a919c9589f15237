//! Variables and secrets that runs are given: what may be wished for, what becomes of it, which of them a run has. Pure.
//!
//! Variables of all scripts, over them those of one script, over them the run's own. A secret's value is only ever a
//! [`Secret`] on its way in or into a run, and [`Sealed`] at rest. What is remembered of a run is which variables it had
//! and when each was set, not their values: that is enough to see that one has changed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::arguments;
use super::ids::ScriptId;
use super::secret::{Sealed, Secret};

const VARIABLES: usize = 256;
const VALUE_BYTES: usize = 32 * 1024;
/// Of all values of one list.
const TOTAL_BYTES: usize = 256 * 1024;
/// Of all secrets of one list: what they are looked for by takes a run's memory.
const SECRET_BYTES: usize = 32 * 1024;
const DESCRIPTION_CHARS: usize = 500;

/// Whose variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All scripts'.
    Global,
    Script(ScriptId),
}

/// As it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub value: Value,
    pub description: String,
    /// When the value was set.
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Plain(String),
    /// `None`: it still has to be entered.
    Secret(Option<Sealed>),
}

impl Variable {
    pub fn is_secret(&self) -> bool {
        matches!(self.value, Value::Secret(_))
    }
}

/// One of a list that is to take the place of the one that is stored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = VariableWish)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Letters, digits and `_`, not beginning with a digit.
    pub name: String,
    /// Absent or `null`: a secret keeps the value that it has; what is no secret needs one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub value: Option<Secret>,
    /// Whether it is sealed, masked in logs, and never answered.
    #[serde(default)]
    pub secret: bool,
    #[serde(default)]
    pub description: String,
}

/// What becomes of one wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub name: String,
    pub description: String,
    pub value: NewValue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewValue {
    /// As it is stored, set when it was.
    Kept(Value, Timestamp),
    Plain(String),
    Secret(Secret),
    /// A secret that somebody else has to enter.
    ToBeEntered,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// Of the variable; empty if it is about the list.
    pub name: String,
    pub message: String,
}

fn invalid<T>(name: &str, message: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid {
        name: name.to_owned(),
        message: message.into(),
    })
}

/// Names that mean something to the system or to Python before a script has begun.
const RESERVED: [&str; 6] = [
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
];

fn check_name(name: &str, secret: bool) -> Result<(), Invalid> {
    if let Err(message) = arguments::check_variable_name(name) {
        return invalid(name, message);
    }
    if RESERVED.contains(&name) {
        return invalid(
            name,
            format!("{name} is reserved: a run's own is set by PyTask-Manager"),
        );
    }
    if secret && name == "PYTHONPATH" {
        return invalid(
            name,
            "PYTHONPATH is no place for a secret: it is a list of folders",
        );
    }
    Ok(())
}

/// What is to be stored, if this list is to take the place of `stored`. `length` tells how long a sealed secret is.
pub fn plan(
    stored: &[Variable],
    wishes: Vec<Wish>,
    length: impl Fn(&Sealed) -> usize,
) -> Result<Vec<Planned>, Invalid> {
    if wishes.len() > VARIABLES {
        return invalid(
            "",
            format!("There may be at most {VARIABLES} variables in one list"),
        );
    }
    let mut names = BTreeSet::new();
    let (mut total, mut secrets) = (0, 0);
    let mut planned = Vec::with_capacity(wishes.len());
    for wish in wishes {
        check_name(&wish.name, wish.secret)?;
        if !names.insert(wish.name.clone()) {
            return invalid(&wish.name, format!("{} is named twice", wish.name));
        }
        if wish.description.chars().count() > DESCRIPTION_CHARS {
            let message = format!("A description may have at most {DESCRIPTION_CHARS} characters");
            return invalid(&wish.name, message);
        }
        let there = stored.iter().find(|there| there.name == wish.name);
        let value = new_value(there, &wish)?;
        let (size, secret) = match &value {
            NewValue::Plain(text) | NewValue::Kept(Value::Plain(text), _) => (text.len(), false),
            NewValue::Secret(secret) => (secret.reveal().len(), true),
            NewValue::Kept(Value::Secret(sealed), _) => (sealed.as_ref().map_or(0, &length), true),
            NewValue::ToBeEntered => (0, true),
        };
        total += size;
        secrets += if secret { size } else { 0 };
        planned.push(Planned {
            name: wish.name,
            description: wish.description.trim().to_owned(),
            value,
        });
    }
    if total > TOTAL_BYTES {
        return invalid(
            "",
            format!(
                "The values of one list may have {} KiB together",
                TOTAL_BYTES / 1024
            ),
        );
    }
    if secrets > SECRET_BYTES {
        return invalid(
            "",
            format!(
                "The secrets of one list may have {} KiB together",
                SECRET_BYTES / 1024
            ),
        );
    }
    Ok(planned)
}

fn new_value(there: Option<&Variable>, wish: &Wish) -> Result<NewValue, Invalid> {
    let name = &wish.name;
    if let Some(value) = &wish.value {
        let text = value.reveal();
        if text.len() > VALUE_BYTES || text.contains('\0') {
            let message = format!(
                "The value of {name} has at most {} KiB and no NUL",
                VALUE_BYTES / 1024
            );
            return invalid(name, message);
        }
        if wish.secret && text.is_empty() {
            return invalid(name, format!("{name} is a secret and needs a value"));
        }
    }
    match (wish.secret, &wish.value, there) {
        (true, Some(value), _) => Ok(NewValue::Secret(value.clone())),
        (true, None, Some(there)) => Ok(match &there.value {
            // It was no secret so far; what is known of it cannot be called back.
            Value::Plain(text) => NewValue::Secret(Secret::new(text.clone())),
            value => NewValue::Kept(value.clone(), there.updated_at),
        }),
        (true, None, None) => invalid(name, format!("{name} is a new secret and needs a value")),
        (false, Some(value), there) => {
            let text = value.reveal().to_owned();
            Ok(match there {
                Some(there) if there.value == Value::Plain(text.clone()) => {
                    NewValue::Kept(there.value.clone(), there.updated_at)
                }
                _ => NewValue::Plain(text),
            })
        }
        (false, None, Some(there)) if there.is_secret() => {
            let message = format!("{name} was a secret, whose value is not given out; enter one");
            invalid(name, message)
        }
        (false, None, _) => invalid(name, format!("{name} needs a value; it may be empty")),
    }
}

/// A variable that comes along with a script: imported, or copied from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    pub name: String,
    pub secret: bool,
    /// `None`: a secret that has to be entered.
    pub value: Option<Secret>,
    pub description: String,
}

/// The same rules for what comes along; where something breaks them, nothing of the list can be kept.
pub fn plan_carried(carried: Vec<Carried>) -> Result<Vec<Planned>, Invalid> {
    let (entered, open): (Vec<_>, Vec<_>) = carried
        .into_iter()
        .partition(|carried| carried.value.is_some() || !carried.secret);
    let stored: Vec<_> = open
        .iter()
        .map(|open| Variable {
            name: open.name.clone(),
            value: Value::Secret(None),
            description: String::new(),
            updated_at: Timestamp::UNIX_EPOCH,
        })
        .collect();
    let wishes = entered.into_iter().chain(open).map(|carried| Wish {
        name: carried.name,
        value: carried.value,
        secret: carried.secret,
        description: carried.description,
    });
    let mut planned = plan(&stored, wishes.collect(), |_| 0)?;
    for planned in &mut planned {
        if let NewValue::Kept(Value::Secret(None), _) = planned.value {
            planned.value = NewValue::ToBeEntered;
        }
    }
    Ok(planned)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VariableOrigin)]
pub enum Origin {
    /// All scripts have it.
    Global,
    Script,
}

/// A variable that a run was given beside its own: everything that is remembered of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = UsedVariable)]
pub struct Used {
    pub name: String,
    pub from: Origin,
    pub secret: bool,
    /// When the value that it had was set.
    pub set_at: Timestamp,
}

/// Those that hold for a run of a script, by name; its own variables go before all of them. A secret of the script
/// that nobody has entered yet leaves a global one in force.
pub fn in_force(
    globals: Vec<Variable>,
    scripts: Vec<Variable>,
    own: &BTreeMap<String, String>,
) -> Vec<(Origin, Variable)> {
    let mut all: BTreeMap<String, (Origin, Variable)> = BTreeMap::new();
    for (origin, list) in [(Origin::Global, globals), (Origin::Script, scripts)] {
        for variable in list {
            let open = variable.value == Value::Secret(None);
            if own.contains_key(&variable.name) || (open && all.contains_key(&variable.name)) {
                continue;
            }
            all.insert(variable.name.clone(), (origin, variable));
        }
    }
    all.into_values().collect()
}

pub fn used(in_force: &[(Origin, Variable)]) -> Vec<Used> {
    let used = in_force.iter().map(|(origin, variable)| Used {
        name: variable.name.clone(),
        from: *origin,
        secret: variable.is_secret(),
        set_at: variable.updated_at,
    });
    used.collect()
}

/// Values that a run is given beside its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    pub plain: BTreeMap<String, String>,
    pub secret: BTreeMap<String, Secret>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn plain(name: &str, value: &str) -> Variable {
        Variable {
            name: name.into(),
            value: Value::Plain(value.into()),
            description: String::new(),
            updated_at: at(1),
        }
    }

    fn secret(name: &str, sealed: Option<&str>) -> Variable {
        Variable {
            value: Value::Secret(sealed.map(|sealed| Sealed::new(sealed.into()))),
            ..plain(name, "")
        }
    }

    fn wish(name: &str, value: Option<&str>, secret: bool) -> Wish {
        Wish {
            name: name.into(),
            value: value.map(|value| Secret::new(value.into())),
            secret,
            description: " what for ".into(),
        }
    }

    fn planned(stored: &[Variable], wish: Wish) -> Result<NewValue, String> {
        plan(stored, vec![wish], |sealed| sealed.as_str().len())
            .map(|planned| planned[0].value.clone())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_wish_sets_keeps_and_replaces() {
        let there = [plain("P", "1"), secret("S", Some("sealed")), secret("OPEN", None)];
        let table = [
            (wish("N", Some("2"), false), NewValue::Plain("2".into())),
            (
                wish("P", Some("1"), false),
                NewValue::Kept(Value::Plain("1".into()), at(1)),
            ),
            (wish("P", Some("2"), false), NewValue::Plain("2".into())),
            (wish("P", None, true), NewValue::Secret(Secret::new("1".into()))),
            (
                wish("S", None, true),
                NewValue::Kept(there[1].value.clone(), at(1)),
            ),
            (
                wish("S", Some("new"), true),
                NewValue::Secret(Secret::new("new".into())),
            ),
            (wish("S", Some("open"), false), NewValue::Plain("open".into())),
            (
                wish("OPEN", None, true),
                NewValue::Kept(Value::Secret(None), at(1)),
            ),
        ];
        for (wish, expected) in table {
            let about = format!("{wish:?}");
            assert_eq!(planned(&there, wish), Ok(expected), "{about}");
        }
        let described = plan(&[], vec![wish("N", Some(""), false)], |_| 0).expect("planned");
        assert_eq!(described[0].description, "what for");
    }

    #[test]
    fn what_cannot_be_is_refused_and_no_value_is_quoted() {
        let there = [secret("S", Some("sealed"))];
        let long = "hunter2".repeat(10_000);
        for (bad, why) in [
            (wish("", Some("hunter2"), false), "no variable name"),
            (wish("A-B", Some("hunter2"), true), "no variable name"),
            (wish("PYTASK_RUN_ID", Some("hunter2"), false), "reserved"),
            (wish("PATH", Some("hunter2"), false), "reserved"),
            (wish("LD_PRELOAD", Some("hunter2"), false), "reserved"),
            (wish("PYTHONPATH", Some("hunter2"), true), "no place"),
            (wish("N", None, true), "needs a value"),
            (wish("N", Some(""), true), "needs a value"),
            (wish("N", None, false), "needs a value"),
            (wish("S", None, false), "not given out"),
            (wish("N", Some("hunter2\0"), true), "no NUL"),
            (wish("N", Some(&long), true), "at most 32 KiB"),
        ] {
            let refused = planned(&there, bad).expect_err(why);
            assert!(refused.contains(why) && !refused.contains("hunter2"), "{refused}");
        }
        let twice = vec![wish("A", Some("1"), false), wish("A", Some("2"), false)];
        assert_eq!(plan(&[], twice, |_| 0).expect_err("twice").name, "A");
        let many = |count: usize, size: usize, secret: bool| {
            let value = "x".repeat(size);
            let wishes = (0..count).map(|n| wish(&format!("N{n}"), Some(&value), secret));
            plan(&[], wishes.collect(), |_| 0).map(|planned| planned.len())
        };
        assert_eq!(many(256, 1, false), Ok(256));
        for (count, size, secret) in [(257, 1, false), (9, 32 << 10, false), (2, 20 << 10, true)] {
            assert_eq!(many(count, size, secret).expect_err("too much").name, "");
        }
        let kept = plan(&[secret("S", Some("x"))], vec![wish("S", None, true)], |_| {
            40 << 10
        });
        assert!(kept.is_err(), "what is kept counts");
    }

    #[test]
    fn nearer_ones_go_first_and_a_run_remembers_no_value() {
        let globals = vec![
            plain("A", "g"),
            secret("KEY", Some("global")),
            plain("B", "g"),
            secret("C", Some("c")),
        ];
        let scripts = vec![
            plain("B", "s"),
            secret("KEY", None),
            plain("D", "s"),
            secret("OPEN", None),
        ];
        let own = [
            ("D".to_owned(), "run".to_owned()),
            ("C".to_owned(), "run".to_owned()),
        ]
        .into();
        let holding = in_force(globals, scripts, &own);
        let names: Vec<_> = used(&holding)
            .into_iter()
            .map(|used| (used.name, used.from, used.secret))
            .collect();
        let expected = [
            ("A", Origin::Global, false),
            ("B", Origin::Script, false),
            ("KEY", Origin::Global, true),
            ("OPEN", Origin::Script, true),
        ];
        assert_eq!(
            names,
            expected.map(|(name, from, secret)| (name.to_owned(), from, secret))
        );
    }

    #[test]
    fn what_comes_along_is_held_to_the_same_rules() {
        let carried = |name: &str, value: Option<&str>, secret| Carried {
            name: name.into(),
            secret,
            value: value.map(|value| Secret::new(value.into())),
            description: String::new(),
        };
        let list = vec![
            carried("S", None, true),
            carried("P", Some("1"), false),
            carried("T", Some("t"), true),
        ];
        let values: Vec<_> = plan_carried(list)
            .expect("planned")
            .into_iter()
            .map(|planned| (planned.name, planned.value))
            .collect();
        let expected = [
            ("P".to_owned(), NewValue::Plain("1".into())),
            ("T".to_owned(), NewValue::Secret(Secret::new("t".into()))),
            ("S".to_owned(), NewValue::ToBeEntered),
        ];
        assert_eq!(values, expected);
        assert!(plan_carried(vec![carried("PATH", Some("x"), false)]).is_err());
        assert!(plan_carried(vec![carried("P", None, false)]).is_err());
    }
}
