// expect: refused: too large: more than 32 blocks within blocks

@group(0) @binding(0) var<storage, read_write> out: array<u32>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { if out[0] == 1u { out[1] = 2u; } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } 
}
