//! The operator's page in a headless Chromium: what it shows, its keys, its moods, and the verifier in the browser.
//!
//! `ci/install-chromium` brings the browser and `ci/build-wasm` the verifier; `ARKNET_REQUIRE_CHROMIUM=1` fails where
//! either is missing. Pictures are left in the build folder under `tmp/page`.

mod browser;
mod jobs;
mod node;

use std::time::{Duration, Instant};

use browser::Browser;
use node::{Mood, Node};

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// The focused element's text.
fn focused(browser: &Browser) -> String {
    let text = browser.run("return document.activeElement.textContent");
    text.as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_page_shows_the_node_and_follows_it() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let node = Node::start(vec![jobs::unfinished(1), jobs::signed(2)]);
    browser.prefer("light", "reduce");
    browser.resize(1440, 1400);
    browser.open(&node.url(""));
    let text = browser.wait_for("#jobs", "proving 62 %");
    for part in ["done", "prove", "run", "1841", "9.9 s"] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    let text = browser.text("#devices");
    for part in ["h200-0", "busy", "drained", "3 proofs in a row", "210 M/s"] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    let text = browser.text("#clients");
    for part in [
        "throttled",
        "<b>bold</b>",
        "4 of 4 full",
        "3.0 GiB of 20.0 GiB",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    let text = browser.text("#log");
    assert!(
        text.contains("node.example/log") && text.contains("1,842"),
        "{text}"
    );
    let chart =
        browser.run("return document.querySelector('#history svg').getAttribute('aria-label')");
    assert!(
        chart
            .as_str()
            .is_some_and(|text| text.contains("failed by a device")),
        "{chart}"
    );
    browser.picture("light");

    browser.prefer("dark", "reduce");
    let back = browser.run("return getComputedStyle(document.body).backgroundColor");
    assert_eq!(back, "rgb(17, 21, 27)");
    browser.picture("dark");
    let nothing_moves =
        "return getComputedStyle(document.querySelector('.meter rect')).transitionDuration";
    assert_eq!(browser.run(nothing_moves), "0s");
    browser.resize(420, 900);
    let overflow = browser.run("return document.documentElement.scrollWidth - innerWidth");
    assert!(
        overflow.as_i64().is_some_and(|pixels| pixels <= 0),
        "{overflow}"
    );
    browser.picture("narrow");
    assert_eq!(browser.errors(), [] as [String; 0]);

    node.set_mood(Mood::Empty);
    browser.wait_for("#jobs", "No jobs");
    browser.wait_for("#devices", "No device");
    node.set_mood(Mood::Failing);
    browser.wait_for("#trouble", "the database is locked");
    browser.wait_for("#connection", "next try");
    browser.picture("failing");
    node.set_mood(Mood::Busy);
    browser.wait_for("#connection", "live");
    browser.wait_for("#jobs", "proving 62 %");
    assert_eq!(browser.text("#trouble"), "");
}

#[test]
fn everything_can_be_done_by_keys() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let node = Node::start(vec![jobs::signed(1), jobs::unfinished(2)]);
    browser.open(&node.url(""));
    browser.wait_for("#jobs", "proving");
    for (key, at) in [("j", 0), ("j", 1), ("j", 1), ("k", 0)] {
        browser.press(key);
        let links = browser.run(
            "return [...document.querySelectorAll('#jobs a')].map((link) => link.textContent)",
        );
        assert_eq!(links[at], focused(&browser));
    }
    let link = focused(&browser);
    browser.press(ENTER);
    browser.wait_for("#panel", "Time in each state");
    assert!(
        browser.text("#panel").contains("verifying"),
        "{}",
        browser.text("#panel")
    );
    browser.wait_for("#panel", "run, done");
    browser.picture("job");
    browser.press(ESCAPE);
    // The hash changes first, and the panel follows.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(browser.text("#panel"), "");
    assert_eq!(focused(&browser), link);

    browser.press("/");
    for key in ["z", "z"] {
        browser.press(key);
    }
    browser.wait_for("#jobs", "None of the 2 jobs");
    browser.press(ESCAPE);
    browser.press("?");
    browser.wait_for("#keys", "verify the receipt");
    browser.press(ESCAPE);
    assert_eq!(browser.text("#keys"), "");

    browser.run("document.querySelector('[data-focus^=device-]').focus()");
    browser.press(ENTER);
    browser.wait_for("#ask", "no more work");
    // Without a reason nothing is ordered.
    browser.press(ENTER);
    for key in ["h", "o", "t"] {
        browser.press(key);
    }
    assert_eq!(node.drained(), [] as [String; 0]);
    browser.press(ENTER);
    let end = Instant::now() + Duration::from_secs(20);
    while !browser.text("#ask").is_empty() {
        assert!(Instant::now() < end, "the question is still open");
    }
    assert_eq!(node.drained(), ["hot"]);
    assert_eq!(focused(&browser), "Drain");
    assert_eq!(browser.errors(), [] as [String; 0]);
}

#[test]
fn receipts_are_verified_in_the_browser() {
    let Some(browser) = Browser::start() else {
        return;
    };
    if !arknet_node::page::has_verifier() {
        let required = std::env::var("ARKNET_REQUIRE_CHROMIUM").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "no verifier: run ci/build-wasm, then build again"
        );
        let node = Node::start(vec![jobs::signed(1)]);
        browser.open(&node.url(""));
        browser.wait_for("#jobs", "done");
        browser.press("j");
        browser.press(ENTER);
        browser.wait_for("#panel", "digest");
        browser.press("v");
        browser.wait_for("#panel", "built without the verifier");
        return;
    }
    let shown = [jobs::proven(1), jobs::signed(2), jobs::forged(3)];
    let node = Node::start(shown.to_vec());
    browser.prefer("light", "reduce");
    browser.resize(1440, 1400);
    let [proven, signed, forged] = shown.map(|job| node.url(&format!("#job={}", job.view.id)));

    let check = |url: &str| {
        browser.open("about:blank");
        browser.open(url);
        browser.wait_for("#panel", "digest");
        browser.press("v");
        browser.wait_for("#verdict", " ms by this browser")
    };
    let text = check(&proven);
    assert!(text.contains("Valid: proven"), "{text}");
    println!("{}", text.replace('\n', " "));
    let claim = browser.text("#panel");
    for part in [
        "STARK s100",
        "provable bits",
        "buffer sums",
        "at most 10 of 100",
        "signed by",
    ] {
        assert!(claim.contains(part), "no `{part}` in {claim}");
    }
    browser.picture("verified");

    let text = check(&signed);
    assert!(text.contains("Signed, not proven"), "{text}");
    browser.run("document.querySelector('#replay').click()");
    let text = browser.wait_for("#verdict", "Valid");
    assert!(text.contains("run again here"), "{text}");

    let text = check(&forged);
    assert!(text.contains("Not valid"), "{text}");
    browser.picture("forged");
    assert_eq!(browser.errors(), [] as [String; 0]);
}
