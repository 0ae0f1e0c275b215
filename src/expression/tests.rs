//! What the language reads, prints and gives.
#![allow(clippy::unwrap_used, reason = "a test may")]

use proptest::prelude::*;

use super::*;

fn hex(expression: &str, variables: &Variables) -> String {
    let expression = Expression::parse(expression).unwrap().raw();
    crate::codec::to_hex(expression.evaluate(b"hashcat", variables, &Keyring::new()).unwrap().bytes())
}

fn salted(salt: &str) -> Variables {
    Variables { salt: Some(salt.as_bytes().into()), ..Variables::default() }
}

/// hashcat's own self-test values; the password is `hashcat`.
#[test]
fn published_values() {
    for (expression, salt, digest) in [
        ("hashcat_20", "4247", "57ab8499d08c59a7211c77f557bf9425"),
        ("hashcat_120", "465727565", "a428863972744b16afef28e0087fc094b44bb7b1"),
        ("hashcat_11", "89384528665349271307465505333378", "b78f863f2c67410c41e617f724e22f34"),
        ("hashcat_110", "30007548152", "848952984db93bdd2d0151d4ecca6ea44fcf49e3"),
        ("sha256($p.$s)", "12480864321", "5bb7456f43e3610363f68ad6de82b8b96f3fc9ad24e9d1f1f8d8bd89638db7c0"),
        ("md5(md5($s).md5($p))", "67588", "022f7e02b3314f7d0968f73c00ba759f"),
        ("dynamic_6", "308", "28f9975808ae2bdc5847b1cda26033ea"),
        ("md5(md5($pass).$salt)", "324410183853308365427804872426", "0844fbb2fdeda31884a7a45ec2010bb6"),
        ("sha1($s.sha1($p))", "365563602032", "9038129c474caa3f0de56f38db84033d0fe1d4b8"),
        ("hashcat_8400", "5037864764153886517871426607441768004150", "7f8d1951fe48ae3266980c2979c141f60e4415e5"),
        ("md5($s.'-'.md5($p))", "2152187716", "8c8b39c3602b194eeeb6cac78eea2742"),
        ("sha1(sha1_bin($p))", "", "fcf7c1b8749cf99d88e5f34271d636178fb5d130"),
    ] {
        assert_eq!(hex(expression, &salted(salt)), digest, "{expression}");
    }
}

#[test]
fn encodings_and_other_spellings() {
    for (one, other) in [
        ("md5(MD5($p))", "md5(strtoupper(md5($p)))"),
        ("md5(md5_raw($p))", "md5(unhex(md5($p)))"),
        ("md5(md5_64($p))", "md5(b64(md5_raw($p)))"),
        ("md5($p.':')", "md5($p.0x3a)"),
        ("md5($p.$c1),c1=:", "md5($p.':')"),
        ("iterate(3,md5($p))", "md5(md5(md5($p)))"),
        ("iterate(2,md5($p),md5($x.$s))", "md5(md5(md5($p).$s).$s)"),
        ("md5(substr(md5($p),0,16))", "md5(rev(substr(rev(md5($p)),16,16)))"),
        ("md5(utf16le('é'))", "md5(0xe900)"),
        ("md5(latin1('é'))", "md5(0xe9)"),
        ("md5(lc('É'))", "md5('é')"),
    ] {
        let variables = salted("s");
        // The constants have no `$p`; that is the business of `digest_bytes`.
        assert_eq!(hex(one, &variables), hex(other, &variables), "{one} {other}");
    }
}

#[test]
fn errors_point_at_the_column() {
    for (text, column) in [
        ("", 1),
        ("md5", 4),
        ("md5(", 5),
        ("md5($p", 7),
        ("md5($p))", 8),
        ("md6($p)", 1),
        ("md5($q)", 5),
        ("md5($p.)", 8),
        ("md5($x)", 5),
        ("md5('a)", 5),
        ("hmac_md5($p)", 12),
        ("iterate(x,md5($p))", 9),
        ("iterate(2,$p)", 11),
        ("md5(0x1)", 7),
        ("Md5($p)", 1),
        ("md5($c1)", 5),
    ] {
        assert_eq!(Expression::parse(text).map_err(|error| error.column).unwrap_err(), column, "{text}");
    }
    let deep = format!("{}$p{}", "md5(".repeat(17), ")".repeat(17));
    assert!(Expression::parse(&deep).is_err());
    assert!(Expression::parse(&format!("md5('{}')", "x".repeat(1024))).is_err());
}

#[test]
fn only_a_digest_of_the_password_is_a_digest() {
    let bytes = |text| Expression::parse(text).unwrap().digest_bytes();
    assert_eq!(bytes("md5($p)"), Some(32));
    assert_eq!(bytes("md5_raw($p)"), Some(16));
    assert_eq!(bytes("substr(md5($p),8,16)"), Some(16));
    for text in ["$p", "$s.$p", "lc($p)", "md5($s)", "substr(md5($p),0,4)", "md5($s).$p", "'x'", "pad($p,16)"] {
        assert_eq!(bytes(text), None, "{text}");
    }
}

#[test]
fn every_numbered_expression_is_one_of_a_digest() {
    for text in known::all() {
        assert!(Expression::parse(&text).unwrap().digest_bytes().is_some(), "{text}");
    }
}

#[test]
fn cost_is_known_beforehand() {
    let rounds = |text| Expression::parse(text).unwrap().rounds();
    assert_eq!(rounds("md5(md5($p).$s)"), 2);
    assert_eq!(rounds("iterate(1000,md5($p))"), 1000);
    assert_eq!(rounds("iterate(1000000000,md5($p),iterate(1000000000,$x,md5($x)))"), 1_000_000_000_000_000_001);
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        Just(Node::Password),
        Just(Node::Salt),
        Just(Node::Salt2),
        Just(Node::User),
        proptest::collection::vec(any::<u8>(), 1..6).prop_map(|bytes| Node::Literal(bytes.into())),
        "[a-z'\\.$,]{1,6}".prop_map(|text| Node::Literal(text.into_bytes().into())),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let function = proptest::sample::select(Function::ALL.to_vec());
        let encoding =
            proptest::sample::select(vec![Encoding::Lower, Encoding::Upper, Encoding::Raw, Encoding::Base64]);
        let map = proptest::sample::select(Map::ALL.map(|(map, _)| map).to_vec());
        prop_oneof![
            (function.clone(), encoding.clone(), boxed.clone()).prop_map(|(f, e, of)| Node::Digest(f, e, of)),
            (function, encoding, boxed.clone(), boxed.clone()).prop_map(|(f, e, k, m)| Node::Hmac(f, e, k, m)),
            (map, boxed.clone()).prop_map(|(map, of)| Node::Map(map, of)),
            (boxed.clone(), 0..40usize, 0..40usize).prop_map(|(of, a, b)| Node::Substr(of, a, b)),
            (boxed.clone(), 0..40usize).prop_map(|(of, a)| Node::Pad(of, a)),
            (0..4u32, boxed.clone(), boxed).prop_map(|(n, a, b)| Node::Iterate(n, a, b)),
            (inner.clone(), inner).prop_filter_map("one spelling", |(a, b)| {
                let is_plain = |node: &Node| !matches!(node, Node::Concat(_) | Node::Literal(_));
                (is_plain(&a) && is_plain(&b)).then(|| Node::Concat([a, b].into()))
            }),
        ]
    })
}

#[test]
fn what_would_not_be_read_again_is_not_read() {
    for text in
        [format!("md5($p.'{}')", "\n".repeat(600)), format!("md5($p.{}),c1={}", ["$c1"; 7].join("."), "c".repeat(200))]
    {
        assert!(text.len() <= TEXT_BYTES_MAX);
        assert!(Expression::parse(&text).is_err());
    }
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same_tree(node in node()) {
        let text = node.to_string();
        if text.len() <= TEXT_BYTES_MAX {
            let read = Expression::parse(&text);
            prop_assert_eq!(read.map(|read| (*read.0).clone()), Ok(node), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", other in "[md5sha1_raw($ps.,)'x0-9iterate]{0,60}") {
        for text in [text, other] {
            if let Ok(expression) = Expression::parse(&text) {
                let _ = (expression.rounds(), expression.digest_bytes(), expression.is_text());
                if expression.rounds() < 1000 {
                    let _ = expression.evaluate(b"p", &Variables::default(), &Keyring::new());
                }
            }
        }
    }
}
