//! The file that says how a table of the embedder's own is laid out.

use std::path::Path;

use rehash::store::{Mapped, Mapping, OpenOptions};
use rehash::{Policy, Tag};
use serde::Deserialize;

use crate::output::Failure;

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    table: String,
    id: String,
    identifiers: Vec<String>,
    hash: String,
    method: Option<String>,
    method_otherwise: Option<String>,
    salt: Option<String>,
    user: Option<String>,
    only_where: Option<String>,
    #[serde(default)]
    unique_in_any_case: bool,
    #[serde(default)]
    argon2id_is_ours: bool,
}

/// Opens the table in the database that the URL names.
pub fn open(path: &Path, url: &str, policy: &Policy, options: &OpenOptions) -> Result<Mapped, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| refused(&error))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or_default());
        refused(&format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
    })?;
    let mut mapping = Mapping::new(file.table, file.id, file.hash);
    for column in file.identifiers {
        mapping = mapping.identifier(column);
    }
    if let Some(tag) = file.method_otherwise {
        mapping = mapping.method_otherwise(tag.parse::<Tag>().map_err(|error| refused(&format!("{tag} {error}")))?);
    }
    if file.unique_in_any_case {
        mapping = mapping.unique_in_any_case();
    }
    if file.argon2id_is_ours {
        mapping = mapping.argon2id_is_ours();
    }
    type Set = fn(Mapping, String) -> Mapping;
    let columns: [(Option<String>, Set); 4] = [
        (file.method, Mapping::method_column),
        (file.salt, Mapping::salt_column),
        (file.user, Mapping::user_column),
        (file.only_where, Mapping::only_where),
    ];
    let mapping = columns.into_iter().fold(mapping, |mapping, (name, set)| match name {
        Some(name) => set(mapping, name),
        None => mapping,
    });
    Ok(Mapped::open(url, mapping, policy, options)?)
}
