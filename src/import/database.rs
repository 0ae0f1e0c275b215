//! User tables read directly from the legacy database: PostgreSQL, MySQL and MariaDB, SQLite. Rows become records of
//! NDJSON, so that one place judges them; nothing is ever written to the database.
//!
//! A table is read in pages, each the next rows by the key: no transaction stays open on a live database, a row that
//! does not change is read exactly once whatever happens around it, and a reading that was cut off goes on after a key.
//!
//! Not here: what the systems' tables look like, which is data (`presets`), and what is wrong with a record, which the
//! common rules say.

mod mysql;
mod postgres;
mod presets;
mod rows;
mod sqlite;

use std::path::PathBuf;

pub use presets::Preset;
pub use rows::Position;

use super::source::{InputError, Source};

/// What is read from a database.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Select {
    /// A query whose columns are named like the record's fields (in any case, with or without `_`); others are kept as
    /// the user's own data.
    Query {
        /// One `SELECT`, without an order and without a `;`.
        sql: String,
        /// The name of its column that is unique and never null: pages follow it, so that an index should.
        key: String,
    },
    /// The tables of a system that is known.
    Preset {
        /// Which.
        preset: &'static Preset,
        /// What its tables' names begin with; the system's own default where `None`.
        prefix: Option<String>,
    },
}

/// How a database is read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DatabaseOptions {
    /// What is read.
    pub select: Select,
    /// Begin with the rows after this key, as [`Position`] or an error names it.
    pub after: Option<String>,
    /// Certificates (PEM) that a server's is held against, beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// Keep the key of each row, and not only of a page's last, until [`Position::forget_before`] lets go of it: for who
    /// writes down exactly how far they came.
    pub keeps_keys: bool,
}

impl DatabaseOptions {
    /// Everything that is selected, from its beginning.
    #[must_use]
    pub const fn new(select: Select) -> Self {
        Self { select, after: None, ca_file: None, keeps_keys: false }
    }
}

/// Opens a database for reading: `postgres://…`, `mysql://…` (MariaDB too) or `sqlite:PATH`. The source's records are
/// NDJSON, a line for each row. Costs a connection and a look at the columns.
///
/// The connection is encrypted and the server's certificate verified, unless the server is this machine or the URL says
/// `sslmode=disable`.
///
/// # Errors
///
/// [`InputError`] where the database cannot be reached, or the query or its columns make no sense. The text names the
/// database without its password.
pub fn open(url: &str, options: &DatabaseOptions) -> Result<(Source, Position), InputError> {
    let name = shown(url);
    let (rows, position) = rows::open(url, options).map_err(|message| InputError::new(&name, 0, message))?;
    Ok((Source::new(name, rows)?, position))
}

/// A database's URL without what is secret in it: what its records are said to come from.
#[must_use]
pub fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            format!("{scheme}://{place}")
        }
        None => url.to_owned(),
    }
}

/// One value of a row.
enum Cell<'a> {
    Null,
    /// Text in UTF-8.
    Text(&'a str),
    /// Bytes of which nobody says that they are text.
    Bytes(&'a [u8]),
    /// A number or truth value, spelled as in JSON.
    Literal(&'a str),
}

/// What a column's values are to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Bytes,
    /// Compared as a number.
    Integer,
    Bool,
}

/// A database, as the reading of pages needs it. Errors are texts for the operator, which never hold a row's data.
trait Server: Send {
    /// The columns of a query, which is not run for it.
    fn columns(&mut self, sql: &str) -> Result<Vec<(String, Kind)>, String>;

    /// What to select of a column so that a row's cell can be read.
    fn selected(&self, column: &str, kind: Kind) -> String;

    /// A name, quoted.
    fn name(&self, name: &str) -> String;

    /// A key's value that was read before, as a literal of its kind.
    fn literal(&self, key: &str, kind: Kind) -> String;

    /// Runs a query and hands over its rows; stops early when told to.
    fn page(&mut self, sql: &str, row: &mut dyn FnMut(&[Cell<'_>]) -> Result<Next, String>) -> Result<(), String>;
}

/// Whether a page's next row is wanted.
#[derive(PartialEq, Eq)]
enum Next {
    Row,
    Stop,
}

fn connect(url: &str, options: &DatabaseOptions) -> Result<Box<dyn Server>, String> {
    let ca_file = options.ca_file.as_deref();
    match url.split_once(':') {
        Some(("postgres" | "postgresql", _)) => Ok(Box::new(postgres::Postgres::connect(url, ca_file)?)),
        Some(("mysql" | "mariadb", rest)) => Ok(Box::new(mysql::Mysql::connect(&format!("mysql:{rest}"), ca_file)?)),
        Some(("sqlite", path)) => Ok(Box::new(sqlite::Sqlite::open(path)?)),
        _ => Err("is no database; name it by postgres://…, mysql://… or sqlite:PATH".to_owned()),
    }
}

/// A server's URL without `sslmode`, and whether the connection must be encrypted.
fn split_tls(url: &str, is_local: impl Fn(&str) -> bool) -> Result<(String, bool), String> {
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), !is_local(url))) };
    let (modes, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| pair.starts_with("sslmode="));
    let is_encrypted = match modes.last().and_then(|pair| pair.split('=').nth(1)) {
        None => !is_local(base),
        Some("disable") => false,
        Some("require" | "verify-ca" | "verify-full") => true,
        Some(_) => return Err("sslmode must be disable, require or verify-full".to_owned()),
    };
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((url, is_encrypted))
}

/// Whether a text is an integer as JSON spells it: columns can be filled up with zeros.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits == "0" || !digits.starts_with('0');
    is_plain && !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_holds_no_password() {
        for (url, expected) in [
            ("postgres://u:p@ss@h:1/d?password=x", "postgres://h:1/d"),
            ("mysql://h/d", "mysql://h/d"),
            ("sqlite:a.db?mode=ro", "sqlite:a.db"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_unless_the_url_says_otherwise() {
        let is_local = |url: &str| url.contains("@localhost/");
        for (url, expected) in [
            ("mysql://u@localhost/d", ("mysql://u@localhost/d", false)),
            ("mysql://u@far/d", ("mysql://u@far/d", true)),
            ("mysql://u@far/d?sslmode=disable", ("mysql://u@far/d", false)),
            ("mysql://u@localhost/d?a=b&sslmode=require", ("mysql://u@localhost/d?a=b", true)),
        ] {
            let (url, is_encrypted) = split_tls(url, is_local).expect("understood");
            assert_eq!((&*url, is_encrypted), expected);
        }
        assert!(split_tls("mysql://u@far/d?sslmode=prefer", is_local).is_err());
    }
}
