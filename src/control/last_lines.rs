//! The last lines that a runner printed, for the line that says why a side
//! failed. It owns how many and how long they may be, and that they may be shown.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex};

const LINES: usize = 3;
const LONGEST_CHARACTERS: usize = 200;

/// Shared with the thread that reads.
#[derive(Clone, Default)]
pub(super) struct LastLines(Arc<Mutex<VecDeque<String>>>);

impl LastLines {
    /// Takes a line, without what must not reach a terminal.
    pub(super) fn take(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let shown: String = text.chars().filter(|c| !c.is_control()).take(LONGEST_CHARACTERS).collect();
        if !shown.trim().is_empty() {
            let mut lines = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            lines.push_back(shown.trim().to_string());
            let over = lines.len().saturating_sub(LINES);
            lines.drain(..over);
        }
    }

    /// Takes every line of a pipe, in a thread of its own, however many come.
    pub(super) fn follow(&self, mut pipe: impl Read + Send + 'static) {
        let lines = self.clone();
        std::thread::spawn(move || {
            let (mut line, mut buffer) = (Vec::new(), [0; 4096]);
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                for byte in &buffer[..read] {
                    match byte {
                        b'\n' => {
                            lines.take(&line);
                            line.clear();
                        }
                        byte if line.len() < 4 * LONGEST_CHARACTERS => line.push(*byte),
                        _ => {} // the rest of a line too long to show
                    }
                }
            }
            lines.take(&line);
        });
    }

    /// Oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).iter().cloned().collect()
    }

    /// `; it printed last: …`, or nothing.
    pub(super) fn said(&self) -> String {
        match self.lines().as_slice() {
            [] => String::new(),
            lines => format!("; it printed last: {}", lines.join(" | ")),
        }
    }
}
