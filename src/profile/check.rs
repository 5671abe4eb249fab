//! What a profile's keys and values may be. Each refusal names the file, the
//! key, the value and what is allowed.

use std::fmt::Display;

use toml::{Table, Value};

use super::{BufferSize, PeerSettings, Profile, ProfileError, ReceiveMethod};
use crate::cell::{LARGEST_MESSAGE_BYTES, MOST_THREADS};
use crate::copy_mode;
use crate::message::CACHE_LINE_BYTES;
use crate::sys::{MAX_SEGMENTS, page_bytes};

/// Keys that `default.toml` leaves out because their default is not a value.
const OPTIONAL: [(&str, &str); 8] = [
    ("criterion", "measurement_time_s"),
    ("rounds", "latency_length_ms"),
    ("rounds", "seed"),
    ("peer", "runner"),
    ("peer", "program"),
    ("peer", "control"),
    ("peer", "token_file"),
    ("peer", "address"),
];

/// The table that `default.toml` leaves out whole.
const OPTIONAL_TABLE: &str = "peer";

/// What Criterion's settings may be, here and as flags of a bench target:
/// Criterion itself asserts some of these, with a panic.
pub(crate) mod limits {
    pub(crate) const SAMPLE_SIZE: (usize, usize) = (10, 100_000);
    pub(crate) const WARM_UP_S: (f64, f64) = (0.001, 60.0);
    pub(crate) const MEASUREMENT_TIME_S: (f64, f64) = (0.01, 3600.0);
    pub(crate) const STALL_TIMEOUT_S: (f64, f64) = (0.1, 600.0);
    pub(crate) const RESAMPLES: (usize, usize) = (1000, 1_000_000);
    /// Of noise threshold, significance level and confidence level.
    pub(crate) const SHARE: (f64, f64) = (0.0001, 0.9999);
}

/// What is allowed, if `value` is not.
pub(crate) fn within<T: PartialOrd + Display + Copy>(value: T, (low, high): (T, T)) -> Result<(), String> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err(format!("must be {low} to {high}")),
    }
}

/// Puts the keys of `overlay` over `base`; a key that `base` does not know is
/// an error.
pub(super) fn overlay(file: &str, base: &mut Table, overlay: Table) -> Result<(), ProfileError> {
    let refuse = |key: String, value: &Value, allowed: String| ProfileError::NotAllowed {
        file: file.to_string(),
        key,
        value: short(value),
        allowed,
    };
    if overlay.contains_key(OPTIONAL_TABLE) {
        base.insert(OPTIONAL_TABLE.into(), Value::Table(Table::new()));
    }
    let known = base.keys().map(String::as_str).filter(|known| *known != OPTIONAL_TABLE);
    let sections = known.chain([OPTIONAL_TABLE]).collect::<Vec<_>>().join(", ");
    let given = |table: &str, key: &str| overlay.get(table)?.get(key);
    for length in ["length_ms", "latency_length_ms"] {
        if let (Some(_), Some(value)) = (given("rounds", length), given("criterion", "measurement_time_s")) {
            let allowed = format!("give this or `rounds.{length}`, not both: each follows from the other");
            return Err(refuse("criterion.measurement_time_s".into(), value, allowed));
        }
    }
    let listed = given("message", "layout").filter(|layout| layout.as_str() != Some("even"));
    if let (Some(_), Some(value)) = (given("message", "fields"), listed) {
        let allowed = "give this or `message.fields`, not both: a list says how many fields there are";
        return Err(refuse("message.layout".into(), value, allowed.into()));
    }
    for (section, keys) in overlay {
        let Some(Value::Table(known)) = base.get_mut(&section) else {
            return Err(refuse(section, &keys, format!("unknown table; allowed: {sections}")));
        };
        let Value::Table(keys) = keys else {
            let allowed = format!("must be a table, [{section}]");
            return Err(refuse(section, &keys, allowed));
        };
        for (key, value) in keys {
            let optional = OPTIONAL.contains(&(section.as_str(), key.as_str()));
            if !optional && !known.contains_key(&key) {
                let optional = OPTIONAL.iter().filter(|(of, _)| *of == section).map(|(_, key)| *key);
                let allowed: Vec<_> = known.keys().map(String::as_str).chain(optional).collect();
                let allowed = format!("unknown key; allowed in [{section}]: {}", allowed.join(", "));
                return Err(refuse(format!("{section}.{key}"), &value, allowed));
            }
            known.insert(key, value);
        }
    }
    Ok(())
}

/// Checks the value of every key.
pub(super) fn values(file: &str, profile: &Profile) -> Result<(), ProfileError> {
    let check = Check { file };
    let (criterion, matrix) = (&profile.criterion, &profile.matrix);
    let (message, socket) = (&profile.message, &profile.socket);
    let (server, rounds) = (&profile.server, &profile.rounds);

    check.within("criterion.sample_size", criterion.sample_size, limits::SAMPLE_SIZE)?;
    check.within("criterion.warm_up_s", criterion.warm_up_s, limits::WARM_UP_S)?;
    if let Some(measurement_time_s) = criterion.measurement_time_s {
        check.within("criterion.measurement_time_s", measurement_time_s, limits::MEASUREMENT_TIME_S)?;
    }
    check.within("criterion.resamples", criterion.resamples, limits::RESAMPLES)?;
    check.within("criterion.noise_threshold", criterion.noise_threshold, limits::SHARE)?;
    check.within("criterion.significance_level", criterion.significance_level, limits::SHARE)?;

    let known: Vec<_> = copy_mode::REGISTRY.iter().map(|mode| mode.name).collect();
    check.list("matrix.modes", &matrix.modes, |mode| known.contains(&mode.as_str()), &known.join(", "))?;
    let sizes = format!("1 to {LARGEST_MESSAGE_BYTES} bytes, each once");
    let allowed = |size: &usize| (1..=LARGEST_MESSAGE_BYTES).contains(size);
    check.list("matrix.message_bytes", &matrix.message_bytes, allowed, &sizes)?;
    check.list(
        "matrix.threads",
        &matrix.threads,
        |threads| (1..=MOST_THREADS).contains(threads),
        &format!("1 to {MOST_THREADS}, each once"),
    )?;

    if let Err(allowed) = message.layout.check() {
        check.refuse("message.layout", &message.layout, &allowed)?;
    }
    let smallest = message.smallest_bytes();
    if let Some(bytes) = matrix.message_bytes.iter().find(|bytes| **bytes < smallest) {
        let allowed = format!("with message.layout = {} it takes {smallest} bytes and more", message.layout);
        check.refuse("matrix.message_bytes", bytes, &allowed)?;
    }
    check.within("message.zero_copy_from_bytes", message.zero_copy_from_bytes, (0, 1 << 30))?;
    check.within("io_uring.batch_messages", profile.io_uring.batch_messages, (1, 1024))?;
    if server.verify && server.receive == ReceiveMethod::Discard {
        check.refuse(
            "server.verify",
            &true,
            "with server.receive = \"discard\" there is nothing to compare: false",
        )?;
    }
    check.within("message.fields", message.fields, (1, MAX_SEGMENTS))?;
    // Closer, and the kernel merges neighbours into one page fragment.
    check.within("message.gap_bytes", message.gap_bytes, (CACHE_LINE_BYTES, 1 << 20))?;
    check.within("message.ring_bytes", message.ring_bytes, (4096, 1 << 30))?;
    let page = page_bytes() - 1;
    check.within("message.ring_offset_bytes", message.ring_offset_bytes, (0, page))?;
    check.within("message.staging_offset_bytes", message.staging_offset_bytes, (0, page))?;
    check.within("server.receive_offset_bytes", server.receive_offset_bytes, (0, page))?;
    check.within("server.read_bytes", server.read_bytes, (1, 64 << 20))?;

    if !socket.address.is_loopback() {
        check.refuse("socket.address", &socket.address, "a loopback address, such as 127.0.0.1 or ::1")?;
    }
    let name = &socket.congestion_control;
    if name.is_empty() || name.len() > 15 {
        check.refuse("socket.congestion_control", name, "1 to 15 characters, such as reno, cubic or bbr")?;
    }
    for (key, buffer) in [
        ("socket.send_buffer_bytes", socket.send_buffer_bytes),
        ("socket.receive_buffer_bytes", socket.receive_buffer_bytes),
    ] {
        if let BufferSize::Fixed(bytes) = buffer {
            check.within(key, bytes, (2048, 1 << 30))?;
        }
    }
    check.within("rounds.length_ms", rounds.length_ms, (0.1, 10_000.0))?;
    if let Some(latency_length_ms) = rounds.latency_length_ms {
        check.within("rounds.latency_length_ms", latency_length_ms, (0.1, 10_000.0))?;
    }
    check.within("rounds.generations", rounds.generations, (1, criterion.sample_size))?;
    check.within("rounds.stall_timeout_s", rounds.stall_timeout_s, limits::STALL_TIMEOUT_S)?;
    if let Some(Err((key, value, allowed))) = profile.peer.as_ref().map(PeerSettings::check) {
        check.refuse(key, &value, allowed)?;
    }
    check.slowdown(profile, &known)
}

struct Check<'a> {
    file: &'a str,
}

impl Check<'_> {
    fn within<T: PartialOrd + Display + Copy>(
        &self,
        key: &str,
        value: T,
        limits: (T, T),
    ) -> Result<(), ProfileError> {
        within(value, limits).or_else(|allowed| self.refuse(key, &value, &allowed))
    }

    fn list<T: PartialEq + std::fmt::Debug>(
        &self,
        key: &str,
        values: &[T],
        allowed: impl Fn(&T) -> bool,
        what: &str,
    ) -> Result<(), ProfileError> {
        if values.is_empty() {
            return self.refuse(key, &"[]", &format!("needs at least one of: {what}"));
        }
        for (index, value) in values.iter().enumerate() {
            if !allowed(value) || values[..index].contains(value) {
                return self.refuse(key, &format!("{value:?}"), &format!("allowed: {what}"));
            }
        }
        Ok(())
    }

    fn slowdown(&self, profile: &Profile, known: &[&str]) -> Result<(), ProfileError> {
        let (slowdown, sizes) = (&profile.slowdown, profile.matrix.message_bytes.len());
        if !slowdown.mode.is_empty() && !known.contains(&slowdown.mode.as_str()) {
            let allowed = format!("must be empty or one of: {}", known.join(", "));
            self.refuse("slowdown.mode", &format!("{:?}", slowdown.mode), &allowed)?;
        }
        let wanted = if slowdown.mode.is_empty() { 0 } else { sizes };
        let in_range = slowdown.percent.iter().all(|percent| (0.0..=1000.0).contains(percent));
        if slowdown.percent.len() != wanted || !in_range {
            let allowed = format!("must be {wanted} numbers from 0 to 1000, one for each message size");
            self.refuse("slowdown.percent", &format!("{:?}", slowdown.percent), &allowed)?;
        }
        Ok(())
    }

    fn refuse(&self, key: &str, value: &dyn Display, allowed: &str) -> Result<(), ProfileError> {
        Err(ProfileError::NotAllowed {
            file: self.file.to_string(),
            key: key.to_string(),
            value: value.to_string(),
            allowed: allowed.to_string(),
        })
    }
}

fn short(value: &Value) -> String {
    match value {
        Value::Table(_) => "{…}".to_string(),
        other => other.to_string(),
    }
}
