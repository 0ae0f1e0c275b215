//! How a vendor's export is laid out, told from the vendor and the first bytes: which array of which object holds the users,
//! whether rows have a header, what stands before them.

use super::super::source::Format;
use super::{Object, Vendor};

/// How to find the records.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Layout {
    /// In an array that is the whole input, or in lines, or in rows: as any input.
    Plain(Format),
    /// In arrays under this name, within so many others, or within any number of them.
    Nested { name: &'static str, depth: Option<usize> },
    /// Objects one after the other, on several lines each.
    Objects,
    /// Rows without a header line.
    Headless,
}

/// The array that holds the users, where an object is around it, and how deep it stands, unless that may be anywhere.
const fn container(vendor: Vendor) -> Option<(&'static str, Option<usize>)> {
    match vendor {
        Vendor::Firebase | Vendor::Keycloak | Vendor::Fusionauth | Vendor::Supabase | Vendor::Auth0 => {
            Some(("users", Some(1)))
        }
        Vendor::Kratos => Some(("identities", Some(1))),
        Vendor::Zitadel => Some(("humanUsers", None)),
        Vendor::Cognito => Some(("Users", Some(1))),
        Vendor::Clerk | Vendor::Workos | Vendor::Logto => Some(("data", Some(1))),
        _ => None,
    }
}

/// The layout, by the first bytes. `Err` says what is expected.
pub(in super::super) fn layout(vendor: Vendor, head: &[u8]) -> Result<Layout, String> {
    let first = head.iter().find(|c| !c.is_ascii_whitespace());
    let is_json = matches!(first, Some(b'{' | b'['));
    let expected = |what: &str| Err(format!("is not {what}, which an export of {vendor} is"));
    match vendor {
        Vendor::Shadow | Vendor::Htpasswd if is_json => return expected("lines of NAME:HASH"),
        Vendor::Shadow | Vendor::Htpasswd => return Ok(Layout::Plain(Format::Lines)),
        Vendor::Ldif if is_json => return expected("LDIF"),
        Vendor::Ldif => return Ok(Layout::Plain(Format::Ldif)),
        Vendor::Wordpress if is_sql(head) => {
            return other_dialect(head).map_or(Ok(Layout::Plain(Format::Sql)), |database| {
                let why = "whose texts are written otherwise than MySQL's; read the database itself with --source";
                Err(format!("is a dump of {database}, {why} and --source-preset wordpress"))
            });
        }
        _ => {}
    }
    match first {
        None => Err("is empty: there are no records in it".to_owned()),
        // All realms at once.
        Some(b'[') if vendor == Vendor::Keycloak && is_of_realms(head) => {
            Ok(Layout::Nested { name: "users", depth: Some(2) })
        }
        Some(b'[') => Ok(Layout::Plain(Format::Json)),
        Some(b'{') => Ok(object_layout(vendor, head)),
        Some(_) => match vendor {
            Vendor::Firebase => Ok(Layout::Headless),
            Vendor::Auth0
            | Vendor::Keycloak
            | Vendor::Kratos
            | Vendor::Django
            | Vendor::Fusionauth
            | Vendor::Zitadel => expected("JSON"),
            _ => Ok(Layout::Plain(Format::Csv)),
        },
    }
}

/// Whose dump it is, where a backslash in a text stands for itself.
fn other_dialect(head: &[u8]) -> Option<&'static str> {
    // What is said of the whole stands first; further down it can be somebody's text.
    let beginning = &head[..head.len().min(1024)];
    let says = |mark: &[u8]| memchr::memmem::find(beginning, mark).is_some();
    if head.trim_ascii_start().starts_with(b"PRAGMA ") {
        Some("SQLite")
    } else {
        (says(b"-- PostgreSQL database dump") || says(b"SET standard_conforming_strings = on;")).then_some("PostgreSQL")
    }
}

fn is_sql(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    let starts = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    const WORDS: [&[u8]; 16] = [
        b"--",
        b"/*",
        b"# ",
        b"INSERT ",
        b"REPLACE ",
        b"CREATE ",
        b"DROP ",
        b"ALTER ",
        b"SET ",
        b"LOCK ",
        b"START ",
        b"BEGIN",
        b"USE ",
        b"PRAGMA ",
        // Its warnings, where they were written to the same file.
        b"mysqldump:",
        b"mariadb-dump:",
    ];
    WORDS.iter().any(|w| starts(w))
}

/// An input that begins with an object: is it one that holds the users, or a user?
fn object_layout(vendor: Vendor, head: &[u8]) -> Layout {
    let mut end = None;
    let mut scan = Keys::default();
    for (at, byte) in head.iter().enumerate() {
        let found = scan.next(*byte);
        if let (Some((name, depth)), Event::Array(at)) = (container(vendor), found)
            && scan.key == name.as_bytes()
            && depth.is_none_or(|depth| depth == at)
        {
            return Layout::Nested { name, depth };
        }
        if found == Event::End {
            end = Some(at);
            break;
        }
    }
    match (container(vendor), end) {
        // One object on several lines, whose end is not in sight.
        (Some((name, depth)), None) if head.contains(&b'\n') => Layout::Nested { name, depth },
        (_, Some(end)) if head[..end].contains(&b'\n') => Layout::Objects,
        (None, None) if head.contains(&b'\n') => Layout::Objects,
        _ => Layout::Plain(Format::Ndjson),
    }
}

/// Whether the first object of an array is a realm: no user has a realm, or users of its own.
fn is_of_realms(head: &[u8]) -> bool {
    let mut scan = Keys::default();
    for byte in head {
        let was_within = scan.depth == 2;
        scan.next(*byte);
        if was_within && scan.depth == 2 && *byte == b':' && [&b"realm"[..], b"users"].contains(&&*scan.key) {
            return true;
        }
        if was_within && scan.depth < 2 {
            return false;
        }
    }
    false
}

/// What the object around FusionAuth's users says for all of them: what stands before the array.
pub(in super::super) fn defaults(head: &[u8]) -> (Option<String>, Option<u64>) {
    let mut scan = Keys::default();
    let end = head.iter().position(|byte| matches!(scan.next(*byte), Event::Array(1)));
    let text = end.and_then(|end| std::str::from_utf8(&head[..end]).ok());
    let object = text.and_then(|text| Object::parse(&format!("{text}[]}}")).ok());
    let Some(mut object) = object else { return (None, None) };
    (object.text("encryptionScheme").ok().flatten(), object.number("factor").ok().flatten())
}

/// The same of a whole input, whatever stands where.
pub(in super::super) fn defaults_of_whole(input: impl std::io::Read) -> (Option<String>, Option<u64>) {
    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Around {
        encryption_scheme: Option<String>,
        factor: Option<u64>,
    }
    let mut input = std::io::BufReader::new(input);
    if std::io::BufRead::fill_buf(&mut input).is_ok_and(|start| start.starts_with(b"\xef\xbb\xbf")) {
        std::io::BufRead::consume(&mut input, 3);
    }
    let around: Around = serde_json::from_reader(input).unwrap_or_default();
    (around.encryption_scheme, around.factor)
}

/// The same of a first line that stands before users one on each line, and is no user.
pub(in super::super) fn head_of_lines(head: &[u8]) -> Option<(Option<String>, Option<u64>)> {
    let line = head.split(|c| *c == b'\n').next()?;
    let mut object = Object::parse(std::str::from_utf8(line).ok()?).ok()?;
    let scheme = object.text("encryptionScheme").ok()?;
    let factor = object.number("factor").ok()?;
    (scheme.is_some() && object.is_empty()).then_some((scheme, factor))
}

/// Goes through JSON byte by byte, and knows the last key and the depth.
#[derive(Default)]
pub(in super::super) struct Keys {
    /// The brackets that are open, the innermost last; no deeper than matters.
    depth: usize,
    pub(in super::super) key: Vec<u8>,
    string: Vec<u8>,
    is_in_string: bool,
    is_escaped: bool,
    is_begun: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Event {
    Nothing,
    /// An array begins, at this depth of what is around it, under the last key.
    Array(usize),
    /// The outermost value has ended.
    End,
}

impl Keys {
    pub(in super::super) fn next(&mut self, byte: u8) -> Event {
        if self.is_in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_in_string = false,
                // A key of a container is short.
                _ if self.string.len() < 64 => self.string.push(byte),
                _ => {}
            }
            return Event::Nothing;
        }
        match byte {
            b'"' => {
                self.is_in_string = true;
                self.string.clear();
            }
            b':' => self.key = std::mem::take(&mut self.string),
            b'{' => {
                self.depth += 1;
                self.is_begun = true;
            }
            b'[' => {
                self.depth += 1;
                self.is_begun = true;
                return Event::Array(self.depth - 1);
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 && self.is_begun {
                    return Event::End;
                }
            }
            b',' => self.key.clear(),
            _ => {}
        }
        Event::Nothing
    }

    /// The array that was announced has been read by somebody else.
    pub(in super::super) fn array_ended(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.key.clear();
    }
}

/// The names of a header line's columns.
pub(in super::super) fn header(line: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the header line is not UTF-8".to_owned())?;
    let names: Vec<String> = super::super::csv::cells(text).map(|cell| cell.trim().to_owned()).collect();
    let is_separated_otherwise = names.len() == 1 && names[0].contains([';', '\t']);
    if is_separated_otherwise {
        return Err("is not separated by commas; export it so, or convert it".to_owned());
    }
    for (place, name) in names.iter().enumerate() {
        // What has no name is a column that a spreadsheet left.
        if let Some(before) = names[..place].iter().position(|other| other == name).filter(|_| !name.is_empty()) {
            let (before, place) = (before + 1, place + 1);
            return Err(format!(
                "has the same name for columns {before} and {place} in its first line; is the header missing?"
            ));
        }
    }
    Ok(names)
}
