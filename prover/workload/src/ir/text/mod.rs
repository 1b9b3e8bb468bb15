//! The text form of programs, for people and for tests: [`std::fmt::Display`] prints it, [`parse`] reads it.
//!
//! ```text
//! workload workgroup_size(64, 1, 1)
//! memory m0 "data": output binding(0, 0) runtime
//! memory m1 "K": constant [1, 2, 3]
//! body {
//!   %0: u32 = builtin global_invocation_id.x
//!   %1: u32 = const 16
//!   %2: u32 = load m0[%0]
//!   %3: u32 = loop(%4: u32 = %2) {
//!     %5: bool = lt %1, %4
//!     if %5 { break(%4) }
//!     %6: u32 = add %4, %4
//!     continue(%6)
//!   }
//!   store m0[%0] = %3
//! }
//! ```
//!
//! Space and line breaks only separate; `//` starts a comment that ends with the line.
//!
//! ```text
//! program  = "workload" "workgroup_size" "(" INT "," INT "," INT ")" memory* "body" block
//! memory   = "memory" mN STRING ":" space              N counts from 0
//! space    = ("input" | "uniform" | "output") "binding" "(" INT "," INT ")" ("runtime" | INT)
//!          | ("shared" | "private") INT
//!          | "constant" "[" INT,* "]"
//! block    = "{" inst* end? "}"                        without an end: yield
//! end      = ("yield" | "break" | "continue") ("(" %N,* ")")? | "unreachable"
//! inst     = def "=" "const" (INT | "true" | "false")
//!          | def "=" "builtin" NAME                    as in WGSL: local_invocation_id.y
//!          | def "=" BINARY %N "," %N                  add sub mul div rem and or xor shl shr eq ne lt le min max
//!          | def "=" "select" %N "," %N "," %N         condition, value if true, value if false
//!          | def "=" "cast" %N
//!          | def "=" "load" mN "[" %N "]"
//!          | "store" mN "[" %N "]" "=" %N
//!          | "atomic" ATOMIC mN "[" %N "]" "," %N      add min max and or xor
//!          | "barrier" ("workgroup" | "storage")
//!          | def "=" "uniform_load" mN "[" %N "]"
//!          | def "=" "array_length" mN
//!          | (def,+ "=")? "if" %N block ("else" block)?
//!          | (def,+ "=")? "loop" ("(" (def "=" %N),* ")")? block
//!          | "meter" INT
//! def      = %N ":" ("u32" | "i32" | "bool")
//! INT      = decimal, also negative, or 0x and hexadecimal; a word either way
//! ```
//!
//! Values may have any numbers; parsing numbers them from 0 in the order of their definitions in the text.

mod error;
mod lexer;
mod parser;
mod printer;
#[cfg(test)]
mod tests;
mod tokens;

pub use error::{ParseError, ParseProblem};
pub use parser::parse;
pub use printer::print;
