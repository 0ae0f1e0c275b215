#![no_main]
//! A tag and the text, the salt and the user beside it, a line each: every method, family and expression.

mod shared;

use rehash::{Columns, Limits, Method, Password, StoredHash, Tag};

libfuzzer_sys::fuzz_target!(|input: &str| {
    let mut lines = input.splitn(4, '\n');
    let mut next = || lines.next().filter(|line| !line.is_empty());
    let (Some(tag), Some(text)) = (next(), next()) else { return };
    let (salt, user) = (next(), next());
    let Ok(tag) = tag.parse::<Tag>() else { return };
    assert_eq!(tag.to_string().parse::<Tag>().as_ref(), Ok(&tag), "a tag's spelling means the tag");
    let columns = Columns::default();
    let columns = salt.map_or(columns, |salt| columns.salt(salt.as_bytes()));
    let columns = user.map_or(columns, |user| columns.user(user.as_bytes()));
    let limits = Limits::default();
    let Ok(stored) = StoredHash::parse_tagged(&tag, text, &columns, &limits) else { return };
    assert_eq!(stored.text(), text);
    let described = stored.self_describing();
    let again = StoredHash::parse_self_describing(&described, &limits).expect("the self-describing form parses");
    assert_eq!((again.method(), again.self_describing()), (stored.method(), described));
    // A family's tag says which of its forms a text has by the text's head; the canonical text is the found method's.
    let own = if stored.method() == Method::Expression { tag } else { Tag::from(stored.method()) };
    let canonical = stored.clone().into_canonical();
    let again = StoredHash::parse_tagged(&own, canonical.text(), &columns, &limits).expect("canonical text parses");
    assert_eq!(again.canonical(), stored.canonical());
    let _ = (stored.parameters(), format!("{stored:?}"));
    // What is cheap is verified; the answer does not matter here.
    if stored.cost().time < std::time::Duration::from_millis(2) {
        let _ = shared::engine().verify_without_decoy(&stored, &Password::new("password"));
    }
});
