//! The CPU time that control groups leave to this process. It owns where the two
//! versions of cgroups say it, and which of several limits binds.

use std::path::Path;

use super::root::Root;
use super::words;
use crate::metric::Reading;

/// The limit that leaves the least, from the process's own control group up to
/// the topmost, as cgroup v2's cpu.max writes it: microseconds of CPU time, or
/// `max`, and the period. A group's name can be a user's, so it is not said
/// where the limit stands.
pub(super) fn cpu_quota(root: &Root) -> Reading {
    let quotas: Vec<String> = version_2(root).into_iter().chain(version_1(root)).collect();
    let least = quotas.iter().filter_map(|quota| Some((cpus(quota)?, quota)));
    match least.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, quota)| quota).or(quotas.first()) {
        Some(quota) => words(quota),
        None => Reading::Absent(
            "no control group of this process has a cpu.max (cgroup v2) or cpu.cfs_quota_us (v1)".into(),
        ),
    }
}

/// How many CPUs' time `QUOTA PERIOD` is; none if it is no limit.
pub(super) fn cpus(quota: &str) -> Option<f64> {
    let (quota, period) = quota.split_once(' ')?;
    let number = |word: &str| word.parse::<f64>().ok().filter(|number| *number > 0.0);
    Some(number(quota)? / number(period)?)
}

fn version_2(root: &Root) -> Vec<String> {
    let groups = root.raw("proc/self/cgroup").unwrap_or_default();
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or("");
    let file = |group: &Path| format!("sys/fs/cgroup/{}/cpu.max", group.display());
    Path::new(own).ancestors().filter_map(|group| root.line(&file(group)).ok()).collect()
}

/// `3:cpu,cpuacct:/GROUP`; the controller's hierarchy is mounted under one of
/// its names, and in a container under the group itself.
fn version_1(root: &Root) -> Vec<String> {
    let groups = root.raw("proc/self/cgroup").unwrap_or_default();
    let found = groups.lines().find_map(|line| {
        let (names, group) = line.split_once(':')?.1.split_once(":/")?;
        names.split(',').any(|name| name == "cpu").then_some((names, group))
    });
    let Some((names, own)) = found else { return Vec::new() };
    let quota = |(mount, group): (&str, &Path)| {
        let file = |name: &str| root.line(&format!("sys/fs/cgroup/{mount}/{}/{name}", group.display())).ok();
        let (quota, period) = (file("cpu.cfs_quota_us")?, file("cpu.cfs_period_us")?);
        let quota = if quota.starts_with('-') { "max".to_string() } else { quota }; // -1 is no limit
        Some(format!("{quota} {period}"))
    };
    let places = |mount| Path::new(own).ancestors().map(move |group| (mount, group));
    ["cpu", names].into_iter().flat_map(places).filter_map(quota).collect()
}
