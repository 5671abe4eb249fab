//! The line by which an agent shows itself, after whatever a runner or a boot
//! printed before it. It owns how that line is found and what it must say.

use std::io::Read;

use super::last_lines::LastLines;
use super::{PROGRAM, PROTOCOL};
use crate::error::{Error, Result};

const BEGINNING: &str = "copycost-agent protocol ";

/// A boot prints a few hundred lines.
const LARGEST_BANNER_BYTES: usize = 4 << 20;

/// Of the line itself.
const LONGEST_LINE_BYTES: usize = 200;

/// The line of this program.
pub(super) fn line() -> String {
    format!("{BEGINNING}{PROTOCOL} program {PROGRAM}\n")
}

/// Reads up to the end of the greeting. What came before goes to `banner`. An
/// error if it is of another program or protocol.
pub(super) fn read(from: &mut impl Read, banner: &LastLines) -> Result<()> {
    let refuse = |what: String| Err(Error::Control { what });
    let mut line = Vec::new();
    for _ in 0..LARGEST_BANNER_BYTES {
        let mut byte = [0];
        match from.read(&mut byte) {
            Ok(0) => return refuse("it ended without a word from an agent".into()),
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                banner.take(&line);
                return refuse("no agent showed itself in time".into());
            }
            Err(error) => return refuse(format!("read: {error}")),
        }
        if byte[0] != b'\n' {
            line.drain(..line.len().saturating_sub(LONGEST_LINE_BYTES));
            continue;
        }
        // A banner need not end in a line end.
        let text = String::from_utf8_lossy(&line).into_owned();
        match text.rfind(BEGINNING) {
            Some(at) => return check(text[at + BEGINNING.len()..].trim_end()),
            None => banner.take(&line),
        }
        line.clear();
    }
    refuse(format!("{LARGEST_BANNER_BYTES} bytes came, and no word from an agent"))
}

fn check(rest: &str) -> Result<()> {
    match rest == format!("{PROTOCOL} program {PROGRAM}") {
        true => Ok(()),
        false => Err(Error::Control {
            what: format!(
                "the agent speaks protocol {rest}, this is protocol {PROTOCOL} program {PROGRAM}; both ends need \
                 the same program"
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(text: &str) -> std::result::Result<Vec<String>, String> {
        let banner = LastLines::default();
        let mut input = text.as_bytes();
        read(&mut input, &banner).map_err(|error| error.to_string())?;
        assert_eq!(input, b"rest", "nothing behind the line is taken");
        Ok(banner.lines())
    }

    #[test]
    fn a_banner_is_passed_over_and_kept() {
        let line = line();
        assert_eq!(read_from(&format!("{line}rest")), Ok(vec![]));
        assert_eq!(read_from(&format!("Welcome\n\x1b[1mto\r\n{line}rest")).unwrap().len(), 2);
        assert_eq!(read_from(&format!("no line end: {line}rest")), Ok(vec![]));
    }

    #[test]
    fn another_program_and_none_are_told_apart() {
        let other = read_from("copycost-agent protocol 1 program 9.9.9\nrest").unwrap_err();
        assert!(other.contains("9.9.9") && other.contains(PROGRAM), "{other}");
        assert!(read_from("hello\n").unwrap_err().contains("without a word"));
    }
}
