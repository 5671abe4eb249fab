//! The cost classes and what each one holds. Which symbols belong to which is data:
//! `classes.table`, read by [`super::table`].

use serde::{Deserialize, Serialize};

/// What a thread was doing when it was sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostClass {
    /// The copy of the fields into the staging buffer, in user space.
    Gathering,
    /// The kernel's copy from user memory, made by the send.
    SendCopy,
    /// A copy of pages that a send had only referred to, made after it.
    DeferredCopy,
    /// The kernel's copy to the receiver's memory.
    ReceiveCopy,
    /// Taking hold of user or page cache pages instead of copying them.
    Pinning,
    /// Saying that pages are free again, and being told.
    Completions,
    /// Packet buffers and pages: allocating, accounting and freeing them.
    Buffers,
    /// The protocols.
    TcpIp,
    /// Devices, queues of packets, soft and hard interrupts.
    Device,
    /// Waking others, waiting, and switching between threads.
    Waking,
    /// Taking locks and giving them back.
    Locks,
    /// The way into the kernel and out of it, and what a call's arguments need.
    SystemCall,
    /// This program's own code.
    Harness,
    /// Kernel code that no class names.
    OtherKernel,
    /// Code whose symbol is not known.
    Unresolved,
}

impl CostClass {
    /// Every class, in the order in which bytes and calls pass through them.
    pub const ALL: [CostClass; 15] = [
        CostClass::Gathering,
        CostClass::SendCopy,
        CostClass::DeferredCopy,
        CostClass::ReceiveCopy,
        CostClass::Pinning,
        CostClass::Completions,
        CostClass::Buffers,
        CostClass::TcpIp,
        CostClass::Device,
        CostClass::Waking,
        CostClass::Locks,
        CostClass::SystemCall,
        CostClass::Harness,
        CostClass::OtherKernel,
        CostClass::Unresolved,
    ];

    /// The classes that copy bytes.
    pub const COPIES: [CostClass; 4] =
        [CostClass::Gathering, CostClass::SendCopy, CostClass::DeferredCopy, CostClass::ReceiveCopy];

    /// In words, as tables have it and `classes.table` names it.
    pub fn name(self) -> &'static str {
        match self {
            CostClass::Gathering => "gathering",
            CostClass::SendCopy => "send copy",
            CostClass::DeferredCopy => "deferred copy",
            CostClass::ReceiveCopy => "receive copy",
            CostClass::Pinning => "pinning",
            CostClass::Completions => "completions",
            CostClass::Buffers => "buffers",
            CostClass::TcpIp => "TCP/IP",
            CostClass::Device => "device and softirq",
            CostClass::Waking => "waking and scheduling",
            CostClass::Locks => "locks",
            CostClass::SystemCall => "system call entry",
            CostClass::Harness => "harness",
            CostClass::OtherKernel => "other kernel",
            CostClass::Unresolved => "unresolved",
        }
    }

    /// The class of this name, if there is one.
    pub fn find(name: &str) -> Option<CostClass> {
        CostClass::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Whether its frames name a sample only where they run themselves: they lie
    /// under everything that a system call does.
    pub(super) fn is_under_all_others(self) -> bool {
        self == CostClass::SystemCall
    }
}
