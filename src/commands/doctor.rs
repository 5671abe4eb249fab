//! `copycost doctor`: prints what on this machine makes figures worse or
//! missing. It changes nothing, and finding something is no failure.

use anyhow::Context;
use copycost::doctor::{self, PeerLine, measure};
use copycost::environment::Environment;
use copycost::metric::{Metrics, Reading, Value};
use copycost::profile::ProfileChoice;

/// Say what on this machine makes figures worse or missing, and which command
/// changes it. Changes nothing itself.
#[derive(clap::Args)]
pub(crate) struct Doctor {
    /// The settings to look at: a name in criterion-config/, or a path
    /// [default: COPYCOST_PROFILE's, else `default`].
    #[arg(long)]
    profile: Option<String>,
    /// Also measure, for at most 15 s, what this machine can resolve.
    #[arg(long)]
    measure: bool,
    /// Print one JSON object, with everything that is known of the machine.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let choice = ProfileChoice::load(self.profile.as_deref(), "default")?;
        let profile = &choice.profile;
        let environment = Environment::read(profile);
        let findings = doctor::findings(&environment, profile);
        let peer = doctor::look_at_peer(profile);
        let measured = self.measure.then(|| {
            let limit_s = measure::LIMIT.as_secs();
            eprintln!("copycost: measuring, for at most {limit_s} s; nothing else should run meanwhile");
            measure::measure(profile)
        });
        if self.json {
            let object = serde_json::json!({
                "profile": profile.name,
                "summary": doctor::summary_line(&findings),
                "findings": findings,
                "peer": profile.peer.is_some().then_some(&peer),
                "measured": measured,
                "environment": environment,
            });
            let text = serde_json::to_string_pretty(&object).context("write the findings as JSON")?;
            println!("{text}");
            return Ok(());
        }
        println!("copycost doctor: {choice}\n");
        for finding in &findings {
            println!("{finding}\n");
        }
        print_peer(&peer);
        if let Some(measured) = &measured {
            print_measured(measured);
        }
        println!("{}", doctor::summary_line(&findings));
        Ok(())
    }
}

fn print_peer(lines: &[PeerLine]) {
    for PeerLine { what, change } in lines {
        println!("PEER  {what}");
        if let Some(change) = change {
            println!("  Change: {change}");
        }
    }
    if !lines.is_empty() {
        println!();
    }
}

fn print_measured(measured: &Metrics) {
    println!("MEASURED  here and now; one thread, the profile's smallest and largest message");
    println!("  A rough promise: {}", measure::HOW_ROUGH);
    for described in measure::CATALOGUE {
        let name = described.name.replace('_', " ");
        match measured.get(described.name).map(|metric| &metric.reading) {
            Some(Reading::Value(Value::Number(number))) => {
                println!("  {name}: {number:.2} {}", described.unit);
            }
            Some(Reading::Absent(reason)) => println!("  {name}: absent: {reason}"),
            _ => println!("  {name}: absent"),
        }
        println!("      {}", described.meaning);
    }
    println!();
}
