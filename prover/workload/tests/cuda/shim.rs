//! The shim and the sanitizers object to what they are there for; else agreement would prove little.

use arknet_workload::testing::processor::{Executable, Kernel, Launch};

/// A kernel of 8 threads over `m0`, an array of 8 words.
fn kernel(body: &str) -> Kernel {
    Kernel {
        source: format!(
            "extern \"C\" __global__ void __launch_bounds__(8) run(unsigned* m0) {{
                const unsigned at = threadIdx.x;
                {body}
            }}"
        ),
        arguments: "a[0]".to_owned(),
    }
}

fn launch(kernel: usize) -> Launch {
    Launch {
        kernel,
        seed: 0,
        grid: [1, 1, 1],
        threads: 8,
        arguments: vec![vec![7; 8]],
    }
}

#[test]
fn threads_meet_at_barriers() {
    let reverse = "__shared__ unsigned turned[8];
        turned[at] = 10 * at;
        __syncthreads();
        m0[at] = turned[7 - at];
        for (unsigned round = 0; round < 3; round++) {
            __syncthreads();
            const unsigned next = m0[(at + 1) % 8];
            __syncthreads();
            m0[at] = next;
        }";
    let executable = Executable::build(&[kernel(reverse)]);
    for seed in 0..4 {
        let launch = Launch { seed, ..launch(0) };
        let results = executable.run(&[launch]).unwrap();
        assert_eq!(results, [[[40, 30, 20, 10, 0, 70, 60, 50]]]);
    }
}

#[test]
fn seeds_change_the_order_of_threads_and_blocks() {
    let last = "m0[0] = at; m0[1] = blockIdx.x;";
    let executable = Executable::build(&[kernel(last)]);
    let [mut threads, mut blocks] = [[false; 8]; 2];
    for seed in 0..16 {
        let grid = [8, 1, 1];
        let launch = Launch {
            seed,
            grid,
            ..launch(0)
        };
        let results = executable.run(&[launch]).unwrap();
        threads[results[0][0][0] as usize] = true;
        blocks[results[0][0][1] as usize] = true;
    }
    for seen in [threads, blocks] {
        assert!(seen.iter().filter(|seen| **seen).count() > 2, "{seen:?}");
    }
}

#[test]
fn undefined_behaviour_ends_the_process() {
    let wrong = [
        ("m0[at + 1] = 1;", "heap-buffer-overflow"),
        ("m0[0] = m0[at + 1];", "heap-buffer-overflow"),
        (
            "unsigned own[8] = {}; own[at + m0[1]] = 1; m0[0] = own[0];",
            "out of bounds",
        ),
        (
            "__shared__ unsigned all[8]; all[at + 1] = 1;",
            "out of bounds",
        ),
        (
            "int most = 0x7fffffff; most += int(m0[at]); m0[at] = most;",
            "signed integer overflow",
        ),
        ("m0[at] = 1u << (25u + m0[at]);", "shift exponent"),
        ("m0[at] = 1u / (m0[at] - 7u);", "division by zero"),
        (
            "if (at == 3) { return; } __syncthreads();",
            "a thread ended while another waits",
        ),
        (
            "if (at < 3) {\n __syncthreads();\n } else {\n __syncthreads();\n }",
            "waits at the barrier in line",
        ),
    ];
    let kernels: Vec<Kernel> = wrong.iter().map(|(body, _)| kernel(body)).collect();
    let executable = Executable::build(&kernels);
    for (number, (body, objection)) in wrong.iter().enumerate() {
        let error = executable.run(&[launch(number)]).unwrap_err();
        assert!(error.contains(objection), "{body}\n{error}");
    }
}
