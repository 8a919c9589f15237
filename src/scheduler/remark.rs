//! What the latest fires of a schedule say about it: that its runs outlast the interval, or that they start late. Pure.

use jiff::{SignedDuration, Timestamp};

/// Fires that are looked at.
pub const LOOKED_AT: u32 = 20;
/// Of how many fires something is said at all.
const ENOUGH: usize = 4;
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// A fire and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    pub slot: Timestamp,
    /// When its run was started, if it was.
    pub started_at: Option<Timestamp>,
    /// It was skipped because another run was not finished.
    pub overlapped: bool,
}

/// A sentence, if there is something to say. `fired` is newest first; those that wait are left out.
pub fn remark(fired: &[Fired]) -> Option<String> {
    if fired.len() >= ENOUGH
        && let Some(interval) = mean(fired.iter().map(|fire| fire.slot))
        && fired.iter().filter(|fire| fire.overlapped).count() * 3 >= fired.len()
    {
        let ran = fired.iter().filter(|fire| !fire.overlapped).map(|fire| fire.slot);
        let effective = match mean(ran) {
            Some(effective) => format!("effectively every {}", words(effective)),
            None => "of which hardly any runs".to_owned(),
        };
        return Some(format!(
            "Every {}, {effective}: runs take longer than the interval",
            words(interval)
        ));
    }
    let late: Vec<SignedDuration> = fired
        .iter()
        .filter_map(|fire| Some(fire.started_at?.duration_since(fire.slot)))
        .take(ENOUGH)
        .collect();
    let latest = *late.first()?;
    (latest > LATE).then(|| format!("The last run started {} late", words(latest)))
}

/// Between neighbours.
fn mean(slots: impl Iterator<Item = Timestamp>) -> Option<SignedDuration> {
    let slots: Vec<Timestamp> = slots.collect();
    let (newest, oldest) = (slots.first()?, slots.last()?);
    let gaps = i32::try_from(slots.len())
        .ok()?
        .checked_sub(1)
        .filter(|gaps| *gaps > 0)?;
    newest.duration_since(*oldest).checked_div(gaps)
}

/// Rounded to what people say.
fn words(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        ..60 => (seconds, "s"),
        60..5_400 => ((seconds + 30) / 60, "min"),
        5_400..129_600 => ((seconds + 1_800) / 3_600, "h"),
        _ => ((seconds + 43_200) / 86_400, "days"),
    };
    format!("{count} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newest first, every ten minutes; `x` was overlapped, a digit says how many minutes late it started.
    fn fired(pattern: &str) -> Vec<Fired> {
        let slot = |n: usize| Timestamp::from_second(1_000_000 - 600 * n as i64).expect("in range");
        pattern
            .chars()
            .enumerate()
            .map(|(n, c)| Fired {
                slot: slot(n),
                started_at: c
                    .to_digit(10)
                    .map(|late| slot(n) + SignedDuration::from_mins(late.into())),
                overlapped: c == 'x',
            })
            .collect()
    }

    #[test]
    fn what_is_worth_saying_is_said() {
        let table = [
            ("", None),
            ("0000", None),
            ("1000", None),
            ("000x000000", None),
            (
                "0xx0xx0",
                Some("Every 10 min, effectively every 30 min: runs take longer than the interval"),
            ),
            (
                "xxxx",
                Some("Every 10 min, of which hardly any runs: runs take longer than the interval"),
            ),
            ("4000", Some("The last run started 4 min late")),
            ("--40", Some("The last run started 4 min late")),
        ];
        for (pattern, expected) in table {
            assert_eq!(remark(&fired(pattern)).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn durations_are_rounded() {
        for (seconds, expected) in [
            (59, "59 s"),
            (60, "1 min"),
            (90, "2 min"),
            (5_400, "2 h"),
            (200_000, "2 days"),
        ] {
            assert_eq!(words(SignedDuration::from_secs(seconds)), expected);
        }
    }
}
