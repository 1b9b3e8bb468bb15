//! Kernels as WGSL.
//!
//! Literals are combined with a variable that is zero, so that WGSL does not evaluate expressions of them, which
//! would refuse those that overflow or divide by zero.

mod statements;

use std::fmt::Write;

use super::tree::{
    AtomicOp, Expr, Function, Program, RESULTS, Race, SETTINGS, Scalar, Stage, Through,
};
use statements::{expr, scalar, statements, ty};

/// The text of a program.
pub(super) fn program(program: &Program) -> String {
    let mut out = String::new();
    for (id, members) in program.structs.iter().enumerate() {
        let _ = write!(out, "struct S{id} {{ ");
        for (at, member) in members.iter().enumerate() {
            let _ = write!(out, "m{at}: {}, ", ty(member));
        }
        out.push_str("}\n");
    }
    let count = program.group();
    let [x, y, z] = program.workgroup_size;
    let table: Vec<String> = program
        .table
        .iter()
        .map(|word| format!("{word}u"))
        .collect();
    let _ = write!(
        out,
        "@group(0) @binding(0) var<storage, read> input: array<S0>;\n\
         @group(0) @binding(1) var<storage, read_write> output: array<u32>;\n\
         @group(0) @binding(2) var<storage, read_write> totals: array<atomic<{}>>;\n\
         @group(0) @binding(3) var<uniform> settings: S{SETTINGS};\n\
         @group(0) @binding(4) var<storage, read_write> cells: array<S0>;\n\
         @group(0) @binding(5) var<storage, read_write> relay: array<u32>;\n\
         var<workgroup> shared_words: array<u32, {count}>;\n\
         var<workgroup> shared_values: array<{}, {count}>;\n\
         var<workgroup> unsigned_cells: array<atomic<u32>, {count}>;\n\
         var<workgroup> signed_cells: array<atomic<i32>, {count}>;\n\
         var<private> zero: u32;\n\
         var<private> local_index: u32;\n\
         var<private> global_index: u32;\n\
         var<private> local_id: vec3<u32>;\n\
         var<private> group_id: vec3<u32>;\n\
         var<private> global_id: vec3<u32>;\n\
         var<private> groups: vec3<u32>;\n\
         const table = array<u32, {}>({});\n",
        scalar(program.total.1),
        ty(&program.shared),
        table.len(),
        table.join(", "),
    );
    for (at, (of, bits)) in program.overrides.iter().enumerate() {
        let _ = write!(out, "override o{at}: {}", scalar(*of));
        let _ = match of {
            _ if at % 2 == 1 => write!(out, ""),
            Scalar::U32 => write!(out, " = {bits}u"),
            Scalar::I32 => write!(out, " = i32({})", bits.cast_signed()),
            Scalar::Bool => write!(out, " = {}", *bits != 0),
        };
        out.push_str(";\n");
    }
    for (at, private) in program.privates.iter().enumerate() {
        let _ = writeln!(out, "var<private> p{at}: {};", ty(private));
    }
    let _ = write!(
        out,
        "fn exchange(value: u32, by: u32) -> u32 {{\nshared_words[local_index] = value;\nworkgroupBarrier();\n\
         let got = shared_words[(local_index + by) % {count}u];\nworkgroupBarrier();\nreturn got;\n}}\n"
    );
    for (at, function) in program.functions.iter().enumerate() {
        if !function.dropped {
            print_function(&mut out, at, function);
        }
    }
    let _ = write!(
        out,
        "@compute @workgroup_size({x}, {y}, {z})\nfn main(@builtin(global_invocation_id) a: vec3<u32>, \
         @builtin(local_invocation_id) b: vec3<u32>, @builtin(workgroup_id) c: vec3<u32>, \
         @builtin(num_workgroups) d: vec3<u32>, @builtin(local_invocation_index) index: u32) {{\n\
         global_id = a; local_id = b; group_id = c; groups = d; local_index = index;\n\
         let start = ((c.z * d.y + c.y) * d.x + c.x) * {count}u;\nglobal_index = start + index;\n\
         _ = arrayLength(&input) + arrayLength(&output) + arrayLength(&totals) + arrayLength(&cells) + arrayLength(&relay) + settings.m0;\n"
    );
    let mut loops = 0;
    stages(&mut out, &program.stages, program, &mut loops);
    for (at, result) in program.results.iter().enumerate() {
        let _ = writeln!(
            out,
            "output[global_index * {RESULTS}u + {at}u] = {};",
            expr(result)
        );
    }
    out + "}\n"
}

fn print_function(out: &mut String, at: usize, function: &Function) {
    let mut parameters: Vec<String> = function
        .parameters
        .iter()
        .enumerate()
        .map(|(at, parameter)| format!("a{at}: {}", ty(parameter)))
        .collect();
    if let Some(pointer) = &function.pointer {
        parameters.push(format!("pointer: ptr<function, {}>", ty(pointer)));
    }
    let _ = writeln!(
        out,
        "fn f{at}({}) -> {} {{",
        parameters.join(", "),
        ty(&function.result)
    );
    for at in 0..function.parameters.len() {
        let _ = writeln!(out, "var v{at} = a{at};");
    }
    statements(out, &function.body);
    let _ = writeln!(out, "return {};\n}}", expr(&function.value));
}

fn stages(out: &mut String, list: &[Stage], program: &Program, loops: &mut u32) {
    for stage in list {
        print_stage(out, stage, program, loops);
    }
}

fn print_stage(out: &mut String, stage: &Stage, program: &Program, loops: &mut u32) {
    let count = program.group();
    let _ = match stage {
        Stage::Own(body) => {
            statements(out, body);
            Ok(())
        }
        Stage::Exchange {
            through,
            value,
            stray,
            local,
            by,
        } => {
            let value = expr(value);
            let own = match stray {
                Some(stray) => format!("index + (({}) % 2u) * {count}u", expr(stray)),
                None => "index".to_owned(),
            };
            let other = format!("(index + {by}u) % {count}u");
            match through {
                Through::Words => exchange(
                    out,
                    &format!("shared_words[{own}] = {value}"),
                    "workgroupBarrier();",
                    &format!("v{local} = shared_words[{other}]"),
                ),
                Through::Function => writeln!(out, "v{local} = exchange({value}, {by}u);"),
                Through::Values => exchange(
                    out,
                    &format!("shared_values[{own}] = {value}"),
                    "workgroupBarrier();",
                    &format!("v{local} = shared_values[{other}]"),
                ),
                Through::Atomics => exchange(
                    out,
                    &format!("atomicStore(&unsigned_cells[{own}], {value})"),
                    "workgroupBarrier();",
                    &format!("v{local} = atomicLoad(&unsigned_cells[{other}])"),
                ),
                Through::Storage => exchange(
                    out,
                    &format!("relay[global_index] = {value}"),
                    "storageBarrier();",
                    &format!("v{local} = relay[start + {other}]"),
                ),
            }
        }
        Stage::Atomic {
            op,
            signed,
            cell,
            value,
            local,
            by,
        } => {
            let (of, cells) = if *signed {
                (Scalar::I32, "signed_cells")
            } else {
                (Scalar::U32, "unsigned_cells")
            };
            let place = format!("{cells}[({}) % {count}u]", expr(cell));
            exchange(
                out,
                &atomic(*op, of, &place, value),
                "workgroupBarrier();",
                &format!(
                    "v{local} = bitcast<u32>(atomicLoad(&{cells}[(index + {by}u) % {count}u]))"
                ),
            )
        }
        Stage::UniformLoad { through, at, local } => {
            let array = match through {
                Through::Values => "shared_values",
                _ => "shared_words",
            };
            writeln!(out, "v{local} = workgroupUniformLoad(&{array}[{at}u]);")
        }
        Stage::Total { cell, value } => {
            let (op, of) = program.total;
            let place = format!("totals[({}) % {count}u]", expr(cell));
            writeln!(out, "{};", atomic(op, of, &place, value))
        }
        Stage::Rounds(inner) => {
            let round = *loops;
            *loops += 1;
            let _ = writeln!(
                out,
                "for (var r{round} = 0u; r{round} < settings.m0 % 3u; r{round}++) {{"
            );
            stages(out, inner, program, loops);
            writeln!(out, "}}")
        }
        Stage::Race(Race::Barrier) => exchange(
            out,
            "shared_words[index] = index",
            "",
            &format!("v0 = shared_words[(index + 1u) % {count}u]"),
        ),
        Stage::Race(Race::Families) => writeln!(
            out,
            "atomicMin(&unsigned_cells[0], index);\natomicAdd(&unsigned_cells[0], index);"
        ),
        Stage::Race(Race::Stores) => writeln!(out, "relay[0] = index;"),
        Stage::Race(Race::Scope) => exchange(
            out,
            "relay[global_index] = index",
            "workgroupBarrier();",
            &format!("v0 = relay[start + (index + 1u) % {count}u]"),
        ),
    };
}

fn exchange(out: &mut String, put: &str, barrier: &str, get: &str) -> std::fmt::Result {
    writeln!(out, "{put};\n{barrier}\n{get};\n{barrier}")
}

/// An atomic of words of a type; the value is a `u32`.
fn atomic(op: AtomicOp, of: Scalar, place: &str, value: &Expr) -> String {
    let name = match op {
        AtomicOp::Add => "atomicAdd",
        AtomicOp::Sub => "atomicSub",
        AtomicOp::Min => "atomicMin",
        AtomicOp::Max => "atomicMax",
        AtomicOp::And => "atomicAnd",
        AtomicOp::Or => "atomicOr",
        AtomicOp::Xor => "atomicXor",
    };
    format!("{name}(&{place}, bitcast<{}>({}))", scalar(of), expr(value))
}
