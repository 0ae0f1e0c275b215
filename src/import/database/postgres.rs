//! PostgreSQL, and what speaks its protocol, as a source. The session is read-only; values come as the server's own text.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::postgres::config::{Host, SslMode};
use ::postgres::error::SqlState;
use ::postgres::fallible_iterator::FallibleIterator as _;
use ::postgres::types::{FromSql, Type};
use ::postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Cell, ConnectError, Kind, Next, Server, split_tls};

const CONNECT: Duration = Duration::from_secs(10);
/// How long the other side may leave what was sent unacknowledged.
const SILENCE: Duration = Duration::from_secs(60);

const POOLED: &str =
    "a pooler is between that shares sessions, so that none can be made read-only; name the server itself";

pub(super) struct Postgres {
    client: Client,
}

impl Postgres {
    pub(super) fn connect(url: &str, ca_file: Option<&Path>) -> Result<Self, ConnectError> {
        let (url, is_encrypted) = split_tls(url, is_local)?;
        let mut config = config(&url)?;
        config
            .connect_timeout(CONNECT)
            .keepalives(true)
            .keepalives_idle(SILENCE)
            .tcp_user_timeout(SILENCE)
            .application_name("rehash")
            .ssl_mode(if is_encrypted { SslMode::Require } else { SslMode::Disable });
        // With the first message: a pooler that shares sessions would keep for others what is set later.
        let given = config.get_options().map_or_else(String::new, |given| format!("{given} "));
        config.options(&format!("{given}-c default_transaction_read_only=on -c standard_conforming_strings=on"));
        let connected = if is_encrypted { config.connect(tls(ca_file)?) } else { config.connect(NoTls) };
        let mut client = connected.map_err(|error| match error.code() {
            Some(&SqlState::PROTOCOL_VIOLATION) => ConnectError::Refused(POOLED.to_owned()),
            _ => ConnectError::Unreachable(told(&error)),
        })?;
        let is_read_only =
            client.simple_query("SELECT 1 WHERE current_setting('default_transaction_read_only') = 'on'");
        let is_row = |message: &SimpleQueryMessage| matches!(message, SimpleQueryMessage::Row(_));
        if !is_read_only.map_err(|error| told(&error))?.iter().any(is_row) {
            return Err(POOLED.to_owned().into());
        }
        Ok(Self { client })
    }
}

fn config(url: &str) -> Result<Config, String> {
    url.parse().map_err(|_| "the URL cannot be read; write postgres://user@host/database".to_owned())
}

fn is_local(url: &str) -> bool {
    config(url).is_ok_and(|config| {
        config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => ["localhost", "::1"].contains(&&**name) || name.starts_with("127."),
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
    })
}

fn tls(ca_file: Option<&Path>) -> Result<MakeRustlsConnect, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        let unread = |what: String| format!("--source-ca: {what}");
        let pem = fs::read(path).map_err(|error| unread(error.to_string()))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|_| unread("the file is not PEM".to_owned()))?;
            roots.add(certificate).map_err(|_| unread("a certificate in it cannot be read".to_owned()))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// What the server says, but for what may repeat a row's value.
fn told(error: &Error) -> String {
    match error.as_db_error() {
        Some(server) if server.code().code().starts_with("22") => {
            format!("the database cannot compute the query for some row (SQLSTATE {})", server.code().code())
        }
        Some(server) => format!("the database says: {} (SQLSTATE {})", server.message(), server.code().code()),
        None => {
            use std::error::Error as _;
            let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
            format!("the connection to the database failed: {error}{cause}")
        }
    }
}

/// A value's bytes as they came.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Server for Postgres {
    fn columns(&mut self, sql: &str) -> Result<Vec<(String, Kind)>, String> {
        let statement = self.client.prepare(sql).map_err(|error| told(&error))?;
        let kind = |kind: &Type| match *kind {
            Type::INT2 | Type::INT4 | Type::INT8 => Kind::Integer,
            Type::BOOL => Kind::Bool,
            Type::BYTEA => Kind::Bytes,
            Type::NUMERIC | Type::FLOAT4 | Type::FLOAT8 => Kind::Number,
            _ => Kind::Text,
        };
        Ok(statement.columns().iter().map(|column| (column.name().to_owned(), kind(column.type_()))).collect())
    }

    fn selected(&self, column: &str, kind: Kind) -> String {
        match kind {
            Kind::Bytes => column.to_owned(),
            // Numbers too; the spelling is JSON's.
            _ => format!("{column}::text"),
        }
    }

    fn name(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn literal(&self, key: &str, kind: Kind) -> String {
        match kind {
            Kind::Bytes => format!("'\\x{}'", key.replace(|c: char| !c.is_ascii_hexdigit(), "")),
            _ => format!("'{}'", key.replace('\'', "''")),
        }
    }

    fn page(&mut self, sql: &str, row: &mut dyn FnMut(&[Cell<'_>]) -> Result<Next, String>) -> Result<(), String> {
        let statement = self.client.prepare(sql).map_err(|error| told(&error))?;
        let nothing: [&str; 0] = [];
        let mut rows = self.client.query_raw(&statement, nothing).map_err(|error| told(&error))?;
        while let Some(found) = rows.next().map_err(|error| told(&error))? {
            let values = (0..found.len()).map(|place| found.try_get::<_, Option<Raw<'_>>>(place));
            let values = values.collect::<Result<Vec<_>, _>>().map_err(|error| told(&error))?;
            let cells: Vec<Cell<'_>> = values.iter().map(|value| value.as_ref().map_or(Cell::Null, cell)).collect();
            if row(&cells)? == Next::Stop {
                break;
            }
        }
        Ok(())
    }
}

/// Texts are not always UTF-8: a database can be without an encoding.
const fn cell<'a>(value: &Raw<'a>) -> Cell<'a> {
    Cell::Bytes(value.0)
}
