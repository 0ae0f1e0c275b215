//! Files of records: those that appear under their name when they are finished, and what is open already and is written to as it is.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use crate::output::Failure;

/// What every SQLite database begins with.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// A file of records, readable by its owner alone: it holds hashes. It appears under its name when it is finished, and
/// only then replaces what was there.
pub struct RecordFile {
    path: PathBuf,
    out: BufWriter<Target>,
}

enum Target {
    Regular(tempfile::NamedTempFile),
    /// A pipe, a device or a file that is open already, none of which can be replaced.
    Special(File),
}

/// Whether a path stands for what a process has open rather than for a place: `/dev/stdout`, `/dev/fd/3`.
pub fn is_of_process(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"].iter().any(|known| path.starts_with(known))
}

/// Whether a database stands there: a user table, whosever it is, is not made anew from what was just read.
fn is_database(path: &Path) -> bool {
    let mut head = [0; SQLITE.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok_and(|()| head == *SQLITE)
}

/// Opens what the process has open once more. Its standard outputs are shared with their place in the file, which others write to as
/// well; anything else is appended to.
fn reopened(path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let is_number = |number: &str| path.file_name().is_some_and(|name| name == number);
        if path == Path::new("/dev/stdout") || is_number("1") {
            return Ok(io::stdout().as_fd().try_clone_to_owned()?.into());
        }
        if path == Path::new("/dev/stderr") || is_number("2") {
            return Ok(io::stderr().as_fd().try_clone_to_owned()?.into());
        }
    }
    File::options().append(true).open(path)
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Regular(file) => file.write(bytes),
            Self::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Regular(file) => file.flush(),
            Self::Special(file) => file.flush(),
        }
    }
}

impl RecordFile {
    pub fn create(path: &Path) -> Result<Self, Failure> {
        if is_of_process(path) {
            let target = reopened(path).map_err(|error| Failure::output_path(path, &io::Error::from(error.kind())))?;
            let out = BufWriter::with_capacity(64 * 1024, Target::Special(target));
            return Ok(Self { path: path.to_owned(), out });
        }
        // A link stays a link: what it leads to is replaced.
        let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_special = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
        if !is_special && is_database(path) {
            return Err(Failure::output_path(
                path,
                &"it is a SQLite database, which no output replaces; name another file",
            ));
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let target = if is_special {
            File::options().write(true).open(path).map(Target::Special)
        } else {
            tempfile::Builder::new().prefix(".rehash-").tempfile_in(directory).map(Target::Regular)
        };
        // By its kind alone: the error itself names the temporary file.
        let target = target.map_err(|error| Failure::output_path(path, &io::Error::from(error.kind())))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::with_capacity(64 * 1024, target) })
    }

    pub fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        let written = self.out.write_all(line).and_then(|()| self.out.write_all(b"\n"));
        written.map_err(|error| Failure::output(&self.path, &error))
    }

    pub fn finish(self) -> Result<(), Failure> {
        let Self { path, out } = self;
        let finished = match out.into_inner().map_err(io::IntoInnerError::into_error) {
            Ok(Target::Regular(file)) => file.persist(&path).map(drop).map_err(|error| error.error),
            Ok(Target::Special(mut file)) => file.flush(),
            Err(error) => Err(error),
        };
        finished.map_err(|error| Failure::output(&path, &error))
    }
}
