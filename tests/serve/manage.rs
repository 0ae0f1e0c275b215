//! What a migration script that is run again does to users who are there: found by what they are called, changed, given passwords
//! and identities, deleted; at either store.

use rehash::store::{Created, NewUser};
use serde_json::{Value, json};

use crate::client::{Answer, CHEAP, Server, config, sqlite};
use crate::stores::pool;

const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

/// With counts as they are at this moment.
fn counting() -> rehash::serve::Config {
    let mut config = config();
    config.counts_age = std::time::Duration::ZERO;
    config
}

/// The same at a file, and at a server where there is one.
fn each(work: fn(&Server)) {
    work(&Server::over(sqlite(), pool(), CHEAP, counting()));
    #[cfg(feature = "cli")]
    if let Ok(admin) = std::env::var("REHASH_TEST_POSTGRES") {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let schema = format!("rehash_manage_{}_{number}", std::process::id());
        let options = rehash::store::OpenOptions::default().creates(true);
        let store = rehash::store::open(&format!("{admin}?schema={schema}"), &options).expect("a store");
        let server = Server::over(store, pool(), CHEAP, counting());
        work(&server);
        drop(server);
        crate::instances::drop_schema(&admin, &schema);
    }
}

fn patch(server: &Server, path: &str, body: &Value) -> Answer {
    server.admin("PATCH", &format!("/api/users/{path}"), body)
}

fn said(answer: &Answer) -> (u16, String, String) {
    let said = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&said["code"]), text(&said["errors"][0]["field"]))
}

fn is(status: u16, code: &str, field: &str) -> (u16, String, String) {
    (status, code.to_owned(), field.to_owned())
}

#[test]
fn a_script_that_is_run_again_finds_those_who_are_there() {
    each(|server| {
        let ada = json!({"username": "ada", "primaryEmail": "ada+1@example.com", "primaryPhone": "+311"});
        let id = server.create(&ada);
        server.create(&json!({"username": "bob"}));
        let find = |query: &str| server.admin("GET", &format!("/api/users?{query}"), &Value::Null);
        for query in [
            "search.username=ada",
            "search.primaryEmail=ada%2B1%40example.com&mode.primaryEmail=exact",
            "search.primaryPhone=%2B311&page=1&page_size=20",
            "search.username=ada&search.primaryEmail=ada%2B1@example.com",
            "search.primaryEmail=ADA%2B1@Example.com",
        ] {
            let found = find(query);
            assert_eq!((found.status, found.header("total-number")), (200, Some("1")), "{query}: {}", found.body);
            assert_eq!((&found.json()[0]["id"], found.json().as_array().map(Vec::len)), (&json!(id), Some(1)));
            assert!(!found.body.to_lowercase().contains("passwordencrypted"));
        }
        let both = find("search.username=ada&search.username=bob&page=2&page_size=1");
        assert_eq!((both.header("total-number"), &both.json()[0]["username"]), (Some("2"), &json!("bob")));
        // Nobody is found under another of their names, or under a part of it.
        for query in [
            "search.username=ada%2B1@example.com",
            "search.username=AD",
            "search.username=%00",
            "search.username=",
            "mode.username=exact&search.username=Ada",
        ] {
            assert_eq!((find(query).status, find(query).json()), (200, json!([])), "{query}");
        }
        for query in [
            "search=ada",
            "search.username=a&page=0",
            "search.username=a&page_size=101",
            "mode.username=like&search.username=a",
        ] {
            assert_eq!(find(query).status, 400, "{query}");
        }
        assert_eq!(server.get("/api/users?search.username=ada").status, 401);
    });
}

#[test]
fn all_users_are_listed_by_pages() {
    each(|server| {
        let list = |query: &str| server.admin("GET", &format!("/api/users{query}"), &Value::Null);
        let none = list("");
        assert_eq!((none.status, none.json(), none.header("total-number")), (200, json!([]), Some("0")));
        for number in 0..25 {
            server.create(&json!({"username": format!("user{number}")}));
        }
        let first = list("");
        assert_eq!((first.status, first.header("total-number")), (200, Some("25")));
        let to =
            |page: u32, size: u32, what: &str| format!("</api/users?page={page}&page_size={size}>; rel=\"{what}\"");
        let links = [to(1, 20, "first"), to(2, 20, "next"), to(2, 20, "last")].join(", ");
        assert_eq!(first.header("link"), Some(links.as_str()));
        let names = |answer: &Answer| -> Vec<String> {
            let users = answer.json();
            users
                .as_array()
                .expect("a list")
                .iter()
                .map(|user| user["username"].as_str().expect("a name").into())
                .collect()
        };
        let mut all = names(&first);
        let second = list("?page=2");
        let links = [to(1, 20, "first"), to(1, 20, "prev"), to(2, 20, "last")].join(", ");
        assert_eq!((names(&second).len(), second.header("link")), (5, Some(links.as_str())));
        all.extend(names(&second));
        assert_eq!(all, (0..25).map(|number| format!("user{number}")).collect::<Vec<_>>(), "each once, as they came");
        assert_eq!(names(&list("?page=5&page_size=3")), ["user12", "user13", "user14"]);
        assert_eq!(list("?page=9").json(), json!([]));
        assert!(!first.body.to_lowercase().contains("passwordencrypted"));
        for query in ["?page=0", "?page_size=101", "?page=1002&page_size=100", "?page=18446744073709551615"] {
            assert_eq!(list(query).status, 400, "{query}");
        }
        assert_eq!(server.get("/api/users").status, 401);
    });
}

#[test]
fn a_user_is_changed_in_what_is_named_and_in_nothing_else() {
    each(|server| {
        let id = server.create(&json!({"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada",
            "customData": {"a": 1, "b": {"c": 1.50}}, "profile": {"locale": "en"}, "identities": {"x": {"userId": "1"}},
            "passwordEncrypted": MD5, "passwordEncryptionMethod": "md5"}));
        server.create(&json!({"username": "bob", "primaryEmail": "bob@example.com", "primaryPhone": "+322"}));
        let changed = patch(server, &id, &json!({"username": "countess", "name": "", "customData": {"z": 2}}));
        assert_eq!(changed.status, 200, "{}", changed.body);
        let user = changed.json();
        assert_eq!((&user["username"], &user["name"]), (&json!("countess"), &Value::Null));
        assert_eq!((&user["customData"], &user["profile"]), (&json!({"z": 2}), &json!({"locale": "en"})));
        assert_eq!(
            (&user["primaryEmail"], &user["identities"]["x"]["userId"]),
            (&json!("ada@example.com"), &json!("1"))
        );
        assert_eq!(server.sign_in("countess", "password").json()["upgraded"], true);
        assert_eq!(server.sign_in("ada", "password").status, 401);
        for (body, expected) in [
            (json!({"username": "bob"}), is(422, "duplicate_user", "username")),
            (json!({"username": "bob@example.com"}), is(422, "duplicate_user", "username")),
            (json!({"username": "+322"}), is(422, "duplicate_user", "username")),
            (json!({"username": null, "primaryEmail": ""}), is(422, "missing_username", "username")),
            (json!({"username": 7}), is(400, "bad_field", "username")),
            (json!({"customData": []}), is(400, "bad_field", "customData")),
            (json!({"passwordEncrypted": MD5}), is(400, "bad_field", "passwordEncrypted")),
            (json!({"id": "7"}), is(400, "bad_field", "id")),
        ] {
            let answer = patch(server, &id, &body);
            assert_eq!((said(&answer).0, said(&answer).1), (expected.0, expected.1), "{body}: {}", answer.body);
        }
        // One's own names are no other's; and who sends nothing changes nothing.
        assert_eq!(patch(server, &id, &json!({"username": "ada@example.com"})).status, 200);
        assert_eq!(patch(server, &id, &json!({})).json()["customData"], json!({"z": 2}));
        assert_eq!(patch(server, "999", &json!({"name": "x"})).status, 404);
    });
}

#[test]
fn what_is_kept_of_a_user_is_added_to_member_by_member() {
    each(|server| {
        let id = server.create(&json!({"username": "ada", "customData": {"a": 1, "b": {"c": 1.50}}}));
        let merged = patch(server, &format!("{id}/custom-data"), &json!({"customData": {"a": 2, "d": null}}));
        assert_eq!((merged.status, merged.body.as_str()), (200, r#"{"a":2,"b":{"c":1.5},"d":null}"#));
        let profile = patch(server, &format!("{id}/profile"), &json!({"profile": {"locale": "nl"}}));
        assert_eq!((profile.status, profile.json()), (200, json!({"locale": "nl"})));
        for (path, body) in
            [("custom-data", json!({})), ("custom-data", json!({"customData": []})), ("profile", json!({"profile": 1}))]
        {
            assert_eq!(patch(server, &format!("{id}/{path}"), &body).status, 400, "{path} {body}");
        }
        assert_eq!(patch(server, "999/profile", &json!({"profile": {}})).status, 404);
    });
}

#[test]
fn an_identity_is_put_again_and_again_and_is_one_users() {
    each(|server| {
        let [ada, bob] = ["ada", "bob"].map(|name| server.create(&json!({ "username": name })));
        let at = |id: &str| format!("/api/users/{id}/identities/google");
        let put = |id: &str, body: &Value| server.admin("PUT", &at(id), body);
        let first = put(&ada, &json!({"userId": "g-1", "details": {"n": 1}}));
        assert_eq!((first.status, first.json()), (201, json!({"google": {"userId": "g-1", "details": {"n": 1}}})));
        let again = put(&ada, &json!({"userId": "g-2"}));
        assert_eq!((again.status, again.json()), (200, json!({"google": {"userId": "g-2"}})));
        // The first is free again, the second is not.
        assert_eq!(put(&bob, &json!({"userId": "g-1"})).status, 201);
        assert_eq!(said(&put(&bob, &json!({"userId": "g-2"}))), is(422, "duplicate_user", "identities"));
        for bad in [
            json!({}),
            json!({"userId": 7}),
            json!({"userId": "1", "details": 1}),
            json!({"userId": "1", "target": "google"}),
        ] {
            assert_eq!(put(&ada, &bad).status, 400, "{bad}");
        }
        let gone = server.admin("DELETE", &at(&ada), &Value::Null);
        assert_eq!((gone.status, &gone.json()["identities"]), (200, &json!({})));
        assert_eq!(said(&server.admin("DELETE", &at(&ada), &Value::Null)).1, "no_such_identity");
        assert_eq!(put(&bob, &json!({"userId": "g-2"})).status, 200);
        assert_eq!(put("999", &json!({"userId": "g-9"})).status, 404);
        assert_eq!(server.request("DELETE", &at(&ada), &[], b"").status, 401);
    });
}

#[test]
fn a_password_is_set_and_tried_by_operators() {
    each(|server| {
        let id = server.create(&json!({"username": "ada"}));
        let has = || server.admin("GET", &format!("/api/users/{id}/has-password"), &Value::Null).json();
        let verify = |password: &str| {
            server.admin("POST", &format!("/api/users/{id}/password/verify"), &json!({ "password": password })).status
        };
        assert_eq!((has(), verify("x")), (json!({"hasPassword": false}), 422));
        let set = |password: &str| patch(server, &format!("{id}/password"), &json!({ "password": password }));
        assert_eq!(set("first").json()["hasPassword"], true);
        assert_eq!(set("second").status, 200);
        assert_eq!((has(), verify("first"), verify("second")), (json!({"hasPassword": true}), 422, 204));
        assert_eq!((server.sign_in("ada", "first").status, server.sign_in("ada", "second").status), (401, 200));
        assert_eq!((set("").status, set(&"x".repeat(4097)).status), (400, 422));
        assert_eq!(patch(server, "999/password", &json!({"password": "x"})).status, 404);
        assert!(server.log.lock().expect("whole").iter().any(|line| line.contains("password_changed")));
    });
}

#[test]
fn what_could_not_be_verified_is_not_called_wrong() {
    let store = sqlite();
    let server = Server::over(std::sync::Arc::clone(&store), pool(), CHEAP, counting());
    let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    let insert = |name, method: &str, text: &str| {
        let tag = method.parse().expect("a tag");
        let columns = rehash::Columns::default();
        let stored = rehash::StoredHash::parse_tagged(&tag, text, &columns, &rehash::Limits::default()).expect("read");
        let user = NewUser { username: Some(name), password: Some(&stored), ..NewUser::default() };
        match store.create(&user).expect("writable") {
            Created::New(id) => id.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let argon2id = "$argon2id$v=19$m=1048576,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (name, method, text, code) in [
        ("keyless", "devise", bcrypt, "missing_key"),
        ("dear", "argon2id", argon2id, "cost_too_high"),
        ("wrong", "bcrypt", bcrypt, "invalid_credentials"),
    ] {
        let id = insert(name, method, text);
        let answer = server.admin("POST", &format!("/api/users/{id}/password/verify"), &json!({"password": "x"}));
        assert_eq!(said(&answer), is(422, code, "password"), "{name}");
    }
}

#[test]
fn a_deleted_user_leaves_nothing_behind_but_the_audit() {
    each(|server| {
        let body = json!({"username": "ada", "passwordEncrypted": MD5, "passwordEncryptionMethod": "md5",
            "identities": {"x": {"userId": "1"}}});
        let id = server.create(&body);
        let delete = || server.admin("DELETE", &format!("/api/users/{id}"), &Value::Null).status;
        assert_eq!((delete(), delete()), (204, 404));
        assert_eq!(server.admin("GET", &format!("/api/users/{id}"), &Value::Null).status, 404);
        assert_eq!(server.sign_in("ada", "password").status, 401);
        assert!(!server.metrics().contains("rehash_records{"), "nobody is counted");
        // Name and identity are free; the number is not.
        assert_ne!(server.create(&body), id);
        assert_eq!(server.sign_in("ada", "password").json()["upgraded"], true);
    });
}

#[test]
fn what_is_stored_and_no_object_is_not_thrown_away() {
    let store = sqlite();
    let (profile, custom_data, identities) = (Some("[1]"), Some("\"x\""), Some("[]"));
    let odd = NewUser { username: Some("odd"), profile, custom_data, identities, ..NewUser::default() };
    let none =
        NewUser { username: Some("none"), profile: Some("null"), identities: Some(" null"), ..NewUser::default() };
    let [odd, none] = [odd, none].map(|user| match store.create(&user).expect("an answer") {
        Created::New(id) => id,
        taken => panic!("{taken:?}"),
    });
    let server = Server::over(store.clone(), pool(), CHEAP, counting());
    let before = store.user(odd).expect("readable");
    let put = |id| server.admin("PUT", &format!("/api/users/{id}/identities/x"), &json!({"userId": "1"}));
    let refused = [
        (patch(&server, &format!("{odd}/profile"), &json!({"profile": {"a": 1}})), "profile"),
        (patch(&server, &format!("{odd}/custom-data"), &json!({"customData": {"a": 1}})), "customData"),
        (put(odd), "identities"),
    ];
    for (answer, field) in refused {
        assert_eq!(said(&answer), is(422, "bad_field", field));
    }
    assert!(store.user(odd).expect("readable") == before);
    assert_eq!(patch(&server, &format!("{none}/profile"), &json!({"profile": {"a": 1}})).json(), json!({"a": 1}));
    assert_eq!(put(none).status, 201);
}
