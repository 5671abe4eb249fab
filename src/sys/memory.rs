//! The memory that messages live in: files in memory, and the ranges that are
//! sent. It owns that a range's bytes belong to one value and stay where they
//! are for as long as it lives; who reads them there is its neighbours' business.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::Arc;

use memmap2::{MmapOptions, MmapRaw};

use super::{check, resumed};

/// The most byte ranges one [`Segments`] may have. `sendmsg(2)` takes 1024
/// (`UIO_MAXIOV`); a table this small fits the stack when a send is resumed.
pub const MAX_SEGMENTS: usize = 64;

/// The size of a page in bytes, `sysconf(3)` `_SC_PAGESIZE`.
pub(crate) fn page_bytes() -> usize {
    // SAFETY: sysconf takes no pointer and has no precondition.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// An anonymous file in memory, `memfd_create(2)`, of `length_bytes` zeros.
pub(crate) fn memory_file(name: &CStr, length_bytes: usize) -> io::Result<File> {
    let fd = resumed(|| {
        // SAFETY: `name` is a valid NUL-terminated string for the whole call.
        check(unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) } as isize)
    })?;
    // SAFETY: memfd_create just returned this descriptor; nobody else owns it.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(fd as libc::c_int) });
    file.set_len(length_bytes as u64)?;
    Ok(file)
}

/// Where the bytes of a [`Segments`] live.
#[allow(dead_code)] // never read: it only keeps the bytes alive
enum Memory {
    Mapped(Arc<MmapRaw>),
    Heap(Vec<Vec<u8>>),
}

/// Byte ranges that one owner has to itself, in the order in which they are
/// sent. The bytes do not move when the value moves, so the kernel may hold
/// their address for as long as the value lives.
///
/// Ranges come from a mapping (a ring of messages) or from vectors
/// (`Segments::from(Vec<u8>)`). Empty ranges are dropped.
pub struct Segments {
    table: Box<[libc::iovec]>,
    total_bytes: usize,
    // Only keeps the bytes alive; they are reached through `table`.
    _memory: Memory,
}

// SAFETY: the ranges in `table` belong to this value alone (`divide` checks
// that they are disjoint, vectors are moved in), so it may move between
// threads like the `Vec<u8>`s that it stands for.
unsafe impl Send for Segments {}
// SAFETY: `&Segments` only reads.
unsafe impl Sync for Segments {}

impl Segments {
    /// Maps `file` shared, page-aligned, and divides it: one value for each
    /// list of ranges. Fails with `InvalidInput` if a range leaves the file,
    /// two overlap, they are not in rising order, or a list has more than
    /// [`MAX_SEGMENTS`].
    pub(crate) fn divide(file: &File, lists: &[Vec<Range<usize>>]) -> io::Result<Vec<Segments>> {
        let map = Arc::new(MmapOptions::new().map_raw(file)?);
        let mut taken_to = 0;
        for list in lists {
            if list.len() > MAX_SEGMENTS {
                return Err(invalid("too many segments in one list"));
            }
            for range in list {
                if range.start < taken_to || range.end < range.start || range.end > map.len() {
                    return Err(invalid("segments overlap or leave the mapping"));
                }
                taken_to = range.end;
            }
        }
        let base = map.as_mut_ptr();
        Ok(lists
            .iter()
            .map(|list| {
                let table = list.iter().map(|range| libc::iovec {
                    // SAFETY: `range` lies inside the mapping (checked above).
                    iov_base: unsafe { base.add(range.start) }.cast(),
                    iov_len: range.len(),
                });
                Segments::new(table, Memory::Mapped(Arc::clone(&map)))
            })
            .collect())
    }

    fn new(table: impl Iterator<Item = libc::iovec>, memory: Memory) -> Segments {
        let table: Box<[libc::iovec]> = table.filter(|part| part.iov_len > 0).collect();
        let total_bytes = table.iter().map(|part| part.iov_len).sum();
        Segments { table, total_bytes, _memory: memory }
    }

    /// The ranges as `sendmsg(2)` takes them. Each names bytes that `self` keeps
    /// alive and where they are.
    pub(super) fn table(&self) -> &[libc::iovec] {
        &self.table
    }

    /// The number of ranges; none of them is empty.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The sum of all ranges, in bytes.
    pub fn total_bytes(&self) -> usize {
        self.total_bytes
    }

    /// The ranges in the order in which they are sent.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.table.iter().map(|part| {
            // SAFETY: the range is mapped or on the heap for as long as `self`
            // lives, initialised, and nobody has it mutably: that needs `&mut self`.
            unsafe { std::slice::from_raw_parts(part.iov_base.cast::<u8>(), part.iov_len) }
        })
    }

    /// The range `index`, to write to; `None` past the last.
    pub fn segment_mut(&mut self, index: usize) -> Option<&mut [u8]> {
        let part = self.table.get(index)?;
        // SAFETY: as in `iter`, and `&mut self` excludes every other borrow.
        Some(unsafe { std::slice::from_raw_parts_mut(part.iov_base.cast::<u8>(), part.iov_len) })
    }
}

impl From<Vec<u8>> for Segments {
    fn from(bytes: Vec<u8>) -> Segments {
        let mut parts = vec![bytes];
        let part = &mut parts[0];
        let table = [libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() }];
        Segments::new(table.into_iter(), Memory::Heap(parts))
    }
}

impl AsRef<Segments> for Segments {
    fn as_ref(&self) -> &Segments {
        self
    }
}

impl std::fmt::Debug for Segments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Segments({} in {} ranges)", self.total_bytes, self.len())
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divide_refuses_overlap_disorder_and_overrun() {
        let file = memory_file(c"test", 8192).unwrap();
        for bad in [
            vec![vec![0..10, 9..20]],
            vec![vec![10..20], vec![0..10]],
            vec![vec![0..8193]],
            vec![(0..MAX_SEGMENTS + 1).map(|i| i..i + 1).collect()],
        ] {
            let error = Segments::divide(&file, &bad).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bad:?}");
        }
        assert_eq!(Segments::divide(&file, &[vec![0..8192, 8192..8192]]).unwrap()[0].total_bytes(), 8192);
    }
}
