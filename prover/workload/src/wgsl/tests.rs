//! The shape of lowered programs: what they must not contain.

use crate::ir::{BinaryOp, Block, InstKind, Program, Space, Terminator};

use super::{FrontEndLimits, compile};

const HEAD: &str = "
    @group(0) @binding(0) var<storage, read_write> data: array<u32>;
    @group(0) @binding(1) var<uniform> size: u32;
    const K = array(5u, 6u, 7u);
    const L = array(5i, 6i, 7i);";

fn program(body: &str) -> Program {
    let source = format!("{HEAD} @compute @workgroup_size(1) fn main() {{ {body} }}");
    compiled(&source)
}

fn compiled(source: &str) -> Program {
    compile(source, "main", &FrontEndLimits::default())
        .unwrap_or_else(|refusal| panic!("{}", refusal.render("kernel.wgsl", source)))
        .program()
        .clone()
}

/// Instructions that a predicate holds for.
fn count(program: &Program, wanted: impl Fn(&InstKind) -> bool) -> usize {
    let mut found = 0;
    let mut pending = vec![&program.body];
    while let Some(block) = pending.pop() {
        for inst in &block.insts {
            found += usize::from(wanted(&inst.kind));
            pending.extend(blocks(&inst.kind));
        }
    }
    found
}

fn blocks(kind: &InstKind) -> Vec<&Block> {
    match kind {
        InstKind::If {
            then, otherwise, ..
        } => vec![then, otherwise],
        InstKind::Loop { body, .. } => vec![body],
        _ => Vec::new(),
    }
}

fn ifs(kind: &InstKind) -> bool {
    matches!(kind, InstKind::If { .. })
}

#[test]
fn loops_carry_what_changes_and_is_read() {
    let program = program(
        "var sum = 0u; var same = 3u; var last: u32; var unused = 1u;
         for (var i = 0u; i < data[0]; i++) {
             let twice = i * 2u;
             var fresh: u32;
             fresh = twice;
             last = fresh;
             unused += 1u;
             same = same;
             sum += last + same;
         }
         data[0] = sum;",
    );
    let carried: Vec<_> = program
        .body
        .insts
        .iter()
        .filter_map(|inst| match &inst.kind {
            InstKind::Loop {
                params, results, ..
            } => Some((params.len(), results.len())),
            _ => None,
        })
        .collect();
    assert_eq!(carried, [(2, 1)], "sum and i, sum");
}

#[test]
fn a_return_moves_the_rest_into_the_other_arm() {
    let program = program(
        "if data[0] == 1u { return; }
         data[1] = 1u;
         if data[0] == 2u { data[2] = 1u; return; }
         data[3] = 1u;",
    );
    assert_eq!(count(&program, ifs), 2);
    let stored_flag = count(
        &program,
        |kind| matches!(kind, InstKind::If { results, .. } if !results.is_empty()),
    );
    assert_eq!(stored_flag, 0, "no flag is carried");
    assert_eq!(program.body.end, Terminator::Yield(Vec::new()));
}

#[test]
fn a_return_in_a_loop_carries_a_flag_only_where_it_matters() {
    let flags = |body: &str| {
        let results =
            |kind: &InstKind| matches!(kind, InstKind::Loop { results, .. } if results.len() == 1);
        count(&program(body), results)
    };
    assert_eq!(flags("loop { if data[0] == 1u { return; } }"), 0);
    assert_eq!(
        flags("loop { if data[0] == 1u { return; } if data[1] == 1u { break; } } data[2] = 1u;"),
        1
    );
    assert_eq!(
        flags("loop { if data[0] == 1u { break; } } data[2] = 1u;"),
        0
    );
}

#[test]
fn harmless_right_sides_are_not_branches() {
    assert_eq!(
        count(
            &program("let a = data[0]; if a > 1u && a < 5u || a == 9u { data[1] = 1u; }"),
            ifs
        ),
        1
    );
    assert_eq!(
        count(
            &program("let a = data[0]; if a > 1u && data[a] < 5u { data[1] = 1u; }"),
            ifs
        ),
        2
    );
    assert_eq!(
        count(&program("if true && data[0] == 1u { data[1] = 1u; }"), ifs),
        1
    );
    // A uniform cannot trap; a word that others may write could be part of a race.
    assert_eq!(
        count(
            &program("let a = data[0]; if a > 1u || a < size { data[1] = 1u; }"),
            ifs
        ),
        1
    );
    assert_eq!(
        count(
            &program("let a = data[0]; if a > 1u || a < data[0] { data[1] = 1u; }"),
            ifs
        ),
        2
    );
}

#[test]
fn negated_conditions_exchange_the_arms() {
    let program = program("if !(data[0] == 1u) { data[1] = 1u; } else { data[2] = 2u; }");
    let negations = |kind: &InstKind| {
        matches!(
            kind,
            InstKind::Binary {
                op: BinaryOp::Xor,
                ..
            }
        )
    };
    assert_eq!(count(&program, negations), 0);
}

#[test]
fn arrays_are_memory_only_where_they_are_indexed_at_run_time() {
    let spaces = |body: &str| {
        let memories = program(body).memories;
        let private = memories
            .iter()
            .filter(|m| matches!(m.space, Space::Private { .. }))
            .count();
        let constant = memories
            .iter()
            .filter(|m| matches!(m.space, Space::Constant { .. }))
            .count();
        (private, constant)
    };
    assert_eq!(
        spaces("var a: array<u32, 2>; a[1] = 5u; data[0] = a[1];"),
        (0, 0)
    );
    assert_eq!(
        spaces("var a: array<u32, 2>; a[data[1]] = 5u; data[0] = a[1];"),
        (1, 0)
    );
    assert_eq!(spaces("data[0] = K[1];"), (0, 0));
    // Equal words are one table whatever their type.
    assert_eq!(spaces("data[0] = K[data[1]] + u32(L[data[2]]);"), (0, 1));
    assert_eq!(
        spaces("var a = array(1u, 2u); data[0] = a[data[1]];"),
        (0, 1)
    );
    // What is never reached needs no memory.
    assert_eq!(spaces("if false { data[0] = K[data[1]]; }"), (0, 0));
}

#[test]
fn arrays_are_cleared_only_where_they_may_hold_something() {
    let stores = |kind: &InstKind| matches!(kind, InstKind::Store { .. });
    let once = program("var a = array(0u, 4u, 0u); a[data[0]] += 1u; data[0] = a[data[1]];");
    assert_eq!(count(&once, stores), 3);
    let source = format!(
        "{HEAD} fn f(i: u32) -> u32 {{ var a: array<u32, 3>; a[i] = 1u; return a[data[i]]; }}
         @compute @workgroup_size(1) fn main() {{
             data[0] = f(1u);
             for (var i = 0u; i < 3u; i++) {{ data[1] = f(i); }}
         }}"
    );
    // One store of the first call, one and three zeros of the second, two to the buffer.
    assert_eq!(count(&compiled(&source), stores), 7);
}

#[test]
fn dead_code_goes_and_traps_stay() {
    let program = program("let a = size * 2u; let b = data[9]; var c = 5u; if c == a { c = 6u; }");
    assert_eq!(
        count(&program, |_| true),
        2,
        "the load that may trap and its index"
    );
}

#[test]
fn memory_names_are_distinct_identifiers() {
    let source = format!(
        "{HEAD} fn f(i: u32) -> u32 {{ var größe: array<u32, 3>; größe[i] = 1u; return größe[data[i]]; }}
         @compute @workgroup_size(1) fn main() {{ data[0] = f(1u) + f(2u); var data = array(1u, 2u);
             data[f(3u)] = 1u; _ = data[f(4u)]; }}"
    );
    let names: Vec<_> = compiled(&source)
        .memories
        .into_iter()
        .map(|memory| memory.name)
        .collect();
    assert_eq!(names[..4], ["data", "data_2", "gr__e", "gr__e_2"]);
    let mut distinct = names.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), names.len());
}

fn private_words(program: &Program) -> Vec<u32> {
    let words = program.memories.iter().map(|memory| match memory.space {
        Space::Private { words } => Some(words),
        _ => None,
    });
    words.flatten().collect()
}

#[test]
fn only_what_is_indexed_at_run_time_is_memory() {
    let source = format!(
        "{HEAD} struct S {{ x: u32, ring: array<vec2<u32>, 3>, v: vec3<u32> }}
         var<private> p: S;
         fn put(s: ptr<function, S>, i: u32) {{ (*s).ring[i].y = i; (*s).v[i] = i; }}
         @compute @workgroup_size(1) fn main() {{
             var s: S; var t: S;
             put(&s, data[0]); t.ring[1].x = 3u; p.x += 1u;
             data[1] = s.x + s.ring[data[2]].x + t.ring[1].x + p.x;
         }}"
    );
    assert_eq!(private_words(&compiled(&source)), [6], "the ring of `s`");
}

#[test]
fn components_chosen_at_run_time_take_no_memory() {
    let program =
        program("var v = vec3(data[0], data[1], data[2]); v[data[3]] += 1u; data[4] = v[data[5]];");
    assert_eq!(private_words(&program), [0u32; 0]);
    let selects = |kind: &InstKind| matches!(kind, InstKind::Select { .. });
    assert_eq!(count(&program, selects), 2 + 3 + 2);
}

#[test]
fn constant_arguments_of_built_ins_leave_little() {
    let program = program("data[0] = extractBits(data[1], 8u, 8u);");
    let binaries = |kind: &InstKind| matches!(kind, InstKind::Binary { .. });
    assert_eq!(count(&program, binaries), 2, "two shifts");
}

#[test]
fn few_switch_cases_are_a_chain_and_many_a_search() {
    let depth = |cases: usize| {
        let cases: String = (0..cases)
            .map(|at| format!("case {at}u: {{ data[1] = {at}u; }} "))
            .collect();
        let program = program(&format!("switch data[0] {{ {cases} default: {{ }} }}"));
        fn deepest(block: &Block) -> usize {
            let inner = block.insts.iter().flat_map(|inst| blocks(&inst.kind));
            inner.map(|block| 1 + deepest(block)).max().unwrap_or(0)
        }
        deepest(&program.body)
    };
    assert_eq!(depth(3), 3);
    assert_eq!(depth(100), 7);
}
