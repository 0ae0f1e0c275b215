//! Tables of the embedder's own, in a file and on a server: sign-ins find and replace what the mapping names, the swap is as
//! strict as in a store, and a mapping that does not fit is refused when it is opened.

use rehash::sign_in::{Outcome, SignInError, change_password, sign_in};
use rehash::store::{Mapped, Mapping, OpenOptions, Store as _, StoreErrorKind, Swap};
use rehash::{Password, Upgrade};

use crate::stores::{OF_PASSWORD, Schema, engine};

/// A database with a table `accounts` in it, and how it is asked.
struct Table {
    url: String,
    file: Option<tempfile::TempDir>,
    schema: Option<Schema>,
}

/// `hash` and `id` are the types of those columns; the rest is the same for both databases.
fn create(id: &str, hash: &str) -> String {
    format!(
        "CREATE TABLE accounts (id {id} PRIMARY KEY, email text UNIQUE, login text UNIQUE, pw {hash}, method varchar(20),
             salt text, deleted_at bigint, touched bigint NOT NULL DEFAULT 0)"
    )
}

impl Table {
    fn in_file(create: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite:{}", directory.path().join("own.db").display());
        let table = Self { url, file: Some(directory), schema: None };
        // A file that is there, and is no store of ours.
        table.run(create);
        table
    }

    fn on_server(create: &str) -> Option<Self> {
        let schema = Schema::new()?;
        schema.run("CREATE SCHEMA {s}").expect("made");
        let table = Self { url: schema.admin.clone(), file: None, schema: Some(schema) };
        table.run(create);
        Some(table)
    }

    fn name(&self) -> String {
        self.schema.as_ref().map_or_else(|| "accounts".to_owned(), |schema| format!("{}.accounts", schema.name))
    }

    fn run(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let sql = sql.replace(" accounts", &format!(" {}", self.name()));
        if let Some(schema) = &self.schema {
            return schema.run(&sql).expect("done");
        }
        let path = self.file.as_ref().expect("a file").path().join("own.db");
        let connection = rusqlite::Connection::open(path).expect("a file");
        let mut statement = connection.prepare(&sql).expect("SQL");
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| {
            (0..columns).map(|at| row.get::<_, Option<String>>(at)).collect::<Result<Vec<_>, _>>()
        };
        statement.query_map([], read).and_then(Iterator::collect).expect("rows")
    }

    fn pw(&self, id: &str) -> String {
        let rows = self.run(&format!("SELECT pw || ' ' || coalesce(method, '-') FROM accounts WHERE id = {id}"));
        rows[0][0].clone().expect("a hash")
    }

    fn mapping(&self) -> Mapping {
        Mapping::new(self.name(), "id", "pw").identifier("login").identifier("email")
    }

    fn open(&self, mapping: Mapping) -> Result<Mapped, rehash::store::StoreError> {
        Mapped::open(&self.url, mapping, engine().policy(), &OpenOptions::default())
    }

    fn refused(&self, mapping: Mapping) -> String {
        let error = self.open(mapping).map(drop).expect_err("refused");
        assert_eq!(error.kind(), StoreErrorKind::BadUrl, "{error}");
        error.to_string()
    }
}

fn each(id: &str, hash: &str, test: impl Fn(&Table)) {
    test(&Table::in_file(&create(id, hash)));
    if let Some(table) = Table::on_server(&create(id, hash)) {
        test(&table);
    }
}

/// `password`, after the salt `s4`.
fn salted() -> String {
    use md5::Digest as _;
    base16ct::lower::encode_string(&md5::Md5::digest("s4password"))
}

#[test]
fn users_of_a_table_sign_in_and_their_hashes_are_replaced() {
    each("bigint", "varchar(100)", |table| {
        let salted = salted();
        table.run(&format!(
            "INSERT INTO accounts (id, email, login, pw, method, salt, deleted_at) VALUES
             (1, 'ada@example.com', 'ada', '{OF_PASSWORD}', 'md5', NULL, NULL),
             (2, 'bob@example.com', 'bob', '{salted}', 'md5($s.$p)', 's4', NULL),
             (3, 'gone@example.com', 'gone', '{OF_PASSWORD}', 'md5', NULL, 7),
             (4, 'none@example.com', 'none', NULL, NULL, NULL, NULL),
             (5, 'ada', 'shadow', '{OF_PASSWORD}', 'sha1', NULL, NULL),
             (6, 'bad@example.com', 'bad', '{salted}', 'md5($s.$p)', NULL, NULL)"
        ));
        let mapping = table.mapping().method_column("method").salt_column("salt").only_where("deleted_at IS NULL");
        let mapped = table.open(mapping).expect("it fits");
        let attempt = |name: &str, password: &str| sign_in(&engine(), &mapped, name, &Password::new(password));

        for (name, id) in [("ada", "1"), ("bob@example.com", "2")] {
            assert!(matches!(attempt(name, "wrong"), Err(SignInError::WrongPassword)), "{name}");
            let signed_in = attempt(name, "password").expect("accepted");
            assert!(matches!(signed_in.upgrade, Outcome::Written), "{name}: {:?}", signed_in.upgrade);
            assert_eq!(signed_in.id.to_string(), id);
            assert!(table.pw(id).starts_with("$argon2id$") && table.pw(id).ends_with(" argon2id"), "{}", table.pw(id));
            // With the old salt still beside it.
            let again = attempt(name, "password").expect("accepted");
            assert!(matches!(again.upgrade, Outcome::NotNeeded), "{name}: {:?}", again.upgrade);
            assert!(matches!(attempt(name, "wrong"), Err(SignInError::WrongPassword)), "{name}");
        }
        assert!(matches!(attempt("gone", "password"), Err(SignInError::UnknownUser)));
        assert!(matches!(attempt("nobody", "password"), Err(SignInError::UnknownUser)));
        assert!(matches!(attempt("nobody\0", "password"), Err(SignInError::UnknownUser)));
        assert!(matches!(attempt("none", "password"), Err(SignInError::NoPassword)));
        assert!(matches!(attempt("bad", "password"), Err(SignInError::BrokenRow(_) | SignInError::WrongPassword)));
        assert_eq!(table.pw("3"), format!("{OF_PASSWORD} md5"), "what the condition leaves out is not touched");
    });
}

#[test]
fn rows_use_of_the_columns_what_their_method_needs() {
    use md5::Digest as _;
    let hex = |text: &str| base16ct::lower::encode_string(&md5::Md5::digest(text));
    each("bigint", "text", |table| {
        let wrapped = engine().hash(&Password::new(hex("password"))).expect("a hash");
        table.run(&format!(
            "INSERT INTO accounts (id, login, email, pw, method, salt) VALUES
             (1, 'wrapped', 'ada', '{}', 'argon2id(md5($p))', NULL),
             (2, 'salted', 'bob', '{}', 'md5($s.$p)', 's4'),
             (3, 'named', 'carol', '{}', 'md5($u.$p)', 'unused'),
             (4, 'both', 'dan', '{}', 'md5($u.$s.$p)', 's4')",
            wrapped.text(),
            salted(),
            hex("carolpassword"),
            hex("dans4password"),
        ));
        let mapping = table.mapping().method_column("method").salt_column("salt").user_column("email");
        let mapped = table.open(mapping).expect("it fits");
        let attempt = |name: &str, password: &str| sign_in(&engine(), &mapped, name, &Password::new(password));
        // What was hashed again is not a password.
        assert!(matches!(attempt("wrapped", &hex("password")), Err(SignInError::WrongPassword)));
        for name in ["wrapped", "salted", "named", "both"] {
            assert!(matches!(attempt(name, "wrong"), Err(SignInError::WrongPassword)), "{name}");
            let signed_in = attempt(name, "password").unwrap_or_else(|error| panic!("{name}: {error}"));
            // What was wrapped without its password is Argon2id of the password itself from now on.
            assert!(matches!(signed_in.upgrade, Outcome::Written), "{name}: {:?}", signed_in.upgrade);
            assert!(matches!(attempt(name, "password").expect("accepted").upgrade, Outcome::NotNeeded), "{name}");
        }
        // What others mean by Argon2id could not be told from an upgrade; where a column says which it is, it can.
        for tag in
            ["argon2id(md5($p))", "argon2id(md5($p.$s))", "argon2id_nfkc", "lucia-argon2id", "phpbb", "phpbb_argon2id"]
        {
            let tag = || tag.parse().expect("a tag");
            assert!(table.refused(table.mapping().method_otherwise(tag())).contains("column of tags"), "{}", tag());
            let _ = table.open(table.mapping().method_column("method").method_otherwise(tag())).expect("it fits");
        }
        for tag in ["argon2id", "bcrypt", "phpbb_bcrypt", "wordpress", "django", "md5"] {
            let _ = table.open(table.mapping().method_otherwise(tag.parse().expect("a tag"))).expect("it fits");
        }
    });
}

/// A row that has no tag in a column of tags is nobody's upgrade.
#[test]
fn others_argon2id_is_read_as_theirs_until_an_upgrade_sets_its_tag() {
    use md5::Digest as _;
    let md5 = base16ct::lower::encode_string(&md5::Md5::digest("password"));
    each("bigint", "text", |table| {
        let of = |password: &str| engine().hash(&Password::new(password)).expect("a hash").text().to_owned();
        table.run(&format!(
            "INSERT INTO accounts (id, login, pw, method) VALUES (1, 'ada', '{}', NULL), (2, 'bob', '{}', ''), (3, 'cyd', '{}', 'argon2id')",
            of(&md5),
            of(&md5),
            of("password"),
        ));
        let mapping = || table.mapping().method_otherwise("argon2id(md5($p))".parse().expect("a tag"));
        let mapped = table.open(mapping().method_column("method")).expect("it fits");
        let attempt = |name: &str, password: &str| sign_in(&engine(), &mapped, name, &Password::new(password));
        for name in ["ada", "bob", "cyd"] {
            assert!(matches!(attempt(name, &md5), Err(SignInError::WrongPassword)), "{name}");
            assert!(attempt(name, "password").is_ok(), "{name}");
            assert!(matches!(attempt(name, "password").expect("accepted").upgrade, Outcome::NotNeeded), "{name}");
        }
        // Where none was there before, all of them are upgrades.
        let mapped = table.open(mapping().argon2id_is_ours()).expect("it fits");
        assert!(sign_in(&engine(), &mapped, "ada", &Password::new("password")).is_ok());
    });
}

#[test]
fn bytes_are_keys_and_what_is_no_text_is_one_broken_row() {
    let table = Table::in_file(&create("blob", "text"));
    table.run(&format!("INSERT INTO accounts (id, login, pw) VALUES (x'00ff', 'ada', '{OF_PASSWORD}')"));
    table.run("INSERT INTO accounts (id, login, pw) VALUES (x'01', 'bob', x'ff00ff')");
    let mapped = table.open(table.mapping().method_otherwise("md5".parse().expect("a tag"))).expect("it fits");
    let signed_in = sign_in(&engine(), &mapped, "ada", &Password::new("password")).expect("accepted");
    assert_eq!((signed_in.id.to_string().as_str(), matches!(signed_in.upgrade, Outcome::Written)), ("00ff", true));
    assert!(matches!(sign_in(&engine(), &mapped, "bob", &Password::new("x")), Err(SignInError::BrokenRow(_))));
}

#[test]
fn domains_and_what_silently_keeps_a_row_are_seen() {
    let Some(table) = Table::on_server("SELECT 1") else { return };
    let name = &table.schema.as_ref().expect("a schema").name;
    table.run(&format!("CREATE DOMAIN {name}.short AS varchar(200)"));
    table.run(&format!("CREATE DOMAIN {name}.mail AS text CHECK (VALUE LIKE '%@%')"));
    table.run(&format!(
        "CREATE TABLE accounts (id bigint PRIMARY KEY, login {name}.mail UNIQUE, pw {name}.short, method text)"
    ));
    table.run(&format!("INSERT INTO accounts (id, login, pw, method) VALUES (1, 'a@b', '{OF_PASSWORD}', 'md5')"));
    let mapping = || Mapping::new(table.name(), "id", "pw").identifier("login").method_column("method");
    let mapped = table.open(mapping()).expect("it fits");
    assert!(matches!(sign_in(&engine(), &mapped, "no mail", &Password::new("x")), Err(SignInError::UnknownUser)));
    assert!(sign_in(&engine(), &mapped, "a@b", &Password::new("password")).is_ok());
    table.run(&format!(
        "CREATE FUNCTION {name}.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
    ));
    table.run(&format!("CREATE TRIGGER keep BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION {name}.keep()"));
    assert!(table.refused(mapping()).contains("no row is changed"));
}

#[test]
fn a_row_that_changed_meanwhile_is_left_alone() {
    each("varchar(36)", "text", |table| {
        table.run(&format!(
            "INSERT INTO accounts (id, email, login, pw) VALUES ('a-1', 'ada@example.com', 'ada', '{OF_PASSWORD}')"
        ));
        let tag = "md5".parse().expect("a tag");
        let mapped = table.open(table.mapping().method_otherwise(tag)).expect("it fits");
        let engine = engine();
        let found = mapped.find("ada").expect("readable").expect("there");
        let tagged = found.password.clone().expect("a password");
        assert_eq!((&*tagged.method, &*tagged.text), ("md5", OF_PASSWORD));
        let stored = crate::stores::md5(OF_PASSWORD);
        let Ok(Upgrade::Ready(replacement)) =
            engine.verify(&stored, &Password::new("password")).map(|accepted| accepted.upgrade)
        else {
            panic!("an upgrade is due")
        };
        let changed = engine.hash(&Password::new("new")).expect("a hash");
        table.run(&format!("UPDATE accounts SET pw = '{}' WHERE id = 'a-1'", changed.text()));
        assert_eq!(mapped.replace(&found.id, &replacement).expect("left"), Swap::Superseded);
        assert_eq!(table.pw("'a-1'"), format!("{} -", changed.text()));
        assert!(sign_in(&engine, &mapped, "ada", &Password::new("new")).is_ok());
        // Equal but for case is another hash.
        table.run(&format!("UPDATE accounts SET pw = '{}' WHERE id = 'a-1'", OF_PASSWORD.to_uppercase()));
        assert_eq!(mapped.replace(&found.id, &replacement).expect("left"), Swap::Superseded);
        assert!(!format!("{:?}", found.id).contains(OF_PASSWORD), "an id shows no hash");
    });
}

#[test]
fn a_mapping_that_does_not_fit_is_refused() {
    each("bigint", "text", |table| {
        table.run(&format!("INSERT INTO accounts (id, login, pw) VALUES (1, 'ada', '{OF_PASSWORD}')"));
        let before = table.pw("1");
        assert!(table.refused(table.mapping().method_column("nothing")).contains("nothing"));
        assert!(table.refused(table.mapping().only_where("deleted_at IS NUL")).contains("cannot be used"));
        assert!(table.refused(Mapping::new("nowhere", "id", "pw").identifier("login")).contains("nowhere"));
        assert!(table.refused(Mapping::new(table.name(), "id", "pw")).contains("sign in"));
        table.open(table.mapping()).expect("it fits");
        assert_eq!(table.pw("1"), before, "trying it leaves no trace");
    });
}

#[test]
fn a_column_too_narrow_for_a_new_hash_is_refused() {
    // SQLite holds nothing to a width, but to a check; the server to both.
    let checked = create("bigint", "text CHECK (length(pw) <= 60)");
    for table in [Some(Table::in_file(&checked)), Table::on_server(&checked)].into_iter().flatten() {
        table.run(&format!("INSERT INTO accounts (id, login, pw) VALUES (1, 'ada', '{OF_PASSWORD}')"));
        assert!(table.refused(table.mapping()).contains("is refused"));
        assert_eq!(table.pw("1"), format!("{OF_PASSWORD} -"));
    }
    for width in ["varchar(60)", "char(60)"] {
        let Some(table) = Table::on_server(&create("bigint", width)) else { return };
        let refused = table.refused(table.mapping());
        assert!(refused.contains("holds 60 characters"), "{refused}");
    }
    let Some(table) = Table::on_server(&create("bigint", "bytea")) else { return };
    assert!(table.refused(table.mapping()).contains("bytea"));
    // Blanks that fill a column up are no part of the hash.
    let Some(table) = Table::on_server(&create("bigint", "char(200)")) else { return };
    table.run(&format!("INSERT INTO accounts (id, login, pw, method) VALUES (1, 'ada', '{OF_PASSWORD}', 'md5')"));
    let mapped = table.open(table.mapping().method_column("method")).expect("it fits");
    let signed_in = sign_in(&engine(), &mapped, "ada", &Password::new("password")).expect("accepted");
    assert!(matches!(signed_in.upgrade, Outcome::Written), "{:?}", signed_in.upgrade);
    assert!(sign_in(&engine(), &mapped, "ada", &Password::new("password")).is_ok());
}

#[test]
fn a_uuid_is_a_key() {
    let Some(table) = Table::on_server(&create("uuid", "text")) else { return };
    table.run(&format!(
        "INSERT INTO accounts (id, login, pw, method) VALUES (gen_random_uuid(), 'ada', '{OF_PASSWORD}', 'md5')"
    ));
    let mapped = table.open(table.mapping().method_column("method")).expect("it fits");
    let signed_in = sign_in(&engine(), &mapped, "ada", &Password::new("password")).expect("accepted");
    assert!(matches!(signed_in.upgrade, Outcome::Written), "{:?}", signed_in.upgrade);
    assert_eq!(signed_in.id.to_string().len(), 36);
}

#[test]
fn a_password_is_changed_set_for_the_first_time_and_found_by_its_key() {
    for (id, keys) in [("bigint", ["1", "2"]), ("varchar(36)", ["a-1", "007"])] {
        each(id, "text", |table| {
            let [ada, none] = keys;
            table.run(&format!(
                "INSERT INTO accounts (id, login, pw, method) VALUES
                 ('{ada}', 'ada', '{OF_PASSWORD}', 'MD5'), ('{none}', 'none', NULL, NULL)"
            ));
            let mapped = table.open(table.mapping().method_column("method").unique_in_any_case()).expect("it fits");
            let engine = engine();
            let accepts =
                |name: &str, password: &str| sign_in(&engine, &mapped, name, &Password::new(password)).is_ok();
            let by_key = |key: &str| mapped.find_by_key(key).expect("readable");

            // One of a legacy hash: no upgrade is made first, which the change would find in its place.
            let (old, new) = (Password::new("password"), Password::new("new"));
            assert!(matches!(change_password(&engine, &mapped, "ada", &new, &old), Err(SignInError::WrongPassword)));
            let changed = change_password(&engine, &mapped, "ada", &old, &new).expect("changed");
            assert_eq!(
                (changed.to_string(), accepts("ada", "new"), accepts("ada", "password")),
                (ada.to_owned(), true, false)
            );

            // A reset, by the key of whoever is signed in.
            let found = by_key(ada).expect("there");
            assert!(found.is_only_match && found.id.to_string() == ada);
            let third = engine.hash(&Password::new("third")).expect("a hash");
            assert_eq!(mapped.change_password(&found.id, &third).expect("written"), Swap::Written);
            assert_eq!(mapped.change_password(&found.id, &third).expect("left"), Swap::Superseded);
            assert!(accepts("ada", "third"));

            // The first password of who had none.
            let found = by_key(none).expect("there");
            assert!(found.password.is_none());
            assert_eq!(mapped.change_password(&found.id, &third).expect("written"), Swap::Written);
            assert_eq!(mapped.change_password(&found.id, &third).expect("left"), Swap::Superseded);
            assert!(accepts("none", "third"));
            assert!(by_key("3").is_none());
        });
    }
}

#[test]
fn keys_of_bytes_are_found_as_they_are_printed() {
    let table = Table::in_file(&create("blob", "text"));
    table.run(&format!("INSERT INTO accounts (id, login, pw, method) VALUES (x'00ff', 'ada', '{OF_PASSWORD}', 'md5')"));
    let mapped = table.open(table.mapping().method_column("method")).expect("it fits");
    let found = mapped.find_by_key("00ff").expect("readable").expect("there");
    assert_eq!(found.id.to_string(), "00ff");
    assert!(mapped.find_by_key("00FF").expect("readable").is_none());
}

#[test]
fn one_column_says_all() {
    each("bigint", "text", |table| {
        let salted = format!("$rehash$md5_salted_prefix,s=czQ${}", salted());
        table.run(&format!(
            "INSERT INTO accounts (id, login, pw) VALUES (1, 'ada', '$rehash$md5${OF_PASSWORD}'), (2, 'bob', '{salted}')"
        ));
        let mapped = table.open(table.mapping()).expect("it fits");
        for name in ["ada", "bob"] {
            let signed_in = sign_in(&engine(), &mapped, name, &Password::new("password")).expect(name);
            assert!(matches!(signed_in.upgrade, Outcome::Written), "{name}: {:?}", signed_in.upgrade);
        }
        let counts = mapped.counts().expect("read");
        assert_eq!(counts.iter().map(|count| (&*count.method, count.records)).collect::<Vec<_>>(), [("argon2id", 2)]);
    });
}

#[test]
fn a_store_can_be_asked_on_a_thread_of_a_runtime() {
    let Some(table) = Table::on_server(&create("bigint", "text")) else { return };
    table.run(&format!("INSERT INTO accounts (id, login, pw, method) VALUES (1, 'ada', '{OF_PASSWORD}', 'md5')"));
    for runtime in [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()] {
        let mut runtime = runtime;
        let runtime = runtime.enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mapped = table.open(table.mapping().method_column("method")).expect("it fits");
            // More than a task is given before it has to let others go on.
            for _ in 0..300 {
                assert!(mapped.find("ada").expect("readable").is_some());
            }
            let url = &table.schema.as_ref().expect("a schema").url;
            let store = rehash::store::open(url, &OpenOptions::default().creates(true)).expect("opened");
            assert!(store.counts().expect("counted").is_empty());
        });
    }
}

/// A database whose encoding holds a fraction of all names.
struct Latin1 {
    schema: Schema,
    url: String,
}

impl Latin1 {
    fn new() -> Option<Self> {
        let schema = Schema::new()?;
        let made = "CREATE DATABASE {s} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
        schema.run(made).expect("made");
        let (server, _) = schema.admin.rsplit_once('/').expect("a database");
        let url = format!("{server}/{}", schema.name);
        Some(Self { schema, url })
    }
}

impl Drop for Latin1 {
    fn drop(&mut self) {
        let _ = self.schema.run("DROP DATABASE IF EXISTS {s} WITH (FORCE)");
    }
}

#[test]
fn a_database_that_cannot_hold_a_name_has_nobody_of_that_name_and_is_no_store() {
    let Some(database) = Latin1::new() else { return };
    let inside = Schema { url: String::new(), admin: database.url.clone(), name: "inside".to_owned() };
    inside.run("CREATE TABLE accounts (id bigint PRIMARY KEY, login text UNIQUE, pw text)").expect("made");
    inside.run(&format!("INSERT INTO accounts VALUES (1, 'Zo\u{eb}', '{OF_PASSWORD}')")).expect("written");
    let mapping =
        Mapping::new("accounts", "id", "pw").identifier("login").method_otherwise("md5".parse().expect("a tag"));
    let mapped = Mapped::open(&database.url, mapping, engine().policy(), &OpenOptions::default()).expect("it fits");
    let attempt = |name: &str| sign_in(&engine(), &mapped, name, &Password::new("password"));
    assert!(matches!(attempt("Zo\u{eb}").expect("accepted").upgrade, Outcome::Written));
    for nobody in ["\u{65e5}\u{672c}", "ada\u{2019}s@x.org", "nobody"] {
        assert!(matches!(attempt(nobody), Err(SignInError::UnknownUser)), "{nobody}");
    }
    let refused =
        rehash::store::open(&database.url, &OpenOptions::default().creates(true)).map(drop).expect_err("refused");
    assert_eq!(refused.kind(), StoreErrorKind::BadUrl);
    assert!(refused.to_string().contains("LATIN1"), "{refused}");
}
