//! What goes wrong on a device behind the caller's back.
//!
//! wgpu reports errors to a handler of the device, not to the call that caused them, and panics where
//! there is no handler. [`Faults`] is that handler; each stage of a run asks it before going on. It keeps
//! the first fault since it was last asked, of which the later ones are mostly echoes.

use std::sync::{Arc, Mutex, PoisonError};

use crate::RunError;

/// The faults of one device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    fault: Option<Fault>,
    /// Why the device is lost; it stays lost.
    lost: Option<String>,
}

#[derive(Debug)]
enum Fault {
    OutOfMemory,
    Other(String),
}

impl Faults {
    /// Takes over the device's handlers.
    pub(crate) fn watch(device: &wgpu::Device) -> Self {
        let faults = Self::default();
        let errors = faults.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            errors.record(match error {
                wgpu::Error::OutOfMemory { .. } => Fault::OutOfMemory,
                wgpu::Error::Validation { description, .. }
                | wgpu::Error::Internal { description, .. } => Fault::Other(description),
            });
        }));
        let losses = faults.clone();
        device.set_device_lost_callback(move |_reason, message| losses.lose(message));
        faults
    }

    fn record(&self, fault: Fault) {
        self.locked(|record| {
            record.fault.get_or_insert(fault);
        });
    }

    /// Gives the device up.
    pub(crate) fn lose(&self, reason: String) {
        self.locked(|record| {
            record.lost.get_or_insert(reason);
        });
    }

    /// Fails where something went wrong since the last call.
    pub(crate) fn check(&self, adapter: &str, bytes: u64) -> Result<(), RunError> {
        let adapter = adapter.to_owned();
        self.locked(|record| {
            let fault = record.fault.take();
            if let Some(message) = record.lost.clone() {
                return Err(RunError::DeviceLost { adapter, message });
            }
            match fault {
                None => Ok(()),
                Some(Fault::OutOfMemory) => Err(RunError::OutOfMemory { adapter, bytes }),
                Some(Fault::Other(message)) => Err(RunError::Driver { adapter, message }),
            }
        })
    }

    fn locked<T>(&self, f: impl FnOnce(&mut Record) -> T) -> T {
        // The record is valid whatever interrupted its last user.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
