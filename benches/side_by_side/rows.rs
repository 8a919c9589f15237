//! The rows that can be measured. A row is a function that sets up what it needs, measures it beside its baseline, and
//! answers a [`Report`]; its number is the one in docs/performance.md.

mod environments;
mod history;
mod idle;
mod logs;
mod schedules;
mod starts;

use std::pin::Pin;

use crate::report::Report;

type Measuring = Pin<Box<dyn Future<Output = Report>>>;

pub(crate) struct Row {
    pub(crate) number: u32,
    pub(crate) measure: fn() -> Measuring,
}

const ROWS: [Row; 10] = [
    Row {
        number: 7,
        measure: || Box::pin(logs::flood::measure_cost()),
    },
    Row {
        number: 8,
        measure: || Box::pin(logs::flood::measure_speed()),
    },
    Row {
        number: 9,
        measure: || Box::pin(logs::latency::measure()),
    },
    Row {
        number: 10,
        measure: || Box::pin(logs::windows::measure()),
    },
    Row {
        number: 11,
        measure: || Box::pin(logs::search::measure()),
    },
    Row {
        number: 12,
        measure: || Box::pin(history::measure()),
    },
    Row {
        number: 13,
        measure: || Box::pin(schedules::measure()),
    },
    Row {
        number: 14,
        measure: || Box::pin(idle::measure()),
    },
    Row {
        number: 15,
        measure: || Box::pin(starts::measure()),
    },
    Row {
        number: 16,
        measure: || Box::pin(environments::measure()),
    },
];

/// Those with these numbers; all where none is asked for.
pub(crate) fn chosen(asked: &[String]) -> Result<Vec<Row>, String> {
    if let Some(stranger) = asked
        .iter()
        .find(|word| !ROWS.iter().any(|row| row.number.to_string() == **word))
    {
        let known: Vec<String> = ROWS.iter().map(|row| row.number.to_string()).collect();
        return Err(format!(
            "There is no row {stranger}. Rows that can be measured: {}.",
            known.join(", ")
        ));
    }
    let wanted = |row: &Row| asked.is_empty() || asked.contains(&row.number.to_string());
    Ok(ROWS.into_iter().filter(wanted).collect())
}
