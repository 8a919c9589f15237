//! What is said of runs. Pure.

use jiff::Timestamp;

use super::wire::RunSeen;

/// The last sentence on a run.
pub fn epitaph(run: &RunSeen) -> String {
    let outcome = run.outcome.clone().unwrap_or_default();
    let message = outcome.message.trim_end_matches('.');
    let took = match (run.started_at, run.finished_at) {
        (Some(started), Some(finished)) => format!(" ({})", duration(started, finished)),
        _ => String::new(),
    };
    format!("run {} of {}: {message}{took}", run.number, run.script_name)
}

pub fn duration(from: Timestamp, to: Timestamp) -> String {
    let milliseconds = to.duration_since(from).as_millis().max(0);
    let seconds = milliseconds / 1000;
    match seconds {
        0..60 => format!("{}.{} s", seconds, milliseconds % 1000 / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_long_as_they_need() {
        let start = Timestamp::UNIX_EPOCH;
        let after = |ms: i64| duration(start, Timestamp::from_millisecond(ms).expect("a time"));
        let table = [
            (-5, "0.0 s"),
            (0, "0.0 s"),
            (449, "0.4 s"),
            (59_999, "59.9 s"),
            (60_000, "1 min 00 s"),
            (3_599_000, "59 min 59 s"),
            (3_660_000, "1 h 01 min"),
        ];
        for (ms, expected) in table {
            assert_eq!(after(ms), expected);
        }
    }
}
