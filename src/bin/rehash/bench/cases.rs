//! What is measured: one row for each family of schemes at the parameters that its systems use today, and whole sign-ins.
//! Every verification here is of the right password, and is held to be accepted.

use std::sync::Arc;

use rehash::pool::HashPool;
use rehash::{Columns, Cost, Denied, Engine, Limits, Method, Password, StoredHash, Tag, Upgrade};

use crate::measure::{self, Work};
use crate::output::{Exit, Failure};

/// Something that can be measured.
pub struct Case {
    /// `verify`, or `sign-in`.
    pub kind: &'static str,
    pub method: Method,
    /// What it is called in the table.
    pub name: String,
    pub parameters: String,
    /// What one takes at most at a time, in KiB.
    pub memory_kib: u32,
    /// One operation is [`SIDE_BY_SIDE`] hashes.
    pub is_side_by_side: bool,
    pub work: Work,
}

/// A stored hash of `password`.
struct Sample {
    tag: &'static str,
    text: &'static str,
    salt: Option<&'static str>,
    user: Option<&'static str>,
    password: &'static str,
}

const fn sample(tag: &'static str, text: &'static str) -> Sample {
    Sample { tag, text, salt: None, user: None, password: "password" }
}

const fn salted(tag: &'static str, text: &'static str, salt: &'static str) -> Sample {
    Sample { tag, text, salt: Some(salt), user: None, password: "password" }
}

const MD5: Sample = sample("md5", "5f4dcc3b5aa765d61d8327deb882cf99");
const BCRYPT_10: Sample = sample("bcrypt", "$2b$10$saltsaltsaltsaltsaltsOPRDjePxJkNp7mjBEve63IqKPFT7ehNG");

/// Digests first, then what is iterated, then what takes memory; Argon2 is made by the engine and stands at the end.
const SAMPLES: [Sample; 29] = [
    MD5,
    sample("sha1", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
    sample("sha256", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"),
    sample("ldap_ssha", "{SSHA}yrht1iYXEIkejLVu42JWkadd80RzYWx0c2FsdA=="),
    salted("md5(md5($p).$s)", "d514dee5e76bbb718084294c835f312c", "salt"),
    sample("mysql323", "5d2e19393cc5ef67"),
    Sample { tag: "oracle10", text: "D4DF7931AB130E37", salt: None, user: Some("system"), password: "manager" },
    sample("descrypt", "sa3tHJ3/KuYvI"),
    sample("bsdicrypt", "_J9..saltJW8FtKdEkNM"),
    sample("md5crypt", "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"),
    sample("sunmd5", "$md5,rounds=4096$saltsalt$$kt9d1ZmqTXN7W1YgmYN0h0"),
    sample("phpass", "$P$BsaltsaltnH1n4.V11.zjFlE3mwm.O1"),
    sample("drupal7", "$S$DsaltsaltO.fH9qMIXUY3UFtIDiLwV0lfggsuLwVjkjXBZ8hWZcO"),
    sample("sha256crypt", "$5$saltsaltsaltsalt$WsFBeg1qQ90JL3VkUTuM7xVV/5njhLngIVm6ftSnBR2"),
    sample(
        "sha512crypt",
        "$6$saltsaltsaltsalt$bcXJ8qxwY5sQ4v8MTl.0B1jeZ0z0JlA9jjmbUoCJZ.1wYXiLTU.q2ILyrDJLm890lyfuF7sWAeli0yjOyFPkf0",
    ),
    sample("sha1crypt", "$sha1$24680$saltsalt$cjWYY8m.GxzIaOChpqX.LIZkGuOY"),
    salted(
        "symfony",
        "9aPzUF9/yKnBrFU2/3O6/P5vgrplg7X9AyjSFETZQ88k6SdINeXTvfMks09z6OUcYh1UkgemOCvnD/QvTgAI9g==",
        "saltsaltsaltsalt",
    ),
    sample(
        "scram_sha256",
        "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$CozjiHjNmiMjBgH9gZ7qn0QWud6nrVP6E72IBh477bQ=:VKers2x8MllK1Rh7LZLqtj6KOTzoFWJpIaokMX3blS0=",
    ),
    sample("aspnet", "AQAAAAEAAYagAAAAEHNhbHRzYWx0c2FsdHNhbHRPvy0SL+avxhqB6fL+OTqzn5BqeN3dx5d2PA54SFfptA=="),
    sample(
        "pbkdf2",
        "$pbkdf2-sha512$210000$c2FsdHNhbHRzYWx0c2FsdA$RnQ.l56j2g92LuuMuryjn6y5wHovbs.TtpgLm1JZorsSwSKRq93s.Erw8.Btb.eF4OHJfq6zLgdMUnBKJrRgGg",
    ),
    sample(
        "django_pbkdf2",
        "pbkdf2_sha256$1000000$saltsaltsaltsaltsalt22$4j8QbgTLuYEoQpLyzOyH+D4DoffOCLRcytwk3NRVIrk=",
    ),
    BCRYPT_10,
    sample("bcrypt", "$2b$12$saltsaltsaltsaltsaltsOEpXE0KLxzyVeEtX6R7qbkVGuSGecz6W"),
    sample("scrypt7", "$7$CU..../....saltsalt$6ww5SAK0/7p9WW5plCUlfgXj06fa/soUcEzZCxs/ntD"),
    sample(
        "werkzeug_scrypt",
        "scrypt:32768:8:1$saltsaltsaltsalt$234f21946f762c3628325ffd54a7f4ce07cc44c3d78c5cd8937ad78c512cf39580107a9c35348d30c3c5c7069982e3aec53ea48fb1cdac067de659d73c1917e4",
    ),
    sample(
        "firebase_scrypt",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=YSBwcm9qZWN0LXdpZGUgc2lnbmVyIGtleSBvZiA2NCBieXRlcywgYXMgRmlyZWJhc2UgbWFrZXMgaXQgLi4uLg==$c2FsdHNhbHRzYWx0c2FsdA==$HPbvGeDyK9ciYXQke9YaLRKVqtfyDwA3BsJvzbG11ArR5GbTWolttr19n/7CjSXpnCKfiVc7+rPlGpMK57Za2w==",
    ),
    sample("yescrypt", "$y$j9T$saltsaltsaltsaltsalt/.$ShZi8WoAmIjIjhnuTSnz/y/H1s8mWn5Jjb7MoU0ozP0"),
    sample("gost_yescrypt", "$gy$j9T$saltsaltsaltsaltsalt/.$7UPNGiRdwZrd0XCCKTE/9TRPdSu5EXCliuP0mwizfu1"),
    sample("argon2i", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
];

impl Sample {
    fn stored(&self) -> Result<StoredHash, Failure> {
        let fault = |why: String| Failure::new(Exit::Fault, format!("the sample of {}: {why}", self.tag));
        let tag: Tag = self.tag.parse().map_err(|error: rehash::UnknownTag| fault(error.to_string()))?;
        let mut columns = Columns::default();
        columns.salt = self.salt.map(str::as_bytes);
        columns.user = self.user.map(str::as_bytes);
        StoredHash::parse_tagged(&tag, self.text, &columns, &Limits::default())
            .map_err(|error| fault(error.to_string()))
    }
}

/// Every case, in the order of the table. `engine` is the one whose target new hashes have.
pub fn all(engine: &Engine) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for sample in &SAMPLES {
        let stored = sample.stored()?;
        cases.push(verify(stored.clone(), sample.password));
        if sample.text == BCRYPT_10.text {
            cases.push(side_by_side(stored, sample.password));
        }
    }
    let current = engine.hash(&Password::new("password")).map_err(|error| measure::not_hashed(&error))?;
    // Else it would be kept beside what is measured.
    rehash::release_idle_memory();
    cases.push(verify(current.clone(), "password"));
    let target_kib = engine.target_cost().memory_kib;
    for (sample, name) in [(MD5, "md5, upgraded"), (BCRYPT_10, "bcrypt, upgraded")] {
        cases.push(sign_in(name, sample.stored()?, target_kib, |upgrade| matches!(upgrade, Upgrade::Ready(_))));
    }
    cases.push(sign_in("argon2id", current.clone(), target_kib, |upgrade| matches!(upgrade, Upgrade::NotNeeded)));
    cases.push(unknown_user(&current, target_kib));
    Ok(cases)
}

/// The verification alone, without the decoy or an upgrade.
fn verify(stored: StoredHash, password: &'static str) -> Case {
    let (method, cost) = (stored.method(), stored.cost());
    let (parameters, name) = (stored.parameters(), method.as_str().to_owned());
    let stored = Arc::new(stored);
    let work: Work = Arc::new(move |pool, count| {
        let stored = Arc::clone(&stored);
        on_worker(pool, cost, method, move |engine| {
            let password = Password::new(password);
            (0..count).try_for_each(|_| engine.verify_without_decoy(&stored, &password).map(drop))
        })
    });
    Case { kind: "verify", method, name, parameters, memory_kib: cost.memory_kib, is_side_by_side: false, work }
}

/// How many bcrypt hashes stand side by side in the row of that name.
pub const SIDE_BY_SIDE: u32 = 4;

/// Several at once on one worker. What a client waits for is all of them; what is counted is each.
fn side_by_side(stored: StoredHash, password: &'static str) -> Case {
    let (method, cost) = (stored.method(), stored.cost());
    let (parameters, name) = (stored.parameters(), format!("{method}, {SIDE_BY_SIDE} side by side"));
    let stored = Arc::new(stored);
    let work: Work = Arc::new(move |pool, count| {
        let stored = Arc::clone(&stored);
        on_worker(pool, cost, method, move |engine| {
            let password = Password::new(password);
            let pairs = [(&*stored, &password); SIDE_BY_SIDE as usize];
            (0..count).try_for_each(|_| {
                engine.verify_batch_without_decoy(&pairs).into_iter().try_for_each(|verdict| verdict.map(drop))
            })
        })
    });
    Case { kind: "verify", method, name, parameters, memory_kib: cost.memory_kib, is_side_by_side: true, work }
}

fn on_worker(
    pool: &HashPool,
    cost: Cost,
    method: Method,
    work: impl FnOnce(&Engine) -> Result<(), Denied> + Send + 'static,
) -> Result<(), Failure> {
    let job = pool.run(cost, None, work).map_err(|error| measure::refused(&error))?;
    job.wait().map_err(measure::failed)?.map_err(|denied| measure::denied(&method, &denied))
}

/// All that a sign-in computes, as a service computes it: the verification, and the upgrade where one is due.
fn sign_in(name: &str, stored: StoredHash, target_kib: u32, is_expected: fn(&Upgrade) -> bool) -> Case {
    let (method, memory_kib) = (stored.method(), stored.cost().memory_kib.max(target_kib));
    let parameters = stored.parameters();
    let work: Work = Arc::new(move |pool, count| {
        for _ in 0..count {
            let job = pool.verify(stored.clone(), Password::new("password"), None);
            let verdict = job.map_err(|error| measure::refused(&error))?.wait().map_err(measure::failed)?;
            let accepted = verdict.map_err(|denied| measure::denied(&method, &denied))?;
            if !is_expected(&accepted.upgrade) {
                return Err(Failure::new(Exit::Fault, format!("{method}: the upgrade was not what was due")));
            }
        }
        Ok(())
    });
    Case { kind: "sign-in", method, name: name.to_owned(), parameters, memory_kib, is_side_by_side: false, work }
}

fn unknown_user(current: &StoredHash, target_kib: u32) -> Case {
    let work: Work = Arc::new(|pool, count| {
        for _ in 0..count {
            let job = pool.verify_unknown_user(Password::new("password"), None);
            let denied = job.map_err(|error| measure::refused(&error))?.wait().map_err(measure::failed)?;
            if denied != Denied::WrongPassword {
                return Err(measure::denied(&"an unknown user", &denied));
            }
        }
        Ok(())
    });
    Case {
        kind: "sign-in",
        method: current.method(),
        name: "unknown user".to_owned(),
        parameters: current.parameters(),
        memory_kib: target_kib,
        is_side_by_side: false,
        work,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rehash::{Argon2Target, Policy, UpgradeMode};

    #[test]
    fn every_sample_is_of_its_password() {
        let target = Argon2Target { memory_kib: 8, passes: 1, lanes: 1 };
        let policy = Policy::builder(target).upgrade(UpgradeMode::Off).build().expect("within limits");
        let engine = Engine::new(policy).expect("entropy");
        for sample in &SAMPLES {
            let stored = sample.stored().expect(sample.tag);
            assert!(engine.verify_without_decoy(&stored, &Password::new(sample.password)).is_ok(), "{}", sample.tag);
            let denied = engine.verify_without_decoy(&stored, &Password::new("another"));
            assert_eq!(denied.map(drop), Err(Denied::WrongPassword), "{}", sample.tag);
        }
    }
}
