// Prefix sums by one workgroup: sums[i] = values[0] + … + values[i]. Each invocation adds up a run of values, the
// workgroup scans the totals of all runs in its own memory, and each invocation goes over its run once more.

const WIDTH: u32 = 128u;  // invocations, and so runs
const RUN: u32 = 16u;     // values of a run

@group(0) @binding(0) var<storage, read> values: array<u32, WIDTH * RUN>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32, WIDTH * RUN>;

var<workgroup> totals: array<u32, WIDTH>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(local_invocation_index) lane: u32) {
    let first = lane * RUN;
    var total = 0u;
    for (var i = 0u; i < RUN; i++) {
        total += values[first + i];
    }
    totals[lane] = total;
    workgroupBarrier();

    // Hillis and Steele's scan: each round, a total covers twice as many runs.
    for (var reach = 1u; reach < WIDTH; reach *= 2u) {
        var before = 0u;
        if lane >= reach {
            before = totals[lane - reach];
        }
        // Nobody writes a total that another still reads.
        workgroupBarrier();
        totals[lane] += before;
        workgroupBarrier();
    }

    var sum = totals[lane] - total;
    for (var i = 0u; i < RUN; i++) {
        sum += values[first + i];
        sums[first + i] = sum;
    }
}
