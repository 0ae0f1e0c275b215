//! Verifies legacy password hashes in constant time and, on the first successful sign-in, hands back the
//! Argon2id hash that replaces them, in a form that cannot be written over anybody else's change.
//!
//! ```
//! use rehash::{Engine, Limits, Method, Password, Policy, StoredHash, Upgrade};
//! # let policy = Policy::builder(rehash::Argon2Target { memory_kib: 64, passes: 1, lanes: 1 }).build()?;
//! # let _ = Policy::default();
//! let engine = Engine::new(policy)?; // `Policy::default()` in a service
//!
//! // What the user table holds: a method and a text.
//! let stored = StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default())?;
//!
//! let accepted = engine.verify(&stored, &Password::new("password"))?;
//! if let Upgrade::Ready(replacement) = accepted.upgrade {
//!     // UPDATE users SET hash = new WHERE id = … AND hash = expected
//!     assert_eq!(replacement.expected().text(), stored.text());
//!     assert!(replacement.new_hash().text().starts_with("$argon2id$v=19$"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it refuses to do
//!
//! - **Guess.** Thirty-two hex digits are MD5, MD4 or NTLM until the record or the operator says which.
//! - **Downgrade.** A stored hash that is stronger than the target is left alone.
//! - **Write.** The engine does no I/O; an upgrade is a [`Replacement`] that names the hash it replaces, and
//!   only [`Engine::verify`] can make one.
//! - **Say yes by accident.** `Ok` means that the password is right, and nothing else does.
//!
//! # Map
//!
//! [`StoredHash`] is the one door for stored text: parsed, bounded by [`Limits`], decoded once. [`Policy`] says
//! what new hashes look like and when old ones are replaced; [`Engine`] applies it to a [`Password`].
//! [`store`] and [`sign_in`] carry an upgrade, or a change of password, into a table by compare-and-swap. What stands in a table is
//! told by a [`Tag`] (a method's name, a vendor's, or an expression) and the [`Columns`] beside the hash, with
//! [`StoredHash::parse_tagged`]. Features add modules, and none alters what the core does.
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `cli` (default) | the `rehash` command, and with it all of those below |
//! | `import` | readers and validation for JSON, NDJSON and CSV exports |
//! | `source` | reading user tables from live databases: PostgreSQL, MySQL and MariaDB, SQLite |
//! | `sqlite` | the embedded store |
//! | `postgres` | the store that many instances share |
//! | `pool` | a bounded pool of hashing threads, for any runtime or none |
//! | `serve` | the sign-in service over HTTP: a router to mount, and a listener |
//!
//! `default-features = false` is the core: no command line, database, runtime or serialisation framework.

#![deny(unsafe_code)]

mod codec;
mod cost;
mod engine;
mod error;
mod expression;
mod function;
mod identify;
#[cfg(any(feature = "import", feature = "postgres", feature = "sqlite"))]
mod identities;
mod kernel;
mod keyring;
mod limits;
mod method;
mod password;
mod policy;
mod recipe;
mod scheme;
mod stored;
mod tag;
mod unicode;

#[cfg(feature = "import")]
pub mod import;
#[cfg(feature = "pool")]
pub mod pool;
#[cfg(feature = "import")]
pub mod probe;
#[cfg(feature = "serve")]
pub mod serve;
pub mod sign_in;
pub mod store;

pub use cost::Cost;
pub use engine::{Accepted, ChangeError, Denied, Engine, HashError, Replacement, SkipReason, Upgrade};
pub use error::{Code, OutOfBounds, ParseError, Unverifiable};
pub use identify::{Identification, identify};
pub use kernel::{argon2_instructions, release_idle_memory};
pub use keyring::{KeyError, KeyId, Keyring};
pub use limits::{Bound, Limits};
pub use method::{Method, MethodInfo, UnknownMethod};
pub use password::Password;
pub use policy::{Argon2Target, Policy, PolicyBuilder, PolicyError, UpgradeMode};
pub use scheme::TextEncoding;
pub use stored::{Columns, StoredHash};
pub use tag::{Tag, UnknownTag};
