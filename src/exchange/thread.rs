//! Starts the threads of a generation: named, pinned, and with every way to
//! end badly reported to the gate. What a thread does is its caller's business.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::round::Gate;
use crate::cell::Cell;
use crate::cpu;
use crate::error::{Error, Result};

/// Starts a pinned thread whose failure, a panic too, reaches the gate.
pub(super) fn spawn(
    cell: &Cell,
    gate: &Arc<Gate>,
    name: String,
    cpu: Option<usize>,
    run: impl FnOnce(&Gate) -> Result<()> + Send + 'static,
) -> Result<JoinHandle<()>> {
    let (gate, cell_, thread) = (Arc::clone(gate), cell.clone(), name.clone());
    let body = move || {
        let body = std::panic::AssertUnwindSafe(|| {
            if !cpu::pin(cpu) {
                let source = std::io::Error::last_os_error();
                let (cell, end) = (cell_.clone(), thread.clone());
                return Err(Error::System { cell, end, operation: "sched_setaffinity", source });
            }
            run(&gate)
        });
        let error = match std::panic::catch_unwind(body) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(payload) => Error::Panicked {
                cell: cell_.clone(),
                thread: thread.clone(),
                message: panic_message(payload.as_ref()),
            },
        };
        gate.fail(error);
    };
    std::thread::Builder::new().name(name.clone()).spawn(body).map_err(|source| Error::System {
        cell: cell.clone(),
        end: name,
        operation: "start the thread",
        source,
    })
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}
