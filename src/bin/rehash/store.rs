//! The store that the command line names.

use std::path::Path;
use std::sync::Arc;

use rehash::store::sqlite::Sqlite;
use rehash::store::{OpenOptions, StoreErrorKind, StoreUrl, Users, open};

use crate::output::Failure;

/// Opens a store that must be there.
pub fn existing(url: &str) -> Result<Arc<dyn Users>, Failure> {
    Ok(open(url, &OpenOptions::default())?)
}

/// The file of an embedded store; other stores have none.
pub fn path(url: &str) -> Result<Option<&Path>, Failure> {
    match StoreUrl::parse(url)? {
        StoreUrl::Sqlite { path, .. } => Ok(Some(path)),
        _ => Ok(None),
    }
}

/// Opens a store for writing, and makes it where it is not there.
pub fn create_or_open(url: &str) -> Result<Arc<dyn Users>, Failure> {
    writable(url, "the store is to be written: leave out mode=ro")?;
    Ok(open(url, &OpenOptions::default().creates(true))?)
}

/// What a dry run works on: the store if it is there, else an empty one that leaves nothing behind.
pub fn open_or_imagine(url: &str) -> Result<Arc<dyn Users>, Failure> {
    writable(url, "a dry run takes the store's lock: leave out mode=ro")?;
    // An empty file would be given a schema.
    let is_file_there = |path: &Path| std::fs::metadata(path).is_ok_and(|file| file.len() > 0);
    if path(url)?.is_some_and(|path| !is_file_there(path)) {
        return Ok(Arc::new(Sqlite::in_memory()?));
    }
    match open(url, &OpenOptions::default()) {
        Err(error) if error.kind() == StoreErrorKind::OlderSchema => Ok(Arc::new(Sqlite::in_memory()?)),
        opened => Ok(opened?),
    }
}

fn writable(url: &str, message: &str) -> Result<(), Failure> {
    match StoreUrl::parse(url)? {
        StoreUrl::Sqlite { is_read_only: true, .. } => Err(Failure::usage(message)),
        _ => Ok(()),
    }
}
