// A neural network that reads digits, in integers only: 8 × 8 grey pixels, 32 hidden units, 10 scores. Pixels, weights
// and the hidden units' values are bytes, four to a word; sums have 32 bits. One image an invocation.

const IMAGE_WORDS: u32 = 16u;
const HIDDEN: u32 = 32u;
const HIDDEN_WORDS: u32 = HIDDEN / 4u;
const DIGITS: u32 = 10u;
// Weights are from -127 to 127, and stored with 128 added.
const ZEROS: u32 = 0x80808080u;
// What scales a hidden unit's sum to a byte; the weights were made for it.
const SHIFT: u32 = 6u;

struct Network {
    hidden_weights: array<array<u32, IMAGE_WORDS>, HIDDEN>,
    hidden_biases: array<i32, HIDDEN>,
    score_weights: array<array<u32, HIDDEN_WORDS>, DIGITS>,
    score_biases: array<i32, DIGITS>,
}

@group(0) @binding(0) var<storage, read> network: Network;
@group(0) @binding(1) var<storage, read> images: array<array<u32, IMAGE_WORDS>>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> predictions: array<u32>;
@group(0) @binding(4) var<storage, read_write> correct: atomic<u32>;

// The value of a hidden unit, from 0 to 127. `zero` is what the sum would be if all weights were 0.
fn hidden_unit(image: u32, unit: u32, zero: u32) -> u32 {
    var sum = 0u;
    for (var i = 0u; i < IMAGE_WORDS; i++) {
        sum += dot4U8Packed(network.hidden_weights[unit][i], images[image][i]);
    }
    let signed_sum = i32(sum) - i32(zero) + network.hidden_biases[unit];
    return u32(clamp(signed_sum >> SHIFT, 0i, 127i));
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let image = id.x;
    if image >= arrayLength(&images) {
        return;
    }
    var zero = 0u;
    for (var i = 0u; i < IMAGE_WORDS; i++) {
        zero += dot4U8Packed(ZEROS, images[image][i]);
    }
    var hidden: array<u32, HIDDEN_WORDS>;
    for (var i = 0u; i < HIDDEN_WORDS; i++) {
        let unit = 4u * i;
        hidden[i] = pack4xU8(vec4(
            hidden_unit(image, unit, zero),
            hidden_unit(image, unit + 1u, zero),
            hidden_unit(image, unit + 2u, zero),
            hidden_unit(image, unit + 3u, zero),
        ));
    }
    // Here weights need no zero taken off: it adds the same to every score.
    var best = 0u;
    var best_score = 0i;
    for (var digit = 0u; digit < DIGITS; digit++) {
        var score = network.score_biases[digit];
        for (var i = 0u; i < HIDDEN_WORDS; i++) {
            score += i32(dot4U8Packed(network.score_weights[digit][i], hidden[i]));
        }
        if digit == 0u || score > best_score {
            best = digit;
            best_score = score;
        }
    }
    predictions[image] = best;
    if best == labels[image] {
        atomicAdd(&correct, 1u);
    }
}
