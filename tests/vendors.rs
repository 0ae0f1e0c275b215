//! What real exports hold beside the plain case: fields that are missing or moved, secrets that nobody should keep, lists where
//! others have texts, other tables in the same file. Found in what the vendors' own tools write.
#![cfg(feature = "import")]
#![allow(clippy::panic, reason = "a test may")]

use std::io::Cursor;
use std::ops::ControlFlow;

use rehash::Code;
use rehash::import::{Credential, Export, HashConfig, Options, Record, Rules, Source, Summary, Vendor, check};

const BCRYPT: &str = "$2a$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm";
const PHPASS: &str = "$P$5abcdefghTirbPJao7vjX0d/TOtGeU/";
const CONFIG: &str = "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,\n  base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}";
const HASH: &str = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";

type Outcome = Result<Box<Record<'static>>, String>;

fn read_from(source: Source, vendor: Vendor, config: &str) -> (Vec<Outcome>, Summary) {
    let mut rules = Rules::default();
    let mut options = Options::default();
    options.keeps_records = true;
    let export = Export::new(vendor);
    options.export = Some(if vendor == Vendor::Firebase {
        let config = HashConfig::parse(config).expect("a configuration");
        let (id, key) = config.key().expect("a key");
        rules.keys.register(id, key.to_vec()).expect("a key");
        export.hash_config(config)
    } else {
        export
    });
    let mut seen = Vec::new();
    let (summary, _) = check([Ok(source)], &rules, options, |checked| {
        let problems = || checked.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        seen.push(checked.record.ok_or_else(problems));
        ControlFlow::<()>::Continue(())
    });
    (seen, summary)
}

fn read(text: &str, vendor: Vendor) -> (Vec<Outcome>, Summary) {
    read_from(Source::new("export", Cursor::new(text.as_bytes().to_vec())).expect("readable"), vendor, CONFIG)
}

/// Every record, all of them good.
fn good(text: &str, vendor: Vendor) -> Vec<Record<'static>> {
    let (seen, summary) = read(text, vendor);
    assert!(summary.errors.is_empty(), "{}", summary.errors[0]);
    seen.into_iter().map(|outcome| *outcome.unwrap_or_else(|problems| panic!("{vendor}: {problems}"))).collect()
}

fn one(text: &str, vendor: Vendor) -> Record<'static> {
    let mut records = good(text, vendor);
    assert_eq!(records.len(), 1);
    records.remove(0)
}

/// Why the whole of it was refused.
fn refused(text: &str, vendor: Vendor) -> String {
    let (_, summary) = read(text, vendor);
    summary
        .errors
        .first()
        .map(ToString::to_string)
        .unwrap_or_else(|| panic!("{vendor}: read as one of its own: {text}"))
}

fn custom<'r>(record: &'r Record<'_>) -> &'r str {
    record.custom_data.as_deref().unwrap_or_default()
}

fn tag(record: &Record<'_>) -> String {
    match &record.credential {
        Credential::Hash(hash) => hash.tag().to_string(),
        _ => String::new(),
    }
}

#[test]
fn a_row_of_firebase_that_a_comma_moved_is_refused() {
    let row = |photo: &str, disabled: &str| {
        let providers = ",".repeat(15);
        format!(
            "u1,ada@example.com,true,{HASH},42xEC+ixf3L2lw==,Ada,{photo},{providers},1618893925000,1618893926000,+15550100,{disabled},,\n"
        )
    };
    let whole = one(&row("https://example.com/ada.jpg", "true"), Vendor::Firebase);
    assert_eq!((tag(&whole).as_str(), whole.primary_phone.as_deref()), ("firebase_scrypt", Some("+15550100")));
    assert!(whole.warnings.iter().any(|code| code == Code::DisabledAccount));
    let two = row("https://example.com/ada.jpg", "") + &row("https://res.example.com/w_1,c_fill/ada.jpg", "");
    let (seen, summary) = read(&two.replace("\nu1,ada", "\nu2,bob"), Vendor::Firebase);
    assert_eq!((summary.good, summary.rejected), (1, 1));
    assert!(seen[1].as_ref().err().expect("moved").contains("bad_csv"));
    let moved_by_two = row("https://example.com/ada.jpg", "")
        + &row("https://res.example.com/w_1,h_1,c_fill/ada.jpg", "").replace("u1,ada", "u2,bob");
    assert_eq!(read(&moved_by_two, Vendor::Firebase).1.rejected, 1);
}

#[test]
fn parameters_that_would_lock_everybody_out_are_refused() {
    for (left_out, said) in [
        ("  rounds: 8,\n", "rounds"),
        ("  mem_cost: 14,\n", "mem_cost"),
        ("  base64_salt_separator: Bw==,\n", "separator"),
    ] {
        let error = HashConfig::parse(&CONFIG.replace(left_out, "")).expect_err("incomplete");
        assert!(error.to_string().contains(said), "{error}");
    }
    assert!(HashConfig::parse(&CONFIG.replace("  rounds: 8,\n", "  rounds: 8,\n  rounds: 1,\n")).is_err());
    assert!(HashConfig::parse(&CONFIG.replace(" Bw==,", ",")).is_ok(), "a separator may be empty");
    let user = |salt: &str| {
        format!(r#"{{"users":[{{"localId":"u","email":"ada@example.com","passwordHash":"{HASH}"{salt}}}]}}"#)
    };
    let salted = user(r#","salt":"42xEC+ixf3L2lw==""#);
    let (seen, _) = read(&user(""), Vendor::Firebase);
    assert!(seen[0].as_ref().err().expect("no salt").contains("missing_salt"));
    assert_eq!(tag(&one(&salted, Vendor::Firebase)), "firebase_scrypt");
    let short = CONFIG.replace(
        "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
        "jxspr8Ki",
    );
    let source = Source::new("export", Cursor::new(salted.into_bytes())).expect("readable");
    let (seen, _) = read_from(source, Vendor::Firebase, &short);
    assert!(seen[0].as_ref().err().expect("another key").contains("signer key"));
}

#[test]
fn auth0_says_who_a_user_is_in_several_places() {
    let hashes = format!(
        r#"{{"_id":"1","identifiers":[{{"type":"email","value":"ada@example.com","verified":true}},{{"type":"username","value":"ada"}}],"passwordHash":"{BCRYPT}","password_set_date":"2020"}}
{{"_id":"2","identifiers":[{{"type":"phone_number","value":"+15550100"}}],"passwordHash":"{BCRYPT}"}}
"#
    );
    let records = good(&hashes, Vendor::Auth0);
    assert_eq!(records[0].primary_email.as_deref(), Some("ada@example.com"));
    assert_eq!(records[0].username.as_deref(), Some("ada"));
    assert!(records[1].primary_phone.is_some() && tag(&records[1]) == "bcrypt");
    assert!(custom(&records[0]).contains("verified"));
    let social = r#"[{"user_id":"twitter|1","name":"Ada","identities":[{"provider":"twitter","user_id":"1","access_token":"Token1","access_token_secret":"Token2","connection":"twitter"}],"mfa_factors":[{"totp":{"secret":"SEED"}}]}]"#;
    let record = one(social, Vendor::Auth0);
    assert_eq!(record.username.as_deref(), Some("twitter|1"));
    let whole = format!("{}{}", custom(&record), record.identities.as_deref().unwrap_or_default());
    assert!(
        whole.contains("\"connection\"") && !["Token1", "Token2", "SEED"].iter().any(|secret| whole.contains(secret)),
        "{whole}"
    );
}

#[test]
fn another_vendors_hash_is_never_left_behind() {
    let auth0 = format!(
        r#"[{{"email":"ada@example.com","email_verified":true,"user_metadata":{{}},"custom_password_hash":{{"algorithm":"bcrypt","hash":{{"value":"{BCRYPT}"}}}}}}]"#
    );
    let keycloak = r#"[{"username":"ada","credentials":[{"type":"password","secretData":"{}"}]}]"#;
    let clerk = "id,username,password_digest,password_hasher\nu,ada,x,bcrypt\n";
    for (text, vendor, owner) in [
        (auth0.as_str(), Vendor::Supabase, "auth0"),
        (keycloak, Vendor::Logto, "keycloak"),
        (clerk, Vendor::Logto, "clerk"),
    ] {
        assert!(refused(text, vendor).contains(&format!("--from {owner}")), "{}", refused(text, vendor));
    }
    // Where the first records do not show it, each that does is rejected.
    let many: Vec<String> =
        (0..30).map(|n| format!(r#"{{"email":"u{n}@example.com","email_verified":true}}"#)).collect();
    let late = many.join("\n") + &format!("\n{{\"email\":\"z@example.com\",\"encrypted_password\":\"{BCRYPT}\"}}\n");
    let (seen, summary) = read(&late, Vendor::Auth0);
    assert_eq!((summary.good, summary.rejected), (30, 1));
    assert!(seen[30].as_ref().err().expect("a hash").contains("encrypted_password"));
}

#[test]
fn secrets_beside_the_password_are_not_kept() {
    let keycloak = r#"{"realm":"r","users":[{"username":"ada","enabled":false,"credentials":[
      {"type":"password","secretData":"{\"value\":\"wOUyenlgVhMLluXY24oH+HXd+6kpTDsllFwGQljv5rI=\",\"salt\":\"AAECAwQFBgcICQoLDA0ODw==\"}","credentialData":"{\"algorithm\":\"pbkdf2-sha256\",\"hashIterations\":5}"},
      {"type":"password-history","secretData":"{\"value\":\"OLDHASH\"}"},
      {"type":"otp","userLabel":"phone","secretData":"{\"value\":\"SEED\"}","credentialData":"{\"digits\":6}"}]}]}"#;
    let record = one(keycloak, Vendor::Keycloak);
    assert!(custom(&record).contains("digits") && custom(&record).contains("\"type\":\"otp\""), "{}", custom(&record));
    assert!(!custom(&record).contains("SEED") && !custom(&record).contains("OLDHASH"), "{}", custom(&record));
    assert!(record.warnings.iter().any(|code| code == Code::DisabledAccount));
    let kratos = format!(
        r#"{{"schema_id":"s","state":"inactive","traits":{{"email":"ada@example.com"}},"credentials":{{"password":{{"config":{{"hashed_password":"{BCRYPT}"}}}},"totp":{{"type":"totp","config":{{"totp_url":"SEED"}}}},"lookup_secret":{{"config":{{"recovery_codes":["SEED"]}}}}}}}}"#
    );
    let record = one(&kratos, Vendor::Kratos);
    assert!(custom(&record).contains("totp") && !custom(&record).contains("SEED"), "{}", custom(&record));
    let ldif = "dn: uid=ada\nuid: ada\nuserPassword: {SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw==\nsambaNTPassword: SEED\npwdHistory: SEED\nuserAccountControl: 514\n";
    let record = one(ldif, Vendor::Ldif);
    assert!(!custom(&record).contains("SEED"), "{}", custom(&record));
    assert!(record.warnings.iter().any(|code| code == Code::DisabledAccount));
    let others = [
        (
            Vendor::Clerk,
            r#"[{"id":"u","username":"ada","unsafe_metadata":{},"totp_secret":"SEED","backup_codes":["SEED"],"external_accounts":[{"provider":"oauth_google","access_token":"SEED"}]}]"#,
        ),
        (
            Vendor::Supabase,
            r#"{"aud":"a","email":"a@example.com","banned_until":"2099-01-01","recovery_token":"SEED","identities":[{"provider":"email","id":"1","refresh_token":"SEED"}]}"#,
        ),
        (
            Vendor::Fusionauth,
            r#"{"users":[{"email":"a@example.com","passwordChangeRequired":false,"twoFactor":{"methods":[{"method":"authenticator","secret":"SEED"}],"recoveryCodes":["SEED"]}}]}"#,
        ),
        (Vendor::Zitadel, r#"[{"userName":"ada","totpSecret":"SEED"}]"#),
        (
            Vendor::Logto,
            "username,mfa_verifications\nada,\"[{\"\"type\"\":\"\"Totp\"\",\"\"key\"\":\"\"SEED\"\"},{\"\"type\"\":\"\"BackupCode\"\",\"\"codes\"\":[{\"\"code\"\":\"\"SEED\"\"}]}]\"\n",
        ),
        (Vendor::Ldif, "dn: uid=ada\nuid: ada\nipaNTHash: SEED\noathSecret: SEED\n"),
        (Vendor::Wordpress, "user_login,user_pass,user_activation_key\nada,,SEED\n"),
    ];
    for (vendor, text) in others {
        let record = one(text, vendor);
        assert!(!custom(&record).contains("SEED"), "{vendor}: {}", custom(&record));
        let is_disabled = record.warnings.iter().any(|code| code == Code::DisabledAccount);
        assert_eq!(is_disabled, text.contains("banned"), "{vendor}");
    }
}

#[test]
fn a_directory_holds_others_than_users() {
    let hash = "userPassword: {SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw==\ntelephoneNumber: +1 555 0100\n";
    let text = format!(
        "dn: cn=Admins\nobjectClass: top\nobjectClass: group\nsAMAccountName: Domain Admins\n\n\
         dn: cn=PC1\nobjectClass: user\nobjectClass: computer\nsAMAccountName: PC1$\n\n\
         dn: cn=list\nobjectClass: groupOfNames\nmail: list@example.com\n\n\
         dn: uid=ada\nobjectClass: inetOrgPerson\nuid: ada\n{hash}\n\
         dn: uid=bob\nobjectClass: inetOrgPerson\nuid: bob\n{hash}\n\
         dn: uid=cy\nobjectClass: inetOrgPerson\nuid: cy\nuserPassword: *\n\n\
         # search result\nsearch: 2\nresult: 0 Success\n"
    );
    let group_of_their_own = format!(
        "dn: uid=dan\nobjectClass: inetOrgPerson\nobjectClass: posixGroup\nuid: dan\nmail: dan@example.com\n\n\
         dn: cn=eve\nobjectClass: posixGroup\ncn: eve\nmail: eve@example.com\nuserPassword;x-a: {}\nsn: x\n",
        "{SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw=="
    );
    assert_eq!(good(&group_of_their_own, Vendor::Ldif).len(), 2);
    let records = good(&text, Vendor::Ldif);
    let names: Vec<_> = records.iter().filter_map(|record| record.username.as_deref()).collect();
    assert_eq!(names, ["ada", "bob", "cy"]);
    assert!(records.iter().all(|record| record.primary_phone.is_none()) && tag(&records[2]).is_empty());
    let of_nobody = "dn: cn=Admins\nobjectClass: groupOfNames\ncn: Admins\n";
    assert!(refused(of_nobody, Vendor::Ldif).contains("no entry of a user"));
}

#[test]
fn a_dump_is_told_by_what_it_inserts() {
    let row = |id: u32, name: &str| {
        format!("({id},'{name}','{PHPASS}','{name}','{name}@example.com','','2025-01-01 00:00:00','',0,'Ada')")
    };
    let users = format!("INSERT INTO `wp_users` VALUES {},{};\n", row(1, "ada"), row(2, "bob"));
    assert_eq!(good(&users, Vendor::Wordpress).len(), 2);
    assert!(refused("INSERT INTO `wp_posts` VALUES (1,'x');\n", Vendor::Wordpress).contains("`wp_posts`"));
    assert!(
        refused("INSERT INTO `users` (`id`,`email`,`password`) VALUES (1,'a','b');\n", Vendor::Wordpress)
            .contains("user_login")
    );
    let warned =
        format!("mysqldump: [Warning] Using a password on the command line interface can be insecure.\n{users}");
    assert_eq!(good(&warned, Vendor::Wordpress).len(), 2);
    let (seen, summary) = read(&(users.replace("wp_users", "bak_wp_users") + &users), Vendor::Wordpress);
    assert!(summary.errors[0].to_string().contains("two tables") && seen.len() == 2);
    // A plugin for backups writes MySQL's other quote, and `--hex-blob` no quotes at all.
    let double = format!(
        "INSERT INTO `wp_users` VALUES (\"1\", \"ada\", \"{PHPASS}\", \"ada\", \"ada@example.com\", \"\", \"\", \"\", \"0\", \"Ada, \\\"L\\\" \"\"x\"\" 'y'\");\n"
    );
    let record = one(&double, Vendor::Wordpress);
    assert_eq!((record.username.as_deref(), record.name.as_deref()), (Some("ada"), Some("Ada, \"L\" \"x\" 'y'")));
    let hex = users.replace("'ada','$P", "0x616461,'$P");
    assert_eq!(good(&hex, Vendor::Wordpress)[0].username.as_deref(), Some("ada"));
}

#[test]
fn rows_say_by_their_head_what_is_missing() {
    let no_hash = "ID,user_login,display_name,user_email\n1,ada,Ada,ada@example.com\n";
    assert!(refused(no_hash, Vendor::Wordpress).contains("user_pass"));
    let semicolons = "ID;user_login;user_pass\n1;ada;x\n";
    assert!(refused(semicolons, Vendor::Wordpress).contains("commas"));
    let of_a_spreadsheet = format!("ID,user_login,user_pass,,\n1,ada,{PHPASS},,\n");
    assert_eq!(tag(&one(&of_a_spreadsheet, Vendor::Wordpress)), "wordpress_phpass");
    let argon2 = "user_login,user_pass\nada,\"$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$13dIOytJRPkpaLxlhyY59DPC2QXXsGSWxwDkLVVJ7kA\"\n";
    assert_eq!(tag(&one(argon2, Vendor::Wordpress)), "argon2id");
    let utf16: Vec<u8> = "\u{feff}{\"users\":[]}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let source = Source::new("export", Cursor::new(utf16)).expect("readable");
    let (_, summary) = read_from(source, Vendor::Fusionauth, CONFIG);
    assert!(summary.errors[0].to_string().contains("UTF-16"));
    let logto = format!(
        "id,username,primary_email,password_encrypted,password_encryption_method\n1,,ada@example.com,{BCRYPT},Bcrypt\n"
    );
    assert_eq!(tag(&one(&logto, Vendor::Logto)), "bcrypt");
}

#[test]
fn what_is_no_text_stays_where_it_is_and_loses_nobody() {
    let supabase = r#"{"aud":"a","email":"ada@example.com","user_metadata":{"name":{"first":"Ada"},"avatar_url":false,"full_name":["A"]}}
{"aud":"a","id":"u2","is_anonymous":true}
{"aud":"a","email":"b@example.com","identities":[{"provider":"email","id":"b"},{"provider":"google","id":"x","identity_data":{"sub":"1122","email":"b@example.com"}}]}
"#;
    let records = good(supabase, Vendor::Supabase);
    assert!(custom(&records[0]).contains("first") && records[0].name.is_none());
    assert_eq!(records[1].username.as_deref(), Some("u2"));
    assert!(records[2].identities.as_deref().is_some_and(|json| json.starts_with(r#"{"google":{"userId":"1122""#)));
    let both =
        format!(r#"{{"aud":"a","email":"a@example.com","password_hash":"{BCRYPT}","encrypted_password":"{BCRYPT}"}}"#);
    assert_eq!(tag(&one(&both, Vendor::Supabase)), "bcrypt");
    let null =
        format!(r#"[{{"user_id":"1","email":"a@example.com","hashed_password":null,"password_hash":"{BCRYPT}"}}]"#);
    assert_eq!(tag(&one(&null, Vendor::Auth0)), "bcrypt");
    let kratos = format!(
        r#"{{"schema_id":"s","traits":{{"email":["a@example.com"],"phone":{{"n":1}},"name":["A"]}},"credentials":{{"password":{{"identifiers":["a@example.com","+15550100"],"config":{{"hashed_password":"{BCRYPT}"}}}}}}}}"#
    );
    let record = one(&kratos, Vendor::Kratos);
    assert_eq!(record.primary_email.as_deref(), Some("a@example.com"));
    assert!(record.primary_phone.is_some() && record.username.is_none());
    let clerk = r#"[{"id":"u","username":"ada","unsafe_metadata":{},"external_accounts":[{"provider":"oauth_google","provider_user_id":"1122"}]}]"#;
    assert!(
        one(clerk, Vendor::Clerk)
            .identities
            .as_deref()
            .is_some_and(|json| json.contains(r#""google":{"userId":"1122""#))
    );
    let sdk = r#"[{"id":"u","passwordEnabled":true,"primaryEmailAddressId":"b","emailAddresses":[{"id":"a","emailAddress":"a@example.com"},{"id":"b","emailAddress":"b@example.com"}],"externalAccounts":[{"provider":"oauth_google","externalId":"1122"}]}]"#;
    let record = one(sdk, Vendor::Clerk);
    assert_eq!(record.primary_email.as_deref(), Some("b@example.com"));
    assert!(record.identities.is_some());
    let admin = format!(
        r#"{{"users":[{{"uid":"u1","email":"a@example.com","photoURL":"https://example.com/a.jpg","passwordHash":"{}","passwordSalt":"42xEC-ixf3L2lw==","providerData":[{{"providerId":"google.com","uid":"1122"}}],"metadata":{{}}}}]}}"#,
        HASH.replace('+', "-").replace('/', "_")
    );
    let record = one(&admin, Vendor::Firebase);
    assert_eq!((tag(&record).as_str(), record.avatar.is_some()), ("firebase_scrypt", true));
    assert!(record.identities.is_some() && custom(&record).contains("\"localId\":\"u1\""));
    let logto = r#"{"id":"x1","username":"ada","createdAt":1,"customData":{"id":123,"createdAt":"2020"}}"#;
    assert_eq!(
        custom(&one(logto, Vendor::Logto)),
        r#"{"id":123,"createdAt":"2020","logto":{"id":"x1","createdAt":1}}"#
    );
    let zitadel = r#"{"userId":"3","username":"z","human":{"profile":{"givenName":"Z"},"email":{"email":"z@example.com","isVerified":true}}}"#;
    assert_eq!(one(zitadel, Vendor::Zitadel).primary_email.as_deref(), Some("z@example.com"));
    let cognito = r#"{"Users":[{"Username":"ada","Attributes":[{"Name":"sub","Value":"x"},{"Name":"email","Value":"ada@example.com"}],"Enabled":false,"UserStatus":"CONFIRMED"}]}"#;
    let record = one(cognito, Vendor::Cognito);
    assert_eq!((record.username.as_deref(), record.primary_email.as_deref()), (Some("ada"), Some("ada@example.com")));
    assert!(record.warnings.iter().any(|code| code == Code::DisabledAccount));
}

#[test]
fn what_fusionauth_says_of_all_users_may_stand_after_them() {
    let user = r#"{"email":"ada@example.com","mobilePhone":"+15550100","password":"K5VGHxhfVpPZT32s8OQ+l5Zp02ebsBh+2mA0ic3wAEs=","salt":"AAECAwQFBgcICQoLDA0ODw=="}"#;
    let after = format!(r#"{{"users":[{user}],"encryptionScheme":"salted-pbkdf2-hmac-sha256","factor":24000}}"#);
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("users.json");
    let from_file = |text: &str| {
        std::fs::write(&path, text).expect("written");
        let (seen, summary) = read_from(Source::open(&path).expect("there"), Vendor::Fusionauth, CONFIG);
        assert!(summary.errors.is_empty());
        seen.into_iter().next().expect("a record")
    };
    let parted = after.replacen('{', r#"{"encryptionScheme":"salted-pbkdf2-hmac-sha256","#, 1);
    let parted = parted.replace(r#"],"encryptionScheme":"salted-pbkdf2-hmac-sha256","#, "],");
    for text in [after.clone(), format!("\u{feff}{after}"), parted.clone()] {
        let record = from_file(&text).unwrap_or_else(|why| panic!("{text}: {why}"));
        let Credential::Hash(hash) = &record.credential else { panic!("no hash") };
        assert!(hash.text().starts_with("$pbkdf2-sha256$i=24000,"), "{text}: {}", hash.text());
    }
    // What a factor that is not there means, FusionAuth's version decided.
    let (seen, _) = read(&parted.replace("\"factor\":24000", "\"x\":1"), Vendor::Fusionauth);
    assert!(seen[0].as_ref().err().expect("no factor").contains("factor"));
    let record = &from_file(&after).expect("good");
    assert!(record.primary_phone.is_none() && custom(record).contains("mobilePhone"));
    // A stream is read once: each record says what it lacks.
    let (seen, _) = read(&after, Vendor::Fusionauth);
    assert!(seen[0].as_ref().err().expect("no scheme").contains("encryptionScheme"));
    // What stands apart from its head, as rejected records do, has it on a line of its own.
    let lines = format!("{{\"encryptionScheme\":\"salted-pbkdf2-hmac-sha256\",\"factor\":24000}}\n{user}\n");
    assert_eq!(tag(&one(&lines, Vendor::Fusionauth)), "pbkdf2");
    let phpass = r#"{"users":[{"email":"a@example.com","encryptionScheme":"phpass-md5","factor":128,"salt":"abcdefgh","password":"TirbPJao7vjX0d/TOtGeU/"}]}"#;
    assert_eq!(tag(&one(phpass, Vendor::Fusionauth)), "phpass");
    let workos = format!(
        r#"[{{"email":"a@example.com","password_hash_type":"firebase-scrypt","password_hash":"$firebase-scrypt$hash={HASH}$salt=42xEC+ixf3L2lw==$sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$ss=Bw==$r=8$m=14"}}]"#
    );
    let record = one(&workos, Vendor::Workos);
    let Credential::Hash(hash) = &record.credential else { panic!("no hash") };
    let target = rehash::Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
    let engine = rehash::Engine::new(rehash::Policy::builder(target).build().expect("a policy")).expect("entropy");
    assert!(engine.verify(hash, &rehash::Password::new("user1password")).is_ok());
}
