//! What the API asks of the scheduler.

use arknet_protocol::api::{DeviceInfo, DeviceState};
use arknet_protocol::{Fingerprint, JobRequest};

use super::handle::{DeviceStatus, Scheduler};
use crate::http::{Answer, DeviceLoad, Inadmissible, Work};
use crate::store::UnixMillis;

impl Work for Scheduler {
    fn devices(&self) -> Vec<DeviceLoad> {
        let devices = Self::devices(self).into_iter();
        devices
            .map(|device| DeviceLoad {
                job: device.job,
                info: describe(device),
            })
            .collect()
    }

    fn accepting(&self) -> bool {
        let is_there = |device: &DeviceStatus| device.state != DeviceState::Missing;
        !self.is_ending() && Self::devices(self).iter().any(is_there)
    }

    fn admit(&self, request: &JobRequest, now: UnixMillis) -> Result<(), Inadmissible> {
        if self.is_ending() {
            return Err(Inadmissible::Closed("it is being stopped".to_owned()));
        }
        let mut devices = Self::devices(self);
        devices.retain(|device| device.kinds.contains(&request.kind));
        if let Some(pin) = request.options.device
            && !devices.iter().any(|device| device.fingerprint == Some(pin))
        {
            return Err(Inadmissible::NoSuchDevice(pin));
        }
        if devices
            .iter()
            .all(|device| device.state == DeviceState::Missing)
        {
            return Err(Inadmissible::Closed(format!(
                "no device for `{}` jobs is there",
                request.kind
            )));
        }
        self.forecast(request, now)
            .map_err(|late| Inadmissible::Deadline(late.to_string()))
    }

    fn hold(&self, device: Fingerprint, reason: Option<String>) -> Answer<'_, ()> {
        Box::pin(async move {
            match reason {
                Some(reason) => Self::hold(self, device, reason).await,
                None => self.restore(device).await,
            }
        })
    }
}

/// A device for clients. One that is missing has a fingerprint that no device has.
fn describe(device: DeviceStatus) -> DeviceInfo {
    let missing = || Fingerprint::of(device.backend, &device.name, "missing");
    DeviceInfo {
        fingerprint: device.fingerprint.unwrap_or_else(missing),
        backend: device.backend.to_owned(),
        state: device.state,
        name: device.name,
        description: device.description,
    }
}
