//! The program's part of the conditions: what it was built with and from, its
//! profile, whether it may open events, the date. It owns the calendar; it asks git, and nothing else of
//! the file system outside `/proc` and `/sys`.

use std::process::Command;
use std::time::UNIX_EPOCH;

use super::{Items, reading, words, yes_or_no};
use crate::counter;
use crate::metric::Reading;
use crate::profile::Profile;

pub(super) fn items(profile: &Profile) -> Items {
    let rustc = match option_env!("COPYCOST_RUSTC_VERSION") {
        Some(version) if !version.is_empty() => words(version),
        _ => Reading::Absent("the compiler did not say when it was asked".into()),
    };
    let (commit, modified) = git();
    [
        ("copycost_version", words(env!("CARGO_PKG_VERSION"))),
        ("rustc_version", rustc),
        ("debug_build", yes_or_no(cfg!(debug_assertions))),
        ("git_commit", reading(commit, words)),
        ("git_modified", reading(modified, yes_or_no)),
        ("perf.refused", words(counter::refused().unwrap_or_else(|| "no".into()))),
        ("profile", words(profile.file_name())),
        ("date_utc", reading(date(), words)),
    ]
    .map(|(name, reading)| (name.to_string(), reading))
    .into()
}

/// The commit of the source tree that the program runs in, and whether files
/// that git knows differ from it.
fn git() -> (Result<String, String>, Result<bool, String>) {
    let manifest = std::fs::read_to_string("Cargo.toml").unwrap_or_default();
    if !manifest.lines().any(|line| line.trim() == r#"name = "copycost""#) {
        let elsewhere = "the working directory is not copycost's source tree".to_string();
        return (Err(elsewhere.clone()), Err(elsewhere));
    }
    let changes = ask_git(&["status", "--porcelain", "--untracked-files=no"]);
    (ask_git(&["rev-parse", "HEAD"]), changes.map(|changes| !changes.is_empty()))
}

/// What git says on its error stream can hold paths, so it is not repeated.
fn ask_git(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .map_err(|error| format!("git could not be started: {}", error.kind()))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_string()),
        false => Err(format!("`git {}`: {}: no git repository, or not ours", arguments[0], output.status)),
    }
}

pub(super) fn date() -> Result<String, String> {
    #[allow(clippy::disallowed_methods)] // the date of a run, not a time that is measured
    let now = std::time::SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH);
    since.map(|since| utc(since.as_secs())).map_err(|_| "the system's clock stands before 1970".into())
}

/// `2026-02-28T13:07:09Z`, of seconds since 1970: Howard Hinnant's
/// `civil_from_days`, in which a year begins on 1 March so that the leap day
/// is its last, and 400 years are an era of 146,097 days.
fn utc(seconds: u64) -> String {
    let (days, second_of_day) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), expected);
        }
    }

    #[test]
    fn a_profiles_path_is_not_kept() {
        let mut profile = Profile::load("quick").unwrap();
        assert_eq!(profile.file_name(), "quick");
        profile.name = "/somewhere/alice/mine.toml".to_string();
        assert_eq!(profile.file_name(), "mine.toml");
    }
}
