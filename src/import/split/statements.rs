//! The rows of SQL's `INSERT` into a users table.

use std::ops::Range;

use memchr::memchr_iter;

use super::{GiveUp, Span, Split, Step};
use crate::import::field::printable;
use crate::import::sql::{self, Comment, Head, Scanner};

/// How many other tables are named where there are no users.
const STRANGERS_MAX: usize = 5;

/// The rows that are inserted (by `INSERT` or `REPLACE`) into WordPress' table of users.
pub(super) struct Sql {
    line: u64,
    state: State,
    /// What is known of tables' columns: those of users, and those that are named like it.
    tables: Vec<(String, Vec<String>)>,
    /// The statement before its rows and their columns, as the first one has them.
    first: Option<(String, Vec<String>)>,
    /// The table of the first statement: rows of another are not the same users.
    table: Option<String>,
    /// Whether anything was inserted into a table at all, and into which.
    strangers: Vec<String>,
}

enum State {
    /// Where a statement may begin.
    Between,
    /// Within a statement of which nothing is wanted.
    Other(Scanner),
    /// Within the rows of a wanted one.
    Rows,
    /// Before the first row of one that says nothing of its columns: the statement and its table.
    Uncounted(String, String),
    /// Within a row that is too large.
    Large(Scanner),
}

/// The columns of a site's own table; a network of sites has two more.
const COLUMNS: [&str; 12] = [
    "ID",
    "user_login",
    "user_pass",
    "user_nicename",
    "user_email",
    "user_url",
    "user_registered",
    "user_activation_key",
    "user_status",
    "display_name",
    "spam",
    "deleted",
];
const SITE_COLUMNS: usize = 10;

/// The longest text between `INSERT` and the first row.
const STATEMENT_MAX: usize = 4096;

/// The longest `CREATE TABLE` whose columns are looked at, and how many are kept.
const CREATE_MAX: usize = 64 * 1024;
const TABLES_MAX: usize = 256;

fn is_named_users(table: &str) -> bool {
    table.to_ascii_lowercase().ends_with("users")
}

/// Whether columns are those of users who sign in. A table that is named like theirs may lack the passwords.
fn has_users(table: &str, columns: &[String]) -> bool {
    let has = |wanted: &str| columns.iter().any(|name| name == wanted);
    has("user_login") && (has("user_pass") || is_named_users(table))
}

impl Sql {
    pub(super) const fn new() -> Self {
        Self { line: 1, state: State::Between, tables: Vec::new(), first: None, table: None, strangers: Vec::new() }
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.line += memchr_iter(b'\n', bytes).count() as u64;
    }

    fn skip(&mut self, bytes: &[u8], at: usize, next: usize) -> Step {
        self.advance(&bytes[at..next]);
        Step::Skip { next }
    }

    /// Passes over white space, comments and these signs; `None` where something else stands.
    fn blank(&mut self, bytes: &[u8], at: usize, is_end: bool, signs: &[u8]) -> Option<Step> {
        let rest = &bytes[at..];
        let space = rest.iter().take_while(|c| c.is_ascii_whitespace() || signs.contains(c)).count();
        if space > 0 {
            return Some(self.skip(bytes, at, at + space));
        }
        match sql::comment(rest, is_end) {
            Comment::Whole(length) => Some(self.skip(bytes, at, at + length)),
            Comment::Begun => Some(Step::More { keep: at }),
            Comment::None if rest.is_empty() => Some(Step::More { keep: at }),
            Comment::None => None,
        }
    }

    fn between(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        if let Some(step) = self.blank(bytes, at, is_end, b";") {
            return Ok(step);
        }
        let rest = &bytes[at..];
        // A warning of the program that wrote the dump, in the same file.
        if rest.starts_with(b"mysqldump:") || rest.starts_with(b"mariadb-dump:") {
            let Some(length) = memchr::memchr(b'\n', rest) else {
                return Ok(if is_end { self.skip(bytes, at, bytes.len()) } else { Step::More { keep: at } });
            };
            return Ok(self.skip(bytes, at, at + length));
        }
        let is_create = rest.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"CREATE"));
        let most = if is_create { CREATE_MAX } else { STATEMENT_MAX };
        match sql::head(&rest[..rest.len().min(most)]) {
            Head::Unended if rest.len() < most && !is_end => return Ok(Step::More { keep: at }),
            Head::Create { table, columns } => self.learn(table, columns),
            Head::Insert { table, columns, rows } => {
                let rows = rows.map(|length| at + length);
                if let Some(step) = self.inserted(bytes, at..rows.unwrap_or(at), table, columns, is_end)? {
                    return Ok(step);
                }
            }
            Head::Unended | Head::Other => {}
        }
        self.state = State::Other(Scanner::default());
        Ok(Step::Skip { next: at })
    }

    fn learn(&mut self, table: String, columns: Vec<String>) {
        if (has_users(&table, &columns) || is_named_users(&table)) && self.tables.len() < TABLES_MAX {
            self.tables.retain(|(known, _)| *known != table);
            self.tables.push((table, columns));
        }
    }

    /// Looks at an INSERT, whose head is empty where no rows follow it; `None` where it is not into the users.
    fn inserted(
        &mut self,
        bytes: &[u8],
        head: Range<usize>,
        table: String,
        named: Option<Vec<String>>,
        is_end: bool,
    ) -> Result<Option<Step>, String> {
        let known = self.tables.iter().find(|(known, _)| *known == table).map(|(_, columns)| columns.clone());
        let columns = named.clone().or(known);
        let is_wanted = columns.as_deref().map_or(is_named_users(&table), |columns| has_users(&table, columns));
        if !is_wanted {
            if self.strangers.len() < STRANGERS_MAX && !self.strangers.contains(&table) {
                self.strangers.push(table);
            }
            return Ok(None);
        }
        if head.is_empty() {
            return Ok(Some(self.without_rows(bytes, head.start, is_end)));
        }
        let statement = String::from_utf8_lossy(&bytes[head.clone()]).into_owned();
        match columns {
            Some(columns) => {
                let says_all = named.is_some() || columns == COLUMNS[..SITE_COLUMNS];
                self.begin(&table, if says_all { statement } else { spelt_out(&table, &columns) }, columns)?;
            }
            None => self.state = State::Uncounted(statement, table),
        }
        Ok(Some(self.skip(bytes, head.start, head.end)))
    }

    /// `INSERT … SET` and `INSERT … SELECT` are not read, and not passed over in silence either.
    fn without_rows(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Step {
        let end = match sql::end(&bytes[at..], b';') {
            Some(length) => at + length,
            None if is_end => bytes.len(),
            None => return Step::More { keep: at },
        };
        let span = Span { start: at, end, line: self.line, fault: Some(crate::Code::Malformed) };
        self.advance(&bytes[at..end]);
        Step::Record { span, next: end }
    }

    /// The rows that follow have these columns.
    fn begin(&mut self, table: &str, statement: String, columns: Vec<String>) -> Result<(), String> {
        if let Some(known) = self.table.as_ref().filter(|known| *known != table) {
            let [known, table] = [known, table].map(|name| printable(name).into_owned());
            return Err(format!("has users in two tables, `{known}` and `{table}`; leave one of them in the file"));
        }
        self.table.get_or_insert_with(|| table.to_owned());
        if self.first.as_ref().is_some_and(|(_, known)| *known != columns) {
            return Err("has statements with other columns than the first; split the file".to_owned());
        }
        self.first.get_or_insert((statement, columns));
        self.state = State::Rows;
        Ok(())
    }

    /// Tells the columns of a table by how many its first row has, where nothing else says them. A site's own table is named after
    /// one prefix, and is read whatever its first row has: what does not fit is a problem of its row.
    fn count(&mut self, row: &[u8], statement: String, table: String) -> Result<(), String> {
        let columns = match sql::values(row) {
            12 => &COLUMNS[..],
            count if count == SITE_COLUMNS || table.matches('_').count() < 2 => &COLUMNS[..SITE_COLUMNS],
            _ => {
                self.state = State::Other(Scanner::default());
                return Ok(());
            }
        };
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let statement = if columns.len() == SITE_COLUMNS { statement } else { spelt_out(&table, &columns) };
        self.learn(table.clone(), columns.clone());
        self.begin(&table, statement, columns)
    }

    fn rows(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        if let Some(step) = self.blank(bytes, at, is_end, b",") {
            return Ok(step);
        }
        match &bytes[at..] {
            [b'(', ..] => {
                let (end, fault) = match sql::end(&bytes[at..], b')') {
                    Some(length) => (at + length, None),
                    None if is_end => (bytes.len(), Some(crate::Code::Malformed)),
                    None => return Ok(Step::More { keep: at }),
                };
                if let State::Uncounted(statement, table) = &self.state {
                    let (statement, table) = (statement.clone(), table.clone());
                    self.count(&bytes[at..end], statement, table)?;
                    return Ok(Step::Skip { next: at });
                }
                let span = Span { start: at, end, line: self.line, fault };
                self.advance(&bytes[at..end]);
                Ok(Step::Record { span, next: end })
            }
            [b';', ..] => {
                self.state = State::Between;
                Ok(Step::Skip { next: at + 1 })
            }
            // MySQL's `VALUES ROW(1,'ada'),ROW(…)`.
            word if word.len() < 4 && !is_end => Ok(Step::More { keep: at }),
            [b'R' | b'r', b'O' | b'o', b'W' | b'w', next, ..] if *next == b'(' || next.is_ascii_whitespace() => {
                Ok(Step::Skip { next: at + 3 })
            }
            // `ON DUPLICATE KEY …`, or another statement among rejected rows.
            _ => {
                self.state = State::Between;
                Ok(Step::Skip { next: at })
            }
        }
    }
}

/// A statement that names its columns, for rows that stand apart from what said them.
fn spelt_out(table: &str, columns: &[String]) -> String {
    format!("INSERT INTO `{table}` (`{}`) VALUES", columns.join("`,`"))
}

impl Split for Sql {
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        let (scanner, last, after) = match &mut self.state {
            State::Between => return self.between(bytes, at, is_end),
            State::Rows | State::Uncounted(..) => return self.rows(bytes, at, is_end),
            State::Other(scanner) => (scanner, b';', State::Between),
            State::Large(scanner) => (scanner, b')', State::Rows),
        };
        let end = bytes[at..].iter().position(|byte| scanner.next(*byte) && *byte == last && scanner.depth == 0);
        let next = match end {
            Some(end) => {
                self.state = after;
                at + end + 1
            }
            None if at == bytes.len() => return Ok(Step::More { keep: at }),
            None => bytes.len(),
        };
        Ok(self.skip(bytes, at, next))
    }

    fn give_up(&mut self, bytes: &[u8], at: usize) -> GiveUp {
        let line = self.line;
        let mut scanner = Scanner::default();
        for byte in &bytes[at..] {
            scanner.next(*byte);
        }
        self.advance(&bytes[at..]);
        self.state = match self.state {
            State::Rows => State::Large(scanner),
            _ => State::Other(scanner),
        };
        GiveUp { line, next: bytes.len() }
    }

    fn line(&self) -> u64 {
        self.line
    }

    fn why_nothing(&self) -> Option<String> {
        let tables = match &self.strangers[..] {
            [] => String::new(),
            names => {
                let names: Vec<_> = names.iter().map(|name| format!("`{}`", printable(name))).collect();
                format!("; it has rows of {}", names.join(", "))
            }
        };
        Some(format!("has no rows of a table with user_login and user_pass, as WordPress' users have{tables}"))
    }

    fn statement(&self) -> Option<(&str, &[String])> {
        self.first.as_ref().map(|(statement, columns)| (statement.as_str(), columns.as_slice()))
    }
}
