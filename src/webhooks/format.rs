//! A report as what a receiver takes. Pure: no network, no clock, no database. One file for each format; what several of
//! them say stands in [`words`].
//!
//! Whatever comes from a script or from somebody's choice of a name is escaped for where it goes, and nothing of it can
//! mention people or make links.

mod discord;
mod generic;
mod ntfy;
mod slack;
mod teams;
pub mod template;
mod words;

use crate::model::webhook::report::Report;
use crate::model::webhook::{Format, Terms};

/// What a message is made of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    pub report: &'a Report,
    /// Of this instance, without a slash at its end.
    pub public_url: Option<&'a str>,
}

impl Material<'_> {
    /// To the run's page.
    fn link(&self) -> Option<String> {
        let (url, run) = (self.public_url?, self.report.run.as_ref()?);
        // A run that never was has no page.
        (!self.report.is_test).then(|| format!("{url}/runs/{}", run.id))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub content_type: String,
    pub body: String,
    /// Beside the content type; those of every message are not among them.
    pub headers: Vec<(String, String)>,
}

impl Rendered {
    fn json(value: &serde_json::Value) -> Self {
        Self {
            content_type: "application/json".to_owned(),
            body: value.to_string(),
            headers: vec![],
        }
    }
}

/// A message in the form that the terms ask for.
pub fn render(terms: &Terms, material: &Material<'_>) -> Result<Rendered, template::Error> {
    match terms.format {
        Format::Generic => Ok(generic::render(material)),
        Format::Slack => Ok(slack::render(material)),
        Format::Discord => Ok(discord::render(material)),
        Format::Ntfy => Ok(ntfy::render(material)),
        Format::Teams => Ok(teams::render(material)),
        Format::Template => {
            let text = terms.template.as_deref().unwrap_or_default();
            template::render(text, terms.content_type.as_deref(), material)
        }
    }
}

#[cfg(test)]
#[path = "format/tests.rs"]
mod tests;
