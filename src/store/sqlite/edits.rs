//! What a user API does to users beside creating them, in the embedded store.

use rusqlite::{TransactionBehavior, params};

use super::deferred::Spelling;
use super::find::named_already;
use super::identities::{hold_only, other_holder};
use super::record::{self, Event};
use super::schema::failed;
use super::{Sqlite, USER, deferred, find, read_user, user};
use crate::store::changes::Changes;
use crate::store::edits::new_names;
use crate::store::identities::accounts;
use crate::store::{Edited, Edits, Identifier, StoreError, User};

const EDIT: &str = "
UPDATE users SET username = ?2, primary_email = ?3, primary_phone = ?4, name = ?5, avatar = ?6, profile = ?7, custom_data = ?8,
    identities = ?9
WHERE id = ?1";

impl Edits for Sqlite {
    fn find_user(&self, kind: Identifier, text: &str) -> Result<Option<User>, StoreError> {
        find::find_user(self, kind, text)
    }

    fn find_users(&self, kind: Identifier, text: &str) -> Result<Vec<User>, StoreError> {
        find::find_users(self, kind, text)
    }

    fn list(&self, after: u32, limit: u32) -> Result<Vec<User>, StoreError> {
        let reader = self.reader()?;
        let query = USER.replace("WHERE id = ?1", "ORDER BY id LIMIT ?2 OFFSET ?1");
        let mut statement = reader.prepare_cached(&query).map_err(failed)?;
        let users = statement.query_map([after, limit], read_user).map_err(failed)?;
        users.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    fn edit(&self, id: i64, edit: &mut dyn FnMut(&mut User) -> bool) -> Result<Edited, StoreError> {
        let mut writer = self.writer()?;
        // Who is edited is there, and an import puts the indexes off where nobody is.
        deferred::build_missing(&writer).map_err(failed)?;
        let edited = writer.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let Some(mut user) = user(&transaction, id)? else { return Ok(Edited::NoSuchUser) };
            let old = user.clone();
            if !edit(&mut user) {
                return Ok(Edited::Left);
            }
            if let Some(field) = named_already(&transaction, new_names(&old, &user), Some(id), Spelling::Any)? {
                return Ok(Edited::Taken(field));
            }
            let (had, accounts) = (accounts(old.identities.as_deref()), accounts(user.identities.as_deref()));
            let new_accounts = accounts.iter().filter(|account| !had.contains(account));
            if other_holder(&transaction, new_accounts, Some(id))?.is_some() {
                return Ok(Edited::Taken("identities"));
            }
            hold_only(&transaction, id, &accounts)?;
            transaction.prepare_cached(EDIT)?.execute(params![
                id,
                user.username,
                user.primary_email,
                user.primary_phone,
                user.name,
                user.avatar,
                user.profile,
                user.custom_data,
                user.identities,
            ])?;
            transaction.commit().map(|()| Edited::Written)
        });
        edited.map_err(failed)
    }

    fn delete(&self, id: i64) -> Result<bool, StoreError> {
        let mut writer = self.writer()?;
        let deleted = writer.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            let Some(was) = record::read(&transaction, id)? else { return Ok(false) };
            transaction.execute("DELETE FROM users WHERE id = ?1", [id])?;
            let mut changes = Changes::default();
            changes.add(&was.method, &was.parameters, was.gone());
            record::count(&transaction, &changes)?;
            let from = Some(&*was.method).filter(|method| !method.is_empty());
            record::note(&transaction, Event::Delete, id, from, None)?;
            transaction.commit().map(|()| true)
        });
        deleted.map_err(failed)
    }
}
