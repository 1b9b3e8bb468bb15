//! What the front end refuses: by name, at its place.

use arknet_workload::wgsl::{FrontEndLimits, Limit, Refusal, compile};

fn refusal(source: &str, limits: &FrontEndLimits) -> Refusal {
    match compile(source, "main", limits) {
        Err(refusal) => refusal,
        Ok(_) => panic!("accepted: {source}"),
    }
}

/// Compiles declarations and a body and checks the message and the text at its place.
fn refused(declarations: &str, body: &str, message: &str, place: &str) {
    let source = format!(
        "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
         {declarations}
         @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
             data[id.x] = 1u;
             {body}
         }}"
    );
    let refusal = refusal(&source, &FrontEndLimits::default());
    let text = refusal.to_string();
    assert!(
        text.contains(message),
        "{text:?} does not contain {message:?}"
    );
    let span = refusal.span().unwrap_or_default();
    let found = &source[span.start as usize..span.end as usize];
    assert!(
        found.starts_with(place) && (found.is_empty() == place.is_empty()),
        "{message}: at {found:?}"
    );
    let rendered = refusal.render("kernel.wgsl", &source);
    assert_eq!(
        rendered.contains(" --> kernel.wgsl:"),
        !place.is_empty(),
        "{rendered}"
    );
}

fn body(body: &str, message: &str, place: &str) {
    refused("", body, message, place);
}

#[test]
fn floats() {
    body("let x = 1.5;", "floating point", "1.5");
    body("var x: f32;", "floating point (`f32`)", "var x: f32");
    body("data[0] = u32(f32(data[1]) * 2f);", "use fixed-point", "2f");
    refused(
        "@group(0) @binding(1) var<storage> v: array<f32>;",
        "data[0] = u32(v[0]);",
        "floating point (`array<f32>`) in the buffer `v`",
        "var<storage> v",
    );
    refused(
        "fn half(x: f32) -> f32 { return x / 2; }",
        "data[0] = u32(half(3.0));",
        "floating point",
        "3.0",
    );
    refused(
        "fn one() -> f32 { return 1; }",
        "data[0] = u32(one());",
        "floating point (`f32`)",
        "one()",
    );
    body("let x = f16(1);", "f16", "f16");
}

#[test]
fn composites() {
    body(
        "let v = vec3<u32>(1u, 2u, 3u); data[0] = v.x;",
        "vectors (`vec3<u32>`)",
        "vec3<u32>",
    );
    body(
        "var v: vec2<i32>; v.x = 1;",
        "vectors (`vec2<i32>`)",
        "var v",
    );
    body(
        "data[0] = id[data[0]];",
        "indexing a vector at run time",
        "id[data[0]]",
    );
    body("let p = id + id;", "vectors (`vec3<u32>`)", "id");
    body("let p = id.xy;", "vectors (`vec2<u32>`)", "id.xy");
    body("var p = id;", "vectors", "var p");
    refused(
        "struct S { a: u32 }",
        "let s = S(1u); data[0] = s.a;",
        "struct variables and values (`S`)",
        "S(1u)",
    );
    refused(
        "struct S { a: u32 }",
        "var s: S;",
        "struct variables",
        "var s",
    );
    refused(
        "@group(0) @binding(1) var<uniform> v: vec4<u32>;",
        "data[0] = v.x;",
        "vectors (`vec4<u32>`) in the buffer `v`",
        "var",
    );
    refused(
        "struct S { a: u32, b: array<u32, 2> } @group(0) @binding(1) var<storage> s: S;",
        "data[0] = s.a;",
        "in the buffer `s`",
        "var",
    );
    body(
        "var a: array<array<u32, 2>, 2>; a[1][data[0]] = 1u;",
        "arrays of arrays",
        "var a",
    );
    refused(
        "const A = array(array(1u, 2u), array(3u, 4u));",
        "data[0] = A[1][0];",
        "arrays of arrays",
        "array",
    );
    body(
        "let a = array(data[0], data[1]); data[2] = a[data[3]];",
        "store the array in a `var`",
        "a[data[3]]",
    );
    refused(
        "fn f() -> array<u32, 2> { return array(1u, 2u); }",
        "data[0] = f()[1];",
        "`array<u32, 2>` here",
        "f()",
    );
}

#[test]
fn statements_and_variables() {
    body(
        "switch data[0] { case 1u: { data[0] = 2u; } default: {} }",
        "`switch`",
        "switch",
    );
    body("workgroupBarrier();", "barriers", "workgroupBarrier");
    body("storageBarrier();", "barriers", "storageBarrier");
    refused(
        "var<workgroup> tile: array<u32, 4>;",
        "tile[0] = 1u;",
        "workgroup memory (`var<workgroup>`)",
        "var<workgroup> tile",
    );
    refused(
        "var<private> p: u32;",
        "p = 1u;",
        "`var<private>`",
        "var<private> p",
    );
    refused(
        "@group(0) @binding(1) var<storage, read_write> c: atomic<u32>;",
        "atomicAdd(&c, 1u);",
        "atomics (`atomic<u32>`)",
        "var",
    );
    refused(
        "@group(0) @binding(1) var t: texture_2d<f32>;",
        "_ = textureDimensions(t);",
        "`texture` variables",
        "var",
    );
    refused("override N: u32 = 4u;", "data[0] = N;", "`override`", "N");
    refused(
        "fn f(p: ptr<function, u32>) { *p = 1u; }",
        "var x: u32; f(&x);",
        "pointer parameters (`ptr<_, u32>`)",
        "f(&x)",
    );
    body(
        "data[0] = countOneBits(data[0]);",
        "the built-in function `countOneBits`",
        "countOneBits",
    );
    body(
        "data[0] = extractBits(data[0], 1u, 2u);",
        "the built-in function `extractBits`",
        "extractBits",
    );
    body("let d = dot(id, id);", "vectors (`vec3<u32>`)", "id");
    refused(
        "@group(0) @binding(1) var<storage, read> größe: array<u32>;",
        "data[0] = größe[0];",
        "a buffer called `größe`",
        "var",
    );
    body(
        "var x: i64; data[0] = u32(x);",
        "64-bit integers (`i64`)",
        "var x",
    );
    body(
        "data[0] = subgroupAdd(data[0]);",
        "subgroup operations",
        "subgroupAdd",
    );
}

#[test]
fn types_of_other_widths() {
    body(
        "data[0] = u32((u64(data[1]) * u64(data[2])) >> 32u);",
        "64-bit integers (`u64`)",
        "u64(data[1])",
    );
    body(
        "let x = 1lu; data[0] = u32(x);",
        "64-bit integers (`u64`)",
        "1lu",
    );
    refused(
        "@group(0) @binding(1) var<uniform> a: array<u32, 4>;",
        "data[0] = a[0];",
        "uniform buffer",
        "var",
    );
}

#[test]
fn invalid_wgsl() {
    body("let x = ;", "invalid WGSL", ";");
    body("data[0] = 1i;", "invalid WGSL", "data[0]");
    body("data[0] = missing;", "missing", "missing");
    body("let i = -1; data[i] = 1u;", "negative", "data[i]");
    body("var a: array<u32, 2>; a[2] = 1u;", "out of", "a[2]");
    body("let x = 1u / 0u;", "invalid WGSL", "1u / 0u");
    refused(
        "fn f() { g(); } fn g() { f(); }",
        "f();",
        "invalid WGSL",
        "g",
    );
}

#[test]
fn entry_points() {
    let limits = FrontEndLimits::default();
    let source = "@compute @workgroup_size(1) fn one() {} @compute @workgroup_size(1) fn two() {}
                  @fragment fn main() {}";
    let found = refusal(source, &limits);
    assert_eq!(
        found.to_string(),
        "no compute entry point `main`; there is `one`, `two`"
    );
    assert_eq!(found.span(), None);
    assert!(
        refusal("fn main() {}", &limits)
            .to_string()
            .contains("the source has none")
    );
    let large = "@compute @workgroup_size(64, 32) fn main() {}";
    assert!(matches!(
        refusal(large, &limits),
        Refusal::OverLimit {
            limit: Limit::WorkgroupInvocations,
            allowed: 1024,
            ..
        }
    ));
    let wide = "override N: u32; @compute @workgroup_size(N) fn main() {}";
    assert!(refusal(wide, &limits).to_string().contains("`override`"));
    assert!(
        compile(
            "@compute @workgroup_size(64, 4, 4) fn main() {}",
            "main",
            &limits
        )
        .is_ok()
    );
}

#[test]
fn limits_are_named() {
    let over = |body: &str, limits: FrontEndLimits| {
        let source = format!(
            "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
             fn leaf(x: u32) -> u32 {{ var a: array<u32, 8>; a[x] = x; return a[x]; }}
             fn twice(x: u32) -> u32 {{ return leaf(x) + leaf(x); }}
             @compute @workgroup_size(1) fn main() {{ {body} }}"
        );
        match refusal(&source, &limits) {
            Refusal::OverLimit { limit, .. } => limit,
            other => panic!("{other}"),
        }
    };
    let default = FrontEndLimits::default();
    let nested = "if data[0] == 1u { if data[0] == 2u { if data[0] == 3u { data[0] = 4u; } } }";
    assert_eq!(
        over(
            "",
            FrontEndLimits {
                source_bytes: 10,
                ..default
            }
        ),
        Limit::SourceBytes
    );
    assert_eq!(
        over(
            nested,
            FrontEndLimits {
                nesting: 3,
                ..default
            }
        ),
        Limit::Nesting
    );
    assert_eq!(
        over(
            nested,
            FrontEndLimits {
                blocks: 2,
                ..default
            }
        ),
        Limit::Blocks
    );
    assert_eq!(
        over(
            "data[0] = 1u + 2u + 3u;",
            FrontEndLimits {
                expression_depth: 3,
                ..default
            }
        ),
        Limit::ExpressionDepth
    );
    assert_eq!(
        over(
            "",
            FrontEndLimits {
                functions: 2,
                ..default
            }
        ),
        Limit::Functions
    );
    assert_eq!(
        over(
            "data[0] = twice(1u);",
            FrontEndLimits {
                call_depth: 1,
                ..default
            }
        ),
        Limit::CallDepth
    );
    assert_eq!(
        over(
            "loop { break; } loop { break; }",
            FrontEndLimits {
                loops: 1,
                ..default
            }
        ),
        Limit::Loops
    );
    assert_eq!(
        over(
            "data[0] = twice(1u);",
            FrontEndLimits {
                operations: 12,
                ..default
            }
        ),
        Limit::Operations
    );
    assert_eq!(
        over(
            "data[0] = leaf(1u);",
            FrontEndLimits {
                private_words: 7,
                ..default
            }
        ),
        Limit::PrivateWords
    );
    assert_eq!(
        over(
            "data[0] = twice(1u);",
            FrontEndLimits {
                private_words_in_all: 15,
                ..default
            }
        ),
        Limit::PrivateWordsInAll
    );
    assert_eq!(
        over(
            "let t = array(1u, 2u, 3u); data[0] = t[data[1]];",
            FrontEndLimits {
                constant_words: 2,
                ..default
            }
        ),
        Limit::ConstantWords
    );
    assert_eq!(
        over(
            "let a = array(1u, 2u); let b = array(3u); data[0] = a[data[1]] + b[data[1]];",
            FrontEndLimits {
                constant_words_in_all: 2,
                ..default
            }
        ),
        Limit::ConstantWordsInAll
    );
    let calls = "data[0] = leaf(1u); ".repeat(64);
    assert_eq!(over(&calls, default), Limit::Memories);
}
