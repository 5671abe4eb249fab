//! The frames of a sample by name: kernel and program together. It owns how the
//! caller of a library's function is found, which has no frame pointer.

use super::classify::{Frame, Space};
use super::kernel_symbols::KernelSymbols;
use super::program_symbols::ProgramSymbols;
use super::sample::Sample;

/// Every name that a sample of this process can need.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    kernel: KernelSymbols,
    program: ProgramSymbols,
}

impl Symbols {
    /// Those of the running kernel and of this process; why there are none, if the
    /// kernel hides its own.
    pub fn read() -> Result<Symbols, String> {
        Ok(Symbols { kernel: KernelSymbols::read()?, program: ProgramSymbols::read() })
    }

    /// Made-up ones, for tests.
    pub fn new(kernel: KernelSymbols, program: ProgramSymbols) -> Symbols {
        Symbols { kernel, program }
    }

    /// The frames of a sample from its leaf upwards.
    pub fn frames(&self, sample: &Sample) -> Vec<Frame<'_>> {
        let in_kernel = sample.kernel_chain.iter().enumerate().map(|(depth, address)| {
            // A return address is the one after the call, which may be the next function's.
            let name = self.kernel.find(address - u64::from(depth > 0));
            Frame { space: Space::Kernel, name: name.map(Into::into) }
        });
        let mut frames: Vec<Frame<'_>> = in_kernel.collect();
        let mut has_caller = false;
        if frames.is_empty() {
            // A stripped program's functions cannot be told apart: none is named.
            let leaf = self.program.find(sample.instruction).filter(|_| self.program.names_program());
            let own = self.program.find_in_program(sample.instruction);
            has_caller = own.is_some_and(|name| !is_generic(&name));
            frames.push(Frame { space: Space::User, name: leaf.map(Into::into) });
        }
        let callers =
            sample.user_stack.iter().filter_map(|word| self.program.find_in_program(word.checked_sub(1)?));
        for caller in callers {
            if has_caller {
                break;
            }
            has_caller = !is_generic(&caller);
            frames.push(Frame { space: Space::User, name: Some(caller.into()) });
        }
        frames
    }
}

/// Code that any other calls: what it is for says its caller.
fn is_generic(function: &str) -> bool {
    let path = function.trim_start_matches(['<', '&', '*']);
    ["core::", "alloc::", "std::", "memcpy", "memmove", "__mem"].iter().any(|start| path.starts_with(start))
}
