//! Who may control an agent that listens: whoever can read a file. It owns that
//! file's shape and mode, and how what was sent is compared with it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::{Error, Result, failed};

/// Of a token that is made here; half of it is the least that is taken.
const TOKEN_BYTES: usize = 32;

/// A secret in hexadecimal digits; never shown.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Reads the token in `path`. Only its owner may be able to.
    pub fn read(path: &Path) -> Result<Token> {
        let mode = fs::metadata(path).map_err(failed(path))?.permissions().mode();
        if mode & 0o077 != 0 {
            let what = format!(
                "others may read or write it (mode {:o}); chmod 600 {}",
                mode & 0o777,
                path.display()
            );
            return Err(refused(path, what));
        }
        let text = fs::read_to_string(path).map_err(failed(path))?;
        let token = text.trim();
        let is_hex = token.bytes().all(|byte| byte.is_ascii_hexdigit());
        match is_hex && (TOKEN_BYTES..=8 * TOKEN_BYTES).contains(&token.len()) {
            true => Ok(Token(token.to_lowercase())),
            false => {
                Err(refused(path, format!("no token: allowed: {TOKEN_BYTES} hexadecimal digits or more")))
            }
        }
    }

    /// Reads the token in `path`, or makes one there that only its owner can read.
    /// Whether it was made.
    pub fn read_or_make(path: &Path) -> Result<(Token, bool)> {
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = match made {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok((Token::read(path)?, false)),
            Err(error) => return Err(failed(path)(error)),
        };
        let mut random = [0; TOKEN_BYTES];
        File::open("/dev/urandom")
            .and_then(|mut source| source.read_exact(&mut random))
            .map_err(failed(path))?;
        let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        file.write_all(format!("{text}\n").as_bytes()).map_err(failed(path))?;
        Ok((Token(text), true))
    }

    /// Whether `sent` is it. How long that takes says nothing of where they differ.
    pub(super) fn is(&self, sent: &str) -> bool {
        let pairs = self.0.bytes().zip(sent.bytes());
        let differing = pairs.fold(0, |differing, (own, sent)| differing | (own ^ sent));
        self.0.len() == sent.len() && std::hint::black_box(differing) == 0
    }

    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

fn refused(path: &Path, what: String) -> Error {
    Error::File { path: path.to_path_buf(), source: std::io::Error::other(what) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_for_its_owner_alone_and_compared_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let (made, is_new) = Token::read_or_make(&path).unwrap();
        assert!(is_new && made.0.len() == 64);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (read, is_new) = Token::read_or_make(&path).unwrap();
        assert!(!is_new && read.is(&made.0));
        for other in ["", &made.0[..63], &format!("{}0", made.0), &made.0.replace(&made.0[..1], "g")] {
            assert!(!read.is(other), "{other}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Token::read(&path).err().unwrap().to_string().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "abc").unwrap();
        assert!(Token::read(&path).err().unwrap().to_string().contains("32 hexadecimal"));
    }
}
