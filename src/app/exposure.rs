//! Being reachable from other machines has to be meant, and is said in the log at every start.

use anyhow::bail;

use crate::access::{Access, Exposure};
use crate::config::ServeConfig;

/// Who can reach the port. To be reached by more than this machine has to be wished for in so many words.
pub(super) fn of(config: &ServeConfig) -> anyhow::Result<Exposure> {
    let exposure = Exposure::of(config.listen.ip(), config.published);
    if exposure.is_wide() && !config.allow_lan {
        bail!(
            "it would be reachable from other machines, at {}, and whoever may use it can run code here. If that is \
             meant, set PYTASK_ALLOW_LAN=1; access tokens are required then. If it is not: listen on 127.0.0.1, or, in a \
             container of your own, say with PYTASK_PUBLISHED=127.0.0.1 that its port is published there alone",
            exposure.address
        );
    }
    Ok(exposure)
}

/// For whoever reads the log.
pub(super) fn warn(access: &Access) {
    let address = access.exposure().address;
    tracing::warn!(
        %address,
        "reachable from other machines: whoever has an access token can run code here; every request needs one"
    );
    if !access.has_valid_token() {
        tracing::warn!(
            "there is no access token, so nobody can use it yet; make one on this machine: \
             docker compose exec pytask-manager pytask-manager token create NAME"
        );
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        serve: ServeConfig,
    }

    fn exposed(flags: &[&str]) -> Result<bool, String> {
        let config = Flags::try_parse_from([&["serve"], flags].concat()).map_err(|e| e.to_string())?;
        of(&config.serve)
            .map(Exposure::is_wide)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn to_be_reached_from_elsewhere_has_to_be_meant() {
        let listen = ["--listen", "0.0.0.0:8420"];
        let with = |more: &[&'static str]| exposed(&[&listen, more].concat());
        assert_eq!(exposed(&[]), Ok(false));
        assert_eq!(with(&["--published", "127.0.0.1"]), Ok(false));
        assert_eq!(with(&["--published", "[::1]"]), Ok(false));
        assert_eq!(with(&["--allow-lan"]), Ok(true));
        assert_eq!(with(&["--published", "192.168.1.5", "--allow-lan"]), Ok(true));
        for more in [&[][..], &["--published", "0.0.0.0"], &["--published", "::"]] {
            let said = with(more).expect_err("refused");
            assert!(said.contains("PYTASK_ALLOW_LAN=1"), "{said}");
        }
        assert!(with(&["--published", "localhost"]).is_err());
    }
}
