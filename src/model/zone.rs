//! Time zones by their IANA names.
//!
//! The database is the one in the binary, whatever the machine has, so that the same version means the same fires
//! everywhere.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no time zone. They are named like Europe/Berlin, America/New_York or UTC")]
pub struct UnknownZone {
    pub name: String,
}

/// The zone, which knows its name as it is properly written.
pub fn named(name: &str) -> Result<TimeZone, UnknownZone> {
    let unknown = || UnknownZone {
        name: name.chars().take(60).collect(),
    };
    let zone = DATABASE.get(name).map_err(|_| unknown())?;
    zone.iana_name().is_some().then_some(zone).ok_or_else(unknown)
}

/// All there are, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = DATABASE
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| name != "Etc/Unknown" && name != "Factory")
        .collect();
    names.sort();
    names
}
