//! WGSL kernels, compiled and interpreted, against plain Rust.

use std::time::Duration;

use arknet_workload::interpreter::{self, RunError};
use arknet_workload::ir::Workload;
use arknet_workload::job::{Execution, Job, Limits, Trap};
use arknet_workload::wgsl::{FrontEndLimits, compile};

const EDGES: [u32; 12] = [
    0,
    1,
    2,
    7,
    31,
    32,
    33,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_fffe,
    0xffff_ffff,
];

fn compiled(source: &str) -> Workload {
    compile(source, "main", &FrontEndLimits::default())
        .unwrap_or_else(|refusal| panic!("{}", refusal.render("kernel.wgsl", source)))
}

fn try_run(source: &str, workgroups: [u32; 3], buffers: &[&[u32]]) -> Result<Execution, RunError> {
    let limits = Limits {
        steps: 10_000,
        memory: 1 << 20,
        time: Duration::from_secs(60),
    };
    let buffers = buffers.iter().map(|words| words.to_vec()).collect();
    let workload = compiled(source);
    interpreter::run(&Job::new(workload, workgroups, buffers, limits).unwrap())
}

fn run(source: &str, workgroups: [u32; 3], buffers: &[&[u32]]) -> Vec<Vec<u32>> {
    match try_run(source, workgroups, buffers) {
        Ok(execution) => execution.buffers,
        Err(error) => panic!("{error}\n{source}"),
    }
}

fn trap(source: &str, buffers: &[&[u32]]) -> (Trap, String) {
    match try_run(source, [1, 1, 1], buffers) {
        Err(RunError::Trap(trap)) => {
            let span = trap.span();
            let text = source[span.start as usize..span.end as usize].to_owned();
            (trap, text)
        }
        other => panic!("expected a trap, got {other:?}"),
    }
}

/// Runs `fn f(a: T, b: T) -> R` on every pair of edges, `R` as words.
fn pairs(ty: &str, function: &str, expected: impl Fn(u32, u32) -> u32) {
    let source = format!(
        "@group(0) @binding(0) var<storage, read> a: array<{ty}>;
         @group(0) @binding(1) var<storage, read> b: array<{ty}>;
         @group(0) @binding(2) var<storage, read_write> out: array<u32>;
         {function}
         @compute @workgroup_size(1)
         fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
             out[id.x] = f(a[id.x], b[id.x]);
         }}"
    );
    let all = || {
        EDGES
            .iter()
            .flat_map(|&a| EDGES.iter().map(move |&b| (a, b)))
    };
    let a: Vec<u32> = all().map(|(a, _)| a).collect();
    let b: Vec<u32> = all().map(|(_, b)| b).collect();
    let out = vec![0; a.len()];
    let count = u32::try_from(a.len()).unwrap();
    let result = run(&source, [count, 1, 1], &[&a, &b, &out]);
    for (at, (a, b)) in all().enumerate() {
        assert_eq!(
            result[2][at],
            expected(a, b),
            "{ty} a={a:#x} b={b:#x}\n{function}"
        );
    }
}

fn unsigned(expression: &str, expected: impl Fn(u32, u32) -> u32) {
    let function = format!("fn f(a: u32, b: u32) -> u32 {{ return {expression}; }}");
    pairs("u32", &function, expected);
}

fn signed(expression: &str, expected: impl Fn(i32, i32) -> u32) {
    let function = format!("fn f(a: i32, b: i32) -> u32 {{ return u32({expression}); }}");
    pairs("i32", &function, |a, b| expected(a as i32, b as i32));
}

#[test]
fn unsigned_operators() {
    unsigned("a + b", u32::wrapping_add);
    unsigned("a - b", u32::wrapping_sub);
    unsigned("a * b", u32::wrapping_mul);
    unsigned("a / b", |a, b| a.checked_div(b).unwrap_or(a));
    unsigned("a % b", |a, b| a.checked_rem(b).unwrap_or(0));
    unsigned("a & b", |a, b| a & b);
    unsigned("a | b", |a, b| a | b);
    unsigned("a ^ b", |a, b| a ^ b);
    unsigned("~a", |a, _| !a);
    unsigned("a << b", u32::wrapping_shl);
    unsigned("a >> b", u32::wrapping_shr);
    unsigned("min(a, b)", Ord::min);
    unsigned("max(a, b)", Ord::max);
    unsigned("abs(a)", |a, _| a);
    unsigned("clamp(a, b, 33u)", |a, b| a.max(b).min(33));
    unsigned("select(a, b, a < b)", |a, b| if a < b { b } else { a });
    unsigned("u32(a == b)", |a, b| u32::from(a == b));
    unsigned("u32(a != b)", |a, b| u32::from(a != b));
    unsigned("u32(a < b)", |a, b| u32::from(a < b));
    unsigned("u32(a <= b)", |a, b| u32::from(a <= b));
    unsigned("u32(a > b)", |a, b| u32::from(a > b));
    unsigned("u32(a >= b)", |a, b| u32::from(a >= b));
    unsigned("u32(bool(a) & bool(b))", |a, b| u32::from(a != 0 && b != 0));
    unsigned("u32(bool(a) | bool(b))", |a, b| u32::from(a != 0 || b != 0));
    unsigned("u32(bool(a) == bool(b))", |a, b| {
        u32::from((a != 0) == (b != 0))
    });
    unsigned("u32(!bool(a) && b > 1u)", |a, b| u32::from(a == 0 && b > 1));
    unsigned("u32(a < b || a % 2u == 1u && b != 7u)", |a, b| {
        u32::from(a < b || a % 2 == 1 && b != 7)
    });
    unsigned("u32((a > 1u || b > 1u) && (a < 32u || b < 32u))", |a, b| {
        u32::from((a > 1 || b > 1) && (a < 32 || b < 32))
    });
    unsigned("u32(i32(a) < bitcast<i32>(b))", |a, b| {
        u32::from((a as i32) < b as i32)
    });
    unsigned("a - b * 3u + (a ^ b) / 2u", |a, b| {
        a.wrapping_sub(b.wrapping_mul(3)).wrapping_add((a ^ b) / 2)
    });
}

#[test]
fn signed_operators() {
    signed("a + b", |a, b| a.wrapping_add(b) as u32);
    signed("a - b", |a, b| a.wrapping_sub(b) as u32);
    signed("a * b", |a, b| a.wrapping_mul(b) as u32);
    signed(
        "a / b",
        |a, b| if b == 0 { a } else { a.wrapping_div(b) } as u32,
    );
    signed(
        "a % b",
        |a, b| if b == 0 { 0 } else { a.wrapping_rem(b) } as u32,
    );
    signed("-a", |a, _| a.wrapping_neg() as u32);
    signed("~a", |a, _| !a as u32);
    signed("a << u32(b)", |a, b| a.wrapping_shl(b as u32) as u32);
    signed("a >> u32(b)", |a, b| a.wrapping_shr(b as u32) as u32);
    signed("min(a, b)", |a, b| a.min(b) as u32);
    signed("max(a, b)", |a, b| a.max(b) as u32);
    signed("abs(a)", |a, _| a.wrapping_abs() as u32);
    signed("clamp(a, b, 5)", |a, b| a.max(b).min(5) as u32);
    signed("clamp(a, -3, 5)", |a, _| a.clamp(-3, 5) as u32);
    signed(
        "select(a, b, a < b)",
        |a, b| if a < b { b } else { a } as u32,
    );
    signed("a < b", |a, b| u32::from(a < b));
    signed("a <= b", |a, b| u32::from(a <= b));
    signed("a > b", |a, b| u32::from(a > b));
    signed("a >= b", |a, b| u32::from(a >= b));
    signed("a == b", |a, b| u32::from(a == b));
    signed("bool(a) != bool(b)", |a, b| u32::from((a != 0) != (b != 0)));
    signed("i32(a > b) - i32(b > a)", |a, b| {
        (i32::from(a > b) - i32::from(b > a)) as u32
    });
}

#[test]
fn assignments() {
    let function = "fn f(a: u32, b: u32) -> u32 {
        var x = a;
        x += b; x -= 3u; x *= 5u; x ^= a; x |= 16u; x &= ~1u; x <<= 1u; x >>= 2u; x /= 3u; x %= 1000u;
        x++; x++; x--;
        var y: u32;
        y = x; { let x = 9u; y += x; } y += x;
        const c = 4u;
        _ = y / c;
        return y + c;
    }";
    pairs("u32", function, |a, b| {
        let mut x = a.wrapping_add(b).wrapping_sub(3).wrapping_mul(5) ^ a;
        x = ((x | 16) & !1) << 1 >> 2;
        x = x / 3 % 1000 + 1;
        x + 9 + x + 4
    });
}

#[test]
fn early_returns() {
    let function = "
        fn sign(x: i32) -> i32 { if x < 0 { return -1; } if x == 0 { return 0; } return 1; }
        fn both(x: i32) -> i32 { if x < 5 { return 1; } else { return 2; } }
        fn nested(x: i32, y: i32) -> i32 {
            var z = x;
            if x > 0 {
                if y > 0 { return z; }
                z = y;
                if y == -1 { z = 7; } else { if y == -2 { return 9; } z += 1; }
            } else if x == 0 {
                return 5;
            }
            z ^= 3;
            if z > 100 { return 4; }
            return z;
        }
        fn nothing(x: i32) { if x > 3 { return; } }
        fn f(a: i32, b: i32) -> u32 {
            nothing(a);
            return u32(sign(a) + 10 * both(b)) ^ u32(nested(a, b));
        }";
    fn nested(x: i32, y: i32) -> i32 {
        let mut z = x;
        if x > 0 {
            if y > 0 {
                return z;
            }
            z = y;
            if y == -1 {
                z = 7;
            } else {
                if y == -2 {
                    return 9;
                }
                z = z.wrapping_add(1);
            }
        } else if x == 0 {
            return 5;
        }
        z ^= 3;
        if z > 100 { 4 } else { z }
    }
    pairs("i32", function, |a, b| {
        let (a, b) = (a as i32, b as i32);
        let both = if b < 5 { 1 } else { 2 };
        (a.signum() + 10 * both) as u32 ^ nested(a, b) as u32
    });
}

#[test]
fn loops() {
    let function = "
        fn find(a: u32, b: u32) -> u32 {
            for (var i = 0u; i < 20u; i++) {
                var j = 0u;
                loop {
                    if i * j == (b & 63u) { return i * 100u + j; }
                    if j > i { break; }
                    if (j ^ i) == 5u { j += 2u; continue; }
                    continuing { j++; }
                }
                if i == (a & 15u) { break; }
            }
            return 77u;
        }
        fn f(a: u32, b: u32) -> u32 {
            var sum = 0u;
            var n = b & 7u;
            while n != 0u { n--; if n == 2u { continue; } sum = sum * 3u + n; }
            loop {
                sum += 1u;
                if sum % 5u == 4u { continue; }
                continuing { sum += 2u; break if sum > 40u; }
            }
            for (;;) { if true { break; } }
            for (var i = 0; i < 0; i++) { sum = 0u; }
            return sum + find(a, b);
        }";
    fn find(a: u32, b: u32) -> u32 {
        for i in 0..20 {
            let mut j = 0;
            loop {
                if i * j == b & 63 {
                    return i * 100 + j;
                }
                if j > i {
                    break;
                }
                if j ^ i == 5 {
                    j += 2;
                }
                j += 1;
            }
            if i == a & 15 {
                break;
            }
        }
        77
    }
    pairs("u32", function, |a, b| {
        let mut sum = 0u32;
        for n in (0..b & 7).rev().filter(|n| *n != 2) {
            sum = sum.wrapping_mul(3).wrapping_add(n);
        }
        loop {
            sum += 3;
            if sum > 40 {
                break;
            }
        }
        sum + find(a, b)
    });
}

#[test]
fn variables_in_loops_start_afresh() {
    let function = "
        fn count(x: u32) -> u32 { var seen: array<bool, 4>; var n: u32; seen[x % 4u] = true;
            for (var i = 0u; i < 4u; i++) { if seen[i] { n++; } } return n; }
        fn f(a: u32, b: u32) -> u32 {
            var sum = 0u;
            for (var i = 0u; i < 3u; i++) {
                var x: u32;
                var y = 5u;
                var t: array<u32, 4>;
                var v = array<u32, 3>(1u, 2u, 3u);
                sum += x + y + t[(a + i) % 4u] + v[(b + i) % 3u] + count(a + i);
                x = 100u; y = 200u; t[(a + i + 1u) % 4u] = 300u; v[(b + i + 1u) % 3u] = 400u;
            }
            return sum;
        }";
    pairs("u32", function, |_, b| {
        (0..3).map(|i| 5 + 1 + b.wrapping_add(i) % 3 + 1).sum()
    });
}

#[test]
fn arrays() {
    let function = "
        const K = array<u32, 5>(10u, 20u, 30u, 40u, 50u);
        const FLAGS = array(true, false, true);
        fn pick(t: array<u32, 5>, i: u32) -> u32 { return t[2] + i; }
        fn f(a: u32, b: u32) -> u32 {
            var fixed: array<i32, 3>;
            fixed[0] = i32(a); fixed[2] = i32(b); fixed[1] = fixed[0] - fixed[2];
            var moving = array<u32, 4>(a, b, a ^ b, 1u);
            moving[a % 4u] += 7u;
            moving[i32(b % 4u)] = moving[(a + 1u) % 4u];
            let table = array<u32, 3>(1u, 2u, 3u);
            var constant = array<i32, 2>(-1, 1);
            var copy = moving;
            var bits: array<bool, 3>;
            bits[a % 3u] = true;
            bits[1] = !bits[1];
            var one = array<u32, 1>(5u);
            let whole = one;
            if bits[b % 3u] { copy[3] = 99u; }
            return u32(fixed[1]) + moving[0] * 2u + moving[3] + K[a % 5u] + K[1] + table[b % 3u]
                + u32(constant[a % 2u]) + copy[3] + u32(FLAGS[b % 3u]) + pick(K, b) + whole[0];
        }";
    pairs("u32", function, |a, b| {
        let mut moving = [a, b, a ^ b, 1];
        moving[a as usize % 4] = moving[a as usize % 4].wrapping_add(7);
        moving[b as usize % 4] = moving[a.wrapping_add(1) as usize % 4];
        let mut bits = [false; 3];
        bits[a as usize % 3] = true;
        bits[1] = !bits[1];
        let copy = if bits[b as usize % 3] { 99 } else { moving[3] };
        [
            a.wrapping_sub(b),
            moving[0].wrapping_mul(2),
            moving[3],
            10 * (a % 5 + 1),
            20,
            b % 3 + 1,
            if a % 2 == 0 { u32::MAX } else { 1 },
            copy,
            u32::from(b % 3 != 1),
            30,
            b,
            5,
        ]
        .into_iter()
        .fold(0, u32::wrapping_add)
    });
}

#[test]
fn short_circuits_guard_their_right_side() {
    let source = "
        @group(0) @binding(0) var<storage, read> data: array<u32>;
        @group(0) @binding(1) var<storage, read_write> out: array<u32>;
        fn store(i: u32) -> bool { out[i] = 1u; return true; }
        @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3<u32>) {
            let i = id.x;
            let inside = i < arrayLength(&data) && data[i] == 6u;
            let outside = i >= arrayLength(&data) || data[i] != 6u;
            out[i] = u32(inside) + 2u * u32(outside);
            if i == 3u && store(4u) || i == 2u && !store(5u) { out[6] = 8u; }
        }";
    let result = run(source, [4, 1, 1], &[&[5, 6], &[0; 7]]);
    assert_eq!(result[1], [2, 1, 2, 2, 1, 1, 8]);
}

#[test]
fn loads_happen_where_they_are_written() {
    let source = "
        @group(0) @binding(0) var<storage, read_write> data: array<u32>;
        fn bump() -> u32 { data[0] += 1u; return data[0]; }
        @compute @workgroup_size(1) fn main() {
            let before = data[0];
            let p = &data[0];
            var local = 3u;
            let q = &local;
            *q += 1u;
            data[1] = data[0] + bump() * 10u + data[0] * 100u + before * 1000u;
            *p = *p + local;
            data[2] = data[0];
            data[bump()] = bump();
        }";
    assert_eq!(
        run(source, [1, 1, 1], &[&[1, 0, 0, 0, 0, 0, 0, 0, 0]])[0],
        [8, 1221, 6, 0, 0, 0, 0, 8, 0]
    );
}

#[test]
fn ids_in_every_form() {
    let source = "
        struct Ids {
            @builtin(local_invocation_id) local: vec3<u32>,
            @builtin(local_invocation_index) index: u32,
        }
        @group(0) @binding(0) var<storage, read_write> out: array<u32>;
        fn flat(id: vec3<u32>, size: vec3<u32>) -> u32 { return id.x + size.x * (id.y + size.y * id[2]); }
        @compute @workgroup_size(2, 3)
        fn main(ids: Ids, @builtin(workgroup_id) group: vec3<u32>,
                @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(global_invocation_id) global: vec3<u32>) {
            let id = global;
            let at = flat(group, groups) * 6u + ids.index;
            out[at] = id.x + 10u * id.y + 100u * id.z + 1000u * ids.local.x + 10000u * ids.local.y;
        }";
    let out = run(source, [2, 1, 2], &[&[0; 24]]).remove(0);
    let mut at = 0;
    for gz in 0..2 {
        for gx in 0..2 {
            for y in 0..3 {
                for x in 0..2 {
                    let expected = gx * 2 + x + 10 * y + 100 * gz + 1000 * x + 10_000 * y;
                    assert_eq!(out[at], expected);
                    at += 1;
                }
            }
        }
    }
}

#[test]
fn buffers_of_every_form() {
    let source = "
        struct Shape { width: u32, offset: i32, @align(16) last: u32 }
        @group(1) @binding(0) var<uniform> shape: Shape;
        @group(1) @binding(1) var<uniform> factor: i32;
        @group(0) @binding(7) var<storage, read> fixed: array<i32, 3>;
        @group(0) @binding(8) var<storage, read_write> total: u32;
        @group(0) @binding(9) var<storage, read_write> state: Shape;
        @group(0) @binding(1) var<storage, read> unused: array<u32>;
        @compute @workgroup_size(1) fn main() {
            let copy = shape;
            total = copy.width + u32(shape.offset) + copy.last;
            total *= 2u;
            state.offset = fixed[0] * factor + fixed[2];
            state.last += 1u;
        }";
    let result = run(
        source,
        [1, 1, 1],
        &[
            &[3, 4, 0, 0, 5, 0, 0, 0],
            &[10],
            &[1, 0, u32::MAX],
            &[0],
            &[9, 9, 9, 9, 9, 9, 9, 9],
        ],
    );
    assert_eq!(result[3], [24]);
    assert_eq!(result[4], [9, 9, 9, 9, 10, 9, 9, 9]);
}

#[test]
fn the_entry_point_is_chosen_by_name() {
    let source = "
        @group(0) @binding(0) var<storage, read_write> a: array<u32>;
        @group(0) @binding(0) var<storage, read_write> b: array<f32>;
        @compute @workgroup_size(1) fn other() { b[0] = 1.5; }
        @compute @workgroup_size(1) fn main() { a[0] = 7u; }";
    assert_eq!(run(source, [1, 1, 1], &[&[0]])[0], [7]);
}

#[test]
fn out_of_bounds_accesses_trap_where_they_stand() {
    let head = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
        const K = array(1u, 2u, 3u);
        @compute @workgroup_size(1) fn main() {";
    for (body, place) in [
        ("let x = data[3];", "data[3]"),
        ("var i = -1; data[i] = 4u;", "data[i] = 4u"),
        ("data[0] = K[data[1]];", "K[data[1]]"),
        ("var a: array<u32, 2>; data[0] = a[data[1]];", "a[data[1]]"),
        ("_ = data[data[2]];", "data[data[2]]"),
        (
            "if data[0] == 0u && data[7] == 0u { data[0] = 1u; }",
            "data[7]",
        ),
    ] {
        let source = format!("{head} {body} }}");
        let (found, text) = trap(&source, &[&[0, 5, 6]]);
        assert!(matches!(found, Trap::OutOfBounds { .. }), "{found}");
        assert!(text.starts_with(place), "{text:?} is not {place:?}");
    }
}

#[test]
fn endless_loops_run_out_of_steps() {
    for body in [
        "loop { }",
        "for (;;) { }",
        "while true { data[0] += 1u; }",
        "loop { loop { } }",
        "loop { if data[0] == 9u { break; } loop { } }",
        "spin();",
        "data[0] = turn();",
    ] {
        let source = format!(
            "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
             fn spin() {{ loop {{ }} }}
             fn turn() -> u32 {{ loop {{ if data[0] == 3u {{ return 1u; }} }} return 2u; }}
             @compute @workgroup_size(1) fn main() {{ data[0] += 0u; {body} }}"
        );
        let (found, _) = trap(&source, &[&[0]]);
        assert!(matches!(found, Trap::OutOfSteps { .. }), "{found}");
    }
}

#[test]
fn races_name_both_places() {
    let source = "
        @group(0) @binding(0) var<storage, read_write> data: array<u32>;
        @compute @workgroup_size(2) fn main(@builtin(local_invocation_index) i: u32) {
            if i == 0u { data[0] = 1u; } else { data[1] = data[0]; }
        }";
    let (found, text) = trap(source, &[&[0, 0]]);
    assert!(matches!(found, Trap::Race { .. }), "{found}");
    assert_eq!(text, "data[0]");
}

#[test]
fn steps_are_loop_rounds() {
    let source = "
        @group(0) @binding(0) var<storage, read_write> data: array<u32>;
        @compute @workgroup_size(1) fn main() {
            for (var i = 0u; i < data[0]; i++) { for (var j = 0u; j < 2u; j++) { data[1] += 1u; } }
        }";
    let execution = try_run(source, [1, 1, 1], &[&[5, 0]]).unwrap();
    assert_eq!(execution.buffers[0], [5, 10]);
    assert_eq!(execution.steps, 6 + 5 * 3);
}

/// naga evaluates constant expressions; where it does not refuse them, they must mean what they mean at run
/// time.
#[test]
fn constants_mean_what_variables_mean() {
    let operands = [
        (
            "i32",
            [
                "0i",
                "1i",
                "-1i",
                "7i",
                "-8i",
                "2147483647i",
                "(-2147483647i - 1i)",
            ],
        ),
        (
            "u32",
            ["0u", "1u", "3u", "31u", "32u", "2147483648u", "4294967295u"],
        ),
    ];
    let templates = [
        "A + B",
        "A - B",
        "A * B",
        "A / B",
        "A % B",
        "A & B",
        "A | B",
        "A ^ B",
        "~A",
        "min(A, B)",
        "max(A, B)",
        "abs(A)",
        "clamp(A, B, A)",
        "clamp(B, A, A / 2)",
        "A << u32(B)",
        "A >> u32(B)",
        "select(A, B, A < B)",
        "T(A == B)",
        "T(A <= B)",
        "T(A > B)",
        "T(bool(A) || bool(B))",
        "T(bitcast<u32>(A) < bitcast<u32>(B))",
        "T(i32(A) < i32(B))",
    ];
    let mut compared = 0;
    for (ty, operands) in operands {
        for template in templates {
            for (a, b) in operands
                .iter()
                .flat_map(|a| operands.iter().map(move |b| (a, b)))
            {
                let fill = |a: &str, b: &str| {
                    let mut filled = String::new();
                    for c in template.chars() {
                        match c {
                            'A' => filled += a,
                            'B' => filled += b,
                            'T' => filled += ty,
                            c => filled.push(c),
                        }
                    }
                    filled
                };
                let source = |constant: &str| {
                    format!(
                        "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
                         @compute @workgroup_size(1) fn main() {{
                             var a = {a}; var b = {b};
                             out[0] = bitcast<u32>({});
                             out[1] = bitcast<u32>({constant});
                         }}",
                        fill("a", "b")
                    )
                };
                let constant = source(&fill(a, b));
                if compile(&constant, "main", &FrontEndLimits::default()).is_err() {
                    continue;
                }
                let out = run(&constant, [1, 1, 1], &[&[0, 0]]).remove(0);
                assert_eq!(out[0], out[1], "{}", fill(a, b));
                compared += 1;
            }
        }
    }
    assert!(
        compared > 1_500,
        "only {compared} expressions were constants"
    );
}
