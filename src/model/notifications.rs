//! What holds for all notifications: how long one is tried, where they may go, from when on a start is late. Values and
//! their bounds; who sends them is `webhooks`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limits::{OutOfBounds, within};
use super::patch::given;
use super::webhook::target::Target;

const MOST_TARGETS: usize = 100;
const URL_CHARS: usize = 200;

/// What was set; `null` means the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationsWish {
    /// Hosts and networks that are not on the internet and may be sent to all the same: `ntfy.lan`, `192.168.1.20`,
    /// `10.0.0.0/8`.
    pub private_targets: Option<Vec<String>>,
    /// How often a message is tried, at most.
    pub max_attempts: Option<u32>,
    /// How long a receiver may take to answer.
    pub timeout_seconds: Option<u32>,
    /// Days for which deliveries that are over are kept.
    pub keep_days: Option<u32>,
    /// A run that a schedule starts is late if it starts more than so many seconds after its moment.
    pub late_seconds: Option<u32>,
    /// The address under which this instance is opened in a browser, for links in messages; without it there are none.
    pub public_url: Option<String>,
}

/// What is to change: an absent field stays, `null` goes back to the default.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationsPatch {
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    pub private_targets: Option<Option<Vec<String>>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub max_attempts: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub timeout_seconds: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub keep_days: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub late_seconds: Option<Option<u32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub public_url: Option<Option<String>>,
}

/// What holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notifications {
    pub private_targets: Vec<String>,
    pub max_attempts: u32,
    pub timeout_seconds: u32,
    pub keep_days: u32,
    pub late_seconds: u32,
    pub public_url: Option<String>,
}

impl Notifications {
    pub fn built_in() -> Self {
        Self {
            private_targets: vec![],
            max_attempts: 30,
            timeout_seconds: 10,
            keep_days: 30,
            late_seconds: 60,
            public_url: None,
        }
    }

    /// What may be sent to although it is not on the internet.
    pub fn targets(&self) -> Vec<Target> {
        let read = |text: &String| Target::parse(text).ok();
        self.private_targets.iter().filter_map(read).collect()
    }
}

impl NotificationsWish {
    pub fn over(&self, other: &Notifications) -> Notifications {
        Notifications {
            private_targets: self
                .private_targets
                .clone()
                .unwrap_or_else(|| other.private_targets.clone()),
            max_attempts: self.max_attempts.unwrap_or(other.max_attempts),
            timeout_seconds: self.timeout_seconds.unwrap_or(other.timeout_seconds),
            keep_days: self.keep_days.unwrap_or(other.keep_days),
            late_seconds: self.late_seconds.unwrap_or(other.late_seconds),
            public_url: self.public_url.clone().or_else(|| other.public_url.clone()),
        }
    }

    pub fn changed(mut self, patch: &NotificationsPatch) -> Result<Self, OutOfBounds> {
        fn take<T: Clone>(to: &mut Option<T>, from: &Option<Option<T>>) {
            if let Some(value) = from {
                to.clone_from(value);
            }
        }
        take(&mut self.private_targets, &patch.private_targets);
        take(&mut self.max_attempts, &patch.max_attempts);
        take(&mut self.timeout_seconds, &patch.timeout_seconds);
        take(&mut self.keep_days, &patch.keep_days);
        take(&mut self.late_seconds, &patch.late_seconds);
        take(&mut self.public_url, &patch.public_url);
        self.normalize()?;
        Ok(self)
    }

    fn normalize(&mut self) -> Result<(), OutOfBounds> {
        let number =
            |field, value: Option<u32>, least, most| within(field, value.map(u64::from), least, most);
        number("notifications.max_attempts", self.max_attempts, 1, 100)?;
        number("notifications.timeout_seconds", self.timeout_seconds, 1, 60)?;
        number("notifications.keep_days", self.keep_days, 1, 3_650)?;
        number("notifications.late_seconds", self.late_seconds, 1, 86_400)?;
        if let Some(targets) = &mut self.private_targets {
            let refused = |message| OutOfBounds {
                field: "notifications.private_targets",
                message,
            };
            if targets.len() > MOST_TARGETS {
                return Err(refused(format!("There are at most {MOST_TARGETS} of them")));
            }
            for text in targets.iter_mut() {
                *text = Target::parse(text).map_err(refused)?.to_string();
            }
            targets.dedup();
        }
        if let Some(url) = &mut self.public_url {
            *url = url.trim().trim_end_matches('/').to_owned();
            let rest = url
                .strip_prefix("https://")
                .or_else(|| url.strip_prefix("http://"));
            let plain = |rest: &str| {
                !rest.is_empty()
                    && rest
                        .chars()
                        .all(|c| c.is_ascii_graphic() && !"\"<>\\^`{|}?#@".contains(c))
            };
            if url.len() > URL_CHARS || !rest.is_some_and(plain) {
                return Err(OutOfBounds {
                    field: "notifications.public_url",
                    message: format!(
                        "notifications.public_url must be like https://pytask.example, of at most {URL_CHARS} characters"
                    ),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(json: &str) -> Result<Notifications, OutOfBounds> {
        let patch: NotificationsPatch = serde_json::from_str(json).expect("a patch");
        let wish = NotificationsWish::default().changed(&patch)?;
        Ok(wish.over(&Notifications::built_in()))
    }

    #[test]
    fn what_is_set_goes_before_the_default() {
        let json = r#"{"private_targets": ["10.1.2.3/8", "NTFY.lan"], "keep_days": 7, "public_url": "http://nas:8420/"}"#;
        let now = changed(json).expect("within bounds");
        assert_eq!(now.private_targets, ["10.0.0.0/8", "ntfy.lan"]);
        assert_eq!((now.keep_days, now.max_attempts), (7, 30));
        assert_eq!(now.public_url.as_deref(), Some("http://nas:8420"));
        assert_eq!(now.targets().len(), 2);
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        for (json, field) in [
            (r#"{"max_attempts": 0}"#, "max_attempts"),
            (r#"{"timeout_seconds": 61}"#, "timeout_seconds"),
            (r#"{"keep_days": 0}"#, "keep_days"),
            (r#"{"late_seconds": 0}"#, "late_seconds"),
            (r#"{"private_targets": ["10.0.0.0/33"]}"#, "private_targets"),
            (r#"{"private_targets": ["http://nas"]}"#, "private_targets"),
            (r#"{"private_targets": [""]}"#, "private_targets"),
            (r#"{"public_url": "javascript:alert(1)"}"#, "public_url"),
            (r#"{"public_url": "https://a b"}"#, "public_url"),
            (r#"{"public_url": "https://"}"#, "public_url"),
        ] {
            let refused = changed(json).expect_err(json);
            assert_eq!(refused.field, format!("notifications.{field}"));
        }
    }
}
