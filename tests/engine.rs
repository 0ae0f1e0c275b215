//! The engine's promises: what is accepted, what is upgraded and to what, what is skipped and why, and what a failure costs.
#![allow(clippy::panic, reason = "a test may")]

use std::time::Duration;

use rehash::{
    Accepted, Argon2Target, Code, Denied, Engine, HashError, KeyId, Keyring, Limits, Method, Password, Policy,
    SkipReason, StoredHash, Unverifiable, Upgrade, UpgradeMode,
};

const TARGET: Argon2Target = Argon2Target { memory_kib: 64, passes: 2, lanes: 1 };
const MD5_OF_PASSWORD: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

fn engine() -> Engine {
    engine_with(|policy| policy)
}

fn engine_with(change: impl FnOnce(rehash::PolicyBuilder) -> rehash::PolicyBuilder) -> Engine {
    Engine::new(change(Policy::builder(TARGET)).build().expect("within limits")).expect("entropy")
}

fn md5() -> StoredHash {
    StoredHash::parse(Method::Md5, MD5_OF_PASSWORD, &Limits::default()).expect("an MD5")
}

fn argon2(text: &str) -> StoredHash {
    StoredHash::parse_self_describing(text, &Limits::default()).expect("an Argon2 hash")
}

fn bcrypt(password: &[u8]) -> StoredHash {
    let text =
        ::bcrypt::hash_with_salt(password, 4, [7; 16]).expect("a hash").format_for_version(::bcrypt::Version::TwoB);
    StoredHash::parse(Method::Bcrypt, &text, &Limits::default()).expect("a bcrypt hash")
}

/// A hash made with other parameters.
fn made_with(target: Argon2Target, password: &str) -> StoredHash {
    let engine = Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy");
    engine.hash(&Password::new(password)).expect("a hash")
}

fn ready(accepted: Accepted) -> StoredHash {
    match accepted.upgrade {
        Upgrade::Ready(replacement) => replacement.new_hash().clone(),
        other => panic!("{other:?}"),
    }
}

fn skipped(accepted: Accepted) -> SkipReason {
    match accepted.upgrade {
        Upgrade::Skipped(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_right_password_is_ok_and_nothing_else_is() {
    let engine = engine();
    assert!(engine.verify(&md5(), &Password::new("password")).is_ok());
    for wrong in ["", "Password", "password ", "password\0", "passwor", MD5_OF_PASSWORD] {
        assert_eq!(engine.verify(&md5(), &Password::new(wrong)).unwrap_err(), Denied::WrongPassword, "{wrong}");
    }
    assert_eq!(engine.verify_unknown_user(&Password::new("password")), Denied::WrongPassword);
}

#[test]
fn an_upgrade_names_what_it_replaces_and_verifies_afterwards() {
    let engine = engine();
    let stored = StoredHash::parse(Method::Md5, &MD5_OF_PASSWORD.to_uppercase(), &Limits::default()).expect("an MD5");
    let Upgrade::Ready(replacement) = engine.verify(&stored, &Password::new("password")).expect("accepted").upgrade
    else {
        panic!("an upgrade is due");
    };
    // A compare-and-swap must name the text as the table holds it.
    assert_eq!(replacement.expected().text(), MD5_OF_PASSWORD.to_uppercase());
    assert!(replacement.new_hash().text().starts_with("$argon2id$v=19$m=64,t=2,p=1$"));
    let again = engine.verify(replacement.new_hash(), &Password::new("password")).expect("accepted");
    assert!(matches!(again.upgrade, Upgrade::NotNeeded));
    assert!(engine.verify(replacement.new_hash(), &Password::new("Password")).is_err());
}

#[test]
fn weaker_in_any_parameter_is_upgraded_and_stronger_is_left_alone() {
    let engine = engine();
    let target = |memory_kib, passes, lanes| Argon2Target { memory_kib, passes, lanes };
    for (stored, is_weaker) in [
        (target(64, 2, 1), false),
        (target(63, 2, 1), true),
        (target(64, 1, 1), true),
        (target(65, 3, 1), false),
        (target(64, 2, 4), false), // lanes are a layout, not a strength
        (target(4096, 1, 1), true),
    ] {
        let hash = made_with(stored, "p");
        assert_eq!(engine.policy().is_weaker(&hash), is_weaker, "{stored}");
        let accepted = engine.verify(&hash, &Password::new("p")).expect("accepted");
        assert_eq!(matches!(accepted.upgrade, Upgrade::Ready(_)), is_weaker, "{stored}");
    }
}

#[test]
fn incomparable_parameters_take_the_greater_of_each() {
    let engine = engine();
    for (stored, new) in [((4096, 1), "m=4096,t=2,p=1"), ((16, 9), "m=64,t=9,p=1")] {
        let hash = made_with(Argon2Target { memory_kib: stored.0, passes: stored.1, lanes: 1 }, "p");
        let replacement = ready(engine.verify(&hash, &Password::new("p")).expect("accepted"));
        assert_eq!(replacement.parameters(), new);
        assert!(!engine.policy().is_weaker(&replacement));
    }
}

/// The policy's question needs no computation, so the digests here are nobody's; real ones are in the vectors.
#[test]
fn variant_version_salt_and_output_count() {
    let engine = engine();
    let i = "$argon2i$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE";
    assert!(engine.policy().is_weaker(&argon2(i)));
    let no_version = "$argon2id$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE";
    assert!(engine.policy().is_weaker(&argon2(no_version)));
    let short_salt = "$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE";
    assert!(engine.policy().is_weaker(&argon2(short_salt)));
    let short_output = "$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6A";
    assert!(engine.policy().is_weaker(&argon2(short_output)));
    let long_both = "$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcEgCNIncfnHUuGpMDrIHpPo";
    assert!(!engine.policy().is_weaker(&argon2(long_both)));
}

#[test]
fn bytes_after_seventy_two_are_ignored_and_such_passwords_are_not_upgraded() {
    let engine = engine();
    let long = |tail: &str| Password::new("a".repeat(72) + tail);
    let stored = bcrypt(&[b'a'; 72]);
    assert!(matches!(engine.verify(&stored, &long("")).expect("accepted").upgrade, Upgrade::Ready(_)));
    for tail in ["b", "bcd", &"x".repeat(300)] {
        let accepted = engine.verify(&stored, &long(tail)).expect("accepted");
        assert_eq!(skipped(accepted), SkipReason::TruncationAmbiguous);
    }
    assert!(engine.verify(&stored, &Password::new("a".repeat(71))).is_err());
}

/// Synapse brings passwords into Unicode's form KC. Whoever types another spelling is let in, and keeps the hash that lets them in.
#[test]
fn a_normal_form_is_part_of_the_tag() {
    let engine = engine();
    let (apart, whole) = ("e\u{301} \u{fb01}", "\u{e9} fi");
    let text = ::bcrypt::hash_with_salt(whole, 4, [7; 16]).expect("a hash").to_string();
    let parse = |tag: &str| {
        let tag = tag.parse().expect("a tag");
        StoredHash::parse_tagged(&tag, &text, &rehash::Columns::default(), &Limits::default()).expect("well formed")
    };
    let normalized = parse("bcrypt(nfkc($p))");
    let skips = engine.verify(&normalized, &Password::new(apart)).expect("accepted");
    assert_eq!(skipped(skips), SkipReason::TruncationAmbiguous);
    let _ = ready(engine.verify(&normalized, &Password::new(whole)).expect("accepted"));
    // As they are, without the tag; and the form C leaves the ligature.
    for other in [parse("bcrypt"), parse("bcrypt(nfc($p))")] {
        assert!(engine.verify(&other, &Password::new(whole)).is_ok());
        assert!(engine.verify(&other, &Password::new(apart)).is_err());
    }
    assert!(engine.verify(&parse("bcrypt(nfc($p))"), &Password::new("e\u{301} fi")).is_ok());
}

#[test]
fn a_password_with_a_nul_never_matches_a_bcrypt_row() {
    let engine = engine();
    for (row, attempt) in [("", "\0\0\0\0"), ("ab", "ab\0"), ("ab", "ab\0ab"), ("ab", "\0ab")] {
        assert!(engine.verify(&bcrypt(row.as_bytes()), &Password::new(row)).is_ok());
        assert_eq!(engine.verify(&bcrypt(row.as_bytes()), &Password::new(attempt)).unwrap_err(), Denied::WrongPassword);
    }
}

#[test]
fn an_oversized_password_matches_nothing_and_is_not_hashed() {
    let engine = engine();
    let whole = "a".repeat(Password::BYTES_MAX);
    let stored = engine.hash(&Password::new(whole.clone())).expect("a hash");
    assert!(engine.verify(&stored, &Password::new(whole.clone())).is_ok());
    let over = || Password::new(whole.clone() + "b");
    assert_eq!(engine.verify(&stored, &over()).unwrap_err(), Denied::WrongPassword);
    assert_eq!(engine.hash(&over()).unwrap_err(), HashError::PasswordTooLong);
    // Nor where the method looks at the first 72 bytes only.
    assert_eq!(engine.verify(&bcrypt(&[b'a'; 72]), &over()).unwrap_err(), Denied::WrongPassword);
}

#[test]
fn upgrades_can_be_off_or_counted() {
    for (mode, reason) in [(UpgradeMode::Off, SkipReason::TurnedOff), (UpgradeMode::Count, SkipReason::CountOnly)] {
        let engine = engine_with(|policy| policy.upgrade(mode));
        assert_eq!(skipped(engine.verify(&md5(), &Password::new("password")).expect("accepted")), reason);
        let current = engine.hash(&Password::new("p")).expect("a hash");
        let accepted = engine.verify(&current, &Password::new("p")).expect("accepted");
        assert!(matches!(accepted.upgrade, Upgrade::NotNeeded));
    }
}

#[test]
fn a_replacement_that_would_break_the_limits_is_not_made() {
    let stored = made_with(Argon2Target { memory_kib: 8, passes: 100, lanes: 1 }, "p");
    let engine = engine_with(|policy| policy.limits(Limits::default().argon2_work_kib(1000)));
    let accepted = engine.verify(&stored, &Password::new("p")).expect("accepted");
    assert_eq!(skipped(accepted), SkipReason::BeyondLimits);
}

/// Logto once wrote Argon2i of 4 MiB and 256 passes. As many over 19 MiB are more than the limits allow, and more than anybody would
/// wait for.
#[test]
fn another_argon2_that_would_break_the_limits_is_replaced_by_no_less_work() {
    use ::argon2::{Algorithm, Params, Version};
    use base64ct::{Base64Unpadded, Encoding as _};
    let low = Limits::default().argon2_work_kib(1000);
    let owasp = Argon2Target::OWASP_19_MIB;
    for (target, limits, kind, (memory, passes), new) in [
        (TARGET, low, (Algorithm::Argon2i, Version::V0x13), (8, 100), Some("m=64,t=13,p=1")),
        (TARGET, low, (Algorithm::Argon2id, Version::V0x10), (8, 100), Some("m=64,t=13,p=1")),
        (TARGET, low, (Algorithm::Argon2id, Version::V0x13), (8, 100), None),
        (TARGET, low, (Algorithm::Argon2i, Version::V0x13), (8, 15), Some("m=64,t=15,p=1")),
        (owasp, Limits::default(), (Algorithm::Argon2i, Version::V0x13), (4096, 256), Some("m=19456,t=54,p=1")),
    ] {
        let policy = Policy::builder(target).limits(limits).build().expect("within limits");
        let engine = Engine::new(policy).expect("entropy");
        let (algorithm, version) = kind;
        let params = Params::new(memory, passes, 1, None).expect("valid");
        let mut output = [0; 32];
        ::argon2::Argon2::new(algorithm, version, params)
            .hash_password_into(b"p", b"0123456789abcdef", &mut output)
            .expect("a hash");
        let output = Base64Unpadded::encode_string(&output);
        let version = if version == Version::V0x13 { "v=19$" } else { "" };
        let text =
            format!("${}${version}m={memory},t={passes},p=1$MDEyMzQ1Njc4OWFiY2RlZg${output}", algorithm.as_str());
        let accepted = engine.verify(&argon2(&text), &Password::new("p")).expect("accepted");
        let made = match accepted.upgrade {
            Upgrade::Ready(replacement) => Some(replacement.new_hash().parameters()),
            Upgrade::Skipped(SkipReason::BeyondLimits) => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(made.as_deref(), new, "{text}");
    }
}

#[test]
fn a_method_that_is_retired_lets_nobody_in_and_others_do() {
    let engine = engine_with(|policy| policy.retired([Method::Md5, Method::Bcrypt]));
    let rows = [md5(), bcrypt(b"password"), bcrypt(b"other")];
    for row in &rows {
        let denied = engine.verify(row, &Password::new("password")).map(drop).unwrap_err();
        assert_eq!(denied, Denied::Unverifiable(Unverifiable::Retired));
    }
    let password = Password::new("password");
    let pairs: Vec<_> = rows.iter().map(|row| (row, &password)).collect();
    for verdict in engine.verify_batch(&pairs) {
        assert_eq!(verdict.map(drop).unwrap_err(), Denied::Unverifiable(Unverifiable::Retired));
    }
    let text = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8";
    let sha1 = StoredHash::parse(Method::Sha1, text, &Limits::default()).expect("well formed");
    assert!(engine.verify(&sha1, &password).is_ok());
    assert_eq!(engine.policy().retired(), [Method::Md5, Method::Bcrypt]);
    let lenient = engine.policy().clone().into_builder().retired([]).build().expect("within limits");
    assert!(!lenient.is_retired(Method::Md5) && lenient.target() == engine.policy().target());
    let all = Policy::builder(TARGET).retired([Method::Argon2id]).build();
    assert!(all.unwrap_err().bounds().is_none(), "nobody could sign in twice");
}

#[test]
fn how_wide_a_column_must_be_is_known() {
    for (memory_kib, passes, lanes) in [(8, 1, 1), (64, 2, 1), (1024, 12, 4), (19_456, 2, 1)] {
        for pepper in [None, Some("2026-01")] {
            let mut keys = Keyring::new();
            if let Some(id) = pepper {
                let id = KeyId::new(id).expect("an id");
                keys.register(id.clone(), vec![7; 32]).expect("a key");
                keys.set_current(&id).expect("a pepper");
            }
            let target = Argon2Target { memory_kib, passes, lanes };
            let policy = Policy::builder(target).keys(keys).build().expect("within limits");
            let width = policy.text_len();
            let engine = Engine::new(policy).expect("entropy");
            assert_eq!(engine.hash(&Password::new("p")).expect("a hash").text().len(), width);
        }
    }
}

#[test]
fn a_policy_whose_limits_refuse_its_target_is_refused() {
    for limits in [
        Limits::default().argon2_memory_kib(63),
        Limits::default().argon2_passes(1),
        Limits::default().argon2_lanes(0),
        Limits::default().argon2_work_kib(127),
    ] {
        assert!(Policy::builder(TARGET).limits(limits).build().is_err(), "{limits:?}");
    }
    for target in [(7, 1, 1), (64, 0, 1), (64, 1, 0), (64, 1, 9)] {
        let target = Argon2Target { memory_kib: target.0, passes: target.1, lanes: target.2 };
        assert!(Policy::builder(target).build().is_err(), "{target}");
    }
}

#[test]
fn limits_are_held_when_a_hash_is_verified_too() {
    // Parsed under other limits than the engine's, as a process that was restarted with lower ones may have.
    let stored = made_with(Argon2Target { memory_kib: 4096, passes: 1, lanes: 1 }, "p");
    let engine = engine_with(|policy| policy.limits(Limits::default().argon2_memory_kib(64)));
    match engine.verify(&stored, &Password::new("p")).unwrap_err() {
        Denied::Unverifiable(Unverifiable::OverLimit(bounds)) => {
            assert_eq!((bounds.parameter, bounds.max, bounds.actual), ("memory_kib", 64, 4096));
            assert_eq!(bounds.code(), Code::CostTooHigh);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn costs_over_the_limit_are_refused_before_any_work() {
    let salt_and_hash = "MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE";
    for parameters in
        ["m=1048577,t=1,p=1", "m=4294967295,t=1,p=1", "m=8192,t=1025,p=1", "m=1048576,t=5,p=1", "m=8192,t=1,p=65"]
    {
        let text = format!("$argon2id$v=19${parameters}${salt_and_hash}");
        let error = StoredHash::parse_self_describing(&text, &Limits::default()).unwrap_err();
        assert_eq!(error.code(), Code::CostTooHigh, "{parameters}");
        assert!(error.bounds().is_some());
    }
    let text = "$2b$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    assert_eq!(StoredHash::parse_self_describing(text, &Limits::default()).unwrap_err().code(), Code::CostTooHigh);
    assert!(StoredHash::parse_self_describing(text, &Limits::default().bcrypt_cost(16)).is_ok());
}

fn keyring(ids: &[&str], current: Option<&str>) -> Keyring {
    let mut keys = Keyring::new();
    for id in ids {
        keys.register(KeyId::new(id).expect("an id"), format!("the secret of {id}")).expect("a new key");
    }
    if let Some(id) = current {
        keys.set_current(&KeyId::new(id).expect("an id")).expect("registered");
    }
    keys
}

#[test]
fn a_pepper_is_rotated_and_never_dropped() {
    let password = || Password::new("p");
    let old = engine_with(|policy| policy.keys(keyring(&["2024"], Some("2024"))));
    let stored = old.hash(&password()).expect("a hash");
    assert!(stored.text().contains(",keyid=MjAyNA$"), "{}", stored.text());

    // Both registered, the new one current: verified with the old, replaced under the new.
    let rotating = engine_with(|policy| policy.keys(keyring(&["2024", "2026"], Some("2026"))));
    let replacement = ready(rotating.verify(&stored, &password()).expect("accepted"));
    assert!(replacement.text().contains(",keyid=MjAyNg$"));
    assert!(matches!(rotating.verify(&replacement, &password()).expect("accepted").upgrade, Upgrade::NotNeeded));

    // An unpeppered hash is weaker than a policy with a pepper.
    assert!(rotating.policy().is_weaker(&made_with(TARGET, "p")));

    // None current: nothing to do, and an upgrade for another reason keeps the key it had.
    let none_current = engine_with(|policy| policy.keys(keyring(&["2024"], None)));
    assert!(matches!(none_current.verify(&stored, &password()).expect("accepted").upgrade, Upgrade::NotNeeded));
    let stronger = Argon2Target { memory_kib: 128, ..TARGET };
    let policy = Policy::builder(stronger).keys(keyring(&["2024"], None)).build().expect("within limits");
    let replacement = ready(Engine::new(policy).expect("entropy").verify(&stored, &password()).expect("accepted"));
    assert!(replacement.text().contains(",keyid=MjAyNA$"));
}

#[test]
fn a_missing_key_is_named_and_is_not_a_wrong_password() {
    let peppered = engine_with(|policy| policy.keys(keyring(&["2024"], Some("2024"))));
    let stored = peppered.hash(&Password::new("p")).expect("a hash");
    let denied = engine().verify(&stored, &Password::new("p")).unwrap_err();
    assert!(denied.to_string().contains("2024"), "{denied}");
    assert!(matches!(denied, Denied::Unverifiable(Unverifiable::MissingKey { .. })));
    assert_eq!(stored.check_keys(&Keyring::new()).unwrap_err().code(), Code::MissingKey);
    // Another secret under the same id is a wrong password: nobody can tell the difference.
    let mut other = Keyring::new();
    other.register(KeyId::new("2024").expect("an id"), b"another".to_vec()).expect("a new key");
    let engine = engine_with(|policy| policy.keys(other));
    assert_eq!(engine.verify(&stored, &Password::new("p")).unwrap_err(), Denied::WrongPassword);
}

#[test]
fn a_keyring_refuses_what_cannot_work() {
    let id = || KeyId::new("a").expect("an id");
    assert!(KeyId::new("").is_err() && KeyId::new("k".repeat(65)).is_err() && KeyId::new("k".repeat(64)).is_ok());
    let mut keys = Keyring::new();
    assert!(keys.register(id(), b"".to_vec()).is_err());
    assert!(keys.set_current(&id()).is_err());
    keys.register(id(), b"x".to_vec()).expect("new");
    assert!(keys.register(id(), b"y".to_vec()).is_err());
    // `keyid=` of a PHC string has room for 8 bytes: a longer name is good for reading, and never for writing.
    let long = KeyId::new("firebase-project").expect("an id");
    keys.register(long.clone(), b"z".to_vec()).expect("new");
    assert!(keys.set_current(&long).is_err() && keys.set_current(&id()).is_ok());
}

#[test]
fn nothing_shows_a_secret() {
    let engine = engine_with(|policy| policy.keys(keyring(&["k"], Some("k"))));
    let secret = "CANARY-password";
    let stored = engine.hash(&Password::new(secret)).expect("a hash");
    let accepted = engine.verify(&md5(), &Password::new("password")).expect("accepted");
    let shown = format!("{engine:?} {stored:?} {accepted:?} {:?}", engine.policy());
    let salt_and_hash: Vec<_> = stored.text().rsplit('$').take(2).collect();
    for canary in ["CANARY", "the secret of", MD5_OF_PASSWORD].iter().chain(&salt_and_hash) {
        assert!(!shown.contains(canary), "{shown}");
    }
}

/// Failures cost at least what the target costs: a fast hash does not answer sooner than an unknown user. The least of
/// interleaved rounds, held loosely, by a factor of four; the bench `timing` measures.
#[test]
fn a_wrong_password_costs_what_an_unknown_user_costs() {
    let target = Argon2Target { memory_kib: 2048, passes: 3, lanes: 1 };
    let engine = Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy");
    let current = engine.hash(&Password::new("p")).expect("a hash");
    let (md5, bcrypt) = (md5(), bcrypt(b"x"));
    let wrong = || Password::new("wrong");
    let classes: [(&str, &dyn Fn()); 6] = [
        ("unknown user", &|| drop(engine.verify_unknown_user(&wrong()))),
        ("md5", &|| drop(engine.verify(&md5, &wrong()))),
        ("bcrypt 4", &|| drop(engine.verify(&bcrypt, &wrong()))),
        ("argon2id", &|| drop(engine.verify(&current, &wrong()))),
        ("oversized", &|| drop(engine.verify(&md5, &Password::new("x".repeat(5000))))),
        ("md5 without the decoy", &|| drop(engine.verify_without_decoy(&md5, &wrong()))),
    ];
    let mut least = [Duration::MAX; 6];
    for _ in 0..20 {
        for ((_, work), least) in classes.iter().zip(&mut least) {
            let start = std::time::Instant::now();
            work();
            *least = start.elapsed().min(*least);
        }
    }
    let unknown = least[0];
    for ((name, _), took) in classes.iter().zip(least).take(5) {
        assert!(took * 4 > unknown && unknown * 4 > took, "{name}: {took:?}, an unknown user {unknown:?}");
    }
    assert!(least[5] * 4 < unknown, "without the decoy: {:?}, an unknown user {unknown:?}", least[5]);
}

#[test]
fn wordpress_passwords_match_without_their_white_space_and_are_not_replaced_then() {
    // As `wp_hash_password` of WordPress 6.8 makes it of "password", with white space around it or not.
    let text = "$wp$2y$10$abcdefghijklmnopqrstuumEoo.ju1cwQjKzeYRkDL5edk3VdeiFy";
    let stored = StoredHash::parse(Method::WordpressBcrypt, text, &Limits::default()).expect("a hash");
    let engine = engine();
    let verify = |password: &str| engine.verify(&stored, &Password::new(password)).map(|accepted| accepted.upgrade);
    assert!(matches!(verify("password"), Ok(Upgrade::Ready(_))));
    for padded in [" password", "password\n", "\t\u{b}password \0\r"] {
        assert!(matches!(verify(padded), Ok(Upgrade::Skipped(rehash::SkipReason::TrimmedPassword))), "{padded:?}");
    }
    for other in ["passwor d", "\u{a0}password", "", " ", "x password"] {
        assert!(verify(other).is_err(), "{other:?}");
    }
}

#[test]
fn a_batch_gives_what_each_gives_alone() {
    let limits = Limits::default();
    let parse = |method, text: &str| StoredHash::parse(method, text, &limits).expect(text);
    let mut stored = vec![parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99")];
    for (number, prefix) in ["$2a$", "$2b$", "$2y$", "$2b$", "$2b$", "$2b$", "$2x$"].into_iter().enumerate() {
        let cost = if number == 3 { 5 } else { 4 };
        let salt = [number as u8 + 1; 16];
        let text = bcrypt::hash_with_salt(format!("password{}", number % 5), cost, salt).expect("a hash").to_string();
        stored.push(parse(Method::Bcrypt, &text.replacen("$2b$", prefix, 1)));
    }
    stored.push(parse(Method::WordpressBcrypt, "$wp$2y$04$1L1nAjWAH.eFrJKg5IkM0ONqcH4vNtCJz/sgx6JYxjGs1Qclgqq46"));
    stored.push(parse(Method::Bcrypt, "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    let engine = engine_with(|builder| builder.limits(Limits::default().bcrypt_cost(14)));
    let passwords: Vec<_> = ["password", "password0", "password1", "password3", "password ", "nul\0", "", "password4"]
        .into_iter()
        .map(Password::new)
        .chain([Password::new(vec![b'x'; 5000])])
        .collect();
    let pairs: Vec<_> =
        stored.iter().flat_map(|stored| passwords.iter().map(move |password| (stored, password))).collect();
    let shown = |outcome: &Result<rehash::Accepted, Denied>| match outcome {
        Ok(accepted) => match &accepted.upgrade {
            Upgrade::Ready(replacement) => replacement.expected().text().to_owned(),
            other => format!("{other:?}"),
        },
        Err(denied) => format!("{denied:?}"),
    };
    let alone: Vec<_> = pairs.iter().map(|(stored, password)| shown(&engine.verify(stored, password))).collect();
    assert_eq!(engine.verify_batch(&pairs).iter().map(shown).collect::<Vec<_>>(), alone);
    assert_eq!(engine.verify_batch_without_decoy(&pairs).iter().map(shown).collect::<Vec<_>>(), alone);
    assert!(alone.iter().filter(|shown| shown.starts_with("$2")).count() >= 5, "{alone:?}");
    assert!(engine.verify_batch(&[]).is_empty());
}

fn tagged(tag: &str, text: &str, salt: Option<&[u8]>) -> Result<StoredHash, rehash::ParseError> {
    let columns = rehash::Columns::default();
    let columns = salt.map_or(columns, |salt| columns.salt(salt));
    StoredHash::parse_tagged(&tag.parse().expect(tag), text, &columns, &Limits::default())
}

#[test]
fn an_expression_is_bounded_in_what_it_holds_and_in_what_it_hashes() {
    let code = |tag: &str| tagged(tag, MD5_OF_PASSWORD, None).map(|_| ()).map_err(|error| error.code());
    for tag in [
        "md5(iterate(40,$p,$x.$x))",
        "md5(iterate(1000,$p,$x.$p))",
        "iterate(9000000,md5(pad($p,4096)),md5(pad($x,4096)))",
        "iterate(10000001,md5($p),md5($x))",
    ] {
        assert_eq!(code(tag), Err(Code::CostTooHigh), "{tag}");
    }
    let said = tagged("md5(iterate(40,$p,$x.$x))", MD5_OF_PASSWORD, None).map(|_| ()).unwrap_err().to_string();
    assert!(said.contains("grow beyond 262144 bytes"), "{said}");
    for tag in ["iterate(10000000,md5($p))", "md5($p.$p.$p)", "md5(utf16le($p))"] {
        assert_eq!(code(tag), Ok(()), "{tag}");
    }
    // A salt counts by its length.
    let long = vec![b's'; 300 * 1024];
    let refused = tagged("md5($s.$p)", MD5_OF_PASSWORD, Some(&long)).map(|_| ()).map_err(|error| error.code());
    assert_eq!(refused, Err(Code::CostTooHigh));
}

#[test]
fn a_password_whose_length_makes_every_round_dearer_is_refused_where_there_are_many() {
    let engine = engine();
    let too_long = |result: Result<Accepted, Denied>| {
        matches!(result.map(|_| ()), Err(Denied::Unverifiable(Unverifiable::PasswordTooLong)))
    };
    let (short, long) = (Password::new(vec![b'x'; 128]), Password::new(vec![b'x'; 4096]));
    let dear = [
        ("sha512crypt", format!("$6$rounds=1000000$saltsalt${}/", "a".repeat(85))),
        ("sha256crypt", format!("$5$rounds=1000000$saltsalt${}.", "a".repeat(42))),
        ("phpass", format!("$P$M12345678{}", "a".repeat(21) + ".")),
        ("iterate(9999999,md5($p),md5($x.$p))", MD5_OF_PASSWORD.to_owned()),
    ];
    for (tag, text) in &dear {
        let stored = tagged(tag, text, None).unwrap_or_else(|error| panic!("{tag}: {error}"));
        assert!(too_long(engine.verify(&stored, &long)), "{tag}");
        assert!(too_long(engine.verify_batch(&[(&stored, &long)]).remove(0)), "{tag}");
    }
    // What costs little may be long, and no length that is usual is refused at any cost.
    for (tag, text, longest) in [
        ("sha512crypt", format!("$6$rounds=1000$saltsalt${}/", "a".repeat(85)), 1400),
        ("sha512crypt", format!("$6$saltsalt${}/", "a".repeat(85)), 4096),
        ("sha256crypt", format!("$5$saltsalt${}.", "a".repeat(42)), 4096),
        ("md5crypt", format!("$1$saltsalt${}.", "a".repeat(21)), 4096),
        ("phpass", format!("$P$512345678{}", "a".repeat(21) + "."), 4096),
        ("phpass", format!("$P$B12345678{}", "a".repeat(21) + "."), 4096),
        ("drupal7", format!("$S$E12345678{}", "a".repeat(43)), 512),
        ("iterate(1000,md5($p),md5($x.$p))", MD5_OF_PASSWORD.to_owned(), 2000),
        ("phpass(sha512($p).$p)", format!("$P$B12345678{}", "a".repeat(21) + "."), 300),
    ] {
        let stored = tagged(tag, &text, None).unwrap_or_else(|error| panic!("{tag}: {error}"));
        let password = Password::new(vec![b'x'; longest]);
        assert_eq!(engine.verify(&stored, &password).unwrap_err(), Denied::WrongPassword, "{tag}");
    }
    // Four times the work of a short password, and not of what the limits allow.
    let phpass = tagged("phpass", &format!("$P$I12345678{}", "a".repeat(21) + "."), None).expect("a hash");
    assert!(too_long(engine.verify(&phpass, &Password::new(vec![b'x'; 232]))));
    // Drupal takes no more than 512 bytes, whatever they cost.
    let drupal = tagged("drupal7", &format!("$S$512345678{}", "a".repeat(43)), None).expect("a hash");
    assert_eq!(engine.verify(&drupal, &Password::new(vec![b'x'; 512])).unwrap_err(), Denied::WrongPassword);
    assert!(too_long(engine.verify(&drupal, &Password::new(vec![b'x'; 513]))));
    for (tag, text, low) in [
        ("sha512crypt", format!("$6$rounds=1000$saltsalt${}/", "a".repeat(85)), Limits::default().crypt_rounds(1000)),
        ("sha256crypt", format!("$5$rounds=1000$saltsalt${}.", "a".repeat(42)), Limits::default().crypt_rounds(1000)),
        ("phpass", format!("$P$512345678{}", "a".repeat(21) + "."), Limits::default().phpass_cost(7)),
        ("drupal7", format!("$S$512345678{}", "a".repeat(43)), Limits::default().phpass_cost(7)),
        ("iterate(1000,md5($p),md5($x.$p))", MD5_OF_PASSWORD.to_owned(), Limits::default().digest_rounds(1001)),
    ] {
        let stored = tagged(tag, &text, None).unwrap_or_else(|error| panic!("{tag}: {error}"));
        let engine = engine_with(|policy| policy.limits(low));
        assert_eq!(engine.verify(&stored, &short).unwrap_err(), Denied::WrongPassword, "{tag}");
    }
}

#[test]
fn what_an_earlier_version_wrote_out_is_wordpress_still() {
    let phpass = "$P$B12345678".to_owned() + &"a".repeat(21) + ".";
    for (method, text) in [("md5", MD5_OF_PASSWORD), ("phpass", &phpass), ("wordpress_phpass", &phpass)] {
        let whole = format!("$rehash${method}${text}");
        match tagged("wordpress", &whole, None) {
            Ok(stored) => assert_eq!(stored.method().as_str(), method),
            // A text that names its method needs no prefix.
            Err(error) => assert_ne!(error.code(), Code::MethodConflict, "{whole}: {error}"),
        }
    }
    assert!(tagged("wordpress", &format!("$rehash$md5${MD5_OF_PASSWORD}"), None).is_ok());
    assert!(tagged("wordpress", &format!("$rehash$sha1${}", "0".repeat(40)), None).is_err());
}

#[test]
fn a_pair_whose_text_says_the_method_once_more_is_compared_as_it_was_read() {
    let upper = MD5_OF_PASSWORD.to_uppercase();
    for inner in [MD5_OF_PASSWORD, &upper, "X03MO1qnZdYdgyfeuILPmQ=="] {
        let whole = format!("$rehash$md5${inner}");
        for tag in ["md5", "wordpress"] {
            let stored = tagged(tag, &whole, None).expect("an MD5");
            assert_eq!((stored.text(), &*stored.canonical()), (&*whole, MD5_OF_PASSWORD));
            assert_eq!(stored.self_describing(), whole);
            let canonical = stored.into_canonical();
            assert_eq!((canonical.text(), canonical.tag()), (MD5_OF_PASSWORD, "md5"));
        }
    }
}

#[test]
fn a_record_that_any_password_would_open_is_refused() {
    let text = "$2b$04$abcdefghijklmnopqrstuuLXXhjMsWpv/bC9fkW1H1u5aF3Kr2l3S";
    let text = &format!("{}{}", &text[..59], "O");
    let code =
        |tag: &str, salt: usize| tagged(tag, text, Some(&vec![b's'; salt])).map(|_| ()).map_err(|error| error.code());
    assert_eq!(code("bcrypt($s.$p)", 72), Err(Code::Malformed));
    assert_eq!(code("bcrypt($s.md5($p))", 72), Err(Code::Malformed));
    assert_eq!(code("bcrypt($s.$p)", 71), Ok(()));
    assert_eq!(code("bcrypt($p.$s)", 72), Ok(()));
    let named = |user: &str| {
        let columns = rehash::Columns::default().user(user.as_bytes());
        StoredHash::parse_tagged(&Method::Smf21.into(), text, &columns, &Limits::default()).map(|_| ())
    };
    assert!(named(&"a".repeat(71)).is_ok());
    assert_eq!(named(&"a".repeat(72)).unwrap_err().code(), Code::Malformed);
    assert!("md5(substr($p,0,0))".parse::<rehash::Tag>().is_err());
    // A key is not known before there is a keyring.
    let mut keys = Keyring::new();
    keys.register(KeyId::new("site").expect("an id"), vec![b'k'; 72]).expect("a key");
    let stored = tagged("bcrypt(key:site.$p)", text, None).expect("well formed");
    let engine = engine_with(|policy| policy.keys(keys));
    let denied = engine.verify(&stored, &Password::new("x")).unwrap_err();
    assert_eq!(denied, Denied::Unverifiable(Unverifiable::AnyPassword));
}

#[test]
fn a_password_of_which_an_expression_kept_a_part_is_accepted_and_not_upgraded() {
    let engine = engine();
    // MD5 of "abc", and of "password".
    let abc = "900150983cd24fb0d6963f7d28e17f72";
    for (tag, password) in [("md5(substr($p,0,3))", "abcdef"), ("md5(lc($p))", "aBC"), ("md5(substr($p,0,3))", "abc")] {
        let stored = tagged(tag, abc, None).expect(tag);
        let accepted = engine.verify(&stored, &Password::new(password)).expect(tag);
        assert_eq!(skipped(accepted), SkipReason::TruncationAmbiguous, "{tag}");
    }
    for tag in ["md5(substr($p,0,9))", "md5(latin1($p))", "md5(rev(rev($p)))"] {
        let stored = tagged(tag, MD5_OF_PASSWORD, None).expect(tag);
        ready(engine.verify(&stored, &Password::new("password")).expect(tag));
    }
}

#[test]
fn constants_of_an_expression_are_in_no_parameters_and_no_debug() {
    let stored = tagged("md5($p.'TOPSECRET')", MD5_OF_PASSWORD, None).expect("well formed");
    assert_eq!(stored.parameters(), "md5($p.'…')");
    let tag: rehash::Tag = "hmac_sha256('TOPSECRET',$p)".parse().expect("a tag");
    for shown in [format!("{stored:?}"), format!("{tag:?}")] {
        assert!(!shown.contains("TOPSECRET"), "{shown}");
    }
    assert!(stored.tag().contains("TOPSECRET"), "the tag itself is whole");
}
