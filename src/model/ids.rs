//! Identifiers: opaque strings to the outside, sortable by creation inside (UUID v7 without hyphens).

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn generate() -> Self {
                Self(uuid::Uuid::now_v7().simple().to_string())
            }

            /// Takes what a client or the database says. Anything that could not be one of our ids becomes
            /// one that exists nowhere, so that it is simply not found.
            pub fn parse(text: &str) -> Self {
                let ours = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
                Self(if ours { text.to_ascii_lowercase() } else { String::new() })
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names a script for ever; its name and folder may change.
    ScriptId
);
id!(
    /// Names one run; the container, the run directory and the URL derive from it.
    RunId
);
id!(
    /// Names one schedule of a script, through all its versions.
    ScheduleId
);
id!(
    /// Names one webhook.
    WebhookId
);
id!(
    /// Names one delivery of a webhook, through all its attempts.
    DeliveryId
);
id!(
    /// Names an access token, which it is no part of.
    TokenId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_never_an_id() {
        for text in ["", "..", "../../etc/passwd", "0190", "z".repeat(32).as_str()] {
            assert_eq!(RunId::parse(text).as_str(), "");
        }
        let id = RunId::generate();
        assert_eq!(RunId::parse(id.as_str()), id);
    }
}
