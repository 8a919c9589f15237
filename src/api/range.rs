//! A range of bytes of something that does not change any more (RFC 9110, section 14).
//!
//! One range is answered. Several in one request, and what cannot be read, are no reason to refuse: all of it is sent then, as the
//! standard lets a server do.

use std::ops::Range;

use axum::http::{HeaderMap, HeaderValue, header};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    /// Not empty, and within.
    Part(Range<u64>),
    /// There is nothing of what is wanted.
    Beyond,
}

/// What of `length` bytes is wanted, if they are still those that the client knows as `etag`.
pub(super) fn wanted(headers: &HeaderMap, etag: &str, length: u64) -> Wanted {
    let is_known = |known: &HeaderValue| known.as_bytes() == etag.as_bytes();
    // A date is not known here: nothing was said about one.
    if !headers.get(header::IF_RANGE).is_none_or(is_known) {
        return Wanted::All;
    }
    let ranges = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok())
        .and_then(|range| http_range_header::parse_range_header(range).ok());
    let Some(ranges) = ranges.filter(|ranges| ranges.len() == 1) else {
        return Wanted::All;
    };
    match ranges.validate(length).as_deref() {
        Ok([range]) => Wanted::Part(*range.start()..range.end().saturating_add(1)),
        // The end of what is empty.
        Ok(_) => Wanted::All,
        Err(_) => Wanted::Beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_answered_and_nothing_is_guessed() {
        let table = [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=2-4", Wanted::Part(2..5)),
            ("bytes=2-", Wanted::Part(2..10)),
            ("bytes=2-99", Wanted::Part(2..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=9-9", Wanted::Part(9..10)),
            ("bytes=10-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=4-2", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("lines=0-1", Wanted::All),
            ("", Wanted::All),
        ];
        for (range, expected) in table {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(range))]);
            assert_eq!(wanted(&headers, "\"e\"", 10), expected, "{range}");
            assert!(
                !matches!(wanted(&headers, "\"e\"", 0), Wanted::Part(_)),
                "{range}"
            );
        }
        assert_eq!(wanted(&HeaderMap::new(), "\"e\"", 10), Wanted::All);
    }

    #[test]
    fn a_range_of_something_else_is_not_answered() {
        for (if_range, expected) in [
            ("\"e\"", Wanted::Part(1..2)),
            ("\"other\"", Wanted::All),
            ("W/\"e\"", Wanted::All),
            ("Wed, 25 Nov 2026 00:00:00 GMT", Wanted::All),
        ] {
            let headers = HeaderMap::from_iter([
                (header::RANGE, HeaderValue::from_static("bytes=1-1")),
                (header::IF_RANGE, HeaderValue::from_static(if_range)),
            ]);
            assert_eq!(wanted(&headers, "\"e\"", 10), expected, "{if_range}");
        }
    }
}
