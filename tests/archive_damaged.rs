//! Archives that were damaged on their way: cut short anywhere, or with a byte
//! changed anywhere. Each is refused, or holds the same for all that; never is
//! there a panic, or half a baseline.

#[path = "support/archives.rs"]
mod archives;
#[path = "support/made_up.rs"]
mod made_up;

use std::collections::BTreeSet;
use std::fs;

use archives::{Stage, listing};

type Edit = dyn Fn(&mut Vec<u8>, usize);

struct Damaged {
    stage: Stage,
    good: Vec<u8>,
}

impl Damaged {
    fn new() -> Damaged {
        let stage = Stage::new();
        let good = fs::read(stage.archive()).unwrap();
        stage.here();
        Damaged { stage, good }
    }

    /// Offsets in every part of the file: its ends, and `count` in between.
    fn offsets(&self, count: usize) -> BTreeSet<usize> {
        let length = self.good.len();
        let between = (0..count).map(|number| number * length / count);
        between.chain(0..20).chain(length - 20..length).collect()
    }

    /// That no archive that was made so is taken in, and that what was here is
    /// untouched.
    fn all_refused(&self, archives: impl Iterator<Item = (String, Vec<u8>)>) {
        for (what, bytes) in archives {
            assert!(self.is_refused(&what, &bytes), "{what}: taken in");
        }
    }

    /// Whether an archive is refused; then what was here is untouched. One that
    /// is taken in holds the same to the byte.
    fn is_refused(&self, what: &str, bytes: &[u8]) -> bool {
        let before = listing(&self.stage.path("here"));
        let file = self.stage.path("damaged.tar.gz");
        fs::write(&file, bytes).unwrap();
        match self.stage.import("here", &file, None) {
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains("damaged.tar.gz"), "{what}: {error}");
                assert!(listing(&self.stage.path("here")) == before, "{what}: left something: {error}");
                true
            }
            Ok(_) => {
                let again = self.stage.path("again.tar.gz");
                self.stage.export("here", "far", &again).unwrap();
                assert!(fs::read(&again).unwrap() == self.good, "{what}: another baseline was taken in");
                fs::remove_file(&again).unwrap();
                fs::remove_dir_all(self.stage.path("here")).unwrap();
                self.stage.here();
                false
            }
        }
    }
}

#[test]
fn cut_short_anywhere_it_is_refused() {
    let damaged = Damaged::new();
    let cut = |length: usize| (format!("the first {length} bytes"), damaged.good[..length].to_vec());
    let quarters = (0..4).map(|quarter| quarter * damaged.good.len() / 4);
    damaged.all_refused(quarters.chain(damaged.offsets(60)).map(cut));
}

#[test]
fn with_a_byte_changed_anywhere_it_is_refused_or_the_same() {
    let damaged = Damaged::new();
    let changes = damaged.offsets(100).into_iter().flat_map(|offset| [(offset, 0x01), (offset, 0xff)]);
    let (mut refused, mut taken) = (0, Vec::new());
    for (offset, bits) in changes {
        let mut bytes = damaged.good.clone();
        bytes[offset] ^= bits;
        match damaged.is_refused(&format!("byte {offset} ^ {bits:#04x}"), &bytes) {
            true => refused += 1,
            false => taken.push(offset),
        }
    }
    // Seven bytes of gzip's header hold no content (RFC 1952: a flag, the time,
    // the compressor, the system), and of zeros it says little where they are
    // copied from.
    let in_header = taken.iter().filter(|offset| (3..10).contains(*offset)).count();
    assert!(in_header <= 13 && taken.len() - in_header <= 5, "{taken:?}");
    assert!(refused > 200, "{refused}");
}

#[test]
fn with_bytes_lost_added_or_swapped_it_is_refused() {
    let damaged = Damaged::new();
    let edited = |(offset, edit): (usize, &Edit)| {
        let mut bytes = damaged.good.clone();
        edit(&mut bytes, offset);
        (format!("edited at {offset}"), bytes)
    };
    let edits: [&Edit; 3] = [
        &|bytes, offset| {
            bytes.remove(offset);
        },
        &|bytes, offset| bytes.insert(offset, 0x5a),
        &|bytes, offset| bytes[offset..].reverse(),
    ];
    let length = damaged.good.len();
    let offsets: Vec<usize> = (1..20).map(|number| number * length / 20).collect();
    let all = offsets.iter().flat_map(|offset| edits.iter().map(|edit| (*offset, *edit)));
    damaged.all_refused(all.map(edited));
}
