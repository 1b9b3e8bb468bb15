// The Mandelbrot set in fixed point with 12 fraction bits. One pixel per invocation.

struct View {
    width: u32,
    height: u32,
    left: i32,       // of the first column, in fixed point
    top: i32,        // of the first row
    step: i32,       // from pixel to pixel
    rounds: u32,     // at most 255
}

const FRACTION: u32 = 12u;
const FOUR: i32 = 4i << FRACTION;

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read_write> pixels: array<u32>;

fn multiply(x: i32, y: i32) -> i32 {
    return (x * y) >> FRACTION;
}

// 0xAABBGGRR: black inside the set, outside it from dark blue to white by the rounds it took to leave.
fn colour(rounds: u32) -> u32 {
    if rounds == view.rounds {
        return 0xff000000u;
    }
    let red = min(rounds * 4u, 255u);
    let green = min(rounds * 8u, 255u);
    let blue = min(64u + rounds * 16u, 255u);
    return 0xff000000u | (blue << 16u) | (green << 8u) | red;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= view.width || id.y >= view.height {
        return;
    }
    let cx = view.left + i32(id.x) * view.step;
    let cy = view.top + i32(id.y) * view.step;
    var x = 0i;
    var y = 0i;
    var rounds = 0u;
    loop {
        let xx = multiply(x, x);
        let yy = multiply(y, y);
        if xx + yy > FOUR || rounds == view.rounds {
            break;
        }
        y = 2i * multiply(x, y) + cy;
        x = xx - yy + cx;
        rounds++;
    }
    pixels[id.y * view.width + id.x] = colour(rounds);
}
