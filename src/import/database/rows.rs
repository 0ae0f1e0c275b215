//! Rows in pages by the key, written as NDJSON: what an input reads. It knows of no database but what [`Server`] says.

use std::collections::{HashSet, VecDeque};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Cell, DatabaseOptions, Kind, Next, Select, Server, is_integer};
use crate::import::field::{Field, printable, shell_quoted};
use crate::import::json;

/// The text that a page should have: large enough that the server's work for a page does not count.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
/// The text after which the rest of a page is read again with the next one: rows can grow suddenly.
const PAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
const FIRST_PAGE_ROWS: u64 = 100;
const PAGE_ROWS_MAX: u64 = 20_000;

/// How far a database has been read, while it is: shared with the source that reads it.
#[derive(Clone, Debug, Default)]
pub struct Position(Arc<Mutex<VecDeque<(u64, String)>>>);

impl Position {
    /// A key after which the reading can go on so that no record after this line of the source is left out; `None`
    /// where it must begin anew. Some records before the line may be read again; none where each key is kept
    /// ([`DatabaseOptions::keeps_keys`]).
    #[must_use]
    pub fn before_line(&self, line: u64) -> Option<String> {
        let keys = self.lock();
        let after = keys.partition_point(|(last, _)| *last <= line);
        keys.get(after.checked_sub(1)?).map(|(_, key)| key.clone())
    }

    /// Nobody will ask for a line before this one. Where each key is kept, memory is bounded by saying so.
    pub fn forget_before(&self, line: u64) {
        let mut keys = self.lock();
        let after = keys.partition_point(|(last, _)| *last <= line);
        keys.drain(..after.saturating_sub(1));
    }

    fn reached(&self, keys: impl IntoIterator<Item = (u64, String)>) {
        self.lock().extend(keys);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A column of the query.
struct Column {
    kind: Kind,
    /// Its place in the record, or its own name.
    field: Option<Field>,
    /// `"name":`
    label: String,
}

/// The reader of a query's rows.
pub(super) struct Rows {
    server: Box<dyn Server>,
    columns: Vec<Column>,
    key: usize,
    key_kind: Kind,
    /// The query up to where the key is compared.
    select: String,
    key_name: String,
    last: Option<String>,
    /// The last key came from the operator: its row has been read already.
    is_resumed: bool,
    page_rows: u64,
    lines: u64,
    text: Vec<u8>,
    taken: usize,
    is_ended: bool,
    /// What to say once all rows before it are read.
    failure: Option<String>,
    position: Position,
    keeps_keys: bool,
}

pub(super) fn open(mut server: Box<dyn Server>, options: &DatabaseOptions) -> Result<(Rows, Position), String> {
    let query = match &options.select {
        Select::Query { sql, .. } => sql.trim().trim_end_matches(';').to_owned(),
        Select::Preset { preset, prefix } => preset.query(prefix.as_deref(), &|name| server.name(name))?,
    };
    let key = match &options.select {
        Select::Query { key, .. } => key,
        Select::Preset { .. } => super::presets::KEY,
    };
    let described = server.columns(&query)?;
    let place = described
        .iter()
        .position(|(name, _)| name == key)
        .or_else(|| described.iter().position(|(name, _)| name.eq_ignore_ascii_case(key)))
        .ok_or_else(|| {
            let key = printable(key);
            format!("the query has no column `{key}` to read it by; name one that is unique with --source-key")
        })?;
    let key_name = server.name(&described[place].0);
    let selected: Vec<String> =
        described.iter().map(|(name, kind)| server.selected(&server.name(name), *kind)).collect();
    let select = format!("SELECT {} FROM (\n{query}\n) AS rehash_rows", selected.join(", "));
    let columns = columns(&described)?;
    no_null_keys(&mut *server, &query, &key_name)?;
    let key_kind = server.key_kind(&query, &key_name, described[place].1)?;
    if let Some(after) = options.after.as_deref().filter(|after| !key_kind.takes(after)) {
        let (after, kind) = (printable(after), key_kind.told());
        return Err(format!("--source-after: `{after}` cannot be a key; those of {key_name} are {kind}"));
    }
    let position = Position::default();
    if let Some(after) = &options.after {
        position.reached([(0, after.clone())]);
    }
    let rows = Rows {
        server,
        columns,
        key: place,
        key_kind,
        select,
        key_name,
        last: options.after.clone(),
        is_resumed: options.after.is_some(),
        page_rows: FIRST_PAGE_ROWS,
        lines: 0,
        text: Vec::new(),
        taken: 0,
        is_ended: false,
        failure: None,
        position: position.clone(),
        keeps_keys: options.keeps_keys,
    };
    Ok((rows, position))
}

/// Which column is which field; what cannot be one is said before anything is read.
fn columns(described: &[(String, Kind)]) -> Result<Vec<Column>, String> {
    let mut seen = HashSet::new();
    let mut columns = Vec::with_capacity(described.len());
    for (name, kind) in described {
        let field = Field::of_column(name);
        let shown = printable(name);
        let meant =
            if name.eq_ignore_ascii_case("password") { Some("passwordEncrypted") } else { Field::near_miss(name) };
        if let (None, Some(meant)) = (field, meant) {
            return Err(format!(
                "the column `{shown}` is not a field; select it AS \"{meant}\", if that is what it is, else under another name"
            ));
        }
        let label = field.map_or_else(|| name.clone(), |field| field.as_str().to_owned());
        if !seen.insert(label.clone()) {
            return Err(format!("the query has the column `{shown}` twice; select one of them"));
        }
        columns.push(Column { kind: *kind, field, label: format!("{}:", json::quote(&label)) });
    }
    if !columns
        .iter()
        .any(|column| matches!(column.field, Some(Field::Username | Field::PrimaryEmail | Field::PrimaryPhone)))
    {
        return Err("the query has no column that names users; select one AS \"username\", \"primaryEmail\" or \
                    \"primaryPhone\""
            .to_owned());
    }
    Ok(columns)
}

/// A row without a key would be in no page.
fn no_null_keys(server: &mut dyn Server, query: &str, key_name: &str) -> Result<(), String> {
    let sql = format!("SELECT 1 FROM (\n{query}\n) AS rehash_rows WHERE {key_name} IS NULL LIMIT 1");
    let mut is_null = false;
    server.page(&sql, &mut |_| {
        is_null = true;
        Ok(Next::Stop)
    })?;
    if is_null {
        return Err(format!("{key_name} is null in some rows; they cannot be read by it"));
    }
    Ok(())
}

impl Rows {
    fn page_sql(&self) -> String {
        let Self { select, key_name, page_rows, .. } = self;
        let from = self.last.as_deref().map_or_else(String::new, |last| {
            // The last row of the page before comes again, so that a key that is not unique is seen to be so.
            let compared = if self.is_resumed { ">" } else { ">=" };
            format!(" WHERE rehash_rows.{key_name} {compared} {}", self.server.literal(last, self.key_kind))
        });
        // Without the table's name, the order could be that of what is selected: a number's text.
        format!("{select}{from} ORDER BY rehash_rows.{key_name} LIMIT {page_rows}")
    }

    /// Reads the next page into the buffer.
    fn fill(&mut self) -> Result<(), String> {
        let sql = self.page_sql();
        let before = self.last.clone().filter(|_| !self.is_resumed);
        let (columns, key_place, key_kind) = (&self.columns, self.key, self.key_kind);
        let (text, last, lines) = (&mut self.text, &mut self.last, &mut self.lines);
        let (keeps_keys, mut keys) = (self.keeps_keys, Vec::new());
        text.clear();
        let (mut rows, mut is_cut) = (0, false);
        let read = self.server.page(&sql, &mut |cells| {
            let key = key_text(key_kind, &cells[key_place])?;
            rows += 1;
            if rows == 1 && before.as_deref() == Some(&*key) {
                return Ok(Next::Row);
            }
            if [&before, last].into_iter().any(|earlier| earlier.as_deref() == Some(&*key)) {
                let key = printable(&key);
                return Err(format!("two rows have the key {key}; name a column that is unique with --source-key"));
            }
            write_row(columns, cells, text);
            *lines += 1;
            if keeps_keys {
                keys.push((*lines, key.clone()));
            }
            *last = Some(key);
            is_cut = text.len() >= PAGE_BYTES_MAX;
            Ok(if is_cut { Next::Stop } else { Next::Row })
        });
        if !text.is_empty() {
            let last = self.last.iter().filter(|_| !keeps_keys).map(|last| (self.lines, last.clone()));
            self.position.reached(keys.into_iter().chain(last));
            self.is_resumed = false;
        }
        read?;
        // Where only the page's first row came, there is nothing after it.
        self.is_ended = !is_cut && rows < self.page_rows;
        let average = self.text.len() as u64 / rows.max(1) + 1;
        self.page_rows = (PAGE_BYTES as u64 / average).clamp(2, (self.page_rows * 4).min(PAGE_ROWS_MAX));
        Ok(())
    }

    /// What went wrong, and how to go on.
    fn told(&self, message: &str) -> String {
        match &self.last {
            Some(key) => format!("{message}; go on with --source-after {}", shell_quoted(key)),
            None => message.to_owned(),
        }
    }
}

impl Read for Rows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            if let Some(message) = self.failure.take() {
                self.is_ended = true;
                return Err(io::Error::other(message));
            }
            if self.is_ended {
                return Ok(0);
            }
            self.taken = 0;
            if let Err(message) = self.fill() {
                self.failure = Some(self.told(&message));
            }
        }
        let rest = &self.text[self.taken..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

/// A key as it is shown, and as it is given back: bytes as hex, all else as it is spelled.
fn key_text(kind: Kind, cell: &Cell<'_>) -> Result<String, String> {
    let text = match cell {
        Cell::Null => Err("the key became null while the table was read".to_owned()),
        Cell::Text(text) | Cell::Literal(text) => Ok((*text).to_owned()),
        Cell::Bytes(bytes) if kind == Kind::Bytes => Ok(base16ct::lower::encode_string(bytes)),
        Cell::Bytes(bytes) => std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| "a key is not UTF-8; name a column of numbers or bytes with --source-key".to_owned()),
    }?;
    // What could not be compared would be lost in silence.
    if !kind.takes(&text) {
        return Err(format!(
            "a key is not one of {}, as the others are; name another column with --source-key",
            kind.told()
        ));
    }
    Ok(text)
}

/// Appends a row as a line of NDJSON. Nulls are left out; so are a salt and a tag beside a hash that is null.
fn write_row(columns: &[Column], cells: &[Cell<'_>], text: &mut Vec<u8>) {
    let is_hash = |column: &Column| column.field == Some(Field::PasswordEncrypted);
    let has_hash = columns.iter().zip(cells).any(|(column, cell)| is_hash(column) && !matches!(cell, Cell::Null));
    text.push(b'{');
    for (column, cell) in columns.iter().zip(cells) {
        if matches!(cell, Cell::Null) || (!has_hash && column.field.is_some_and(Field::describes_hash)) {
            continue;
        }
        if text.last() != Some(&b'{') {
            text.push(b',');
        }
        text.extend_from_slice(column.label.as_bytes());
        write_cell(column, cell, text);
    }
    text.extend_from_slice(b"}\n");
}

fn write_cell(column: &Column, cell: &Cell<'_>, text: &mut Vec<u8>) {
    let value = match cell {
        Cell::Null => "null",
        Cell::Text(value) | Cell::Literal(value) => value,
        Cell::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(value) => value,
            // Not a text: the rules reject it by the field's name, and the rejected line shows what it is.
            Err(_) => {
                text.extend_from_slice(b"{\"hex\":\"");
                text.extend_from_slice(base16ct::lower::encode_string(bytes).as_bytes());
                text.extend_from_slice(b"\"}");
                return;
            }
        },
    };
    let is_literal = match column.kind {
        Kind::Integer => is_integer(value),
        Kind::Bool => matches!(value, "true" | "false"),
        Kind::Text | Kind::Bytes | Kind::Number | Kind::Float | Kind::Time => matches!(cell, Cell::Literal(_)),
    };
    if is_literal && column.field.is_none() {
        text.extend_from_slice(value.as_bytes());
    } else if column.field.is_some_and(Field::is_object) && json::is_value(value) {
        // Line ends between the tokens of JSON are white space; within its strings there are none.
        text.extend(value.bytes().map(|c| if matches!(c, b'\n' | b'\r') { b' ' } else { c }));
    } else {
        text.extend_from_slice(json::quote(value).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: Kind, field: Option<Field>, cell: &Cell<'_>) -> String {
        let mut text = Vec::new();
        write_cell(&Column { kind, field, label: String::new() }, cell, &mut text);
        String::from_utf8(text).expect("a text")
    }

    #[test]
    fn cells_are_one_line_of_json_whatever_they_hold() {
        for (kind, field, cell, expected) in [
            (Kind::Integer, None, Cell::Bytes(b"-5"), "-5"),
            (Kind::Integer, None, Cell::Bytes(b"0005"), "\"0005\""),
            (Kind::Integer, Some(Field::Username), Cell::Bytes(b"5"), "\"5\""),
            (Kind::Bool, None, Cell::Bytes(b"true"), "true"),
            (Kind::Text, None, Cell::Bytes(b"true"), "\"true\""),
            (Kind::Text, None, Cell::Bytes(b"a\n\"\0"), "\"a\\n\\\"\\u0000\""),
            (Kind::Text, Some(Field::Profile), Cell::Bytes(b"{\n\"a\":1}"), "{ \"a\":1}"),
            (Kind::Text, Some(Field::Profile), Cell::Bytes(b"{\n"), "\"{\\n\""),
            (Kind::Bytes, None, Cell::Bytes(b"\xff\0"), "{\"hex\":\"ff00\"}"),
        ] {
            assert_eq!(written(kind, field, &cell), expected);
        }
    }

    #[test]
    fn a_key_is_spelled_as_the_database_spells_it() {
        assert_eq!(key_text(Kind::Integer, &Cell::Bytes(b"7")).as_deref(), Ok("7"));
        assert_eq!(key_text(Kind::Text, &Cell::Bytes(b"a b")).as_deref(), Ok("a b"));
        assert_eq!(key_text(Kind::Bytes, &Cell::Bytes(b"7")).as_deref(), Ok("37"));
        assert!(key_text(Kind::Text, &Cell::Bytes(b"\xff")).is_err());
        assert!(key_text(Kind::Text, &Cell::Null).is_err());
    }

    #[test]
    fn a_position_is_a_page_that_was_taken_whole() {
        let position = Position::default();
        assert_eq!(position.before_line(10), None);
        position.reached([(100, "k100".to_owned()), (500, "k500".to_owned())]);
        assert_eq!(position.before_line(99), None);
        assert_eq!(position.before_line(100).as_deref(), Some("k100"));
        assert_eq!(position.before_line(9999).as_deref(), Some("k500"));
        position.forget_before(499);
        assert_eq!(position.before_line(499).as_deref(), Some("k100"), "what is asked for is still known");
        position.forget_before(500);
        assert_eq!((position.before_line(499), position.before_line(500).as_deref()), (None, Some("k500")));
    }
}
