//! Text from elsewhere: out of an archive, or from whatever other process hands
//! us some. It owns what may be in it, so that what is shown later moves no
//! cursor, forges no line and fills no screen; what the text says is its
//! readers' business.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The kernel's command line, the longest that the program itself writes, has
/// 4096 at most.
const LONGEST_BYTES: usize = 8192;

/// How much of a refused text is shown.
const SHOWN_CHARACTERS: usize = 60;

/// The one key whose text may have several lines: a user's shell command.
const OF_LINES: &str = "before";

/// That every string and every key of a JSON text may be shown.
pub(crate) fn check_json(text: &[u8]) -> Result<(), String> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let all = Within { key: "" }.deserialize(&mut json).and_then(|()| json.end());
    all.map_err(|error| error.to_string())
}

/// That `text`, which is called `key`, may be shown.
pub(crate) fn check_text(key: &str, text: &str) -> Result<(), String> {
    let lines = |c: char| key == OF_LINES && matches!(c, '\n' | '\t');
    let refused = text.chars().find(|c| !lines(*c) && !may_be_shown(*c));
    let what = match refused {
        Some(refused) => format!("holds {refused:?}"),
        None if text.len() > LONGEST_BYTES => format!("has {} bytes", text.len()),
        None => return Ok(()),
    };
    let shown: String = text.chars().take(SHOWN_CHARACTERS).collect();
    Err(format!(
        "{key:?}: {shown:?} {what}; allowed: up to {LONGEST_BYTES} bytes, no control characters and none \
         that hide or reorder others"
    ))
}

/// Beside control characters, those that Unicode's technical report 36 warns of:
/// invisible ones, and ones that change the direction of what follows.
fn may_be_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Walks a JSON value without keeping it: a record is many megabytes as a tree.
#[derive(Clone, Copy)]
struct Within<'a> {
    /// The key that the value stands under, for the message.
    key: &'a str,
}

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        check_text(self.key, text).map_err(E::custom)
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            check_text("a key", &key).map_err(A::Error::custom)?;
            entries.next_value_seed(Within { key: &key })?;
        }
        Ok(())
    }
}
