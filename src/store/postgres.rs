//! The store that many instances share: a schema in a PostgreSQL database. A sign-in is two round trips. It has a few
//! connections, made when they are needed; every wait has a time-out, on the server and here.

mod batch;
mod bulk;
mod connect;
mod edits;
mod guesses;
mod identities;
mod mapped;
mod schema;
mod server;
mod stage;
mod statements;

use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use self::connect::{failed, known_text};
use self::identities::is_taken;
pub(crate) use self::mapped::Mapped;
use self::server::{CONNECT_TRIES, Server};
use self::statements::{Statements, USER_COLUMNS};
use super::identities::accounts;
use super::open::check_version;
use super::spelling::{Place, choose, folded};
use super::users::{is_legacy, shown};
use super::{
    AuditEntry, Bulk, BulkOptions, Created, Day, Found, GuessEnd, Guessed, Inserted, Linked, MethodCount, NewUser,
    OpenOptions, Store, StoreError, StoreErrorKind, StoreInfo, Subject, Swap, TaggedText, User, Users,
};
use crate::{Replacement, StoredHash};

/// A schema in a PostgreSQL database. Threads share it.
pub struct Postgres {
    server: Server,
    statements: Statements,
    guess_secret: OnceLock<Vec<u8>>,
}

impl Postgres {
    /// Opens `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the options `sslmode` (`disable`, `prefer`, `require`,
    /// `verify-ca`, `verify-full`), `sslrootcert` (a PEM file) and `schema` (default `rehash`). `HOST:PORT,HOST:PORT` are asked in
    /// turn; `target_session_attrs=read-write` passes over those that take no writes.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; of kind [`StoreErrorKind::OlderSchema`] where the schema is not there or older, unless the options
    /// say that it is to be created.
    pub fn open(url: &str, options: &OpenOptions) -> Result<Self, StoreError> {
        let server = Server::new(url, options)?;
        let statements = Statements::for_schema(&server.target().schema);
        let store = Self { server, statements, guess_secret: OnceLock::new() };
        let mut tries = 1;
        while let Err(error) = store.check_schema() {
            if error.kind() != StoreErrorKind::Unreachable || tries == CONNECT_TRIES {
                return Err(error);
            }
            tries += 1;
        }
        Ok(store)
    }

    /// Brings the schema up to date if that is asked for, and refuses one that this program does not know.
    fn check_schema(&self) -> Result<(), StoreError> {
        let mut client = self.server.client()?;
        let schema = &self.server.target().schema;
        let checked = self.server.block_on(async {
            if self.server.options().creates {
                schema::check_encoding(&client, schema).await?;
                schema::migrate(&mut client, schema).await?;
            }
            let version = schema::version(&client, schema).await?;
            let is_taken = self.server.options().takes_older && version > 0;
            if is_taken { Ok(()) } else { check_version(version, schema::MIGRATIONS.len()) }
        });
        if client.is_closed() {
            client.discard();
        }
        checked
    }

    fn swap(
        &self,
        statement: &str,
        id: i64,
        (text, method): (Option<&str>, Option<&str>),
        new: &StoredHash,
    ) -> Result<Swap, StoreError> {
        let (new_text, new_method, parameters, at) = (new.kept_text(), new.method().as_str(), new.parameters(), now());
        let holds =
            format!("SELECT 1 FROM {}.users WHERE id = $1 AND password_encrypted = $2", self.server.target().schema);
        let write = async |client: &Client| {
            let parameters: [(&(dyn ToSql + Sync), Type); 7] = [
                (&id, Type::INT8),
                (&text, Type::TEXT),
                (&method, Type::TEXT),
                (&new_text, Type::TEXT),
                (&new_method, Type::TEXT),
                (&parameters, Type::TEXT),
                (&at, Type::INT8),
            ];
            let rows = client.query_typed(statement, &parameters).await?;
            Ok(rows.first().is_some_and(|row| row.get::<_, i64>(0) == 1))
        };
        self.server.swap(write, async |client| {
            let held: [(&(dyn ToSql + Sync), Type); 2] = [(&id, Type::INT8), (&new_text, Type::TEXT)];
            client.query_typed(&holds, &held).await.map(|rows| !rows.is_empty())
        })
    }
}

impl Store for Postgres {
    type Id = i64;

    fn find(&self, identifier: &str) -> Result<Option<Found<i64>>, StoreError> {
        if identifier.contains('\0') {
            return Ok(None);
        }
        let folded = folded(identifier);
        let names: [(&(dyn ToSql + Sync), Type); 2] = [(&identifier, Type::TEXT), (&folded, Type::TEXT)];
        let rows =
            self.server.with(async |client| known_text(client.query_typed(&self.statements.find, &names).await))?;
        let read = |row: &Row| {
            let found = Found::new(row.get(1), tagged(row.get(2), row.get(3)));
            (Place::of(row.get::<_, i32>(0).into()), found)
        };
        Ok(choose(rows.iter().map(read).collect()))
    }

    fn replace(&self, id: &i64, replacement: &Replacement) -> Result<Swap, StoreError> {
        let was = (Some(replacement.expected().text()), None);
        let statements = &self.statements;
        let statement = if replacement.is_change() { &statements.change } else { &statements.upgrade };
        self.swap(statement, *id, was, replacement.new_hash())
    }
}

impl Users for Postgres {
    fn spelt(&self, identifier: &str) -> String {
        folded(identifier)
    }

    fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        let rows =
            self.server.with(async |client| client.query_typed(&self.statements.user, &[(&id, Type::INT8)]).await)?;
        Ok(rows.first().map(read_user))
    }

    fn create(&self, new: &NewUser<'_>) -> Result<Created, StoreError> {
        if let Some(Inserted::Unstorable { field, why }) = bulk::unstorable(new) {
            return Ok(Created::Unstorable { field, why });
        }
        let method = new.password.map(|hash| hash.method().as_str());
        let legacy = method.filter(|_| new.password.is_some_and(is_legacy));
        let (text, parameters, at) =
            (new.password.map(StoredHash::kept_text), new.password.map(StoredHash::parameters), now());
        let accounts = accounts(new.identities);
        let targets: Vec<&str> = accounts.iter().map(|account| &*account.target).collect();
        let ids: Vec<&str> = accounts.iter().map(|account| &*account.identity).collect();
        let names = [new.username, new.primary_email, new.primary_phone];
        // Who comes from elsewhere may be called as another was there.
        let is_new = legacy.is_none();
        let all_folded = names.map(|name| name.filter(|_| is_new).map(folded));
        let spellings = all_folded.as_slice();
        let is_again = Cell::new(false);
        self.with_names(names, async |client| {
            let again = is_again.replace(true);
            let texts: [&(dyn ToSql + Sync); 11] = [
                &new.username,
                &new.primary_email,
                &new.primary_phone,
                &new.name,
                &new.avatar,
                &new.profile,
                &new.custom_data,
                &new.identities,
                &text,
                &method,
                &parameters,
            ];
            let mut values: Vec<(&(dyn ToSql + Sync), Type)> = texts.map(|text| (text, Type::TEXT)).to_vec();
            values.extend([(&at as &(dyn ToSql + Sync), Type::INT8), (&legacy, Type::TEXT)]);
            values.extend([(&targets as &(dyn ToSql + Sync), Type::TEXT_ARRAY), (&ids, Type::TEXT_ARRAY)]);
            values.push((&spellings, Type::TEXT_ARRAY));
            match client.query_typed(&self.statements.create, &values).await {
                Ok(rows) if rows.is_empty() => {}
                Ok(rows) => return Ok(Created::New(rows[0].get(0))),
                Err(error) if is_taken(&error) => return Ok(Created::Taken("identities")),
                Err(error) => return Err(error),
            }
            // Where the answer was lost, the user who is there may be this one.
            if again && let Some(id) = self.created(client, new, text.as_deref(), at).await? {
                return Ok(Created::New(id));
            }
            Ok(Created::Taken(self.named(client, 0, &names, spellings).await?.unwrap_or("username")))
        })
    }

    fn link_identity(&self, id: i64, provider: &str, identity: &str) -> Result<Linked, StoreError> {
        self.link(id, provider, identity)
    }

    fn change_password(&self, id: i64, expected: Option<&TaggedText>, hash: &StoredHash) -> Result<Swap, StoreError> {
        let was = expected.map(|tagged| (&*tagged.text, &*tagged.method)).unzip();
        self.swap(&self.statements.change, id, was, hash)
    }

    fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        let query = format!(
            "SELECT method, parameters, sum(records)::bigint, sum(upgraded)::bigint, sum(untouched)::bigint
             FROM {}.counters GROUP BY 1, 2 HAVING sum(records) > 0",
            self.server.target().schema
        );
        let rows = self.server.with(async |client| client.query_typed(&query, &[]).await)?;
        let counts = rows.iter().map(|row| MethodCount {
            method: row.get(0),
            parameters: row.get(1),
            records: number(row, 2),
            upgraded: number(row, 3),
            untouched: number(row, 4),
        });
        Ok(shown(counts))
    }

    fn days(&self) -> Result<Vec<Day>, StoreError> {
        let query = format!(
            "SELECT day, sum(imported)::bigint, sum(upgraded)::bigint, sum(changed)::bigint
             FROM {}.days GROUP BY 1 ORDER BY 1",
            self.server.target().schema
        );
        let rows = self.server.with(async |client| client.query_typed(&query, &[]).await)?;
        let days = rows.iter().map(|row| Day {
            day: row.get(0),
            imported: number(row, 1),
            upgraded: number(row, 2),
            changed: number(row, 3),
        });
        Ok(days.collect())
    }

    fn recount(&self) -> Result<(), StoreError> {
        let schema = &self.server.target().schema;
        let access = if self.server.options().is_read_only { " READ ONLY" } else { "" };
        let recount = format!(
            "BEGIN{access}; SET LOCAL statement_timeout = 0; LOCK TABLE {schema}.users IN SHARE MODE; DELETE FROM {schema}.counters;
             INSERT INTO {schema}.counters
             SELECT coalesce(password_encryption_method, ''), coalesce(password_parameters, ''), 0, count(*),
                 count(upgraded_at), count(*) FILTER (
                     WHERE imported_method IS NOT NULL AND upgraded_at IS NULL AND password_changed_at IS NULL)
             FROM {schema}.users GROUP BY 1, 2;
             COMMIT"
        );
        let client = self.server.connect()?;
        self.server.block_on(client.batch_execute(&recount)).map_err(|error| failed(&error))
    }

    fn bulk(&self, options: BulkOptions) -> Result<Box<dyn Bulk + '_>, StoreError> {
        Ok(Box::new(bulk::PostgresBulk::new(self, options)))
    }

    fn export(&self, each: &mut dyn FnMut(&User) -> ControlFlow<()>) -> Result<(), StoreError> {
        let schema = &self.server.target().schema;
        let everyone = format!("SELECT {USER_COLUMNS} FROM {schema}.users ORDER BY id");
        self.server.each(&everyone, &mut |row| each(&read_user(row)))
    }

    fn begin_guess(&self, subjects: &[Subject<'_>], window: Duration) -> Result<Guessed, StoreError> {
        self.begin(subjects, window)
    }

    fn end_guess(&self, subjects: &[Subject<'_>], end: GuessEnd) -> Result<(), StoreError> {
        self.end(subjects, end)
    }

    fn audit(&self, user: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let schema = &self.server.target().schema;
        let query = format!(
            "SELECT a.id, a.at, a.event, a.user_id, a.from_method, a.to_method, i.name, a.records
             FROM {schema}.audit a LEFT JOIN {schema}.imports i ON i.id = a.import_id
             WHERE $1::bigint IS NULL OR a.user_id = $1 ORDER BY a.id DESC LIMIT $2"
        );
        // A connection of its own: one user's entries are looked for among all, which can take longer than a sign-in may.
        let client = self.server.connect()?;
        let found = self.server.block_on(async {
            client.batch_execute("BEGIN READ ONLY; SET LOCAL statement_timeout = 0").await?;
            let values: [(&(dyn ToSql + Sync), Type); 2] = [(&user, Type::INT8), (&i64::from(limit), Type::INT8)];
            let rows = client.query_typed(&query, &values).await?;
            client.batch_execute("COMMIT").await.map(|()| rows)
        });
        let entries = found.map_err(|error| failed(&error))?.into_iter().map(|row| AuditEntry {
            id: row.get(0),
            at: row.get(1),
            event: row.get(2),
            user_id: row.get(3),
            from_method: row.get(4),
            to_method: row.get(5),
            import: row.get(6),
            records: row.get::<_, Option<i64>>(7).map(i64::unsigned_abs),
        });
        Ok(entries.collect())
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        let schema = &self.server.target().schema;
        let query = format!(
            "SELECT version(), pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'
                 OR NOT (has_table_privilege('{0}.users', 'INSERT') AND has_table_privilege('{0}.users', 'UPDATE')),
                 (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
                  WHERE c.relnamespace = '{0}'::regnamespace AND c.relkind = 'r')",
            schema.replace('\'', "''")
        );
        let rows = self.server.with(async |client| client.query_typed(&query, &[]).await)?;
        let row =
            rows.first().ok_or_else(|| StoreError::new(StoreErrorKind::Other, "the server says nothing of itself"))?;
        let server: String = row.get(0);
        let client = self.server.client()?;
        Ok(StoreInfo {
            kind: "postgres",
            place: format!("{} schema {schema}", self.server.target().place),
            server: server.split_whitespace().take(2).collect::<Vec<_>>().join(" "),
            schema: self.server.block_on(schema::version(&client, schema))?,
            known_schema: schema::MIGRATIONS.len(),
            is_indexed: true,
            is_read_only: row.get(1),
            bytes: Some(number(row, 2)),
        })
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("place", &self.server.target().place).finish_non_exhaustive()
    }
}

/// A query's rows, one after the other as they come, so that memory does not grow with their size.
fn read_user(row: &Row) -> User {
    User {
        id: row.get(0),
        username: row.get(1),
        primary_email: row.get(2),
        primary_phone: row.get(3),
        name: row.get(4),
        avatar: row.get(5),
        profile: row.get(6),
        custom_data: row.get(7),
        identities: row.get(8),
        password: tagged(row.get(9), row.get(10)),
        imported_method: row.get(11),
        imported_at: row.get(12),
        upgraded_at: row.get(13),
        password_changed_at: row.get(14),
    }
}

/// A row has a password when it has a hash; without a tag that must name its own method.
fn tagged(method: Option<String>, text: Option<String>) -> Option<TaggedText> {
    text.map(|text| TaggedText { method: method.unwrap_or_default(), text })
}

/// A count, which the statements keep from being negative.
fn number(row: &Row, column: usize) -> u64 {
    u64::try_from(row.get::<_, i64>(column)).unwrap_or(0)
}

fn now() -> i64 {
    // A clock before 1970 is no reason to refuse a sign-in.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
