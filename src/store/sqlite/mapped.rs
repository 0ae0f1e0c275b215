//! A table of the embedder's own in a SQLite file.

use std::path::{Path, PathBuf};

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::schema::{self, failed};
use crate::store::mapping::{Counts, Key, MappedId, Mapping, Row, quoted, unusable};
use crate::store::slots::{Slot, Slots};
use crate::store::{Found, MethodCount, OpenOptions, StoreError, StoreErrorKind, Swap};
use crate::{Limits, Policy, StoredHash, codec};

/// Rows that are read at once where all are gone through.
const PART_ROWS: usize = 5_000;

/// A mapped table in a file.
#[derive(Debug)]
pub(crate) struct Mapped {
    path: PathBuf,
    options: OpenOptions,
    limits: Limits,
    mapping: Mapping,
    find: String,
    find_by_key: String,
    replace: String,
    connections: Slots<Connection>,
}

impl Mapped {
    pub(crate) fn open(
        path: &Path,
        mapping: Mapping,
        policy: &Policy,
        options: &OpenOptions,
    ) -> Result<Self, StoreError> {
        let mapped = Self {
            find: find(&mapping),
            find_by_key: find_by_key(&mapping),
            replace: replace(&mapping),
            path: path.to_owned(),
            options: options.clone(),
            limits: *policy.limits(),
            mapping,
            connections: Slots::new(options.connections, options.acquire_timeout),
        };
        mapped.check(&policy.example())?;
        Ok(mapped)
    }

    fn connection(&self) -> Result<Slot<'_, Connection>, StoreError> {
        self.connections.take(|| schema::connect(&self.path, &self.options))
    }

    /// That the columns are there, and that a new hash can be written: SQLite holds no column to its declared width, but a
    /// `CHECK` may.
    fn check(&self, new: &str) -> Result<(), StoreError> {
        let mut connection = self.connection()?;
        let table = self.mapping.table.rsplit('.').next().unwrap_or_default();
        let there = columns(&connection, table).map_err(failed)?;
        if there.is_empty() {
            return Err(unusable(&format!("there is no table {}", self.mapping.table)));
        }
        // A name in quotes that is no column would be read as a text.
        for column in self.mapping.columns() {
            if !there.iter().any(|name| name.eq_ignore_ascii_case(column)) {
                return Err(unusable(&format!("the table has no column {column}")));
            }
        }
        connection.prepare(&self.find).map_err(|error| unusable(&schema::words(&error)))?;
        if self.options.is_read_only {
            return Ok(());
        }
        let (table, id, hash) = (quoted(table), quoted(&self.mapping.id), quoted(&self.mapping.hash));
        let one =
            format!("SELECT {id}, {hash} FROM {table} WHERE {hash} IS NOT NULL{} LIMIT 1", self.mapping.and_where());
        let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed) {
            // Somebody else writes, or nobody can: that is for a sign-in to report.
            Err(error) if matches!(error.kind(), StoreErrorKind::Busy | StoreErrorKind::ReadOnly) => return Ok(()),
            begun => begun?,
        };
        let row = transaction.query_row(&one, [], |row| Ok((row.get::<_, Value>(0)?, row.get::<_, Value>(1)?)));
        if let Some((id, held)) = row.optional().map_err(failed)? {
            let refused = |why: &str| unusable(&format!("a new hash, of {} characters, is refused: {why}", new.len()));
            let written = transaction.execute(&self.replace, params![id, held, new, "argon2id"]);
            if written.map_err(|error| refused(&schema::words(&error)))? == 0 {
                return Err(refused("no row is changed by writing it"));
            }
        }
        transaction.rollback().map_err(failed)
    }

    pub(crate) fn find(&self, identifier: &str) -> Result<Option<Found<MappedId>>, StoreError> {
        self.find_with(&self.find, [Value::Text(identifier.to_owned())])
    }

    /// A key as it is printed, in each of the types that it may be of.
    pub(crate) fn find_by_key(&self, key: &str) -> Result<Option<Found<MappedId>>, StoreError> {
        let number = key.parse::<i64>().ok().filter(|number| number.to_string() == key);
        let bytes = codec::hex(key.as_bytes()).ok().filter(|_| !key.bytes().any(|c| c.is_ascii_uppercase()));
        let text = number.map_or_else(|| Value::Text(key.to_owned()), Value::Integer);
        self.find_with(&self.find_by_key, [text, bytes.map_or(Value::Null, Value::Blob)])
    }

    fn find_with<const N: usize>(
        &self,
        statement: &str,
        values: [Value; N],
    ) -> Result<Option<Found<MappedId>>, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(statement).map_err(failed)?;
        let found = statement.query_row(rusqlite::params_from_iter(values), |row| {
            let key = match row.get_ref(0)? {
                ValueRef::Integer(key) => Key::Integer(key),
                ValueRef::Blob(key) => Key::Bytes(key.to_vec()),
                _ => Key::Text(row.get(0)?),
            };
            Ok((key, read(row)?))
        });
        let found = found.optional().map_err(failed)?;
        Ok(found.map(|(key, row)| self.mapping.found(key, row, &self.limits)))
    }

    pub(crate) fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        // One of its own: those that are shared are for sign-ins, and there may be but one.
        let connection = schema::connect(&self.path, &self.options)?;
        let [mut first, mut next] = all(&self.mapping).map(|statement| connection.prepare(&statement));
        let (first, next) = (first.as_mut(), next.as_mut());
        let (Ok(first), Ok(next)) = (first, next) else {
            return Err(unusable("its rows cannot be listed"));
        };
        let mut counts = Counts::of(&self.mapping, &self.limits);
        let mut last: Option<Value> = None;
        loop {
            // In parts: nobody who writes waits for long.
            let mut rows = match &last {
                None => first.query([]),
                Some(last) => next.query([last]),
            }
            .map_err(failed)?;
            let mut part = 0;
            while let Some(row) = rows.next().map_err(failed)? {
                counts.add(read(row).map_err(failed)?);
                last = Some(row.get(0).map_err(failed)?);
                part += 1;
            }
            if part < PART_ROWS {
                return Ok(counts.finish());
            }
        }
    }

    pub(crate) fn replace(&self, id: &MappedId, new: &StoredHash) -> Result<Swap, StoreError> {
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&self.replace).map_err(failed)?;
        let key = match &id.key {
            Key::Integer(key) => Value::Integer(*key),
            Key::Text(key) => Value::Text(key.clone()),
            Key::Bytes(key) => Value::Blob(key.clone()),
        };
        match statement
            .execute(params![key, id.held, self.mapping.text_of(new), new.method().as_str()])
            .map_err(failed)?
        {
            0 => Ok(Swap::Superseded),
            _ => Ok(Swap::Written),
        }
    }
}

/// What stands after the id.
fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let bytes = |at: usize| {
        Ok::<_, rusqlite::Error>(match row.get_ref(at)? {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string().into_bytes()),
            ValueRef::Real(number) => Some(number.to_string().into_bytes()),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
        })
    };
    // What is no text is a broken row, and not a fault of the store.
    let text = |at: usize| bytes(at).map(|value| value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Row { hash: text(1)?, method: text(2)?, salt: bytes(3)?, user: bytes(4)? })
}

/// The first rows in the order of their keys, and those after one.
fn all(mapping: &Mapping) -> [String; 2] {
    let (id, hash, table) = (quoted(&mapping.id), quoted(&mapping.hash), quoted(&mapping.table));
    let [method, salt, user] = [&mapping.method, &mapping.salt, &mapping.user].map(or_null);
    ["true".to_owned(), format!("{id} > ?1")].map(|which| {
        format!(
            "SELECT {id}, {hash}, {method}, {salt}, {user} FROM {table} WHERE {which}{} ORDER BY {id} LIMIT {PART_ROWS}",
            mapping.and_where()
        )
    })
}

/// By the primary key.
fn find_by_key(mapping: &Mapping) -> String {
    let (id, hash, table) = (quoted(&mapping.id), quoted(&mapping.hash), quoted(&mapping.table));
    let [method, salt, user] = [&mapping.method, &mapping.salt, &mapping.user].map(or_null);
    let and_where = mapping.and_where();
    format!("SELECT {id}, {hash}, {method}, {salt}, {user} FROM {table} WHERE ({id} = ?1 OR {id} = ?2){and_where}")
}

fn or_null(column: &Option<String>) -> String {
    column.as_deref().map_or_else(|| "NULL".to_owned(), quoted)
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut there = connection.prepare("SELECT name FROM pragma_table_xinfo(?1)")?;
    there.query_map([table], |row| row.get(0))?.collect()
}

fn find(mapping: &Mapping) -> String {
    let [method, salt, user] = [&mapping.method, &mapping.salt, &mapping.user].map(or_null);
    let (id, hash) = (quoted(&mapping.id), quoted(&mapping.hash));
    let (table, and_where) = (quoted(&mapping.table), mapping.and_where());
    let by = |(place, column): (usize, &String)| {
        let column = quoted(column);
        format!(
            "SELECT {id} AS id, {hash} AS hash, {method} AS method, {salt} AS salt, {user} AS user, {place} AS place
             FROM {table} WHERE {column} = ?1{and_where}"
        )
    };
    let all: Vec<String> = mapping.identifiers.iter().enumerate().map(by).collect();
    format!("SELECT id, hash, method, salt, user FROM ({}) ORDER BY place LIMIT 1", all.join("\nUNION ALL "))
}

fn replace(mapping: &Mapping) -> String {
    let (id, hash, table) = (quoted(&mapping.id), quoted(&mapping.hash), quoted(&mapping.table));
    let method = mapping.method.as_ref().map_or_else(String::new, |method| format!(", {} = ?4", quoted(method)));
    // Byte for byte, whatever the column's collation; `?4` is bound in any case.
    format!(
        "UPDATE {table} SET {hash} = ?3{method} WHERE {id} = ?1 AND CAST({hash} AS BLOB) IS CAST(?2 AS BLOB) AND ?4 <> ''{}",
        mapping.and_where()
    )
}
