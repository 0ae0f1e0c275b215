//! The store that the command line names.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rehash::Policy;
use rehash::store::sqlite::Sqlite;
use rehash::store::{OpenOptions, StoreErrorKind, StoreUrl, Users, open};

use serde::Serialize;

use crate::args::{self, StoreCommand};
use crate::mapping;
use crate::output::{Exit, Failure, grouped, print_json, printable, say};

#[derive(Serialize)]
struct Info {
    kind: &'static str,
    place: String,
    server: String,
    schema: usize,
    known_schema: usize,
    read_only: bool,
    bytes: Option<u64>,
    /// Not counted in an older store.
    records: Option<u64>,
}

/// `rehash store`.
pub fn run(command: &StoreCommand, out: &mut impl Write) -> Result<Exit, Failure> {
    match command {
        StoreCommand::Info(args) => info(args, out),
        StoreCommand::Migrate { store, recount } => {
            let store = create_or_open(&store.url)?;
            if *recount {
                store.recount()?;
            }
            let info = store.info()?;
            say(&format!("the store has schema {} of {}", info.schema, info.known_schema));
            Ok(Exit::Done)
        }
    }
}

fn info(args: &args::StoreInfo, out: &mut impl Write) -> Result<Exit, Failure> {
    if let Some(path) = &args.mapping {
        mapping::open(path, &args.store.url, &Policy::default())?;
        writeln!(out, "the mapping fits: every column is there, and takes a new hash of the default parameters")?;
        return Ok(Exit::Done);
    }
    let store = open(&args.store.url, &OpenOptions::default().older(true))?;
    let found = store.info()?;
    let is_older = found.schema < found.known_schema;
    let counts = if is_older { None } else { Some(store.counts()?) };
    let info = Info {
        kind: found.kind,
        place: found.place,
        server: found.server,
        schema: found.schema,
        known_schema: found.known_schema,
        read_only: found.is_read_only,
        bytes: found.bytes,
        records: counts.map(|counts| counts.iter().map(|row| row.records).sum()),
    };
    if args.json {
        print_json(out, &info)?;
        return Ok(Exit::Done);
    }
    writeln!(out, "{:<12}{} ({})", "store", info.kind, printable(&info.server))?;
    writeln!(out, "{:<12}{}", "place", printable(&info.place))?;
    writeln!(out, "{:<12}{} of {}", "schema", info.schema, info.known_schema)?;
    writeln!(out, "{:<12}{}", "access", if info.read_only { "read only" } else { "read and write" })?;
    if let Some(records) = info.records {
        writeln!(out, "{:<12}{}", "records", grouped(records))?;
    }
    if let Some(bytes) = info.bytes {
        writeln!(out, "{:<12}{}", "bytes", grouped(bytes))?;
    }
    if is_older {
        say("rehash store migrate brings it up to date; until then other commands refuse it");
    }
    Ok(Exit::Done)
}

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
        Err(error) if error.kind() == StoreErrorKind::NoSchema => Ok(Arc::new(Sqlite::in_memory()?)),
        opened => Ok(opened?),
    }
}

fn writable(url: &str, message: &str) -> Result<(), Failure> {
    match StoreUrl::parse(url)? {
        StoreUrl::Sqlite { is_read_only: true, .. } => Err(Failure::usage(message)),
        _ => Ok(()),
    }
}
