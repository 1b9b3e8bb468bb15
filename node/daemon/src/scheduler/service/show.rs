//! What the scheduler shows of itself.

use arknet_protocol::JobKind;
use arknet_protocol::api::DeviceState;

use super::Service;
use crate::scheduler::admission::Load;
use crate::scheduler::device::Device;
use crate::scheduler::handle::DeviceStatus;
use crate::store::Candidate;
use crate::task::Placement;

impl Service {
    /// Shows devices and load to those who ask.
    pub(super) fn show(&self, waiting: &[Candidate]) {
        let devices = self.slots.iter().map(|slot| {
            let job = slot.busy.as_ref().and_then(|busy| busy.job.as_ref());
            let state = match &slot.found {
                Err(_) => DeviceState::Missing,
                Ok(_) if slot.busy.is_some() => DeviceState::Busy,
                Ok(_) if slot.health.drained().is_some() => DeviceState::Drained,
                Ok(_) => DeviceState::Idle,
            };
            DeviceStatus {
                name: slot.settings.name.clone(),
                backend: match slot.settings.placement {
                    Placement::Cpu => "cpu",
                    Placement::Wgpu { .. } => "wgpu",
                    Placement::Cuda { .. } => "cuda",
                },
                description: match &slot.found {
                    Ok(device) => device.description.clone(),
                    Err(reason) => reason.clone(),
                },
                fingerprint: slot.found.as_ref().ok().map(|device| device.fingerprint),
                kinds: slot.settings.kinds(),
                state,
                job: job.map(|running| running.id),
                failures: slot.health.failures(),
                drained: slot.health.drained().map(|drained| drained.reason.clone()),
            }
        });
        self.board.show_devices(devices.collect());
        let loads = [JobKind::Run, JobKind::Prove].map(|kind| (kind, self.load(kind, waiting)));
        self.board.show_loads(loads.into());
    }

    /// What the devices that take a kind of jobs have to do.
    fn load(&self, kind: JobKind, waiting: &[Candidate]) -> Load {
        let experience = self.board.experience();
        let mut load = Load::default();
        for slot in &self.slots {
            let takes = |device: &Device| device.kinds.contains(&kind);
            if slot.health.drained().is_some() || !slot.found.as_ref().is_ok_and(takes) {
                continue;
            }
            load.devices += 1;
            if let Some(busy) = &slot.busy {
                let spent = u64::try_from(busy.since.elapsed().as_millis()).unwrap_or(u64::MAX);
                load.running += busy.expected.saturating_sub(spent);
            }
        }
        for candidate in waiting {
            let expected = experience.of_kind(candidate.job.kind).unwrap_or(0);
            let client = load.waiting.entry(candidate.job.client).or_insert(0);
            *client = client.saturating_add(expected);
        }
        load
    }
}
