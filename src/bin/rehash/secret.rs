//! Passwords: from the terminal without echo, or from standard input; never from the command line.

use std::io::{self, IsTerminal as _, Read as _};

use rehash::Password;

use crate::output::{Exit, Failure};

/// Reads one password. From standard input that is not a terminal, all of it, less one line end unless `keep_newline`.
pub fn read(keep_newline: bool) -> Result<Password, Failure> {
    let stdin = io::stdin().lock();
    if stdin.is_terminal() {
        restore_echo_on_signal();
        return Ok(Password::new(rpassword::prompt_password("Password: ")?));
    }
    // One byte more than the longest password and its line end is enough to know that it is too long.
    let enough = Password::BYTES_MAX as u64 + 3;
    let mut bytes = Vec::with_capacity(Password::BYTES_MAX + 3);
    let mut stdin = stdin.take(enough);
    stdin.read_to_end(&mut bytes)?;
    // Whoever writes must not be cut off.
    io::copy(&mut stdin.into_inner(), &mut io::sink())?;
    if !keep_newline {
        let length = without_newline(&bytes).len();
        bytes.truncate(length);
    }
    Ok(Password::new(bytes))
}

/// A signal at the prompt ends the program with the terminal as it was, and not with its echo off.
fn restore_echo_on_signal() {
    #[cfg(unix)]
    if let Ok(before) = rustix::termios::tcgetattr(io::stdin()) {
        // Where signals cannot be handled, they end the program as they always did.
        let _ = ctrlc::set_handler(move || {
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &before);
            std::process::exit(Exit::Interrupted as i32);
        });
    }
}

/// The bytes less one LF or CRLF.
fn without_newline(bytes: &[u8]) -> &[u8] {
    match bytes {
        [body @ .., b'\r', b'\n'] | [body @ .., b'\n'] => body,
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::without_newline;

    #[test]
    fn exactly_one_line_end_is_removed() {
        for (given, kept) in
            [("pw", "pw"), ("pw\n", "pw"), ("pw\r\n", "pw"), ("pw\n\n", "pw\n"), ("pw\r", "pw\r"), ("\n", ""), ("", "")]
        {
            assert_eq!(without_newline(given.as_bytes()), kept.as_bytes());
        }
    }
}
