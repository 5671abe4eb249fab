//! Setting a machine up for steady figures, and setting it back (after the
//! model of `pyperf system tune`). It owns which files are changed and the
//! account of what stood in them, from which alone they are restored, also
//! after a kill in between; what the settings mean is `doctor`'s and
//! `steering`'s.

mod account;
mod during;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::steering::{LOOPBACK, ReceiveSteering, Wanted, cpus_of_mask};
use account::{Account, Entry};

use crate::environment::{HALT_POLL, IDLE_GOVERNOR, STEADY_HALT_POLL_NS, TUNE_ACCOUNT};

/// A setting that was changed, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file, as `/proc/sys/kernel/nmi_watchdog`.
    pub name: String,
    /// What stands, or stood, in it.
    pub old: String,
    /// What is written.
    pub new: String,
}

/// What came of one setting of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// It is as it was.
    Restored(Change),
    /// It already was.
    Unchanged(String),
    /// Somebody has changed it since: file and present value.
    LeftAlone(String, String),
}

/// Changes the files of one machine.
#[derive(Clone, Debug)]
pub struct Tuner {
    root: PathBuf,
}

impl Tuner {
    /// Of this machine.
    pub fn of_this_machine() -> Tuner {
        Tuner::in_root(Path::new("/"))
    }

    /// The same with another directory in the place of `/`.
    pub fn in_root(root: &Path) -> Tuner {
        Tuner { root: root.to_path_buf() }
    }

    /// Whether there is an account of settings to be restored.
    pub fn is_tuned(&self) -> bool {
        self.account_path().exists()
    }

    /// What [`Tuner::tune`] would change.
    pub fn show(&self, steering: Wanted) -> Result<Vec<Change>> {
        let mut wanted = self.steady();
        if steering != Wanted::Any {
            let found = ReceiveSteering::read(&self.root, LOOPBACK).map_err(|what| Error::Tune { what })?;
            if !found.kind().is_ok_and(|kind| kind.is(steering)) {
                wanted.extend(found.settings(LOOPBACK, steering));
            }
        }
        let mut changes = Vec::new();
        for (file, new) in wanted {
            let old = self.read(&file)?;
            if !is_alike(&file, &old, &new) {
                changes.push(Change { name: format!("/{file}"), old: old.trim().to_string(), new });
            }
        }
        Ok(changes)
    }

    /// Changes what is to be changed. The account is written first: what a kill
    /// leaves is what it knows of. A change that is refused takes all others of
    /// this call back.
    pub fn tune(&self, steering: Wanted) -> Result<Vec<Change>> {
        let changes = self.show(steering)?;
        if changes.is_empty() {
            return Ok(changes);
        }
        let path = self.account_path();
        let mut account = Account::read(&path)?.unwrap_or_default();
        account.is_of(self.namespace())?;
        let before = account.clone();
        let entry = |change: &Change| {
            let file = change.name.trim_start_matches('/').to_string();
            Ok(Entry { old: self.read(&file)?, new: change.new.clone(), file })
        };
        let entries = changes.iter().map(entry).collect::<Result<Vec<Entry>>>()?;
        entries.iter().cloned().for_each(|entry| account.note(entry));
        account.write(&path).map_err(|error| self.refused(&error.to_string(), &changes))?;
        for (at, Entry { file, new, .. }) in entries.iter().enumerate() {
            let Err(error) = self.write(file, new) else { continue };
            for Entry { file, old, .. } in entries[..at].iter().rev() {
                // What cannot be taken back stays in the account.
                let stays = |why| Error::Tune {
                    what: format!("/{file}: {why}; `copycost tune --reset` tries again"),
                };
                self.write(file, old).map_err(stays)?;
            }
            before.write(&path)?;
            return Err(self.refused(&format!("/{file}: {error}"), &changes));
        }
        Ok(changes)
    }

    /// Restores what is in the account, the last change first, and nothing that
    /// somebody has changed since.
    pub fn reset(&self) -> Result<Vec<Undone>> {
        let path = self.account_path();
        let Some(mut account) = Account::read(&path)? else { return Ok(Vec::new()) };
        account.is_of(self.namespace())?;
        let mut undone = Vec::new();
        for Entry { file, old, new } in account.entries.iter().rev() {
            let (name, now) = (format!("/{file}"), self.read(file)?);
            undone.push(if now == *old {
                Undone::Unchanged(name)
            } else if is_alike(file, &now, new) {
                let failed = |error: io::Error| Error::Tune {
                    what: format!("{name}: {error}; nothing is forgotten, try again"),
                };
                self.write(file, old).map_err(failed)?;
                let (old, new) = (now.trim().to_string(), old.trim().to_string());
                Undone::Restored(Change { name, old, new })
            } else {
                Undone::LeftAlone(name, now.trim().to_string())
            });
        }
        account::forget(&path)?;
        Ok(undone)
    }

    /// What makes figures steadier whatever is compared, as far as it is there.
    fn steady(&self) -> Vec<(String, String)> {
        const CPUS: &str = "sys/devices/system/cpu";
        let mut wanted = Vec::new();
        for cpu in self.numbered(CPUS, "cpu") {
            let file = |name: &str| format!("{CPUS}/{cpu}/cpufreq/{name}");
            let governors = self.read(&file("scaling_available_governors"));
            if governors.is_ok_and(|names| names.split_whitespace().any(|name| name == "performance")) {
                wanted.push((file("scaling_governor"), "performance".to_string()));
            }
            if let Ok(highest) = self.read(&file("scaling_max_freq")) {
                wanted.push((file("scaling_min_freq"), highest.trim().to_string()));
            }
        }
        for (file, off) in [
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "1"),
            ("sys/devices/system/cpu/cpufreq/boost", "0"),
            ("proc/sys/kernel/nmi_watchdog", "0"),
        ] {
            wanted.push((file.to_string(), off.to_string()));
        }
        let halt_poll_ns = self.read(HALT_POLL).ok().and_then(|text| text.trim().parse::<u64>().ok());
        let is_obeyed = self.read(IDLE_GOVERNOR).is_ok_and(|governor| governor.trim() == "haltpoll");
        if is_obeyed && halt_poll_ns.is_some_and(|ns| ns < STEADY_HALT_POLL_NS) {
            wanted.push((HALT_POLL.to_string(), STEADY_HALT_POLL_NS.to_string()));
        }
        wanted.retain(|(file, _)| self.root.join(file).exists());
        wanted
    }

    /// Entries of `directory` that are `begins` and a number, by number.
    fn numbered(&self, directory: &str, begins: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.join(directory)).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let number = |name: &str| name.strip_prefix(begins)?.parse::<usize>().ok();
        let mut names: Vec<String> = names.filter(|name| number(name).is_some()).collect();
        names.sort_by_key(|name| number(name));
        names
    }

    fn account_path(&self) -> PathBuf {
        self.root.join(TUNE_ACCOUNT)
    }

    /// The network namespace, which decides whose devices sysfs shows.
    fn namespace(&self) -> Option<String> {
        let link = std::fs::read_link(self.root.join("proc/self/ns/net")).ok()?;
        Some(link.to_string_lossy().into_owned())
    }

    fn read(&self, file: &str) -> Result<String> {
        std::fs::read_to_string(self.root.join(file))
            .map_err(|error| Error::Tune { what: format!("/{file}: {error}") })
    }

    fn write(&self, file: &str, text: &str) -> io::Result<()> {
        let mut opened = std::fs::OpenOptions::new().write(true).truncate(true).open(self.root.join(file))?;
        opened.write_all(text.as_bytes())
    }

    /// One line: why, and the commands that do it.
    fn refused(&self, why: &str, changes: &[Change]) -> Error {
        let commands: Vec<String> =
            changes.iter().map(|change| format!("echo {} > {}", change.new, change.name)).collect();
        Error::Tune { what: format!("{why}; nothing was changed. As root: {}", commands.join("; ")) }
    }
}

/// Whether the kernel says by `now` what was written as `new`: masks are read
/// back with leading zeros.
fn is_alike(file: &str, now: &str, new: &str) -> bool {
    let (now, new) = (now.trim(), new.trim());
    let mask = |text: &str| if file.ends_with("rps_cpus") { cpus_of_mask(text) } else { None };
    now == new || mask(now).is_some_and(|cpus| Some(cpus) == mask(new))
}
