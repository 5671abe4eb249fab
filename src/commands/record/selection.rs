//! Which cells a recording is of. It owns that a filter which selects nothing
//! is refused before the recording takes its name.

use copycost::cell::{Cell, Filter, Target};
use copycost::profile::Profile;

use crate::commands::WrongUsage;

/// The cells of `targets` whose benchmark id the filter matches, as Criterion
/// does: each target has some, or it is wrong usage.
pub(super) fn cells(
    profile: &Profile,
    targets: &[Target],
    filter: Option<&str>,
) -> Result<Vec<Cell>, WrongUsage> {
    let filter = filter.map_or(Ok(Filter::All), |text| {
        Filter::pattern(text).map_err(|what| WrongUsage(format!("--filter '{text}': {what}")))
    })?;
    let mut selected = Vec::new();
    for target in targets {
        let cells = profile.cells(*target);
        let before = selected.len();
        selected.extend(cells.iter().filter(|cell| filter.matches(cell)).cloned());
        if selected.len() == before {
            return Err(WrongUsage(format!(
                "--filter '{filter}' matches none of the {} cells of {}; the closest are {}; --target leaves \
                 out targets",
                cells.len(),
                target.name(),
                filter.closest(&cells).join(", ")
            )));
        }
    }
    Ok(selected)
}
