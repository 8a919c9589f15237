//! A webhook and its deliveries as values: who is told what, when, and how it went.
//!
//! What somebody decides about a webhook are its [`Terms`]. Address and secret are sealed and stand beside them. Which
//! event a run gives is [`rules`]', when it may be told [`quiet`]'s, and what there is to tell [`report`]'s.

pub mod quiet;
pub mod report;
pub mod rules;
pub mod target;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{DeliveryId, RunId, ScriptId, WebhookId};
use super::script::Invalid;
use super::secret::Sealed;
use quiet::QuietHours;
use report::Report;

const NAME_CHARS: usize = 100;
const TEMPLATE_BYTES: usize = 8 * 1024;
const CONTENT_TYPE_CHARS: usize = 100;
const MOST_FAILURES: u32 = 1_000;

/// In what form a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookFormat)]
pub enum Format {
    /// JSON with all there is to tell.
    Generic,
    Slack,
    Discord,
    Ntfy,
    /// An adaptive card, as Teams' workflows take it.
    Teams,
    /// Whoever receives it has written the template.
    Template,
}

/// What somebody may want to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookEvent)]
pub enum Occasion {
    /// A run has ended, however.
    Finished,
    /// A run has ended without success, and nobody had cancelled it.
    Failed,
    /// The first success after failures.
    Recovered,
    /// A run that was due did not start, and will not.
    Skipped,
    /// A run that a schedule wanted started later than it should have.
    Late,
    /// Somebody tries out whether messages arrive.
    Test,
}

impl Occasion {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Recovered => "recovered",
            Self::Skipped => "skipped",
            Self::Late => "late",
            Self::Test => "test",
        }
    }
}

/// Which of the events it wants a webhook is told of, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = WebhookRules)]
pub struct Rules {
    /// Of the same in a row only the first; of ends of runs only those that change success to failure or back.
    pub on_change: bool,
    /// Of failures in a row every so manieth. With `on_change` beside the first, otherwise instead of all.
    pub every_nth_failure: Option<u32>,
    /// Hours in which nothing is sent; what there is to tell is held until they are over.
    pub quiet_hours: Option<QuietHours>,
}

/// What somebody decides about a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub name: String,
    pub format: Format,
    #[serde(default)]
    pub template: Option<String>,
    #[serde(default)]
    pub content_type: Option<String>,
    pub events: Vec<Occasion>,
    #[serde(default)]
    pub rules: Rules,
    pub enabled: bool,
    #[serde(default)]
    pub signed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    pub id: WebhookId,
    /// `None`: every script.
    pub script_id: Option<ScriptId>,
    pub terms: Terms,
    pub url: Sealed,
    /// The address without what could be a secret.
    pub url_shown: String,
    pub secret: Option<Sealed>,
    /// Why it was switched off by itself.
    pub disabled_because: Option<String>,
    /// Since the first of the attempts in a row that failed.
    pub failing_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its turn, or for the next attempt.
    Pending,
    /// Is being sent.
    Delivering,
    /// The receiver has taken it.
    Delivered,
    /// It was given up.
    Failed,
    /// Its webhook was switched off before it was sent.
    Cancelled,
    /// Is held until the quiet hours are over.
    Quiet,
}

impl DeliveryState {
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Delivering | Self::Quiet)
    }
}

/// One message on its way to one webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Counts up; the order within a lane.
    pub number: i64,
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    /// What is sent in order: the script, or for a test the delivery itself.
    pub lane: String,
    /// Stays the same through attempts and replays, so that a receiver can tell what it knows already.
    pub message_id: String,
    pub run_id: Option<RunId>,
    pub report: Report,
    pub state: DeliveryState,
    pub created_at: Timestamp,
    /// From when it may be sent: it was made then, or quiet hours were over.
    pub due_at: Timestamp,
    pub next_attempt_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub attempts: Vec<Attempt>,
    /// What was sent last.
    pub request: Option<SentRequest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub struct Attempt {
    pub at: Timestamp,
    pub duration_ms: u64,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why it is no success, for people.
    pub error: Option<String>,
    /// The beginning of what was answered. Text of somebody else: never to be shown but as text.
    pub response_excerpt: Option<String>,
}

/// A request without what authorises it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRequest {
    pub method: String,
    pub url_shown: String,
    /// Names and values, in order. Of `authorization` only that it was there.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

fn invalid<T>(field: &'static str, message: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid {
        field,
        message: message.into(),
    })
}

impl Terms {
    /// Everything that can be told without the network and without rendering.
    pub fn check(&mut self) -> Result<(), Invalid> {
        self.name = self.name.trim().to_owned();
        let chars = self.name.chars().count();
        if chars == 0 || chars > NAME_CHARS || self.name.chars().any(char::is_control) {
            return invalid(
                "name",
                format!("A name has 1 to {NAME_CHARS} characters, none of them a control character"),
            );
        }
        if self.events.is_empty() {
            return invalid("events", "Choose at least one event");
        }
        if self.events.contains(&Occasion::Test) {
            return invalid(
                "events",
                "A test is sent when somebody asks for it; it is no event to wait for",
            );
        }
        let mut seen = Vec::new();
        self.events.retain(|event| {
            let new = !seen.contains(event);
            seen.push(*event);
            new
        });
        match (self.format, &self.template) {
            (Format::Template, None) => return invalid("template", "This format needs a template"),
            (Format::Template, Some(template)) if template.len() > TEMPLATE_BYTES => {
                return invalid(
                    "template",
                    format!("A template has at most {TEMPLATE_BYTES} bytes"),
                );
            }
            (Format::Template, Some(_)) | (_, None) => {}
            (_, Some(_)) => return invalid("template", "Only the format \"template\" has one"),
        }
        if let Some(content_type) = &self.content_type {
            if self.format != Format::Template {
                return invalid(
                    "content_type",
                    "Only the format \"template\" has one; the others have their own",
                );
            }
            let plain = content_type.chars().all(|c| c.is_ascii_graphic() || c == ' ');
            let (major, minor) = content_type.split_once('/').unwrap_or_default();
            let minor = minor.split(';').next().unwrap_or_default().trim();
            if content_type.len() > CONTENT_TYPE_CHARS
                || !plain
                || major.trim().is_empty()
                || minor.is_empty()
            {
                return invalid(
                    "content_type",
                    "A content type is like application/json or text/plain; charset=utf-8",
                );
            }
        }
        if let Some(n) = self.rules.every_nth_failure
            && !(2..=MOST_FAILURES).contains(&n)
        {
            return invalid(
                "rules.every_nth_failure",
                format!("rules.every_nth_failure must be from 2 to {MOST_FAILURES}, not {n}"),
            );
        }
        if let Some(quiet) = &self.rules.quiet_hours {
            quiet.check().or_else(|why| invalid("rules.quiet_hours", why))?;
        }
        Ok(())
    }
}

/// Values that tests start from.
#[cfg(test)]
pub(crate) mod tests_support {
    use super::*;

    pub(crate) fn terms(events: &[Occasion]) -> Terms {
        Terms {
            name: "Team".to_owned(),
            format: Format::Generic,
            template: None,
            content_type: None,
            events: events.to_vec(),
            rules: Rules::default(),
            enabled: true,
            signed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tests_support::terms;
    use super::*;

    #[test]
    fn terms_that_make_no_sense_are_refused_by_field() {
        let change = |change: fn(&mut Terms)| {
            let mut terms = terms(&[Occasion::Failed]);
            change(&mut terms);
            terms.check()
        };
        assert_eq!(change(|_| {}), Ok(()));
        let quiet = |json: &str| serde_json::from_str::<QuietHours>(json).expect("quiet hours");
        type Change = fn(&mut Terms);
        let table: [(Change, &str); 9] = [
            (|t| t.name = " ".to_owned(), "name"),
            (|t| t.name = "a\nb".to_owned(), "name"),
            (|t| t.events.clear(), "events"),
            (|t| t.events.push(Occasion::Test), "events"),
            (|t| t.format = Format::Template, "template"),
            (|t| t.template = Some("x".to_owned()), "template"),
            (|t| t.content_type = Some("text/plain".to_owned()), "content_type"),
            (|t| t.rules.every_nth_failure = Some(1), "rules.every_nth_failure"),
            (
                |t| {
                    t.format = Format::Template;
                    t.template = Some("x".repeat(TEMPLATE_BYTES + 1));
                },
                "template",
            ),
        ];
        for (wrong, field) in table {
            assert_eq!(change(wrong).expect_err(field).field, field);
        }
        for content_type in ["json", "text/", "a/b\r\nx: y", "/json"] {
            let mut terms = terms(&[Occasion::Failed]);
            (terms.format, terms.template) = (Format::Template, Some("x".to_owned()));
            terms.content_type = Some(content_type.to_owned());
            assert_eq!(terms.check().expect_err(content_type).field, "content_type");
        }
        let mut odd = terms(&[Occasion::Failed]);
        odd.rules.quiet_hours = Some(quiet(
            r#"{"from": "22:00", "to": "07:00", "timezone": "Mars/Olympus"}"#,
        ));
        assert_eq!(odd.check().expect_err("no such zone").field, "rules.quiet_hours");
    }

    #[test]
    fn an_event_is_wanted_once() {
        let mut terms = terms(&[Occasion::Failed, Occasion::Late, Occasion::Failed]);
        terms.check().expect("fine");
        assert_eq!(terms.events, [Occasion::Failed, Occasion::Late]);
    }
}
