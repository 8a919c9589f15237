//! `GET /templates`: what new scripts can start from.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::extract::Json;
use crate::scripts::templates::TEMPLATES;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Template)]
pub struct TemplateView {
    pub id: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// The files it brings, by path.
    pub files: Vec<&'static str>,
    /// Packages it needs.
    pub requirements: Vec<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateList {
    pub items: Vec<TemplateView>,
}

/// Programs to start from.
#[utoipa::path(get, path = "/templates", tag = "scripts", operation_id = "listTemplates",
    responses((status = 200, body = TemplateList)))]
pub async fn list_templates() -> Json<TemplateList> {
    let view = |template: &'static crate::scripts::templates::Template| TemplateView {
        id: template.id,
        name: template.name,
        description: template.description,
        files: template.files.iter().map(|(path, _)| *path).collect(),
        requirements: template.requirements.to_vec(),
    };
    Json(TemplateList {
        items: TEMPLATES.iter().map(view).collect(),
    })
}
