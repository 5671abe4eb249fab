//! `copycost profile`: checks a profile and shows every setting in force.

use anyhow::Context;
use copycost::profile::ProfileChoice;

/// Check a profile and print every setting that it comes to.
#[derive(clap::Args)]
pub(crate) struct ShowProfile {
    /// A name in criterion-config/, or a path
    /// [default: COPYCOST_PROFILE's, else `default`].
    profile: Option<String>,
    /// Print JSON instead of TOML.
    #[arg(long)]
    json: bool,
}

impl ShowProfile {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let choice = ProfileChoice::load(self.profile.as_deref(), "default")?;
        choice.profile.check_here()?;
        let text = match self.json {
            true => serde_json::to_string_pretty(&choice.profile).context("write the profile as JSON")?,
            false => toml::to_string(&choice.profile).context("write the profile as TOML")?,
        };
        if !self.json {
            println!("# {choice}");
        }
        println!("{}", text.trim_end());
        Ok(())
    }
}
