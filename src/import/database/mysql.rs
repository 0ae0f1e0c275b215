//! MySQL and MariaDB as sources. The session is read-only, and what texts hold comes as UTF-8 whatever the tables'
//! character sets.

use std::path::Path;
use std::time::Duration;

use ::mysql::consts::{ColumnFlags, ColumnType};
use ::mysql::prelude::Queryable as _;
use ::mysql::{Column, Conn, DriverError, Error, Opts, OptsBuilder, SslOpts, Value};

use super::{Cell, ConnectError, Kind, Next, Server, is_number, split_tls};

const CONNECT: Duration = Duration::from_secs(10);
/// How long the server may be silent; a page of an unkind query can take long.
const SILENCE: Duration = Duration::from_secs(600);
const KEEPALIVE_MS: u32 = 30_000;
/// The character set of what is no text.
const BINARY: u16 = 63;

pub(super) struct Mysql {
    connection: Conn,
}

impl Mysql {
    pub(super) fn connect(url: &str, ca_file: Option<&Path>) -> Result<Self, ConnectError> {
        let (url, is_encrypted) = split_tls(url, is_local)?;
        let opts =
            Opts::from_url(&url).map_err(|_| "the URL cannot be read; write mysql://user@host/database".to_owned())?;
        let tls = is_encrypted.then(|| {
            // Another part of the program may have set one.
            let _ = rustls::crypto::ring::default_provider().install_default();
            SslOpts::default().with_root_cert_path(ca_file.map(|path| path.to_owned()))
        });
        let opts = OptsBuilder::from_opts(opts)
            .ssl_opts(tls)
            .prefer_socket(false)
            .tcp_connect_timeout(Some(CONNECT))
            .read_timeout(Some(SILENCE))
            .write_timeout(Some(SILENCE))
            .tcp_keepalive_time_ms(Some(KEEPALIVE_MS))
            .init(vec!["SET NAMES utf8mb4", "SET SESSION TRANSACTION READ ONLY"]);
        Ok(Self { connection: Conn::new(opts).map_err(|error| ConnectError::Unreachable(told(&error)))? })
    }
}

fn is_local(url: &str) -> bool {
    Opts::from_url(url).is_ok_and(|opts| opts.get_socket().is_some() || opts.addr_is_loopback())
        || url.split(['@', '/']).any(|part| part == "localhost" || part.starts_with("localhost:"))
}

/// What the server says, but for what may repeat a row's value.
fn told(error: &Error) -> String {
    match error {
        Error::MySqlError(error) if error.state.starts_with("22") || error.message.starts_with("Truncated") => {
            format!(
                "the database cannot compute the query for some row (error {}, SQLSTATE {})",
                error.code, error.state
            )
        }
        Error::MySqlError(error) => format!("the database says: {} (error {})", error.message, error.code),
        Error::DriverError(DriverError::CouldNotConnect(Some((_, why, _)))) => {
            format!("the connection to the database failed: {why}")
        }
        // The library's own words wrap what is known in the names of its types.
        Error::IoError(error) => format!("the connection to the database failed: {error}"),
        Error::DriverError(_) | Error::CodecError(_) => "the connection to the database failed".to_owned(),
        Error::TlsError(error) => {
            format!(
                "the connection cannot be encrypted: {error}; name the server's certificate authority with --source-ca"
            )
        }
        _ => "the database's answer cannot be read".to_owned(),
    }
}

impl Server for Mysql {
    fn columns(&mut self, sql: &str) -> Result<Vec<(String, Kind)>, String> {
        let sql = format!("SELECT * FROM (\n{sql}\n) AS rehash_rows LIMIT 0");
        let found = self.connection.query_iter(sql).map_err(|error| told(&error))?;
        Ok(found.columns().as_ref().iter().map(|column| (column.name_str().into_owned(), kind(column))).collect())
    }

    fn key_kind(&mut self, _: &str, key_name: &str, described: Kind) -> Result<Kind, String> {
        match described {
            Kind::Float => Err(format!(
                "{key_name} is a FLOAT, whose values are not printed exactly; name another column with --source-key"
            )),
            kind => Ok(kind),
        }
    }

    fn selected(&self, column: &str, _: Kind) -> String {
        column.to_owned()
    }

    fn name(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    fn literal(&self, key: &str, kind: Kind) -> String {
        match kind {
            Kind::Integer if key.parse::<i128>().is_ok() => key.trim_start_matches('+').to_owned(),
            Kind::Number if is_number(key) => key.to_owned(),
            Kind::Bytes => format!("x'{}'", key.replace(|c: char| !c.is_ascii_hexdigit(), "")),
            _ => format!("_utf8mb4 x'{}'", base16ct::lower::encode_string(key.as_bytes())),
        }
    }

    fn page(&mut self, sql: &str, row: &mut dyn FnMut(&[Cell<'_>]) -> Result<Next, String>) -> Result<(), String> {
        let found = self.connection.query_iter(sql).map_err(|error| told(&error))?;
        for values in found {
            let values = values.map_err(|error| told(&error))?;
            let cells: Vec<Cell<'_>> = (0..values.len()).map(|place| cell(values.as_ref(place))).collect();
            if row(&cells)? == Next::Stop {
                break;
            }
        }
        Ok(())
    }
}

fn kind(column: &Column) -> Kind {
    use ColumnType::{
        MYSQL_TYPE_DATE, MYSQL_TYPE_DATETIME, MYSQL_TYPE_DECIMAL, MYSQL_TYPE_DOUBLE, MYSQL_TYPE_FLOAT,
        MYSQL_TYPE_INT24, MYSQL_TYPE_LONG, MYSQL_TYPE_LONGLONG, MYSQL_TYPE_NEWDECIMAL, MYSQL_TYPE_SHORT,
        MYSQL_TYPE_TIME, MYSQL_TYPE_TIMESTAMP, MYSQL_TYPE_TINY,
    };
    match column.column_type() {
        MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL | MYSQL_TYPE_DOUBLE => Kind::Number,
        MYSQL_TYPE_FLOAT => Kind::Float,
        MYSQL_TYPE_DATE | MYSQL_TYPE_TIME | MYSQL_TYPE_DATETIME | MYSQL_TYPE_TIMESTAMP => Kind::Time,
        MYSQL_TYPE_TINY | MYSQL_TYPE_SHORT | MYSQL_TYPE_INT24 | MYSQL_TYPE_LONG | MYSQL_TYPE_LONGLONG => Kind::Integer,
        kind if kind.is_character_type() || column.flags().contains(ColumnFlags::BLOB_FLAG) => {
            if column.character_set() == BINARY { Kind::Bytes } else { Kind::Text }
        }
        ColumnType::MYSQL_TYPE_BIT => Kind::Bytes,
        _ => Kind::Text,
    }
}

/// A value as the text protocol has it: everything is bytes.
fn cell(value: Option<&Value>) -> Cell<'_> {
    match value {
        Some(Value::Bytes(bytes)) => Cell::Bytes(bytes),
        // The text protocol has no others.
        _ => Cell::Null,
    }
}
