//! Colours of tags. One that nobody has chosen follows from the tag's name, so it is the same everywhere and always.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TagColour {
    Grey,
    Red,
    Orange,
    Amber,
    Green,
    Teal,
    Blue,
    Violet,
    Pink,
}

impl TagColour {
    /// Never grey, which says nothing.
    pub fn of(tag: &str) -> Self {
        const COLOURS: [TagColour; 8] = [
            TagColour::Red,
            TagColour::Orange,
            TagColour::Amber,
            TagColour::Green,
            TagColour::Teal,
            TagColour::Blue,
            TagColour::Violet,
            TagColour::Pink,
        ];
        COLOURS[crc32fast::hash(tag.as_bytes()) as usize % COLOURS.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_colour() {
        assert_eq!(TagColour::of("etl"), TagColour::of("etl"));
        let colours: Vec<_> = ["etl", "report", "backup", "web", "daily", "home"]
            .map(TagColour::of)
            .into();
        assert!(colours.iter().any(|colour| *colour != colours[0]));
        assert_eq!(
            serde_json::to_string(&TagColour::Amber).expect("JSON"),
            "\"amber\""
        );
    }
}
