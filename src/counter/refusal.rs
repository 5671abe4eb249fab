//! Why `perf_event_open(2)` refuses an event: one decision, from what it said and
//! what the kernel lets this process count. It owns the words; whether an event
//! is needed is its callers' business.

use std::io;

/// What decides whether a process may count what the kernel does for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    /// `kernel.perf_event_paranoid`; `None` where the file is not there, which
    /// is how a kernel says that it has no perf events (perf_event_open(2)).
    pub(crate) paranoid: Option<i32>,
    /// Whether the process is exempt from it; `None` if that cannot be told.
    pub(crate) exempt: Option<bool>,
}

impl Permission {
    /// That of the calling process.
    pub(crate) fn of_this_process() -> Permission {
        let read = |path| std::fs::read_to_string(path).ok();
        let paranoid = read("/proc/sys/kernel/perf_event_paranoid");
        let exempt = read("/proc/self/status").and_then(|status| {
            let held = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
            let held = u64::from_str_radix(held.trim(), 16).ok()?;
            Some(is_exempt(held, &read("/proc/self/uid_map").unwrap_or_default()))
        });
        Permission { paranoid: paranoid.and_then(|value| value.trim().parse().ok()), exempt }
    }
}

/// Whether the capabilities `held` (`CapEff` of proc(5)) lift
/// `kernel.perf_event_paranoid`: `CAP_PERFMON`, or `CAP_SYS_ADMIN` which holds
/// it. Those of a user namespace that is not the first, as in a container of
/// an ordinary user, do not (user_namespaces(7)); the first is the one whose
/// `uid_map` is all of them. One that cannot be read counts as the first.
pub(crate) fn is_exempt(held: u64, uid_map: &str) -> bool {
    let capable = [CAP_PERFMON, CAP_SYS_ADMIN].iter().any(|bit| held >> bit & 1 == 1);
    let mut words = uid_map.split_whitespace();
    let first = [words.next(), words.next(), words.next()] == [Some("0"), Some("0"), Some("4294967295")];
    capable && (first || uid_map.trim().is_empty())
}

// linux/capability.h
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;

/// Why an event cannot be counted that `perf_event_open(2)` answered with
/// `error`, to a process of this `permission`.
pub(crate) fn reason(error: &io::Error, permission: Permission) -> String {
    let Some(errno) = error.raw_os_error() else { return error.to_string() };
    match errno {
        libc::EPERM | libc::EACCES => forbidden(errno, permission),
        libc::ENOSYS if permission.paranoid.is_some() => {
            "perf_event_open is hidden (ENOSYS) by a seccomp filter or a sandbox around this process: the kernel \
             has it, for it has the setting kernel.perf_event_paranoid"
                .into()
        }
        libc::ENOSYS => "this kernel has no perf_event_open (ENOSYS): it was built without CONFIG_PERF_EVENTS, \
                         or a sandbox stands in for it"
            .into(),
        libc::ENOENT => {
            "not supported by this CPU or virtual machine (ENOENT: the kernel has no such event for it)".into()
        }
        libc::ENODEV => "not supported by this CPU or virtual machine (ENODEV)".into(),
        libc::EOPNOTSUPP => "not supported by this CPU or virtual machine (EOPNOTSUPP: it lacks a feature of the \
                             hardware that the event needs)"
            .into(),
        libc::EMFILE => "no file descriptor left for it in this process (EMFILE): ulimit -n".into(),
        libc::ENFILE => "no file descriptor left for it in the whole system (ENFILE): sysctl fs.file-max".into(),
        libc::EBUSY => "another user has the CPU's counters to itself (EBUSY): stop other profilers, such as \
                        `perf` or a hypervisor's"
            .into(),
        libc::ENOSPC => "the CPU has no counter free for it (ENOSPC)".into(),
        libc::EINVAL => "the CPU has no counter free for it beside its group's, or this kernel does not know it \
                         (EINVAL)"
            .into(),
        libc::ENOMEM => "the kernel has no memory for it (ENOMEM)".into(),
        _ => format!("perf_event_open: {error}"),
    }
}

/// The kernel itself answers EACCES where `kernel.perf_event_paranoid` forbids
/// an event, and so does SELinux; EPERM is what filters of system calls say, by
/// convention, and other security modules.
fn forbidden(errno: i32, Permission { paranoid, exempt }: Permission) -> String {
    let name = if errno == libc::EPERM { "EPERM" } else { "EACCES" };
    let by_paranoid = paranoid.filter(|value| *value > 1).map(|value| {
        format!(
            "kernel.perf_event_paranoid is {value}; counting the kernel's share needs 1 or lower \
             (sysctl -w kernel.perf_event_paranoid=1) or CAP_PERFMON outside of a user namespace"
        )
    });
    let filter = match errno {
        libc::EPERM => {
            "a seccomp filter or a security module refuses perf_event_open (EPERM), as in a container"
        }
        _ => "a security module such as SELinux refuses perf_event_open (EACCES)",
    };
    let engine = match (errno, exempt) {
        (libc::EPERM, Some(true)) => "docker and podman: --security-opt seccomp=unconfined",
        (libc::EPERM, _) => "docker and podman: --cap-add PERFMON, or --security-opt seccomp=unconfined",
        _ => "docker and podman: --security-opt label=disable",
    };
    match (by_paranoid, exempt) {
        (Some(paranoid), Some(false)) if errno == libc::EACCES => paranoid,
        (Some(paranoid), Some(false)) => format!("{filter} ({engine}); and {paranoid}"),
        (Some(paranoid), None) => {
            format!("{name}: either {paranoid}, or {filter} ({engine}); which one cannot be told")
        }
        (Some(_), Some(true)) => {
            format!("{filter} ({engine}); this process is exempt from kernel.perf_event_paranoid")
        }
        (None, _) if paranoid.is_some() => {
            format!("{filter} ({engine}); kernel.perf_event_paranoid allows it")
        }
        (None, _) => format!("{filter} ({engine})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(errno: i32, paranoid: Option<i32>, exempt: Option<bool>) -> String {
        reason(&io::Error::from_raw_os_error(errno), Permission { paranoid, exempt })
    }

    #[test]
    fn paranoid_is_named_only_where_it_forbids() {
        let lacks = why(libc::EACCES, Some(2), Some(false));
        assert!(
            lacks.starts_with("kernel.perf_event_paranoid is 2") && lacks.contains("sysctl -w"),
            "{lacks}"
        );
        assert!(!lacks.contains("security module"), "{lacks}");
        for errno in [libc::EPERM, libc::EACCES] {
            for (paranoid, exempt) in [(2, true), (4, true), (1, false), (-1, false), (1, true)] {
                let why = why(errno, Some(paranoid), Some(exempt));
                assert!(why.contains("security module") && why.contains("--security-opt"), "{why}");
                assert!(!why.contains("perf_event_paranoid is"), "{why}");
                assert_eq!(why.contains("is exempt"), paranoid > 1, "{why}");
            }
        }
        // Root in a container whose filter forbids the call: a capability more would not help.
        assert!(!why(libc::EPERM, Some(2), Some(true)).contains("--cap-add"));
        // Both forbid it, and both are named.
        let both = why(libc::EPERM, Some(3), Some(false));
        assert!(both.contains("seccomp") && both.contains("kernel.perf_event_paranoid is 3"), "{both}");
        assert!(why(libc::EPERM, Some(2), None).contains("cannot be told"));
        assert!(!why(libc::EPERM, None, None).contains("paranoid"));
    }

    #[test]
    fn each_answer_has_a_sentence_of_its_own() {
        let answers = [
            (libc::ENOENT, "no such event"),
            (libc::ENODEV, "not supported by this CPU"),
            (libc::EOPNOTSUPP, "lacks a feature"),
            (libc::EMFILE, "ulimit -n"),
            (libc::ENFILE, "fs.file-max"),
            (libc::EBUSY, "to itself"),
            (libc::ENOSPC, "no counter free"),
            (libc::EINVAL, "beside its group's"),
            (libc::ENOMEM, "no memory"),
            (libc::ENOSYS, "is hidden"),
            (libc::EIO, "Input/output"),
        ];
        let sentences = answers.map(|(errno, expected)| {
            let why = why(errno, Some(2), Some(true));
            assert!(why.contains(expected), "{why}");
            assert!(!why.contains("paranoid is"), "{why}");
            why
        });
        for (index, sentence) in sentences.iter().enumerate() {
            assert!(!sentences[..index].contains(sentence), "{sentence}");
        }
        assert!(why(libc::ENOSYS, None, None).contains("CONFIG_PERF_EVENTS"));
    }

    #[test]
    fn capabilities_of_a_user_namespace_exempt_nobody() {
        const FIRST: &str = "         0          0 4294967295\n";
        let (perfmon, sys_admin, chown) = (1 << CAP_PERFMON, 1 << CAP_SYS_ADMIN, 1);
        assert!(is_exempt(perfmon, FIRST) && is_exempt(sys_admin, FIRST) && is_exempt(sys_admin, ""));
        assert!(!is_exempt(chown, FIRST) && !is_exempt(0, FIRST));
        assert!(!is_exempt(u64::MAX, "         0       1000          1\n"));
    }
}
