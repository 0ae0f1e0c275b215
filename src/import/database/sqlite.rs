//! SQLite files as sources. They are opened for reading only, and may be in use by others.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OpenFlags};

use super::{Cell, Kind, Next, Server};

const BUSY: Duration = Duration::from_secs(10);

pub(super) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens the file of `sqlite:PATH`, which must be there.
    pub(super) fn open(path: &str) -> Result<Self, String> {
        let path = path.split('?').next().unwrap_or(path);
        if !Path::new(path).is_file() {
            return Err("there is no such file".to_owned());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| told(&error))?;
        connection.busy_timeout(BUSY).map_err(|error| told(&error))?;
        // A view or function of the file's own can do no more than the rest.
        connection.pragma_update(None, "query_only", true).map_err(|error| told(&error))?;
        connection.pragma_update(None, "trusted_schema", false).map_err(|error| told(&error))?;
        Ok(Self { connection })
    }
}

fn told(error: &rusqlite::Error) -> String {
    format!("SQLite says: {error}")
}

impl Server for Sqlite {
    /// A column has no kind here but that of its values: the first row's decide, which matters for the key alone.
    fn columns(&mut self, sql: &str) -> Result<Vec<(String, Kind)>, String> {
        let mut statement = self.connection.prepare(sql).map_err(|error| told(&error))?;
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([]).map_err(|error| told(&error))?;
        let first = rows.next().map_err(|error| told(&error))?;
        let kind = |place| match first.and_then(|row| row.get_ref(place).ok()).map(|value| value.data_type()) {
            Some(Type::Integer) => Kind::Integer,
            Some(Type::Blob) => Kind::Bytes,
            _ => Kind::Text,
        };
        Ok(names.into_iter().enumerate().map(|(place, name)| (name, kind(place))).collect())
    }

    fn selected(&self, column: &str, _: Kind) -> String {
        column.to_owned()
    }

    fn name(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn literal(&self, key: &str, kind: Kind) -> String {
        match kind {
            Kind::Integer | Kind::Bool if key.parse::<i64>().is_ok() => key.to_owned(),
            Kind::Bytes => format!("x'{}'", key.replace(|c: char| !c.is_ascii_hexdigit(), "")),
            _ => format!("'{}'", key.replace('\'', "''")),
        }
    }

    fn page(&mut self, sql: &str, row: &mut dyn FnMut(&[Cell<'_>]) -> Result<Next, String>) -> Result<(), String> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| told(&error))?;
        let count = statement.column_count();
        let mut rows = statement.query([]).map_err(|error| told(&error))?;
        while let Some(found) = rows.next().map_err(|error| told(&error))? {
            let values = (0..count).map(|place| found.get_ref(place)).collect::<Result<Vec<_>, _>>();
            let values = values.map_err(|error| told(&error))?;
            let numbers: Vec<String> = values.iter().map(number).collect();
            let cells: Vec<Cell<'_>> =
                values.iter().zip(&numbers).map(|(value, number)| cell(*value, number)).collect();
            if row(&cells)? == Next::Stop {
                break;
            }
        }
        Ok(())
    }
}

fn number(value: &ValueRef<'_>) -> String {
    match value {
        ValueRef::Integer(integer) => integer.to_string(),
        ValueRef::Real(real) => real.to_string(),
        _ => String::new(),
    }
}

fn cell<'a>(value: ValueRef<'a>, number: &'a str) -> Cell<'a> {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(_) => Cell::Literal(number),
        // Not every one is a number to JSON.
        ValueRef::Real(_) => Cell::Text(number),
        // A text can hold anything: SQLite does not look.
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Cell::Bytes(bytes),
    }
}
