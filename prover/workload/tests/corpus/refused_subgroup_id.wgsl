// expect: refused: subgroup operations

enable subgroups;
@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(subgroup_size) size: u32) { out[0] = size; }
