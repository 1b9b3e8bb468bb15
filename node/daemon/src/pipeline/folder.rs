//! The folder of an attempt: the job as a child reads it.
//!
//! All names in a request are identifiers, so none of them leads out of the folder or means something else in
//! `job.toml`.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arknet_protocol::{BlobDigest, BufferContents, ConstantValue, JobRequest};

use super::error::PipelineError;
use crate::blobs::Blobs;
use crate::task::WRITABLE;

const KERNEL: &str = "kernel.wgsl";

/// A folder of an attempt. It is removed with the value.
#[derive(Debug)]
pub struct Workspace {
    path: PathBuf,
}

impl Workspace {
    /// Makes the folder `path` for a request, in the place of what is there.
    pub async fn make(
        path: PathBuf,
        request: &JobRequest,
        blobs: &Blobs,
    ) -> Result<Self, PipelineError> {
        super::clear(&path)?;
        let workspace = Self { path };
        workspace.put(blobs, request.workload.wgsl, KERNEL).await?;
        for buffer in &request.buffers {
            if let BufferContents::Input(digest) = buffer.contents {
                let name = input_file(buffer.name.as_str());
                workspace.put(blobs, digest, &name).await?;
            }
        }
        workspace.write("job.toml", job_file(request).as_bytes())?;
        let out = workspace.path.join(WRITABLE);
        fs::create_dir(&out).map_err(failed(&out))?;
        Ok(workspace)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a copy of a blob at a name in the folder.
    pub async fn put(
        &self,
        blobs: &Blobs,
        digest: BlobDigest,
        name: &str,
    ) -> Result<(), PipelineError> {
        blobs.copy_to(digest, &self.path.join(name)).await?;
        Ok(())
    }

    /// Writes a file in the folder.
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<(), PipelineError> {
        let path = self.path.join(name);
        fs::write(&path, contents).map_err(failed(&path))
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What stays is removed when the node starts next.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> PipelineError {
    let path = path.to_owned();
    move |source| PipelineError::Scratch { path, source }
}

fn input_file(buffer: &str) -> String {
    format!("input-{buffer}")
}

/// The `job.toml` of a request.
fn job_file(request: &JobRequest) -> String {
    let [x, y, z] = request.workgroups;
    let limits = request.limits;
    let mut text = format!(
        "workload = \"{KERNEL}\"\nentry = \"{}\"\nworkgroups = [{x}, {y}, {z}]\n\n[limits]\nsteps = {}\nmemory = \
         {}\ntime = \"{}ms\"\n",
        request.workload.entry, limits.steps, limits.memory, limits.time_ms
    );
    // Writing to a string does not fail.
    if !request.workload.constants.is_empty() {
        text.push_str("\n[constants]\n");
        for (name, value) in &request.workload.constants {
            let _ = match value {
                ConstantValue::Bool(value) => writeln!(text, "\"{name}\" = {value}"),
                ConstantValue::Integer(value) => writeln!(text, "\"{name}\" = {value}"),
            };
        }
    }
    for buffer in &request.buffers {
        let name = &buffer.name;
        let _ = write!(text, "\n[[buffer]]\nname = \"{name}\"\n");
        let _ = match buffer.contents {
            BufferContents::Input(_) => {
                writeln!(text, "input = \"{}\"", input_file(name.as_str()))
            }
            BufferContents::Size(size) => writeln!(text, "size = {size}"),
        };
    }
    text
}
