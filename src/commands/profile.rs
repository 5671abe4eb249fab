//! `copycost profile`: checks a profile and shows every setting in force.

use anyhow::Context;
use copycost::profile::Profile;

/// Check a profile and print every setting that it comes to.
#[derive(clap::Args)]
pub(crate) struct ShowProfile {
    /// A name in criterion-config/, or a path.
    #[arg(default_value = "default")]
    profile: String,
    /// Print JSON instead of TOML.
    #[arg(long)]
    json: bool,
}

impl ShowProfile {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let profile = Profile::load(&self.profile)?;
        let text = match self.json {
            true => serde_json::to_string_pretty(&profile).context("write the profile as JSON")?,
            false => toml::to_string(&profile).context("write the profile as TOML")?,
        };
        println!("{}", text.trim_end());
        Ok(())
    }
}
