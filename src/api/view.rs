//! What an artifact is to people, and how a browser may show it: pure.
//!
//! The bytes are a script's, so nothing of them may act in our name. Pictures and text are shown as what they are and
//! sandboxed; HTML is shown as a page without scripts, without network and without our origin. Everything else is a
//! download.

use serde::Serialize;
use utoipa::ToSchema;

const MIB: u64 = 1024 * 1024;
/// Larger ones are for downloading.
const MOST_VIEWED: u64 = 16 * MIB;
const MOST_VIEWED_OF_A_PICTURE: u64 = 64 * MIB;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactKind {
    Image,
    Text,
    Csv,
    Json,
    Markdown,
    Html,
    Pdf,
    Other,
}

/// How it is sent to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub content_type: &'static str,
    pub policy: &'static str,
    /// Our own pages may show it in a frame.
    pub framed: bool,
    pub most_bytes: u64,
}

const STILL: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
const PAGE: &str =
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// By the name; where that says nothing, by whether it begins like text.
pub fn kind(path: &str, begins_like_text: impl FnOnce() -> bool) -> ArtifactKind {
    match extension(path).as_str() {
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "svg" => ArtifactKind::Image,
        "csv" | "tsv" => ArtifactKind::Csv,
        "json" | "geojson" => ArtifactKind::Json,
        "md" | "markdown" => ArtifactKind::Markdown,
        "html" | "htm" => ArtifactKind::Html,
        "pdf" => ArtifactKind::Pdf,
        "txt" | "log" | "jsonl" | "ndjson" => ArtifactKind::Text,
        _ if begins_like_text() => ArtifactKind::Text,
        _ => ArtifactKind::Other,
    }
}

/// `None`: as a download only.
pub fn view(path: &str, kind: ArtifactKind) -> Option<View> {
    let still = |content_type, most_bytes| View {
        content_type,
        policy: STILL,
        framed: false,
        most_bytes,
    };
    Some(match kind {
        ArtifactKind::Image => {
            let content_type = match extension(path).as_str() {
                "png" => "image/png",
                "jpg" | "jpeg" => "image/jpeg",
                "gif" => "image/gif",
                "webp" => "image/webp",
                "avif" => "image/avif",
                "svg" => "image/svg+xml",
                _ => return None,
            };
            still(content_type, MOST_VIEWED_OF_A_PICTURE)
        }
        ArtifactKind::Text | ArtifactKind::Csv | ArtifactKind::Json | ArtifactKind::Markdown => {
            still("text/plain; charset=utf-8", MOST_VIEWED)
        }
        ArtifactKind::Html => View {
            content_type: "text/html; charset=utf-8",
            policy: PAGE,
            framed: true,
            most_bytes: MOST_VIEWED,
        },
        ArtifactKind::Pdf | ArtifactKind::Other => return None,
    })
}

fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.to_ascii_lowercase()
}

/// `Content-Disposition` for a name that may hold anything (RFC 6266, RFC 8187).
pub fn disposition(how: &str, path: &str) -> String {
    let mut value = format!("{how}; filename*=UTF-8''");
    for &byte in path.rsplit('/').next().unwrap_or(path).as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            value.push_str(&format!("%{byte:02X}"));
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_in_the_name_or_in_the_first_bytes() {
        use ArtifactKind::{Csv, Html, Image, Json, Markdown, Other, Pdf, Text};
        let table = [
            ("plot.PNG", false, Image),
            ("a/b.c/vector.svg", true, Image),
            ("rows.csv", false, Csv),
            ("report.json", true, Json),
            ("README.md", true, Markdown),
            ("page.htm", true, Html),
            ("paper.pdf", false, Pdf),
            ("big.log", false, Text),
            ("Makefile", true, Text),
            ("model.bin", false, Other),
            ("png", false, Other),
            ("dir.png/file", false, Other),
            (".html", false, Html),
        ];
        for (path, text, expected) in table {
            assert_eq!(kind(path, || text), expected, "{path}");
        }
    }

    /// Whatever the name says, what is sent is sandboxed, and only a page may be framed.
    #[test]
    fn nothing_that_is_shown_can_act() {
        let names = [
            "a.png", "a.svg", "a.txt", "a.csv", "a.json", "a.md", "a.html", "a.pdf", "a.exe", "a",
        ];
        for name in names {
            let kind = kind(name, || false);
            let Some(view) = view(name, kind) else {
                assert!(matches!(kind, ArtifactKind::Pdf | ArtifactKind::Other), "{name}");
                continue;
            };
            assert!(view.policy.starts_with("sandbox; default-src 'none'; "), "{name}");
            assert!(!view.policy.contains("allow-"), "{name}");
            assert_eq!(view.framed, kind == ArtifactKind::Html, "{name}");
            assert_eq!(
                view.framed,
                view.policy.contains("frame-ancestors 'self'"),
                "{name}"
            );
            let markup = view.content_type.contains("html") || view.content_type.contains("xml");
            assert_eq!(markup, name == "a.html" || name == "a.svg", "{name}");
        }
    }

    #[test]
    fn a_name_stays_a_name() {
        assert_eq!(
            disposition("inline", "a/späße \"1\";x=.png"),
            "inline; filename*=UTF-8''sp%C3%A4%C3%9Fe%20%221%22%3Bx%3D.png"
        );
    }
}
