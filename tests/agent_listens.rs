//! `copycost serve --listen`: who is let in, and what those cost who are not.

#[path = "support/stage.rs"]
mod stage;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use copycost::compare::Baseline;
use stage::{Stage, succeeded, text};

struct Listening {
    process: Child,
    address: String,
}

impl Listening {
    fn start(stage: &Stage) -> Listening {
        let mut command = stage.command(&["serve", "--listen", "127.0.0.1:0", "--token-file", "token"]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split(&[' ', ';'][..]).nth(2).unwrap().to_string();
        assert!(line.contains("token is in") && line.contains("made now"), "{line}");
        Listening { process, address }
    }

    /// A profile that has it as its peer.
    fn as_a_peer(&self, stage: &Stage) -> String {
        let (program, address) = (env!("CARGO_BIN_EXE_copycost"), &self.address);
        let path = stage.directory.path().join("peer.toml");
        let peer =
            format!("[peer]\nprogram = \"{program}\"\ncontrol = \"{address}\"\ntoken_file = \"token\"\n");
        std::fs::write(&path, format!("{}{peer}", stage::PROFILE)).unwrap();
        path.display().to_string()
    }

    fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }

    fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn frame(text: &str) -> Vec<u8> {
    format!("{:08}\n{text}", text.len()).into_bytes()
}

#[test]
fn a_peer_can_be_one_that_listens() {
    let stage = Stage::new();
    let listening = Listening::start(&stage);
    let profile = &listening.as_a_peer(&stage);
    let record = ["record", "--profile", profile, "--name", "p", "--target", "throughput", "--rounds", "2"];
    succeeded(stage.run(&[&record[..], &["--filter", "1024"]].concat()));
    let baseline = Baseline::load(&stage.output(), "p").unwrap();
    assert_eq!(baseline.processes.len(), 2);
    assert!(baseline.processes.iter().all(|process| process.records.len() == 3));
}

#[test]
fn a_second_harness_at_a_listening_peer_is_told_so_and_the_first_goes_on() {
    let stage = Stage::new();
    let listening = Listening::start(&stage);
    let profile = &listening.as_a_peer(&stage);
    let stream = |seconds: &str| {
        let words = ["stream", "--mode", "two-copy", "--message-bytes", "4096", "--seconds", seconds];
        let mut command = stage.command(&[&words[..], &["--profile", profile]].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let at_rest = listening.open_files();
    let first = stream("3");
    while listening.open_files() < at_rest + 2 {
        std::thread::sleep(std::time::Duration::from_millis(20)); // until it is let in
    }
    let second = stream("0.1").wait_with_output().unwrap();
    let error = text(&second.stderr);
    assert!(!second.status.success() && error.contains("another controller is at work here"), "{error}");
    succeeded(first.wait_with_output().unwrap());
    // And then the peer is free again.
    let again = (0..50).any(|_| stream("0.1").wait_with_output().unwrap().status.success());
    assert!(again);
}

#[test]
fn a_side_can_be_an_agent_that_listens() {
    let stage = Stage::new();
    let listening = Listening::start(&stage);
    let program = env!("CARGO_BIN_EXE_copycost");
    let connect = format!("{program} connect {} --token-file token", listening.address);
    let side = format!("b={connect}");
    let sides = ["--side", "a", "--side", &side, "--name", "g", "--filter", "1024", "--rounds", "2"];
    succeeded(stage.record(&sides));
    assert_eq!(Baseline::load(&stage.output(), "g-b").unwrap().processes.len(), 2);
    // As the first, whose mode is measured once more through an agent of its own, and
    // where that one is let in before it.
    let path = stage.directory.path().join("late");
    let late = format!("mkdir \"$0.was-here\" 2>/dev/null && sleep 1\nexec {connect} \"$@\"\n");
    std::fs::write(&path, late).unwrap();
    let side = format!("b=sh {}", path.display());
    let sides = ["--side", &side, "--side", "a", "--name", "h", "--filter", "1024", "--rounds", "2"];
    let error = text(&succeeded(stage.record(&sides)).stderr);
    let across = error.lines().filter(|line| line.contains("another controller is at work here"));
    let across: Vec<&str> = across.collect();
    assert_eq!(across.len(), 2, "{error}");
    assert!(across.iter().all(|line| line.contains("the self check across sides: ")), "{error}");
    assert_eq!(Baseline::load(&stage.output(), "h-b").unwrap().processes.len(), 2);
}

#[test]
fn an_agent_that_listens_starts_nothing_for_its_controller() {
    let stage = Stage::new();
    let listening = Listening::start(&stage);
    let program = env!("CARGO_BIN_EXE_copycost");
    let side = format!("b={program} connect {} --token-file token", listening.address);
    let path = stage.directory.path().join("peer.toml");
    let started = stage.directory.path().join("started");
    let peer = format!("[peer]\nrunner = [\"touch\", \"{}\"]\n", started.display());
    std::fs::write(&path, format!("{}{peer}", stage::PROFILE)).unwrap();
    let profile = path.to_str().unwrap();
    let sides = ["record", "--profile", profile, "--side", &side, "--side", "c=env --", "--name", "g"];
    let run = stage.run(&[&sides[..], &["--filter", "1024", "--rounds", "1"]].concat());
    let error = text(&run.stderr);
    assert!(!run.status.success(), "{error}");
    assert!(
        error.contains("side b: the agent refused: ") && error.contains("start this agent with"),
        "{error}"
    );
    assert!(!started.exists());
}

#[test]
fn one_controller_at_a_time_and_only_with_the_token() {
    let stage = Stage::new();
    let listening = Listening::start(&stage);
    let token = std::fs::read_to_string(stage.directory.path().join("token")).unwrap();
    let hello = |token: &str| {
        let mut stream = TcpStream::connect(&listening.address).unwrap();
        stream.write_all(&frame(&format!("{{\"token\":\"{}\"}}", token.trim()))).unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        (stream, line)
    };
    assert!(hello(&"0".repeat(64)).1.contains("wrong token"));
    assert!(hello("").1.contains("wrong token"));
    let (first, line) = hello(&token);
    assert!(line.starts_with("copycost-agent protocol"), "{line}");
    assert!(hello(&token).1.contains("another controller is at work here"));
    drop(first);
    // The end of the first is seen within moments.
    let again = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        hello(&token).1.starts_with("copycost-agent protocol")
    });
    assert!(again);
    // The token is on no command line.
    let arguments = std::fs::read(format!("/proc/{}/cmdline", listening.process.id())).unwrap();
    assert!(!text(&arguments).contains(token.trim()));
}

#[test]
fn strangers_cost_next_to_nothing_and_disturb_no_session() {
    let stage = Stage::new();
    let listening = Listening::start(&stage);
    let token = std::fs::read_to_string(stage.directory.path().join("token")).unwrap();
    let mut session = TcpStream::connect(&listening.address).unwrap();
    session.write_all(&frame(&format!("{{\"token\":\"{}\"}}", token.trim()))).unwrap();
    let mut greeting = String::new();
    BufReader::new(session.try_clone().unwrap()).read_line(&mut greeting).unwrap();
    let before_kib = listening.memory_kib();
    let mut silent = Vec::new();
    let (mut most_files, mut most_kib) = (0, 0);
    for number in 0..10_000 {
        let Ok(mut stream) = TcpStream::connect(&listening.address) else { continue };
        match number % 3 {
            0 => drop(stream.write_all(b"GET / HTTP/1.1\r\n\r\n")),
            1 => drop(stream.write_all(b"99999999\n")),
            _ => silent.push(stream),
        }
        silent.truncate(100);
        if number % 500 == 0 {
            (most_files, most_kib) =
                (most_files.max(listening.open_files()), most_kib.max(listening.memory_kib()));
        }
    }
    assert!(most_files < 64, "{most_files} open files");
    assert!(most_kib < before_kib + 16_384, "{before_kib} KiB, then {most_kib}");
    // The session is as it was.
    session
        .write_all(&frame(&format!("{{\"start\":{{\"program\":\"{}\"}}}}", copycost::control::PROGRAM)))
        .unwrap();
    let mut answer = [0; 22];
    session.read_exact(&mut answer).unwrap();
    assert!(text(&answer).contains("started"), "{}", text(&answer));
}
