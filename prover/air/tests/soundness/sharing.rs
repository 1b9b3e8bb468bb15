//! Kernels whose invocations share memory: workgroup memory, barriers, atomics beside loads and stores.

use super::kernels::Kernel;

pub(crate) fn kernels() -> Vec<Kernel> {
    let kernel = |name, source, workgroups, before, after| Kernel {
        name,
        source,
        workgroups,
        before,
        after,
        steps: None,
    };
    let words: Vec<u32> = (0..8).map(|i| 1 << (4 * i)).collect();
    let sums: Vec<u32> = words.chunks(4).flat_map(prefix_sums).collect();
    let shades: Vec<u32> = vec![5, 1, 2, 9, 9, 4, 0, 2, 3, 3, 8, 7];
    let counted: Vec<u32> = shades.chunks(3).flat_map(count).collect();
    let exchanged: Vec<u32> = (0..14).map(|i| 100 + 7 * i).collect();
    let mixed: Vec<u32> = vec![4, 0, 9, 200, 1, 50, 0, 0, 0, 0];
    vec![
        // Words of a workgroup change hands at barriers in a loop of a length that the data decides.
        kernel(
            "scan",
            SCAN,
            [2, 1, 1],
            vec![vec![4], words],
            vec![vec![4], sums],
        ),
        // They are updated by all, then read by all, in a plane of workgroups; a uniform load.
        kernel(
            "workgroup counts",
            COUNTS,
            [2, 2, 1],
            vec![shades.clone(), vec![0; 12]],
            vec![shades, counted],
        ),
        // Words of a buffer change hands at barriers; others are updated by all workgroups or only read.
        kernel(
            "storage phases",
            EXCHANGE,
            [3, 1, 1],
            vec![exchanged.clone()],
            vec![exchange(exchanged)],
        ),
        // The same without barriers: words of one invocation, words that all update, words that all read.
        kernel(
            "mixed updates",
            MIXED,
            [2, 1, 1],
            vec![mixed.clone()],
            vec![mix(mixed)],
        ),
    ]
}

pub(crate) const SCAN: &str = "
@group(0) @binding(0) var<storage, read> size: array<u32>;
@group(0) @binding(1) var<storage, read_write> a: array<u32>;
var<workgroup> w: array<u32, 4>;
@compute @workgroup_size(4)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
) {
    w[i] = a[id.x];
    workgroupBarrier();
    for (var step = 1u; step < size[0]; step *= 2u) {
        var x = w[i];
        if i >= step {
            x += w[i - step];
        }
        workgroupBarrier();
        w[i] = x;
        workgroupBarrier();
    }
    a[id.x] = w[i];
}";

fn prefix_sums(words: &[u32]) -> Vec<u32> {
    let mut sum = 0u32;
    let sums = words.iter().map(|word| {
        sum = sum.wrapping_add(*word);
        sum
    });
    sums.collect()
}

const COUNTS: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
var<workgroup> counts: array<atomic<u32>, 3>;
var<workgroup> total: u32;
@compute @workgroup_size(3)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
) {
    let at = 3u * (group.x + 2u * group.y) + i;
    atomicAdd(&counts[a[at] % 3u], 1u + i);
    workgroupBarrier();
    if i == 2u {
        total = atomicLoad(&counts[0]) + 10u * atomicLoad(&counts[1]);
    }
    let sum = workgroupUniformLoad(&total);
    out[at] = sum * 100u + atomicLoad(&counts[2]);
}";

fn count(shades: &[u32]) -> Vec<u32> {
    let mut counts = [0; 3];
    for (i, shade) in (1..).zip(shades) {
        counts[*shade as usize % 3] += i;
    }
    vec![(counts[0] + 10 * counts[1]) * 100 + counts[2]; 3]
}

const EXCHANGE: &str = "
@group(0) @binding(0) var<storage, read_write> b: array<atomic<u32>, 14>;
@compute @workgroup_size(2)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
) {
    let base = 2u * group.x;
    let x = atomicLoad(&b[base + i]);
    atomicStore(&b[base + i], 3u * x + i);
    atomicAdd(&b[6], x);
    storageBarrier();
    let y = atomicLoad(&b[base + 1u - i]) + atomicLoad(&b[7]);
    storageBarrier();
    atomicAdd(&b[base], y);
    atomicMax(&b[8u + base + i], y);
}";

fn exchange(mut b: Vec<u32>) -> Vec<u32> {
    for base in [0, 2, 4] {
        let mut y = [0; 2];
        for i in 0..2 {
            b[6] += b[base + i];
            b[base + i] = 3 * b[base + i] + i as u32;
        }
        for i in 0..2 {
            y[i] = b[base + 1 - i] + b[7];
        }
        for i in 0..2 {
            b[base] += y[i];
            b[8 + base + i] = b[8 + base + i].max(y[i]);
        }
    }
    b
}

const MIXED: &str = "
@group(0) @binding(0) var<storage, read_write> a: array<atomic<u32>, 10>;
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    atomicAdd(&a[id.x], 3u);
    var y = atomicLoad(&a[id.x]);
    atomicMax(&a[id.x], 2u * y - 20u);
    if y > 4u {
        atomicOr(&a[4], y);
        y += atomicLoad(&a[5]);
    }
    atomicStore(&a[6u + id.x], y);
}";

fn mix(mut a: Vec<u32>) -> Vec<u32> {
    for id in 0..4 {
        a[id] += 3;
        let mut y = a[id];
        a[id] = a[id].max((2 * y).wrapping_sub(20));
        if y > 4 {
            a[4] |= y;
            y += a[5];
        }
        a[6 + id] = y;
    }
    a
}
