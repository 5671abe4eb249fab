//! The symbols of this process's own code: the program and its libraries, from
//! their ELF files as `/proc/self/maps` says where they lie (proc(5)). It owns user
//! space's names, and what of it is this program.

use std::fs::File;
use std::ops::Range;

use object::read::ReadCache;
use object::{Object, ObjectSegment, ObjectSymbol, SegmentFlags, SymbolKind, elf};

/// Code of this process by address.
#[derive(Clone, Debug, Default)]
pub struct ProgramSymbols {
    mappings: Vec<Mapping>,
}

#[derive(Clone, Debug)]
struct Mapping {
    addresses: Range<u64>,
    /// The file's name without its directory.
    file: String,
    is_program: bool,
    /// What is added to an address of the ELF file's.
    bias: u64,
    /// Where each function begins and ends in the file's own addresses, rising.
    functions: Vec<Function>,
}

/// A function's addresses in its file, and its name as the linker has it.
type Function = (Range<u64>, String);

impl ProgramSymbols {
    /// Those of this process as it is now.
    pub fn read() -> ProgramSymbols {
        let program = std::fs::read_link("/proc/self/exe").unwrap_or_default();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let mappings = maps.lines().filter_map(|line| mapping(line, &program.to_string_lossy()));
        ProgramSymbols { mappings: mappings.collect() }
    }

    /// The function that `address` lies in, or the file if that is all that is known.
    pub fn find(&self, address: u64) -> Option<String> {
        let mapping = self.mapping(address)?;
        Some(mapping.function(address).unwrap_or_else(|| mapping.file.clone()))
    }

    /// The function of this program, not of a library, that `address` lies in.
    pub fn find_in_program(&self, address: u64) -> Option<String> {
        self.mapping(address).filter(|mapping| mapping.is_program)?.function(address)
    }

    /// Whether the program's own functions have names: a stripped one's have not.
    pub fn names_program(&self) -> bool {
        self.mappings.iter().any(|mapping| mapping.is_program && !mapping.functions.is_empty())
    }

    fn mapping(&self, address: u64) -> Option<&Mapping> {
        self.mappings.iter().find(|mapping| mapping.addresses.contains(&address))
    }
}

impl Mapping {
    fn function(&self, address: u64) -> Option<String> {
        let address = address.wrapping_sub(self.bias);
        let after = self.functions.partition_point(|(range, _)| range.start <= address);
        let (range, name) = self.functions.get(after.checked_sub(1)?)?;
        range.contains(&address).then(|| demangled(name))
    }
}

/// `{:#}` leaves out the hash.
fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name.split('@').next().unwrap_or(name)))
}

/// `start-end perms offset device inode path`; `None` of what holds no code.
fn mapping(line: &str, program: &str) -> Option<Mapping> {
    let mut words = line.split_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let hexadecimal = |word| u64::from_str_radix(word, 16).ok();
    let addresses = hexadecimal(start)?..hexadecimal(end)?;
    let is_code = words.next()?.contains('x');
    let offset = hexadecimal(words.next()?)?;
    let path = words.nth(2)?;
    let (bias, functions) = match is_code {
        true => functions(path, addresses.start, offset).unwrap_or_default(),
        false => return None,
    };
    let file = path.rsplit('/').next().unwrap_or(path).to_string();
    Some(Mapping { addresses, file, is_program: path == program, bias, functions })
}

/// The functions of an ELF file of which `offset` lies at `start`, and what its own
/// addresses are moved by.
fn functions(path: &str, start: u64, offset: u64) -> Option<(u64, Vec<Function>)> {
    let cache = ReadCache::new(File::open(path).ok()?);
    let file = object::File::parse(&cache).ok()?;
    // The mapping begins on a page, the segment need not: its neighbour may end there.
    let segment = file.segments().find(|segment| {
        let (begins, bytes) = segment.file_range();
        let is_code =
            matches!(segment.flags(), SegmentFlags::Elf { p_flags, .. } if p_flags.0 & elf::PF_X.0 != 0);
        is_code && (begins & !0xfff..begins + bytes).contains(&offset)
    })?;
    let address = segment.address().wrapping_add(offset).wrapping_sub(segment.file_range().0);
    let bias = start.wrapping_sub(address);
    let mut functions: Vec<Function> = file
        .symbols()
        .chain(file.dynamic_symbols())
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0)
        .filter_map(|symbol| {
            let begins = symbol.address();
            Some((begins..begins + symbol.size(), symbol.name().ok()?.to_string()))
        })
        .collect();
    // Of several names the shortest: send, not __send.
    functions.sort_by(|a, b| (a.0.start, a.1.len(), &a.1).cmp(&(b.0.start, b.1.len(), &b.1)));
    functions.dedup_by_key(|(range, _)| range.start);
    Some((bias, functions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_programs_functions_are_told_from_a_librarys() {
        let symbols = ProgramSymbols::read();
        assert!(symbols.names_program());
        let here = this_programs_functions_are_told_from_a_librarys as fn() as usize as u64;
        let name = symbols.find_in_program(here).unwrap();
        assert!(name.ends_with("this_programs_functions_are_told_from_a_librarys"), "{name}");
        let library = libc::getppid as *const () as usize as u64;
        if let Some(name) = symbols.find(library).filter(|_| symbols.find_in_program(library).is_none()) {
            assert!(name.contains("getppid"), "{name}");
        }
        assert_eq!(symbols.find(8), None);
    }

    #[test]
    fn a_file_without_symbols_still_gives_its_name() {
        let line = "7f00-8f00 r-xp 00000000 00:00 0 [vdso]";
        let symbols = ProgramSymbols { mappings: mapping(line, "/bin/program").into_iter().collect() };
        assert_eq!(symbols.find(0x7f10).as_deref(), Some("[vdso]"));
        assert!(mapping("7f00-8f00 rw-p 00000000 00:00 0 /bin/program", "/bin/program").is_none());
    }
}
