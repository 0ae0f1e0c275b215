//! `rehash export`: every record of a store as NDJSON, in the form that `check` and `import` read. What stands in the store
//! is held against the same rules as what comes in; a record that does not pass is named by its id, and left out.

use std::io::Write;
use std::ops::ControlFlow;

use rehash::sign_in::BrokenRow;
use rehash::store::User;
use rehash::{Limits, StoredHash};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::output::{Exit, Failure, json, print_json, say};
use crate::record_file::RecordFile;
use crate::reserved::Reserved;
use crate::{args, store};

/// The record, in the spelling of the record format.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identities: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_encrypted: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_encryption_method: Option<&'a str>,
}

pub fn run(args: &args::Export, out: &mut impl Write) -> Result<Exit, Failure> {
    let limits = args.limits.limits();
    let url = args.store.url()?;
    let store = store::existing(&url)?;
    let mut file = match &args.output {
        Some(path) => {
            Reserved::default().database(&url).files(&args.store.file).take(path)?;
            Some(RecordFile::create(path)?)
        }
        None => None,
    };
    let (mut written, mut bad, mut failure) = (0u64, 0u64, None);
    store.export(&mut |user| {
        let text = match line(user, &limits) {
            Ok(text) => text,
            Err(why) => {
                bad += 1;
                say(&format!("user {}: {why}", user.id));
                return ControlFlow::Continue(());
            }
        };
        written += 1;
        let wrote = match &mut file {
            Some(file) => file.line(text.as_bytes()),
            None => writeln!(out, "{text}").map_err(Failure::from),
        };
        match wrote {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    file.map_or(Ok(()), RecordFile::finish)?;
    let counts = serde_json::json!({ "records": written + bad, "written": written, "left_out": bad });
    match (args.json, &args.output) {
        (false, _) => say(&format!("{written} records written, {bad} left out")),
        (true, Some(_)) => print_json(out, &counts)?,
        // The records are there already. That nobody reads this is no reason to fail.
        (true, None) => drop(writeln!(std::io::stderr(), "{}", json(&counts)?)),
    }
    Ok(if bad > 0 { Exit::No } else { Exit::Done })
}

/// The record's line, or why it has none.
fn line(user: &User, limits: &Limits) -> Result<String, String> {
    let hash = match &user.password {
        None => None,
        Some(stored) => {
            let refused = |broken: BrokenRow| match broken {
                BrokenRow::Malformed(error) => format!("its hash is refused: {error}"),
                _ => "its tag names no method".to_owned(),
            };
            Some(stored.parse(limits).map_err(refused)?)
        }
    };
    let object = |text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => RawValue::from_string(text.clone()).map(Some).map_err(|_| "a field of it is not JSON".to_owned()),
    };
    let [profile, custom_data, identities] =
        [object(&user.profile)?, object(&user.custom_data)?, object(&user.identities)?];
    let text = json(&Line {
        username: user.username.as_deref(),
        primary_email: user.primary_email.as_deref(),
        primary_phone: user.primary_phone.as_deref(),
        name: user.name.as_deref(),
        avatar: user.avatar.as_deref(),
        profile: profile.as_deref(),
        custom_data: custom_data.as_deref(),
        identities: identities.as_deref(),
        password_encrypted: hash.as_ref().map(StoredHash::text),
        password_encryption_method: hash.as_ref().map(|hash| hash.method().as_str()),
    });
    // One line: a line end outside strings is white space, and inside them it is escaped.
    text.map(|text| text.replace(['\n', '\r'], " ")).map_err(|_| "it cannot be written as JSON".to_owned())
}
