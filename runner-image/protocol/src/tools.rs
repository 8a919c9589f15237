//! What the controller and `supervisor tools` say to each other over a socket: programs that look at a script's folder,
//! one per connection.
//!
//! A tools folder holds two things: [`ToolsSpec`] as [`TOOLS_SPEC_FILE`], written by the controller before the supervisor
//! starts, and the listening socket [`TOOLS_SOCKET`]. On each connection the controller sends one line, a [`Request`] as
//! JSON, then the bytes of the program's input; closing its sending half ends that. The supervisor answers in frames
//! ([`Reply`]): what the program writes, in pieces, and at last how it ended. No end without an [`Ended`], but for a
//! supervisor that was killed.
//!
//! Only the supervisor, as root, can reach the socket from inside; the programs cannot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub const TOOLS_SPEC_FILE: &str = "tools.json";
pub const TOOLS_SOCKET: &str = "socket";

/// No request is longer, its line's end included.
pub const MAX_REQUEST_BYTES: usize = 16 * 1024;
/// What one piece of a program's output holds at most.
pub const MAX_PIECE_BYTES: usize = 64 * 1024;

/// What a tools container may start, and as whom. Unknown fields are refused, as a run's are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolsSpec {
    /// [`crate::VERSION`] of the writer.
    pub version: u32,
    /// By the name that requests use: the program with its first arguments.
    pub programs: BTreeMap<String, Vec<String>>,
    /// The whole environment of the programs.
    pub env: BTreeMap<String, String>,
    pub cwd: String,
    pub uid: u32,
    pub gid: u32,
    /// More at once are refused.
    pub connections: u32,
}

/// The first line of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// One of the spec's.
    pub program: String,
    /// After those of the spec.
    #[serde(default)]
    pub args: Vec<String>,
    /// How long it may go on after its input has ended. A program whose connection is gone is killed then at the latest.
    #[serde(default)]
    pub after_input_ms: u64,
}

/// How a program ended, or why there was none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// It was not started; for people.
    pub error: Option<String>,
}

/// One frame of the answer: a kind, the length as four bytes (little-endian), the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    /// The last.
    Ended(Ended),
}

pub const REPLY_HEADER: usize = 5;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ENDED: u8 = 3;

/// What came is no reply: the other side is not the supervisor, or is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoReply;

impl std::fmt::Display for NoReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a reply of a supervisor")
    }
}

impl std::error::Error for NoReply {}

impl Reply {
    /// Appends the frame. A piece that is too long is not whole on the other side; callers cut before.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let ended;
        let (kind, payload): (u8, &[u8]) = match self {
            Self::Stdout(bytes) => (STDOUT, bytes),
            Self::Stderr(bytes) => (STDERR, bytes),
            Self::Ended(end) => {
                ended = serde_json::to_vec(end).unwrap_or_default();
                (ENDED, &ended)
            }
        };
        out.push(kind);
        out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        out.extend_from_slice(payload);
    }

    /// The first frame of `bytes` and how long it was; `None` while there is not all of it.
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, NoReply> {
        let Some((header, rest)) = bytes.split_first_chunk::<REPLY_HEADER>() else {
            return match bytes.first() {
                None | Some(&(STDOUT | STDERR | ENDED)) => Ok(None),
                Some(_) => Err(NoReply),
            };
        };
        let [kind, a, b, c, d] = *header;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if !matches!(kind, STDOUT | STDERR | ENDED) || length > MAX_PIECE_BYTES {
            return Err(NoReply);
        }
        let Some(payload) = rest.get(..length) else {
            return Ok(None);
        };
        let reply = match kind {
            STDOUT => Self::Stdout(payload.to_vec()),
            STDERR => Self::Stderr(payload.to_vec()),
            _ => Self::Ended(serde_json::from_slice(payload).map_err(|_| NoReply)?),
        };
        Ok(Some((reply, REPLY_HEADER + length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn replies() -> impl Strategy<Value = Vec<Reply>> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..200);
        let ended = (
            any::<Option<i32>>(),
            any::<Option<i32>>(),
            any::<Option<String>>(),
        )
            .prop_map(|(code, signal, error)| Reply::Ended(Ended { code, signal, error }));
        let reply = prop_oneof![
            bytes().prop_map(Reply::Stdout),
            bytes().prop_map(Reply::Stderr),
            ended
        ];
        proptest::collection::vec(reply, 0..8)
    }

    proptest! {
        #[test]
        fn replies_are_read_back_however_they_are_cut(replies in replies(), piece in 1_usize..50) {
            let mut wire = Vec::new();
            for reply in &replies {
                reply.encode_into(&mut wire);
            }
            let (mut read, mut held) = (Vec::new(), Vec::new());
            for part in wire.chunks(piece) {
                held.extend_from_slice(part);
                while let Some((reply, used)) = Reply::decode(&held).expect("replies only") {
                    read.push(reply);
                    held.drain(..used);
                }
            }
            prop_assert!(held.is_empty());
            prop_assert_eq!(read, replies);
        }

        #[test]
        fn any_bytes_are_a_reply_or_refused_and_never_awaited_without_bound(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            match Reply::decode(&bytes) {
                Ok(Some((_, used))) => prop_assert!(used <= bytes.len()),
                Ok(None) => {
                    let mut more = bytes.clone();
                    more.resize(REPLY_HEADER + MAX_PIECE_BYTES, 0);
                    let decoded = Reply::decode(&more);
                    prop_assert!(!matches!(decoded, Ok(None)), "{:?}", decoded);
                }
                Err(NoReply) => {}
            }
        }
    }
}
