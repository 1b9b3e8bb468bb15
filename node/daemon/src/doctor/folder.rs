//! The data folder: there, writable, private, with room.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::finding::Finding;

const CHECK: &str = "data folder";
/// Below this a node soon refuses uploads.
const LITTLE: u64 = 1 << 30;

pub(super) fn check(folder: &Path) -> Vec<Finding> {
    let shown = folder.display();
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            return vec![Finding::bad(
                CHECK,
                format!("{shown} is not a folder"),
                "name another in the configuration, or move what is there",
            )];
        }
        Err(error) => {
            return vec![Finding::bad(
                CHECK,
                format!("{shown}: {error}"),
                "`arknet node init` makes it; run the node as the user that it belongs to",
            )];
        }
    }
    let mut findings = vec![writable(folder)];
    findings.extend(private(folder));
    findings.extend(room(folder));
    findings
}

/// Writes and syncs a file, as the database does.
fn writable(folder: &Path) -> Finding {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| {
            file.write_all(b"arknet doctor\n")?;
            file.sync_all()
        });
    let removed = fs::remove_file(&path);
    match written.and(removed) {
        Ok(()) => Finding::good(CHECK, format!("{} can be written", folder.display())),
        Err(error) => Finding::bad(
            CHECK,
            format!("{} cannot be written: {error}", folder.display()),
            "give it to the user that the node runs as (`chown`), or mount its disk for writing, or make room",
        ),
    }
}

#[cfg(unix)]
fn private(folder: &Path) -> Option<Finding> {
    use std::os::unix::fs::MetadataExt;
    let mode = fs::metadata(folder).ok()?.mode() & 0o777;
    if mode & 0o077 == 0 {
        return None;
    }
    Some(Finding::warning(
        CHECK,
        format!(
            "other users can look into {} (mode {mode:03o})",
            folder.display()
        ),
        format!("chmod 700 {}", folder.display()),
    ))
}

#[cfg(not(unix))]
fn private(_: &Path) -> Option<Finding> {
    None
}

#[cfg(unix)]
fn room(folder: &Path) -> Option<Finding> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let found = format!("{} MiB are free for it", free >> 20);
    Some(if free < LITTLE {
        Finding::warning(
            "disk",
            found,
            "make room, or move the data folder to a larger disk",
        )
    } else {
        Finding::good("disk", found)
    })
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<Finding> {
    None
}
