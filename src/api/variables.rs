//! `/variables`, `/scripts/{id}/variables`: what runs are given. A secret is written and never answered.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::{Json, Path};
use crate::model::ids::ScriptId;
use crate::model::variable::{Scope, Value, Wish};
use crate::variables::Shown;

/// One variable.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Variable)]
pub struct VariableView {
    pub name: String,
    /// `null` for a secret, always.
    pub value: Option<String>,
    pub secret: bool,
    pub description: String,
    /// When its value was set.
    pub updated_at: Timestamp,
    /// Whether it is masked in logs: a secret of six bytes or more.
    pub masked: bool,
    /// A secret whose value somebody has to enter: runs do not start without it.
    pub to_be_entered: bool,
    /// Why a secret cannot be used.
    pub trouble: Option<String>,
}

impl VariableView {
    fn new(shown: Shown) -> Self {
        let (value, secret, open) = match shown.variable.value {
            Value::Plain(text) => (Some(text), false, false),
            Value::Secret(sealed) => (None, true, sealed.is_none()),
        };
        Self {
            name: shown.variable.name,
            value,
            secret,
            description: shown.variable.description,
            updated_at: shown.variable.updated_at,
            masked: shown.masked,
            to_be_entered: open || shown.trouble.is_some(),
            trouble: shown.trouble.map(|trouble| trouble.to_string()),
        }
    }
}

/// By name.
#[derive(Debug, Serialize, ToSchema)]
pub struct Variables {
    pub items: Vec<VariableView>,
}

/// One of all scripts' variables, as a script has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct InheritedVariable {
    #[serde(flatten)]
    pub variable: VariableView,
    /// The script has one of its own of that name, which goes before it.
    pub overridden: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ScriptVariables {
    /// The script's own, by name.
    pub items: Vec<VariableView>,
    /// Those of all scripts, by name.
    pub inherited: Vec<InheritedVariable>,
}

/// A list that takes the place of the one there is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariablesWish {
    pub items: Vec<Wish>,
}

fn views(shown: Vec<Shown>) -> Vec<VariableView> {
    shown.into_iter().map(VariableView::new).collect()
}

/// Variables of all scripts.
#[utoipa::path(get, path = "/variables", tag = "variables", operation_id = "listVariables",
    responses((status = 200, body = Variables)))]
pub async fn get(State(api): State<Api>) -> Result<Json<Variables>, ApiError> {
    let items = views(api.variables.shown(Scope::Global).await?);
    Ok(Json(Variables { items }))
}

/// Replaces the variables of all scripts. A secret whose value is left out keeps the one it has. Runs that have started
/// keep what they were given.
#[utoipa::path(put, path = "/variables", tag = "variables", operation_id = "replaceVariables",
    request_body = VariablesWish,
    responses((status = 200, body = Variables), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn put(
    State(api): State<Api>,
    Json(wish): Json<VariablesWish>,
) -> Result<Json<Variables>, ApiError> {
    let items = views(api.variables.replace(Scope::Global, wish.items).await?);
    Ok(Json(Variables { items }))
}

async fn with_inherited(api: &Api, items: Vec<VariableView>) -> Result<Json<ScriptVariables>, ApiError> {
    let inherited = views(api.variables.shown(Scope::Global).await?)
        .into_iter()
        .map(|variable| InheritedVariable {
            overridden: items.iter().any(|own| own.name == variable.name),
            variable,
        });
    Ok(Json(ScriptVariables {
        inherited: inherited.collect(),
        items,
    }))
}

/// The script's variables, and those of all scripts beneath them.
#[utoipa::path(get, path = "/scripts/{id}/variables", tag = "variables", operation_id = "listScriptVariables",
    params(("id" = String, Path)),
    responses((status = 200, body = ScriptVariables), (status = 404, body = ErrorBody)))]
pub async fn of_script(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<ScriptVariables>, ApiError> {
    let scope = Scope::Script(ScriptId::parse(&id));
    let items = views(api.variables.shown(scope).await?);
    with_inherited(&api, items).await
}

/// Replaces the script's own variables, by the same rules.
#[utoipa::path(put, path = "/scripts/{id}/variables", tag = "variables", operation_id = "replaceScriptVariables",
    params(("id" = String, Path)), request_body = VariablesWish,
    responses((status = 200, body = ScriptVariables), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn put_of_script(
    State(api): State<Api>,
    Path(id): Path<String>,
    Json(wish): Json<VariablesWish>,
) -> Result<Json<ScriptVariables>, ApiError> {
    let scope = Scope::Script(ScriptId::parse(&id));
    let items = views(api.variables.replace(scope, wish.items).await?);
    with_inherited(&api, items).await
}
