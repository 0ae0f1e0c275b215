//! What the reader of a dump must know of SQL: where quotes and comments are, which table a statement is about, and what its
//! columns are. It knows MySQL's dialect, and no more of it than dumps and hands write.

use std::borrow::Cow;

/// Goes through SQL byte by byte.
#[derive(Clone, Copy, Default)]
pub(super) struct Scanner {
    within: Within,
    /// Brackets that are open.
    pub(super) depth: u32,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Code,
    /// After one `-`, after two, after `/`: a comment may follow.
    Dash,
    Dashes,
    Slash,
    Quotes(u8),
    Escape(u8),
    Line,
    Block,
    /// After a `*` that may end it.
    BlockEnd,
}

impl Scanner {
    /// Takes a byte; whether it stands outside of quotes and comments.
    pub(super) fn next(&mut self, byte: u8) -> bool {
        use Within as W;
        self.within = match (self.within, byte) {
            (W::Escape(open), _) => W::Quotes(open),
            (W::Quotes(open @ (b'\'' | b'"')), b'\\') => W::Escape(open),
            // A doubled quote closes and opens again.
            (W::Quotes(open), byte) if open == byte => W::Code,
            (W::Line | W::Dashes, b'\n') | (W::BlockEnd, b'/') => W::Code,
            (W::Dashes, byte) if byte.is_ascii_whitespace() => W::Line,
            (W::Block | W::BlockEnd, b'*') => W::BlockEnd,
            (W::BlockEnd, _) => W::Block,
            (same @ (W::Quotes(_) | W::Line | W::Block), _) => same,
            (W::Dash, b'-') => W::Dashes,
            (W::Slash, b'*') => W::Block,
            (_, b'\'' | b'"' | b'`') => W::Quotes(byte),
            (_, b'#') => W::Line,
            (_, b'-') => W::Dash,
            (_, b'/') => W::Slash,
            _ => W::Code,
        };
        if self.is_code() {
            self.depth += u32::from(byte == b'(');
            self.depth = self.depth.saturating_sub(u32::from(byte == b')'));
        }
        self.is_code()
    }

    const fn is_code(self) -> bool {
        matches!(self.within, Within::Code | Within::Dash | Within::Dashes | Within::Slash)
    }
}

/// The comment that bytes begin with.
pub(super) enum Comment {
    None,
    /// So long, its line end with it.
    Whole(usize),
    /// Its end is not there yet.
    Begun,
}

pub(super) fn comment(bytes: &[u8], is_end: bool) -> Comment {
    let (from, mark): (usize, &[u8]) = match bytes {
        [b'#', ..] => (1, b"\n"),
        // `5--3` is a sum.
        [b'-', b'-', next, ..] if next.is_ascii_whitespace() => (2, b"\n"),
        [b'-', b'-'] if is_end => (2, b"\n"),
        [b'/', b'*', ..] => (2, b"*/"),
        [b'-', b'-'] | [b'-'] | [b'/'] if !is_end => return Comment::Begun,
        _ => return Comment::None,
    };
    match bytes[from..].windows(mark.len()).position(|window| window == mark) {
        Some(end) => Comment::Whole(from + end + mark.len()),
        None if is_end => Comment::Whole(bytes.len()),
        None => Comment::Begun,
    }
}

/// A row or a statement with a blank in the place of each comment.
pub(super) fn without_comments(text: &str) -> Cow<'_, str> {
    if !["/*", "--", "#"].iter().any(|mark| text.contains(mark)) {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut scanner) = (String::with_capacity(text.len()), Scanner::default());
    let (mut from, mut at) = (0, 0);
    while let Some(byte) = text.as_bytes().get(at) {
        if scanner.is_code()
            && let Comment::Whole(length) = comment(&text.as_bytes()[at..], true)
        {
            kept.push_str(&text[from..at]);
            kept.push(' ');
            at += length;
            from = at;
            scanner = Scanner::default();
            continue;
        }
        scanner.next(*byte);
        at += 1;
    }
    kept.push_str(&text[from..]);
    Cow::Owned(kept)
}

/// The length of what `byte` ends outside of quotes, comments and brackets, with it.
pub(super) fn end(bytes: &[u8], byte: u8) -> Option<usize> {
    let mut scanner = Scanner::default();
    let place = bytes.iter().position(|c| scanner.next(*c) && *c == byte && scanner.depth == 0);
    place.map(|place| place + 1)
}

/// How many values a row has: `(1,'a',NULL)` has three.
pub(super) fn values(row: &[u8]) -> usize {
    let mut scanner = Scanner::default();
    1 + row.iter().filter(|c| scanner.next(**c) && **c == b',' && scanner.depth == 1).count()
}

/// A statement's head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// `INSERT INTO table (columns) VALUES`; the rows begin after so many bytes, or there are none: `INSERT … SET`, `… SELECT`.
    Insert { table: String, columns: Option<Vec<String>>, rows: Option<usize> },
    /// `CREATE TABLE table (columns)`.
    Create { table: String, columns: Vec<String> },
    /// Any other, or one that is broken.
    Other,
    /// It goes on beyond the bytes.
    Unended,
}

/// Reads the head of a statement, as far as it goes.
pub(super) fn head(bytes: &[u8]) -> Head {
    let mut tokens = Tokens { bytes, at: 0 };
    let first = tokens.next();
    match &first {
        Token::Word(word) if is_one_of(word, &["INSERT", "REPLACE"]) => insert(&mut tokens),
        Token::Word(word) if is_one_of(word, &["CREATE"]) => create(&mut tokens),
        Token::End => Head::Unended,
        _ => Head::Other,
    }
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn insert(tokens: &mut Tokens<'_>) -> Head {
    const BEFORE: [&str; 5] = ["INTO", "IGNORE", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"];
    let mut token = tokens.next();
    while matches!(&token, Token::Word(word) if is_one_of(word, &BEFORE)) {
        token = tokens.next();
    }
    let Some((table, mut token)) = tokens.table(token) else { return tokens.unended() };
    let mut columns = None;
    if token == Token::Sign(b'(') {
        let mut names = Vec::new();
        loop {
            match (tokens.next().into_name(), tokens.next()) {
                (Some(name), Token::Sign(b',')) => names.push(name),
                (Some(name), Token::Sign(b')')) => {
                    names.push(name);
                    break;
                }
                _ => return tokens.unended(),
            }
        }
        columns = Some(names);
        token = tokens.next();
    }
    match token {
        Token::Word(word) if is_one_of(&word, &["VALUES", "VALUE"]) => {
            Head::Insert { table, columns, rows: Some(tokens.at) }
        }
        Token::End => Head::Unended,
        _ => Head::Insert { table, columns, rows: None },
    }
}

fn create(tokens: &mut Tokens<'_>) -> Head {
    const BEFORE: [&str; 6] = ["OR", "REPLACE", "TEMPORARY", "IF", "NOT", "EXISTS"];
    const NO_COLUMNS: [&str; 9] =
        ["PRIMARY", "KEY", "UNIQUE", "INDEX", "FULLTEXT", "SPATIAL", "CONSTRAINT", "FOREIGN", "CHECK"];
    let mut is_table = false;
    let mut token = tokens.next();
    while let Token::Word(word) = &token {
        if is_one_of(word, &["TABLE"]) {
            is_table = true;
        } else if !is_one_of(word, &BEFORE) {
            break;
        }
        token = tokens.next();
    }
    if !is_table {
        return if token == Token::End { Head::Unended } else { Head::Other };
    }
    let Some((table, Token::Sign(b'('))) = tokens.table(token) else { return tokens.unended() };
    let mut columns = Vec::new();
    loop {
        let first = tokens.next();
        let is_key = matches!(&first, Token::Word(word) if is_one_of(word, &NO_COLUMNS));
        match first.into_name() {
            Some(name) if !is_key => columns.push(name),
            Some(_) => {}
            None => return tokens.unended(),
        }
        let mut depth = 0;
        loop {
            match tokens.next() {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') if depth == 0 => return Head::Create { table, columns },
                Token::Sign(b')') => depth -= 1,
                Token::Sign(b',') if depth == 0 => break,
                Token::Sign(b';') => return Head::Other,
                Token::End => return Head::Unended,
                _ => {}
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// In quotes.
    Name(String),
    Sign(u8),
    /// The bytes end here, or within the token.
    End,
}

impl Token {
    fn into_name(self) -> Option<String> {
        match self {
            Self::Name(name) | Self::Word(name) => Some(name),
            Self::Sign(_) | Self::End => None,
        }
    }
}

struct Tokens<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Tokens<'_> {
    fn next(&mut self) -> Token {
        let token = self.whole();
        if token == Token::End {
            self.at = self.bytes.len();
        }
        token
    }

    fn whole(&mut self) -> Token {
        let rest = loop {
            let rest = &self.bytes[self.at..];
            let space = rest.iter().take_while(|c| c.is_ascii_whitespace()).count();
            self.at += space;
            match comment(&rest[space..], false) {
                Comment::Whole(length) => self.at += length,
                Comment::Begun => return Token::End,
                Comment::None => break &self.bytes[self.at..],
            }
        };
        let is_of_word = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$' | b'@') || !c.is_ascii();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match rest {
            [] => Token::End,
            [quote @ (b'`' | b'"' | b'\''), quoted @ ..] => {
                let Some(length) = quoted.iter().position(|c| c == quote) else { return Token::End };
                self.at += length + 2;
                Token::Name(text(&quoted[..length]))
            }
            [first, ..] if is_of_word(first) => {
                let length = rest.iter().take_while(|c| is_of_word(c)).count();
                if length == rest.len() {
                    return Token::End;
                }
                self.at += length;
                Token::Word(text(&rest[..length]))
            }
            [sign, ..] => {
                self.at += 1;
                Token::Sign(*sign)
            }
        }
    }

    /// A table's name without its schema's, of which `first` is the first part, and what follows it.
    fn table(&mut self, first: Token) -> Option<(String, Token)> {
        let mut name = first.into_name()?;
        loop {
            match self.next() {
                Token::Sign(b'.') => name = self.next().into_name()?,
                Token::End => return None,
                token => return Some((name, token)),
            }
        }
    }

    /// What is not what was expected: broken, unless it is the end of the bytes.
    fn unended(&self) -> Head {
        if self.at >= self.bytes.len() { Head::Unended } else { Head::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn quotes_and_comments_hide_signs() {
        for text in ["('a;)' /* ; */, \"b;\" -- ;\n, `c;` # ;\n, 1)", "(1, '\\';' , ';''')", "(1 /* it's * / */)"] {
            assert_eq!(end(format!("{text};x").as_bytes(), b';'), Some(text.len() + 1), "{text}");
        }
        assert_eq!(end(b"(5--3);", b';'), Some(7));
        assert_eq!(values(b"(1, 'a,b', f(2,3) /* , */, NULL)"), 4);
        assert_eq!(without_comments("(1, -- it's\n 'a--b', /* x */ '#')"), "(1,   'a--b',   '#')");
    }

    fn insert(text: &str) -> (String, Option<Vec<String>>, Option<&str>) {
        match head(text.as_bytes()) {
            Head::Insert { table, columns, rows } => (table, columns, rows.map(|rows| &text[rows..])),
            other => (format!("{other:?}"), None, None),
        }
    }

    #[test]
    fn heads() {
        let plain = "INSERT INTO `wp_users` VALUES (1)";
        assert_eq!(insert(plain), ("wp_users".to_owned(), None, Some(" (1)")));
        let named = "replace into shop.\"wp_users\" /* VALUES */ (`ID`, user_login) -- it's\nvalues (1)";
        assert_eq!(insert(named), ("wp_users".to_owned(), Some(columns(&["ID", "user_login"])), Some(" (1)")));
        assert_eq!(insert("INSERT INTO users SET a=1;").2, None);
        assert_eq!(insert("INSERT INTO users SELECT 1;").0, "users");
        assert_eq!(head(b"INSERT INTO users VAL"), Head::Unended);
        assert_eq!(head(b"LOCK TABLES x WRITE;"), Head::Other);
        let create = "CREATE TABLE IF NOT EXISTS `wp_users` (\n `ID` bigint(20) unsigned NOT NULL, -- it's\n user_login varchar(60) \
            DEFAULT 'a,)', PRIMARY KEY (`ID`), KEY `k` (`user_login`(10))\n) ENGINE=InnoDB;";
        let expected = Head::Create { table: "wp_users".to_owned(), columns: columns(&["ID", "user_login"]) };
        assert_eq!(head(create.as_bytes()), expected);
        assert_eq!(head(&create.as_bytes()[..60]), Head::Unended);
        assert_eq!(head(b"CREATE VIEW v AS SELECT 1;"), Head::Other);
    }
}
