//! Imports into an empty store put its indexes off. Meanwhile, and whoever comes between, the store answers as one that never
//! does: each step is done to both, and their answers are compared.
#![allow(clippy::panic, reason = "a test may")]
#![cfg(feature = "sqlite")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use rehash::store::sqlite::Sqlite;
use rehash::store::{
    Bulk, BulkOptions, Created, Edits as _, Identifier, Inserted, Mark, NewUser, OnConflict, Store as _, Swap, User,
    Users as _,
};
use rehash::{Argon2Target, Engine, Limits, Method, Password, Policy, StoredHash, Upgrade};

const NAMES: usize = 12;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let target = Argon2Target { memory_kib: 16, passes: 1, lanes: 1 };
    Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy")
});
/// Of `password`, and of something else.
static HASHES: LazyLock<[StoredHash; 3]> = LazyLock::new(|| {
    let md5 = |text: &str| StoredHash::parse(Method::Md5, text, &Limits::default()).expect("an MD5");
    let new = ENGINE.hash(&Password::new("new")).expect("a hash");
    [md5("5f4dcc3b5aa765d61d8327deb882cf99"), md5("00000000000000000000000000000000"), new]
});
/// Short, so that they are often the same, some of them but for capitals, and usernames that are other people's emails.
static TEXTS: LazyLock<[String; NAMES]> = LazyLock::new(|| {
    std::array::from_fn(|name| match name {
        0 => String::new(),
        1 => "\u{1f600}".repeat(20_000),
        2 => "User3".to_owned(),
        4 => "USER3".to_owned(),
        8 => "User9@Example.com".to_owned(),
        name if name < 8 => format!("user{name}"),
        name => format!("user{name}@example.com"),
    })
});

#[derive(Clone, Copy, Debug)]
struct Person {
    username: Option<usize>,
    email: Option<usize>,
    phone: Option<usize>,
    hash: usize,
}

impl Person {
    fn new_user(&self) -> NewUser<'static> {
        let text = |name: Option<usize>| name.map(|name| &*TEXTS[name]);
        NewUser {
            username: text(self.username),
            primary_email: text(self.email),
            primary_phone: text(self.phone),
            password: Some(&HASHES[self.hash]),
            ..NewUser::default()
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Person>),
    /// By another process that imports.
    OthersBatch(Vec<Person>),
    Create(Person),
    Rename(usize, usize),
    Delete(usize),
    ChangePassword(usize),
    SignIn(usize),
    /// The import is killed, and begins again.
    Kill,
    /// The import ends, and another begins.
    End,
    Migrate,
}

fn person() -> impl Strategy<Value = Person> {
    let name = || proptest::option::weighted(0.7, 0..NAMES);
    (name(), name(), name(), 0..2_usize).prop_map(|(username, email, phone, hash)| Person {
        username,
        email,
        phone,
        hash,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => proptest::collection::vec(person(), 0..4).prop_map(Step::Batch),
        1 => proptest::collection::vec(person(), 0..3).prop_map(Step::OthersBatch),
        1 => person().prop_map(Step::Create),
        1 => (0..NAMES, 0..NAMES).prop_map(|(who, name)| Step::Rename(who, name)),
        1 => (0..NAMES).prop_map(Step::Delete),
        1 => (0..NAMES).prop_map(Step::ChangePassword),
        1 => (0..NAMES).prop_map(Step::SignIn),
        2 => Just(Step::Kill),
        1 => Just(Step::End),
        1 => Just(Step::Migrate),
    ]
}

/// A store, and an import into it.
struct Side<'a> {
    store: &'a Sqlite,
    /// `None` in memory, where all is done by one.
    path: Option<&'a Path>,
    options: BulkOptions,
    bulk: Option<Box<dyn Bulk + 'a>>,
    input: i64,
    first: u64,
}

impl<'a> Side<'a> {
    fn new(store: &'a Sqlite, path: Option<&'a Path>, options: BulkOptions) -> Self {
        let mut side = Self { store, path, options, bulk: None, input: 0, first: 0 };
        side.begin();
        side
    }

    fn begin(&mut self) {
        let mut bulk = self.store.bulk(self.options).expect("begun");
        self.input = bulk.begin_input(Some("one"), "one").expect("begun").id;
        self.bulk = Some(bulk);
    }

    fn batch(&mut self, people: &[Person]) -> Vec<Inserted> {
        let bulk = self.bulk.as_mut().expect("begun");
        push(&mut **bulk, self.input, &mut self.first, people)
    }

    /// Another process, for what is done to the store beside the import.
    fn beside<T>(&self, what: impl FnOnce(&Sqlite) -> T) -> T {
        match self.path {
            Some(path) => what(&Sqlite::open(path).expect("opened")),
            None => what(self.store),
        }
    }

    /// What the store answers to a step.
    fn step(&mut self, step: &Step) -> String {
        let id = |store: &Sqlite, name: usize| store.find(&TEXTS[name]).expect("readable").map_or(99, |found| found.id);
        match step {
            Step::Batch(people) => format!("{:?}", self.batch(people)),
            Step::OthersBatch(people) => {
                let (options, mut first) = (self.options, self.first + 1_000_000);
                let done = self.beside(|store| {
                    let mut bulk = store.bulk(options).expect("begun");
                    let input = bulk.begin_input(None, "another").expect("begun").id;
                    let outcomes = push(&mut *bulk, input, &mut first, people);
                    bulk.end_input(input).expect("ended");
                    bulk.finish().expect("ended");
                    outcomes
                });
                format!("{done:?}")
            }
            Step::Create(person) => {
                let created = self.beside(|store| store.create(&person.new_user()).expect("created"));
                format!("{:?}", matches!(created, Created::New(_)).then_some(()).ok_or(created))
            }
            Step::Rename(who, name) => self.beside(|store| {
                let mut rename = |user: &mut User| {
                    user.username = Some(TEXTS[*name].clone());
                    true
                };
                format!("{:?}", store.edit(id(store, *who), &mut rename).expect("edited"))
            }),
            Step::Delete(who) => self.beside(|store| format!("{:?}", store.delete(id(store, *who)).expect("deleted"))),
            Step::ChangePassword(who) => {
                self.beside(|store| format!("{:?}", store.set_password(id(store, *who), &HASHES[2]).is_ok()))
            }
            Step::SignIn(who) => self.beside(|store| format!("{:?}", sign_in(store, &TEXTS[*who]))),
            Step::Kill => {
                self.bulk = None;
                self.begin();
                String::new()
            }
            Step::End => {
                let mut bulk = self.bulk.take().expect("begun");
                bulk.end_input(self.input).expect("ended");
                bulk.finish().expect("ended");
                let is_indexed = self.store.info().expect("readable").is_indexed;
                self.begin();
                format!("{is_indexed}")
            }
            Step::Migrate => {
                self.beside(|store| store.build_indexes().expect("built"));
                format!("{}", self.store.info().expect("readable").is_indexed)
            }
        }
    }

    /// All that can be found, and all that there is.
    fn all(&self) -> String {
        self.beside(|store| {
            let found: Vec<_> = TEXTS.iter().map(|name| store.look_up(name).expect("readable")).collect();
            let kinds = [Identifier::Username, Identifier::PrimaryEmail, Identifier::PrimaryPhone];
            let users: Vec<_> = kinds
                .iter()
                .flat_map(|kind| TEXTS.iter().map(|name| store.find_user(*kind, name).expect("readable")))
                .map(|user| user.map(|user| user.id))
                .collect();
            let mut rows = Vec::new();
            let export = &mut |user: &User| {
                let names = (&user.username, &user.primary_email, &user.primary_phone);
                let password = user.password.as_ref().map(|password| (&password.method, &password.text));
                let password = password.filter(|(method, _)| *method != "argon2id");
                rows.push(format!("{} {names:?} {password:?} {:?}", user.id, user.upgraded_at.is_some()));
                ControlFlow::Continue(())
            };
            store.export(export).expect("readable");
            let ids: Vec<_> =
                found.iter().map(|found| found.as_ref().map(|found| (found.id, found.is_only_match))).collect();
            format!("{ids:?} {users:?} {rows:?} {:?}", store.counts().expect("readable"))
        })
    }
}

fn push(bulk: &mut dyn Bulk, input: i64, first: &mut u64, people: &[Person]) -> Vec<Inserted> {
    for person in people {
        bulk.push(&person.new_user()).expect("pushed");
    }
    bulk.end_batch(Mark::new(input, *first, people.len() as u64)).expect("ended");
    *first += people.len() as u64;
    bulk.next_written(true).expect("a batch").expect("written").outcomes
}

/// Whether the password was accepted, and what became of the upgrade.
fn sign_in(store: &Sqlite, name: &str) -> Option<Result<Swap, ()>> {
    let found = store.find(name).expect("readable")?;
    let row = found.password.expect("a password");
    let hash =
        StoredHash::parse(row.method.parse().expect("known"), &row.text, &Limits::default()).expect("well formed");
    let accepted = ENGINE.verify(&hash, &Password::new("password")).ok()?;
    Some(match accepted.upgrade {
        Upgrade::Ready(replacement) => Ok(store.replace(&found.id, &replacement).expect("written")),
        _ => Err(()),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn a_store_answers_as_one_that_never_puts_its_indexes_off(
        steps in proptest::collection::vec(step(), 1..14),
        replaces in any::<bool>(),
    ) {
        let on_conflict = if replaces { OnConflict::ReplaceLegacy } else { OnConflict::Skip };
        let options = BulkOptions::new(on_conflict, false);
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("store.db");
        let (file, memory) = (Sqlite::create_or_open(&path).expect("a store"), Sqlite::in_memory().expect("a store"));
        let mut sides = [Side::new(&file, Some(&path), options), Side::new(&memory, None, options)];
        for step in &steps {
            let [told, expected] = sides.each_mut().map(|side| side.step(step));
            prop_assert_eq!(told, expected, "{:?}", step);
            let [told, expected] = sides.each_ref().map(Side::all);
            prop_assert_eq!(told, expected, "after {:?}", step);
        }
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48)
}

/// Passwords of the people of a batch, by number.
fn numbered(bulk: &mut dyn Bulk, input: i64, numbers: std::ops::Range<u64>) {
    for number in numbers.clone() {
        let (username, email) = (format!("user{number}"), format!("user{number}@example.com"));
        let new = NewUser {
            username: Some(&username),
            primary_email: Some(&email),
            password: Some(&HASHES[0]),
            ..NewUser::default()
        };
        bulk.push(&new).expect("pushed");
    }
    bulk.end_batch(Mark::new(input, numbers.start, numbers.end - numbers.start)).expect("ended");
    assert!(bulk.next_written(true).expect("a batch").expect("written").outcomes.iter().all(|it| *it == Inserted::New));
}

fn has_no_indexes(path: &Path) -> bool {
    !Sqlite::open(path).expect("opened").info().expect("readable").is_indexed
}

/// More than a chunk of the table of hashes has, and several batches.
#[test]
fn users_sign_in_and_change_passwords_while_the_indexes_are_put_off() {
    [false, true].into_iter().for_each(sign_in_and_change_meanwhile);
}

fn sign_in_and_change_meanwhile(are_distinct: bool) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let importing = Sqlite::create_or_open(&path).expect("a store");
    let options = BulkOptions::new(OnConflict::Skip, false).distinct(are_distinct);
    let mut bulk = importing.bulk(options).expect("begun");
    let input = bulk.begin_input(Some("one"), "one").expect("begun").id;
    for batch in 0..4 {
        numbered(&mut *bulk, input, batch * 1000..(batch + 1) * 1000);
    }
    assert!(has_no_indexes(&path));

    let beside = Sqlite::open(&path).expect("opened");
    for number in 0..4000 {
        let by_name = beside.look_up(&format!("user{number}")).expect("readable").expect("there").id;
        let by_email = beside.look_up(&format!("user{number}@example.com")).expect("readable").expect("there").id;
        assert_eq!(by_name, by_email);
    }
    assert!(beside.look_up("user4000").expect("readable").is_none());
    assert!(beside.look_up("USER3999@example.com").expect("readable").expect("there").is_only_match);
    assert_eq!(sign_in(&beside, "user7"), Some(Ok(Swap::Written)));
    assert_eq!(sign_in(&beside, "user3999@example.com"), Some(Ok(Swap::Written)));
    let id = beside.look_up("user8").expect("readable").expect("there").id;
    beside.set_password(id, &HASHES[2]).expect("changed");
    // None of that built them: who signs in waits for nobody.
    assert!(has_no_indexes(&path));

    numbered(&mut *bulk, input, 4000..5000);
    bulk.end_input(input).expect("ended");
    bulk.finish().expect("ended");
    assert!(!has_no_indexes(&path));
    assert_eq!(sign_in(&beside, "user7"), Some(Err(())));
    for name in ["user8", "user4999@example.com"] {
        assert!(beside.look_up(name).expect("readable").is_some());
    }
    let file = rusqlite::Connection::open(&path).expect("a database");
    let left: i64 = file.query_row("SELECT count(*) FROM unindexed", [], |row| row.get(0)).expect("a number");
    assert_eq!(left, 0);
}

/// That the records of one run are distinct says nothing of those of a run before it.
#[test]
fn a_run_after_one_that_was_killed_knows_whom_that_one_wrote() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let options = BulkOptions::new(OnConflict::Skip, false).distinct(true);
    let store = Sqlite::create_or_open(&path).expect("a store");
    let mut killed = store.bulk(options).expect("begun");
    let input = killed.begin_input(Some("one"), "one").expect("begun").id;
    numbered(&mut *killed, input, 0..300);
    drop(killed);
    assert!(has_no_indexes(&path));

    let mut bulk = store.bulk(options).expect("begun");
    let input = bulk.begin_input(Some("one"), "one").expect("begun").id;
    numbered(&mut *bulk, input, 300..400);
    assert!(has_no_indexes(&path), "it goes on without them");
    let again = |username| NewUser { username: Some(username), ..NewUser::default() };
    bulk.push(&again("user7")).expect("pushed");
    bulk.push(&again("user400")).expect("pushed");
    bulk.end_batch(Mark::new(input, 400, 2)).expect("ended");
    let outcomes = bulk.next_written(true).expect("a batch").expect("written").outcomes;
    assert_eq!(outcomes, [Inserted::Conflict("username"), Inserted::New]);
    bulk.end_input(input).expect("ended");
    bulk.finish().expect("ended");
    assert!(!has_no_indexes(&path));
}

#[test]
fn who_adds_an_identifier_builds_the_indexes_and_the_import_goes_on_with_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let importing = Sqlite::create_or_open(&path).expect("a store");
    let mut bulk = importing.bulk(BulkOptions::new(OnConflict::Skip, false)).expect("begun");
    let input = bulk.begin_input(None, "one").expect("begun").id;
    numbered(&mut *bulk, input, 0..100);
    let beside = Sqlite::open(&path).expect("opened");
    let person = |name| NewUser { username: Some(name), password: Some(&HASHES[2]), ..NewUser::default() };
    assert_eq!(beside.create(&person("user5@example.com")).expect("answered"), Created::Taken("username"));
    assert!(matches!(beside.create(&person("user150")).expect("created"), Created::New(_)));
    assert!(!has_no_indexes(&path));

    bulk.push(&person("user150")).expect("pushed");
    bulk.push(&person("user151")).expect("pushed");
    bulk.end_batch(Mark::new(input, 100, 2)).expect("ended");
    let outcomes = bulk.next_written(true).expect("a batch").expect("written").outcomes;
    assert!(matches!(outcomes[..], [Inserted::AlreadyThere { .. } | Inserted::Conflict("username"), Inserted::New]));
    bulk.end_input(input).expect("ended");
    bulk.finish().expect("ended");
}

#[test]
fn who_has_the_store_open_is_not_made_to_wait_for_indexes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let shared = rehash::store::OpenOptions::default().creates(true).shared(true);
    let service = Sqlite::open_with(&path, &shared).expect("a store");
    assert!(service.look_up("user1").expect("readable").is_none());
    let importing = Sqlite::open(&path).expect("opened");
    let mut bulk = importing.bulk(BulkOptions::new(OnConflict::Skip, false)).expect("begun");
    let input = bulk.begin_input(None, "one").expect("begun").id;
    numbered(&mut *bulk, input, 0..100);
    assert!(!has_no_indexes(&path));
    assert!(service.look_up("user1").expect("readable").is_some());
}

#[test]
fn who_took_an_index_away_by_hand_locks_nobody_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("store.db");
    let store = Sqlite::create_or_open(&path).expect("a store");
    let person = NewUser { username: Some("ada"), primary_email: Some("a@x"), ..NewUser::default() };
    assert!(matches!(store.create(&person).expect("created"), Created::New(_)));
    let file = rusqlite::Connection::open(&path).expect("a database");
    for index in ["users_primary_email", "users_username"] {
        file.execute_batch(&format!("DROP INDEX {index}")).expect("dropped");
        for name in ["ada", "a@x"] {
            assert!(store.look_up(name).expect("readable").is_some());
        }
        assert!(store.look_up("bob").expect("readable").is_none());
        assert!(store.find_user(Identifier::PrimaryEmail, "a@x").expect("readable").is_some());
    }
    assert!(!store.info().expect("readable").is_indexed);
    assert_eq!(store.create(&person).expect("answered"), Created::Taken("username"));
    store.build_indexes().expect("built");
    assert!(store.info().expect("readable").is_indexed);
}
