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
        "floating point (`f32`) in the buffer `v`",
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
    // Evaluated before anything is lowered, to what the machine makes of it.
    body("data[0] = u32(sin(1) * 1000);", "point (`sin`)", "sin");
    refused(
        "const SCALE: f32 = 5 / 2;",
        "data[0] = u32(SCALE);",
        "point (`f32`)",
        "f32",
    );
}

#[test]
fn places_of_refusals() {
    body(
        "data[0] = subgroupAdd(data[0]);",
        "subgroup operations",
        "subgroupAdd",
    );
    body("textureBarrier();", "barriers other than", "textureBarrier");
    refused(
        "@group(0) @binding(1) var t: texture_2d<f32>;",
        "_ = textureDimensions(t);",
        "`texture` variables",
        "var",
    );
    refused(
        "@group(0) @binding(1) var<storage, read_write> c: atomic<u32>;",
        "let old = atomicAdd(&c, 1u); data[0] = old;",
        "the old value that an atomic operation gives",
        "atomicAdd",
    );
    refused(
        "@group(0) @binding(1) var<storage, read_write> c: atomic<i32>;",
        "let old = atomicExchange(&c, 1i);",
        "`atomicExchange`",
        "atomicExchange",
    );
    refused(
        "override N: u32;",
        "data[0] = N;",
        "the constant `N`",
        "override N",
    );
    refused(
        "var<private> x: array<f32, 4>;",
        "x[0] = 1;",
        "floating point (`f32`)",
        "var<private> x",
    );
    refused(
        "struct S { a: u32, b: vec2<f32> }",
        "var s: S; s.a = 1u;",
        "floating point (`vec2<f32>`)",
        "var s",
    );
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
        "let v = vec2<u64>(1lu, 2lu); data[0] = u32(v.x);",
        "64-bit integers",
        "vec2<u64>",
    );
}

#[test]
fn barriers_must_be_reached_by_all() {
    let what = "a barrier in control flow that may differ";
    for body_text in [
        "if id.x == 0u { workgroupBarrier(); }",
        "if data[0] == 0u { storageBarrier(); }",
        "if id.x > 4u { return; } workgroupBarrier();",
        "loop { if id.x == 1u { break; } workgroupBarrier(); }",
        "for (var i = 0u; i < id.x; i++) { workgroupBarrier(); }",
        "switch id.x { case 1u: { } default: { workgroupBarrier(); } }",
        "switch id.x { case 1u: { return; } default: { } } workgroupBarrier();",
        "var n = 3u; if id.x == 1u { n = 4u; } if n == 4u { workgroupBarrier(); }",
    ] {
        let place = if body_text.contains("storage") {
            "storageBarrier"
        } else {
            "workgroupBarrier"
        };
        body(body_text, what, place);
    }
    refused(
        "fn meet() { workgroupBarrier(); } var<workgroup> w: u32;",
        "w = 1u; if w == 1u { meet(); }",
        what,
        "workgroupBarrier",
    );
    refused(
        "var<workgroup> w: array<u32, 4>;",
        "data[1] = workgroupUniformLoad(&w[id.x]);",
        "at an index that may differ",
        "workgroupUniformLoad",
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
    assert_eq!(
        over(
            "var a: array<vec2<u32>, 2>; a[0].x = 1u;",
            FrontEndLimits {
                type_depth: 0,
                ..default
            }
        ),
        Limit::TypeDepth
    );
    assert_eq!(
        over(
            "const a = array(1u, 2u, 3u); const b = array(a, a);",
            FrontEndLimits {
                constant_copies: 5,
                ..default
            }
        ),
        Limit::ConstantCopies
    );
    let shared = "var<workgroup> a: array<u32, 8>; var<workgroup> b: array<vec3<u32>, 3>;
        @compute @workgroup_size(1) fn main() { a[0] = 1u; b[0].x = 1u; }";
    for (shared_words, fits) in [(17, true), (16, false)] {
        let limits = FrontEndLimits {
            shared_words,
            ..default
        };
        assert_eq!(compile(shared, "main", &limits).is_ok(), fits);
    }
    let calls = "data[0] = leaf(1u); ".repeat(64);
    assert_eq!(over(&calls, default), Limit::Memories);
}
