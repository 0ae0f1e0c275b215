//! One batch into the table, in one transaction with its counters, its journal and its audit.

use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio_postgres::{Client, Error, Transaction};

use super::now;
use crate::StoredHash;
use crate::store::Tally;
use crate::store::changes::{Change, Changes};
use crate::store::{BulkOptions, Inserted, Mark, NewUser, OnConflict, Written};

const COLUMNS: &str = "username, primary_email, primary_phone, name, avatar, profile, custom_data, identities, \
    password_encrypted, password_encryption_method, password_parameters, imported_method, imported_at";
/// What is sent at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// How a batch goes into the table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Every record is taken to be new.
    Straight,
    /// Through a table that tells which are not.
    Staged,
}

/// A batch that is being put together.
pub(super) struct Job {
    options: BulkOptions,
    pub(super) way: Way,
    pub(super) mark: Mark,
    /// One for each record; `New` for those in `text` until it is known better.
    pub(super) outcomes: Vec<Inserted>,
    text: Vec<u8>,
    /// Of each record in `text`: its place in `outcomes`, and its kind.
    rows: Vec<(usize, usize)>,
    /// Method and parameters.
    kinds: Vec<(&'static str, String)>,
}

impl Job {
    pub(super) fn new(options: BulkOptions) -> Self {
        Self {
            options,
            way: if options.is_dry_run { Way::Staged } else { Way::Straight },
            mark: Mark::default(),
            outcomes: Vec::new(),
            text: Vec::new(),
            rows: Vec::new(),
            kinds: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, new: &NewUser<'_>) {
        let method = new.password.map(|hash| hash.method().as_str());
        let parameters = new.password.map(StoredHash::parameters);
        let at = now().to_string();
        let fields = [
            new.username,
            new.primary_email,
            new.primary_phone,
            new.name,
            new.avatar,
            new.profile,
            new.custom_data,
            new.identities,
            new.password.map(StoredHash::text),
            method,
            parameters.as_deref(),
            method,
            Some(&at),
        ];
        for (place, field) in fields.into_iter().enumerate() {
            if place > 0 {
                self.text.push(b'\t');
            }
            put(&mut self.text, field);
        }
        self.text.push(b'\n');
        let (method, parameters) = (method.unwrap_or(""), parameters.unwrap_or_default());
        let kind = self.kinds.iter().rposition(|(held, its)| *held == method && *its == parameters);
        let kind = kind.unwrap_or_else(|| {
            self.kinds.push((method, parameters));
            self.kinds.len() - 1
        });
        self.rows.push((self.outcomes.len(), kind));
        self.outcomes.push(Inserted::New);
    }
}

/// A field in the text form of `COPY`.
fn put(text: &mut Vec<u8>, field: Option<&str>) {
    let Some(field) = field else { return text.extend_from_slice(b"\\N") };
    for byte in field.bytes() {
        match byte {
            b'\\' => text.extend_from_slice(b"\\\\"),
            b'\n' => text.extend_from_slice(b"\\n"),
            b'\r' => text.extend_from_slice(b"\\r"),
            b'\t' => text.extend_from_slice(b"\\t"),
            _ => text.push(byte),
        }
    }
}

/// Writes the batch. `unsure` holds its outcomes while a commit is on its way.
pub(super) async fn write(
    client: &mut Client,
    schema: &str,
    job: &mut Job,
    unsure: &mut Option<Vec<Inserted>>,
) -> Result<Written, Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
    let mut changes = Changes::default();
    let mut outcomes = job.outcomes.clone();
    match job.way {
        Way::Straight => copy(&transaction, &format!("{schema}.users"), &job.text).await?,
        Way::Staged => stage(&transaction, schema, job, &mut outcomes, &mut changes).await?,
    }
    for (place, kind) in &job.rows {
        if outcomes[*place] == Inserted::New || outcomes[*place] == Inserted::Replaced {
            let (method, parameters) = &job.kinds[*kind];
            let untouched = i64::from(!method.is_empty());
            changes.add(method, parameters, Change { records: 1, upgraded: 0, untouched });
        }
    }
    let is_conflict = |outcome: &Inserted| matches!(outcome, Inserted::Conflict(_));
    let is_stopped = job.options.on_conflict == OnConflict::Fail && outcomes.iter().any(is_conflict);
    if job.options.is_dry_run || is_stopped {
        transaction.rollback().await?;
        return Ok(Written { outcomes, is_committed: false });
    }
    keep(&transaction, schema, &job.mark, &outcomes, &changes).await?;
    *unsure = Some(outcomes);
    transaction.commit().await?;
    Ok(Written { outcomes: unsure.take().unwrap_or_default(), is_committed: true })
}

async fn copy(transaction: &Transaction<'_>, table: &str, text: &[u8]) -> Result<(), Error> {
    if text.is_empty() {
        return Ok(());
    }
    let sink = transaction.copy_in::<_, Bytes>(&format!("COPY {table} ({COLUMNS}) FROM STDIN")).await?;
    let mut sink = pin!(sink);
    for chunk in text.chunks(CHUNK_BYTES) {
        sink.send(Bytes::copy_from_slice(chunk)).await?;
    }
    sink.finish().await.map(drop)
}

/// Inserts what is new, and says of the rest how it relates to what stands there.
async fn stage(
    transaction: &Transaction<'_>,
    schema: &str,
    job: &Job,
    outcomes: &mut [Inserted],
    changes: &mut Changes,
) -> Result<(), Error> {
    let create = STAGING.replace("{s}", schema).replace("{sequence}", &schema.replace('\'', "''"));
    transaction.batch_execute(&create).await?;
    copy(transaction, "pg_temp.rehash_staging", &job.text).await?;
    let insert = format!(
        "INSERT INTO {schema}.users (id, {COLUMNS}) SELECT id, {COLUMNS} FROM pg_temp.rehash_staging ORDER BY ord
         ON CONFLICT DO NOTHING"
    );
    if transaction.execute(&insert, &[]).await? == job.rows.len() as u64 {
        return Ok(());
    }
    let mut replaced = Vec::new();
    for row in transaction.query(&LEFT_OVER.replace("{s}", schema), &[]).await? {
        let ord: i64 = row.get(0);
        let place = job.rows[usize::try_from(ord - 1).unwrap_or(0)].0;
        let ids: Vec<(&'static str, i64)> = ["username", "primaryEmail", "primaryPhone"]
            .into_iter()
            .enumerate()
            .filter_map(|(at, field)| Some((field, row.get::<_, Option<i64>>(at + 1)?)))
            .collect();
        let (same_data, same_hash, is_newer): (bool, bool, bool) = (row.get(4), row.get(5), row.get(6));
        let (field, id) = ids.first().copied().unwrap_or(("username", 0));
        let is_one = ids.iter().all(|(_, other)| *other == id);
        outcomes[place] = match (same_data, same_hash, is_newer) {
            (true, true, _) => Inserted::AlreadyThere { kept_newer: false },
            (true, false, true) => Inserted::AlreadyThere { kept_newer: true },
            _ if job.options.on_conflict != OnConflict::ReplaceLegacy => Inserted::Conflict(field),
            (.., true) => Inserted::LeftNewer(field),
            _ if !is_one || ids.is_empty() => Inserted::Conflict(field),
            _ => {
                replaced.push((ord, id, row.get::<_, String>(7), row.get::<_, String>(8)));
                Inserted::LeftNewer(field) // until the update says that it was replaced
            }
        };
    }
    replace(transaction, schema, job, &replaced, outcomes, changes).await
}

/// Puts records in the place of those that nobody has touched, also not since they were looked at.
async fn replace(
    transaction: &Transaction<'_>,
    schema: &str,
    job: &Job,
    replaced: &[(i64, i64, String, String)],
    outcomes: &mut [Inserted],
    changes: &mut Changes,
) -> Result<(), Error> {
    if replaced.is_empty() {
        return Ok(());
    }
    let ords: Vec<i64> = replaced.iter().map(|row| row.0).collect();
    let ids: Vec<i64> = replaced.iter().map(|row| row.1).collect();
    let methods: Vec<&str> = replaced.iter().map(|row| &*row.2).collect();
    // Here both sides are joined by what is given, and no index has that.
    transaction.batch_execute("SET LOCAL enable_hashjoin = on; SET LOCAL enable_seqscan = off").await?;
    let update = REPLACE.replace("{s}", schema);
    for row in transaction.query(&update, &[&ords, &ids, &methods, &now()]).await? {
        let ord: i64 = row.get(0);
        // They are in the order of their numbers.
        let Ok(at) = replaced.binary_search_by_key(&ord, |row| row.0) else { continue };
        let (.., was, parameters) = &replaced[at];
        outcomes[job.rows[usize::try_from(ord - 1).unwrap_or(0)].0] = Inserted::Replaced;
        changes.add(was, parameters, Change { records: -1, upgraded: 0, untouched: -i64::from(!was.is_empty()) });
    }
    Ok(())
}

/// The counters, the day, the journal and the audit. Last, so that nobody waits for them long.
async fn keep(
    transaction: &Transaction<'_>,
    schema: &str,
    mark: &Mark,
    outcomes: &[Inserted],
    changes: &Changes,
) -> Result<(), Error> {
    let counters = format!(
        "INSERT INTO {schema}.counters AS c VALUES ($1, $2, -1, $3, $4, $5)
         ON CONFLICT (method, parameters, slot) DO UPDATE SET records = c.records + excluded.records,
         upgraded = c.upgraded + excluded.upgraded, untouched = c.untouched + excluded.untouched"
    );
    for (method, parameters, change) in changes.sorted() {
        let Change { records, upgraded, untouched } = change;
        transaction.execute(&counters, &[&method, &parameters, &records, &upgraded, &untouched]).await?;
    }
    let tally = Tally::of(outcomes, mark);
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (at, imported, rejected) = (now(), number(tally.imported), number(tally.rejected));
    let (first, records, replaced, left) =
        (number(mark.first), number(mark.records), number(tally.replaced), number(tally.left_newer));
    let (already_there, kept_newer) = (number(tally.already_there), number(tally.kept_newer));
    let (after, last) = mark.keys.as_ref().map_or((None, None), |keys| (keys.after.as_deref(), Some(&*keys.last)));
    let journal = format!(
        "WITH dated AS (
             INSERT INTO {schema}.days AS d (day, slot, imported) VALUES ($10::bigint / 86400, -1, $4)
             ON CONFLICT (day, slot) DO UPDATE SET imported = d.imported + excluded.imported
         ), noted AS (
             INSERT INTO {schema}.audit (at, event, import_id, records) VALUES ($10, 'import', $1, $4)
         )
         INSERT INTO {schema}.import_batches VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT DO NOTHING"
    );
    transaction
        .execute(
            &journal,
            &[
                &mark.input,
                &first,
                &records,
                &imported,
                &already_there,
                &kept_newer,
                &replaced,
                &left,
                &rejected,
                &at,
                &after,
                &last,
            ],
        )
        .await
        .map(drop)
}

/// The planner knows nothing of a table that was just filled; each of its rows is looked up by an index.
const STAGING: &str = r#"
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
CREATE TEMP TABLE rehash_staging (
    ord bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    id bigint DEFAULT nextval(pg_get_serial_sequence('{sequence}.users', 'id')),
    username text COLLATE "C", primary_email text COLLATE "C", primary_phone text COLLATE "C",
    name text, avatar text, profile text, custom_data text, identities text, password_encrypted text,
    password_encryption_method text, password_parameters text, imported_method text, imported_at bigint
) ON COMMIT DROP
"#;

const LEFT_OVER: &str = "
SELECT s.ord, u1.id, u2.id, u3.id,
    (o.username, o.primary_email, o.primary_phone, o.name, o.avatar, o.profile, o.custom_data, o.identities)
        IS NOT DISTINCT FROM
    (s.username, s.primary_email, s.primary_phone, s.name, s.avatar, s.profile, s.custom_data, s.identities),
    (o.password_encrypted, o.password_encryption_method)
        IS NOT DISTINCT FROM (s.password_encrypted, s.password_encryption_method),
    o.upgraded_at IS NOT NULL OR o.password_changed_at IS NOT NULL,
    coalesce(o.password_encryption_method, ''), coalesce(o.password_parameters, '')
FROM pg_temp.rehash_staging s
LEFT JOIN {s}.users u0 ON u0.id = s.id
LEFT JOIN {s}.users u1 ON u1.username = s.username
LEFT JOIN {s}.users u2 ON u2.primary_email = s.primary_email
LEFT JOIN {s}.users u3 ON u3.primary_phone = s.primary_phone
LEFT JOIN {s}.users o ON o.id = coalesce(u1.id, u2.id, u3.id)
WHERE u0.id IS NULL ORDER BY s.ord";

const REPLACE: &str = "
WITH replaced AS (
    UPDATE {s}.users u SET username = s.username, primary_email = s.primary_email, primary_phone = s.primary_phone,
        name = s.name, avatar = s.avatar, profile = s.profile, custom_data = s.custom_data, identities = s.identities,
        password_encrypted = s.password_encrypted, password_encryption_method = s.password_encryption_method,
        password_parameters = s.password_parameters, imported_method = s.imported_method, imported_at = s.imported_at
    FROM pg_temp.rehash_staging s, unnest($1::bigint[], $2::bigint[], $3::text[]) AS r (ord, id, method)
    WHERE s.ord = r.ord AND u.id = r.id AND u.upgraded_at IS NULL AND u.password_changed_at IS NULL
        AND coalesce(u.password_encryption_method, '') = r.method
    RETURNING s.ord, u.id, r.method AS was, u.password_encryption_method AS method
), noted AS (
    INSERT INTO {s}.audit (at, event, user_id, from_method, to_method)
    SELECT $4, 'replace', id, nullif(was, ''), method FROM replaced
)
SELECT ord FROM replaced";
