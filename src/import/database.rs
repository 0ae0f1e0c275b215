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
    check_url(url).map_err(|message| InputError::new(&name, 0, message))?;
    let server = connect(url, options).map_err(|error| match error {
        ConnectError::Refused(message) => InputError::new(&name, 0, message),
        ConnectError::Unreachable(message) => InputError::unreachable(&name, message),
    })?;
    let (rows, position) = rows::open(server, options).map_err(|message| InputError::new(&name, 0, message))?;
    Ok((Source::new(name, rows)?, position))
}

/// Whether a URL can be one of a database, and can be read in one way only: a `/`, `?`, `#` or `@` that is not the URL's own
/// would move the end of its password.
///
/// # Errors
///
/// What to write instead; nothing of the URL is in it.
pub fn check_url(url: &str) -> Result<(), &'static str> {
    if url.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty()) {
        return Ok(());
    }
    let Some((_, rest)) = server_url(url) else {
        return Err("is no database; name it by postgres://…, mysql://… or sqlite:PATH");
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if rest[end..].contains(['@', '#']) {
        return Err(
            "can be read in two ways: in a user, a password or an option, / is written %2F, ? %3F, # %23 and @ %40",
        );
    }
    Ok(())
}

/// The scheme of a server's URL, and what follows it.
fn server_url(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    matches!(scheme, "postgres" | "postgresql" | "mysql" | "mariadb").then_some((scheme, rest))
}

/// A database's URL without what is secret in it: what its records are said to come from.
#[must_use]
pub fn shown(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.split('?').next().unwrap_or(url).to_owned();
    }
    let Some((scheme, rest)) = server_url(url) else { return "the source".to_owned() };
    let place = rest.split('?').next().unwrap_or(rest);
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    // Without a host, a user and a password look like one and its port.
    let hosts = place.split('/').next().unwrap_or(place);
    let is_port = |host: &str| {
        host.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|c| c.is_ascii_digit() || c == b']'))
    };
    let is_plain = check_url(url).is_ok() && hosts.split(',').all(is_port);
    if is_plain { format!("{scheme}://{place}") } else { format!("{scheme}://…") }
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
    /// Compared as a number, and written as a text: not every one is a number to JSON.
    Number,
    /// A number that is not printed exactly.
    Float,
    /// A date, a time or both.
    Time,
    Bool,
}

impl Kind {
    /// Whether a text can be a key of this kind: what cannot would be taken for nought, or for nothing.
    fn takes(self, key: &str) -> bool {
        match self {
            Self::Text => !key.contains('\0'),
            Self::Bytes => key.len().is_multiple_of(2) && key.bytes().all(|c| c.is_ascii_hexdigit()),
            // Columns can be filled up with zeros.
            Self::Integer => key.parse::<i128>().is_ok(),
            Self::Number | Self::Float => {
                is_number(key) || ["inf", "-inf", "Infinity", "-Infinity", "NaN"].contains(&key)
            }
            Self::Time => {
                let is_of_time = |c: u8| c.is_ascii_digit() || b"-: .+TZ".contains(&c);
                key.bytes().any(|c| c.is_ascii_digit()) && key.bytes().all(is_of_time)
            }
            Self::Bool => matches!(key, "true" | "false"),
        }
    }

    const fn told(self) -> &'static str {
        match self {
            Self::Text => "texts",
            Self::Bytes => "bytes, written in hex",
            Self::Integer => "whole numbers",
            Self::Number | Self::Float => "numbers",
            Self::Time => "dates or times",
            Self::Bool => "true or false",
        }
    }
}

/// A database, as the reading of pages needs it. Errors are texts for the operator, which never hold a row's data.
trait Server: Send {
    /// The columns of a query, which is not run for it.
    fn columns(&mut self, sql: &str) -> Result<Vec<(String, Kind)>, String>;

    /// What the values of the key's column are, for comparing them.
    fn key_kind(&mut self, query: &str, key_name: &str, described: Kind) -> Result<Kind, String> {
        let _ = (query, key_name);
        Ok(described)
    }

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

/// Why there is no connection.
enum ConnectError {
    /// What was asked for makes no sense.
    Refused(String),
    Unreachable(String),
}

impl From<String> for ConnectError {
    fn from(message: String) -> Self {
        Self::Refused(message)
    }
}

fn connect(url: &str, options: &DatabaseOptions) -> Result<Box<dyn Server>, ConnectError> {
    let ca_file = options.ca_file.as_deref();
    match url.split_once(':') {
        Some(("postgres" | "postgresql", _)) => Ok(Box::new(postgres::Postgres::connect(url, ca_file)?)),
        Some(("mysql" | "mariadb", rest)) => Ok(Box::new(mysql::Mysql::connect(&format!("mysql:{rest}"), ca_file)?)),
        Some(("sqlite", path)) => Ok(Box::new(sqlite::Sqlite::open(path)?)),
        _ => Err("is no database".to_owned().into()),
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

/// Whether a text is a number in decimal.
fn is_number(text: &str) -> bool {
    let is_plain = text.bytes().all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
    is_plain && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_holds_no_password() {
        for (url, expected) in [
            ("postgres://u:p@ss@h:1/d?password=x", "postgres://h:1/d"),
            ("mysql://h/d", "mysql://h/d"),
            ("postgres://u:p@[::1]:5432,other/d", "postgres://[::1]:5432,other/d"),
            ("sqlite:a.db?mode=ro", "sqlite:a.db"),
        ] {
            assert_eq!((shown(url).as_str(), check_url(url)), (expected, Ok(())));
        }
    }

    #[test]
    fn a_url_that_can_be_read_in_two_ways_is_refused_and_shows_nothing() {
        for url in [
            "mysql://root:pa#SECRET@127.0.0.1:3307/x",
            "mysql://root:pa?SECRET@127.0.0.1:3307/x",
            "mysql://root:pa/SECRET@127.0.0.1:3307/x",
            "root:SECRET@127.0.0.1/x",
            "postgres:root:SECRET@h",
            "mysql:/root:SECRET@h/x",
            "postgres://h/d?user=a@b&password=SECRET@SECRET",
            "postgres://root:SECRET#SECRET",
            "",
            "sqlite:",
        ] {
            assert!(check_url(url).is_err(), "{url}");
            assert!(!shown(url).contains("SECRET"), "{url}");
        }
        assert_eq!(shown("postgres://root:SECRET/d"), "postgres://…", "the host was forgotten");
    }

    #[test]
    fn what_cannot_be_a_key_is_told_from_what_can() {
        for (kind, key, expected) in [
            (Kind::Integer, "-5", true),
            (Kind::Integer, "0005", true),
            (Kind::Integer, "abc", false),
            (Kind::Integer, "1.5", false),
            (Kind::Number, "1.5e-3", true),
            (Kind::Number, "abc", false),
            (Kind::Bytes, "0aff", true),
            (Kind::Bytes, "0af", false),
            (Kind::Time, "2026-11-25 10:00:00.5", true),
            (Kind::Time, "abc", false),
            (Kind::Bool, "yes", false),
            (Kind::Text, "o'brien 1", true),
        ] {
            assert_eq!(kind.takes(key), expected, "{key}");
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
