//! What the engine says of itself: read, and put in our words.

use std::collections::BTreeSet;

use bollard::models::{ContainerInspectResponse, SystemInfo, SystemVersion};
use jiff::Timestamp;

use super::link::{Link, ORDINARY, status, within};
use super::{Docker, network, storage};
use crate::engine::{Description, Error, RunNetwork};

impl Docker {
    pub(super) async fn described(&self) -> Result<Description, Error> {
        let link = self.line.link().await?;
        let info = match within(ORDINARY, link.client.info()).await {
            Ok(info) => info,
            Err(error) => return Err(self.line.failed(error).await),
        };
        let version = match within(ORDINARY, link.client.version()).await {
            Ok(version) => version,
            Err(error) => return Err(self.line.failed(error).await),
        };
        let run_network = network::look(&self.line, &link, &self.config.instance).await?;
        Ok(Description {
            api_version: link.api.to_string(),
            version: link.engine_version.clone(),
            run_network,
            published: self.published(&link).await?,
            ..put(info, version)
        })
    }

    async fn published(&self, link: &Link) -> Result<Option<Vec<String>>, Error> {
        let mounts = tokio::fs::read_to_string("/proc/self/mountinfo").await;
        let Some(id) = storage::own_container_id(&mounts.unwrap_or_default()) else {
            return Ok(None);
        };
        match within(ORDINARY, link.client.inspect_container(&id, None)).await {
            Ok(own) => Ok(Some(published(&own))),
            // A container of some other engine.
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(self.line.failed(error).await),
        }
    }
}

fn put(info: SystemInfo, version: SystemVersion) -> Description {
    let platform = version.platform.map(|platform| platform.name);
    let component = version.components.into_iter().flatten().next();
    let product = platform
        .filter(|name| !name.is_empty())
        .or(component.map(|component| component.name));
    let rootless = info
        .security_options
        .iter()
        .flatten()
        .any(|option| option.contains("rootless"));
    Description {
        product: match product.as_deref() {
            // How distributions name what they build of it.
            Some("Engine") => "Docker Engine".to_owned(),
            Some(name) => name.to_owned(),
            None => "An engine without a name".to_owned(),
        },
        operating_system: info.operating_system,
        kernel: info.kernel_version,
        cgroup_driver: info
            .cgroup_driver
            .map(|driver| driver.to_string())
            .filter(|driver| !driver.is_empty()),
        cgroup_version: info
            .cgroup_version
            .map(|version| version.to_string())
            .filter(|version| !version.is_empty()),
        rootless,
        time: info.system_time.and_then(|time| time.parse::<Timestamp>().ok()),
        run_network: RunNetwork::default(),
        ..Description::default()
    }
}

/// Where a container can be reached from outside its engine's networks; empty if nowhere.
fn published(own: &ContainerInspectResponse) -> Vec<String> {
    let settings = own.network_settings.as_ref();
    let ports = settings.and_then(|settings| settings.ports.as_ref());
    let bound = ports
        .into_iter()
        .flat_map(|ports| ports.values())
        .flatten()
        .flatten();
    let mut addresses: BTreeSet<String> = bound
        .map(|binding| {
            let ip = binding.host_ip.as_deref().unwrap_or_default();
            if ip.is_empty() { "0.0.0.0" } else { ip }.to_owned()
        })
        .collect();
    let host = own
        .host_config
        .as_ref()
        .and_then(|config| config.network_mode.as_deref());
    if host == Some("host") {
        addresses.insert("the host's own network".to_owned());
    }
    addresses.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    use bollard::models::{
        HostConfig, NetworkSettings, PortBinding, SystemInfoCgroupDriverEnum, SystemVersionPlatform,
    };

    #[test]
    fn what_engines_say_is_understood() {
        let info = SystemInfo {
            cgroup_driver: Some(SystemInfoCgroupDriverEnum::SYSTEMD),
            security_options: Some(vec![
                "name=seccomp,profile=builtin".into(),
                "name=rootless".into(),
            ]),
            system_time: Some("2026-11-25T07:56:38.123456789Z".into()),
            ..SystemInfo::default()
        };
        let version = SystemVersion {
            platform: Some(SystemVersionPlatform {
                name: "Docker Engine - Community".into(),
            }),
            ..SystemVersion::default()
        };
        let put = put(info, version);
        assert_eq!(put.product, "Docker Engine - Community");
        assert_eq!(put.cgroup_driver.as_deref(), Some("systemd"));
        assert!(put.rootless);
        let time = put.time.expect("a time");
        assert_eq!(
            time.as_second(),
            "2026-11-25T07:56:38Z"
                .parse::<Timestamp>()
                .expect("a time")
                .as_second()
        );
    }

    #[test]
    fn an_address_that_is_not_named_is_every_address() {
        let container = |ip: Option<&str>, mode: &str| ContainerInspectResponse {
            host_config: Some(HostConfig {
                network_mode: Some(mode.to_owned()),
                ..HostConfig::default()
            }),
            network_settings: Some(NetworkSettings {
                ports: Some(HashMap::from([
                    (
                        "8420/tcp".to_owned(),
                        Some(vec![PortBinding {
                            host_ip: ip.map(str::to_owned),
                            host_port: Some("8420".to_owned()),
                        }]),
                    ),
                    ("9000/tcp".to_owned(), None),
                ])),
                ..NetworkSettings::default()
            }),
            ..ContainerInspectResponse::default()
        };
        assert_eq!(published(&container(Some("127.0.0.1"), "bridge")), ["127.0.0.1"]);
        assert_eq!(published(&container(Some(""), "bridge")), ["0.0.0.0"]);
        assert_eq!(
            published(&container(Some("127.0.0.1"), "host")),
            ["127.0.0.1", "the host's own network"]
        );
        assert!(published(&ContainerInspectResponse::default()).is_empty());
    }
}
