//! The way to an agent that listens, as a runner: shows the token and hands over
//! what comes from either end to the other. It knows nothing of what that is.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;

use super::frame;
use super::listen::Hello;
use super::token::Token;
use crate::error::{Error, Result};

/// Connects standard streams to the agent at `address` until either end is gone.
pub fn connect(address: &str, token: &Token, input: OwnedFd, output: OwnedFd) -> Result<()> {
    let system = |error: std::io::Error| Error::Control { what: format!("{address}: {error}") };
    let mut stream = TcpStream::connect(address).map_err(system)?;
    stream.set_nodelay(true).map_err(system)?;
    frame::write(&mut stream, &Hello { token: token.secret().to_string() })?;
    let mut to_agent = stream.try_clone().map_err(system)?;
    std::thread::spawn(move || {
        hand_over(std::fs::File::from(input), &mut to_agent);
        let _ = to_agent.shutdown(Shutdown::Write); // the agent ends when its input does
    });
    hand_over(stream, &mut std::fs::File::from(output));
    Ok(())
}

fn hand_over(mut from: impl Read, to: &mut impl Write) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}
