//! Breakdowns in the report: the bars and their table, the findings on copies, several
//! processes together, and a page without any.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/page.rs"]
mod page;

use copycost::OrAbsent;
use copycost::breakdown::{CostClass, SampledEvent};
use copycost::cell::Target;
use copycost::compare::table::{self, Style};
use copycost::compare::{Baseline, compare};
use copycost::metric::breakdown::{Breakdown, ClassShare, SideBreakdown, SymbolShare};
use copycost::report::findings::{Finding, FindingKind};
use copycost::report::{Report, markdown};
use copycost::results::record::Record;
use page::{all, as_xml, baseline, parse, report, text, with_id};

/// A side with these shares, that cost this much a byte.
fn side(per_byte: f64, shares: &[(CostClass, f64)]) -> SideBreakdown {
    let class = |(class, share): &(CostClass, f64)| ClassShare {
        class: *class,
        samples: (1000.0 * share) as u64,
        share: *share,
        lower: share * 0.9,
        upper: share * 1.1,
        per_byte: OrAbsent::Found(share * per_byte),
        per_message: OrAbsent::absent("made up"),
        after_interrupts: 0.0,
        symbols: vec![SymbolShare { symbol: "made_up<b>".into(), share: *share }],
    };
    SideBreakdown {
        samples: 1000,
        lost: 7,
        throttled: 0,
        sampled: 900_000,
        switching: 90_000,
        context_switches: OrAbsent::Found(1.0),
        counted: OrAbsent::Found(1_000_000.0),
        cost_over_measured: OrAbsent::Found(1.5),
        after_interrupts: 0.21,
        classes: shares.iter().map(class).collect(),
    }
}

fn breakdown(mode: &str, bytes: usize, copy_share: f64) -> Breakdown {
    use CostClass::{Completions, DeferredCopy, Gathering, Pinning, ReceiveCopy, SendCopy, TcpIp};
    let large = bytes >= 16384;
    let client = match mode {
        "two-copy" => side(0.5, &[(Gathering, 0.2), (SendCopy, copy_share), (TcpIp, 0.8 - copy_share)]),
        "one-copy" => side(0.5, &[(SendCopy, copy_share), (TcpIp, 1.0 - copy_share)]),
        _ => side(
            0.5,
            &[
                (DeferredCopy, 0.4),
                (Pinning, if large { 0.1 } else { 0.5 }),
                (Completions, 0.02),
                (TcpIp, if large { 0.48 } else { 0.08 }),
            ],
        ),
    };
    Breakdown {
        event: SampledEvent::CpuClock,
        generations: 6,
        rounds: 60,
        messages: 1000,
        client,
        server: side(0.3, &[(ReceiveCopy, 0.5), (TcpIp, 0.5)]),
    }
}

/// The made-up matrix with a breakdown in each CPU cost cell.
fn broken_down(name: &str, seed: u64, copy_share: f64) -> Baseline {
    let mut made_up = baseline(name, seed);
    for record in made_up.processes.iter_mut().flat_map(|process| &mut process.records) {
        if record.cell.target == Target::CpuCost {
            let of = breakdown(&record.cell.mode, record.cell.message_bytes, copy_share);
            record.breakdown = Some(OrAbsent::Found(of));
        }
    }
    made_up
}

fn of_kind(report: &Report, kind: FindingKind) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.kind == kind).collect()
}

#[test]
fn bars_and_table_say_the_same_and_need_no_colour() {
    let page = page::page(&[broken_down("last", 1, 0.3)]);
    let xml = as_xml(&page);
    let document = parse(&xml);
    let section = with_id(&document, "breakdown");
    let bars: Vec<_> = all(section, "div").filter(|node| node.attribute("class") == Some("bar")).collect();
    assert_eq!(bars.len(), 3 * 4 * 4 * 2, "modes, sizes, thread counts, sides");
    let label = bars[0].attribute("aria-label").unwrap();
    assert!(label.contains("client") && label.contains("gathering 20 %"), "{label}");
    let letters: Vec<String> = all(bars[0], "span").map(text).collect();
    assert_eq!(letters, ["G", "S", "T"]);
    for class in CostClass::ALL {
        assert!(text(section).contains(class.name()), "{} is in no legend", class.name());
    }
    let words = text(section);
    assert!(words.contains("20 % [18, 22]") && words.contains("1000 (7 lost)"), "{words}");
    assert!(words.contains("interrupts off"), "a timer's blindness is said: {words}");
    assert!(
        words.contains("no sample") && words.contains("90 %") && words.contains("9.00 %"),
        "what no sample stands for: {words}"
    );
}

#[test]
fn a_page_without_breakdowns_has_no_section_and_an_absent_one_says_why() {
    assert!(!page::page(&[baseline("last", 1)]).contains("id=\"breakdown\""));
    let mut refused = broken_down("last", 1, 0.3);
    for record in refused.processes.iter_mut().flat_map(|process| &mut process.records) {
        if record.breakdown.is_some() {
            record.breakdown = Some(OrAbsent::absent("sampling is refused: <try> sysctl"));
        }
    }
    let page = page::page(&[refused.clone()]);
    assert!(page.contains("Absent: sampling is refused: &lt;try&gt; sysctl"));
    assert!(of_kind(&report(&[refused]), FindingKind::Copies).is_empty());
}

#[test]
fn findings_say_which_copies_are_there_what_they_cost_and_which_are_not() {
    let report = report(&[broken_down("last", 1, 0.3)]);
    let headlines: Vec<&str> =
        of_kind(&report, FindingKind::Copies).iter().map(|one| one.headline.as_str()).collect();
    let [two, one, zero] = headlines[..] else { panic!("{headlines:?}") };
    assert!(two.contains("a gathering (") && two.contains("a send copy (0.150"), "{two}");
    assert!(one.contains("no gathering and no deferred copy"), "{one}");
    assert!(zero.contains("a deferred copy (0.200") && zero.contains("no send copy"), "{zero}");
    assert!(zero.contains("of the client's time"), "{zero}");
    // 0.06 against 0.15 from 16 KiB on; 0.26 below.
    let [paid] = of_kind(&report, FindingKind::PaidInstead)[..] else { panic!("{:?}", report.findings) };
    assert!(
        paid.headline.contains("zero-copy pays for pinning and completions instead: less"),
        "{}",
        paid.headline
    );
    assert!(paid.headline.ends_with("from 16 KiB on; a deferred copy comes on top."), "{}", paid.headline);
    assert!(paid.details[0].contains("more than the send copy of one-copy"), "{:?}", paid.details);
    assert!(markdown::render(&report).contains("Where are the bytes copied?"));
}

#[test]
fn several_processes_are_one_breakdown_whose_interval_holds_what_changes_between_them() {
    let records = |seed, share| broken_down("both", seed, share).processes.remove(0).records;
    let both = Baseline::of_processes("both", vec![records(1, 0.3), records(2, 0.4)]);
    let report = report(&[both]);
    let one = &report.breakdowns[0];
    assert_eq!((one.processes, one.cell.mode.as_str()), (2, "two-copy"));
    let class = one.breakdown.found().unwrap().client.class(CostClass::SendCopy).unwrap();
    assert!((class.share - 0.35).abs() < 1e-9, "{class:?}");
    assert_eq!(class.samples, 700);
    // Student's t of two values 0.1 apart: 12.7 · 0.05.
    assert!(class.lower == 0.0 && (class.upper - 0.985).abs() < 0.001, "{class:?}");
}

#[test]
fn a_comparison_lists_the_classes_of_changed_cells_alone() {
    let compared = |new: &Baseline| compare(&broken_down("before", 1, 0.3), new, made_up::options()).unwrap();
    let slowed = |copy_share: f64| {
        let mut new = broken_down("after", 2, copy_share);
        let dear = |record: &&mut Record| record.cell.target == Target::CpuCost;
        for record in new.processes[0].records.iter_mut().filter(dear) {
            for round in record.blocks.iter_mut().flat_map(|block| &mut block.rounds) {
                let is_two_copy =
                    round.lane == "two-copy" || record.cell.mode == "two-copy" && round.lane == "self";
                if is_two_copy {
                    round.cost = round.cost.map(|cost| 2 * cost);
                }
            }
        }
        new
    };
    let comparison = compared(&slowed(0.5));
    let classes = &comparison.classes;
    assert!(!classes.is_empty(), "{}", table::render(&comparison, Style::Text));
    let [first, ..] = &classes[..] else { unreachable!() };
    assert_eq!((first.side.as_str(), first.class), ("client", CostClass::SendCopy));
    assert!((first.of_total - 0.2).abs() < 1e-9, "{first:?}");
    assert!(classes.iter().all(|change| change.side == "client"), "the servers' shares are the same");
    let text = table::render(&comparison, Style::Text);
    assert!(text.contains("no verdicts") && text.contains("send copy"), "{text}");
    // The same costs: whatever the shares say, no cell changed.
    assert!(compared(&broken_down("after", 1, 0.5)).classes.is_empty());
}
