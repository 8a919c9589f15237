//! What somebody wants a webhook to be: checked as a whole, with what is there already, before anything is stored.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Generate, Key};
use jiff::Timestamp;

use super::address::{self, Address};
use super::format::{self, Material, template};
use super::{Context, Error};
use crate::model::ids::{ScriptId, WebhookId};
use crate::model::script::Invalid;
use crate::model::secret::{Sealed, Secret};
use crate::model::webhook::report::Report;
use crate::model::webhook::{Format, Occasion, Rules, Terms, Webhook};
use crate::store::webhooks::{secret_place, url_place};
use crate::vault::Vault;

const PREFIX: &str = "whsec_";
/// What the specification of Standard Webhooks asks for.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What is to change; `None` stays as it is, or is the default of a new one.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub script_id: Option<Option<ScriptId>>,
    pub name: Option<String>,
    pub url: Option<Secret>,
    pub secret: Option<SecretWish>,
    pub format: Option<Format>,
    pub template: Option<Option<String>>,
    pub content_type: Option<Option<String>>,
    pub events: Option<Vec<Occasion>>,
    pub rules: Option<Rules>,
    pub enabled: Option<bool>,
    pub signed: Option<bool>,
}

#[derive(Debug, Clone)]
pub enum SecretWish {
    None,
    Generate,
    Given(Secret),
}

/// A wish that can be fulfilled.
pub(super) struct Checked {
    script_id: Option<ScriptId>,
    terms: Terms,
    /// A new one.
    url: Option<(Secret, Address)>,
    secret: SecretChange,
}

enum SecretChange {
    Keep,
    Remove,
    New(Secret),
}

/// With `there` as it is; none for a new one.
pub(super) async fn check(cx: &Context, wish: Wish, there: Option<&Webhook>) -> Result<Checked, Error> {
    let settings = cx.settings.in_force().notifications;
    let secret = match wish.secret {
        None => SecretChange::Keep,
        Some(SecretWish::None) => SecretChange::Remove,
        Some(SecretWish::Generate) => SecretChange::New(generated()),
        Some(SecretWish::Given(given)) => SecretChange::New(checked_secret(given)?),
    };
    let has_secret = match &secret {
        SecretChange::New(_) => true,
        SecretChange::Remove => false,
        SecretChange::Keep => there.is_some_and(|there| there.secret.is_some()),
    };
    if let (Some(script_id), Some(there)) = (&wish.script_id, there)
        && *script_id != there.script_id
    {
        let message = "Whose runs a webhook is told of is settled when it is made; make another one";
        return Err(invalid("script_id", message));
    }
    let before = there.map(|there| there.terms.clone());
    let signed = wish.signed.unwrap_or(match (&secret, &before) {
        (SecretChange::Keep, Some(before)) => before.signed,
        _ => has_secret,
    });
    if signed && !has_secret {
        return Err(invalid(
            "secret",
            "Messages are signed with a secret: give one, or \"generate\" to have one made",
        ));
    }
    let mut terms = before.unwrap_or_else(|| Terms {
        name: String::new(),
        format: Format::Generic,
        template: None,
        content_type: None,
        events: vec![],
        rules: Rules::default(),
        enabled: true,
        signed: false,
    });
    terms.signed = signed;
    terms.name = wish.name.unwrap_or(terms.name);
    terms.format = wish.format.unwrap_or(terms.format);
    // A template goes with its format.
    if wish.format.is_some_and(|format| format != Format::Template) {
        (terms.template, terms.content_type) = (None, None);
    }
    terms.template = wish.template.unwrap_or(terms.template);
    terms.content_type = wish.content_type.unwrap_or(terms.content_type);
    terms.events = wish.events.unwrap_or(terms.events);
    terms.rules = wish.rules.unwrap_or(terms.rules);
    terms.enabled = wish.enabled.unwrap_or(terms.enabled);
    terms.check()?;
    try_out(&terms, settings.public_url.as_deref(), cx.clock.now())?;

    let url = match (wish.url, there) {
        (Some(url), _) => {
            let address = Address::parse(url.reveal().trim())?;
            address::vet(&address, &settings.targets(), cx.names.as_ref()).await?;
            Some((Secret::new(url.reveal().trim().to_owned()), address))
        }
        (None, Some(_)) => None,
        (None, None) => return Err(invalid("url", "Say where messages go")),
    };
    Ok(Checked {
        script_id: wish
            .script_id
            .unwrap_or_else(|| there.and_then(|there| there.script_id.clone())),
        terms,
        url,
        secret,
    })
}

/// Whether there is a message for every event that it may be told of.
fn try_out(terms: &Terms, public_url: Option<&str>, now: Timestamp) -> Result<(), template::Error> {
    for event in terms.events.iter().copied().chain([Occasion::Test]) {
        let report = Report::sample(event, None, now);
        let material = Material {
            report: &report,
            public_url,
        };
        format::render(terms, &material).map_err(|e| template::Error {
            message: format!("{} (with an event \"{}\")", e.message, event.as_str()),
            ..e
        })?;
    }
    Ok(())
}

impl Checked {
    /// With the secret, if there is one, to be shown once.
    pub fn into_new(self, vault: &Vault, now: Timestamp) -> Result<(Webhook, Option<Secret>), Error> {
        let id = WebhookId::generate();
        let empty = Webhook {
            id,
            script_id: None,
            terms: self.terms.clone(),
            url: Sealed::new(String::new()),
            url_shown: String::new(),
            secret: None,
            disabled_because: None,
            failing_since: None,
            created_at: now,
            updated_at: now,
        };
        self.into_changed(&empty, vault, now)
    }

    pub fn into_changed(
        self,
        there: &Webhook,
        vault: &Vault,
        now: Timestamp,
    ) -> Result<(Webhook, Option<Secret>), Error> {
        let mut webhook = there.clone();
        if let Some((url, address)) = &self.url {
            webhook.url = vault.seal(&url_place(&webhook.id), url)?;
            webhook.url_shown = address.shown();
            // It is not the same receiver.
            webhook.failing_since = None;
        }
        let shown = match self.secret {
            SecretChange::Keep => None,
            SecretChange::Remove => {
                webhook.secret = None;
                None
            }
            SecretChange::New(secret) => {
                webhook.secret = Some(vault.seal(&secret_place(&webhook.id), &secret)?);
                Some(secret)
            }
        };
        if self.terms.enabled {
            webhook.disabled_because = None;
        }
        webhook.script_id = self.script_id;
        webhook.terms = self.terms;
        webhook.updated_at = now;
        Ok((webhook, shown))
    }
}

fn invalid(field: &'static str, message: &str) -> Error {
    Error::Invalid(Invalid {
        field,
        message: message.to_owned(),
    })
}

fn checked_secret(secret: Secret) -> Result<Secret, Error> {
    let key = secret
        .reveal()
        .strip_prefix(PREFIX)
        .and_then(|key| STANDARD.decode(key).ok());
    match key {
        Some(key) if SECRET_BYTES.contains(&key.len()) => Ok(secret),
        _ => Err(invalid(
            "secret",
            "A secret is whsec_ and 24 to 64 bytes in Base64; \"generate\" makes one",
        )),
    }
}

fn generated() -> Secret {
    // A key of 32 bytes from the system's randomness, as the vault has it.
    let key = Key::<XChaCha20Poly1305>::generate();
    Secret::new(format!("{PREFIX}{}", STANDARD.encode(key)))
}
