//! Hands the compiler's version to the program, which cannot ask for it later.
//! Cargo builds this anew whenever the compiler changes.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    // Without an answer the variable stays unset, and the record says so.
    if let Ok(output) = std::process::Command::new(compiler).arg("--version").output() {
        let version = String::from_utf8_lossy(&output.stdout);
        println!("cargo::rustc-env=COPYCOST_RUSTC_VERSION={}", version.trim());
    }
}
