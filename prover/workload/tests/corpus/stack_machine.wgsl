// expect: ok
// workgroups: 4 1 1
// buffer: code = 65536 3 196608 7 131072 262145
// buffer: data = 1 2 300 5000
// after: data = 1090 1333 2728 15007

@group(0) @binding(0) var<storage, read> code: array<u32>;
@group(0) @binding(1) var<storage, read_write> data: array<u32>;
struct Machine { stack: array<u32, 4>, top: u32, pc: u32 }
fn push(m: ptr<function, Machine>, x: u32) { (*m).stack[(*m).top] = x; (*m).top++; }
fn pop(m: ptr<function, Machine>) -> u32 { (*m).top--; return (*m).stack[(*m).top]; }
fn step(m: ptr<function, Machine>, x: u32) {
    let word = code[(*m).pc];
    let argument = word & 0xffffu;
    switch word >> 16u {
        case 0u: { push(m, argument); }
        case 1u: { push(m, x); }
        case 2u: { let y = pop(m); push(m, pop(m) + y); }
        case 3u: { let y = pop(m); push(m, pop(m) * y); }
        case 4u: { let y = pop(m); push(m, y); if y < 1000u { (*m).pc = argument; return; } }
        default: { }
    }
    (*m).pc++;
}

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var m: Machine;
    while m.pc < arrayLength(&code) { step(&m, data[id.x]); }
    data[id.x] = m.stack[0];
}
