//! The command line of `copycost`; one file a command in `commands/`.

#![warn(clippy::unwrap_used)]

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures what moving bytes costs in TCP. The measurement itself is run by
/// `cargo bench`; these commands look at the machine, a cell or a profile.
#[derive(Parser)]
#[command(name = "copycost", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(name = "breakdown")]
    BreakDown(commands::breakdown::BreakDown),
    Compare(commands::compare::Compare),
    Connect(commands::connect::Connect),
    Doctor(commands::doctor::Doctor),
    Export(commands::export::Export),
    Guard(commands::guard::Guard),
    Import(commands::import::Import),
    Stream(commands::stream::Stream),
    Profile(commands::profile::ShowProfile),
    Record(commands::record::Record),
    Report(commands::report::MakeReport),
    Tune(commands::tune::Tune),
    Pass(commands::pass::MeasurePass),
    Serve(commands::serve::Serve),
}

fn main() -> ExitCode {
    end_quietly_without_a_reader();
    let outcome = match Arguments::parse().command {
        Command::BreakDown(command) => done(command.run()),
        Command::Compare(command) => command.run(),
        Command::Connect(command) => done(command.run()),
        Command::Doctor(command) => done(command.run()),
        Command::Export(command) => done(command.run()),
        Command::Guard(command) => command.run(),
        Command::Import(command) => done(command.run()),
        Command::Stream(command) => done(command.run()),
        Command::Profile(command) => done(command.run()),
        Command::Record(command) => done(command.run()),
        Command::Report(command) => done(command.run()),
        Command::Tune(command) => done(command.run()),
        Command::Pass(command) => return command.run(),
        Command::Serve(command) => done(command.run()),
    };
    match outcome {
        Ok(status) => status,
        Err(error) => {
            eprintln!("copycost: {error:#}");
            ExitCode::from(if commands::is_wrong_usage(&error) { 2 } else { 1 })
        }
    }
}

/// Where nobody reads the output any more (`| head`) there is nothing to say of it. What
/// the command holds is given back as ever.
fn end_quietly_without_a_reader() {
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let what = panic.payload().downcast_ref::<String>();
        if !what.is_some_and(|what| what.starts_with("failed printing to stdout: Broken pipe")) {
            say(panic);
        }
    }));
}

fn done(outcome: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    outcome.map(|()| ExitCode::SUCCESS)
}
