// expect: refused: too large: more than 1024 invocations in a workgroup

@compute @workgroup_size(64, 64)
fn main() {}
