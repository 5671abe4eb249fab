//! The kernel's symbols, modules' too: `/proc/kallsyms` (proc(5)). It owns how that
//! is read and why it may say nothing.

use super::table::plain;

/// The kernel's functions by address.
#[derive(Clone, Debug, Default)]
pub struct KernelSymbols {
    /// Rising; each name reaches to the next address.
    functions: Vec<(u64, String)>,
}

impl KernelSymbols {
    /// Those of the running kernel, or why they are not to be had.
    pub fn read() -> Result<KernelSymbols, String> {
        let setting = |path| {
            let text = std::fs::read_to_string(path).ok()?;
            text.trim().parse::<i32>().ok()
        };
        let text = std::fs::read_to_string("/proc/kallsyms")
            .map_err(|error| format!("the kernel's symbols cannot be read: /proc/kallsyms: {error}"))?;
        KernelSymbols::parse(&text).ok_or_else(|| {
            why_hidden(
                setting("/proc/sys/kernel/kptr_restrict"),
                setting("/proc/sys/kernel/perf_event_paranoid"),
            )
        })
    }

    /// Those in a text as `/proc/kallsyms` has it; `None` if every address is
    /// hidden, which it says with zeros.
    pub fn parse(text: &str) -> Option<KernelSymbols> {
        let function = |line: &str| {
            let mut words = line.split_whitespace();
            let address = u64::from_str_radix(words.next()?, 16).ok()?;
            let is_code = matches!(words.next()?, "t" | "T" | "w" | "W");
            (is_code && address > 0).then(|| Some((address, words.next()?.to_string())))?
        };
        let mut functions: Vec<(u64, String)> = text.lines().filter_map(function).collect();
        // Of several names of one address the plainest: memcpy, not __pi_memcpy.
        functions.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| plainness(&a.1).cmp(&plainness(&b.1))));
        functions.dedup_by_key(|function| function.0);
        (!functions.is_empty()).then_some(KernelSymbols { functions })
    }

    /// The function that `address` lies in.
    pub fn find(&self, address: u64) -> Option<&str> {
        let after = self.functions.partition_point(|(start, _)| *start <= address);
        let (_, name) = self.functions.get(after.checked_sub(1)?)?;
        // What lies past the last function of all lies in none.
        (after < self.functions.len()).then_some(plain(name))
    }
}

fn plainness(name: &str) -> (usize, usize, String) {
    let underscores = name.len() - name.trim_start_matches('_').len();
    (underscores, name.len(), name.to_string())
}

/// `kptr_restrict` hides them from all, or from those without CAP_SYSLOG; 0 shows
/// them to whom `perf_event_paranoid` lets sample the kernel (kallsyms_show_value).
fn why_hidden(restrict: Option<i32>, paranoid: Option<i32>) -> String {
    let remedy = match (restrict, paranoid) {
        (Some(0), Some(paranoid)) if paranoid > 1 => {
            format!("kernel.perf_event_paranoid is {paranoid}: sysctl -w kernel.perf_event_paranoid=1")
        }
        (Some(2..), _) => "kernel.kptr_restrict is 2: sysctl -w kernel.kptr_restrict=1 and CAP_SYSLOG, \
                           or sysctl -w kernel.kptr_restrict=0"
            .to_string(),
        (Some(restrict), _) => format!(
            "kernel.kptr_restrict is {restrict} and this process lacks CAP_SYSLOG: \
             sysctl -w kernel.kptr_restrict=0"
        ),
        (None, _) => "sysctl -w kernel.kptr_restrict=0".to_string(),
    };
    format!("the kernel's symbols are hidden (every address in /proc/kallsyms is 0); {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_address_and_data_is_not_code() {
        let text = "ffffffff81000000 T _text\nffffffff81000010 t __pi_memcpy\nffffffff81000010 T memcpy\n\
                    ffffffff81000018 D jiffies\nffffffff81000020 t tcp_ack.isra.0\n\
                    ffffffffc0000000 t virtnet_poll\t[virtio_net]\nffffffffc0000900 t end\t[virtio_net]\n";
        let symbols = KernelSymbols::parse(text).unwrap();
        assert_eq!(symbols.find(0xffff_ffff_8100_001c), Some("memcpy"));
        assert_eq!(symbols.find(0xffff_ffff_8100_0020), Some("tcp_ack"));
        assert_eq!(symbols.find(0xffff_ffff_c000_0100), Some("virtnet_poll"));
        assert_eq!((symbols.find(0x1000), symbols.find(u64::MAX)), (None, None));
    }

    #[test]
    fn hidden_symbols_are_none_and_the_reason_names_the_setting_that_hides_them() {
        assert!(KernelSymbols::parse("0000000000000000 T _text\n0000000000000000 t tcp_ack\n").is_none());
        for (restrict, paranoid, named) in [
            (Some(0), Some(2), "kernel.perf_event_paranoid=1"),
            (Some(1), Some(1), "kernel.kptr_restrict=0"),
            (Some(2), Some(-1), "kernel.kptr_restrict is 2"),
            (None, None, "kernel.kptr_restrict=0"),
        ] {
            let why = why_hidden(restrict, paranoid);
            assert!(why.contains("hidden") && why.contains(named) && why.contains("sysctl -w"), "{why}");
        }
    }
}
