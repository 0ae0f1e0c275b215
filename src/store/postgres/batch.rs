//! One batch into the table, in one transaction with its counters, its journal and its audit. Where records are there already,
//! `stage` finds out which.

use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Transaction};

use super::identities::new_ids;
use super::now;
use super::stage::stage;
use crate::StoredHash;
use crate::store::Tally;
use crate::store::changes::{Change, Changes};
use crate::store::identities::{Account, accounts};
use crate::store::{BulkOptions, Inserted, Mark, NewUser, OnConflict, Written};

pub(super) const COLUMNS: &str = "username, primary_email, primary_phone, name, avatar, profile, custom_data, identities, \
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
    pub(super) text: Vec<u8>,
    pub(super) rows: Vec<Row>,
    /// Method and parameters.
    pub(super) kinds: Vec<(&'static str, String)>,
    /// What the identities of records name, each with its record's place in `rows`, in their order.
    pub(super) accounts: Vec<(usize, Account)>,
}

/// A record in the text.
pub(super) struct Row {
    /// Among the outcomes.
    pub(super) place: usize,
    pub(super) kind: usize,
    /// Where the text of the next one begins.
    end: usize,
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
            accounts: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, new: &NewUser<'_>) {
        let method = new.password.map(|hash| hash.method().as_str());
        let text = new.password.map(StoredHash::kept_text);
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
            text.as_deref(),
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
        self.accounts.extend(accounts(new.identities).into_iter().map(|account| (self.rows.len(), account)));
        self.rows.push(Row { place: self.outcomes.len(), kind, end: self.text.len() });
        self.outcomes.push(Inserted::New);
    }
}

impl Job {
    pub(super) const fn replaces_legacy(&self) -> bool {
        matches!(self.options.on_conflict, OnConflict::ReplaceLegacy)
    }

    pub(super) const fn completes(&self) -> bool {
        matches!(self.options.on_conflict, OnConflict::Complete)
    }
}

/// A line in the text form of `COPY`.
pub(super) fn put_line(text: &mut Vec<u8>, fields: [&str; 3]) {
    for (place, field) in fields.into_iter().enumerate() {
        put(text, Some(field));
        text.push(if place == 2 { b'\n' } else { b'\t' });
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

/// Writes the batch. `unsure` holds its outcomes while a commit is on its way, and from an earlier try whose commit was not
/// answered: where that turns out to have come through, it is what became of the batch.
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
        Way::Straight if job.accounts.is_empty() => {
            copy(&transaction, &format!("{schema}.users ({COLUMNS})"), &job.text).await?;
        }
        Way::Straight => copy_with_accounts(&transaction, schema, job).await?,
        Way::Staged => stage(&transaction, schema, job, &mut outcomes, &mut changes).await?,
    }
    for Row { place, kind, .. } in &job.rows {
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
        return Ok(Written { outcomes, is_committed: false, is_stopped });
    }
    // Who is still writing the same mark is waited for here.
    let is_first = keep(&transaction, schema, &job.mark, &outcomes, &changes).await?;
    if !is_first && unsure.is_some() && is_journalled(transaction.client(), schema, &job.mark).await? {
        // It is undone with the connection, too.
        let _ = transaction.rollback().await;
        return Ok(Written::committed(unsure.take().unwrap_or_default()));
    }
    *unsure = Some(outcomes);
    transaction.commit().await?;
    Ok(Written::committed(unsure.take().unwrap_or_default()))
}

/// Those whose identities name accounts go with identifiers of their own, which the accounts can refer to.
async fn copy_with_accounts(transaction: &Transaction<'_>, schema: &str, job: &Job) -> Result<(), Error> {
    let mut named: Vec<usize> = job.accounts.iter().map(|(row, _)| *row).collect();
    named.dedup();
    let ids = new_ids(transaction, schema, named.len()).await?;
    let mut ids = named.into_iter().zip(ids).peekable();
    let mut accounts = job.accounts.iter().peekable();
    let (mut plain, mut with_ids, mut held, mut start) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (number, row) in job.rows.iter().enumerate() {
        let text = &job.text[std::mem::replace(&mut start, row.end)..row.end];
        let Some((_, id)) = ids.next_if(|(of, _)| *of == number) else {
            plain.extend_from_slice(text);
            continue;
        };
        let id = id.to_string();
        with_ids.extend_from_slice(id.as_bytes());
        with_ids.push(b'\t');
        with_ids.extend_from_slice(text);
        while let Some((_, account)) = accounts.next_if(|(of, _)| *of == number) {
            put_line(&mut held, [&account.target, &account.identity, &id]);
        }
    }
    copy(transaction, &format!("{schema}.users ({COLUMNS})"), &plain).await?;
    copy(transaction, &format!("{schema}.users (id, {COLUMNS})"), &with_ids).await?;
    copy(transaction, &format!("{schema}.identities (target, identity, user_id)"), &held).await
}

/// Into a table and its columns.
pub(super) async fn copy(transaction: &Transaction<'_>, table: &str, text: &[u8]) -> Result<(), Error> {
    if text.is_empty() {
        return Ok(());
    }
    let sink = transaction.copy_in::<_, Bytes>(&format!("COPY {table} FROM STDIN")).await?;
    let mut sink = pin!(sink);
    for chunk in text.chunks(CHUNK_BYTES) {
        sink.send(Bytes::copy_from_slice(chunk)).await?;
    }
    sink.finish().await.map(drop)
}

/// Whether this batch is in the journal: not another that begins at the same record, from who imports the same at the same time.
pub(super) async fn is_journalled(client: &Client, schema: &str, mark: &Mark) -> Result<bool, Error> {
    let query = format!(
        "SELECT 1 FROM {schema}.import_batches WHERE import_id = $1 AND first = $2 AND records = $3
         AND digest IS NOT DISTINCT FROM $4 AND last_key IS NOT DISTINCT FROM $5"
    );
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (first, records) = (number(mark.first), number(mark.records));
    let last = mark.keys.as_ref().map(|keys| &*keys.last);
    let values: [(&(dyn ToSql + Sync), Type); 5] = [
        (&mark.input, Type::INT8),
        (&first, Type::INT8),
        (&records, Type::INT8),
        (&mark.digest, Type::TEXT),
        (&last, Type::TEXT),
    ];
    Ok(client.query_typed_opt(&query, &values).await?.is_some())
}

/// The counters, the day, the journal and the audit. Last, so that nobody waits for them long. Whether the batch was not in the
/// journal yet.
async fn keep(
    transaction: &Transaction<'_>,
    schema: &str,
    mark: &Mark,
    outcomes: &[Inserted],
    changes: &Changes,
) -> Result<bool, Error> {
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
         INSERT INTO {schema}.import_batches VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT DO NOTHING"
    );
    let written = transaction
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
                &number(Tally::refused(outcomes)),
                &mark.digest,
            ],
        )
        .await?;
    Ok(written == 1)
}
