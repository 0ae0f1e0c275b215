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

/// The commands of the README's blocks, each with what it is to print; `…` stands for any number of lines.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
        match line.strip_prefix("$ ") {
            _ if line.starts_with("```") => is_inside = line == "```console",
            Some(command) if is_inside => commands.push((command.to_owned(), Vec::new())),
            None if is_inside => commands.last_mut().expect("a command").1.push(line.to_owned()),
            _ => {}
        }
    }
    commands
}

fn is_as_shown(shown: &[String], printed: &[&str]) -> bool {
    match (shown.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((line, rest)), _) if line == "…" => (0..=printed.len()).any(|at| is_as_shown(rest, &printed[at..])),
        (Some((line, rest)), Some((found, more))) => line == found && is_as_shown(rest, more),
        _ => false,
    }
}

#[cfg(unix)]
#[test]
fn a_table_is_checked_and_imported_as_shown() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).expect("readable");
    let section = readme.split_once("## Validate and import a table\n").expect("a section").1;
    let section = section.split_once("### Other systems' exports").expect("its end").0;
    let directory = tempfile::tempdir().expect("a directory");
    let program = Path::new(env!("CARGO_BIN_EXE_rehash")).parent().expect("a directory");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut last = 0;
    for (command, shown) in commands(section) {
        if let Some(file) = command.strip_prefix("cat ") {
            std::fs::write(directory.path().join(file), shown.join("\n") + "\n").expect("written");
            continue;
        }
        let script = format!("(exit {last}); {command}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{{ {script}; }} 2>&1")]).current_dir(directory.path()).env("PATH", &path);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REHASH_")) {
            shell.env_remove(name);
        }
        let output = shell.output().expect("it runs");
        last = output.status.code().expect("a code");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(is_as_shown(&shown, &printed.lines().collect::<Vec<_>>()), "$ {command}\n{printed}");
    }
}
