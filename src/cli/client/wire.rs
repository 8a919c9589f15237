//! What the client reads of answers: little, and with room for what later versions add or leave out. Whoever wants all of it
//! gets the answer itself, with `--json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct OutcomeSeen {
    pub kind: String,
    pub message: String,
    pub exit_code: Option<i64>,
    pub signal: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RunSeen {
    pub id: String,
    pub number: i64,
    pub script_name: String,
    pub state: String,
    #[serde(default)]
    pub kind: String,
    pub outcome: Option<OutcomeSeen>,
    pub trigger: Option<TriggerSeen>,
    pub queued_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub wait_reason: Option<Reason>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TriggerSeen {
    pub kind: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reason {
    pub message: String,
}

impl RunSeen {
    pub fn is_finished(&self) -> bool {
        self.state == "finished"
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ScriptSeen {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub slug: String,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub entry_point: String,
    #[serde(default)]
    pub paused: bool,
    pub environment: Option<StateSeen>,
    pub last_run: Option<RunSeen>,
    pub next_fire: Option<Fire>,
    pub revision: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StateSeen {
    pub state: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Fire {
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ScheduleSeen {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub script_name: String,
    pub when: WhenSeen,
    pub enabled: bool,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub script_paused: bool,
    #[serde(default)]
    pub done: bool,
    #[serde(default)]
    pub next: Vec<Fire>,
    pub last: Option<LastFire>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WhenSeen {
    Cron {
        expression: String,
        zone: String,
    },
    Once {
        at: Timestamp,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LastFire {
    pub slot: Timestamp,
    pub outcome_kind: Option<String>,
}

/// One record of a log. It is also what `--json` prints of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSeen {
    pub seq: u64,
    pub at: Timestamp,
    pub stream: String,
    pub text: String,
    /// The exact bytes, where they are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// What comes over the live socket.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FrameSeen {
    Records {
        records: Vec<RecordSeen>,
    },
    State {
        run: serde_json::Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ErrorSeen {
    pub code: String,
    pub message: String,
    pub request_id: String,
    pub details: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_later_versions_add_is_passed_over() {
        let frame = |text: &str| serde_json::from_str::<FrameSeen>(text).expect(text);
        assert!(matches!(
            frame(r#"{"type":"samples","samples":[]}"#),
            FrameSeen::Other
        ));
        let records = r#"{"type":"records","records":[{"seq":1,"at":"2026-01-01T00:00:00Z","stream":"stdout","text":"x","colour":1}]}"#;
        assert!(matches!(frame(records), FrameSeen::Records { records } if records[0].text == "x"));
        let when = r#"{"kind":"moon","phase":1}"#;
        assert_eq!(
            serde_json::from_str::<WhenSeen>(when).expect("read"),
            WhenSeen::Other
        );
    }
}
