//! The import front end on bad input: each record ends as good or with its code, nothing is lost, nothing stops the rest.
#![allow(clippy::panic, reason = "a test may")]
#![cfg(feature = "import")]

use std::io::{Cursor, Write as _};
use std::ops::ControlFlow;

use rehash::import::{Credential, Format, Options, Record, Rules, Source, Summary, check};
use rehash::{Code, Columns, Engine, KeyId, Keyring, Limits, Method, Password, Policy, StoredHash};

const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const ARGON2I: &str = "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";

/// Line, and the field and code of each problem, or the good record.
type Seen = Vec<(u64, Result<Box<Record<'static>>, Vec<(String, &'static str)>>)>;

fn run(bytes: impl Into<Vec<u8>>, rules: &Rules, format: Option<Format>) -> (Seen, Summary) {
    let mut seen = Seen::new();
    let mut options = Options::default();
    options.keeps_records = true;
    options.format = format;
    let source = Source::new("users", Cursor::new(bytes.into()));
    let (summary, stopped) = check([source], rules, options, |checked| {
        let problems = || checked.problems.iter().map(|it| (it.field.to_string(), it.code.as_str())).collect();
        let outcome = checked.record.ok_or_else(problems);
        seen.push((checked.line, outcome));
        ControlFlow::<()>::Continue(())
    });
    assert!(stopped.is_none());
    assert_eq!(summary.records, summary.good + summary.rejected);
    assert_eq!(summary.records, seen.len() as u64);
    let by_kind = summary.methods.values().sum::<u64>() + summary.without_password + summary.plaintext;
    assert_eq!(summary.good, by_kind);
    (seen, summary)
}

fn record(json: &str) -> Result<Box<Record<'static>>, Vec<(String, &'static str)>> {
    let (mut seen, summary) = run(json, &Rules::default(), Some(Format::Ndjson));
    assert!(summary.errors.is_empty() && seen.len() == 1, "{json}");
    seen.remove(0).1
}

/// The one problem of a record.
fn problem(json: &str) -> (String, &'static str) {
    match record(json) {
        Err(mut problems) if problems.len() == 1 => problems.remove(0),
        Err(problems) => panic!("{json}: {problems:?}"),
        Ok(_) => panic!("{json}: good"),
    }
}

fn method_of(record: &Record<'_>) -> Option<Method> {
    record.credential.method()
}

fn text_of<'a>(record: &'a Record<'_>) -> &'a str {
    match &record.credential {
        Credential::Hash(hash) => hash.text(),
        _ => panic!("no hash"),
    }
}

#[test]
fn tags_come_from_the_record_or_the_hash_and_are_never_guessed() {
    let tagged = |hash: &str, tag: &str| {
        format!(r#"{{"username":"a","passwordEncrypted":"{hash}","passwordEncryptionMethod":"{tag}"}}"#)
    };
    let untagged = |hash: &str| format!(r#"{{"username":"a","passwordDigest":"{hash}"}}"#);
    for (json, method) in [
        (tagged(MD5, "MD5"), Method::Md5),
        (tagged(MD5, "md5"), Method::Md5),
        (tagged(BCRYPT, "Bcrypt"), Method::Bcrypt),
        (tagged(ARGON2I, "Argon2i"), Method::Argon2i),
        (tagged(ARGON2I, "argon2"), Method::Argon2i),
        (untagged(BCRYPT), Method::Bcrypt),
        (untagged(ARGON2I), Method::Argon2i),
        (untagged("AIIiuqK4HgsT6evrc6deL4WjsxmxjOLiKI969/urX8OreahnBoZlf03FLUDljZBPqg=="), Method::Aspnet),
        (untagged(&format!("$rehash$md5${MD5}")), Method::Md5),
        (tagged(&format!("$rehash$md5${MD5}"), "MD5"), Method::Md5),
    ] {
        assert_eq!(record(&json).ok().as_deref().and_then(method_of), Some(method), "{json}");
    }
    let (hash, tag) = ("passwordEncrypted", "passwordEncryptionMethod");
    for (json, field, code) in [
        (untagged(MD5), hash, "ambiguous_method"),
        (untagged("hello"), hash, "ambiguous_method"),
        (untagged("$8$dsYGNam3K1SIJO$7nv/35M/qr6t.dVc7UY9zrJDWRVqncHub1PE9UlMQFs"), tag, "unknown_method"),
        (tagged(&format!("$rehash$md5${MD5}"), "SHA1"), hash, "method_conflict"),
        (tagged(MD5, "md6"), tag, "unknown_method"),
        (tagged(MD5, "null"), tag, "unknown_method"),
        (tagged(BCRYPT, "MD5"), hash, "method_conflict"),
        (tagged(BCRYPT, "Argon2id"), hash, "method_conflict"),
        (tagged(BCRYPT, "argon2"), hash, "method_conflict"),
        (tagged(ARGON2I, "Argon2id"), hash, "method_conflict"),
        (tagged("{SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw==", "SHA1"), hash, "method_conflict"),
        (tagged("hello", "MD5"), hash, "wrong_length"),
        (tagged("hunter2!", "Bcrypt"), hash, "malformed"),
        (tagged("", "MD5"), hash, "missing_hash"),
        (tagged("  ", "MD5"), hash, "missing_hash"),
        (tagged("1.23E+23", "MD5"), hash, "malformed"),
        (tagged("5f4dcc3b5aa765d61d8327deb882cf9g", "MD5"), hash, "bad_encoding"),
        (tagged("NWY0ZGNjM2I1YWE3NjVkNjFkODMyN2RlYjg4MmNmOTk=", "MD5"), hash, "double_encoded"),
        (tagged(&BCRYPT[..50], "Bcrypt"), hash, "truncated"),
        (tagged(&format!("{BCRYPT}x"), "Bcrypt"), hash, "wrong_length"),
        (tagged(&BCRYPT.replace("$05$", "$31$"), "Bcrypt"), hash, "cost_too_high"),
        (tagged(&BCRYPT.replace("$05$", "$03$"), "Bcrypt"), hash, "cost_too_low"),
        (tagged(&BCRYPT.replace(".E5Y", "/E5Y"), "Bcrypt"), hash, "non_canonical"),
        (tagged(&ARGON2I.replace("p=1", "p=1,keyid=a2V5"), "Argon2i"), hash, "missing_key"),
        (tagged("secret", "Plaintext"), tag, "unknown_method"),
    ] {
        assert_eq!(problem(&json), (field.to_owned(), code), "{json}");
    }
}

#[test]
fn a_default_method_serves_the_untagged_only() {
    let mut rules = Rules::default();
    rules.default_method = Some(Method::Md5.into());
    let lines = format!(
        "{{\"username\":\"a\",\"passwordEncrypted\":\"{MD5}\"}}\n{{\"username\":\"b\",\"passwordEncrypted\":\"{BCRYPT}\"}}\n{{\"username\":\"c\"}}"
    );
    let (seen, summary) = run(lines, &rules, None);
    let methods: Vec<_> = seen.iter().map(|(_, it)| it.as_ref().ok().map(|it| method_of(it))).collect();
    assert_eq!(methods, [Some(Some(Method::Md5)), Some(Some(Method::Bcrypt)), Some(None)]);
    assert_eq!(summary.without_password, 1);
}

#[test]
fn what_django_writes_where_nobody_has_a_password_is_no_hash() {
    let line = |hash: &str, tag: &str| {
        format!("{{\"username\":\"a\",\"passwordEncrypted\":\"{hash}\",\"passwordEncryptionMethod\":\"{tag}\"}}")
    };
    let unusable = "!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNop";
    let (seen, summary) = run(line(unusable, "django"), &Rules::default(), None);
    assert_eq!((seen[0].1.as_ref().map(|record| method_of(record)), summary.without_password), (Ok(None), 1));
    let (seen, _) = run(line(unusable, "md5"), &Rules::default(), None);
    assert!(seen[0].1.is_err());
}

#[test]
fn a_salts_encoding_is_named_in_any_case() {
    // MD5 of `saltpassword`.
    for (salt, encoding) in [("73616c74", "HEX"), ("73616c74", "hex"), ("c2FsdA==", "Base64"), ("salt", "UTF8")] {
        let line = format!(
            "{{\"username\":\"a\",\"passwordEncrypted\":\"67a1e09bb1f83f5007dc119c14d663aa\",\"passwordEncryptionMethod\":\"md5_salted_prefix\",\"passwordSalt\":\"{salt}\",\"passwordSaltEncoding\":\"{encoding}\"}}"
        );
        let (seen, _) = run(line, &Rules::default(), None);
        let record = seen[0].1.as_ref().unwrap_or_else(|why| panic!("{encoding}: {why:?}"));
        assert_eq!(method_of(record), Some(Method::Md5SaltedPrefix), "{encoding}");
    }
}

/// A mark names the scheme, and not what went into it.
#[test]
fn a_default_method_says_what_a_mark_does_not() {
    let phpass = "$P$5abcdefghHKuMUuU/9ZSiCp6498VA01";
    for (default, text, expected) in [
        ("devise", BCRYPT, "devise"),
        ("bcrypt_sha384", BCRYPT, "bcrypt_sha384"),
        ("bcrypt(sha256($p))", BCRYPT, "expression"),
        ("woltlab", BCRYPT, "woltlab_bcrypt"),
        ("bcrypt", BCRYPT, "bcrypt"),
        ("laravel", BCRYPT, "bcrypt"),
        ("wordpress", phpass, "wordpress_phpass"),
        ("phpbb", phpass, "phpbb3"),
        // It cannot be these, and is what it says.
        ("argon2id(md5($p))", BCRYPT, "bcrypt"),
        ("md5(md5($p))", BCRYPT, "bcrypt"),
        ("sha512crypt", BCRYPT, "bcrypt"),
    ] {
        let mut rules = Rules::default();
        rules.default_method = Some(default.parse().expect("a tag"));
        rules.keys.register(rehash::KeyId::new("devise").expect("an id"), b"pepper".to_vec()).expect("a key");
        let line = format!("{{\"username\":\"a\",\"passwordEncrypted\":\"{text}\"}}");
        let (seen, _) = run(line, &rules, None);
        let method = seen[0].1.as_ref().ok().and_then(|it| method_of(it)).map(Method::as_str);
        assert_eq!(method, Some(expected), "{default}");
        // A tag of its own is what the record says it is.
        let line =
            format!("{{\"username\":\"a\",\"passwordEncrypted\":\"{text}\",\"passwordEncryptionMethod\":\"crypt\"}}");
        let (seen, _) = run(line, &rules, None);
        let method = seen[0].1.as_ref().ok().and_then(|it| method_of(it)).map(Method::as_str);
        assert_eq!(method, Some(if text == BCRYPT { "bcrypt" } else { "phpass" }), "{default}");
    }
}

/// Every width in common use, and a hash cut at it.
#[test]
fn a_hash_that_a_narrow_column_cut_is_called_truncated() {
    let whole = "$argon2id$v=19$m=65536,t=3,p=4$FBMjI4RJBhIykCgol1KEJA$2ky5GAdhT1kH4kIgPN/oERE3Taiy43vNN70a3HpiKQU";
    for width in [48, 50, 60, 64, 72, 80, 90] {
        let json = format!(r#"{{"username":"a","passwordEncrypted":"{}"}}"#, &whole[..width]);
        assert_eq!(problem(&json).1, "truncated", "{width}");
    }
}

#[test]
fn encodings_become_one() {
    for (text, encoding, good) in [
        ("5f4dcc3b5aa765d61d8327deb882cf99", "", true),
        ("5F4DCC3B5AA765D61D8327DEB882CF99", "hex", true),
        ("X03MO1qnZdYdgyfeuILPmQ==", "base64", true),
        ("X03MO1qnZdYdgyfeuILPmQ", "", true),
        ("X03MO1qnZdYdgyfeuILPmQ", "base64url", true),
        ("X03MO1qnZdYdgyfeuILPmQ==", "hex", false),
        ("5f4dcc3b5aa765d61d8327deb882cf99", "base64", false),
        ("X03MO1qnZdYdgyfeuILPmR", "", false),
        ("X03MO1qnZdYdgyfeuILPmQ=", "", false),
    ] {
        let json = format!(
            r#"{{"username":"a","passwordEncrypted":"{text}","passwordAlgorithm":"MD5","passwordEncoding":"{encoding}"}}"#
        );
        match record(&json) {
            Ok(record) => assert!(good && text_of(&record) == MD5, "{text} {encoding}"),
            Err(problems) => assert!(!good, "{text} {encoding}: {problems:?}"),
        }
    }
}

#[test]
fn white_space_around_a_hash_is_removed_with_a_warning_and_inside_it_is_not() {
    let json = format!(r#"{{"username":"a","passwordEncrypted":" {MD5}\r\n","passwordAlgorithm":"MD5"}}"#);
    let record = record(&json).map_err(|problems| format!("{problems:?}")).expect("good");
    assert_eq!(text_of(&record), MD5);
    assert_eq!(record.warnings.iter().collect::<Vec<_>>(), [Code::TrimmedWhitespace]);
    let json =
        format!(r#"{{"username":"a","passwordEncrypted":"{} {}","passwordAlgorithm":"MD5"}}"#, &MD5[..16], &MD5[17..]);
    assert_eq!(problem(&json).1, "bad_encoding");
}

#[test]
fn warnings_are_those_of_the_hash() {
    for (hash, tag, warnings) in [
        (MD5.to_uppercase(), "MD5", vec![Code::UppercaseHex]),
        (BCRYPT.to_owned(), "Bcrypt", vec![Code::TruncatingMethod, Code::WeakCost]),
        (ARGON2I.to_owned(), "Argon2i", vec![]),
        (ARGON2I.replace("m=65536", "m=64"), "Argon2i", vec![Code::WeakCost]),
    ] {
        let json = format!(r#"{{"username":"a","passwordEncrypted":"{hash}","passwordAlgorithm":"{tag}"}}"#);
        let record = record(&json).map_err(|problems| format!("{problems:?}")).expect("good");
        assert_eq!(record.warnings.iter().collect::<Vec<_>>(), warnings, "{hash}");
    }
}

#[test]
fn fields_are_what_they_must_be() {
    for (json, field, code) in [
        (r#"{}"#, "username", "missing_username"),
        (r#"{"username":""}"#, "username", "missing_username"),
        (r#"{"username":null}"#, "username", "missing_username"),
        (r#"{"username":1}"#, "username", "bad_field"),
        (r#"{"username":" "}"#, "username", "bad_field"),
        (r#"{"username":"a\u0000b"}"#, "username", "bad_field"),
        (r#"{"username":"\ud800"}"#, "username", "bad_field"),
        (r#"{"primaryPhone":"4.91E+12"}"#, "primaryPhone", "bad_field"),
        (r#"{"primaryEmail":"ada"}"#, "primaryEmail", "bad_field"),
        (r#"{"username":"a","customData":[]}"#, "customData", "bad_field"),
        (r#"{"username":"a","profile":"{}"}"#, "profile", "bad_field"),
        (r#"{"username":"a","username":"b"}"#, "username", "duplicate_field"),
        (r#"{"username":"a","passwordDigest":"x","passwordEncrypted":"y"}"#, "passwordEncrypted", "duplicate_field"),
        (r#"{"username":"a","x":1,"customData":{"x":2}}"#, "customData", "duplicate_field"),
        (r#"{"username":"a","x":1,"x":2}"#, "customData", "duplicate_field"),
        (r#"{"username":"a","passwordAlgorithm":"MD5"}"#, "passwordEncrypted", "missing_hash"),
        (r#"{"username":"a","passwordSalt":"x"}"#, "passwordEncrypted", "missing_hash"),
        (r#"{"username":"a","password":"x"}"#, "password", "bad_field"),
        (r#"{"username":"a","passwordHash":"x"}"#, "passwordHash", "bad_field"),
        (r#"{"user_name":"a","username":"b"}"#, "user_name", "bad_field"),
        (r#"{"username":"a""#, "record", "bad_json"),
        (r#"{"username":"a"} {"username":"b"}"#, "record", "bad_json"),
        (r#"["username"]"#, "record", "bad_json"),
        (r#"{'username':'a'}"#, "record", "bad_json"),
        (r#"{"username":NaN}"#, "record", "bad_json"),
        ("nonsense", "record", "bad_json"),
    ] {
        assert_eq!(problem(json), (field.to_owned(), code), "{json}");
    }
    let salted =
        format!(r#"{{"username":"a","passwordEncrypted":"{MD5}","passwordAlgorithm":"MD5","passwordSalt":"s"}}"#);
    assert_eq!(problem(&salted), ("passwordSalt".to_owned(), "bad_field"));
}

#[test]
fn the_whole_user_travels_and_what_has_no_place_goes_to_custom_data() {
    let json = r#"{"username":"ada\u00e9\ud83d\ude00","primaryEmail":"a@x","primaryPhone":"1","name":"N","avatar":"A","profile":{ "z":1, "a":[1e400,12345678901234567890123] },"customData":{"k":"\ud83d\ude00"},"identities":{"g":{"userId":"1"}},"createdAt":1700000000000,"ünï":{"x":[null]}}"#;
    let record = record(json).map_err(|problems| format!("{problems:?}")).expect("good");
    assert_eq!(record.username.as_deref(), Some("adaé😀"));
    assert_eq!(record.profile.as_deref(), Some(r#"{ "z":1, "a":[1e400,12345678901234567890123] }"#));
    assert_eq!(
        record.custom_data.as_deref(),
        Some(r#"{"k":"\ud83d\ude00","createdAt":1700000000000,"ünï":{"x":[null]}}"#)
    );
    assert_eq!(record.identities.as_deref(), Some(r#"{"g":{"userId":"1"}}"#));

    // As one line, it is read again as the same.
    let line = record.to_json_line().expect("no password in the clear");
    let (mut again, _) = run(line.clone(), &Rules::default(), None);
    let again = again.remove(0).1.map_err(|problems| format!("{problems:?}")).expect("good");
    assert_eq!(again.to_json_line().as_deref(), Some(line.as_str()));
    assert_eq!(again.custom_data, record.custom_data);
}

#[test]
fn a_user_who_is_suspended_is_counted_as_disabled() {
    for (value, disabled) in [("true", 1), ("\"true\"", 1), ("1", 1), ("false", 0), ("null", 0), ("\"no\"", 0)] {
        let (seen, summary) =
            run(format!("{{\"username\":\"ada\",\"isSuspended\":{value}}}\n"), &Rules::default(), None);
        assert_eq!((seen.len(), summary.good), (1, 1), "{value}");
        assert_eq!(summary.warnings.get(&Code::DisabledAccount).copied().unwrap_or(0), disabled, "{value}");
    }
}

#[test]
fn json_that_nests_too_deep_is_refused_and_does_not_overflow_the_stack() {
    let nested =
        |depth: usize| format!(r#"{{"username":"a","customData":{{"a":{}{}}}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(record(&nested(100)).is_ok());
    assert_eq!(problem(&nested(200)), ("customData".to_owned(), "bad_field"));
    assert_eq!(problem(&nested(100_000)), ("customData".to_owned(), "bad_field"));
    // The same where the field only goes to custom data.
    let unknown = |depth: usize| format!(r#"{{"username":"a","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let record = record(&unknown(127)).map_err(|problems| format!("{problems:?}")).expect("good");
    assert!(run(record.to_json_line().expect("a line"), &Rules::default(), None).0[0].1.is_ok());
    assert_eq!(problem(&unknown(128)), ("customData".to_owned(), "bad_field"));
}

#[test]
fn many_unknown_fields_cost_no_more_than_their_number() {
    let fields: String = (0..100_000).map(|number| format!(",\"field{number}\":{number}")).collect();
    let record =
        record(&format!("{{\"username\":\"a\"{fields}}}")).map_err(|problems| format!("{problems:?}")).expect("good");
    let custom_data = record.custom_data.as_deref().expect("kept");
    assert!(custom_data.starts_with("{\"field0\":0,\"field1\":1,") && custom_data.ends_with(",\"field99999\":99999}"));
}

#[test]
fn a_bad_record_never_stops_the_rest() {
    let lines = b"\xef\xbb\xbf{\"username\":\"a\"}\r\n\r\n{\"username\":\"\xff\"}\n{broken\n{\"username\":\"a\"}\n{\"username\":\"e\"}".to_vec();
    let (seen, summary) = run(lines, &Rules::default(), None);
    let outcomes: Vec<_> =
        seen.iter().map(|(line, outcome)| (*line, outcome.as_ref().err().map(|problems| problems[0].1))).collect();
    assert_eq!(
        outcomes,
        [(1, None), (3, Some("bad_utf8")), (4, Some("bad_json")), (5, Some("duplicate_user")), (6, None)]
    );
    assert_eq!((summary.good, summary.rejected), (2, 3));
}

#[test]
fn duplicates_are_found_in_every_identifier_and_only_good_records_count() {
    let lines = [
        r#"{"username":"a","primaryEmail":"a@x"}"#,
        r#"{"username":"b","primaryEmail":"a@x"}"#,
        r#"{"username":"b"}"#,
        r#"{"username":"c","primaryPhone":"1","passwordAlgorithm":"MD5"}"#,
        r#"{"username":"c","primaryPhone":"1"}"#,
        r#"{"primaryPhone":"1"}"#,
        r#"{"username":"A"}"#,
    ]
    .join("\n");
    let (seen, _) = run(lines, &Rules::default(), None);
    let problems: Vec<_> =
        seen.iter().filter_map(|(line, it)| it.as_ref().err().map(|it| (*line, it[0].clone()))).collect();
    let expected = [
        (2, "primaryEmail", "duplicate_user"),
        (4, "passwordEncrypted", "missing_hash"),
        (6, "primaryPhone", "duplicate_user"),
    ];
    assert_eq!(problems, expected.map(|(line, field, code)| (line, (field.to_owned(), code))));
}

#[test]
fn csv_is_read_as_rfc_4180_says() {
    let csv = format!(
        "username,name,customData,plan,passwordDigest,passwordAlgorithm\r\nada,\"Ada, \"\"L\"\"\r\nCountess\",\"{{\"\"a\"\":1}}\",gold,{MD5},MD5\r\nbob,,,,,\r\neve,x\r\nfay,\"x\"y,,,,\r\ngus,,nonsense,,,\r\n"
    );
    let (seen, summary) = run(csv, &Rules::default(), None);
    assert!(summary.errors.is_empty());
    let ada = seen[0].1.as_ref().map_err(|problems| format!("{problems:?}")).expect("good");
    assert_eq!(ada.name.as_deref(), Some("Ada, \"L\"\r\nCountess"));
    assert_eq!(ada.custom_data.as_deref(), Some("{\"a\":1,\"plan\":\"gold\"}"));
    let rest: Vec<_> = seen[1..].iter().map(|(line, it)| (*line, it.as_ref().err().map(|it| it[0].1))).collect();
    assert_eq!(rest, [(4, None), (5, Some("bad_csv")), (6, Some("bad_csv")), (7, Some("bad_field"))]);
}

#[test]
fn inputs_that_are_not_what_they_claim_are_refused_as_a_whole() {
    let gzip = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).expect("compressed");
        encoder.finish().expect("compressed")
    };
    let lines = "{\"username\":\"a\"}\n{\"username\":\"b\"}\n";
    for (bytes, format, says) in [
        (Vec::new(), None, "empty"),
        (b" \n\n".to_vec(), None, "empty"),
        (b"hello\n".to_vec(), None, "neither JSON nor CSV"),
        (b"name;username\na;b\n".to_vec(), None, "neither JSON nor CSV"),
        (b"username,username\na,b\n".to_vec(), None, "twice"),
        (b"username,passwordHash\na,b\n".to_vec(), None, "did you mean"),
        (b"\xff\xfe{\0\"\0".to_vec(), None, "UTF-16"),
        (b"PK\x03\x04abc".to_vec(), None, "zip"),
        (b"username,passwordEncrypted\rada,5f4dcc3b5aa765d61d8327deb882cf99\r".to_vec(), None, "CR alone"),
        (b"passwordEncrypted,username\r5f4dcc3b5aa765d61d8327deb882cf99,ada\r".to_vec(), Some(Format::Csv), "CR alone"),
        (b"{\n  \"username\": \"a\"\n}\n".to_vec(), None, "several lines"),
        (b"{\"username\":\"a\"}".to_vec(), Some(Format::Json), "not a JSON array"),
        (gzip(lines.as_bytes())[..20].to_vec(), None, "cut off"),
        (gzip(&gzip(lines.as_bytes())), None, "twice"),
    ] {
        let (_, summary) = run(bytes, &Rules::default(), format);
        assert_eq!(summary.errors.len(), 1, "{says}");
        assert!(summary.errors[0].to_string().contains(says), "{}", summary.errors[0]);
        assert!(!summary.errors[0].to_string().contains("5f4d"), "{}", summary.errors[0]);
    }
    assert_eq!(run(Vec::new(), &Rules::default(), Some(Format::Ndjson)).1.errors.len(), 0);
    assert_eq!(run("[]", &Rules::default(), None).1.errors.len(), 0);
}

#[test]
fn compressed_inputs_are_read_through() {
    let lines = "{\"username\":\"a\"}\n{\"username\":\"b\"}\n".as_bytes();
    let mut gzip = Vec::new();
    for line in lines.split_inclusive(|c| *c == b'\n') {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(line).expect("compressed");
        gzip.extend(encoder.finish().expect("compressed")); // members one after another, as `cat a.gz b.gz` makes
    }
    for bytes in [gzip, zstd::encode_all(lines, 3).expect("compressed")] {
        let (seen, summary) = run(bytes, &Rules::default(), None);
        assert_eq!((seen.len(), summary.good, summary.errors.len()), (2, 2, 0));
    }
}

#[test]
fn a_key_that_is_registered_is_not_missing() {
    let json = format!(r#"{{"username":"a","passwordEncrypted":"{}"}}"#, ARGON2I.replace("p=1", "p=1,keyid=a2V5"));
    let mut rules = Rules::default();
    let mut keys = Keyring::new();
    keys.register(KeyId::new("key").expect("an id"), b"secret".to_vec()).expect("new");
    rules.keys = keys;
    assert!(run(json, &rules, None).0[0].1.is_ok());
}

#[test]
fn passwords_in_the_clear_are_taken_only_when_allowed_and_never_when_they_are_hashes() {
    let mut rules = Rules::default();
    rules.allow_plaintext = true;
    let line =
        |text: &str| format!(r#"{{"username":"a","passwordEncrypted":"{text}","passwordAlgorithm":"Plaintext"}}"#);
    let (seen, summary) = run(line(" secret "), &rules, None);
    let record = seen[0].1.as_ref().map_err(|problems| format!("{problems:?}")).expect("good");
    assert!(matches!(record.credential, Credential::Plaintext(_)));
    assert_eq!((summary.plaintext, record.to_json_line()), (1, None));
    for hash in
        [MD5, BCRYPT, ARGON2I, "{SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw==", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"]
    {
        let (seen, _) = run(line(hash), &rules, None);
        assert_eq!(seen[0].1.as_ref().err().map(|it| it[0].1), Some("method_conflict"), "{hash}");
    }
}

#[test]
fn jobs_change_neither_order_nor_counts() {
    let lines: String = (0..20_000)
        .map(|number| match number % 5 {
            0 => format!("{{\"username\":\"u{number}\",\"passwordDigest\":\"{MD5}\",\"passwordAlgorithm\":\"MD5\"}}\n"),
            1 => format!("{{\"username\":\"u{}\"}}\n", number - 1),
            2 => "broken\n".to_owned(),
            _ => format!("{{\"username\":\"u{number}\"}}\n"),
        })
        .collect();
    let run = |jobs| {
        let mut options = Options::default();
        options.jobs = jobs;
        let mut seen = Vec::new();
        let source = Source::new("users", Cursor::new(lines.clone()));
        let (summary, _) = check([source], &Rules::default(), options, |checked| {
            seen.push((checked.line, checked.problems.to_vec()));
            ControlFlow::<()>::Continue(())
        });
        (seen, summary.good, summary.rejected, summary.methods)
    };
    let one = run(1);
    assert_eq!((one.1, one.2), (12_000, 8_000));
    assert!(one == run(4));
}

#[test]
fn white_space_at_the_end_of_a_salt_is_the_salts() {
    // MD5 of " pw".
    let hash = "d10e0ba62c20ed9c269df1329ba0df38";
    for (end, salt) in [(" ", " "), (" \\n", " "), (" \\r\\n", " "), ("", ""), ("\\n", ""), ("ab\\t", "ab\t")] {
        let json = format!(
            r#"{{"username":"a","passwordEncrypted":"{hash}:{end}","passwordEncryptionMethod":"md5_salted_prefix"}}"#
        );
        let record = record(&json).unwrap_or_else(|problems| panic!("{end:?}: {problems:?}"));
        let columns = Columns::default().salt(salt.as_bytes());
        let limits = Limits::default();
        let meant = StoredHash::parse_tagged(&Method::Md5SaltedPrefix.into(), hash, &columns, &limits).expect("a hash");
        let Credential::Hash(stored) = &record.credential else { panic!("a hash") };
        let engine = Engine::new(Policy::default()).expect("entropy");
        let of = |stored: &StoredHash| engine.verify_without_decoy(stored, &Password::new("pw")).is_ok();
        assert_eq!(of(stored), of(&meant), "{end:?}");
        assert_eq!(stored.canonical(), meant.canonical(), "{end:?}");
    }
    // Elsewhere it is around the hash.
    for text in ["5f4dcc3b5aa765d61d8327deb882cf99 ", " {SSHA}AZKja92fbuuB9SpRlHqaoXxbTc43Mzc2MDM1Ng== "] {
        let method = if text.contains("SSHA") { "ldap_ssha" } else { "md5" };
        let json = format!(r#"{{"username":"a","passwordEncrypted":"{text}","passwordEncryptionMethod":"{method}"}}"#);
        let record = record(&json).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        assert_eq!(text_of(&record), text.trim());
    }
}

#[test]
fn wrappers_without_an_end_are_refused_and_do_not_overflow_the_stack() {
    for wrapper in ["{ldap}", "{CRYPT}", "{argon2}", "{ARGON2ID}"] {
        let text = wrapper.repeat(100_000);
        for method in ["", "bcrypt", "ldap", "spring", "passlib", "md5", "argon2id(md5($p))"] {
            let tag =
                if method.is_empty() { String::new() } else { format!(r#","passwordEncryptionMethod":"{method}""#) };
            let json = format!(r#"{{"username":"a","passwordEncrypted":"{text}"{tag}}}"#);
            assert!(record(&json).is_err(), "{wrapper} {method}");
        }
        assert!(!matches!(rehash::identify(&text), rehash::Identification::Named(_)));
    }
}

#[test]
fn the_call_of_a_scheme_may_be_written_as_its_tag() {
    let text = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for tag in ["Argon2id(md5(md5($p).$s))", "ARGON2ID(md5(md5($p).$s))"] {
        let json = format!(
            r#"{{"username":"a","passwordEncrypted":"{text}","passwordEncryptionMethod":"{tag}","passwordSalt":"s"}}"#
        );
        let record = record(&json).unwrap_or_else(|problems| panic!("{tag}: {problems:?}"));
        let Credential::Hash(stored) = &record.credential else { panic!("a hash") };
        assert_eq!(stored.tag(), "argon2id(md5(md5($p).$s))");
    }
}
