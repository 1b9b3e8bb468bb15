// feature: `override` with values from the job
// expect: ok
// constant: width = 4
// constant: 7 = -3
// constant: on = true
// workgroups: 2 1 1
// buffer: out = 0 x 8
// after: out = 105 x 8

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
override width: u32 = 2;
@id(7) override offset: i32;
override doubled = width * 2u;
override on = false;

@compute @workgroup_size(width)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = doubled + u32(offset) + select(0u, 100u, on);
}
