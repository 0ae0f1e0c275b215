//! What must not compile, and the auto traits that must hold.

/// The messages are compared with those of this compiler; others word them differently.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn misuse_does_not_compile() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(rustc).arg("--version").output().expect("rustc runs");
    if !String::from_utf8_lossy(&version.stdout).starts_with(COMPILER) {
        eprintln!("not run: the expected messages are those of {COMPILER}x");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

#[test]
fn everything_can_cross_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<rehash::Engine>();
    crosses::<rehash::Policy>();
    crosses::<rehash::Password>();
    crosses::<rehash::StoredHash>();
    crosses::<rehash::Replacement>();
    crosses::<rehash::Denied>();
}
