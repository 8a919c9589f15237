//! A database with a long history of finished runs, of two years up to now.
//!
//! The schema is made by the product's own migrations, and finished runs are filed as the product files them, all in one
//! pass: going over ten million rows again and again is what takes the time. Runs have no directories and no events; nothing
//! that is measured on these databases reads either.

mod filing;
mod rows;

use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;
use pytask_manager::files::layout;
use pytask_manager::model::ids::RunId;
use pytask_manager::model::retention::RetentionWish;
use pytask_manager::model::run::Trigger;
use pytask_manager::model::settings::Settings;
use pytask_manager::store;
use rusqlite::Connection;

use filing::Shelves;
use rows::{Made, Writer};

use super::kinds::{self, Kind, SCRIPTS};
pub(crate) use super::kinds::{COMMON_ERROR, RARE_ERROR};
use super::{Random, place};
use crate::product::now;
use crate::report::time;

/// In their order.
const SCHEMA: [&str; 9] = [
    include_str!("../../../migrations/001_initial.sql"),
    include_str!("../../../migrations/002_trusted_runs.sql"),
    include_str!("../../../migrations/003_packages.sql"),
    include_str!("../../../migrations/004_images.sql"),
    include_str!("../../../migrations/005_bytecode.sql"),
    include_str!("../../../migrations/006_schedules.sql"),
    include_str!("../../../migrations/007_index_credentials.sql"),
    FILES_RUNS,
    include_str!("../../../migrations/009_raw_logs.sql"),
];
/// Also says where the steps of duration are.
const FILES_RUNS: &str = include_str!("../../../migrations/008_history.sql");
const SEED: u64 = 12;
const SPAN_MS: u64 = 730 * 24 * 3_600_000;
/// In one transaction.
const BATCH: usize = 100_000;
const KEPT: u64 = 300;
/// The one index whose order is not that of writing: each run would land on another page.
const LATE: &str = "filed_runs_by_duration";
const SQL_OF: &str = "SELECT sql FROM sqlite_master WHERE name = ?1";

/// A history and what can be looked for in it.
pub(crate) struct History {
    pub(crate) data: PathBuf,
    pub(crate) runs: u64,
    pub(crate) kinds: Vec<Kind>,
    /// When its first run was queued, and how far apart they are.
    pub(crate) first_ms: i64,
    pub(crate) apart_ms: u64,
}

impl History {
    /// The data directory of an instance with so many runs; made if it is not there yet.
    #[expect(
        clippy::print_stderr,
        reason = "it takes minutes, and somebody may be waiting"
    )]
    pub(crate) fn of(runs: u64) -> Self {
        let data = place().join(format!("history-{runs}"));
        let now = now();
        let mut random = Random::from_seed(SEED);
        let kinds = kinds::all(&mut random, now);
        let apart_ms = SPAN_MS / runs;
        let today = now.as_millisecond() / 86_400_000 * 86_400_000;
        let history = Self {
            data,
            runs,
            kinds,
            first_ms: today - SPAN_MS as i64,
            apart_ms,
        };
        let database = history.data.join(layout::DATABASE);
        if !database.exists() {
            let begun = Instant::now();
            let staged = database.with_extension("new");
            std::fs::create_dir_all(database.parent().expect("a folder")).expect("a folder for the database");
            history.write(&staged, &mut random).expect("a database");
            std::fs::rename(&staged, &database).expect("its name");
            eprintln!("a history of {runs} runs was made in {}", time(begun.elapsed()));
        }
        history
    }

    fn write(&self, database: &Path, random: &mut Random) -> rusqlite::Result<()> {
        let mut connection = Connection::open(database)?;
        // Whoever breaks this off begins anew.
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
             PRAGMA cache_size = -524288; PRAGMA foreign_keys = OFF;",
        )?;
        SCHEMA
            .iter()
            .try_for_each(|step| connection.execute_batch(step))?;
        connection.pragma_update(None, "user_version", SCHEMA.len())?;
        let late: String = connection.query_row(SQL_OF, [LATE], |row| row.get(0))?;
        connection.execute_batch(&format!("DROP INDEX {LATE}"))?;
        let mut numbers = 1..=self.runs;
        let mut shelves = Shelves::with_steps_of(FILES_RUNS);
        while !numbers.is_empty() {
            let transaction = connection.transaction()?;
            let mut writer = Writer::on(&transaction)?;
            for number in numbers.by_ref().take(BATCH) {
                let run = self.run(number, random);
                writer.write(&run)?;
                shelves.file(&run, &mut writer)?;
            }
            drop(writer);
            transaction.commit()?;
        }
        connection.execute_batch(&late)?;
        shelves.write(&connection)?;
        self.write_around(&connection, random);
        Ok(())
    }

    /// Whose runs they are, that they are kept, and that the database was left in order.
    fn write_around(&self, connection: &Connection, random: &mut Random) {
        for kind in &self.kinds {
            store::scripts::insert(connection, &kind.script).expect("a script");
            if let Some(schedule) = &kind.schedule {
                store::schedules::insert(connection, schedule).expect("a schedule");
            }
        }
        let endless = Settings {
            retention: RetentionWish {
                max_age_days: Some(0),
                max_runs: Some(0),
                max_bytes: Some(0),
            },
            ..Settings::default()
        };
        store::settings::set(connection, &endless, now()).expect("settings");
        for _ in 0..KEPT {
            let number = 1 + random.below(self.runs);
            let id: String = connection
                .query_row("SELECT id FROM runs WHERE number = ?1", [number], |row| {
                    row.get(0)
                })
                .expect("its run");
            store::runs::set_kept(connection, &RunId::parse(&id), true).expect("keeps");
        }
        store::meta::set(connection, "clean_stop", "1").expect("a note");
    }

    fn run(&self, number: u64, random: &mut Random) -> Made<'_> {
        // Of each script half as often as of one twice as busy.
        let rank = ((SCRIPTS as f64 + 1.0).powf(random.part()) - 1.0) as usize;
        let kind = &self.kinds[rank.min(SCRIPTS - 1)];
        let queued_at = self.first_ms + (number * self.apart_ms + random.below(self.apart_ms)) as i64;
        let queued = Timestamp::from_millisecond(queued_at).expect("a time");
        let (word, trigger) = match random.below(100) {
            ..97 => ("script", kind.trigger(queued, random)),
            97 | 98 => ("build", Trigger::Manual),
            _ => ("compile", Trigger::System),
        };
        let trouble = kind.trouble(random);
        let ran = trouble
            .as_ref()
            .is_none_or(|trouble| trouble.outcome.evidence().is_some());
        let started_at = queued_at + random.below(900) as i64;
        let took_ms = kind.duration_ms(random);
        Made {
            number,
            id: kinds::id(random, queued_at as u64),
            kind,
            word,
            trigger,
            queued_at,
            started_at: ran.then_some(started_at),
            finished_at: started_at + if ran { took_ms } else { 0 },
            trouble,
            output: if ran { random.below(30_000) } else { 0 },
        }
    }
}
