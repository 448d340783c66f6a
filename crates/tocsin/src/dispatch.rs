//! From what was typed to the command that does it, and from its end to an exit code.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::exit::quiet_on_broken_pipe;
use crate::cli::{self, Args, Command, Exit, Stop};
use crate::config::{self, Config};
use crate::{backfill, backtest, control, demo, drill, moving, replay, serve, servers};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let args = Args::parse();
    args.global.color.choice().write_global();
    match dispatch(args) {
        Ok(()) => Exit::Done.into(),
        Err(stop) => {
            // Where nobody reads standard error, the exit code has to do.
            writeln!(anstream::stderr(), "{stop}").ok();
            stop.exit.into()
        }
    }
}

fn dispatch(args: Args) -> Result<(), Stop> {
    let global = &args.global;
    // Those that run the pipeline write as it goes.
    match &args.command {
        Command::Run(typed) => {
            return serve::run(typed, |configured| global.log_level(Some(configured)).to_owned());
        }
        Command::Demo { exit } => return demo::demo(*exit, global.log_level(Some("warn"))),
        Command::Replay(typed) => return replay::replay(typed, global.log_level(Some("warn"))),
        Command::Backtest(typed) => return backtest::backtest(typed, global.log_level(Some("warn"))),
        Command::Drill(typed) => return drill::drill(typed, global.log_level(Some("warn"))),
        _ => {}
    }
    let mut output = io::BufWriter::new(io::stdout().lock());
    let done = match args.command {
        Command::Analyze(asked) => {
            let config = asked.config.as_deref().map(|path| load(Some(path))).transpose()?;
            cli::analyze::analyze(&asked, config.as_ref(), &mut io::stdin().lock(), &mut output)
        }
        Command::Train(typed) => cli::train::train(&typed, &mut output)?,
        Command::Eval(typed) => cli::eval::eval(&typed, &mut output)?,
        Command::Model { command } => cli::model::model(&command, &mut output)?,
        Command::Brands { command: cli::args::Brands::Try(typed) } => {
            cli::brands::try_query(&typed, &mut output)?
        }
        Command::Brands { command: cli::args::Brands::Backfill(typed) } => {
            backfill::command(&typed, &mut output)?
        }
        Command::Baseline { command } => control::baseline(&command, &mut output)?,
        Command::Explain(typed) => control::explain(&typed, &mut output)?,
        Command::State { command } => moving::state(&command, &mut output)?,
        Command::Topics { command } => servers::topics(&command, &mut output)?,
        Command::Config { command } => match command {
            cli::args::Config::Check(typed) => {
                cli::config::check(&load(typed.config.as_deref())?, &mut output)
            }
            cli::args::Config::Show(typed) => cli::config::show(&load(typed.config.as_deref())?, &mut output),
            cli::args::Config::Schema => cli::config::schema(&mut output),
            cli::args::Config::Example => cli::config::example(&mut output),
        },
        Command::Incidents { command } => control::incidents(&command, &mut output)?,
        Command::Rejected { command } => control::rejected(&command, &mut output)?,
        Command::Schema(typed) => cli::schema::schema(&typed, &mut output)?,
        Command::Ready { address } => cli::ready::ready(&address, &mut output)?,
        Command::Completions { shell } => cli::completions::completions(shell, &mut output),
        Command::Version => cli::version::version(&mut output),
        Command::Run(_)
        | Command::Demo { .. }
        | Command::Replay(_)
        | Command::Backtest(_)
        | Command::Drill(_) => Ok(()),
    };
    quiet_on_broken_pipe(done.and_then(|()| output.flush()))
}

fn load(path: Option<&Path>) -> Result<Config, Stop> {
    Ok(config::load(path, config::environment())?)
}
