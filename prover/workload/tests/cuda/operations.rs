//! Every operation on operands at which languages and compilers differ.

use arknet_workload::ir::{BinaryOp, Type};
use arknet_workload::testing::Outcome;

use crate::harness::{check, job};

const EDGES: [u32; 14] = [
    0,
    1,
    2,
    3,
    31,
    32,
    33,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_fffe,
    0xffff_ffff,
];

/// Results are stored one behind the other, `count` for each invocation.
struct Kernel {
    text: String,
    next: u32,
    count: u32,
}

impl Kernel {
    fn define(&mut self, ty: Type, value: &str) -> u32 {
        let result = self.next;
        self.text.push_str(&format!("%{result}: {ty} = {value}\n"));
        self.next += 1;
        result
    }

    /// Stores a value of type `ty` at the invocation's next place.
    fn store(&mut self, ty: Type, value: u32) {
        let word = match ty {
            Type::Bool => self.define(Type::U32, &format!("cast %{value}")),
            Type::U32 | Type::I32 => value,
        };
        let place = self.define(Type::U32, &format!("const {}", self.count));
        let place = self.define(Type::U32, &format!("add %2, %{place}"));
        self.text
            .push_str(&format!("store m1[%{place}] = %{word}\n"));
        self.count += 1;
    }
}

#[test]
fn every_operation_on_every_pair_of_edges() {
    // %0 is the invocation, %2 the first place of its results; then both operands in each type.
    let mut kernel = Kernel {
        text: String::new(),
        next: 3,
        count: 0,
    };
    let two = kernel.define(Type::U32, "const 2");
    let one = kernel.define(Type::U32, "const 1");
    let left = kernel.define(Type::U32, &format!("mul %0, %{two}"));
    let right = kernel.define(Type::U32, &format!("add %{left}, %{one}"));
    let operands: Vec<(Type, u32, u32)> = [Type::U32, Type::I32]
        .map(|ty| {
            let lhs = kernel.define(ty, &format!("load m0[%{left}]"));
            let rhs = kernel.define(ty, &format!("load m0[%{right}]"));
            (ty, lhs, rhs)
        })
        .into();
    let (_, lhs, rhs) = operands[0];
    let odd = kernel.define(Type::U32, &format!("and %{lhs}, %{one}"));
    let truth = kernel.define(Type::Bool, &format!("cast %{odd}"));
    let other = kernel.define(Type::Bool, &format!("cast %{rhs}"));
    let operands = [operands, vec![(Type::Bool, truth, other)]].concat();

    for op in BinaryOp::ALL {
        for &(left_type, lhs, _) in &operands {
            for &(right_type, right_lhs, right_rhs) in &operands {
                let Some(ty) = op.result_type(left_type, right_type) else {
                    continue;
                };
                for rhs in [right_lhs, right_rhs] {
                    let value = kernel.define(ty, &format!("{} %{lhs}, %{rhs}", op.name()));
                    kernel.store(ty, value);
                }
            }
        }
    }
    for &(_, operand, _) in &operands {
        for ty in [Type::U32, Type::I32, Type::Bool] {
            let value = kernel.define(ty, &format!("cast %{operand}"));
            kernel.store(ty, value);
        }
    }
    for &(ty, accept, reject) in &operands {
        let value = kernel.define(ty, &format!("select %{truth}, %{accept}, %{reject}"));
        kernel.store(ty, value);
    }
    let Kernel { text, count, .. } = kernel;
    let source = format!(
        r#"workload workgroup_size(14, 1, 1)
        memory m0 "pairs": input binding(0, 0) runtime
        memory m1 "results": output binding(0, 1) runtime
        body {{
            %0: u32 = builtin global_invocation_id.x
            %1: u32 = const {count}
            %2: u32 = mul %0, %1
            {text}
        }}"#
    );
    let pairs: Vec<u32> = EDGES
        .iter()
        .flat_map(|a| EDGES.iter().flat_map(move |b| [*a, *b]))
        .collect();
    let results = pairs.len() / 2 * count as usize;
    let outcome = check(&job(&source, [14, 1, 1], vec![pairs, vec![0; results]]));
    assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
}

#[test]
fn builtins_of_a_dispatch_in_three_dimensions() {
    let mut body = String::new();
    let mut next = 3;
    for (at, vector) in [
        "global_invocation_id",
        "local_invocation_id",
        "workgroup_id",
        "num_workgroups",
    ]
    .iter()
    .enumerate()
    {
        for (axis, name) in ["x", "y", "z"].iter().enumerate() {
            let offset = 3 * at + axis;
            body.push_str(&format!(
                "%{next}: u32 = builtin {vector}.{name}
                %{}: u32 = const {offset}
                %{}: u32 = add %2, %{}
                store m0[%{}] = %{next}\n",
                next + 1,
                next + 2,
                next + 1,
                next + 2,
            ));
            next += 3;
        }
    }
    // The place is from the linear ids, which the rest is checked against.
    let [x, y, z, gx, gy] = [0, 1, 2, 3, 4].map(|at| next + at);
    let mut linear = format!(
        "%{x}: u32 = builtin workgroup_id.x
        %{y}: u32 = builtin workgroup_id.y
        %{z}: u32 = builtin workgroup_id.z
        %{gx}: u32 = builtin num_workgroups.x
        %{gy}: u32 = builtin num_workgroups.y\n"
    );
    let mut at = next + 5;
    let mut define = |value: String| {
        linear.push_str(&format!("%{at}: u32 = {value}\n"));
        at += 1;
        at - 1
    };
    let group = define(format!("mul %{z}, %{gy}"));
    let group = define(format!("add %{group}, %{y}"));
    let group = define(format!("mul %{group}, %{gx}"));
    let group = define(format!("add %{group}, %{x}"));
    let size = define("const 30".to_owned());
    let first = define(format!("mul %{group}, %{size}"));
    let local = define("builtin local_invocation_index".to_owned());
    let own = define(format!("add %{first}, %{local}"));
    let twelve = define("const 12".to_owned());
    linear.push_str(&format!("%2: u32 = mul %{own}, %{twelve}\n"));
    let source = format!(
        r#"workload workgroup_size(3, 2, 5)
        memory m0 "ids": output binding(0, 0) runtime
        body {{ {linear} {body} }}"#
    );
    let outcome = check(&job(&source, [2, 3, 4], vec![vec![0; 24 * 30 * 12]]));
    assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
}

/// A block of threads may be 64 deep, a workgroup 1,024.
#[test]
fn a_workgroup_deeper_than_a_block_of_threads() {
    let source = r#"workload workgroup_size(1, 1, 1024)
        memory m0 "ids": output binding(0, 0) runtime
        body {
            %0: u32 = builtin global_invocation_id.z
            store m0[%0] = %0
        }"#;
    let Outcome::Finished(execution) = check(&job(source, [1, 1, 2], vec![vec![0; 2048]])) else {
        panic!("it trapped");
    };
    assert!(execution.buffers[0].iter().copied().eq(0..2048));
}
