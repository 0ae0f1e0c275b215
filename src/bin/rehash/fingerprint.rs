//! What tells an input from others, so that an import that was killed is known when it is run again: the same file or
//! database, read the same way.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rehash::import::database::{DatabaseOptions, Select};
use sha2::{Digest as _, Sha256};

use crate::{args, keys};

/// How much of a file's beginning is looked at.
const HEAD_BYTES: u64 = 64 * 1024;

/// The fingerprints of the inputs that have one, by the names that records carry: regular files. What comes through a pipe
/// is gone when it is read, and is compared record by record.
pub fn of_inputs(args: &args::Import) -> HashMap<String, String> {
    let how = how(args);
    let files = args.input.files.iter().filter(|path| path.as_os_str() != "-");
    files.filter_map(|path| Some((path.display().to_string(), of_file(path, &how)?))).collect()
}

/// How records are judged, and what becomes of those that are in others' way: what was rejected under one of these, or by an
/// older version, may be good under another. Keys are known by their ids.
fn how(args: &args::Import) -> String {
    let args::Import { input, on_conflict, .. } = args;
    let keys = input.keys.key_files.iter().map(|pair| pair.split('=').next().unwrap_or(pair));
    let on_conflict = rehash::store::OnConflict::from(*on_conflict);
    let hash_config = keys::hash_config(&input.keys).ok().flatten().map(|config| config.parameters());
    [
        env!("CARGO_PKG_VERSION").to_owned(),
        format!("{on_conflict:?} {:?}", input.limits.limits()),
        keys.collect::<Vec<_>>().join(","),
        hash_config.unwrap_or_default(),
        input.method.clone().unwrap_or_default(),
        input.from.clone().unwrap_or_default(),
        input.format.map(rehash::import::Format::from).map_or_else(String::new, |format| format!("{format:?}")),
        input.allow_plaintext.to_string(),
    ]
    .join("\u{1f}")
}

/// The fingerprint of a database: which it is, what is selected, after which key, and how records are judged.
pub fn of_database(args: &args::Import, url: &str, options: &DatabaseOptions) -> String {
    let selected = match &options.select {
        Select::Query { sql, key } => ["query", sql.trim(), key],
        Select::Preset { preset, prefix } => ["preset", preset.name, prefix.as_deref().unwrap_or(preset.prefix)],
        _ => [""; 3],
    };
    let after = options.after.as_ref().map_or_else(String::new, |key| format!("after {key}"));
    let parts = [&*without_secrets(url), &*selected.join("\u{1f}"), &*after, &*how(args)];
    hex(Sha256::new().chain_update(parts.join("\u{1f}")))
}

/// A database's URL as far as it says which database it is. No password goes into a fingerprint, which whoever reads the
/// store could try passwords against.
fn without_secrets(url: &str) -> String {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = Path::new(path.split('?').next().unwrap_or(path));
        return path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string();
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = base.split_once("://").unwrap_or(("", base));
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let user = user.split(':').next().unwrap_or(user);
    let is_secret = |pair: &&str| pair.split('=').next().is_some_and(|name| name.to_lowercase().contains("pass"));
    let query: Vec<&str> = query.split('&').filter(|pair| !is_secret(pair)).collect();
    format!("{scheme}://{user}@{place}?{}", query.join("&"))
}

fn of_file(path: &Path, how: &str) -> Option<String> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    let mut hash = Sha256::new();
    hash.update(metadata.len().to_le_bytes());
    hash.update(head);
    hash.update(how);
    Some(hex(hash))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_a_url_goes_into_a_fingerprint() {
        for (url, expected) in [
            (
                "postgres://u:p@ss@h:1/d?password=x&options=-csearch_path%3Da&sslpassword=y",
                "postgres://u@h:1/d?options=-csearch_path%3Da",
            ),
            ("mysql://h/d", "mysql://@h/d?"),
            ("sqlite:no/such.db?mode=ro", "no/such.db"),
        ] {
            assert_eq!(without_secrets(url), expected);
        }
    }
}
