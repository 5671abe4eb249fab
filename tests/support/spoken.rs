//! `copycost serve --stdio` as a test speaks to it: frames of JSON there and back.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use copycost::control::{PROGRAM, PROTOCOL};
use serde_json::Value;

pub struct Spoken {
    process: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
}

impl Spoken {
    /// Greeted.
    pub fn start() -> Spoken {
        let mut process = Command::new(env!("CARGO_BIN_EXE_copycost"))
            .args(["serve", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, mut output) = (process.stdin.take(), process.stdout.take().unwrap());
        let mut greeting = Vec::new();
        while greeting.last() != Some(&b'\n') {
            let mut byte = [0];
            output.read_exact(&mut byte).unwrap();
            greeting.push(byte[0]);
        }
        assert_eq!(greeting, format!("copycost-agent protocol {PROTOCOL} program {PROGRAM}\n").as_bytes());
        Spoken { process, input, output }
    }

    pub fn process(&self) -> u32 {
        self.process.id()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub fn answer(&mut self) -> Value {
        let mut header = [0; 9];
        self.output.read_exact(&mut header).unwrap();
        let length: usize = std::str::from_utf8(&header[..8]).unwrap().parse().unwrap();
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    pub fn ask(&mut self, request: &Value) -> Value {
        self.send(&frame(request));
        self.answer()
    }

    /// Ends its input, and waits for its end: the exit status, and what it printed.
    pub fn end(mut self) -> (Option<i32>, String) {
        self.input = None;
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.process.wait().unwrap().code(), said)
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        self.input = None; // the end of its input is its end
        let _ = self.process.wait();
    }
}

pub fn frame(message: &Value) -> Vec<u8> {
    let text = message.to_string();
    format!("{:08}\n{text}", text.len()).into_bytes()
}
