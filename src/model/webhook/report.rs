//! What there is to tell, frozen when it happened: whatever becomes of script and run later, a message says what was so.
//!
//! Texts that come from a script are cut here, so that no message is larger than its receiver takes.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::ids::{RunId, ScheduleId, ScriptId};
use super::super::outcome::Outcome;
use super::super::run::{Run, Trigger};
use super::Occasion;
use super::rules::Streak;

const LINE_CHARS: usize = 300;
const LINES: usize = 10;
const MESSAGE_CHARS: usize = 500;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub event: Occasion,
    /// When it happened.
    pub at: Timestamp,
    pub script: ScriptFacts,
    /// None for a test of a webhook that is told of every script.
    pub run: Option<RunFacts>,
    /// Failures in a row, this one included; for `recovered` those that are over now.
    pub failures: u32,
    pub failing_since: Option<Timestamp>,
    /// How late it started; only for `late`.
    pub late_seconds: Option<i64>,
    /// Whether somebody asked for it to try the webhook out.
    #[serde(default)]
    pub is_test: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptFacts {
    pub id: ScriptId,
    pub name: String,
    pub tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacts {
    pub id: RunId,
    pub number: i64,
    /// The outcome's kind; `null` for one that has just started.
    pub outcome: Option<String>,
    /// The outcome in a sentence; empty for one that has just started.
    pub message: String,
    /// `manual`, `api`, `schedule`, …
    pub trigger: String,
    pub schedule_id: Option<ScheduleId>,
    /// When the schedule wanted it.
    pub due_at: Option<Timestamp>,
    /// Of the same moment of a schedule, from 1.
    pub attempt: Option<u32>,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub duration_ms: Option<u64>,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub revision: Option<i64>,
    /// The exception, in one line.
    pub error: Option<String>,
    /// The last lines the script wrote to stderr, oldest first, cut; not of a success.
    pub last_lines: Vec<String>,
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

impl RunFacts {
    pub fn of(run: &Run) -> Self {
        let (schedule_id, due_at, attempt) = match &run.trigger {
            Trigger::Schedule {
                schedule_id,
                slot,
                attempt,
                ..
            } => (Some(schedule_id.clone()), Some(*slot), Some(*attempt)),
            _ => (None, None, None),
        };
        let outcome = run.outcome();
        let evidence = outcome.and_then(Outcome::evidence);
        let traceback = evidence.and_then(|evidence| evidence.traceback.as_ref());
        let lines = evidence.map_or(&[][..], |evidence| &evidence.stderr_tail);
        let error = traceback.map(|traceback| match traceback.message.as_str() {
            "" => traceback.exception.clone(),
            message => format!("{}: {message}", traceback.exception),
        });
        let duration = run
            .started_at
            .zip(run.finished_at)
            .map(|(from, to)| to.duration_since(from).max(SignedDuration::ZERO));
        Self {
            id: run.id.clone(),
            number: run.number,
            outcome: outcome.map(|outcome| outcome.kind().to_owned()),
            message: outcome.map_or_else(String::new, |outcome| cut(outcome.message(), MESSAGE_CHARS)),
            trigger: kind_of(&run.trigger).to_owned(),
            schedule_id,
            due_at,
            attempt,
            queued_at: run.queued_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            duration_ms: duration.map(|duration| duration.as_millis().unsigned_abs() as u64),
            exit_code: run.facts.exit_code,
            signal: run.facts.signal,
            revision: run.launch.revision,
            error: error.map(|error| cut(&error.replace(['\n', '\r'], " "), LINE_CHARS)),
            last_lines: lines[lines.len().saturating_sub(LINES)..]
                .iter()
                .map(|line| cut(line, LINE_CHARS))
                .collect(),
        }
    }
}

/// The word that the trigger is stored by.
fn kind_of(trigger: &Trigger) -> String {
    serde_json::to_value(trigger)
        .ok()
        .and_then(|value| Some(value.get("kind")?.as_str()?.to_owned()))
        .unwrap_or_default()
}

impl Report {
    /// Of something that happened to a run.
    pub fn of(
        event: Occasion,
        script: ScriptFacts,
        run: &Run,
        (before, after): (&Streak, &Streak),
        at: Timestamp,
    ) -> Self {
        let row = if event == Occasion::Recovered {
            before
        } else {
            after
        };
        Self {
            event,
            at,
            script,
            run: Some(RunFacts::of(run)),
            failures: row.failures,
            failing_since: row.failing_since,
            late_seconds: None,
            is_test: false,
        }
    }

    /// One that never happened, to show what a message looks like.
    pub fn sample(event: Occasion, script: Option<ScriptFacts>, at: Timestamp) -> Self {
        let script = script.unwrap_or_else(|| ScriptFacts {
            id: ScriptId::parse("01900000000070008000000000000001"),
            name: "Nightly report".to_owned(),
            tags: vec!["reports".to_owned()],
        });
        let earlier = |seconds: i64| {
            at.saturating_sub(SignedDuration::from_secs(seconds))
                .unwrap_or(at)
        };
        let fails = matches!(event, Occasion::Failed);
        let (outcome, message) = match event {
            Occasion::Failed => (
                Some("failed"),
                "Failed with exit code 1: ValueError: no rows for yesterday",
            ),
            Occasion::Skipped => (
                Some("skipped"),
                "Skipped: an earlier run of this script was not finished",
            ),
            Occasion::Late => (None, ""),
            Occasion::Finished | Occasion::Recovered | Occasion::Test => (Some("succeeded"), "Succeeded"),
        };
        let ran = !matches!(event, Occasion::Skipped);
        let ended = ran && event != Occasion::Late;
        let run = RunFacts {
            id: RunId::parse("01900000000070008000000000000002"),
            number: 4711,
            outcome: outcome.map(str::to_owned),
            message: message.to_owned(),
            trigger: "schedule".to_owned(),
            schedule_id: Some(ScheduleId::parse("01900000000070008000000000000003")),
            due_at: Some(earlier(95)),
            attempt: Some(1),
            queued_at: earlier(95),
            started_at: ran.then(|| earlier(if ended { 94 } else { 0 })),
            finished_at: (event != Occasion::Late).then_some(at),
            duration_ms: ended.then_some(94_000),
            exit_code: ended.then_some(i32::from(fails)),
            signal: None,
            revision: Some(12),
            error: fails.then(|| "ValueError: no rows for yesterday".to_owned()),
            last_lines: match fails {
                true => vec![
                    "Traceback (most recent call last):".to_owned(),
                    "  File \"/script/main.py\", line 42, in main".to_owned(),
                    "ValueError: no rows for yesterday".to_owned(),
                ],
                false => vec![],
            },
        };
        let failures = match event {
            Occasion::Failed | Occasion::Recovered => 3,
            _ => 0,
        };
        Self {
            event,
            at,
            script,
            run: Some(run),
            failures,
            failing_since: (failures > 0).then(|| earlier(7_200)),
            late_seconds: (event == Occasion::Late).then_some(95),
            is_test: event == Occasion::Test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::run::State;
    use super::super::super::run::tests_support::run_in;
    use super::*;

    #[test]
    fn what_a_script_wrote_is_cut() {
        let line = "ü".repeat(1_000);
        let lines: Vec<&str> = (0..20).map(|_| line.as_str()).collect();
        let json = serde_json::json!({"kind": "failed", "message": line, "exit_code": 1, "stderr_tail": lines,
            "traceback": {"exception": "E", "message": format!("a\nb{line}"), "frames": [], "location": null}});
        let mut run = run_in(State::Finished {
            outcome: serde_json::from_value(json).expect("an outcome"),
        });
        run.started_at = Some(Timestamp::UNIX_EPOCH);
        run.finished_at = Timestamp::from_second(3).ok();
        let facts = RunFacts::of(&run);
        assert_eq!((facts.last_lines.len(), facts.duration_ms), (LINES, Some(3_000)));
        assert!(
            facts
                .last_lines
                .iter()
                .all(|line| line.chars().count() <= LINE_CHARS + 1)
        );
        assert!(
            facts
                .error
                .as_deref()
                .is_some_and(|error| error.starts_with("E: a büü"))
        );
        assert_eq!(
            (facts.trigger.as_str(), facts.outcome.as_deref()),
            ("manual", Some("failed"))
        );
        let stored = serde_json::to_string(&facts).expect("JSON");
        assert!(stored.len() < 16 * 1024, "{}", stored.len());
    }

    #[test]
    fn there_is_a_sample_of_each_event_and_it_is_read_as_it_was_stored() {
        use Occasion::{Failed, Finished, Late, Recovered, Skipped, Test};
        for event in [Finished, Failed, Recovered, Skipped, Late, Test] {
            let sample = Report::sample(event, None, Timestamp::UNIX_EPOCH);
            let stored = serde_json::to_string(&sample).expect("JSON");
            assert_eq!(serde_json::from_str::<Report>(&stored).expect("a report"), sample);
        }
    }
}
