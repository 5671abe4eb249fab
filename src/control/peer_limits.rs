//! How much a peer's answers and words may come to. Its servers' counts stand in records
//! beside those of the clients, so every number is checked here before it is believed;
//! what it is asked for has `limits`, and what an agent answers `answer_limits`.

use super::answer_limits::{
    Checked, check_absences, check_conditions, check_counts, check_end, nanoseconds, within, words,
};
use super::limits::{LONGEST_ROUND, LONGEST_WORDS_BYTES, MOST_COUNT, MOST_CPUS};
use super::message::PeerReady;
use crate::breakdown::{NamedSamples, SideTally};
use crate::cell::MOST_THREADS;
use crate::exchange::{PeerReport, Received, ServerAnswer, ServerWord};

/// Of what is sampled in a round, thousands of samples at most.
const MOST_CHAINS: usize = 1 << 16;

/// What an agent says that a peer of its own added, where there is one.
pub(super) fn check_report(peer: Option<&PeerReport>, has_peer: bool) -> Checked {
    if peer.is_some() != has_peer {
        let (said, there) = if has_peer { ("nothing of", "there is one") } else { ("of", "there is none") };
        return Err(format!("it says {said} what a peer added, and {there}"));
    }
    let Some(PeerReport { control_round_trip, strangers }) = peer else { return Ok(()) };
    let longest = nanoseconds(LONGEST_ROUND);
    within("a control round trip in ns", nanoseconds(*control_round_trip), 0..=longest)?;
    within("strangers", *strangers, 0..=MOST_COUNT)
}

/// What is found where a peer runs.
pub(super) fn check_ready(ready: &PeerReady) -> Checked {
    let PeerReady { environment, cost_unit: _, topology, boot_id } = ready;
    let cpus = topology.cpus();
    within("CPUs of the peer", cpus.len(), 1..=MOST_CPUS)?;
    let numbers = cpus.iter().flat_map(|cpu| [cpu.number, cpu.node, cpu.package]);
    numbers
        .clone()
        .try_for_each(|number| within("a CPU, node or package of the peer", number, 0..=MOST_CPUS))?;
    words("the peer's boot", boot_id.as_deref().unwrap_or_default())?;
    check_conditions(environment)
}

/// What it answers. That it is of so many lanes and connections the asker looks itself.
pub(super) fn check_answer(answer: &ServerAnswer) -> Checked {
    match answer {
        ServerAnswer::Report { ends } => {
            ends.iter().flatten().try_for_each(|(granted, info)| check_end(granted, info))
        }
        ServerAnswer::SetUp { strangers } => within("strangers", *strangers, 0..=MOST_COUNT),
        ServerAnswer::Listening { .. }
        | ServerAnswer::Armed {}
        | ServerAnswer::Pong {}
        | ServerAnswer::Closed {} => Ok(()),
    }
}

/// What it says in a round.
pub(super) fn check_word(word: &ServerWord) -> Checked {
    match word {
        ServerWord::Round { counts, received, absences, sampled } => {
            counts.iter().try_for_each(|counts| check_counts(MOST_THREADS, "server", counts))?;
            let Received { copied_bytes, mapped_bytes, discarded_bytes } = received;
            for bytes in [copied_bytes, mapped_bytes, discarded_bytes] {
                within("bytes received", *bytes, 0..=MOST_COUNT)?;
            }
            absences.as_ref().map_or(Ok(()), |absences| check_absences(absences))?;
            match sampled.as_deref() {
                Some(Ok(named)) => check_samples(named),
                Some(Err(why)) => words("why nothing was sampled", why),
                None => Ok(()),
            }
        }
        ServerWord::Failed { what } => {
            within("bytes of what failed", what.len(), 0..=4 * LONGEST_WORDS_BYTES)
        }
        ServerWord::Progress { .. } | ServerWord::Read {} => Ok(()),
    }
}

fn check_samples(NamedSamples { tally, folded }: &NamedSamples) -> Checked {
    let SideTally { classes, lost, throttled } = tally;
    within("call chains of a round", folded.lines().len(), 0..=MOST_CHAINS)?;
    let names = classes.iter().flat_map(|class| class.symbols.keys().map(String::as_str));
    for name in names.chain(folded.lines().map(|(line, _)| line)) {
        if name.contains(char::is_control) {
            return Err(format!("a control character in what was sampled: {name:?}"));
        }
    }
    let of_classes = classes.iter().flat_map(|class| [class.samples, class.weight, class.after_interrupts]);
    let of_symbols = classes.iter().flat_map(|class| class.symbols.values().copied());
    let of_chains = folded.lines().map(|(_, weight)| weight);
    let mut all = of_classes.chain(of_symbols).chain(of_chains).chain([*lost, *throttled]);
    all.try_for_each(|count| within("samples of servers", count, 0..=MOST_COUNT))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::breakdown::CostClass;
    use crate::counter::COUNT;

    /// The word of a round, with what a peer that means harm makes of it.
    fn word(key: &str, value: Value) -> Checked {
        let class = json!({"samples": 3, "weight": 9, "after_interrupts": 0, "symbols": {"f": 9}});
        let sum = json!({"counted": 1.5, "counted_share": 1.0, "rounds": 1, "of": 1});
        let mut word = json!({"round": {
            "counts": vec![sum; COUNT],
            "received": {"copied_bytes": 5, "mapped_bytes": 0, "discarded_bytes": 0},
            "absences": [[0, "why"]],
            "sampled": {"Ok": {
                "tally": {"classes": vec![class; CostClass::ALL.len()], "lost": 0, "throttled": 0},
                "folded": {"server;f": 9}
            }}
        }});
        *word.pointer_mut(&format!("/round{key}")).unwrap() = value;
        check_word(&serde_json::from_value(word).unwrap())
    }

    #[test]
    fn numbers_that_no_server_can_have_are_refused() {
        assert_eq!(word("/received/copied_bytes", json!(7)), Ok(()));
        for (key, value, expected) in [
            ("/received/copied_bytes", json!(u64::MAX), "bytes received: 18446744073709551615"),
            ("/counts/0/counted", json!(1e300), "; allowed: 0 to "),
            ("/counts/1/of", json!(100_000), "threads of "),
            ("/counts/1/counted_share", json!(-1.0), "the counted share of "),
            ("/absences", json!([[COUNT, "why"]]), "the place of an absent counter"),
            ("/absences/0/1", json!("x".repeat(5000)), "is absent: 5000"),
            ("/sampled/Ok/tally/lost", json!(u64::MAX), "samples of servers"),
            ("/sampled/Ok/tally/classes/0/weight", json!(u64::MAX), "samples of servers"),
            ("/sampled/Ok/tally/classes/0/symbols", json!({"f": u64::MAX}), "samples of servers"),
            ("/sampled/Ok/tally/classes/0/symbols", json!({"\u{1b}[2J": 1}), "control character"),
            ("/sampled/Ok/folded", json!({"a\nb 5": 1}), "control character"),
            ("/sampled/Ok/folded", json!({"a": u64::MAX}), "samples of servers"),
            ("/sampled", json!({"Err": "x".repeat(5000)}), "why nothing was sampled: 5000"),
        ] {
            let refused = word(key, value).unwrap_err();
            assert!(refused.contains(expected), "{key}: {refused}");
        }
    }

    #[test]
    fn so_are_answers_and_what_a_peer_says_of_itself() {
        let strangers = check_answer(&ServerAnswer::SetUp { strangers: u64::MAX });
        assert!(strangers.unwrap_err().starts_with("strangers: "));
        let ready = |cpus: Value| {
            let ready = json!({
                "environment": {}, "cost_unit": "ns CPU", "topology": {"cpus": cpus},
                "boot_id": null
            });
            check_ready(&serde_json::from_value(ready).unwrap())
        };
        let cpu = |number: u64| {
            let kind = json!({"class": null, "capacity": null});
            json!({"package": 0, "core": 0, "number": number, "node": 0, "kind": kind})
        };
        assert_eq!(ready(json!([cpu(0)])), Ok(()));
        assert!(ready(json!([])).unwrap_err().starts_with("CPUs of the peer: 0"));
        assert!(ready(json!([cpu(1 << 40)])).unwrap_err().contains("of the peer: 1099511627776"));
    }
}
