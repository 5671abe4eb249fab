//! What the processor says of itself beyond `/proc/cpuinfo`.

/// The signature of the hypervisor that this processor runs under, such as
/// `KVMKVMKVM` or `TCGTCGTCGTCG`; `None` where the processor names none, or is
/// no x86. Documentation/virt/kvm/x86/cpuid.rst of the kernel has the leaf.
#[cfg(target_arch = "x86_64")]
#[allow(unused_unsafe)] // the instruction is a safe one from Rust 1.93 on
pub(crate) fn hypervisor_signature() -> Option<String> {
    use std::arch::x86_64::__cpuid;
    const IS_VIRTUAL: u32 = 1 << 31; // of leaf 1's ECX; without it the leaf below means nothing
    const HYPERVISOR: u32 = 0x4000_0000;
    // SAFETY: every x86-64 processor has CPUID and its leaf 1.
    let features = unsafe { __cpuid(1) };
    if features.ecx & IS_VIRTUAL == 0 {
        return None;
    }
    // SAFETY: as above; a leaf that is not there answers with numbers, no fault.
    let leaf = unsafe { __cpuid(HYPERVISOR) };
    let bytes: Vec<u8> = [leaf.ebx, leaf.ecx, leaf.edx].into_iter().flat_map(u32::to_le_bytes).collect();
    let text: String = bytes.iter().map(|byte| char::from(*byte)).filter(char::is_ascii_graphic).collect();
    (!text.is_empty()).then_some(text)
}

/// As above: other processors have no such leaf.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn hypervisor_signature() -> Option<String> {
    None
}
