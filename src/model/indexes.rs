//! Package indexes: where packages come from, who signs in there, and what of that is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Ref, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::secret::Secret;

/// As a build asks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Without user name and password.
    pub address: String,
    pub login: Option<Login>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub username: String,
    pub password: Secret,
}

/// The indexes of one build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indexes {
    /// Asked before the main one, in this order.
    pub extra: Vec<Index>,
    /// None: the installer's own, PyPI.
    pub main: Option<Index>,
}

/// What is to change about who signs in to an index; an absent field stays as it is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialsPatch {
    /// Needed where there are no credentials yet, and so is the password.
    pub username: Option<String>,
    /// Or a token. Sealed at once and never answered.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    pub password: Option<Secret>,
}

/// Who is to sign in where, by address: one that is not named stays as it is, `null` removes.
#[derive(Debug, Clone, Default)]
pub struct CredentialsWish(pub BTreeMap<String, Option<CredentialsPatch>>);

impl<'de> Deserialize<'de> for CredentialsWish {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Value::Object(entries) = Value::deserialize(from)? else {
            return Err(de::Error::custom(
                "an object is expected, with the addresses of indexes as its keys",
            ));
        };
        // A password in the wrong place would be quoted by serde's own refusal.
        let one = |(address, value)| match value {
            Value::Null => Ok((address, None)),
            Value::Object(_) => CredentialsPatch::deserialize(value)
                .map(|patch| (address, Some(patch)))
                .map_err(de::Error::custom),
            _ => Err(de::Error::custom(
                "an object with username and password is expected, or null",
            )),
        };
        entries.into_iter().map(one).collect::<Result<_, _>>().map(Self)
    }
}

// The derive cannot say that the values of a map may be `null`.
impl PartialSchema for CredentialsWish {
    fn schema() -> RefOr<Schema> {
        let value = OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .item(Ref::from_schema_name(CredentialsPatch::name()));
        let map = ObjectBuilder::new()
            .description(Some(
                "Who is to sign in where, by address: one that is not named stays as it is, `null` removes.",
            ))
            .additional_properties(Some(Schema::OneOf(value.build())));
        Schema::Object(map.build()).into()
    }
}

impl ToSchema for CredentialsWish {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((CredentialsPatch::name().into(), CredentialsPatch::schema()));
        CredentialsPatch::schemas(schemas);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IndexRole {
    /// One of Settings' extra indexes.
    Extra,
    /// The instance's own, from its configuration.
    Main,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    Settings,
    /// They stand in `PYTASK_INDEX_URL`.
    Configuration,
}

/// An index as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IndexView {
    pub address: String,
    pub role: IndexRole,
    /// `null`: nobody signs in.
    pub credentials: Option<CredentialsView>,
}

/// Who signs in. The password is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CredentialsView {
    pub username: String,
    /// False if the one that is stored can no longer be read: its key is gone.
    pub has_password: bool,
    pub set_by: SetBy,
}
