//! The files that an output must not be: whatever the command reads, the store and what stands beside it, the other outputs.

use std::path::{Path, PathBuf};

use crate::args;
use crate::output::Failure;

/// What stands beside the file of a database.
const JOURNALS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

#[derive(Clone, Default)]
pub struct Reserved(Vec<PathBuf>);

impl Reserved {
    /// All that `check` and `import` read. `source` is the URL of the database, where one is read.
    pub fn new(input: &args::Input, source: Option<&str>) -> Self {
        let args::Origin { source_url_file, source_ca, .. } = &input.origin;
        let keys = input.keys.key_files.iter().filter_map(|pair| Some(PathBuf::from(pair.split_once('=')?.1)));
        let files = input.files.iter().filter(|path| path.as_os_str() != "-").cloned();
        let mut files: Vec<_> = files.chain(keys).chain(input.keys.hash_config.clone()).collect();
        files.extend(source_url_file.iter().chain(source_ca).cloned());
        // What standard input was opened from, where the system shows it.
        if input.files.iter().any(|path| path.as_os_str() == "-") {
            files.push("/dev/stdin".into());
        }
        let reserved = Self(files);
        source.into_iter().fold(reserved, Self::database)
    }

    /// With the files of a database: an embedded one's own, and the certificates of a server's.
    pub fn database(mut self, url: &str) -> Self {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        if let Some(path) = place.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            self.0.extend(JOURNALS.map(|suffix| PathBuf::from(format!("{path}{suffix}"))));
        }
        let certificates = query.split('&').filter_map(|pair| pair.strip_prefix("sslrootcert="));
        self.0.extend(certificates.map(|path| PathBuf::from(path.replace("%2F", "/").replace("%2f", "/"))));
        self
    }

    /// With more files that are read.
    pub fn files<'a>(mut self, files: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        self.0.extend(files.into_iter().cloned());
        self
    }

    /// Takes a place for an output.
    pub fn take(&mut self, output: &Path) -> Result<(), Failure> {
        if self.0.iter().any(|other| is_same_file(output, other)) {
            return Err(Failure::output_path(output, &"it is named twice, or is read as well; name another file"));
        }
        self.0.push(output.to_owned());
        Ok(())
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let place = |path: &Path| std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
        if let (Some(one), Some(other)) = (place(one), place(other)) {
            return (one.dev(), one.ino()) == (other.dev(), other.ino());
        }
    }
    // A file that is not there yet has no identity but its place.
    let place = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some((parent.canonicalize().ok()?, path.file_name()?.to_owned()))
    };
    one == other || place(one).is_some_and(|one| place(other) == Some(one))
}
