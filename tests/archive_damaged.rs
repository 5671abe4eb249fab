//! Archives that were damaged on their way: cut short anywhere, or with a byte
//! changed anywhere. Each is refused, or nothing that counts was changed; never
//! is there a panic, or half a baseline.

#[path = "support/archives.rs"]
mod archives;
#[path = "support/made_up_machine.rs"]
mod made_up_machine;

use std::collections::BTreeSet;
use std::fs;

use archives::{Stage, listing};

/// Of gzip's header the flag `FTEXT`, the time, what the compressor says of
/// itself and the system: no content, and no checksum over them (RFC 1952).
fn has_no_checksum(offset: usize, bits: u8) -> bool {
    (offset == 3 && bits == 0x01) || (4..10).contains(&offset)
}

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
        let before = listing(&self.stage.path("here"));
        let file = self.stage.path("damaged.tar.gz");
        for (what, bytes) in archives {
            fs::write(&file, bytes).unwrap();
            let error = match self.stage.import("here", &file, None) {
                Ok(summary) => panic!("{what}: taken in: {summary:?}"),
                Err(error) => error.to_string(),
            };
            assert!(error.contains("damaged.tar.gz") && error.len() < 1000, "{what}: {error}");
            assert!(listing(&self.stage.path("here")) == before, "{what}: left something: {error}");
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
fn with_a_byte_changed_anywhere_it_is_refused() {
    let damaged = Damaged::new();
    let changed = |(offset, bits): (usize, u8)| {
        let mut bytes = damaged.good.clone();
        bytes[offset] ^= bits;
        (format!("byte {offset} ^ {bits:#04x}"), bytes)
    };
    let offsets = damaged.offsets(100).into_iter();
    let changes = offsets.flat_map(|offset| [(offset, 0x01), (offset, 0xff)]);
    damaged.all_refused(changes.filter(|(offset, bits)| !has_no_checksum(*offset, *bits)).map(changed));
}

#[test]
fn with_bytes_lost_added_or_swapped_it_is_refused() {
    let damaged = Damaged::new();
    let edited = |(offset, edit): (usize, &dyn Fn(&mut Vec<u8>, usize))| {
        let mut bytes = damaged.good.clone();
        edit(&mut bytes, offset);
        (format!("edited at {offset}"), bytes)
    };
    let edits: [&dyn Fn(&mut Vec<u8>, usize); 3] = [
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

#[test]
fn what_has_no_checksum_holds_no_content() {
    let damaged = Damaged::new();
    for (offset, bits) in (3..10).map(|offset| (offset, if offset == 3 { 0x01 } else { 0xff })) {
        assert!(has_no_checksum(offset, bits));
        let mut bytes = damaged.good.clone();
        bytes[offset] ^= bits;
        let file = damaged.stage.path("changed.tar.gz");
        fs::write(&file, bytes).unwrap();
        let output = format!("here-{offset}");
        damaged.stage.import(&output, &file, None).unwrap();
        let again = damaged.stage.path(&format!("again-{offset}.tar.gz"));
        damaged.stage.export(&output, "far", &again).unwrap();
        assert!(fs::read(&again).unwrap() == damaged.good, "byte {offset}");
    }
}
