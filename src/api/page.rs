//! Pages of lists: by keyset, never by offset. A cursor is opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;

const DEFAULT: u32 = 50;
const MOST: u32 = 500;

#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Pass it as `cursor` for what follows; `null` at the end.
    pub next_cursor: Option<String>,
}

/// The page's size: what was asked for, within bounds.
pub fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    match asked.unwrap_or(DEFAULT) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(ApiError::bad_request(
            "invalid_query",
            format!("limit must be from 1 to {MOST}"),
        )),
    }
}

/// The key after which the page begins.
pub fn after(cursor: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(key) => Ok(Some(key)),
        None => Err(ApiError::bad_request(
            "invalid_query",
            "cursor is not one that this server gave",
        )),
    }
}

/// That leads to what follows this key.
pub fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// Like [`after`], for lists that are ordered by number.
pub fn before(cursor: Option<&str>) -> Result<Option<i64>, ApiError> {
    let number = after(cursor)?.map(|key| key.parse());
    number
        .transpose()
        .map_err(|_| ApiError::bad_request("invalid_query", "cursor is not one that this server gave"))
}

impl<T> Page<T> {
    /// From up to `limit + 1` rows: the one too many says that there is more.
    pub fn cut<R>(
        mut rows: Vec<R>,
        limit: u32,
        key: impl Fn(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> Self {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|last| cursor(&key(last)));
        Self {
            items: rows.into_iter().map(show).collect(),
            next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_lead_from_page_to_page() {
        let page = Page::cut(vec![9, 8, 7], 2, ToString::to_string, |n| n);
        assert_eq!(page.items, [9, 8]);
        assert_eq!(before(page.next_cursor.as_deref()).expect("ours"), Some(8));
        assert!(
            Page::cut(vec![9, 8], 2, ToString::to_string, |n: i32| n)
                .next_cursor
                .is_none()
        );
    }

    #[test]
    fn made_up_cursors_and_sizes_are_refused() {
        for cursor in ["!", "////", "YWJj"] {
            assert!(before(Some(cursor)).is_err(), "{cursor}");
        }
        for bad in [0, 501] {
            assert!(limit(Some(bad)).is_err());
        }
    }
}
