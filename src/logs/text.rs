//! A record as interfaces show it: text, with the exact bytes beside it where they are no text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Record, Stream};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    Stdout,
    Stderr,
    /// Sentences of the product itself.
    System,
}

/// One record of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogRecord {
    /// Counts up from 1; a jump means lost records.
    pub seq: u64,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub stream: LogStream,
    /// As the script wrote it, cut anywhere; invalid UTF-8 replaced, then `base64` has the exact bytes.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub base64: Option<String>,
}

impl From<Stream> for LogStream {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Stdout => Self::Stdout,
            Stream::Stderr => Self::Stderr,
            Stream::System | Stream::Truncated => Self::System,
        }
    }
}

/// Out of range only if the machine's clock was: better a wrong time than no record.
pub(super) fn time_of(record: &Record<'_>) -> Timestamp {
    Timestamp::from_microsecond(record.wall_us).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl From<Record<'_>> for LogRecord {
    fn from(record: Record<'_>) -> Self {
        let (text, base64) = match (system_text(&record), std::str::from_utf8(record.payload)) {
            (Some(sentence), _) => (sentence, None),
            (None, Ok(text)) => (text.to_owned(), None),
            (None, Err(_)) => {
                let lossy = String::from_utf8_lossy(record.payload).into_owned();
                (lossy, Some(STANDARD.encode(record.payload)))
            }
        };
        Self {
            seq: record.seq,
            at: time_of(&record),
            stream: record.stream.into(),
            text,
            base64,
        }
    }
}

/// The sentence for people in a record that is not the script's output.
pub(super) fn system_text(record: &Record<'_>) -> Option<String> {
    match record.stream {
        Stream::Stdout | Stream::Stderr => None,
        Stream::System => Some(String::from_utf8_lossy(record.payload).into_owned()),
        Stream::Truncated => {
            let bytes = record.dropped_bytes().unwrap_or(0);
            Some(format!("{bytes} bytes of output are missing here."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stream: Stream, payload: &[u8]) -> serde_json::Value {
        let record = Record {
            seq: 7,
            wall_us: 1_700_000_000_123_456,
            mono_us: 0,
            stream,
            payload,
        };
        serde_json::to_value(LogRecord::from(record)).unwrap()
    }

    #[test]
    fn text_is_text_and_other_bytes_are_there_as_well() {
        assert_eq!(
            shown(Stream::Stdout, "é\0\r\n".as_bytes()),
            serde_json::json!({
                "seq": 7, "at": "2023-11-14T22:13:20.123456Z", "stream": "stdout", "text": "é\u{0}\r\n"
            })
        );
        let odd = shown(Stream::Stderr, b"a\xffb");
        assert_eq!(odd["text"], "a\u{fffd}b");
        assert_eq!(odd["base64"], "Yf9i");
        let missing = shown(Stream::Truncated, &42_u64.to_le_bytes());
        assert_eq!(missing["stream"], "system");
        assert_eq!(missing["text"], "42 bytes of output are missing here.");
        assert_eq!(missing.get("base64"), None);
    }

    #[test]
    fn an_impossible_time_does_not_cost_the_record() {
        let record = Record {
            seq: 1,
            wall_us: i64::MAX,
            mono_us: 0,
            stream: Stream::Stdout,
            payload: b"x",
        };
        assert_eq!(LogRecord::from(record).at, Timestamp::UNIX_EPOCH);
    }
}
