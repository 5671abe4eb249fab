//! `scripts/kernels` on made-up kernels and tools, and on a real one where there is
//! one to boot; `scripts/sysctl-sides` where namespaces may be made.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = env!("CARGO_BIN_EXE_copycost");

/// Tools that stand in for those of a machine with everything: what `vng` is told to
/// run it runs here, under the name of the kernel that it is given; one that is called
/// `hangs` prints a line and does not end.
const TOOLS: [(&str, &str); 11] = [
    ("sh", "exec /bin/sh \"$@\""),
    ("qemu-system-x86_64", ""),
    ("busybox", ""),
    ("udevadm", ""),
    ("file", ""),
    (
        "vng",
        "while [ \"$1\" != -- ]; do [ \"$1\" = -r ] && image=$2; shift; done; shift\n\
         case $image in *hangs*) echo Kernel panic; echo $$ > \"$image.pid\"; exec /bin/sleep 60;; esac\n\
         MADE_UP_RELEASE=${image##*/vmlinuz-} exec \"$@\"",
    ),
    ("uname", "echo \"$MADE_UP_RELEASE\""),
    (
        "apt-cache",
        "case $3 in linux-image-amd64) echo 'Depends: linux-image-6.1.0-9-amd64 (= 6.1)';;\n\
         linux-image-*) echo 'Depends: kmod, linux-base';; *) exit 100;; esac",
    ),
    ("apt-get", "echo fetched >> ../asked; : > \"$2_6.1_amd64.deb\""),
    (
        "dpkg-deb",
        "name=${3##*/linux-image-}; /bin/mkdir -p \"$3/boot\" \"$3/lib/modules/$name\"\n\
         /bin/cp \"$MADE_UP/vmlinuz-$name\" \"$3/boot/\"",
    ),
    (
        "depmod",
        "case $4 in *cloud*) list=ext4.ko;; *) list=kernel/fs/9p/9p.ko.xz;; esac\n\
                echo $list: > \"$3/lib/modules/$4/modules.dep\"",
    ),
];

struct Stage {
    home: TempDir,
    python: PathBuf,
}

impl Stage {
    /// `None`, with a printed reason, without Python 3.
    fn new() -> Option<Stage> {
        let asked = ["-c", "import sys; print(sys.executable)"];
        let run = Command::new("python3").args(asked).output().ok().filter(|run| run.status.success());
        if run.is_none() {
            println!("skipped: python3 is not installed");
        }
        let python = String::from_utf8(run?.stdout).unwrap().trim().into();
        let stage = Stage { home: tempfile::tempdir().unwrap(), python };
        fs::create_dir(stage.path("bin")).unwrap();
        for (name, does) in TOOLS {
            let tool = stage.path("bin").join(name);
            fs::write(&tool, format!("#!/bin/sh\n{does}\n")).unwrap();
            fs::set_permissions(tool, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Some(stage)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// An image whose header names its release: the kernel's boot protocol for x86.
    fn image(&self, release: &str) -> PathBuf {
        let mut bytes = vec![0; 0x400];
        bytes[0x202..0x206].copy_from_slice(b"HdrS");
        bytes[0x20e..0x210].copy_from_slice(&0x100_u16.to_le_bytes());
        let version = format!("{release} (someone@somewhere) #1 SMP\0");
        bytes[0x300..0x300 + version.len()].copy_from_slice(version.as_bytes());
        let image = self.path(&format!("vmlinuz-{release}"));
        fs::write(&image, bytes).unwrap();
        image
    }

    fn kernels(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(&self.python);
        command.arg(Path::new(ROOT).join("scripts/kernels"));
        command.args(["--emulate", "--directory", "kept", "--program", PROGRAM]).args(arguments);
        command.current_dir(self.home.path()).env("MADE_UP", self.home.path());
        said(command.env("PATH", self.path("bin")).output().unwrap())
    }
}

fn said(run: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (run.status.code(), text(run.stdout), text(run.stderr))
}

#[test]
fn kernels_that_boot_become_sides() {
    let Some(stage) = Stage::new() else { return };
    let (old, new) = (stage.image("6.1.0-9-amd64"), stage.image("6.12.3"));
    let named = format!("new={}", new.display());
    let (status, line, notes) =
        stage.kernels(&["--here", "host", "--pin", "0,1", old.to_str().unwrap(), &named]);
    assert_eq!(status, Some(0), "{notes}");
    let expected = "copycost record --name kernels --side 6.1.0-9-amd64=kept/boot-6.1.0-9-amd64 \
                    --side new=kept/boot-new --side host\n";
    assert_eq!(line, expected);
    assert!(
        notes.contains("boots new (6.12.3), emulated") && notes.contains("new answered after"),
        "{notes}"
    );
    assert!(notes.contains("what is counted is true"), "{notes}");
    // A runner runs what it is given, word for word.
    let runner = stage.path("kept/boot-new");
    let text = fs::read_to_string(&runner).unwrap();
    assert!(
        text.contains("--force-9p") && text.contains("--disable-kvm") && text.contains("--pin 0,1"),
        "{text}"
    );
    let run = Command::new(&runner)
        .args(["/bin/echo", "two  words", "*"])
        .env("PATH", stage.path("bin"))
        .output()
        .unwrap();
    assert_eq!(said(run).1, "two  words *\n");
}

#[test]
fn a_package_is_fetched_once_and_its_newest_kernel_taken() {
    let Some(stage) = Stage::new() else { return };
    stage.image("6.1.0-9-amd64");
    let (status, line, notes) = stage.kernels(&["old=linux-image-amd64"]);
    assert_eq!(
        (status, line.as_str()),
        (Some(0), "copycost record --name kernels --side old=kept/boot-old\n"),
        "{notes}"
    );
    assert!(notes.contains("fetches linux-image-6.1.0-9-amd64"), "{notes}");
    let runner = fs::read_to_string(stage.path("kept/boot-old")).unwrap();
    assert!(runner.contains("linux-image-6.1.0-9-amd64/boot/vmlinuz-6.1.0-9-amd64"), "{runner}");
    assert_eq!(stage.kernels(&["old=linux-image-6.1.0-9-amd64"]).0, Some(0));
    assert_eq!(fs::read_to_string(stage.path("kept/asked")).unwrap(), "fetched\n", "once");
}

#[test]
fn what_cannot_be_used_is_said_and_the_others_stay() {
    let Some(stage) = Stage::new() else { return };
    let (good, hangs) = (stage.image("6.12.3"), stage.image("6.13-hangs"));
    stage.image("6.1.0-9-cloud-amd64");
    fs::write(stage.path("text"), "no kernel").unwrap();
    let kernels = [
        good.to_str().unwrap(),
        hangs.to_str().unwrap(),
        "linux-image-6.1.0-9-cloud-amd64",
        "text",
        "no-such-package",
    ];
    let (status, line, notes) = stage.kernels(&[&["--seconds", "2"], &kernels[..]].concat());
    assert_eq!(status, Some(1));
    assert_eq!(line, "copycost record --name kernels --side 6.12.3=kept/boot-6.12.3\n");
    for words in [
        "6.13-hangs did not run",
        "within 2 s, emulated; it printed last: Kernel panic",
        "6.1.0-9-cloud-amd64 lacks 9p",
        "text: ",
        "is no x86 kernel image",
        "no-such-package: ",
    ] {
        assert!(notes.contains(words), "{words:?} is not in\n{notes}");
    }
    let guest = fs::read_to_string(format!("{}.pid", hangs.display())).unwrap();
    assert!(!Path::new("/proc").join(guest.trim()).exists(), "the guest that hung is left behind");
    assert!(!stage.path("kept/boot-6.13-hangs").exists());
}

#[test]
fn wrong_usage_and_missing_tools_are_told_apart() {
    let Some(stage) = Stage::new() else { return };
    let image = stage.image("6.12.3");
    let (status, _, notes) = stage.kernels(&[&format!("a b={}", image.display())]);
    assert!(status == Some(2) && notes.contains("\"a b\"") | notes.contains("'a b'"), "{notes}");
    let (status, _, notes) = stage.kernels(&["--program", "not-there", image.to_str().unwrap()]);
    assert!(status == Some(2) && notes.contains("not-there is not there: cargo build --release"), "{notes}");
    fs::remove_file(stage.path("bin/qemu-system-x86_64")).unwrap();
    let (status, line, notes) = stage.kernels(&[image.to_str().unwrap()]);
    assert!(status == Some(1) && line.is_empty(), "{line}");
    assert!(
        notes.contains("apt-get install --yes --no-install-recommends qemu-system-x86 (--install"),
        "{notes}"
    );
}

/// Of `COPYCOST_TEST_KERNEL`, or of `/boot`.
#[test]
fn a_real_kernel_boots() {
    let in_boot = fs::read_dir("/boot").into_iter().flatten().flatten().map(|entry| entry.path());
    let is_image =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz-"));
    let given = std::env::var_os("COPYCOST_TEST_KERNEL").map(PathBuf::from);
    let Some(image) = given.or_else(|| in_boot.filter(is_image).max()) else {
        println!("skipped: no kernel image in /boot, and COPYCOST_TEST_KERNEL names none");
        return;
    };
    let is_missing = |tool: &&&str| Command::new(tool).arg("--version").output().is_err();
    if let Some(tool) = ["qemu-system-x86_64", "vng", "busybox", "python3"].iter().find(is_missing) {
        println!("skipped: {tool} is not installed");
        return;
    }
    let kept = tempfile::tempdir().unwrap();
    let mut command = Command::new(Path::new(ROOT).join("scripts/kernels"));
    command.args(["--emulate", "--program", PROGRAM, "--directory"]).arg(kept.path());
    let (status, line, notes) = said(command.arg(format!("it={}", image.display())).output().unwrap());
    assert!(status == Some(0) && line.contains("--side it="), "{notes}");
}

#[test]
fn two_namespaces_differ_in_one_setting() {
    let script = Path::new(ROOT).join("scripts/sysctl-sides");
    let run = |arguments: &[&str]| said(Command::new(&script).args(arguments).output().unwrap());
    for wrong in
        [&[][..], &["kernel.x", "1", "2"], &["net.ipv4.tcp_ecn", "1"], &["net.ipv4.tcp_ecn", "1", "1"]]
    {
        assert_eq!(run(wrong).0, Some(2), "{wrong:?}");
    }
    let probe = format!("copycost-test-{}", std::process::id());
    let netns = |verb: &str| Command::new("ip").args(["netns", verb, &probe]).output();
    if !netns("add").is_ok_and(|run| run.status.success()) {
        println!("skipped: `ip netns add` is refused or not there");
        return;
    }
    netns("delete").unwrap();
    let there = |name: &str| Path::new("/run/netns").join(name).exists();
    if there("copycost-a") || there("copycost-b") {
        println!("skipped: somebody uses the namespaces copycost-a and copycost-b");
        return;
    }
    let file = "/proc/sys/net/ipv4/tcp_limit_output_bytes";
    let before = fs::read_to_string(file).unwrap();
    let (status, line, notes) = run(&["net.ipv4.tcp_limit_output_bytes", "65536", "131072"]);
    assert_eq!(status, Some(0), "{notes}");
    let expected = "copycost record --name tcp_limit_output_bytes --side a='ip netns exec copycost-a' \
                    --side b='ip netns exec copycost-b'\n";
    assert_eq!(line, expected);
    let values: Vec<String> = ["copycost-a", "copycost-b"]
        .map(|name| said(Command::new("ip").args(["netns", "exec", name, "cat", file]).output().unwrap()).1)
        .into();
    let again = run(&["net.ipv4.tcp_limit_output_bytes", "1", "2"]);
    let removed = run(&["--remove"]);
    assert_eq!(values, ["65536\n", "131072\n"]);
    assert!(again.0 == Some(1) && again.2.contains("--remove"), "{}", again.2);
    assert_eq!(removed.0, Some(0), "{}", removed.2);
    assert!(!there("copycost-a") && !there("copycost-b"), "they are gone");
    assert_eq!(fs::read_to_string(file).unwrap(), before, "this namespace has its own");
    let (status, _, notes) = run(&["net.no_such_setting", "1", "2"]);
    assert!(status == Some(1) && notes.contains("no setting of a network namespace"), "{notes}");
    assert!(!there("copycost-a"), "what could not be made whole is taken back");
}
