//! The canonical bytes of a workload: what its identity is the hash of.
//!
//! Every workload has exactly one encoding and every accepted encoding is that of exactly one workload (its
//! spans apart, which are left out). Values carry no number where they are defined: they count up from 0 in
//! the order of the text form, so a definition is only its type.
//!
//! Integers are little-endian and of fixed width; `count` is a `u32`, followed by that many items.
//!
//! ```text
//! workload   = version:u16 (1), workgroup_size:u32 ×3, memories:count memory…, body:block
//! memory     = name:count byte…, space
//! space      = 0 group:u32 binding:u32 uniform:u8(0|1) length      input
//!            | 1 group:u32 binding:u32 length                      output
//!            | 2 words:u32                                         private
//!            | 3 count word:u32…                                   constant
//!            | 4 words:u32                                         shared
//! length     = 0 | 1 words:u32                                     run-time sized | fixed
//! block      = count inst…, end
//! end        = 0 count operand… | 1 count operand… | 2 count operand… | 3
//!              yield              break              continue           unreachable
//! inst       = 0 def bits:u32                                      const
//!            | 1 def builtin:u8                                    position in Builtin::ALL
//!            | 2 def op:u8 lhs:operand rhs:operand                 position in BinaryOp::ALL
//!            | 3 def condition:operand accept:operand reject:operand
//!            | 4 def operand                                       cast
//!            | 5 def memory:u32 index:operand                      load
//!            | 6 memory:u32 index:operand value:operand            store
//!            | 7 def memory:u32                                    array length
//!            | 8 condition:operand count def… block block          if
//!            | 9 count def…, count (def initial:operand)…, block   loop: results, params, body
//!            | 10 steps:u32                                        meter
//!            | 11 scope:u8                                         barrier: position in BarrierScope::ALL
//!            | 12 def memory:u32 index:operand                     uniform load
//!            | 13 op:u8 memory:u32 index:operand value:operand     atomic: position in AtomicOp::ALL
//! def        = 0 | 1 | 2                                           u32 | i32 | bool
//! operand    = number:u32
//! ```

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use decode::{DecodeError, decode};
pub use encode::encode;

/// The version this code writes, and the only one it reads.
pub const VERSION: u16 = 1;

/// First byte of each kind of instruction.
mod tag {
    pub(super) const CONST: u8 = 0;
    pub(super) const BUILTIN: u8 = 1;
    pub(super) const BINARY: u8 = 2;
    pub(super) const SELECT: u8 = 3;
    pub(super) const CAST: u8 = 4;
    pub(super) const LOAD: u8 = 5;
    pub(super) const STORE: u8 = 6;
    pub(super) const ARRAY_LENGTH: u8 = 7;
    pub(super) const IF: u8 = 8;
    pub(super) const LOOP: u8 = 9;
    pub(super) const METER: u8 = 10;
    pub(super) const BARRIER: u8 = 11;
    pub(super) const UNIFORM_LOAD: u8 = 12;
    pub(super) const ATOMIC: u8 = 13;
}
