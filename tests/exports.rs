//! Other vendors' exports: every record of them is read, its password verifies, and nothing of it is lost.
#![cfg(feature = "import")]
#![allow(clippy::panic, reason = "a test may")]

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rehash::import::{Credential, Export, HashConfig, Options, Record, Rules, Source, Summary, Vendor, check};
use rehash::{Argon2Target, Engine, Keyring, Password, Policy};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports")
}

fn hash_config() -> HashConfig {
    let text = std::fs::read_to_string(directory().join("firebase.config")).expect("readable");
    HashConfig::parse(&text).expect("a configuration")
}

fn keyring() -> Keyring {
    let config = hash_config();
    let (id, key) = config.key().expect("a key");
    let mut keys = Keyring::new();
    keys.register(id, key.to_vec()).expect("a key");
    keys
}

type Outcome = Result<Box<Record<'static>>, String>;

fn read(name: &str, bytes: Vec<u8>, vendor: Vendor) -> (Vec<(u64, Outcome)>, Summary) {
    let mut rules = Rules::default();
    rules.keys = keyring();
    let mut options = Options::default();
    options.keeps_records = true;
    let export = Export::new(vendor);
    options.export = Some(if vendor == Vendor::Firebase { export.hash_config(hash_config()) } else { export });
    let mut seen = Vec::new();
    let source = Source::new(name, Cursor::new(bytes));
    let (summary, _) = check([source], &rules, options, |checked| {
        let problems = || checked.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        seen.push((checked.line, checked.record.ok_or_else(problems)));
        ControlFlow::<()>::Continue(())
    });
    (seen, summary)
}

/// Each file, whose it is, and how many users it has with and without a password.
const FILES: [(&str, Vendor, usize, usize); 25] = [
    ("logto.json", Vendor::Logto, 2, 1),
    ("auth0.json", Vendor::Auth0, 10, 1),
    ("auth0.ndjson", Vendor::Auth0, 10, 1),
    ("firebase.json", Vendor::Firebase, 1, 2),
    ("firebase.csv", Vendor::Firebase, 1, 1),
    ("keycloak.json", Vendor::Keycloak, 3, 1),
    ("kratos.json", Vendor::Kratos, 1, 0),
    ("kratos_batch.json", Vendor::Kratos, 3, 1),
    ("supabase.ndjson", Vendor::Supabase, 2, 1),
    ("supabase.csv", Vendor::Supabase, 1, 1),
    ("clerk.json", Vendor::Clerk, 4, 2),
    ("clerk.csv", Vendor::Clerk, 1, 1),
    ("django.json", Vendor::Django, 4, 1),
    ("wordpress.csv", Vendor::Wordpress, 3, 1),
    ("wordpress.sql", Vendor::Wordpress, 2, 1),
    ("fusionauth.json", Vendor::Fusionauth, 5, 1),
    ("workos.json", Vendor::Workos, 4, 1),
    ("zitadel.json", Vendor::Zitadel, 2, 1),
    ("shadow.txt", Vendor::Shadow, 2, 2),
    ("htpasswd.txt", Vendor::Htpasswd, 4, 0),
    ("ldif.ldif", Vendor::Ldif, 2, 1),
    ("cognito.csv", Vendor::Cognito, 0, 1),
    // The same in other layouts.
    ("kratos.json", Vendor::Kratos, 1, 0),
    ("django.json", Vendor::Django, 4, 1),
    ("keycloak.json", Vendor::Keycloak, 3, 1),
];

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(directory().join(name)).expect("readable")
}

#[test]
fn each_record_is_read_and_its_password_verifies() {
    let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
    let engine = Engine::new(Policy::builder(target).keys(keyring()).build().expect("a policy")).expect("entropy");
    let mut vendors = Vec::new();
    for (name, vendor, with, without) in FILES {
        vendors.push(vendor);
        let (seen, summary) = read(name, bytes(name), vendor);
        assert!(
            summary.errors.is_empty(),
            "{name}: {:?}",
            summary.errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
        let mut counted = (0, 0);
        let mut last = 0;
        for (line, outcome) in seen {
            assert!(line >= last, "{name}: lines go back");
            last = line;
            let record = outcome.unwrap_or_else(|problems| panic!("{name}:{line}: {problems}"));
            let who = record.username.clone().or_else(|| record.primary_email.clone()).unwrap_or_default();
            match &record.credential {
                Credential::Hash(hash) => {
                    counted.0 += 1;
                    assert!(!who.starts_with("no"), "{name}:{line}: {who} has a password");
                    let accepted = engine.verify(hash, &Password::new("password"));
                    assert!(accepted.is_ok(), "{name}:{line}: {who}: {} {:?}", hash.tag(), accepted.err());
                }
                _ => {
                    counted.1 += 1;
                    let is_meant = who.starts_with("no") || record.primary_phone.is_some();
                    assert!(is_meant, "{name}:{line}: {who} has no password");
                }
            }
        }
        assert_eq!(counted, (with, without), "{name}");
        assert_eq!(summary.records as usize, with + without, "{name}");
    }
    assert!(Vendor::ALL.iter().all(|vendor| vendors.contains(vendor)));
}

#[test]
fn an_export_of_another_vendor_is_one_error_and_no_records() {
    let mut wrong = Vec::new();
    for (name, vendor, ..) in FILES {
        for other in Vendor::ALL {
            let is_close = |pair: [Vendor; 2]| pair.contains(&vendor) && pair.contains(other) && vendor != *other;
            // Records of lines and names look alike, and so do those that hold an email and a bcrypt hash.
            let is_alike = vendor == *other
                || is_close([Vendor::Shadow, Vendor::Htpasswd])
                || is_close([Vendor::Ldif, Vendor::Htpasswd])
                || is_close([Vendor::Ldif, Vendor::Shadow])
                || matches!(other, Vendor::Htpasswd | Vendor::Shadow) && !name.ends_with(".json")
                || is_close([Vendor::Auth0, Vendor::Supabase])
                || is_close([Vendor::Auth0, Vendor::Workos])
                || is_close([Vendor::Supabase, Vendor::Workos])
                || is_close([Vendor::Clerk, Vendor::Workos])
                || is_close([Vendor::Clerk, Vendor::Fusionauth])
                || is_close([Vendor::Keycloak, Vendor::Kratos])
                || is_close([Vendor::Keycloak, Vendor::Logto])
                || is_close([Vendor::Clerk, Vendor::Logto])
                || *other == Vendor::Firebase
                    && (name.ends_with(".csv")
                        || name.ends_with(".txt")
                        || name.ends_with(".ldif")
                        || name.ends_with(".sql"));
            if is_alike {
                continue;
            }
            let (seen, summary) = read(name, bytes(name), *other);
            if summary.errors.len() != 1 || !seen.is_empty() {
                wrong.push(format!("{name} as {other}: {} records, {} errors", seen.len(), summary.errors.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_stranger_is_named() {
    let message = |name: &str, vendor| {
        let (_, summary) = read(name, bytes(name), vendor);
        summary.errors[0].to_string()
    };
    assert!(
        message("auth0.json", Vendor::Firebase).contains("--from auth0"),
        "{}",
        message("auth0.json", Vendor::Firebase)
    );
    assert!(message("wordpress.csv", Vendor::Cognito).contains("--from wordpress"));
    assert!(message("firebase.json", Vendor::Fusionauth).contains("--from firebase"));
    assert!(message("ldif.ldif", Vendor::Django).contains("is not JSON"));
}

#[test]
fn nothing_is_lost_and_the_schema_is_filled() {
    let of = |name: &str, vendor, place: usize| read(name, bytes(name), vendor).0.remove(place).1.expect("good");
    let ada = of("logto.json", Vendor::Logto, 0);
    assert_eq!(ada.profile.as_deref(), Some(r#"{"givenName":"Ada"}"#));
    assert_eq!(ada.custom_data.as_deref(), Some(r#"{"plan":"gold","id":"l1","createdAt":1700000000000}"#));
    let nora = of("logto.json", Vendor::Logto, 2);
    assert!(nora.identities.as_deref().is_some_and(|json| json.contains("123456789012345678901234567890")));
    let plain = of("auth0.json", Vendor::Auth0, 0);
    assert_eq!(plain.custom_data.as_deref(), Some(r#"{"app_metadata":{"roles": ["admin"]},"user_metadata":{"x": 1}}"#));
    let social = of("auth0.json", Vendor::Auth0, 10);
    assert_eq!(
        social.identities.as_deref(),
        Some(r#"{"google-oauth2":{"userId":"1","details":{"connection":"google-oauth2","isSocial":true}}}"#)
    );
    let nora = of("firebase.json", Vendor::Firebase, 1);
    assert!(nora.identities.as_deref().is_some_and(|json| json.contains("\"google.com\":{\"userId\":\"g-2\"")));
    let keycloak = of("keycloak.json", Vendor::Keycloak, 0);
    assert_eq!(keycloak.name.as_deref(), Some("Ada L"));
    assert!(keycloak.custom_data.as_deref().is_some_and(|json| json.contains("otp") && json.contains("realmRoles")));
    let sql = of("wordpress.sql", Vendor::Wordpress, 1);
    assert_eq!(sql.name.as_deref(), Some("Bob 'B' (x)"));
    let ldif = of("ldif.ldif", Vendor::Ldif, 2);
    assert_eq!(ldif.name.as_deref(), Some("Böb"));
}

#[test]
fn what_was_cut_off_or_is_broken_ends_in_order() {
    for (name, vendor, ..) in FILES {
        let whole = bytes(name);
        for part in 1..16 {
            let cut = whole[..whole.len() * part / 16].to_vec();
            let (seen, summary) = read(name, cut, vendor);
            assert_eq!(summary.records, summary.good + summary.rejected, "{name}");
            assert_eq!(summary.records as usize, seen.len(), "{name}");
        }
        for place in (0..whole.len()).step_by(whole.len() / 24 + 1) {
            let mut broken = whole.clone();
            broken[place] = b'"';
            let (seen, summary) = read(name, broken, vendor);
            assert_eq!(summary.records as usize, seen.len(), "{name}");
        }
    }
}

#[test]
fn remarks_and_entries_of_nobody_are_passed_over_and_accounts_without_a_password_are_users() {
    let count = |name: &str, text: &str, vendor| {
        let (seen, summary) = read(name, text.as_bytes().to_vec(), vendor);
        let bad: Vec<_> =
            seen.iter().filter_map(|(line, outcome)| outcome.as_ref().err().map(|e| (*line, e))).collect();
        assert!(bad.is_empty(), "{name}: {bad:?}");
        (summary.records, seen.iter().filter(|(_, o)| matches!(o, Ok(r) if r.credential.method().is_some())).count())
    };
    let htpasswd = "# who may come in\nada:$apr1$62722340$zGjeAwVP2KwY6MtumUI1N/\n#bob:old\n";
    assert_eq!(count("htpasswd", htpasswd, Vendor::Htpasswd), (1, 1));
    let shadow = "a:NP:::::::\nb:*LK*:::::::\nc:!!:::::::\nd:$1$kJ4QkJaQ$3EbD/pJddrq5HW3mpZ4KZ1:::::::\n";
    assert_eq!(count("shadow", shadow, Vendor::Shadow), (4, 1));
    let ldif = "version: 1\n\ndn: dc=example,dc=com\nobjectClass: top\nobjectClass: dcObject\ndc: example\n\n\
        dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: people\n\n\
        dn: uid=ada,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: ada\n\
        userPassword: {SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw==\n\n\
        dn: cn=staff,dc=example,dc=com\nobjectClass: groupOfNames\ncn: staff\nmember: uid=ada\n";
    assert_eq!(count("directory.ldif", ldif, Vendor::Ldif), (1, 1));
}
