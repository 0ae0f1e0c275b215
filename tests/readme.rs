//! Holds the README's table of methods equal to what the command says. `REHASH_BLESS=1` writes it anew.
#![cfg(feature = "cli")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const BEGIN: &str = "<!-- the table below is what `rehash methods` says; a test holds it -->\n";
const END: &str = "<!-- the end of the table -->\n";

/// The table as Markdown.
fn table() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rehash")).args(["methods", "--json"]).output().expect("it runs");
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(rows.len() > 100, "only {} methods", rows.len());
    let mut table =
        "| tag | also | text | computes | limits by default | notes |\n|---|---|---|---|---|---|\n".to_owned();
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) };
    for row in &rows {
        let text = |name: &str| row[name].as_str().expect("a text").to_owned();
        let aliases: Vec<_> = row["aliases"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|alias| code(alias.as_str().expect("a text")))
            .collect();
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} |",
            code(&text("method")),
            aliases.join(", "),
            text("grammar").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_"),
            code(&text("computation")),
            text("limits"),
            text("notes").replace('|', "\\|").replace('*', "\\*").replace('_', "\\_"),
        );
    }
    table
}

#[test]
fn the_table_of_methods_is_the_commands() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("readable");
    let (before, rest) = readme.split_once(BEGIN).expect("the table's beginning");
    let (shown, after) = rest.split_once(END).expect("the table's end");
    let table = table();
    if std::env::var_os("REHASH_BLESS").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{table}{END}{after}")).expect("written");
    } else {
        assert!(shown == table, "README.md: run `REHASH_BLESS=1 cargo test --test readme`");
    }
}
