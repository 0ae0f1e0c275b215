//! A table of the embedder's own as a [`Store`]: which table, which columns, and what else must hold of a row. The swap is the
//! same one atomic step that the stores of this crate make.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use super::{Found, MethodCount, OpenOptions, Store, StoreError, StoreErrorKind, StoreUrl, Swap, TaggedText};
use crate::{Code, Columns, Limits, Method, Policy, Replacement, StoredHash, Tag};

/// Which table holds the users, and how.
///
/// Names are those of the catalogue, without quotes; a table's schema stands before a dot. They are quoted where they are used,
/// so PostgreSQL looks for them in the case in which they are written.
///
/// ```
/// use rehash::store::Mapping;
///
/// let mapping = Mapping::new("accounts", "id", "password_hash")
///     .identifier("email")
///     .method_column("password_method")
///     .salt_column("password_salt")
///     .only_where("deleted_at IS NULL");
/// ```
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(crate) table: String,
    pub(crate) id: String,
    pub(crate) identifiers: Vec<String>,
    pub(crate) hash: String,
    pub(crate) method: Option<String>,
    pub(crate) method_otherwise: Option<Tag>,
    pub(crate) salt: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) only_where: Option<String>,
    pub(crate) is_unique_in_any_case: bool,
    pub(crate) argon2id_is_ours: bool,
}

impl Mapping {
    /// A table, the column that names a row (its primary key), and the column of the hashes.
    pub fn new(table: impl Into<String>, id: impl Into<String>, hash: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            id: id.into(),
            identifiers: Vec::new(),
            hash: hash.into(),
            method: None,
            method_otherwise: None,
            salt: None,
            user: None,
            only_where: None,
            is_unique_in_any_case: false,
            argon2id_is_ours: false,
        }
    }

    /// A column by which users sign in; call it again for another, which is looked at where the ones before name nobody. It is
    /// compared as the column compares: `citext` and `COLLATE NOCASE` columns ignore case. Each should have a unique index.
    #[must_use]
    pub fn identifier(mut self, column: impl Into<String>) -> Self {
        self.identifiers.push(column.into());
        self
    }

    /// The column of the method tags; it is set to `argon2id` with each upgrade. Without one, hashes name their method
    /// themselves, or are of [`Mapping::method_otherwise`].
    #[must_use]
    pub fn method_column(mut self, column: impl Into<String>) -> Self {
        self.method = Some(column.into());
        self
    }

    /// The method of hashes that neither a tag nor their text names. Where it means more by a text `$argon2id$…` than Argon2id of the
    /// password, as phpBB's and Lucia's do, such texts could be upgrades or not: it needs [`Mapping::method_column`], or
    /// [`Mapping::argon2id_is_ours`].
    #[must_use]
    pub fn method_otherwise(mut self, tag: Tag) -> Self {
        self.method_otherwise = Some(tag);
        self
    }

    /// The column of the salts: text as it is, or bytes. It is left as it is by an upgrade, since an Argon2id hash holds its own.
    #[must_use]
    pub fn salt_column(mut self, column: impl Into<String>) -> Self {
        self.salt = Some(column.into());
        self
    }

    /// The column of the user's name, where it went into the hash.
    #[must_use]
    pub fn user_column(mut self, column: impl Into<String>) -> Self {
        self.user = Some(column.into());
        self
    }

    /// A condition in SQL that rows must meet to be found and to be written: `deleted_at IS NULL`. It becomes part of the
    /// statements as it stands, so it must not come from anybody who is not trusted with the database.
    #[must_use]
    pub fn only_where(mut self, condition: impl Into<String>) -> Self {
        self.only_where = Some(condition.into());
        self
    }

    /// No two users have identifiers that differ in nothing but capitals or blanks at the end. Where that is so, a service forgives a user's
    /// wrong guesses with the right one ([`Found::is_only_match`]); where it is not known, it forgives none, and who mistypes now and then
    /// is locked for a while in the end.
    #[must_use]
    pub const fn unique_in_any_case(mut self) -> Self {
        self.is_unique_in_any_case = true;
        self
    }

    /// Every text `$argon2id$…` without a tag is an upgrade: the table had none of its own before. Then [`Mapping::method_otherwise`] may be a
    /// method that reads such texts otherwise, and other texts too, as phpBB's does.
    #[must_use]
    pub const fn argon2id_is_ours(mut self) -> Self {
        self.argon2id_is_ours = true;
        self
    }

    /// The condition, to stand after another.
    pub(crate) fn and_where(&self) -> String {
        self.only_where.as_ref().map_or_else(String::new, |condition| format!(" AND ({condition})"))
    }

    /// Every column that is named.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let one = [&self.id, &self.hash].into_iter().chain(&self.identifiers);
        one.chain([&self.method, &self.salt, &self.user].into_iter().flatten()).map(String::as_str)
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.identifiers.is_empty() {
            return Err(unusable("it names no column by which users sign in"));
        }
        if self.method.is_none()
            && !self.argon2id_is_ours
            && let Some(tag) = self.method_otherwise.as_ref().filter(|tag| is_more_than_argon2id(tag))
        {
            return Err(unusable(&format!(
                "rows of `{tag}` that begin with $argon2id$ cannot be told from upgraded ones: it needs a column of tags, which an upgrade \
                 sets, or argon2id_is_ours where no such row was there before"
            )));
        }
        Ok(())
    }

    /// The tag and the text of a row. What stands in other columns goes into the text, in the self-describing form; where the two
    /// cannot be read together, what is wrong goes along.
    fn tagged(&self, row: Row, limits: &Limits) -> Option<(TaggedText, Option<Code>)> {
        let text = row.hash?;
        let named = StoredHash::method_named_by(&text).map(|method| method.as_str().to_owned());
        // Without a tag of its own, an Argon2id hash is an upgrade of ours; where there is a column for it, an upgrade has a tag.
        let is_argon2id = named.as_deref() == Some(Method::Argon2id.as_str());
        let is_others = || {
            let has_column = self.method.is_some() && !self.argon2id_is_ours;
            has_column && self.method_otherwise.as_ref().is_some_and(is_more_than_argon2id)
        };
        let is_upgraded = is_argon2id && !(row.method.as_deref().is_none_or(str::is_empty) && is_others());
        let says_itself = is_upgraded || StoredHash::is_self_describing(&text);
        let otherwise = self.method_otherwise.as_ref().filter(|_| !says_itself).map(Tag::to_string);
        let method = row.method.filter(|method| !method.is_empty()).or(otherwise).or(named).unwrap_or_default();
        let tag = method.parse::<Tag>().ok();
        // An upgraded row may have its old salt beside it.
        let is_plain = is_upgraded && method.parse::<Method>() == Ok(Method::Argon2id);
        let salt = row.salt.as_deref().filter(|salt| !salt.is_empty() && !is_plain);
        let user = row.user.as_deref().filter(|_| !is_plain);
        // Rows of one table need not all use what its columns have.
        let mut wrong = None;
        let mut parse = |(salt, user)| {
            let columns = Columns { salt, user, ..Columns::default() };
            let parsed = StoredHash::parse_tagged(tag.as_ref()?, &text, &columns, limits);
            parsed.map_err(|error| wrong.get_or_insert(error.code()).as_str()).ok()
        };
        let beside = [(salt, user), (salt, None), (None, user)];
        let parsed = beside.into_iter().filter(|(salt, user)| salt.is_some() || user.is_some()).find_map(&mut parse);
        Some(match parsed {
            Some(stored) => (TaggedText { method: stored.tag().to_owned(), text: stored.self_describing() }, None),
            // It stands alone, or the sign-in says what is wrong with it.
            None => (TaggedText { method, text }, wrong),
        })
    }

    /// What is written of a new hash.
    pub(crate) fn text_of<'h>(&self, new: &'h StoredHash) -> Cow<'h, str> {
        if self.method.is_some() { new.kept_text() } else { new.self_describing().into() }
    }

    pub(crate) fn found(&self, key: Key, row: Row, limits: &Limits) -> Found<MappedId> {
        let held = row.hash.clone();
        let password = self.tagged(row, limits).map(|(tagged, _)| tagged);
        Found { is_only_match: self.is_unique_in_any_case, ..Found::new(MappedId { key, held }, password) }
    }
}

/// `"schema"."table"`, as both databases quote.
pub(crate) fn quoted(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
    parts.join(".")
}

/// Whether an Argon2id text under this tag is another's than Argon2id of the password, as all are that an upgrade writes.
fn is_more_than_argon2id(tag: &Tag) -> bool {
    let text = format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", "A".repeat(22), "A".repeat(43));
    let sides = [None, Some(&b"x"[..])];
    let columns = sides
        .iter()
        .flat_map(|salt| sides.iter().map(|user| Columns { salt: *salt, user: *user, ..Columns::default() }));
    let read =
        columns.filter_map(|columns| StoredHash::parse_tagged(tag, &text, &columns, &Limits::default()).ok()).next();
    read.is_some_and(|stored| stored.method() != Method::Argon2id)
}

pub(crate) fn unusable(why: &str) -> StoreError {
    StoreError::new(StoreErrorKind::BadUrl, format!("the mapping cannot be used: {why}"))
}

/// What a row holds, as it stands.
pub(crate) struct Row {
    pub(crate) hash: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) salt: Option<Vec<u8>>,
    pub(crate) user: Option<Vec<u8>>,
}

/// The method under which rows are counted that no sign-in can read; the parameters are then the problem's code.
pub const UNREADABLE: &str = "unreadable";

/// How many rows there are of each method and parameters.
pub(crate) struct Counts<'m> {
    mapping: &'m Mapping,
    limits: &'m Limits,
    records: HashMap<(String, String), u64>,
}

impl<'m> Counts<'m> {
    pub(crate) fn of(mapping: &'m Mapping, limits: &'m Limits) -> Self {
        Self { mapping, limits, records: HashMap::new() }
    }

    pub(crate) fn add(&mut self, row: Row) {
        let kind = match self.mapping.tagged(row, self.limits) {
            None => (String::new(), String::new()),
            Some((tagged, wrong)) => self.kind(&tagged).unwrap_or_else(|alone| {
                let code = wrong.unwrap_or(alone);
                (UNREADABLE.to_owned(), code.as_str().to_owned())
            }),
        };
        *self.records.entry(kind).or_default() += 1;
    }

    /// The method and the parameters, or what is wrong.
    fn kind(&self, tagged: &TaggedText) -> Result<(String, String), Code> {
        let stored = tagged.parse(self.limits).map_err(|broken| broken.code())?;
        Ok((stored.method().to_string(), stored.parameters()))
    }

    pub(crate) fn finish(self) -> Vec<MethodCount> {
        let counted = self.records.into_iter();
        let count = |((method, parameters), records): ((String, String), u64)| {
            // Whether one was imported, nobody has kept.
            let untouched = if method.is_empty() { 0 } else { records };
            MethodCount { untouched, ..MethodCount::new(method, parameters, records, 0) }
        };
        counted.map(count).collect()
    }
}

/// A row of a mapped table, and the hash that it held when it was read, if any: what is written is written only where it still does.
/// Prints its key: a number or a text as it is, bytes in hex.
#[derive(Clone, PartialEq, Eq)]
pub struct MappedId {
    pub(crate) key: Key,
    pub(crate) held: Option<String>,
}

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "PostgreSQL's keys are texts, whatever their type"))]
    Integer(i64),
    Text(String),
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "as above"))]
    Bytes(Vec<u8>),
}

impl fmt::Display for MappedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Key::Integer(key) => key.fmt(f),
            Key::Text(key) => key.fmt(f),
            Key::Bytes(key) => key.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

/// Not the hash.
impl fmt::Debug for MappedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MappedId").field(&self.key).finish()
    }
}

/// A mapped table. Threads share it.
#[derive(Debug)]
pub struct Mapped(Engine);

#[derive(Debug)]
enum Engine {
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::Mapped),
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::Mapped),
}

impl Mapped {
    /// Opens the table in the database that a URL names, as [`super::open`] takes it, and checks that it has every column, that
    /// the columns may be read and written, and that the new hashes of `policy` fit: with a write to one row that is rolled back,
    /// unless the options say that nothing is to be written. Makes and changes no table.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; of kind [`StoreErrorKind::BadUrl`] where the mapping does not fit the table.
    pub fn open(url: &str, mapping: Mapping, policy: &Policy, options: &OpenOptions) -> Result<Self, StoreError> {
        mapping.check()?;
        match StoreUrl::parse(url)? {
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres { url } => {
                Ok(Self(Engine::Postgres(super::postgres::Mapped::open(url, mapping, policy, options)?)))
            }
            #[cfg(feature = "sqlite")]
            StoreUrl::Sqlite { path, is_read_only } => {
                let options = options.clone().read_only(is_read_only || options.is_read_only);
                Ok(Self(Engine::Sqlite(super::sqlite::Mapped::open(path, mapping, policy, &options)?)))
            }
            #[allow(unreachable_patterns, reason = "which are built in is a matter of features")]
            _ => Err(StoreError::new(StoreErrorKind::BadUrl, "this kind of database is not built in")),
        }
    }
}

impl Mapped {
    /// How many rows there are of each method and parameters, in no particular order; those that no sign-in can read under
    /// [`UNREADABLE`]. Reads every row: a million take two seconds of processor time.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        match &self.0 {
            #[cfg(feature = "postgres")]
            Engine::Postgres(mapped) => mapped.counts(),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(mapped) => mapped.counts(),
        }
    }

    /// The row of a key as [`MappedId`] prints it: for whoever is signed in, and is known by their key.
    ///
    /// # Errors
    ///
    /// [`StoreError`], also where the key is of another type than the column.
    pub fn find_by_key(&self, key: &str) -> Result<Option<Found<MappedId>>, StoreError> {
        match &self.0 {
            #[cfg(feature = "postgres")]
            Engine::Postgres(mapped) => mapped.find_by_key(key),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(mapped) => mapped.find_by_key(key),
        }
    }

    /// Sets a password, if the row still holds what it held when it was found, a hash or none: a reset, or the first password of a user
    /// without one. An upgrade that is on its way then finds the row changed. After a sign-in find the row anew: its upgrade was written.
    /// For a change by who knows the old password there is [`crate::sign_in::change_password`].
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn change_password(&self, id: &MappedId, hash: &StoredHash) -> Result<Swap, StoreError> {
        match &self.0 {
            #[cfg(feature = "postgres")]
            Engine::Postgres(mapped) => mapped.replace(id, hash),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(mapped) => mapped.replace(id, hash),
        }
    }
}

impl Store for Mapped {
    type Id = MappedId;

    fn find(&self, identifier: &str) -> Result<Option<Found<MappedId>>, StoreError> {
        match &self.0 {
            #[cfg(feature = "postgres")]
            Engine::Postgres(mapped) => mapped.find(identifier),
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(mapped) => mapped.find(identifier),
        }
    }

    fn replace(&self, id: &MappedId, replacement: &Replacement) -> Result<Swap, StoreError> {
        self.change_password(id, replacement.new_hash())
    }
}
