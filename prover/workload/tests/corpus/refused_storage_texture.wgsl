// expect: refused: `texture` variables

@group(0) @binding(0) var t: texture_storage_2d<r32uint, write>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    textureStore(t, id.xy, vec4(1u));
}
