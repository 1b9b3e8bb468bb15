//! WGSL from a stranger.

use arknet_workload::wgsl::{FrontEndLimits, Refusal, compile, declared_buffers};

use crate::program::assert_sound;

/// A WGSL source: it compiles to a sound workload or is refused for a reason that can be shown, and the front end
/// never fails itself.
pub fn front_end(data: &[u8]) -> bool {
    let Ok(source) = std::str::from_utf8(data) else {
        return false;
    };
    let _ = declared_buffers(source);
    match compile(source, "main", &FrontEndLimits::default()) {
        Ok(workload) => {
            assert_sound(&workload);
            true
        }
        Err(Refusal::Internal { what, .. }) => panic!("{what}\n{source}"),
        Err(refusal) => {
            assert!(!refusal.render("kernel.wgsl", source).is_empty());
            false
        }
    }
}
