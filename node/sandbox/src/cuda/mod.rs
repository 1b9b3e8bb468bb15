//! Runs jobs on NVIDIA GPUs through the CUDA driver.
//!
//! The driver and the compiler (NVRTC) are loaded at run time, so that nothing of CUDA is needed to build or
//! to start. What the compiler is given is never the text that somebody sent but what
//! [`arknet_workload::emit`] prints from the checked program, without an `#include` or a macro.

mod compiler;
mod pass;
mod runner;

pub use compiler::{Compiler, CompilerError};
pub use runner::CudaRunner;
