//! Plans of made-up machines. It owns no machine but those.

use super::*;
use crate::profile::PlacementPolicy;

fn topology(cpus: &[(usize, usize, usize)]) -> Topology {
    let cpu = |&(package, core, number)| Cpu { package, core, number, ..Cpu::default() };
    Topology::new(cpus.iter().map(cpu).collect()).unwrap()
}

fn ends(plan: &Plan) -> Vec<(usize, usize)> {
    plan.ends.iter().map(|ends| (ends.client.unwrap(), ends.server.unwrap())).collect()
}

#[test]
fn two_cpus_alternate_client_and_server() {
    let plan = topology(&[(0, 0, 0), (0, 1, 1)]).plan(PlacementPolicy::Spread, 4).unwrap();
    assert_eq!(ends(&plan), [(0, 1), (1, 0), (0, 1), (1, 0)]);
    assert!(plan.is_oversubscribed());
}

#[test]
fn spread_leaves_siblings_alone_while_cores_are_free() {
    // 4 cores, 8 CPUs, numbered as x86 does: the siblings of 0..4 are 4..8.
    let cpus: Vec<_> = (0..8).map(|n| (0, n % 4, n)).collect();
    let plan = topology(&cpus).plan(PlacementPolicy::Spread, 4).unwrap();
    assert_eq!(ends(&plan), [(0, 1), (2, 3), (4, 5), (6, 7)]);
    assert!(!plan.is_oversubscribed());
}

#[test]
fn the_ends_of_a_connection_never_share_a_core_if_there_are_two() {
    for cores in 2..6 {
        for siblings in 1..3 {
            let cpus: Vec<_> = (0..cores * siblings).map(|n| (0, n % cores, n)).collect();
            let plan = topology(&cpus).plan(PlacementPolicy::Spread, 9).unwrap();
            for (client, server) in ends(&plan) {
                assert_ne!(client % cores, server % cores, "{cores} cores × {siblings}");
            }
        }
    }
}

#[test]
fn cores_with_and_without_siblings_mix() {
    let uneven = topology(&[(0, 0, 0), (0, 1, 1), (0, 0, 2)]);
    let plan = uneven.plan(PlacementPolicy::Spread, 3).unwrap();
    assert_eq!(ends(&plan), [(0, 1), (2, 1), (1, 2)]);
    let one = topology(&[(0, 0, 5)]);
    assert_eq!(ends(&one.plan(PlacementPolicy::Spread, 2).unwrap()), [(5, 5), (5, 5)]);
}

#[test]
fn same_core_siblings_and_none() {
    let smt = topology(&[(0, 0, 0), (0, 1, 1), (0, 0, 2), (0, 1, 3)]);
    assert_eq!(ends(&smt.plan(PlacementPolicy::SameCore, 3).unwrap()), [(0, 0), (1, 1), (0, 0)]);
    assert_eq!(ends(&smt.plan(PlacementPolicy::Siblings, 3).unwrap()), [(0, 2), (1, 3), (0, 2)]);
    assert_eq!(smt.plan(PlacementPolicy::None, 1).unwrap().ends[0].client, None);
    let plain = topology(&[(0, 0, 0), (0, 1, 1)]);
    let error = plain.plan(PlacementPolicy::Siblings, 1).unwrap_err();
    assert_eq!(error, PlacementError::NoSiblings { cpus: 2 });
    assert_eq!(Topology::new(vec![]).unwrap_err(), PlacementError::NoCpu);
}

#[test]
fn servers_on_another_machine_leave_each_end_a_core() {
    // Two cores of two siblings here, three plain ones there.
    let here = topology(&[(0, 0, 0), (0, 1, 1), (0, 0, 2), (0, 1, 3)]);
    let there = topology(&[(0, 0, 0), (0, 1, 1), (0, 2, 2)]);
    let plan = here.plan_apart(&there, PlacementPolicy::Spread, 4).unwrap();
    assert_eq!(ends(&plan), [(0, 0), (1, 1), (2, 2), (3, 0)]);
    assert_eq!((plan.client_cpus(), plan.server_cpus(), plan.both_sides_cpus()), (4, 3, None));
    // Four threads have four CPUs here, and three there.
    assert_eq!((plan.busy_threads(), plan.most_crowded()), (4, (4, 3)));
    assert!(plan.is_oversubscribed());
    let three = here.plan_apart(&there, PlacementPolicy::Spread, 3).unwrap();
    assert!(!three.is_oversubscribed());
    assert_eq!(three.on.len(), 3);
    assert_eq!(there.plan_apart(&here, PlacementPolicy::None, 5).unwrap().most_crowded(), (5, 3));
    for (policy, name) in [
        (PlacementPolicy::SameCore, "same-core"),
        (PlacementPolicy::Siblings, "siblings"),
        (PlacementPolicy::AcrossNodes, "across-nodes"),
    ] {
        let error = here.plan_apart(&there, policy, 1).unwrap_err();
        assert_eq!(error, PlacementError::ServersApart { policy: name });
        assert!(error.to_string().contains(&format!("{name:?} is about CPUs")), "{error}");
    }
    // A record of it says so, one of a single machine has nothing of it.
    let text = serde_json::to_string(&three).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), three);
    let alone = serde_json::to_string(&here.plan(PlacementPolicy::Spread, 1).unwrap()).unwrap();
    assert!(text.contains("servers") && !alone.contains("servers"), "{alone}");
}

#[test]
fn this_machine_has_the_cpus_of_this_process() {
    let topology = Topology::read().unwrap();
    let allowed = std::thread::available_parallelism().unwrap().get();
    assert!(topology.cpus().len() >= allowed);
}

#[test]
fn lists_of_cpus() {
    assert_eq!(numbers("0-2,5,7-8"), [0, 1, 2, 5, 7, 8]);
    assert!(numbers("").is_empty());
    assert_eq!(numbers("x,3"), [3]);
    assert!(numbers("0-18446744073709551615").len() < 100_000);
    assert_eq!(list(vec![3, 0, 1, 5]), "0-1,3,5");
}

/// CPUs of made-up sysfs trees: capacity, node, hybrid class.
fn made_up(cpus: &[(usize, Option<usize>, usize)], files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |file: String, text: &str| {
        let path = root.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for (number, capacity, node) in cpus {
        write(format!("system/cpu/cpu{number}/topology/core_id"), &number.to_string());
        write(format!("system/cpu/cpu{number}/node{node}/cpulist"), "");
        if let Some(capacity) = capacity {
            write(format!("system/cpu/cpu{number}/cpu_capacity"), &capacity.to_string());
        }
    }
    for (file, text) in files {
        write(file.to_string(), text);
    }
    root
}

fn planned(root: &tempfile::TempDir, cpus: usize, policy: PlacementPolicy, threads: usize) -> Plan {
    Topology::from_sysfs(root.path(), 0..cpus).unwrap().plan(policy, threads).unwrap()
}

#[test]
fn equal_cores_are_taken_the_largest_first() {
    // One prime core, three big and four little ones, numbered little first.
    let capacity = |number| match number {
        0..4 => 250,
        4..7 => 870,
        _ => 1024,
    };
    let cpus: Vec<_> = (0..8).map(|number| (number, Some(capacity(number)), 0)).collect();
    let root = made_up(&cpus, &[]);
    let plan = planned(&root, 8, PlacementPolicy::Spread, 3);
    assert_eq!(ends(&plan), [(4, 5), (0, 1), (2, 3)]);
    assert_eq!(plan.kinds().len(), 2, "{:?}", plan.on);
    let one = planned(&root, 8, PlacementPolicy::Spread, 1);
    assert_eq!((ends(&one), one.kinds().len()), (vec![(4, 5)], 1));
    assert_eq!(ends(&planned(&root, 8, PlacementPolicy::SameCore, 2)), [(7, 7), (4, 4)]);
    assert_eq!(planned(&root, 8, PlacementPolicy::None, 1).kinds().len(), 3);
    for (client, server) in ends(&planned(&root, 8, PlacementPolicy::Spread, 8)) {
        assert_eq!(capacity(client), capacity(server));
    }
}

#[test]
fn hybrid_classes_are_kinds_and_favoured_cores_are_not() {
    let capacities = [Some(1000), Some(1024), Some(640), Some(640)];
    let cpus: Vec<_> = (0..4).map(|number| (number, capacities[number], 0)).collect();
    let root = made_up(&cpus, &[]);
    assert_eq!(planned(&root, 4, PlacementPolicy::Spread, 1).kinds().len(), 1);
    let classes = [("cpu_atom/cpus", "0-1\n"), ("cpu_core/cpus", "2-3\n")];
    let plain: Vec<_> = (0..4).map(|number| (number, None, 0)).collect();
    let plan = planned(&made_up(&plain, &classes), 4, PlacementPolicy::Spread, 2);
    assert_eq!(ends(&plan), [(2, 3), (0, 1)]);
    let words: Vec<String> = plan.kinds().iter().map(|(kind, _)| kind.describe()).collect();
    assert_eq!(words, ["cpu_core", "cpu_atom"]);
    // Two cores, unlike each other: there is no better pair.
    let two = made_up(&[(0, Some(512), 0), (1, Some(1024), 0)], &[]);
    assert_eq!(ends(&planned(&two, 2, PlacementPolicy::Spread, 1)), [(1, 0)]);
}

#[test]
fn both_ends_are_on_one_node_unless_asked_otherwise() {
    // Nodes take turns, as some firmware numbers CPUs.
    let cpus: Vec<_> = (0..6).map(|number| (number, None, number % 2)).collect();
    let root = made_up(&cpus, &[]);
    for threads in 1..9 {
        let plan = planned(&root, 6, PlacementPolicy::Spread, threads);
        assert!(ends(&plan).iter().all(|(client, server)| client % 2 == server % 2 && client != server));
        assert_eq!(plan.nodes().len(), threads.min(2));
    }
    let apart = planned(&root, 6, PlacementPolicy::AcrossNodes, 2);
    assert_eq!(ends(&apart), [(0, 1), (2, 3)]);
    let error = topology(&[(0, 0, 0), (0, 1, 1)]).plan(PlacementPolicy::AcrossNodes, 1).unwrap_err();
    assert_eq!(error, PlacementError::OneNode { cpus: 2 });
}

#[test]
fn offline_cpus_are_left_out() {
    let cpus: Vec<_> = (0..4).map(|number| (number, None, 0)).collect();
    let root = made_up(&cpus, &[("system/cpu/online", "0,3\n")]);
    let plan = planned(&root, 4, PlacementPolicy::Spread, 1);
    assert_eq!((ends(&plan), plan.cpus), (vec![(0, 3)], 2));
}
