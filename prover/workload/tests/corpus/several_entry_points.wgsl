// expect: ok
// workgroups: 2 1 1
// buffer: out = 0 0
// after: out = 3 3

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@group(0) @binding(0) var<storage, read_write> floats: array<f32>;
@compute @workgroup_size(1) fn other() { floats[0] = 1.5; }
@fragment fn picture() -> @location(0) vec4<f32> { return vec4(1.0); }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[id.x] = 3u;
}
