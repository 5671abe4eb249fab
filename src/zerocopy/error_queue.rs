//! Decodes the control messages of one error-queue entry. It owns the byte
//! layout of `sock_extended_err` (linux/errqueue.h) and nothing else: reading
//! the queue is `sys`'s work, keeping account of ids the tracker's.

use thiserror::Error;

/// One range of completed notification ids, both ends included. `last` may be
/// below `first` where the 32-bit counter wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The first id (`ee_info`).
    pub first: u32,
    /// The last id (`ee_data`).
    pub last: u32,
    /// Whether the kernel copied after all (`SO_EE_CODE_ZEROCOPY_COPIED`).
    pub deferred_copy: bool,
}

/// Why the bytes are not a zero-copy completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// A control message says it is longer than what is left, or shorter than
    /// its own header.
    #[error("control message of {length_bytes} bytes where {left_bytes} are left")]
    Truncated {
        /// What the message's header says.
        length_bytes: usize,
        /// What the buffer holds from there on.
        left_bytes: usize,
    },
    /// No control message carries a `sock_extended_err`.
    #[error("no IP_RECVERR or IPV6_RECVERR control message in the error-queue entry")]
    NoExtendedError,
    /// The entry is an error or a notification of another kind.
    #[error("error-queue entry of origin {origin} with errno {errno}, not a completion of MSG_ZEROCOPY")]
    NotZeroCopy {
        /// `ee_origin`; 5 would be zero-copy.
        origin: u8,
        /// `ee_errno`; 0 would be no error.
        errno: u32,
    },
}

/// Finds the completion in `control`, the bytes of control messages that one
/// `recvmsg(2)` with `MSG_ERRQUEUE` returned.
pub fn parse(control: &[u8]) -> Result<Completion, ParseError> {
    let mut rest = control;
    while !rest.is_empty() {
        let truncated = |length_bytes| ParseError::Truncated { length_bytes, left_bytes: rest.len() };
        // struct cmsghdr of cmsg(3): size_t length, int level, int type.
        let header = rest.first_chunk::<HEADER_BYTES>().ok_or_else(|| truncated(HEADER_BYTES))?;
        let length_bytes = word(header);
        if length_bytes < HEADER_BYTES || length_bytes > rest.len() {
            return Err(truncated(length_bytes));
        }
        let level = int(&header[size_of::<usize>()..]);
        let kind = int(&header[size_of::<usize>() + 4..]);
        if matches!((level, kind), (libc::SOL_IP, libc::IP_RECVERR) | (libc::SOL_IPV6, libc::IPV6_RECVERR)) {
            return extended_error(&rest[HEADER_BYTES..length_bytes]);
        }
        let aligned = length_bytes.next_multiple_of(size_of::<usize>());
        rest = rest.get(aligned..).unwrap_or(&[]);
    }
    Err(ParseError::NoExtendedError)
}

const HEADER_BYTES: usize = size_of::<usize>() + 8;
const EXTENDED_ERROR_BYTES: usize = 16;

/// struct sock_extended_err: u32 errno, u8 origin, type, code, pad, u32 info, data.
fn extended_error(data: &[u8]) -> Result<Completion, ParseError> {
    let bytes = data
        .first_chunk::<EXTENDED_ERROR_BYTES>()
        .ok_or(ParseError::Truncated { length_bytes: EXTENDED_ERROR_BYTES, left_bytes: data.len() })?;
    let errno = int(&bytes[0..]) as u32;
    let (origin, code) = (bytes[4], bytes[6]);
    if errno != 0 || origin != SO_EE_ORIGIN_ZEROCOPY {
        return Err(ParseError::NotZeroCopy { origin, errno });
    }
    Ok(Completion {
        first: int(&bytes[8..]) as u32,
        last: int(&bytes[12..]) as u32,
        deferred_copy: code & SO_EE_CODE_ZEROCOPY_COPIED != 0,
    })
}

// linux/errqueue.h; libc names neither.
const SO_EE_ORIGIN_ZEROCOPY: u8 = 5;
const SO_EE_CODE_ZEROCOPY_COPIED: u8 = 1;

/// The native size_t at the start of `bytes`, which is long enough.
fn word(bytes: &[u8; HEADER_BYTES]) -> usize {
    let mut word = [0; size_of::<usize>()];
    word.copy_from_slice(&bytes[..size_of::<usize>()]);
    usize::from_ne_bytes(word)
}

/// The native int at the start of `bytes`, which is long enough.
fn int(bytes: &[u8]) -> i32 {
    i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
