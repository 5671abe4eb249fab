//! The error-queue parser on bytes: right where they are right, an error where
//! they are not, never a panic.

use copycost::zerocopy::{Completion, ParseError, parse};
use proptest::prelude::*;

/// `struct cmsghdr` and data, padded as the kernel does.
fn control_message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
    let mut bytes = (16 + data.len()).to_ne_bytes().to_vec();
    bytes.extend(level.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// `struct sock_extended_err` and the address that follows it.
fn extended_error(errno: u32, origin: u8, code: u8, info: u32, data: u32) -> Vec<u8> {
    let mut bytes = errno.to_ne_bytes().to_vec();
    bytes.extend([origin, 0, code, 0]);
    bytes.extend(info.to_ne_bytes());
    bytes.extend(data.to_ne_bytes());
    bytes.extend([0; 16]);
    bytes
}

const IP: (i32, i32) = (0, 11); // SOL_IP, IP_RECVERR
const IPV6: (i32, i32) = (41, 25); // SOL_IPV6, IPV6_RECVERR

#[test]
fn a_completion_is_read_from_either_family_and_behind_other_messages() {
    let error = extended_error(0, 5, 1, 7, 9);
    let expected = Ok(Completion { first: 7, last: 9, deferred_copy: true });
    for (level, kind) in [IP, IPV6] {
        assert_eq!(parse(&control_message(level, kind, &error)), expected);
        let mut both = control_message(1, 29, &[1, 2, 3]); // a timestamp first
        both.extend(control_message(level, kind, &error));
        assert_eq!(parse(&both), expected);
    }
    let wrapped = control_message(IP.0, IP.1, &extended_error(0, 5, 0, u32::MAX, 3));
    assert_eq!(parse(&wrapped), Ok(Completion { first: u32::MAX, last: 3, deferred_copy: false }));
}

#[test]
fn what_is_no_completion_is_said() {
    assert_eq!(parse(&[]), Err(ParseError::NoExtendedError));
    assert_eq!(parse(&control_message(1, 29, &[0; 16])), Err(ParseError::NoExtendedError));
    let icmp = control_message(IP.0, IP.1, &extended_error(111, 2, 0, 0, 0));
    assert_eq!(parse(&icmp), Err(ParseError::NotZeroCopy { origin: 2, errno: 111 }));
    let timestamp = control_message(IP.0, IP.1, &extended_error(42, 4, 0, 0, 0));
    assert_eq!(parse(&timestamp), Err(ParseError::NotZeroCopy { origin: 4, errno: 42 }));
}

#[test]
fn every_truncation_is_an_error() {
    let whole = control_message(IP.0, IP.1, &extended_error(0, 5, 0, 1, 2));
    for length in 0..whole.len() {
        assert!(parse(&whole[..length]).is_err(), "{length} bytes");
    }
    for short in 0..16 {
        let data = &extended_error(0, 5, 0, 1, 2)[..short];
        assert!(matches!(parse(&control_message(IP.0, IP.1, data)), Err(ParseError::Truncated { .. })));
    }
    for bad_length in [0, 15, 1 << 20, usize::MAX] {
        let mut bytes = whole.clone();
        bytes[..8].copy_from_slice(&bad_length.to_ne_bytes());
        assert!(matches!(parse(&bytes), Err(ParseError::Truncated { .. })), "length {bad_length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn a_damaged_completion_never_panics(at in 0usize..48, value in any::<u8>(), length in 0usize..=48) {
        let mut bytes = control_message(IP.0, IP.1, &extended_error(0, 5, 0, 1, 2));
        bytes[at] = value;
        let _ = parse(&bytes[..length.min(bytes.len())]);
    }
}
