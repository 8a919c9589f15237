//! A page of history as somebody would get it who has nothing but the table: by number, downwards, without a filter, all
//! columns, over a connection of its own to the same file. No HTTP, no JSON.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

pub(crate) struct Pages(Connection);

const PAGE: &str = "SELECT * FROM runs WHERE number < ?1 ORDER BY number DESC LIMIT 50";

impl Pages {
    pub(crate) fn of(database: &Path) -> Self {
        let connection =
            Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database");
        Self(connection)
    }

    /// The one below this number, and how long it took.
    pub(crate) fn page(&self, below: u64) -> Duration {
        let begun = Instant::now();
        let mut statement = self.0.prepare_cached(PAGE).expect("a statement");
        let columns = statement.column_count();
        let mut rows = statement.query([below]).expect("a query");
        let (mut count, mut read) = (0, 0);
        while let Some(row) = rows.next().expect("a row") {
            count += 1;
            for column in 0..columns {
                let value = row.get_ref(column).expect("a column");
                read += value.as_bytes_or_null().ok().flatten().map_or(8, <[u8]>::len);
            }
        }
        let took = begun.elapsed();
        assert!(count == 50 && read > 0, "a page of {count}");
        took
    }
}
