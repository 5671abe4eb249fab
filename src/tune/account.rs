//! The account of settings that were changed: what stood in each file, to the
//! byte, and what was written. It lies under `/run`, which a reboot empties as
//! it does the settings.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, failed};
use crate::results::whole_file;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Account {
    /// The network namespace whose devices were changed.
    namespace: Option<String>,
    /// In the order in which they were changed.
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) old: String,
    pub(super) new: String,
}

impl Account {
    pub(super) fn read(path: &Path) -> Result<Option<Account>> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|error| Error::Tune { what: format!("{} is damaged: {error}", path.display()) }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(path)(error)),
        }
    }

    /// Without entries there is none.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        if self.entries.is_empty() {
            return forget(path);
        }
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(failed(directory))?;
        }
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(path)(error.into()))?;
        whole_file::write(path, &text)
    }

    /// Fails if it is of another network namespace than `here`: the files have
    /// the same names there.
    pub(super) fn is_of(&mut self, here: Option<String>) -> Result<()> {
        if self.entries.is_empty() {
            self.namespace = here;
            return Ok(());
        }
        match self.namespace == here {
            true => Ok(()),
            false => Err(Error::Tune {
                what: "this machine was tuned from another network namespace: reset it there".into(),
            }),
        }
    }

    /// Takes in what is about to be written. The first old value is kept, for
    /// as long as the file says what was written since.
    pub(super) fn note(&mut self, entry: Entry) {
        let known = self.entries.iter_mut().find(|known| known.file == entry.file);
        match known {
            Some(known) if known.old == entry.old || super::is_alike(&known.file, &entry.old, &known.new) => {
                known.new = entry.new;
            }
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
    }
}

pub(super) fn forget(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path)(error)),
        _ => Ok(()),
    }
}
