//! A sign-in beside a password change, in every order: the change always wins, and the record always verifies the
//! password that was set last. And a store that fails: a good sign-in stays good.
#![allow(clippy::panic, reason = "a test may")]
#![cfg(feature = "sqlite")]

use std::collections::BTreeSet;
use std::sync::Barrier;

use rehash::sign_in::{BrokenRow, Outcome, SignInError, change_password, sign_in};
use rehash::store::sqlite::Sqlite;
use rehash::store::{Found, Inserted, NewUser, Store, StoreError, StoreErrorKind, Swap, TaggedText, Users as _};
use rehash::{
    Argon2Target, Columns, Engine, Limits, Method, Password, Policy, Replacement, SkipReason, StoredHash, Upgrade,
};

const OLD: &str = "password";
const NEW: &str = "another password";
const MD5_OF_OLD: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

fn engine() -> Engine {
    let target = Argon2Target { memory_kib: 16, passes: 1, lanes: 1 };
    Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy")
}

fn stored(row: &TaggedText) -> StoredHash {
    let method: Method = row.method.parse().expect("a method");
    StoredHash::parse(method, &row.text, &Limits::default()).expect("a hash")
}

fn fill(store: &Sqlite, username: &str, text: &str) {
    let hash = StoredHash::parse(Method::Md5, text, &Limits::default()).expect("an MD5");
    let mut batch = store.batch().expect("a batch");
    let user = NewUser { username: Some(username), password: Some(&hash), ..NewUser::default() };
    assert_eq!(batch.insert(&user).expect("inserted"), Inserted::New);
    batch.commit().expect("committed");
}

/// One of the two who use the record: a sign-in is three steps, a change one.
#[allow(clippy::large_enum_variant, reason = "there are three of them")]
enum Actor {
    SignIn { password: &'static str, read: Option<(i64, StoredHash)>, ready: Option<Replacement> },
    Change { password: &'static str },
}

impl Actor {
    fn sign_in(password: &'static str) -> Self {
        Self::SignIn { password, read: None, ready: None }
    }

    const fn steps(&self) -> usize {
        match self {
            Self::SignIn { .. } => 3,
            Self::Change { .. } => 1,
        }
    }

    fn step(&mut self, number: usize, engine: &Engine, store: &Sqlite) {
        match (self, number) {
            (Self::SignIn { read, .. }, 0) => {
                let found = store.find("ada").expect("readable").expect("there");
                *read = Some((found.id, stored(&found.password.expect("a password"))));
            }
            (Self::SignIn { password, read, ready }, 1) => {
                let (_, hash) = read.as_ref().expect("read");
                if let Ok(accepted) = engine.verify(hash, &Password::new(*password))
                    && let Upgrade::Ready(replacement) = accepted.upgrade
                {
                    *ready = Some(replacement);
                }
            }
            (Self::SignIn { read, ready, .. }, _) => {
                if let (Some((id, _)), Some(replacement)) = (read, ready) {
                    let _: Swap = store.replace(id, replacement).expect("written or superseded");
                }
            }
            (Self::Change { password }, _) => {
                let id = store.find("ada").expect("readable").expect("there").id;
                let hash = engine.hash(&Password::new(*password)).expect("a hash");
                store.set_password(id, &hash).expect("changed");
            }
        }
    }
}

/// Every order of the actors' steps that keeps each actor's own order.
fn orders(steps: &[usize]) -> BTreeSet<Vec<usize>> {
    if steps.iter().all(|left| *left == 0) {
        return BTreeSet::from([Vec::new()]);
    }
    let mut all = BTreeSet::new();
    for actor in 0..steps.len() {
        if steps[actor] > 0 {
            let mut rest = steps.to_vec();
            rest[actor] -= 1;
            all.extend(orders(&rest).into_iter().map(|mut tail| {
                tail.insert(0, actor);
                tail
            }));
        }
    }
    all
}

#[test]
fn in_every_order_the_change_wins() {
    let engine = engine();
    let actors = || [Actor::sign_in(OLD), Actor::sign_in(OLD), Actor::Change { password: NEW }];
    let steps: Vec<_> = actors().iter().map(Actor::steps).collect();
    let orders = orders(&steps);
    assert_eq!(orders.len(), 140); // 7! / (3! 3! 1!)
    for order in orders {
        let store = Sqlite::in_memory().expect("a store");
        fill(&store, "ada", MD5_OF_OLD);
        let mut actors = actors();
        let mut done = [0; 3];
        for actor in &order {
            actors[*actor].step(done[*actor], &engine, &store);
            done[*actor] += 1;
        }
        let accepts = |store: &Sqlite, password| sign_in(&engine, store, "ada", &Password::new(password)).is_ok();
        assert!(accepts(&store, NEW), "{order:?}: the new password is lost");
        assert!(!accepts(&store, OLD), "{order:?}: the old password still works");
    }
}

#[test]
fn without_a_change_the_record_is_upgraded_once() {
    let engine = engine();
    for order in orders(&[3, 3]) {
        let store = Sqlite::in_memory().expect("a store");
        fill(&store, "ada", MD5_OF_OLD);
        let mut actors = [Actor::sign_in(OLD), Actor::sign_in(OLD)];
        let mut done = [0; 2];
        for actor in &order {
            actors[*actor].step(done[*actor], &engine, &store);
            done[*actor] += 1;
        }
        let signed_in = sign_in(&engine, &store, "ada", &Password::new(OLD)).expect("accepted");
        assert!(matches!(signed_in.upgrade, Outcome::NotNeeded), "{order:?}");
        assert_eq!(signed_in.method, Method::Argon2id);
    }
}

#[test]
fn threads_on_one_file_never_lose_a_change() {
    let rounds = std::env::var("REHASH_TEST_RACES").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let engine = engine();
    let directory = tempfile::tempdir().expect("a directory");
    for round in 0..rounds {
        let path = directory.path().join(format!("{round}.db"));
        fill(&Sqlite::create_or_open(&path).expect("a store"), "ada", MD5_OF_OLD);
        let (engine, path, start) = (&engine, &path, &Barrier::new(5));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    let store = Sqlite::open(path).expect("a store");
                    start.wait();
                    // Before the change the old password is right, after it wrong; never an error.
                    for _ in 0..3 {
                        match sign_in(engine, &store, "ada", &Password::new(OLD)) {
                            Ok(_) | Err(SignInError::WrongPassword) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
            scope.spawn(move || {
                let store = Sqlite::open(path).expect("a store");
                let hash = engine.hash(&Password::new(NEW)).expect("a hash");
                let id = store.find("ada").expect("readable").expect("there").id;
                start.wait();
                if round % 2 == 0 {
                    std::thread::yield_now();
                }
                store.set_password(id, &hash).expect("changed");
            });
        });
        let store = Sqlite::open(path).expect("a store");
        assert!(sign_in(engine, &store, "ada", &Password::new(NEW)).is_ok(), "round {round}");
        assert!(sign_in(engine, &store, "ada", &Password::new(OLD)).is_err(), "round {round}");
    }
}

/// A store whose rows are given, and whose writes end as they are told to.
struct Told {
    row: Option<TaggedText>,
    find: fn() -> Result<(), StoreError>,
    replace: fn() -> Result<Swap, StoreError>,
}

impl Told {
    fn with(method: &str, text: &str) -> Self {
        let row = Some(TaggedText { method: method.to_owned(), text: text.to_owned() });
        Self { row, find: || Ok(()), replace: || Ok(Swap::Written) }
    }
}

impl Store for Told {
    type Id = ();

    fn find(&self, identifier: &str) -> Result<Option<Found<()>>, StoreError> {
        (self.find)()?;
        Ok((identifier == "ada").then(|| Found::new((), self.row.clone())))
    }

    fn replace(&self, (): &(), _: &Replacement) -> Result<Swap, StoreError> {
        (self.replace)()
    }
}

#[test]
fn a_store_that_refuses_the_upgrade_does_not_refuse_the_sign_in() {
    let engine = engine();
    for kind in [StoreErrorKind::ReadOnly, StoreErrorKind::Full, StoreErrorKind::Busy, StoreErrorKind::Other] {
        let mut store = Told::with("md5", MD5_OF_OLD);
        store.replace = match kind {
            StoreErrorKind::ReadOnly => || Err(StoreError::new(StoreErrorKind::ReadOnly, "read-only")),
            StoreErrorKind::Full => || Err(StoreError::new(StoreErrorKind::Full, "full")),
            StoreErrorKind::Busy => || Err(StoreError::new(StoreErrorKind::Busy, "busy")),
            _ => || Err(StoreError::new(StoreErrorKind::Other, "other")),
        };
        match sign_in(&engine, &store, "ada", &Password::new(OLD)).expect("accepted").upgrade {
            Outcome::WriteFailed(error) => assert_eq!(error.kind(), kind),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn each_refusal_says_to_the_operator_what_it_is() {
    let engine = engine();
    let refused = |store: &Told, user: &str, password: &str| {
        sign_in(&engine, store, user, &Password::new(password)).map(|_| ()).unwrap_err()
    };
    assert!(matches!(refused(&Told::with("md5", MD5_OF_OLD), "bob", OLD), SignInError::UnknownUser));
    assert!(matches!(refused(&Told::with("md5", MD5_OF_OLD), "ada", NEW), SignInError::WrongPassword));
    let mut passwordless = Told::with("", "");
    passwordless.row = None;
    assert!(matches!(refused(&passwordless, "ada", OLD), SignInError::NoPassword));
    for tag in ["", "md6", "null"] {
        let error = refused(&Told::with(tag, MD5_OF_OLD), "ada", OLD);
        assert!(matches!(error, SignInError::BrokenRow(BrokenRow::UnknownMethod)) && !error.is_ordinary());
    }
    for text in ["", "short", "$2b$10$x", "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"] {
        let error = refused(&Told::with("md5", text), "ada", OLD);
        assert!(matches!(error, SignInError::BrokenRow(BrokenRow::Malformed(_))), "{error}");
    }
    let mut unreachable = Told::with("md5", MD5_OF_OLD);
    unreachable.find = || Err(StoreError::new(StoreErrorKind::Unreachable, "gone"));
    assert!(matches!(refused(&unreachable, "ada", OLD), SignInError::Store(_)));
}

/// Without the decoy each of these would be answered in microseconds. The least of several runs is held against the least of a hash's,
/// and a tenth of it is enough.
#[test]
fn every_refusal_costs_what_a_verification_costs() {
    let target = Argon2Target { memory_kib: 4096, passes: 4, lanes: 1 };
    let engine = Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy");
    let least = |work: &dyn Fn()| {
        let time = |_| {
            let start = std::time::Instant::now();
            work();
            start.elapsed()
        };
        (0..5).map(time).min().expect("some")
    };
    let hash = least(&|| drop(engine.hash(&Password::new(NEW))));
    let md5 = Told::with("md5", MD5_OF_OLD);
    let mut passwordless = Told::with("", "");
    passwordless.row = None;
    let keyed =
        "$argon2id$v=19$m=8,t=1,p=1,keyid=bm9ib2R5$MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE";
    let long = "x".repeat(Password::BYTES_MAX + 1);
    for (what, store, user, password) in [
        ("an unknown user", &md5, "bob", OLD),
        ("a wrong password", &md5, "ada", NEW),
        ("one that is too long", &md5, "ada", &*long),
        ("a user without a password", &passwordless, "ada", OLD),
        ("a tag that names nothing", &Told::with("md6", MD5_OF_OLD), "ada", OLD),
        ("a broken row", &Told::with("md5", "short"), "ada", OLD),
        ("a key that is not here", &Told::with("argon2id", keyed), "ada", OLD),
    ] {
        let refuse = || {
            let refused = sign_in(&engine, store, user, &Password::new(password));
            assert!(refused.is_err(), "{what}");
        };
        let refused = least(&refuse);
        assert!(refused * 10 >= hash, "{what}: {refused:?} beside {hash:?}");
    }
}

#[test]
fn tags_are_read_in_any_case_and_digests_too() {
    let engine = engine();
    for tag in ["MD5", "md5", "Md5"] {
        let store = Told::with(tag, &MD5_OF_OLD.to_uppercase());
        assert!(matches!(sign_in(&engine, &store, "ada", &Password::new(OLD)).expect("ok").upgrade, Outcome::Written));
    }
}

#[test]
fn a_superseded_or_skipped_upgrade_is_reported() {
    let engine = engine();
    let mut store = Told::with("md5", MD5_OF_OLD);
    store.replace = || Ok(Swap::Superseded);
    let outcome = sign_in(&engine, &store, "ada", &Password::new(OLD)).expect("accepted").upgrade;
    assert!(matches!(outcome, Outcome::Superseded));

    let text = bcrypt::hash_with_salt([b'a'; 72], 4, [1; 16]).expect("a hash").to_string();
    let store = Told::with("bcrypt", &text);
    let outcome = sign_in(&engine, &store, "ada", &Password::new("a".repeat(73))).expect("accepted").upgrade;
    assert!(matches!(outcome, Outcome::Skipped(SkipReason::TruncationAmbiguous)));
}

/// A store in which something happens before each of the next swaps.
struct Meanwhile<'s> {
    store: &'s Sqlite,
    happens: Box<dyn Fn() + Send + Sync + 's>,
    times: std::sync::atomic::AtomicUsize,
}

impl Store for Meanwhile<'_> {
    type Id = i64;

    fn find(&self, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
        self.store.find(identifier)
    }

    fn replace(&self, id: &i64, replacement: &Replacement) -> Result<Swap, StoreError> {
        use std::sync::atomic::Ordering::SeqCst;
        if self.times.fetch_update(SeqCst, SeqCst, |times| times.checked_sub(1)).is_ok() {
            (self.happens)();
        }
        self.store.replace(id, replacement)
    }
}

#[test]
fn a_password_is_changed_by_who_knows_the_old_one() {
    let engine = engine();
    let store = Sqlite::in_memory().expect("a store");
    fill(&store, "ada", MD5_OF_OLD);
    let change = |name: &str, old: &str, new: &str| {
        change_password(&engine, &store, name, &Password::new(old), &Password::new(new))
    };
    let accepts = |password: &str| sign_in(&engine, &store, "ada", &Password::new(password)).is_ok();
    assert!(matches!(change("ada", NEW, "third"), Err(SignInError::WrongPassword)));
    assert!(matches!(change("bob", OLD, "third"), Err(SignInError::UnknownUser)));
    let long = "x".repeat(Password::BYTES_MAX + 1);
    assert!(matches!(change("ada", OLD, &long), Err(error @ SignInError::HashFailed(_)) if !error.is_transient()));
    assert_eq!(store.counts().expect("counted")[0].method, "md5", "a refusal writes nothing");

    let id = change("ada", OLD, NEW).expect("changed");
    assert_eq!((accepts(NEW), accepts(OLD)), (true, false));
    let user = store.user(id).expect("readable").expect("there");
    assert!(user.password_changed_at.is_some() && user.upgraded_at.is_none(), "it is a change, and no upgrade");
    let events: Vec<_> = store.audit(Some(id), 9).expect("kept").into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, ["change"]);
}

#[test]
fn a_change_of_password_outlives_an_upgrade_and_gives_way_to_a_change() {
    let engine = engine();
    let (old, third) = (Password::new(OLD), Password::new("third"));
    for (times, is_upgrade) in [(1, true), (1, false), (9, true)] {
        let store = Sqlite::in_memory().expect("a store");
        fill(&store, "ada", MD5_OF_OLD);
        let id = store.find("ada").expect("readable").expect("there").id;
        let set = |password: &str| {
            let hash = engine.hash(&Password::new(password)).expect("a hash");
            store.set_password(id, &hash).expect("set");
        };
        let happens: Box<dyn Fn() + Send + Sync> = match is_upgrade {
            // The same password under another hash, as an upgrade leaves it.
            true => Box::new(|| set(OLD)),
            false => Box::new(|| set(NEW)),
        };
        let meanwhile = Meanwhile { store: &store, happens, times: times.into() };
        let changed = change_password(&engine, &meanwhile, "ada", &old, &third);
        let stands = [OLD, NEW, "third"]
            .into_iter()
            .find(|password| sign_in(&engine, &store, "ada", &Password::new(*password)).is_ok());
        match (times, is_upgrade) {
            (1, true) => assert!(changed.is_ok_and(|changed| changed == id) && stands == Some("third")),
            (1, false) => assert!(matches!(changed, Err(SignInError::WrongPassword)) && stands == Some(NEW)),
            _ => assert!(matches!(changed, Err(SignInError::Superseded)) && stands == Some(OLD)),
        }
    }
}

#[test]
fn what_stood_beside_a_hash_is_stored_with_it() {
    let engine = engine();
    let store = Sqlite::in_memory().expect("a store");
    let (salted, named) = (hex_md5("s4password"), format!("md5{}", hex_md5("passwordada")));
    for (name, tag, text, columns) in [
        ("salted", "md5_salted_prefix", &salted, Columns::default().salt(b"s4")),
        ("expression", "md5($s.$p)", &salted, Columns::default().salt(b"s4")),
        ("named", "postgres_md5", &named, Columns::default().user(b"ada")),
    ] {
        let tag = tag.parse().expect("a tag");
        let hash = StoredHash::parse_tagged(&tag, text, &columns, &Limits::default()).expect("a hash");
        let user = NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() };
        let _: rehash::store::Created = store.create(&user).expect("created");
        assert!(sign_in(&engine, &store, name, &Password::new("wrong")).is_err());
        let signed_in = sign_in(&engine, &store, name, &Password::new(OLD)).expect(name);
        assert!(matches!(signed_in.upgrade, Outcome::Written), "{name}: {:?}", signed_in.upgrade);
        // And in a table of one's own.
        let row = TaggedText::of(&hash);
        assert_eq!(row.parse(&Limits::default()).map(|read| read.canonical()), Ok(hash.canonical()), "{name}");
        let one = TaggedText::self_describing(hash.self_describing());
        assert_eq!(one.parse(&Limits::default()).map(|read| read.text().to_owned()), Ok(one.text.clone()), "{name}");
    }
}

#[test]
fn a_table_of_one_column_needs_no_tags() {
    let engine = engine();
    let bcrypt = bcrypt::hash_with_salt(OLD, 4, [1; 16]).expect("a hash").to_string();
    for text in [bcrypt.as_str(), "$rehash$md5$5f4dcc3b5aa765d61d8327deb882cf99"] {
        // The swap is over the column's own text.
        struct Column(std::sync::Mutex<String>);
        impl Store for Column {
            type Id = ();
            fn find(&self, _: &str) -> Result<Option<Found<()>>, StoreError> {
                let text = self.0.lock().expect("no panic").clone();
                Ok(Some(Found::new((), Some(TaggedText::self_describing(text)))))
            }
            fn replace(&self, (): &(), replacement: &Replacement) -> Result<Swap, StoreError> {
                let mut held = self.0.lock().expect("no panic");
                if *held != replacement.expected().text() {
                    return Ok(Swap::Superseded);
                }
                *held = replacement.new_hash().self_describing();
                Ok(Swap::Written)
            }
        }
        let column = Column(text.to_owned().into());
        let signed_in = sign_in(&engine, &column, "ada", &Password::new(OLD)).expect("accepted");
        assert!(matches!(signed_in.upgrade, Outcome::Written), "{text}: {:?}", signed_in.upgrade);
        let signed_in = sign_in(&engine, &column, "ada", &Password::new(OLD)).expect("accepted");
        assert!(matches!(signed_in.upgrade, Outcome::NotNeeded), "{text}");
        assert!(change_password(&engine, &column, "ada", &Password::new(OLD), &Password::new(NEW)).is_ok());
        assert!(sign_in(&engine, &column, "ada", &Password::new(NEW)).is_ok());
    }
}

fn hex_md5(text: &str) -> String {
    use md5::Digest as _;
    base16ct::lower::encode_string(&md5::Md5::digest(text))
}
