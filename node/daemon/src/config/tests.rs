//! Defaults, files, variables, and every way to be wrong.

use std::path::Path;
use std::time::Duration;

use super::*;

fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(Path::new("/etc/arknet/arknet.toml"), text, environment)
}

fn refused(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    match parse(text, environment) {
        Err(ConfigError::Wrong(wrongs)) => wrongs.iter().map(Wrong::to_string).collect(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn the_template_is_the_default_and_names_every_key() {
    let template = Config::template();
    let config = parse(&template, &[]).unwrap();
    assert_eq!(config, parse("version = 1", &[]).unwrap());
    assert_eq!(config.http, Http::default());
    assert_eq!(config.node.data, Path::new("/etc/arknet/data"));
    assert_eq!(config.scratch(), Path::new("/etc/arknet/data/scratch"));
    for section in SECTIONS {
        assert!(template.contains(&format!("\n[{}]\n", section.name)));
        for key in (section.keys)() {
            assert!(!key.doc.is_empty(), "{} says nothing", key.name);
            assert!(
                template.contains(&format!("\n# {} = ", key.name)),
                "{}",
                key.name
            );
        }
    }
}

#[test]
fn the_template_holds_when_every_default_is_made_explicit() {
    let explicit: String = Config::template()
        .lines()
        .map(|line| {
            let value = line.strip_prefix("# ").filter(|rest| {
                let key = rest.split(' ').next().unwrap_or("");
                let is_key = |name| {
                    SECTIONS
                        .iter()
                        .any(|section| (section.keys)().iter().any(|key| key.name == name))
                };
                rest.starts_with(&format!("{key} = "))
                    && is_key(key)
                    && !rest.ends_with("(not set)")
            });
            format!("{}\n", value.unwrap_or(line))
        })
        .collect();
    assert!(
        explicit.contains("\nlisten = \"127.0.0.1:7117\"\n"),
        "{explicit}"
    );
    assert_eq!(
        parse(&explicit, &[]).unwrap(),
        parse("version = 1", &[]).unwrap()
    );
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let text = "version = 1\n[http]\nlisten = \"0.0.0.0:80\"\nadmin = \"127.0.0.1:81\"\n[quotas]\nbytes = \"2GiB\"\n";
    let config = parse(
        text,
        &[
            ("ARKNET_HTTP_LISTEN", "[::1]:90"),
            ("ARKNET_DEVICES_BACKENDS", "cpu, wgpu"),
            ("ARKNET_RETENTION_JOBS", "36h"),
            ("ARKNET_FUZZ_CASES", "12"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.http.listen.to_string(), "[::1]:90");
    assert_eq!(config.http.admin.to_string(), "127.0.0.1:81");
    assert_eq!(config.quotas.bytes, Size(2 << 30));
    assert_eq!(config.devices.backends, [Backend::Cpu, Backend::Wgpu]);
    assert_eq!(config.retention.jobs.0, Duration::from_secs(36 * 3600));
    assert_eq!(config.quotas.queued, Quotas::default().queued);
    assert_eq!(config.retention().finished, 36 * 3_600_000);
    assert_eq!(config.admission().quotas.bytes, 2 << 30);
}

#[test]
fn everything_unknown_is_named_with_its_place_and_what_was_meant() {
    let text =
        "version = 1\n[htpp]\n[http]\nlsten = \"127.0.0.1:1\"\ncolour = 1\n[quotas]\nqueud = 3\n";
    let wrongs = refused(
        text,
        &[("ARKNET_HTTP_LISTN", "x"), ("ARKNET_JOBS_FOO_BAR_BAZ", "x")],
    );
    assert_eq!(
        wrongs,
        [
            "/etc/arknet/arknet.toml:2: unknown section or key `htpp`: did you mean `http`?",
            "/etc/arknet/arknet.toml:4: unknown key `lsten` in [http]: did you mean `listen`?",
            "/etc/arknet/arknet.toml:5: unknown key `colour` in [http]",
            "/etc/arknet/arknet.toml:7: unknown key `queud` in [quotas]: did you mean `queued`?",
            "variable ARKNET_HTTP_LISTN: unknown variable `ARKNET_HTTP_LISTN`: did you mean `ARKNET_HTTP_LISTEN`?",
            "variable ARKNET_JOBS_FOO_BAR_BAZ: unknown variable `ARKNET_JOBS_FOO_BAR_BAZ`",
        ]
    );
}

#[test]
fn a_version_is_needed_and_others_are_refused() {
    assert!(refused("", &[])[0].contains("add `version = 1`"));
    let wrongs = refused("[http]\nwhatever = 1\nversion = 2", &[]);
    assert!(wrongs[0].contains("`version` is missing"), "{wrongs:?}");
    let wrongs = refused("\nversion = 2\nfuture = true", &[]);
    assert_eq!(wrongs.len(), 1);
    assert!(
        wrongs[0].starts_with("/etc/arknet/arknet.toml:2: this program reads version 1"),
        "{wrongs:?}"
    );
    assert!(refused("version = \"1\"", &[])[0].contains("this is version"));
}

#[test]
fn values_of_the_wrong_form_are_refused_where_they_stand() {
    for (text, line, what) in [
        (
            "[http]\nlisten = \"localhost\"",
            3,
            "`listen` must be an address and a port",
        ),
        (
            "[http]\nlisten = 7117",
            3,
            "`listen` must be an address and a port",
        ),
        (
            "[http]\nconnections = 0",
            3,
            "`connections` must be a whole number from 1",
        ),
        (
            "[quotas]\nrunning = -1",
            3,
            "`running` must be a whole number from 0",
        ),
        (
            "[quotas]\nrunning = 4294967296",
            3,
            "`running` must be a whole number from 0",
        ),
        ("[quotas]\nbytes = \"1GB\"", 3, "`bytes` must be a size"),
        ("[quotas]\nbytes = -1", 3, "`bytes` must be a size"),
        ("[retention]\njobs = \"30\"", 3, "`jobs` must be a time"),
        ("[retention]\njobs = \"0s\"", 3, "`jobs` must be a time"),
        (
            "[retention]\njobs = \"99999999999999999999d\"",
            3,
            "`jobs` must be a time",
        ),
        (
            "[devices]\nbackends = [\"gpu\"]",
            3,
            "`backends` must be one of",
        ),
        (
            "[devices]\nbackends = []",
            3,
            "`backends` must name one at least",
        ),
        (
            "[devices]\nallow_weak_sandbox = 1",
            3,
            "`allow_weak_sandbox` must be `true` or `false`",
        ),
        (
            "[fleet]\nworkers = [\"rack1\"]",
            3,
            "`workers` must be a name and a key",
        ),
        (
            "[log]\nwitnesses = [\"a https://w\"]",
            3,
            "`witnesses` must be a verifier key and a URL",
        ),
        ("[log]\norigin = \"a b\"", 3, "`origin` must have no spaces"),
        ("[telemetry]\nformat = \"xml\"", 3, "`format` must be"),
        (
            "[http]\nadmin = \"0.0.0.0:7118\"",
            3,
            "`admin` must be a loopback address",
        ),
        (
            "[http]\nadmin = \"127.0.0.1:7117\"",
            3,
            "`admin` must not be the address of `listen`",
        ),
        (
            "[http]\ntls_key = \"k\"",
            3,
            "`tls_key` needs `tls_certificate` too",
        ),
        (
            "[fleet]\nnats = [\"nats://a\"]",
            3,
            "`nats` needs `listen` too",
        ),
        (
            "[abuse]\nthrottle = 80",
            2,
            "`quarantine` must be more than `throttle`",
        ),
        ("[http]\nlisten = {}", 3, "`listen` must be"),
        ("http = 3", 2, "`http` must be a section"),
        ("[http]\nlisten = \"1", 3, ""),
        (
            "[http]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"",
            4,
            "",
        ),
    ] {
        let wrongs = refused(&format!("version = 1\n{text}\n"), &[]);
        assert_eq!(wrongs.len(), 1, "{text}: {wrongs:?}");
        let place = format!("/etc/arknet/arknet.toml:{line}: ");
        assert!(
            wrongs[0].starts_with(&place) && wrongs[0].contains(what),
            "{text}: {wrongs:?}"
        );
    }
    let wrongs = refused(
        "version = 1",
        &[
            ("ARKNET_HTTP_LISTEN", ""),
            ("ARKNET_HTTP_ADMIN", "8.8.8.8:1"),
        ],
    );
    assert!(
        wrongs[0].starts_with("variable ARKNET_HTTP_LISTEN: must be an address"),
        "{wrongs:?}"
    );
    assert!(
        wrongs[1].starts_with("variable ARKNET_HTTP_ADMIN: `admin` must be a loopback"),
        "{wrongs:?}"
    );
}

#[test]
fn a_file_that_is_not_there_says_how_to_get_one() {
    let missing = Path::new("/nonexistent/arknet.toml");
    let error = Config::load(missing, []).unwrap_err().to_string();
    assert!(error.contains("`arknet node init` writes one"), "{error}");
}

#[test]
fn sizes_and_times_print_as_they_are_read() {
    use super::setting::Setting as _;
    for text in ["\"3GiB\"", "\"512MiB\"", "\"1KiB\"", "1000", "0"] {
        let size = Size::from_text(text.trim_matches('"')).unwrap();
        assert_eq!(size.print(), text);
    }
    for text in ["\"30d\"", "\"36h\"", "\"10m\"", "\"90s\"", "\"1500ms\""] {
        assert_eq!(
            Span::from_text(text.trim_matches('"')).unwrap().print(),
            text
        );
    }
}
