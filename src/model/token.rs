//! Secrets that we hand out and recognise: what they look like, and what is kept of them.
//!
//! A token is 256 random bits as text. We keep its SHA-256, its [`Fingerprint`], and so can recognise it and never tell
//! it. Fingerprints are compared in constant time; a search by one tells at most about a hash, of which nobody gets back
//! to a token. (A slow hash is for passwords, which people choose.)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Generate;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::secret::Secret;

const BYTES: usize = 32;
/// How many characters of a token people may see.
pub const HINT_CHARS: usize = 4;

/// What is kept of a token.
#[derive(Debug, Clone, Copy, Eq)]
pub struct Fingerprint([u8; BYTES]);

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::hash::Hash for Fingerprint {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Fingerprint {
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    pub fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A token that has just been made: to be told once.
#[derive(Debug)]
pub struct Fresh {
    pub text: Secret,
    pub fingerprint: Fingerprint,
    /// Its first characters after the prefix.
    pub hint: String,
}

/// A new token, which begins with `prefix`, so that people and scanners know what they have before them.
pub fn generate(prefix: &str) -> Fresh {
    let random = URL_SAFE_NO_PAD.encode(<[u8; BYTES]>::generate());
    let text = format!("{prefix}{random}");
    Fresh {
        fingerprint: Fingerprint::of(&text),
        hint: random[..HINT_CHARS].to_owned(),
        text: Secret::new(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_fingerprint_and_by_nothing_less() {
        let (one, other) = (generate("pytask_"), generate("pytask_"));
        let text = one.text.reveal();
        assert_eq!(text.len(), "pytask_".len() + 43, "256 bits");
        assert!(text.starts_with(&format!("pytask_{}", one.hint)));
        assert_eq!(Fingerprint::of(text), one.fingerprint);
        assert_ne!(one.fingerprint, other.fingerprint);
        for wrong in ["", &text[..text.len() - 1], &format!("{text} ")] {
            assert_ne!(Fingerprint::of(wrong), one.fingerprint);
        }
        assert!(!format!("{one:?}").contains(text), "it is not printed");
        let again: [u8; 32] = one.fingerprint.as_bytes().try_into().expect("32 bytes");
        assert_eq!(Fingerprint::from_bytes(again), one.fingerprint);
    }
}
