//! A runner whose guard was stopped: whoever started it does not wait for ever, and
//! nothing of what it started is left behind.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use copycost::control::Runner;

/// Processes with this word on their command line, but for this one.
fn processes_with(word: &str) -> Vec<u32> {
    let numbers = std::fs::read_dir("/proc").unwrap();
    let numbers = numbers.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let has_word = |process: &u32| {
        let read = |file| std::fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
        let is_alive = !String::from_utf8_lossy(&read("stat")).contains(") Z");
        is_alive && String::from_utf8_lossy(&read("cmdline")).contains(word)
    };
    numbers.filter(|process| *process != std::process::id()).filter(has_word).collect()
}

#[test]
fn the_end_of_a_runner_does_not_hang_on_a_stopped_guard() {
    let word = format!("stopped-guard-{}", std::process::id());
    let command = format!(": {word}; cat > /dev/null");
    let runner = Runner::start(Path::new(env!("CARGO_BIN_EXE_copycost")), &command).unwrap();
    let all = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(10));
        processes_with(&word)
    });
    let all = all.take(1000).find(|all| all.len() >= 2).expect("the guard and its shell");
    let is_guard = |process: &&u32| {
        let command = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        command.contains("\0guard\0")
    };
    let guard = all.iter().find(is_guard).unwrap();
    let status = Command::new("kill").args(["-STOP", &guard.to_string()]).status().unwrap();
    assert!(status.success());
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        drop(runner);
        let _ = done.send(());
    });
    is_done.recv_timeout(Duration::from_secs(60)).expect("it hangs");
    assert_eq!(processes_with(&word), [0_u32; 0]);
}
