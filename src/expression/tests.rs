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
    let rounds = |text| Expression::parse(text).unwrap().rounds(&Variables::default());
    assert_eq!(rounds("md5(md5($p).$s)"), 2);
    assert_eq!(rounds("iterate(1000,md5($p))"), 1000);
    assert_eq!(rounds("iterate(10000000,md5($p))"), 10_000_000);
    assert_eq!(rounds("iterate(4999,sha512_raw($p.'{'.$s.'}'),sha512_raw($x.$p.'{'.$s.'}'))"), 5000);
    assert_eq!(rounds("iterate(1000000000,md5($p),iterate(1000000000,$x,md5($x)))"), 1_000_000_000_000_000_001);
    // By what is hashed, not by how often.
    assert_eq!(rounds("iterate(1000,md5($p),md5(pad($x,4096)))"), 1 + 1000 * 69);
    assert_eq!(rounds("md5(pad($p,4096))"), 69);
    // Copying is work too, where there is enough of it.
    assert!(rounds("iterate(1000000,$p,substr(pad($x,4096),0,32))") > 1_000_000);
}

#[test]
fn lengths_are_known_beforehand() {
    let longest = |text: &str, bytes| {
        Expression::parse(text).unwrap().price(bytes, &Variables::default(), &Keyring::new()).value_bytes
    };
    assert_eq!(longest("md5($p)", 4096), 4096);
    assert_eq!(longest("md5(utf16le($p))", 4096), 8192);
    assert_eq!(longest("md5(iterate(3,$p,$x.$x))", 10), 80);
    assert_eq!(longest("iterate(1000000,md5($p),md5($x.$p))", 100), 132);
    for text in [
        "md5(iterate(40,$p,$x.$x))",
        "md5(iterate(1000000000,$p,$x.'a'))",
        "md5(iterate(30,'a',$x.$x.$p))",
        "md5(iterate(9,$p,iterate(9,$x,iterate(9,$x,iterate(9,$x,$x.$x)))))",
        "md5(iterate(20,$p,hex($x)))",
    ] {
        assert!(longest(text, 4096) > VALUE_BYTES_MAX, "{text}");
    }
    let deep = format!("md5({}$p{})", "iterate(60,$p,'a'.".repeat(14), ")".repeat(14));
    assert!(longest(&deep, 4096) > 0, "and it ends");
}

#[test]
fn what_nothing_of_the_password_reaches_is_no_digest() {
    for text in [
        "md5(substr($p,0,0))",
        "md5(pad($p,0))",
        "md5(substr($p,4096,10))",
        "md5(substr(md5($p),32,10))",
        "md5(substr('abcdefgh'.$p,0,8))",
        "md5(iterate(3,$p,md5($s)))",
        "hmac_md5($s,substr($p,5,0))",
    ] {
        assert_eq!(Expression::parse(text).unwrap().digest_bytes(), None, "{text}");
    }
    let start = |text, variables: &Variables| Expression::parse(text).unwrap().fixed_start(variables, &Keyring::new());
    assert_eq!(start("md5(substr($s.$p,0,8))", &salted("12345678")), None);
    assert_eq!(start("md5(substr($s.$p,0,8))", &salted("1234567")), Some(0));
    assert_eq!(start("$s.$p", &salted("123")), Some(3));
    let user = Variables { user: Some("ÄDA".as_bytes().into()), ..Variables::default() };
    assert_eq!(start("lc($u).$p", &user), Some(4));
    assert_eq!(start("$p.$s", &salted("123")), Some(0));
    assert_eq!(start("$s", &salted("123")), None);
}

#[test]
fn what_other_passwords_share_is_known() {
    let loses = |text: &str, password: &str| {
        Expression::parse(text).unwrap().loses(password.as_bytes(), &salted("s"), &Keyring::new())
    };
    for (text, password) in [
        ("md5(substr($p,0,3))", "abc"),
        ("md5(substr($p,0,3))", "abcdef"),
        ("md5(substr($p,1,30))", "abc"),
        ("md5(pad($p,5))", "abcde"),
        ("md5(pad($p,5))", "ab\0"),
        ("md5(lc($p))", "abc"),
        ("md5(uc($p.$s))", "1"),
        ("md5(md5(lc($p)).$s)", "Abc"),
        ("md5(latin1($p))", "€"),
        ("md5(latin1($p))", "?"),
        ("md5(unhex($p))", "aa"),
        ("hmac_md5($p,$s)", "abc\0"),
        ("iterate(10,lc($p),md5($x))", "abc"),
        ("iterate(10,md5($p),md5(substr($x,0,3)))", "abc"),
        ("md5(substr(md5($p),0,15))", "abc"),
        ("md5($s)", "abc"),
    ] {
        assert!(loses(text, password), "{text} {password}");
    }
    for (text, password) in [
        ("md5(substr($p,0,3))", "ab"),
        ("md5(pad($p,5))", "ab"),
        ("md5(lc($p))", "123"),
        ("md5(lc($s).$p)", "Abc"),
        ("md5(lc($p).$p)", "Abc"),
        ("md5(uc(md5($p)))", "Abc"),
        ("md5(latin1($p))", "é"),
        ("md5(utf16le($p))", "é€"),
        ("md5(rev($p))", "abc"),
        ("hmac_md5($s,$p)", "abc\0"),
        ("iterate(10,md5($p),md5(substr($x,0,16)))", "abc"),
        ("sha1(substr(md5($p),0,16))", "abc"),
        ("md5(b64(hex($p)))", "abc"),
    ] {
        assert!(!loses(text, password), "{text} {password}");
    }
}

#[test]
fn constants_are_not_shown() {
    let shown = |text| Expression::parse(text).unwrap().redacted().to_string();
    assert_eq!(shown("hmac_sha256('TOPSECRETKEY',$p)"), "hmac_sha256('…',$p)");
    assert_eq!(shown("md5($p.0x00ff.key:site)"), "md5($p.'…'.key:site)");
    let debug = format!("{:?}", Expression::parse("hmac_sha256('TOPSECRETKEY',$p)").unwrap());
    assert!(!debug.contains("TOPSECRET"), "{debug}");
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
    fn no_value_is_longer_than_was_said(node in node(), password in "\\PC{0,40}") {
        let variables = Variables { user: Some("ΐda".as_bytes().into()), ..salted("Sält") };
        let expression = Expression(Arc::new(node));
        let price = expression.price(password.len(), &variables, &Keyring::new());
        if price.rounds < 1000 && price.value_bytes < VALUE_BYTES_MAX {
            let value = expression.evaluate(password.as_bytes(), &variables, &Keyring::new()).unwrap();
            prop_assert!(value.bytes().len() as u64 <= price.value_bytes, "{}", expression);
            // What every password is said to have in common, they have.
            let start = expression.fixed_start(&variables, &Keyring::new());
            let other = expression.evaluate(b"another", &variables, &Keyring::new()).unwrap();
            let common = start.unwrap_or(usize::MAX).min(value.bytes().len()).min(other.bytes().len());
            prop_assert_eq!(&value.bytes()[..common], &other.bytes()[..common], "{}", expression);
            prop_assert!(start.is_some() || value.bytes() == other.bytes(), "{}", expression);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", other in "[md5sha1_raw($ps.,)'x0-9iterate]{0,60}") {
        for text in [text, other] {
            if let Ok(expression) = Expression::parse(&text) {
                let price = expression.price(100, &Variables::default(), &Keyring::new());
                let _ = (expression.digest_bytes(), expression.is_text());
                if price.rounds < 1000 && price.value_bytes < VALUE_BYTES_MAX {
                    let _ = expression.evaluate(b"p", &Variables::default(), &Keyring::new());
                }
            }
        }
    }
}
