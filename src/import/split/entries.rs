//! LDIF's entries, with empty lines between them: those of users, and not of whatever else a directory holds.

use memchr::memchr_iter;

use super::{GiveUp, Span, Split, Step};

/// One entry after the other.
pub(super) struct Ldif {
    line: u64,
    is_skipping: bool,
    /// Whether there were entries of nobody.
    has_passed_over: bool,
}

impl Ldif {
    pub(super) const fn new() -> Self {
        Self { line: 1, is_skipping: false, has_passed_over: false }
    }
}

/// The end of the entry's last line, and where the next begins.
fn end_of_entry(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    memchr_iter(b'\n', &bytes[at..]).find_map(|newline| {
        let next = at + newline + 1;
        let blank = match &bytes[next..] {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return None,
        };
        Some((next - 1, next + blank))
    })
}

/// Whether an entry says of itself that it is nobody's: a container, a group, a server's settings. Directories are exported
/// whole, so that every export has some.
fn is_of_no_user(entry: &[u8]) -> bool {
    const NOBODYS: [&str; 26] = [
        "organization",
        "organizationalunit",
        "dcobject",
        "domain",
        "groupofnames",
        "groupofuniquenames",
        "posixgroup",
        "container",
        "country",
        "olcglobal",
        // Active Directory's.
        "group",
        "computer",
        "foreignsecurityprincipal",
        "trusteddomain",
        "builtindomain",
        "grouppolicycontainer",
        "msds-groupmanagedserviceaccount",
        "msds-managedserviceaccount",
        "printqueue",
        "volume",
        "contact",
        // Other groups, which may have an address for mail.
        "groupofurls",
        "groupofmembers",
        "mailgroup",
        "nismailalias",
        "nscontainer",
    ];
    const GROUPS: [&str; 9] = [
        "group",
        "computer",
        "groupofnames",
        "groupofuniquenames",
        "posixgroup",
        "groupofurls",
        "groupofmembers",
        "mailgroup",
        "nismailalias",
    ];
    const OF_A_USER: [&[u8]; 3] = [b"userpassword:", b"userpassword;", b"uid:"];
    let (mut is_nobodys, mut is_of_many, mut has_mail) = (false, false, false);
    for line in entry.split(|c| *c == b'\n') {
        let line = line.trim_ascii_end().to_ascii_lowercase();
        if OF_A_USER.iter().any(|name| line.starts_with(name)) {
            return false;
        }
        has_mail |= line.starts_with(b"mail:");
        let class = line.strip_prefix(b"objectclass:").map(<[u8]>::trim_ascii);
        is_nobodys |= class.is_some_and(|class| NOBODYS.iter().any(|name| name.as_bytes() == class));
        is_of_many |= class.is_some_and(|class| GROUPS.iter().any(|name| name.as_bytes() == class));
    }
    // A group may have an address, as a user has; none has a user's name or password.
    is_of_many || (is_nobodys && !has_mail)
}

impl Split for Ldif {
    fn step(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Result<Step, String> {
        let blank = bytes[at..].iter().take_while(|c| matches!(c, b'\n' | b'\r')).count();
        if blank > 0 {
            self.line += memchr_iter(b'\n', &bytes[at..at + blank]).count() as u64;
            return Ok(Step::Skip { next: at + blank });
        }
        let (end, next) = match end_of_entry(bytes, at) {
            Some(found) => found,
            None if is_end && at < bytes.len() => (bytes.len(), bytes.len()),
            None => return Ok(Step::More { keep: if self.is_skipping { bytes.len() } else { at } }),
        };
        let line = self.line;
        self.line += memchr_iter(b'\n', &bytes[at..next]).count() as u64;
        let end = at + bytes[at..end].trim_ascii_end().len();
        // Nothing but comments, or the version.
        let is_entry = bytes[at..end].split(|c| *c == b'\n').any(|line| {
            let is_of = |name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            // ldapsearch ends with the number of its search and how it went.
            let is_about = [&b"version:"[..], b"search:", b"result:"].iter().any(|name| is_of(name));
            !line.starts_with(b"#") && !line.starts_with(b" ") && !is_about
        });
        if std::mem::take(&mut self.is_skipping) || !is_entry || is_of_no_user(&bytes[at..end]) {
            self.has_passed_over |= is_entry;
            return Ok(Step::Skip { next });
        }
        Ok(Step::Record { span: Span { start: at, end, line, fault: None }, next })
    }

    fn why_nothing(&self) -> Option<String> {
        self.has_passed_over.then(|| "has no entry of a user: groups, machines and containers are none".to_owned())
    }

    fn give_up(&mut self, bytes: &[u8], _at: usize) -> GiveUp {
        self.is_skipping = true;
        GiveUp { line: self.line, next: bytes.len() }
    }

    fn line(&self) -> u64 {
        self.line
    }
}
