//! Social identities: an account elsewhere is one user's, whichever way it comes into a store.

use std::ops::ControlFlow;

use rehash::store::{
    Created, Edited, Inserted, Linked, NewUser, OnConflict, OpenOptions, StoreErrorKind, User, Users, open,
};

use super::stores::{OF_PASSWORD, Schema, bulk, counters_are_right, creating, each_store, import, md5};

const fn of<'a>(name: &'a str, identities: &'a str) -> NewUser<'a> {
    NewUser {
        username: Some(name),
        primary_email: None,
        primary_phone: None,
        name: None,
        avatar: None,
        profile: None,
        custom_data: None,
        identities: Some(identities),
        password: None,
    }
}

fn id_of(store: &dyn Users, name: &str) -> i64 {
    store.find(name).expect("readable").expect("there").id
}

/// Runs a statement on the store's tables, past the store.
pub(crate) fn by_hand(url: &str, sql: &str) {
    match url.split_once("?schema=") {
        Some((admin, name)) => {
            let schema =
                std::mem::ManuallyDrop::new(Schema { url: url.into(), admin: admin.into(), name: name.into() });
            schema.run(sql).expect(sql);
        }
        None => {
            let file = rusqlite::Connection::open(url.trim_start_matches("sqlite:")).expect("a file");
            file.execute_batch(&sql.replace("{s}.", "")).expect(sql);
        }
    }
}

const TAKEN: Inserted = Inserted::Conflict("identities");
const ONE: &str = r#"{"google":{"userId":"1","details":{"name":"a\tb\\N"}}}"#;

#[test]
fn an_account_elsewhere_is_one_users() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let skip = |users: &[NewUser<'_>]| bulk(&*store, OnConflict::Skip, users);
        let plain = NewUser { username: Some("plain"), ..NewUser::default() };
        let (ada, bob) = (of("ada", ONE), of("bob", r#"{"google":{"userId":1}}"#));
        let carol = of("carol", r#"{"github":{"userId":"1"}, "odd\t\\\"":{"userId":"a\tb\nc\\N\u00e9"}}"#);
        // As the only ones, beside others, in one batch with the one who has it, and again.
        assert_eq!(skip(&[plain, carol]), [Inserted::New; 2]);
        assert_eq!(skip(&[ada, bob]), [Inserted::New, TAKEN]);
        assert_eq!(
            skip(&[ada, bob, carol]),
            [Inserted::AlreadyThere { kept_newer: false }, TAKEN, Inserted::AlreadyThere { kept_newer: false }]
        );
        let back = store.user(id_of(&*store, "carol")).expect("readable").expect("there");
        assert_eq!(back.identities.as_deref(), carol.identities);

        assert_eq!(store.create(&of("eve", ONE)).expect("left"), Created::Taken("identities"));
        assert!(store.find("eve").expect("readable").is_none());
        assert!(matches!(store.create(&of("eve", r#"{"google":{"userId":"2"}}"#)).expect("made"), Created::New(_)));
        let link =
            |name, target, identity| store.link_identity(id_of(&*store, name), target, identity).expect("an answer");
        assert_eq!(link("carol", "google", r#"{"userId":"2"}"#), Linked::AnotherUsers);
        assert_eq!(link("carol", "google", r#"{"userId":"3"}"#), Linked::Written);
        assert_eq!(link("carol", "google", r#"{"userId":"3"}"#), Linked::Written);
        assert_eq!(link("eve", "google", r#"{"userId":"3"}"#), Linked::Taken);
        assert_eq!(skip(&[of("frank", r#"{"google":{"userId":"3"}}"#)]), [TAKEN]);

        // Who is refused for one account holds none of the others.
        let two = r#"{"google":{"userId":"1"},"x":{"userId":"7"}}"#;
        assert_eq!(skip(&[of("hal", two), of("ivy", r#"{"x":{"userId":"8"}}"#)]), [TAKEN, Inserted::New]);
        assert_eq!(skip(&[of("jim", r#"{"x":{"userId":"7"}}"#)]), [Inserted::New]);

        // What names no account is kept as it is.
        for (number, odd) in
            [r#"{"google":"1"}"#, r#"{"google":{"userId":""}}"#, r#"{"google":{"userId":"\u0000"}}"#].iter().enumerate()
        {
            let names = [format!("odd{number}"), format!("odder{number}")];
            assert_eq!(skip(&[of(&names[0], odd), of(&names[1], odd)]), [Inserted::New; 2], "{odd}");
        }
        // Who is gone holds nothing.
        by_hand(url, "DELETE FROM {s}.users WHERE username = 'jim'");
        store.recount().expect("counted");
        assert_eq!(skip(&[of("kim", r#"{"x":{"userId":"7"}}"#)]), [Inserted::New]);
        counters_are_right(&*store);
    });
}

/// Records of an import that came before there were rules can share a name or an account.
#[test]
fn what_two_have_shared_before_keeps_neither_from_being_changed() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let named = |name, email| NewUser { primary_email: Some(email), ..of(name, "{}") };
        let users = [named("ada", "ada@x"), named("bob", "ada"), named("carol", "carol@x")];
        assert_eq!(bulk(&*store, OnConflict::Skip, &users), [Inserted::New; 3]);
        by_hand(url, &format!("UPDATE {{s}}.users SET identities = '{ONE}' WHERE username <> 'carol'"));
        let ada = id_of(&*store, "ada");
        by_hand(
            url,
            &format!("INSERT INTO {{s}}.identities (target, identity, user_id) VALUES ('google', '1', {ada})"),
        );
        let edit = |name, change: &dyn Fn(&mut User)| {
            let edited = store.edit(id_of(&*store, name), &mut |user| {
                change(user);
                true
            });
            edited.expect("an answer")
        };
        for name in ["ada", "bob"] {
            assert_eq!(edit(name, &|user| user.name = Some("changed".to_owned())), Edited::Written, "{name}");
        }
        let two = r#"{"google":{"userId":"1"},"x":{"userId":"7"}}"#.to_owned();
        assert_eq!(edit("bob", &|user| user.identities = Some(two.clone())), Edited::Written);
        // What is new is looked at as ever.
        assert_eq!(edit("carol", &|user| user.primary_email = Some("ada".to_owned())), Edited::Taken("primaryEmail"));
        assert_eq!(edit("bob", &|user| user.primary_phone = Some("carol".to_owned())), Edited::Taken("primaryPhone"));
        assert_eq!(edit("carol", &|user| user.identities = Some(two.clone())), Edited::Taken("identities"));
        assert_eq!(edit("ada", &|user| user.identities = Some("{}".to_owned())), Edited::Written);
        assert_eq!(edit("bob", &|user| user.name = None), Edited::Written);
        assert_eq!(store.create(&of("dan", ONE)).expect("left"), Created::Taken("identities"), "now it is bob's");
    });
}

#[test]
fn who_is_replaced_lets_go_and_nobody_is_replaced_for_an_account() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let hash = md5(OF_PASSWORD);
        let of = |name, identities| NewUser { password: Some(&hash), ..of(name, identities) };
        let replace = |users: &[NewUser<'_>]| bulk(&*store, OnConflict::ReplaceLegacy, users);
        let (x1, x2, x3) = (r#"{"x":{"userId":"1"}}"#, r#"{"x":{"userId":"2"}}"#, r#"{"x":{"userId":"3"}}"#);
        assert_eq!(replace(&[of("ada", x1), of("bob", x2), of("carol", "{}")]), [Inserted::New; 3]);
        assert_eq!(replace(&[of("dan", x1)]), [TAKEN], "another name is another user");
        assert_eq!(replace(&[of("carol", x2)]), [TAKEN], "bob has it");
        assert_eq!(replace(&[of("ada", x3), of("carol", x3)]), [Inserted::Replaced, TAKEN], "one of the two");
        assert_eq!(replace(&[of("dan", x1), of("erin", x3)]), [Inserted::New, TAKEN], "ada has let go of one");
        assert_eq!(replace(&[of("ada", x3)]), [Inserted::AlreadyThere { kept_newer: false }]);
        counters_are_right(&*store);
    });
}

/// As a store is that was made before accounts were looked at.
#[test]
fn in_an_older_store_the_first_of_two_has_it() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let users = [of("ada", r#"{"x":{"userId":"1"}}"#), of("bob", r#"{"y":{"userId":"1"}}"#), of("odd", "{}")];
        assert_eq!(bulk(&*store, OnConflict::Skip, &users), [Inserted::New; 3]);
        drop(store);
        super::stores::make_older(url);
        by_hand(
            url,
            r#"UPDATE {s}.users SET identities = '{"x":{"userId":"1"},"z":{"userId":"\u0000"}}' WHERE username <> 'ada'"#,
        );
        if url.starts_with("postgres") {
            let refused = open(url, &OpenOptions::default()).map(drop).unwrap_err();
            assert_eq!(refused.kind(), StoreErrorKind::OlderSchema);
        }
        let store = open(url, &creating()).expect("brought up to date");
        assert_eq!(store.create(&of("carol", r#"{"x":{"userId":"1"}}"#)).expect("left"), Created::Taken("identities"));
        by_hand(url, "DELETE FROM {s}.users WHERE username = 'ada'");
        assert!(matches!(store.create(&of("carol", r#"{"x":{"userId":"1"}}"#)).expect("made"), Created::New(_)));
    });
}

#[test]
fn of_many_at_once_one_has_it() {
    each_store(|url| {
        let store = &*open(url, &creating().shared(true)).expect("a store");
        let owners: Vec<_> = (0..4).map(|number| format!("owner{number}")).collect();
        for name in &owners {
            assert!(matches!(store.create(&of(name, "{}")).expect("made"), Created::New(_)));
        }
        let won: u32 = std::thread::scope(|scope| {
            let threads: Vec<_> = owners
                .iter()
                .map(|owner| {
                    scope.spawn(move || {
                        let mut won = 0;
                        for number in 0..20 {
                            let (name, identity) =
                                (format!("{owner}-{number}"), format!("{{\"userId\":\"{number}\"}}"));
                            let identities = format!("{{\"x\":{identity}}}");
                            won += u32::from(matches!(
                                store.create(&of(&name, &identities)).expect("an answer"),
                                Created::New(_)
                            ));
                            let target = format!("target{number}");
                            let linked =
                                store.link_identity(id_of(store, owner), &target, &identity).expect("an answer");
                            won += u32::from(linked == Linked::Written);
                        }
                        won
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("joined")).sum()
        });
        assert_eq!(won, 40);
    });
}

/// Two files at once, with the same accounts under different names, in opposite orders.
#[test]
fn two_imports_at_once_give_each_account_to_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let record = |name: &str, number: usize| {
        format!("{{\"username\":\"{name}{number}\",\"identities\":{{\"x\":{{\"userId\":\"{number}\"}}}}}}\n")
    };
    let all = 0..25_000;
    let files = [
        all.clone().map(|number| record("a", number)).collect::<String>(),
        all.rev().map(|number| record("b", number)).collect::<String>(),
    ];
    let paths = ["a.ndjson", "b.ndjson"].map(|name| directory.path().join(name));
    paths.iter().zip(files).for_each(|(path, text)| std::fs::write(path, text).expect("written"));
    each_store(|url| {
        drop(open(url, &creating()).expect("a store"));
        let children = paths.each_ref().map(|path| import(path, url).spawn().expect("started"));
        let mut counts = (0, 0);
        for child in children {
            let output = child.wait_with_output().expect("ended");
            let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            counts.0 += said["imported"].as_u64().expect("a count");
            counts.1 += said["rejected"].as_u64().expect("a count");
            assert!(said["errors"].as_array().is_some_and(Vec::is_empty), "{said}");
        }
        assert_eq!(counts, (25_000, 25_000));
        let store = open(url, &OpenOptions::default()).expect("a store");
        let mut held = std::collections::BTreeSet::new();
        let each = &mut |user: &rehash::store::User| {
            assert!(held.insert(user.identities.clone()), "an account is two users'");
            ControlFlow::Continue(())
        };
        store.export(each).expect("exported");
        counters_are_right(&*store);
    });
}

#[test]
fn an_import_says_whose_identity_is_anothers() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("users.ndjson");
    let lines = [("ada", "1"), ("bob", "1"), ("carol", "2")]
        .map(|(name, id)| format!("{{\"username\":\"{name}\",\"identities\":{{\"x\":{{\"userId\":\"{id}\"}}}}}}\n"));
    std::fs::write(&file, lines.concat()).expect("written");
    each_store(|url| {
        let output = import(&file, url).output().expect("ended");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((&said["imported"], &said["problem_counts"]["duplicate_user"]), (&2.into(), &1.into()), "{said}");
    });
}

/// One gives a name as a username, the other as an email or a phone: no index of one column would tell.
#[test]
fn of_two_who_take_one_name_at_the_same_moment_one_has_it() {
    let Some(schema) = Schema::new() else { return };
    let store = open(&schema.url, &OpenOptions::default().creates(true)).expect("a store");
    let other = open(&schema.url, &OpenOptions::default()).expect("the same");
    for number in 0..100 {
        let name = format!("name{number}");
        let username = NewUser { username: Some(&name), ..NewUser::default() };
        let email = NewUser { primary_email: Some(&name), ..NewUser::default() };
        let phone = NewUser { primary_phone: Some(&name), ..NewUser::default() };
        let second = if number % 2 == 0 { email } else { phone };
        let both = std::thread::scope(|scope| {
            let first = scope.spawn(|| store.create(&username).expect("an answer"));
            let second = scope.spawn(|| other.create(&second).expect("an answer"));
            [first.join().expect("no panic"), second.join().expect("no panic")]
        });
        let new = both.iter().filter(|created| matches!(created, Created::New(_))).count();
        assert_eq!(new, 1, "{name}: {both:?}");
    }
}
