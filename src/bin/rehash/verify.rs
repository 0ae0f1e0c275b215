//! `rehash verify`: one password against one hash.

use std::io::Write;

use rehash::{
    Accepted, Code, Columns, Denied, Engine, Password, StoredHash, TextEncoding, Unverifiable, Upgrade, UpgradeMode,
};
use serde::Serialize;

use crate::output::{Exit, Failure, print_json};
use crate::{args, batch, keys, secret};

pub fn run(args: &args::Verify, out: &mut impl Write) -> Result<Exit, Failure> {
    let mode = if args.no_upgrade { UpgradeMode::Off } else { UpgradeMode::On };
    let engine = keys::engine(&args.target, args.limits.limits(), args.keys.keyring()?, mode)?;
    if args.batch {
        return batch::run(args, &engine, out);
    }
    let stored = match stored(args, &engine) {
        Err(failure) if args.json => {
            let said = failure.message().and_then(|text| text.split_once(": "));
            let Some((code, message)) = said.and_then(|(code, message)| Some((code_of(code)?, message))) else {
                return Err(failure);
            };
            print_json(out, &Verdict::error(code, message.to_owned()))?;
            return Ok(failure.exit());
        }
        stored => stored?,
    };
    let password = secret::read(args.keep_newline)?;
    let verdict = Verdict::of(&engine, &stored, &password, true);
    if args.json {
        print_json(out, &verdict)?;
    } else {
        writeln!(out, "{}", verdict.outcome)?;
        if let Some(upgrade) = &verdict.upgrade {
            writeln!(out, "upgrade: {upgrade}")?;
        }
        if let Some(skipped) = verdict.skipped {
            writeln!(out, "no upgrade: {skipped}")?;
        }
        if let Some(error) = &verdict.error {
            writeln!(out, "{}: {}", error.code, error.message)?;
        }
    }
    Ok(verdict.exit())
}

fn stored(args: &args::Verify, engine: &Engine) -> Result<StoredHash, Failure> {
    let limits = engine.policy().limits();
    let text = args.hash.as_deref().unwrap_or_default();
    let encoding = args.encoding.map(TextEncoding::from);
    let salt = args.salt.as_deref().filter(|salt| !salt.is_empty());
    let user = args.user.as_deref().filter(|user| !user.is_empty());
    let salt = salt.map(|salt| decoded_salt(salt, args.salt_encoding)).transpose()?;
    let mut columns = Columns::default().encoding(encoding);
    columns.salt = salt.as_deref();
    columns.user = user.map(str::as_bytes);
    let tag = match &args.method {
        Some(name) => Some(keys::tag(name)?),
        None => StoredHash::method_named_by(text).map(rehash::Tag::from),
    };
    let parsed = match &tag {
        Some(tag) => StoredHash::parse_tagged(tag, text, &columns, limits),
        None => StoredHash::parse_self_describing(text, limits),
    };
    parsed.map_err(|error| {
        let code = error.code();
        let (exit, remedy) = match code {
            Code::AmbiguousMethod => (Exit::Usage, format!("{error}; give --method")),
            Code::MissingSalt => (Exit::Usage, "the method needs a salt: give --salt, or `HASH:SALT`".to_owned()),
            Code::MissingUsername => (Exit::Usage, "the method hashes the user's name: give --user".to_owned()),
            Code::BadField => (Exit::Usage, error.to_string()),
            _ => (Exit::Data, error.to_string()),
        };
        Failure::new(exit, format!("{code}: {remedy}"))
    })
}

fn decoded_salt(text: &str, encoding: args::SaltEncoding) -> Result<Vec<u8>, Failure> {
    let decoded = match encoding {
        args::SaltEncoding::Utf8 => Some(text.as_bytes().to_vec()),
        args::SaltEncoding::Hex => TextEncoding::Hex.decode(text),
        args::SaltEncoding::Base64 => TextEncoding::Base64.decode(text),
    };
    decoded.ok_or_else(|| Failure::usage("--salt is not in the encoding that --salt-encoding names"))
}

impl From<args::Encoding> for TextEncoding {
    fn from(encoding: args::Encoding) -> Self {
        match encoding {
            args::Encoding::Hex => Self::Hex,
            args::Encoding::Base64 => Self::Base64,
            args::Encoding::Base64url => Self::Base64Url,
        }
    }
}

/// What a verification came to: printed by `verify` and, with line and name, by `verify --batch`.
#[derive(Serialize)]
pub struct Verdict {
    pub outcome: &'static str,
    pub method: Option<&'static str>,
    pub upgrade: Option<String>,
    pub skipped: Option<&'static str>,
    pub error: Option<ErrorText>,
    #[serde(skip)]
    is_busy: bool,
}

#[derive(Serialize)]
pub struct ErrorText {
    pub code: &'static str,
    pub message: String,
}

impl Verdict {
    /// Verifies; with the decoy where somebody may be timing it.
    pub fn of(engine: &Engine, stored: &StoredHash, password: &Password, with_decoy: bool) -> Self {
        let outcome =
            if with_decoy { engine.verify(stored, password) } else { engine.verify_without_decoy(stored, password) };
        Self::from(stored, outcome)
    }

    /// What a verification came to.
    pub fn from(stored: &StoredHash, outcome: Result<Accepted, Denied>) -> Self {
        let mut verdict = Self::new("rejected", Some(stored));
        match outcome {
            Ok(accepted) => {
                verdict.outcome = "accepted";
                verdict.take_upgrade(accepted.upgrade);
            }
            // It is the password that is at fault, and not the row.
            Err(Denied::Unverifiable(Unverifiable::PasswordTooLong)) => {}
            Err(Denied::Unverifiable(why)) => {
                verdict.is_busy = matches!(why, Unverifiable::OutOfMemory { .. });
                return Self {
                    method: verdict.method,
                    is_busy: verdict.is_busy,
                    ..Self::error(code(&why), why.to_string())
                };
            }
            Err(_) => {}
        }
        verdict
    }

    fn new(outcome: &'static str, stored: Option<&StoredHash>) -> Self {
        let method = stored.map(|stored| stored.method().as_str());
        Self { outcome, method, upgrade: None, skipped: None, error: None, is_busy: false }
    }

    pub fn error(code: &'static str, message: String) -> Self {
        Self { error: Some(ErrorText { code, message }), ..Self::new("error", None) }
    }

    fn take_upgrade(&mut self, upgrade: Upgrade) {
        match upgrade {
            Upgrade::Ready(replacement) => self.upgrade = Some(replacement.new_hash().text().to_owned()),
            // Asked for with --no-upgrade.
            Upgrade::Skipped(rehash::SkipReason::TurnedOff) => {}
            Upgrade::Skipped(reason) => self.skipped = Some(reason.as_str()),
            Upgrade::Failed(error) => {
                self.error = Some(ErrorText { code: "upgrade_failed", message: error.to_string() });
            }
            _ => {}
        }
    }

    pub fn is_accepted(&self) -> bool {
        self.outcome == "accepted"
    }

    fn exit(&self) -> Exit {
        match self.outcome {
            "accepted" => Exit::Done,
            "rejected" => Exit::No,
            _ if self.is_busy => Exit::Busy,
            _ => Exit::Data,
        }
    }
}

/// The stable spelling of a code that stands in a message.
fn code_of(text: &str) -> Option<&'static str> {
    Code::ALL.iter().map(|code| code.as_str()).find(|code| *code == text)
}

fn code(why: &Unverifiable) -> &'static str {
    match why {
        Unverifiable::OverLimit(bounds) => bounds.code().as_str(),
        Unverifiable::MissingKey { .. } => Code::MissingKey.as_str(),
        Unverifiable::OutOfMemory { .. } => "out_of_memory",
        _ => Code::Malformed.as_str(),
    }
}
