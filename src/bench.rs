//! A cell becomes a Criterion benchmark; shared by the bench targets. It owns
//! the order of cells, the lines under Criterion's and what happens to a cell
//! that fails; measuring is `loopback/`'s work, keeping `results/`'s.

mod baseline_unit;
mod cost_measurement;
mod invocation;
mod lines;
mod report;
mod rows;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use criterion::measurement::Measurement;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};

use self::cost_measurement::CpuCost;
use self::invocation::Invocation;
pub use self::invocation::Pass;
use self::rows::Kept;
use crate::cell::{Cell, Target, group_name};
use crate::copy_mode::{self, ModeEntry};
use crate::cpu::{Plan, Topology};
use crate::doctor;
use crate::environment::{self, Environment};
use crate::error::{Error, Result};
use crate::loopback::{CellRun, Instruments, probe_all};
use crate::metric::Reading;
use crate::profile::Profile;
use crate::results::criterion_files;
use crate::results::record::Record;
use crate::results::resolution::Resolution;
use crate::results::table;

/// Runs one bench target over the whole matrix: the `main` of its bench file.
/// Exit status 0 fine, 1 if a cell failed, 2 if the profile cannot be used.
pub fn run(target: Target) -> ExitCode {
    let default_baseline = environment::kernel_release();
    run_as(target, Invocation::CommandLine { default_baseline })
}

/// Runs one bench target as a pass of a recording: Criterion reads no command
/// line and draws no plots. Exit status as of [`run`].
pub fn run_pass(target: Target, pass: Pass) -> ExitCode {
    run_as(target, Invocation::Pass(pass))
}

fn run_as(target: Target, invocation: Invocation) -> ExitCode {
    let bench = match Bench::prepare(target, invocation) {
        Ok(bench) => bench,
        Err(error) => {
            eprintln!("copycost: {error}");
            return ExitCode::from(2);
        }
    };
    let criterion = bench.criterion();
    match target {
        Target::Throughput | Target::Latency => bench.run(criterion, Duration::from_nanos),
        Target::CpuCost => {
            let measurement = CpuCost::new(bench.instruments.cost_unit);
            bench.run(criterion.with_measurement(measurement), |cost| cost)
        }
    }
}

struct Bench {
    target: Target,
    invocation: Invocation,
    profile: Arc<Profile>,
    plans: Vec<(usize, Plan)>,
    modes: Vec<ModeEntry>,
    instruments: Instruments,
    environment: Environment,
    output: PathBuf,
    records: Vec<Kept>,
    failures: Vec<Error>,
    /// Cells begun or passed over, to show where in the matrix the run is.
    position: usize,
}

impl Bench {
    /// Everything that can be refused before anything is measured.
    fn prepare(target: Target, invocation: Invocation) -> Result<Bench> {
        let profile = Arc::new(Profile::from_environment()?);
        let topology = Topology::read()?;
        let policy = profile.placement.policy;
        let threads = profile.matrix.threads.iter();
        let plans = threads.map(|threads| Ok((*threads, topology.plan(policy, *threads)?)));
        let plans: Vec<_> = plans.collect::<Result<_>>()?;
        // `--list` must print nothing but the list, and open nothing.
        let listing = invocation.is_listing();
        let mut modes: Vec<ModeEntry> =
            profile.matrix.modes.iter().filter_map(|name| copy_mode::find(name)).copied().collect();
        if !listing {
            modes = probe_all(target, &profile, &plans[0].1, modes, |mode, refusal| {
                eprintln!("copycost: {} is skipped, the kernel refuses it: {refusal}", mode.name);
            })?;
        }
        let (instruments, absences) = Instruments::of_this_machine();
        let output = criterion_files::output_directory();
        let environment = Environment::read(&profile);
        if !listing {
            lines::heading(target, &profile, &plans, &modes);
            lines::counters(instruments.cost_unit, &absences);
            println!("copycost {}\n", doctor::summary_line(&doctor::findings(&environment, &profile)));
        }
        if target == Target::CpuCost && !listing {
            baseline_unit::refuse_another(&output, &profile, instruments.cost_unit, &invocation.baseline())?;
        }
        Ok(Bench {
            target,
            invocation,
            profile,
            plans,
            modes,
            instruments,
            environment,
            output,
            records: Vec::new(),
            failures: Vec::new(),
            position: 0,
        })
    }

    /// Measures every cell; `value` makes Criterion's value of what a block
    /// measured.
    fn run<M: Measurement>(mut self, mut criterion: Criterion<M>, value: fn(u64) -> M::Value) -> ExitCode {
        let mut cells = self.cells();
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
                self.position += 1;
                let Some(plan) = &plan else { continue };
                if let Err(error) = self.cell(&mut group, cell, plan, value) {
                    eprintln!("copycost: {error}");
                    self.failures.push(error);
                }
            }
            group.finish();
            if cells.iter().all(|cell| cell.threads != threads) {
                let modes = self.mode_names();
                self.failures.extend(rows::complete(&mut self.records, &modes, threads, &self.output));
            }
        }
        criterion.final_summary();
        self.conclude()
    }

    /// Every cell, in the order of the profile.
    fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (threads, _) in &self.plans {
            for mode in &self.modes {
                for message_bytes in self.profile.matrix.message_bytes.iter().copied() {
                    let mode = mode.name.to_string();
                    cells.push(Cell { target: self.target, mode, message_bytes, threads: *threads });
                }
            }
        }
        cells
    }

    /// The profile's settings first, so that Criterion's flags still win.
    fn criterion(&self) -> Criterion {
        let settings = &self.profile.criterion;
        let criterion = Criterion::default()
            .sample_size(settings.sample_size)
            .warm_up_time(Duration::from_secs_f64(settings.warm_up_s))
            .measurement_time(self.profile.measurement_time(self.target))
            .nresamples(settings.resamples)
            .noise_threshold(settings.noise_threshold)
            .significance_level(settings.significance_level)
            .output_directory(&self.output);
        self.invocation.configure(criterion)
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
        let mut failure = None;
        if self.target != Target::Latency {
            group.throughput(Throughput::BytesDecimal(cell.message_bytes as u64));
        }
        let id = BenchmarkId::new(&cell.mode, cell.message_bytes);
        let measured = catch_unwind(AssertUnwindSafe(|| {
            group.bench_function(id, |bencher| {
                // Criterion has no way to fail a benchmark: leave it before it
                // can analyse or save what is broken.
                if let Err(error) = run.make_ready() {
                    failure = Some(error);
                    resume_unwind(Box::new(CellFailed));
                }
                bencher.iter_custom(|messages| match run.block(messages) {
                    Ok(own) => value(own),
                    Err(error) => {
                        failure = Some(error);
                        resume_unwind(Box::new(CellFailed));
                    }
                });
            });
        }));
        match (measured, failure) {
            (Ok(()), _) => self.keep(run),
            (Err(_), Some(error)) => Err(error),
            (Err(panic), None) => resume_unwind(panic), // Criterion's own: a baseline that is not there
        }
    }

    /// Draws up the record of a cell that Criterion has taken its samples of.
    /// A cell that was filtered out, listed, tested or profiled has none.
    fn keep(&mut self, run: CellRun) -> Result<()> {
        let own = run.own_rounds();
        let kept = criterion_files::samples(&self.output, run.cell())?;
        let kept = kept.filter(|samples| samples.are_the_last_of(&own));
        let saved = kept.is_some();
        let count = kept.map_or(equal_at_the_end(&own), |samples| samples.iters.len());
        if !saved && count < SMALLEST_SAMPLE {
            return Ok(());
        }
        let record = Record::new(run.finish(count)?, &self.profile, &self.environment, self.steal_percent());
        if saved {
            criterion_files::save_record(&self.output, &record)?;
        }
        let cells = self.plans.len() * self.modes.len() * self.profile.matrix.message_bytes.len();
        lines::under_criterion(&record, self.position, cells, saved);
        self.records.push(Kept { record, saved });
        Ok(())
    }

    /// CPU time stolen by a hypervisor since the target began.
    fn steal_percent(&self) -> Reading {
        Environment::read_cpu_times().steal_percent_since(&self.environment)
    }

    fn mode_names(&self) -> Vec<String> {
        self.modes.iter().map(|mode| mode.name.to_string()).collect()
    }

    /// Whether all cells were measured and kept, but for those that failed: a
    /// part of the matrix, or a pass of a recording, is no run to report on.
    fn is_whole(&self) -> bool {
        let saved = self.records.iter().filter(|kept| kept.saved).count();
        let asked_for = matches!(self.invocation, Invocation::CommandLine { .. });
        asked_for && saved > 0 && saved + self.failures.len() >= self.cells().len()
    }

    /// The table, where the report is, and what went wrong.
    fn conclude(self) -> ExitCode {
        let is_whole = self.is_whole();
        if !self.records.is_empty() {
            let modes = self.mode_names();
            let records: Vec<Record> = self.records.into_iter().map(|kept| kept.record).collect();
            println!("{}", table::render(self.target, &modes, &records));
            println!("{}", Resolution::of_run(&records).lines());
            report::announce(&self.output, is_whole);
        }
        if self.failures.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("copycost: {} cell(s) failed and have no figures:", self.failures.len());
        for failure in &self.failures {
            eprintln!("  {failure}");
        }
        ExitCode::FAILURE
    }
}

/// The panic that leaves Criterion's loop; never printed.
struct CellFailed;

/// The fewest samples that Criterion takes of a benchmark.
const SMALLEST_SAMPLE: usize = 10;

/// How many rounds at the end are of one length: the sample, where Criterion
/// has not kept it (`--discard-baseline`).
fn equal_at_the_end(own: &[(u64, u64)]) -> usize {
    let last = own.last().map(|(messages, _)| *messages);
    own.iter().rev().take_while(|(messages, _)| Some(*messages) == last).count()
}
