//! Webhooks: who is told of what runs come to, and the sending of it.
//!
//! `runs` puts what there is to tell into the outbox, with the outcome and in its transaction; here it is read, rendered
//! and sent, in order for each webhook and script, again and again until it is taken or given up. [`Webhooks`] is the face.
//! Which event something gives is `model::webhook::rules`', where a message may go [`address`]', how it reads [`format`]'s,
//! when it is tried again [`backoff`]'s; [`deliver`] acts on these. Address and secret are sealed at rest and are shown to
//! nobody. Knows no engine, and of runs only what the outbox says.

pub mod address;
mod backoff;
mod change;
mod deliver;
pub mod format;
mod send;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

pub use change::{SecretWish, Wish};

use crate::clock::Clock;
use crate::events::{Events, News};
use crate::metrics::Metrics;
use crate::model::ids::{DeliveryId, ScriptId, WebhookId};
use crate::model::script::Invalid;
use crate::model::secret::Secret;
use crate::model::webhook::report::{Report, ScriptFacts};
use crate::model::webhook::{Delivery, DeliveryState, Occasion, SentRequest, Terms, Webhook};
use crate::runs::keep_alive;
use crate::settings::Keeper;
use crate::store::webhooks::deliveries;
use crate::store::{self, Store, webhooks};
use crate::vault::{self, Vault};
use format::{Material, Rendered, template};

const MOST: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such webhook")]
    NotFound,
    #[error("there is no such delivery")]
    DeliveryNotFound,
    #[error("there is no such script")]
    ScriptNotFound,
    #[error("there are {MOST} webhooks, and more are not allowed")]
    TooMany,
    #[error("it is on its way still")]
    StillOpen,
    #[error("the webhook is switched off")]
    Disabled,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    Address(#[from] address::Refused),
    #[error(transparent)]
    Template(#[from] template::Error),
    #[error(transparent)]
    Vault(#[from] vault::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What it is made of.
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub events: Events,
    pub settings: Keeper,
    pub vault: Vault,
    pub metrics: Metrics,
    /// PEM, beside what the machine trusts.
    pub extra_ca: Option<Arc<Vec<u8>>>,
}

struct Context {
    store: Store,
    clock: Clock,
    events: Events,
    settings: Keeper,
    vault: Vault,
    extra_ca: Option<Arc<Vec<u8>>>,
    names: Box<dyn address::Resolve>,
    /// Something may have come into the outbox, or may be tried earlier.
    changed: Notify,
    metrics: Metrics,
}

/// A webhook with what became of the last thing that it was told.
#[derive(Debug, Clone)]
pub struct WithLast {
    pub webhook: Webhook,
    pub last: Option<Delivery>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(Arc<Context>);

impl Webhooks {
    /// Starts the loop that sends.
    pub fn start(parts: Parts) -> Self {
        let context = Arc::new(Context {
            store: parts.store,
            clock: parts.clock,
            events: parts.events,
            settings: parts.settings,
            vault: parts.vault,
            extra_ca: parts.extra_ca,
            names: Box::new(address::System),
            changed: Notify::new(),
            metrics: parts.metrics,
        });
        let cx = Arc::clone(&context);
        keep_alive("webhooks", move || deliver::keep(Arc::clone(&cx)));
        Self(context)
    }

    /// Has the outbox looked at now.
    pub fn wake(&self) {
        self.0.changed.notify_one();
    }

    /// All, or those of one script alone; oldest first.
    pub async fn list(&self, script: Option<ScriptId>) -> Result<Vec<WithLast>, Error> {
        let read = self.0.store.read(move |c| {
            let found = webhooks::list(c, script.as_ref())?;
            found.into_iter().map(|webhook| with_last(c, webhook)).collect()
        });
        Ok(read.await?)
    }

    pub async fn get(&self, id: &WebhookId) -> Result<WithLast, Error> {
        let id = id.clone();
        self.0
            .store
            .read(move |c| {
                let webhook = webhooks::get(c, &id)?.ok_or(Error::NotFound)?;
                Ok(with_last(c, webhook)?)
            })
            .await
    }

    /// Makes one, and answers its secret if it has one: that is not to be had again.
    pub async fn create(&self, wish: Wish) -> Result<(WithLast, Option<Secret>), Error> {
        let cx = &self.0;
        let checked = change::check(cx, wish, None).await?;
        let now = cx.clock.now();
        let vault = cx.vault.clone();
        let (stored, secret) = cx
            .store
            .write(move |tx| {
                // In here, because the key may be replaced meanwhile.
                let (webhook, secret) = checked.into_new(&vault, now)?;
                if let Some(script) = &webhook.script_id {
                    let script = store::scripts::get(tx, script)?;
                    script
                        .filter(|script| script.deleted_at.is_none())
                        .ok_or(Error::ScriptNotFound)?;
                }
                if webhooks::count(tx)? >= MOST {
                    return Err(Error::TooMany);
                }
                webhooks::put(tx, &webhook)?;
                Ok::<_, Error>((webhook, secret))
            })
            .await?;
        cx.tell(&stored.id);
        let with_last = WithLast {
            webhook: stored,
            last: None,
        };
        Ok((with_last, secret))
    }

    /// Changes what is given; answers the secret if it is a new one. What waits is tried at once, by what holds now.
    pub async fn change(&self, id: &WebhookId, wish: Wish) -> Result<(WithLast, Option<Secret>), Error> {
        let cx = &self.0;
        let seen = self.get(id).await?.webhook;
        let checked = change::check(cx, wish, Some(&seen)).await?;
        let now = cx.clock.now();
        let (changed, secret) = checked.into_changed(&seen, &cx.vault, now)?;
        let stored = cx
            .store
            .write(move |tx| {
                let there = webhooks::get(tx, &seen.id)?.ok_or(Error::NotFound)?;
                // What the sender notes beside is no change.
                if there.updated_at != seen.updated_at || there.terms != seen.terms || there.url != seen.url {
                    return Err(store::Error::Stale.into());
                }
                webhooks::put(tx, &changed)?;
                if changed.terms.enabled {
                    let quiet = changed.terms.rules.quiet_hours.as_ref();
                    let held = quiet.and_then(|quiet| quiet.held_until(now));
                    deliveries::reconsider(tx, &changed.id, now, held)?;
                } else {
                    deliveries::cancel_open(tx, &changed.id, now)?;
                }
                Ok::<_, Error>(with_last(tx, changed)?)
            })
            .await?;
        cx.tell(id);
        cx.changed.notify_one();
        Ok((stored, secret))
    }

    /// Forgets it with everything that it was told, or was to be.
    pub async fn remove(&self, id: &WebhookId) -> Result<(), Error> {
        let gone = id.clone();
        let was = self.0.store.write(move |tx| webhooks::remove(tx, &gone)).await?;
        if !was {
            return Err(Error::NotFound);
        }
        self.0.tell(id);
        Ok(())
    }

    /// Sends a message that says that it is a test, now and once, whether the webhook is switched on and whatever the hour.
    pub async fn test(&self, id: &WebhookId) -> Result<Delivery, Error> {
        let (id, now) = (id.clone(), self.0.clock.now());
        let delivery = self
            .0
            .store
            .write(move |tx| {
                let webhook = webhooks::get(tx, &id)?.ok_or(Error::NotFound)?;
                let script = match &webhook.script_id {
                    Some(id) => store::scripts::get(tx, id)?,
                    None => None,
                };
                let facts = script.map(|script| ScriptFacts {
                    id: script.id,
                    name: script.name,
                    tags: script.tags,
                });
                let report = Report::sample(Occasion::Test, facts, now);
                let mut delivery = new_delivery(&webhook.id, report, now);
                delivery.lane = delivery.id.to_string();
                // Taken already: the loop leaves it to us.
                delivery.state = DeliveryState::Delivering;
                deliveries::insert(tx, &mut delivery)?;
                Ok::<_, Error>(delivery)
            })
            .await?;
        // On its own, so that it comes to an end even if whoever asked goes away.
        let (cx, number) = (Arc::clone(&self.0), delivery.number);
        let tried = tokio::spawn(async move { deliver::attempt(&cx, number).await });
        if let Ok(Err(e)) = tried.await {
            tracing::error!(delivery = %delivery.id, error = %e, "what became of a test could not be stored");
        }
        self.delivery(&delivery.id).await
    }

    /// Newest first; `before` is a number.
    pub async fn deliveries(
        &self,
        webhook: &WebhookId,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let webhook = webhook.clone();
        self.0
            .store
            .read(move |c| {
                webhooks::get(c, &webhook)?.ok_or(Error::NotFound)?;
                Ok(deliveries::list(c, &webhook, state, before, limit)?)
            })
            .await
    }

    pub async fn delivery(&self, id: &DeliveryId) -> Result<Delivery, Error> {
        let id = id.clone();
        self.0
            .store
            .read(move |c| deliveries::get(c, &id)?.ok_or(Error::DeliveryNotFound))
            .await
    }

    /// What is sent or, before the first attempt, would be; without what authorises it.
    pub async fn request(&self, delivery: &Delivery) -> Result<SentRequest, Error> {
        if let Some(request) = &delivery.request {
            return Ok(request.clone());
        }
        let webhook = self.get(&delivery.webhook_id).await?.webhook;
        Ok(send::unsent(&self.0, &webhook, delivery))
    }

    /// Sends the same again as a new delivery, with the same `webhook-id`.
    pub async fn replay(&self, id: &DeliveryId) -> Result<Delivery, Error> {
        let (id, now) = (id.clone(), self.0.clock.now());
        let delivery = self
            .0
            .store
            .write(move |tx| {
                let earlier = deliveries::get(tx, &id)?.ok_or(Error::DeliveryNotFound)?;
                if earlier.state.is_open() {
                    return Err(Error::StillOpen);
                }
                let webhook = webhooks::get(tx, &earlier.webhook_id)?.ok_or(Error::NotFound)?;
                if !webhook.terms.enabled {
                    return Err(Error::Disabled);
                }
                let is_test = earlier.report.is_test;
                let mut delivery = new_delivery(&earlier.webhook_id, earlier.report, now);
                delivery.lane = match is_test {
                    true => delivery.id.to_string(),
                    false => earlier.lane,
                };
                delivery.message_id = earlier.message_id;
                delivery.run_id = earlier.run_id;
                deliveries::insert(tx, &mut delivery)?;
                Ok::<_, Error>(delivery)
            })
            .await?;
        self.0.changed.notify_one();
        self.0.tell(&delivery.webhook_id);
        Ok(delivery)
    }

    /// What a message with these terms would look like.
    pub fn preview(&self, terms: &Terms, event: Occasion) -> Result<Rendered, Error> {
        let settings = self.0.settings.in_force().notifications;
        let report = Report::sample(event, None, self.0.clock.now());
        let material = Material {
            report: &report,
            public_url: settings.public_url.as_deref(),
        };
        Ok(format::render(terms, &material)?)
    }
}

impl Context {
    fn tell(&self, webhook: &WebhookId) {
        self.events.publish(News::Webhook(webhook.clone()));
    }
}

fn with_last(c: &rusqlite::Connection, webhook: Webhook) -> Result<WithLast, store::Error> {
    let last = deliveries::newest_tried(c, &webhook.id)?;
    Ok(WithLast { webhook, last })
}

/// That may be sent at once.
fn new_delivery(webhook: &WebhookId, report: Report, now: Timestamp) -> Delivery {
    let id = DeliveryId::generate();
    Delivery {
        number: 0,
        lane: String::new(),
        message_id: format!("msg_{id}"),
        id,
        webhook_id: webhook.clone(),
        run_id: None,
        report,
        state: DeliveryState::Pending,
        created_at: now,
        due_at: now,
        next_attempt_at: Some(now),
        ended_at: None,
        attempts: vec![],
        request: None,
    }
}
