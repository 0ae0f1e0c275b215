//! A bulk import into the server. A batch is a text that `COPY` takes; it goes straight into the table, and only where a
//! record is there already goes again, through a staging table that tells which. Two batches are on their way at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use super::batch::{Job, Way, is_journalled, write};
use super::connect::{failed, is_cut, is_transient};
use super::identities::is_taken;
use super::server::Inner;
use super::{Postgres, now};
use crate::StoredHash;
use crate::store::bulk::given_up;
use crate::store::journal;
use crate::store::{
    Bulk, BulkOptions, Committed, Input, Inserted, Mark, NewUser, StoreError, StoreErrorKind, Unstorable, Written,
};

/// Small enough to be sent anew when the connection breaks; large enough that a commit costs little.
const BATCH_RECORDS: u64 = 20_000;
/// Batches on their way at once.
const LANES: usize = 2;
/// How often a batch is tried at least, and for how long after it first failed: a server that is started anew, or another that
/// takes its place, needs its time.
const TRIES: u32 = 6;
const PATIENCE: Duration = Duration::from_secs(60);
/// The first wait between two tries, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// What an index entry can hold is 2704 bytes; some are the entry's own.
const IDENTIFIER_BYTES_MAX: usize = 2600;

pub(super) struct PostgresBulk<'a> {
    store: &'a Postgres,
    options: BulkOptions,
    job: Job,
    clients: Arc<Mutex<Vec<Client>>>,
    under_way: VecDeque<JoinHandle<Result<Written, StoreError>>>,
}

impl<'a> PostgresBulk<'a> {
    pub(super) fn new(store: &'a Postgres, options: BulkOptions) -> Self {
        Self { store, options, job: Job::new(options), clients: Arc::default(), under_way: VecDeque::new() }
    }
}

impl Postgres {
    /// Whether there are at least so many users. Takes as long as counting does.
    fn holds_users(&self, id: i64, count: u64) -> Result<bool, StoreError> {
        if count == 0 {
            return Ok(true);
        }
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let schema = &self.server.target().schema;
        // Who was deleted since the import began, one by one, is not missing.
        let query = format!(
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM {schema}.users LIMIT {limit}) AS held) + (SELECT count(*)
             FROM {schema}.audit WHERE event = 'delete' AND at >= (SELECT started_at FROM {schema}.imports WHERE id = {id}))"
        );
        // A connection of its own, in which no time-out of ours stays behind.
        let client = self.server.connect()?;
        let counted = self.server.block_on(async {
            client.batch_execute("BEGIN READ ONLY; SET LOCAL statement_timeout = 0").await?;
            let counted = client.query_typed_one(&query, &[]).await?.get::<_, i64>(0);
            client.batch_execute("COMMIT").await.map(|()| counted)
        });
        counted.map(|counted| counted >= limit).map_err(|error| failed(&error))
    }
}

impl Bulk for PostgresBulk<'_> {
    fn batch_records(&self) -> u64 {
        BATCH_RECORDS
    }

    fn begin_input(&mut self, fingerprint: Option<&str>, name: &str) -> Result<Input, StoreError> {
        if self.options.is_dry_run {
            return Ok(Input::default());
        }
        let schema = &self.store.server.target().schema;
        let restarts = self.options.restarts;
        let (id, batches) = self.store.server.with(async |client| {
            let id = begin(client, schema, fingerprint, name, restarts).await?;
            Ok((id, committed(client, schema, id).await?))
        })?;
        let committed = journal::apart(batches);
        let users = journal::users(&committed);
        if self.store.holds_users(id, users)? {
            return Ok(Input { id, committed, ..Input::default() });
        }
        let all: Vec<u64> = committed.iter().map(|batch| batch.first).collect();
        self.forget(id, &all)?;
        Ok(Input { id, is_doubted: true, ..Input::default() })
    }

    fn begin_source(&mut self, fingerprint: &str, name: &str, after: Option<&str>) -> Result<Input, StoreError> {
        let Input { id, committed, is_doubted, .. } = self.begin_input(Some(fingerprint), name)?;
        let mut input = Input::of_chain(id, after, committed);
        input.is_doubted = is_doubted;
        if self.options.is_dry_run {
            return Ok(input);
        }
        let forget = format!(
            "DELETE FROM {}.import_batches WHERE import_id = $1 AND first >= $2",
            self.store.server.target().schema
        );
        // What is read again is journalled again.
        let next = i64::try_from(input.next()).unwrap_or(i64::MAX);
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&id, Type::INT8), (&next, Type::INT8)];
        self.store.server.with(async |client| client.execute_typed(&forget, &values).await)?;
        Ok(input)
    }

    fn forget(&mut self, input: i64, firsts: &[u64]) -> Result<(), StoreError> {
        let forget = format!(
            "DELETE FROM {}.import_batches WHERE import_id = $1 AND first = ANY($2)",
            self.store.server.target().schema
        );
        let firsts: Vec<i64> = firsts.iter().map(|first| i64::try_from(*first).unwrap_or(i64::MAX)).collect();
        let values: [(&(dyn ToSql + Sync), Type); 2] = [(&input, Type::INT8), (&firsts, Type::INT8_ARRAY)];
        self.store.server.with(async |client| client.execute_typed(&forget, &values).await.map(drop))
    }

    fn push(&mut self, new: &NewUser<'_>) -> Result<(), StoreError> {
        match unstorable(new) {
            Some(outcome) => self.job.outcomes.push(outcome),
            None => self.job.push(new),
        }
        Ok(())
    }

    fn end_batch(&mut self, mark: Mark) -> Result<(), StoreError> {
        if self.under_way.iter().filter(|lane| !lane.is_finished()).count() >= LANES {
            // The oldest is waited for; its outcome stays with its handle until it is asked for.
            let oldest = self.under_way.iter_mut().find(|lane| !lane.is_finished());
            if let Some(oldest) = oldest {
                while !oldest.is_finished() {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
        let mut job = std::mem::replace(&mut self.job, Job::new(self.options));
        job.mark = mark;
        let (inner, clients) = (Arc::clone(&self.store.server.inner), Arc::clone(&self.clients));
        self.under_way
            .push_back(self.store.server.runtime().spawn(async move { deliver(&inner, &clients, job).await }));
        Ok(())
    }

    fn next_written(&mut self, waits: bool) -> Option<Result<Written, StoreError>> {
        if !waits && !self.under_way.front()?.is_finished() {
            return None;
        }
        let oldest = self.under_way.pop_front()?;
        let written = self.store.server.block_on(oldest);
        Some(written.unwrap_or_else(|_| Err(StoreError::new(StoreErrorKind::Other, "a batch ended early"))))
    }

    fn end_input(&mut self, input: i64) -> Result<(), StoreError> {
        if self.options.is_dry_run {
            return Ok(());
        }
        let schema = &self.store.server.target().schema;
        self.store.server.with(async |client| end(client, schema, "id = $1", (&input, Type::INT8)).await)
    }

    fn finish(self: Box<Self>) -> Result<(), StoreError> {
        let is_given_up = !self.job.outcomes.is_empty() || !self.under_way.is_empty();
        if is_given_up && !self.options.is_dry_run { Err(given_up()) } else { Ok(()) }
    }
}

impl Drop for PostgresBulk<'_> {
    fn drop(&mut self) {
        // A batch that nobody asks for is cut off, and rolled back by the server.
        self.under_way.iter().for_each(JoinHandle::abort);
    }
}

/// The unfinished import of this fingerprint, or a new one.
async fn begin(
    client: &Client,
    schema: &str,
    fingerprint: Option<&str>,
    name: &str,
    restarts: bool,
) -> Result<i64, Error> {
    if let Some(fingerprint) = fingerprint.filter(|_| restarts) {
        end(client, schema, "fingerprint = $1", (&fingerprint, Type::TEXT)).await?;
    }
    let find = format!("SELECT max(id) FROM {schema}.imports WHERE fingerprint = $1 AND ended_at IS NULL");
    if let Some(id) = client.query_typed_one(&find, &[(&fingerprint, Type::TEXT)]).await?.get(0) {
        return Ok(id);
    }
    let begin =
        format!("INSERT INTO {schema}.imports (fingerprint, name, started_at) VALUES ($1, $2, $3) RETURNING id");
    let name = name.replace('\0', "");
    let values: [(&(dyn ToSql + Sync), Type); 3] =
        [(&fingerprint, Type::TEXT), (&name, Type::TEXT), (&now(), Type::INT8)];
    Ok(client.query_typed_one(&begin, &values).await?.get(0))
}

/// Ends the imports of which this is true. Keys can name people, and digests are of their hashes: nobody asks for them any more.
async fn end(client: &Client, schema: &str, which: &str, value: (&(dyn ToSql + Sync), Type)) -> Result<(), Error> {
    let end = format!(
        "WITH ended AS (
             UPDATE {schema}.imports SET ended_at = $2, fingerprint = NULL WHERE {which} AND ended_at IS NULL RETURNING id
         )
         UPDATE {schema}.import_batches SET after_key = NULL, last_key = NULL, digest = NULL
         WHERE import_id IN (SELECT id FROM ended)"
    );
    client.execute_typed(&end, &[value, (&now(), Type::INT8)]).await.map(drop)
}

async fn committed(client: &Client, schema: &str, import: i64) -> Result<Vec<Committed>, Error> {
    let query = format!(
        "SELECT first, records, imported, already_there, kept_newer, replaced, left_newer, rejected, refused,
             after_key, last_key, digest
         FROM {schema}.import_batches WHERE import_id = $1 ORDER BY first"
    );
    let rows = client.query_typed(&query, &[(&import, Type::INT8)]).await?;
    Ok(rows
        .iter()
        .map(|row| {
            Committed::of(std::array::from_fn(|at| row.get(at)), row.get(8), std::array::from_fn(|at| row.get(at + 9)))
        })
        .collect())
}

/// Writes a batch; tries again where others were in the way, or the connection was cut.
async fn deliver(inner: &Inner, clients: &Mutex<Vec<Client>>, mut job: Job) -> Result<Written, StoreError> {
    let mut wait = FIRST_WAIT;
    let mut outcomes_unsure: Option<Vec<Inserted>> = None;
    let mut last = None;
    let mut failed_at: Option<Instant> = None;
    let mut tries = 0;
    while tries < TRIES || failed_at.is_some_and(|at| at.elapsed() < PATIENCE) {
        if tries > 0 {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        tries += 1;
        let idle = clients.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut client = match idle {
            Some(client) if !client.is_closed() => client,
            _ => match inner.target.connect(&inner.options).await {
                Ok(client) => client,
                Err(error) => {
                    failed_at.get_or_insert_with(Instant::now);
                    last = Some(error);
                    continue;
                }
            },
        };
        // Its commit may have come through, and only the answer to it been lost. What became of it is kept until that is known for
        // certain: the question can be lost as well, and a session that was cut off can commit after it was asked.
        if outcomes_unsure.is_some() {
            match is_journalled(&client, &inner.target.schema, &job.mark).await {
                Ok(true) => {
                    return Ok(Written::committed(outcomes_unsure.take().unwrap_or_default()));
                }
                Ok(false) => {}
                Err(error) => {
                    failed_at.get_or_insert_with(Instant::now);
                    last = Some(failed(&error));
                    continue;
                }
            }
        }
        let written = write(&mut client, &inner.target.schema, &mut job, &mut outcomes_unsure).await;
        match written {
            Ok(written) => {
                clients.lock().unwrap_or_else(PoisonError::into_inner).push(client);
                return Ok(written);
            }
            Err(error) if is_taken(&error) && job.way == Way::Straight => {
                job.way = Way::Staged;
                wait = FIRST_WAIT;
                clients.lock().unwrap_or_else(PoisonError::into_inner).push(client);
            }
            // What is taken after it was looked for is found there by the next try.
            Err(error) if is_transient(&error) || is_cut(&error) || is_taken(&error) => {
                failed_at.get_or_insert_with(Instant::now);
                last = Some(failed(&error));
            }
            Err(error) => return Err(failed(&error)),
        }
    }
    Err(last.unwrap_or_else(|| StoreError::new(StoreErrorKind::Busy, "a batch was tried too often")))
}

/// What the server cannot hold of a user.
pub(super) fn unstorable(new: &NewUser<'_>) -> Option<Inserted> {
    let identifiers =
        [("username", new.username), ("primaryEmail", new.primary_email), ("primaryPhone", new.primary_phone)];
    for (field, text) in identifiers {
        if text.is_some_and(|text| text.len() > IDENTIFIER_BYTES_MAX) {
            return Some(Inserted::Unstorable { field, why: Unstorable::TooLong { bytes_max: IDENTIFIER_BYTES_MAX } });
        }
    }
    let text = new.password.map(StoredHash::kept_text);
    let others = [
        ("name", new.name),
        ("avatar", new.avatar),
        ("profile", new.profile),
        ("customData", new.custom_data),
        ("identities", new.identities),
        ("passwordEncrypted", text.as_deref()),
    ];
    let has_nul = |text: Option<&str>| text.is_some_and(|text| text.contains('\0'));
    let field = identifiers.into_iter().chain(others).find(|(_, text)| has_nul(*text))?.0;
    Some(Inserted::Unstorable { field, why: Unstorable::Nul })
}
