//! When what did not arrive is tried again, and when that is given up. Pure.
//!
//! Delays double from five seconds to an hour, and each is stretched or shortened by up to a fifth, so that what failed
//! together does not come back together. By which part follows from the message and the attempt, not from chance.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::model::webhook::DeliveryState;
use crate::store::webhooks::deliveries::Next;

const FIRST: i64 = 5;
const LONGEST: i64 = 3_600;
/// A receiver that asks for more patience gets this much.
const LONGEST_ASKED: i64 = 6 * 3_600;
/// What could be sent for so long is given up at the next failure: whatever waits behind it is old as well.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(24);
/// Attempts at what the receiver refuses because of what it is.
const REFUSED_ATTEMPTS: u32 = 3;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Status 2xx.
    Taken,
    /// Status 410: nobody wants to be told any more.
    Gone,
    /// It will be refused as often as it is sent: it could not be rendered, or the receiver finds fault with it.
    Refused,
    /// Anything else; perhaps with what the receiver says when to come back.
    Failed { retry_after: Option<SignedDuration> },
}

impl End {
    pub fn of_status(status: u16, retry_after: Option<SignedDuration>) -> Self {
        match status {
            200..=299 => Self::Taken,
            410 => Self::Gone,
            400 | 405 | 413 | 415 | 422 => Self::Refused,
            _ => Self::Failed { retry_after },
        }
    }
}

/// A delivery, as far as the next attempt depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    pub message_id: &'a str,
    /// This one included.
    pub attempts: u32,
    pub most: u32,
    pub due_at: Timestamp,
}

pub fn next(end: End, tried: &Tried<'_>, now: Timestamp) -> Next {
    let (most, asked) = match end {
        End::Taken => return Next::Over(DeliveryState::Delivered),
        End::Gone => return Next::Over(DeliveryState::Failed),
        End::Refused => (tried.most.min(REFUSED_ATTEMPTS), None),
        End::Failed { retry_after } => (tried.most, retry_after),
    };
    if tried.attempts >= most || now.duration_since(tried.due_at) >= TOO_OLD {
        return Next::Over(DeliveryState::Failed);
    }
    let asked = asked.map_or(SignedDuration::ZERO, |asked| {
        asked.min(SignedDuration::from_secs(LONGEST_ASKED))
    });
    let delay = delay(tried.message_id, tried.attempts).max(asked);
    Next::At(now.saturating_add(delay).unwrap_or(now))
}

/// After so many attempts.
fn delay(message_id: &str, attempts: u32) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(16);
    let seconds = (FIRST << doublings).min(LONGEST);
    let mut hash = [0; 8];
    hash.copy_from_slice(&Sha256::digest(format!("{message_id}.{attempts}"))[..8]);
    // From 800 to 1200 thousandths.
    let part = 800 + i64::try_from(u64::from_be_bytes(hash) % 401).unwrap_or(0);
    SignedDuration::from_millis(seconds * part)
}

/// What a `Retry-After` says: seconds, or a moment. What cannot be read says nothing.
pub fn retry_after(header: &str, now: Timestamp) -> Option<SignedDuration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        return Some(
            header
                .parse()
                .map_or(SignedDuration::MAX, SignedDuration::from_secs),
        );
    }
    let at = jiff::fmt::rfc2822::parse(header).ok()?.timestamp();
    Some(at.duration_since(now).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn tried(attempts: u32) -> Tried<'static> {
        Tried {
            message_id: "msg",
            attempts,
            most: 30,
            due_at: at(0),
        }
    }

    fn seconds(end: End, attempts: u32) -> Option<f64> {
        match next(end, &tried(attempts), at(1_000)) {
            Next::At(next) => Some(next.duration_since(at(1_000)).as_secs_f64()),
            Next::Over(_) => None,
        }
    }

    const FAILED: End = End::Failed { retry_after: None };

    #[test]
    fn delays_double_to_an_hour_and_are_spread() {
        let mut expected = 5.0;
        for attempts in 1..30 {
            let got = seconds(FAILED, attempts).expect("another attempt");
            assert!(
                (expected * 0.8..=expected * 1.2).contains(&got),
                "{attempts}: {got} near {expected}"
            );
            assert_eq!(seconds(FAILED, attempts), Some(got), "not by chance");
            expected = f64::min(expected * 2.0, 3_600.0);
        }
        assert_eq!(seconds(FAILED, 30), None);
        let spread: std::collections::HashSet<_> = (0..50)
            .map(|n| delay(&format!("msg_{n}"), 3).as_millis())
            .collect();
        assert!(spread.len() > 40);
    }

    #[test]
    fn a_receiver_is_given_the_time_it_asks_for_within_bounds() {
        let asked = |seconds| End::Failed {
            retry_after: Some(SignedDuration::from_secs(seconds)),
        };
        assert_eq!(seconds(asked(120), 1), Some(120.0));
        assert_eq!(
            seconds(asked(1), 1),
            seconds(FAILED, 1),
            "not less than otherwise"
        );
        assert_eq!(seconds(asked(i64::MAX), 1), Some(6.0 * 3_600.0));
        let now = at(1_000);
        for (header, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Thu, 01 Jan 1970 00:17:40 GMT", Some(60)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
            ("", None),
            ("1e9", None),
        ] {
            assert_eq!(
                retry_after(header, now).map(|d| d.as_secs()),
                expected,
                "{header}"
            );
        }
        assert_eq!(
            retry_after("99999999999999999999", now),
            Some(SignedDuration::MAX)
        );
    }

    #[test]
    fn what_is_over_is_over() {
        use DeliveryState::{Delivered, Failed};
        assert_eq!(next(End::Taken, &tried(1), at(0)), Next::Over(Delivered));
        assert_eq!(next(End::Gone, &tried(1), at(0)), Next::Over(Failed));
        assert_eq!(next(End::Refused, &tried(3), at(0)), Next::Over(Failed));
        assert!(matches!(next(End::Refused, &tried(2), at(0)), Next::At(_)));
        assert_eq!(
            next(FAILED, &tried(1), at(24 * 3_600)),
            Next::Over(Failed),
            "it is old"
        );
        assert!(matches!(next(FAILED, &tried(1), at(24 * 3_600 - 1)), Next::At(_)));
    }

    #[test]
    fn statuses_say_how_it_goes_on() {
        for (status, end) in [
            (200, End::Taken),
            (204, End::Taken),
            (299, End::Taken),
            (301, FAILED),
            (302, FAILED),
            (308, FAILED),
            (400, End::Refused),
            (401, FAILED),
            (404, FAILED),
            (408, FAILED),
            (410, End::Gone),
            (413, End::Refused),
            (422, End::Refused),
            (429, FAILED),
            (500, FAILED),
            (503, FAILED),
            (599, FAILED),
        ] {
            assert_eq!(End::of_status(status, None), end, "{status}");
        }
    }
}
