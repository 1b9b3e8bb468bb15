// Sorts lists of 256 numbers by a bitonic network. A workgroup sorts one list in its own memory, an invocation
// compares and exchanges one pair at a time.

const PAIRS: u32 = 128u;
const LENGTH: u32 = 2u * PAIRS;

@group(0) @binding(0) var<storage, read_write> lists: array<u32>;

var<workgroup> list: array<u32, LENGTH>;

@compute @workgroup_size(PAIRS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let first = group.x * LENGTH;
    list[lane] = lists[first + lane];
    list[lane + PAIRS] = lists[first + lane + PAIRS];
    workgroupBarrier();

    // Sorted pieces of `size` numbers, alternately rising and falling, become pieces of twice the size.
    for (var size = 2u; size <= LENGTH; size *= 2u) {
        for (var gap = size / 2u; gap > 0u; gap /= 2u) {
            // The invocation's pair: of the places that have the bit `gap` clear, the one with number `lane`.
            let low = 2u * lane - (lane & (gap - 1u));
            let high = low + gap;
            let a = list[low];
            let b = list[high];
            let rising = (low & size) == 0u;
            list[low] = select(max(a, b), min(a, b), rising);
            list[high] = select(min(a, b), max(a, b), rising);
            workgroupBarrier();
        }
    }

    lists[first + lane] = list[lane];
    lists[first + lane + PAIRS] = list[lane + PAIRS];
}
