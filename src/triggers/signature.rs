//! Whether a call was signed by who shares its trigger's secret: Standard Webhooks 1.0, by the specification's own
//! library. Pure: the time is an argument, where the library would ask the system's clock.
//!
//! The library signs text, so a signed body has to be UTF-8.

use jiff::{SignedDuration, Timestamp};
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq;

use crate::model::secret::Secret;

/// By so much may a call's time differ from ours, either way. A replay within it is answered with the same run.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
const ID_CHARS: usize = 256;

/// The headers of a signed call, as they came.
#[derive(Debug, Clone, Default)]
pub struct Signed {
    /// `webhook-id`
    pub id: Option<String>,
    /// `webhook-timestamp`: Unix seconds.
    pub timestamp: Option<String>,
    /// `webhook-signature`: one or more, separated by spaces.
    pub signature: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "this trigger takes signed calls only: send webhook-id, webhook-timestamp and webhook-signature as Standard \
         Webhooks describes them"
    )]
    Unsigned,
    #[error("webhook-timestamp is more than five minutes from now: check both clocks, or send the call anew")]
    Stale,
    #[error("webhook-signature does not fit the body: check that both sides have the same secret")]
    Wrong,
}

/// The call's id, if it is signed as it should be.
pub fn check<'a>(
    signed: &'a Signed,
    body: &[u8],
    secret: &Secret,
    now: Timestamp,
) -> Result<&'a str, Refused> {
    let (Some(id), Some(timestamp), Some(signatures)) = (&signed.id, &signed.timestamp, &signed.signature)
    else {
        return Err(Refused::Unsigned);
    };
    if id.is_empty() || id.len() > ID_CHARS {
        return Err(Refused::Unsigned);
    }
    let seconds: i64 = timestamp.parse().map_err(|_| Refused::Unsigned)?;
    let at = Timestamp::from_second(seconds).map_err(|_| Refused::Stale)?;
    // First, because it costs nothing; it says nothing that the caller does not know.
    if now.duration_since(at).abs() > TOLERANCE {
        return Err(Refused::Stale);
    }
    let key = Webhook::new(secret.reveal()).map_err(|_| Refused::Wrong)?;
    let expected = key.sign(id, seconds, body).map_err(|_| Refused::Wrong)?;
    let fits = signatures.split(' ').fold(false, |fits, one| {
        fits | bool::from(one.as_bytes().ct_eq(expected.as_bytes()))
    });
    if fits { Ok(id) } else { Err(Refused::Wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const AT: i64 = 1_649_367_553;
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
    const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    fn call() -> Signed {
        Signed {
            id: Some(ID.to_owned()),
            timestamp: Some(AT.to_string()),
            signature: Some(SIGNATURE.to_owned()),
        }
    }

    fn ask(signed: &Signed, body: &[u8], seconds_later: i64) -> Result<String, Refused> {
        let now = Timestamp::from_second(AT + seconds_later).expect("a time");
        let secret = Secret::new(SECRET.to_owned());
        check(signed, body, &secret, now).map(str::to_owned)
    }

    #[test]
    fn the_specifications_example_is_right() {
        assert_eq!(ask(&call(), BODY, 0).as_deref(), Ok(ID));
        let several = Signed {
            signature: Some(format!("v1,bm90IHRoaXMgb25l {SIGNATURE} v1a,another")),
            ..call()
        };
        assert_eq!(
            ask(&several, BODY, 0).as_deref(),
            Ok(ID),
            "while a secret is changed"
        );
    }

    #[test]
    fn it_is_good_for_five_minutes() {
        for later in [-300, 300] {
            assert!(ask(&call(), BODY, later).is_ok());
        }
        for later in [-301, 301, 1_000_000] {
            assert_eq!(ask(&call(), BODY, later), Err(Refused::Stale));
        }
    }

    #[test]
    fn whatever_else_is_signed_or_not_at_all_is_refused() {
        let with = |change: &dyn Fn(&mut Signed)| {
            let mut signed = call();
            change(&mut signed);
            ask(&signed, BODY, 0)
        };
        assert_eq!(with(&|s| s.id = None), Err(Refused::Unsigned));
        assert_eq!(with(&|s| s.id = Some(String::new())), Err(Refused::Unsigned));
        assert_eq!(with(&|s| s.timestamp = None), Err(Refused::Unsigned));
        assert_eq!(
            with(&|s| s.timestamp = Some("soon".into())),
            Err(Refused::Unsigned)
        );
        assert_eq!(
            with(&|s| s.timestamp = Some(i64::MAX.to_string())),
            Err(Refused::Stale)
        );
        assert_eq!(with(&|s| s.signature = None), Err(Refused::Unsigned));
        assert_eq!(with(&|s| s.id = Some("other".into())), Err(Refused::Wrong));
        assert_eq!(
            with(&|s| s.timestamp = Some((AT + 1).to_string())),
            Err(Refused::Wrong)
        );
        for wrong in [
            "",
            "v1,",
            &SIGNATURE[..20],
            "v2,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ] {
            assert_eq!(
                with(&|s| s.signature = Some(wrong.into())),
                Err(Refused::Wrong),
                "{wrong}"
            );
        }
        assert_eq!(ask(&call(), b"{}", 0), Err(Refused::Wrong));
        assert_eq!(ask(&call(), b"\xff", 0), Err(Refused::Wrong));
    }
}
