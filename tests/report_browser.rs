//! The page in a browser, where there is one: nothing overflows a telephone,
//! no text lies on another, the console stays silent, nothing is asked for.

#[path = "support/made_up.rs"]
mod made_up;
#[path = "support/page.rs"]
mod page;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use page::baseline;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Runs in the page, once it is laid out with everything open, and tells the
/// frame around it what it found.
const PROBE: &str = r#"<script>
addEventListener("load", () => {
  const said = [], wide = document.documentElement.clientWidth;
  for (const d of document.querySelectorAll("details")) d.open = true;
  if (document.documentElement.scrollWidth > wide) said.push("the page is " + document.documentElement.scrollWidth + " wide");
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest(".scroll, pre, .skip")) continue;
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > wide + 1 || box.left < -1)) said.push("sticks out: " + e.tagName + " " + e.textContent.slice(0, 40));
  }
  let texts = 0, points = 0;
  for (const svg of document.querySelectorAll("svg.panel")) {
    const own = svg.getBoundingClientRect();
    if (!own.width) continue;
    const found = [...svg.querySelectorAll("text")].map((t) => [t.textContent, t.getBoundingClientRect()]);
    texts += found.length;
    points += svg.querySelectorAll(".p[aria-label]").length;
    found.forEach(([name, a], i) => {
      if (a.left < own.left - 1 || a.right > own.right + 1) said.push("cut off in " + svg.id + ": " + name);
      if (a.height < 11) said.push("too small in " + svg.id + ": " + name + " " + a.height);
      for (const [other, b] of found.slice(i + 1))
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
          said.push("meet in " + svg.id + ": " + name + " and " + other);
    });
  }
  const first = document.querySelector(".p");
  first.focus();
  const tip = document.getElementById("tip");
  if (tip.hidden || tip.textContent !== first.getAttribute("aria-label")) said.push("focus shows no figure");
  first.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  if (document.activeElement === first || !document.activeElement.matches(".p")) said.push("an arrow key goes nowhere");
  if (document.querySelectorAll("[data-choice]:not([hidden])").length !== 1) said.push("not one curve is shown");
  parent.postMessage(JSON.stringify({ said, wide, texts, points }), "*");
});
</script></body>"#;

/// A telephone's width, which a window of a browser cannot have.
const FRAME: &str = r#"<!DOCTYPE html><title>frame</title><pre id="heard">nothing</pre>
<script>addEventListener("message", (e) => { document.getElementById("heard").textContent = "HEARD " + e.data; });</script>
<iframe src="page.html" style="width:390px;height:800px;border:0"></iframe>"#;

#[test]
fn on_a_telephone_nothing_is_cut_off_and_the_console_is_silent() {
    let runs = |name: &&&str| {
        let asked = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    let Some(browser) = NAMES.iter().find(runs) else {
        println!("skipped: none of {} is installed", NAMES.join(", "));
        return;
    };
    for sides in [2, 8] {
        let sides: Vec<_> = (1..=sides).map(|side| baseline(&format!("kernels-6.{side}"), side)).collect();
        looks_right(browser, &page::page(&sides));
    }
}

fn looks_right(browser: &str, page: &str) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("page.html"), page.replacen("</body>", PROBE, 1)).unwrap();
    fs::write(directory.path().join("frame.html"), FRAME).unwrap();
    let (printed, console) = open(browser, directory.path());
    let complaints: Vec<&str> = console.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let heard = printed.split_once("HEARD ").unwrap_or_else(|| panic!("the page said nothing:\n{console}")).1;
    let heard = heard.split_once("</pre>").unwrap().0.replace("&gt;", ">").replace("&lt;", "<");
    let heard: serde_json::Value = serde_json::from_str(&heard.replace("&amp;", "&")).unwrap();
    assert_eq!(heard["wide"], 390, "without a scroll bar: {heard}");
    assert_eq!(heard["said"], serde_json::json!([]), "{heard:#}");
    assert!(heard["texts"].as_u64() > Some(300) && heard["points"].as_u64() > Some(500), "{heard}");
}

/// What the browser made of the frame, and what it printed.
fn open(browser: &str, directory: &Path) -> (String, String) {
    let (printed, console) = (directory.join("printed"), directory.join("console"));
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=10000", "--window-size=1000,900"])
        .arg(format!("--user-data-dir={}", directory.join("profile").display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", directory.join("frame.html").display()))
        .stdout(File::create(&printed).unwrap())
        .stderr(File::create(&console).unwrap())
        .spawn()
        .unwrap();
    #[allow(clippy::disallowed_methods)] // a deadline of a test, no measurement
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        #[allow(clippy::disallowed_methods)] // as above
        if begun.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{browser} is not done after two minutes");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    (read(printed), read(console))
}
