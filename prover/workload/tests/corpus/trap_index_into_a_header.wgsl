// expect: trap: out of bounds
// workgroups: 1 1 1
// buffer: log = 0 0 0 0

struct Log { count: u32, entries: array<u32> }
@group(0) @binding(0) var<storage, read_write> log: Log;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    log.entries[0xffffffffu - id.x] = 1u;
}
