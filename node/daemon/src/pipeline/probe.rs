//! A job of the node's own, by which a drained device shows that it works again.

use std::fs;
use std::time::Duration;

use arknet_receipt::Receipt;
use tokio::time::Instant;

use super::{Pipeline, clear};
use crate::scheduler::Device;
use crate::task::{self, Act, Deadlines, Ended, TaskSpec, WRITABLE};

/// A kernel with a loop, both kinds of access, and a barrier.
const KERNEL: &str = "@group(0) @binding(0) var<storage, read_write> values: array<u32>;
var<workgroup> shared_sum: array<u32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(global_invocation_id) id: vec3<u32>) {
    var sum = 0u;
    for (var i = 0u; i <= local; i++) { sum = sum * 31u + i; }
    shared_sum[local] = sum;
    workgroupBarrier();
    values[id.x] = shared_sum[63u - local];
}
";

const JOB: &str = "workload = \"kernel.wgsl\"
workgroups = [16, 1, 1]
[limits]
steps = 100
memory = \"64KiB\"
time = \"30s\"
[[buffer]]
name = \"values\"
size = 4096
";

/// How long each part of it may take.
const TIME: Duration = Duration::from_secs(60);

impl Pipeline {
    /// Runs a small job on a device and has every word of its result compared with the interpreter's.
    pub async fn probe(&self, device: &Device) -> Result<(), String> {
        let parts = self.parts();
        let folder = parts.scratch.join(format!("probe-{}", device.fingerprint));
        let written = clear(&folder)
            .map_err(|error| error.to_string())
            .and_then(|()| {
                fs::write(folder.join("kernel.wgsl"), KERNEL)
                    .and_then(|()| fs::write(folder.join("job.toml"), JOB))
                    .and_then(|()| fs::create_dir(folder.join(WRITABLE)))
                    .map_err(|error| error.to_string())
            });
        written?;
        let spec = TaskSpec {
            act: Act::Run {
                on: device.placement,
                reference: true,
            },
            folder: folder.clone(),
            memory_bytes: 1 << 30,
            file_bytes: Receipt::MAX_BYTES,
            deadlines: Deadlines {
                starting: TIME,
                executing: TIME,
                proving: TIME,
                verifying: TIME,
            },
            allow_weak: parts.limits.allow_weak,
        };
        let start = Instant::now();
        let never = std::future::pending();
        let ended = task::perform(&parts.program, &spec, &mut |_| {}, never).await;
        // What stays is removed when the node starts next.
        let _ = fs::remove_dir_all(&folder);
        tracing::debug!(device = %device.name, time = ?start.elapsed(), "tried");
        match ended {
            Ended::Done(_) => Ok(()),
            Ended::Refused(refusal) => Err(refusal.reason),
            Ended::Failed(failure) => Err(failure.detail),
            Ended::Cancelled => Err("it was called off".to_owned()),
        }
    }
}
