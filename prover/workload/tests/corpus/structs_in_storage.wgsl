// feature: structs: `@align`, `@size`, storage layout
// expect: ok
// workgroups: 2 1 1
// buffer: particles = 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127 128 129 130 131
// after: particles = 205 204 203 103 105 105 106 107 108 4294967188 110 111 112 113 114 115 237 236 235 119 122 121 122 123 124 4294967172 126 127 128 129 130 131

struct Particle { position: vec3<u32>, mass: u32, @size(16) tag: u32, @align(32) velocity: vec2<i32> }
@group(0) @binding(0) var<storage, read_write> particles: array<Particle, 2>;

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let p = particles[id.x];
    particles[id.x].position = p.position.zyx + p.mass;
    particles[id.x].velocity.y = -p.velocity.x;
    particles[id.x].tag += arrayLength_like(id.x);
}
fn arrayLength_like(x: u32) -> u32 { return x + 1u; }
