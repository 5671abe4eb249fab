//! A frame: eight digits that say how long it is, a line end, and so many bytes
//! of JSON. Digits, so that whoever looks at a broken connection can read it. It
//! owns the bound of a frame; what is in it is `message`'s.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::elsewhere;
use crate::error::{Error, Result};

/// The round trips of the longest latency round, and room for as much again.
pub(super) const LARGEST_FRAME_BYTES: usize = 16 << 20;

const HEADER_BYTES: usize = 9;

/// Sends one message, in one call.
pub(super) fn write(to: &mut impl Write, message: &impl Serialize) -> Result<()> {
    let failed = |what: String| Error::Control { what };
    let text = serde_json::to_vec(message).map_err(|error| failed(format!("write a frame: {error}")))?;
    if text.len() > LARGEST_FRAME_BYTES {
        return Err(failed(format!(
            "a frame of {} bytes is to be sent, and at most {LARGEST_FRAME_BYTES} are allowed",
            text.len()
        )));
    }
    let mut frame = format!("{:08}\n", text.len()).into_bytes();
    frame.extend(text);
    let sent = to.write_all(&frame).and_then(|()| to.flush());
    sent.map_err(|error| failed(format!("send a frame: {error}")))
}

/// The next message; `None` at the end of the input between two frames. All of
/// its text may be shown.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>> {
    read_up_to(from, LARGEST_FRAME_BYTES)
}

/// The same, where no longer frame than this is expected.
pub(super) fn read_up_to<T: DeserializeOwned>(from: &mut impl Read, most_bytes: usize) -> Result<Option<T>> {
    let Some(text) = read_text(from, most_bytes)? else { return Ok(None) };
    let parsed = elsewhere::check_json(&text)
        .and_then(|()| serde_json::from_slice(&text).map_err(|error| error.to_string()));
    parsed.map(Some).map_err(|what| Error::Control { what: format!("a frame that is no message: {what}") })
}

fn read_text(from: &mut impl Read, most_bytes: usize) -> Result<Option<Vec<u8>>> {
    let mut header = [0; HEADER_BYTES];
    match filled(from, &mut header)? {
        0 => return Ok(None),
        HEADER_BYTES => {}
        _ => return Err(cut_off()),
    }
    let digits = header.strip_suffix(b"\n").filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let length = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
    let Some(length) = length else {
        let what = format!("{:?} where the length of a frame belongs", String::from_utf8_lossy(&header));
        return Err(Error::Control { what });
    };
    if length > most_bytes {
        let what = format!("a frame of {length} bytes, and at most {most_bytes} are allowed");
        return Err(Error::Control { what });
    }
    let mut text = Vec::new(); // grows with what comes, not with what was said
    from.take(length as u64).read_to_end(&mut text).map_err(|error| failed(&error))?;
    if text.len() < length { Err(cut_off()) } else { Ok(Some(text)) }
}

/// How many bytes came before the end of the input.
fn filled(from: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(filled)
}

fn failed(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut => Error::Control { what: "it did not answer in time".into() },
        _ => Error::Control { what: format!("read a frame: {error}") },
    }
}

fn cut_off() -> Error {
    Error::Control { what: "the connection ended within a frame".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_number(text: &[u8]) -> std::result::Result<Option<u64>, String> {
        read::<u64>(&mut &text[..]).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read_frame_by_frame() {
        let mut bytes = Vec::new();
        write(&mut bytes, &7_u64).unwrap();
        write(&mut bytes, &"words").unwrap();
        let mut input = &bytes[..];
        assert_eq!(read::<u64>(&mut input).unwrap(), Some(7));
        assert_eq!(read::<String>(&mut input).unwrap().as_deref(), Some("words"));
        assert!(read::<u64>(&mut input).unwrap().is_none(), "the end between two frames is no error");
    }

    #[test]
    fn hostile_frames_are_refused_by_what_is_wrong() {
        for (frame, expected) in [
            (&b"99999999\n1"[..], "at most 16777216"),
            (b"Welcome t", "\"Welcome t\" where the length"),
            (b"0000001\n\n1", "where the length"),
            (b"00000005\n12", "within a frame"),
            (b"0000", "within a frame"),
            (b"00000001\nx", "no message"),
            (b"00000003\n\"x\"", "no message"),
            (b"00000008\n\"\\u001b\"", "no message"),
        ] {
            let error = read_number(frame).unwrap_err();
            assert!(error.contains(expected), "{:?}: {error}", String::from_utf8_lossy(frame));
        }
    }
}
