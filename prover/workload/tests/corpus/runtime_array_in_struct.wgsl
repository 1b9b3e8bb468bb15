// feature: run-time sized arrays and `arrayLength`
// expect: ok
// workgroups: 1 1 1
// buffer: log = 9 9 1 2 3 4 5 6
// after: log = 3 9 3 6 3 4 5 6

struct Log { count: u32, entries: array<vec2<u32>> }
@group(0) @binding(0) var<storage, read_write> log: Log;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let n = arrayLength(&log.entries);
    log.entries[id.x] = vec2(n, log.entries[n - 1u - id.x].y);
    if id.x == 0u { log.count = n; }
}
