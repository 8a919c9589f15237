//! HTTP: routes, their document, the middleware around them, and the interface's files.
//!
//! Handlers are thin: they take what was asked apart, call one face, and put the answer together. The OpenAPI document
//! is made from the same declarations as the routes and is the contract for the interface and for everybody else.

mod access;
mod artifacts;
mod backups;
mod calendar;
mod changes;
mod cleanup;
mod cron;
mod crontab;
mod dashboard;
mod dependencies;
mod doctor;
mod error;
mod events;
mod extract;
mod files;
mod frames;
pub mod guard;
mod history;
mod images;
mod keys;
mod live;
mod log;
mod log_lines;
mod log_search;
mod metrics;
mod page;
mod range;
mod requests;
mod retention;
mod revisions;
mod runs;
mod runs_search;
mod saved_filters;
mod schedules;
mod scripts;
mod session;
mod settings;
mod stats;
mod stored;
mod streamed;
mod system;
mod tokens;
mod tools;
mod triggers;
mod upload;
mod variables;
mod view;
mod webhooks;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::get;
use memory_serve::CacheControl;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

pub use error::{ApiError, ErrorBody};

use crate::access::Access;
use crate::backup::Backups;
use crate::cleanup::Cleanup;
use crate::clock::Clock;
use crate::doctor::Doctor;
use crate::events::Events;
use crate::files::DataDir;
use crate::images::Images;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::runs::Runs;
use crate::scheduler::Scheduler;
use crate::scripts::Scripts;
use crate::settings::Keeper;
use crate::store::Store;
use crate::tools::Tools;
use crate::triggers::Triggers;
use crate::variables::Variables;
use crate::webhooks::Webhooks;

const JSON_BYTES: usize = 2 * 1024 * 1024;

/// What handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub store: Store,
    pub data: DataDir,
    pub clock: Clock,
    pub events: Events,
    pub scripts: Scripts,
    pub settings: Keeper,
    pub doctor: Doctor,
    pub metrics: Metrics,
    pub images: Images,
    pub cleanup: Cleanup,
    pub runs: Runs,
    pub scheduler: Scheduler,
    pub tools: Tools,
    pub webhooks: Webhooks,
    pub access: Access,
    pub triggers: Triggers,
    pub backups: Backups,
    pub variables: Variables,
    pub keys: Keys,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "PyTask-Manager", description = "Keep, schedule and run Python scripts in containers."),
    components(schemas(ErrorBody, live::LiveMessage, events::EventMessage)),
    tags(
        (name = "scripts", description = "Scripts, their files and revisions"),
        (name = "dependencies", description = "What a script needs installed"),
        (name = "schedules", description = "When scripts run by themselves"),
        (name = "tools", description = "What an editor knows about Python"),
        (name = "variables", description = "Variables and secrets that runs are given"),
        (name = "images", description = "What scripts are run in"),
        (name = "runs", description = "Executions and their logs"),
        (name = "webhooks", description = "Who is told of what runs come to"),
        (name = "triggers", description = "Addresses at which a call starts a script"),
        (name = "access", description = "Who may ask"),
        (name = "system", description = "The instance as a whole"),
    )
)]
struct Description;

fn routes() -> OpenApiRouter<Api> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(scripts::list, scripts::create))
        .routes(routes!(scripts::get, scripts::update, scripts::delete))
        .routes(routes!(scripts::restore))
        .routes(routes!(scripts::search))
        .routes(routes!(scripts::bulk))
        .routes(routes!(scripts::import).layer(scripts::import_body_limit()))
        .routes(routes!(scripts::duplicate))
        .routes(routes!(scripts::archive))
        .routes(routes!(scripts::list_tags))
        .routes(routes!(scripts::update_tag, scripts::delete_tag))
        .routes(routes!(scripts::list_templates))
        .routes(routes!(files::list))
        .routes(routes!(files::get, files::put, files::delete).layer(files::body_limit()))
        .routes(routes!(files::create_folder))
        .routes(routes!(files::rename))
        .routes(routes!(revisions::list))
        .routes(routes!(revisions::get, revisions::update))
        .routes(routes!(revisions::changes))
        .routes(routes!(revisions::file))
        .routes(routes!(revisions::restore))
        .routes(routes!(dependencies::get, dependencies::put))
        .routes(routes!(dependencies::install))
        .routes(routes!(dependencies::update))
        .routes(routes!(dependencies::rebuild))
        .routes(routes!(dependencies::check))
        .routes(routes!(dependencies::rollback))
        .routes(routes!(dependencies::resolve))
        .routes(routes!(tools::get))
        .routes(routes!(tools::language))
        .routes(routes!(tools::lint).layer(tools::body_limit()))
        .routes(routes!(tools::format).layer(tools::body_limit()))
        .routes(routes!(tools::source))
        .routes(routes!(images::list, images::add))
        .routes(routes!(images::renew))
        .routes(routes!(images::remove))
        .routes(routes!(schedules::list))
        .routes(routes!(schedules::of_script, schedules::create))
        .routes(routes!(schedules::get, schedules::update, schedules::delete))
        .routes(routes!(schedules::run))
        .routes(routes!(calendar::get))
        .routes(routes!(cron::preview))
        .routes(routes!(crontab::preview))
        .routes(routes!(crontab::import))
        .routes(routes!(cron::zones))
        .routes(routes!(cron::simulate))
        .routes(routes!(dependencies::module::find))
        .routes(routes!(dependencies::preview::preview))
        .routes(routes!(runs::submit))
        .routes(routes!(history::list))
        .routes(routes!(history::totals))
        .routes(routes!(runs::get, runs::update, runs::delete))
        .routes(routes!(runs::cancel))
        .routes(routes!(changes::get))
        .routes(routes!(stats::get))
        .routes(routes!(log::get))
        .routes(routes!(log_lines::get))
        .routes(routes!(log_search::get))
        .routes(routes!(runs_search::get))
        .routes(routes!(artifacts::list))
        .routes(routes!(artifacts::get))
        .routes(routes!(live::live))
        .routes(routes!(events::events))
        .routes(routes!(dashboard::get))
        .routes(routes!(settings::get, settings::update))
        .routes(routes!(settings::changes))
        .routes(routes!(doctor::get, doctor::examine))
        .routes(routes!(cleanup::get, cleanup::begin))
        .routes(routes!(cleanup::preview))
        .routes(routes!(cleanup::room))
        .routes(routes!(retention::preview))
        .routes(routes!(saved_filters::list, saved_filters::create))
        .routes(routes!(saved_filters::update, saved_filters::delete))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::preview))
        .routes(routes!(webhooks::get, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::list_deliveries))
        .routes(routes!(webhooks::get_delivery))
        .routes(routes!(webhooks::replay))
        .routes(routes!(triggers::get, triggers::put, triggers::delete))
        .routes(routes!(triggers::rotate))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::delete))
        .routes(routes!(session::get, session::create, session::delete))
        .routes(routes!(backups::list, backups::make))
        .routes(routes!(backups::cancel))
        .routes(routes!(backups::send))
        .routes(routes!(backups::download, backups::delete))
        .routes(routes!(backups::verify))
        .routes(routes!(variables::get, variables::put))
        .routes(routes!(variables::of_script, variables::put_of_script))
        .routes(routes!(keys::get))
        .routes(routes!(keys::rotate))
        .routes(routes!(system::get));
    OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", v1)
        .routes(routes!(triggers::call).layer(triggers::call_body_limit()))
}

/// The OpenAPI document, as it is served and checked in.
pub fn document() -> Document {
    as_openapi(routes().split_for_parts().1)
}

/// OpenAPI has no notion of the router's catch-all parameters: `{*path}` is `{path}` to it.
fn as_openapi(mut document: Document) -> Document {
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
    document
}

/// Everything this server answers.
pub fn router(api: Api, hosts: guard::AllowedHosts) -> Router {
    let (routes, document) = routes().split_for_parts();
    let document = axum::Json(as_openapi(document));
    let api_routes = routes
        .route("/api/v1/openapi.json", get(move || async move { document }))
        // Before the interface's own fallback, which answers everything with its page.
        .route("/api/{*rest}", axum::routing::any(no_such_route))
        .route("/api", axum::routing::any(no_such_route))
        .route("/healthz", get(system::healthz))
        .route("/readyz", get(system::readyz))
        .route("/metrics", get(metrics::get))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(JSON_BYTES))
        // Around every route that is not a file of the interface; which of them are open is said there.
        .layer(middleware::from_fn_with_state(api.access.clone(), access::check))
        .with_state(api);
    api_routes
        .merge(interface())
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(|_| panicked()))
        .layer(middleware::from_fn_with_state(hosts, guard::check))
        .layer(middleware::from_fn(requests::attend))
}

/// The single-page interface. Its assets carry their content's hash in their name, so they never change.
fn interface() -> Router {
    memory_serve::load!()
        .index_file(Some("/index.html"))
        .fallback(Some("/index.html"))
        .fallback_status(StatusCode::OK)
        .html_cache_control(CacheControl::NoCache)
        .cache_control(CacheControl::Long)
        .into_router()
}

async fn no_such_route() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "no_such_route",
        "There is no such route; see /api/v1/openapi.json",
    )
}

async fn wrong_method() -> ApiError {
    let message = "This route does not know that method; see /api/v1/openapi.json";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message)
}

fn panicked() -> axum::response::Response {
    use axum::response::IntoResponse;
    let mut error = ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something went wrong inside PyTask-Manager; its log has the details",
    );
    error.internal = Some("a handler panicked".to_owned());
    error.into_response()
}
