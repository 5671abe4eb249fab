//! What becomes of messages whose connection is reset while the kernel still has
//! them: every mode gives back what it was given, or lets go of it, and keeps
//! neither memory nor files. One test, so that no other's rings are counted.

mod support;

use std::collections::VecDeque;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use copycost::copy_mode::{self, Connection, Consumed, Handover, ModeEntry, ModeSettings};
use copycost::message::{Layout, Ring, even_fields};

const MESSAGE_BYTES: usize = 65536;
/// More than the buffers of both ends hold: the peer reads none of it.
const MESSAGES: usize = 400;
const FIELDS: usize = 8;

#[test]
fn messages_of_a_connection_that_is_reset_come_back_and_nothing_is_left() {
    let before = open_files();
    for mode in copy_mode::REGISTRY {
        for batch_messages in [1, 4] {
            reset_while_sending(mode, batch_messages);
            assert_eq!(rings_mapped(), 0, "{}: a message was leaked", mode.name);
            assert_eq!(open_files(), before, "{} left files open", mode.name);
        }
    }
}

fn reset_while_sending(mode: &ModeEntry, batch_messages: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    let consumed = Arc::new(Consumed::default());
    let server = Arc::clone(&consumed);
    let client = std::thread::spawn({
        let mode = *mode;
        move || send_until_it_fails(mode, socket, consumed, batch_messages)
    });
    // Closed with bytes unread a connection is reset; by now its sender waits for room.
    peer.read_exact(&mut [0; 100]).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    drop(peer);
    server.end();
    client.join().unwrap_or_else(|_| panic!("{}, batches of {batch_messages}: see above", mode.name));
}

fn send_until_it_fails(mode: ModeEntry, socket: TcpStream, consumed: Arc<Consumed>, batch_messages: usize) {
    let layout = Layout {
        field_bytes: even_fields(MESSAGE_BYTES, FIELDS),
        gap_bytes: 64,
        offset_bytes: 0,
        small_below_bytes: 100,
    };
    let mut ring = Ring::new(&layout, MESSAGES * MESSAGE_BYTES).unwrap();
    let mut sender = (mode.open)(Connection {
        socket: Arc::new(socket.into()),
        consumed,
        ring_messages: ring.size(),
        message_bytes: MESSAGE_BYTES,
        fields: FIELDS,
        memory: ring.memory(),
        settings: ModeSettings { batch_messages, registered_buffers: false },
        staging_offset_bytes: 0,
        wait_limit: Duration::from_secs(5),
    })
    .unwrap();
    let mut given = 0;
    let failed = std::iter::from_fn(|| ring.take()).find_map(|message| {
        given += 1;
        sender.send(message).err()
    });
    let failure = failed.unwrap_or_else(|| panic!("{given} messages fitted unread"));
    let errno = failure.source.raw_os_error();
    assert!(matches!(errno, Some(libc::ECONNRESET | libc::EPIPE)), "{failure}");
    let mut returned = VecDeque::new();
    let finished = sender.finish(&mut returned);
    if mode.handover == Handover::Unreported {
        finished.expect_err("nobody has read these");
        return;
    }
    finished.unwrap();
    assert_eq!(sender.outstanding(), 0);
    let completions = sender.tally().completions.unwrap_or_default();
    assert_eq!(completions.sends, completions.notifications);
    // One that the kernel took nothing of may go with the error that says so.
    assert!(returned.len() + 1 >= given, "{} of {given} came back", returned.len());
    if mode.handover == Handover::Reported {
        assert!(completions.sends > 0);
    }
}

/// Mappings of the memory that messages lie in.
fn rings_mapped() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().filter(|line| line.contains("copycost-ring")).count()
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
