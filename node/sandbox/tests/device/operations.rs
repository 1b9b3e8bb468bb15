//! Every operation on operands at the edges of its types.

use std::fmt::Write as _;

use arknet_workload::interpreter::{evaluate_binary, evaluate_cast};
use arknet_workload::ir::{BinaryOp, Type};

use crate::harness::{both, job};

const WORDS: [u32; 15] = [
    0,
    1,
    2,
    3,
    31,
    32,
    33,
    0xffff,
    0x1_0000,
    0x1234_5678,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_fffe,
    0xffff_ffff,
];

const TYPES: [Type; 3] = [Type::U32, Type::I32, Type::Bool];

fn operands(ty: Type) -> &'static [u32] {
    match ty {
        Type::U32 | Type::I32 => &WORDS,
        Type::Bool => &[0, 1],
    }
}

/// The operations with the types of their operands and results.
fn operations() -> Vec<(BinaryOp, Type, Type, Type)> {
    let mut operations = Vec::new();
    for op in BinaryOp::ALL {
        for lhs in TYPES {
            for rhs in TYPES {
                if let Some(result) = op.result_type(lhs, rhs) {
                    operations.push((op, lhs, rhs, result));
                }
            }
        }
    }
    operations
}

/// A program under construction that stores results one after the other.
#[derive(Default)]
struct Results {
    body: String,
    values: usize,
    expected: Vec<u32>,
}

impl Results {
    fn define(&mut self, ty: Type, value: &str) -> usize {
        let name = self.values;
        writeln!(self.body, "%{name}: {ty} = {value}").unwrap();
        self.values += 1;
        name
    }

    /// Stores a value to `memory[index]`, a truth value as a word.
    fn store(&mut self, memory: &str, index: usize, ty: Type, value: usize) {
        let word = match ty {
            Type::Bool => self.define(Type::U32, &format!("cast %{value}")),
            Type::U32 | Type::I32 => value,
        };
        writeln!(self.body, "store {memory}[%{index}] = %{word}").unwrap();
    }
}

#[test]
fn operations_on_values_of_the_run() {
    for (op, lhs_type, rhs_type, result_type) in operations() {
        let pairs: Vec<_> = operands(lhs_type)
            .iter()
            .flat_map(|&a| operands(rhs_type).iter().map(move |&b| (a, b)))
            .collect();
        let mut results = Results::default();
        let id = results.define(Type::U32, "builtin global_invocation_id.x");
        let mut operand = |memory: &str, ty: Type| match ty {
            Type::U32 | Type::I32 => results.define(ty, &format!("load {memory}[%{id}]")),
            Type::Bool => {
                let word = results.define(Type::U32, &format!("load {memory}[%{id}]"));
                results.define(ty, &format!("cast %{word}"))
            }
        };
        let lhs = operand("m0", lhs_type);
        let rhs = operand("m1", rhs_type);
        let result = results.define(result_type, &format!("{} %{lhs}, %{rhs}", op.name()));
        results.store("m2", id, result_type, result);
        let source = format!(
            r#"workload workgroup_size(1, 1, 1)
            memory m0 "lhs": input binding(0, 0) runtime
            memory m1 "rhs": input binding(0, 1) runtime
            memory m2 "results": output binding(0, 2) runtime
            body {{ {} }}"#,
            results.body
        );
        let buffers = vec![
            pairs.iter().map(|pair| pair.0).collect(),
            pairs.iter().map(|pair| pair.1).collect(),
            vec![0; pairs.len()],
        ];
        let Some(outcome) = both(&job(&source, [pairs.len() as u32, 1, 1], buffers)) else {
            return;
        };
        let expected: Vec<_> = pairs
            .iter()
            .map(|&(a, b)| evaluate_binary(op, lhs_type, a, b))
            .collect();
        assert_eq!(
            outcome.unwrap().buffers[2],
            expected,
            "{op:?} on {lhs_type}"
        );
    }
}

/// Compilers compute with constants themselves, and refuse some of what they find.
#[test]
fn operations_on_constants() {
    let edges = [0, 1, 31, 32, 33, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
    for ty in TYPES {
        let mut results = Results::default();
        for (op, lhs_type, rhs_type, result_type) in operations() {
            if lhs_type != ty {
                continue;
            }
            let edges = |ty| {
                if ty == Type::Bool {
                    &[0, 1][..]
                } else {
                    &edges[..]
                }
            };
            for &a in edges(lhs_type) {
                for &b in edges(rhs_type) {
                    let lhs = results.define(lhs_type, &constant(lhs_type, a));
                    let rhs = results.define(rhs_type, &constant(rhs_type, b));
                    let value = format!("{} %{lhs}, %{rhs}", op.name());
                    let result = results.define(result_type, &value);
                    let at = constant(Type::U32, results.expected.len() as u32);
                    let index = results.define(Type::U32, &at);
                    results.store("m0", index, result_type, result);
                    results.expected.push(evaluate_binary(op, lhs_type, a, b));
                }
            }
        }
        check(results);
    }
}

#[test]
fn an_operand_may_meet_itself() {
    let mut results = Results::default();
    let zero = results.define(Type::U32, "const 0");
    for (op, ty, rhs_type, result_type) in operations() {
        if ty != rhs_type {
            continue;
        }
        for &word in operands(ty) {
            // Added to a word that the compiler does not know.
            let mut value = results.define(ty, &constant(ty, word));
            if ty != Type::Bool {
                let unknown = results.define(ty, &format!("load m1[%{zero}]"));
                value = results.define(ty, &format!("add %{value}, %{unknown}"));
            }
            let result = results.define(result_type, &format!("{} %{value}, %{value}", op.name()));
            let at = constant(Type::U32, results.expected.len() as u32);
            let index = results.define(Type::U32, &at);
            results.store("m0", index, result_type, result);
            results.expected.push(evaluate_binary(op, ty, word, word));
        }
    }
    check(results);
}

#[test]
fn conversions_and_selections() {
    let mut results = Results::default();
    for from in TYPES {
        for to in TYPES {
            for &word in operands(from) {
                let operand = results.define(from, &constant(from, word));
                let result = results.define(to, &format!("cast %{operand}"));
                let other = results.define(to, &constant(to, 1));
                for (condition, picked) in [(1, evaluate_cast(to, word)), (0, 1)] {
                    let condition = results.define(Type::Bool, &constant(Type::Bool, condition));
                    let value = format!("select %{condition}, %{result}, %{other}");
                    let selected = results.define(to, &value);
                    let at = constant(Type::U32, results.expected.len() as u32);
                    let index = results.define(Type::U32, &at);
                    results.store("m0", index, to, selected);
                    results.expected.push(picked);
                }
            }
        }
    }
    check(results);
}

fn constant(ty: Type, bits: u32) -> String {
    match ty {
        Type::U32 | Type::I32 => format!("const {bits}"),
        Type::Bool => format!("const {}", bits != 0),
    }
}

/// Runs a program of one invocation that stores its results to `m0`; `m1` holds a zero.
fn check(results: Results) {
    let source = format!(
        r#"workload workgroup_size(1, 1, 1)
        memory m0 "results": output binding(0, 0) {}
        memory m1 "zero": input binding(0, 1) 1
        body {{ {} }}"#,
        results.expected.len(),
        results.body
    );
    let buffers = vec![vec![0; results.expected.len()], vec![0]];
    let Some(outcome) = both(&job(&source, [1, 1, 1], buffers)) else {
        return;
    };
    assert_eq!(outcome.unwrap().buffers[0], results.expected);
}
