//! The folder of a job as a child reads it.
//!
//! All names in a request are identifiers, so none of them leads out of the folder or means something else in `job.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arknet_protocol::{BlobDigest, BufferContents, ConstantValue, JobRequest};

use crate::task::WRITABLE;

const KERNEL: &str = "kernel.wgsl";

/// Lays a job out in a new folder. Blobs are linked to: a child only reads them.
pub(super) fn lay_out(
    folder: &Path,
    request: &JobRequest,
    blobs: &BTreeMap<BlobDigest, PathBuf>,
) -> io::Result<()> {
    fs::create_dir(folder)?;
    fs::create_dir(folder.join(WRITABLE))?;
    let link = |digest: &BlobDigest, name: &str| {
        let from = blobs.get(digest).ok_or(io::ErrorKind::NotFound)?;
        fs::hard_link(from, folder.join(name))
    };
    link(&request.workload.wgsl, KERNEL)?;
    for buffer in &request.buffers {
        if let BufferContents::Input(digest) = &buffer.contents {
            link(digest, &input(buffer.name.as_str()))?;
        }
    }
    fs::write(folder.join("job.toml"), job_file(request))
}

fn input(buffer: &str) -> String {
    format!("input-{buffer}")
}

/// The `job.toml` of a request.
fn job_file(request: &JobRequest) -> String {
    let ([x, y, z], limits) = (request.workgroups, request.limits);
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "workload = \"{KERNEL}\"\nentry = \"{}\"\nworkgroups = [{x}, {y}, {z}]\n\n[limits]\nsteps = {}\nmemory = {}\n\
         time = \"{}ms\"\n",
        request.workload.entry, limits.steps, limits.memory, limits.time_ms
    );
    if !request.workload.constants.is_empty() {
        text.push_str("\n[constants]\n");
    }
    for (name, value) in &request.workload.constants {
        let _ = match value {
            ConstantValue::Bool(value) => writeln!(text, "\"{name}\" = {value}"),
            ConstantValue::Integer(value) => writeln!(text, "\"{name}\" = {value}"),
        };
    }
    for buffer in &request.buffers {
        let name = &buffer.name;
        let _ = match buffer.contents {
            BufferContents::Input(_) => write!(
                text,
                "\n[[buffer]]\nname = \"{name}\"\ninput = \"{}\"\n",
                input(name.as_str())
            ),
            BufferContents::Size(size) => {
                write!(text, "\n[[buffer]]\nname = \"{name}\"\nsize = {size}\n")
            }
        };
    }
    text
}
