//! Memory whose place within a page is chosen: staging and receive buffers.
//! On some CPUs a copy to page + 16, where `malloc` puts large buffers, takes
//! two to three times as long as one to the start of a page.

use std::io;

use memmap2::{MmapMut, MmapOptions};

/// A buffer of its own pages that begins `offset_bytes` into the first.
#[derive(Debug)]
pub struct PageBuffer {
    map: MmapMut,
    offset_bytes: usize,
}

impl PageBuffer {
    /// Maps `length_bytes + offset_bytes` anonymous bytes.
    pub fn new(length_bytes: usize, offset_bytes: usize) -> io::Result<PageBuffer> {
        let map = MmapOptions::new().len(length_bytes + offset_bytes).map_anon()?;
        Ok(PageBuffer { map, offset_bytes })
    }

    /// The buffer, without what lies before the offset.
    pub fn as_slice(&self) -> &[u8] {
        &self.map[self.offset_bytes..]
    }

    /// The buffer, to write to.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.map[self.offset_bytes..]
    }
}
