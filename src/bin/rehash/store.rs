//! The store that the command line names.

use std::path::Path;
use std::sync::Arc;

use rehash::store::sqlite::Sqlite;
use rehash::store::{OpenOptions, StoreUrl, Users, open};

use crate::output::Failure;

/// Opens a store that must be there.
pub fn existing(url: &str) -> Result<Arc<dyn Users>, Failure> {
    Ok(open(url, &OpenOptions::default())?)
}

/// The file of an embedded store.
pub fn path(url: &str) -> Result<&Path, Failure> {
    match StoreUrl::parse(url)? {
        StoreUrl::Sqlite { path, .. } => Ok(path),
        _ => Err(Failure::usage("--store takes sqlite:PATH")),
    }
}

/// Opens a store for writing, and makes it where it is not there.
pub fn create_or_open(url: &str) -> Result<Sqlite, Failure> {
    writable(url, "the store is to be written: leave out mode=ro")?;
    Ok(Sqlite::create_or_open(path(url)?)?)
}

/// What a dry run works on: the store if it is there, else an empty one that leaves nothing behind.
pub fn open_or_imagine(url: &str) -> Result<Sqlite, Failure> {
    writable(url, "a dry run takes the store's lock: leave out mode=ro")?;
    // An empty file would be given a schema.
    let path = path(url)?;
    let is_there = std::fs::metadata(path).is_ok_and(|file| file.len() > 0);
    if is_there { Ok(Sqlite::open(path)?) } else { Ok(Sqlite::in_memory()?) }
}

fn writable(url: &str, message: &str) -> Result<(), Failure> {
    match StoreUrl::parse(url)? {
        StoreUrl::Sqlite { is_read_only: true, .. } => Err(Failure::usage(message)),
        _ => Ok(()),
    }
}
