// feature: `atomicLoad`, `atomicStore`
// expect: ok
// workgroups: 1 1 1
// buffer: cells = 1 2 3 4
// after: cells = 40 30 20 10

@group(0) @binding(0) var<storage, read_write> cells: array<atomic<u32>>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let mine = atomicLoad(&cells[i]);
    storageBarrier();
    atomicStore(&cells[3u - i], mine * 10u);
}
