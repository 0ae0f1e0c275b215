//! Other vendors' exports: every record of them is read, its password verifies, and nothing of it is lost.
#![cfg(feature = "import")]
#![allow(clippy::panic, reason = "a test may")]

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
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
                || name == "supabase.ndjson" && matches!(other, Vendor::Auth0 | Vendor::Workos)
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

/// The only record of a short export: its JSON of `customData` and the rest, or its problems.
fn one(name: &str, text: &str, vendor: Vendor) -> Outcome {
    let (mut seen, summary) = read(name, text.as_bytes().to_vec(), vendor);
    let errors: Vec<_> = summary.errors.iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
    assert_eq!(seen.len(), 1, "{name}");
    seen.remove(0).1
}

fn custom<'r>(record: &'r Record<'_>) -> &'r str {
    record.custom_data.as_deref().unwrap_or_default()
}

fn method(record: &Record<'_>) -> String {
    match &record.credential {
        Credential::Hash(hash) => hash.tag().to_string(),
        _ => String::new(),
    }
}

#[test]
fn a_password_in_the_clear_never_ends_in_custom_data() {
    let cases = [
        (Vendor::Zitadel, r#"[{"userName":"ada","password":"Secret1!"}]"#),
        (Vendor::Zitadel, r#"[{"userName":"ada","password":{"password":"Secret1!","changeRequired":true}}]"#),
        (Vendor::Logto, r#"[{"username":"ada","password":"Secret1!"}]"#),
        (Vendor::Workos, r#"[{"email":"ada@example.com","external_id":"1","password":"Secret1!"}]"#),
    ];
    for (vendor, text) in cases {
        let problems = one("clear.json", text, vendor).err().unwrap_or_else(|| panic!("{vendor}: taken"));
        assert!(problems.contains("in the clear are refused"), "{vendor}: {problems}");
    }
    let both = r#"[{"username":"ada","password":"Secret1!","passwordDigest":"5f4dcc3b5aa765d61d8327deb882cf99","passwordAlgorithm":"MD5"}]"#;
    let problems = one("clear.json", both, Vendor::Logto).err().expect("two passwords");
    assert!(problems.contains("duplicate_field"), "{problems}");
    let reference = "dn: uid=ada\nuid: ada\nuserPassword:< file:///etc/secret\n";
    assert!(one("file.ldif", reference, Vendor::Ldif).is_err());
    let clear = "dn: uid=ada\nuid: ada\nuserPassword: {cleartext}Secret1!\n";
    let problems = one("clear.ldif", clear, Vendor::Ldif).err().expect("refused");
    assert!(problems.contains("in the clear are refused"), "{problems}");
}

#[test]
fn what_is_an_object_or_a_list_at_the_vendor_is_read_and_kept() {
    let kratos = r#"{"schema_id":"default","traits":{"email":"ada@example.com","name":{"first":"Ada","last":"L","middle":"M"}}}"#;
    let record = one("name.json", kratos, Vendor::Kratos).expect("good");
    assert_eq!(record.name.as_deref(), Some("Ada L"));
    assert_eq!(record.profile.as_deref(), Some(r#"{"givenName":"Ada","familyName":"L"}"#));
    assert!(custom(&record).contains(r#""name":{"middle":"M"}"#), "{}", custom(&record));
    let clerk = r#"[{"id":"u","email_addresses":[{"id":"a","email_address":"old@example.com"},{"id":"b","email_address":"ada@example.com"}],"primary_email_address_id":"b","phone_number":["+4915112345678","+4915112345679"],"password_enabled":true,"unsafe_metadata":{}}]"#;
    let record = one("lists.json", clerk, Vendor::Clerk).expect("good");
    assert_eq!(record.primary_email.as_deref(), Some("ada@example.com"));
    assert!(record.primary_phone.as_deref().is_some_and(|phone| phone.ends_with("4915112345678")));
    assert!(custom(&record).contains("old@example.com") && custom(&record).contains("+4915112345679"));
    let zitadel =
        r#"[{"userName":"ada","hashedPassword":{"value":"$1$kJ4QkJaQ$3EbD/pJddrq5HW3mpZ4KZ1","algorithm":"md5"}}]"#;
    let record = one("zitadel.json", zitadel, Vendor::Zitadel).expect("good");
    assert_eq!(method(&record), "md5crypt");
    assert!(custom(&record).contains(r#""zitadelPassword":{"algorithm":"md5"}"#), "{}", custom(&record));
    let keycloak = r#"{"users":[{"username":"ada","enabled":true,"credentials":[{"type":"password","credentialData":"{\"algorithm\":\"bcrypt\",\"hashIterations\":5}","secretData":"{\"value\":\"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\",\"salt\":\"\"}"}]}]}"#;
    let record = one("bcrypt.json", keycloak, Vendor::Keycloak).expect("good");
    assert_eq!(method(&record), "bcrypt");
    let null = "aud,email,encrypted_password,raw_user_meta_data\nauthenticated,ada@example.com,,null\n";
    assert!(one("null.csv", null, Vendor::Supabase).is_ok());
}

#[test]
fn auth0_hashes_have_their_methods_names() {
    let user = |custom: &str| format!(r#"[{{"email":"ada@example.com","custom_password_hash":{custom}}}]"#);
    let cases = [
        (r#"{"algorithm":"md5","hash":{"value":"5F4DCC3B5AA765D61D8327DEB882CF99","encoding":"hex"}}"#, "md5"),
        (r#"{"algorithm":"md5","hash":{"value":"X03MO1qnZdYdgyfeuILPmQ","encoding":"base64url"}}"#, "md5"),
        (
            r#"{"algorithm":"md5","hash":{"value":"67A1E09BB1F83F5007DC119C14D663AA"},"salt":{"value":"salt"}}"#,
            "md5_salted_prefix",
        ),
        (
            r#"{"algorithm":"md5","hash":{"value":"67A1E09BB1F83F5007DC119C14D663AA"},"salt":{"value":"73616c74","encoding":"hex","position":"suffix"}}"#,
            "md5_salted_suffix",
        ),
        (r#"{"algorithm":"ldap","hash":{"value":"{sha256}XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg="}}"#, "sha256"),
    ];
    for (custom, expected) in cases {
        let record = one("auth0.json", &user(custom), Vendor::Auth0).unwrap_or_else(|why| panic!("{custom}: {why}"));
        assert_eq!(method(&record), expected);
    }
}

#[test]
fn firebase_rows_of_both_widths_are_read() {
    let narrow = format!("u1,ada@example.com,true{},", ",".repeat(25));
    let record = one("narrow.csv", &narrow, Vendor::Firebase).expect("good");
    assert_eq!(record.primary_email.as_deref(), Some("ada@example.com"));
    let wide = format!("u1,ada@example.com,true{}a-1,ada@work.example{},", ",".repeat(26), ",".repeat(22));
    let record = one("wide.csv", &wide, Vendor::Firebase).expect("good");
    assert!(
        custom(&record).contains(r#""provider1Id":"a-1","provider1Email":"ada@work.example""#),
        "{}",
        custom(&record)
    );
}

#[test]
fn files_of_names_and_hashes_have_comments_and_locks() {
    let hash = "$1$kJ4QkJaQ$3EbD/pJddrq5HW3mpZ4KZ1";
    let record =
        one("htpasswd", &format!("# made by hand\n\nada:{hash}:an old friend\n"), Vendor::Htpasswd).expect("good");
    assert_eq!(method(&record), "md5crypt");
    assert!(custom(&record).contains("an old friend"));
    for locked in ["!", "!!", "*", "*LK*", "NP", "!$1$kJ4QkJaQ$3EbD/pJddrq5HW3mpZ4KZ1"] {
        let record = one("shadow", &format!("ada:{locked}:19000::::::\n"), Vendor::Shadow).expect("good");
        assert_eq!((method(&record).as_str(), custom(&record).contains("shadowLocked")), ("", true), "{locked}");
    }
    let master = format!("# $FreeBSD$\nada:{hash}:1001:1001:de:0:0:Ada L:/home/ada:/bin/sh\n");
    let record = one("master.passwd", &master, Vendor::Shadow).expect("good");
    assert_eq!(method(&record), "md5crypt");
    assert!(custom(&record).contains(r#""gecos":"Ada L","home":"/home/ada""#), "{}", custom(&record));
}

#[test]
fn an_sql_dump_may_replace_and_name_character_sets() {
    let row = "(1,'ada',_binary '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0','ada','ada@example.com','','','',0,'Ada')";
    for verb in ["INSERT INTO", "REPLACE INTO", "insert ignore into"] {
        let record = one("users.sql", &format!("{verb} `wp_users` VALUES {row};\n"), Vendor::Wordpress).expect("good");
        assert_eq!(method(&record), "wordpress_phpass", "{verb}");
    }
}

#[test]
fn a_dump_in_which_a_backslash_is_nothing_special_is_refused() {
    let rows = "INSERT INTO wp_users VALUES(1,'dom\\tom','x','dom','d@example.com','','','',0,'C:\\');\n";
    for (head, says) in [
        ("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "SQLite"),
        ("--\n-- PostgreSQL database dump\n--\n\nSET standard_conforming_strings = on;\n", "PostgreSQL"),
    ] {
        let (seen, summary) = read("dump.sql", format!("{head}{rows}").into_bytes(), Vendor::Wordpress);
        assert!(seen.is_empty() && summary.errors.len() == 1);
        let said = summary.errors[0].to_string();
        assert!(said.contains(says) && said.contains("--source"), "{said}");
    }
}

#[test]
fn two_tables_of_users_are_named_also_without_their_columns() {
    let of = |table: &str| {
        format!(
            "INSERT INTO `{table}` VALUES (1,'ada','$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0','ada','a@example.com','','','',0,'Ada');\n"
        )
    };
    let (_, summary) = read("dump.sql", [of("blog_users"), of("jos_users")].concat().into_bytes(), Vendor::Wordpress);
    let said = summary.errors.iter().map(ToString::to_string).collect::<String>();
    assert!(said.contains("`blog_users`") && said.contains("`jos_users`"), "{said}");
}

#[test]
fn a_name_in_htpasswd_may_have_anything_but_a_colon_in_it() {
    let hash = "$apr1$62722340$zGjeAwVP2KwY6MtumUI1N/";
    for name in ["Ada Lovelace", "a,b", "x (y)", "ada"] {
        let record = one("htpasswd", &format!("{name}:{hash}\n"), Vendor::Htpasswd).expect("good");
        assert_eq!(record.username.as_deref(), Some(name));
    }
}

/// The usernames of an SQL dump, with what is wrong with those that are refused.
fn logins(text: &str) -> (Vec<String>, Vec<String>) {
    let (seen, summary) = read("dump.sql", text.as_bytes().to_vec(), Vendor::Wordpress);
    assert!(summary.errors.is_empty(), "{:?}", summary.errors.iter().map(ToString::to_string).collect::<Vec<_>>());
    let (good, bad): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(_, outcome)| outcome.is_ok());
    let name = |record: Box<Record<'static>>| record.username.map(|name| name.into_owned()).unwrap_or_default();
    let good = good.into_iter().filter_map(|(_, outcome)| outcome.ok()).map(name).collect();
    let bad = bad.into_iter().map(|(line, outcome)| format!("{line}: {}", outcome.err().unwrap_or_default())).collect();
    (good, bad)
}

fn row(id: u32, name: &str, more: &str) -> String {
    format!(
        "({id},'{name}','$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0','{name}','{name}@example.com','','2025-01-01','',0,'{name}'{more})"
    )
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn comments_of_an_sql_dump_hide_no_rows() {
    let (a, b, c) = (row(1, "ada", ""), row(2, "bob", ""), row(3, "cy", ""));
    for between in ["-- it's a note\n", "# (it's)\n", "/* it's (a) ; */", "\n-- \n--\n/* * / */ # x\n"] {
        let dump = format!(
            "INSERT INTO `wp_users` {between} VALUES {between}{a},{between}{b}{between},\n{c};{between}{};",
            format_args!("INSERT INTO wp_users VALUES {}", row(4, "dan", ""))
        );
        assert_eq!(logins(&dump), (names(&["ada", "bob", "cy", "dan"]), vec![]), "{between}");
    }
    let within = a.replace(",0,", ", /* it's (0 */ 0, -- o'clock )\n");
    assert_eq!(logins(&format!("INSERT INTO wp_users VALUES {within},{b};")), (names(&["ada", "bob"]), vec![]));
    let other = format!("CREATE TABLE x (a int -- it's\n, b text /* ' */);\nINSERT INTO wp_users VALUES {a};");
    assert_eq!(logins(&other), (names(&["ada"]), vec![]));
    let rows = format!("INSERT INTO wp_users VALUES ROW{a}, ROW {b};");
    assert_eq!(logins(&rows), (names(&["ada", "bob"]), vec![]));
}

/// A text as mysqldump writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\0' => quoted.push_str("\\0"),
            '\u{1a}' => quoted.push_str("\\Z"),
            c => quoted.push(c),
        }
    }
    quoted + "'"
}

proptest! {
    /// Within quotes nothing is a comment, an end of a row or of a statement, and the rows after it are read.
    #[test]
    fn texts_of_an_sql_dump_are_read_whatever_they_hold(
        texts in proptest::collection::vec("([-#/*'\"\\\\,;() \n\r\0\u{1a}é]|--|/\\*|\\*/|[a-z]){0,12}", 1..5),
        remark in prop_oneof![Just(""), Just(" -- it's\n"), Just("/* it's, ; ( */"), Just("# ;'\n")],
    ) {
        let row = |(id, text): (usize, &String)| row(id as u32, "ada", "")
            .replace(",'','2025-01-01',", &format!(",{},{remark}'2025-01-01',", quoted(text)))
            .replace("'ada'", &format!("'u{id}'")).replace("'ada@example.com'", &format!("'u{id}@example.com'"));
        let rows: Vec<String> = texts.iter().enumerate().map(row).collect();
        let dump = format!("INSERT INTO `wp_users` VALUES {};\n", rows.join(&format!(",{remark}")));
        let (seen, _) = read("dump.sql", dump.into_bytes(), Vendor::Wordpress);
        prop_assert_eq!(seen.len(), texts.len());
        for ((_, outcome), text) in seen.iter().zip(&texts) {
            let record = outcome.as_ref().expect("good");
            let custom: serde_json::Value = serde_json::from_str(custom(record)).expect("an object");
            prop_assert_eq!(custom["user_url"].as_str().unwrap_or_default(), text.as_str());
        }
    }
}

#[test]
fn what_looks_like_a_comment_in_a_text_of_an_sql_dump_is_text() {
    for text in ["#1", "Anna--Marie", "/* x */", "a -- b", "--", "it's # 'quoted'"] {
        let dump = format!(
            "INSERT INTO wp_users VALUES {},{};",
            row(1, "ada", "").replace("'2025-01-01'", &quoted(text)),
            row(2, "bob", "")
        );
        assert_eq!(logins(&dump), (names(&["ada", "bob"]), vec![]), "{text}");
    }
}

const SITE: &str = "CREATE TABLE `wp_users` (`ID` bigint(20) unsigned NOT NULL, `user_login` varchar(60) NOT NULL DEFAULT '', \
    `user_pass` varchar(255) NOT NULL, `user_nicename` varchar(50), `user_email` varchar(100), `user_url` varchar(100), \
    `user_registered` datetime NOT NULL DEFAULT '0000-00-00 00:00:00', `user_activation_key` varchar(255), `user_status` \
    int(11) NOT NULL DEFAULT 0, `display_name` varchar(250) NOT NULL DEFAULT ''MORE, PRIMARY KEY (`ID`), KEY `k` (`user_login`)\n) \
    ENGINE=InnoDB;\n";

#[test]
fn a_network_of_sites_has_two_more_columns() {
    let rows = format!("INSERT INTO `wp_users` VALUES {},{};\n", row(1, "ada", ",0,0"), row(2, "bob", ",1,0"));
    let create =
        SITE.replace("MORE", ", `spam` tinyint(2) NOT NULL DEFAULT 0, `deleted` tinyint(2) NOT NULL DEFAULT 0");
    for dump in [rows.clone(), format!("{create}{rows}")] {
        assert_eq!(logins(&dump), (names(&["ada", "bob"]), vec![]));
        let (seen, _) = read("dump.sql", dump.into_bytes(), Vendor::Wordpress);
        let record = seen[1].1.as_ref().expect("good");
        assert!(custom(record).contains(r#""spam":"1""#), "{}", custom(record));
    }
    // A plugin's column, which CREATE TABLE alone knows.
    let create = SITE.replace("MORE", ", `theme` text");
    let rows = format!("INSERT INTO `wp_users` VALUES {};\n", row(1, "ada", ",'dark'"));
    assert_eq!(logins(&format!("{create}{rows}")), (names(&["ada"]), vec![]));
    let (good, bad) = logins(&rows);
    assert!(good.is_empty() && bad.len() == 1 && bad[0].contains("has 11 columns, not 10"), "{bad:?}");
}

#[test]
fn tables_that_are_merely_named_like_users_are_passed_over() {
    let users = format!("{}INSERT INTO `wp_users` VALUES {};\n", SITE.replace("MORE", ""), row(1, "ada", ""));
    let amelia = "INSERT INTO `wp_amelia_users` VALUES (1,'visible','customer',NULL,'Eve','E','eve@example.com');\n";
    let created = "CREATE TABLE `wp_amelia_users` (`id` int(11) NOT NULL, `status` text, `type` text, `externalId` int, \
        `firstName` text, `lastName` text, `email` text);\n";
    let named =
        "INSERT INTO wp_bp_users (id, name, user_login) SELECT 1;\nINSERT INTO wp_x_users (id, name) VALUES (1,'x');\n";
    let meta = "INSERT INTO `wp_usermeta` VALUES (1,1,'nickname','ada');\n";
    let dump = format!("{amelia}{users}{created}{amelia}{meta}");
    assert_eq!(logins(&dump), (names(&["ada"]), vec![]));
    let (good, bad) = logins(&format!("{named}{users}"));
    assert_eq!(good, names(&["ada"]));
    assert!(bad.len() == 1 && bad[0].starts_with("1: record: malformed"), "{bad:?}");
    let renamed = users.replace("wp_users", "members");
    assert_eq!(logins(&renamed), (names(&["ada"]), vec![]));
}

#[test]
fn what_is_read_from_a_dump_is_the_same_whatever_its_rejects_are_read_from() {
    let rows = format!("INSERT INTO `wp_users` VALUES {};\n", row(1, "ada", ",0,0"));
    let source = Source::new("dump.sql", Cursor::new(rows.into_bytes())).expect("readable");
    let chunks = rehash::import::Chunks::of_export(source, &Export::new(Vendor::Wordpress)).expect("an export");
    let header = String::from_utf8_lossy(chunks.header_line().expect("a header")).into_owned();
    assert!(
        header.starts_with("INSERT INTO `wp_users` (`ID`,`user_login`,") && header.ends_with("`deleted`) VALUES"),
        "{header}"
    );
}

#[test]
fn keycloak_exports_all_realms_in_one_array_and_leaves_out_what_is_not_there() {
    let hash = r#"{"type":"password","credentialData":"{\"algorithm\":\"bcrypt\",\"hashIterations\":5}","secretData":"{\"value\":\"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}"}"#;
    let user = |name: &str| format!(r#"{{"username":"{name}","enabled":true,"credentials":[{hash}]}}"#);
    let realms = format!(
        r#"[{{"id":"a","realm":"one","roles":{{"realm":[]}},"users":[{},{}]}},{{"realm":"none"}},{{"realm":"two","clients":[{{"users":[{{"x":1}}]}}],"users":[{}]}}]"#,
        user("ada"),
        r#"{"username":"bob","email":"bob@example.com"}"#,
        user("cy")
    );
    for text in [realms.clone(), realms.replace(",\"", ",\n  \"")] {
        let (seen, summary) = read("realms.json", text.into_bytes(), Vendor::Keycloak);
        assert!(summary.errors.is_empty(), "{}", summary.errors[0]);
        let found: Vec<_> =
            seen.iter().map(|(_, outcome)| outcome.as_ref().expect("good").username.as_deref()).collect();
        assert_eq!(found, [Some("ada"), Some("bob"), Some("cy")]);
    }
    for text in [
        r#"{"realm":"r","users":[{"username":"ada"}]}"#,
        r#"{"users":[{"username":"ada","email":"ada@example.com"}]}"#,
        r#"[{"username":"ada"}]"#,
        r#"[{"realm":"r","users":[{"username":"ada"}]}]"#,
    ] {
        assert!(one("bare.json", text, Vendor::Keycloak).is_ok(), "{text}");
    }
    let cut = realms[..realms.len() - 1].to_owned();
    let (seen, summary) = read("realms.json", cut.into_bytes(), Vendor::Keycloak);
    assert_eq!((seen.len(), summary.errors.len()), (3, 1));
}

#[test]
fn what_no_record_says_contradicts_nothing() {
    let problem = |name: &str, text: &str, vendor| one(name, text, vendor).err().unwrap_or_default();
    let entry = |hash: &str| format!("dn: uid=ada\nuid: ada\nuserPassword: {hash}\n");
    for hash in ["{SASL}ada@EXAMPLE.COM", "{KERBEROS}ada@EXAMPLE.COM"] {
        let said = problem("a.ldif", &entry(hash), Vendor::Ldif);
        assert!(said.contains("unknown_method"), "{hash}: {said}");
    }
    for line in ["ada:Secret1!\n", "ada:5f4dcc3b5aa765d61d8327deb882cf99\n"] {
        let said = problem("htpasswd", line, Vendor::Htpasswd);
        assert!(said.contains("unknown_method"), "{line}: {said}");
    }
    for hash in ["5f4dcc3b5aa765d61d8327deb882cf99", "X03MO1qnZdYdgyfeuILPmQ=="] {
        let said = problem("shadow", &format!("ada:{hash}:19000::::::\n"), Vendor::Shadow);
        assert!(said.contains("unknown_method"), "{hash}: {said}");
        let said = problem("a.ldif", &entry(&format!("{{CRYPT}}{hash}")), Vendor::Ldif);
        assert!(said.contains("passwordEncrypted"), "{hash}: {said}");
    }
}

#[test]
fn django_hashers_without_a_salt_are_read() {
    let cases = [
        ("sha1$$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "sha1"),
        ("md5$$5f4dcc3b5aa765d61d8327deb882cf99", "md5"),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "md5"),
        ("crypt$$CCNf8Sbh3HDfQ", "descrypt"),
    ];
    for (hash, expected) in cases {
        let text = format!(r#"[{{"model":"auth.user","pk":1,"fields":{{"username":"ada","password":"{hash}"}}}}]"#);
        let record = one("django.json", &text, Vendor::Django).unwrap_or_else(|why| panic!("{hash}: {why}"));
        assert_eq!(method(&record), expected);
    }
}

#[test]
fn a_hash_of_keycloaks_without_its_salt_is_nobodys() {
    let user = |secret: &str| {
        let data = r#"{\"algorithm\":\"pbkdf2-sha256\",\"hashIterations\":10}"#;
        let secret = secret.replace('"', "\\\"");
        format!(
            r#"{{"users":[{{"username":"ada","enabled":true,"credentials":[{{"type":"password","credentialData":"{data}","secretData":"{secret}"}}]}}]}}"#
        )
    };
    let value = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for secret in [format!(r#"{{"value":"{value}"}}"#), format!(r#"{{"value":"{value}","salt":""}}"#)] {
        let said = one("keycloak.json", &user(&secret), Vendor::Keycloak).err().unwrap_or_default();
        assert!(said.contains("missing_salt"), "{secret}: {said}");
    }
    let whole = format!(r#"{{"value":"{value}","salt":"MDEyMzQ1Njc4OWFiY2RlZg=="}}"#);
    assert_eq!(method(&one("keycloak.json", &user(&whole), Vendor::Keycloak).expect("good")), "pbkdf2");
}

#[test]
fn entries_for_nis_are_nobodys_accounts() {
    for line in ["+::::::", "+alice::::::", "-bob::::::", "+@staff::::::"] {
        let said = one("shadow.txt", &format!("{line}\n"), Vendor::Shadow).err().unwrap_or_default();
        assert!(said.contains("bad_field") && said.contains("NIS"), "{line}: {said}");
    }
}

#[test]
fn keycloaks_parameters_are_read_as_texts_and_as_numbers_and_nothing_is_guessed() {
    // Argon2id of "password" with m=64, t=3, p=2 would do; only what is read is looked at.
    let user = |parameters: &str| {
        let data = format!(r#"{{"algorithm":"argon2","hashIterations":3,"additionalParameters":{parameters}}}"#);
        let value = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let secret = format!(r#"{{"value":"{value}","salt":"MDEyMzQ1Njc4OWFiY2RlZg=="}}"#);
        let quote = |text: &str| serde_json::to_string(text).expect("a text");
        format!(
            r#"{{"users":[{{"username":"ada","enabled":true,"credentials":[{{"type":"password","credentialData":{},"secretData":{}}}]}}]}}"#,
            quote(&data),
            quote(&secret)
        )
    };
    let read = |parameters: &str| one("keycloak.json", &user(parameters), Vendor::Keycloak);
    for parameters in [
        r#"{"version":["1.3"],"type":["id"],"hashLength":["32"],"memory":["64"],"parallelism":["2"]}"#,
        r#"{"version":["1.3"],"type":["id"],"hashLength":[32],"memory":[64],"parallelism":[2]}"#,
        r#"{"version":"1.3","type":"id","hashLength":32,"memory":64,"parallelism":"2"}"#,
    ] {
        let record = read(parameters).unwrap_or_else(|why| panic!("{parameters}: {why}"));
        let Credential::Hash(hash) = &record.credential else { panic!("{parameters}") };
        assert_eq!(hash.parameters(), "m=64,t=3,p=2", "{parameters}");
    }
    for (parameters, code) in [
        (r#"{"memory":[],"parallelism":["2"]}"#, "malformed"),
        (r#"{"memory":["64","128"],"parallelism":["2"]}"#, "malformed"),
        (r#"{"memory":{"a":1},"parallelism":["2"]}"#, "malformed"),
        (r#"{"memory":[null]}"#, "malformed"),
        (r#"{"memory":["64"],"parallelism":["2"],"hashLength":["64"]}"#, "wrong_length"),
        (r#"{"memory":["9999999999"],"parallelism":["2"]}"#, "cost_too_high"),
    ] {
        let said = read(parameters).err().unwrap_or_default();
        assert!(said.contains(code), "{parameters}: {said}");
    }
    // The limit that is named is the one that is there to be raised.
    let said = read(r#"{"memory":["9999999999"],"parallelism":["2"]}"#).err().unwrap_or_default();
    assert!(said.contains("limit of 1048576"), "{said}");
}

#[test]
fn who_has_sambas_password_alone_signs_in_by_it() {
    let entry = |lines: &str| format!("dn: uid=ada\nuid: ada\n{lines}");
    let read = |lines: &str| one("a.ldif", &entry(lines), Vendor::Ldif).expect("good");
    let samba = "sambaNTPassword: 8846F7EAEE8FB117AD06BDD830B7586C\n";
    assert_eq!(method(&read(samba)), "ntlm");
    let both = format!("userPassword: {{SSHA}}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw==\n{samba}");
    assert_eq!(method(&read(&both)), "ldap_ssha");
    assert_eq!(method(&read(&format!("sambaAcctFlags: [U          ]\n{samba}"))), "ntlm");
    // Who is locked stays locked, machines are no users, and what is no hash is none.
    for none in [
        format!("sambaAcctFlags: [DU         ]\n{samba}"),
        format!("sambaAcctFlags: [W          ]\n{samba}"),
        "sambaNTPassword:: /w==\n".to_owned(),
        format!("userPassword: !\n{samba}"),
        "sambaNTPassword: NO PASSWORDXXXXXXXXXXXXXXXXXXXXX\n".to_owned(),
    ] {
        assert!(matches!(read(&none).credential, Credential::None), "{none}");
    }
}

#[test]
fn ldif_values_that_are_no_text_are_refused_where_one_is_needed_and_locked_accounts_have_no_password() {
    let entry = |line: &str| format!("dn: uid=ada\nuid: ada\n{line}\n");
    let read = |line: &str| one("a.ldif", &entry(line), Vendor::Ldif);
    for (line, field) in [("userPassword:: cORzcw==", "userPassword"), ("cn:: /////w==", "cn"), ("sn:: /////w==", "sn")]
    {
        let said = read(line).err().unwrap_or_default();
        assert!(said.contains("bad_utf8") && said.contains(field), "{line}: {said}");
    }
    let photo = read("jpegPhoto:: /////w==").unwrap_or_else(|why| panic!("{why}"));
    assert!(custom(&photo).contains("/////w=="));
    for line in
        ["userPassword: {CRYPT}!", "userPassword: {crypt}*", "userPassword: {CRYPT}!!", "userPassword: {CRYPT}*LK*"]
    {
        let record = read(line).unwrap_or_else(|why| panic!("{line}: {why}"));
        assert!(matches!(record.credential, Credential::None), "{line}");
        assert!(custom(&record).contains("shadowLocked"), "{line}");
    }
}

#[test]
fn auth0_keys_stand_beside_the_hash_however_long_they_are() {
    let user = |key: &str| {
        let hash = "a".repeat(64);
        format!(
            r#"[{{"email":"ada@example.com","custom_password_hash":{{"algorithm":"hmac","hash":{{"value":"{hash}","encoding":"hex","digest":"sha256","key":{{"value":"{key}","encoding":"utf8"}}}}}}}}]"#
        )
    };
    for key in ["TOPSECRETKEY".to_owned(), "k".repeat(600)] {
        let record = one("auth0.json", &user(&key), Vendor::Auth0).unwrap_or_else(|why| panic!("{key}: {why}"));
        let Credential::Hash(hash) = &record.credential else { panic!("a hash") };
        assert_eq!(hash.tag(), "hmac_sha256($s2,$p)");
        assert!(!format!("{hash:?}").contains(&key));
    }
    let said = one("auth0.json", &user(""), Vendor::Auth0).err().unwrap_or_default();
    assert!(said.contains("missing_key"), "{said}");
}

#[test]
fn auth0_salts_that_leave_nothing_of_a_password_are_refused() {
    let user = |salt: &str| {
        let hash = "$2b$04$abcdefghijklmnopqrstuuLXXhjMsWpv/bC9fkW1H1u5aF3Kr2l3O";
        format!(
            r#"[{{"email":"ada@example.com","custom_password_hash":{{"algorithm":"bcrypt","hash":{{"value":"{hash}"}},"salt":{{"value":"{salt}","position":"prefix"}}}}}}]"#
        )
    };
    assert!(one("auth0.json", &user(&"s".repeat(71)), Vendor::Auth0).is_ok());
    let said = one("auth0.json", &user(&"s".repeat(72)), Vendor::Auth0).err().unwrap_or_default();
    assert!(said.contains("malformed") && said.contains("any password"), "{said}");
}

#[test]
fn zitadels_password_is_a_text_or_an_object() {
    let hash = "$2b$04$abcdefghijklmnopqrstuuLXXhjMsWpv/bC9fkW1H1u5aF3Kr2l3O";
    for value in [format!(r#""{hash}""#), format!(r#"{{"value":"{hash}"}}"#), format!(r#"{{"hash":"{hash}"}}"#)] {
        let text = format!(r#"[{{"userName":"ada","hashedPassword":{value}}}]"#);
        let record = one("zitadel.json", &text, Vendor::Zitadel).unwrap_or_else(|why| panic!("{value}: {why}"));
        assert_eq!(method(&record), "bcrypt");
    }
    let said = one("zitadel.json", r#"[{"userName":"ada","hashedPassword":[1]}]"#, Vendor::Zitadel).err();
    assert!(said.unwrap_or_default().contains("bad_field"));
}
