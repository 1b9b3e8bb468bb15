//! Whether certificate and key fit, and how long the certificate is still valid.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::finding::Finding;
use super::validity::Validity;

const CHECK: &str = "tls";
const DAY: i64 = 24 * 60 * 60;
/// Certificates that renew themselves do so a month before their end; later than that, nobody does it.
const SOON: i64 = 14 * DAY;
const RENEW: &str = "renew it, then `systemctl reload arknet` (SIGHUP) has the node read it anew";

/// Checks the files at the time `now`.
pub(super) fn check(certificate: &Path, key: &Path, now: i64) -> Vec<Finding> {
    let mut findings = vec![pair(certificate, key)];
    findings.extend(private(key));
    findings.extend(end(certificate, now));
    findings
}

fn pair(certificate: &Path, key: &Path) -> Finding {
    let read = || -> Result<(), String> {
        let shown =
            |path: &Path, error: &dyn std::error::Error| format!("{}: {error}", path.display());
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| shown(certificate, &error))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| shown(key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(chain, secret)
            })
            .map_err(|error| shown(certificate, &error))?;
        Ok(())
    };
    match read() {
        Ok(()) => Finding::good(
            CHECK,
            format!("{} and its key go together", certificate.display()),
        ),
        Err(reason) => Finding::bad(
            CHECK,
            reason,
            "name a certificate chain and its key, both in PEM form, that the node's user can read",
        ),
    }
}

#[cfg(unix)]
fn private(key: &Path) -> Option<Finding> {
    use std::os::unix::fs::MetadataExt;
    let mode = std::fs::metadata(key).ok()?.mode() & 0o777;
    (mode & 0o007 != 0).then(|| {
        Finding::bad(
            CHECK,
            format!("everybody can read {} (mode {mode:03o})", key.display()),
            format!(
                "chmod 600 {}; if others may have read it, replace certificate and key",
                key.display()
            ),
        )
    })
}

#[cfg(not(unix))]
fn private(_: &Path) -> Option<Finding> {
    None
}

/// The first certificate of the file is the node's own.
fn end(certificate: &Path, now: i64) -> Option<Finding> {
    let first = CertificateDer::pem_file_iter(certificate)
        .ok()?
        .next()?
        .ok()?;
    let shown = certificate.display();
    let Some(validity) = Validity::of(&first) else {
        return Some(Finding::warning(
            CHECK,
            format!("{shown} does not say until when it is valid"),
            "`openssl x509 -in` and the file shows what is in it",
        ));
    };
    let left = validity.not_after - now;
    Some(if now < validity.not_before {
        Finding::bad(
            CHECK,
            format!("{shown} is not valid yet"),
            "compare this machine's clock, or wait",
        )
    } else if left <= 0 {
        Finding::bad(CHECK, format!("{shown} has expired"), RENEW)
    } else if left < SOON {
        Finding::warning(
            CHECK,
            format!("{shown} expires in {} days", left / DAY),
            RENEW,
        )
    } else {
        Finding::good(CHECK, format!("{shown} is valid for {} days", left / DAY))
    })
}
