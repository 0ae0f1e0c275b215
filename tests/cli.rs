//! The command line as files: `tests/cmd/*.toml` hold arguments, standard input, exit code and exact output, and `*.in` the
//! files a command finds. `TRYCMD=overwrite cargo test --test cli` writes what it now says; read the difference.
#![cfg(feature = "cli")]

#[test]
fn commands_say_what_they_should() {
    trycmd::TestCases::new().case("tests/cmd/*.toml").case("tests/cmd/*.trycmd");
}
