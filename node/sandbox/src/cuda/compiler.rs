//! CUDA C++ to machine code through NVRTC, which needs neither a GPU nor a driver.
#![allow(unsafe_code, reason = "NVRTC is a C library")]

use std::ffi::{CStr, CString, c_char};
use std::panic::catch_unwind;
use std::ptr;

use cudarc::nvrtc::result::{
    NvrtcError, compile_program, create_program, destroy_program, get_program_log,
};
use cudarc::nvrtc::sys;

/// Why there is no machine code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompilerError {
    /// The library is not there, or not one that is known.
    #[error(
        "NVRTC, NVIDIA's run-time compiler, is not usable: {reason}; install CUDA 12's libnvrtc.so.12 where \
         the system's loader finds it"
    )]
    Absent {
        /// What is wrong.
        reason: &'static str,
    },
    /// A device that this version knows nothing of.
    #[error("NVRTC cannot compile for sm_{got}, only for {known:?}; install a newer one")]
    Architecture {
        /// The device's.
        got: u32,
        /// What it knows.
        known: Vec<u32>,
    },
    /// The text was refused.
    #[error("NVRTC refused a kernel: {log}")]
    Refused {
        /// What it says.
        log: String,
    },
    /// The compiler failed.
    #[error("NVRTC failed: {message}")]
    Failed {
        /// What it says.
        message: String,
    },
}

impl From<NvrtcError> for CompilerError {
    fn from(error: NvrtcError) -> Self {
        Self::Failed {
            message: format!("{:?}", error.0),
        }
    }
}

/// The compiler, loaded.
#[derive(Debug)]
pub struct Compiler {
    /// Ascending.
    architectures: Vec<u32>,
}

impl Compiler {
    /// Loads the compiler.
    pub fn load() -> Result<Self, CompilerError> {
        // The binding panics where the library lacks one of its functions.
        let present = catch_unwind(|| {
            // SAFETY: loads the library of this name and runs its initialisers, which belong to NVIDIA's.
            unsafe { sys::is_culib_present() }
        });
        let reason = match present {
            Ok(true) => None,
            Ok(false) => Some("it is not installed"),
            Err(_) => Some("it is older than 12.9"),
        };
        if let Some(reason) = reason {
            return Err(CompilerError::Absent { reason });
        }
        let mut count = 0;
        // SAFETY: writes one number.
        unsafe { sys::nvrtcGetNumSupportedArchs(&raw mut count) }.result()?;
        let mut numbers = vec![0; usize::try_from(count).unwrap_or(0)];
        // SAFETY: writes as many numbers as it just said.
        unsafe { sys::nvrtcGetSupportedArchs(numbers.as_mut_ptr()) }.result()?;
        let mut architectures: Vec<u32> = numbers
            .into_iter()
            .filter_map(|n| n.try_into().ok())
            .collect();
        architectures.sort_unstable();
        Ok(Self { architectures })
    }

    /// The architectures it compiles for, ascending: 90 for `sm_90`.
    pub fn architectures(&self) -> &[u32] {
        &self.architectures
    }

    /// The architecture whose code a device of compute capability `device` (90 for 9.0) runs fastest.
    pub(crate) fn architecture_for(&self, device: u32) -> Result<u32, CompilerError> {
        // Code runs on later devices of the same generation.
        let fits = |known: &&u32| **known <= device && **known / 10 == device / 10;
        let found = self.architectures.iter().rfind(fits);
        found.copied().ok_or_else(|| CompilerError::Architecture {
            got: device,
            known: self.architectures.clone(),
        })
    }

    /// Compiles a kernel for an architecture; gives a device's machine code (a cubin).
    pub fn compile(&self, source: &str, architecture: u32) -> Result<Vec<u8>, CompilerError> {
        let source = CString::new(source).map_err(|_| CompilerError::Refused {
            log: "the text has a zero byte".to_owned(),
        })?;
        let unit = Unit::new(&source)?;
        let options = [
            format!("--gpu-architecture=sm_{architecture}"),
            "--std=c++17".to_owned(),
            "--disable-warnings".to_owned(),
            // The text includes nothing, so no folder need be looked into.
            "--no-source-include".to_owned(),
        ];
        // SAFETY: the unit is alive.
        if let Err(error) = unsafe { compile_program(unit.program, &options) } {
            return Err(match error.0 {
                sys::nvrtcResult::NVRTC_ERROR_COMPILATION => {
                    CompilerError::Refused { log: unit.log()? }
                }
                _ => error.into(),
            });
        }
        unit.cubin()
    }
}

/// A text inside the compiler.
struct Unit<'s> {
    program: sys::nvrtcProgram,
    /// The compiler may refer to the text as long as the unit lives.
    _source: &'s CStr,
}

impl<'s> Unit<'s> {
    fn new(source: &'s CStr) -> Result<Self, CompilerError> {
        Ok(Self {
            program: create_program(source, Some(c"kernel.cu"))?,
            _source: source,
        })
    }

    fn log(&self) -> Result<String, CompilerError> {
        // SAFETY: the unit is alive.
        let log = unsafe { get_program_log(self.program) }?;
        let bytes: Vec<u8> = log.into_iter().map(c_char::cast_unsigned).collect();
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim_end_matches('\0').trim().to_owned())
    }

    fn cubin(&self) -> Result<Vec<u8>, CompilerError> {
        let mut size = 0;
        // SAFETY: the unit is alive; writes one number.
        unsafe { sys::nvrtcGetCUBINSize(self.program, &raw mut size) }.result()?;
        let mut code = vec![0u8; size];
        // SAFETY: writes as many bytes as it just said.
        unsafe { sys::nvrtcGetCUBIN(self.program, code.as_mut_ptr().cast()) }.result()?;
        Ok(code)
    }
}

impl Drop for Unit<'_> {
    fn drop(&mut self) {
        let program = std::mem::replace(&mut self.program, ptr::null_mut());
        // SAFETY: made by the compiler and destroyed only here. A failure leaks it.
        let _ = unsafe { destroy_program(program) };
    }
}
