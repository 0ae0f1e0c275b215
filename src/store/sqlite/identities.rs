//! The accounts elsewhere that users' identities name, each held by one user.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::Sqlite;
use super::schema::failed;
use crate::store::identities::{self, Account, Link, account, accounts};
use crate::store::{Linked, StoreError};

const HOLD: &str = "INSERT INTO identities (target, identity, user_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const HOLDER: &str = "SELECT user_id FROM identities WHERE target = ?1 AND identity = ?2";

/// Who holds one of the accounts, where it is not this user.
pub(super) fn other_holder<'a>(
    connection: &Connection,
    accounts: impl IntoIterator<Item = &'a Account>,
    user: Option<i64>,
) -> rusqlite::Result<Option<i64>> {
    for Account { target, identity } in accounts {
        let holder = connection.prepare_cached(HOLDER)?.query_row([target, identity], |row| row.get(0)).optional()?;
        if holder.is_some() && holder != user {
            return Ok(holder);
        }
    }
    Ok(None)
}

pub(super) fn link(store: &Sqlite, id: i64, provider: &str, identity: &str) -> Result<Linked, StoreError> {
    let mut writer = store.writer()?;
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let held = transaction
        .query_row("SELECT identities FROM users WHERE id = ?1", [id], |row| row.get::<_, Option<String>>(0))
        .optional();
    let Some(held) = held.map_err(failed)? else { return Ok(Linked::NoSuchUser) };
    let merged = match identities::link(held.as_deref(), provider, identity)? {
        Link::Add(merged) => merged,
        Link::Same => return Ok(Linked::Written),
        Link::Other => return Ok(Linked::Taken),
    };
    let account: Vec<_> = account(provider, identity).into_iter().collect();
    if other_holder(&transaction, &account, Some(id)).map_err(failed)?.is_some() {
        return Ok(Linked::AnotherUsers);
    }
    hold(&transaction, id, &account).map_err(failed)?;
    transaction.execute("UPDATE users SET identities = ?1 WHERE id = ?2", params![merged, id]).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(Linked::Written)
}

/// Gives accounts to a user. Those that others hold are left to them.
pub(super) fn hold(connection: &Connection, user: i64, accounts: &[Account]) -> rusqlite::Result<()> {
    accounts.iter().try_for_each(|Account { target, identity }| {
        connection.prepare_cached(HOLD)?.execute(params![target, identity, user]).map(drop)
    })
}

/// A user holds no other accounts than these.
pub(super) fn hold_only(connection: &Connection, user: i64, accounts: &[Account]) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM identities WHERE user_id = ?1")?.execute([user])?;
    hold(connection, user, accounts)
}

/// Those who are there hold what their identities name. Where two name the same account, the one who came first has it.
pub(super) fn hold_all(connection: &Connection) -> rusqlite::Result<()> {
    let mut users = connection.prepare("SELECT id, identities FROM users WHERE identities IS NOT NULL ORDER BY id")?;
    let mut rows = users.query([])?;
    while let Some(row) = rows.next()? {
        hold(connection, row.get(0)?, &accounts(Some(&row.get::<_, String>(1)?)))?;
    }
    Ok(())
}
