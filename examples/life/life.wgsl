// Eight generations of Conway's Game of Life on a board without edges, in one dispatch and without waiting for
// anybody: in eight generations nothing travels further than eight cells. So an invocation takes a window of 32 × 32
// cells, a word a row, and lets it age; the 16 × 16 cells in the middle come out right whatever is outside.

const SIDE: u32 = 128u;              // cells
const ROW_WORDS: u32 = SIDE / 32u;   // the lowest bit of a word is its leftmost cell
const GENERATIONS: u32 = 8u;
const TILE: u32 = 16u;
const WINDOW: u32 = TILE + 2u * GENERATIONS;

const ALIVE: u32 = 0xff20d0f0u;      // 0xAABBGGRR
const DEAD: u32 = 0xff301810u;

@group(0) @binding(0) var<storage, read> board: array<u32, SIDE * ROW_WORDS>;
@group(0) @binding(1) var<storage, read_write> pixels: array<u32, SIDE * SIDE>;

// The row of a window: 32 cells, which start a quarter of a word before the end of a word or after its start.
fn cells_of(row: u32, tile: u32) -> u32 {
    let word = (tile + 2u * ROW_WORDS - 1u) / 2u;
    let low = board[row * ROW_WORDS + word % ROW_WORDS];
    let high = board[row * ROW_WORDS + (word + 1u) % ROW_WORDS];
    let is_odd = tile % 2u == 1u;
    return select((low >> 24u) | (high << 8u), (low >> 8u) | (high << 24u), is_odd);
}

// How many of three cells live, a digit a word, for 32 columns at once.
struct Count {
    ones: u32,
    twos: u32,
}

fn count(a: u32, b: u32, c: u32) -> Count {
    return Count(a ^ b ^ c, (a & b) | (c & (a ^ b)));
}

// The next generation of a row, given it and its neighbours.
fn next(above: u32, here: u32, below: u32) -> u32 {
    let upper = count(above << 1u, above, above >> 1u);
    let lower = count(below << 1u, below, below >> 1u);
    let left = here << 1u;
    let right = here >> 1u;
    let sides = Count(left ^ right, left & right);
    let sum = count(upper.ones, sides.ones, lower.ones);
    // Of the four twos exactly one: two or three neighbours. An odd number of them that is not one has a whole pair.
    let odd = upper.twos ^ sides.twos ^ lower.twos ^ sum.twos;
    let pair = (upper.twos & sides.twos) | (lower.twos & sum.twos);
    return odd & ~pair & (sum.ones | here);
}

@compute @workgroup_size(4, 4)
fn main(@builtin(global_invocation_id) tile: vec3<u32>) {
    let top = tile.y * TILE + SIDE - GENERATIONS;
    var cells: array<u32, WINDOW>;
    for (var y = 0u; y < WINDOW; y++) {
        cells[y] = cells_of((top + y) % SIDE, tile.x);
    }
    // The window's outermost rows and columns go wrong, a further one on each side in each generation.
    for (var age = 1u; age <= GENERATIONS; age++) {
        var above = cells[age - 1u];
        var here = cells[age];
        for (var y = age; y < WINDOW - age; y++) {
            let below = cells[y + 1u];
            cells[y] = next(above, here, below);
            above = here;
            here = below;
        }
    }
    for (var y = 0u; y < TILE; y++) {
        var row = cells[GENERATIONS + y] >> GENERATIONS;
        let at = (tile.y * TILE + y) * SIDE + tile.x * TILE;
        for (var x = 0u; x < TILE; x++) {
            pixels[at + x] = select(DEAD, ALIVE, (row & 1u) == 1u);
            row >>= 1u;
        }
    }
}
