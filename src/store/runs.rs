//! Rows of runs and their events. Only `runs` (the module of that name) writes here.
//!
//! `store_step` is compare-and-set on the row's version and appends the event in the same transaction, so the
//! row and its history never disagree and two drivers can never both believe they moved a run.

mod filing;
mod history;
pub mod removal;
mod search;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::values::{from_json, from_word, is_unique_violation, json, ms, time, word};
use crate::model::ids::{RunId, ScriptId};
use crate::model::run::{Event, Facts, Launch, Run, State, Trigger};

pub use filing::{set_kept, totals};
pub use history::{
    Brief, Newest, finished_per_day, last_success, newest, newest_build, newest_check, newest_of_each,
    newest_one_of_each, succeeded_since,
};
pub use search::{Filter, list};

const COLUMNS: &str = "id, number, script_id, kind, state_json, version, trigger, overlap, queued_at, started_at, \
     finished_at, args, env, limits, image, requirements, build_run_id, revision, environment_key, lock_hash, \
     image_digest, exit_code, signal, peak_memory_bytes, cpu_ms, log, parallel_limit, usage, artifacts, build, retry, not_before, kept, variables";

/// Inserts a queued run and gives it its number.
pub fn insert(connection: &Connection, run: &mut Run, idempotency_key: Option<&str>) -> Result<(), Error> {
    search::note_order(connection, run.queued_at)?;
    let fire = match &run.trigger {
        Trigger::Schedule {
            schedule_id,
            version,
            slot,
            attempt,
        } => Some((schedule_id.as_str(), *version, ms(*slot), *attempt)),
        _ => None,
    };
    let inserted = connection
        .prepare_cached(
            "INSERT INTO runs (id, script_id, kind, state, state_json, version, trigger, overlap, idempotency_key, \
             queued_at, args, env, limits, image, requirements, parallel_limit, build, retry, not_before, schedule_id, \
             schedule_version, slot, attempt) \
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23)",
        )?
        .execute(params![
            run.id.as_str(),
            run.script_id.as_str(),
            word(&run.kind)?,
            run.state.name().as_str(),
            json(&run.state)?,
            run.version,
            json(&run.trigger)?,
            word(&run.overlap)?,
            idempotency_key,
            ms(run.queued_at),
            json(&run.args)?,
            json(&run.env)?,
            json(&run.limits)?,
            run.image,
            json(&run.requirements)?,
            run.parallel_limit,
            run.build.as_ref().map(json).transpose()?,
            run.retry.as_ref().map(json).transpose()?,
            run.not_before.map(ms),
            fire.map(|(schedule, ..)| schedule),
            fire.map(|(_, version, ..)| version),
            fire.map(|(_, _, slot, _)| slot),
            fire.map(|(.., attempt)| attempt),
        ]);
    match inserted {
        Ok(_) => {}
        Err(e) if is_unique_violation(&e, "runs.schedule_id") => {
            return Err(Error::Taken { what: "fire" });
        }
        Err(e) if is_unique_violation(&e, "idempotency_key") => {
            return Err(Error::Taken {
                what: "idempotency key",
            });
        }
        Err(e) => return Err(e.into()),
    }
    run.number = connection.last_insert_rowid();
    Ok(())
}

/// Whatever has not finished is tried once and never again.
pub fn never_again(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE runs SET retry = NULL WHERE state <> 'finished'", [])?;
    Ok(())
}

/// Stores the run as it is after `event`, provided the row is still at the version before; grows the version.
pub fn store_step(connection: &Connection, run: &mut Run, event: &Event, at: Timestamp) -> Result<(), Error> {
    let stored = connection
        .prepare_cached(
            "UPDATE runs SET state = ?3, state_json = ?4, outcome = ?5, version = version + 1, started_at = ?6, \
             finished_at = ?7, build_run_id = ?8, revision = ?9, environment_key = ?10, lock_hash = ?11, \
             image_digest = ?12, exit_code = ?13, signal = ?14, peak_memory_bytes = ?15, cpu_ms = ?16, log = ?17, \
             usage = ?18, artifacts = ?19, build = ?20, variables = ?21 \
             WHERE id = ?1 AND version = ?2",
        )?
        .execute(params![
            run.id.as_str(),
            run.version,
            run.state.name().as_str(),
            json(&run.state)?,
            run.outcome().map(|o| o.kind()),
            run.started_at.map(ms),
            run.finished_at.map(ms),
            run.build_run_id.as_ref().map(|id| id.as_str()),
            run.launch.revision,
            run.launch.environment_key,
            run.launch.lock_hash,
            run.launch.image_digest,
            run.facts.exit_code,
            run.facts.signal,
            run.facts.peak_memory_bytes,
            run.facts.cpu_ms,
            run.facts.log.as_ref().map(json).transpose()?,
            run.facts.usage.as_ref().map(json).transpose()?,
            run.facts.artifacts.as_ref().map(json).transpose()?,
            run.build.as_ref().map(json).transpose()?,
            run.launch.variables.as_ref().map(json).transpose()?,
        ])?;
    if stored == 0 {
        return Err(Error::Stale);
    }
    run.version += 1;
    connection
        .prepare_cached("INSERT INTO run_events (run_id, seq, at, event) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![run.id.as_str(), run.version, ms(at), json(event)?])?;
    if run.is_finished() {
        filing::file(connection, run)?;
    }
    Ok(())
}

pub fn get(connection: &Connection, id: &RunId) -> Result<Option<Run>, Error> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"))?;
    Ok(statement.query_row([id.as_str()], read).optional()?)
}

pub fn by_idempotency_key(
    connection: &Connection,
    script: &ScriptId,
    key: &str,
) -> Result<Option<Run>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM runs WHERE script_id = ?1 AND idempotency_key = ?2"
    ))?;
    Ok(statement.query_row([script.as_str(), key], read).optional()?)
}

/// Everything that has not finished, oldest first.
pub fn unfinished(connection: &Connection) -> Result<Vec<Run>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM runs WHERE state <> 'finished' ORDER BY number");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many runs wait, and how many have been admitted and have not finished.
pub fn count_unfinished(connection: &Connection) -> Result<(u64, u64), Error> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state <> 'queued') \
         FROM runs INDEXED BY runs_unfinished WHERE state <> 'finished'",
    )?;
    Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// How many runs of a script wait for their turn.
pub fn count_queued(connection: &Connection, script: &ScriptId) -> Result<u64, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM runs INDEXED BY runs_unfinished WHERE state <> 'finished' AND state = 'queued' \
         AND script_id = ?1",
    )?;
    Ok(statement.query_row([script.as_str()], |row| row.get(0))?)
}

/// The events of a run, oldest first.
pub fn events(connection: &Connection, id: &RunId) -> Result<Vec<(Timestamp, Event)>, Error> {
    let mut statement =
        connection.prepare_cached("SELECT at, event FROM run_events WHERE run_id = ?1 ORDER BY seq")?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok((time(0, row.get(0)?)?, from_json(1, &row.get::<_, String>(1)?)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let optional_time = |column: usize| {
        row.get::<_, Option<i64>>(column)?
            .map(|ms| time(column, ms))
            .transpose()
    };
    let state: State = from_json(4, text(4)?)?;
    let optional_text = |column: usize| row.get::<_, Option<String>>(column);
    Ok(Run {
        id: RunId::parse(text(0)?),
        number: row.get(1)?,
        script_id: ScriptId::parse(text(2)?),
        kind: from_word(3, text(3)?)?,
        state,
        version: row.get(5)?,
        kept: row.get(32)?,
        trigger: from_json(6, text(6)?)?,
        overlap: from_word(7, text(7)?)?,
        parallel_limit: row.get(26)?,
        queued_at: time(8, row.get(8)?)?,
        not_before: optional_time(31)?,
        retry: optional_text(30)?
            .map(|retry| from_json(30, &retry))
            .transpose()?,
        started_at: optional_time(9)?,
        finished_at: optional_time(10)?,
        args: from_json(11, text(11)?)?,
        env: from_json(12, text(12)?)?,
        limits: from_json(13, text(13)?)?,
        image: row.get(14)?,
        requirements: from_json(15, text(15)?)?,
        build: optional_text(29)?
            .map(|build| from_json(29, &build))
            .transpose()?,
        build_run_id: row.get::<_, Option<String>>(16)?.map(|id| RunId::parse(&id)),
        launch: Launch {
            revision: row.get(17)?,
            environment_key: row.get(18)?,
            lock_hash: row.get(19)?,
            image_digest: row.get(20)?,
            variables: optional_text(33)?.map(|used| from_json(33, &used)).transpose()?,
        },
        facts: Facts {
            exit_code: row.get(21)?,
            signal: row.get(22)?,
            peak_memory_bytes: row.get(23)?,
            cpu_ms: row.get(24)?,
            log: optional_text(25)?.map(|log| from_json(25, &log)).transpose()?,
            usage: optional_text(27)?
                .map(|usage| from_json(27, &usage))
                .transpose()?,
            artifacts: optional_text(28)?.map(|left| from_json(28, &left)).transpose()?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::build::{Build, BuildAction, Found};
    use crate::model::evidence::Evidence;
    use crate::model::outcome::Outcome;
    use crate::model::run::tests_support::run_in;
    use crate::model::run::{ArtifactsSummary, RunKind, RunState, Usage};
    use crate::store::in_memory;

    fn database_with_script() -> (Connection, ScriptId) {
        let db = in_memory().expect("opens");
        let id = ScriptId::generate();
        db.execute(
            "INSERT INTO scripts (id, name, slug, description, entry_point, paused, limits, requirements, revision, \
             created_at, updated_at) VALUES (?1, 'Report', 'report', '', 'main.py', 0, '{}', '[]', 0, 0, 0)",
            [id.as_str()],
        )
        .expect("a script");
        (db, id)
    }

    fn queued(script: &ScriptId) -> Run {
        Run {
            script_id: script.clone(),
            args: vec!["--fast".to_owned()],
            env: [("A".to_owned(), "1".to_owned())].into(),
            parallel_limit: Some(3),
            ..run_in(State::Queued)
        }
    }

    #[test]
    fn a_run_is_read_as_it_was_stored() {
        let (db, script) = database_with_script();
        let mut run = queued(&script);
        insert(&db, &mut run, None).expect("inserts");
        assert_eq!(get(&db, &run.id).expect("reads"), Some(run.clone()));

        run.state = State::Finished {
            outcome: Outcome::cancelled("user", None, Evidence::default()),
        };
        run.finished_at = Some(Timestamp::UNIX_EPOCH);
        run.facts.peak_memory_bytes = Some(1 << 40);
        run.facts.usage = Some(Usage {
            pids_refused: Some(3),
            ..Usage::default()
        });
        run.facts.artifacts = Some(ArtifactsSummary { files: 1, bytes: 2 });
        let event = Event::Dismissed {
            outcome: Outcome::cancelled("user", None, Evidence::default()),
        };
        store_step(&db, &mut run, &event, Timestamp::UNIX_EPOCH).expect("stores");
        assert_eq!(get(&db, &run.id).expect("reads"), Some(run.clone()));
        assert_eq!(
            events(&db, &run.id).expect("reads"),
            [(Timestamp::UNIX_EPOCH, event)]
        );
    }

    #[test]
    fn a_step_from_an_old_version_is_refused() {
        let (db, script) = database_with_script();
        let mut run = queued(&script);
        insert(&db, &mut run, None).expect("inserts");
        let mut other = run.clone();
        run.state = State::Starting;
        store_step(&db, &mut run, &Event::Admitted, Timestamp::UNIX_EPOCH).expect("the first wins");
        other.state = State::Starting;
        let second = store_step(&db, &mut other, &Event::Admitted, Timestamp::UNIX_EPOCH);
        assert!(matches!(second, Err(Error::Stale)));
        assert_eq!(events(&db, &run.id).expect("reads").len(), 1);
    }

    #[test]
    fn the_last_success_is_one_before_and_of_this_script() {
        let (db, script) = database_with_script();
        let mut numbers = Vec::new();
        for outcome in [
            Outcome::Succeeded {
                message: String::new(),
                evidence: Evidence::default(),
            },
            Outcome::cancelled("user", None, Evidence::default()),
        ] {
            let mut run = queued(&script);
            insert(&db, &mut run, None).expect("inserts");
            run.state = State::Finished { outcome };
            store_step(&db, &mut run, &Event::Admitted, Timestamp::UNIX_EPOCH).expect("stores");
            numbers.push(run.number);
        }
        let found = |before| {
            let found = last_success(&db, &script, before).expect("reads");
            found.map(|run| run.number)
        };
        assert_eq!(found(numbers[1] + 1), Some(numbers[0]));
        assert_eq!(found(numbers[0]), None);
        assert_eq!(last_success(&db, &ScriptId::generate(), 99).expect("reads"), None);
    }

    #[test]
    fn a_check_is_no_build_of_an_environment() {
        let (db, script) = database_with_script();
        let made = |build: Option<Build>| {
            let mut run = queued(&script);
            (run.kind, run.build) = (RunKind::Build, build);
            insert(&db, &mut run, None).expect("inserts");
            run
        };
        let before_there_were_actions = made(None);
        let newest = |db: &Connection| newest_build(db, &script).expect("reads").map(|run| run.id);
        assert_eq!(newest(&db), Some(before_there_were_actions.id));
        let install = made(Some(Build::default()));
        let mut check = made(Some(Build {
            action: BuildAction::Check,
            ..Build::default()
        }));
        assert_eq!(newest(&db), Some(install.id));
        assert_eq!(newest_check(&db, &script).expect("reads"), None);
        check.build.as_mut().expect("a build").found = Some(Found::default());
        store_step(&db, &mut check, &Event::Admitted, Timestamp::UNIX_EPOCH).expect("stores");
        assert_eq!(newest_check(&db, &script).expect("reads"), Some(check));
    }

    #[test]
    fn an_idempotency_key_is_used_once() {
        let (db, script) = database_with_script();
        let mut run = queued(&script);
        insert(&db, &mut run, Some("k")).expect("inserts");
        let second = insert(&db, &mut queued(&script), Some("k"));
        assert!(matches!(second, Err(Error::Taken { .. })));
        let found = by_idempotency_key(&db, &script, "k")
            .expect("reads")
            .expect("there");
        assert_eq!(found.id, run.id);
    }

    #[test]
    fn finished_runs_are_counted_by_utc_day() {
        let (db, script) = database_with_script();
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let finished = [
            "2026-11-01T23:59:59Z",
            "2026-11-02T00:00:00Z",
            "2026-11-02T01:00:00+02:00",
        ];
        for finished_at in finished.map(at) {
            let mut run = queued(&script);
            insert(&db, &mut run, None).expect("inserts");
            run.state = State::Finished {
                outcome: Outcome::cancelled("user", None, Evidence::default()),
            };
            run.finished_at = Some(finished_at);
            store_step(&db, &mut run, &Event::Admitted, finished_at).expect("stores");
        }
        let days = finished_per_day(&db, Timestamp::UNIX_EPOCH).expect("counts");
        let cancelled = |day: &str, count| (at(day), "cancelled".to_owned(), count);
        let expected = [
            cancelled("2026-11-01T00:00:00Z", 2),
            cancelled("2026-11-02T00:00:00Z", 1),
        ];
        assert_eq!(days, expected);
        assert_eq!(
            succeeded_since(&db, at("2026-11-02T00:00:00Z")).expect("counts"),
            (0, 1)
        );
    }

    #[test]
    fn lists_newest_first_by_keyset() {
        let (db, script) = database_with_script();
        let mut numbers = Vec::new();
        for _ in 0..5 {
            let mut run = queued(&script);
            insert(&db, &mut run, None).expect("inserts");
            numbers.push(run.number);
        }
        let page = |before| -> Vec<i64> {
            let filter = Filter {
                script: Some(script.clone()),
                state: Some(RunState::Queued),
                text: Some("REP".into()),
                before,
                limit: 2,
                ..Filter::default()
            };
            list(&db, &filter)
                .expect("lists")
                .iter()
                .map(|run| run.number)
                .collect()
        };
        assert_eq!(page(None), [numbers[4], numbers[3]]);
        assert_eq!(page(Some(numbers[3])), [numbers[2], numbers[1]]);
        assert_eq!(unfinished(&db).expect("lists").len(), 5);
    }
}
