//! Properties that hold for all inputs, and differences from other well-kept crates that must not be.
#![allow(clippy::panic, reason = "a test may")]

use proptest::collection::vec;
use proptest::prelude::*;

use rehash::{Argon2Target, Code, Engine, Limits, Method, Password, Policy, StoredHash, Upgrade};

fn engine(memory_kib: u32, passes: u32, lanes: u32) -> Engine {
    let policy = Policy::builder(Argon2Target { memory_kib, passes, lanes }).build().expect("within limits");
    Engine::new(policy).expect("entropy")
}

fn target() -> impl Strategy<Value = Argon2Target> {
    (1u32..4, 1u32..4, 0u32..60).prop_map(|(lanes, passes, more)| Argon2Target {
        memory_kib: 8 * lanes + more,
        passes,
        lanes,
    })
}

fn policy(target: Argon2Target) -> Policy {
    Policy::builder(target).build().expect("within limits")
}

fn hash(target: Argon2Target, password: &[u8]) -> StoredHash {
    Engine::new(policy(target)).expect("entropy").hash(&Password::new(password)).expect("a hash")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_new_hash_accepts_its_password_and_no_other(password in vec(any::<u8>(), 0..80), other in vec(any::<u8>(), 0..80)) {
        let engine = engine(8, 1, 1);
        let stored = engine.hash(&Password::new(password.clone())).expect("a hash");
        prop_assert!(engine.verify(&stored, &Password::new(password.clone())).is_ok());
        prop_assert_eq!(engine.verify(&stored, &Password::new(other.clone())).is_ok(), password == other);
        // What is written can be read, under the limits it was written under.
        prop_assert!(StoredHash::parse(Method::Argon2id, stored.text(), &Limits::default()).is_ok());
    }

    #[test]
    fn upgrading_is_idempotent_and_never_weakens(stored in target(), wanted in target()) {
        let engine = Engine::new(policy(wanted)).expect("entropy");
        let old = hash(stored, b"p");
        let new = match engine.verify(&old, &Password::new("p")).expect("accepted").upgrade {
            Upgrade::NotNeeded => {
                prop_assert!(!engine.policy().is_weaker(&old));
                return Ok(());
            }
            Upgrade::Ready(replacement) => replacement.new_hash().clone(),
            other => panic!("{other:?}"),
        };
        prop_assert!(engine.policy().is_weaker(&old));
        prop_assert!(!engine.policy().is_weaker(&new));
        prop_assert!(matches!(engine.verify(&new, &Password::new("p")).expect("accepted").upgrade, Upgrade::NotNeeded));
        // Under the old hash's own parameters the new one is not weaker either.
        prop_assert!(!policy(stored).is_weaker(&new));
    }

    #[test]
    fn being_strong_enough_is_a_partial_order(a in target(), b in target(), c in target()) {
        let covers = |one: Argon2Target, other: Argon2Target| !policy(other).is_weaker(&shape(one));
        prop_assert!(covers(a, a));
        if covers(a, b) && covers(b, c) {
            prop_assert!(covers(a, c));
        }
        if covers(a, b) && covers(b, a) {
            prop_assert_eq!((a.memory_kib, a.passes), (b.memory_kib, b.passes));
        }
    }

    #[test]
    fn limits_are_monotone(memory_kib in 8u32..5000, passes in 1u32..2000, lanes in 1u32..80, cost in 4u32..31) {
        let argon2 = format!(
            "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}$MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE"
        );
        let bcrypt = format!("$2b${cost:02}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
        let tight = Limits::default().argon2_memory_kib(1000).argon2_passes(100).argon2_lanes(8).bcrypt_cost(10);
        let loose = Limits::default().argon2_memory_kib(2000).argon2_passes(200).argon2_lanes(16).bcrypt_cost(12);
        for text in [argon2, bcrypt] {
            let allowed = |limits: &Limits| StoredHash::parse_self_describing(&text, limits).is_ok();
            prop_assert!(!allowed(&tight) || allowed(&loose), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_a_parser_panic(method in 0usize..7, text in "\\PC{0,130}|[$2abxy./0-9A-Za-z]{0,70}|\\$argon2id?\\$[vmtp=0-9,$+/A-Z]{0,90}") {
        let method = Method::all().nth(method).expect("a method");
        if let Ok(stored) = StoredHash::parse(method, &text, &Limits::default()) {
            prop_assert_eq!(stored.text(), &text);
            let again = StoredHash::parse(method, &stored.canonical(), &Limits::default()).expect("canonical text parses");
            prop_assert_eq!(again.canonical(), stored.canonical());
        }
        let _ = StoredHash::parse_self_describing(&text, &Limits::default());
        let _ = rehash::identify(&text);
    }

    #[test]
    fn bcrypt_is_the_bcrypt_crates(password in vec(any::<u8>(), 0..100), salt in any::<[u8; 16]>()) {
        let parts = ::bcrypt::hash_with_salt(&password, 4, salt).expect("a hash");
        let engine = engine(8, 1, 1);
        for version in [::bcrypt::Version::TwoB, ::bcrypt::Version::TwoY] {
            let text = parts.format_for_version(version);
            let stored = StoredHash::parse(Method::Bcrypt, &text, &Limits::default()).expect("a bcrypt hash");
            let accepted = engine.verify_without_decoy(&stored, &Password::new(password.clone())).is_ok();
            // The crate takes a NUL for data; here a password with one matches nothing.
            prop_assert_eq!(accepted, !password.contains(&0));
            prop_assert_eq!(stored.canonical(), text);
        }
    }

    #[test]
    fn argon2_is_the_argon2_crates(
        password in vec(any::<u8>(), 0..60),
        salt in vec(any::<u8>(), 8..70),
        target in target(),
        kind in 0usize..3,
        is_v10 in any::<bool>(),
        length in 4usize..100,
    ) {
        use ::argon2::{Algorithm, Argon2, Params, Version};
        let (algorithm, name) =
            [(Algorithm::Argon2d, "argon2d"), (Algorithm::Argon2i, "argon2i"), (Algorithm::Argon2id, "argon2id")][kind];
        let version = if is_v10 { Version::V0x10 } else { Version::V0x13 };
        let Argon2Target { memory_kib, passes, lanes } = target;
        let params = Params::new(memory_kib, passes, lanes, Some(length)).expect("legal parameters");
        let mut output = vec![0; length];
        Argon2::new(algorithm, version, params).hash_password_into(&password, &salt, &mut output).expect("a hash");
        let base64 = |bytes: &[u8]| <base64ct::Base64Unpadded as base64ct::Encoding>::encode_string(bytes);
        let says = if is_v10 { "" } else { "v=19$" };
        let text = format!("${name}${says}m={memory_kib},t={passes},p={lanes}${}${}", base64(&salt), base64(&output));
        let stored = StoredHash::parse_self_describing(&text, &Limits::default()).expect("a hash");
        prop_assert_eq!(stored.canonical(), text);
        prop_assert!(engine(8, 1, 1).verify_without_decoy(&stored, &Password::new(password)).is_ok());
    }
}

/// A hash of the given shape that no password has: the policy's questions need no computation.
fn shape(target: Argon2Target) -> StoredHash {
    let text = format!("$argon2id$v=19${target}$MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE");
    StoredHash::parse_self_describing(&text, &Limits::default()).expect("a hash")
}

#[test]
fn codes_are_unique_and_warnings_come_last() {
    let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    let first_warning = Code::ALL.iter().position(|code| code.is_warning()).expect("there are warnings");
    assert!(Code::ALL[first_warning..].iter().all(|code| code.is_warning()));
}
