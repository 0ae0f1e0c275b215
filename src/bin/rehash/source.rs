//! What `check` and `import` read: the files of the command line, or a legacy database; and `rehash sources`, the systems
//! whose tables are known.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use rehash::import::database::{self, DatabaseOptions, Position, Preset, Select};
use rehash::import::{InputError, Source, Summary, shell_quoted};
use rehash::store::Keys;
use serde::Serialize;

use crate::args;
use crate::interrupt::Interrupt;
use crate::output::{Exit, Failure, print_json, printable, say};

impl args::Origin {
    /// Whether a database is read.
    pub fn is_given(&self) -> bool {
        self.source.is_some() || self.source_url_file.is_some()
    }

    fn url(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.source_url_file else { return Ok(self.source.clone()) };
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("--source-url-file {}: {error}", printable(&path.display().to_string())))
        })?;
        Ok(Some(text.trim().to_owned()))
    }

    /// The URL, where a database is named that can be one.
    fn checked_url(&self) -> Result<Option<String>, Failure> {
        let Some(url) = self.url()? else { return Ok(None) };
        database::check_url(&url).map_err(|why| {
            let option = if self.source.is_some() { "--source" } else { "--source-url-file" };
            Failure::usage(format!("{option}: the URL {why}"))
        })?;
        Ok(Some(url))
    }

    fn select(&self) -> Result<Select, Failure> {
        match (&self.source_preset, &self.source_query, &self.source_key) {
            (Some(name), None, _) => {
                let preset = Preset::named(name).ok_or_else(|| {
                    let name = printable(name);
                    Failure::usage(format!("--source-preset: `{name}` is not known; see `rehash sources`"))
                })?;
                Ok(Select::Preset { preset, prefix: self.source_prefix.clone() })
            }
            (None, Some(sql), Some(key)) => Ok(Select::Query { sql: sql.clone(), key: key.clone() }),
            _ => Err(Failure::usage("--source needs --source-preset, or --source-query and --source-key")),
        }
    }
}

/// What is read.
pub struct Inputs<'a> {
    input: &'a args::Input,
    database: Option<(String, DatabaseOptions)>,
    opened: RefCell<Option<Position>>,
    line: Cell<u64>,
    /// Whether the store's journal keeps how far a database was read.
    is_journalled: Cell<bool>,
    /// The key up to which it was, or from which on it is to be.
    marked: RefCell<Option<String>>,
}

impl<'a> Inputs<'a> {
    pub fn new(input: &'a args::Input) -> Result<Self, Failure> {
        let origin = &input.origin;
        let database = match origin.checked_url()? {
            None => None,
            Some(url) => {
                let mut options = DatabaseOptions::new(origin.select()?);
                options.after.clone_from(&origin.source_after);
                options.ca_file.clone_from(&origin.source_ca);
                Some((url, options))
            }
        };
        let marked = RefCell::new(input.origin.source_after.clone());
        let (opened, line, is_journalled) = Default::default();
        Ok(Self { input, database, opened, line, is_journalled, marked })
    }

    /// The database that is read.
    pub fn database(&self) -> Option<(&str, &DatabaseOptions)> {
        self.database.as_ref().map(|(url, options)| (&**url, options))
    }

    /// Whether there is anything to read: no store is made for files that are not there.
    pub fn are_there(&self) -> bool {
        let is_there = |path: &PathBuf| path.as_os_str() == "-" || path.exists();
        self.database.is_some() || self.input.files.iter().any(is_there)
    }

    /// From here on it is read for the journal, from after this key.
    pub fn journal_from(&self, after: Option<String>) {
        self.is_journalled.set(true);
        self.marked.replace(after);
    }

    /// Whether the store's journal keeps how far it was read, so that what was committed is not read again.
    pub fn is_journalled(&self) -> bool {
        self.is_journalled.get()
    }

    /// Where a batch stands that begins where the one before it ended, and whose last record is this line.
    pub fn keys_up_to(&self, line: u64) -> Option<Keys> {
        let opened = self.opened.borrow();
        let position = opened.as_ref().filter(|_| self.is_journalled.get())?;
        let last = position.before_line(line)?;
        position.forget_before(line);
        Some(Keys { after: self.marked.replace(Some(last.clone())), last })
    }

    pub fn sources(&self, interrupt: &Interrupt) -> Box<dyn Iterator<Item = Result<Source, InputError>> + '_> {
        match &self.database {
            None => Box::new(interrupt.clone().sources_of(&self.input.files)),
            Some((url, options)) => Box::new(std::iter::once_with(move || {
                let mut options = options.clone();
                options.after.clone_from(&self.marked.borrow());
                options.keeps_keys = self.is_journalled.get();
                let (source, position) = database::open(url, &options)?;
                self.opened.replace(Some(position));
                Ok(source)
            })),
        }
    }

    /// The same, to be stored: of a compressed file that is damaged, nothing.
    pub fn whole_sources(&self, interrupt: &Interrupt) -> Box<dyn Iterator<Item = Result<Source, InputError>> + '_> {
        match &self.database {
            None => Box::new(interrupt.clone().whole_sources_of(&self.input.files)),
            Some(_) => self.sources(interrupt),
        }
    }

    /// A record has been taken.
    pub fn reached(&self, line: u64) {
        self.line.set(line);
    }

    /// A database that lets nobody in is no input with nothing in it.
    pub fn check_reached(&self, summary: &Summary) -> Result<(), Failure> {
        match summary.errors.iter().find(|error| error.is_unreachable()) {
            Some(error) => Err(Failure::new(Exit::Store, error.to_string())),
            None => Ok(()),
        }
    }

    /// Where a database's reading was interrupted of which no journal knows.
    pub fn say_how_to_go_on(&self) {
        if let Some(key) = self.opened.take().and_then(|position| position.before_line(self.line.get())) {
            say(&format!("with --source-after {} it does not read again what is there", shell_quoted(&key)));
        }
    }
}

#[derive(Serialize)]
struct Row {
    preset: &'static str,
    system: &'static str,
    from: String,
    key: &'static str,
    fields: Vec<(&'static str, &'static str)>,
    only: String,
    notes: &'static str,
}

/// `rehash sources`.
pub fn list(args: &args::Sources, out: &mut impl Write) -> Result<Exit, Failure> {
    let rows: Vec<Row> = Preset::all().map(row).collect();
    if args.json {
        print_json(out, &rows)?;
        return Ok(Exit::Done);
    }
    for row in &rows {
        writeln!(out, "{}", row.preset)?;
        let mut line = |name: &str, value: &str| {
            if value.is_empty() { Ok(()) } else { writeln!(out, "    {name:<26}{value}") }
        };
        line("system", row.system)?;
        line("from", &row.from)?;
        line("only", &row.only)?;
        line("key", row.key)?;
        row.fields.iter().try_for_each(|(field, value)| line(field, value))?;
        line("notes", row.notes)?;
    }
    Ok(Exit::Done)
}

fn row(preset: &'static Preset) -> Row {
    let Preset { name, system, prefix, from, key, fields, only, notes, .. } = preset;
    let shown = |text: &str| text.replace("{}", prefix);
    Row { preset: name, system, from: shown(from), key, fields: fields.to_vec(), only: shown(only), notes }
}
