// expect: refused: too large: more than 20000 operations after inlining

@group(0) @binding(0) var<storage, read_write> out: array<u32>;
fn f0(x: u32) -> u32 { return x * x + 1u; }
fn f1(x: u32) -> u32 { return f0(f0(x)); }
fn f2(x: u32) -> u32 { return f1(f1(x)); }
fn f3(x: u32) -> u32 { return f2(f2(x)); }
fn f4(x: u32) -> u32 { return f3(f3(x)); }
fn f5(x: u32) -> u32 { return f4(f4(x)); }
fn f6(x: u32) -> u32 { return f5(f5(x)); }
fn f7(x: u32) -> u32 { return f6(f6(x)); }
fn f8(x: u32) -> u32 { return f7(f7(x)); }
fn f9(x: u32) -> u32 { return f8(f8(x)); }
fn f10(x: u32) -> u32 { return f9(f9(x)); }
fn f11(x: u32) -> u32 { return f10(f10(x)); }
fn f12(x: u32) -> u32 { return f11(f11(x)); }
fn f13(x: u32) -> u32 { return f12(f12(x)); }
fn f14(x: u32) -> u32 { return f13(f13(x)); }
fn f15(x: u32) -> u32 { return f14(f14(x)); }

@compute @workgroup_size(1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    out[0] = f15(out[1]);
}
