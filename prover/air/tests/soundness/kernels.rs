//! Small kernels that together use every memory plan, every kind of control flow and most gadgets, each with
//! what plain Rust says its buffers end as.

use arknet_workload::job::Job;

use super::scene::{Scene, wgsl_job};

/// A kernel with its buffers before and after, in the order of the bindings.
pub(crate) struct Kernel {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    pub(crate) workgroups: [u32; 3],
    pub(crate) before: Vec<Vec<u32>>,
    pub(crate) after: Vec<Vec<u32>>,
    /// Bound of steps that the statement gives, where it is not the steps taken.
    pub(crate) steps: Option<u32>,
}

impl Kernel {
    pub(crate) fn job(&self) -> Job {
        wgsl_job(self.source, self.workgroups, self.before.clone())
    }

    pub(crate) fn scene(&self) -> Scene {
        Scene::new(&self.job(), self.steps)
    }
}

/// The scene of the kernel with this name.
pub(crate) fn scene(name: &str) -> Scene {
    let kernels = all();
    let kernel = kernels.iter().find(|kernel| kernel.name == name);
    kernel
        .unwrap_or_else(|| panic!("no kernel `{name}`"))
        .scene()
}

pub(crate) fn all() -> Vec<Kernel> {
    let mut kernels = Vec::new();
    let mut add = |name, source, workgroups, before: Vec<Vec<u32>>, after: Vec<Vec<u32>>| {
        kernels.push(Kernel {
            name,
            source,
            workgroups,
            before,
            after,
            steps: None,
        });
    };

    // One write of each word after the only read of it: an in-place buffer, on a dispatch of one, three and
    // a hundred.
    let triple = |x: u32| x.wrapping_mul(3).wrapping_add(1);
    for (name, count) in [
        ("in place", 3),
        ("in place, alone", 1),
        ("in place, hundred", 100),
    ] {
        let words: Vec<u32> = (0..count)
            .map(|i: u32| i.wrapping_mul(0x9e37_79b9))
            .collect();
        let after = words.iter().map(|&x| triple(x)).collect();
        add(name, IN_PLACE, [count, 1, 1], vec![words], vec![after]);
    }

    // Loops of data-dependent length, none for 0 and 1; invocations past the end exit at once.
    let words = vec![0, 1, 6, 7, 2];
    let after = words.iter().map(|&word| collatz(word)).collect();
    add("collatz", COLLATZ, [2, 1, 1], vec![words], vec![after]);

    // Every invocation exits at once: no block but the entry has rows.
    add(
        "early exit",
        COLLATZ,
        [5, 1, 1],
        vec![vec![1]],
        vec![vec![0]],
    );

    // An array of the invocation's own, indexed at run time.
    let input: Vec<u32> = vec![3, 9, 14, 250, 7, 7, 0, 1];
    let after = (0..3).map(|id| private(&input, id)).collect();
    add(
        "private array",
        PRIVATE,
        [3, 1, 1],
        vec![input.clone(), vec![0; 3]],
        vec![input, after],
    );

    // Words read and written again and again by their owner.
    let words: Vec<u32> = (0..12).map(|i| i * 77).collect();
    let after = segments(&words);
    add("read-write", SEGMENTS, [3, 1, 1], vec![words], vec![after]);

    // Words of an output that several invocations read and nobody writes; others are written once.
    let words: Vec<u32> = (0..10).map(|i| 1 << i).collect();
    let mut after = words.clone();
    for i in 0..5 {
        after[i] = words[i].wrapping_add(words[5 + i * 3 % 5]) ^ words[5];
    }
    add("shared reads", SHARED, [5, 1, 1], vec![words], vec![after]);

    // The same where not every invocation reads them.
    let words: Vec<u32> = vec![1, 2, 7, 4, 100, 200, 300, 400];
    let mut after = words.clone();
    for word in &mut after[..4] {
        *word += *word % 2 * words[4 + *word as usize % 4];
    }
    add(
        "shared reads, sometimes",
        SHARED_SOMETIMES,
        [4, 1, 1],
        vec![words],
        vec![after],
    );

    // The same where the others are written in a loop.
    let words = vec![5, 6, 7, 100, 200, 300];
    let mut after = words.clone();
    for word in &mut after[..3] {
        *word = words[3..].iter().fold(*word, |word, read| word * 2 + read);
    }
    add(
        "shared reads, read-write",
        SHARED_LOOP,
        [3, 1, 1],
        vec![words],
        vec![after],
    );

    // A loop in a loop, with break and continue.
    let input = vec![0, 1, 5, 9, 12];
    let after = input.iter().map(|&n| nested(n)).collect();
    add(
        "nested loops",
        NESTED,
        [5, 1, 1],
        vec![input.clone(), vec![0; 5]],
        vec![input, after],
    );

    // Words that the outer loop's header reads and its body writes, around an inner loop.
    let input = vec![3, 1, 0, 2, 5, 10];
    let rounds = |x: u32, count: u32| (0..count).fold(x, |x, i| 2 * x - 1 + i);
    let after = vec![3, 1, 0, rounds(2, 3), 5, rounds(10, 1)];
    add(
        "nested loops, read-write",
        NESTED_CHAIN,
        [2, 1, 1],
        vec![input],
        vec![after],
    );

    // Loads and stores under conditions, a loop under a condition, an early return.
    let input = vec![0, 1, 2, 3, 40, 5, 6, 7];
    let mut after = vec![9; 8];
    for (i, word) in after.iter_mut().enumerate() {
        *word = branches(&input, i as u32, *word);
    }
    add(
        "branches",
        BRANCHES,
        [8, 1, 1],
        vec![input.clone(), vec![9; 8]],
        vec![input, after],
    );

    // Ids in two and three dimensions.
    let (width, height) = (6, 4);
    let after = (0..width * height)
        .map(|i| {
            let (x, y) = (i % width, i / width);
            x * 1000 + y * 100 + x % 3 * 10 + y / 2
        })
        .collect();
    add("plane", PLANE, [2, 2, 1], vec![vec![0; 24]], vec![after]);
    let after = (0..12 * 5)
        .map(|i| {
            let (x, y, z) = (i % 2, i / 2 % 3, i / 6);
            let (local, group) = (z % 2 * 6 + y * 2 + x, z / 2);
            x + 10 * y + 100 * z + 1000 * local + 100_000 * group + 1_000_000 * 5
        })
        .collect();
    add("space", SPACE, [1, 1, 5], vec![vec![0; 60]], vec![after]);

    // A constant table and a uniform.
    let primes = [2, 3, 5, 7, 11, 13, 17, 19];
    let after = (0..5)
        .map(|i: usize| primes[i * 3 % 8] * 1000 + 12 * 5)
        .collect();
    add(
        "tables",
        TABLES,
        [5, 1, 1],
        vec![vec![12, 5], vec![0; 5]],
        vec![vec![12, 5], after],
    );

    // Division in a loop.
    let pairs: Vec<u32> = vec![48, 36, 17, 5, 0, 9, 9, 0, u32::MAX, 1 << 31];
    let after = pairs.chunks(2).map(|pair| gcd(pair[0], pair[1])).collect();
    add(
        "gcd",
        GCD,
        [5, 1, 1],
        vec![pairs.clone(), vec![0; 5]],
        vec![pairs, after],
    );

    // Truth values carried around a loop.
    let input = vec![0b1011, 0, u32::MAX, 0b1110];
    let after = input.iter().map(|&word| truths(word)).collect();
    add(
        "truths",
        TRUTHS,
        [4, 1, 1],
        vec![input.clone(), vec![0; 4]],
        vec![input, after],
    );

    // Signed arithmetic at the ends.
    let ends = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX];
    let input: Vec<u32> = ends.iter().map(|&x| x as u32).collect();
    let after = ends.iter().map(|&x| signed(x) as u32).collect();
    add(
        "signed",
        SIGNED,
        [6, 1, 1],
        vec![input.clone(), vec![0; 6]],
        vec![input, after],
    );

    // Bits that cross from block to block, rotations, shifts by run-time amounts.
    let input = vec![1, 0xdead_beef, u32::MAX];
    let after = input.iter().map(|&word| scramble(word)).collect();
    add(
        "bits",
        BITS,
        [3, 1, 1],
        vec![input.clone(), vec![0; 3]],
        vec![input, after],
    );

    // Words that all invocations update, in loops and under conditions.
    let input = vec![7, 300, 0, 1 << 31, 12, 7, u32::MAX, 3];
    let after = updates(&input);
    add(
        "updates",
        UPDATES,
        [4, 1, 1],
        vec![input.clone(), vec![0, 1, 2, 3], UPDATED.to_vec()],
        vec![input, after[0].clone(), after[1].clone()],
    );

    for kernel in super::sharing::kernels() {
        let [before, after] = [kernel.before, kernel.after];
        add(kernel.name, kernel.source, kernel.workgroups, before, after);
    }

    // With a bound of steps so large that times of accesses take two limbs.
    for mut kernel in super::sharing::kernels() {
        if kernel.name == "scan" {
            (kernel.name, kernel.steps) = ("scan, long", Some(1 << 20));
            kernels.push(kernel);
        }
    }
    let words: Vec<u32> = (0..4).collect();
    let after = segments(&words);
    kernels.push(Kernel {
        name: "read-write, long",
        source: SEGMENTS,
        workgroups: [1, 1, 1],
        before: vec![words],
        after: vec![after],
        steps: Some(1 << 20),
    });
    kernels
}

const UPDATES: &str = "
struct Words { low: atomic<i32>, high: atomic<u32>, all: atomic<u32>, any: atomic<u32>, parity: atomic<u32> }
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read_write> words: Words;
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    for (var i = 0u; i <= x % 3u; i++) {
        atomicAdd(&counts[(x + i) % 4u], x);
    }
    if x > 5u {
        atomicSub(&counts[x % 4u], 1u);
        atomicMin(&words.low, i32(x));
        atomicMax(&words.high, x);
    }
    atomicAnd(&words.all, x | 6u);
    atomicOr(&words.any, x);
    atomicXor(&words.parity, x);
}";

const UPDATED: [u32; 5] = [100, 5, 0xff, 16, 1];

fn updates(a: &[u32]) -> [Vec<u32>; 2] {
    let mut counts: Vec<u32> = vec![0, 1, 2, 3];
    let [mut low, mut high, mut all, mut any, mut parity] = UPDATED;
    for &x in a {
        for i in 0..=x % 3 {
            let count = &mut counts[(x.wrapping_add(i) % 4) as usize];
            *count = count.wrapping_add(x);
        }
        if x > 5 {
            let count = &mut counts[(x % 4) as usize];
            *count = count.wrapping_sub(1);
            low = (low as i32).min(x as i32) as u32;
            high = high.max(x);
        }
        all &= x | 6;
        any |= x;
        parity ^= x;
    }
    [counts, vec![low, high, all, any, parity]]
}

const IN_PLACE: &str = "
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    a[id.x] = a[id.x] * 3u + 1u;
}";

const COLLATZ: &str = "
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= arrayLength(&a) {
        return;
    }
    var n = a[id.x];
    var steps = 0u;
    while n > 1u {
        if n % 2u == 0u {
            n = n / 2u;
        } else {
            n = 3u * n + 1u;
        }
        steps++;
    }
    a[id.x] = steps;
}";

fn collatz(mut n: u32) -> u32 {
    let mut steps = 0;
    while n > 1 {
        n = if n.is_multiple_of(2) {
            n / 2
        } else {
            3 * n + 1
        };
        steps += 1;
    }
    steps
}

const PRIVATE: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var w: array<u32, 5>;
    for (var i = 0u; i < a[id.x + 4u] + 2u; i++) {
        w[a[i % 8u] % 5u] += i + 1u;
    }
    out[id.x] = w[id.x] * 100u + w[4];
}";

fn private(a: &[u32], id: u32) -> u32 {
    let mut w = [0u32; 5];
    for i in 0..a[id as usize + 4] + 2 {
        w[a[i as usize % 8] as usize % 5] += i + 1;
    }
    w[id as usize] * 100 + w[4]
}

const SEGMENTS: &str = "
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    for (var i = 0u; i < 3u + id.x; i++) {
        a[4u * id.x + i % 4u] = a[4u * id.x + (i + 1u) % 4u] * 5u + i;
    }
}";

fn segments(words: &[u32]) -> Vec<u32> {
    let mut a = words.to_vec();
    for id in 0..words.len() / 4 {
        for i in 0..3 + id {
            a[4 * id + i % 4] = a[4 * id + (i + 1) % 4]
                .wrapping_mul(5)
                .wrapping_add(i as u32);
        }
    }
    a
}

const SHARED: &str = "
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    a[id.x] = (a[id.x] + a[5u + id.x * 3u % 5u]) ^ a[5];
}";

const SHARED_SOMETIMES: &str = "
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var word = a[id.x];
    if (word & 1u) == 1u {
        word += a[4u + word % 4u];
    }
    a[id.x] = word;
}";

const SHARED_LOOP: &str = "
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    for (var j = 0u; j < arrayLength(&a) / 2u; j++) {
        a[id.x] = a[id.x] * 2u + a[3u + j];
    }
}";

const NESTED: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let n = a[id.x];
    var sum = 0u;
    for (var i = 0u; i < n; i++) {
        if i % 3u == 1u {
            continue;
        }
        var j = i;
        loop {
            if j > n || sum > 1000u {
                break;
            }
            sum += i * j + 1u;
            j += 2u;
        }
        sum = sum * 2u;
    }
    out[id.x] = sum;
}";

const NESTED_CHAIN: &str = "
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = 3u + 2u * id.x;
    for (var i = 0u; i < a[0] - 2u * id.x; i++) {
        let x = a[at];
        for (var j = 0u; j < i; j++) {
            if j == a[1] + a[2] + 7u {
                break;
            }
        }
        a[at] = 2u * x - 1u + i;
    }
}";

fn nested(n: u32) -> u32 {
    let mut sum = 0;
    for i in (0..n).filter(|i| i % 3 != 1) {
        let mut j = i;
        while j <= n && sum <= 1000 {
            sum += i * j + 1;
            j += 2;
        }
        sum *= 2;
    }
    sum
}

const BRANCHES: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    if x == 3u {
        return;
    }
    var y = out[id.x];
    if x > 3u {
        if x < arrayLength(&a) && a[x] != 6u {
            y += a[x];
        } else {
            for (var i = 0u; i < x; i++) {
                y += i;
            }
        }
    } else if (x & 1u) == 1u {
        y = a[x + 1u];
    }
    if y != 9u {
        out[id.x] = y;
    }
}";

fn branches(a: &[u32], id: u32, old: u32) -> u32 {
    let x = a[id as usize];
    let mut y = old;
    if x > 3 {
        match a.get(x as usize) {
            Some(&word) if word != 6 => y += word,
            _ => y += (0..x).sum::<u32>(),
        }
    } else if x == 1 {
        y = a[2];
    }
    y
}

const PLANE: &str = "
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(3, 2)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    out[id.y * 6u + id.x] = id.x * 1000u + id.y * 100u + local.x * 10u + group.y;
}";

const SPACE: &str = "
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(2, 3, 2)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    out[id.z * 6u + id.y * 2u + id.x] = id.x + 10u * id.y + 100u * id.z
        + 1000u * index + 100000u * group.z + 1000000u * groups.z;
}";

const TABLES: &str = "
struct Shape {
    width: u32,
    height: u32,
}
const PRIMES = array<u32, 8>(2u, 3u, 5u, 7u, 11u, 13u, 17u, 19u);
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = PRIMES[id.x * 3u % 8u] * 1000u + shape.width * shape.height;
}";

const GCD: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = a[2u * id.x];
    var y = a[2u * id.x + 1u];
    while y != 0u {
        let rest = x % y;
        x = y;
        y = rest;
    }
    out[id.x] = x;
}";

fn gcd(x: u32, y: u32) -> u32 {
    if y == 0 { x } else { gcd(y, x % y) }
}

const TRUTHS: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var odd = false;
    var seen = false;
    var rest = a[id.x];
    while rest != 0u {
        let bit = (rest & 1u) == 1u;
        odd = odd != bit;
        seen = seen || (bit && !odd);
        rest >>= 1u;
    }
    out[id.x] = select(10u, 20u, odd) + u32(seen);
}";

fn truths(word: u32) -> u32 {
    10 + 10 * (word.count_ones() % 2) + u32::from(word.count_ones() >= 2)
}

const SIGNED: &str = "
@group(0) @binding(0) var<storage, read> a: array<i32>;
@group(0) @binding(1) var<storage, read_write> out: array<i32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = a[id.x];
    let y = a[(id.x + 1u) % 6u];
    var z = abs(x) + min(x, y) - max(x, y);
    z += clamp(x, -5i, 5i) * 3i;
    z ^= (x >> 4u) + (x / y) - (y % x);
    if x < y {
        z -= 1i;
    }
    out[id.x] = select(z, -z, x <= -1i);
}";

fn signed(x: i32) -> i32 {
    let ends = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX];
    let at = ends.iter().position(|&end| end == x).unwrap_or(0);
    let y = ends[(at + 1) % 6];
    let mut z = x
        .wrapping_abs()
        .wrapping_add(x.min(y))
        .wrapping_sub(x.max(y));
    z = z.wrapping_add(x.clamp(-5, 5) * 3);
    let quotient = if y == 0 { x } else { x.wrapping_div(y) };
    let rest = if x == 0 { 0 } else { y.wrapping_rem(x) };
    z ^= (x >> 4).wrapping_add(quotient).wrapping_sub(rest);
    if x < y {
        z = z.wrapping_sub(1);
    }
    if x < 0 { z.wrapping_neg() } else { z }
}

const BITS: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = a[id.x];
    for (var i = 0u; i < (a[id.x] & 3u) + 1u; i++) {
        x ^= x << 13u;
        x ^= x >> 17u;
        x ^= x << 5u;
        x = (x << i) | (x >> ((32u - i) & 31u));
        x = (x & a[id.x]) ^ (~x & 0x0f0f1234u);
    }
    out[id.x] = x;
}";

fn scramble(word: u32) -> u32 {
    let mut x = word;
    for i in 0..(word & 3) + 1 {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        x = x << i | x >> ((32 - i) & 31);
        x = x & word ^ !x & 0x0f0f_1234;
    }
    x
}

/// The interpreter and plain Rust agree on every kernel, so the scenes are about what they claim to be.
#[test]
fn kernels_do_what_plain_rust_does() {
    for kernel in all() {
        let execution = arknet_workload::interpreter::run(&kernel.job()).unwrap();
        assert_eq!(execution.buffers, kernel.after, "{}", kernel.name);
    }
}
