//! From a URL to a store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{StoreError, StoreErrorKind, Users};

/// How a store is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Make the store (the file, the schema) where it is not there, and bring an older schema up to date.
    pub creates: bool,
    /// Take a store of an older schema as it is, to be looked at with [`Users::info`]; what else it can do is not said.
    pub takes_older: bool,
    /// Only read; what would be written is refused with [`StoreErrorKind::ReadOnly`].
    pub is_read_only: bool,
    /// Readers do not wait for writers. For a service; a command that reads one file need not leave a log beside it.
    pub is_shared: bool,
    /// How many connections there are at most.
    pub connections: usize,
    /// How long to wait for one of them, and for a new one to be made.
    pub acquire_timeout: Duration,
    /// How long one statement may take, waiting for locks included.
    pub statement_timeout: Duration,
}

impl Default for OpenOptions {
    /// Opens what is there, for reading and writing, with eight connections and five seconds for each wait.
    fn default() -> Self {
        Self {
            creates: false,
            takes_older: false,
            is_read_only: false,
            is_shared: false,
            connections: 8,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
        }
    }
}

impl OpenOptions {
    /// The same, and creates what is not there.
    #[must_use]
    pub const fn creates(mut self, creates: bool) -> Self {
        self.creates = creates;
        self
    }

    /// The same, and takes an older store as it is.
    #[must_use]
    pub const fn older(mut self, takes_older: bool) -> Self {
        self.takes_older = takes_older;
        self
    }

    /// The same, for reading only.
    #[must_use]
    pub const fn read_only(mut self, is_read_only: bool) -> Self {
        self.is_read_only = is_read_only;
        self
    }

    /// The same, for many callers at once.
    #[must_use]
    pub const fn shared(mut self, is_shared: bool) -> Self {
        self.is_shared = is_shared;
        self
    }
}

/// A store's URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl<'a> {
    /// `sqlite:PATH`, `sqlite:PATH?mode=ro`.
    Sqlite {
        /// The file.
        path: &'a Path,
        /// `mode=ro`.
        is_read_only: bool,
    },
    /// `postgres://…`.
    Postgres {
        /// As it was given.
        url: &'a str,
    },
}

impl<'a> StoreUrl<'a> {
    /// Takes a URL apart.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::BadUrl`].
    pub fn parse(url: &'a str) -> Result<Self, StoreError> {
        let bad = |message: &str| Err(StoreError::new(StoreErrorKind::BadUrl, message));
        let Some(rest) = url.strip_prefix("sqlite:") else {
            if url.starts_with("postgres://") || url.starts_with("postgresql://") {
                return Ok(Self::Postgres { url });
            }
            return bad("--store takes sqlite:PATH or postgres://USER@HOST/DATABASE");
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, is_read_only) = match rest.split_once('?') {
            None => (rest, false),
            Some((path, "mode=ro")) => (path, true),
            Some((path, "mode=rw")) => (path, false),
            Some(_) => return bad("--store knows the options mode=ro and mode=rw"),
        };
        match path {
            ":memory:" => bad("--store sqlite::memory: would be gone at once; name a file"),
            "" => bad("--store names no file: sqlite:PATH"),
            path => Ok(Self::Sqlite { path: Path::new(path), is_read_only }),
        }
    }
}

/// Whether a store of this schema is one that this program knows, as it is.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) fn check_version(version: usize, known: usize) -> Result<(), StoreError> {
    let (kind, remedy) = match version {
        0 => (StoreErrorKind::NoSchema, "it has no schema yet; rehash store migrate makes it".to_owned()),
        _ if version == known => return Ok(()),
        _ => {
            let told = format!("the store has schema {version}; this program knows {known}");
            if version > known {
                (StoreErrorKind::NewerSchema, told)
            } else {
                (StoreErrorKind::OlderSchema, told + "; rehash store migrate brings it up to date")
            }
        }
    };
    Err(StoreError::new(kind, remedy))
}

/// Opens the store that a URL names: `sqlite:PATH`, or `postgres://USER@HOST/DATABASE`.
///
/// # Errors
///
/// [`StoreError`]; of kind [`StoreErrorKind::BadUrl`] where the URL names no store that is built in.
pub fn open(url: &str, options: &OpenOptions) -> Result<Arc<dyn Users>, StoreError> {
    match StoreUrl::parse(url)? {
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite { path, is_read_only } => {
            let is_read_only = is_read_only || options.is_read_only;
            if is_read_only && options.creates {
                return Err(StoreError::new(StoreErrorKind::BadUrl, "the store is to be written: leave out mode=ro"));
            }
            let options = options.clone().read_only(is_read_only);
            Ok(Arc::new(super::sqlite::Sqlite::open_with(path, &options)?))
        }
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres { url } => Ok(Arc::new(super::postgres::Postgres::open(url, options)?)),
        #[cfg(not(feature = "postgres"))]
        StoreUrl::Postgres { .. } => {
            Err(StoreError::new(StoreErrorKind::BadUrl, "the PostgreSQL store is not built in"))
        }
        #[cfg(not(feature = "sqlite"))]
        StoreUrl::Sqlite { .. } => {
            let _ = options;
            Err(StoreError::new(StoreErrorKind::BadUrl, "the SQLite store is not built in"))
        }
    }
}
