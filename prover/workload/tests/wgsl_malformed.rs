//! Hostile sources end quickly, in bounded memory, without a panic or a stack overflow.

use std::time::{Duration, Instant};

use arknet_workload::wgsl::{FrontEndLimits, Refusal, compile};

const HEAD: &str = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;\n";

/// Compiles within the time limit; a failure of the front end itself is a failure of the test.
fn quickly(source: &str) -> Result<(), Refusal> {
    let start = Instant::now();
    let result = compile(source, "main", &FrontEndLimits::default());
    let took = start.elapsed();
    let shown: String = source.chars().take(80).collect();
    assert!(took < Duration::from_secs(2), "{took:?}: {shown}");
    if let Err(Refusal::Internal { what, .. }) = &result {
        panic!("{what}: {shown}");
    }
    result.map(|_| ())
}

fn main(body: &str) -> String {
    format!("{HEAD}@compute @workgroup_size(1) fn main() {{ {body} }}")
}

#[test]
fn large_sources_are_refused_by_size() {
    assert!(quickly(&"a".repeat(1 << 20)).is_err());
    assert!(quickly(&main(&"data[0] = 1u + 2u; ".repeat(60_000))).is_err());
}

#[test]
fn deep_nesting() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("data[", "]"),
        ("-(", ")"),
        ("min(1u,", ")"),
        ("array(", ")"),
    ] {
        let deep = |n: usize| format!("data[0] = {}1u{};", open.repeat(n), close.repeat(n));
        assert!(quickly(&main(&deep(10_000))).is_err());
        assert!(quickly(&deep(10_000)).is_err());
        let _ = quickly(&main(&deep(150)));
    }
    for prefix in [
        "-",
        "!",
        "~",
        "&",
        "*",
        "if true ",
        "if true { } else ",
        "loop {",
        "array<",
        "a.",
    ] {
        assert!(quickly(&main(&format!("data[0] = {}1u;", prefix.repeat(4_000)))).is_err());
        assert!(quickly(&main(&prefix.repeat(4_000))).is_err());
    }
    let blocks = format!(
        "{}data[0] = 1u;{}",
        "if data[0] == 0u {".repeat(31),
        "}".repeat(31)
    );
    assert!(quickly(&main(&blocks)).is_ok());
    assert!(quickly(&main(&format!("if true {{ {blocks} }}"))).is_err());
}

#[test]
fn long_operator_chains() {
    for operator in [
        "+", "-", "*", "/", "<", "==", "&&", "||", "<<", "%", ".", "=", ",",
    ] {
        let chain = format!("data[0] = {};", vec!["1u"; 15_000].join(operator));
        assert!(quickly(&main(&chain)).is_err(), "{operator}");
        let short = format!("let x = {};", vec!["1u"; 400].join(operator));
        let _ = quickly(&main(&short));
    }
    let chain = format!("data[0] = {};", vec!["data[1]"; 200].join(" + "));
    assert!(quickly(&main(&chain)).is_ok());
}

#[test]
fn else_if_chains() {
    let chain = |n: usize| {
        format!(
            "if data[0] == 0u {{ }} {}",
            "else if data[0] == 1u { data[1] = 2u; } ".repeat(n)
        )
    };
    assert!(quickly(&main(&chain(20))).is_ok());
    assert!(quickly(&main(&chain(1_000))).is_err());
}

#[test]
fn many_declarations() {
    let functions: String = (0..10_000).map(|n| format!("fn f{n}(){{}}\n")).collect();
    assert!(quickly(&functions).is_err());
    let chain: String = (0..400)
        .map(|n| format!("fn f{n}() {{ f{}(); }}\n", n + 1))
        .collect();
    assert!(quickly(&format!("{chain} fn f400() {{}} {}", main("f0();"))).is_err());
    let constants: String = (0..2_500)
        .map(|n| format!("const c{n} = c{};\n", n + 1))
        .collect();
    let _ = quickly(&format!(
        "{constants} const c2500 = 1u; {}",
        main("data[0] = c0;")
    ));
    let _ = quickly(&format!(
        "{constants} const c2500 = array(1u, 2u); {}",
        main("data[0] = c0[1];")
    ));
    assert!(quickly(&"struct A ".repeat(7_000)).is_err());
    let aliases: String = (0..2_000)
        .map(|n| format!("alias A{n} = A{};\n", n + 1))
        .collect();
    let _ = quickly(&format!(
        "{aliases} alias A2000 = array<u32, 4>; {}",
        main("var a = A0();")
    ));
    let variables: String = (0..3_000).map(|n| format!("var v{n} = 1u;\n")).collect();
    let _ = quickly(&main(&variables));
}

#[test]
fn calls_that_double() {
    let double = |body: &str| {
        let mut source = format!("{HEAD} fn f0(x: u32) -> u32 {{ {body} }}\n");
        for n in 1..=12 {
            source += &format!(
                "fn f{n}(x: u32) -> u32 {{ return f{m}(x) + f{m}(x + 1u); }}\n",
                m = n - 1
            );
        }
        source + "@compute @workgroup_size(1) fn main() { data[0] = f12(data[0]); }"
    };
    assert!(quickly(&double("return x * 3u;")).is_err());
    assert!(quickly(&double("loop { if x == 3u { return 1u; } }")).is_err());
    assert!(
        quickly(&double(
            "var a: array<u32, 256>; a[x] = 1u; return a[x + 1u];"
        ))
        .is_err()
    );
    assert!(quickly(&double("var a: array<u32, 256>; a[3] = x; return a[3];")).is_err());
}

#[test]
fn blow_ups_in_lowering() {
    // Each `continue` repeats the `continuing` block.
    let mut nested = String::from("data[0] += 1u;");
    for _ in 0..12 {
        nested = format!("loop {{ if data[0] == 1u {{ continue; }} continuing {{ {nested} }} }}");
    }
    let _ = quickly(&main(&nested));
    let continues = "if data[0] == 1u { continue; } ".repeat(500);
    let _ = quickly(&main(&format!(
        "loop {{ {continues} continuing {{ {} }} }}",
        "data[0] += 1u; ".repeat(500)
    )));
    // Every early return stands one block deeper.
    assert!(quickly(&main(&"if data[0] == 1u { return; } ".repeat(100))).is_ok());
    assert!(quickly(&main(&"if data[0] == 1u { return; } ".repeat(1_000))).is_err());
    // Many variables live through many branches and loops.
    let variables: String = (0..800).map(|n| format!("var v{n} = {n}u;")).collect();
    let branches: String = (0..800)
        .map(|n| format!("if v{n} == data[1] {{ v{n} = 1u; }}"))
        .collect();
    assert!(quickly(&main(&format!("{variables} {branches}"))).is_ok());
    let stores: String = (0..800).map(|n| format!("v{n} += 1u;")).collect();
    let loops = format!(
        "{}{stores}{}",
        "loop { if data[0] == 1u { break; } ".repeat(25),
        "}".repeat(25)
    );
    let _ = quickly(&main(&format!("{variables} {loops}")));
    // Constant conditions splice their blocks.
    assert!(quickly(&main(&"if true { data[0] = 1u; } ".repeat(2_000))).is_ok());
    let arrays: String = (0..60)
        .map(|n| format!("let a{n} = array<u32, 250>(); data[0] = a{n}[data[1]];"))
        .collect();
    let _ = quickly(&main(&arrays));
}

#[test]
fn constants_that_would_grow() {
    for source in [
        "const z = array<u32, 500000000>(); const x = z[0];",
        "alias A = array<u32, 500000000>; const x = A()[0];",
        "const N = 1 << 28; const x = array<u32, N>()[3];",
        "struct S { a: array<u32, 500000000> } const x = S().a[1];",
        "const z = array<array<u32, 20000>, 20000>(); const x = z[0][0];",
    ] {
        assert!(
            quickly(&format!("{source} {}", main("data[0] = x;"))).is_err(),
            "{source}"
        );
    }
    let wide = |name: &str| vec![name; 3_000].join(",");
    let nested = format!(
        "const a = array({}); const b = array({}); const c = array({}); const d = array({});",
        wide("1u"),
        wide("a"),
        wide("b"),
        wide("c")
    );
    assert!(quickly(&format!("{nested} {}", main("data[0] = d[0][0][0][0];"))).is_err());
    let expansions = "data[0] = array<u32, 4096>()[1]; ".repeat(1_500);
    let _ = quickly(&main(&expansions));
    // The most that the limit on copies lets through.
    let table = format!("const t = array({});", vec!["1u"; 1_000].join(","));
    let copies = "{ const x = t[1]; data[0] = x; }".repeat(250);
    assert!(quickly(&format!("{table} {}", main(&copies))).is_ok());
    assert!(quickly(&format!("{table} {}", main(&copies.repeat(2)))).is_err());
}

#[test]
fn types_that_grow() {
    let nested = |levels: usize, body: &str| {
        let mut types = String::from("struct S0 { x: u32, y: u32 }\n");
        for n in 1..=levels {
            types += &format!("struct S{n} {{ a: S{m}, b: S{m} }}\n", m = n - 1);
        }
        format!("{types} {HEAD} @compute @workgroup_size(1) fn main() {{ {body} }}")
    };
    assert!(
        quickly(&nested(
            5,
            "var s: S5; s.a.b.a.b.a.x = 1u; data[0] = s.a.b.a.b.a.x;"
        ))
        .is_ok()
    );
    // 2^9 members, then 2^27.
    assert!(quickly(&nested(8, "var s: S8; s.a.b.a.b.a.b.b = s.a.b.a.b.a.a.a;")).is_err());
    assert!(quickly(&nested(26, "var s: S26; s.a.b.a = S23();")).is_err());
    assert!(quickly(&nested(26, "var s: S26; s.a.b.a.b.a.b = s.a.b.a.b.a.a;")).is_err());
    assert!(quickly(&nested(60, "var s: S60;")).is_err());
    let chain: String = (1..1_500)
        .map(|n| format!("struct S{n} {{ a: S{m} }}\n", m = n - 1))
        .collect();
    let deep = format!("struct S0 {{ x: u32 }}\n{chain}{HEAD} var<private> s: S1499;");
    assert!(
        quickly(&format!(
            "{deep} @compute @workgroup_size(1) fn main() {{ s = s; }}"
        ))
        .is_err()
    );
    // A pointer to each half, at each level: the parts that are indexed at run time double.
    let mut pointers = String::from("fn f0(p: ptr<function, S0>, i: u32) { (*p).t[i] = i; }\n");
    let mut types = String::from("struct S0 { t: array<u32, 2> }\n");
    for n in 1..=14 {
        types += &format!("struct S{n} {{ a: S{m}, b: S{m} }}\n", m = n - 1);
        pointers += &format!(
            "fn f{n}(p: ptr<function, S{n}>, i: u32) {{ f{m}(&(*p).a, i); f{m}(&(*p).b, i); }}\n",
            m = n - 1
        );
    }
    let main = "@compute @workgroup_size(1) fn main() { var s: S14; f14(&s, data[0]); }";
    assert!(quickly(&format!("{types}{HEAD}{pointers}{main}")).is_err());
}

#[test]
fn switches_of_many_cases() {
    let cases = |n: usize| {
        let cases: String = (0..n)
            .map(|at| format!("case {at}u: {{ data[1] = {at}u; }} "))
            .collect();
        main(&format!("switch data[0] {{ {cases} default: {{ }} }}"))
    };
    assert!(quickly(&cases(400)).is_ok());
    let _ = quickly(&cases(1_500));
    let mut nested = String::from("data[1] = 1u;");
    for _ in 0..14 {
        nested = format!("switch data[0] {{ case 1u: {{ {nested} }} default: {{ }} }}");
    }
    assert!(quickly(&main(&nested)).is_ok());
}

#[test]
fn mangled_sources() {
    let source = include_str!("../../../examples/sha256/sha256.wgsl");
    let bytes = source.as_bytes();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..150 {
        let mut mangled = bytes.to_vec();
        for _ in 0..=random(4) {
            let (at, from) = (random(mangled.len()), random(bytes.len()));
            match random(4) {
                0 => mangled.truncate(at),
                1 => mangled[at] = bytes[from],
                2 => mangled[at] ^= 1 << random(7),
                _ => {
                    let len = random(40).min(bytes.len() - from);
                    mangled.splice(at..at, bytes[from..from + len].iter().copied());
                }
            }
            if mangled.is_empty() {
                break;
            }
        }
        let _ = quickly(&String::from_utf8_lossy(&mangled));
    }
    for text in [
        "", "\0", "\u{feff}", "/*", "//", "@", "@compute", "fn", "fn main", "const x", "\"", "'",
        "0x", "1e", "é",
    ] {
        assert!(quickly(text).is_err());
    }
}
