//! A headless Chromium, driven over plain WebDriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// A browser, where `ci/install-chromium` put one. Without one the tests pass, unless it is required.
    pub(crate) fn start() -> Option<Self> {
        let program = |name| std::env::var_os(name);
        let (Some(chromium), Some(driver)) =
            (program("ARKNET_CHROMIUM"), program("ARKNET_CHROMEDRIVER"))
        else {
            let required = std::env::var("ARKNET_REQUIRE_CHROMIUM").is_ok_and(|value| value == "1");
            assert!(
                !required,
                "no browser: run ci/install-chromium and source .chromium/env"
            );
            eprintln!("skipped: no browser (ci/install-chromium)");
            return None;
        };
        let mut command = Command::new(driver);
        command
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(libraries) = program("ARKNET_CHROMIUM_LIBRARIES") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        let mut driver = command.spawn().expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = lines
            .find_map(|line| {
                let line = line.ok()?;
                let (_, port) = line.split_once("successfully on port ")?;
                port.trim_end_matches('.').parse().ok()
            })
            .expect("chromedriver says its port");
        // It must not be stopped by a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            _profile: profile,
        };
        let folder = browser._profile.path().display().to_string();
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--user-data-dir={folder}"),
        ];
        let options =
            json!({ "binary": chromium.to_str().expect("a plain path"), "args": arguments });
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": PATIENCE.as_millis() as u64 },
        });
        let answer = browser.send(
            "POST",
            "/session",
            json!({ "capabilities": { "alwaysMatch": wanted } }),
        );
        browser.session = answer["sessionId"].as_str().expect("a session").to_owned();
        Some(browser)
    }

    fn send(&self, method: &str, path: &str, body: Value) -> Value {
        let body = if method == "POST" {
            body.to_string()
        } else {
            String::new()
        };
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.port)).expect("chromedriver listens");
        stream.set_read_timeout(Some(2 * PATIENCE)).expect("a time");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("a request");
        // The driver may keep the connection, so the answer ends where it says.
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).expect("a header");
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).expect("an answer");
        let mut answer: Value = serde_json::from_slice(&body).expect("JSON");
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{method} {path}: {value:#}");
        value
    }

    fn ask(&self, path: &str, body: Value) -> Value {
        self.send("POST", &format!("/session/{}/{path}", self.session), body)
    }

    pub(crate) fn open(&self, url: &str) {
        self.ask("url", json!({ "url": url }));
    }

    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.ask("window/rect", json!({ "width": width, "height": height }));
    }

    /// The value of a function's body.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// The text of an element; empty where it is not there or not shown.
    pub(crate) fn text(&self, selector: &str) -> String {
        let script = format!(
            "const found = document.querySelector({selector:?}); return found?.checkVisibility() ? found.innerText : ''"
        );
        self.run(&script).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an element's text has this in it; gives the text.
    #[track_caller]
    pub(crate) fn wait_for(&self, selector: &str, part: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = self.text(selector);
            if text.contains(part) {
                return text;
            }
            assert!(Instant::now() < end, "no `{part}` in `{selector}`: {text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Types a key, given as WebDriver names it.
    pub(crate) fn press(&self, key: &str) {
        let actions = ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key }));
        self.ask(
            "actions",
            json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }),
        );
    }

    /// Makes the page think that the user prefers these.
    pub(crate) fn prefer(&self, scheme: &str, motion: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion },
        ]);
        let parameters =
            json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.ask("goog/cdp/execute", parameters);
    }

    /// Keeps a picture of the window beside the build's other products.
    pub(crate) fn picture(&self, name: &str) {
        let data = self.send(
            "GET",
            &format!("/session/{}/screenshot", self.session),
            Value::Null,
        );
        let png = STANDARD
            .decode(data.as_str().expect("text"))
            .expect("base64");
        assert!(png.len() > 10_000, "{name} is blank");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("page");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name).with_extension("png"), png).expect("a picture");
    }

    /// What went wrong on the page since the last time: errors of scripts and breaches of the policy.
    pub(crate) fn errors(&self) -> Vec<String> {
        let entries = self.ask("se/log", json!({ "type": "browser" }));
        let entries = entries.as_array().cloned().unwrap_or_default();
        let severe = entries
            .into_iter()
            .filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.send("DELETE", &format!("/session/{}", self.session), Value::Null);
        }
        // It may be gone already, and there is no one to tell.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
