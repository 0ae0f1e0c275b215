//! The `rehash` command: a thin shell over the library's public API. This file parses the command line, runs one
//! subcommand and turns its outcome into an exit code.

#![allow(unreachable_pub, reason = "a program has no outside")]

mod args;
mod batch;
mod bench;
mod calibrate;
mod check;
mod committed;
mod demo;
mod export;
mod fingerprint;
mod hash;
mod identify;
mod import;
mod interrupt;
mod keys;
mod machine;
mod mapping;
mod measure;
mod methods;
mod operators;
mod output;
mod patience;
mod pending;
mod plaintext;
mod probe;
mod record_file;
mod report;
mod reserved;
mod secret;
mod serve;
mod settings;
mod sign_in;
mod source;
mod status;
mod store;
mod units;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory as _;

use args::{Args, Command};
use output::{Exit, Failure};

fn main() -> ExitCode {
    install_panic_hook();
    let args = match settings::parse(std::env::args_os().collect()) {
        Ok(args) => args,
        Err(failure) => {
            output::say(failure.message().unwrap_or_default());
            return failure.exit().into();
        }
    };
    let outcome = std::panic::catch_unwind(|| run(args));
    match outcome {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            if let Some(message) = failure.message() {
                output::say(message);
            }
            failure.exit().into()
        }
        Err(_) => Exit::Fault.into(),
    }
}

/// A panic's message may hold what the program was working on, so only its place is shown.
fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        output::say(&format!("a fault of the program{place}; please report it"));
    }));
}

fn run(args: Args) -> Result<Exit, Failure> {
    let stdout = io::stdout().lock();
    let mut out = io::BufWriter::with_capacity(64 * 1024, stdout);
    let is_import = matches!(args.command, Command::Import(_));
    let exit = match args.command {
        Command::Demo(args) => demo::run(&args, &mut out),
        Command::Check(args) => check::run(&args, &mut out),
        Command::Import(args) => import::run(&args, &mut out),
        Command::Verify(args) => verify::run(&args, &mut out),
        Command::SignIn(args) => sign_in::run(&args, &mut out),
        Command::Status(args) => status::run(&args, &mut out),
        Command::Store(command) => store::run(&command, &mut out),
        Command::Export(args) => export::run(&args, &mut out),
        Command::Identify(args) => identify::run(&args, &mut out),
        Command::Methods(args) => methods::run(&args, &mut out),
        Command::Sources(args) => source::list(&args, &mut out),
        Command::Hash(args) => hash::run(&args, &mut out),
        Command::Serve(args) => serve::run(&args, &mut out),
        Command::Bench(args) => bench::run(&args, &mut out),
        Command::Calibrate(args) => calibrate::run(&args, &mut out),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Args::command(), "rehash", &mut out);
            Ok(Exit::Done)
        }
        Command::Man => {
            clap_mangen::Man::new(Args::command()).render(&mut out).map(|()| Exit::Done).map_err(Failure::from)
        }
    }?;
    match out.flush() {
        // Its records are in the store whether anybody reads the report or not.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe && is_import => Ok(exit),
        flushed => Ok(flushed.map(|()| exit)?),
    }
}
