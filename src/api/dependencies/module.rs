//! `/dependencies/module`: from an import to the package that brings it, for an editor that finds it missing.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::error::{ApiError, ErrorBody};
use crate::api::extract::{Json, Query};
use crate::envs::imports;
use crate::model::evidence::MissingModule;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ModuleQuery {
    /// As it is imported, such as `yaml` or `google.cloud.storage`.
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ModuleAnswer {
    /// `null` for what needs no package: the standard library, and what is no module's name.
    pub missing: Option<MissingModule>,
}

/// Which package brings a module, going by well-known names; otherwise the one that is called so.
#[utoipa::path(get, path = "/dependencies/module", tag = "dependencies", operation_id = "findModule",
    params(ModuleQuery),
    responses((status = 200, body = ModuleAnswer), (status = 400, body = ErrorBody)))]
pub async fn find(Query(query): Query<ModuleQuery>) -> Result<Json<ModuleAnswer>, ApiError> {
    Ok(Json(ModuleAnswer {
        missing: imports::package_of(&query.name),
    }))
}
