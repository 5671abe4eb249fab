//! What an agent answers, as one might that means harm: numbers that are absurd,
//! lists of another length, modes that nobody asked for, answers to other questions.
//! Each is refused by what is wrong with it, with side and cell, and breaks the side.

#[path = "support/told_agent.rs"]
mod told_agent;

use serde_json::{Value, json};
use told_agent::{BEGIN, CLOSE, OPEN, ROUND, cell, honest, told};

/// Which answer is changed, where in it, to what, and how it is refused.
type Case<'a> = (usize, &'a str, Value, &'a str);

fn refused(target: &str, cases: &[Case<'_>]) {
    let honest = &honest(target);
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(told(directory.path(), 0, honest, target), Ok(()), "as it was said");
    let (numbered, directory) = (cases.iter().enumerate().collect::<Vec<_>>(), directory.path());
    let run = |chunk: &[(usize, &Case<'_>)]| {
        for (number, (answer, key, value, expected)) in chunk {
            let mut answers = honest.clone();
            let found = answers[*answer].pointer_mut(key);
            *found.unwrap_or_else(|| panic!("no {key} in {}", honest[*answer])) = value.clone();
            let what = told(directory, number + 1, &answers, target).expect_err(expected);
            assert!(what.starts_with("side x: ") && what.contains(expected), "{key} {expected}: {what}");
            let names_cell = what.contains(&format!("{}: ", cell(target)));
            assert_eq!(names_cell, *answer > BEGIN, "{what}");
        }
    };
    std::thread::scope(|scope| {
        for chunk in numbered.chunks(numbered.len().div_ceil(12)) {
            scope.spawn(|| run(chunk));
        }
    });
}

#[test]
fn rounds_that_cannot_have_been_are_refused() {
    let huge = json!(u64::MAX);
    let sum = |counted: f64, share: f64, rounds: u64, of: u64| json!({"counted": counted, "counted_share": share, "rounds": rounds, "of": of});
    refused(
        "throughput",
        &[
            (
                ROUND,
                "",
                json!({"opened": {"plan": {"ends": [], "cpus": 1, "on": []}}}),
                "an answer to another question",
            ),
            (ROUND, "", json!({"closed": {}}), "no message"),
            (ROUND, "/round/messages", json!(201), "messages of the round: 201; allowed: 200"),
            (ROUND, "/round/messages", json!(-1), "no message"),
            (ROUND, "/round/messages", json!(1e3), "no message"),
            (
                ROUND,
                "/round/wall",
                json!({"secs": 0, "nanos": 0}),
                "time in ns: 0; allowed: 1 to 3600000000000",
            ),
            (ROUND, "/round/wall", json!({"secs": 3601, "nanos": 0}), "time in ns: 3601000000000; allowed"),
            (ROUND, "/round/wall", json!({"secs": u64::MAX, "nanos": 4_000_000_000_u64}), "no message"),
            (ROUND, "/round/wall", json!({"secs": -1, "nanos": 0}), "no message"),
            (ROUND, "/round/wall", json!(null), "no message"),
            (
                ROUND,
                "/round/reference_cpu_time",
                json!({"secs": 1, "nanos": 0}),
                "CPU time in ns: 1000000000; allowed: 0",
            ),
            (ROUND, "/round/round_trips_ns", json!([1, 2]), "round trips of the round: 2; allowed: 0"),
            (ROUND, "/round/tally", json!(null), "nothing of the bytes that were sent"),
            (ROUND, "/round/tally/copied_bytes", huge.clone(), "bytes sent: "),
            (ROUND, "/round/tally/unreported_bytes", huge.clone(), "allowed: 819200"),
            (ROUND, "/round/tally/pipe_bytes", huge.clone(), "bytes of the pipe"),
            (
                ROUND,
                "/round/tally/completions/sends",
                huge.clone(),
                "sends by reference: 18446744073709551615",
            ),
            (ROUND, "/round/tally/completions/notifications", json!(3), "completions: 3; allowed"),
            (ROUND, "/round/tally/completions/deferred_copies", huge.clone(), "deferred copies"),
            (
                ROUND,
                "/round/tally/completions/enobufs",
                huge.clone(),
                "ENOBUFS: 18446744073709551615; allowed: 0 to 70368744177664",
            ),
            (
                ROUND,
                "/round/tally/completions/empty_error_queue_reads",
                huge.clone(),
                "empty error-queue reads",
            ),
            (ROUND, "/round/received/copied_bytes", json!(0), "bytes received: 0; allowed: 819200"),
            (ROUND, "/round/received/mapped_bytes", huge.clone(), "bytes received: "),
            (
                ROUND,
                "/round/client_counts/6",
                sum(1e19, 1.0, 1, 1),
                "client_cpu_time: 10000000000000000000; allowed",
            ),
            (ROUND, "/round/client_counts/6", sum(-1.0, 1.0, 1, 1), "client_cpu_time: -1; allowed"),
            (
                ROUND,
                "/round/client_counts/6",
                json!({"counted": null, "counted_share": 1.0, "rounds": 1, "of": 1}),
                "no message",
            ),
            (
                ROUND,
                "/round/client_counts/7",
                sum(1.0, 1.5, 1, 1),
                "share of client_voluntary_switches: 1.5; allowed: 0 to 1",
            ),
            (
                ROUND,
                "/round/server_counts/0",
                sum(1.0, 1.0, 1, u64::MAX),
                "threads of server_cycles: 18446744073709551615",
            ),
            (
                ROUND,
                "/round/server_counts/0",
                sum(1.0, 1.0, 2, 1),
                "counts of server_cycles: 2; allowed: 0 to 1",
            ),
            (ROUND, "/round/server_counts", json!([]), "no message"),
            (
                ROUND + 1,
                "/round/reference_cpu_time",
                json!({"secs": 3601, "nanos": 0}),
                "a round of memcpy: the reference's CPU time",
            ),
            (ROUND + 1, "/round/received/copied_bytes", json!(1), "bytes received: 1; allowed: 0"),
        ],
    );
}

#[test]
fn round_trips_are_as_many_as_messages_and_none_is_absurd() {
    let with = |first: u64| {
        let mut all = vec![1000_u64; 200];
        all[0] = first;
        json!(all)
    };
    let day = 86_400_000_000_000_u64;
    refused(
        "latency",
        &[
            (ROUND, "/round/round_trips_ns", json!([]), "round trips of the round: 0; allowed: 200"),
            (
                ROUND,
                "/round/round_trips_ns",
                json!(vec![1000; 201]),
                "round trips of the round: 201; allowed: 200",
            ),
            (ROUND, "/round/round_trips_ns", with(0), "a round trip in ns: 0; allowed: 1 to"),
            (ROUND, "/round/round_trips_ns", with(day), "a round trip in ns: 86400000000000"),
            (ROUND, "/round/round_trips_ns", with(u64::MAX), "a round trip in ns: 18446744073709551615"),
            (
                ROUND,
                "/round/round_trips_ns",
                json!(vec![3_000_000_000_000_u64; 200]),
                "all round trips in ns: 600000000000000",
            ),
            (ROUND, "/round/round_trips_ns/7", json!("7"), "no message"),
            (ROUND, "/round/round_trips_ns/7", json!(-7), "no message"),
        ],
    );
}

#[test]
fn what_is_said_before_and_after_rounds_is_refused_where_it_is_too_much() {
    let long = "x".repeat(9000);
    let some = "x".repeat(2001);
    let (huge, many) = (json!(u64::MAX), vec![json!([0, "why"]); 201]);
    let named = |place: &str, value: &str| json!({ place: { "value": value } });
    let items: serde_json::Map<String, Value> =
        (0..2001).map(|number| (format!("item_{number}"), json!({"value": 1}))).collect();
    let words: serde_json::Map<String, Value> =
        (0..40).map(|number| (format!("item_{number}"), json!({"absent": "y".repeat(8000)}))).collect();
    let refusals = json!([["zero-copy", "not here"], ["zero-copy", "nor there"]]);
    let path = "/closed/report/connections/0";
    let place = |rest: &str| format!("{path}{rest}");
    let (granted, busy, window) = (
        place("/client_granted/congestion_control"),
        place("/server_info/busy_us"),
        place("/server_granted/send_buffer_bytes"),
    );
    let (lane, connections) = (place("/lane"), "/closed/report/connections");
    refused(
        "throughput",
        &[
            (0, "", json!({"ended": {}}), "an answer to another question"),
            (BEGIN, "", json!({"started": {}}), "an answer to another question"),
            (BEGIN, "/ready/modes", json!(["zero-copy", "one-copy"]), "not asked for: \"one-copy\""),
            (BEGIN, "/ready/modes", json!(["zero-copy", "../x"]), "not asked for: \"../x\""),
            (BEGIN, "/ready/modes", json!(["zero-copy", "zero-copy"]), "the mode \"zero-copy\" twice"),
            (BEGIN, "/ready/refused", json!([["one-copy", "why"]]), "not asked for: \"one-copy\""),
            (BEGIN, "/ready/refused", refusals, "the mode \"zero-copy\" twice"),
            (BEGIN, "/ready/environment", json!(items), "conditions: 2001; allowed: 0 to 2000"),
            (BEGIN, "/ready/environment", json!(words), "bytes of the conditions' words: "),
            (
                BEGIN,
                "/ready/environment",
                named("kernel_release", &long),
                "has 9000 bytes; allowed: up to 8192",
            ),
            (BEGIN, "/ready/environment", named("kernel_release", "\u{1b}[2J"), "\\u{1b}"),
            (
                BEGIN,
                "/ready/environment",
                json!({"x": {"value": [1, 2]}}),
                "the condition \"x\": \"1, 2\"; allowed: one value",
            ),
            (BEGIN, "/ready/environment", json!({"x": {"value": null}}), "no message"),
            (OPEN, "", json!({"ready": {}}), "no message"),
            (OPEN, "", json!({"started": {}}), "an answer to another question"),
            (OPEN, "/opened/plan/ends", json!([]), "threads of the plan: 0; allowed: 1"),
            (OPEN, "/opened/plan/cpus", json!(0), "CPUs of the plan: 0; allowed: 1 to 65536"),
            (OPEN, "/opened/plan/cpus", huge.clone(), "CPUs of the plan: 18446744073709551615"),
            (
                OPEN,
                "/opened/plan/ends/0/client",
                huge.clone(),
                "a CPU or node of the plan: 18446744073709551615",
            ),
            (OPEN, "/opened/plan/on/0/node", huge.clone(), "a CPU or node of the plan"),
            (CLOSE, "", json!({"ended": {}}), "an answer to another question"),
            (
                CLOSE,
                "/closed/absent_counters",
                json!([[10, "why"]]),
                "the place of an absent counter: 10; allowed: 0 to 9",
            ),
            (
                CLOSE,
                "/closed/absent_counters",
                json!([[1, some]]),
                "why instructions is absent: 2001; allowed: 0 to 2000",
            ),
            (CLOSE, "/closed/absent_counters", json!(many), "reasons for absent counters: 201"),
            (
                CLOSE,
                "/closed/steal_percent",
                json!({"value": -3.0}),
                "stolen CPU time in percent: -3; allowed: 0 to 100",
            ),
            (CLOSE, "/closed/steal_percent", json!({"value": 1e300}), "stolen CPU time in percent"),
            (
                CLOSE,
                "/closed/steal_percent",
                json!({"value": "much"}),
                "stolen CPU time: \"much\"; allowed: a number",
            ),
            (CLOSE, "/closed/steal_percent", json!({"absent": some}), "why stolen CPU time is absent: 2001"),
            (
                CLOSE,
                "/closed/report/busy_share_between_rounds",
                json!(-0.5),
                "CPUs busy between rounds: -0.5",
            ),
            (
                CLOSE,
                "/closed/report/busy_share_between_rounds",
                json!(1e9),
                "CPUs busy between rounds: 1000000000",
            ),
            (CLOSE, connections, json!([]), "connections of zero-copy: 0; allowed: 1"),
            (CLOSE, &lane, json!("two-copy"), "connections of zero-copy: 0; allowed: 1"),
            (CLOSE, &granted, json!("sixteen-and-more"), "congestion control's name: 16; allowed: 0 to 15"),
            (CLOSE, &window, huge.clone(), "bytes of a socket's buffer"),
            (CLOSE, &busy, huge, "a connection's time in us: 18446744073709551615"),
            (CLOSE, "/closed/report/processed_packets", json!([[0, 0]]), "packets of a CPU: 0"),
            (CLOSE, "/closed/report/processed_packets", json!([[0, 1], [0, 2]]), "CPU 0 is there twice"),
            (
                CLOSE,
                "/closed/report/processed_packets",
                json!([[u64::MAX, 1]]),
                "a CPU that processed packets",
            ),
        ],
    );
}

#[test]
fn a_list_of_more_connections_than_there_are_lanes_is_refused() {
    let mut answers = honest("throughput");
    let connections = answers[CLOSE]["closed"]["report"]["connections"].as_array_mut().unwrap();
    let mut stranger = connections[0].clone();
    stranger["lane"] = json!("two-copy");
    connections.push(stranger);
    let directory = tempfile::tempdir().unwrap();
    let what = told(directory.path(), 0, &answers, "throughput").unwrap_err();
    assert!(what.contains("connections: 2; allowed: 1"), "{what}");
}
