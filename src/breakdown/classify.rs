//! Which cost class a sample belongs to: from the leaf of its call chain upwards,
//! the first frame that a class names. It owns that rule; the names are the table's.

use std::borrow::Cow;

use super::class::CostClass;
use super::table::{Table, Verdict};

/// Whose code a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// The kernel's.
    Kernel,
    /// This process's.
    User,
}

/// A function in a call chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Whose it is.
    pub space: Space,
    /// What it is called; `None` if no symbol is known for its address.
    pub name: Option<Cow<'a, str>>,
}

/// What a sample was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classified {
    /// Its class.
    pub class: CostClass,
    /// Whether its leaf is a place where interrupts are turned on again: with a
    /// timer the time may be of the code before it, which no timer can see.
    pub after_interrupts: bool,
}

/// The class of a chain, its leaf first.
pub fn classify(table: &Table, frames: &[Frame<'_>]) -> Classified {
    let Some(leaf) = frames.first() else {
        return Classified { class: CostClass::Unresolved, after_interrupts: false };
    };
    let verdict = |frame: &Frame<'_>| table.find(frame.name.as_deref()?);
    let class = match leaf.space {
        Space::User => {
            let named = frames.iter().find_map(|frame| match verdict(frame) {
                Some(Verdict::Class(class)) => Some(class),
                _ => None,
            });
            named.or(leaf.name.is_some().then_some(CostClass::Harness))
        }
        Space::Kernel => {
            let kernel = frames.iter().take_while(|frame| frame.space == Space::Kernel);
            of_kernel(kernel.map(verdict)).or(leaf.name.is_some().then_some(CostClass::OtherKernel))
        }
    };
    Classified {
        class: class.unwrap_or(CostClass::Unresolved),
        after_interrupts: verdict(leaf) == Some(Verdict::InterruptsOn),
    }
}

fn of_kernel(verdicts: impl Iterator<Item = Option<Verdict>>) -> Option<CostClass> {
    let mut something_else_runs = false;
    for verdict in verdicts {
        match verdict {
            Some(Verdict::Class(class)) if class.is_under_all_others() && something_else_runs => {}
            Some(Verdict::Class(class)) => return Some(class),
            Some(Verdict::Through | Verdict::InterruptsOn) => {}
            None => something_else_runs = true,
        }
    }
    None
}
