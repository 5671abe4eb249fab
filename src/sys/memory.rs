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

/// The mapping that messages lie in, which lives for as long as one of them.
#[derive(Clone, Debug)]
pub struct Mapping(Arc<MmapRaw>);

impl Mapping {
    /// Where it begins.
    pub(super) fn start(&self) -> *mut u8 {
        self.0.as_mut_ptr()
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Where the bytes of a [`Segments`] live.
#[allow(dead_code)] // a heap's are never read: it only keeps the bytes alive
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
    /// All of `table`, parted where small ranges meet others.
    runs: Box<[Run]>,
    // Keeps the bytes alive; they are reached through `table`.
    memory: Memory,
}

// SAFETY: the ranges in `table` belong to this value alone (`divide` checks
// that they are disjoint, vectors are moved in), so it may move between
// threads like the `Vec<u8>`s that it stands for.
unsafe impl Send for Segments {}
// SAFETY: `&Segments` only reads.
unsafe impl Sync for Segments {}

impl Segments {
    /// Maps `file` shared, page-aligned, and divides it: one value for each
    /// list of ranges, of which those of fewer than `small_below_bytes` are small. Fails with `InvalidInput` if a range leaves the file,
    /// two overlap, they are not in rising order, or a list has more than
    /// [`MAX_SEGMENTS`].
    pub(crate) fn divide(
        file: &File,
        lists: &[Vec<Range<usize>>],
        small_below_bytes: usize,
    ) -> io::Result<Vec<Segments>> {
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
                Segments::new(table, small_below_bytes, Memory::Mapped(Arc::clone(&map)))
            })
            .collect())
    }

    fn new(table: impl Iterator<Item = libc::iovec>, small_below_bytes: usize, memory: Memory) -> Segments {
        let table: Box<[libc::iovec]> = table.filter(|part| part.iov_len > 0).collect();
        let total_bytes = table.iter().map(|part| part.iov_len).sum();
        let is_small = |part: &libc::iovec| part.iov_len < small_below_bytes;
        let mut end = 0;
        let runs = table.chunk_by(|one, next| is_small(one) == is_small(next)).map(|alike| {
            let ranges = end..end + alike.len();
            end = ranges.end;
            let bytes = alike.iter().map(|part| part.iov_len).sum();
            Run::new(ranges, bytes, is_small(&alike[0]), end == table.len())
        });
        Segments { total_bytes, runs: runs.collect(), table, memory }
    }

    /// The ranges as `sendmsg(2)` takes them. Each names bytes that `self` keeps
    /// alive and where they are.
    pub(super) fn table(&self) -> &[libc::iovec] {
        &self.table
    }

    /// The mapping that the ranges lie in, if it is one.
    pub(crate) fn mapping(&self) -> Option<Mapping> {
        match &self.memory {
            Memory::Mapped(map) => Some(Mapping(Arc::clone(map))),
            Memory::Heap(_) => None,
        }
    }

    /// All of it in order, in as few calls as send small ranges and others apart.
    #[inline]
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// All of it in one call, none of it small.
    #[inline]
    pub(crate) fn whole(&self) -> Run {
        Run::new(0..self.table.len(), self.total_bytes, false, true)
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

/// Ranges of a [`Segments`] that go in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Which they are.
    pub(super) ranges: Range<usize>,
    /// Their sum.
    pub(crate) bytes: usize,
    /// Of `sendmsg(2)`.
    pub(super) flags: libc::c_int,
}

impl Run {
    /// Small ranges are copied by the call, others are not; all but the last call say
    /// that more follows.
    #[inline]
    fn new(ranges: Range<usize>, bytes: usize, is_small: bool, is_last: bool) -> Run {
        let by_reference = if is_small { 0 } else { libc::MSG_ZEROCOPY };
        let more = if is_last { 0 } else { libc::MSG_MORE };
        Run { ranges, bytes, flags: libc::MSG_NOSIGNAL | by_reference | more }
    }

    /// Whether each of them is small.
    #[inline]
    pub(crate) fn is_small(&self) -> bool {
        self.flags & libc::MSG_ZEROCOPY == 0
    }

    /// Whether no others follow.
    #[inline]
    pub(crate) fn is_last(&self) -> bool {
        self.flags & libc::MSG_MORE == 0
    }
}

impl From<Vec<u8>> for Segments {
    fn from(bytes: Vec<u8>) -> Segments {
        let mut parts = vec![bytes];
        let part = &mut parts[0];
        let table = [libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() }];
        Segments::new(table.into_iter(), 0, Memory::Heap(parts))
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
    fn runs_part_where_small_ranges_meet_others() {
        let file = memory_file(c"test", 8192).unwrap();
        let lists = [vec![0..10, 20..25, 100..1100, 2000..2004]];
        let runs =
            |small_below_bytes| Segments::divide(&file, &lists, small_below_bytes).unwrap()[0].runs.clone();
        let parted = [
            Run::new(0..2, 15, true, false),
            Run::new(2..3, 1000, false, false),
            Run::new(3..4, 4, true, true),
        ];
        assert_eq!(*runs(100), parted);
        assert_eq!(*runs(0), [Run::new(0..4, 1019, false, true)]);
        assert_eq!(*runs(2000), [Run::new(0..4, 1019, true, true)]);
    }

    #[test]
    fn divide_refuses_overlap_disorder_and_overrun() {
        let file = memory_file(c"test", 8192).unwrap();
        for bad in [
            vec![vec![0..10, 9..20]],
            vec![vec![10..20], vec![0..10]],
            vec![vec![0..8193]],
            vec![(0..MAX_SEGMENTS + 1).map(|i| i..i + 1).collect()],
        ] {
            let error = Segments::divide(&file, &bad, 0).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bad:?}");
        }
        assert_eq!(Segments::divide(&file, &[vec![0..8192, 8192..8192]], 0).unwrap()[0].total_bytes(), 8192);
    }
}
