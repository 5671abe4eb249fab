//! The page's structure: what a keyboard, a screen reader and a person find
//! their way by, the same figures in plot and table, and that nothing leaves
//! the page. Its bytes are nobody's business.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/page.rs"]
mod page;

use std::collections::BTreeSet;

use copycost::compare::Baseline;
use made_up::Machine;
use page::{all, as_xml, baseline, page, parse, points, text, with_id};
use roxmltree::{Document, Node};

fn one() -> String {
    page(&[baseline("last", 1)])
}

#[test]
fn headings_landmarks_and_ids_lead_through_the_page() {
    let xml = as_xml(&one());
    let document = parse(&xml);
    let root = document.root_element();
    for landmark in ["header", "nav", "main", "footer"] {
        assert_eq!(all(root, landmark).count(), 1, "{landmark}");
    }
    let levels: Vec<u32> = root
        .descendants()
        .filter_map(|node| node.tag_name().name().strip_prefix('h')?.parse().ok())
        .collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "a level is left out: {levels:?}");
    let sections: Vec<&str> = all(root, "section").filter_map(|node| node.attribute("id")).collect();
    assert_eq!(
        sections,
        [
            "answer",
            "findings",
            "throughput-size",
            "throughput-threads",
            "latency",
            "cpu-cost",
            "busy",
            "counters",
            "limits",
            "conditions"
        ]
    );
    let body = all(root, "body").next().unwrap();
    assert_eq!(
        body.first_element_child().unwrap().attribute("href"),
        Some("#main"),
        "the skip link is first"
    );
    references_resolve(&document);
}

fn references_resolve(document: &Document<'_>) {
    let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "an id is there twice");
    let regions = document.descendants().filter(|node| node.attribute("role") == Some("region"));
    let names: Vec<&str> = regions.filter_map(|node| node.attribute("aria-label")).collect();
    let different: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(different.len(), names.len(), "two regions have one name");
    let local = |node: &Node<'_, '_>| {
        node.attribute("href").and_then(|href| href.strip_prefix('#').map(String::from))
    };
    let labels =
        |node: &Node<'_, '_>| node.attribute("aria-labelledby").or(node.attribute("for")).map(String::from);
    let to: Vec<String> =
        document.descendants().flat_map(|node| [local(&node), labels(&node)]).flatten().collect();
    assert!(to.len() > 20);
    for id in to {
        assert!(known.contains(id.as_str()), "nothing has the id {id}");
    }
}

/// What a plot of `lines` lines over the whole matrix has.
const CELLS: usize = 16;

#[test]
fn every_plot_has_its_points_and_the_same_figures_as_a_table() {
    let xml = as_xml(&one());
    let document = parse(&xml);
    let expected = [
        ("throughput-over-size", 4 * CELLS, 4),
        ("throughput-ratio", 2 * CELLS, 4),
        ("throughput-over-threads", 4 * CELLS, 4),
        ("latency-over-size", 6 * CELLS, 4),
        ("latency-ratio", 2 * CELLS, 4),
        ("cpu-cost-over-size", 4 * CELLS, 4),
        ("cpu-cost-ratio", 2 * CELLS, 4),
        ("context-switches-per-message", 3 * CELLS, 4),
    ];
    for (id, count, panels) in expected {
        let figure = with_id(&document, id);
        assert_eq!(points(figure).len(), count, "points of {id}");
        assert_eq!(all(figure, "svg").filter(|svg| svg.attribute("role").is_some()).count(), panels, "{id}");
        let entries = all(figure, "td").filter(|entry| text(*entry) != "–").count();
        assert_eq!(entries, count, "entries in the table of {id}");
    }
    let figures: Vec<Node<'_, '_>> = all(document.root_element(), "figure").collect();
    assert!(figures.len() >= 8 + CELLS, "{}", figures.len());
    for figure in figures {
        let id = figure.attribute("id").unwrap();
        assert_eq!(all(figure, "table").count(), 1, "tables of {id}");
        assert_eq!(all(figure, "figcaption").count(), 1, "captions of {id}");
        for point in points(figure) {
            assert_eq!(point.attribute("tabindex"), Some("0"), "{id}");
            assert_eq!(point.attribute("role"), Some("img"), "{id}");
            let label = text(all(point, "title").next().unwrap());
            assert!(label.contains("thread") && label.chars().any(|c| c.is_ascii_digit()), "{id}: {label}");
        }
        for path in all(figure, "path") {
            let places = path.attribute("d").unwrap();
            assert!(!places.contains("NaN") && !places.contains("inf"), "{id}: {places}");
        }
    }
}

#[test]
fn the_answer_stands_first() {
    let xml = as_xml(&one());
    let document = parse(&xml);
    let answer = with_id(&document, "answer");
    assert!(text(answer).contains("zero-copy did not save the copy"), "{}", text(answer));
    let map = all(answer, "table").next().unwrap();
    let row = all(map, "tr").find(|row| text(*row).starts_with("4 KiB")).unwrap();
    let at_two_threads = all(row, "td").nth(1).unwrap();
    assert_eq!(text(all(at_two_threads, "strong").next().unwrap()), "two-copy");
    let row = all(map, "tr").find(|row| text(*row).starts_with("64 KiB")).unwrap();
    assert_eq!(text(all(row, "strong").next().unwrap()), "one-copy");
}

#[test]
fn several_baselines_lie_over_one_another_and_are_compared() {
    let baselines: Vec<Baseline> =
        [("first", 1), ("second", 2), ("third", 3)].map(|(name, seed)| baseline(name, seed)).to_vec();
    let page = page(&baselines);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let xml = as_xml(&page);
    let document = parse(&xml);
    assert_eq!(points(with_id(&document, "throughput-over-size")).len(), 3 * 4 * CELLS);
    let comparison = text(with_id(&document, "comparison"));
    assert!(comparison.contains("second against first") && comparison.contains("third against first"));
    for quantity in ["throughput", "latency-median", "latency-p99", "cpu-cost"] {
        for question in ["relative", "absolute"] {
            let id = format!("compare-{quantity}-{question}");
            assert_eq!(points(with_id(&document, &id)).len(), 2 * 3 * CELLS, "{id}");
        }
    }
    references_resolve(&document);
    // Lines of one mode differ in dash and filling, lines of one baseline in
    // colour and shape.
    let plot = with_id(&document, "throughput-over-size");
    let classes: BTreeSet<&str> = plot
        .descendants()
        .filter_map(|node| node.attribute("class"))
        .filter(|class| class.starts_with("s c"))
        .collect();
    assert_eq!(classes.len(), 9, "{classes:?}");
}

#[test]
fn what_was_not_measured_is_said_to_be_missing() {
    let mut only_throughput = baseline("part", 1);
    only_throughput.processes[0].records.truncate(5);
    let xml = as_xml(&page(&[only_throughput]));
    let document = parse(&xml);
    assert_eq!(text(with_id(&document, "latency-over-size")), "Not measured in this run.");
    assert!(text(with_id(&document, "cpu-cost")).contains("The CPU cost target was not measured"));
    assert!(text(with_id(&document, "counters")).contains("no such counter here"));
    references_resolve(&document);
}

#[test]
fn nothing_leaves_the_page() {
    let page = one();
    assert!(page.contains("default-src 'none'"));
    for way_out in ["http:", "https:", "//cdn", " src=", "@import", "url(", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(way_out), "{way_out}");
    }
}

/// The colours of a scheme: `--name: #rrggbb`.
fn colour(styles: &str, name: &str) -> [f64; 3] {
    let (_, rest) = styles.split_once(&format!("--{name}: #")).unwrap();
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&rest[at..at + 2], 16).unwrap()) / 255.0)
}

/// WCAG 2.2, "contrast ratio" and "relative luminance".
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[test]
fn colours_can_be_told_from_their_ground_in_light_and_dark() {
    let page = one();
    let (light, dark) = page.split_once("prefers-color-scheme: dark").unwrap();
    for (scheme, styles) in [("light", light), ("dark", dark)] {
        for (name, grounds, least) in [
            ("text", ["bg", "panel", "warn-bg"].as_slice(), 4.5),
            ("soft", ["bg", "panel"].as_slice(), 4.5),
            ("link", ["bg", "warn-bg"].as_slice(), 4.5),
            ("axis", ["bg"].as_slice(), 3.0),
            ("c0", ["bg"].as_slice(), 3.0),
            ("c1", ["bg"].as_slice(), 3.0),
            ("c2", ["bg"].as_slice(), 3.0),
            ("c3", ["bg"].as_slice(), 3.0),
            ("c4", ["bg"].as_slice(), 3.0),
        ] {
            for ground in grounds {
                let found = contrast(colour(styles, name), colour(styles, ground));
                assert!(found >= least, "{scheme}: {name} on {ground} has {found:.2}");
            }
        }
    }
}

/// Eight modes are 28 pairs: the page goes on below the first few of a question, and
/// has the others where they are asked for.
#[test]
fn many_answers_to_a_question_are_folded() {
    let modes: Vec<&str> = copycost::copy_mode::REGISTRY.iter().map(|mode| mode.name).collect();
    let pairs = modes.len() * (modes.len() - 1) / 2;
    let machine = Machine { modes, ..Machine::taking(|_, bytes, _| 300.0 + bytes as f64) };
    let xml = as_xml(&page(&[machine.baseline("last")]));
    let document = parse(&xml);
    let section = with_id(&document, "findings");
    let lists = all(section, "ul").filter(|list| list.attribute("class") == Some("findings"));
    let (folded, open): (Vec<Node>, Vec<Node>) =
        lists.partition(|list| list.parent().is_some_and(|parent| parent.has_tag_name("details")));
    let answers = |list: &Node| list.children().filter(|node| node.has_tag_name("li")).count();
    assert!(open.iter().all(|list| answers(list) <= 9));
    let most = folded.iter().map(answers).max();
    assert_eq!(most, Some(pairs - 9), "each pair once, for throughput");
}
