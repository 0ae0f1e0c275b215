//! One contract over every store, and what happens to each when processes are killed, connections are cut and two write
//! at once.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rehash::sign_in::{Outcome, sign_in};
use rehash::store::{
    BulkOptions, Created, Edited, Identifier, Inserted, Linked, Mark, NewUser, OnConflict, OpenOptions, StoreErrorKind,
    Swap, TaggedText, Unstorable, User, Users, open,
};
use rehash::{Argon2Target, Columns, Engine, Limits, Method, Password, Policy, StoredHash, Upgrade};

use super::identities::by_hand;

/// The URL of a schema of this test's own, dropped at its end.
pub(crate) struct Schema {
    pub(crate) url: String,
    pub(crate) admin: String,
    pub(crate) name: String,
}

impl Schema {
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Ok(admin) = std::env::var("REHASH_TEST_POSTGRES") else {
            eprintln!("skipped: REHASH_TEST_POSTGRES is not set");
            return None;
        };
        let name = format!("rehash_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        Some(Self { url: format!("{admin}?schema={name}"), admin, name })
    }

    pub(crate) fn run(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (client, connection) =
                tokio_postgres::connect(&self.admin, tokio_postgres::NoTls).await.map_err(|error| error.to_string())?;
            tokio::spawn(connection);
            let sql = sql.replace("{s}", &self.name);
            let rows = client.simple_query(&sql).await.map_err(|error| format!("{error:?}"))?;
            let rows = rows.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => {
                    Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
                }
                _ => None,
            });
            Ok(rows.collect())
        })
    }

    pub(crate) fn number(&self, sql: &str) -> u64 {
        let rows = self.run(sql).expect("an answer");
        rows[0][0].as_deref().expect("a number").parse().expect("a number")
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let _ = self.run("DROP SCHEMA IF EXISTS {s} CASCADE");
    }
}

pub(crate) fn engine() -> Engine {
    let target = Argon2Target { memory_kib: 16, passes: 1, lanes: 1 };
    Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy")
}

pub(crate) fn md5(text: &str) -> StoredHash {
    StoredHash::parse(Method::Md5, text, &Limits::default()).expect("an MD5")
}

pub(crate) const OF_PASSWORD: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

pub(crate) fn creating() -> OpenOptions {
    OpenOptions::default().creates(true)
}

/// Runs a test over a file and over a schema of the server.
pub(crate) fn each_store(test: impl Fn(&str)) {
    let directory = tempfile::tempdir().expect("a directory");
    test(&format!("sqlite:{}", directory.path().join("s.db").display()));
    if let Some(schema) = Schema::new() {
        test(&schema.url);
    }
}

pub(crate) fn bulk(store: &dyn Users, on_conflict: OnConflict, users: &[NewUser<'_>]) -> Vec<Inserted> {
    let mut bulk = store.bulk(BulkOptions::new(on_conflict, false)).expect("a bulk");
    let input = bulk.begin_input(None, "test").expect("begun");
    users.iter().for_each(|user| bulk.push(user).expect("pushed"));
    bulk.end_batch(Mark::new(input.id, 0, users.len() as u64)).expect("ended");
    let written = bulk.next_written(true).expect("a batch").expect("written");
    bulk.end_input(input.id).expect("ended");
    bulk.finish().expect("finished");
    written.outcomes
}

/// The counters and what the rows say must be the same.
pub(crate) fn counters_are_right(store: &dyn Users) {
    let sorted = |store: &dyn Users| {
        let mut counts = store.counts().expect("counts");
        counts.sort_by(|one, other| (&one.method, &one.parameters).cmp(&(&other.method, &other.parameters)));
        counts
    };
    let kept = sorted(store);
    store.recount().expect("counted");
    assert_eq!(kept, sorted(store));
}

#[test]
fn every_store_keeps_the_contract() {
    let engine = engine();
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let hash = md5(OF_PASSWORD);
        let odd = "a\u{202e}\u{1f600}\\N\t\r\n'; DROP TABLE users; --\u{10ffff}";
        let ada = NewUser {
            username: Some(odd),
            primary_email: Some("ada@example.com"),
            profile: Some(r#"{ "b":1.50, "a":"\u0000" }"#),
            password: Some(&hash),
            ..NewUser::default()
        };
        let bob = NewUser { username: Some("bob"), primary_phone: Some("+49"), ..NewUser::default() };
        assert_eq!(bulk(&*store, OnConflict::Skip, &[ada, bob]), [Inserted::New, Inserted::New]);
        let again = [Inserted::AlreadyThere { kept_newer: false }; 2];
        assert_eq!(bulk(&*store, OnConflict::Skip, &[ada, bob]), again);

        // A username shadows an email; everything comes back byte for byte.
        let found = store.find(odd).expect("readable").expect("there");
        let back = store.user(found.id).expect("readable").expect("there");
        assert_eq!(back.username.as_deref(), Some(odd));
        assert_eq!(back.profile.as_deref(), ada.profile);
        assert!(back.password == Some(TaggedText::of(&hash)));
        assert!(store.find("nobody\0").expect("readable").is_none());
        assert_eq!(store.spelt("ADA.Ünal "), "ada.Ünal ");

        // A swap needs the expected hash, once.
        let accepted = engine.verify(&hash, &Password::new("password")).expect("accepted");
        let Upgrade::Ready(replacement) = accepted.upgrade else { panic!("an upgrade is due") };
        assert_eq!(store.replace(&found.id, &replacement).expect("written"), Swap::Written);
        assert_eq!(store.replace(&(found.id + 1000), &replacement).expect("left"), Swap::Superseded);
        let again = [Inserted::AlreadyThere { kept_newer: true }];
        assert_eq!(bulk(&*store, OnConflict::ReplaceLegacy, &[ada]), again);

        // A change needs it too, and a user without a password has none to expect.
        let bob_id = store.find("bob").expect("readable").expect("there").id;
        let old = TaggedText::of(&hash);
        let new = engine.hash(&Password::new("new")).expect("a hash");
        assert_eq!(store.change_password(bob_id, Some(&old), &new).expect("left"), Swap::Superseded);
        assert_eq!(store.change_password(bob_id, None, &new).expect("written"), Swap::Written);
        assert_eq!(store.change_password(bob_id, None, &new).expect("left"), Swap::Superseded);

        let carol = NewUser { username: Some("carol"), password: Some(&hash), ..NewUser::default() };
        assert!(matches!(store.create(&carol).expect("made"), Created::New(_)));
        assert_eq!(store.create(&carol).expect("left"), Created::Taken("username"));
        let mail = NewUser { username: Some("dan"), primary_email: Some("ada@example.com"), ..NewUser::default() };
        assert_eq!(store.create(&mail).expect("left"), Created::Taken("primaryEmail"));

        assert_eq!(store.link_identity(bob_id, "github", r#"{"userId":"1"}"#).expect("linked"), Linked::Written);
        assert_eq!(store.link_identity(bob_id, "github", r#"{"userId":"2"}"#).expect("left"), Linked::Taken);
        assert_eq!(store.link_identity(bob_id + 1000, "github", "{}").expect("left"), Linked::NoSuchUser);

        let mut names = BTreeSet::new();
        store
            .export(&mut |user| {
                names.extend(user.username.clone());
                ControlFlow::Continue(())
            })
            .expect("exported");
        assert_eq!(names, [odd, "bob", "carol"].map(str::to_owned).into());
        let days = store.days().expect("days");
        let sums =
            days.iter().fold((0, 0, 0), |sum, day| (sum.0 + day.imported, sum.1 + day.upgraded, sum.2 + day.changed));
        // Carol's hash is another system's, however she came here; bob has a password of his own.
        assert_eq!(sums, (3, 1, 1));
        let untouched: u64 = store.counts().expect("counts").iter().map(|count| count.untouched).sum();
        assert_eq!(untouched, 1);
        let erin = NewUser { username: Some("erin"), password: Some(&new), ..NewUser::default() };
        let Created::New(erin) = store.create(&erin).expect("made") else { panic!("there is no erin yet") };
        let erin = store.user(erin).expect("readable").expect("there");
        assert!(erin.imported_method.is_none() && erin.password_changed_at.is_some());
        let carol =
            store.user(store.find("carol").expect("readable").expect("there").id).expect("readable").expect("there");
        assert!(carol.imported_method.as_deref() == Some("md5") && carol.password_changed_at.is_none());
        counters_are_right(&*store);
        let info = store.info().expect("known");
        assert_eq!(info.schema, info.known_schema);
    });
}

#[test]
fn an_identifier_names_who_has_it_as_written_and_else_the_only_one_who_has_it_but_for_capitals() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let named = |username, primary_email| NewUser { username, primary_email, ..NewUser::default() };
        let users = [
            named(Some("Ada"), Some("Ada.L@Example.com")),
            named(Some("bob"), Some("bob@example.com")),
            named(Some("Bob"), None),
            named(Some("BOB"), None),
            named(Some("Ünal"), Some("carol@example.com")),
            named(Some("CAROL@example.com"), None),
        ];
        // One after the other, and with the first import's indexes and without.
        assert_eq!(bulk(&*store, OnConflict::Skip, &users[..3]), [Inserted::New; 3]);
        assert_eq!(bulk(&*store, OnConflict::Skip, &users[3..]), [Inserted::New; 3]);
        let ids: Vec<i64> = users
            .iter()
            .map(|user| store.find(user.username.expect("one")).expect("readable").expect("there").id)
            .collect();
        for (identifier, whom) in [
            ("Ada", Some((0, true))),
            ("ada", Some((0, true))),
            ("aDA", Some((0, true))),
            ("ada.l@example.com", Some((0, true))),
            ("ADA.L@EXAMPLE.COM", Some((0, true))),
            ("bob", Some((1, false))),
            ("BOB", Some((3, false))),
            ("bOB", None),
            ("BOB@example.com", Some((1, true))),
            // Capitals that are not ASCII's are letters of their own.
            ("ünal", None),
            ("ÜNAL", Some((4, true))),
            ("Ünal", Some((4, true))),
            // A username before an email, in other spellings too; but who has it as it is written first.
            ("carol@example.com", Some((4, false))),
            ("Carol@example.com", Some((5, false))),
        ] {
            let found = store.find(identifier).expect("readable").map(|found| (found.id, found.is_only_match));
            assert_eq!(found, whom.map(|(user, is_only)| (ids[user], is_only)), "{identifier} in {url}");
        }
    });
}

#[test]
fn nobody_who_is_new_is_called_as_another_is_but_for_capitals() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let hash = md5(OF_PASSWORD);
        let named = |username, primary_email| NewUser { username, primary_email, ..NewUser::default() };
        let users = [named(Some("Ada"), Some("Ada.L@Example.com")), named(Some("bob"), Some("bob@example.com"))];
        assert_eq!(bulk(&*store, OnConflict::Skip, &users), [Inserted::New; 2]);
        let id = |name: &str| store.find(name).expect("readable").expect("there").id;
        let (ada, bob) = (id("Ada"), id("bob"));
        // Whoever signs in with either of these would find themselves elsewhere, or nowhere.
        for (new, field) in [
            (named(Some("ada"), None), "username"),
            (named(Some("aDA"), None), "username"),
            (named(Some("BOB"), None), "username"),
            (named(Some("ADA.L@EXAMPLE.COM"), None), "username"),
            (named(Some("bOB@example.com"), None), "username"),
            (named(Some("carol"), Some("ada.l@example.com")), "primaryEmail"),
            (named(Some("carol"), Some("Bob@example.com")), "primaryEmail"),
            (named(Some("carol"), Some("BOB")), "primaryEmail"),
        ] {
            assert_eq!(store.create(&new).expect("left"), Created::Taken(field), "{:?} in {url}", new.username);
        }
        let rename = |id: i64, username: Option<&str>, email: Option<&str>| {
            let edited = store.edit(id, &mut |user: &mut User| {
                user.username = username.map(str::to_owned).or(user.username.take());
                user.primary_email = email.map(str::to_owned).or(user.primary_email.take());
                true
            });
            edited.expect("answered")
        };
        assert_eq!(rename(bob, Some("aDA"), None), Edited::Taken("username"), "{url}");
        assert_eq!(rename(bob, Some("ada.L@example.com"), None), Edited::Taken("username"), "{url}");
        assert_eq!(rename(bob, None, Some("ADA.L@example.com")), Edited::Taken("primaryEmail"), "{url}");
        assert_eq!(rename(ada, None, Some("BOB")), Edited::Taken("primaryEmail"), "{url}");
        assert_eq!(id("ada"), ada);
        // One's own name in another spelling is one's own.
        assert_eq!(rename(bob, Some("BoB"), Some("BOB@example.com")), Edited::Written, "{url}");
        // Who comes from elsewhere may have been called so there; who has it as it is written comes first.
        let other = NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() };
        let Created::New(other) = store.create(&other).expect("created") else { panic!("a user of another system") };
        assert_eq!((id("ada"), id("Ada")), (other, ada));
        // All of them are found by operators, who has it as it is written first.
        let found = |kind, text: &str| -> Vec<i64> {
            store.find_users(kind, text).expect("readable").iter().map(|user| user.id).collect()
        };
        assert_eq!(found(Identifier::Username, "ada"), [other, ada]);
        assert_eq!(found(Identifier::Username, "Ada"), [ada, other]);
        assert_eq!(found(Identifier::Username, "ADA"), [ada, other]);
        assert_eq!(found(Identifier::PrimaryEmail, "ada.l@example.com"), [ada]);
        assert_eq!(found(Identifier::PrimaryEmail, "ada"), [0; 0]);
        assert_eq!(found(Identifier::PrimaryPhone, "ada"), [0; 0]);
        counters_are_right(&*store);
    });
}

/// Takes a store back to the schema before the last ones.
pub(crate) fn make_older(url: &str) {
    let columns = ["after_key", "last_key"].map(|name| format!("ALTER TABLE {{s}}import_batches DROP COLUMN {name};"));
    let columns = columns.concat() + " DROP TABLE {s}identities; ALTER TABLE {s}guesses DROP COLUMN pending;";
    let more = ["refused", "digest"].map(|name| format!("ALTER TABLE {{s}}import_batches DROP COLUMN {name};"));
    let folded = ["username", "primary_email"].map(|name| format!("DROP INDEX {{s}}users_{name}_folded;"));
    let columns = columns + &more.concat() + &folded.concat();
    match url.split_once("?schema=") {
        Some((admin, name)) => {
            let schema =
                std::mem::ManuallyDrop::new(Schema { url: url.into(), admin: admin.into(), name: name.into() });
            let columns = columns.replace("{s}", "{s}.");
            schema.run(&format!("{columns} DELETE FROM {{s}}.schema_version WHERE version > 2")).expect("older");
        }
        None => {
            let file = rusqlite::Connection::open(url.trim_start_matches("sqlite:")).expect("a file");
            let columns = columns.replace("{s}", "");
            let columns = format!(
                "DROP TRIGGER users_take_identities_along; DROP TRIGGER audit_keeps_ids;
                DROP TRIGGER users_keep_ids; DROP TABLE last_deleted; DROP TABLE unindexed; {columns}"
            );
            file.execute_batch(&format!("{columns} PRAGMA user_version = 3")).expect("older");
        }
    }
}

#[test]
fn an_older_store_is_brought_up_to_date() {
    each_store(|url| {
        let ada = NewUser { username: Some("ada"), ..NewUser::default() };
        let store = open(url, &creating()).expect("a store");
        let _ = bulk(&*store, OnConflict::Skip, &[ada]);
        drop(store);
        make_older(url);
        // Who only reads brings nothing up to date.
        for options in [OpenOptions::default(), OpenOptions::default().read_only(true)] {
            let refused = open(url, &options).map(drop).unwrap_err();
            assert_eq!(refused.kind(), StoreErrorKind::OlderSchema);
            assert!(refused.to_string().contains("rehash store migrate"), "{refused}");
            let older = open(url, &options.older(true)).expect("as it is").info().expect("known");
            assert!(older.schema < older.known_schema && older.is_indexed);
        }
        let store = open(url, &creating()).expect("a store");
        let info = store.info().expect("known");
        assert_eq!(info.schema, info.known_schema);
        assert_eq!(bulk(&*store, OnConflict::Skip, &[ada]), [Inserted::AlreadyThere { kept_newer: false }]);
    });
}

#[test]
fn constants_that_an_older_version_kept_are_not_shown() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let read = |tag: &str, text: &str| {
            StoredHash::parse_tagged(&tag.parse().expect("a tag"), text, &Columns::default(), &Limits::default())
                .expect("a hash")
        };
        let plain = read("md5($p.'TOP SECRET')", OF_PASSWORD);
        let phpass = read("phpass(md5($p.'TOP SECRET'))", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0");
        let names: Vec<_> = (0..6).map(|number| format!("u{number}")).collect();
        let of = |at: usize, hash| NewUser { username: Some(&names[at]), password: Some(hash), ..NewUser::default() };
        let users = [of(0, &plain), of(1, &plain), of(2, &plain), of(3, &phpass), of(4, &phpass), of(5, &phpass)];
        assert_eq!(bulk(&*store, OnConflict::Skip, &users), [Inserted::New; 6]);
        for (name, parameters) in [
            ("u1", "md5($p.'TOP SECRET')"),
            ("u2", "no expression, TOP SECRET"),
            ("u4", "phpass(md5($p.'TOP SECRET')) cost=11"),
            ("u5", "phpass(md5($p.'TOP OTHER')) cost=11"),
        ] {
            let parameters = parameters.replace('\'', "''");
            by_hand(
                url,
                &format!("UPDATE {{s}}.users SET password_parameters = '{parameters}' WHERE username = '{name}'"),
            );
        }
        store.recount().expect("counted");
        let mut counts = store.counts().expect("counts");
        counts.sort_by(|one, other| one.parameters.cmp(&other.parameters));
        let shown: Vec<_> = counts.iter().map(|count| (&*count.parameters, count.records, count.untouched)).collect();
        assert_eq!(shown, [("md5($p.'…')", 2, 2), ("phpass(md5($p.'…')) cost=11", 3, 3), ("…", 1, 1)]);
        counters_are_right(&*store);
    });
}

#[test]
fn what_an_older_version_took_for_phpass_is_there_already() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let phpass = "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0";
        let read = |method, text| StoredHash::parse(method, text, &Limits::default()).expect("a hash");
        let of = |name, hash| NewUser { username: Some(name), password: Some(hash), ..NewUser::default() };
        let before = [
            read(Method::Phpass, phpass),
            read(Method::Md5, OF_PASSWORD),
            read(Method::Sha1, "0000000000000000000000000000000000000000"),
        ];
        let [ada, bob, carol] = &before;
        let users = [of("ada", ada), of("bob", bob), of("carol", carol)];
        assert_eq!(bulk(&*store, OnConflict::Skip, &users), [Inserted::New; 3]);
        let now = [read(Method::WordpressPhpass, phpass), read(Method::WordpressMd5, OF_PASSWORD)];
        let (again, there) = ([of("ada", &now[0]), of("bob", &now[1])], Inserted::AlreadyThere { kept_newer: false });
        assert_eq!(bulk(&*store, OnConflict::Skip, &again), [there; 2]);
        assert_eq!(bulk(&*store, OnConflict::Complete, &again), [there; 2]);
        // Who asks for it has the name that says more, once.
        assert_eq!(bulk(&*store, OnConflict::ReplaceLegacy, &again), [Inserted::Replaced; 2]);
        assert_eq!(bulk(&*store, OnConflict::ReplaceLegacy, &again), [there; 2]);
        let method = |name| store.find(name).expect("readable").expect("there").password.expect("a hash").method;
        assert_eq!([method("ada"), method("bob")], ["wordpress_phpass", "wordpress_md5"]);
        counters_are_right(&*store);
        // And keeps it where one that says less comes.
        assert_eq!(bulk(&*store, OnConflict::ReplaceLegacy, &[of("ada", ada), of("bob", bob)]), [there; 2]);
        assert_eq!([method("ada"), method("bob")], ["wordpress_phpass", "wordpress_md5"]);
        // Another text, or another method, is another hash.
        let others = [of("ada", bob), of("bob", ada), of("carol", &now[1])];
        assert_eq!(bulk(&*store, OnConflict::Skip, &others), [Inserted::Conflict("username"); 3]);
    });
}

#[test]
fn what_an_older_version_took_for_bcrypt_and_argon2id_is_there_already() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let bcrypt = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        let argon2id = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObGUwMDAwMDAwM";
        let read = |method, text| StoredHash::parse(method, text, &Limits::default()).expect("a hash");
        let before = [read(Method::Bcrypt, bcrypt), read(Method::Argon2id, argon2id)];
        let now = [read(Method::PhpbbBcrypt, bcrypt), read(Method::PhpbbArgon2id, argon2id)];
        let insert = |name, hash| {
            let user = NewUser { username: Some(name), password: Some(hash), ..NewUser::default() };
            bulk(&*store, OnConflict::Skip, &[user])[0]
        };
        let there = Inserted::AlreadyThere { kept_newer: false };
        assert_eq!([insert("ada", &before[0]), insert("bob", &before[1])], [Inserted::New; 2]);
        assert_eq!([insert("ada", &now[0]), insert("bob", &now[1])], [there; 2]);
    });
}

#[test]
fn complete_gives_what_is_missing_and_changes_nothing_else() {
    let engine = engine();
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let (hash, another) = (md5(OF_PASSWORD), md5("00000000000000000000000000000000"));
        let named = |name| NewUser { username: Some(name), ..NewUser::default() };
        let google = Some(r#"{"google":{"userId":"1"}}"#);
        let profile =
            |name| NewUser { name: Some("Ada"), custom_data: Some(r#"{"a":1}"#), identities: google, ..named(name) };
        let with = |name, hash| NewUser { password: Some(hash), ..named(name) };
        // Profiles first, and hashes first; whoever signs in between has been upgraded, and is left alone.
        let first = [profile("ada"), with("bob", &hash), with("cyd", &hash), with("dan", &hash), named("eve")];
        assert_eq!(bulk(&*store, OnConflict::Skip, &first), [Inserted::New; 5]);
        let _ = sign_in(&engine, &*store, "cyd", &Password::new("password")).expect("accepted");
        let dora = NewUser { identities: None, ..profile("bob") };
        let second = [
            with("ada", &hash),
            NewUser { primary_email: Some("bob@example.com"), ..dora },
            profile("cyd"),
            with("dan", &another),
            NewUser { identities: google, ..named("eve") },
            with("new", &hash),
        ];
        let (left, conflict) = (Inserted::LeftNewer("username"), Inserted::Conflict("username"));
        let taken = Inserted::Conflict("identities");
        let expected = [Inserted::Replaced, Inserted::Replaced, left, conflict, taken, Inserted::New];
        assert_eq!(bulk(&*store, OnConflict::Complete, &second), expected);
        // What names two users, or one of them by another name, is nobody's surely.
        let email = |name, email| NewUser { primary_email: Some(email), ..with(name, &hash) };
        assert_eq!(
            bulk(&*store, OnConflict::Skip, &[NewUser { primary_email: Some("fay@example.com"), ..named("fay") }]),
            [Inserted::New]
        );
        let mixed =
            [email("eve", "fay@example.com"), email("gus", "fay@example.com"), email("fay", "other@example.com")];
        let outcomes = bulk(&*store, OnConflict::Complete, &mixed);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Inserted::Conflict(_))), "{outcomes:?}");
        for name in ["eve", "fay"] {
            assert!(store.find(name).expect("readable").expect("there").password.is_none(), "{name}");
        }
        let there = Inserted::AlreadyThere { kept_newer: false };
        let expected = [there, there, left, conflict, taken, there];
        assert_eq!(bulk(&*store, OnConflict::Complete, &second), expected, "the second time");
        let user = |name| {
            let id = store.find(name).expect("readable").expect("there").id;
            store.user(id).expect("readable").expect("there")
        };
        let (ada, bob, dan) = (user("ada"), user("bob"), user("dan"));
        assert_eq!((ada.name.as_deref(), ada.identities.as_deref()), (Some("Ada"), google));
        assert_eq!((bob.name.as_deref(), bob.primary_email.as_deref()), (Some("Ada"), Some("bob@example.com")));
        assert!(dan.password == Some(TaggedText::of(&hash)) && user("eve").identities.is_none());
        for name in ["ada", "bob", "cyd", "dan", "new"] {
            assert!(sign_in(&engine, &*store, name, &Password::new("password")).is_ok(), "{name}");
        }
        counters_are_right(&*store);
    });
}

#[test]
fn records_of_one_batch_for_one_user_are_taken_one_after_the_other() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let (old, new) = (md5(OF_PASSWORD), md5("00000000000000000000000000000000"));
        let named = |name| NewUser { username: Some(name), ..NewUser::default() };
        let with = |name, hash| NewUser { password: Some(hash), ..named(name) };
        let google = Some(r#"{"google":{"userId":"1"}}"#);
        let users = [named("ada"), named("bob"), with("cyd", &old), with("dan", &old), named("fay")];
        assert_eq!(bulk(&*store, OnConflict::Skip, &users), [Inserted::New; 5]);
        let parts = [
            NewUser { name: Some("Ada"), ..named("ada") },
            NewUser { identities: google, ..named("ada") },
            with("bob", &old),
            with("ada", &old),
            with("ada", &new),
            NewUser { name: Some("Bob"), identities: google, ..named("bob") },
            NewUser { identities: google, ..named("fay") },
        ];
        let (replaced, conflict) = (Inserted::Replaced, Inserted::Conflict("username"));
        let taken = Inserted::Conflict("identities");
        let expected = [replaced, replaced, replaced, replaced, conflict, taken, taken];
        assert_eq!(bulk(&*store, OnConflict::Complete, &parts), expected);
        let user = |name| {
            let id = store.find(name).expect("readable").expect("there").id;
            store.user(id).expect("readable").expect("there")
        };
        let ada = user("ada");
        assert_eq!((ada.name.as_deref(), ada.identities.as_deref()), (Some("Ada"), google));
        assert!(ada.password == Some(TaggedText::of(&old)) && user("bob").password == ada.password);
        // The last of them counts.
        let again = [with("cyd", &new), with("cyd", &old), with("cyd", &new)];
        assert_eq!(bulk(&*store, OnConflict::ReplaceLegacy, &again), [replaced; 3]);
        assert!(user("cyd").password == Some(TaggedText::of(&new)));
        // Two who want one address: the first has it, and the batch goes on.
        let mail = Some("dan@example.com");
        let both = [
            NewUser { primary_email: mail, ..with("dan", &new) },
            NewUser { primary_email: mail, ..with("cyd", &old) },
            with("eve", &old),
        ];
        let begun = Instant::now();
        assert_eq!(bulk(&*store, OnConflict::ReplaceLegacy, &both), [replaced, conflict, Inserted::New]);
        assert!(begun.elapsed() < Duration::from_secs(20), "tried again and again");
        assert!(user("dan").primary_email.as_deref() == mail && user("cyd").primary_email.is_none());
        counters_are_right(&*store);
    });
}

#[test]
fn many_changes_of_one_user_at_one_moment_are_all_written() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let ada = NewUser { username: Some("ada"), ..NewUser::default() };
        let Created::New(id) = store.create(&ada).expect("created") else { panic!("she is new") };
        let add = |part: usize, number: usize| {
            let edited = store.edit(id, &mut |user| {
                let name = user.name.take().unwrap_or_default();
                user.name = Some(format!("{name} {part}-{number}"));
                true
            });
            assert_eq!(edited.expect("changed"), Edited::Written);
            let linked = store.link_identity(id, &format!("p{part}-{number}"), r#"{"userId":"1"}"#);
            assert_eq!(linked.expect("linked"), Linked::Written);
        };
        std::thread::scope(|scope| {
            for part in 0..8 {
                scope.spawn(move || (0..6).for_each(|number| add(part, number)));
            }
        });
        let ada = store.user(id).expect("readable").expect("there");
        let (name, identities) = (ada.name.unwrap_or_default(), ada.identities.unwrap_or_default());
        assert_eq!(name.split_whitespace().collect::<BTreeSet<_>>().len(), 48, "{name}");
        let linked: serde_json::Value = serde_json::from_str(&identities).expect("JSON");
        assert_eq!(linked.as_object().map(|accounts| accounts.len()), Some(48), "{identities}");
    });
}

#[test]
fn replace_legacy_never_replaces_what_is_newer() {
    let engine = engine();
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let (old, new) = (md5(OF_PASSWORD), md5("00000000000000000000000000000000"));
        let of =
            |name, hash| NewUser { username: Some(name), name: Some("x"), password: Some(hash), ..NewUser::default() };
        let users = [of("ada", &old), of("bob", &old), of("carol", &old)];
        assert_eq!(bulk(&*store, OnConflict::Skip, &users), [Inserted::New; 3]);
        assert!(matches!(
            sign_in(&engine, &*store, "ada", &Password::new("password")).expect("accepted").upgrade,
            Outcome::Written
        ));
        let bob = store.find("bob").expect("readable").expect("there").id;
        let changed = engine.hash(&Password::new("new")).expect("a hash");
        assert_eq!(store.change_password(bob, Some(&TaggedText::of(&old)), &changed).expect("changed"), Swap::Written);

        let others = ["ada", "bob", "carol"].map(|name| NewUser { name: Some("y"), ..of(name, &new) });
        assert_eq!(bulk(&*store, OnConflict::Skip, &others), [Inserted::Conflict("username"); 3]);
        let left = Inserted::LeftNewer("username");
        assert_eq!(bulk(&*store, OnConflict::ReplaceLegacy, &others), [left, left, Inserted::Replaced]);
        let carol = store.find("carol").expect("readable").expect("there").password.expect("a password");
        assert_eq!(carol.text, new.text());
        assert!(sign_in(&engine, &*store, "ada", &Password::new("password")).is_ok());
        assert!(sign_in(&engine, &*store, "bob", &Password::new("new")).is_ok());
        counters_are_right(&*store);

        // Nobody loses a password to a record without one.
        let without = NewUser { username: Some("dora"), name: Some("another"), ..NewUser::default() };
        let _ = bulk(&*store, OnConflict::Skip, &[of("dora", &old)]);
        let outcomes = bulk(&*store, OnConflict::ReplaceLegacy, &[without]);
        assert_eq!(outcomes, [Inserted::Conflict("username")]);
        assert!(sign_in(&engine, &*store, "dora", &Password::new("password")).is_ok());

        // With `fail` nothing of the batch is written.
        let mut bulk = store.bulk(BulkOptions::new(OnConflict::Fail, false)).expect("a bulk");
        let input = bulk.begin_input(None, "test").expect("begun");
        bulk.push(&of("dan", &old)).expect("pushed");
        bulk.push(&of("carol", &old)).expect("pushed");
        bulk.end_batch(Mark::new(input.id, 0, 2)).expect("ended");
        let written = bulk.next_written(true).expect("a batch").expect("an answer");
        assert!(!written.is_committed);
        drop(bulk);
        assert!(store.find("dan").expect("readable").is_none());
    });
}

#[test]
fn what_the_server_cannot_hold_is_one_records_problem() {
    let Some(schema) = Schema::new() else { return };
    let store = open(&schema.url, &creating()).expect("a store");
    let (long, large) = ("u".repeat(64 << 10), format!("{{\"k\":\"{}\"}}", "x".repeat(1 << 20)));
    let users = [
        NewUser { username: Some(&long), ..NewUser::default() },
        NewUser { username: Some("a\0b"), ..NewUser::default() },
        NewUser { username: Some("ada"), custom_data: Some(&large), ..NewUser::default() },
    ];
    let outcomes = bulk(&*store, OnConflict::Skip, &users);
    assert!(matches!(outcomes[0], Inserted::Unstorable { why: Unstorable::TooLong { .. }, .. }));
    assert_eq!(outcomes[1], Inserted::Unstorable { field: "username", why: Unstorable::Nul });
    assert_eq!(outcomes[2], Inserted::New);
}

#[test]
fn the_audit_is_append_only() {
    let Some(schema) = Schema::new() else { return };
    let store = open(&schema.url, &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let ada = NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() };
    let _ = bulk(&*store, OnConflict::Skip, &[ada]);
    let _ = sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted");
    assert_eq!(schema.number("SELECT count(*) FROM {s}.audit WHERE event = 'upgrade' AND from_method = 'md5'"), 1);
    for sql in ["UPDATE {s}.audit SET at = 0", "DELETE FROM {s}.audit", "TRUNCATE {s}.audit"] {
        assert!(schema.run(sql).is_err(), "{sql}");
    }
    assert_eq!(schema.number("SELECT count(*) FROM {s}.audit"), 2);
}

/// Whatever names a user has and has not, each question is answered by an index: of many users few rows are read.
#[test]
fn no_question_about_one_user_goes_through_all_of_them() {
    let Some(schema) = Schema::new() else { return };
    let store = open(&schema.url, &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let many = "INSERT INTO {s}.users (username, primary_email, primary_phone, imported_at)
        SELECT 'User' || n, 'User' || n || '@example.com', '+' || n, 0 FROM generate_series(1, 30000) n; ANALYZE {s}.users";
    schema.run(many).expect("rows");
    let read = || {
        let tables = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE schemaname = '{s}' AND relname = 'users'";
        let indexes = "SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE schemaname = '{s}' AND relname = 'users'";
        schema.number(tables) + schema.number(indexes)
    };
    let before = read();
    for (number, names) in
        [[true, false, false], [false, true, false], [false, false, true], [true, true, true]].into_iter().enumerate()
    {
        let (name, email, phone) =
            (format!("new{number}"), format!("new{number}@example.com"), format!("+new{number}"));
        let [has_name, has_email, has_phone] = names;
        let new = NewUser {
            username: has_name.then_some(&*name),
            primary_email: has_email.then_some(&*email),
            primary_phone: has_phone.then_some(&*phone),
            ..NewUser::default()
        };
        // Who is new, who is another's, and who comes from elsewhere.
        let Created::New(id) = store.create(&new).expect("created") else { panic!("{number}") };
        assert!(matches!(store.create(&new), Ok(Created::Taken(_))));
        assert!(store.delete(id).expect("deleted"));
        let Created::New(id) = store.create(&NewUser { password: Some(&hash), ..new }).expect("created") else {
            panic!()
        };
        for change in [None, Some("renamed")] {
            let edited = store.edit(id, &mut |user: &mut User| {
                user.name = Some(format!("{change:?}"));
                user.username = change.map(|name| format!("{name}{number}")).or(user.username.take());
                true
            });
            assert_eq!(edited.expect("answered"), Edited::Written);
        }
    }
    for name in ["User7", "uSER7", "user7@EXAMPLE.com", "+7", "nobody"] {
        let found = store.find(name).expect("readable").is_some();
        assert_eq!(found, name != "nobody", "{name}");
        for kind in [Identifier::Username, Identifier::PrimaryEmail, Identifier::PrimaryPhone] {
            let _ = store.find_users(kind, name).expect("readable");
        }
    }
    // Sessions tell what they did when they end.
    drop(store);
    std::thread::sleep(Duration::from_millis(1500));
    let rows = read() - before;
    println!("{rows} rows were read");
    assert!((10..1000).contains(&rows), "{rows} rows were read for one user here and there");
}

#[test]
fn where_nothing_can_be_written_a_sign_in_succeeds() {
    each_store(|url| {
        let hash = md5(OF_PASSWORD);
        let store = open(url, &creating()).expect("a store");
        let _ = bulk(
            &*store,
            OnConflict::Skip,
            &[NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() }],
        );
        drop(store);
        let store = open(url, &OpenOptions::default().read_only(true)).expect("a store");
        match sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted").upgrade {
            Outcome::WriteFailed(error) => assert_eq!(error.kind(), StoreErrorKind::ReadOnly),
            other => panic!("{other:?}"),
        }
        assert!(store.info().expect("known").is_read_only);
    });
}

#[test]
fn tls_is_never_silently_left_out() {
    let Some(schema) = Schema::new() else { return };
    // The server's certificate is of its own making: not trusted, unless it is named.
    for mode in ["require", "verify-full"] {
        let refused = open(&format!("{}&sslmode={mode}", schema.url), &creating()).map(drop).unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Unreachable, "{mode}: {refused}");
    }
    let refused = open(&format!("{}&sslmode=sometimes", schema.url), &creating()).map(drop).unwrap_err();
    assert_eq!(refused.kind(), StoreErrorKind::BadUrl);
}

pub(crate) fn table(records: usize) -> String {
    (0..records)
        .map(|number| {
            let key = number.wrapping_mul(2_654_435_761) & 0xffff_ffff;
            format!("{{\"username\":\"user{key:08x}\",\"primaryEmail\":\"u{number}@example.com\",\"passwordEncrypted\":\"{key:032x}\",\"passwordEncryptionMethod\":\"MD5\"}}\n")
        })
        .collect()
}

pub(crate) fn import(file: &Path, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    command.args(["import", "--json", "--quiet", "--store", url]).arg(file);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Random moments within what an import takes: where one ends before its moment comes, moments come sooner.
pub(crate) struct Moments {
    random: RandomState,
    number: u64,
    longest: Duration,
}

impl Moments {
    pub(crate) fn new() -> Self {
        Self { random: RandomState::new(), number: 0, longest: Duration::from_millis(900) }
    }

    /// Kills the import at one.
    pub(crate) fn kill(&mut self, mut import: std::process::Child) {
        self.number += 1;
        let longest = u64::try_from(self.longest.as_millis()).expect("short");
        std::thread::sleep(Duration::from_millis(self.random.hash_one(self.number) % longest));
        let is_over = import.try_wait().expect("known").is_some();
        self.longest = self.longest * if is_over { 9 } else { 11 } / 10;
        let _ = import.kill();
        import.wait().expect("ended");
    }
}

/// How often tests kill what they kill.
pub(crate) fn kills() -> u32 {
    std::env::var("REHASH_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(3)
}

/// Kills imports at random moments, and lets the last one end: every record is there, once.
#[test]
fn an_import_that_is_killed_goes_on() {
    let kills = kills();
    let records = 250_000;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("users.ndjson");
    std::fs::write(&file, table(records)).expect("written");
    // Of each store the moments, and in how many rounds the last import went on after a part that another had committed.
    let stores = Mutex::new(BTreeMap::<String, (Moments, u32)>::new());
    for _ in 0..kills.div_ceil(5) {
        each_store(|url| {
            let mut stores = stores.lock().expect("whole");
            let kind = url.split(':').next().expect("a scheme").to_owned();
            let (moments, in_the_middle) = stores.entry(kind).or_insert_with(|| (Moments::new(), 0));
            for _ in 0..5.min(kills) {
                moments.kill(import(&file, url).spawn().expect("started"));
            }
            let output = import(&file, url).output().expect("ended");
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
            let counts: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let count = |name: &str| counts[name].as_u64().unwrap_or(0);
            let sum = count("imported") + count("already_there") + count("committed_earlier") + count("rejected");
            assert_eq!((count("records"), sum, count("rejected")), (records as u64, records as u64, 0), "{text}");
            *in_the_middle += u32::from((1..records as u64).contains(&count("committed_earlier")));
            let store = open(url, &OpenOptions::default()).expect("a store");
            let mut seen = BTreeSet::new();
            store
                .export(&mut |user| {
                    assert!(seen.insert(user.username.clone()), "a record is there twice");
                    ControlFlow::Continue(())
                })
                .expect("exported");
            assert_eq!(seen.len(), records);
            counters_are_right(&*store);
        });
    }
    for (kind, (_, in_the_middle)) in &*stores.lock().expect("whole") {
        println!("{kind}: {in_the_middle} of {} rounds ended in the middle", kills.div_ceil(5));
        assert!(kills < 40 || *in_the_middle > 0, "{kind}: no kill came between the first commit and the last");
    }
}

#[test]
fn two_imports_at_once_store_each_record_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let (file, other) = (directory.path().join("users.ndjson"), directory.path().join("reversed.ndjson"));
    let table = table(30_000);
    let reversed: String = table.lines().rev().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, &table).expect("written");
    std::fs::write(&other, reversed).expect("written");
    // Two that hold the same users in another order, and one and the same import begun twice.
    for files in [[&file, &other], [&file, &file]] {
        each_store(|url| {
            drop(open(url, &creating()).expect("a store"));
            let children = files.map(|file| import(file, url).spawn().expect("started"));
            let mut imported = 0;
            for child in children {
                let output = child.wait_with_output().expect("ended");
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
                let counts: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                let of = |name: &str| counts[name].as_u64().unwrap_or(0);
                assert_eq!(of("imported") + of("already_there") + of("committed_earlier"), 30_000, "{text}");
                imported += of("imported");
            }
            assert_eq!(imported, 30_000, "{url}");
            let store = open(url, &OpenOptions::default()).expect("a store");
            assert_eq!(store.counts().expect("counts").iter().map(|row| row.records).sum::<u64>(), 30_000);
            counters_are_right(&*store);
        });
    }
}

/// An import that replaces whoever nobody has touched, and users who sign in and change their passwords meanwhile: whichever comes first
/// for a user, the newest password is the one that is right.
#[test]
fn users_sign_in_and_change_passwords_while_an_import_replaces() {
    const USERS: usize = 40;
    let engine = engine();
    each_store(|url| {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("users.ndjson");
        let store = open(url, &creating()).expect("a store");
        // Whom the import came to first, and whom their own sign-in did.
        let (mut replaced, mut kept) = (0, 0);
        for round in 0..12 {
            let names: Vec<String> = (0..USERS).map(|number| format!("round{round}-{number}")).collect();
            let record = |name: &String| {
                format!(
                    "{{\"username\":\"{name}\",\"passwordEncrypted\":\"5f4dcc3b5aa765d61d8327deb882cf99\",\"passwordEncryptionMethod\":\"MD5\"}}\n"
                )
            };
            let text: String = names.iter().map(record).collect();
            std::fs::write(&file, &text).expect("written");
            assert!(import(&file, url).status().expect("ended").success());
            // The same users with other fields: each is in conflict, and would be replaced.
            let other = text.replace("\",\"passwordEncrypted", "\",\"name\":\"x\",\"passwordEncrypted");
            let fillers = table(4000).replace("user", &format!("filler{round}-")).replace("@", &format!("@{round}."));
            std::fs::write(&file, fillers + &other).expect("written");
            let mut child = import(&file, url).args(["--on-conflict", "replace-legacy"]).spawn().expect("started");
            for (number, name) in names.iter().enumerate() {
                let signed_in = sign_in(&engine, &*store, name, &Password::new("password")).expect("accepted");
                if number % 2 == 0 {
                    let row = store.find(name).expect("readable").expect("there");
                    let new = engine.hash(&Password::new("new")).expect("a hash");
                    let swap = store.change_password(signed_in.id, row.password.as_ref(), &new).expect("an answer");
                    // Whose record was replaced in between asks again, as the service does.
                    if swap == Swap::Superseded {
                        let row = store.find(name).expect("readable").expect("there");
                        let again = store.change_password(signed_in.id, row.password.as_ref(), &new);
                        assert_eq!(again.expect("an answer"), Swap::Written);
                    }
                }
                // Where the import came to nobody first, it is given more time.
                std::thread::sleep(Duration::from_millis(if replaced == 0 { 5 + 5 * round } else { 5 }));
            }
            assert!(child.wait().expect("ended").success());
            for (number, name) in names.iter().enumerate() {
                let password = Password::new(if number % 2 == 0 { "new" } else { "password" });
                assert!(sign_in(&engine, &*store, name, &password).is_ok(), "{name} in {url}");
                let user = store.find_user(Identifier::Username, name).expect("readable").expect("there");
                *if user.name.is_some() { &mut replaced } else { &mut kept } += 1;
            }
            if round >= 1 && replaced > 0 && kept > 0 {
                break;
            }
        }
        println!("{replaced} replaced first, {kept} touched first: {url}");
        assert!(replaced > 0 && kept > 0, "nothing was at once: {replaced} replaced, {kept} kept in {url}");
        counters_are_right(&*store);
    });
}

/// Rows come one after the other, however large they are.
#[cfg(target_os = "linux")]
#[test]
fn an_export_takes_no_more_memory_for_large_rows() {
    let Some(schema) = Schema::new() else { return };
    let store = open(&schema.url, &creating()).expect("a store");
    let large = format!("{{\"k\":\"{}\"}}", "x".repeat(1 << 20));
    for hundred in 0..4 {
        let names: Vec<String> = (0..100).map(|number| format!("user{hundred}-{number}")).collect();
        let user = |name| NewUser { username: Some(name), custom_data: Some(&large), ..NewUser::default() };
        let users: Vec<NewUser<'_>> = names.iter().map(|name| user(name.as_str())).collect();
        let _ = bulk(&*store, OnConflict::Skip, &users);
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_rehash"))
        .args(["export", "--store", &schema.url])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let mut peak = 0u64;
    while child.try_wait().expect("a child").is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
        peak = peak.max(line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().expect("ended").success());
    assert!(peak > 0 && peak < 150 << 10, "{peak} KiB");
}

#[test]
fn what_happened_is_answered_newest_first() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let hash = md5(OF_PASSWORD);
        let of = |name| NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() };
        let _ = bulk(&*store, OnConflict::Skip, &[of("ada"), of("bob")]);
        let _ = sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted");
        let all = store.audit(None, 10).expect("answered");
        let events: Vec<_> = all.iter().map(|entry| &*entry.event).collect();
        assert_eq!(events, ["upgrade", "import"]);
        assert_eq!((all[1].import.as_deref(), all[1].records, all[1].user_id), (Some("test"), Some(2), None));
        let ada = store.find("ada").expect("readable").expect("there").id;
        assert_eq!(store.audit(Some(ada), 10).expect("answered"), all[..1]);
        assert_eq!(store.audit(Some(ada + 1), 10).expect("answered"), []);
        assert_eq!(store.audit(None, 1).expect("answered"), all[..1]);
    });
}

#[test]
fn who_may_only_read_is_told_so() {
    let Some(schema) = Schema::new() else { return };
    drop(open(&schema.url, &creating()).expect("a store"));
    let role = format!("reader_of_{}", schema.name);
    let made = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {{s}} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {{s}} TO {role}"
    );
    schema.run(&made).expect("a role");
    let url = schema.url.replacen("root@", &format!("{role}@"), 1);
    let told = open(&url, &OpenOptions::default()).map(|store| store.info().expect("known").is_read_only);
    schema.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).expect("gone");
    assert!(url != schema.url && told.expect("readable"));
}

/// In PostgreSQL a batch is compared at once; each of its records ends as something all the same.
#[test]
fn two_records_that_would_take_one_users_place_are_not_both_said_to_have_it() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let (old, new) = (md5(OF_PASSWORD), md5("00000000000000000000000000000000"));
        let named = |username, email, hash| NewUser {
            username,
            primary_email: email,
            password: Some(hash),
            ..NewUser::default()
        };
        bulk(&*store, OnConflict::Skip, &[named(Some("ada"), Some("ada@example.com"), &old)]);
        let users = [named(Some("ada"), None, &new), named(None, Some("ada@example.com"), &new)];
        let outcomes = bulk(&*store, OnConflict::ReplaceLegacy, &users);
        assert_eq!(outcomes[0], Inserted::Replaced);
        assert!(matches!(outcomes[1], Inserted::New | Inserted::Conflict(_)), "{outcomes:?}");
        counters_are_right(&*store);
    });
}

#[test]
fn who_is_given_all_users_may_ask_a_store_meanwhile() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let hash = md5(OF_PASSWORD);
        let of = |name| NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() };
        bulk(&*store, OnConflict::Skip, &[of("ada"), of("bob")]);
        let mut names = Vec::new();
        let each = &mut |user: &rehash::store::User| {
            names.extend(store.user(user.id).expect("readable").expect("there").username);
            std::ops::ControlFlow::Continue(())
        };
        store.export(each).expect("whole");
        assert_eq!(names, ["ada", "bob"]);
    });
}
