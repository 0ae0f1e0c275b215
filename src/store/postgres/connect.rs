//! Reaching the server: what a URL says, TLS as `sslmode` asks for it, and the server's errors.
//!
//! `require` encrypts and verifies the certificate's chain and name as `verify-full` does: encryption to nobody in
//! particular protects from nobody who can answer in the server's place. A server with a certificate of its own making is
//! named with `sslrootcert`.
//!
//! A session's settings come with its first message. A pooler that hands a session from one client to the next refuses them or
//! forgets them, and is known by that: nothing is set then that somebody else would find.

use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{OpenOptions, StoreError, StoreErrorKind};

/// Where the server is, and how it is spoken to.
pub(super) struct Target {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    /// Quoted as an identifier.
    pub(super) schema: String,
    /// Host and database, for people.
    pub(super) place: String,
    is_pooled: AtomicBool,
}

impl Target {
    pub(super) fn parse(url: &str, options: &OpenOptions) -> Result<Self, StoreError> {
        let mut parts = Parts::of(url)?;
        let mut config =
            Config::from_str(&parts.url).map_err(|_| bad("the URL cannot be read: postgres://USER@HOST/DATABASE"))?;
        let needs_tls = matches!(parts.ssl_mode.as_deref(), Some("require" | "verify-ca" | "verify-full"));
        config.ssl_mode(match parts.ssl_mode.as_deref() {
            Some("disable" | "allow") => SslMode::Disable,
            None | Some("prefer") => SslMode::Prefer,
            _ if needs_tls => SslMode::Require,
            Some(_) => return Err(bad("sslmode is disable, prefer, require, verify-ca or verify-full")),
        });
        // Where TLS is not asked for, there is nobody to verify: a certificate that is not trusted would only make the
        // connection a plain one.
        let tls = if needs_tls { Some(tls(parts.root_cert.take())?) } else { None };
        if tls.is_none() {
            config.ssl_mode(SslMode::Disable);
        }
        let hosts: Vec<String> = config.get_hosts().iter().map(name).collect();
        let place = format!("{} {}", hosts.join(","), config.get_dbname().unwrap_or("the user's database"));
        config.connect_timeout(options.acquire_timeout);
        config.tcp_user_timeout(options.statement_timeout * 2);
        config.application_name("rehash");
        let schema = format!("\"{}\"", parts.schema.replace('"', "\"\""));
        Ok(Self { config, tls, schema, place, is_pooled: AtomicBool::new(false) })
    }

    /// Whether a pooler is between that keeps no session.
    pub(super) fn is_pooled(&self) -> bool {
        self.is_pooled.load(Ordering::Relaxed)
    }

    /// A new connection, served by the runtime this runs on.
    pub(super) async fn connect(&self, options: &OpenOptions) -> Result<Client, StoreError> {
        if !self.is_pooled() {
            let mut config = self.config.clone();
            let given = config.get_options().map_or_else(String::new, |given| format!("{given} "));
            config.options(given + &session(options));
            match self.connect_with(&config, options).await? {
                Ok(client) => {
                    let is_kept = client.query_typed_one(&is_session(options), &[]).await;
                    let is_kept = is_kept.map_err(|error| failed(&error))?.get::<_, bool>(0);
                    self.is_pooled.store(!is_kept, Ordering::Relaxed);
                    return Ok(client);
                }
                Err(error) if error.code() == Some(&SqlState::PROTOCOL_VIOLATION) => {}
                Err(error) => return Err(reached(&error)),
            }
        }
        let client = self.connect_with(&self.config, options).await?.map_err(|error| reached(&error))?;
        self.is_pooled.store(true, Ordering::Relaxed);
        Ok(client)
    }

    async fn connect_with(&self, config: &Config, options: &OpenOptions) -> Result<Result<Client, Error>, StoreError> {
        let connecting = async {
            match &self.tls {
                Some(tls) => {
                    let (client, connection) = config.connect(tls.clone()).await?;
                    tokio::spawn(connection);
                    Ok(client)
                }
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    tokio::spawn(connection);
                    Ok(client)
                }
            }
        };
        tokio::time::timeout(options.acquire_timeout, connecting)
            .await
            .map_err(|_| StoreError::new(StoreErrorKind::Unreachable, "the server does not answer"))
    }
}

/// A session's settings, as a server is told them at its beginning.
fn session(options: &OpenOptions) -> String {
    let milliseconds = options.statement_timeout.as_millis();
    let read_only = if options.is_read_only { " -c default_transaction_read_only=on" } else { "" };
    format!("-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}{read_only}")
}

/// Asks whether it has them.
fn is_session(options: &OpenOptions) -> String {
    let milliseconds = options.statement_timeout.as_millis();
    let read_only =
        if options.is_read_only { " AND current_setting('default_transaction_read_only') = 'on'" } else { "" };
    format!(
        "SELECT current_setting('statement_timeout')::interval = '{milliseconds} milliseconds'::interval
         AND current_setting('lock_timeout')::interval = '{milliseconds} milliseconds'::interval{read_only}"
    )
}

fn name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

/// A URL, and what it says beyond what the client library knows.
struct Parts {
    url: String,
    ssl_mode: Option<String>,
    root_cert: Option<String>,
    schema: String,
}

impl Parts {
    fn of(url: &str) -> Result<Self, StoreError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut parts = Self { url: base.to_owned(), ssl_mode: None, root_cert: None, schema: "rehash".to_owned() };
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| bad("an option of the URL has no value"))?;
            match name {
                "sslmode" => parts.ssl_mode = Some(value.to_owned()),
                "sslrootcert" => parts.root_cert = Some(value.replace("%2F", "/").replace("%2f", "/")),
                "schema" => parts.schema = value.to_owned(),
                _ => rest.push(pair),
            }
        }
        if !rest.is_empty() {
            parts.url = format!("{base}?{}", rest.join("&"));
        }
        Ok(parts)
    }
}

fn tls(root_cert: Option<String>) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    match root_cert {
        Some(path) => {
            let unread = |error: &dyn std::fmt::Display| bad(&format!("sslrootcert: {path}: {error}"));
            let certificates = CertificateDer::pem_file_iter(&path).map_err(|error| unread(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unread(&error))?;
                roots.add(certificate).map_err(|error| unread(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

pub(super) fn bad(message: &str) -> StoreError {
    StoreError::new(StoreErrorKind::BadUrl, message)
}

fn reached(error: &tokio_postgres::Error) -> StoreError {
    let error = failed(error);
    match error.kind() {
        StoreErrorKind::Other => StoreError::new(StoreErrorKind::Unreachable, error.to_string()),
        _ => error,
    }
}

/// Whether the same transaction may go through when it is tried again.
pub(super) fn is_transient(error: &tokio_postgres::Error) -> bool {
    let transient = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| transient.contains(code))
}

/// The connection is gone, or the server is going.
pub(super) fn is_cut(error: &tokio_postgres::Error) -> bool {
    error.code().is_none_or(|code| code.code().starts_with("57P") || code.code().starts_with("08"))
}

/// A server's words may hold values, so only its code is shown, and what the code means to us.
pub(super) fn failed(error: &tokio_postgres::Error) -> StoreError {
    let Some(code) = error.code() else {
        let message = match std::error::Error::source(error) {
            Some(source) => format!("the connection to the server: {source}"),
            None if error.is_closed() => "the connection to the server was cut".to_owned(),
            None => "the connection to the server failed".to_owned(),
        };
        return StoreError::new(StoreErrorKind::Unreachable, message);
    };
    let (kind, what) = match code.code() {
        "25006" => (StoreErrorKind::ReadOnly, "the server takes no writes here"),
        "53100" | "53200" => (StoreErrorKind::Full, "the server has no space left"),
        "40001" | "40P01" => (StoreErrorKind::Busy, "others were writing the same rows, again and again"),
        "55P03" | "57014" => (StoreErrorKind::Busy, "the time-out passed"),
        "53300" => (StoreErrorKind::Busy, "the server has no connection left"),
        "42P01" | "3F000" => (StoreErrorKind::OlderSchema, "it has no schema yet; rehash store migrate makes it"),
        code if code.starts_with("08") || code.starts_with("28") || code.starts_with("57P") || code == "3D000" => {
            (StoreErrorKind::Unreachable, "the server turns the connection away")
        }
        _ => (StoreErrorKind::Other, "the server refuses"),
    };
    StoreError::new(kind, format!("{what} (SQLSTATE {})", code.code()))
}
