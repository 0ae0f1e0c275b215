//! SQLite files as sources. They are opened for reading only, and may be in use by others.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

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
        let connection = connect(path)?;
        connection.busy_timeout(BUSY).map_err(|error| told(&error))?;
        // A view or function of the file's own can do no more than the rest.
        connection.pragma_update(None, "query_only", true).map_err(|error| told(&error))?;
        connection.pragma_update(None, "trusted_schema", false).map_err(|error| told(&error))?;
        Ok(Self { connection })
    }
}

/// A file that is written through a log needs files beside it to be read. Where those can neither be found nor made, it is read as
/// one that nobody writes; unless there is a log, which would be left out.
fn connect(path: &str) -> Result<Connection, String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| told(&error))?;
    let looked = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    let Err(error) = looked else { return Ok(connection) };
    if !matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)) {
        return Err(told(&error));
    }
    if std::fs::metadata(format!("{path}-wal")).is_ok_and(|log| log.len() > 0) {
        return Err(
            "a write-ahead log belongs to the file, and cannot be read where nothing can be written; copy both to a \
                    directory of your own"
                .to_owned(),
        );
    }
    let place = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = flags | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{place}?immutable=1"), flags).map_err(|error| told(&error))
}

fn told(error: &rusqlite::Error) -> String {
    match error {
        // Without the statement that the query was put into.
        rusqlite::Error::SqlInputError { msg, .. } => format!("SQLite says: {msg}"),
        error => format!("SQLite says: {error}"),
    }
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

    /// Values of one column can be of several types, which are in order: numbers, texts, bytes.
    fn key_kind(&mut self, query: &str, key_name: &str, described: Kind) -> Result<Kind, String> {
        let one = |of: &str| format!("typeof((SELECT {of}({key_name}) FROM (\n{query}\n) AS rehash_rows))");
        let sql = format!("SELECT {}, {}", one("min"), one("max"));
        let types = self.connection.query_row(&sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let (first, last) = types.map_err(|error| told(&error))?;
        match (&*first, &*last) {
            ("integer" | "real", "integer" | "real") => Ok(Kind::Number),
            ("text", "text") => Ok(Kind::Text),
            ("blob", "blob") => Ok(Kind::Bytes),
            ("null", _) => Ok(described),
            _ => Err(format!(
                "{key_name} holds {first} and {last} values, which cannot be read as one order; CAST it to one type"
            )),
        }
    }

    fn selected(&self, column: &str, _: Kind) -> String {
        column.to_owned()
    }

    fn name(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn literal(&self, key: &str, kind: Kind) -> String {
        match kind {
            Kind::Integer | Kind::Number | Kind::Bool if key.parse::<i64>().is_ok() => key.to_owned(),
            Kind::Number => key.parse().map_or_else(|_| "NULL".to_owned(), exactly),
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

/// A number as SQL that is computed exactly; a decimal text is not always read to the last bit. `mantissa × 2^exponent`, where
/// powers of two are whole numbers that it takes.
fn exactly(number: f64) -> String {
    const STEP: u32 = 62;
    if number.is_infinite() || number.is_nan() {
        return if number > 0.0 { "9e999".to_owned() } else { "-9e999".to_owned() };
    }
    let bits = number.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), i64::from((bits >> 52 & 0x7ff) as u32));
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let zeros = if mantissa == 0 { 0 } else { mantissa.trailing_zeros() };
    let (mantissa, exponent) = (mantissa >> zeros, exponent + i64::from(zeros));
    let sign = if number < 0.0 { "-" } else { "" };
    let operator = if exponent < 0 { "/" } else { "*" };
    let mut text = format!("({sign}{mantissa} * 1.0");
    let mut left = if mantissa == 0 { 0 } else { exponent.unsigned_abs() };
    while left > 0 {
        let step = left.min(u64::from(STEP));
        text.push_str(&format!(" {operator} {}", 1u64 << step));
        left -= step;
    }
    text.push(')');
    text
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_sql_is_the_same_number() {
        let connection = Connection::open_in_memory().expect("memory");
        let numbers = [
            0.0,
            1.0,
            -1.5,
            0.1,
            1.0 / 3.0,
            1e300,
            5e-324,
            f64::MIN_POSITIVE,
            f64::MAX,
            -f64::MAX,
            f64::INFINITY,
            2e15 + 0.3,
        ];
        for number in numbers.into_iter().chain((1..2000).map(|n| f64::from(n).sqrt() / 1e7)) {
            let sql = format!("SELECT {}", exactly(number));
            let found: f64 = connection.query_row(&sql, [], |row| row.get(0)).expect("a number");
            assert_eq!(found.to_bits(), number.to_bits(), "{sql}");
        }
    }
}
