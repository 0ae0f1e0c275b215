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
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{OpenOptions, StoreError, StoreErrorKind};

/// After how long without a word from a host it is asked whether it is there; after twice that it is taken to be gone.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Where the server is, and how it is spoken to.
pub(super) struct Target {
    /// One for each host, in the order of the URL.
    hosts: Vec<Config>,
    /// The host that let us in last, which is asked first.
    last: AtomicUsize,
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
        let urls = each_host(&parts.url);
        let needs_tls = matches!(parts.ssl_mode.as_deref(), Some("require" | "verify-ca" | "verify-full"));
        let ssl_mode = match parts.ssl_mode.as_deref() {
            Some("disable" | "allow") => SslMode::Disable,
            None | Some("prefer") => SslMode::Prefer,
            _ if needs_tls => SslMode::Require,
            Some(_) => return Err(bad("sslmode is disable, prefer, require, verify-ca or verify-full")),
        };
        // Where TLS is not asked for, there is nobody to verify: a certificate that is not trusted would only make the
        // connection a plain one.
        let tls = if needs_tls { Some(tls(parts.root_cert.take())?) } else { None };
        let ssl_mode = if tls.is_some() { ssl_mode } else { SslMode::Disable };
        let mut hosts = Vec::with_capacity(urls.len());
        for url in &urls {
            let mut config =
                Config::from_str(url).map_err(|_| bad("the URL cannot be read: postgres://USER@HOST/DATABASE"))?;
            config.ssl_mode(ssl_mode);
            config.connect_timeout(options.acquire_timeout);
            config.tcp_user_timeout(options.statement_timeout * 2);
            // A statement without an end of its own (a bulk import's, an export's) would else wait for hours for a host that is gone.
            config.keepalives_idle(SILENCE).keepalives_interval(SILENCE / 3).keepalives_retries(3);
            config.application_name("rehash");
            hosts.push(config);
        }
        let names: Vec<String> = hosts.iter().flat_map(Config::get_hosts).map(name).collect();
        let database = hosts.first().and_then(Config::get_dbname).unwrap_or("the user's database");
        let place = format!("{} {database}", names.join(","));
        let schema = format!("\"{}\"", parts.schema.replace('"', "\"\""));
        let (last, is_pooled) = (AtomicUsize::new(0), AtomicBool::new(false));
        Ok(Self { hosts, last, tls, schema, place, is_pooled })
    }

    /// Whether a pooler is between that keeps no session.
    pub(super) fn is_pooled(&self) -> bool {
        self.is_pooled.load(Ordering::Relaxed)
    }

    /// A new connection, served by the runtime this runs on, to the first host that there is and that is what
    /// `target_session_attrs` asks for. Each host has its share of the time: one that is silent must not take the others'.
    pub(super) async fn connect(&self, options: &OpenOptions) -> Result<Client, StoreError> {
        let share = options.acquire_timeout / u32::try_from(self.hosts.len()).unwrap_or(u32::MAX).max(1);
        let first = self.last.load(Ordering::Relaxed);
        let mut refused = None;
        for turn in 0..self.hosts.len() {
            let host = (first + turn) % self.hosts.len();
            match tokio::time::timeout(share, self.connect_to(&self.hosts[host], options)).await {
                Ok(Ok(client)) => {
                    self.last.store(host, Ordering::Relaxed);
                    return Ok(client);
                }
                Ok(Err(error)) => refused = Some(error),
                Err(_) => {}
            }
        }
        Err(refused.unwrap_or_else(|| StoreError::new(StoreErrorKind::Unreachable, "the server does not answer")))
    }

    /// With the session's settings, unless a pooler is between.
    async fn connect_to(&self, host: &Config, options: &OpenOptions) -> Result<Client, StoreError> {
        if !self.is_pooled() {
            let mut config = host.clone();
            let given = config.get_options().map_or_else(String::new, |given| format!("{given} "));
            config.options(given + &session(options));
            match self.connect_with(&config).await {
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
        let client = self.connect_with(host).await.map_err(|error| reached(&error))?;
        self.is_pooled.store(true, Ordering::Relaxed);
        Ok(client)
    }

    async fn connect_with(&self, config: &Config) -> Result<Client, Error> {
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

/// A URL for each of its hosts: `postgres://USER@ONE:5432,OTHER:5432/DATABASE` names two.
fn each_host(url: &str) -> Vec<String> {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?']).map_or(url.len(), |at| start + at);
    let start = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    let (before, after) = (&url[..start], &url[end..]);
    url[start..end].split(',').map(|host| format!("{before}{host}{after}")).collect()
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

/// Nobody has a name that the database's encoding cannot hold.
pub(super) fn known_text(answer: Result<Vec<Row>, Error>) -> Result<Vec<Row>, Error> {
    let foreign = [SqlState::UNTRANSLATABLE_CHARACTER, SqlState::CHARACTER_NOT_IN_REPERTOIRE];
    match answer {
        Err(error) if error.code().is_some_and(|code| foreign.contains(code)) => Ok(Vec::new()),
        answer => answer,
    }
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
        "42P01" | "3F000" => (StoreErrorKind::NoSchema, "it has no schema yet; rehash store migrate makes it"),
        "3D000" => (StoreErrorKind::Unreachable, "the server has no database of that name"),
        code if code.starts_with("08") || code.starts_with("28") || code.starts_with("57P") => {
            (StoreErrorKind::Unreachable, "the server turns the connection away")
        }
        _ => (StoreErrorKind::Other, "the server refuses"),
    };
    StoreError::new(kind, format!("{what} (SQLSTATE {})", code.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_of_a_url_is_one_of_its_own() {
        let hosts = |url| each_host(url);
        assert_eq!(hosts("postgres://me@one/db?a=b,c"), ["postgres://me@one/db?a=b,c"]);
        assert_eq!(
            hosts("postgres://me:p,w@one:1,[::1]:2/db?target_session_attrs=read-write"),
            [
                "postgres://me:p,w@one:1/db?target_session_attrs=read-write",
                "postgres://me:p,w@[::1]:2/db?target_session_attrs=read-write"
            ]
        );
        assert_eq!(
            hosts("postgresql://one,two?host=%2Frun"),
            ["postgresql://one?host=%2Frun", "postgresql://two?host=%2Frun"]
        );
        assert_eq!(hosts("postgres:///db?host=/run"), ["postgres:///db?host=/run"]);
        let target = Target::parse("postgres://me@one:1,two/db", &OpenOptions::default()).map(|target| target.place);
        assert_eq!(target.ok().as_deref(), Some("one,two db"));
    }
}
