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
    /// Of one range.
    shortest_bytes: usize,
    longest_bytes: usize,
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
        let lengths = || table.iter().map(|part| part.iov_len);
        let total_bytes = lengths().sum();
        let (shortest_bytes, longest_bytes) = (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0));
        Segments { table, total_bytes, shortest_bytes, longest_bytes, memory }
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

    /// All of it as one run, unless ranges of fewer than `small_below_bytes` lie beside
    /// others.
    #[inline]
    pub(crate) fn one_run(&self, small_below_bytes: usize) -> Option<Run> {
        let is_small = self.longest_bytes < small_below_bytes;
        let alike = is_small || self.shortest_bytes >= small_below_bytes;
        let (ranges, bytes) = (0..self.table.len(), self.total_bytes);
        alike.then_some(Run { ranges, sent_bytes: 0, bytes, is_small, is_last: true })
    }

    /// From the range `first` up to where ranges of fewer than `small_below_bytes` give
    /// way to others or the other way round.
    #[inline(always)]
    pub(crate) fn run_from(&self, first: usize, small_below_bytes: usize) -> Run {
        let is_small = self.table[first].iov_len < small_below_bytes;
        let (mut end, mut bytes) = (first, 0);
        while end < self.table.len() && (self.table[end].iov_len < small_below_bytes) == is_small {
            bytes += self.table[end].iov_len;
            end += 1;
        }
        Run { ranges: first..end, sent_bytes: 0, bytes, is_small, is_last: end == self.table.len() }
    }

    /// The run that comes after the first `sent_bytes`.
    pub(crate) fn run_after(&self, sent_bytes: usize, small_below_bytes: usize) -> Run {
        let (mut first, mut skipped) = (0, 0);
        let mut run = self.one_run(small_below_bytes).unwrap_or_else(|| {
            while skipped + self.table[first].iov_len <= sent_bytes {
                skipped += self.table[first].iov_len;
                first += 1;
            }
            self.run_from(first, small_below_bytes)
        });
        run.sent_bytes = sent_bytes - skipped;
        run.bytes -= run.sent_bytes;
        run
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
    pub(crate) ranges: Range<usize>,
    /// What has been sent of them.
    pub(super) sent_bytes: usize,
    /// What has not.
    pub(crate) bytes: usize,
    /// Whether each of them is small.
    pub(crate) is_small: bool,
    /// Whether no others follow.
    pub(crate) is_last: bool,
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
    fn runs_part_where_small_ranges_meet_others_and_begin_where_a_send_stopped() {
        let file = memory_file(c"test", 8192).unwrap();
        let segments = &Segments::divide(&file, &[vec![0..10, 20..25, 100..1100, 2000..2004]]).unwrap()[0];
        for (sent_bytes, ranges, sent, bytes, is_small, is_last) in [
            (0, 0..2, 0, 15, true, false),
            (12, 1..2, 2, 3, true, false),
            (15, 2..3, 0, 1000, false, false),
            (1014, 2..3, 999, 1, false, false),
            (1018, 3..4, 3, 1, true, true),
        ] {
            let expected = Run { ranges, sent_bytes: sent, bytes, is_small, is_last };
            assert_eq!(segments.run_after(sent_bytes, 100), expected, "after {sent_bytes}");
        }
        let all = Run { ranges: 0..4, sent_bytes: 5, bytes: 1014, is_small: false, is_last: true };
        assert_eq!(segments.run_after(5, 0), all);
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
            let error = Segments::divide(&file, &bad).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bad:?}");
        }
        assert_eq!(Segments::divide(&file, &[vec![0..8192, 8192..8192]]).unwrap()[0].total_bytes(), 8192);
    }
}
