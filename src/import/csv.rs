//! A record from CSV: the header says which column is which field. The splitter has already held the quoting against
//! RFC 4180.

use std::borrow::Cow;

use super::field::{Field, Problem, printable};
use super::json;
use super::record::Fields;
use crate::Code;

/// A CSV input's header line.
pub(crate) struct Header {
    line: Box<[u8]>,
    columns: Vec<Column>,
}

enum Column {
    Field(Field),
    /// Not a field: kept as the user's own data under its name.
    Other(String),
}

impl Header {
    /// Reads a header line. The error never repeats it unless it proves to be a header: it may be somebody's data.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| "the header line is not UTF-8".to_owned())?;
        let names: Vec<String> = cells(text).map(|cell| cell.trim().to_owned()).collect();
        if !names.iter().any(|name| Field::of(name).is_some() || Field::in_other_spelling(name).is_some()) {
            let separator = if text.contains(';') || text.contains('\t') { "; separate columns by commas" } else { "" };
            return Err(format!("is neither JSON nor CSV whose first line names the record's fields{separator}"));
        }
        let mut columns: Vec<Column> = Vec::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            if names[..place].contains(name) {
                return Err(format!("the header names the column `{}` twice", printable(name)));
            }
            columns.push(match (Field::of(name), Field::near_miss(name)) {
                (Some(field), _) => Column::Field(field),
                (None, Some(meant)) => {
                    return Err(format!("the column `{}` is not a field; did you mean {meant}?", printable(name)));
                }
                (None, None) if name.is_empty() => return Err(format!("column {} has no name", place + 1)),
                (None, None) => Column::Other(name.clone()),
            });
        }
        Ok(Self { line: line.into(), columns })
    }

    /// A header whose names are a vendor's.
    pub(super) fn foreign(line: &[u8]) -> Self {
        Self { line: line.into(), columns: Vec::new() }
    }

    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Reads one record. An empty cell is a field that is not there.
    pub(super) fn fields<'a>(&self, text: &'a str) -> Result<Fields<'a>, Vec<Problem>> {
        let mut fields = Fields::default();
        let mut problems = Vec::new();
        let mut count = 0;
        for (place, cell) in cells(text).enumerate() {
            count = place + 1;
            let taken = match self.columns.get(place) {
                None => continue,
                Some(_) if cell.is_empty() => continue,
                Some(Column::Field(field)) if field.is_object() => {
                    json::check_object(*field, &cell).and_then(|()| fields.take(*field, Some(cell)))
                }
                Some(Column::Field(field)) => fields.take(*field, Some(cell)),
                Some(Column::Other(name)) => {
                    fields.take_unknown(Cow::Owned(name.clone()), Cow::Owned(json::quote(&cell)))
                }
            };
            problems.extend(taken.err());
        }
        if count != self.columns.len() {
            let remedy =
                format!("has {count} columns, the header {}; quote cells that hold commas", self.columns.len());
            return Err(vec![Problem::record(Code::BadCsv, remedy)]);
        }
        if problems.is_empty() { Ok(fields) } else { Err(problems) }
    }
}

/// The cells of a record whose quoting is known to be right.
pub(super) fn cells(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(quoted) = text.strip_prefix('"') else {
            let (cell, after) = text.split_once(',').map_or((text, None), |(cell, after)| (cell, Some(after)));
            rest = after;
            return Some(Cow::Borrowed(cell));
        };
        let end = closing_quote(quoted);
        rest = quoted.get(end + 1..).and_then(|after| after.strip_prefix(','));
        let cell = &quoted[..end];
        Some(if cell.contains('"') { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) })
    })
}

/// Where the quote stands that is not one of a pair.
fn closing_quote(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(length) = memchr::memchr(b'"', &bytes[at..]) {
        at += length;
        if bytes.get(at + 1) != Some(&b'"') {
            return at;
        }
        at += 2;
    }
    bytes.len()
}
