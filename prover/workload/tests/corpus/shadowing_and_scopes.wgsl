// expect: ok
// workgroups: 3 1 1
// buffer: a = 1 2 3
// buffer: out = 0 0 0
// after: out = 29 35 41

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
const x = 5u;
fn f(y: u32) -> u32 { let x = y + x; { let x = x * 2u; var z = x; { var z = 1u; z += x; } return z + y; } }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var x = a[id.x]; for (var i = 0u; i < 2u; i++) { let x = x + i; out[id.x] += f(x); }
}
