//! The name of a content: its SHA-256. Also the entity tag of a file.

use std::fmt;
use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// For whoever has hashed the content on the way.
    pub fn from_bytes(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// Hashes at most `limit` bytes; `None` if there are more.
    pub fn of_reader(reader: impl Read, limit: u64) -> io::Result<Option<(Self, u64)>> {
        let mut reader = reader.take(limit.saturating_add(1));
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut total = 0;
        loop {
            let n = reader.read(&mut buffer)?;
            if n == 0 {
                return Ok((total <= limit).then(|| (Self(hasher.finalize().into()), total)));
            }
            hasher.update(&buffer[..n]);
            total += n as u64;
        }
    }

    /// Only the form that [`fmt::Display`] gives is accepted.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for ContentHash {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a SHA-256 in hexadecimal digits")
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_read_as_they_are_written() {
        let hash = ContentHash::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert_eq!(ContentHash::parse(text), Some(hash));
        for wrong in [
            "",
            "ba78",
            &text.to_uppercase(),
            &format!("{text}0"),
            &text.replace('b', "/"),
        ] {
            assert_eq!(ContentHash::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_reader_is_hashed_up_to_its_limit() {
        assert_eq!(
            ContentHash::of_reader(&b"abc"[..], 3).unwrap(),
            Some((ContentHash::of(b"abc"), 3))
        );
        assert_eq!(ContentHash::of_reader(&b"abcd"[..], 3).unwrap(), None);
        assert_eq!(ContentHash::of_reader(io::repeat(0), 1 << 20).unwrap(), None);
    }
}
