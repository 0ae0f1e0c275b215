//! Your own table behind `Store`: find a row, and swap its hash only where the expected one still stands.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rehash::sign_in::sign_in;
use rehash::store::{Found, Store, StoreError, Swap, TaggedText};
use rehash::{Argon2Target, Engine, Limits, Method, Password, Policy, Replacement, StoredHash, Upgrade};

/// Users by name. A database would do the comparison of `replace` in its `WHERE` clause.
#[derive(Default)]
struct Users(Mutex<HashMap<String, TaggedText>>);

impl Users {
    fn rows(&self) -> MutexGuard<'_, HashMap<String, TaggedText>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Users {
    type Id = String;

    fn find(&self, identifier: &str) -> Result<Option<Found<String>>, StoreError> {
        let row = self.rows().get(identifier).cloned();
        Ok(row.map(|row| Found::new(identifier.to_owned(), Some(row))))
    }

    fn replace(&self, id: &String, replacement: &Replacement) -> Result<Swap, StoreError> {
        match self.rows().get_mut(id) {
            Some(row) if row.text == replacement.expected().text() => {
                *row = TaggedText::of(replacement.new_hash());
                Ok(Swap::Written)
            }
            _ => Ok(Swap::Superseded),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::new(Policy::builder(Argon2Target::OWASP_19_MIB).build()?)?;
    let md5 = StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default())?;
    let users = Users::default();
    users.rows().insert("ada".to_owned(), TaggedText::of(&md5));
    users.rows().insert("bob".to_owned(), TaggedText::of(&md5));

    let signed_in = sign_in(&engine, &users, "ada", &Password::new("password"))?;
    println!("ada signs in: her {} record: {:?}", signed_in.method, signed_in.upgrade);

    // Bob's sign-in is slow, and he changes his password before its upgrade is written: the change stands.
    let accepted = engine.verify(&md5, &Password::new("password"))?;
    let changed = engine.hash(&Password::new("a new password"))?;
    users.rows().insert("bob".to_owned(), TaggedText::of(&changed));
    if let Upgrade::Ready(replacement) = accepted.upgrade {
        println!("bob's late upgrade: {:?}", users.replace(&"bob".to_owned(), &replacement)?);
    }
    let old = sign_in(&engine, &users, "bob", &Password::new("password")).is_ok();
    let new = sign_in(&engine, &users, "bob", &Password::new("a new password")).is_ok();
    println!("bob's old password works: {old}; his new one: {new}");
    Ok(())
}
