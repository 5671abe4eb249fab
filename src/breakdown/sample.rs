//! A sample as the kernel wrote it: plain data.

/// One sample of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// What it stands for: nanoseconds or cycles since the one before.
    pub period: u64,
    /// The instruction that was interrupted.
    pub instruction: u64,
    /// Kernel addresses from the leaf upwards; empty where user code ran.
    pub kernel_chain: Vec<u64>,
    /// What lay on top of the user stack: libraries without frame pointers, such as
    /// the C library's copy, hide their caller from everything else.
    pub user_stack: Vec<u64>,
}

/// The samples of one or more threads over one or more rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// Those that arrived.
    pub taken: Vec<Sample>,
    /// How many did not: the buffer was full.
    pub lost: u64,
    /// How often the kernel held the event back for sampling too fast.
    pub throttled: u64,
    /// Why a thread could not be sampled.
    pub refused: Option<String>,
}

impl Samples {
    /// Adds those of another thread or round.
    pub fn add(&mut self, other: Samples) {
        self.taken.extend(other.taken);
        self.lost += other.lost;
        self.throttled += other.throttled;
        self.refused = self.refused.take().or(other.refused);
    }
}
