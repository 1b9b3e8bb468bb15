// expect: refused: no compute entry point `main`

@vertex fn main() -> @builtin(position) vec4<f32> { return vec4<f32>(); }
