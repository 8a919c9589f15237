//! What a round would remove now, without removing anything: the same rules over the same rows, read only.
//!
//! Bounded: of a very long history a part is looked at, and the answer says so.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::plan::{self, Rules};
use super::{KINDS, rules};
use crate::model::ids::ScriptId;
use crate::model::retention::{Retention, RetentionWish};
use crate::model::run::RunKind;
use crate::model::script::Script;
use crate::store;
use crate::store::runs::removal::{self, Filed, Stretch};

/// Runs that are looked at.
const MOST_LOOKED_AT: usize = 200_000;
const AT_A_TIME: usize = 2_000;
const SCRIPTS_SHOWN: usize = 20;

#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = RetentionPreview)]
pub struct Preview {
    pub runs: u64,
    /// Of their logs and artifacts.
    pub bytes: u64,
    /// When the first and the last of them finished.
    pub oldest: Option<Timestamp>,
    pub newest: Option<Timestamp>,
    /// Those that lose most, at most twenty.
    pub by_script: Vec<PreviewOfScript>,
    /// There is more than was looked at: at least so much would go.
    pub truncated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RetentionPreviewOfScript)]
pub struct PreviewOfScript {
    pub script_id: String,
    pub script_name: String,
    pub runs: u64,
    pub bytes: u64,
}

/// What is asked: the scripts with what holds for each, and what holds for all together.
pub(in crate::runs) struct Question {
    pub scripts: Vec<(Script, Retention)>,
    pub max_bytes: Option<u64>,
    pub now: Timestamp,
}

impl Question {
    /// What would go if this were set, for all scripts or for one of them. What the wish leaves open is as it is set now.
    pub fn of(
        scripts: Vec<Script>,
        wish: &RetentionWish,
        only: Option<&ScriptId>,
        (settings, now): (&Retention, Timestamp),
    ) -> Option<Self> {
        let Some(only) = only else {
            let settings = wish.over(settings);
            let of = |script: Script| {
                let bounds = script.retention.of_script(&settings);
                (script, bounds)
            };
            return Some(Self {
                scripts: scripts.into_iter().map(of).collect(),
                max_bytes: settings.max_bytes,
                now,
            });
        };
        let script = scripts.into_iter().find(|script| script.id == *only)?;
        let wish = RetentionWish {
            max_age_days: wish.max_age_days.or(script.retention.max_age_days),
            max_runs: wish.max_runs.or(script.retention.max_runs),
            max_bytes: wish.max_bytes.or(script.retention.max_bytes),
        };
        Some(Self {
            scripts: vec![(script, wish.of_script(settings))],
            max_bytes: None,
            now,
        })
    }
}

#[derive(Default)]
struct Count {
    preview: Preview,
    of: HashMap<ScriptId, (u64, u64)>,
    /// Of those: what goes for its script's bytes, and must not be counted for all scripts' once more.
    freed: HashSet<i64>,
    looked_at: usize,
    numbers: Vec<i64>,
}

impl Count {
    fn add(&mut self, script: &ScriptId, run: &Filed) {
        self.numbers.push(run.number);
        let at = run.finished_at;
        let preview = &mut self.preview;
        preview.runs += 1;
        preview.bytes += run.bytes;
        preview.oldest = Some(preview.oldest.map_or(at, |oldest| oldest.min(at)));
        preview.newest = Some(preview.newest.map_or(at, |newest| newest.max(at)));
        let (runs, bytes) = self.of.entry(script.clone()).or_default();
        *runs += 1;
        *bytes += run.bytes;
    }

    /// Whether more may be looked at.
    fn goes_on(&mut self, looked_at: usize) -> bool {
        self.looked_at += looked_at;
        self.preview.truncated |= self.looked_at >= MOST_LOOKED_AT;
        !self.preview.truncated
    }
}

pub(in crate::runs) fn preview(c: &Connection, of: &Question) -> Result<Preview, store::Error> {
    Ok(preview_with_numbers(c, of)?.0)
}

/// And the numbers of the runs.
pub(in crate::runs) fn preview_with_numbers(
    c: &Connection,
    of: &Question,
) -> Result<(Preview, Vec<i64>), store::Error> {
    let mut count = Count::default();
    let mut known: HashMap<(ScriptId, RunKind), Rules> = HashMap::new();
    'all: for (script, bounds) in &of.scripts {
        for kind in KINDS {
            let (rules, below) = rules(c, (&script.id, kind), bounds, Some(of.now))?;
            let more = each(c, (&script.id, kind, below), &mut count, |count, run| {
                if rules.goes(run) {
                    count.add(&script.id, run);
                }
                true
            })?;
            known.insert((script.id.clone(), kind), rules);
            if !more {
                break 'all;
            }
        }
        let Some(most) = bounds.max_bytes else { continue };
        let lost = count.of.get(&script.id).map_or(0, |(_, bytes)| *bytes);
        let mut excess = removal::bytes(c, Some(&script.id))?.saturating_sub(most.saturating_add(lost));
        let rules = &known[&(script.id.clone(), RunKind::Script)];
        each(
            c,
            (&script.id, RunKind::Script, i64::MAX),
            &mut count,
            |count, run| {
                if excess > 0 && rules.may_go(run) && !rules.goes(run) {
                    let (gone, left) = plan::free([run], excess);
                    excess = left;
                    for number in gone {
                        count.add(&script.id, run);
                        count.freed.insert(number);
                    }
                }
                excess > 0
            },
        )?;
    }
    if let Some(most) = of.max_bytes {
        free_of_all(c, most, &known, &mut count)?;
    }
    let mut by_script: Vec<PreviewOfScript> = of
        .scripts
        .iter()
        .filter_map(|(script, _)| {
            count.of.get(&script.id).map(|(runs, bytes)| PreviewOfScript {
                script_id: script.id.to_string(),
                script_name: script.name.clone(),
                runs: *runs,
                bytes: *bytes,
            })
        })
        .collect();
    by_script.sort_by_key(|of| std::cmp::Reverse((of.bytes, of.runs)));
    by_script.truncate(SCRIPTS_SHOWN);
    let preview = Preview {
        by_script,
        ..count.preview
    };
    Ok((preview, count.numbers))
}

/// Looks at finished runs, oldest first, while that is of use. Whether more may be looked at.
fn each(
    c: &Connection,
    (script, kind, below): (&ScriptId, RunKind, i64),
    count: &mut Count,
    mut look: impl FnMut(&mut Count, &Filed) -> bool,
) -> Result<bool, store::Error> {
    let mut stretch = Stretch {
        script: script.clone(),
        kind,
        above: 0,
        below,
    };
    loop {
        let page = removal::oldest(c, &stretch, AT_A_TIME)?;
        let Some(last) = page.last() else {
            return Ok(!count.preview.truncated);
        };
        stretch.above = last.number;
        for run in &page {
            if !look(count, run) {
                return Ok(!count.preview.truncated);
            }
        }
        if !count.goes_on(page.len()) {
            return Ok(false);
        }
    }
}

/// What goes besides, for the bytes of all together.
fn free_of_all(
    c: &Connection,
    most: u64,
    known: &HashMap<(ScriptId, RunKind), Rules>,
    count: &mut Count,
) -> Result<(), store::Error> {
    let mut excess = removal::bytes(c, None)?.saturating_sub(most.saturating_add(count.preview.bytes));
    let mut above = 0;
    while excess > 0 {
        let page = removal::oldest_with_bytes(c, above, AT_A_TIME)?;
        let Some((last, ..)) = page.last() else {
            return Ok(());
        };
        above = last.number;
        for (run, script, kind) in &page {
            let Some(rules) = known.get(&(script.clone(), *kind)) else {
                continue;
            };
            let counted = rules.goes(run) || count.freed.contains(&run.number);
            if excess > 0 && rules.may_go(run) && !counted {
                let (gone, left) = plan::free([run], excess);
                excess = left;
                gone.iter().for_each(|_| count.add(script, run));
            }
        }
        if !count.goes_on(page.len()) {
            return Ok(());
        }
    }
    Ok(())
}
