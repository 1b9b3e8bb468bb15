//! The corpus: small WGSL kernels, each with what must come of it in comments at its head.
//!
//! ```text
//! // feature: `switch`: many cases        a row of the table in docs/semantics.md that it stands for
//! // expect: ok                           or `refused: TEXT` or `trap: KIND`, TEXT being part of the message
//! // constant: width = 4                  a value for an `override`
//! // workgroups: 2 1 1
//! // buffer: out = 0 x 8                  words at the start; `W x N` is N times W
//! // after: out = 1 2 3 4 5 6 7 8         words at the end
//! ```
//!
//! The kernels lie in `prover/workload/tests/corpus`. Whatever runs, prints or proves workloads has tests that go
//! through [`features`], so each feature of the language is checked in each of these ways.

use std::time::Duration;

use crate::ir::Workload;
use crate::job::{Job, Limits};
use crate::wgsl::{Constant, Constants, FrontEndLimits, Refusal, compile_with};

/// Steps that every kernel of the corpus but the one that runs out of them gets by with.
const STEPS: u32 = 4096;

/// A kernel of the corpus.
#[derive(Clone, Debug)]
pub struct Case {
    /// Name of its file, without the extension.
    pub name: &'static str,
    /// The feature of the language that it is the example of, if it is one.
    pub feature: Option<&'static str>,
    /// Its text.
    pub source: &'static str,
    /// What must come of it.
    pub expected: Expected,
    /// Values for its `override` declarations.
    pub constants: Constants,
    /// The dispatch.
    pub workgroups: [u32; 3],
    /// Names and first words of its buffers.
    pub buffers: Vec<(&'static str, Vec<u32>)>,
    /// Names and last words of buffers, computed by other means.
    pub after: Vec<(&'static str, Vec<u32>)>,
}

/// What must come of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It runs.
    Ok,
    /// The front end refuses it, with this text in the message.
    Refused(&'static str),
    /// It traps in this way: `out of bounds`, `steps` or `race`.
    Trap(&'static str),
}

/// All kernels, by name.
pub fn corpus() -> Vec<Case> {
    FILES
        .iter()
        .map(|&(name, source)| Case::parse(name, source))
        .collect()
}

/// The kernels that stand for a feature of the language, one for each. All run.
pub fn features() -> Vec<Case> {
    let mut cases = corpus();
    cases.retain(|case| case.feature.is_some());
    cases
}

impl Case {
    /// Reads the comments at the head of a file. The corpus is part of the source, so a mistake is a panic.
    pub(super) fn parse(name: &'static str, source: &'static str) -> Self {
        let mut case = Self {
            name,
            feature: None,
            source,
            expected: Expected::Ok,
            constants: Constants::new(),
            workgroups: [1, 1, 1],
            buffers: Vec::new(),
            after: Vec::new(),
        };
        for line in source.lines().map_while(|line| line.strip_prefix("// ")) {
            let (key, value) = line
                .split_once(": ")
                .unwrap_or_else(|| panic!("{name}: {line}"));
            match key {
                "feature" => case.feature = Some(value),
                "expect" => {
                    case.expected = match value.split_once(": ") {
                        None if value == "ok" => Expected::Ok,
                        Some(("refused", text)) => Expected::Refused(text),
                        Some(("trap", kind)) => Expected::Trap(kind),
                        _ => panic!("{name}: {line}"),
                    };
                }
                "constant" => {
                    let (name, value) = assignment(name, value);
                    let value = match value {
                        "true" => Constant::Bool(true),
                        "false" => Constant::Bool(false),
                        value => Constant::Integer(number(name, value)),
                    };
                    case.constants.insert(name.to_owned(), value);
                }
                "workgroups" => {
                    for (axis, value) in case.workgroups.iter_mut().zip(value.split(' ')) {
                        *axis = number(name, value);
                    }
                }
                "buffer" => case.buffers.push(words(name, value)),
                "after" => case.after.push(words(name, value)),
                _ => panic!("{name}: {line}"),
            }
        }
        case
    }

    /// Compiles it within the default limits.
    pub fn compile(&self) -> Result<Workload, Refusal> {
        let limits = FrontEndLimits::default();
        compile_with(self.source, "main", &self.constants, &limits)
    }

    /// The job: the kernel on its buffers. Panics where the kernel is refused.
    pub fn job(&self) -> Job {
        let workload = self
            .compile()
            .unwrap_or_else(|refusal| panic!("{}", refusal.render(self.name, self.source)));
        let buffers = workload
            .program()
            .memories
            .iter()
            .filter(|memory| memory.is_buffer())
            .map(|memory| {
                let given = self.buffers.iter().find(|(name, _)| *name == memory.name);
                let (_, words) =
                    given.unwrap_or_else(|| panic!("{}: no buffer {}", self.name, memory.name));
                words.clone()
            })
            .collect();
        let limits = Limits {
            steps: STEPS,
            memory: 1 << 20,
            time: Duration::from_secs(60),
        };
        Job::new(workload, self.workgroups, buffers, limits)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Checks the final words of all buffers of its job.
    pub fn check(&self, buffers: &[Vec<u32>]) {
        let job = self.job();
        let memories = job.buffer_memories().zip(buffers);
        for ((_, memory), words) in memories {
            if let Some((_, after)) = self.after.iter().find(|(name, _)| *name == memory.name) {
                assert_eq!(words, after, "{} of {}", memory.name, self.name);
            }
        }
    }
}

fn assignment<'a>(file: &str, text: &'a str) -> (&'a str, &'a str) {
    text.split_once(" = ")
        .unwrap_or_else(|| panic!("{file}: {text}"))
}

fn number<T: std::str::FromStr>(file: &str, text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{file}: {text}"))
}

/// `name = W W W` or `name = W x N`.
fn words(file: &str, text: &'static str) -> (&'static str, Vec<u32>) {
    let (name, words) = assignment(file, text);
    let words = match words.split_once(" x ") {
        Some((word, times)) => vec![number(file, word); number(file, times)],
        None => words.split(' ').map(|word| number(file, word)).collect(),
    };
    (name, words)
}

macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../tests/corpus/", $name, ".wgsl"))),)*]
    };
}

const FILES: &[(&str, &str)] = files![
    "array_parameter_indexed_at_run_time",
    "arrays_of_arrays",
    "arrays_of_structs",
    "arrays_of_vectors",
    "atomic_load_and_store",
    "atomics_on_storage",
    "atomics_on_workgroup_memory",
    "bit_counts",
    "bitonic_sort",
    "booleans",
    "constants",
    "conversions",
    "division_edges",
    "early_returns",
    "empty_kernel",
    "extract_and_insert_bits",
    "first_bits",
    "histogram",
    "ids_1d",
    "ids_2d",
    "ids_3d",
    "life",
    "loops",
    "matrix_of_integers",
    "override_sized_workgroup_array",
    "overrides",
    "packed_dot_products",
    "packing",
    "pointer_parameters",
    "prefix_sum",
    "private_variables",
    "race_across_workgroups",
    "race_of_add_and_load",
    "race_of_atomic_families",
    "race_of_stores",
    "race_without_barrier",
    "refused_atomic_compare_exchange",
    "refused_atomic_exchange",
    "refused_atomic_old_value",
    "refused_barrier_after_return",
    "refused_barrier_by_storage",
    "refused_barrier_in_branch",
    "refused_barrier_in_loop",
    "refused_discard",
    "refused_float_buffer",
    "refused_float_builtin",
    "refused_float_literal",
    "refused_float_member",
    "refused_float_vector",
    "refused_half",
    "refused_inlined_size",
    "refused_local_array_too_large",
    "refused_matrix",
    "refused_nested_blocks",
    "refused_override_out_of_range",
    "refused_override_unknown",
    "refused_override_without_value",
    "refused_recursion",
    "refused_sampler",
    "refused_storage_texture",
    "refused_subgroup",
    "refused_subgroup_barrier",
    "refused_subgroup_id",
    "refused_texture",
    "refused_texture_barrier",
    "refused_uniform_load_in_branch",
    "refused_uniform_load_index",
    "refused_vertex_entry",
    "refused_wide_integers",
    "refused_workgroup_memory_too_large",
    "refused_workgroup_pointer",
    "refused_workgroup_too_large",
    "reverse_bits",
    "runtime_array_in_struct",
    "several_entry_points",
    "shadowing_and_scopes",
    "shifts",
    "sign_and_abs",
    "signed_arithmetic",
    "stack_machine",
    "storage_barrier",
    "struct_with_array_indexed_at_run_time",
    "structs",
    "structs_in_storage",
    "structs_in_uniform",
    "switch_in_loop",
    "switch_of_many_cases",
    "switch_with_default_selector",
    "switches",
    "trap_component",
    "trap_component_write",
    "trap_constant_argument",
    "trap_index_into_a_header",
    "trap_index_that_wraps",
    "trap_inner_index",
    "trap_steps",
    "trap_workgroup_index",
    "uniform_load",
    "unsigned_arithmetic",
    "variables_in_loops_start_afresh",
    "vector_arithmetic",
    "vector_builtins",
    "vector_comparisons",
    "vector_index_at_run_time",
    "vector_swizzles",
    "workgroup_memory",
    "workgroup_memory_starts_at_zero",
    "workgroup_reduction",
    "workgroup_structs",
];
