//! A cell becomes a Criterion benchmark; shared by the bench targets. It owns
//! the order of cells, the lines under Criterion's and what happens to a cell
//! that fails; measuring is `exchange/`'s work, keeping `results/`'s.

mod baseline;
mod benchmark;
mod broken_down;
mod command_line;
mod containment;
mod cost_measurement;
mod invocation;
mod keep;
mod lines;
mod progress;
mod report;
mod rows;
mod selection;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use criterion::measurement::Measurement;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput};

use self::command_line::CommandLine;
use self::containment::{contained, drawn, without_chatter};
use self::cost_measurement::CpuCost;
pub use self::invocation::Pass;
use self::invocation::{Invocation, Mode};
use self::progress::Progress;
pub use self::progress::guessed_time_of_a_cell;
use self::rows::Kept;
use crate::breakdown::Profiler;
use crate::cell::{Cell, Target, group_name};
use crate::control::{self, StartedPeer};
use crate::copy_mode::{self, ModeEntry};
use crate::cpu::{Plan, Topology};
use crate::environment::{self, Environment};
use crate::error::{Error, Result};
use crate::exchange::{CellRun, Instruments, probe_all};
use crate::profile::{Profile, ProfileChoice};
use crate::results::criterion_files;
use crate::results::name::BaselineName;
use crate::results::record::Record;
use crate::results::resolution::Resolution;
use crate::results::table;

/// Runs one bench target over the whole matrix: the `main` of its bench file.
/// Exit status 0 fine, 1 if a cell failed, 2 if what is asked for cannot be:
/// the profile, a flag, a baseline, a filter that no cell of any target matches.
pub fn run(target: Target) -> ExitCode {
    if let Some(ended) = control::guarding() {
        return ended;
    }
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            // Also what `--help` and `--version` end in.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    // What a run without a name is kept as, where it can be a name.
    let release = environment::kernel_release().filter(|release| BaselineName::new(release).is_ok());
    run_as(target, Invocation::of_command_line(line, release))
}

/// Runs one bench target as a pass of a recording: Criterion reads no command
/// line and draws no plots. Exit status as of [`run`], and 2 also if a cell was
/// measured that could not be kept: the pass is no whole one.
pub fn run_pass(target: Target, pass: Pass) -> ExitCode {
    run_as(target, Invocation::of_pass(pass))
}

fn run_as(target: Target, invocation: Result<Invocation>) -> ExitCode {
    let done = contained(|| {
        let bench = match invocation.and_then(|invocation| Bench::prepare(target, invocation)) {
            Ok(Some(bench)) => bench,
            Ok(None) => return ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("copycost: {error}");
                return ExitCode::from(2);
            }
        };
        let criterion = bench.invocation.criterion(target, &bench.profile, &bench.output);
        match target {
            Target::Throughput | Target::Latency => bench.run(criterion, Duration::from_nanos),
            Target::CpuCost => {
                let measurement = CpuCost::new(bench.instruments.cost_unit);
                bench.run(criterion.with_measurement(measurement), |cost| cost)
            }
        }
    });
    done.unwrap_or_else(|message| {
        eprintln!("copycost: stopped: {message}");
        ExitCode::FAILURE
    })
}

struct Bench {
    target: Target,
    invocation: Invocation,
    profile: Arc<Profile>,
    plans: Vec<(usize, Plan)>,
    modes: Vec<ModeEntry>,
    /// Every cell that can be measured, in the order of the profile.
    cells: Vec<Cell>,
    instruments: Instruments,
    environment: Environment,
    output: PathBuf,
    records: Vec<Kept>,
    failures: Vec<Error>,
    progress: Progress,
    /// What cells are broken down with, in the target that does, or why they are not.
    profiler: Option<std::result::Result<Profiler, String>>,
}

impl Bench {
    /// Everything that can be refused before anything is measured. None if
    /// there is nothing to do: a list, or cells of other targets only.
    fn prepare(target: Target, invocation: Invocation) -> Result<Option<Bench>> {
        let mut choice = ProfileChoice::load(invocation.profile(), "default")?;
        invocation.overrule(&mut choice.profile);
        let asked_for = selection::asked_for(target, &choice.profile, &invocation)?;
        if asked_for.is_empty() || invocation.mode == Mode::List {
            selection::list(&asked_for, &invocation);
            return Ok(None);
        }
        let title = choice.to_string();
        let profile = Arc::new(choice.profile);
        let modes = copy_mode::entries(&profile.matrix.modes);
        let (instruments, absences) = Instruments::of_this_machine();
        let peer = StartedPeer::of(&profile)?;
        let (topology, policy) = (Topology::read()?, profile.placement.policy);
        let threads = profile.matrix.threads.iter();
        let plan = |threads| Ok((threads, StartedPeer::plan(&peer, &topology, policy, threads)?));
        let plans: Vec<_> = threads.copied().map(plan).collect::<Result<_>>()?;
        let instruments = StartedPeer::beside(&peer, instruments);
        let asked = StartedPeer::asked(&peer);
        let modes = probe_all(target, &profile, &plans[0].1, modes, asked, |mode, refusal| {
            eprintln!("copycost: {} is skipped: {refusal}", mode.name);
        })?;
        let output = criterion_files::output_directory();
        let is_taken = |cell: &Cell| modes.iter().any(|mode| mode.name == cell.mode);
        let asked_for = selection::taken(asked_for, is_taken, &invocation)?;
        if invocation.keeps_samples() {
            criterion_files::try_writing(&output, &asked_for, &[])?;
        }
        if invocation.mode == Mode::Measure {
            baseline::check(&invocation, &output, &asked_for, instruments.cost_unit)?;
        }
        let profiler = broken_down::profiler(target, invocation.mode);
        let mut cells = profile.cells(target);
        cells.retain(is_taken);
        let bench = Bench {
            target,
            invocation,
            environment: StartedPeer::conditions(&peer, &profile),
            profile,
            plans,
            modes,
            cells,
            instruments,
            output,
            records: Vec::new(),
            failures: Vec::new(),
            progress: Progress::begin(target, asked_for.len()),
            profiler,
        };
        if !bench.invocation.is_quiet {
            lines::opening(&bench, &title, asked_for.len(), &absences);
        }
        Ok(Some(bench))
    }

    /// Measures every cell; `value` makes Criterion's value of what a block
    /// measured.
    fn run<M: Measurement>(mut self, mut criterion: Criterion<M>, value: fn(u64) -> M::Value) -> ExitCode {
        let mut cells = self.cells.clone();
        self.invocation.order(&mut cells);
        while !cells.is_empty() {
            // Criterion draws a group's page when the group ends: cells that
            // stand together share one.
            let threads = cells[0].threads;
            let together = cells.iter().take_while(|cell| cell.threads == threads).count();
            let plan = self.plans.iter().find(|(of, _)| *of == threads).map(|(_, plan)| plan.clone());
            let mut group = criterion.benchmark_group(group_name(self.target, threads));
            group.sampling_mode(SamplingMode::Flat);
            for cell in cells.drain(..together) {
                let Some(plan) = &plan else { continue };
                if let Err(error) = self.cell(&mut group, cell, plan, value) {
                    eprintln!("copycost: {error}");
                    self.failures.push(error);
                }
            }
            drawn(|| group.finish());
            if cells.iter().all(|cell| cell.threads != threads) {
                let modes = self.mode_names();
                self.failures.extend(rows::complete(&mut self.records, &modes, threads, &self.output));
            }
        }
        drawn(|| criterion.final_summary());
        self.conclude()
    }

    /// Lets Criterion measure one cell, if its filter lets it through, and
    /// keeps the record beside Criterion's files.
    fn cell<M: Measurement>(
        &mut self,
        group: &mut BenchmarkGroup<'_, M>,
        cell: Cell,
        plan: &Plan,
        value: fn(u64) -> M::Value,
    ) -> Result<()> {
        let mut run = CellRun::new(cell.clone(), &self.profile, plan, &self.modes, &self.instruments)?;
        if self.target != Target::Latency {
            group.throughput(Throughput::BytesDecimal(cell.message_bytes as u64));
        }
        let (is_asked_for, asked) = (self.invocation.filter.matches(&cell), &self.invocation);
        if is_asked_for && asked.is_quick && asked.is_for_programs {
            print!("test {cell} ... "); // Criterion's quick mode leaves it out
        }
        let warm_up = Duration::from_secs_f64(self.profile.criterion.warm_up_s);
        let mut measure = || benchmark::measure(group, &mut run, warm_up, value);
        let measured = if asked.is_quiet { without_chatter(measure) } else { measure() };
        if is_asked_for {
            self.progress.cell_done();
        }
        if measured.is_err() && self.invocation.is_for_programs {
            println!(); // ends `test NAME ... `, so that the next line is whole
        }
        measured?;
        self.keep(run)
    }

    /// Draws up the record of a cell that Criterion has taken its samples of.
    /// A cell that was filtered out, listed, tested or profiled has none.
    fn keep(&mut self, run: CellRun) -> Result<()> {
        let own = run.own_rounds();
        let found = criterion_files::samples(&self.output, run.cell());
        let kept = found.as_ref().ok().and_then(Option::as_ref).filter(|kept| kept.are_the_last_of(&own));
        let saved = kept.is_some();
        let count = kept.map_or(keep::equal_at_the_end(&own), |samples| samples.iters.len());
        if !saved && count < keep::SMALLEST_SAMPLE {
            return Ok(());
        }
        if !saved && self.invocation.keeps_samples() {
            return Err(keep::not_kept(&self.output, run.cell(), found.err()));
        }
        let steal = Environment::read_cpu_times().steal_percent_since(&self.environment);
        let mut record = Record::new(run.finish(count)?, &self.profile, &self.environment, steal);
        record.breakdown = broken_down::of_cell(self, &record, &own);
        if saved {
            keep::save(&self.output, &record, self.invocation.saves_as())?;
        }
        if !self.invocation.is_quiet {
            lines::under_criterion(&record, &self.progress, saved);
        }
        self.records.push(Kept { record, saved });
        Ok(())
    }

    fn mode_names(&self) -> Vec<String> {
        self.modes.iter().map(|mode| mode.name.to_string()).collect()
    }

    /// Whether all cells were measured and kept, but for those that failed: a
    /// part of the matrix, or a pass of a recording, is no run to report on.
    fn is_whole(&self) -> bool {
        let saved = self.records.iter().filter(|kept| kept.saved).count();
        !self.invocation.is_pass() && saved > 0 && saved + self.failures.len() >= self.cells.len()
    }

    /// The table, where the report is, and what went wrong.
    fn conclude(self) -> ExitCode {
        let is_whole = self.is_whole();
        if !self.records.is_empty() {
            let modes = self.mode_names();
            let records: Vec<Record> = self.records.into_iter().map(|kept| kept.record).collect();
            let is_quiet = self.invocation.is_quiet;
            if !is_quiet {
                println!("{}", table::render(self.target, &modes, &records));
                println!("{}", Resolution::of_run(&records).lines());
            }
            report::announce(&self.output, is_whole, is_quiet);
        }
        if self.failures.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("copycost: {} failed or not kept:", table::count(self.failures.len(), "cell"));
        for failure in &self.failures {
            eprintln!("  {failure}");
        }
        keep::exit_status(&self.invocation, &self.failures)
    }
}
