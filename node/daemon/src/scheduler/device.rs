//! A device: what runs kernels, and what it is known by.
//!
//! The node never loads a GPU's driver. What a device is called is asked of a sandbox worker, and every run says again
//! what it took place on: a device that became another one meanwhile is noticed.

use arknet_protocol::{Fingerprint, JobKind};
use arknet_receipt::{Digest, ExecutionSeal, Races, Seal};
use arknet_sandbox::{Backend, Selection, StartError, Worker, WorkerSettings};

use super::settings::DeviceSettings;
use crate::task::Placement;

/// Bytes of buffers that a worker is asked for only to say what it runs on.
const NO_JOB: u64 = 1 << 20;

/// A device that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The operator's name for it.
    pub name: String,
    /// `cpu`, `wgpu` or `cuda`.
    pub backend: &'static str,
    /// What its driver calls it.
    pub description: String,
    /// Its identity: a digest of the backend, the description and the driver's version.
    pub fingerprint: Fingerprint,
    /// How it is used.
    pub placement: Placement,
    /// The jobs that it takes.
    pub kinds: Vec<JobKind>,
}

/// Why a device is not there.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is no worker on it.
    #[error("the device `{name}` cannot be used: {source}")]
    Start {
        /// The operator's name for it.
        name: String,
        /// Why.
        source: StartError,
    },
    /// There is no thread to find out.
    #[error("devices cannot be looked for: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

impl Device {
    /// Finds out what a device is. Starts a worker, which takes up to half a minute.
    pub fn open(settings: &DeviceSettings, allow_weak: bool) -> Result<Self, DeviceError> {
        let (backend, description) = match settings.placement {
            Placement::Cpu => (
                "cpu",
                format!("reference interpreter {}", env!("CARGO_PKG_VERSION")),
            ),
            Placement::Wgpu { software } => {
                let selection = match software {
                    true => Selection::Any,
                    false => Selection::Auto,
                };
                let found = ask(settings, Backend::Wgpu, selection, allow_weak)?;
                ("wgpu", found)
            }
            Placement::Cuda { .. } => (
                "cuda",
                ask(settings, Backend::Cuda, Selection::Auto, allow_weak)?,
            ),
        };
        // Several of a kind are told apart by their numbers.
        let number = match settings.placement {
            Placement::Cuda { number } => number.to_string(),
            Placement::Cpu | Placement::Wgpu { .. } => String::new(),
        };
        Ok(Self {
            name: settings.name.clone(),
            backend,
            fingerprint: Fingerprint::of(backend, &description, &number),
            description,
            placement: settings.placement,
            kinds: settings.kinds(),
        })
    }

    /// The node's word on a run: that it took place here. `told` is what the child says that it ran on.
    pub fn seal(&self, told: &str, races_checked: bool) -> Result<Seal, String> {
        if self.placement.is_gpu() && told != self.description {
            return Err(format!("it ran on {told} instead of {}", self.description));
        }
        let races = match races_checked {
            true => Races::Checked,
            false => Races::NotChecked,
        };
        let description = ExecutionSeal::describe_device(&self.description);
        let fingerprint = Digest(self.fingerprint.0);
        ExecutionSeal::new(self.backend, &description, fingerprint, races)
            .map(Seal::Execution)
            .map_err(|error| error.to_string())
    }
}

/// What a worker says that it runs on.
fn ask(
    settings: &DeviceSettings,
    backend: Backend,
    selection: Selection,
    allow_weak: bool,
) -> Result<String, DeviceError> {
    let worker = Worker::start(&WorkerSettings {
        backend,
        selection,
        memory: NO_JOB,
        allow_weak,
        ..WorkerSettings::default()
    });
    match worker {
        // As a child's word is cut before it is compared.
        Ok(worker) => Ok(crate::task::device_name(&worker.adapter().to_string())),
        Err(source) => Err(DeviceError::Start {
            name: settings.name.clone(),
            source,
        }),
    }
}
