//! The user API as clients of Logto's Management API expect it: what is wrong with the shape of a request is 400, what is wrong
//! with a hash, or with what others have, is 422.

use std::sync::Arc;

use rehash::pool::PoolConfig;
use rehash::store::{Created, NewUser, Users};
use rehash::{Limits, Method, StoredHash};
use serde_json::{Value, json};

use crate::client::{CHEAP, Server, TOKEN, config, sqlite};
use crate::stores::{Mode, Switched, pool};

const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

fn refused(server: &Server, body: &Value) -> (u16, String, String) {
    let answer = server.admin("POST", "/api/users", body);
    let said = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert!(!answer.body.contains("--"), "no option of a command is named: {}", answer.body);
    (answer.status, text(&said["code"]), text(&said["errors"][0]["field"]))
}

#[test]
fn a_wrong_shape_is_400_and_a_wrong_hash_422() {
    let server = Server::start(config());
    server.create(&json!({"username": "ada"}));
    let cases = [
        (json!({"username": 7}), 400, "bad_field", "username"),
        (json!({"username": "x", "customData": []}), 400, "bad_field", "customData"),
        (json!({"username": "x", "passwordDigest": 7}), 400, "bad_field", "passwordDigest"),
        (json!({"username": "x", "password": 7}), 400, "bad_field", "password"),
        (json!({"username": "x", "password": ""}), 400, "bad_field", "password"),
        (
            json!({"username": "x", "password": "p", "passwordDigest": MD5, "passwordAlgorithm": "MD5"}),
            400,
            "bad_field",
            "password",
        ),
        (json!({"username": "x", "passwordDigest": MD5}), 400, "ambiguous_method", "passwordEncrypted"),
        (json!({"username": "x", "passwordAlgorithm": "MD5"}), 400, "missing_hash", "passwordEncrypted"),
        (
            json!({"username": "x", "passwordDigest": "p", "passwordAlgorithm": "Plaintext"}),
            422,
            "unknown_method",
            "passwordEncryptionMethod",
        ),
        (
            json!({"username": "x", "passwordDigest": "zz", "passwordAlgorithm": "MD5"}),
            422,
            "wrong_length",
            "passwordEncrypted",
        ),
        (
            json!({"username": "x", "passwordDigest": MD5, "passwordAlgorithm": "MD6"}),
            422,
            "unknown_method",
            "passwordEncryptionMethod",
        ),
        (json!({"username": "ada"}), 422, "duplicate_user", "username"),
        (json!({"username": "x", "passwordHsh": MD5}), 422, "bad_field", "passwordHsh"),
    ];
    for (body, status, code, field) in cases {
        assert_eq!(refused(&server, &body), (status, code.to_owned(), field.to_owned()), "{body}");
    }
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    for twice in [
        r#"{"username":"x","username":"y"}"#,
        r#"{"username":"x","identities":{"a":{},"a":{}}}"#,
        r#"{"username":"x","customData":{"a":1,"a":2}}"#,
        r#"{"username":"x","profile":{"b":[{"a":1,"a":2}]}}"#,
    ] {
        let answer = server.request("POST", "/api/users", &headers, twice.as_bytes());
        assert_eq!(answer.status, 400, "{twice}: {}", answer.body);
    }
    server.create(
        &json!({"username": "nulls", "primaryEmail": null, "name": null, "customData": null, "passwordDigest": null, "password": null}),
    );
}

#[test]
fn identities_are_answered_as_a_map_and_checked_before_they_are_kept() {
    let server = Server::start(config());
    let id = server.create(&json!({"username": "ada", "identities": {"google": {"userId": "g-1"}}}));
    let path = format!("/api/users/{id}/identities");
    let link = |body: &Value| server.admin("POST", &path, body);
    let linked = link(&json!({"target": "github", "userId": "12", "details": {"name": "Ada"}}));
    assert_eq!(linked.status, 200, "{}", linked.body);
    let map = json!({"google": {"userId": "g-1"}, "github": {"userId": "12", "details": {"name": "Ada"}}});
    assert_eq!(linked.json(), map);
    let again = link(&json!({"target": "github", "userId": "12", "details": {"name": "Ada"}}));
    assert_eq!((again.status, again.json()), (200, map));
    assert_eq!(link(&json!({"target": "github", "userId": "13"})).status, 422);
    assert_eq!(link(&json!({"target": "google", "userId": "g-1", "details": null})).status, 200, "null is as nothing");
    // An identity is one user's.
    let bob = server.create(&json!({"username": "bob"}));
    let anothers = json!({"target": "google", "userId": "g-1"});
    let taken = server.admin("POST", &format!("/api/users/{bob}/identities"), &anothers);
    assert_eq!((taken.status, &taken.json()["errors"][0]["field"]), (422, &json!("identities")), "{}", taken.body);
    let taken = json!({"username": "carol", "identities": {"github": {"userId": "12"}}});
    assert_eq!(refused(&server, &taken), (422, "duplicate_user".to_owned(), "identities".to_owned()));
    let asked = link(&json!({"connectorId": "x", "connectorData": {"code": "1"}}));
    assert_eq!(asked.status, 400);
    assert!(asked.body.contains("userId"), "{}", asked.body);
    let deep = serde_json::from_str::<Value>(&format!("{}1{}", "[".repeat(120), "]".repeat(120))).expect("JSON");
    for bad in [
        json!({"userId": "1"}),
        json!({"target": "", "userId": "1"}),
        json!({"target": 7, "userId": "1"}),
        json!({"target": "x"}),
        json!({"target": "x", "userId": ""}),
        json!({"target": "x", "userId": 7}),
        json!({"target": "x", "userId": null}),
        json!({"target": "x", "userId": "1", "details": "text"}),
        json!({"target": "x", "userId": "1", "other": 1}),
        json!(["x", "1"]),
    ] {
        assert_eq!(link(&bad).status, 400, "{bad}");
    }
    assert_eq!(link(&json!({"target": "deep", "userId": "1", "details": {"a": deep}})).status, 200);
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    let deeper = format!("{}1{}", "[".repeat(140), "]".repeat(140));
    for raw in [
        format!(r#"{{"target":"x","userId":"1","details":{{"a":{deeper}}}}}"#),
        r#"{"target":"x","userId":"1","details":{"a":1,"a":2}}"#.to_owned(),
        r#"{"target":"x","target":"y","userId":"1"}"#.to_owned(),
    ] {
        assert_eq!(server.request("POST", &path, &headers, raw.as_bytes()).status, 400, "{raw}");
    }
    let nobody = server.admin("POST", "/api/users/999/identities", &json!({"target": "x", "userId": "1"}));
    assert_eq!(nobody.status, 404);
}

/// Who signs in with a name signs in as the same user before and after somebody else is created.
fn nobodys_name_is_taken_over(server: &Server) {
    server.create(
        &json!({"username": "ada", "primaryEmail": "ada@example.com", "primaryPhone": "+311", "password": "right"}),
    );
    for name in ["carol@example.com", "+322"] {
        server.create(&json!({ "username": name }));
    }
    for (body, field) in [
        (json!({"username": "ada@example.com"}), "username"),
        (json!({"username": "+311"}), "username"),
        (json!({"username": "x", "primaryEmail": "carol@example.com"}), "primaryEmail"),
        (json!({"primaryPhone": "+322"}), "primaryPhone"),
        (json!({"username": "ada"}), "username"),
    ] {
        assert_eq!(refused(server, &body), (422, "duplicate_user".to_owned(), field.to_owned()), "{body}");
    }
    for name in ["ada", "ada@example.com", "+311"] {
        assert_eq!(server.sign_in(name, "right").json()["user"]["username"], "ada");
    }
    // One's own name may be both.
    server.create(&json!({"username": "bob@example.com", "primaryEmail": "bob@example.com"}));
}

#[test]
fn a_name_that_is_anothers_under_any_of_the_three_is_not_taken() {
    nobodys_name_is_taken_over(&Server::start(config()));
}

#[cfg(feature = "cli")]
#[test]
fn a_name_that_is_anothers_is_not_taken_at_a_server() {
    let Ok(admin) = std::env::var("REHASH_TEST_POSTGRES") else {
        eprintln!("skipped: REHASH_TEST_POSTGRES is not set");
        return;
    };
    let schema = format!("rehash_names_{}", std::process::id());
    let options = rehash::store::OpenOptions::default().creates(true);
    let store = rehash::store::open(&format!("{admin}?schema={schema}"), &options).expect("a store");
    let server = Server::over(store, pool(), CHEAP, config());
    nobodys_name_is_taken_over(&server);
    drop(server);
    crate::instances::drop_schema(&admin, &schema);
}

#[test]
fn identities_of_a_new_user_are_looked_at_as_those_that_are_linked() {
    let server = Server::start(config());
    for identities in [
        json!({"google": "g-1"}),
        json!({"google": 7}),
        json!({"google": null}),
        json!({"google": {"userId": 7}}),
        json!({"google": {"userId": ""}}),
        json!({"google": {}}),
        json!({"google": {"userId": "g-1", "details": []}}),
        json!({"google": {"userId": "g-1", "other": 1}}),
        json!({"": {"userId": "g-1"}}),
    ] {
        let body = json!({"username": "ada", "identities": identities});
        let (status, code, _) = refused(&server, &body);
        assert_eq!((status, code.as_str()), (400, "bad_field"), "{body}");
    }
    let kept = json!({"google": {"userId": "g-1", "details": {"n": 1}}, "x": {"userId": "1", "details": null}});
    let id = server.create(&json!({"username": "ada", "identities": kept}));
    assert_eq!(server.admin("GET", &format!("/api/users/{id}"), &Value::Null).json()["identities"], kept);
    server.create(&json!({"username": "bob", "identities": null}));
}

#[test]
fn an_id_that_is_no_text_names_nobody() {
    let server = Server::start(config());
    server.create(&json!({"username": "ada"}));
    assert_eq!(server.admin("GET", "/api/users/1", &Value::Null).status, 200);
    for path in [
        "/api/users/%ff",
        "/api/users/x",
        "/api/users/99999999999999999999",
        "/api/users/01",
        "/api/users/+1",
        "/api/users/%2B1",
    ] {
        let answer = server.admin("GET", path, &Value::Null);
        assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/problem+json")), "{path}");
    }
}

#[test]
fn a_hash_that_could_never_be_verified_is_not_taken() {
    let store = sqlite();
    let text = "$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHRzYWx0$HUalPYwdROHWPoDXlAOJsA";
    let hash = StoredHash::parse(Method::Argon2id, text, &Limits::default()).expect("an Argon2id hash");
    let before = NewUser { username: Some("before"), password: Some(&hash), ..NewUser::default() };
    assert!(matches!(store.create(&before), Ok(Created::New(_))));
    let small = PoolConfig { workers: 2, memory_kib: 1024, queue_len: 8 };
    let server = Server::over(store, small, CHEAP, config());
    let body = json!({"username": "x", "passwordDigest": text, "passwordAlgorithm": "Argon2id"});
    assert_eq!(refused(&server, &body), (422, "cost_too_high".to_owned(), "passwordEncrypted".to_owned()));
    let beyond = server.service.out_of_reach();
    assert_eq!(beyond.len(), 1);
    assert_eq!((beyond[0].records, beyond[0].method.as_str()), (1, "argon2id"));
}

#[cfg(feature = "cli")]
#[test]
fn what_a_server_cannot_hold_is_said_by_field() {
    let Ok(admin) = std::env::var("REHASH_TEST_POSTGRES") else {
        eprintln!("skipped: REHASH_TEST_POSTGRES is not set");
        return;
    };
    let schema = format!("rehash_users_{}", std::process::id());
    let options = rehash::store::OpenOptions::default().creates(true);
    let store = rehash::store::open(&format!("{admin}?schema={schema}"), &options).expect("a store");
    let server = Server::over(store, pool(), CHEAP, config());
    let long = "x".repeat(5000);
    for (body, field) in [
        (json!({"username": "a", "name": "b\u{0}c"}), "name"),
        (json!({"username": "a", "avatar": "\u{0}"}), "avatar"),
        (json!({"username": "a\u{0}"}), "username"),
        (json!({"username": long}), "username"),
        (json!({"primaryEmail": format!("{long}@x")}), "primaryEmail"),
    ] {
        assert_eq!(refused(&server, &body), (422, "bad_field".to_owned(), field.to_owned()));
    }
    let id = server.create(&json!({"username": "a", "customData": {"a": "\u{0}"}}));
    let body = json!({"target": "\u{0}", "userId": "\u{0}"});
    assert_eq!(server.admin("POST", &format!("/api/users/{id}/identities"), &body).status, 200);
    assert_eq!(server.sign_in("a\u{0}", "x").status, 401);
    assert_eq!(server.sign_in(&long, "x").status, 401);
    drop(server);
    crate::instances::drop_schema(&admin, &schema);
}

#[test]
fn the_log_says_why_there_was_no_answer_and_what_was_wrong() {
    let store = Switched::new();
    let server = Server::over(Arc::clone(&store) as Arc<dyn Users>, pool(), CHEAP, config());
    server.create(&json!({"username": "ada"}));
    assert_eq!(server.admin("POST", "/api/users", &json!({"username": "ada"})).status, 422);
    store.set(Mode::Down);
    assert_eq!(server.admin("POST", "/api/users", &json!({"username": "bob"})).status, 503);
    assert_eq!(server.admin("GET", "/api/users/1", &Value::Null).status, 503);
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.sign_in("ada", "x").status, 503);
    let log = server.log.lock().expect("whole").clone();
    let has = |status: u16, parts: &[&str]| {
        let status = format!("\"status\":{status}");
        log.iter().filter(|line| line.contains(&status) && parts.iter().all(|part| line.contains(part))).count()
    };
    assert_eq!(has(422, &["\"code\":\"duplicate_user\""]), 1);
    assert_eq!(has(503, &["\"code\":\"store_unavailable\"", "\"reason\":\"as it was told\""]), 4, "{log:?}");
    assert!(server.metrics().contains("rehash_sign_ins_total{outcome=\"store_unavailable\",method=\"none\"} 1"));
}
