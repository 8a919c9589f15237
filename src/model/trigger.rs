//! A script's trigger: the address at which a call starts it. And what a call brings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::Generate;
use jiff::Timestamp;

use super::ids::ScriptId;
use super::script::Invalid;
use super::secret::{Sealed, Secret};
use super::token::Fingerprint;

/// Of a call's body.
pub const MOST_BODY_BYTES: usize = 1024 * 1024;
const CONTENT_TYPE_CHARS: usize = 255;
/// Of a signing secret, by the specification (Standard Webhooks 1.0, "Signature scheme").
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const SECRET_PREFIX: &str = "whsec_";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    pub script_id: ScriptId,
    /// Of the last part of its address.
    pub fingerprint: Fingerprint,
    pub hint: String,
    pub enabled: bool,
    /// Whether calls have to be signed.
    pub signed: bool,
    pub secret: Option<Sealed>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When a call last started a run.
    pub last_used_at: Option<Timestamp>,
}

/// The media type of a call's body as a run is told of it: one that could be no media type is none.
pub fn content_type(header: Option<&[u8]>) -> Option<String> {
    let text = std::str::from_utf8(header?).ok()?.trim();
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    (plain && !text.is_empty() && text.len() <= CONTENT_TYPE_CHARS).then(|| text.to_owned())
}

/// Whether this can be a secret that calls are signed with. Not quoted in the refusal.
pub fn check_secret(secret: &str) -> Result<(), Invalid> {
    let key = secret
        .strip_prefix(SECRET_PREFIX)
        .and_then(|key| STANDARD.decode(key).ok());
    match key {
        Some(key) if SECRET_BYTES.contains(&key.len()) => Ok(()),
        _ => Err(Invalid {
            field: "secret",
            message: "A signing secret is whsec_ and then 24 to 64 bytes in base64; \"generate\" makes one"
                .to_owned(),
        }),
    }
}

/// A new secret that calls are signed with.
pub fn generate_secret() -> Secret {
    Secret::new(format!(
        "{SECRET_PREFIX}{}",
        STANDARD.encode(<[u8; 32]>::generate())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_media_type_is_passed_on() {
        let long = "x".repeat(256);
        let table: [(&[u8], Option<&str>); 7] = [
            (b"application/json", Some("application/json")),
            (b" text/plain; charset=utf-8 ", Some("text/plain; charset=utf-8")),
            (b"", None),
            (b"a\tb", None),
            (b"text/plain\x7f", None),
            ("text/\u{e4}".as_bytes(), None),
            (long.as_bytes(), None),
        ];
        for (header, expected) in table {
            assert_eq!(content_type(Some(header)).as_deref(), expected, "{header:?}");
        }
        assert_eq!(content_type(None), None);
    }

    #[test]
    fn a_secret_has_the_length_that_the_specification_asks_for() {
        assert_eq!(check_secret(generate_secret().reveal()), Ok(()));
        assert_eq!(check_secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), Ok(()));
        for wrong in [
            "",
            "hunter2",
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_not base64",
            "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        ] {
            let refused = check_secret(wrong).expect_err(wrong);
            assert_eq!(refused.field, "secret");
            assert!(wrong.len() < 8 || !refused.message.contains(wrong));
        }
    }
}
