// feature: functions: value and pointer parameters
// expect: ok
// workgroups: 2 1 1
// buffer: a = 1 2
// buffer: out = 0 0
// after: out = 79377 79488

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
struct S { x: u32, v: vec3<u32>, t: array<u32, 4> }
var<private> counter: u32;
fn bump(p: ptr<function, u32>, by: u32) -> u32 { *p += by; return *p; }
fn fill(p: ptr<function, array<u32, 4>>, n: u32) { for (var i = 0u; i < n; i++) { (*p)[i] = i + n; } }
fn both(s: ptr<function, S>, k: u32) { (*s).v.y = bump(&(*s).x, k); fill(&(*s).t, k); }
fn tick(p: ptr<private, u32>) { *p = *p * 2u + 1u; }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var s: S;
    s.x = a[id.x];
    for (var i = 0u; i < 3u; i++) { both(&s, i + 1u); tick(&counter); }
    let p = &s.v;
    (*p).z = 9u;
    out[id.x] = s.x + 10u * s.v.y + 100u * s.t[id.x] + 1000u * s.v.z + 10000u * counter;
}
