//! What is due from time to time: expiry, trials of drained devices, devices that are missing, receipts that are not
//! finished.

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::Instant;

use super::{Busy, Came, Service, clock};
use crate::scheduler::device::{Device, DeviceError};
use crate::scheduler::settings::DeviceSettings;
use crate::store::UnixMillis;

/// Ticks between two tries to finish what is sealed.
const SLOW: u64 = 15;
/// Ticks between two tries to find a device that is missing: each starts a process.
const SEARCH: u64 = 300;

impl Service {
    pub(super) async fn tick(&mut self) {
        self.ticks += 1;
        // Jobs become eligible as time passes, and what is shown is to be of now.
        self.changed = true;
        let now = UnixMillis::now();
        let expired = self.store.expire(now, self.settings.retention);
        if let Err(error) = expired.await {
            tracing::error!(%error, "what is due cannot be expired");
        }
        if self.ending.is_some() {
            return;
        }
        for position in 0..self.slots.len() {
            let slot = &mut self.slots[position];
            let Ok(device) = &slot.found else { continue };
            if slot.busy.is_none() && slot.health.wants_probe(clock(now)) {
                let (pipeline, device) = (self.pipeline.clone(), device.clone());
                let trial = async move { Came::Trial(pipeline.probe(&device).await) };
                slot.busy = Some(Busy {
                    task: self.tasks.spawn(trial).id(),
                    job: None,
                    expected: 0,
                    since: Instant::now(),
                });
            }
        }
        if self.ticks.is_multiple_of(SLOW) {
            self.free_stranded().await;
        }
        if self.ticks.is_multiple_of(SEARCH) {
            self.look_for_devices();
        }
        let due = self.ticks == 1 || self.ticks.is_multiple_of(SLOW);
        if due && !self.finishing && !self.unfinished.is_empty() {
            self.finishing = true;
            let (pipeline, jobs) = (self.pipeline.clone(), std::mem::take(&mut self.unfinished));
            self.tasks.spawn(async move {
                let mut left = Vec::new();
                for (job, attempt) in jobs {
                    if let Err(error) = pipeline.resume(job, attempt).await {
                        tracing::warn!(%job, %error, "the receipt is not finished yet");
                        left.push((job, attempt));
                    }
                }
                Came::Finished(left)
            });
        }
    }

    /// Looks for the devices that are not there.
    pub(super) fn look_for_devices(&mut self) {
        for position in 0..self.slots.len() {
            if self.slots[position].found.is_ok() {
                continue;
            }
            let opened = self.open(self.slots[position].settings.clone());
            self.tasks.spawn(async move {
                let found = match opened.await {
                    Ok(found) => found.map_err(|error| error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                Came::Found(position, found)
            });
        }
    }

    /// Finds out what a device is, on a thread of its own.
    pub(super) fn open(&self, device: DeviceSettings) -> JoinHandle<Result<Device, DeviceError>> {
        let allow_weak = self.pipeline.parts().limits.allow_weak;
        spawn_blocking(move || Device::open(&device, allow_weak))
    }
}
