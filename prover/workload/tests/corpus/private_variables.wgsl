// feature: module-scope `private` variables
// expect: ok
// workgroups: 3 1 1
// buffer: a = 1 2 3
// buffer: out = 0 0 0
// after: out = 602061 601039 601033

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
struct Rng { state: u32, draws: vec2<u32> }
var<private> rng: Rng = Rng(1u, vec2(0u, 0u));
var<private> seen: array<u32, 4>;
var<private> unset: bool;
fn next() -> u32 { rng.state = rng.state * 5u + 3u; rng.draws.x++; seen[rng.state % 4u] += 1u; return rng.state; }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    rng.state = a[id.x];
    var sum = 0u;
    loop { sum += next() % 16u; if rng.draws.x == 6u { break; } }
    out[id.x] = sum + 1000u * seen[3] + 100000u * rng.draws.x + u32(unset);
}
