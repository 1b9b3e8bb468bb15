//! What the estimate lets through, and what not.

use super::super::super::token::tokens;
use super::*;

fn refused(source: &str) -> bool {
    check(&tokens(source), &FrontEndLimits::default()).is_err()
}

#[test]
fn zero_values_must_be_small_and_of_known_size() {
    assert!(!refused("var a = array<u32, 64>();"));
    assert!(!refused("var a = array<u32, 4096>();"));
    assert!(!refused("var a = array<vec3<i32>, 1365>();"));
    assert!(refused("var a = array<u32, 4097>();"));
    assert!(refused("var a = array<vec4u, 1025>();"));
    assert!(!refused("const N = 64u; var a = array<u32, N>();"));
    assert!(!refused(
        "const N: u32 = 0x40; alias A = array<u32, N,>; var a = A();"
    ));
    assert!(!refused(
        "struct S { a: u32, @align(16) b: array<vec3<u32>, 4>, } var a = array<S, 4>();"
    ));
    assert!(refused("var a = array<u32, 100000000>();"));
    assert!(refused("var a = array<array<u32, 10000>, 10000>();"));
    assert!(refused("var a = array<u32, 64 * 1000000>();"));
    assert!(refused("const N = 1 << 28; var a = array<u32, N>();"));
    assert!(refused(
        "const N = 4; fn f() { const N = 1 << 28; var a = array<u32, N>(); }"
    ));
    assert!(refused(
        "alias B = A; alias A = array<u32, 100000000>; const x = B()[0];"
    ));
    assert!(refused("alias A = B; alias B = array<A, 4>; var a = A();"));
    assert!(refused(
        "struct S { a: array<u32, 100000000> } const x = S();"
    ));
    assert!(refused(
        "struct A { a: array<B, 64> } struct B { b: array<C, 64> } struct C { c: array<u32, 64> } const x = A();"
    ));
    assert!(!refused("var<storage> a: array<u32, 100000000>;"));
    assert!(refused(
        "const x = array<u32, select(1, 100000000, 2 > 1)>()[0];"
    ));
}

#[test]
fn members_are_counted_through_types() {
    let doubled = |levels: usize| {
        let mut source = String::from("struct S0 { x: u32 }");
        for n in 1..=levels {
            source += &format!("struct S{n} {{ a: S{m}, b: array<S{m}, 9> }}", m = n - 1);
        }
        refused(&source)
    };
    assert!(!doubled(8));
    assert!(doubled(12));
    assert!(refused("struct A { b: B } struct B { a: A }"));
}

#[test]
fn copies_of_constants_are_counted_over_all_uses() {
    let table = format!("const t = array({});", vec!["1"; 1000].join(","));
    let uses = |expression: &str, times: usize| {
        refused(&format!(
            "{table} fn f() {{ {} }}",
            expression.repeat(times)
        ))
    };
    assert!(!uses("const x = t[1];", 200));
    assert!(uses("const x = t[1];", 400));
    assert!(!uses("x += t[i];", 400));
    assert!(uses("x += t[u32(1)];", 400));
    assert!(uses("x = t;", 400));
    let doubled = |levels: usize| {
        let mut source = String::from("const c0 = array(1, 2);");
        for n in 1..=levels {
            source += &format!("const c{n} = array(c{m}, c{m});", m = n - 1);
        }
        refused(&source)
    };
    assert!(!doubled(8));
    assert!(doubled(40));
    // Declarations come in any order.
    assert!(!refused(
        "const b = array(c, c); const c = array(a, a); const a = array(1, 2);"
    ));
    assert!(refused("const a = array(b, 1); const b = array(a, 1);"));
}

#[test]
fn scalars_are_no_copies() {
    let mut source = String::from("const t = array(1, 2); const c0 = t[1];");
    for n in 1..60 {
        source += &format!("const c{n} = c{m} + c{m};", m = n - 1);
    }
    assert!(!refused(&source));
}
