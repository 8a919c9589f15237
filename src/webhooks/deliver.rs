//! The loop that empties the outbox.
//!
//! It looks at the oldest open delivery of each lane, sends those whose time has come, some at once and of each webhook
//! fewer, and sleeps until the next one's. News of runs wake it, and it looks by itself every few seconds, so that a lost
//! word costs no more. That something is being sent is stored before it is sent: killed in between, the attempt counts as
//! one of which nobody knows the end, and the message is sent again. So it arrives at least once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::backoff::{self, End, Tried};
use super::send::{self, Answer};
use super::{Context, Error};
use crate::events::News;
use crate::metrics;
use crate::model::ids::WebhookId;
use crate::model::webhook::{Attempt, Delivery, DeliveryState, Webhook};
use crate::store;
use crate::store::webhooks::deliveries::{self, Next};
use crate::store::webhooks::{get, put};

const AT_ONCE: usize = 16;
const AT_ONCE_EACH: usize = 2;
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// After a failure of the database.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const FORGET_EVERY: Duration = Duration::from_secs(3_600);
const FORGET_AT_ONCE: u32 = 500;

/// What is being sent, by the numbers of deliveries.
#[derive(Default)]
struct Flying {
    tasks: JoinSet<i64>,
    numbers: HashMap<i64, WebhookId>,
}

pub(super) async fn keep(cx: Arc<Context>) {
    let mut news = cx.events.subscribe();
    while let Err(e) = take_up(&cx).await {
        tracing::error!(error = %e, "what was being sent cannot be told; trying again");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let mut flying = Flying::default();
    let mut forget_at = tokio::time::Instant::now();
    loop {
        let pause = match turn(&cx, &mut flying).await {
            Ok(pause) => pause,
            Err(e) => {
                tracing::error!(error = %e, "the outbox cannot be read; trying again");
                LOOK_AGAIN
            }
        };
        if forget_at <= tokio::time::Instant::now() {
            forget_at = tokio::time::Instant::now() + forget(&cx).await;
        }
        tokio::select! {
            () = cx.changed.notified() => {}
            () = concerns_us(&mut news) => {}
            Some(landed) = flying.tasks.join_next(), if !flying.tasks.is_empty() => match landed {
                Ok(number) => drop(flying.numbers.remove(&number)),
                // Which one it was is not told; all of them are looked at again, as after a restart.
                Err(e) => {
                    tracing::error!(error = %e, "an attempt died");
                    std::panic::resume_unwind(Box::new("an attempt died"));
                }
            },
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Returns when something was told that may have put something into the outbox.
async fn concerns_us(news: &mut broadcast::Receiver<News>) {
    loop {
        match news.recv().await {
            Ok(News::Run(run)) if run.is_finished() || run.started_at.is_some() => return,
            Ok(News::System) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What an earlier process was sending: nobody knows whether it arrived.
async fn take_up(cx: &Context) -> Result<(), Error> {
    let (now, most) = (cx.clock.now(), cx.settings.in_force().notifications.max_attempts);
    cx.store
        .write(move |tx| {
            for number in deliveries::being_sent(tx)? {
                let Some(delivery) = deliveries::by_number(tx, number)? else {
                    continue;
                };
                let attempt = Attempt {
                    at: now,
                    duration_ms: 0,
                    status: None,
                    error: Some(
                        "PyTask-Manager was stopped while it was being sent; nobody knows whether it arrived"
                            .to_owned(),
                    ),
                    response_excerpt: None,
                };
                let over = delivery.report.is_test || delivery.attempts.len() + 1 >= most as usize;
                let next = match over {
                    true => Next::Over(DeliveryState::Failed),
                    false => Next::At(now),
                };
                deliveries::record(tx, number, &attempt, next, now)?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// Sends what is due, and answers how long nothing is.
async fn turn(cx: &Arc<Context>, flying: &mut Flying) -> Result<Duration, Error> {
    let heads = cx.store.read(deliveries::heads).await?;
    let now = cx.clock.now();
    let mut wake: Option<Timestamp> = None;
    let mut busy: HashMap<&WebhookId, usize> = HashMap::new();
    for webhook in flying.numbers.values() {
        if let Some(head) = heads.iter().find(|head| head.webhook_id == *webhook) {
            *busy.entry(&head.webhook_id).or_default() += 1;
        }
    }
    for head in &heads {
        // What a test sends is not ours.
        if head.state == DeliveryState::Delivering || flying.numbers.contains_key(&head.number) {
            continue;
        }
        if head.next_attempt_at > now {
            wake = Some(wake.map_or(head.next_attempt_at, |wake| wake.min(head.next_attempt_at)));
            continue;
        }
        let of_this = busy.entry(&head.webhook_id).or_default();
        // Whatever lands wakes us, and then it is another's turn.
        if flying.numbers.len() >= AT_ONCE || *of_this >= AT_ONCE_EACH {
            continue;
        }
        *of_this += 1;
        flying.numbers.insert(head.number, head.webhook_id.clone());
        let (cx, number) = (Arc::clone(cx), head.number);
        flying.tasks.spawn(async move {
            if let Err(e) = attempt(&cx, number).await {
                tracing::error!(delivery = number, error = %e, "an attempt could not be stored; trying again");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            number
        });
    }
    let left = wake.map(|wake| Duration::try_from(wake.duration_since(now)).unwrap_or_default());
    Ok(left.unwrap_or(LOOK_EVERY).min(LOOK_EVERY))
}

/// One attempt at one delivery: prepared, marked as being sent, sent, recorded.
pub(super) async fn attempt(cx: &Context, number: i64) -> Result<(), Error> {
    let read = cx.store.read(move |c| {
        let Some(delivery) = deliveries::by_number(c, number)? else {
            return Ok::<_, Error>(None);
        };
        Ok(get(c, &delivery.webhook_id)?.map(|webhook| (delivery, webhook)))
    });
    let Some((delivery, webhook)) = read.await? else {
        return Ok(());
    };
    let now = cx.clock.now();
    let quiet = webhook.terms.rules.quiet_hours.as_ref();
    if let Some(until) = quiet.and_then(|quiet| quiet.held_until(now))
        && !delivery.report.is_test
    {
        cx.store
            .write(move |tx| deliveries::hold(tx, number, until))
            .await?;
        return Ok(());
    }
    let prepared = send::prepare(cx, &webhook, &delivery, now).await;
    let shown = match &prepared {
        Ok(prepared) => prepared.shown.clone(),
        Err(unsendable) => unsendable.shown.clone(),
    };
    let claimed = cx
        .store
        .write(move |tx| deliveries::claim(tx, number, Some(&shown)))
        .await?;
    if !claimed {
        return Ok(());
    }
    let answer = match prepared {
        Ok(prepared) => send::send(prepared, cx.extra_ca.as_ref().map(|pem| pem.as_slice()), now).await,
        Err(unsendable) => Answer {
            status: None,
            error: Some(unsendable.why),
            excerpt: None,
            end: unsendable.end,
            took: Duration::ZERO,
        },
    };
    // Whatever happens to the database: that it was sent is not forgotten while we live.
    while let Err(e) = record(cx, &delivery, &webhook, now, &answer).await {
        tracing::error!(delivery = %delivery.id, error = %e, "what became of a message cannot be stored; trying again");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    cx.tell(&delivery.webhook_id);
    Ok(())
}

async fn record(
    cx: &Context,
    delivery: &Delivery,
    webhook: &Webhook,
    at: Timestamp,
    answer: &Answer,
) -> Result<(), Error> {
    let now = cx.clock.now();
    let made = u32::try_from(delivery.attempts.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let most = cx.settings.in_force().notifications.max_attempts;
    let tried = Tried {
        message_id: &delivery.message_id,
        attempts: made,
        most: if delivery.report.is_test { 1 } else { most },
        due_at: delivery.due_at,
    };
    let next = backoff::next(answer.end, &tried, now);
    let attempt = Attempt {
        at,
        duration_ms: u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
        status: answer.status,
        error: answer.error.clone(),
        response_excerpt: answer.excerpt.clone(),
    };
    let (number, id, sent_to) = (delivery.number, webhook.id.clone(), webhook.url.clone());
    let (taken, gone) = (answer.end == End::Taken, answer.end == End::Gone);
    let stored = cx
        .store
        .write(move |tx| {
            if !deliveries::record(tx, number, &attempt, next, now)? {
                return Ok(false);
            }
            deliveries::set_failing(tx, &id, (!taken).then_some(at))?;
            if gone && let Some(mut webhook) = get(tx, &id)?.filter(|webhook| webhook.url == sent_to) {
                webhook.terms.enabled = false;
                webhook.disabled_because = Some("The receiver answered 410: it is gone for good".to_owned());
                put(tx, &webhook)?;
                deliveries::cancel_open(tx, &id, now)?;
            }
            Ok::<_, store::Error>(true)
        })
        .await?;
    if stored {
        let became = match next {
            Next::Over(DeliveryState::Delivered) => metrics::Delivery::Delivered,
            Next::Over(_) => metrics::Delivery::GivenUp,
            Next::At(_) => metrics::Delivery::Failed,
        };
        cx.metrics.webhook(became, answer.took);
    }
    match next {
        Next::Over(DeliveryState::Failed) => {
            let error = answer.error.as_deref().unwrap_or_default();
            tracing::warn!(webhook = %webhook.id, delivery = %delivery.id, attempts = made, error, "a message was given up");
        }
        _ => tracing::debug!(delivery = %delivery.id, status = answer.status, "tried to deliver"),
    }
    Ok(())
}

/// Forgets what was over long ago, some of it. Answers when to go on.
async fn forget(cx: &Context) -> Duration {
    let days = cx.settings.in_force().notifications.keep_days;
    let kept = SignedDuration::from_hours(24 * i64::from(days));
    let before = cx
        .clock
        .now()
        .saturating_sub(kept)
        .unwrap_or(Timestamp::UNIX_EPOCH);
    match cx
        .store
        .write(move |tx| deliveries::forget(tx, before, FORGET_AT_ONCE))
        .await
    {
        Ok(gone) if gone < FORGET_AT_ONCE as usize => FORGET_EVERY,
        Ok(_) => LOOK_AGAIN,
        Err(e) => {
            tracing::warn!(error = %e, "old deliveries stay for now");
            FORGET_EVERY
        }
    }
}
