//! The last lines that a runner printed, for the line that says why a side
//! failed. It owns how many and how long they may be, and that they may be shown.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const LINES: usize = 3;
const LONGEST_CHARACTERS: usize = 200;

/// Shared with the thread that reads.
#[derive(Clone, Default)]
pub(super) struct LastLines(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    lines: VecDeque<String>,
    /// Of the pipe that is followed, without a line end so far: what asks for something
    /// waits behind its words.
    unfinished: String,
}

impl LastLines {
    /// Takes a line, without what must not reach a terminal.
    pub(super) fn take(&self, line: &[u8]) {
        let shown = shown(line);
        let mut said = self.said_so_far();
        if !shown.is_empty() {
            said.lines.push_back(shown);
            let over = said.lines.len().saturating_sub(LINES);
            said.lines.drain(..over);
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
                lines.said_so_far().unfinished = shown(&line);
            }
            lines.take(&line);
            lines.said_so_far().unfinished.clear();
        });
    }

    /// Oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        let said = self.said_so_far();
        let unfinished = Some(&said.unfinished).filter(|words| !words.is_empty());
        said.lines.iter().chain(unfinished).cloned().collect()
    }

    fn said_so_far(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `; it printed last: …`, or nothing.
    pub(super) fn said(&self) -> String {
        match self.lines().as_slice() {
            [] => String::new(),
            lines => format!("; it printed last: {}", lines.join(" | ")),
        }
    }
}

fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let shown: String = text.chars().filter(|c| !c.is_control()).take(LONGEST_CHARACTERS).collect();
    shown.trim().to_string()
}
