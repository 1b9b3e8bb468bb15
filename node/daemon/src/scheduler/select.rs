//! Which of the waiting jobs a free device takes.

use std::collections::{BTreeSet, HashMap, HashSet};

use arknet_protocol::{Fingerprint, JobId, PublicKey};

use super::device::Device;
use super::fair::FairShare;
use crate::store::Candidate;

/// A job for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The position of the job among the candidates.
    pub candidate: usize,
    /// Whose it is.
    pub client: PublicKey,
}

/// The job that `device` takes, where there is one for it.
///
/// Whose turn it is decides first, then the client's own priorities, then age. `avoid` has the devices that each job
/// failed on; it goes back to one of those only where no device of `all` is left that could take it.
pub fn choose(
    candidates: &[Candidate],
    device: &Device,
    all: &[Device],
    avoid: &HashMap<JobId, HashSet<Fingerprint>>,
    share: &mut FairShare<PublicKey>,
) -> Option<Choice> {
    let fits = |candidate: &&Candidate| may_run(candidate, device, all, avoid);
    let waiting: BTreeSet<PublicKey> = candidates
        .iter()
        .filter(fits)
        .map(|candidate| candidate.job.client)
        .collect();
    let client = share.next(&waiting)?;
    let own = candidates
        .iter()
        .enumerate()
        .filter(|(_, candidate)| candidate.job.client == client && fits(candidate));
    let (candidate, _) =
        own.min_by_key(|(_, candidate)| (u8::MAX - candidate.job.priority, candidate.job.number))?;
    Some(Choice { candidate, client })
}

fn may_run(
    candidate: &Candidate,
    device: &Device,
    all: &[Device],
    avoid: &HashMap<JobId, HashSet<Fingerprint>>,
) -> bool {
    let takes = |device: &Device| {
        let pinned_elsewhere = candidate
            .device_pin
            .is_some_and(|pin| pin != device.fingerprint);
        device.kinds.contains(&candidate.job.kind) && !pinned_elsewhere
    };
    if !takes(device) {
        return false;
    }
    let Some(failed_on) = avoid.get(&candidate.job.id) else {
        return true;
    };
    let is_left = |device: &Device| takes(device) && !failed_on.contains(&device.fingerprint);
    !failed_on.contains(&device.fingerprint) || !all.iter().any(is_left)
}
