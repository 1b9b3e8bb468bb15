//! What cannot be seen from one value alone.

use super::Config;
use super::reader::Reader;

/// Notes what does not go together.
pub(super) fn check(config: &Config, reader: &mut Reader) {
    let http = &config.http;
    if !http.admin.ip().is_loopback() {
        let what = format!(
            "`admin` must be a loopback address such as 127.0.0.1:7118, not {}: it has no password. Use an SSH tunnel from \
             elsewhere",
            http.admin
        );
        reader.refuse("http", "admin", what);
    }
    if http.admin == http.listen && http.admin.port() != 0 {
        let what = "`admin` must not be the address of `listen`".to_owned();
        reader.refuse("http", "admin", what);
    }
    let fleet = &config.fleet;
    pair(
        reader,
        "http",
        ["tls_certificate", "tls_key"],
        [http.tls_certificate.is_some(), http.tls_key.is_some()],
    );
    pair(
        reader,
        "fleet",
        ["tls_certificate", "tls_key"],
        [fleet.tls_certificate.is_some(), fleet.tls_key.is_some()],
    );
    pair(
        reader,
        "fleet",
        ["nats_certificate", "nats_key"],
        [fleet.nats_certificate.is_some(), fleet.nats_key.is_some()],
    );
    pair(
        reader,
        "fleet",
        ["nats_user", "nats_password"],
        [fleet.nats_user.is_some(), fleet.nats_password.is_some()],
    );
    pair(
        reader,
        "fleet",
        ["nats", "listen"],
        [!fleet.nats.is_empty(), fleet.listen.is_some()],
    );
    let ways = [
        fleet.nats_token.is_some(),
        fleet.nats_password.is_some(),
        fleet.nats_credentials.is_some(),
    ];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        let what = "only one of `nats_token`, `nats_password` and `nats_credentials` can be set";
        reader.refuse("fleet", "nats_credentials", what.to_owned());
    }
    if let Some(origin) = &config.log.origin
        && origin.contains(|c: char| c.is_whitespace() || c == '+')
    {
        let what = "`origin` must have no spaces and no `+`".to_owned();
        reader.refuse("log", "origin", what);
    }
    if config.devices.backends.is_empty() {
        let what =
            "`backends` must name one at least: write [\"auto\"] to take what works".to_owned();
        reader.refuse("devices", "backends", what);
    }
    if !["pretty", "json"].contains(&config.telemetry.format.as_str()) {
        let what = "`format` must be \"pretty\" or \"json\"".to_owned();
        reader.refuse("telemetry", "format", what);
    }
    if config.abuse.throttle >= config.abuse.quarantine {
        let what = "`quarantine` must be more than `throttle`".to_owned();
        reader.refuse("abuse", "quarantine", what);
    }
    if config.quotas.bytes.0 < config.jobs.memory.0 {
        let what =
            "`bytes` must be at least `memory` of [jobs], or no client can have a job that large"
                .to_owned();
        reader.refuse("quotas", "bytes", what);
    }
}

/// Notes where one of two keys is set that need each other.
fn pair(reader: &mut Reader, section: &str, keys: [&str; 2], set: [bool; 2]) {
    let (with, without) = match set {
        [true, false] => (keys[0], keys[1]),
        [false, true] => (keys[1], keys[0]),
        _ => return,
    };
    let what = format!("`{with}` needs `{without}` too");
    reader.refuse(section, with, what);
}
