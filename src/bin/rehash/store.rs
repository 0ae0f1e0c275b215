//! Store URLs.

use std::path::Path;

use rehash::store::sqlite::Sqlite;

use crate::output::Failure;

/// `sqlite:PATH` or `sqlite:PATH?mode=ro`.
pub struct StoreUrl<'a> {
    path: &'a str,
    is_read_only: bool,
}

impl<'a> StoreUrl<'a> {
    pub fn parse(url: &'a str) -> Result<Self, Failure> {
        let rest = url
            .strip_prefix("sqlite:")
            .ok_or_else(|| Failure::usage("--store takes sqlite:PATH; other stores are not built in"))?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, is_read_only) = match rest.split_once('?') {
            None => (rest, false),
            Some((path, "mode=ro")) => (path, true),
            Some((path, "mode=rw")) => (path, false),
            Some(_) => return Err(Failure::usage("--store knows the options mode=ro and mode=rw")),
        };
        if path == ":memory:" {
            return Err(Failure::usage("--store sqlite::memory: would be gone at once; name a file"));
        }
        if path.is_empty() {
            return Err(Failure::usage("--store names no file: sqlite:PATH"));
        }
        Ok(Self { path, is_read_only })
    }

    pub fn path(&self) -> &'a Path {
        Path::new(self.path)
    }

    /// Opens a store that must be there.
    pub fn open(&self) -> Result<Sqlite, Failure> {
        if self.is_read_only { Ok(Sqlite::open_read_only(self.path)?) } else { Ok(Sqlite::open(self.path)?) }
    }

    /// Opens a store for writing, and makes it where it is not there.
    pub fn create_or_open(&self) -> Result<Sqlite, Failure> {
        if self.is_read_only {
            return Err(Failure::usage("the store is to be written: leave out mode=ro"));
        }
        Ok(Sqlite::create_or_open(self.path)?)
    }

    /// What a dry run works on: the store if it is there, else an empty one that leaves nothing behind.
    pub fn open_or_imagine(&self) -> Result<Sqlite, Failure> {
        if self.is_read_only {
            return Err(Failure::usage("a dry run takes the store's lock: leave out mode=ro"));
        }
        // An empty file would be given a schema.
        let is_there = std::fs::metadata(self.path).is_ok_and(|file| file.len() > 0);
        if is_there { Ok(Sqlite::open(self.path)?) } else { Ok(Sqlite::in_memory()?) }
    }
}
