//! What runs this machine, where it is a virtual one: its hypervisor, and
//! whether its processors are emulated. It owns the signs by which that is
//! known; what it means for a figure is `doubt`'s and `doctor`'s.

use super::root::Root;
use super::{Environment, Items, reading, words, yes_or_no};
use crate::metric::Reading;
use crate::sys;

/// What QEMU's Tiny Code Generator answers where a hypervisor says its name.
const EMULATOR: &str = "TCGTCGTCGTCG";

/// How QEMU names a processor that it makes up and no hardware runs.
const EMULATED_MODEL: &str = "QEMU TCG";

pub(super) fn items(root: &Root) -> Items {
    let flag = super::machine::cpu_info(root, "flags")
        .map(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    let mut items: Items = vec![
        ("hypervisor.flag".into(), reading(flag.clone(), yes_or_no)),
        ("hypervisor.signature".into(), signature(root)),
        ("hypervisor.type".into(), root.reading("sys/hypervisor/type")),
        ("idle.halt_poll_ns".into(), root.reading(super::HALT_POLL)),
    ];
    items.push(("hypervisor.virtual_cpus".into(), virtual_cpus(root, flag)));
    items
}

fn signature(root: &Root) -> Reading {
    if !root.is_this_machine() {
        return Reading::Absent("only the processor that runs this program can be asked".into());
    }
    match sys::hypervisor_signature() {
        Some(signature) => words(signature),
        None => Reading::Absent("the processor names no hypervisor".into()),
    }
}

/// Those that run, of a machine whose processor says that it is a virtual one.
fn virtual_cpus(root: &Root, flag: Result<bool, String>) -> Reading {
    match flag {
        Ok(true) => reading(super::machine::online(root), |cpus| super::value(&cpus.len().to_string())),
        Ok(false) => Reading::Absent("no virtual machine".into()),
        Err(reason) => Reading::Absent(reason),
    }
}

/// By what the processors are known for emulated ones, if they are.
pub(super) fn emulated(environment: &Environment) -> Option<String> {
    let is_emulator = |signature: &&str| *signature == EMULATOR;
    if let Some(signature) = environment.text("hypervisor.signature").filter(is_emulator) {
        return Some(format!("the hypervisor calls itself {signature}"));
    }
    let model = environment.text("cpu.model").filter(|model| model.starts_with(EMULATED_MODEL))?;
    Some(format!("the processor is a {model}"))
}
