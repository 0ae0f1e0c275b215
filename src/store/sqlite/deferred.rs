//! The indexes of the identifiers, put off while an import fills an empty store: built once, when all records are there,
//! they cost half as much as when each of three million records is put into them, and no more in a larger table.
//!
//! Whether they are there is what the schema says, and nothing else. While they are not, every batch writes, with its
//! records, the hashes of their identifiers in order (the table `unindexed`), by which a user is found in a few reads. Only
//! the import itself adds identifiers then, and it knows all that there are; whoever else would add one builds the indexes
//! before that, and the import goes on with them.

use std::hash::Hasher as _;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use siphasher::sip::SipHasher13;

use crate::kernel::prints::{Fingerprints, Seen};
use crate::store::NewUser;
use crate::store::spelling::folded;

/// Columns by which a user is found, those that are looked at first before the others.
pub(super) const COLUMNS: [&str; 3] = ["username", "primary_email", "primary_phone"];

const COUNT_INDEXES: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name IN
('users_username', 'users_primary_email', 'users_primary_phone', 'users_username_folded', 'users_primary_email_folded')";

/// How many there are when none is missing.
const ALL_INDEXES: u32 = 5;

/// By which a username or an email is found however it is spelt: of those alone that have capitals, since the others are what they
/// are looked up by already.
pub(super) const BUILD_FOLDED: &str = "
CREATE INDEX IF NOT EXISTS users_username_folded ON users (lower(username)) WHERE username <> lower(username);
CREATE INDEX IF NOT EXISTS users_primary_email_folded ON users (lower(primary_email))
    WHERE primary_email <> lower(primary_email);
";

const BUILD: &str = "
CREATE UNIQUE INDEX IF NOT EXISTS users_username ON users (username) WHERE username IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS users_primary_email ON users (primary_email) WHERE primary_email IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS users_primary_phone ON users (primary_phone) WHERE primary_phone IS NOT NULL;";

const DROP: &str = "DROP INDEX users_username; DROP INDEX users_primary_email; DROP INDEX users_primary_phone;
DROP INDEX users_username_folded; DROP INDEX users_primary_email_folded;";

const KEY: &str = "SELECT value FROM secrets WHERE name = 'unindexed'";
const NEW_KEY: &str = "INSERT INTO secrets VALUES ('unindexed', randomblob(16))
ON CONFLICT DO UPDATE SET value = excluded.value";
const LAST_BATCH: &str = "SELECT coalesce(max(batch), 0) FROM unindexed";
const WRITE: &str = "INSERT INTO unindexed (batch, first, base, entries) VALUES (?1, ?2, ?3, ?4)";
const CHUNK: &str = "SELECT base, entries FROM unindexed WHERE batch = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1";

/// Page cache of an import that has indexes to keep up to date, in SQLite's notation: negative KiB.
pub(super) const BUILD_CACHE_KIB: i64 = -131_072;
/// The same while indexes are built, which sort in as much again, and in a file beyond it.
const SORT_CACHE_KIB: i64 = -32_768;
/// Page cache of one that only adds to the end of its tables.
pub(super) const APPEND_CACHE_KIB: i64 = -16_384;
/// Bytes of an entry: the upper half of an identifier's hash, and how far its user's id is from the first of the batch.
const ENTRY_BYTES: usize = 8;
/// Entries in a row of the table, so that four rows fill a page.
const CHUNK_ENTRIES: usize = 118;
/// More identifiers than an import keeps in mind: with some 300 MiB, it builds the indexes and goes on with them.
const IDENTIFIERS_MAX: usize = 32 << 20;

/// Whether every identifier has its index of its own, as in every version of the schema.
pub(super) fn is_unique(connection: &Connection) -> rusqlite::Result<bool> {
    let named = |column| format!("'users_{column}'");
    let count = format!(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name IN ({})",
        COLUMNS.map(named).join(", ")
    );
    Ok(connection.query_row(&count, [], |row| row.get::<_, u32>(0))? == 3)
}

/// Whether every identifier has its indexes.
pub(super) fn is_indexed(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(indexes(connection)? == ALL_INDEXES)
}

fn indexes(connection: &Connection) -> rusqlite::Result<u32> {
    connection.prepare_cached(COUNT_INDEXES)?.query_row([], |row| row.get::<_, u32>(0))
}

/// Builds the indexes that are missing. To be called in a transaction.
pub(super) fn build(connection: &Connection) -> rusqlite::Result<()> {
    // Sorting takes a thread of its own.
    connection.pragma_update(None, "threads", 1)?;
    let cache: i64 = connection.pragma_query_value(None, "cache_size", |row| row.get(0))?;
    connection.pragma_update(None, "cache_size", SORT_CACHE_KIB)?;
    let built = [BUILD, BUILD_FOLDED, "DELETE FROM unindexed"].iter().try_for_each(|sql| connection.execute_batch(sql));
    connection.pragma_update(None, "cache_size", cache)?;
    built
}

/// Begins a transaction that writes, in which every identifier has its index.
pub(super) fn begin_indexed(connection: &Connection) -> rusqlite::Result<()> {
    loop {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let begun = match is_indexed(connection) {
            Ok(true) => return Ok(()),
            Ok(false) => build(connection).and_then(|()| connection.execute_batch("COMMIT")),
            Err(error) => Err(error),
        };
        if let Err(error) = begun {
            // Fails only where SQLite has rolled back by itself, which is what is wanted.
            let _ = connection.execute_batch("ROLLBACK");
            return Err(error);
        }
    }
}

/// Builds the indexes if they are missing.
pub(super) fn build_missing(connection: &Connection) -> rusqlite::Result<()> {
    if is_indexed(connection)? {
        return Ok(());
    }
    begin_indexed(connection)?;
    connection.execute_batch("COMMIT")
}

/// How an identifier is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it is written.
    Written,
    /// With what has no capitals.
    Any,
}

impl Spelling {
    /// That a column is what the parameter says.
    fn is(self, column: &str, parameter: &str) -> String {
        match self {
            Self::Written => format!("{column} = {parameter}"),
            Self::Any => format!("lower({column}) = {parameter}"),
        }
    }
}

/// The ids of the users who have this identifier in one of the columns, in their order, each after the number of [`FIND`]'s place.
/// To be called in a transaction, in which the indexes were seen to be missing.
///
/// [`FIND`]: super::find
pub(super) fn holders(
    connection: &Connection,
    columns: &[&str],
    text: &str,
    spelling: Spelling,
) -> rusqlite::Result<Vec<(i64, i64)>> {
    let last: i64 = connection.query_row(LAST_BATCH, [], |row| row.get(0))?;
    // Where there are none, it was no import that took the indexes away.
    let prints = Prints::of_store(connection)?.filter(|_| last > 0);
    let mut chunk = connection.prepare_cached(CHUNK)?;
    let mut holders = Vec::new();
    for (number, column) in COLUMNS.iter().enumerate().filter(|(_, column)| columns.contains(column)) {
        let place = if spelling == Spelling::Written { 0 } else { 1 + i64::from(number > 0) };
        let Some(prints) = &prints else {
            let query = format!("SELECT id FROM users WHERE {} LIMIT 2", spelling.is(column, "?1"));
            let mut query = connection.prepare_cached(&query)?;
            let ids = query.query_map([text], |row| Ok((place, row.get(0)?)))?;
            holders.extend(ids.collect::<rusqlite::Result<Vec<_>>>()?);
            continue;
        };
        // Two identifiers may have one hash: the record says whose it is.
        let is_holder = format!("SELECT 1 FROM users WHERE id = ?1 AND {}", spelling.is(column, "?2"));
        let mut is_holder = connection.prepare_cached(&is_holder)?;
        let half = upper_half(prints.of(number, text));
        for batch in 1..=last {
            let read = |row: &Row<'_>| {
                let entries: &[u8] = row.get_ref(1)?.as_blob()?;
                Ok(ids_of(half, row.get(0)?, entries))
            };
            for id in chunk.query_row(params![batch, half], read).optional()?.unwrap_or_default() {
                if is_holder.exists(params![id, text])? {
                    holders.push((place, id));
                }
            }
        }
    }
    Ok(holders)
}

/// The ids in a row of the table that stand beside a hash.
fn ids_of(half: u32, base: i64, entries: &[u8]) -> Vec<i64> {
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let (entries, _) = entries.as_chunks::<ENTRY_BYTES>();
    let start = entries.partition_point(|entry| word(&entry[..4]) < half);
    let found = entries[start..].iter().take_while(|entry| word(&entry[..4]) == half);
    found.map(|entry| base + i64::from(word(&entry[4..]))).collect()
}

const fn upper_half(print: u64) -> u32 {
    (print >> 32) as u32
}

/// The hashes of identifiers under a key that is another one each time the indexes are put off.
#[derive(PartialEq, Eq)]
struct Prints([u8; 16]);

impl Prints {
    /// `None` where somebody took the key away, and none are found by their hashes any more.
    fn of_store(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let key: Option<Vec<u8>> = connection.prepare_cached(KEY)?.query_row([], |row| row.get(0)).optional()?;
        Ok(key.and_then(|key| key.try_into().ok()).map(Self))
    }

    fn of(&self, column: usize, text: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(&[u8::try_from(column).unwrap_or(u8::MAX)]);
        hasher.write(text.as_bytes());
        hasher.finish().max(1)
    }

    fn of_all(&self, identifiers: [Option<&str>; 3]) -> Fingerprints {
        std::array::from_fn(|column| identifiers[column].map_or(0, |text| self.of(column, text)))
    }

    /// Of what identifiers with capitals are without them.
    fn of_folded(&self, identifiers: [Option<&str>; 3]) -> Fingerprints {
        let has_capitals = |text: &&str| text.bytes().any(|byte| byte.is_ascii_uppercase());
        let print = |column, text| self.of(column, &folded(text));
        std::array::from_fn(|column| identifiers[column].filter(has_capitals).map_or(0, |text| print(column, text)))
    }
}

/// What an import keeps in mind while the indexes are put off.
pub(super) struct Deferral {
    prints: Option<Prints>,
    /// `None` where it is known that all are different.
    seen: Option<Seen>,
    identifiers: usize,
    /// The last batch of which it knows the identifiers.
    last: i64,
    has_begun: bool,
    /// Of the batch at hand: upper halves of hashes, and ids.
    entries: Vec<(u32, i64)>,
    /// Of the record at hand: as they are written, and without capitals.
    pending: [Fingerprints; 2],
}

impl std::fmt::Debug for Deferral {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deferral").field("identifiers", &self.identifiers).finish_non_exhaustive()
    }
}

impl Deferral {
    /// Where the records of the import are distinct, those of an earlier one that was ended early are not yet different from them.
    pub(super) fn new(are_distinct: bool) -> Self {
        Self {
            prints: None,
            seen: (!are_distinct).then(Seen::new),
            identifiers: 0,
            last: 0,
            has_begun: false,
            entries: Vec::new(),
            pending: [[0; 3]; 2],
        }
    }

    /// Whether the batch that begins may do without the indexes, which are gone then. To be called in its transaction.
    pub(super) fn begin_batch(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        let has_begun = std::mem::replace(&mut self.has_begun, true);
        let last = connection.prepare_cached(LAST_BATCH)?.query_row([], |row| row.get(0))?;
        let prints = Prints::of_store(connection)?;
        let is_key_same = prints.is_some() && prints == self.prints;
        match indexes(connection)? {
            // Nobody but this import has added a batch since its last one.
            0 if has_begun => Ok(last == self.last && is_key_same),
            // An import that was ended early left them so; without a batch of its own, it was somebody by hand.
            0 if !has_begun && last > 0 => {
                (self.last, self.prints) = (last, prints);
                self.load(connection)
            }
            // Who is there already would have to be looked up for every record.
            ALL_INDEXES
                if !has_begun
                    && connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))? =>
            {
                connection.execute(NEW_KEY, [])?;
                connection.execute_batch(DROP)?;
                self.prints = Prints::of_store(connection)?;
                Ok(self.prints.is_some())
            }
            _ => Ok(false),
        }
    }

    /// Takes the identifiers of all records that are there in mind. Whether that was possible.
    fn load(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        self.seen.get_or_insert_with(Seen::new);
        let mut users = connection.prepare("SELECT username, primary_email, primary_phone FROM users")?;
        let mut rows = users.query([])?;
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from);
            if !self.takes([text(0)?, text(1)?, text(2)?]) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps a record's identifiers in mind, unless somebody may have one of them, or there are too many.
    pub(super) fn takes_user(&mut self, new: &NewUser<'_>) -> bool {
        self.takes([new.username, new.primary_email, new.primary_phone])
    }

    fn takes(&mut self, identifiers: [Option<&str>; 3]) -> bool {
        let Some(prints) = &self.prints else { return false };
        self.pending = [prints.of_all(identifiers), prints.of_folded(identifiers)];
        let Some(seen) = &mut self.seen else { return true };
        let written = self.pending[0];
        self.identifiers += written.iter().filter(|print| **print != 0).count();
        self.identifiers <= IDENTIFIERS_MAX && seen.insert(written).is_ok()
    }

    /// The record that was taken last has this id.
    pub(super) fn has_id(&mut self, id: i64) {
        let prints = self.pending.iter().flatten().filter(|print| **print != 0);
        self.entries.extend(prints.map(|print| (upper_half(*print), id)));
    }

    /// Writes by what the batch's users are found, to be committed with them.
    pub(super) fn end_batch(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(base) = self.entries.iter().map(|(_, id)| *id).min() else { return Ok(()) };
        self.last += 1;
        self.entries.sort_unstable();
        let mut write = connection.prepare_cached(WRITE)?;
        let mut rest = &*self.entries;
        let mut bytes = Vec::new();
        while let Some((first, _)) = rest.first() {
            let mut end = rest.len().min(CHUNK_ENTRIES);
            // Those of one hash stay together.
            while end < rest.len() && rest[end].0 == rest[end - 1].0 {
                end += 1;
            }
            bytes.clear();
            for (half, id) in &rest[..end] {
                // A batch has far fewer records than that.
                let after = u32::try_from(id - base).unwrap_or(u32::MAX);
                bytes.extend_from_slice(&half.to_be_bytes());
                bytes.extend_from_slice(&after.to_be_bytes());
            }
            write.execute(params![self.last, first, base, bytes])?;
            rest = &rest[end..];
        }
        self.entries.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_beside_their_hash_and_nowhere_else() {
        let entries = [(3_u32, 0_u32), (7, 5), (7, 6), (u32::MAX, 9)];
        let bytes: Vec<u8> =
            entries.iter().flat_map(|(half, after)| [half.to_be_bytes(), after.to_be_bytes()].concat()).collect();
        assert_eq!(ids_of(3, 100, &bytes), [100]);
        assert_eq!(ids_of(7, 100, &bytes), [105, 106]);
        assert_eq!(ids_of(u32::MAX, 100, &bytes), [109]);
        assert!(ids_of(4, 100, &bytes).is_empty() && ids_of(0, 100, &[]).is_empty());
    }

    fn add(deferral: &mut Deferral, connection: &Connection, name: &str) -> bool {
        let takes = deferral.takes([Some(name), None, None]);
        if takes {
            connection.execute("INSERT INTO users (username, imported_at) VALUES (?1, 0)", [name]).expect("added");
            deferral.has_id(connection.last_insert_rowid());
        }
        takes
    }

    #[test]
    fn of_two_that_put_the_indexes_off_at_once_the_first_sees_that_there_is_another() {
        let mut connection = Connection::open_in_memory().expect("a database");
        super::super::schema::migrate(&mut connection).expect("a store");
        // The first knows that its own records differ, and the second that they do not differ from the first's.
        let [mut first, mut second] = [Deferral::new(true), Deferral::new(true)];
        for name in ["ada", "bob"] {
            assert!(first.begin_batch(&connection).expect("begun"));
            assert!(add(&mut first, &connection, name));
            first.end_batch(&connection).expect("written");
        }
        assert!(second.begin_batch(&connection).expect("begun"));
        assert!(!add(&mut second, &connection, "ada"), "the second knows who is there");
        assert!(add(&mut second, &connection, "carol"));
        second.end_batch(&connection).expect("written");
        for (name, id) in [("ada", Some(1)), ("bob", Some(2)), ("carol", Some(3)), ("dan", None)] {
            let found = holders(&connection, &COLUMNS, name, Spelling::Written).expect("readable");
            assert_eq!(found, id.map(|id| (0, id)).into_iter().collect::<Vec<_>>());
        }
        assert!(!first.begin_batch(&connection).expect("begun"), "the first does not know carol");
        assert!(second.begin_batch(&connection).expect("begun"));

        // All that was put off before is over, and who takes the indexes away by hand puts nothing off.
        build(&connection).expect("built");
        connection.execute_batch(DROP).expect("dropped");
        assert!(!Deferral::new(false).begin_batch(&connection).expect("begun"), "no hash leads to those who are there");
        build(&connection).expect("built");
        assert!(!second.begin_batch(&connection).expect("begun") && is_indexed(&connection).expect("readable"));
        connection.execute("DELETE FROM users", []).expect("deleted");
        let mut third = Deferral::new(false);
        assert!(third.begin_batch(&connection).expect("begun"));
        second.last = 0;
        assert!(!second.begin_batch(&connection).expect("begun"), "it is under another key");
    }
}
