//! Which adapters there are, and which one runs.

use std::fmt;

use crate::BackendError;

/// What an adapter is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdapterKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU seen from a virtual machine.
    Virtual,
    /// A driver that runs on the processor.
    Software,
    /// Something the driver does not name.
    Other,
}

impl AdapterKind {
    /// All kinds; a kind's position is its number between processes.
    pub(crate) const ALL: [Self; 5] = [
        Self::Discrete,
        Self::Integrated,
        Self::Virtual,
        Self::Software,
        Self::Other,
    ];
}

/// An adapter, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Name of the device.
    pub name: String,
    /// What it is made of.
    pub kind: AdapterKind,
    /// The interface wgpu uses: Vulkan, Metal or Dx12.
    pub backend: String,
    /// The driver.
    pub driver: String,
    /// Its version, as it calls itself.
    pub driver_version: String,
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.name, self.backend)?;
        for part in [&self.driver, &self.driver_version] {
            if !part.is_empty() {
                write!(f, ", {part}")?;
            }
        }
        f.write_str(")")
    }
}

/// Which adapters may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    /// GPUs only: never a driver that runs on the processor, where the interpreter does as well.
    Auto,
    /// Any adapter, GPUs first.
    Any,
}

/// The adapters of this machine, in the order of [`Selection::Any`].
pub fn adapters() -> Vec<AdapterInfo> {
    enumerate().into_iter().map(|(info, _)| info).collect()
}

/// The first adapter that may be used.
pub(crate) fn choose(selection: Selection) -> Result<(AdapterInfo, wgpu::Adapter), BackendError> {
    let mut refused = Vec::new();
    for (info, adapter) in enumerate() {
        match refusal(&info, selection) {
            None => return Ok((info, adapter)),
            Some(reason) => refused.push(format!("{info} {reason}")),
        }
    }
    Err(BackendError::NoAdapter {
        software_allowed: selection == Selection::Any,
        refused,
    })
}

/// An adapter of [`adapters`].
pub(crate) fn find(wanted: &AdapterInfo) -> Result<(AdapterInfo, wgpu::Adapter), BackendError> {
    let found = enumerate().into_iter().find(|(info, _)| info == wanted);
    let refusal = match &found {
        Some((info, _)) => refusal(info, Selection::Any),
        None => Some("is not there"),
    };
    match (found, refusal) {
        (Some(found), None) => Ok(found),
        (_, reason) => Err(BackendError::NoAdapter {
            software_allowed: true,
            refused: vec![format!("{wanted} {}", reason.unwrap_or_default())],
        }),
    }
}

fn enumerate() -> Vec<(AdapterInfo, wgpu::Adapter)> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // The flags' default depends on how the program was built.
    descriptor.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(descriptor);
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let mut found: Vec<_> = adapters
        .into_iter()
        .map(|adapter| (describe(adapter.get_info()), adapter))
        .collect();
    // Stable: the loader's order decides among equals.
    found.sort_by_key(|(info, _)| match info.kind {
        AdapterKind::Discrete => 0,
        AdapterKind::Integrated => 1,
        AdapterKind::Virtual => 2,
        AdapterKind::Other => 3,
        AdapterKind::Software => 4,
    });
    found
}

fn describe(info: wgpu::AdapterInfo) -> AdapterInfo {
    AdapterInfo {
        name: info.name,
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Cpu => AdapterKind::Software,
            wgpu::DeviceType::Other => AdapterKind::Other,
        },
        backend: format!("{:?}", info.backend),
        driver: info.driver,
        driver_version: info.driver_info,
    }
}

/// Why an adapter is passed over.
fn refusal(info: &AdapterInfo, selection: Selection) -> Option<&'static str> {
    if selection == Selection::Auto && info.kind == AdapterKind::Software {
        return Some("is a software driver, which is never chosen automatically");
    }
    if info.driver == "llvmpipe" && mesa_major(&info.driver_version).is_some_and(|major| major < 23)
    {
        // Seen with 22.3.6: loops stop after 65,535 rounds and long chains of `else if` go wrong, both
        // without an error.
        return Some("computes wrong results before Mesa 23; install a newer Mesa");
    }
    None
}

/// The major version in `Mesa 25.0.7-2 (LLVM 15.0.6)`.
fn mesa_major(version: &str) -> Option<u32> {
    let (major, _) = version.strip_prefix("Mesa ")?.split_once('.')?;
    major.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn llvmpipe(version: &str) -> AdapterInfo {
        AdapterInfo {
            name: "llvmpipe (LLVM 15.0.6, 256 bits)".into(),
            kind: AdapterKind::Software,
            backend: "Vulkan".into(),
            driver: "llvmpipe".into(),
            driver_version: version.into(),
        }
    }

    #[test]
    fn auto_never_takes_a_software_driver() {
        let mesa_25 = llvmpipe("Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6)");
        assert!(refusal(&mesa_25, Selection::Auto).is_some());
        assert_eq!(refusal(&mesa_25, Selection::Any), None);
        let gpu = AdapterInfo {
            kind: AdapterKind::Discrete,
            ..mesa_25
        };
        assert_eq!(refusal(&gpu, Selection::Auto), None);
    }

    #[test]
    fn a_driver_known_to_be_wrong_is_refused() {
        let mesa_22 = llvmpipe("Mesa 22.3.6 (LLVM 15.0.6)");
        assert!(refusal(&mesa_22, Selection::Any).is_some());
        assert_eq!(refusal(&llvmpipe("unheard of"), Selection::Any), None);
    }
}
