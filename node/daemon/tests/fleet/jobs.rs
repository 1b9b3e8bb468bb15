//! Jobs to prove, each with a folder of blobs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arknet_node::task::{Act, Deadlines, TaskSpec, WRITABLE};
use arknet_protocol::{
    BlobDigest, BufferContents, BufferRequest, JobKind, JobRequest, KeyPair, Limits, Nonce,
    Options, PublicKey, SignedRequest, WorkloadRequest,
};

const KERNEL: &str = "@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var n = values[id.x];
    var steps = 0u;
    while n > 1u {
        if n % 2u == 0u { n = n / 2u; } else { n = 3u * n + 1u; }
        steps = steps + 1u;
    }
    values[id.x] = steps;
}";

/// Invocations of a job.
const WORDS: u32 = 256;

/// A job with its blobs.
pub(crate) struct Job {
    pub(crate) request: SignedRequest,
    pub(crate) blobs: BTreeMap<BlobDigest, PathBuf>,
    first: u32,
}

impl Job {
    /// A job that counts the steps of Collatz from `first` on.
    pub(crate) fn new(first: u32, node: PublicKey, folder: &Path) -> Self {
        let words: Vec<u8> = (first..first + WORDS).flat_map(u32::to_le_bytes).collect();
        let mut blobs = BTreeMap::new();
        for bytes in [KERNEL.as_bytes(), &words] {
            let digest = BlobDigest::of(bytes);
            let path = folder.join(digest.to_string());
            fs::write(&path, bytes).unwrap();
            blobs.insert(digest, path);
        }
        let client = KeyPair::generate().unwrap();
        let request = JobRequest {
            version: JobRequest::VERSION,
            audience: node,
            client: client.public(),
            nonce: Nonce::random().unwrap(),
            not_before: 1,
            expires: 2,
            kind: JobKind::Prove,
            preset: None,
            workload: WorkloadRequest {
                wgsl: BlobDigest::of(KERNEL.as_bytes()),
                entry: "main".parse().unwrap(),
                constants: BTreeMap::new(),
            },
            workgroups: [WORDS / 64, 1, 1],
            limits: Limits {
                steps: 1000,
                memory: 64 << 10,
                time_ms: 60_000,
            },
            buffers: vec![BufferRequest {
                name: "values".parse().unwrap(),
                contents: BufferContents::Input(BlobDigest::of(&words)),
            }],
            options: Options::default(),
        };
        Self {
            request: SignedRequest::sign(request, &client).unwrap(),
            blobs,
            first,
        }
    }

    /// Whether these bytes are what the kernel computes.
    pub(crate) fn is_right(&self, output: &[u8]) -> bool {
        let steps = |mut n: u32| {
            let mut steps = 0u32;
            while n > 1 {
                n = if n.is_multiple_of(2) {
                    n / 2
                } else {
                    3 * n + 1
                };
                steps += 1;
            }
            steps
        };
        let words = self.first..self.first + WORDS;
        let expected: Vec<u8> = words.flat_map(|n| steps(n).to_le_bytes()).collect();
        output == expected
    }
}

/// Lays a job's folder out for a child of the node.
pub(crate) fn lay_out(folder: &Path, blobs: &BTreeMap<BlobDigest, PathBuf>, request: &JobRequest) {
    fs::create_dir_all(folder.join(WRITABLE)).unwrap();
    fs::copy(&blobs[&request.workload.wgsl], folder.join("kernel.wgsl")).unwrap();
    let BufferContents::Input(values) = request.buffers[0].contents else {
        unreachable!("the test's jobs have one input");
    };
    fs::copy(&blobs[&values], folder.join("values.bin")).unwrap();
    let job = format!(
        "workload = \"kernel.wgsl\"\nworkgroups = [{}, 1, 1]\n[limits]\nsteps = {}\nmemory = {}\ntime = \"{}ms\"\n\
         [[buffer]]\nname = \"values\"\ninput = \"values.bin\"\n",
        request.workgroups[0], request.limits.steps, request.limits.memory, request.limits.time_ms
    );
    fs::write(folder.join("job.toml"), job).unwrap();
}

/// What a child is to do in such a folder.
pub(crate) fn spec(folder: &Path, act: Act) -> TaskSpec {
    let time = Duration::from_secs(120);
    TaskSpec {
        act,
        folder: folder.to_owned(),
        memory_bytes: 2 << 30,
        file_bytes: 64 << 20,
        deadlines: Deadlines {
            starting: time,
            executing: time,
            proving: time,
            verifying: time,
        },
        allow_weak: false,
    }
}
