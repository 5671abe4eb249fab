//! Why a ring is refused, and what would change it: kernel, administrator and
//! container each say it in their own way. It owns those words.

use std::io;

use crate::copy_mode::SendFailure;

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    SetUp,
    Probe,
    /// The kernel says that it does not know the operation.
    Unknown,
    Register,
    /// A send of registered memory.
    SendRegistered,
}

/// `error` with its reason, where it is a refusal.
pub(super) fn refused(stage: Stage, error: io::Error) -> SendFailure {
    let operation = match stage {
        Stage::SetUp => "io_uring_setup",
        Stage::Probe | Stage::Unknown => "io_uring_register a probe",
        Stage::Register => "io_uring_register the ring's memory",
        Stage::SendRegistered => "SENDMSG_ZC of registered memory",
    };
    let disabled = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled").ok();
    let source = match why(stage, error.raw_os_error(), disabled.as_deref().map(str::trim)) {
        Some(why) => io::Error::new(io::ErrorKind::Unsupported, format!("{error}: {why}")),
        None => error,
    };
    SendFailure { operation, source }
}

fn why(stage: Stage, errno: Option<i32>, disabled: Option<&str>) -> Option<String> {
    let said = match (stage, errno) {
        (Stage::Unknown, _) => "this kernel has no SENDMSG_ZC; Linux 6.1 has it".to_string(),
        (Stage::SendRegistered, _) => {
            "this kernel takes no registered memory in SENDMSG_ZC, which Linux 6.15 does; \
             set io_uring.registered_buffers = false"
                .to_string()
        }
        (Stage::SetUp, Some(libc::EPERM)) => match disabled {
            Some(value @ ("1" | "2")) => format!(
                "kernel.io_uring_disabled is {value}: sysctl -w kernel.io_uring_disabled=0{}",
                if value == "1" { ", or join the group of kernel.io_uring_group" } else { "" }
            ),
            _ => SECCOMP.to_string(),
        },
        (Stage::SetUp | Stage::Probe, Some(libc::EPERM | libc::EACCES)) => SECCOMP.to_string(),
        (Stage::SetUp, Some(libc::ENOSYS)) => {
            format!("the kernel is built without CONFIG_IO_URING, or {SECCOMP}")
        }
        (Stage::SetUp, Some(libc::EINVAL)) => {
            "this kernel is older than Linux 6.1, which has IORING_SETUP_DEFER_TASKRUN".to_string()
        }
        (Stage::SetUp | Stage::Register, Some(libc::ENOMEM)) => {
            "more memory than this user may lock: ulimit -l, or run as root".to_string()
        }
        _ => return None,
    };
    Some(said)
}

const SECCOMP: &str = "a seccomp filter or security module, such as a container's default, forbids io_uring: \
                       docker run --security-opt seccomp=unconfined, or a filter that allows it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_names_its_reason_and_what_would_change_it() {
        for (stage, errno, disabled, expected) in [
            (Stage::SetUp, libc::EPERM, Some("2"), "sysctl -w kernel.io_uring_disabled=0"),
            (Stage::SetUp, libc::EPERM, Some("1"), "kernel.io_uring_group"),
            (Stage::SetUp, libc::EPERM, Some("0"), "seccomp=unconfined"),
            (Stage::SetUp, libc::EPERM, None, "seccomp=unconfined"),
            (Stage::SetUp, libc::ENOSYS, None, "CONFIG_IO_URING"),
            (Stage::SetUp, libc::EINVAL, Some("0"), "older than Linux 6.1"),
            (Stage::SetUp, libc::ENOMEM, Some("0"), "ulimit -l"),
            (Stage::Register, libc::ENOMEM, Some("0"), "ulimit -l"),
            (Stage::Unknown, 0, Some("0"), "no SENDMSG_ZC; Linux 6.1"),
            (Stage::SendRegistered, libc::EINVAL, Some("0"), "Linux 6.15"),
        ] {
            let said = why(stage, Some(errno), disabled).unwrap();
            assert!(said.contains(expected), "{stage:?} {errno}: {said}");
            let failure = refused(stage, io::Error::from_raw_os_error(errno));
            assert_eq!(failure.source.kind(), io::ErrorKind::Unsupported, "{failure}");
        }
        assert_eq!(why(Stage::SetUp, Some(libc::EMFILE), None), None);
    }
}
