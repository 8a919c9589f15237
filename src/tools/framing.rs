//! The language server protocol's transport: `Content-Length: n`, an empty line, `n` bytes of JSON. Pure.
//!
//! Invariants: what is pushed in whatever pieces comes out as the same messages; nothing is held beyond
//! [`MAX_MESSAGE_BYTES`] and a header; what cannot be a frame is an error at once, not an endless wait.

/// No message is longer, in either direction.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// Of a header with its empty line.
const MAX_HEADER_BYTES: usize = 4 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("it did not speak the language server protocol: {0}")]
    Header(&'static str),
    #[error("it sent a message of {0} bytes; {MAX_MESSAGE_BYTES} are allowed")]
    TooLong(u64),
    #[error("it sent a message that is not UTF-8")]
    NotText,
}

/// One message as it goes to a server.
pub fn encode(message: &str) -> Vec<u8> {
    let mut bytes = format!("Content-Length: {}\r\n\r\n", message.len()).into_bytes();
    bytes.extend_from_slice(message.as_bytes());
    bytes
}

/// Takes a server's output apart.
#[derive(Debug, Default)]
pub struct Decoder {
    held: Vec<u8>,
    /// Of `held`, taken already; cut off now and then rather than each time.
    taken: usize,
}

impl Decoder {
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.held.drain(..self.taken);
            self.taken = 0;
        }
        self.held.extend_from_slice(bytes);
    }

    /// The next whole message. `None`: push more.
    pub fn message(&mut self) -> Result<Option<String>, Broken> {
        let held = &self.held[self.taken..];
        let head = &held[..held.len().min(MAX_HEADER_BYTES)];
        let Some(end) = memchr::memmem::find(head, b"\r\n\r\n") else {
            return if held.len() >= MAX_HEADER_BYTES {
                Err(Broken::Header("a header without an end"))
            } else {
                Ok(None)
            };
        };
        let length = content_length(&held[..end])?;
        let body = end + 4;
        let Some(message) = held.get(body..body + length) else {
            return Ok(None);
        };
        let message = std::str::from_utf8(message)
            .map_err(|_| Broken::NotText)?
            .to_owned();
        self.taken += body + length;
        Ok(Some(message))
    }
}

fn content_length(header: &[u8]) -> Result<usize, Broken> {
    let header = std::str::from_utf8(header).map_err(|_| Broken::Header("a header that is not text"))?;
    let mut length = None;
    for line in header.split("\r\n") {
        let (name, value) = line
            .split_once(':')
            .ok_or(Broken::Header("a header line without a colon"))?;
        if name.trim().eq_ignore_ascii_case("content-length") {
            let value = value.trim();
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let read: u64 = digits
                .then(|| value.parse().unwrap_or(u64::MAX))
                .ok_or(Broken::Header("a length that is no number"))?;
            if length.is_some_and(|before| before != read) {
                return Err(Broken::Header("two lengths"));
            }
            length = Some(read);
        }
    }
    let length = length.ok_or(Broken::Header("a header without a length"))?;
    match usize::try_from(length) {
        Ok(length) if length <= MAX_MESSAGE_BYTES => Ok(length),
        _ => Err(Broken::TooLong(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(decoder: &mut Decoder) -> Vec<Result<String, Broken>> {
        let mut messages = Vec::new();
        loop {
            match decoder.message() {
                Ok(Some(message)) => messages.push(Ok(message)),
                Ok(None) => return messages,
                Err(broken) => {
                    messages.push(Err(broken));
                    return messages;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in_wherever_they_are_cut(
            messages in proptest::collection::vec(any::<String>(), 0..6),
            cuts in proptest::collection::vec(1_usize..40, 1..20),
        ) {
            let wire: Vec<u8> = messages.iter().flat_map(|message| encode(message)).collect();
            let (mut decoder, mut read, mut rest) = (Decoder::default(), Vec::new(), &wire[..]);
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                decoder.push(now);
                read.extend(all(&mut decoder));
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            let expected: Vec<_> = messages.into_iter().map(Ok).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_bytes_give_the_same_however_they_are_cut(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b':')], 0..300),
            cut in 1_usize..50,
        ) {
            let mut whole = Decoder::default();
            whole.push(&bytes);
            let expected = all(&mut whole);
            let (mut decoder, mut read) = (Decoder::default(), Vec::new());
            for piece in bytes.chunks(cut) {
                decoder.push(piece);
                read.extend(all(&mut decoder));
                if read.last().is_some_and(Result::is_err) {
                    break;
                }
            }
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn what_is_no_frame_is_said_to_be_none() {
        let table: &[(&str, Result<Option<&str>, Broken>)] = &[
            ("Content-Length: 2\r\n\r\n{}", Ok(Some("{}"))),
            (
                "content-length:2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{}",
                Ok(Some("{}")),
            ),
            ("Content-Length: 3\r\n\r\n{}", Ok(None)),
            ("Content-Length: 0\r\n\r\n", Ok(Some(""))),
            (
                "Content-Length: -1\r\n\r\n",
                Err(Broken::Header("a length that is no number")),
            ),
            (
                "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                Err(Broken::Header("two lengths")),
            ),
            (
                "Length: 1\r\n\r\na",
                Err(Broken::Header("a header without a length")),
            ),
            (
                "hello\r\n\r\n",
                Err(Broken::Header("a header line without a colon")),
            ),
            (
                "Content-Length: 16777217\r\n\r\n",
                Err(Broken::TooLong(16_777_217)),
            ),
            (
                "Content-Length: 99999999999999999999999\r\n\r\n",
                Err(Broken::TooLong(u64::MAX)),
            ),
        ];
        for (wire, expected) in table {
            let mut decoder = Decoder::default();
            decoder.push(wire.as_bytes());
            let read = decoder.message();
            let expected = expected.clone().map(|message| message.map(str::to_owned));
            assert_eq!(read, expected, "{wire:?}");
        }
        let mut decoder = Decoder::default();
        decoder.push(&[b'x'; MAX_HEADER_BYTES]);
        assert!(decoder.message().is_err(), "no header goes on for ever");
        let mut decoder = Decoder::default();
        decoder.push(b"Content-Length: 1\r\n\r\n\xff");
        assert_eq!(decoder.message(), Err(Broken::NotText));
    }
}
