//! Tags: of one script, and of all.

use super::{Error, Result, Scripts};
use crate::model::ids::ScriptId;
use crate::model::script::{Invalid, Script, check_tags};
use crate::model::tag::TagColour;
use crate::store::tags::{self, Tag};

impl Scripts {
    /// Puts tags on the script, behind those it has.
    pub async fn tag(&self, id: &ScriptId, more: &[String]) -> Result<Script> {
        let more = more.to_vec();
        self.change(id, move |_, script| {
            script.tags.extend(more);
            script.tags = check_tags(&script.tags)?;
            Ok(())
        })
        .await
    }

    pub async fn untag(&self, id: &ScriptId, which: &[String]) -> Result<Script> {
        let which = check_tags(which)?;
        self.change(id, move |_, script| {
            script.tags.retain(|tag| !which.contains(tag));
            Ok(())
        })
        .await
    }

    pub async fn tags(&self) -> Result<Vec<Tag>> {
        self.store.read(tags::all).await.map_err(Error::Store)
    }

    /// Renames the tag on all scripts, into one that is there already if that is its name, and gives it a colour.
    pub async fn change_tag(&self, name: &str, to: Option<&str>, colour: Option<TagColour>) -> Result<Tag> {
        let from = one_tag(name)?;
        let to = to.map(one_tag).transpose()?.unwrap_or_else(|| from.clone());
        let (tag, scripts) = self
            .store
            .write(move |tx| {
                let scripts = tags::scripts_of(tx, &from)?;
                if scripts.is_empty() {
                    return Err(Error::TagNotFound);
                }
                if to != from {
                    tags::rename(tx, &from, &to)?;
                }
                if let Some(colour) = colour {
                    tags::set_colour(tx, &to, colour)?;
                }
                let tag = tags::all(tx)?.into_iter().find(|tag| tag.name == to);
                Ok((tag.ok_or(Error::TagNotFound)?, scripts))
            })
            .await?;
        scripts.iter().for_each(|script| self.changed(script));
        Ok(tag)
    }

    pub async fn remove_tag(&self, name: &str) -> Result<()> {
        let tag = one_tag(name)?;
        let scripts = self
            .store
            .write(move |tx| {
                let scripts = tags::scripts_of(tx, &tag)?;
                if scripts.is_empty() {
                    return Err(Error::TagNotFound);
                }
                tags::remove(tx, &tag)?;
                Ok(scripts)
            })
            .await?;
        scripts.iter().for_each(|script| self.changed(script));
        Ok(())
    }
}

/// As tags are stored.
fn one_tag(name: &str) -> Result<String> {
    let named = |invalid: Invalid| Invalid {
        field: "name",
        ..invalid
    };
    let checked = check_tags(&[name.to_owned()]).map_err(named)?;
    checked.into_iter().next().ok_or(Error::TagNotFound)
}
