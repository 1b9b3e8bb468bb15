// ChaCha20 (RFC 8439): each invocation encrypts one block of 64 bytes in place. Decrypting is the same.

struct Cipher {
    key: array<vec4<u32>, 2>,
    start: vec4<u32>,  // the counter of the first block, then the nonce
}

// The state: a matrix of four rows.
struct State {
    a: vec4<u32>,
    b: vec4<u32>,
    c: vec4<u32>,
    d: vec4<u32>,
}

const CONSTANTS = vec4<u32>(0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u);  // "expand 32-byte k"
const BLOCK_ROWS: u32 = 4u;

@group(0) @binding(0) var<uniform> cipher: Cipher;
@group(0) @binding(1) var<storage, read_write> text: array<vec4<u32>>;

fn rotate_left(x: vec4<u32>, n: u32) -> vec4<u32> {
    return (x << vec4(n)) | (x >> vec4(32u - n));
}

// A quarter round on each of the four columns.
fn column_round(state: State) -> State {
    var s = state;
    s.a += s.b;
    s.d = rotate_left(s.d ^ s.a, 16u);
    s.c += s.d;
    s.b = rotate_left(s.b ^ s.c, 12u);
    s.a += s.b;
    s.d = rotate_left(s.d ^ s.a, 8u);
    s.c += s.d;
    s.b = rotate_left(s.b ^ s.c, 7u);
    return s;
}

// The same on the diagonals, which are columns once the rows are turned.
fn diagonal_round(state: State) -> State {
    let s = column_round(State(state.a, state.b.yzwx, state.c.zwxy, state.d.wxyz));
    return State(s.a, s.b.wxyz, s.c.zwxy, s.d.yzwx);
}

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let first = id.x * BLOCK_ROWS;
    if first >= arrayLength(&text) {
        return;
    }
    let counter = vec4(id.x, 0u, 0u, 0u);
    let initial = State(CONSTANTS, cipher.key[0], cipher.key[1], cipher.start + counter);
    var state = initial;
    for (var round = 0u; round < 10u; round++) {
        state = diagonal_round(column_round(state));
    }
    text[first] ^= initial.a + state.a;
    text[first + 1u] ^= initial.b + state.b;
    text[first + 2u] ^= initial.c + state.c;
    text[first + 3u] ^= initial.d + state.d;
}
