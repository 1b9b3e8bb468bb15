//! Kernels as WGSL.
//!
//! Literals are combined with a variable that is zero, so that WGSL does not evaluate expressions of them, which
//! would refuse those that overflow or divide by zero.

use std::fmt::Write;

use super::tree::{
    AtomicOp, Expr, Function, INVOCATIONS, Place, Program, RESULTS, Root, SHARED, Scalar, Stage,
    Statement, Step, Ty,
};

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
    let _ = write!(
        out,
        "@group(0) @binding(0) var<storage, read> input: array<S0>;\n\
         @group(0) @binding(1) var<storage, read_write> output: array<u32>;\n\
         @group(0) @binding(2) var<storage, read_write> totals: array<atomic<u32>, {SHARED}>;\n\
         var<workgroup> shared_words: array<u32, {SHARED}>;\n\
         var<workgroup> unsigned_cells: array<atomic<u32>, {SHARED}>;\n\
         var<workgroup> signed_cells: array<atomic<i32>, {SHARED}>;\n\
         var<private> zero: u32;\n\
         var<private> local_index: u32;\n\
         var<private> global_index: u32;\n"
    );
    for (at, private) in program.privates.iter().enumerate() {
        let _ = writeln!(out, "var<private> p{at}: {};", ty(private));
    }
    for (at, function) in program.functions.iter().enumerate() {
        print_function(&mut out, at, function);
    }
    let _ = write!(
        out,
        "@compute @workgroup_size({INVOCATIONS})\nfn main(@builtin(global_invocation_id) id: vec3<u32>, \
         @builtin(local_invocation_index) index: u32) {{\nlocal_index = index; global_index = id.x;\n_ = arrayLength(&input);\n\
         atomicAdd(&totals[0], 0u);\n"
    );
    for stage in &program.stages {
        print_stage(&mut out, stage);
    }
    for (at, result) in program.results.iter().enumerate() {
        let _ = writeln!(out, "output[id.x * {RESULTS}u + {at}u] = {};", expr(result));
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

fn print_stage(out: &mut String, stage: &Stage) {
    let _ = match stage {
        Stage::Own(body) => {
            statements(out, body);
            Ok(())
        }
        Stage::Exchange { value, local, by } => writeln!(
            out,
            "shared_words[index] = {};\nworkgroupBarrier();\n\
             v{local} = shared_words[(index + {by}u) % {SHARED}u];\nworkgroupBarrier();",
            expr(value)
        ),
        Stage::Atomic {
            op,
            signed,
            cell,
            value,
            local,
            by,
        } => {
            let cells = if *signed {
                "signed_cells"
            } else {
                "unsigned_cells"
            };
            let name = match op {
                AtomicOp::Add => "atomicAdd",
                AtomicOp::Sub => "atomicSub",
                AtomicOp::Min => "atomicMin",
                AtomicOp::Max => "atomicMax",
                AtomicOp::And => "atomicAnd",
                AtomicOp::Or => "atomicOr",
                AtomicOp::Xor => "atomicXor",
            };
            let value = if *signed {
                format!("bitcast<i32>({})", expr(value))
            } else {
                expr(value)
            };
            writeln!(
                out,
                "{name}(&{cells}[({}) % {SHARED}u], {value});\nworkgroupBarrier();\n\
                 v{local} = bitcast<u32>(atomicLoad(&{cells}[(index + {by}u) % {SHARED}u]));\nworkgroupBarrier();",
                expr(cell)
            )
        }
        Stage::UniformLoad { at, local } => writeln!(
            out,
            "v{local} = workgroupUniformLoad(&shared_words[{at}u]);"
        ),
        Stage::Total { cell, value } => writeln!(
            out,
            "atomicAdd(&totals[({}) % {SHARED}u], {});",
            expr(cell),
            expr(value)
        ),
    };
}

fn statements(out: &mut String, list: &[Statement]) {
    for item in list {
        statement(out, item);
    }
}

fn statement(out: &mut String, item: &Statement) {
    let _ = match item {
        Statement::Declare(local, value) => writeln!(out, "var v{local} = {};", expr(value)),
        Statement::Assign(to, value) => writeln!(out, "{} = {};", place(to), expr(value)),
        Statement::If(condition, accept, reject) => {
            let _ = writeln!(out, "if {} {{", expr(condition));
            statements(out, accept);
            if !reject.is_empty() {
                out.push_str("} else {\n");
                statements(out, reject);
            }
            writeln!(out, "}}")
        }
        Statement::Loop {
            counter,
            rounds,
            body,
            continuing,
            break_if,
        } => {
            let _ = writeln!(
                out,
                "var v{counter} = 0u;\nloop {{\nif v{counter} >= {rounds}u {{ break; }}\nv{counter} += 1u;"
            );
            statements(out, body);
            out.push_str("continuing {\n");
            statements(out, continuing);
            if let Some(condition) = break_if {
                let _ = writeln!(out, "break if {};", expr(condition));
            }
            writeln!(out, "}}\n}}")
        }
        Statement::Switch { selector, cases } => {
            let _ = writeln!(out, "switch {} {{", expr(selector));
            for (selectors, body) in cases {
                let selectors: Vec<String> =
                    selectors.iter().map(|value| format!("{value}u")).collect();
                let head = if selectors.is_empty() {
                    "default".to_owned()
                } else {
                    format!("case {}", selectors.join(", "))
                };
                let _ = writeln!(out, "{head}: {{");
                statements(out, body);
                out.push_str("}\n");
            }
            writeln!(out, "}}")
        }
        Statement::Break(condition) => writeln!(out, "if {} {{ break; }}", expr(condition)),
        Statement::Continue(condition) => writeln!(out, "if {} {{ continue; }}", expr(condition)),
        Statement::Return(condition, value) => {
            writeln!(out, "if {} {{ return {}; }}", expr(condition), expr(value))
        }
    };
}

fn scalar(of: Scalar) -> &'static str {
    match of {
        Scalar::U32 => "u32",
        Scalar::I32 => "i32",
        Scalar::Bool => "bool",
    }
}

fn ty(of: &Ty) -> String {
    match of {
        Ty::Scalar(of) => scalar(*of).to_owned(),
        Ty::Vector(of, len) => format!("vec{len}<{}>", scalar(*of)),
        Ty::Array(element, len) => format!("array<{}, {len}>", ty(element)),
        Ty::Struct(id) => format!("S{id}"),
    }
}

fn steps(out: &mut String, steps: &[Step]) {
    for step in steps {
        let _ = match step {
            Step::Member(at) => write!(out, ".m{at}"),
            Step::Component(at) => write!(out, ".{}", COMPONENTS[*at]),
            Step::Element(at) => write!(out, "[{at}]"),
            Step::Index(index, len) => write!(out, "[({}) % {len}u]", expr(index)),
        };
    }
}

const COMPONENTS: [char; 4] = ['x', 'y', 'z', 'w'];

fn place(of: &Place) -> String {
    let mut out = match of.root {
        Root::Local(at) => format!("v{at}"),
        Root::Private(at) => format!("p{at}"),
        Root::Pointer => "(*pointer)".to_owned(),
    };
    steps(&mut out, &of.steps);
    out
}

fn list(of: &[Expr]) -> String {
    let texts: Vec<String> = of.iter().map(expr).collect();
    texts.join(", ")
}

fn expr(of: &Expr) -> String {
    match of {
        Expr::Literal(Scalar::U32, bits) => format!("({bits}u ^ zero)"),
        Expr::Literal(Scalar::I32, bits) => format!("bitcast<i32>({bits}u ^ zero)"),
        Expr::Literal(Scalar::Bool, bits) => format!("(zero {} 0u)", ["!=", "=="][*bits as usize]),
        Expr::Input(path) => {
            let mut out = String::from("input[global_index]");
            steps(&mut out, path);
            out
        }
        Expr::LocalIndex => "local_index".to_owned(),
        Expr::GlobalIndex => "global_index".to_owned(),
        Expr::Read(from) => place(from),
        Expr::Unary(op, operand) => format!("{op}({})", expr(operand)),
        Expr::Binary(op, left, right) => format!("(({}) {op} ({}))", expr(left), expr(right)),
        Expr::Logical(and, left, right) => {
            let op = if *and { "&&" } else { "||" };
            format!("(({}) {op} ({}))", expr(left), expr(right))
        }
        Expr::Construct(of, parts) => format!("{}({})", ty(of), list(parts)),
        Expr::Swizzle(vector, components) => {
            let letters: String = components.iter().map(|&at| COMPONENTS[at]).collect();
            format!("({}).{letters}", expr(vector))
        }
        Expr::Select(condition, accept, reject) => format!(
            "select({}, {}, {})",
            expr(reject),
            expr(accept),
            expr(condition)
        ),
        Expr::Cast {
            to,
            len,
            bits,
            operand,
        } => {
            let to = match len {
                1 => scalar(*to).to_owned(),
                len => format!("vec{len}<{}>", scalar(*to)),
            };
            let function = if *bits { format!("bitcast<{to}>") } else { to };
            format!("{function}({})", expr(operand))
        }
        Expr::BuiltIn(name, arguments) => format!("{name}({})", list(arguments)),
        Expr::Call(function, arguments, pointer) => {
            let mut arguments: Vec<String> = arguments.iter().map(expr).collect();
            if let Some(pointer) = pointer {
                arguments.push(format!("&{}", place(pointer)));
            }
            format!("f{function}({})", arguments.join(", "))
        }
    }
}
