//! The user API as migration scripts use it, the engine's own routes, and what stands around them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{CHEAP, Server, TOKEN, config};

#[test]
fn users_are_created_with_hashes_passwords_or_neither_and_come_back_unchanged() {
    let server = Server::start(config());
    let answer = server.admin(
        "POST",
        "/api/users",
        &json!({"username": "ada", "primaryEmail": "ada@example.com", "name": "Ada", "profile": {"locale": "en"},
            "customData": {"plan": "gold", "nested": [1, {"ü": null}]},
            "passwordEncrypted": "5F4DCC3B5AA765D61D8327DEB882CF99", "passwordEncryptionMethod": "MD5"}),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    let user = answer.json();
    assert_eq!(answer.header("location"), Some(format!("/api/users/{}", user["id"].as_str().expect("an id")).as_str()));
    assert_eq!(user["customData"], json!({"plan": "gold", "nested": [1, {"ü": null}]}));
    assert_eq!((&user["hasPassword"], &user["profile"]), (&json!(true), &json!({"locale": "en"})));
    assert!(!answer.body.to_lowercase().contains("5f4dcc3b"), "no hash is shown");
    let id = server.create(&json!({"username": "bob", "passwordDigest": "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "passwordAlgorithm": "SHA1"}));
    assert_eq!(server.sign_in("bob", "password").json()["upgraded"], true);
    let shown = server.admin("GET", &format!("/api/users/{id}"), &Value::Null).json();
    assert_eq!((&shown["username"], &shown["customData"]), (&json!("bob"), &json!({})));
    assert!(shown["upgradedAt"].is_i64());
    server.create(&json!({"primaryPhone": "+3112345", "password": "correct horse"}));
    assert_eq!(server.sign_in("+3112345", "correct horse").json()["upgraded"], false, "it is Argon2id already");
    server.create(&json!({"primaryEmail": "social@example.com"}));
    assert_eq!(server.sign_in("social@example.com", "").status, 401);
}

#[test]
fn numbers_and_texts_are_kept_byte_for_byte() {
    let server = Server::start(config());
    let body = r#"{"username":"n","customData":{"big":12345678901234567890123.450e-7,"a":1,"a ":"\u00e9"}}"#;
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("Content-Type", "application/json; charset=utf-8"), ("Authorization", bearer.as_str())];
    let answer = server.request("POST", "/api/users", &headers, body.as_bytes());
    assert!(
        answer.body.contains(r#""customData":{"big":12345678901234567890123.450e-7,"a":1,"a ":"\u00e9"}"#),
        "{}",
        answer.body
    );
}

#[test]
fn what_is_wrong_with_a_user_is_said_by_field_and_code() {
    let server = Server::start(config());
    server.create(&json!({"username": "ada", "primaryEmail": "ada@example.com"}));
    let refused = |body: Value| {
        let answer = server.admin("POST", "/api/users", &body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let said = answer.json();
        assert_eq!(said["status"], answer.status);
        (answer.status, said["code"].as_str().expect("a code").to_owned(), said["errors"][0]["field"].clone())
    };
    let is = |status, code: &str, field: &str| {
        (status, code.to_owned(), if field.is_empty() { Value::Null } else { field.into() })
    };
    assert_eq!(refused(json!({"username": "ada"})), is(422, "duplicate_user", "username"));
    assert_eq!(
        refused(json!({"username": "b", "primaryEmail": "ada@example.com"})),
        is(422, "duplicate_user", "primaryEmail")
    );
    assert_eq!(refused(json!({"name": "nobody"})).1, "missing_username");
    let hash = |hash: &str, method: &str| json!({"username": "x", "passwordEncrypted": hash, "passwordEncryptionMethod": method});
    assert_eq!(refused(hash("hello", "MD5")), is(422, "wrong_length", "passwordEncrypted"));
    assert_eq!(refused(hash("5f4dcc3b5aa765d61d8327deb882cf99", "nothing")).1, "unknown_method");
    assert_eq!(
        refused(hash("$2b$31$abcdefghijklmnopqrstuuLXXhjMsWpv/bC9fkW1H1u5aF3Kr2l3S", "bcrypt")).1,
        "cost_too_high"
    );
    assert_eq!(
        refused(json!({"username": "x", "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99"})).1,
        "ambiguous_method"
    );
    let both = json!({"username": "x", "password": "p", "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordEncryptionMethod": "md5"});
    assert_eq!(refused(both), is(400, "bad_field", "password"));
    assert_eq!(refused(json!({"username": "x", "password": 7})), is(400, "bad_field", "password"));
    assert_eq!(refused(json!({"username": 7})).0, 400);
    assert_eq!(refused(json!([])), is(400, "bad_json", ""));
    assert_eq!(refused(json!({"username": "x", "password": "p".repeat(4097)})), is(422, "bad_field", "password"));
    // Nobody could sign in with what the hash was made from.
    let hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    assert_eq!(refused(json!({"username": "x", "password": hash})), is(422, "method_conflict", "password"));
    let id = server.create(&json!({"username": "sister", "password": "$1$ter"}));
    let set = server.admin("PATCH", &format!("/api/users/{id}/password"), &json!({"password": hash}));
    assert_eq!((set.status, &set.json()["code"]), (422, &json!("method_conflict")));
}

#[test]
fn nobody_is_created_suspended_and_no_object_grows_without_end() {
    let server = Server::start(config());
    let suspended = server.admin("POST", "/api/users", &json!({"username": "eve", "isSuspended": true}));
    assert_eq!((suspended.status, suspended.body.contains("isSuspended")), (400, true), "{}", suspended.body);
    let id = server.create(&json!({"username": "ada", "isSuspended": false}));
    let large = "x".repeat(60_000);
    let statuses = |what: &dyn Fn(usize) -> u16| (0..20).map(what).collect::<Vec<_>>();
    let merged = statuses(&|number| {
        let body = json!({"customData": {format!("k{number}"): large}});
        server.admin("PATCH", &format!("/api/users/{id}/custom-data"), &body).status
    });
    let linked = statuses(&|number| {
        let body = json!({"target": format!("t{number}"), "userId": "1", "details": {"x": large}});
        server.admin("POST", &format!("/api/users/{id}/identities"), &body).status
    });
    for grown in [merged, linked] {
        assert!(
            grown[..17].iter().all(|status| *status == 200) && grown[17..].iter().all(|status| *status == 422),
            "{grown:?}"
        );
    }
    // What shrinks is taken.
    assert_eq!(server.admin("PATCH", &format!("/api/users/{id}"), &json!({"customData": {}})).status, 200);
}

#[test]
fn the_user_api_needs_the_admin_token_and_v1_the_api_token_where_there_is_one() {
    let server = Server::start(config());
    let body = json!({"username": "ada"});
    for wrong in ["", "Bearer", "Bearer wrong-token-0123456789", &format!("Basic {TOKEN}"), &format!("Bearer {TOKEN}x")]
    {
        let headers = [("Content-Type", "application/json"), ("Authorization", wrong)];
        let answer = server.request("POST", "/api/users", &headers, body.to_string().as_bytes());
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{wrong}");
    }
    let mut closed = config();
    closed.admin_token = None;
    closed.api_token = rehash::serve::Token::new("another-token-0123456789");
    let server = Server::start(closed);
    assert_eq!(server.admin("POST", "/api/users", &body).status, 401, "without a token it is closed");
    assert_eq!(server.post("/v1/hash", &json!({"password": "p"})).status, 401);
    let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer another-token-0123456789")];
    assert_eq!(server.request("POST", "/v1/hash", &headers, b"{\"password\":\"p\"}").status, 200);
    assert_eq!((server.get("/").status, server.get("/healthz").status), (404, 200));
}

/// No page of another site may ask in a visitor's browser.
#[test]
fn other_sites_are_given_no_leave() {
    let server = Server::start(config());
    let origin = ("Origin", "https://elsewhere.example");
    for path in ["/v1/sign-in", "/v1/password", "/v1/verify", "/v1/hash", "/api/users", "/metrics", "/healthz", "/"] {
        let asked =
            [origin, ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type")];
        for answer in [server.request("OPTIONS", path, &asked, b""), server.request("POST", path, &[origin], b"{}")] {
            assert!(!answer.head.to_lowercase().contains("access-control-"), "{path}: {}", answer.head);
        }
        assert!(server.request("OPTIONS", path, &asked, b"").status >= 400, "{path}");
    }
}

#[test]
fn metrics_are_for_operators_unless_that_is_turned_off() {
    let counted = config();
    counted.log_lines_lost.fetch_add(7, std::sync::atomic::Ordering::Relaxed);
    let server = Server::start(counted);
    server.sign_in("nobody", "x");
    assert!(server.metrics().contains("rehash_log_lines_lost_total 7"));
    let closed = server.get("/metrics");
    assert_eq!(closed.status, 401);
    assert!(!closed.body.contains("rehash_") && closed.header("www-authenticate").is_some());
    // "admin:" and the token.
    let encoded = "Basic YWRtaW46YS10b2tlbi1mb3ItdGVzdHMtMDEyMzQ1Njc4OQ==";
    for login in [encoded, &format!("Bearer {TOKEN}")] {
        let answer = server.request("GET", "/metrics", &[("Authorization", login)], b"");
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("rehash_sign_ins_total{outcome=\"unknown_user\""));
    }
    let mut without = config();
    without.admin_token = None;
    assert_eq!(Server::start(without.clone()).get("/metrics").status, 401, "without a token it is closed");
    without.metrics_without_token = true;
    assert_eq!(Server::start(without).get("/metrics").status, 200);
}

#[test]
fn requests_above_the_rate_are_told_when_to_come_back() {
    let mut limited = config();
    limited.api_rate = 2;
    let server = Server::start(limited);
    let statuses: Vec<_> =
        (0..20).map(|number| server.admin("POST", "/api/users", &json!({"username": format!("u{number}")}))).collect();
    let refused: Vec<_> = statuses.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty() && statuses.iter().all(|answer| [200, 429].contains(&answer.status)));
    assert!(refused.iter().all(|answer| answer.header("retry-after") == Some("1")));
    // A client that comes back loses nothing.
    let lost: Vec<_> =
        statuses.iter().enumerate().filter(|(_, answer)| answer.status == 429).map(|(at, _)| at).collect();
    for number in lost {
        let body = json!({"username": format!("u{number}")});
        while server.admin("POST", "/api/users", &body).status != 200 {
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    assert_eq!(server.service.pool().gauges().overloaded, 0);
}

#[test]
fn verify_gives_the_verdict_and_the_replacement_and_writes_nothing() {
    let server = Server::start(config());
    let record = |password: &str| json!({"passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordEncryptionMethod": "MD5", "password": password});
    let accepted = server.post("/v1/verify", &record("password")).json();
    assert_eq!((&accepted["outcome"], &accepted["method"]), (&json!("accepted"), &json!("md5")));
    let upgrade = accepted["upgrade"].as_str().expect("a replacement");
    let again = server.post("/v1/verify", &json!({"passwordDigest": upgrade, "password": "password"})).json();
    assert_eq!((&again["outcome"], &again["upgrade"]), (&json!("accepted"), &Value::Null));
    assert_eq!(server.post("/v1/verify", &record("wrong")).json()["outcome"], "rejected");
    let salted = json!({"passwordEncrypted": "28f9975808ae2bdc5847b1cda26033ea", "passwordEncryptionMethod": "vbulletin",
        "passwordSalt": "308", "password": "hashcat"});
    assert_eq!(server.post("/v1/verify", &salted).json()["outcome"], "accepted");
    let binary = json!({"passwordEncrypted": "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "passwordHex": "a3"});
    assert_eq!(server.post("/v1/verify", &binary).json()["outcome"], "accepted");
    assert_eq!(server.post("/v1/verify", &json!({"password": "x"})).status, 422);
    let broken = server
        .post("/v1/verify", &json!({"passwordEncrypted": "zz", "passwordEncryptionMethod": "md5", "password": "x"}));
    assert_eq!((broken.status, &broken.json()["code"]), (422, &json!("wrong_length")));
    let raw =
        |body: &str| server.request("POST", "/v1/verify", &[("Content-Type", "application/json")], body.as_bytes());
    for bad in ["{", "[]", "7", "", r#"{"password":7}"#, r#"{"password":"x","password":"y"}"#] {
        assert_eq!(raw(bad).status, 400, "{bad}");
    }
    assert_eq!(server.post("/v1/hash", &json!({"password": ""})).status, 422);
    let hash = server.post("/v1/hash", &json!({"password": "p"})).json();
    assert!(hash["passwordEncrypted"].as_str().expect("a hash").starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
}

/// A policy with a pepper of Devise's and one of its own.
fn with_keys() -> rehash::Policy {
    let mut keys = rehash::Keyring::new();
    for name in ["devise", "pep"] {
        keys.register(rehash::KeyId::new(name).expect("a name"), b"a secret".to_vec()).expect("new");
    }
    rehash::Policy::builder(CHEAP).keys(keys).build().expect("within limits")
}

#[test]
fn nobody_finds_a_key_out_by_records_that_take_it_apart() {
    use md5::Digest as _;
    let hex = |text: &str| base16ct::lower::encode_string(&md5::Md5::digest(text));
    let record = |tag: &str, text: &str, password: &str| json!({"passwordEncrypted": text, "passwordEncryptionMethod": tag, "password": password});
    // bcrypt looks at 72 bytes: after 71 of a password, at one of the pepper.
    let (cut, long) = ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "x".repeat(71));
    let records = [
        record("md5(substr(key:devise,0,1).$p)", &hex("ax"), "x"),
        record("hmac_md5(key:pep,$p)", &hex("x"), "x"),
        record("argon2id(md5($p.key:pep))", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", "x"),
        record("devise", cut, &long),
    ];
    let server = Server::with_policy(with_keys(), config());
    for record in &records {
        let answer = server.post("/v1/verify", record);
        assert_eq!((answer.status, &answer.json()["code"]), (422, &json!("bad_field")), "{record}");
    }
    // What is used whole tells nothing of itself.
    let whole = "$argon2id$v=19$m=8,t=1,p=1,keyid=cGVw$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA";
    let verdict = server.post("/v1/verify", &json!({"passwordEncrypted": whole, "password": "x"}));
    assert_eq!((verdict.status, &verdict.json()["outcome"]), (200, &json!("rejected")));
    // Who may know the keys asks with them.
    let mut trusting = config();
    trusting.keys_in_records = true;
    let server = Server::with_policy(with_keys(), trusting);
    let outcomes = records.map(|record| server.post("/v1/verify", &record).json()["outcome"].clone());
    assert_eq!(outcomes, ["accepted", "rejected", "rejected", "rejected"]);
}

#[test]
fn the_description_names_exactly_the_routes_there_are() {
    let mut with_page = config();
    with_page.status_page = true;
    let server = Server::start(with_page);
    let description = server.get("/openapi.json").json();
    let described: BTreeSet<_> = description["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, operations)| {
            operations.as_object().expect("operations").keys().map(move |method| (path.clone(), method.to_uppercase()))
        })
        .collect();
    // The source names them once.
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/serve.rs")).expect("readable");
    let routed: BTreeSet<_> = source
        .lines()
        .filter_map(|line| {
            let (path, handler) = line.trim().strip_prefix(".route(\"")?.split_once("\", ")?;
            Some((path.to_owned(), handler.split('(').next()?.to_uppercase()))
        })
        .filter(|(path, _)| path != "/")
        .collect();
    assert!(routed.len() >= 11);
    assert_eq!(described, routed);
    for (path, method) in routed {
        let path = path.replace("{id}", "1").replace("{target}", "x");
        let answer = server.request(&method, &path, &[("Content-Type", "application/json")], b"{}");
        assert!(![404, 405, 500].contains(&answer.status), "{method} {path}: {}", answer.status);
        let wrong = server.request(if method == "GET" { "DELETE" } else { "GET" }, &path, &[], b"");
        assert!([405, 401].contains(&wrong.status), "{path}: {}", wrong.status);
    }
    assert_eq!(
        (server.get("/nothing").status, server.get("/nothing").json()["code"].clone()),
        (404, json!("not_found"))
    );
}

#[test]
fn requests_have_ids_and_logs_and_metrics_have_no_secrets() {
    let server = Server::start(config());
    server.create(&json!({"username": "canary-name", "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99",
        "passwordEncryptionMethod": "md5", "customData": {"a": "canary-data"}}));
    let given = server.request("GET", "/healthz", &[("X-Request-Id", "abc-1.2_3")], b"");
    assert_eq!(given.header("x-request-id"), Some("abc-1.2_3"));
    let bad = server.request("GET", "/healthz", &[("X-Request-Id", "a b\"c")], b"");
    assert_eq!(bad.header("x-request-id").map(str::len), Some(24));
    server.sign_in("canary-name", "canary-password");
    server.sign_in("canary-name", "password");
    server.request(
        "POST",
        "/v1/sign-in",
        &[("Content-Type", "application/json")],
        b"{\"identifier\": \"canary-name\", \"password\": \"canary-password\"",
    );
    server.request(
        "POST",
        "/v1/sign-in",
        &[("Content-Type", "application/json")],
        b"{\"identifier\": 7, \"password\": \"canary-password\"}",
    );
    server.get("/canary-path?password=canary-query");
    let log = server.log.lock().expect("whole").join("\n");
    let metrics = server.metrics();
    for canary in ["canary", "5f4dcc3b", "argon2id$"] {
        assert!(!log.contains(canary) && !metrics.contains(canary), "{canary}: {log}");
    }
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(line["status"].is_u64() && line["request_id"].is_string() && line["duration_ms"].is_f64());
    }
    assert!(log.contains("\"outcome\":\"wrong_password\"") && log.contains("\"upgrade\":\"written\""));
    for sample in [
        "rehash_sign_ins_total{outcome=\"accepted\",method=\"md5\"} 1",
        "rehash_sign_ins_total{outcome=\"wrong_password\",method=\"md5\"} 1",
        "rehash_upgrades_total{result=\"written\"} 1",
        "rehash_http_requests_total{route=\"none\",status=\"404\"} 1",
        "rehash_http_request_duration_seconds_count{route=\"/v1/sign-in\"} 4",
        "rehash_pool_queued 0",
    ] {
        assert!(metrics.contains(sample), "{sample} is missing:\n{metrics}");
    }
}

#[test]
fn the_status_page_is_for_operators_and_has_nothing_from_elsewhere() {
    let mut with_page = config();
    with_page.status_page = true;
    with_page.counts_age = std::time::Duration::ZERO;
    let server = Server::start(with_page);
    server.create(&json!({"username": "ada", "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordEncryptionMethod": "md5"}));
    server.sign_in("ada", "password");
    // Neither accepted nor refused: no sign-in's time.
    server.post("/v1/sign-in", &json!({"identifier": "ada"}));
    let closed = server.get("/");
    assert_eq!(closed.status, 401);
    assert!(closed.header("www-authenticate").is_some_and(|value| value.starts_with("Basic ")));
    // "admin:" and the token.
    let encoded = "YWRtaW46YS10b2tlbi1mb3ItdGVzdHMtMDEyMzQ1Njc4OQ==";
    let page = server.request("GET", "/", &[("Authorization", &format!("Basic {encoded}"))], b"");
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    assert!(!page.body.contains("<script") && !page.body.contains("http://") && !page.body.contains("https://"));
    assert!(
        page.body.contains("passwords are Argon2id")
            && page.body.contains("<svg id=\"hour\"")
            && page.body.contains("<svg id=\"days\"")
            && page.body.contains("<table id=\"weeks\"")
            && !page.body.contains("ada")
    );
    let latency = page.body.split("<table id=\"latency\"").nth(1).and_then(|rest| rest.split("</table>").next());
    let latency = latency.expect("a table");
    assert_eq!((latency.matches("<tr>").count(), latency.contains("<td class=\"n\">1</td>")), (1, true), "{latency}");
    assert!(page.body.contains("</svg>refused</span>") && !page.body.contains("<text"), "{}", page.body);
}
