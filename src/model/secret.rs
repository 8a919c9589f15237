//! What must not be seen: a secret in memory, and a secret as it is stored.
//!
//! A [`Secret`] comes in with a request or out of the vault and is never serialized, printed or quoted by an error; its
//! memory is cleared when it goes. A [`Sealed`] one may lie anywhere: it is of use to nobody without the key, which the
//! vault has.

use serde::{Deserialize, Deserializer, de};
use zeroize::Zeroizing;

#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// As text, in a format that is the vault's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// For whoever must have it: the process that it is meant for, or the vault.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // serde's own refusal would quote what it found instead.
        let text = String::deserialize(from).map_err(|_| de::Error::custom("a string is expected"))?;
        Ok(Self::new(text))
    }
}

impl Sealed {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_quoted() {
        let secret: Secret = serde_json::from_str("\"hunter2\"").expect("a secret");
        assert_eq!(secret.reveal(), "hunter2");
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("hunter2"));
        for wrong in ["8675309", "[\"hunter2\"]", "{\"password\": \"hunter2\"}"] {
            let refused = serde_json::from_str::<Secret>(wrong)
                .expect_err(wrong)
                .to_string();
            assert!(
                !refused.contains("hunter2") && !refused.contains("8675309"),
                "{refused}"
            );
        }
    }
}
