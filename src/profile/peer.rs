//! `[peer]`: the servers' ends in another process. It owns how that process is
//! started and where it listens; what a peer is, is the exchange's.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

/// What a peer is started with. Whether there is one is kept in a record; its keys,
/// which may name hosts, users and addresses, are not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // documented where people look: criterion-config/README.md
pub struct PeerSettings {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub runner: Option<RunnerWords>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub program: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<IpAddr>,
}

/// As `copycost serve --listen` has it.
const TOKEN_FILE: &str = "copycost.token";

/// The words in front of a command that make it run elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RunnerWords {
    /// A line for the shell, as `record --side NAME=RUNNER` takes it.
    Line(String),
    /// Words as they are.
    Words(Vec<String>),
}

impl PeerSettings {
    /// Where its servers listen, as both ends know it.
    pub fn address(&self) -> IpAddr {
        self.address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// The line for the shell that starts it, or that leads to one which listens.
    pub fn command(&self) -> String {
        let runner = match &self.runner {
            None => String::new(),
            Some(RunnerWords::Line(line)) => line.clone(),
            Some(RunnerWords::Words(words)) => {
                words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
            }
        };
        let program = quoted(self.program.as_deref().unwrap_or("copycost"));
        if let Some(control) = &self.control {
            let token_file = self.token_file.as_deref().unwrap_or(TOKEN_FILE);
            return format!("{program} connect {} --token-file {}", quoted(control), quoted(token_file));
        }
        format!("{runner} {program} serve --stdio").trim_start().to_string()
    }

    /// What is allowed, and the key that is not, if one is not.
    pub(super) fn check(&self) -> Result<(), (&'static str, String, &'static str)> {
        let is_word = |word: &str| !word.is_empty() && !word.chars().any(char::is_control);
        let words: Vec<&str> = match &self.runner {
            None => Vec::new(),
            Some(RunnerWords::Line(line)) => {
                line.lines().chain((line.lines().count() > 1).then_some("")).collect()
            }
            Some(RunnerWords::Words(words)) => words.iter().map(String::as_str).collect(),
        };
        if words.iter().any(|word| !is_word(word)) {
            let allowed = "one line for the shell, or a list of words, none of them empty";
            return Err(("peer.runner", format!("{words:?}"), allowed));
        }
        if let Some(program) = self.program.as_deref().filter(|program| !is_word(program)) {
            return Err(("peer.program", format!("{program:?}"), "the program's name or path at the peer"));
        }
        if let Some(control) = &self.control {
            if self.runner.is_some() {
                let allowed = "give this or `peer.runner`, not both: each is a way to the peer";
                return Err(("peer.control", control.clone(), allowed));
            }
            let port = control
                .rsplit_once(':')
                .and_then(|(host, port)| Some((is_word(host), port.parse::<u16>().ok()?)));
            if !matches!(port, Some((true, 1..))) {
                return Err((
                    "peer.control",
                    format!("{control:?}"),
                    "HOST:PORT, where `copycost serve --listen` is",
                ));
            }
        }
        if let Some(file) = self.token_file.as_deref().filter(|file| self.control.is_none() || !is_word(file))
        {
            return Err(("peer.token_file", format!("{file:?}"), "a path, and `peer.control` with it"));
        }
        let address = self.address();
        if address.is_unspecified() || address.is_multicast() {
            let allowed = "an address of the peer's own, which clients connect to";
            return Err(("peer.address", address.to_string(), allowed));
        }
        Ok(())
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_the_runner_and_the_program() {
        let line = PeerSettings { runner: Some(RunnerWords::Line("ssh host".into())), ..Default::default() };
        assert_eq!(line.command(), "ssh host 'copycost' serve --stdio");
        let words = RunnerWords::Words(vec!["ip".into(), "it's".into()]);
        let words =
            PeerSettings { runner: Some(words), program: Some("/x y/copycost".into()), ..Default::default() };
        assert_eq!(words.command(), r"'ip' 'it'\''s' '/x y/copycost' serve --stdio");
        assert_eq!(PeerSettings::default().command(), "'copycost' serve --stdio");
        let control = PeerSettings { control: Some("host:7".into()), ..Default::default() };
        assert_eq!(control.command(), "'copycost' connect 'host:7' --token-file 'copycost.token'");
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_key() {
        let line =
            |line: &str| PeerSettings { runner: Some(RunnerWords::Line(line.into())), ..Default::default() };
        assert!(line("ip netns exec peer").check().is_ok() && line("").check().is_ok());
        assert_eq!(line("a\nb").check().unwrap_err().0, "peer.runner");
        let control = |control: &str| PeerSettings { control: Some(control.into()), ..Default::default() };
        assert!(control("host:7").check().is_ok() && control("[::1]:7").check().is_ok());
        for wrong in ["host", "host:0", ":7", "host:70000"] {
            assert_eq!(control(wrong).check().unwrap_err().0, "peer.control", "{wrong}");
        }
        assert_eq!(
            PeerSettings { control: Some("host:7".into()), ..line("env") }.check().unwrap_err().0,
            "peer.control"
        );
        let token = PeerSettings { token_file: Some("file".into()), ..Default::default() };
        assert_eq!(token.check().unwrap_err().0, "peer.token_file");
        let program = PeerSettings { program: Some(String::new()), ..Default::default() };
        assert_eq!(program.check().unwrap_err().0, "peer.program");
        let any = PeerSettings { address: Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), ..Default::default() };
        assert_eq!(any.check().unwrap_err().0, "peer.address");
    }
}
