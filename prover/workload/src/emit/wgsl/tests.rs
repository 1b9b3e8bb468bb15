//! Tests of the printed text; what it computes is tested where there is a driver to run it.

use crate::emit::tests::{BUFFERS, workload};
use crate::emit::{Emitted, SiteKind, wgsl};
use crate::ir::{BinaryOp, MemoryId, Type};
use crate::job::Access;
use crate::testing::{Shape, jobs};

/// Prints a program and has naga check the text as wgpu will.
fn emitted(text: &str) -> Emitted {
    let emitted = wgsl(&workload(text));
    validate(&emitted.source);
    emitted
}

fn validate(source: &str) {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|error| panic!("{}\n{source}", error.emit_to_string(source)));
    naga::valid::Validator::new(
        naga::valid::ValidationFlags::all(),
        naga::valid::Capabilities::empty(),
    )
    .validate(&module)
    .unwrap_or_else(|error| panic!("{}\n{source}", error.emit_to_string(source)));
}

/// The kernel's statements, without what every module has in common.
fn kernel(emitted: &Emitted) -> String {
    let (_, body) = emitted.source.split_once(") {\n    ").unwrap();
    let body = &body[body.find("workgroups: vec3<u32>,\n) {\n").unwrap()..];
    let body = body.strip_prefix("workgroups: vec3<u32>,\n) {\n").unwrap();
    let budget = "    steps_left = job.steps;\n    rounds_left = job.steps;\n";
    let body = body.strip_prefix(budget).unwrap();
    let (body, _) = body.split_once("    let reports").unwrap();
    body.to_owned()
}

#[test]
fn accesses_are_checked_unless_they_cannot_miss() {
    let emitted = emitted(&format!(
        "{BUFFERS} body {{
            %0: u32 = const 0
            %1: u32 = const 3
            %2: u32 = load m0[%0]
            %3: u32 = load m1[%1]
            %4: i32 = load m2[%2]
            %5: i32 = load m4[%0]
            store m3[%1] = %5
            store m5[%2] = %4
        }}"
    ));
    let expected = "    \
    var m3: array<u32, 5>;
    let v0: u32 = 0u;
    let v1: u32 = 3u;
    let v2: u32 = m0[readable(v0, job.length0, 1u)];
    let v3: u32 = m1[v1];
    let v4: i32 = bitcast<i32>(tables[readable(v2, 2u, 2u)]);
    let v5: i32 = bitcast<i32>(tables[4u + v0]);
    trap(3u, v1);
    m5[writable(v2, job.length5, 4u)] = bitcast<u32>(v4);
";
    assert_eq!(kernel(&emitted), expected);
    let kinds: Vec<_> = emitted.sites.iter().map(|site| site.kind).collect();
    let bounds = |memory, access| SiteKind::Bounds {
        memory: MemoryId(memory),
        access,
    };
    assert_eq!(
        kinds,
        [
            bounds(0, Access::Read),
            bounds(2, Access::Read),
            bounds(3, Access::Write),
            bounds(5, Access::Write),
        ]
    );
}

#[test]
fn loops_meter_each_round_and_move_their_params_at_once() {
    let emitted = emitted(
        "workload workgroup_size(1, 1, 1)
        body {
            %0: u32 = const 1
            %1: bool = const true
            %2: u32, %3: u32 = loop(%4: u32 = %0, %5: u32 = %0, %6: bool = %1) {
                if %6 { break(%5, %4) }
                continue(%5, %4, %6)
            }
        }",
    );
    let expected = "    \
    let v0: u32 = 1u;
    let v1: bool = true;
    var v4: u32 = v0;
    var v5: u32 = v0;
    var v6: bool = v1;
    var v2: u32;
    var v3: u32;
    loop {
        if (v6 | (steps_left == 0u)) {
            take_steps(1u, 1u);
            v2 = v5;
            v3 = v4;
            break;
        }
        steps_left -= 1u;
        let next4: u32 = v5;
        let next5: u32 = v4;
        v4 = next4;
        v5 = next5;
        continue;
    }
";
    assert_eq!(kernel(&emitted), expected);
}

/// Where leaving depends on more than is known without a trap.
#[test]
fn a_round_takes_its_step_before_anything_can_trap() {
    for (first, printed) in [
        (
            "%2: u32 = load m0[%1] %3: bool = cast %2",
            "readable(v1, job.length0, 2u)",
        ),
        (
            "store m0[%0] = %1 %3: bool = cast %1",
            "m0[writable(v0, job.length0, 2u)] = v1",
        ),
    ] {
        let emitted = emitted(&format!(
            r#"workload workgroup_size(1, 1, 1)
            memory m0 "data": output binding(0, 0) runtime
            body {{
                %0: u32 = const 9
                loop (%1: u32 = %0) {{
                    {first}
                    if %3 {{ break }}
                    continue(%1)
                }}
            }}"#
        ));
        let kernel = kernel(&emitted);
        let step = kernel.find("if (!take_step()) { trap(1u, 0u); break; }");
        let first = kernel.find(printed);
        assert!(step.unwrap() < first.unwrap(), "{kernel}");
        assert!(!kernel.contains("| (steps_left"), "{kernel}");
    }
}

#[test]
fn early_exits_do_not_nest() {
    // Forty exits, each in the other arm of the one before.
    let exits = 40;
    let mut body = String::from("if %0 { break } ");
    for _ in 1..exits {
        body.push_str("else { if %0 { break } ");
    }
    body.push_str("else { continue }");
    for _ in 1..exits {
        body.push_str(" unreachable }");
    }
    let emitted = emitted(&format!(
        "workload workgroup_size(1, 1, 1) body {{ %0: bool = const false loop {{ {body} unreachable }} }}"
    ));
    assert_eq!(emitted.size.nesting, 2);
    assert_eq!(emitted.size.loops, 1);
    assert_eq!(emitted.size.instructions, 2 + exits);
    assert_eq!(emitted.source.matches("break;").count(), exits);
}

#[test]
fn either_arm_may_be_the_one_that_leaves() {
    let emitted = emitted(
        "workload workgroup_size(1, 1, 1)
        body {
            %0: bool = const false
            loop {
                %1: bool = if %0 { yield(%0) } else { break }
                if %1 { meter 2 } else { meter 3 }
                continue
            }
        }",
    );
    let expected = "    \
    let v0: bool = false;
    loop {
        var v1: bool;
        if (!v0 | (steps_left == 0u)) {
            take_steps(1u, 1u);
            break;
        }
        steps_left -= 1u;
        v1 = v0;
        if (v1) {
            take_steps(2u, 2u);
        } else {
            take_steps(3u, 3u);
        }
        continue;
    }
";
    assert_eq!(kernel(&emitted), expected);
    assert!(
        emitted
            .sites
            .iter()
            .all(|site| site.kind == SiteKind::Steps)
    );
}

#[test]
fn every_operation_on_every_type_is_wgsl() {
    let mut body = String::from(
        "%0: u32 = const 0xffffffff %1: i32 = const 0x80000000 %2: bool = const true\n",
    );
    let mut next = 3;
    let mut define = |ty: Type, value: &str| {
        body.push_str(&format!("%{next}: {ty} = {value}\n"));
        next += 1;
    };
    let operands = [(Type::U32, "%0"), (Type::I32, "%1"), (Type::Bool, "%2")];
    let mut operations = 0;
    for op in BinaryOp::ALL {
        for (lhs_type, lhs) in operands {
            for (rhs_type, rhs) in operands {
                if let Some(ty) = op.result_type(lhs_type, rhs_type) {
                    define(ty, &format!("{} {lhs}, {rhs}", op.name()));
                    operations += 1;
                }
            }
        }
    }
    // Seven arithmetic and two ordering ones on two types, two shifts on two, five others on three.
    assert_eq!(operations, 7 * 2 + 2 * 2 + 2 * 2 + 5 * 3);
    for (ty, _) in operands {
        for (_, operand) in operands {
            define(ty, &format!("cast {operand}"));
        }
    }
    for (ty, operand) in operands {
        define(ty, &format!("select %2, {operand}, {operand}"));
    }
    for vector in [
        "global_invocation_id",
        "local_invocation_id",
        "workgroup_id",
        "num_workgroups",
    ] {
        for axis in ["x", "y", "z"] {
            define(Type::U32, &format!("builtin {vector}.{axis}"));
        }
    }
    define(Type::U32, "builtin local_invocation_index");
    define(Type::U32, "array_length m0");
    define(Type::U32, "array_length m1");
    let emitted = emitted(&format!("{BUFFERS} body {{ {body} }}"));
    assert!(emitted.sites.is_empty());
}

proptest::proptest! {
    #[test]
    fn random_programs_are_wgsl(job in jobs(Shape::default().with_sharing())) {
        validate(&wgsl(job.workload()).source);
    }
}
