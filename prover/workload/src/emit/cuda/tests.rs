//! Tests of the printed text; what it computes is tested by `tests/cuda`, and that NVIDIA's compiler takes it
//! in the sandbox's tests.

use crate::emit::tests::{BUFFERS, workload};
use crate::emit::{Emitted, cuda, wgsl};

fn emitted(text: &str) -> Emitted {
    cuda(&workload(text))
}

/// The kernel's statements, without what every kernel has in common.
fn kernel(emitted: &Emitted) -> String {
    let state = super::module::STATE;
    let (_, body) = emitted.source.split_once(state).unwrap();
    let end = match body.find("    const u32 earliness") {
        Some(verdict) => verdict,
        None => body.find("    const bool reports").unwrap(),
    };
    let body = &body[..end];
    body.to_owned()
}

/// The entry point up to its body.
fn head(emitted: &Emitted) -> String {
    let (_, head) = emitted.source.split_once("struct Job {\n").unwrap();
    let (head, _) = head.split_once(") {\n").unwrap();
    head.to_owned()
}

#[test]
fn parameters_follow_the_bindings() {
    let expected = "    \
    u32 steps;
    u32 explains;
    u32 length0;
    u32 length5;
};

extern \"C\" __global__ void __launch_bounds__(8) run(
    const u32* __restrict__ m0,
    const u32* __restrict__ m1,
    u32* m5,
    const u32* __restrict__ tables,
    const Job job,
    Report* report
";
    assert_eq!(head(&emitted(&format!("{BUFFERS} body {{}}"))), expected);
}

#[test]
fn statements_are_those_of_wgsl() {
    let text = format!(
        "{BUFFERS} body {{
            %0: u32 = const 3
            %1: i32 = load m5[%0]
            %2: bool = lt %1, %1
            %3: u32 = loop(%4: u32 = %0) {{
                if %2 {{ break(%4) }}
                %5: i32 = load m2[%4]
                %6: i32 = div %1, %5
                store m3[%0] = %6
                continue(%0)
            }}
            store m5[%0] = %3
        }}"
    );
    let expected = "    \
    u32 m3[5] = {};
    const u32 v0 = 3u;
    const i32 v1 = i32(held(m5[readable(v0, job.length5, 1u)]));
    const bool v2 = v1 < v1;
    u32 v4 = v0;
    u32 v3 = 0u;
    for (;;) {
        if (v2 | (steps_left == 0u)) {
            take_steps(1u, 2u);
            v3 = v4;
            break;
        }
        steps_left -= 1u;
        const i32 v5 = i32(tables[readable(v4, 2u, 3u)]);
        const i32 v6 = v1 / ((v5 == 0) | ((v5 == -1) & (v1 == i32(-2147483648))) ? 1 : v5);
        trap(4u, v0);
        v4 = v0;
        continue;
    }
    m5[writable(v0, job.length5, 5u)] = v3;
";
    let cuda = emitted(&text);
    assert_eq!(kernel(&cuda), expected);
    // The same places, whatever the language.
    let wgsl = wgsl(&workload(&text));
    assert_eq!(cuda.sites, wgsl.sites);
    assert_eq!(cuda.layout, wgsl.layout);
    assert_eq!(cuda.size, wgsl.size);
}

#[test]
fn shared_memory_starts_at_zero_and_barriers_are_plain() {
    let emitted = emitted(
        r#"workload workgroup_size(4, 1, 1)
        memory m0 "out": output binding(0, 0) runtime
        memory m1 "tile": shared 6
        body {
            %0: u32 = builtin local_invocation_index
            %1: i32 = const 0xffffffff
            %2: u32 = const 0
            atomic min m1[%0], %1
            atomic max m1[%0], %0
            atomic add m0[%0], %1
            loop {
                barrier workgroup
                %3: bool = const true
                if %3 { break }
                loop { if %3 { break } barrier storage continue }
                continue
            }
            %4: u32 = uniform_load m1[%2]
            store m1[%0] = %4
            loop {
                %5: u32 = load m1[%0]
                %6: bool = cast %5
                if %6 { break }
                continue
            }
        }"#,
    );
    let expected = "    \
    __shared__ u32 earliest;
    __shared__ u32 lowest;
    if (local_index == 0u) {
        earliest = 0u;
        lowest = 0u;
    }
    __shared__ u32 m1[8];
    for (u32 at = local_index; at < 8u; at += GROUP_INVOCATIONS) {
        m1[at] = 0u;
    }
    __syncthreads();
    const u32 v0 = local_index;
    const i32 v1 = i32(-1);
    const u32 v2 = 0u;
    atomicMin((i32*)&m1[writable(v0, 6u, 1u)], v1);
    atomicMax(&m1[writable(v0, 6u, 2u)], v0);
    atomicAdd(&m0[writable(v0, job.length0, 3u)], u32(v1));
    for (;;) {
        take_steps(1u, 4u);
        if (rounds_left == 0u) { break; }
        rounds_left -= 1u;
        __syncthreads();
        pass_barrier();
        const bool v3 = true;
        if (v3) {
            break;
        }
        for (;;) {
            take_steps(1u, 5u);
            if (rounds_left == 0u) { break; }
            rounds_left -= 1u;
            if (v3) {
                break;
            }
            __syncthreads();
            pass_barrier();
            continue;
        }
        continue;
    }
    __syncthreads();
    pass_barrier();
    const u32 v4 = held(m1[v2]);
    __syncthreads();
    pass_barrier();
    m1[writable(v0, 6u, 6u)] = v4;
    for (;;) {
        if (!take_step()) { trap(7u, 0u); break; }
        const u32 v5 = held(m1[readable(v0, 6u, 8u)]);
        const bool v6 = v5 != 0;
        if (v6) {
            break;
        }
        continue;
    }
";
    assert_eq!(kernel(&emitted), expected);
    assert_eq!(emitted.layout.shared_words, 10);
}

/// Nothing that a stranger named reaches the compiler, and nothing that makes it read a file or run a macro.
#[test]
fn names_of_memories_are_not_printed() {
    let workload = workload(
        r#"workload workgroup_size(4, 1, 1)
        memory m0 "include_output": output binding(0, 0) runtime
        memory m1 "asm_volatile": private 6
        body {}"#,
    );
    let source = cuda(&workload).source;
    for memory in &workload.program().memories {
        assert!(!source.contains(&memory.name), "{}", memory.name);
    }
}

proptest::proptest! {
    #[test]
    fn random_programs_have_no_directives(job in crate::testing::workload_and_job()) {
        let source = cuda(job.workload()).source;
        assert!(source.is_ascii());
        assert!(!source.contains(['#', '\\']));
    }
}
