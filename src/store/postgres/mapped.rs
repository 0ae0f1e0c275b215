//! A table of the embedder's own in a PostgreSQL database.

use std::fmt;
use std::ops::ControlFlow;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row as PgRow};

use super::connect::known_text;
use super::server::Server;
use crate::store::mapping::{Counts, Key, MappedId, Mapping, Row, quoted, unusable};
use crate::store::{Found, MethodCount, OpenOptions, StoreError, StoreErrorKind, Swap};
use crate::{Limits, Policy, StoredHash};

/// What the catalogue says of each column; a domain is what it is made of, since its rules are for what is stored, and not for
/// what is looked for.
const COLUMNS: &str = "
WITH RECURSIVE made_of AS (
    SELECT attrelid, attnum, attname, atttypid AS type, atttypmod AS modifier FROM pg_attribute
    WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT m.attrelid, m.attnum, m.attname, t.typbasetype, t.typtypmod
    FROM made_of m JOIN pg_type t ON t.oid = m.type WHERE t.typtype = 'd'
)
SELECT m.attname::text, format_type(t.oid, -1), t.typcategory = 'S',
    CASE WHEN t.oid IN ('varchar'::regtype, 'bpchar'::regtype) THEN nullif(m.modifier, -1) - 4 END,
    has_column_privilege(m.attrelid, m.attnum, 'SELECT'), has_column_privilege(m.attrelid, m.attnum, 'UPDATE'),
    t.oid = 'bytea'::regtype
FROM made_of m JOIN pg_type t ON t.oid = m.type WHERE t.typtype <> 'd'";

/// A mapped table on a server.
pub(crate) struct Mapped {
    server: Server,
    limits: Limits,
    mapping: Mapping,
    find: String,
    find_by_key: String,
    replace: String,
    holds: String,
    all: String,
}

struct Column {
    name: String,
    kind: String,
    is_text: bool,
    width: Option<i32>,
    may_read: bool,
    may_write: bool,
    is_bytes: bool,
}

impl Column {
    fn of(row: &PgRow) -> Self {
        Self {
            name: row.get(0),
            kind: row.get(1),
            is_text: row.get(2),
            width: row.get(3),
            may_read: row.get(4),
            may_write: row.get(5),
            is_bytes: row.get(6),
        }
    }
}

impl Mapped {
    pub(crate) fn open(
        url: &str,
        mapping: Mapping,
        policy: &Policy,
        options: &OpenOptions,
    ) -> Result<Self, StoreError> {
        let server = Server::new(url, options)?;
        let table = quoted(&mapping.table);
        let rows = server.with(async |client| client.query_typed(COLUMNS, &[(&table, Type::TEXT)]).await)?;
        let columns: Vec<Column> = rows.iter().map(Column::of).collect();
        let (new, is_read_only) = (policy.example(), options.is_read_only);
        check(&mapping, &columns, &new, is_read_only)?;
        let statements = Statements::of(&mapping, &columns);
        let Statements { find, find_by_key, replace, holds, all } = statements;
        let mapped = Self { server, limits: *policy.limits(), mapping, find, find_by_key, replace, holds, all };
        // A condition that is no SQL is found now, and not by the first visitor.
        mapped.find("").map_err(|error| match error.kind() {
            StoreErrorKind::Other => unusable(&error.to_string()),
            _ => error,
        })?;
        if !is_read_only {
            mapped.try_to_write(&new)?;
        }
        Ok(mapped)
    }

    /// Writes a new hash to one row that nobody holds, and takes it back.
    fn try_to_write(&self, new: &str) -> Result<(), StoreError> {
        let (table, id, hash) = (quoted(&self.mapping.table), quoted(&self.mapping.id), quoted(&self.mapping.hash));
        let and_where = self.mapping.and_where();
        let one = format!(
            "SELECT {id}::text, {hash}::text FROM {table} WHERE {hash} IS NOT NULL{and_where} LIMIT 1 FOR UPDATE SKIP LOCKED"
        );
        let tried = self.server.with(async |client| {
            client.batch_execute("BEGIN").await?;
            let tried = async {
                let rows = client.query_typed(&one, &[]).await?;
                let Some(row) = rows.first() else { return Ok(true) };
                let (id, held): (String, String) = (row.get(0), row.get(1));
                Ok(self.write(client, &id, Some(&held), new, "argon2id").await? > 0)
            };
            let tried: Result<bool, Error> = tried.await;
            client.batch_execute("ROLLBACK").await?;
            tried
        });
        let refused =
            |why: &dyn fmt::Display| unusable(&format!("a new hash, of {} characters, is refused: {why}", new.len()));
        match tried {
            Ok(true) => Ok(()),
            // Nobody else holds the row: a trigger or a policy leaves it as it is.
            Ok(false) => Err(refused(&"no row is changed by writing it")),
            Err(error) if error.kind() == StoreErrorKind::Other => Err(refused(&error)),
            // Others are in the way, or nothing can be written now: that is for a sign-in to report.
            Err(error) if matches!(error.kind(), StoreErrorKind::Busy | StoreErrorKind::ReadOnly) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn write(
        &self,
        client: &Client,
        id: &str,
        held: Option<&str>,
        new: &str,
        method: &str,
    ) -> Result<u64, Error> {
        let mut values: Vec<(&(dyn ToSql + Sync), Type)> =
            vec![(&id, Type::TEXT), (&held, Type::TEXT), (&new, Type::TEXT)];
        if self.mapping.method.is_some() {
            values.push((&method, Type::TEXT));
        }
        // Each row that was written comes back.
        Ok(client.query_typed(&self.replace, &values).await?.len() as u64)
    }

    pub(crate) fn find(&self, identifier: &str) -> Result<Option<Found<MappedId>>, StoreError> {
        self.find_with(&self.find, identifier)
    }

    pub(crate) fn find_by_key(&self, key: &str) -> Result<Option<Found<MappedId>>, StoreError> {
        self.find_with(&self.find_by_key, key)
    }

    fn find_with(&self, statement: &str, name: &str) -> Result<Option<Found<MappedId>>, StoreError> {
        if name.contains('\0') {
            return Ok(None);
        }
        let rows =
            self.server.with(async |client| known_text(client.query_typed(statement, &[(&name, Type::TEXT)]).await))?;
        Ok(rows.first().map(|row| {
            let read = Row { hash: row.get(1), method: row.get(2), salt: row.get(3), user: row.get(4) };
            self.mapping.found(Key::Text(row.get(0)), read, &self.limits)
        }))
    }

    pub(crate) fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        let mut counts = Counts::of(&self.mapping, &self.limits);
        self.server.each(&self.all, &mut |row| {
            counts.add(Row { hash: row.get(0), method: row.get(1), salt: row.get(2), user: row.get(3) });
            ControlFlow::Continue(())
        })?;
        Ok(counts.finish())
    }

    pub(crate) fn replace(&self, id: &MappedId, new: &StoredHash) -> Result<Swap, StoreError> {
        let (key, text) = (id.to_string(), self.mapping.text_of(new));
        let write = async |client: &Client| {
            self.write(client, &key, id.held.as_deref(), &text, new.method().as_str()).await.map(|rows| rows > 0)
        };
        self.server.swap(write, async |client| {
            let held: [(&(dyn ToSql + Sync), Type); 2] = [(&key, Type::TEXT), (&text, Type::TEXT)];
            client.query_typed(&self.holds, &held).await.map(|rows| !rows.is_empty())
        })
    }
}

impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped").field("place", &self.server.target().place).finish_non_exhaustive()
    }
}

/// That the columns are there, of the right kind, wide enough, and may be used.
fn check(mapping: &Mapping, columns: &[Column], new: &str, is_read_only: bool) -> Result<(), StoreError> {
    if columns.is_empty() {
        return Err(unusable(&format!("there is no table {}", mapping.table)));
    }
    for name in mapping.columns() {
        let refused = |why: &str| Err(unusable(&format!("the column {name} {why}")));
        let Some(column) = columns.iter().find(|column| column.name == name) else {
            return refused("is not there");
        };
        if !column.may_read {
            return refused("may not be read");
        }
        let is_written = name == mapping.hash || mapping.method.as_deref() == Some(name);
        if is_written && !is_read_only && !column.may_write {
            return refused("may not be written");
        }
        if !column.is_text && (is_written || mapping.identifiers.iter().any(|identifier| identifier == name)) {
            return refused(&format!("is of type {}, not a text", column.kind));
        }
        let needed = if name == mapping.hash { new.len() } else { "argon2id".len() };
        if let Some(width) = column.width.filter(|_| is_written)
            && usize::try_from(width).is_ok_and(|width| width < needed)
        {
            return refused(&format!("holds {width} characters; what an upgrade writes has {needed}"));
        }
    }
    Ok(())
}

struct Statements {
    find: String,
    find_by_key: String,
    replace: String,
    holds: String,
    all: String,
}

impl Statements {
    fn of(mapping: &Mapping, columns: &[Column]) -> Self {
        let column = |name: &str| columns.iter().find(|column| column.name == name);
        let kind = |name: &str| column(name).map_or("text", |column| &column.kind);
        // Salts and names come as bytes, whatever they are.
        let bytes = |name: &Option<String>| match name {
            None => "NULL::bytea".to_owned(),
            Some(name) if column(name).is_some_and(|column| column.is_bytes) => quoted(name),
            Some(name) => format!("convert_to({}::text, 'UTF8')", quoted(name)),
        };
        let (id, hash, table) = (quoted(&mapping.id), quoted(&mapping.hash), quoted(&mapping.table));
        let method = mapping.method.as_deref().map_or_else(|| "NULL".to_owned(), quoted);
        let (salt, user, and_where) = (bytes(&mapping.salt), bytes(&mapping.user), mapping.and_where());
        let by = |(place, name): (usize, &String)| {
            // In the column's own type, so that it compares as the column does and by its index.
            let (column, kind) = (quoted(name), kind(name));
            format!(
                "SELECT {id}::text, {hash}::text, {method}::text, {salt}, {user}, {place} AS place
                 FROM {table} WHERE {column} = $1::{kind}{and_where}"
            )
        };
        let all: Vec<String> = mapping.identifiers.iter().enumerate().map(by).collect();
        let is_it = format!("{id} = $1::{}", kind(&mapping.id));
        // A row that held none holds none still.
        let holds = format!("{hash}::text COLLATE \"C\" IS NOT DISTINCT FROM $2");
        let set_method =
            mapping.method.as_ref().map_or_else(String::new, |method| format!(", {} = $4", quoted(method)));
        Self {
            find: format!("{} ORDER BY place LIMIT 1", all.join("\nUNION ALL ")),
            find_by_key: format!(
                "SELECT {id}::text, {hash}::text, {method}::text, {salt}, {user} FROM {table} WHERE {is_it}{and_where}"
            ),
            replace: format!(
                "UPDATE {table} SET {hash} = $3{set_method} WHERE {is_it} AND {holds}{and_where} RETURNING 1"
            ),
            holds: format!("SELECT 1 FROM {table} WHERE {is_it} AND {hash}::text COLLATE \"C\" = $2"),
            all: format!("SELECT {hash}::text, {method}::text, {salt}, {user} FROM {table} WHERE true{and_where}"),
        }
    }
}
