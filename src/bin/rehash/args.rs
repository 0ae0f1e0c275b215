//! The command line, defined once: help, completions and the manual page are generated from it.

mod measuring;

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::output::{Failure, printable};
use crate::units;

pub use measuring::{Bench, Calibrate};

/// A file to write. The report goes to standard output, so that `-` is none.
fn out_file(text: &str) -> Result<PathBuf, String> {
    match text {
        "-" => Err("the report goes to standard output; name a file, or /dev/stderr".to_owned()),
        path => Ok(path.into()),
    }
}

/// Verifies legacy password hashes, and replaces them with Argon2id as users sign in.
#[derive(Parser)]
#[command(name = "rehash", version, max_term_width = 100, after_help = EXITS)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

const EXITS: &str = "\
Exit codes: 0 done, 1 no match or some records rejected, 2 wrong usage, 65 the input cannot be read,
69 the store refuses or a database cannot be reached, 70 a fault of the program, 75 overloaded;
130 interrupted, 141 nobody reads the output.";

#[derive(Subcommand)]
pub enum Command {
    /// Show the whole story on sample data in a temporary store
    Demo(Demo),
    /// Read, tag and validate a user table; write nothing
    Check(Check),
    /// Validate a user table and import it into a store
    Import(Import),
    /// Verify one password from stdin, or records with passwords
    Verify(Verify),
    /// Sign a user in: verify, upgrade, write back
    SignIn(SignIn),
    /// Show how far the migration is
    Status(Status),
    /// Say what a store is, or bring it up to date
    #[command(subcommand)]
    Store(StoreCommand),
    /// Write every record of a store as NDJSON, in the form that check and import read
    Export(Export),
    /// Say which methods a stored text can be
    Identify(Identify),
    /// List every method with its aliases, grammar and limits
    Methods(Methods),
    /// List the systems whose databases can be read, with their tables
    Sources(Sources),
    /// Make a new Argon2id hash of a password from stdin
    Hash(Hash),
    /// Sign users in over HTTP
    Serve(Box<crate::serve::Serve>),
    /// Measure how much this machine hashes, and how fast
    Bench(Bench),
    /// Find the Argon2id parameters that this machine can afford
    Calibrate(Calibrate),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(clap::Args)]
pub struct Demo {
    #[command(flatten)]
    pub target: Target,
}

#[derive(clap::Args)]
pub struct Check {
    #[command(flatten)]
    pub input: Input,
    /// Write the good records as NDJSON, each tagged with its method
    #[arg(long, value_name = "OUT", value_parser = out_file)]
    pub tagged: Option<PathBuf>,
    #[command(flatten)]
    pub report: Report,
}

#[derive(clap::Args)]
pub struct Import {
    #[command(flatten)]
    pub input: Input,
    #[command(flatten)]
    pub store: Store,
    /// Do everything but write
    #[arg(long)]
    pub dry_run: bool,
    /// What becomes of a record whose identifier another record of the store has
    #[arg(long, value_name = "WHAT", default_value = "skip")]
    pub on_conflict: OnConflict,
    /// Begin anew, where an earlier run of the same command was cut off: every record is compared with what is there
    #[arg(long)]
    pub restart: bool,
    /// Users whose passwords are known (names and `password`, as the records): unless each matches, nothing is imported, and
    /// the likely mistakes are named
    #[arg(long, value_name = "FILE")]
    pub probe: Option<PathBuf>,
    #[command(flatten)]
    pub report: Report,
    #[command(flatten)]
    pub target: Target,
}

#[derive(clap::Args)]
pub struct Verify {
    /// The method that made the hash; not needed where the hash names it
    #[arg(long, short, value_name = "METHOD")]
    pub method: Option<String>,
    /// The stored hash
    #[arg(long, value_name = "HASH", required_unless_present = "batch", allow_hyphen_values = true)]
    pub hash: Option<String>,
    /// The salt, where it has a column of its own
    #[arg(long, value_name = "SALT", allow_hyphen_values = true)]
    pub salt: Option<String>,
    /// How the salt is encoded
    #[arg(long, value_name = "ENCODING", default_value = "utf8", requires = "salt")]
    pub salt_encoding: SaltEncoding,

    /// The user's name, where it went into the hash
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// How a digest is encoded, where its length does not say
    #[arg(long, value_name = "ENCODING")]
    pub encoding: Option<Encoding>,
    /// Read records with a `password` or `passwordHex` field as NDJSON from stdin; one line out per line in
    #[arg(long, conflicts_with_all = ["hash", "salt", "encoding", "keep_newline", "json"])]
    pub batch: bool,
    /// Make no new hash
    #[arg(long)]
    pub no_upgrade: bool,
    /// Do not remove the line end after the password
    #[arg(long)]
    pub keep_newline: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub keys: Keys,
}

#[derive(clap::Args)]
pub struct SignIn {
    /// Username, email or phone
    pub user: String,
    #[command(flatten)]
    pub store: Store,
    /// A table of your own instead of the store's: a TOML file that names its table and columns
    #[arg(long, value_name = "FILE", env = "REHASH_MAPPING")]
    pub mapping: Option<PathBuf>,
    #[command(flatten)]
    pub upgrading: Upgrading,
    /// Say on stderr why a sign-in is refused, whatever the reason; faults of the record are said in any case
    #[arg(long)]
    pub explain: bool,
    /// Do not remove the line end after the password
    #[arg(long)]
    pub keep_newline: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub keys: Keys,
}

#[derive(clap::Args)]
pub struct Status {
    #[command(flatten)]
    pub store: Store,
    /// A table of your own instead of the store's: reads every row of it; a TOML file names its table and columns
    #[arg(long, value_name = "FILE", env = "REHASH_MAPPING")]
    pub mapping: Option<PathBuf>,
    /// Show what happened day by day as well, and when it would be done if it went on so
    #[arg(long)]
    pub days: bool,
    /// The same, week by week
    #[arg(long, conflicts_with = "days")]
    pub weeks: bool,
    /// Write a page with charts, which needs nothing beside it
    #[arg(long, value_name = "OUT", value_parser = out_file)]
    pub html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum StoreCommand {
    /// Say where the store is, its schema and its size
    Info(StoreInfo),
    /// Make the store's schema, or bring an older one up to date
    Migrate(StoreMigrate),
    /// Show what happened to records, the newest first: imports, upgrades, changes, sign-ups, replacements
    Audit(StoreAudit),
}

#[derive(clap::Args)]
pub struct StoreMigrate {
    #[command(flatten)]
    pub store: Store,
    /// Count anew what status answers from counters, after other hands changed the table
    #[arg(long)]
    pub recount: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct StoreAudit {
    #[command(flatten)]
    pub store: Store,
    /// Of this user only: username, email or phone. What a batch of an import did is not kept by user
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// The same by the store's own number, which a user who is gone still has
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    pub user_id: Option<i64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct StoreInfo {
    #[command(flatten)]
    pub store: Store,
    /// A table of your own instead of the store's: whether the TOML file that names its table and columns fits it
    #[arg(long, value_name = "FILE", env = "REHASH_MAPPING")]
    pub mapping: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct Export {
    #[command(flatten)]
    pub store: Store,
    /// The file; standard output where none is given
    #[arg(long, short, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Print the counts as one JSON document: on standard output where the records go to a file, else on standard error
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub limits: Limits,
}

#[derive(clap::Args)]
pub struct Identify {
    /// Stored texts; from stdin, one a line, where none is given
    #[arg(value_name = "HASH", allow_hyphen_values = true)]
    pub hashes: Vec<String>,
    /// Print JSON, one line a text
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct Methods {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct Sources {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct Hash {
    /// Do not remove the line end after the password
    #[arg(long)]
    pub keep_newline: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub keys: Keys,
}

/// What is read, and against what it is held.
#[derive(clap::Args)]
pub struct Input {
    /// User tables: JSON array, NDJSON or CSV, plain, gzip or zstd; `-` is stdin
    #[arg(value_name = "FILE", required_unless_present_any = ["source", "source_url_file"])]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub origin: Origin,
    /// The files' format, where the content does not say
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Whose export the files are: auth0, clerk, cognito, django, firebase, fusionauth, htpasswd, keycloak, kratos, ldif, logto,
    /// shadow, supabase, wordpress, workos, zitadel
    #[arg(long, value_name = "VENDOR", conflicts_with = "format")]
    pub from: Option<String>,
    /// The method of hashes that no tag and no text names
    #[arg(long, short, value_name = "METHOD")]
    pub method: Option<String>,
    /// Accept passwords in the clear (tag Plaintext); import hashes them at once
    #[arg(long)]
    pub allow_plaintext: bool,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub keys: Keys,
    #[command(flatten)]
    pub jobs: Jobs,
}

/// A database that is read instead of files; nothing is written to it.
#[derive(clap::Args)]
pub struct Origin {
    /// A legacy database to read: postgres://USER@HOST/DB, mysql://USER@HOST/DB, sqlite:PATH
    #[arg(long, value_name = "URL", conflicts_with_all = ["files", "format", "from", "source_url_file"])]
    pub source: Option<String>,
    /// The file that holds the database's URL, where it has a password in it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "format", "from"], env = "REHASH_SOURCE_URL_FILE")]
    pub source_url_file: Option<PathBuf>,
    /// The system whose tables are read; `rehash sources` lists them
    #[arg(long, value_name = "NAME", conflicts_with_all = ["files", "source_query"])]
    pub source_preset: Option<String>,
    /// What the names of the system's tables begin with, where it is not its default
    #[arg(long, value_name = "TEXT", requires = "source_preset")]
    pub source_prefix: Option<String>,
    /// A SELECT whose columns are named like the record's fields
    #[arg(long, value_name = "SQL", conflicts_with = "files", requires = "source_key")]
    pub source_query: Option<String>,
    /// The query's column that is unique: the table is read by it
    #[arg(long, value_name = "COLUMN", requires = "source_query")]
    pub source_key: Option<String>,
    /// Begin after the row with this key
    #[arg(long, value_name = "KEY", conflicts_with = "files", allow_hyphen_values = true)]
    pub source_after: Option<String>,
    /// Certificates (PEM) to hold the server's against, beside the public ones
    #[arg(long, value_name = "FILE", conflicts_with = "files", env = "REHASH_SOURCE_CA")]
    pub source_ca: Option<PathBuf>,
}

/// What is said about records.
#[derive(clap::Args)]
pub struct Report {
    /// Write the bad records as they stand in the input, to be mended and read again
    #[arg(long, value_name = "OUT", value_parser = out_file)]
    pub rejects: Option<PathBuf>,
    /// List warnings record by record, not only their counts
    #[arg(long)]
    pub warnings: bool,
    /// Print counts only
    #[arg(long, short)]
    pub quiet: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(clap::Args)]
pub struct Jobs {
    /// How many threads work [default: the cores the process may use]
    #[arg(long, value_name = "N", env = "REHASH_JOBS")]
    pub jobs: Option<NonZeroUsize>,
}

impl Jobs {
    pub fn count(&self) -> usize {
        self.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }
}

#[derive(clap::Args)]
pub struct Store {
    /// Where records live: sqlite:PATH, sqlite:PATH?mode=ro, or postgres://USER@HOST/DATABASE?sslmode=require
    #[arg(long = "store", value_name = "URL", default_value = "sqlite:rehash.db", env = "REHASH_STORE")]
    url: String,
    /// The file that holds the store's URL, where it has a password in it
    #[arg(long = "store-file", value_name = "FILE", conflicts_with = "url", env = "REHASH_STORE_FILE")]
    pub file: Option<PathBuf>,
}

impl Store {
    /// The URL, wherever it stands.
    pub fn url(&self) -> Result<Cow<'_, str>, Failure> {
        let Some(path) = &self.file else { return Ok(Cow::Borrowed(&self.url)) };
        let refused = |why: &dyn std::fmt::Display| {
            Failure::usage(format!("--store-file {}: {why}", printable(&path.display().to_string())))
        };
        let text = std::fs::read_to_string(path).map_err(|error| refused(&error))?;
        match text.trim() {
            "" => Err(refused(&"is empty; it is to hold a store's URL")),
            url => Ok(Cow::Owned(url.to_owned())),
        }
    }
}

/// The Argon2id parameters of new hashes.
#[derive(clap::Args)]
pub struct Target {
    /// Parameters of new hashes, by their source
    #[arg(long, value_name = "NAME", default_value = "owasp-19-mib", env = "REHASH_PRESET")]
    pub preset: Preset,
    /// Memory of new hashes, with unit: 19MiB, 65536KiB
    #[arg(long, value_name = "SIZE", value_parser = units::parse_kib, env = "REHASH_MEMORY")]
    pub memory: Option<u32>,
    /// Passes of new hashes
    #[arg(long, value_name = "N", env = "REHASH_PASSES")]
    pub passes: Option<u32>,
    /// Lanes of new hashes
    #[arg(long, value_name = "N", env = "REHASH_LANES")]
    pub lanes: Option<u32>,
}

/// What a stored hash may cost; raise one only for a source you trust.
#[derive(clap::Args)]
pub struct Limits {
    /// The most memory an Argon2 hash may take [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = units::parse_kib, env = "REHASH_MAX_MEMORY")]
    pub max_memory: Option<u32>,
    /// The most passes an Argon2 hash may take [default: 1024]
    #[arg(long, value_name = "N", env = "REHASH_MAX_PASSES")]
    pub max_passes: Option<u32>,
    /// The most lanes an Argon2 hash may have [default: 64]
    #[arg(long, value_name = "N", env = "REHASH_MAX_LANES")]
    pub max_lanes: Option<u32>,
    /// The most work an Argon2 hash may take: memory times passes [default: 4GiB, or four passes over --max-memory]
    #[arg(long, value_name = "SIZE", value_parser = units::parse_kib, env = "REHASH_MAX_WORK")]
    pub max_work: Option<u32>,
    /// The highest bcrypt cost [default: 15]
    #[arg(long, value_name = "N", env = "REHASH_MAX_BCRYPT_COST")]
    pub max_bcrypt_cost: Option<u32>,
    /// The most iterations of PBKDF2 [default: 10000000]
    #[arg(long, value_name = "N", env = "REHASH_MAX_PBKDF2_ITERATIONS")]
    pub max_pbkdf2_iterations: Option<u32>,
    /// The most memory a scrypt or yescrypt hash may take [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = units::parse_kib, env = "REHASH_MAX_SCRYPT_MEMORY")]
    pub max_scrypt_memory: Option<u32>,
    /// The most work a scrypt or yescrypt hash may take: memory times parallelism [default: 4GiB, or four times --max-scrypt-memory]
    #[arg(long, value_name = "SIZE", value_parser = units::parse_kib, env = "REHASH_MAX_SCRYPT_WORK")]
    pub max_scrypt_work: Option<u32>,
    /// The most rounds of the crypt family: sha512crypt and its like [default: 1000000]
    #[arg(long, value_name = "N", env = "REHASH_MAX_CRYPT_ROUNDS")]
    pub max_crypt_rounds: Option<u32>,
    /// The highest phpass or Drupal cost, a logarithm [default: 24]
    #[arg(long, value_name = "N", env = "REHASH_MAX_PHPASS_COST")]
    pub max_phpass_cost: Option<u32>,
    /// The most hashes that a digest may compute [default: 10000000]
    #[arg(long, value_name = "N", env = "REHASH_MAX_DIGEST_ROUNDS")]
    pub max_digest_rounds: Option<u32>,
}

/// Peppers.
#[derive(clap::Args)]
pub struct Keys {
    /// A pepper: its id, and the file that holds it (one line end is removed)
    #[arg(long = "key-file", value_name = "ID=PATH", env = "REHASH_KEY_FILE", value_delimiter = ',')]
    pub key_files: Vec<String>,
    /// The id of the pepper that new hashes use
    #[arg(long, value_name = "ID", env = "REHASH_CURRENT_KEY")]
    pub current_key: Option<String>,
    /// Firebase's hash parameters, as its console shows them; registers the signer key
    #[arg(long, value_name = "FILE", env = "REHASH_HASH_CONFIG")]
    pub hash_config: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Json,
    Ndjson,
    Csv,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OnConflict {
    /// Stop; nothing of its batch is written
    Fail,
    /// Leave the store's record alone, and reject the new one
    Skip,
    /// Put it in the place of the store's record, unless that user was upgraded or has changed their password
    ReplaceLegacy,
    /// Take from it what the store's record lacks, the password too, and change nothing: profiles and hashes in two files
    Complete,
}

impl From<&Import> for rehash::store::BulkOptions {
    fn from(args: &Import) -> Self {
        // Of records that are called alike, one call of `check` passes the first on.
        Self::new(args.on_conflict.into(), args.dry_run).restarting(args.restart).distinct(true)
    }
}

impl From<OnConflict> for rehash::store::OnConflict {
    fn from(what: OnConflict) -> Self {
        match what {
            OnConflict::Fail => Self::Fail,
            OnConflict::Skip => Self::Skip,
            OnConflict::ReplaceLegacy => Self::ReplaceLegacy,
            OnConflict::Complete => Self::Complete,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Encoding {
    Hex,
    Base64,
    Base64url,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SaltEncoding {
    Utf8,
    Hex,
    Base64,
}

#[derive(clap::Args)]
pub struct Upgrading {
    /// Whether weaker hashes are replaced
    #[arg(long, value_name = "MODE", default_value = "on", env = "REHASH_UPGRADE")]
    pub upgrade: Upgrade,
    /// Let nobody in by hashes of this method any more, whatever the password; can be given several times
    #[arg(long, value_name = "METHOD", value_delimiter = ',', env = "REHASH_RETIRED_METHOD")]
    pub retired_method: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Upgrade {
    /// Never
    Off,
    /// Only say that it was due
    Count,
    /// Make it
    On,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Preset {
    /// OWASP: m=19456 KiB, t=2, p=1
    #[value(name = "owasp-19-mib")]
    Owasp19Mib,
    /// OWASP: m=47104 KiB, t=1, p=1
    #[value(name = "owasp-46-mib")]
    Owasp46Mib,
    /// RFC 9106, low memory: m=65536 KiB, t=3, p=4
    #[value(name = "rfc-9106-low-memory")]
    Rfc9106LowMemory,
}
