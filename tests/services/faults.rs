//! What goes wrong around a store: clocks, deadlocks, transactions that cannot be put in an order, texts from every corner of
//! Unicode.

use std::sync::Arc;
use std::time::Duration;

use rehash::Password;
use rehash::sign_in::{Outcome, sign_in};
use rehash::store::{GuessEnd, Guessed, Inserted, NewUser, OnConflict, Subject, open};

use crate::identities::by_hand;
use crate::stores::{OF_PASSWORD, Schema, bulk, counters_are_right, creating, each_store, engine, md5};

#[test]
fn guesses_are_counted_across_connections() {
    use GuessEnd::{Nothing, Right, Wrong};
    use Guessed::{Busy, Locked, Taken};
    each_store(|url| {
        let stores = [open(url, &creating()).expect("a store"), open(url, &creating()).expect("the same")];
        let window = Duration::from_secs(600);
        let of = |name, limit, is_forgiven| Subject { name, limit, is_forgiven };
        let (ada, bob) = (of("identifier ada", 3, true), of("identifier bob", 3, true));
        let address = of("address 192.0.2.1", 5, false);
        let begin = |number: usize, subjects: &[Subject<'_>]| {
            stores[number % 2].begin_guess(subjects, window).expect("counted")
        };
        let end = |number: usize, subjects: &[Subject<'_>], end| {
            stores[number % 2].end_guess(subjects, end).expect("ended");
        };
        assert_eq!([0, 1, 2, 3].map(|number| begin(number, &[ada, address])), [Taken, Taken, Taken, Busy]);
        // What was not taken counts against nobody: the address has two left.
        assert_eq!([0, 1, 2].map(|number| begin(number, &[bob, address])), [Taken, Taken, Busy]);
        // A right one forgives; those under way are still counted.
        end(0, &[ada, address], Right);
        assert_eq!([0, 1].map(|number| begin(number, &[ada, address])), [Taken, Busy]);
        // One that told nothing is taken back.
        end(1, &[ada], Nothing);
        assert_eq!([0, 1].map(|number| begin(number, &[ada])), [Taken, Busy]);
        [0, 1, 2].into_iter().for_each(|number| end(number, &[ada], Wrong));
        assert_eq!(begin(1, &[ada]), Locked);
        // No limit, and a window that is over.
        assert!((0..20).all(|number| begin(number, &[of("free", 0, true)]) == Taken));
        std::thread::sleep(Duration::from_millis(2100));
        assert_eq!(stores[0].begin_guess(&[ada], Duration::from_secs(1)).expect("counted"), Taken);
    });
}

#[test]
fn guesses_at_once_do_not_slip_through() {
    each_store(|url| {
        let stores = [open(url, &creating()).expect("a store"), open(url, &creating()).expect("the same")];
        let taken: usize = std::thread::scope(|scope| {
            let guess = |number: usize| {
                let ada = Subject { name: "identifier ada", limit: 10, is_forgiven: true };
                let begin =
                    |_: &usize| stores[number % 2].begin_guess(&[ada], Duration::from_secs(600)).expect("counted");
                (0..10).filter(|number| begin(number) == Guessed::Taken).count()
            };
            let guessers: Vec<_> = (0..6).map(|number| scope.spawn(move || guess(number))).collect();
            guessers.into_iter().map(|guesser| guesser.join().expect("whole")).sum()
        });
        assert_eq!(taken, 10);
        // The other way round: what was never counted is not there to be taken back by anybody else's limit.
        let more = Subject { name: "identifier ada", limit: 0, is_forgiven: false };
        assert_eq!(stores[0].begin_guess(&[more], Duration::from_secs(600)).expect("counted"), Guessed::Taken);
    });
}

/// Rows that were written when the clock was ahead: what is newer is told by the hash, never by a time.
#[test]
fn a_clock_that_went_back_loses_nothing() {
    let Some(schema) = Schema::new() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("s.db");
    let ahead = "UPDATE {t} SET imported_at = imported_at + 864000, password_changed_at = password_changed_at + 864000";
    for url in [format!("sqlite:{}", path.display()), schema.url.clone()] {
        let store = open(&url, &creating()).expect("a store");
        let hash = md5(OF_PASSWORD);
        let of = |name| NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() };
        let users = [of("ada"), of("bob"), of("carol")];
        assert_eq!(bulk(&*store, OnConflict::Skip, &users), [Inserted::New; 3]);
        let bob = store.find("bob").expect("readable").expect("there");
        let new = engine().hash(&Password::new("new")).expect("a hash");
        assert_eq!(
            store.change_password(bob.id, bob.password.as_ref(), &new).expect("written"),
            rehash::store::Swap::Written
        );
        if url.starts_with("sqlite:") {
            let connection = rusqlite::Connection::open(&path).expect("a file");
            connection.execute_batch(&ahead.replace("{t}", "users")).expect("set");
        } else {
            schema.run(&ahead.replace("{t}", "{s}.users")).expect("set");
        }
        let attempt = |name, password| sign_in(&engine(), &*store, name, &Password::new(password));
        assert!(matches!(attempt("ada", "password").expect("accepted").upgrade, Outcome::Written));
        let outcomes = bulk(&*store, OnConflict::ReplaceLegacy, &users);
        let newer = Inserted::AlreadyThere { kept_newer: true };
        assert_eq!(outcomes, [newer, newer, Inserted::AlreadyThere { kept_newer: false }]);
        assert!(attempt("bob", "new").is_ok() && attempt("bob", "password").is_err());
        let days = store.days().expect("days");
        assert!(days.windows(2).all(|pair| pair[0].day < pair[1].day));
        counters_are_right(&*store);
    }
}

/// Who was locked by a clock that was a day ahead is not locked for a day; a few seconds are two instances' clocks.
#[test]
fn a_clock_that_went_back_locks_nobody_for_as_long() {
    use Guessed::{Locked, Taken};
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let begin = |name| {
            let subject = Subject { name, limit: 2, is_forgiven: true };
            store.begin_guess(&[subject], Duration::from_secs(600)).expect("counted")
        };
        for name in ["identifier ada", "identifier bob"] {
            assert_eq!([begin(name), begin(name)], [Taken, Taken]);
            let subject = Subject { name, limit: 2, is_forgiven: true };
            (0..2).for_each(|_| store.end_guess(&[subject], GuessEnd::Wrong).expect("ended"));
            assert_eq!(begin(name), Locked);
            // One that is under way, begun by whoever had that clock.
            let free = Subject { limit: 0, ..subject };
            let _ = store.begin_guess(&[free], Duration::from_secs(600)).expect("counted");
            let ahead: i64 = if name.ends_with("ada") { 20 } else { 86_400 };
            let shift = format!(
                "UPDATE {{s}}.guesses SET since = since + {ahead}, pending = pending + {} WHERE failures = 2",
                ahead << 24
            );
            by_hand(url, &shift);
            let expected = if name.ends_with("ada") { Locked } else { Taken };
            assert_eq!(begin(name), expected, "{name}");
        }
    });
}

#[test]
fn transactions_that_cannot_be_put_in_an_order_are_tried_again() {
    let Some(schema) = Schema::new() else { return };
    let url = format!("{}&options=-c%20default_transaction_isolation%3Dserializable", schema.url);
    let store = open(&url, &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let names: Vec<String> = (0..80).map(|number| format!("u{number}")).collect();
    let users: Vec<_> = names
        .iter()
        .map(|name| NewUser { username: Some(name), password: Some(&hash), ..NewUser::default() })
        .collect();
    bulk(&*store, OnConflict::Skip, &users);
    let (engine, store) = (Arc::new(engine()), &store);
    std::thread::scope(|scope| {
        for part in names.chunks(20) {
            let engine = Arc::clone(&engine);
            scope.spawn(move || {
                for name in part {
                    let signed_in = sign_in(&engine, &**store, name, &Password::new("password")).expect("accepted");
                    assert!(matches!(signed_in.upgrade, Outcome::Written), "{name}: {:?}", signed_in.upgrade);
                }
            });
        }
    });
    counters_are_right(&**store);
    assert_eq!(store.counts().expect("counts").iter().map(|count| count.upgraded).sum::<u64>(), 80);
}

/// As after a server's restart: nobody is turned away for what the pool still holds.
#[test]
fn connections_that_were_all_cut_are_made_anew() {
    let Some(schema) = Schema::new() else { return };
    let store = open(&schema.url, &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    bulk(&*store, OnConflict::Skip, &[NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() }]);
    // All of the pool's connections are needed while nobody is answered.
    let waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = '{s}.users'::regclass";
    let cut = std::thread::scope(|scope| {
        let lock = "BEGIN; LOCK TABLE {s}.users IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT";
        scope.spawn(|| schema.run(lock).expect("locked"));
        std::thread::sleep(Duration::from_millis(500));
        for _ in 0..8 {
            scope.spawn(|| store.find("ada").expect("readable").expect("there"));
        }
        (0..40).find_map(|_| {
            std::thread::sleep(Duration::from_millis(50));
            let pids: Vec<String> = schema.run(waiting).expect("pids").into_iter().flatten().flatten().collect();
            (pids.len() > 5).then_some(pids)
        })
    });
    let cut = cut.expect("more connections than tries").join(", ");
    schema.run(&format!("SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[{cut}]) AS pid")).expect("ended");
    store.find("ada").expect("readable").expect("there");
}

#[test]
fn a_deadlock_is_tried_again() {
    let Some(schema) = Schema::new() else { return };
    let store = open(&schema.url, &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let ada = NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() };
    bulk(&*store, OnConflict::Skip, &[ada]);
    let deadlocks = || {
        std::thread::sleep(Duration::from_millis(1200));
        schema.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    };
    let before = deadlocks();
    std::thread::scope(|scope| {
        // Holds what is counted, then wants the row: the other order.
        let other = scope.spawn(|| {
            schema.run(
                "BEGIN; UPDATE {s}.counters SET records = records;
                 INSERT INTO {s}.counters SELECT method, parameters, s, 0, 0, 0 FROM {s}.counters, generate_series(0, 63) s
                     ON CONFLICT DO NOTHING;
                 SELECT pg_sleep(0.5); UPDATE {s}.users SET name = 'other' WHERE username = 'ada'; COMMIT",
            )
        });
        std::thread::sleep(Duration::from_millis(200));
        let signed_in = sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted");
        assert!(matches!(signed_in.upgrade, Outcome::Written), "{:?}", signed_in.upgrade);
        // Whichever of them the server chose, both are done: the other one was not ours to try again.
        let _ = other.join().expect("whole");
    });
    assert!(deadlocks() > before, "there was none");
    counters_are_right(&*store);
}

#[test]
fn names_of_every_plane_of_unicode_come_back() {
    each_store(|url| {
        let store = open(url, &creating()).expect("a store");
        let hash = md5(OF_PASSWORD);
        let planes = (0..17u32).flat_map(|plane| [0x101, 0xfffd].map(|at| plane << 16 | at)).filter_map(char::from_u32);
        let names: Vec<String> = planes.map(|c| format!("{c}\u{301}a{c}")).collect();
        assert_eq!(names.len(), 34);
        let users: Vec<_> = names
            .iter()
            .map(|name| NewUser { username: Some(name), name: Some(name), password: Some(&hash), ..NewUser::default() })
            .collect();
        assert!(bulk(&*store, OnConflict::Skip, &users).iter().all(|inserted| *inserted == Inserted::New));
        for name in &names {
            let found = store.find(name).expect("readable").unwrap_or_else(|| panic!("{name:?} is not found"));
            let user = store.user(found.id).expect("readable").expect("there");
            assert_eq!((user.username.as_ref(), user.name.as_ref()), (Some(name), Some(name)));
        }
    });
}
