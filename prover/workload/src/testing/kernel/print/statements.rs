//! Statements, expressions and types as WGSL.

use std::fmt::Write;

use crate::testing::kernel::tree::{
    Buffer, Expr, Id, Index, Place, Root, Scalar, Statement, Step, Style, Ty,
};

pub(super) fn statements(out: &mut String, list: &[Statement]) {
    for item in list {
        statement(out, item);
    }
}

fn statement(out: &mut String, item: &Statement) {
    let _ = match item {
        Statement::Declare(local, value) => writeln!(out, "var v{local} = {};", expr(value)),
        Statement::Assign(to, value) => writeln!(out, "{} = {};", place(to), expr(value)),
        Statement::AssignThrough(to, value) => writeln!(
            out,
            "{{ let pointed = &{}; *pointed = {}; }}",
            place(to),
            expr(value)
        ),
        Statement::Update(to, op, value) => {
            writeln!(out, "{} {op}= {};", place(to), expr(value))
        }
        Statement::Count(of, up) => {
            writeln!(out, "{}{};", place(of), if *up { "++" } else { "--" })
        }
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
            style: style @ (Style::While | Style::For),
            counter,
            rounds,
            body,
            ..
        } => {
            let _ = if *style == Style::For {
                writeln!(
                    out,
                    "for (var v{counter} = 0u; v{counter} < {rounds}u; v{counter}++) {{"
                )
            } else {
                writeln!(
                    out,
                    "var v{counter}: u32;\nwhile v{counter} < {rounds}u {{\nv{counter} += 1u;"
                )
            };
            statements(out, body);
            writeln!(out, "}}")
        }
        Statement::Loop {
            style: Style::Loop,
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

pub(super) fn scalar(of: Scalar) -> &'static str {
    match of {
        Scalar::U32 => "u32",
        Scalar::I32 => "i32",
        Scalar::Bool => "bool",
    }
}

pub(super) fn ty(of: &Ty) -> String {
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
            Step::Index(at) => write!(out, "[{}]", index(at)),
        };
    }
}

fn index(of: &Index) -> String {
    match of.modulo {
        Some(modulo) => format!("({}) % {modulo}u", expr(&of.value)),
        None => expr(&of.value),
    }
}

const COMPONENTS: [char; 4] = ['x', 'y', 'z', 'w'];

fn place(of: &Place) -> String {
    let mut out = match of.root {
        Root::Local(at) => format!("v{at}"),
        Root::Private(at) => format!("p{at}"),
        Root::Pointer => "(*pointer)".to_owned(),
        Root::Cell => "cells[global_index]".to_owned(),
    };
    steps(&mut out, &of.steps);
    out
}

fn list(of: &[Expr]) -> String {
    let texts: Vec<String> = of.iter().map(expr).collect();
    texts.join(", ")
}

pub(super) fn expr(of: &Expr) -> String {
    match of {
        Expr::Literal(Scalar::U32, bits) => format!("({bits}u ^ zero)"),
        Expr::Literal(Scalar::I32, bits) => format!("bitcast<i32>({bits}u ^ zero)"),
        Expr::Literal(Scalar::Bool, bits) => format!("(zero {} 0u)", ["!=", "=="][*bits as usize]),
        // Combined with zero for the reason that literals are.
        Expr::Override(at) => format!("select(o{at}, o{at}, zero == 0u)"),
        Expr::Buffer(buffer, path) => {
            let mut out = match buffer {
                Buffer::Input => String::from("input[global_index]"),
                Buffer::Settings => String::from("settings"),
            };
            steps(&mut out, path);
            out
        }
        Expr::Table(at) => format!("table[{}]", index(at)),
        Expr::LocalIndex => "local_index".to_owned(),
        Expr::GlobalIndex => "global_index".to_owned(),
        Expr::Id(id, axis) => {
            let name = match id {
                Id::Local => "local_id",
                Id::Group => "group_id",
                Id::Global => "global_id",
                Id::Groups => "groups",
            };
            format!("{name}.{}", COMPONENTS[*axis])
        }
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
