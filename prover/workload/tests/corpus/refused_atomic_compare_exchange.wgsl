// expect: refused: `atomicCompareExchangeWeak`

@group(0) @binding(0) var<storage, read_write> c: atomic<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let r = atomicCompareExchangeWeak(&c, 0u, 1u);
}
