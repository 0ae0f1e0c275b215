//! The vectors of every format: what real implementations made, what others published, and what must be refused.
//! `vectors/generate/formats` has the scripts.
#![allow(clippy::panic, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rehash::{
    Argon2Target, Columns, Denied, Engine, KeyId, Keyring, Limits, Method, ParseError, Password, Policy, StoredHash,
    Tag, Unverifiable, Upgrade,
};
use serde_json::Value;

struct Vector {
    id: String,
    method: String,
    tag: String,
    password: Vec<u8>,
    stored: String,
    salt: Option<Vec<u8>>,
    user: Option<String>,
    keys: Vec<(String, Vec<u8>)>,
    result: String,
    code: Option<String>,
    flags: Vec<String>,
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

fn vector(method: &str, test: &Value) -> Vector {
    let text = |name: &str| test[name].as_str().map(str::to_owned);
    let id = format!("{method} {} ({})", test["id"], test["source"].as_str().expect("a source"));
    let password = match text("password") {
        Some(text) => text.into_bytes(),
        None => unhex(test["password_hex"].as_str().expect("a password")),
    };
    let keys = test["keys"].as_object().into_iter().flatten();
    Vector {
        id,
        method: method.to_owned(),
        tag: text("tag").unwrap_or_else(|| method.to_owned()),
        password,
        stored: text("stored").expect("a text"),
        salt: text("salt_hex").map(|hex| unhex(&hex)),
        user: text("user"),
        keys: keys.map(|(id, hex)| (id.clone(), unhex(hex.as_str().expect("hex")))).collect(),
        result: text("result").expect("a result"),
        code: text("code"),
        flags: test["flags"].as_array().expect("flags").iter().map(|f| f.as_str().expect("text").to_owned()).collect(),
    }
}

impl Vector {
    fn columns(&self) -> Columns<'_> {
        let columns = Columns::default();
        let columns = self.salt.as_deref().map_or(columns, |salt| columns.salt(salt));
        self.user.as_deref().map_or(columns, |user| columns.user(user.as_bytes()))
    }

    fn read(&self, text: &str) -> Result<StoredHash, ParseError> {
        let tag: Tag = self.tag.parse().expect(&self.id);
        StoredHash::parse_tagged(&tag, text, &self.columns(), &Limits::default())
    }

    fn keyring(&self) -> Keyring {
        let mut keys = Keyring::new();
        for (id, secret) in &self.keys {
            keys.register(KeyId::new(id).expect("an id"), secret.clone()).expect("a key");
        }
        keys
    }

    fn engine(&self) -> Engine {
        let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
        Engine::new(Policy::builder(target).keys(self.keyring()).build().expect("a policy")).expect("entropy")
    }

    fn is_slow(&self) -> bool {
        self.flags.iter().any(|flag| flag == "Slow")
    }
}

fn all() -> Vec<Vector> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/methods");
    let mut paths: Vec<_> =
        std::fs::read_dir(directory).expect("there").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut vectors = Vec::new();
    for path in paths {
        let file: Value = serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON");
        let method = file["method"].as_str().expect("a method");
        vectors.extend(file["tests"].as_array().expect("tests").iter().map(|test| vector(method, test)));
    }
    assert!(vectors.len() > 1000, "only {} vectors", vectors.len());
    vectors
}

/// Runs `check` on two threads: each is some of the vectors, and gives what is wrong with one.
fn each(check: impl Fn(&Vector) -> Result<(), String> + Sync) {
    let vectors = all();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|half| {
                let (vectors, check) = (&vectors, &check);
                scope.spawn(move || {
                    let mine = vectors.iter().skip(half).step_by(2);
                    mine.filter_map(|vector| check(vector).err().map(|why| format!("{}: {why}", vector.id)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        halves.into_iter().flat_map(|half| half.join().expect("no panic")).collect()
    });
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn verdict(vector: &Vector) -> (String, Option<String>) {
    let tag = match vector.tag.parse::<Tag>() {
        Ok(tag) => tag,
        Err(_) => return ("invalid".to_owned(), Some("unknown_tag".to_owned())),
    };
    let parsed = StoredHash::parse_tagged(&tag, &vector.stored, &vector.columns(), &Limits::default());
    match parsed {
        Err(error) if error.bounds().is_some_and(|bounds| bounds.actual > bounds.max) => {
            ("over_limit".to_owned(), Some(error.code().to_string()))
        }
        Err(error) => ("invalid".to_owned(), Some(error.code().to_string())),
        Ok(stored) => match vector.engine().verify(&stored, &Password::new(vector.password.clone())) {
            Ok(_) if stored.method().as_str() == vector.method => ("accept".to_owned(), None),
            Ok(_) => (format!("accepted as {}", stored.method()), None),
            Err(Denied::WrongPassword) => ("reject".to_owned(), None),
            Err(Denied::Unverifiable(Unverifiable::MissingKey { .. })) => {
                ("invalid".to_owned(), Some("missing_key".to_owned()))
            }
            Err(error) => (format!("{error:?}"), None),
        },
    }
}

#[test]
fn each_vector_ends_as_it_says() {
    each(|vector| {
        let (result, code) = verdict(vector);
        if result != vector.result {
            return Err(format!("{result} {code:?}, expected {}", vector.result));
        }
        if vector.code.is_some() && code != vector.code {
            return Err(format!("{code:?}, expected {:?}", vector.code));
        }
        Ok(())
    });
}

#[test]
fn every_method_has_vectors() {
    let mut accepted: BTreeMap<String, usize> = BTreeMap::new();
    for vector in all().iter().filter(|vector| vector.result == "accept") {
        *accepted.entry(vector.method.clone()).or_default() += 1;
    }
    let elsewhere = ["md5", "sha1", "sha256", "bcrypt", "argon2i", "argon2d", "argon2id"];
    let missing: Vec<_> = Method::all()
        .map(Method::as_str)
        .filter(|name| !elsewhere.contains(name) && accepted.get(*name).copied().unwrap_or(0) < 3)
        .collect();
    assert!(missing.is_empty(), "fewer than three vectors: {missing:?}");
}

#[test]
fn both_record_forms_round_trip_and_the_canonical_text_verifies() {
    each(|vector| {
        if vector.result != "accept" {
            return Ok(());
        }
        let limits = Limits::default();
        let stored = vector.read(&vector.stored).map_err(|error| error.to_string())?;
        let described = stored.self_describing();
        let again = StoredHash::parse_self_describing(&described, &limits).map_err(|e| format!("{described}: {e}"))?;
        if again.self_describing() != described || again.method() != stored.method() || again.tag() != stored.tag() {
            return Err(format!("{described} reads as {} {}", again.tag(), again.self_describing()));
        }
        // The pair, as a store keeps it: canonical tag and canonical text, and no columns beside them.
        let canonical = stored.clone().into_canonical();
        let tag: Tag = canonical.tag().parse().map_err(|error| format!("{}: {error}", canonical.tag()))?;
        let read = StoredHash::parse_tagged(&tag, canonical.text(), &Columns::default(), &limits)
            .map_err(|error| format!("{} {}: {error}", canonical.tag(), canonical.text()))?;
        if read.canonical() != canonical.text() || read.parameters() != stored.parameters() {
            return Err(format!("{} is not canonical: {}", canonical.text(), read.canonical()));
        }
        // And with the method's name alone.
        let named: Tag = canonical.method().into();
        StoredHash::parse_tagged(&named, canonical.text(), &Columns::default(), &limits)
            .map_err(|error| format!("by the method's name: {error}"))?;
        if vector.is_slow() {
            return Ok(());
        }
        let engine = vector.engine();
        for stored in [&again, &read] {
            let _ = engine
                .verify(stored, &Password::new(vector.password.clone()))
                .map_err(|denied| format!("{}: {denied:?}", stored.text()))?;
        }
        Ok(())
    });
}

#[test]
fn a_text_that_names_its_method_names_one_and_the_right_one() {
    each(|vector| {
        if vector.result != "accept" || vector.salt.is_some() || vector.user.is_some() {
            return Ok(());
        }
        match rehash::identify(&vector.stored) {
            rehash::Identification::Named(method) => {
                let is_over_bcrypt = method == Method::Bcrypt && vector.stored.starts_with("$2");
                // What Kratos writes has others' marks, and WordPress' phpass is phpass.
                let is_anothers = matches!(
                    (method, vector.method.as_str()),
                    (Method::Pbkdf2, "kratos_pbkdf2")
                        | (Method::Scrypt, "kratos_scrypt")
                        | (Method::Phpass, "wordpress_phpass" | "phpbb3")
                        | (Method::Argon2id, "argon2id_nfkc" | "phpbb_argon2id")
                        // What went into it, nobody can see.
                        | (Method::Phpass, "expression")
                );
                if method.as_str() == vector.method || is_over_bcrypt || is_anothers {
                    Ok(())
                } else {
                    Err(format!("named {method}"))
                }
            }
            rehash::Identification::Foreign(name) => Err(format!("foreign: {name}")),
            _ => Ok(()),
        }
    });
}

#[test]
fn each_is_upgraded_once_and_verifies_afterwards() {
    each(|vector| {
        if vector.result != "accept" || vector.is_slow() {
            return Ok(());
        }
        let engine = vector.engine();
        let stored = vector.read(&vector.stored).map_err(|error| error.to_string())?;
        let password = Password::new(vector.password.clone());
        let accepted = engine.verify(&stored, &password).map_err(|denied| format!("{denied:?}"))?;
        let Upgrade::Ready(replacement) = accepted.upgrade else {
            let is_right = match accepted.upgrade {
                Upgrade::NotNeeded => stored.method() == Method::Argon2id,
                Upgrade::Skipped(_) => true,
                _ => false,
            };
            return if is_right {
                Ok(())
            } else {
                Err(format!("no upgrade of {}: {:?}", stored.method(), accepted.upgrade))
            };
        };
        let new = replacement.new_hash();
        if new.method() != Method::Argon2id {
            return Err(format!("upgraded to {}", new.method()));
        }
        match engine.verify(new, &password) {
            Ok(accepted) if matches!(accepted.upgrade, Upgrade::NotNeeded) => Ok(()),
            other => Err(format!("afterwards: {other:?}")),
        }
    });
}

#[test]
fn another_password_a_flipped_byte_and_a_cut_text_are_never_accepted() {
    each(|vector| {
        if vector.result != "accept" || vector.is_slow() {
            return Ok(());
        }
        let engine = vector.engine();
        let stored = vector.read(&vector.stored).map_err(|error| error.to_string())?;
        let mut other = vector.password.clone();
        match other.first_mut() {
            Some(first) => *first ^= 1,
            None => other.push(b'x'),
        }
        if engine.verify(&stored, &Password::new(other)).is_ok() {
            return Err("another password is accepted".to_owned());
        }
        let password = Password::new(vector.password.clone());
        let accepts = |text: &str| {
            vector.read(text).is_ok_and(|changed| {
                engine.verify(&changed, &password).is_ok() && changed.canonical() != stored.canonical()
            })
        };
        // A change of case is the same hash where it is hex; what has the same canonical text is the same hash.
        // DES under a key of zeros is its own inverse, so that some counts are one; of a long password and its pepper bcrypt
        // sees 72 bytes; and of passlib's hashes one is compared.
        let is_exempt = (vector.method == "bsdicrypt" && vector.password.is_empty())
            || (vector.method == "bcrypt_peppered" && vector.password.len() > 60)
            || (vector.method == "passlib_scram" && vector.stored.contains(','));
        if is_exempt {
            return Ok(());
        }
        let places: BTreeSet<usize> = (1..8).map(|part| vector.stored.len() * part / 8).collect();
        for place in places {
            for flip in [1u8, 4, 0x10] {
                let mut bytes = vector.stored.clone().into_bytes();
                bytes[place] ^= flip;
                if let Ok(text) = String::from_utf8(bytes)
                    && accepts(&text)
                {
                    return Err(format!("byte {place} flipped is accepted: {text}"));
                }
            }
        }
        for text in [vector.stored[..vector.stored.len() - 1].to_owned(), format!("{}x", vector.stored)] {
            // Outputs of PBKDF2 and scrypt can have any length, and less of one is the beginning of it.
            let is_open = matches!(vector.method.as_str(), "bcrypt_peppered" | "pbkdf2" | "scrypt")
                || vector.stored.contains(':')
                || vector.method.starts_with("ldap_");
            // Padding may be left out.
            let is_padding = vector.stored.strip_suffix('=') == Some(&text);
            if !is_open && !is_padding && accepts(&text) {
                return Err(format!("{text} is accepted"));
            }
        }
        Ok(())
    });
}

#[test]
fn characters_of_several_bytes_are_no_panic_wherever_they_stand() {
    each(|vector| {
        if vector.tag.parse::<Tag>().is_err() {
            return Ok(());
        }
        let limits = Limits::default();
        let characters: Vec<char> = vector.stored.chars().take(200).collect();
        for place in 0..=characters.len() {
            for replaced in [0, 1] {
                let rest = characters.iter().skip(place + replaced);
                let text: String = characters[..place].iter().chain(&['\u{2e0}']).chain(rest).collect();
                let _ = vector.read(&text).map(|stored| stored.self_describing());
                let _ = StoredHash::parse_self_describing(&text, &limits);
                let _ = rehash::identify(&text);
            }
        }
        Ok(())
    });
}

/// The same text with each of its decimal numbers one higher.
fn with_numbers_raised(text: &str) -> Vec<String> {
    let is_alone = |at: usize| text.as_bytes().get(at).is_none_or(|c| !c.is_ascii_alphanumeric());
    let mut raised = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(|c: char| c.is_ascii_digit()).map(|place| at + place) {
        let end = text[start..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |length| start + length);
        at = end;
        if (start == 0 || is_alone(start - 1)) && is_alone(end) && end - start < 10 {
            let number: u64 = text[start..end].parse().expect("digits");
            raised.push(format!("{}{:0width$}{}", &text[..start], number + 1, &text[end..], width = end - start));
        }
    }
    raised
}

#[test]
fn one_round_more_is_never_accepted() {
    each(|vector| {
        // A round more of DES under a key of zeros can be the same.
        if vector.result != "accept" || vector.is_slow() || vector.password.is_empty() {
            return Ok(());
        }
        let stored = vector.read(&vector.stored).map_err(|error| error.to_string())?;
        let engine = vector.engine();
        for text in with_numbers_raised(&vector.stored) {
            let Ok(changed) = vector.read(&text) else { continue };
            // Magento says memory in bytes, of which libsodium takes whole KiB.
            let is_same_memory = vector.method == "magento" && changed.parameters() == stored.parameters();
            // AdonisJS says `$2a$` and `$2b$` in numbers, and most passwords have one hash under both.
            let is_same_prefix = text.replace("v=98", "v=97") == vector.stored;
            let is_other = changed.canonical() != stored.canonical() && !is_same_memory && !is_same_prefix;
            if is_other && engine.verify_without_decoy(&changed, &Password::new(vector.password.clone())).is_ok() {
                return Err(format!("{text} is accepted"));
            }
        }
        Ok(())
    });
}

/// What a computation can be mistaken for.
fn mistaken(expression: &str) -> Vec<String> {
    let mut others = vec![
        expression.replace("$s.$p", "$p.$s"),
        expression.replace("$p.$s", "$s.$p"),
        expression.replace("$s.", ""),
        expression.replace(".$s", ""),
        expression.replace("$p", "uc($p)"),
        expression.replace("$p", "$p.'\n'"),
        expression.replace("$s", "$s.'\n'"),
        expression.replace("$s", "hex($s)"),
        format!("{}(md5({}", expression.split('(').next().unwrap_or_default(), expression) + "))",
    ];
    let (outer, inner) = expression.split_once('(').unwrap_or((expression, ""));
    for name in ["md5", "sha1", "sha256", "sha512"] {
        for other in [format!("{name}_raw("), format!("{name}_64("), format!("{}(", name.to_uppercase())] {
            others.push(format!("{outer}({}", inner.replace(&format!("{name}("), &other)));
        }
    }
    others.retain(|other| other != expression);
    others
}

#[test]
fn another_computation_is_never_accepted() {
    let tried = std::sync::atomic::AtomicUsize::new(0);
    each(|vector| {
        let method: Method = vector.method.parse().map_err(|_| "no method".to_owned())?;
        let expression = if method == Method::Expression { vector.tag.as_str() } else { method.info().computation };
        let salt = vector.salt.as_deref().unwrap_or_default();
        // Without letters or a salt some of these are the same computation.
        let tells = vector.password.iter().any(u8::is_ascii_lowercase) && !vector.password.starts_with(salt);
        if vector.result != "accept" || vector.is_slow() || !tells || expression.parse::<Tag>().is_err() {
            return Ok(());
        }
        for other in mistaken(expression) {
            let Ok(tag) = other.parse::<Tag>() else { continue };
            let Ok(stored) = StoredHash::parse_tagged(&tag, &vector.stored, &vector.columns(), &Limits::default())
            else {
                continue;
            };
            tried.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let password = Password::new(vector.password.clone());
            if vector.engine().verify_without_decoy(&stored, &password).is_ok() {
                return Err(format!("{other} accepts it as well"));
            }
        }
        Ok(())
    });
    let tried = tried.into_inner();
    assert!(tried > 500, "only {tried} computations were tried");
}

#[test]
#[cfg(feature = "sqlite")]
fn every_method_goes_through_the_store_and_comes_out_upgraded() {
    use rehash::sign_in::{Outcome, sign_in};
    use rehash::store::sqlite::{Inserted, NewUser, Sqlite};

    each(|vector| {
        if vector.result != "accept" {
            return Ok(());
        }
        let canonical = vector.read(&vector.stored).map_err(|error| error.to_string())?.into_canonical();
        let store = Sqlite::in_memory().map_err(|error| error.to_string())?;
        let mut batch = store.batch().map_err(|error| error.to_string())?;
        let user = NewUser { username: Some("ada"), password: Some(&canonical), ..NewUser::default() };
        let inserted = batch.insert(&user).map_err(|error| error.to_string())?;
        batch.commit().map_err(|error| error.to_string())?;
        if inserted != Inserted::New {
            return Err(format!("{inserted:?}"));
        }
        if vector.is_slow() {
            return Ok(());
        }
        let (engine, password) = (vector.engine(), Password::new(vector.password.clone()));
        let sign_in = || sign_in(&engine, &store, "ada", &password).map_err(|error| error.to_string());
        let first = sign_in()?;
        let second = sign_in()?;
        match first.upgrade {
            Outcome::Written if second.method == Method::Argon2id && matches!(second.upgrade, Outcome::NotNeeded) => {
                Ok(())
            }
            Outcome::Skipped(_) if second.method == first.method => Ok(()),
            Outcome::NotNeeded if first.method == Method::Argon2id && second.method == first.method => Ok(()),
            other => Err(format!("{other:?}, then {} {:?}", second.method, second.upgrade)),
        }
    });
}
