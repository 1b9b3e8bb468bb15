//! The environment of a worker: what the driver needs to be found, and nothing that a user keeps there.

use std::ffi::{OsStr, OsString};

/// Variables that are handed on: where the Vulkan loader and its driver lie, and which GPU to take.
const HANDED_ON: [&str; 6] = [
    "LD_LIBRARY_PATH",
    "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES",
    "VK_ADD_DRIVER_FILES",
    "CUDA_VISIBLE_DEVICES",
    "LP_NUM_THREADS",
];

/// What marks a process that confines itself: it is no secret, and no driver reads it.
pub const MARK: &str = "ARKNET_PART";

/// Variables that are set: nothing is cached on disk, no layer of the user's comes between, and a panic
/// (whose text nobody reads) does not stop for a backtrace, which was seen to hang where memory had run out.
const SET: [(&str, &str); 6] = [
    ("MESA_SHADER_CACHE_DISABLE", "true"),
    ("__GL_SHADER_DISK_CACHE", "0"),
    ("CUDA_CACHE_DISABLE", "1"),
    ("VK_LOADER_LAYERS_DISABLE", "~all~"),
    ("RUST_BACKTRACE", "0"),
    ("RUST_LIB_BACKTRACE", "0"),
];

/// The environment to start a worker with, or a process that starts workers.
pub fn for_worker() -> Vec<(OsString, OsString)> {
    let handed_on = HANDED_ON
        .iter()
        .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
    let set = SET.map(|(name, value)| (name.into(), value.into()));
    handed_on.chain(set).collect()
}

/// Finds out whether this process has such an environment.
pub(crate) fn check() -> Result<String, String> {
    let foreign = std::env::vars_os()
        .filter(|(name, _)| !is_known(name))
        .count();
    match foreign {
        0 => Ok("driver variables only".to_owned()),
        _ => Err(format!("{foreign} variables that no driver needs")),
    }
}

fn is_known(name: &OsStr) -> bool {
    name == MARK
        || HANDED_ON.iter().any(|known| name == *known)
        || SET.iter().any(|(known, _)| name == *known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_users_is_handed_on() {
        assert!(std::env::var_os("PATH").is_some());
        let environment = for_worker();
        assert!(environment.iter().all(|(name, _)| is_known(name)));
        assert!(environment.iter().all(|(name, _)| name != "PATH"));
        // This process has it, so it has not the environment of a worker.
        assert!(check().is_err());
    }
}
