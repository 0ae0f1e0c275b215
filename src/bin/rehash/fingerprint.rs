//! What tells an input from others, so that an import that was killed is known when it is run again: the same file, read
//! the same way.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::args;

/// How much of a file's beginning is looked at.
const HEAD_BYTES: u64 = 64 * 1024;

/// The fingerprints of the inputs that have one, by the names that records carry: regular files. What comes through a pipe
/// is gone when it is read, and is compared record by record.
pub fn of_inputs(args: &args::Import) -> HashMap<String, String> {
    let input = &args.input;
    let how = [
        input.method.clone().unwrap_or_default(),
        input.from.clone().unwrap_or_default(),
        input.format.map(rehash::import::Format::from).map_or_else(String::new, |format| format!("{format:?}")),
        input.allow_plaintext.to_string(),
    ]
    .join("\u{1f}");
    let files = input.files.iter().filter(|path| path.as_os_str() != "-");
    files.filter_map(|path| Some((path.display().to_string(), of_file(path, &how)?))).collect()
}

fn of_file(path: &Path, how: &str) -> Option<String> {
    let file = File::open(path).ok()?;
    let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    let mut hash = Sha256::new();
    hash.update(metadata.len().to_le_bytes());
    hash.update(head);
    hash.update(how);
    Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
