use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::filing::trigger_word;
use super::super::{insert, removal, set_kept, store_step, totals};
use super::*;
use crate::model::evidence::Evidence;
use crate::model::history::Totals;
use crate::model::ids::ScheduleId;
use crate::model::outcome::Outcome;
use crate::model::run::tests_support::run_in;
use crate::model::run::{ArtifactsSummary, Event, LogSummary, State, Trigger};
use crate::model::script::Script;
use crate::model::script::tests_support::script;
use crate::store::in_memory;

const OUTCOMES: [&str; 4] = ["succeeded", "failed", "cancelled", "skipped"];
const WORDS: [&str; 3] = ["KeyError: 'total'", "Größe \"2\" fehlt", "disk quota exceeded"];
/// So many that two thirds of them are many.
const SCRIPTS: usize = 24;
/// Some at the edges of steps, some between.
const DURATIONS: [i64; 8] = [0, 999, 1_000, 1_500, 59_999, 60_000, 70_000, 4_000_000];

/// What one run of a made history is like; indices into what there is.
#[derive(Debug, Clone)]
struct Made {
    script: usize,
    kind: RunKind,
    trigger: usize,
    /// `None`: it is still queued.
    outcome: Option<usize>,
    duration: Option<i64>,
    word: usize,
    kept: bool,
    /// Since the run before, in milliseconds; a clock may be put back.
    later: i64,
}

struct History {
    db: Connection,
    scripts: Vec<Script>,
    schedule: ScheduleId,
    runs: Vec<Run>,
}

fn outcome(kind: usize, word: usize) -> Outcome {
    let evidence = Evidence {
        stderr_tail: vec!["before".to_owned(), WORDS[word].to_owned()],
        ..Evidence::default()
    };
    match OUTCOMES[kind] {
        "succeeded" => Outcome::Succeeded {
            message: WORDS[word].to_owned(),
            evidence,
        },
        "failed" => Outcome::Failed {
            message: "Failed with exit code 1".to_owned(),
            exit_code: Some(1),
            evidence,
        },
        "cancelled" => Outcome::cancelled("user", None, evidence),
        _ => Outcome::Skipped {
            message: WORDS[word].to_owned(),
            reason: String::new(),
        },
    }
}

impl History {
    fn new() -> Self {
        let db = in_memory().expect("opens");
        db.set_prepared_statement_cache_capacity(256);
        let named = |n: usize| {
            let mut script = script(&format!(
                "{} {n}",
                ["Nightly Report", "Import", "Report of sales"][n % 3]
            ));
            script.tags = [&["etl"][..], &["etl", "prod"], &[]][n % 3]
                .iter()
                .map(|tag| (*tag).to_owned())
                .collect();
            script
        };
        let scripts: Vec<Script> = (0..SCRIPTS).map(named).collect();
        for script in &scripts {
            crate::store::scripts::insert(&db, script).expect("a script");
        }
        Self {
            db,
            scripts,
            schedule: ScheduleId::generate(),
            runs: Vec::new(),
        }
    }

    fn of(made: &[Made]) -> Self {
        let mut history = Self::new();
        made.iter().for_each(|made| history.add(made));
        history
    }

    fn add(&mut self, made: &Made) {
        let number = self.runs.len() as i64;
        let before = self
            .runs
            .last()
            .map_or(1_000_000_000_000, |run| ms(run.queued_at));
        let at = |ms| Timestamp::from_millisecond(ms).expect("a time");
        let queued_at = at(before + made.later);
        let mut run = Run {
            script_id: self.scripts[made.script].id.clone(),
            kind: made.kind,
            queued_at,
            trigger: match made.trigger {
                0 => Trigger::Manual,
                1 => Trigger::Api,
                2 => Trigger::System,
                _ => Trigger::Schedule {
                    schedule_id: self.schedule.clone(),
                    version: 1,
                    slot: at(number),
                    attempt: 1,
                },
            },
            ..run_in(State::Queued)
        };
        insert(&self.db, &mut run, None).expect("inserts");
        if made.kept {
            set_kept(&self.db, &run.id, true).expect("keeps");
            run.kept = true;
        }
        if let Some(kind) = made.outcome {
            run.started_at = made.duration.map(|_| queued_at);
            run.finished_at = Some(at(ms(queued_at) + made.duration.unwrap_or(5)));
            run.facts.log = made.duration.map(|_| LogSummary {
                stdout_bytes: 3,
                stderr_bytes: 4,
                ..LogSummary::default()
            });
            run.facts.artifacts = made.duration.map(|_| ArtifactsSummary { files: 1, bytes: 10 });
            run.state = State::Finished {
                outcome: outcome(kind, made.word),
            };
            store_step(&self.db, &mut run, &Event::Admitted, queued_at).expect("stores");
        }
        self.runs.push(run);
    }

    /// What the index should answer, by looking at everything.
    fn expected(&self, filter: &Filter) -> Vec<i64> {
        let wanted = |run: &&Run| {
            let of = self.scripts.iter().find(|script| script.id == run.script_id);
            let script = of.expect("its script");
            let took = run
                .started_at
                .zip(run.finished_at)
                .map(|(from, to)| ms(to) - ms(from));
            let text = run.outcome().filter(|o| !WITHOUT_ERROR.contains(&o.kind()));
            let said = text.map(|o| {
                let tail = o.evidence().map_or(String::new(), |e| e.stderr_tail.join("\n"));
                format!("{tail}\n{}", o.message()).to_lowercase()
            });
            let schedule = matches!(run.trigger, Trigger::Schedule { .. });
            filter.script.as_ref().is_none_or(|id| *id == run.script_id)
                && filter.tag.as_ref().is_none_or(|tag| script.tags.contains(tag))
                && filter
                    .text
                    .as_ref()
                    .is_none_or(|text| script.name.to_lowercase().contains(&text.to_lowercase()))
                && filter
                    .schedule
                    .as_ref()
                    .is_none_or(|id| schedule && *id == self.schedule.as_str())
                && filter.kind.is_none_or(|kind| kind == run.kind)
                && filter.state.is_none_or(|state| state == run.state.name())
                && (filter.outcomes.is_empty()
                    || run
                        .outcome()
                        .is_some_and(|o| filter.outcomes.iter().any(|k| k == o.kind())))
                && filter
                    .trigger
                    .as_ref()
                    .is_none_or(|kind| kind == trigger_word(&run.trigger))
                && filter.from.is_none_or(|from| run.queued_at >= from)
                && filter.to.is_none_or(|to| run.queued_at < to)
                && fits(filter.duration(), took)
                && (!filter.only_kept || run.kept)
                && filter
                    .error
                    .as_ref()
                    .is_none_or(|e| said.as_ref().is_some_and(|said| said.contains(&e.to_lowercase())))
        };
        self.runs
            .iter()
            .rev()
            .filter(wanted)
            .map(|run| run.number)
            .collect()
    }

    /// The first page of an error: by the index of texts, or by reading the runs.
    fn with_error(&self, filter: &Filter, by_index: bool) -> Vec<i64> {
        let mut page = Page {
            connection: &self.db,
            bounds: Bounds::of(&self.db, filter).expect("bounds"),
            limit: filter.limit as usize,
            runs: Vec::new(),
        };
        let error = filter.error.as_deref().expect("an error");
        let sets = Sets::of(&self.db, filter).expect("reads");
        let whole = if by_index {
            page.find_errors(&sets, error, (filter, usize::MAX))
        } else {
            let sources = sets.sources(&self.db, filter).expect("reads");
            page.read_errors(sources, error)
        };
        assert!(whole.expect("finds"));
        page.runs.iter().map(|run| run.number).collect()
    }

    /// All pages of a list.
    fn listed(&self, filter: &Filter) -> Vec<i64> {
        let mut filter = filter.clone();
        let mut numbers = Vec::new();
        loop {
            let page = list(&self.db, &filter).expect("lists");
            assert!(page.len() <= filter.limit as usize);
            numbers.extend(page.iter().map(|run| run.number));
            match page.last() {
                Some(last) if page.len() == filter.limit as usize => filter.before = Some(last.number),
                _ => return numbers,
            }
        }
    }
}

fn made() -> impl Strategy<Value = Made> {
    (
        (
            0..SCRIPTS,
            select(vec![RunKind::Script, RunKind::Script, RunKind::Build]),
            0..4usize,
        ),
        (
            prop::option::weighted(0.8, 0..OUTCOMES.len()),
            prop::option::weighted(0.8, select(DURATIONS.to_vec())),
            0..WORDS.len(),
        ),
        (prop::bool::weighted(0.1), -30..100i64),
    )
        .prop_map(
            |((script, kind, trigger), (outcome, duration, word), (kept, later))| Made {
                script,
                kind,
                trigger,
                outcome,
                duration,
                word,
                kept,
                later,
            },
        )
}

type Wish = (
    (Option<usize>, Option<bool>, Option<&'static str>, bool),
    (Option<RunKind>, Option<RunState>, Vec<usize>, Option<usize>),
    (Option<Index>, Option<Index>, Option<i64>, Option<i64>),
    (bool, Option<&'static str>, u32),
);

fn wish() -> impl Strategy<Value = Wish> {
    let seldom = |most: usize| prop::option::weighted(0.25, 0..most);
    (
        (
            seldom(SCRIPTS),
            prop::option::weighted(0.2, any::<bool>()),
            prop::option::weighted(0.2, select(vec!["report", "IMPORT", "nowhere"])),
            prop::bool::weighted(0.15),
        ),
        (
            prop::option::weighted(0.3, select(vec![RunKind::Script, RunKind::Build])),
            prop::option::weighted(0.2, select(vec![RunState::Queued, RunState::Finished])),
            prop::collection::vec(0..OUTCOMES.len(), 0..3),
            seldom(4),
        ),
        (
            prop::option::weighted(0.3, any::<Index>()),
            prop::option::weighted(0.3, any::<Index>()),
            prop::option::weighted(0.3, select(vec![0, 1_000, 1_200, 60_000, 65_000])),
            prop::option::weighted(0.3, select(vec![0, 1_000, 1_300, 60_000, 90_000])),
        ),
        (
            prop::bool::weighted(0.15),
            prop::option::weighted(
                0.25,
                select(vec!["keyerror", "größe \"2\"", "exit code", "never said"]),
            ),
            1..6u32,
        ),
    )
}

fn filter(history: &History, wish: &Wish) -> Filter {
    let ((script, tag, text, schedule), (kind, state, outcomes, trigger), time, (only_kept, error, limit)) =
        wish;
    let instant = |index: &Option<Index>| index.map(|index| index.get(&history.runs).queued_at);
    Filter {
        script: script.map(|which| history.scripts[which].id.clone()),
        tag: tag.map(|common| if common { "etl" } else { "prod" }.to_owned()),
        text: text.map(str::to_owned),
        schedule: schedule.then(|| history.schedule.as_str().to_owned()),
        kind: *kind,
        state: *state,
        outcomes: outcomes.iter().map(|which| OUTCOMES[*which].to_owned()).collect(),
        trigger: trigger.map(|which| ["manual", "api", "system", "schedule"][which].to_owned()),
        from: instant(&time.0),
        to: instant(&time.1),
        at_least_ms: time.2,
        below_ms: time.3,
        only_kept: *only_kept,
        error: error.map(str::to_owned),
        before: None,
        limit: *limit,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever the history, whatever the filter: what is listed is what looking at every run finds.
    #[test]
    fn a_list_holds_what_fits_and_nothing_else(
        made in prop::collection::vec(made(), 1..60),
        wishes in prop::collection::vec(wish(), 20),
    ) {
        let history = History::of(&made);
        for wish in &wishes {
            let filter = filter(&history, wish);
            prop_assert_eq!(history.listed(&filter), history.expected(&filter), "{:?}", filter);
            if filter.error.is_some() && filter.takes_finished() {
                // So few runs would not have needed it.
                let expected = history.expected(&filter).into_iter().take(filter.limit as usize);
                let expected: Vec<i64> = expected.collect();
                prop_assert_eq!(history.with_error(&filter, true), expected.clone(), "{:?}", filter);
                prop_assert_eq!(history.with_error(&filter, false), expected, "{:?}", filter);
            }
        }
    }

    /// Counters say what counting would, through keeping, taking back and removing.
    #[test]
    fn totals_are_what_counting_finds(
        made in prop::collection::vec(made(), 1..40),
        changed in prop::collection::vec((any::<Index>(), any::<bool>()), 0..10),
        removed in prop::collection::vec(any::<Index>(), 0..10),
    ) {
        let mut history = History::of(&made);
        for (which, kept) in changed {
            let which = which.index(history.runs.len());
            let run = set_kept(&history.db, &history.runs[which].id, kept).expect("stores");
            history.runs[which] = run.expect("there");
        }
        for which in removed {
            let number = which.get(&history.runs).number;
            let finished = history.runs.iter().any(|run| run.number == number && run.is_finished());
            prop_assert_eq!(removal::remove(&history.db, number).expect("removes"), finished);
            prop_assert!(!removal::remove(&history.db, number).expect("removes nothing"));
            history.runs.retain(|run| run.number != number || !run.is_finished());
            if history.runs.is_empty() {
                break;
            }
        }
        for error in [None, Some("keyerror".to_owned()), Some("exit code".to_owned())] {
            let filter = Filter { error, limit: 100, ..Filter::default() };
            prop_assert_eq!(history.listed(&filter), history.expected(&filter));
            if filter.error.is_some() {
                prop_assert_eq!(history.with_error(&filter, true), history.expected(&filter));
            }
        }
        let script = history.scripts[0].id.clone();
        for of in [None, Some(&script)] {
            let mine: Vec<&Run> = history
                .runs
                .iter()
                .filter(|run| run.kind == RunKind::Script && of.is_none_or(|id| run.script_id == *id))
                .collect();
            let mut expected = Totals {
                total: mine.len() as u64,
                unfinished: mine.iter().filter(|run| !run.is_finished()).count() as u64,
                kept: mine.iter().filter(|run| run.kept).count() as u64,
                ..Totals::default()
            };
            for run in mine {
                if let Some(outcome) = run.outcome() {
                    *expected.by_outcome.entry(outcome.kind().to_owned()).or_default() += 1;
                }
                expected.log_bytes += run.facts.log.as_ref().map_or(0, |_| 7);
                expected.artifact_bytes += run.facts.artifacts.map_or(0, |left| left.bytes);
            }
            let mut counted = totals(&history.db, of).expect("counts");
            counted.by_outcome.retain(|_, runs| *runs > 0);
            prop_assert_eq!(counted, expected);
        }
    }

    /// What the migration makes of the runs that are there is what would have been made as they finished.
    #[test]
    fn runs_of_before_are_filed_like_those_of_after(made in prop::collection::vec(made(), 1..40)) {
        let made: Vec<Made> = made.into_iter().map(|made| Made { kept: false, ..made }).collect();
        let history = History::of(&made);
        let before = dump(&history.db);
        history.db.execute_batch(
            "DELETE FROM filed_runs; DELETE FROM run_shelves; DELETE FROM run_shapes; DELETE FROM run_hours; \
             INSERT INTO run_errors (run_errors) VALUES ('delete-all');",
        ).expect("forgets");
        let migration = include_str!("../../../migrations/008_history.sql");
        let (_, rest) = migration.split_once("-- The runs there are already.").expect("a place");
        let (backfill, _) = rest.split_once("-- These carry the duration").expect("a place");
        history.db.execute_batch(backfill).expect("files them again");
        prop_assert_eq!(dump(&history.db), before);
        for error in ["keyerror", "größe \"2\"", "exit code"] {
            let filter = Filter { error: Some(error.to_owned()), limit: 7, ..Filter::default() };
            let expected = history.expected(&filter).into_iter().take(7);
            prop_assert_eq!(history.with_error(&filter, true), expected.collect::<Vec<_>>());
        }
    }
}

/// Everything that is filed, without the ids of shapes and shelves.
fn dump(db: &Connection) -> Vec<String> {
    let mut all = Vec::new();
    for sql in [
        "SELECT json_array(kind, outcome, trigger, span, kept, runs, log_bytes, artifact_bytes) FROM run_shapes ORDER BY 1",
        "SELECT json_array(script_id, schedule_id, kind, outcome, trigger, span, shelf.runs, shelf.log_bytes, shelf.artifact_bytes) \
         FROM run_shelves AS shelf JOIN run_shapes AS shape ON shape.id = shelf.shape ORDER BY 1",
        "SELECT json_array(number, kind, outcome, trigger, span, script_id, schedule_id, finished_at, duration_ms, \
         filed.log_bytes, filed.artifact_bytes) FROM filed_runs AS filed JOIN run_shapes AS shape ON shape.id = filed.shape \
         JOIN run_shelves AS shelf ON shelf.id = filed.shelf ORDER BY number",
        "SELECT json_array(hour, outcome, runs) FROM run_hours ORDER BY 1",
    ] {
        let mut statement = db.prepare(sql).expect("prepares");
        let rows = statement.query_map([], |row| row.get(0)).expect("reads");
        all.extend(rows.collect::<Result<Vec<String>, _>>().expect("reads"));
    }
    all
}

/// Every statement of a list, with how its filter looks.
fn statements() -> Vec<String> {
    let mut all: Vec<String> = [
        LAST_QUEUED_BEFORE,
        FIRST_QUEUED_FROM,
        ALL,
        OF_KIND,
        OF_SCRIPT,
        SCRIPT_OF,
        OF_SHAPE,
        OF_SHELF,
        OF_SHAPE_WITHIN,
        OF_SHELF_WITHIN,
    ]
    .map(str::to_owned)
    .into();
    for column in ["shape", "shelf"] {
        all.extend([within(column), with_error(column)]);
    }
    all
}

#[test]
fn no_statement_of_a_list_scans_history() {
    let db = in_memory().expect("opens");
    for sql in statements() {
        let mut statement = db
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("prepares");
        let values = vec![Value::Text("\"abc\"".to_owned()); statement.parameter_count()];
        let plan = statement
            .query_map(params_from_iter(values), |row| row.get::<_, String>(3))
            .expect("explains")
            .collect::<Result<Vec<_>, _>>()
            .expect("explains");
        assert!(!plan.is_empty());
        for step in plan {
            // The index of texts calls every use of itself a scan; what counts is that it is asked for a text.
            let is_search =
                step.starts_with("SEARCH") || (step.contains("VIRTUAL TABLE INDEX") && step.contains("M1"));
            assert!(is_search, "{sql}: {step}");
        }
    }
}

/// However long the history, a page costs the same: also where nothing, or next to nothing, fits.
#[test]
fn what_fits_rarely_or_never_is_found_without_looking_at_the_rest() {
    let mut history = History::new();
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let made = |n: usize| Made {
        script: n % 2,
        kind: RunKind::Script,
        trigger: [0, 3][n % 2],
        outcome: Some(n % 2),
        duration: Some([1_100, 64_000][n % 2]),
        word: n % 2,
        kept: false,
        later: 1_000,
    };
    (0..100).for_each(|n| history.add(&made(n)));
    let filters: Vec<(&str, Filter)> = vec![
        (
            "a trigger with an outcome that never meets",
            Filter {
                trigger: Some("manual".into()),
                outcomes: vec!["failed".into()],
                ..Filter::default()
            },
        ),
        (
            "long runs",
            Filter {
                at_least_ms: Some(3_600_000),
                ..Filter::default()
            },
        ),
        (
            "longer than any in a full step",
            Filter {
                at_least_ms: Some(110_000),
                ..Filter::default()
            },
        ),
        (
            "a trigger with a duration",
            Filter {
                trigger: Some("manual".into()),
                at_least_ms: Some(60_000),
                ..Filter::default()
            },
        ),
        (
            "kept ones",
            Filter {
                only_kept: true,
                ..Filter::default()
            },
        ),
        (
            "a script without runs",
            Filter {
                script: Some(history.scripts[2].id.clone()),
                ..Filter::default()
            },
        ),
        (
            "a tag and an outcome",
            Filter {
                tag: Some("prod".into()),
                outcomes: vec!["succeeded".into()],
                ..Filter::default()
            },
        ),
        (
            "a tag nobody has",
            Filter {
                tag: Some("none".into()),
                ..Filter::default()
            },
        ),
        (
            "a name many have and an outcome that these never had",
            Filter {
                text: Some("report".into()),
                outcomes: vec!["failed".into()],
                ..Filter::default()
            },
        ),
        (
            "a name nobody has",
            Filter {
                text: Some("zzz".into()),
                ..Filter::default()
            },
        ),
        (
            "a schedule that never fired",
            Filter {
                schedule: Some("-".into()),
                ..Filter::default()
            },
        ),
        (
            "a schedule and an outcome",
            Filter {
                schedule: Some(history.schedule.as_str().into()),
                outcomes: vec!["succeeded".into()],
                ..Filter::default()
            },
        ),
        (
            "builds",
            Filter {
                kind: Some(RunKind::Build),
                ..Filter::default()
            },
        ),
        (
            "unfinished",
            Filter {
                state: Some(RunState::Running),
                ..Filter::default()
            },
        ),
        (
            "an outcome there is none of",
            Filter {
                outcomes: vec!["lost".into()],
                ..Filter::default()
            },
        ),
        (
            "an error nobody had",
            Filter {
                error: Some("segmentation".into()),
                ..Filter::default()
            },
        ),
        (
            "an error, with another outcome",
            Filter {
                error: Some("quota".into()),
                outcomes: vec!["cancelled".into()],
                ..Filter::default()
            },
        ),
        (
            "before there was anything",
            Filter {
                to: Timestamp::from_millisecond(0).ok(),
                ..Filter::default()
            },
        ),
        (
            "after everything",
            Filter {
                from: "2999-01-01T00:00:00Z".parse().ok(),
                ..Filter::default()
            },
        ),
        (
            "after everything, of an outcome",
            Filter {
                from: "2999-01-01T00:00:00Z".parse().ok(),
                outcomes: vec!["failed".into()],
                ..Filter::default()
            },
        ),
    ];
    let measure = |history: &History, filter: &Filter| {
        let filter = Filter {
            limit: 51,
            ..filter.clone()
        };
        let counted = Arc::clone(&counted);
        history
            .db
            .progress_handler(
                1,
                Some(move || {
                    counted.fetch_add(1, Ordering::Relaxed);
                    false
                }),
            )
            .expect("counts");
        steps.store(0, Ordering::Relaxed);
        assert_eq!(list(&history.db, &filter).expect("lists").len(), 0, "{filter:?}");
        steps.load(Ordering::Relaxed)
    };
    let few: Vec<u64> = filters
        .iter()
        .map(|(_, filter)| measure(&history, filter))
        .collect();
    history
        .db
        .progress_handler(0, None::<fn() -> bool>)
        .expect("stops");
    (100..3_000).for_each(|n| history.add(&made(n)));
    for ((what, filter), few) in filters.iter().zip(few) {
        let many = measure(&history, filter);
        // The index of texts has a few parts more or less. Where many scripts are named, so many runs of all are
        // looked through first.
        let glance = if filter.text.as_deref() == Some("report") {
            500 * 40
        } else {
            0
        };
        assert!(
            many <= few + 500 + glance,
            "{what}: {few} steps for 100 runs, {many} for 3000"
        );
    }
}
