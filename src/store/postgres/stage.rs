//! A batch through staging tables, where some of its records are there already: what is new is inserted, and of the rest it is
//! said how it relates to what stands there.

use std::collections::{HashMap, HashSet};

use tokio_postgres::{Error, Row, Transaction};

use super::batch::{COLUMNS, Job, copy, put_line};
use super::identities::is_taken;
use super::now;
use crate::store::Inserted;
use crate::store::changes::{Change, Changes};
use crate::store::identities::Account;
use crate::store::renamed::NAMED_BEFORE;

/// Inserts what is new, and says of the rest how it relates to what stands there.
pub(super) async fn stage(
    transaction: &Transaction<'_>,
    schema: &str,
    job: &Job,
    outcomes: &mut [Inserted],
    changes: &mut Changes,
) -> Result<(), Error> {
    let create = STAGING.replace("{s}", schema).replace("{sequence}", &schema.replace('\'', "''"));
    transaction.batch_execute(&create).await?;
    copy(transaction, &format!("pg_temp.rehash_staging ({COLUMNS})"), &job.text).await?;
    let insert = format!(
        "INSERT INTO {schema}.users (id, {COLUMNS}) SELECT id, {COLUMNS} FROM pg_temp.rehash_staging ORDER BY ord
         ON CONFLICT DO NOTHING"
    );
    let inserted = transaction.execute(&insert, &[]).await?;
    let lost = if job.accounts.is_empty() { 0 } else { hold(transaction, schema, job).await? };
    if inserted - lost == job.rows.len() as u64 {
        return Ok(());
    }
    // All of them; then the first of those that wait for each user whom another of this batch was for, until nobody waits.
    let mut asked: Option<Vec<i64>> = None;
    let mut waiting: Vec<Waiting> = Vec::new();
    let left_over = LEFT_OVER.replace("{s}", schema).replace("{named}", &named_before());
    while asked.as_ref().is_none_or(|ords| !ords.is_empty()) {
        if asked.is_some() {
            transaction.batch_execute(SETTINGS).await?;
        }
        let rows = transaction.query(&left_over, &[&asked]).await?;
        let (replaced, later) = judge(job, &rows, outcomes);
        replace(transaction, schema, job, &replaced, outcomes, changes).await?;
        waiting.extend(later);
        waiting.sort_unstable_by_key(|waiting| waiting.ord);
        let mut asked_for = HashSet::new();
        let first = waiting.extract_if(.., |waiting| asked_for.insert(waiting.user));
        asked = Some(first.map(|waiting| waiting.ord).collect());
    }
    Ok(())
}

/// A record that is judged when another of its batch has been written, which is for the same user.
struct Waiting {
    ord: i64,
    user: i64,
}

/// What becomes of records that are not new: says which are to be written, and which can only be told after that.
fn judge(job: &Job, rows: &[Row], outcomes: &mut [Inserted]) -> (Vec<Replaced>, Vec<Waiting>) {
    let (mut claimed, mut claimed_ids) = (HashSet::new(), HashSet::new());
    let (mut replaced, mut later, mut wanted) = (Vec::new(), Vec::new(), HashMap::new());
    for row in rows {
        let ord: i64 = row.get(0);
        let number = usize::try_from(ord - 1).unwrap_or(0);
        let place = job.rows[number].place;
        let ids: Vec<(&'static str, i64)> = ["username", "primaryEmail", "primaryPhone"]
            .into_iter()
            .enumerate()
            .filter_map(|(at, field)| Some((field, row.get::<_, Option<i64>>(at + 1)?)))
            .collect();
        // Nor does anybody take before them what they want.
        let wants =
            |wanted: &HashMap<&Account, i64>| accounts_of(job, number).find_map(|account| wanted.get(account).copied());
        let before = ids.iter().map(|(_, id)| *id).find(|id| claimed_ids.contains(id)).or_else(|| wants(&wanted));
        if let Some(user) = before {
            wanted.extend(accounts_of(job, number).map(|account| (account, user)));
            later.push(Waiting { ord, user });
            continue;
        }
        let (same_data, same_hash, is_newer): (bool, bool, bool) = (row.get(4), row.get(5), row.get(6));
        let (is_anothers, loses_password, is_renamed): (bool, bool, bool) = (row.get(9), row.get(10), row.get(15));
        let (has_password, gives_nothing, has_identities): (bool, bool, bool) = (row.get(11), row.get(12), row.get(13));
        let completes = job.completes();
        // Nobody takes the identities that they complete nothing with.
        let takes_accounts = !completes || !has_identities;
        let (field, id) = ids.first().copied().unwrap_or((if is_anothers { "identities" } else { "username" }, 0));
        let is_one = ids.iter().all(|(_, other)| *other == id);
        outcomes[place] = match (same_data, same_hash, is_newer) {
            // The same hash by a name that says more is replaced: who runs the import again to mend that has it mended.
            (true, true, is_newer) if is_newer || !is_renamed || !job.replaces_legacy() => {
                Inserted::AlreadyThere { kept_newer: false }
            }
            (true, false, true) => Inserted::AlreadyThere { kept_newer: true },
            _ if !job.replaces_legacy() && !completes => Inserted::Conflict(field),
            (.., true) => Inserted::LeftNewer(field),
            // Whose name or address is another is not surely the same person.
            _ if completes && row.get::<_, bool>(14) => Inserted::Conflict(field),
            // Two passwords: which is whose is not for us to say.
            (_, false, _) if completes && has_password && !loses_password => Inserted::Conflict(field),
            _ if completes && gives_nothing && !ids.is_empty() => Inserted::AlreadyThere { kept_newer: false },
            // Nobody loses the password they have to a record that has none.
            _ if loses_password && !completes => Inserted::Conflict(field),
            _ if !is_one || ids.is_empty() => Inserted::Conflict(field),
            // Two of a batch cannot both have it.
            _ if takes_accounts
                && (is_anothers || !accounts_of(job, number).all(|account| claimed.insert(account))) =>
            {
                Inserted::Conflict("identities")
            }
            _ => {
                claimed_ids.insert(id);
                let was = (row.get::<_, String>(7), row.get::<_, String>(8));
                let keeps_password = completes && has_password;
                replaced.push(Replaced { ord, id, field, was, keeps_password, takes_accounts });
                Inserted::LeftNewer(field) // until the update says that it was replaced
            }
        };
    }
    (replaced, later)
}

/// A record that another takes the place of, or completes.
struct Replaced {
    ord: i64,
    id: i64,
    /// By which it was found.
    field: &'static str,
    /// Its method and parameters.
    was: (String, String),
    keeps_password: bool,
    takes_accounts: bool,
}

/// Puts records in the place of those that nobody has touched, also not since they were looked at. Where two of them want what only
/// one user can have, they are halved until it is one that goes without.
async fn replace(
    transaction: &Transaction<'_>,
    schema: &str,
    job: &Job,
    replaced: &[Replaced],
    outcomes: &mut [Inserted],
    changes: &mut Changes,
) -> Result<(), Error> {
    if replaced.is_empty() {
        return Ok(());
    }
    let mut parts = vec![replaced];
    while let Some(part) = parts.pop() {
        if !replace_all(transaction, schema, job, part, outcomes, changes).await? && part.len() > 1 {
            let (first, second) = part.split_at(part.len() / 2);
            parts.extend([second, first]);
        }
    }
    Ok(())
}

/// Replaces those, all or none: not where somebody else has what was to be unique, which is said where it is one.
async fn replace_all(
    transaction: &Transaction<'_>,
    schema: &str,
    job: &Job,
    replaced: &[Replaced],
    outcomes: &mut [Inserted],
    changes: &mut Changes,
) -> Result<bool, Error> {
    let place_of = |ord: i64| &job.rows[usize::try_from(ord - 1).unwrap_or(0)];
    transaction.batch_execute(SAVEPOINT).await?;
    let done = match update(transaction, schema, job, replaced).await {
        Ok(done) => done,
        Err(error) if is_taken(&error) => {
            transaction.batch_execute("ROLLBACK TO rehash_replace; RELEASE rehash_replace").await?;
            if let [one] = replaced {
                outcomes[place_of(one.ord).place] = Inserted::Conflict(one.field);
            }
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    transaction.batch_execute("RELEASE rehash_replace").await?;
    for Replaced { ord, was: (was, parameters), keeps_password, .. } in done {
        let row = place_of(*ord);
        outcomes[row.place] = Inserted::Replaced;
        // What comes is counted for every record that is written; where the password is kept it changed nothing.
        let kind = &job.kinds[row.kind];
        let (was, parameters) = if *keeps_password { (kind.0, &kind.1) } else { (&**was, parameters) };
        changes.add(was, parameters, Change { records: -1, upgraded: 0, untouched: -i64::from(!was.is_empty()) });
    }
    Ok(true)
}

/// Those that nobody touched meanwhile, and what their identities name.
async fn update<'a>(
    transaction: &Transaction<'_>,
    schema: &str,
    job: &Job,
    replaced: &'a [Replaced],
) -> Result<Vec<&'a Replaced>, Error> {
    let ords: Vec<i64> = replaced.iter().map(|row| row.ord).collect();
    let ids: Vec<i64> = replaced.iter().map(|row| row.id).collect();
    let methods: Vec<&str> = replaced.iter().map(|row| &*row.was.0).collect();
    let values = if job.completes() { COMPLETED } else { REPLACED };
    let update = REPLACE.replace("{values}", values).replace("{s}", schema);
    // Identities that somebody gave them meanwhile are theirs.
    let had: Vec<Option<bool>> = replaced.iter().map(|row| job.completes().then_some(!row.takes_accounts)).collect();
    let rows = transaction.query(&update, &[&ords, &ids, &methods, &now(), &had]).await?;
    // They are in the order of their numbers.
    let at = |row: &Row| replaced.binary_search_by_key(&row.get(0), |row| row.ord).ok();
    let done: Vec<&Replaced> = rows.iter().filter_map(|row| replaced.get(at(row)?)).collect();
    let (ords, ids): (Vec<i64>, Vec<i64>) =
        done.iter().filter(|row| row.takes_accounts).map(|row| (row.ord, row.id)).unzip();
    hold_replaced(transaction, schema, &ords, &ids).await?;
    Ok(done)
}

/// The new ones hold what their identities name. Who comes too late for that is taken out again; says how many those are.
async fn hold(transaction: &Transaction<'_>, schema: &str, job: &Job) -> Result<u64, Error> {
    let mut text = Vec::new();
    for (row, Account { target, identity }) in &job.accounts {
        put_line(&mut text, [&(row + 1).to_string(), target, identity]);
    }
    copy(transaction, "pg_temp.rehash_accounts", &text).await?;
    transaction.execute(&HOLD_NEW.replace("{s}", schema), &[]).await?;
    let rows = transaction.query(&TOO_LATE.replace("{s}", schema), &[]).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    transaction.execute(&format!("DELETE FROM {schema}.users WHERE id = ANY($1)"), &[&ids]).await
}

/// Those who were replaced hold what their new identities name, and nothing else.
async fn hold_replaced(transaction: &Transaction<'_>, schema: &str, ords: &[i64], ids: &[i64]) -> Result<(), Error> {
    let let_go = format!("DELETE FROM {schema}.identities WHERE user_id = ANY($1)");
    transaction.execute(&let_go, &[&ids]).await?;
    transaction.execute(&HOLD_REPLACED.replace("{s}", schema), &[&ords, &ids]).await.map(drop)
}

fn accounts_of(job: &Job, row: usize) -> impl Iterator<Item = &Account> {
    let start = job.accounts.partition_point(|(of, _)| *of < row);
    job.accounts[start..].iter().take_while(move |(of, _)| *of == row).map(|(_, account)| account)
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
) ON COMMIT DROP;
CREATE TEMP TABLE rehash_accounts (
    ord bigint, target text COLLATE "C", identity text COLLATE "C", PRIMARY KEY (ord, target)
) ON COMMIT DROP
"#;

/// Who is replaced is joined by what is given, and no index has that. The settings last until the savepoint is gone back to.
const SAVEPOINT: &str = "SAVEPOINT rehash_replace; SET LOCAL enable_hashjoin = on; SET LOCAL enable_seqscan = off";

/// As `STAGING` has them.
const SETTINGS: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_seqscan = on";

const HOLD_NEW: &str = "
INSERT INTO {s}.identities (target, identity, user_id)
SELECT a.target, a.identity, u.id FROM pg_temp.rehash_accounts a JOIN pg_temp.rehash_staging s ON s.ord = a.ord
JOIN {s}.users u ON u.id = s.id ORDER BY a.ord, a.target ON CONFLICT DO NOTHING";

const TOO_LATE: &str = "
SELECT DISTINCT u.id FROM pg_temp.rehash_accounts a JOIN pg_temp.rehash_staging s ON s.ord = a.ord
JOIN {s}.users u ON u.id = s.id
LEFT JOIN {s}.identities i ON i.target = a.target AND i.identity = a.identity
WHERE i.user_id IS DISTINCT FROM u.id";

const HOLD_REPLACED: &str = "
INSERT INTO {s}.identities (target, identity, user_id)
SELECT a.target, a.identity, r.id FROM unnest($1::bigint[], $2::bigint[]) AS r (ord, id)
JOIN pg_temp.rehash_accounts a ON a.ord = r.ord";

/// The cases of an SQL expression that gives a method's earlier name.
fn named_before() -> String {
    NAMED_BEFORE.iter().map(|(now, before)| format!("WHEN '{now}' THEN '{before}' ")).collect()
}

const LEFT_OVER: &str = "
SELECT s.ord, u1.id, u2.id, u3.id,
    (o.username, o.primary_email, o.primary_phone, o.name, o.avatar, o.profile, o.custom_data, o.identities)
        IS NOT DISTINCT FROM
    (s.username, s.primary_email, s.primary_phone, s.name, s.avatar, s.profile, s.custom_data, s.identities),
    (o.password_encrypted, CASE o.password_encryption_method {named}ELSE o.password_encryption_method END)
        IS NOT DISTINCT FROM
    (s.password_encrypted, CASE s.password_encryption_method {named}ELSE s.password_encryption_method END),
    o.upgraded_at IS NOT NULL OR o.password_changed_at IS NOT NULL,
    coalesce(o.password_encryption_method, ''), coalesce(o.password_parameters, ''),
    EXISTS (
        SELECT 1 FROM pg_temp.rehash_accounts a
        JOIN {s}.identities i ON i.target = a.target AND i.identity = a.identity
        WHERE a.ord = s.ord AND i.user_id IS DISTINCT FROM coalesce(u1.id, u2.id, u3.id)
    ),
    o.password_encrypted IS NOT NULL AND s.password_encrypted IS NULL,
    o.password_encrypted IS NOT NULL,
    (o.username IS NOT NULL OR s.username IS NULL) AND (o.primary_email IS NOT NULL OR s.primary_email IS NULL)
        AND (o.primary_phone IS NOT NULL OR s.primary_phone IS NULL) AND (o.name IS NOT NULL OR s.name IS NULL)
        AND (o.avatar IS NOT NULL OR s.avatar IS NULL) AND (o.profile IS NOT NULL OR s.profile IS NULL)
        AND (o.custom_data IS NOT NULL OR s.custom_data IS NULL) AND (o.identities IS NOT NULL OR s.identities IS NULL)
        AND (o.password_encrypted IS NOT NULL OR s.password_encrypted IS NULL),
    o.identities IS NOT NULL,
    coalesce(o.username <> s.username, false) OR coalesce(o.primary_email <> s.primary_email, false)
        OR coalesce(o.primary_phone <> s.primary_phone, false),
    coalesce(o.password_encryption_method = CASE s.password_encryption_method {named}END, false)
FROM pg_temp.rehash_staging s
LEFT JOIN {s}.users u0 ON u0.id = s.id
LEFT JOIN {s}.users u1 ON u1.username = s.username
LEFT JOIN {s}.users u2 ON u2.primary_email = s.primary_email
LEFT JOIN {s}.users u3 ON u3.primary_phone = s.primary_phone
LEFT JOIN {s}.users o ON o.id = coalesce(u1.id, u2.id, u3.id)
WHERE u0.id IS NULL AND ($1::bigint[] IS NULL OR s.ord = ANY($1)) ORDER BY s.ord";

/// All of it.
const REPLACED: &str = "username = s.username, primary_email = s.primary_email, primary_phone = s.primary_phone,
    name = s.name, avatar = s.avatar, profile = s.profile, custom_data = s.custom_data, identities = s.identities,
    password_encrypted = s.password_encrypted, password_encryption_method = s.password_encryption_method,
    password_parameters = s.password_parameters, imported_method = s.imported_method";

/// What is not there.
const COMPLETED: &str = "username = coalesce(u.username, s.username),
    primary_email = coalesce(u.primary_email, s.primary_email), primary_phone = coalesce(u.primary_phone, s.primary_phone),
    name = coalesce(u.name, s.name), avatar = coalesce(u.avatar, s.avatar), profile = coalesce(u.profile, s.profile),
    custom_data = coalesce(u.custom_data, s.custom_data), identities = coalesce(u.identities, s.identities),
    password_encrypted = coalesce(u.password_encrypted, s.password_encrypted),
    password_encryption_method = coalesce(u.password_encryption_method, s.password_encryption_method),
    password_parameters = coalesce(u.password_parameters, s.password_parameters),
    imported_method = coalesce(u.imported_method, s.imported_method)";

const REPLACE: &str = "
WITH replaced AS (
    UPDATE {s}.users u SET {values}, imported_at = s.imported_at
    FROM pg_temp.rehash_staging s,
        unnest($1::bigint[], $2::bigint[], $3::text[], $5::boolean[]) AS r (ord, id, method, had_identities)
    WHERE s.ord = r.ord AND u.id = r.id AND u.upgraded_at IS NULL AND u.password_changed_at IS NULL
        AND coalesce(u.password_encryption_method, '') = r.method
        AND (r.had_identities IS NULL OR (u.identities IS NOT NULL) = r.had_identities)
    RETURNING s.ord, u.id, r.method AS was, u.password_encryption_method AS method
), noted AS (
    INSERT INTO {s}.audit (at, event, user_id, from_method, to_method)
    SELECT $4, 'replace', id, nullif(was, ''), method FROM replaced
)
SELECT ord FROM replaced";
