//! One pass of a recording in a process of its own: this program, started once
//! more. It owns the process, its log and what is told of how it ended; whether
//! the pass counts is `results::recording`'s.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};

use anyhow::{Context, bail};
use copycost::results::recording::{PassId, Recording};

use super::progress::Progress;

/// Runs one pass to its end and keeps it. Returns how many cells it has.
pub(super) fn measure(
    recording: &Recording,
    pass: PassId,
    profile: &str,
    progress: &mut Progress,
) -> anyhow::Result<usize> {
    let staging = recording.stage(pass)?;
    let program = std::env::current_exe().context("find this program, to start it once more")?;
    let mut command = Command::new(program);
    command.args(["pass", "--target", pass.target.name(), "--baseline", recording.name()]);
    command.args(["--seed", &recording.seed(pass).to_string()]);
    if let Some(filter) = &recording.manifest().filter {
        command.args(["--filter", filter]);
    }
    command.args(["--profile", profile]).env("CRITERION_HOME", &staging);
    let log = recording.log(pass);
    let mut log_file = File::create(&log).with_context(|| format!("create {}", log.display()))?;
    let mut complaint = String::new();
    let status = run(command, |line, is_error| {
        log_file.write_all(line.as_bytes()).with_context(|| format!("write {}", log.display()))?;
        match is_error {
            true => complaint = line.trim().to_string(),
            false => progress.line(line),
        }
        Ok(())
    })?;
    if !status.success() {
        // A cell that failed has no figures; the others stand.
        if status.code() != Some(1) {
            bail!("a pass ended with {status} and is not kept: {complaint}; see {}", log.display());
        }
        progress.note(&format!("a pass ended with {status}; see {}", log.display()));
    }
    Ok(recording.keep(pass)?)
}

/// Runs a process whose input ends when this one does, and hands every line that
/// it prints to `take`, with whether it is of its standard error.
fn run(
    mut command: Command,
    mut take: impl FnMut(&str, bool) -> anyhow::Result<()>,
) -> anyhow::Result<ExitStatus> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("start a pass")?;
    let (sender, lines) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        read_lines(output, false, sender.clone());
    }
    if let Some(errors) = child.stderr.take() {
        read_lines(errors, true, sender);
    }
    for (line, is_error) in lines {
        take(&line, is_error)?;
    }
    child.wait().context("wait for the pass")
}

/// Every line that comes through a pipe, in a thread of its own: two pipes of one
/// process must both be emptied, or it stands still.
fn read_lines(pipe: impl Read + Send + 'static, is_error: bool, lines: Sender<(String, bool)>) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = format!("{}\n", String::from_utf8_lossy(&line));
            if lines.send((line, is_error)).is_err() {
                return;
            }
        }
    });
}
