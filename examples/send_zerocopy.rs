//! The zero-copy library on its own: sends a few buffers over loopback, gets
//! each back when the kernel is done with it, and says whether it was copied
//! after all. `cargo run --release --example send_zerocopy`

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use copycost::zerocopy::{Segments, Sender, Wait};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (mut server, _) = listener.accept()?;
    let reader = std::thread::spawn(move || -> std::io::Result<usize> {
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes)
    });

    let mut sender: Sender<Segments> = Sender::new(client.into(), Duration::from_secs(10))?;
    let mut free: Vec<Segments> = (0..4).map(|_| Segments::from(vec![0; 64 * 1024])).collect();
    for number in 0..32 {
        if free.is_empty() {
            sender.reclaim(Wait::ForOne, &mut free)?; // completions come in batches
        }
        let Some(mut buffer) = free.pop() else { continue };
        if let Some(bytes) = buffer.segment_mut(0) {
            bytes.fill(number); // ours again: the kernel has given it back
        }
        sender.send(buffer)?; // from here on it is the kernel's
    }
    while sender.outstanding() > 0 {
        sender.reclaim(Wait::ForOne, &mut free)?;
    }

    let tally = sender.tally();
    sender.socket().shutdown(std::net::Shutdown::Write)?;
    let received = reader.join().map_err(|_| "the reader panicked")??;
    writeln!(
        std::io::stdout(),
        "{received} bytes in {} sends, {} completions in {} error-queue reads, {} deferred copies",
        tally.sends,
        tally.notifications,
        tally.error_queue_reads,
        tally.deferred_copies,
    )?;
    Ok(())
}
