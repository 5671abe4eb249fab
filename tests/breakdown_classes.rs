//! The cost class of made-up call chains: each class, which frame decides, symbols
//! that were renamed between kernels, and what no class names.

use copycost::breakdown::{
    Classified, CostClass, Frame, KernelSymbols, ProgramSymbols, Sample, Samples, SideTally, Space, Symbols,
    Table, Verdict, classify,
};

fn frames(space: Space, names: &[&'static str]) -> Vec<Frame<'static>> {
    let name = |name: &&'static str| (!name.is_empty()).then(|| (*name).into());
    names.iter().map(|each| Frame { space, name: name(each) }).collect()
}

/// Of a kernel chain as `perf script` prints one, its leaf first.
fn kernel(chain: &'static str) -> Classified {
    let names: Vec<&str> = chain.split(" < ").collect();
    classify(&Table::built_in(), &frames(Space::Kernel, &names))
}

#[test]
fn each_class_is_found_in_chains_as_they_were_sampled() {
    for (expected, chain) in [
        (CostClass::SendCopy, "_copy_from_iter < tcp_sendmsg_locked < tcp_sendmsg < __sys_sendto"),
        (CostClass::DeferredCopy, "memcpy < skb_copy_ubufs < ip_local_deliver_finish < process_backlog"),
        (CostClass::ReceiveCopy, "_copy_to_iter < __skb_datagram_iter < tcp_recvmsg_locked"),
        (CostClass::ReceiveCopy, "__check_object_size < simple_copy_to_iter < __skb_datagram_iter"),
        (CostClass::Pinning, "gup_fast_fallback < iov_iter_get_pages2 < tcp_sendmsg_locked"),
        (CostClass::Pinning, "xas_load < filemap_get_entry < shmem_get_folio_gfp < splice_direct_to_actor"),
        (CostClass::Pinning, "iov_iter_get_pages2 < iter_to_pipe < __do_sys_vmsplice < do_syscall_64"),
        (CostClass::Completions, "sock_omalloc < msg_zerocopy_realloc < tcp_sendmsg_locked"),
        (CostClass::Completions, "io_tx_ubuf_complete < skb_release_data < __kfree_skb < tcp_ack"),
        (CostClass::Buffers, "alloc_pages_noprof < skb_copy_ubufs < process_backlog"),
        (CostClass::Buffers, "skb_release_data < __kfree_skb < tcp_ack < tcp_rcv_established"),
        (CostClass::TcpIp, "tcp_ack < tcp_rcv_established < tcp_v4_do_rcv < process_backlog"),
        (CostClass::Device, "process_backlog < __napi_poll < net_rx_action < handle_softirqs"),
        (CostClass::Waking, "_raw_spin_unlock_irqrestore < sock_def_readable < tcp_data_queue"),
        (CostClass::Waking, "finish_task_switch < __schedule < schedule_timeout < sk_wait_data"),
        (CostClass::Locks, "__pv_queued_spin_lock_slowpath < _raw_spin_lock_bh < sk_wait_data"),
        (CostClass::SystemCall, "_copy_from_user < copy_msghdr_from_user < ___sys_sendmsg < do_syscall_64"),
        (CostClass::SystemCall, "entry_SYSCALL_64_after_hwframe"),
    ] {
        assert_eq!(kernel(chain).class, expected, "{chain}");
    }
}

#[test]
fn the_first_named_frame_from_the_leaf_upwards_decides() {
    assert_eq!(kernel("nobody_knows < tcp_ack < _copy_from_iter").class, CostClass::TcpIp);
    assert_eq!(kernel("nobody_knows < _copy_from_iter < tcp_ack").class, CostClass::SendCopy);
    // What lies under every call names nothing that it called.
    assert_eq!(kernel("nobody_knows < do_syscall_64").class, CostClass::OtherKernel);
    assert_eq!(kernel("memcpy < do_syscall_64").class, CostClass::SystemCall);
    assert_eq!(kernel("nobody_knows < tcp_sendmsg < do_syscall_64").class, CostClass::TcpIp);
}

#[test]
fn what_is_unknown_is_other_kernel_with_a_symbol_and_unresolved_without() {
    assert_eq!(kernel("nobody_knows").class, CostClass::OtherKernel);
    assert_eq!(kernel(" < nobody_knows").class, CostClass::Unresolved);
    assert_eq!(kernel(" < tcp_ack").class, CostClass::TcpIp);
    let table = Table::built_in();
    assert_eq!(classify(&table, &[]).class, CostClass::Unresolved);
    assert_eq!(classify(&table, &frames(Space::User, &[""])).class, CostClass::Unresolved);
}

#[test]
fn the_same_work_has_one_class_under_the_names_of_every_kernel() {
    for chains in [
        // 6.1, 6.12, 6.18
        [
            "copy_user_enhanced_fast_string < copyin < _copy_from_iter < tcp_sendmsg_locked",
            "rep_movs_alternative < _copy_from_iter < tcp_sendmsg_locked",
            "_copy_from_iter < skb_do_copy_data_nocache < tcp_sendmsg_locked",
        ],
        [
            "lockless_pages_from_mm < internal_get_user_pages_fast < get_user_pages_fast",
            "gup_fast_pte_range < gup_fast_fallback < iov_iter_get_pages2",
            "gup_fast_fallback < __iov_iter_get_pages_alloc",
        ],
        [
            "__alloc_pages < skb_page_frag_refill < sk_page_frag_refill",
            "__alloc_pages_noprof < skb_page_frag_refill",
            "__alloc_frozen_pages_noprof < alloc_pages_mpol",
        ],
        ["__msg_zerocopy_callback", "msg_zerocopy_complete < skb_release_data", "msg_zerocopy_complete"],
        [
            "net_rx_action < __do_softirq",
            "net_rx_action < handle_softirqs",
            "net_rx_action < handle_softirqs",
        ],
    ] {
        let classes = chains.map(|chain| kernel(chain).class);
        let known = classes[2];
        assert!(known != CostClass::OtherKernel && known != CostClass::Unresolved, "{chains:?}");
        assert_eq!(classes, [known; 3], "{chains:?}");
    }
}

#[test]
fn time_that_a_timer_saw_late_is_marked_and_keeps_its_callers_class() {
    let late = kernel("_raw_spin_unlock_irqrestore < sock_def_error_report < msg_zerocopy_complete");
    assert_eq!(late, Classified { class: CostClass::Completions, after_interrupts: true });
    assert!(!kernel("tcp_ack < _raw_spin_unlock_irqrestore").after_interrupts);
}

#[test]
fn user_code_is_the_harness_but_for_the_copy_of_the_fields_and_the_way_into_a_call() {
    let table = Table::built_in();
    let user = |names: &[&'static str]| classify(&table, &frames(Space::User, names)).class;
    assert_eq!(user(&["libc.so.6", "copycost::message::Message::gather"]), CostClass::Gathering);
    assert_eq!(user(&["libc.so.6", "copycost::exchange::client::Client::run"]), CostClass::Harness);
    assert_eq!(user(&["copycost::exchange::client::Client::run"]), CostClass::Harness);
    assert_eq!(user(&["sendmsg"]), CostClass::SystemCall);
    // Inlined into the copy, or called by it without a frame of its own.
    let generic = "core::slice::copy_from_slice_impl";
    let gather = "<copycost::message::Message>::gather";
    assert_eq!(user(&["__memmove_avx_unaligned_erms", generic, gather]), CostClass::Gathering);
}

const KALLSYMS: &str = "ffffffff81000000 T tcp_ack.isra.0\nffffffff81000100 t nobody_knows\n\
                        ffffffff81000200 t _copy_from_iter\nffffffff81000300 T _etext\n";

#[test]
fn samples_become_a_tally_and_lost_ones_are_counted() {
    let symbols = Symbols::new(KernelSymbols::parse(KALLSYMS).unwrap(), ProgramSymbols::default());
    let sample = |chain: &[u64], period| Sample {
        period,
        instruction: chain[0],
        kernel_chain: chain.to_vec(),
        user_stack: Vec::new(),
    };
    let taken = vec![
        // A return address at the very start of a function is of the call before it.
        sample(&[0xffff_ffff_8100_0110, 0xffff_ffff_8100_0100], 10),
        sample(&[0xffff_ffff_8100_0200], 20),
        sample(&[0xffff_ffff_8100_0110], 5),
        sample(&[0x10], 7),
    ];
    let samples = Samples { taken, lost: 3, throttled: 1, refused: None };
    let mut tally = SideTally::default();
    tally.add(&samples, &symbols, &Table::built_in(), None);
    tally.plus(&tally.clone());
    let of = |class: CostClass| (tally.classes[class as usize].samples, tally.classes[class as usize].weight);
    assert_eq!(of(CostClass::TcpIp), (2, 20));
    assert_eq!(of(CostClass::SendCopy), (2, 40));
    assert_eq!(of(CostClass::OtherKernel), (2, 10));
    assert_eq!(of(CostClass::Unresolved), (2, 14));
    assert_eq!((tally.lost, tally.throttled, tally.samples(), tally.weight()), (6, 2, 8, 84));
    assert_eq!(tally.classes[CostClass::TcpIp as usize].symbols["nobody_knows"], 20);
    assert_eq!(tally.classes[CostClass::Unresolved as usize].symbols["0x10"], 14);
}

#[test]
fn a_beginning_stands_back_behind_a_whole_name() {
    let table = Table::built_in();
    assert_eq!(table.find("skb_copy_datagram_iter"), Some(Verdict::Class(CostClass::ReceiveCopy)));
    assert_eq!(table.find("skb_copy_expand"), Some(Verdict::Class(CostClass::DeferredCopy)));
    assert_eq!(table.find("skb_anything"), Some(Verdict::Class(CostClass::Buffers)));
    assert_eq!(table.find("nobody_knows"), None);
}
