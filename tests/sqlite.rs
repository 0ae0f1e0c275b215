//! The embedded store: what goes in comes out, what is there is never written over, and files that are not ours are left
//! alone.
#![allow(clippy::panic, reason = "a test may")]
#![cfg(feature = "sqlite")]

use rehash::store::sqlite::Sqlite;
use rehash::store::{Inserted, NewUser, Store, StoreErrorKind, Swap, TaggedText, Users as _};
use rehash::{Argon2Target, Engine, Limits, Method, Password, Policy, StoredHash, Upgrade};

fn hash(text: &str) -> StoredHash {
    StoredHash::parse(Method::Md5, text, &Limits::default()).expect("an MD5")
}

fn md5() -> StoredHash {
    hash("5f4dcc3b5aa765d61d8327deb882cf99")
}

fn engine() -> Engine {
    let target = Argon2Target { memory_kib: 16, passes: 1, lanes: 1 };
    Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy")
}

fn insert(store: &Sqlite, user: &NewUser<'_>) -> Inserted {
    let mut batch = store.batch().expect("a batch");
    let inserted = batch.insert(user).expect("inserted");
    batch.commit().expect("committed");
    inserted
}

fn add(store: &Sqlite, user: &NewUser<'_>) {
    assert_eq!(insert(store, user), Inserted::New);
}

fn upgrade(store: &Sqlite, name: &str) -> Swap {
    let found = store.find(name).expect("readable").expect("there");
    let row = found.password.expect("a password");
    let accepted = engine().verify(&hash(&row.text), &Password::new("password")).expect("accepted");
    match accepted.upgrade {
        Upgrade::Ready(replacement) => store.replace(&found.id, &replacement).expect("written"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_of_any_length_and_of_every_plane_sign_in() {
    let (store, hash) = (Sqlite::in_memory().expect("a store"), md5());
    let long = "x".repeat(64 << 10);
    // The first and the last of each plane that is a character.
    let planes: String =
        (0..17).flat_map(|plane| [plane << 16 | 0x61, plane << 16 | 0xfffd]).filter_map(char::from_u32).collect();
    assert_eq!(planes.chars().count(), 34);
    for name in [long.as_str(), &planes] {
        add(&store, &NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() });
        assert_eq!(upgrade(&store, name), Swap::Written);
        assert!(store.find(&name[..name.len() - 4]).expect("readable").is_none());
        assert!(store.find(name).expect("readable").expect("there").password.expect("one").method == "argon2id");
    }
}

#[test]
fn the_whole_user_comes_back_byte_for_byte() {
    let hash = md5();
    let user = NewUser {
        username: Some("ada\u{202e}\u{1f600}'; DROP TABLE users; --"),
        primary_email: Some("ada@example.com"),
        primary_phone: Some("+4912345"),
        name: Some("Ada\nLovelace"),
        avatar: Some("https://example.com/a.png"),
        profile: Some(r#"{ "b":1, "a":{"z":[1.50, 1e400, 123456789012345678901234567890]}, "b":2 }"#),
        custom_data: Some("{\"k\":\"\\ud83d\\ude00 \\u0000 \u{1f600}\"}"),
        identities: Some(r#"{"github":{"userId":"1","details":{}}}"#),
        password: Some(&hash),
    };
    let store = Sqlite::in_memory().expect("a store");
    assert_eq!(insert(&store, &user), Inserted::New);
    let id = store.look_up("ada@example.com").expect("readable").expect("there").id;
    let back = store.user(id).expect("readable").expect("there");
    assert_eq!(back.username.as_deref(), user.username);
    assert_eq!(back.primary_email.as_deref(), user.primary_email);
    assert_eq!(back.primary_phone.as_deref(), user.primary_phone);
    assert_eq!(back.name.as_deref(), user.name);
    assert_eq!(back.avatar.as_deref(), user.avatar);
    assert_eq!(back.profile.as_deref(), user.profile);
    assert_eq!(back.custom_data.as_deref(), user.custom_data);
    assert_eq!(back.identities.as_deref(), user.identities);
    assert!(back.password == Some(TaggedText::of(&hash)));
    assert_eq!(back.imported_method.as_deref(), Some("md5"));
    assert!(back.imported_at > 1_700_000_000 && back.upgraded_at.is_none() && back.password_changed_at.is_none());
}

#[test]
fn what_is_there_is_left_alone_and_said_to_be() {
    let (hash, other) = (md5(), hash("00000000000000000000000000000000"));
    let store = Sqlite::in_memory().expect("a store");
    let ada = NewUser {
        username: Some("ada"),
        primary_email: Some("a@x"),
        password: Some(&hash),
        custom_data: Some("{}"),
        ..NewUser::default()
    };
    assert_eq!(insert(&store, &ada), Inserted::New);
    assert_eq!(insert(&store, &ada), Inserted::AlreadyThere { kept_newer: false });
    for (changed, field) in [
        (NewUser { password: Some(&other), ..ada }, "username"),
        (NewUser { password: None, ..ada }, "username"),
        (NewUser { custom_data: Some("{ }"), ..ada }, "username"),
        (NewUser { name: Some("Ada"), ..ada }, "username"),
        (NewUser { primary_email: None, ..ada }, "username"),
        (NewUser { username: Some("bob"), ..ada }, "primaryEmail"),
        (NewUser { username: None, ..ada }, "primaryEmail"),
    ] {
        assert_eq!(insert(&store, &changed), Inserted::Conflict(field));
    }
    assert!(store.look_up("bob").expect("readable").is_none());
}

#[test]
fn an_import_never_undoes_an_upgrade_or_a_change() {
    let hash = md5();
    let store = Sqlite::in_memory().expect("a store");
    let user = |name| NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() };
    for name in ["ada", "bob"] {
        assert_eq!(insert(&store, &user(name)), Inserted::New);
    }
    assert_eq!(upgrade(&store, "ada"), Swap::Written);
    let bob = store.find("bob").expect("readable").expect("there").id;
    store.set_password(bob, &engine().hash(&Password::new("new")).expect("a hash")).expect("changed");
    for name in ["ada", "bob"] {
        assert_eq!(insert(&store, &user(name)), Inserted::AlreadyThere { kept_newer: true });
        let row = store.look_up(name).expect("readable").expect("there").password.expect("a password");
        assert_eq!(row.method, "argon2id");
    }
    let counts = store.counts().expect("counts");
    assert_eq!(
        counts.iter().map(|row| (row.records, row.upgraded)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        (2, 1)
    );
}

#[test]
fn nothing_of_a_replaced_hash_is_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("s.db");
    let hash = md5();
    let store = Sqlite::create_or_open(&path).expect("a store");
    add(&store, &NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() });
    assert_eq!(upgrade(&store, "ada"), Swap::Written);
    let id = store.find("ada").expect("readable").expect("there").id;
    let user = store.user(id).expect("readable").expect("there");
    assert_eq!(user.imported_method.as_deref(), Some("md5"));
    assert!(user.upgraded_at.is_some());
    drop(store);
    // Not in a column, and not in a page that was freed.
    for file in std::fs::read_dir(directory.path()).expect("readable") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        assert!(!bytes.windows(32).any(|window| window == hash.text().as_bytes()));
    }
}

#[test]
fn a_swap_needs_the_expected_hash() {
    let hash = md5();
    let store = Sqlite::in_memory().expect("a store");
    add(&store, &NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() });
    let found = store.find("ada").expect("readable").expect("there");
    let accepted = engine().verify(&hash, &Password::new("password")).expect("accepted");
    let Upgrade::Ready(replacement) = accepted.upgrade else { panic!("an upgrade is due") };
    assert_eq!(store.replace(&found.id, &replacement).expect("written"), Swap::Written);
    assert_eq!(store.replace(&found.id, &replacement).expect("written"), Swap::Superseded);
    assert_eq!(store.replace(&(found.id + 1), &replacement).expect("written"), Swap::Superseded);
}

#[test]
fn a_username_is_looked_up_before_an_email() {
    let (one, other) = (md5(), hash("00000000000000000000000000000000"));
    let store = Sqlite::in_memory().expect("a store");
    add(&store, &NewUser { primary_email: Some("x@y"), password: Some(&one), ..NewUser::default() });
    add(&store, &NewUser { username: Some("x@y"), password: Some(&other), ..NewUser::default() });
    let row = store.look_up("x@y").expect("readable").expect("there").password.expect("a password");
    assert_eq!(row.text, other.text());
    let row = store.look_up("X@Y").expect("readable").expect("there");
    assert!(row.password.expect("a password").text == other.text() && !row.is_only_match);
}

#[test]
fn a_batch_that_is_dropped_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Sqlite::create_or_open(directory.path().join("s.db")).expect("a store");
    let mut batch = store.batch().expect("a batch");
    assert_eq!(
        batch.insert(&NewUser { username: Some("ada"), ..NewUser::default() }).expect("inserted"),
        Inserted::New
    );
    drop(batch);
    assert!(store.look_up("ada").expect("readable").is_none());
    assert_eq!(insert(&store, &NewUser { username: Some("ada"), ..NewUser::default() }), Inserted::New);
}

#[test]
fn files_that_are_not_ours_are_refused_and_left_as_they_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let kind = |name: &str| Sqlite::create_or_open(path(name)).map(|_| ()).unwrap_err().kind();

    std::fs::write(path("text"), "not a database, but long enough to be taken for one by its length".repeat(100))
        .expect("written");
    assert_eq!(kind("text"), StoreErrorKind::Unreachable);

    let foreign = rusqlite::Connection::open(path("foreign")).expect("a database");
    foreign.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)").expect("made");
    assert_eq!(kind("foreign"), StoreErrorKind::Unreachable);
    assert_eq!(foreign.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)), Ok(1));

    drop(Sqlite::create_or_open(path("newer")).expect("a store"));
    rusqlite::Connection::open(path("newer")).expect("opened").pragma_update(None, "user_version", 99).expect("set");
    assert_eq!(kind("newer"), StoreErrorKind::NewerSchema);

    assert_eq!(Sqlite::open(path("absent")).map(|_| ()).unwrap_err().kind(), StoreErrorKind::Unreachable);
    assert!(!path("absent").exists());
}

#[cfg(unix)]
#[test]
fn a_new_store_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("s.db");
    drop(Sqlite::create_or_open(&path).expect("a store"));
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_settled_store_can_be_read_where_nothing_can_be_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("s.db");
    let store = Sqlite::create_or_open(&path).expect("a store");
    store.tune_for_import().expect("tuned");
    add(&store, &NewUser { username: Some("ada"), password: Some(&md5()), ..NewUser::default() });
    store.settle().expect("settled");
    drop(store);
    // One file: no log that a reader would have to create its index for.
    assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), 1);
    let store = Sqlite::open_read_only(&path).expect("a store");
    let found = store.find("ada").expect("readable").expect("there");
    let accepted = engine().verify(&md5(), &Password::new("password")).expect("accepted");
    let Upgrade::Ready(replacement) = accepted.upgrade else { panic!("an upgrade is due") };
    assert_eq!(store.replace(&found.id, &replacement).unwrap_err().kind(), StoreErrorKind::ReadOnly);
}

#[test]
fn the_audit_is_append_only() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("s.db");
    let store = Sqlite::create_or_open(&path).expect("a store");
    add(&store, &NewUser { username: Some("ada"), password: Some(&md5()), ..NewUser::default() });
    assert_eq!(upgrade(&store, "ada"), Swap::Written);
    drop(store);
    let file = rusqlite::Connection::open(&path).expect("a file");
    for sql in [
        "UPDATE audit SET event = 'nothing'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (id, at, event) VALUES (1, 0, 'nothing')",
        "REPLACE INTO audit SELECT id, 0, 'nothing', NULL, NULL, NULL, NULL, NULL FROM audit",
    ] {
        let refused = file.execute_batch(sql).expect_err(sql).to_string();
        assert!(refused.contains("only ever appended to"), "{sql}: {refused}");
    }
    file.execute_batch("INSERT INTO audit (at, event) VALUES (0, 'more'), (0, 'more still')").expect("appended");
}
