//! What is written beside a user's row, in the same transaction: the counters that `counts` answers from, the days, and
//! the audit.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::now;
use crate::store::changes::{Change, Changes};
use crate::store::{AuditEntry, Day, MethodCount};

/// What happened, as the audit says it.
#[derive(Clone, Copy)]
pub(super) enum Event {
    Create,
    Upgrade,
    Change,
    Replace,
    Delete,
}

impl Event {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Upgrade => "upgrade",
            Self::Change => "change",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }
}

/// What a row counts as.
pub(super) struct Counted {
    pub(super) method: String,
    pub(super) parameters: String,
    pub(super) text: Option<String>,
    pub(super) is_upgraded: bool,
    pub(super) is_untouched: bool,
}

impl Counted {
    /// The change where the row is no longer what it was.
    pub(super) fn gone(&self) -> Change {
        Change { records: -1, upgraded: -i64::from(self.is_upgraded), untouched: -i64::from(self.is_untouched) }
    }
}

pub(super) fn read(connection: &Connection, id: i64) -> rusqlite::Result<Option<Counted>> {
    let query =
        "SELECT coalesce(password_encryption_method, ''), coalesce(password_parameters, ''), password_encrypted,
        upgraded_at IS NOT NULL,
        imported_method IS NOT NULL AND upgraded_at IS NULL AND password_changed_at IS NULL
        FROM users WHERE id = ?1";
    let read = |row: &Row<'_>| {
        Ok(Counted {
            method: row.get(0)?,
            parameters: row.get(1)?,
            text: row.get(2)?,
            is_upgraded: row.get(3)?,
            is_untouched: row.get(4)?,
        })
    };
    connection.prepare_cached(query)?.query_row([id], read).optional()
}

pub(super) fn count(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let mut write = connection.prepare_cached(
        "INSERT INTO counters VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (method, parameters) DO UPDATE SET
            records = records + excluded.records, upgraded = upgraded + excluded.upgraded,
            untouched = untouched + excluded.untouched",
    )?;
    for (method, parameters, change) in changes.sorted() {
        write.execute(params![method, parameters, change.records, change.upgraded, change.untouched])?;
    }
    Ok(())
}

/// Counts on the day at hand, in one of its columns.
pub(super) fn day(connection: &Connection, column: &'static str, count: i64) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO days (day, {column}) VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET {column} = {column} + ?2"
    );
    connection.prepare_cached(&sql)?.execute(params![now() / 86_400, count]).map(drop)
}

pub(super) fn note(
    connection: &Connection,
    event: Event,
    user: i64,
    from: Option<&str>,
    to: Option<&str>,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO audit (at, event, user_id, from_method, to_method) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![now(), event.as_str(), user, from, to]).map(drop)
}

const AUDIT: &str = "
SELECT a.id, a.at, a.event, a.user_id, a.from_method, a.to_method, i.name, a.records
FROM audit a LEFT JOIN imports i ON i.id = a.import_id
WHERE ?1 IS NULL OR a.user_id = ?1 ORDER BY a.id DESC LIMIT ?2";

/// What happened, the newest first.
pub(super) fn audit(connection: &Connection, user: Option<i64>, limit: u32) -> rusqlite::Result<Vec<AuditEntry>> {
    let mut statement = connection.prepare_cached(AUDIT)?;
    let rows = statement.query_map(params![user, limit], |row| {
        Ok(AuditEntry {
            id: row.get(0)?,
            at: row.get(1)?,
            event: row.get(2)?,
            user_id: row.get(3)?,
            from_method: row.get(4)?,
            to_method: row.get(5)?,
            import: row.get(6)?,
            records: row.get::<_, Option<i64>>(7)?.map(i64::unsigned_abs),
        })
    });
    rows.and_then(Iterator::collect)
}

/// The counters, as they are kept.
pub(super) fn counts(connection: &Connection) -> rusqlite::Result<Vec<MethodCount>> {
    let query = "SELECT method, parameters, records, upgraded, untouched FROM counters WHERE records > 0";
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map([], |row| {
        let (method, parameters) = (row.get(0)?, row.get(1)?);
        let [records, upgraded, untouched] = [number(row, 2)?, number(row, 3)?, number(row, 4)?];
        Ok(MethodCount { method, parameters, records, upgraded, untouched })
    });
    rows.and_then(Iterator::collect)
}

pub(super) fn days(connection: &Connection) -> rusqlite::Result<Vec<Day>> {
    let query = "SELECT day, imported, upgraded, changed FROM days ORDER BY day";
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map([], |row| {
        let [imported, upgraded, changed] = [number(row, 1)?, number(row, 2)?, number(row, 3)?];
        Ok(Day { day: row.get(0)?, imported, upgraded, changed })
    });
    rows.and_then(Iterator::collect)
}

/// A count, which the schema keeps from being negative.
fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}
