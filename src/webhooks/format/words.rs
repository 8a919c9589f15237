//! What messages for people have in common: a headline, a sentence, a few facts.

use jiff::{SignedDuration, Timestamp};

use super::Material;
use crate::model::webhook::Occasion;
use crate::model::webhook::report::{Report, RunFacts};

/// How loud a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Bad,
    Warning,
    Neutral,
}

pub fn tone(report: &Report) -> Tone {
    match report.event {
        Occasion::Failed => Tone::Bad,
        Occasion::Recovered => Tone::Good,
        Occasion::Skipped | Occasion::Late => Tone::Warning,
        Occasion::Test => Tone::Neutral,
        Occasion::Finished => match outcome(report) {
            "succeeded" => Tone::Good,
            "cancelled" => Tone::Neutral,
            _ => Tone::Bad,
        },
    }
}

fn outcome(report: &Report) -> &str {
    report
        .run
        .as_ref()
        .and_then(|run| run.outcome.as_deref())
        .unwrap_or_default()
}

/// One line.
pub fn title(report: &Report) -> String {
    let name = one_line(&report.script.name);
    match report.event {
        Occasion::Test => format!("Test message from PyTask-Manager: {name}"),
        Occasion::Recovered => format!("{name} recovered"),
        Occasion::Skipped => format!("{name} was skipped"),
        Occasion::Late => format!("{name} started {} late", length(report.late_seconds.unwrap_or(0))),
        Occasion::Failed | Occasion::Finished => {
            let what = match outcome(report) {
                "succeeded" => "succeeded",
                "cancelled" => "was cancelled",
                "timed_out" => "timed out",
                "out_of_memory" => "ran out of memory",
                "signalled" => "was killed",
                "environment_failed" | "engine_error" => "could not be started",
                "lost" => "was lost",
                _ => "failed",
            };
            match report.failures {
                times @ 2.. => format!("{name} {what} (failure {times} in a row)"),
                _ => format!("{name} {what}"),
            }
        }
    }
}

/// What there is to say beside the headline, if anything.
pub fn sentence(report: &Report) -> String {
    if report.event == Occasion::Test {
        return "Somebody tries out whether messages arrive. They do.".to_owned();
    }
    let Some(run) = &report.run else {
        return String::new();
    };
    match report.event {
        Occasion::Late => run
            .due_at
            .map_or_else(String::new, |due| format!("It was due at {}.", moment(due))),
        Occasion::Recovered => match report.failing_since {
            Some(since) => format!(
                "{}. It had failed {} since {}.",
                run.message,
                times(report.failures),
                moment(since)
            ),
            None => run.message.clone(),
        },
        _ => run.message.clone(),
    }
}

/// Labels and values, in order.
pub fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if report.event == Occasion::Test {
        return facts;
    }
    if let Some(run) = &report.run {
        facts.push(("Run", format!("#{}", run.number)));
        if let Some(ms) = run.duration_ms {
            facts.push(("Duration", duration(ms)));
        }
        facts.push(("Trigger", trigger(run)));
    }
    if report.event != Occasion::Recovered
        && let Some(since) = report.failing_since.filter(|_| report.failures > 1)
    {
        facts.push(("Failing since", moment(since)));
    }
    facts
}

fn trigger(run: &RunFacts) -> String {
    match run.attempt {
        Some(attempt @ 2..) => format!("{}, attempt {attempt}", run.trigger),
        _ => run.trigger.clone(),
    }
}

/// The last words of a script, as a block of text; empty if there are none.
pub fn last_words(material: &Material<'_>) -> String {
    match &material.report.run {
        Some(run) if material.report.event != Occasion::Test => run.last_lines.join("\n"),
        _ => String::new(),
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

/// To the second, in UTC: who reads it may be anywhere.
fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn duration(ms: u64) -> String {
    match ms {
        ..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => length(i64::try_from(ms / 1_000).unwrap_or(i64::MAX)),
    }
}

fn length(seconds: i64) -> String {
    let length = SignedDuration::from_secs(seconds.max(0));
    let (hours, minutes, seconds) = (length.as_hours(), length.as_mins() % 60, length.as_secs() % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min {seconds} s"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Without what would begin another line or steer a terminal.
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// At most so many bytes, cut between characters.
pub fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most.saturating_sub('…'.len_utf8()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0);
    format!("{}…", &text[..end])
}
