//! The only place that knows status codes.
//!
//! Each module's error says what went wrong; here it becomes a status, a stable `code`, and a message for people.
//! Internal errors keep their chain for the log and tell the client only their request id. The body is written by
//! the request's own middleware ([`super::requests`]), which knows the id and logs once.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::envs::{policy, requirements, requirements_file};
use crate::files::{self, ErrorKind};
use crate::model::limits::OutOfBounds;
use crate::scheduler::timetable::Unusable;
use crate::triggers::signature;
use crate::{
    access, backup, cleanup, images, keys, logs, runs, scheduler, scripts, settings, store, tools, triggers,
    variables, vault, webhooks,
};

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorBody)]
pub struct ErrorBody {
    /// Stable and for programs, such as `name_taken`.
    pub code: String,
    /// For people: what happened and, where it helps, what to do.
    pub message: String,
    /// Also in the controller's log.
    pub request_id: String,
    /// Such as `field`, for what was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::HashMap<String, Value>>)]
    pub details: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub details: Option<Value>,
    /// When it may be tried again.
    pub retry_after: Option<Duration>,
    /// For the log only.
    pub internal: Option<String>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: None,
            retry_after: None,
            internal: None,
        }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("There is no such {what}"),
        )
    }

    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn engine_away(why: &str) -> Self {
        let message = format!("The container engine is not ready ({why}); submitted runs wait for it");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "engine_away", message)
    }

    /// A field that was understood and cannot be accepted.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", message).with(json!({ "field": field }))
    }

    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub(super) fn internal(error: &dyn std::error::Error) -> Self {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            chain.push_str(": ");
            chain.push_str(&cause.to_string());
            source = cause.source();
        }
        let message =
            "Something went wrong inside PyTask-Manager; nothing was changed. Its log has the details";
        Self {
            internal: Some(chain),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
        }
    }

    /// `what` says what there was no room for. What failed for want of room may simply be tried again.
    fn disk_full(what: &str) -> Self {
        let message = format!(
            "{what} Delete what is no longer needed or make the data disk larger, then try again; it is safe to repeat"
        );
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", message)
    }

    pub fn too_many(code: &'static str, message: impl Into<String>, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, message)
        }
    }

    pub fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// A limit that was wished for and cannot be had.
pub fn out_of_bounds(bounds: OutOfBounds) -> ApiError {
    ApiError::invalid(&format!("limits.{}", bounds.field), bounds.message)
}

/// A line that is no requirement.
fn unreadable(bad: &requirements::Unreadable, field: &str) -> ApiError {
    let (line, column) = (bad.line + 1, bad.column + 1);
    let message = format!("Line {line}, column {column}: {}", bad.message);
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_requirement", message)
        .with(json!({ "field": field, "line": bad.line, "column": bad.column }))
}

/// A package that the instance's policy does not let anybody have.
fn package_refused(refused: &policy::Refused, field: &str) -> ApiError {
    let message = format!("Line {}: {refused}", refused.line + 1);
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "package_refused", message).with(json!({
        "field": field,
        "line": refused.line,
        "package": refused.package,
        "rule": refused.rule.code(),
    }))
}

impl From<policy::Invalid> for ApiError {
    fn from(error: policy::Invalid) -> Self {
        match error {
            policy::Invalid::Entry { field, message } => Self::invalid(field, message),
            policy::Invalid::Requirement(bad) => unreadable(&bad, "requirements"),
            policy::Invalid::Refused(refused) => package_refused(&refused, "requirements"),
        }
    }
}

impl From<requirements_file::TooMuch> for ApiError {
    fn from(error: requirements_file::TooMuch) -> Self {
        Self::invalid("text", error.to_string())
    }
}

impl From<settings::Error> for ApiError {
    fn from(error: settings::Error) -> Self {
        match error {
            settings::Error::OutOfBounds(bounds) => Self::invalid(bounds.field, bounds.message),
            settings::Error::Packages(policy::Invalid::Requirement(bad)) => {
                unreadable(&bad, "packages.default_requirements")
            }
            settings::Error::Packages(policy::Invalid::Refused(refused)) => {
                package_refused(&refused, "packages.default_requirements")
            }
            settings::Error::Packages(error) => error.into(),
            settings::Error::Credentials(invalid) => Self::invalid("index_credentials", invalid.to_string())
                .with(json!({
                    "field": "index_credentials",
                    "address": invalid.address,
                })),
            settings::Error::Vault(error) => error.into(),
            error @ settings::Error::Password { .. } => Self::internal(&error),
            settings::Error::Store(error) => error.into(),
        }
    }
}

impl From<vault::Error> for ApiError {
    fn from(error: vault::Error) -> Self {
        match error {
            error @ vault::Error::NoKey { .. } => {
                Self::conflict("secrets_key_missing", format!("Nothing was changed: {error}"))
            }
            error @ vault::Error::Given { .. } => {
                Self::conflict("secrets_key_given", format!("Nothing was changed: {error}"))
            }
            error => Self::internal(&error),
        }
    }
}

impl From<keys::Error> for ApiError {
    fn from(error: keys::Error) -> Self {
        match error {
            keys::Error::Vault(error) => error.into(),
            keys::Error::Store(error) => error.into(),
            error @ keys::Error::Interrupted(_) => Self::internal(&error),
        }
    }
}

impl From<variables::Error> for ApiError {
    fn from(error: variables::Error) -> Self {
        match error {
            variables::Error::ScriptNotFound => Self::not_found("script"),
            variables::Error::Invalid(invalid) => Self::invalid("items", invalid.message).with(json!({
                "field": "items",
                "name": invalid.name,
            })),
            variables::Error::Vault(error) => error.into(),
            variables::Error::Store(error) => error.into(),
            // Of a run that starts, which tells it itself.
            error @ (variables::Error::ToBeEntered { .. } | variables::Error::Secret { .. }) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match &error {
            store::Error::Taken { what: "name" } => Self::conflict(
                "name_taken",
                "Another script has this name; choose a different one",
            )
            .with(json!({ "field": "name" })),
            store::Error::Taken { what: "image name" } => Self::conflict(
                "image_exists",
                "There is an image of this name; renew that one or choose another name",
            )
            .with(json!({ "field": "name" })),
            store::Error::Taken { what: "token name" } => {
                Self::conflict("taken", "Another token has this name; choose a different one")
                    .with(json!({ "field": "name" }))
            }
            store::Error::Taken { what: "filter name" } => Self::conflict(
                "taken",
                "Another saved filter has this name; choose a different one",
            )
            .with(json!({ "field": "name" })),
            store::Error::Taken { what } => Self::conflict("taken", format!("This {what} is already in use")),
            store::Error::Stale => Self::conflict(
                "changed_meanwhile",
                "It was changed at the same moment; look again and retry",
            ),
            full if full.is_disk_full() => {
                Self::disk_full("The data disk is full: this could not be recorded.")
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<files::Error> for ApiError {
    fn from(error: files::Error) -> Self {
        let message = error.to_string();
        match error.kind() {
            ErrorKind::NotFound => Self::new(StatusCode::NOT_FOUND, "file_not_found", message),
            ErrorKind::NotAFile => Self::conflict("not_a_file", message),
            ErrorKind::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", message),
            ErrorKind::BadPath => Self::invalid("path", message),
            ErrorKind::Exists => Self::conflict("file_exists", message),
            ErrorKind::NotEmpty => Self::conflict("folder_not_empty", message),
            ErrorKind::Changed => Self::new(StatusCode::PRECONDITION_FAILED, "file_changed", message),
            ErrorKind::Unsafe => Self::conflict("unsafe_file", message),
            ErrorKind::NoSpace => Self::disk_full(&format!("{message}; nothing of it was replaced.")),
            ErrorKind::Damaged | ErrorKind::Io => Self::internal(&error),
        }
    }
}

impl From<scripts::Error> for ApiError {
    fn from(error: scripts::Error) -> Self {
        match error {
            scripts::Error::NotFound => Self::not_found("script"),
            scripts::Error::RevisionNotFound => Self::not_found("revision"),
            scripts::Error::Busy { runs } => Self::conflict(
                "script_busy",
                "The script has runs that are not finished; cancel them or wait, then delete it",
            )
            .with(json!({ "runs": runs })),
            scripts::Error::Invalid(invalid) => Self::invalid(invalid.field, invalid.message),
            scripts::Error::Limits(bounds) => out_of_bounds(bounds),
            scripts::Error::Label(invalid) => Self::invalid("label", invalid.to_string()),
            scripts::Error::Retention(bounds) => Self::invalid(bounds.field, bounds.message),
            scripts::Error::Requirement(bad) => unreadable(&bad, "requirements"),
            scripts::Error::Refused(refused) => package_refused(&refused, "requirements"),
            scripts::Error::Package(error) => error.into(),
            scripts::Error::Block(bad) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_metadata",
                format!("Line {} of the entry file: {}", bad.line + 1, bad.message),
            )
            .with(json!({ "line": bad.line, "column": bad.column })),
            scripts::Error::NoBlock => Self::conflict(
                "nothing_to_resolve",
                "The entry file has no script block (PEP 723)",
            ),
            scripts::Error::Variables(error) => error.into(),
            scripts::Error::TagNotFound => Self::not_found("tag"),
            scripts::Error::TemplateNotFound => Self::invalid("template", "There is no such template"),
            scripts::Error::NotInTrash => Self::conflict(
                "not_in_trash",
                "Only a script in the trash can be removed for good; delete it first",
            ),
            scripts::Error::HasRuns => Self::conflict(
                "script_busy",
                "Runs of the script were added meanwhile; try again once they have finished",
            ),
            scripts::Error::Archive(refused) => {
                let message = format!("Nothing was imported: {refused}");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "archive_refused", message)
            }
            scripts::Error::NoEntry { found } => {
                let there = match &found[..] {
                    [] => "there is no Python file on its top".to_owned(),
                    files => format!("on its top are {}", files.join(", ")),
                };
                let message = format!(
                    "Nothing was imported: it is not clear which file is to be run ({there}); call that file main.py"
                );
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_entry_point", message)
                    .with(json!({ "files": found }))
            }
            scripts::Error::TooManyFiles(most) => Self::conflict(
                "too_many_files",
                format!("The folder has more than {most} files and folders, which is too many for this"),
            ),
            scripts::Error::TooMuch { path, most } => Self::conflict(
                "folder_too_large",
                format!(
                    "With {path} the folder is larger than {}, which is too much for this",
                    crate::model::evidence::bytes(most)
                ),
            ),
            scripts::Error::Files(error) => error.into(),
            scripts::Error::Store(error) => error.into(),
        }
    }
}

impl From<runs::Error> for ApiError {
    fn from(error: runs::Error) -> Self {
        match error {
            runs::Error::NotFound => Self::not_found("run"),
            runs::Error::ScriptNotFound => Self::not_found("script"),
            runs::Error::NothingToInstall => Self::conflict(
                "nothing_to_install",
                "The script asks for no packages; add one, then install",
            ),
            runs::Error::NothingToRebuild => Self::conflict(
                "nothing_to_rebuild",
                "The script has no environment yet; install its packages",
            ),
            runs::Error::EnvironmentNotFound => Self::not_found("environment of this script"),
            runs::Error::EnvironmentDamaged { damage } => Self::conflict(
                "environment_broken",
                format!("That environment is no longer whole ({damage}); install or rebuild instead"),
            ),
            runs::Error::Unfinished => Self::conflict(
                "run_unfinished",
                "The run has not finished; stop it, then delete it",
            ),
            runs::Error::Kept => Self::conflict(
                "run_kept",
                "The run is marked to be kept; take that back, then delete it",
            ),
            runs::Error::InUse => Self::conflict(
                "run_in_use",
                "The run has built an environment that the script still has; it goes with that",
            ),
            runs::Error::QueueFull { waiting } => Self::too_many(
                "queue_full",
                format!("{waiting} runs of this script are waiting already; send it again later"),
                Duration::from_secs(60),
            ),
            runs::Error::Invalid(invalid) => Self::invalid(invalid.field, invalid.message),
            runs::Error::Unenforceable(bounds) => out_of_bounds(bounds),
            runs::Error::Scripts(error) => error.into(),
            runs::Error::Files(error) => error.into(),
            runs::Error::Logs(error) => error.into(),
            runs::Error::Store(error) => error.into(),
            error @ runs::Error::Impossible { .. } => Self::internal(&error),
        }
    }
}

impl From<access::Refusal> for ApiError {
    fn from(refusal: access::Refusal) -> Self {
        let refused = |code, message: &str| Self::new(StatusCode::UNAUTHORIZED, code, message);
        match refusal {
            access::Refusal::Required { any: true } => refused(
                "token_required",
                "An access token is needed here: sign in with one, or send it as \"Authorization: Bearer …\"",
            ),
            access::Refusal::Required { any: false } => refused(
                "token_required",
                "An access token is needed here, and there is none yet. Make one on the machine that this runs on: \
                 docker compose exec pytask-manager pytask-manager token create NAME",
            ),
            access::Refusal::Wrong => refused(
                "wrong_token",
                "This access token is not known here, or was removed; ask for another one",
            ),
            access::Refusal::Expired => refused(
                "token_expired",
                "This access token has expired; ask for another one",
            ),
            access::Refusal::TooMany { wait } => Self::too_many(
                "too_many_attempts",
                "Too many wrong access tokens came from this address; wait before the next one",
                wait,
            ),
        }
    }
}

impl From<access::Error> for ApiError {
    fn from(error: access::Error) -> Self {
        match error {
            access::Error::NotFound => Self::not_found("token"),
            error @ access::Error::TooMany => Self::conflict(
                "too_many_tokens",
                format!("Nothing was changed: {error}; remove one that nobody uses"),
            ),
            access::Error::Invalid(invalid) => Self::invalid(invalid.field, invalid.message),
            access::Error::Refused(refusal) => refusal.into(),
            access::Error::Store(error) => error.into(),
        }
    }
}

impl From<triggers::Error> for ApiError {
    fn from(error: triggers::Error) -> Self {
        match error {
            triggers::Error::NotFound => Self::not_found("trigger"),
            triggers::Error::ScriptNotFound => Self::not_found("script"),
            triggers::Error::Disabled => Self::new(
                StatusCode::FORBIDDEN,
                "trigger_disabled",
                "This trigger is switched off; nothing was started",
            ),
            triggers::Error::Paused => Self::conflict(
                "script_paused",
                "The script is paused; nothing was started. Take the pause back, then send it again",
            ),
            triggers::Error::Signature(refused) => {
                let code = match refused {
                    signature::Refused::Unsigned => "signature_required",
                    signature::Refused::Stale => "signature_expired",
                    signature::Refused::Wrong => "wrong_signature",
                };
                let message = format!("Nothing was started: {refused}");
                Self::new(StatusCode::UNAUTHORIZED, code, message)
            }
            triggers::Error::TooMany { wait } => Self::too_many(
                "too_many_calls",
                "This trigger is called too often; nothing was started",
                wait,
            ),
            triggers::Error::Invalid(invalid) => Self::invalid(invalid.field, invalid.message),
            triggers::Error::Vault(error @ vault::Error::NoKey { .. }) => {
                Self::conflict("secrets_key_missing", format!("Nothing was changed: {error}"))
            }
            triggers::Error::Vault(error) => Self::internal(&error),
            triggers::Error::Runs(error) => error.into(),
            triggers::Error::Store(error) => error.into(),
        }
    }
}

impl From<images::Error> for ApiError {
    fn from(error: images::Error) -> Self {
        match error {
            images::Error::NotFound => Self::not_found("image"),
            images::Error::Busy => Self::conflict(
                "image_busy",
                "The image is being prepared or removed; wait until that is done",
            ),
            images::Error::Own => Self::conflict(
                "image_in_use",
                "This is the instance's own image, which PYTASK_RUNNER_IMAGE names; it cannot be removed here",
            ),
            images::Error::InUse { scripts } => Self::conflict(
                "image_in_use",
                format!(
                    "Scripts use this image, or an environment that was built on it: {}. \
                     Choose another image for them, install their packages, and remove it then",
                    scripts.join(", ")
                ),
            )
            .with(json!({ "scripts": scripts })),
            images::Error::Invalid(invalid) => Self::invalid(invalid.field, invalid.message),
            images::Error::Store(error) => error.into(),
        }
    }
}

impl From<cleanup::Error> for ApiError {
    fn from(error: cleanup::Error) -> Self {
        match error {
            cleanup::Error::Running => Self::conflict(
                "cleanup_running",
                "A clean-up is already under way; wait until it has ended",
            ),
            cleanup::Error::Outdated => Self::conflict(
                "cleanup_outdated",
                "What would go is no longer what the preview showed; look at it again. Nothing was removed",
            ),
            cleanup::Error::Unusable(unusable) => scheduler::Error::Unusable(unusable).into(),
            cleanup::Error::Files(error) => error.into(),
            cleanup::Error::Runs(error) => error.into(),
            cleanup::Error::Store(error) => error.into(),
        }
    }
}

impl From<tools::Error> for ApiError {
    fn from(error: tools::Error) -> Self {
        match error {
            tools::Error::NotFound => Self::not_found("script"),
            tools::Error::NoSuchSource => Self::not_found("source file"),
            tools::Error::Unavailable(why) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "tools_unavailable",
                format!("The editor's tools cannot be used: {why}"),
            ),
            tools::Error::Failed(why) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "tool_failed", why),
            tools::Error::Invalid { field, message } => Self::invalid(field, message),
            tools::Error::Syntax {
                line,
                column,
                message,
            } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "syntax_error",
                format!("Line {line}, column {column}: {message}"),
            )
            .with(json!({ "line": line, "column": column })),
            tools::Error::Store(error) => error.into(),
        }
    }
}

impl From<Unusable> for ApiError {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Zone(unknown) => Self::invalid("timezone", unknown.to_string()),
            Unusable::Expression(refused) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_expression",
                refused.message,
            )
            .with(json!({
                "field": "expression",
                "part": refused.field.map(|place| place.unit.name()),
                "begin": refused.span.start,
                "end": refused.span.end,
            })),
        }
    }
}

impl From<backup::Error> for ApiError {
    fn from(error: backup::Error) -> Self {
        match error {
            backup::Error::NotFound => Self::not_found("backup"),
            backup::Error::Busy => Self::conflict(
                "backup_busy",
                "A backup is being made or checked; wait until that is done, or cancel it",
            ),
            backup::Error::Cancelled => Self::conflict("backup_cancelled", "The backup was cancelled"),
            backup::Error::NoRoom { needed, free, floor } => Self::disk_full(&format!(
                "There is not room enough for a backup: it may take {}, and {} are free, of which {} have to stay for runs. \
                 `pytask-manager backup --to` writes it to another disk instead.",
                crate::model::evidence::bytes(needed),
                crate::model::evidence::bytes(free),
                crate::model::evidence::bytes(floor),
            )),
            backup::Error::DiskFull => Self::disk_full("The data disk is full: the backup was not made."),
            backup::Error::Refused(refused) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "backup_refused",
                refused.to_string(),
            ),
            backup::Error::Target(why) => Self::conflict("backup_refused", why),
            backup::Error::OutOfBounds(bounds) => Self::invalid(bounds.field, bounds.message),
            backup::Error::Schedule(unusable) => unusable.into(),
            backup::Error::Files(error) => error.into(),
            backup::Error::Store(error) => error.into(),
            error @ backup::Error::Io { .. } => Self::internal(&error),
        }
    }
}

impl From<scheduler::Error> for ApiError {
    fn from(error: scheduler::Error) -> Self {
        match error {
            scheduler::Error::NotFound => Self::not_found("schedule"),
            scheduler::Error::ScriptNotFound => Self::not_found("script"),
            scheduler::Error::Invalid(invalid) => Self::invalid(invalid.field, invalid.message),
            scheduler::Error::Unusable(unusable) => unusable.into(),
            scheduler::Error::Store(error) => error.into(),
        }
    }
}

impl From<webhooks::Error> for ApiError {
    fn from(error: webhooks::Error) -> Self {
        match error {
            webhooks::Error::NotFound => Self::not_found("webhook"),
            webhooks::Error::DeliveryNotFound => Self::not_found("delivery"),
            webhooks::Error::ScriptNotFound => Self::not_found("script"),
            error @ webhooks::Error::TooMany => {
                Self::conflict("too_many_webhooks", format!("Delete one first: {error}"))
            }
            webhooks::Error::StillOpen => Self::conflict(
                "delivery_open",
                "It is on its way still, and is tried by itself; wait until that is over",
            ),
            webhooks::Error::Disabled => Self::conflict(
                "webhook_disabled",
                "The webhook is switched off; switch it on first",
            ),
            webhooks::Error::Invalid(invalid) => Self::invalid(invalid.field, invalid.message),
            webhooks::Error::Address(refused) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "address_refused",
                refused.to_string(),
            )
            .with(json!({ "field": "url" })),
            webhooks::Error::Template(refused) => {
                let message = match refused.line {
                    Some(line) => format!("Line {line}: {refused}"),
                    None => refused.to_string(),
                };
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_template", message)
                    .with(json!({ "field": "template", "line": refused.line }))
            }
            webhooks::Error::Vault(error @ vault::Error::NoKey { .. }) => {
                Self::conflict("secrets_key_missing", format!("Nothing was changed: {error}"))
            }
            webhooks::Error::Vault(error) => Self::internal(&error),
            webhooks::Error::Store(error) => error.into(),
        }
    }
}

impl From<logs::Error> for ApiError {
    fn from(error: logs::Error) -> Self {
        Self::internal(&error)
    }
}
