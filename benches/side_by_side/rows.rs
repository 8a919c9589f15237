//! The rows that can be measured. A row is a function that sets up what it needs, measures it beside its baseline, and
//! answers a [`Report`]; its number is the one in docs/performance.md.

mod environments;
mod schedules;

use std::pin::Pin;

use crate::report::Report;

type Measuring = Pin<Box<dyn Future<Output = Report>>>;

pub(crate) struct Row {
    pub(crate) number: u32,
    pub(crate) measure: fn() -> Measuring,
}

const ROWS: [Row; 2] = [
    Row {
        number: 13,
        measure: || Box::pin(schedules::measure()),
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
