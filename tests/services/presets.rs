//! Every preset on the tables of its system: `tests/presets/PRESET.DATABASE.sql` are those tables, with a few users, and say
//! in comments what must come of them. The password of all is [`PASSWORD`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rehash::import::Rules;
use rehash::import::database::Preset;
use rehash::{Argon2Target, Denied, Engine, KeyId, Keyring, Password, Policy};
use serde_json::Value;

use crate::source::{Mysql, Postgres, Read, preset, read_by};

const PASSWORD: &str = "Tr0ub4dor&3-ünï";

/// Tables of one system on one database.
struct Tables {
    path: PathBuf,
    preset: String,
    database: String,
    sql: String,
}

fn all() -> Vec<Tables> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/presets");
    let paths = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|kind| kind == "sql")).collect();
    paths.sort();
    let tables = paths.into_iter().map(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let (preset, rest) = name.split_once('.').expect("a preset and a database");
        let (preset, database) = (preset.to_owned(), rest.trim_end_matches(".sql").to_owned());
        Tables { preset, database, sql: std::fs::read_to_string(&path).expect("readable"), path }
    });
    tables.collect()
}

impl Tables {
    /// What a comment of the file says.
    fn said(&self, what: &str) -> Value {
        let start = format!("-- {what}: ");
        let line = self.sql.lines().find_map(|line| line.strip_prefix(&*start));
        let line = line.unwrap_or_else(|| panic!("{}: no `{start}`", self.path.display()));
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    fn keys(&self) -> Keyring {
        let mut keys = Keyring::new();
        if let [id, secret] = &self.said("expect")["key"].as_array().map_or(&[][..], Vec::as_slice) {
            let [id, secret] = [id, secret].map(|text| text.as_str().expect("a text"));
            keys.register(KeyId::new(id).expect("an id"), secret).expect("a key");
        }
        keys
    }

    /// Reads the tables from a database that has them.
    fn assert(&self, url: &str) {
        let at = self.path.display();
        let mut rules = Rules::default();
        rules.keys = self.keys();
        let read = read_by(&rules, url, &preset(&self.preset, None), |_| {});
        assert!(read.summary.errors.is_empty(), "{at}: {:?}", read.summary.errors);
        assert!(read.problems.is_empty(), "{at}: {:?}", read.problems);
        let expect = self.said("expect");
        let hashes = read.hashes.iter().flatten().count();
        assert_eq!(
            (Value::from(read.lines.len()), Value::from(hashes)),
            (expect["records"].clone(), expect["hashes"].clone()),
            "{at}: {:#?}",
            read.lines
        );
        let disabled = read.summary.warnings.get(&rehash::Code::DisabledAccount).copied().unwrap_or(0);
        assert_eq!(disabled, expect["disabled"].as_u64().unwrap_or(0), "{at}: {:#?}", read.lines);
        self.assert_known(&read);
        self.assert_passwords(&read);
    }

    /// One record has every field of the user that is known, and a hash.
    fn assert_known(&self, read: &Read) {
        let known = self.said("known");
        let mut records = read.lines.iter().zip(&read.hashes);
        let found = records.any(|(line, hash)| {
            let record: Value = serde_json::from_str(line).expect("JSON");
            hash.is_some() && is_within(&known, &record)
        });
        assert!(found, "{}: {known} is not in {:#?}", self.path.display(), read.lines);
    }

    fn assert_passwords(&self, read: &Read) {
        let policy = Policy::builder(Argon2Target::OWASP_19_MIB).keys(self.keys()).build().expect("a policy");
        let engine = Engine::new(policy).expect("an engine");
        for (line, hash) in read.lines.iter().zip(&read.hashes) {
            let Some(hash) = hash else { continue };
            let at = format!("{}: {} of {line}", self.path.display(), hash.method());
            assert!(engine.verify(hash, &Password::new(PASSWORD)).is_ok(), "{at}");
            let wrong = engine.verify(hash, &Password::new("tr0ub4dor&3-ünï"));
            assert!(matches!(wrong, Err(Denied::WrongPassword)), "{at}");
        }
    }
}

/// Whether each field of an object stands in another with the same value.
fn is_within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|other| is_within(value, other)))
        }
        _ => part == whole,
    }
}

#[test]
fn every_preset_has_tables() {
    let tables = all();
    let with_tables: BTreeSet<&str> = tables.iter().map(|tables| &*tables.preset).collect();
    let presets: BTreeSet<&str> = Preset::all().map(|preset| preset.name).collect();
    assert_eq!(with_tables, presets);
    for tables in &tables {
        assert!(["mysql", "postgres", "sqlite"].contains(&&*tables.database), "{}", tables.path.display());
    }
}

#[test]
fn presets_read_the_tables_of_their_systems_on_sqlite() {
    for tables in all().iter().filter(|tables| tables.database == "sqlite") {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("legacy.db");
        let connection = rusqlite::Connection::open(&path).expect("a database");
        connection.execute_batch(&tables.sql).unwrap_or_else(|error| panic!("{}: {error}", tables.path.display()));
        drop(connection);
        tables.assert(&format!("sqlite:{}", path.display()));
    }
}

#[test]
fn presets_read_the_tables_of_their_systems_on_postgres() {
    for tables in all().iter().filter(|tables| tables.database == "postgres") {
        let Some(mut server) = Postgres::new(&format!("preset_{}", tables.preset)) else { return };
        let loaded = server.client.batch_execute(&tables.sql);
        loaded.unwrap_or_else(|error| panic!("{}: {error:?}", tables.path.display()));
        tables.assert(&server.url);
    }
}

#[test]
fn presets_read_the_tables_of_their_systems_on_mysql() {
    for tables in all().iter().filter(|tables| tables.database == "mysql") {
        let Some(mut server) = Mysql::new(&format!("preset_{}", tables.preset)) else { return };
        // Old systems have defaults and columns left out that a strict server refuses.
        let statements = std::iter::once("SET SESSION sql_mode = ''").chain(tables.sql.split(";\n"));
        let statements: Vec<&str> = statements.filter(|sql| !sql.trim().is_empty()).collect();
        server.run(&statements);
        tables.assert(&server.url);
    }
}
