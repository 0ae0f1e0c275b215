//! Files of records: those that appear under their name when they are finished, and what is open already and is written to as it is.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
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
    /// A file that has no name yet, in the directory where it is to have one: who kills the program leaves nothing behind.
    #[cfg(target_os = "linux")]
    Nameless(File, PathBuf),
    Regular(tempfile::NamedTempFile),
    /// A pipe, a device or a file that is open already, none of which can be replaced; or one that has its name.
    Special(File),
    /// On its way from one to another.
    Gone,
}

impl Target {
    fn new_in(directory: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags};
            // Not every file system has files without names, and not every process sees how to give them one.
            let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
            if let (true, Ok(file)) =
                (Path::new("/proc/self/fd").is_dir(), rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR))
            {
                return Ok(Self::Nameless(file.into(), directory.to_owned()));
            }
        }
        tempfile::Builder::new().prefix(".rehash-").tempfile_in(directory).map(Self::Regular)
    }

    /// Gives a new file its name, in place of what has it; it can be written to further.
    fn appear(&mut self, path: &Path) -> io::Result<()> {
        *self = Self::Special(match std::mem::replace(self, Self::Gone) {
            #[cfg(target_os = "linux")]
            Self::Nameless(file, directory) => {
                name(&file, &directory, path)?;
                file
            }
            Self::Regular(file) => file.persist(path).map_err(|error| error.error)?,
            Self::Special(mut file) => {
                file.flush()?;
                file
            }
            Self::Gone => return Err(io::ErrorKind::NotFound.into()),
        });
        Ok(())
    }

    fn keep(&mut self, path: &Path) -> io::Result<()> {
        self.appear(path)?;
        match self {
            // A pipe has nothing to keep.
            Self::Special(file) if file.metadata()?.is_file() => file.sync_data(),
            _ => Ok(()),
        }
    }
}

/// Gives a file without a name one, in place of what has it.
#[cfg(target_os = "linux")]
fn name(file: &File, directory: &Path, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat, renameat};
    use std::os::fd::AsRawFd as _;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    match linkat(CWD, &open, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Err(rustix::io::Errno::EXIST) => {
            // A name cannot be taken from another file at once, but by one that has a name.
            let beside = tempfile::Builder::new().prefix(".rehash-").make_in(directory, |beside| {
                linkat(CWD, &open, CWD, beside, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
            })?;
            let beside = beside.into_temp_path().keep().map_err(|error| error.error)?;
            renameat(CWD, &beside, CWD, path).map_err(io::Error::from)
        }
        linked => linked.map_err(io::Error::from),
    }
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

fn refuse_database(path: &Path) -> Result<(), Failure> {
    if is_database(path) {
        let why = "it is a SQLite database, which no output replaces; name another file";
        return Err(Failure::output_path(path, &why));
    }
    Ok(())
}

/// Takes away a last line that has no end: it was being written when the program was killed, before its batch was committed, and comes
/// again.
fn whole_lines(file: File) -> io::Result<File> {
    let mut at = file.metadata()?.len();
    let mut block = [0; 4096];
    while at > 0 {
        let start = at.saturating_sub(block.len() as u64);
        let part = usize::try_from(at - start).unwrap_or(0);
        (&file).seek(SeekFrom::Start(start))?;
        (&file).read_exact(&mut block[..part])?;
        if let Some(last) = block[..part].iter().rposition(|byte| *byte == b'\n') {
            at = start + last as u64 + 1;
            break;
        }
        at = start;
    }
    if at < file.metadata()?.len() {
        file.set_len(at)?;
    }
    Ok(file)
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
            #[cfg(target_os = "linux")]
            Self::Nameless(file, _) => file.write(bytes),
            Self::Regular(file) => file.write(bytes),
            Self::Special(file) => file.write(bytes),
            Self::Gone => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(file, _) => file.flush(),
            Self::Regular(file) => file.flush(),
            Self::Special(file) => file.flush(),
            Self::Gone => Ok(()),
        }
    }
}

impl RecordFile {
    pub fn create(path: &Path) -> Result<Self, Failure> {
        if is_of_process(path) {
            let target = reopened(path).map_err(|error| Failure::output_begin(path, &error))?;
            let out = BufWriter::with_capacity(64 * 1024, Target::Special(target));
            return Ok(Self { path: path.to_owned(), out });
        }
        // A link stays a link: what it leads to is replaced.
        let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_special = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
        if !is_special {
            refuse_database(path)?;
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let target = if is_special {
            File::options().write(true).open(path).map(Target::Special)
        } else {
            Target::new_in(directory)
        };
        let target = target.map_err(|error| Failure::output_begin(path, &error))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::with_capacity(64 * 1024, target) })
    }

    /// A file that stays, and is written to at its end; one that is not there is made.
    pub fn go_on(path: &Path) -> Result<Self, Failure> {
        if !path.is_file() || is_of_process(path) {
            return Self::create(path);
        }
        refuse_database(path)?;
        let opened = File::options().read(true).append(true).open(path).and_then(whole_lines);
        let file = opened.map_err(|error| Failure::output_begin(path, &error))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::with_capacity(64 * 1024, Target::Special(file)) })
    }

    /// What was written so far is on the disk, under the file's name.
    pub fn keep(&mut self) -> Result<(), Failure> {
        let path = &self.path;
        let kept = self.out.flush().and_then(|()| self.out.get_mut().keep(path));
        kept.map_err(|error| Failure::output(&self.path, &error))
    }

    pub fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        let written = self.out.write_all(line).and_then(|()| self.out.write_all(b"\n"));
        written.map_err(|error| Failure::output(&self.path, &error))
    }

    pub fn finish(self) -> Result<(), Failure> {
        let Self { path, out } = self;
        let finished = match out.into_inner().map_err(io::IntoInnerError::into_error) {
            Ok(mut target) => target.appear(&path),
            Err(error) => Err(error),
        };
        finished.map_err(|error| Failure::output(&path, &error))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn going_on_ends_no_line_of_others_and_writes_into_no_database() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rejects");
        let long = "x".repeat(10_000);
        for (before, after) in [
            ("", "c\n".to_owned()),
            ("a\n", "a\nc\n".to_owned()),
            ("a\nhalf", "a\nc\n".to_owned()),
            (&format!("a\n{long}"), "a\nc\n".to_owned()),
            (&format!("{long}\nhalf"), format!("{long}\nc\n")),
            (&long, "c\n".to_owned()),
        ] {
            std::fs::write(&path, before).unwrap();
            let mut file = RecordFile::go_on(&path).ok().unwrap();
            file.line(b"c").ok().unwrap();
            file.finish().ok().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        }
        std::fs::write(&path, b"SQLite format 3\0 and more").unwrap();
        assert!(RecordFile::go_on(&path).is_err());
    }
}
