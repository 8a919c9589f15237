//! The bridge that an instance's runs share: a way out, and no way to each other.

use std::collections::HashMap;

use bollard::models::{NetworkCreateRequest, NetworkInspect};

use super::link::{Line, Link, ORDINARY, status, within};
use super::spec::INSTANCE_LABEL;
use crate::engine::{Error, RunNetwork};

/// Traffic between containers of one bridge.
const ICC: &str = "com.docker.network.bridge.enable_icc";

pub(super) fn name(instance: &str) -> String {
    format!("pytask-{instance}-runs")
}

/// Makes the bridge if it is missing; refuses a network of that name which is not what we would have made.
pub(super) async fn ensure(line: &Line, link: &Link, instance: &str) -> Result<(), Error> {
    let name = name(instance);
    // The second round finds what somebody made between our look and our try.
    for _ in 0..2 {
        match within(ORDINARY, link.client.inspect_network(&name, None)).await {
            Ok(found) => return check(&found, instance),
            Err(error) if status(&error) == Some(404) => {}
            Err(error) => return Err(line.failed(error).await),
        }
        match within(ORDINARY, link.client.create_network(wanted(&name, instance))).await {
            Ok(_) => return Ok(()),
            Err(error) if status(&error) == Some(409) => {}
            Err(error) => return Err(line.failed(error).await),
        }
    }
    Err(Error::Refused(format!(
        "network {name} is reported as both missing and existing"
    )))
}

/// Whether it is there, and as we make it.
pub(super) async fn look(line: &Line, link: &Link, instance: &str) -> Result<RunNetwork, Error> {
    match within(ORDINARY, link.client.inspect_network(&name(instance), None)).await {
        Ok(found) => Ok(match check(&found, instance) {
            Ok(()) => RunNetwork::Fit,
            Err(error) => RunNetwork::Unfit(error.to_string()),
        }),
        Err(error) if status(&error) == Some(404) => Ok(RunNetwork::NotMade),
        Err(error) => Err(line.failed(error).await),
    }
}

/// Only one that is ours.
pub(super) async fn remove(line: &Line, link: &Link, instance: &str) -> Result<(), Error> {
    if look(line, link, instance).await? != RunNetwork::Fit {
        return Ok(());
    }
    match within(ORDINARY, link.client.remove_network(&name(instance))).await {
        Ok(()) => Ok(()),
        Err(error) if status(&error) == Some(404) => Ok(()),
        Err(error) => Err(line.failed(error).await),
    }
}

fn wanted(name: &str, instance: &str) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        options: Some(HashMap::from([(ICC.to_owned(), "false".to_owned())])),
        labels: Some(HashMap::from([(INSTANCE_LABEL.to_owned(), instance.to_owned())])),
        ..Default::default()
    }
}

fn check(found: &NetworkInspect, instance: &str) -> Result<(), Error> {
    let has = |map: &Option<HashMap<String, String>>, key: &str, value: &str| {
        map.as_ref()
            .and_then(|map| map.get(key))
            .is_some_and(|found| found == value)
    };
    let wrong = if !has(&found.labels, INSTANCE_LABEL, instance) {
        "does not belong to this instance"
    } else if found.driver.as_deref() != Some("bridge") {
        "is not a bridge"
    } else if !has(&found.options, ICC, "false") {
        "lets containers talk to each other"
    } else {
        return Ok(());
    };
    Err(Error::Unenforceable(format!(
        "the network {} {wrong}; remove it and it is made anew",
        found.name.as_deref().unwrap_or_default()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_we_would_have_made_will_do() {
        let ours = |change: fn(&mut NetworkInspect)| {
            let made = wanted("pytask-a-runs", "a");
            let mut found = NetworkInspect {
                name: Some(made.name),
                driver: made.driver,
                options: made.options,
                labels: made.labels,
                ..Default::default()
            };
            change(&mut found);
            check(&found, "a").map_err(|error| error.to_string())
        };
        assert_eq!(ours(|_| {}), Ok(()));
        assert!(ours(|found| found.labels = None).is_err());
        assert!(ours(|found| found.driver = Some("host".to_owned())).is_err());
        assert!(ours(|found| found.options = None).is_err());
        assert!(
            ours(|found| {
                found.options = Some(HashMap::from([(ICC.to_owned(), "true".to_owned())]));
            })
            .is_err()
        );
    }
}
