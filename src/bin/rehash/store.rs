//! The store that the command line names.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rehash::Policy;
use rehash::store::sqlite::Sqlite;
use rehash::store::{Day, OpenOptions, StoreError, StoreErrorKind, StoreInfo, StoreUrl, Users, open};
use serde::Serialize;
use serde_json::json;

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
    /// An import that was ended early may have put its indexes off.
    indexed: bool,
    read_only: bool,
    bytes: Option<u64>,
    /// Not counted in an older store.
    records: Option<u64>,
}

/// `rehash store`.
pub fn run(command: &StoreCommand, out: &mut impl Write) -> Result<Exit, Failure> {
    match command {
        StoreCommand::Info(args) => info(args, out),
        StoreCommand::Migrate(args) => {
            let store = create_or_open(&args.store.url()?)?;
            if !store.info()?.is_indexed {
                say("building the indexes that an import put off");
                store.build_indexes()?;
            }
            if args.recount {
                store.recount()?;
            }
            let StoreInfo { schema, known_schema, .. } = store.info()?;
            if args.json {
                let recounted = args.recount;
                print_json(out, &json!({ "schema": schema, "known_schema": known_schema, "recounted": recounted }))?;
            } else {
                say(&format!("the store has schema {schema} of {known_schema}"));
            }
            Ok(Exit::Done)
        }
        StoreCommand::Audit(args) => audit(args, out),
    }
}

/// What happened, without hashes.
#[derive(Serialize)]
struct Entry {
    id: i64,
    at: String,
    event: String,
    user: Option<i64>,
    from: Option<String>,
    to: Option<String>,
    import: Option<String>,
    records: Option<u64>,
}

fn audit(args: &args::StoreAudit, out: &mut impl Write) -> Result<Exit, Failure> {
    let store = existing(&args.store.url()?)?;
    let user = match &args.user {
        None => args.user_id,
        Some(name) => match store.find(name)? {
            Some(found) => Some(found.id),
            None => {
                return Err(Failure::new(Exit::No, "the store has no such user; who is gone is found by --user-id"));
            }
        },
    };
    let entries = store.audit(user, args.limit)?;
    let entries = entries.into_iter().map(|entry| Entry {
        id: entry.id,
        at: moment(entry.at),
        event: entry.event,
        user: entry.user_id,
        from: entry.from_method,
        to: entry.to_method,
        import: entry.import,
        records: entry.records,
    });
    if args.json {
        print_json(out, &entries.collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    writeln!(out, "{:<22}{:<10}{:>12}  what", "at", "event", "user")?;
    for Entry { at, event, user, from, to, import, records, .. } in entries {
        let user = user.map_or_else(String::new, |user| user.to_string());
        let what = match (import, records) {
            (Some(import), records) => format!("{} records of {}", grouped(records.unwrap_or(0)), printable(&import)),
            _ => [from.map(|from| format!("from {}", printable(&from))), to.map(|to| format!("to {}", printable(&to)))]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
        };
        writeln!(out, "{at:<22}{:<10}{user:>12}  {what}", printable(&event))?;
    }
    Ok(Exit::Done)
}

/// A moment in UTC, as RFC 3339 has it.
fn moment(seconds: i64) -> String {
    let mut day = Day::default();
    day.day = seconds.div_euclid(86_400);
    let rest = seconds.rem_euclid(86_400);
    format!("{}T{:02}:{:02}:{:02}Z", day.date(), rest / 3600, rest / 60 % 60, rest % 60)
}

fn info(args: &args::StoreInfo, out: &mut impl Write) -> Result<Exit, Failure> {
    if let Some(path) = &args.mapping {
        mapping::open(path, &args.store.url()?, &Policy::default(), &OpenOptions::default())?;
        if args.json {
            print_json(out, &json!({ "mapping": path.display().to_string(), "fits": true }))?;
        } else {
            writeln!(out, "the mapping fits: every column is there, and takes a new hash of the default parameters")?;
        }
        return Ok(Exit::Done);
    }
    let store = opened(open(&args.store.url()?, &OpenOptions::default().older(true)))?;
    let found = store.info()?;
    let is_older = found.schema < found.known_schema;
    let counts = if is_older { None } else { Some(store.counts()?) };
    let info = Info {
        kind: found.kind,
        place: found.place,
        server: found.server,
        schema: found.schema,
        known_schema: found.known_schema,
        indexed: found.is_indexed,
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
    if !info.indexed {
        say("an import was ended early: run it again, or rehash store migrate builds the indexes that it put off");
    }
    if is_older {
        say("rehash store migrate brings it up to date; until then other commands refuse it");
    }
    Ok(Exit::Done)
}

/// Opens a store that must be there.
pub fn existing(url: &str) -> Result<Arc<dyn Users>, Failure> {
    opened(open(url, &OpenOptions::default()))
}

/// A store, or why there is none; who set a mapping for all commands is told which take one.
fn opened(opened: Result<Arc<dyn Users>, StoreError>) -> Result<Arc<dyn Users>, Failure> {
    if opened.is_err() && std::env::var_os("REHASH_MAPPING").is_some_and(|path| !path.is_empty()) {
        say("REHASH_MAPPING is for sign-in, serve, status and store info; this command takes a store of this program");
    }
    Ok(opened?)
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
    opened(open(url, &OpenOptions::default().creates(true)))
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
        store => opened(store),
    }
}

fn writable(url: &str, message: &str) -> Result<(), Failure> {
    match StoreUrl::parse(url)? {
        StoreUrl::Sqlite { is_read_only: true, .. } => Err(Failure::usage(message)),
        _ => Ok(()),
    }
}
