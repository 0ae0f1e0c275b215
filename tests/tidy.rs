//! Reads the source and holds the picture of `ARCHITECTURE.md`: who may name whom, and what is absent where.
#![allow(clippy::panic, reason = "a test may")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules of the library each module may name. A module that is not here is a mistake.
const MAY_NAME: [(&str, &[&str]); 27] = [
    ("password", &[]),
    ("method", &[]),
    ("cost", &[]),
    ("keyring", &[]),
    ("error", &["method", "keyring"]),
    ("limits", &["error"]),
    ("codec", &["error", "kernel"]),
    ("function", &[]),
    ("unicode", &["function"]),
    ("identities", &[]),
    ("expression", &["error", "codec", "function", "keyring", "method", "unicode"]),
    ("scheme", &["kernel", "error", "keyring", "cost", "limits", "method", "codec", "function", "unicode"]),
    ("kernel", &[]),
    ("recipe", &["kernel", "error", "codec", "expression", "function", "scheme", "limits", "method", "keyring"]),
    ("tag", &["method", "recipe"]),
    ("stored", &["error", "codec", "expression", "keyring", "recipe", "scheme", "tag", "cost", "limits", "method"]),
    ("identify", &["method", "recipe", "stored"]),
    ("policy", &["cost", "error", "keyring", "method", "scheme", "limits", "stored"]),
    ("engine", &["cost", "error", "keyring", "scheme", "method", "password", "policy", "stored"]),
    ("pool", &["cost", "engine", "error", "kernel", "password", "scheme", "stored", "limits", "method", "policy"]),
    (
        "import",
        &[
            "kernel",
            "error",
            "identities",
            "keyring",
            "limits",
            "method",
            "password",
            "stored",
            "scheme",
            "identify",
            "codec",
            "tag",
        ],
    ),
    (
        "store",
        &["codec", "kernel", "engine", "error", "identities", "import", "limits", "method", "policy", "stored", "tag"],
    ),
    (
        "serve",
        &[
            "pool", "store", "import", "kernel", "engine", "error", "cost", "method", "password", "policy", "scheme",
            "stored", "tag", "limits", "keyring", "identify",
        ],
    ),
    ("probe", &["codec", "engine", "method", "password", "policy", "scheme", "stored", "tag"]),
    ("sign_in", &["store", "engine", "error", "limits", "method", "password", "stored", "tag"]),
    ("lib", &[]),
    ("bin", &[]),
];

/// Where each public name of the crate lives, for `use crate::Name`.
const HOMES: [(&str, &str); 37] = [
    ("Cost", "cost"),
    ("Accepted", "engine"),
    ("ChangeError", "engine"),
    ("Denied", "engine"),
    ("Engine", "engine"),
    ("HashError", "engine"),
    ("Replacement", "engine"),
    ("SkipReason", "engine"),
    ("Upgrade", "engine"),
    ("Code", "error"),
    ("OutOfBounds", "error"),
    ("ParseError", "error"),
    ("Unverifiable", "error"),
    ("Identification", "identify"),
    ("identify", "identify"),
    ("KeyError", "keyring"),
    ("KeyId", "keyring"),
    ("Keyring", "keyring"),
    ("Limits", "limits"),
    ("Method", "method"),
    ("MethodInfo", "method"),
    ("UnknownMethod", "method"),
    ("Password", "password"),
    ("Argon2Target", "policy"),
    ("Policy", "policy"),
    ("PolicyBuilder", "policy"),
    ("PolicyError", "policy"),
    ("UpgradeMode", "policy"),
    ("TextEncoding", "scheme"),
    ("StoredHash", "stored"),
    ("Columns", "stored"),
    ("Tag", "tag"),
    ("UnknownTag", "tag"),
    ("codec", "codec"),
    ("scheme", "scheme"),
    ("expression", "expression"),
    ("store", "store"),
];

/// Files that may be longer than the rest, and why.
const LONG: [(&str, &str); 7] = [
    ("src/bin/rehash/args.rs", "a list of options, all of one shape"),
    ("src/import/database/presets.rs", "the table of the systems that are known"),
    ("src/recipe.rs", "every method's line, read together"),
    ("src/recipe/family.rs", "the table of the vendors"),
    ("src/stored.rs", "the two forms of a stored hash, in and out"),
    ("src/import/split.rs", "half of it are its tests, which try every place to stop"),
    ("src/import/record.rs", "the rules of one record, read together"),
];
const LINES_MAX: usize = 420;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every source file: its path from the root, the module it belongs to, and its text without tests and comments.
fn sources() -> Vec<(String, String, String)> {
    let sources = files(&root().join("src")).into_iter().map(|path| {
        let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
        let module = name.trim_start_matches("src/").split(['/', '.']).next().expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("readable");
        let text = if name.ends_with("/tests.rs") { "" } else { text.split("#[cfg(test)]").next().expect("a part") };
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        (name, module, code.join("\n"))
    });
    let sources: Vec<_> = sources.collect();
    assert!(sources.len() > 40, "only {} files were found", sources.len());
    sources
}

/// The names after each `crate::`, groups taken apart: `crate::{Code, error::Fault}` names `Code` and `error`.
fn names(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue; // `other_crate::`
        }
        let rest = &code[at + "crate::".len()..];
        let first =
            |text: &str| text.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned);
        match rest.strip_prefix('{') {
            None => names.extend(first(rest)),
            Some(group) => {
                let mut depth = 0;
                let end = group.find(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    depth < 0
                });
                let group = &group[..end.expect("a closing brace")];
                names.extend(group.split(',').filter_map(first));
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn modules_name_only_those_below_them() {
    let table: BTreeMap<_, _> = MAY_NAME.into_iter().collect();
    let homes: BTreeMap<_, _> = HOMES.into_iter().collect();
    let mut seen = 0;
    for (file, module, code) in sources() {
        let may_name = table.get(module.as_str()).unwrap_or_else(|| panic!("{file}: the module is not in the table"));
        if module == "bin" || module == "lib" {
            continue;
        }
        for name in names(&code) {
            let home = homes.get(name.as_str()).copied().unwrap_or(name.as_str());
            seen += 1;
            assert!(home == module || may_name.contains(&home), "{file} names {name}, which is {home}'s");
        }
    }
    assert!(seen > 50, "only {seen} names were looked at");
}

#[test]
fn no_scheme_names_another() {
    for (file, _, code) in sources().iter().filter(|(file, ..)| file.starts_with("src/scheme/")) {
        for other in
            ["super::digest", "super::bcrypt", "super::argon2", "scheme::digest", "scheme::bcrypt", "scheme::argon2"]
        {
            assert!(!code.contains(other), "{file} names {other}");
        }
    }
}

#[test]
fn the_core_does_no_io_and_reads_no_clock() {
    for (file, module, code) in sources() {
        if ["import", "store", "serve", "bin"].contains(&module.as_str()) {
            continue;
        }
        for absent in ["std::fs", "std::net", "std::io", "std::thread", "std::env", "SystemTime", "Instant", "println!"]
        {
            // Argon2's lanes can be filled by several threads; the pool is made of them, and keeps deadlines.
            let may = match module.as_str() {
                "kernel" => absent == "std::thread",
                "pool" => ["std::thread", "Instant", "std::fs"].contains(&absent),
                _ => false,
            };
            assert!(may || !code.contains(absent), "{file} has {absent}");
        }
    }
}

#[test]
fn the_command_sees_only_the_public_library() {
    for (file, _, code) in sources().iter().filter(|(_, module, _)| module == "bin") {
        assert!(!code.contains("#[path"), "{file}");
    }
}

#[test]
fn what_must_not_be_in_the_source_is_not() {
    for (file, _, code) in sources() {
        for absent in [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "unsafe "] {
            assert!(
                file.starts_with("src/kernel/") && absent == "unsafe " || !code.contains(absent),
                "{file} has {absent}"
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_is_short() {
    for path in files(&root().join("src")) {
        let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path).expect("readable");
        assert!(text.starts_with("//! "), "{name} does not open with a paragraph");
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX || LONG.iter().any(|(long, _)| *long == name), "{name} has {lines} lines");
    }
}

#[test]
fn the_readme_names_every_code_and_method() {
    let readme = fs::read_to_string(root().join("README.md")).expect("readable");
    let codes = rehash::Code::ALL.iter().map(|code| code.as_str());
    for name in codes.chain(rehash::Method::all().map(rehash::Method::as_str)) {
        assert!(readme.contains(&format!("`{name}`")), "README.md lacks `{name}`");
    }
}
