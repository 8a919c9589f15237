//! Configuration: read once, from flags and environment, at the start. Nothing else reads the environment.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

/// What `serve` needs. Every flag has an environment variable of the same meaning.
#[derive(Debug, Clone, Args)]
pub struct ServeConfig {
    /// Address and port to listen on.
    #[arg(long, env = "PYTASK_LISTEN", default_value = "127.0.0.1:8420")]
    pub listen: SocketAddr,

    /// Address at which others reach the port, where somebody else publishes it: the Compose file says it here and there.
    /// Default: the one that is listened on.
    #[arg(long, env = "PYTASK_PUBLISHED", value_parser = address)]
    pub published: Option<IpAddr>,

    /// Be reachable from other machines; without it an address beyond loopback stops the start.
    #[arg(long, env = "PYTASK_ALLOW_LAN", value_parser = FalseyValueParser::new())]
    pub allow_lan: bool,

    /// Ask everybody for an access token, also on loopback.
    #[arg(long, env = "PYTASK_REQUIRE_TOKEN", value_parser = FalseyValueParser::new())]
    pub require_token: bool,

    /// Folder of everything that lasts: database, scripts, environments, runs.
    #[arg(long, env = "PYTASK_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,

    /// Name of the Docker volume that holds the data folder; found out by itself inside a container.
    #[arg(long, env = "PYTASK_DATA_VOLUME")]
    pub data_volume: Option<String>,

    /// Address of the container engine.
    #[arg(long, env = "DOCKER_HOST", default_value = "unix:///var/run/docker.sock")]
    pub docker_host: String,

    /// Socket of a broker, which holds the container engine in this process's place; see `broker`.
    #[arg(long, env = "PYTASK_BROKER")]
    pub broker: Option<PathBuf>,

    /// Image in which scripts run and environments are built.
    #[arg(long, env = "PYTASK_RUNNER_IMAGE", default_value = "pytask-runner:3.13")]
    pub runner_image: String,

    /// Image with the editor's tools; without it the editor knows less, and everything else works.
    #[arg(long, env = "PYTASK_TOOLS_IMAGE", default_value = "pytask-tools:1")]
    pub tools_image: String,

    /// After how many seconds without use a script's tools are stopped.
    #[arg(long, env = "PYTASK_TOOLS_IDLE_SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub tools_idle_seconds: u64,

    /// The static supervisor binary that becomes PID 1 of every run.
    #[arg(
        long,
        env = "PYTASK_SUPERVISOR",
        default_value = "/usr/local/lib/pytask/supervisor"
    )]
    pub supervisor: PathBuf,

    /// Host names under which the interface may be opened, beside localhost; separated by commas.
    #[arg(long, env = "PYTASK_ALLOWED_HOSTS", value_delimiter = ',')]
    pub allowed_hosts: Vec<String>,

    /// How many runs may be active at once; default: two per core.
    #[arg(long, env = "PYTASK_MAX_RUNS", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub max_runs: Option<u16>,

    /// User and group id of the scripts' processes inside their containers.
    #[arg(long, env = "PYTASK_RUN_UID", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub run_uid: u32,

    /// Package index for environments; default: PyPI. May hold a user name and a password, which are not shown.
    #[arg(long, env = "PYTASK_INDEX_URL", hide_env_values = true)]
    pub index_url: Option<String>,

    /// File with the 32 bytes of the key to stored secrets; default: one in the data folder, made at the first start.
    #[arg(long, env = "PYTASK_SECRETS_KEY_FILE")]
    pub secrets_key_file: Option<PathBuf>,

    /// File with the key that was used before that one; what it has sealed is sealed with the new one at the start.
    #[arg(long, env = "PYTASK_SECRETS_OLD_KEY_FILE", requires = "secrets_key_file")]
    pub secrets_old_key_file: Option<PathBuf>,

    /// PEM file with certificates to trust, beside the runner image's own, when packages are fetched.
    #[arg(long, env = "PYTASK_EXTRA_CA")]
    pub extra_ca: Option<PathBuf>,

    /// Whether it is looked after every start what may be wrong with the installation.
    #[arg(long, env = "PYTASK_EXAMINE_AT_START", default_value_t = true, action = clap::ArgAction::Set)]
    pub examine_at_start: bool,

    #[command(flatten)]
    pub log: LogConfig,
}

/// What `broker` needs.
#[derive(Debug, Clone, Args)]
pub struct BrokerConfig {
    /// Socket to take calls on.
    #[arg(long, env = "PYTASK_BROKER", default_value = "/run/pytask/broker.sock")]
    pub socket: PathBuf,

    /// Folder for what it remembers, which nobody else can write to.
    #[arg(long, env = "PYTASK_BROKER_STATE", default_value = "/var/lib/pytask-broker")]
    pub state: PathBuf,

    /// The data folder of the instance that calls.
    #[arg(long, env = "PYTASK_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,

    /// Name of the Docker volume that holds the data folder; found out by itself inside a container.
    #[arg(long, env = "PYTASK_DATA_VOLUME")]
    pub data_volume: Option<String>,

    /// Address of the container engine.
    #[arg(long, env = "DOCKER_HOST", default_value = "unix:///var/run/docker.sock")]
    pub docker_host: String,

    #[command(flatten)]
    pub log: LogConfig,
}

#[derive(Debug, Clone, Args)]
pub struct LogConfig {
    /// What the controller itself logs, as a tracing filter.
    #[arg(
        long = "log",
        env = "PYTASK_LOG",
        default_value = "info,memory_serve=warn,rusqlite_migration=warn"
    )]
    pub filter: String,

    #[arg(long = "log-format", env = "PYTASK_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// An IP address; one of IPv6 may stand in brackets, as Compose wants it.
fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(text)
        .parse()
        .map_err(|_| "it has to be an IP address, such as 127.0.0.1 or 0.0.0.0".to_owned())
}

impl ServeConfig {
    /// What holds unless Settings say otherwise.
    pub fn max_runs(&self) -> u32 {
        let per_core = 2;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.max_runs.map_or_else(|| cores() as u32 * per_core, u32::from)
    }
}
