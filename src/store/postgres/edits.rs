//! What a user API does to users beside creating them, at a server: a change is read, made here, and written where the row still is
//! what was read.

use std::cell::Cell;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use super::identities::is_taken;
use super::statements::{SLOTS, USER_COLUMNS, named};
use super::{Postgres, bulk, now, read_user};
use crate::store::edits::new_names;
use crate::store::identities::accounts;
use crate::store::spelling::folded;
use crate::store::{Edited, Edits, Identifier, Inserted, NewUser, StoreError, User};

/// `$1` the user, `$2` to `$9` the fields, `$10` to `$17` what they were, `$18` and `$19` the accounts that the identities name, `$20`
/// whether the user had each before, `$21` the names that are new, `$22` the same without capitals.
const EDIT: &str = "
WITH edited AS (
    UPDATE {s}.users SET username = $2, primary_email = $3, primary_phone = $4, name = $5, avatar = $6, profile = $7,
        custom_data = $8, identities = $9
    WHERE id = $1 AND username IS NOT DISTINCT FROM $10 AND primary_email IS NOT DISTINCT FROM $11
        AND primary_phone IS NOT DISTINCT FROM $12 AND name IS NOT DISTINCT FROM $13 AND avatar IS NOT DISTINCT FROM $14
        AND profile IS NOT DISTINCT FROM $15 AND custom_data IS NOT DISTINCT FROM $16
        AND identities IS NOT DISTINCT FROM $17
        AND NOT EXISTS (SELECT 1 {named})
    RETURNING id
), named AS (
    SELECT target, identity, is_old FROM unnest($18::text[], $19::text[], $20::bool[]) AS account (target, identity, is_old)
), freed AS (
    DELETE FROM {s}.identities WHERE user_id IN (SELECT id FROM edited)
        AND NOT EXISTS (SELECT 1 FROM named WHERE (named.target, named.identity) = (identities.target, identities.identity))
), held AS (
    INSERT INTO {s}.identities (target, identity, user_id) SELECT target, identity, id FROM edited, named
    WHERE NOT EXISTS (SELECT 1 FROM {s}.identities held
        WHERE (held.target, held.identity) = (named.target, named.identity) AND (held.user_id = $1 OR named.is_old))
)
SELECT count(*) FROM edited";

/// `$1` the user, `$2` the time.
const DELETE: &str = "
WITH old AS (
    SELECT id, coalesce(password_encryption_method, '') AS method, coalesce(password_parameters, '') AS parameters,
        (upgraded_at IS NOT NULL)::int AS was_upgraded,
        (imported_method IS NOT NULL AND upgraded_at IS NULL AND password_changed_at IS NULL)::int AS was_untouched
    FROM {s}.users WHERE id = $1 FOR UPDATE
), gone AS (
    DELETE FROM {s}.users u USING old WHERE u.id = old.id RETURNING u.id
), counted AS (
    INSERT INTO {s}.counters AS c (method, parameters, slot, records, upgraded, untouched)
    SELECT method, parameters, $1 % {slots}, -1, -was_upgraded, -was_untouched FROM old
    ON CONFLICT (method, parameters, slot) DO UPDATE SET records = c.records + excluded.records,
        upgraded = c.upgraded + excluded.upgraded, untouched = c.untouched + excluded.untouched
), noted AS (
    INSERT INTO {s}.audit (at, event, user_id, from_method) SELECT $2, 'delete', id, nullif(method, '') FROM old
)
SELECT count(*) FROM gone";

impl Edits for Postgres {
    fn find_user(&self, kind: Identifier, text: &str) -> Result<Option<User>, StoreError> {
        if text.contains('\0') {
            return Ok(None);
        }
        let column = match kind {
            Identifier::Username => "username",
            Identifier::PrimaryEmail => "primary_email",
            Identifier::PrimaryPhone => "primary_phone",
        };
        let query = self.statement(&format!("SELECT {USER_COLUMNS} FROM {{s}}.users WHERE {column} = $1"));
        let rows = self.server.with(async |client| client.query_typed(&query, &[(&text, Type::TEXT)]).await)?;
        Ok(rows.first().map(read_user))
    }

    fn find_users(&self, kind: Identifier, text: &str) -> Result<Vec<User>, StoreError> {
        if text.contains('\0') {
            return Ok(Vec::new());
        }
        let column = match kind {
            Identifier::Username => "username",
            Identifier::PrimaryEmail => "primary_email",
            // It has no capitals.
            Identifier::PrimaryPhone => return Ok(self.find_user(kind, text)?.into_iter().collect()),
        };
        let query = self.statement(&format!(
            "SELECT {USER_COLUMNS} FROM {{s}}.users WHERE id IN (
                 SELECT id FROM {{s}}.users WHERE {column} = $2
                 UNION ALL SELECT id FROM {{s}}.users WHERE lower({column}) = $2 AND ({column} = lower({column}))::int = 0
             ) ORDER BY {column} <> $1, id LIMIT 16"
        ));
        let folded = folded(text);
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&text, Type::TEXT), (&folded, Type::TEXT)];
        let rows = self.server.with(async |client| client.query_typed(&query, &values).await)?;
        Ok(rows.iter().map(read_user).collect())
    }

    fn list(&self, after: u32, limit: u32) -> Result<Vec<User>, StoreError> {
        let query = self.statement(&format!("SELECT {USER_COLUMNS} FROM {{s}}.users ORDER BY id LIMIT $2 OFFSET $1"));
        let (after, limit) = (i64::from(after), i64::from(limit));
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&after, Type::INT8), (&limit, Type::INT8)];
        let rows = self.server.with(async |client| client.query_typed(&query, &values).await)?;
        Ok(rows.iter().map(read_user).collect())
    }

    fn edit(&self, id: i64, edit: &mut dyn FnMut(&mut User) -> bool) -> Result<Edited, StoreError> {
        self.server.change(|| {
            let read =
                self.server.with(async |client| client.query_typed(&self.statements.user, &[(&id, Type::INT8)]).await);
            let Some(old) = read?.first().map(read_user) else { return Ok(Some(Edited::NoSuchUser)) };
            let mut new = old.clone();
            if !edit(&mut new) {
                return Ok(Some(Edited::Left));
            }
            if let Some(Inserted::Unstorable { field, why }) = bulk::unstorable(&as_new(&new)) {
                return Ok(Some(Edited::Unstorable { field, why }));
            }
            self.write_edit(&old, &new)
        })
    }

    fn delete(&self, id: i64) -> Result<bool, StoreError> {
        let (statement, at) = (self.statement(DELETE), now());
        let is_again = Cell::new(false);
        self.server.with(async |client| {
            // Where the answer was lost, it may have been done, and nobody is there any more.
            let again = is_again.replace(true);
            let rows = client.query_typed(&statement, &[(&id, Type::INT8), (&at, Type::INT8)]).await?;
            Ok(again || rows.first().is_some_and(|row| row.get::<_, i64>(0) == 1))
        })
    }
}

impl Postgres {
    /// Runs the work of one transaction while nobody else gives these names to a user, as whichever of the three and in whatever
    /// spelling: the unique indexes are of one column each. Who comes second waits, and then sees what the first has written.
    pub(super) fn with_names<T>(
        &self,
        names: [Option<&str>; 3],
        work: impl AsyncFn(&Client) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let mut keys: Vec<i64> = names.into_iter().flatten().map(|name| lock_key(&folded(name))).collect();
        // In one order, so that no two wait for each other.
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return self.server.with(work);
        }
        let lock = "SELECT pg_advisory_xact_lock(key)::text FROM unnest($1::bigint[]) AS key";
        self.server.with(async |client| {
            let is_begun = self.server.target().is_pooled();
            if !is_begun {
                // Others who take the same names are seen as soon as they are done.
                client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
            }
            let done = async {
                client.query_typed(lock, &[(&keys, Type::INT8_ARRAY)]).await?;
                work(client).await
            };
            let done = done.await;
            if !is_begun {
                // What failed within is undone by either.
                client.batch_execute(if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
            }
            done
        })
    }

    /// The user whom an earlier try made, if it did: by all of the names, the hash and the time.
    pub(super) async fn created(
        &self,
        client: &Client,
        new: &NewUser<'_>,
        text: Option<&str>,
        at: i64,
    ) -> Result<Option<i64>, Error> {
        let query = format!(
            "SELECT id FROM {}.users WHERE ROW(username, primary_email, primary_phone, password_encrypted)
             IS NOT DISTINCT FROM ROW($1, $2, $3, $4) AND (username = $1 OR primary_email = $2 OR primary_phone = $3)
             AND imported_at = $5",
            self.server.target().schema
        );
        let values: [(&(dyn ToSql + Sync), Type); 5] = [
            (&new.username, Type::TEXT),
            (&new.primary_email, Type::TEXT),
            (&new.primary_phone, Type::TEXT),
            (&text, Type::TEXT),
            (&at, Type::INT8),
        ];
        let rows = client.query_typed(&query, &values).await?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    fn statement(&self, template: &str) -> String {
        template.replace("{s}", &self.server.target().schema).replace("{slots}", &SLOTS.to_string())
    }

    /// Writes a change; `None` where the row is no longer what it was.
    fn write_edit(&self, old: &User, new: &User) -> Result<Option<Edited>, StoreError> {
        let edit = self.statement(&EDIT.replace("{named}", &named("($21::text[])", "($22::text[])", "$1")));
        let (had, accounts) = (accounts(old.identities.as_deref()), accounts(new.identities.as_deref()));
        let are_old: Vec<bool> = accounts.iter().map(|account| had.contains(account)).collect();
        let new_names = new_names(old, new);
        let all_folded = new_names.map(|name| name.map(folded));
        let targets: Vec<&str> = accounts.iter().map(|account| &*account.target).collect();
        let ids: Vec<&str> = accounts.iter().map(|account| &*account.identity).collect();
        let (names, spellings) = (new_names.as_slice(), all_folded.as_slice());
        let (new_fields, old_fields) = (fields(new), fields(old));
        let is_again = Cell::new(false);
        self.with_names(new_names, async |client| {
            let again = is_again.replace(true);
            let mut values: Vec<(&(dyn ToSql + Sync), Type)> = vec![(&old.id, Type::INT8)];
            values
                .extend(new_fields.iter().chain(&old_fields).map(|field| (*field as &(dyn ToSql + Sync), Type::TEXT)));
            values.extend([
                (&targets as &(dyn ToSql + Sync), Type::TEXT_ARRAY),
                (&ids, Type::TEXT_ARRAY),
                (&are_old, Type::BOOL_ARRAY),
                (&names, Type::TEXT_ARRAY),
                (&spellings, Type::TEXT_ARRAY),
            ]);
            match client.query_typed(&edit, &values).await {
                Ok(rows) if rows.first().is_some_and(|row| row.get::<_, i64>(0) == 1) => {
                    return Ok(Some(Edited::Written));
                }
                // A first try whose answer was lost may have written it.
                Ok(_) if again && self.stands(client, new).await? => return Ok(Some(Edited::Written)),
                Ok(_) => {}
                Err(error) if is_taken(&error) => return Ok(Some(Edited::Taken(taken_by(&error)))),
                Err(error) => return Err(error),
            }
            Ok(self.named(client, old.id, names, spellings).await?.map(Edited::Taken))
        })
    }

    /// Whether a row holds what an edit would write.
    async fn stands(&self, client: &Client, new: &User) -> Result<bool, Error> {
        let rows = client.query_typed(&self.statements.user, &[(&new.id, Type::INT8)]).await?;
        Ok(rows.first().map(read_user).is_some_and(|user| fields(&user) == fields(new)))
    }

    /// Which of the three names another user than this one, as whichever of them, or in another spelling.
    pub(super) async fn named(
        &self,
        client: &Client,
        id: i64,
        names: &[Option<&str>],
        folded: &[Option<String>],
    ) -> Result<Option<&'static str>, Error> {
        let values: [(&(dyn ToSql + Sync), Type); 3] =
            [(&id, Type::INT8), (&names, Type::TEXT_ARRAY), (&folded, Type::TEXT_ARRAY)];
        let rows = client.query_typed(&self.statements.named, &values).await?;
        Ok(rows.first().map(|row| field(row.get(0))))
    }
}

/// A number for a name (FNV-1a): names that share one wait for each other, and no more.
fn lock_key(name: &str) -> i64 {
    let mix = |key: u64, byte: u8| (key ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, mix).cast_signed()
}

fn fields(user: &User) -> [&Option<String>; 8] {
    let User { username, primary_email, primary_phone, name, avatar, profile, custom_data, identities, .. } = user;
    [username, primary_email, primary_phone, name, avatar, profile, custom_data, identities]
}

fn as_new(user: &User) -> NewUser<'_> {
    NewUser {
        username: user.username.as_deref(),
        primary_email: user.primary_email.as_deref(),
        primary_phone: user.primary_phone.as_deref(),
        name: user.name.as_deref(),
        avatar: user.avatar.as_deref(),
        profile: user.profile.as_deref(),
        custom_data: user.custom_data.as_deref(),
        identities: user.identities.as_deref(),
        password: None,
    }
}

fn field(name: &str) -> &'static str {
    match name {
        "primaryEmail" => "primaryEmail",
        "primaryPhone" => "primaryPhone",
        _ => "username",
    }
}

/// The field whose index says that somebody else has it: what two wrote at the same moment.
fn taken_by(error: &Error) -> &'static str {
    match error.as_db_error().and_then(|error| error.constraint()) {
        Some("users_username") => "username",
        Some("users_primary_email") => "primaryEmail",
        Some("users_primary_phone") => "primaryPhone",
        _ => "identities",
    }
}
