//! The command line as files: `tests/cmd/*.toml` hold arguments, standard input, exit code and exact output, and `*.in` the
//! files a command finds. `TRYCMD=overwrite cargo test --test cli` writes what it now says; read the difference.
#![cfg(feature = "cli")]

#[test]
fn commands_say_what_they_should() {
    // The commands inherit the environment, and read settings from it: those of whoever runs the tests are taken out.
    let settings: Vec<_> = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.to_string_lossy().starts_with("REHASH_"))
        .collect();
    if !settings.is_empty() {
        let mut again = std::process::Command::new(std::env::current_exe().expect("this test"));
        settings.iter().for_each(|name| {
            again.env_remove(name);
        });
        assert!(again.args(std::env::args_os().skip(1)).status().expect("it runs").success());
        return;
    }
    trycmd::TestCases::new().case("tests/cmd/*.toml").case("tests/cmd/*.trycmd");
}
