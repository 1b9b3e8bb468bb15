//! Whether a job can be there by its deadline, by what was measured.
//!
//! Nothing is guessed: what was never measured counts as nothing, so that a node without experience takes every job and
//! learns. What was measured is taken for what it is, an average of what jobs of that kind (or, better, this very
//! workload) took on these devices; the verdict says the numbers.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use arknet_protocol::{JobKind, JobRequest, PublicKey, RequestDigest};

/// Workloads whose times are remembered.
const WORKLOADS: usize = 4096;
/// The weight of the newest time in the moving average.
const WEIGHT: f64 = 0.25;

/// What makes a job's time: its kernel and its size, not its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape(RequestDigest);

impl Shape {
    /// The shape of a request.
    pub fn of(request: &JobRequest) -> Self {
        let workload = &request.workload;
        let text = format!(
            "{}|{}|{:?}|{:?}|{}|{:?}|{}",
            workload.wgsl,
            workload.entry,
            workload.constants,
            request.workgroups,
            request.kind,
            request.preset(),
            request.buffers.len(),
        );
        Self(RequestDigest::of(text.as_bytes()))
    }
}

/// What jobs took.
#[derive(Clone, Debug, Default)]
pub struct Experience {
    shapes: HashMap<Shape, f64>,
    /// In the order in which they came, for those that are forgotten.
    order: VecDeque<Shape>,
    kinds: HashMap<JobKind, f64>,
}

impl Experience {
    /// Takes in what was measured before the node was started.
    pub fn remember(&mut self, kind: JobKind, millis: f64) {
        if millis.is_finite() && millis > 0.0 {
            self.kinds.insert(kind, millis);
        }
    }

    /// Takes in what a finished job took.
    pub fn learn(&mut self, shape: Shape, kind: JobKind, millis: u64) {
        let millis = millis as f64;
        average(self.kinds.entry(kind).or_insert(millis), millis);
        if !self.shapes.contains_key(&shape) {
            self.order.push_back(shape);
            if self.order.len() > WORKLOADS {
                let oldest = self.order.pop_front();
                oldest.and_then(|oldest| self.shapes.remove(&oldest));
            }
        }
        average(self.shapes.entry(shape).or_insert(millis), millis);
    }

    /// What this very workload takes, where it was measured.
    pub fn of_shape(&self, shape: Shape) -> Option<u64> {
        self.shapes.get(&shape).map(|millis| *millis as u64)
    }

    /// What jobs of this kind take, where any was measured.
    pub fn of_kind(&self, kind: JobKind) -> Option<u64> {
        self.kinds.get(&kind).map(|millis| *millis as u64)
    }
}

fn average(value: &mut f64, newest: f64) {
    *value += WEIGHT * (newest - *value);
}

/// Work on a node, in milliseconds of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Devices that take work of this kind.
    pub devices: u64,
    /// What the jobs on them still take.
    pub running: u64,
    /// What each client has waiting.
    pub waiting: HashMap<PublicKey, u64>,
}

/// Why a job comes too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLate {
    /// Milliseconds until a device is free for it.
    pub wait: u64,
    /// Milliseconds that it takes itself.
    pub own: u64,
    /// Milliseconds until its deadline.
    pub left: u64,
}

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |millis: u64| format!("{}.{} s", millis / 1000, millis % 1000 / 100);
        write!(
            f,
            "by what was measured here it would wait about {} for a device and take about {}, and its deadline is in {}",
            seconds(self.wait),
            seconds(self.own),
            seconds(self.left)
        )
    }
}

/// Whether `client`'s next job, which takes `own` milliseconds, is done in `left` milliseconds. Devices are shared fairly:
/// while the client's own jobs are done, every other gets as much time as it, and no more than it asks for.
pub fn judge(load: &Load, client: &PublicKey, own: u64, left: u64) -> Result<(), TooLate> {
    let ahead = load.waiting.get(client).copied().unwrap_or(0);
    let turn = ahead.saturating_add(own);
    let others = load
        .waiting
        .iter()
        .filter(|(other, _)| *other != client)
        .fold(0u64, |sum, (_, waiting)| {
            sum.saturating_add((*waiting).min(turn))
        });
    let before = load.running.saturating_add(ahead).saturating_add(others);
    let wait = before / load.devices.max(1);
    if wait.saturating_add(own) > left {
        Err(TooLate { wait, own, left })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(seed: u8) -> PublicKey {
        let pair = arknet_protocol::KeyPair::from_seed([seed; 32]).unwrap();
        pair.public()
    }

    #[test]
    fn without_experience_everything_is_taken() {
        let experience = Experience::default();
        assert_eq!(experience.of_kind(JobKind::Prove), None);
        assert_eq!(judge(&Load::default(), &key(1), 0, 0), Ok(()));
    }

    #[test]
    fn the_verdict_says_the_numbers() {
        let load = Load {
            devices: 2,
            running: 4000,
            waiting: HashMap::from([(key(1), 6000), (key(2), 100_000)]),
        };
        // 4 s run, 6 s of its own come first, and the other client gets as much as both: 8 s.
        let late = judge(&load, &key(1), 2000, 10_000).unwrap_err();
        assert_eq!(
            late,
            TooLate {
                wait: 9000,
                own: 2000,
                left: 10_000
            }
        );
        assert_eq!(
            late.to_string(),
            "by what was measured here it would wait about 9.0 s for a device and take about 2.0 s, and its deadline is \
             in 10.0 s"
        );
        assert_eq!(judge(&load, &key(1), 2000, 11_000), Ok(()));
        // A third client waits for its turn only.
        assert_eq!(judge(&load, &key(3), 1000, 4000), Ok(()));
    }

    #[test]
    fn experience_is_averaged_and_bounded() {
        let mut experience = Experience::default();
        let shape = |n: u64| Shape(RequestDigest::of(&n.to_le_bytes()));
        experience.learn(shape(0), JobKind::Run, 1000);
        experience.learn(shape(0), JobKind::Run, 2000);
        assert_eq!(experience.of_shape(shape(0)), Some(1250));
        for n in 1..10_000 {
            experience.learn(shape(n), JobKind::Run, 100);
        }
        assert_eq!(experience.of_shape(shape(0)), None);
        assert_eq!(experience.shapes.len(), WORKLOADS);
        assert_eq!(experience.order.len(), WORKLOADS);
        assert!(experience.of_kind(JobKind::Run) < Some(110));
        assert_eq!(experience.of_kind(JobKind::Prove), None);
        experience.remember(JobKind::Prove, f64::NAN);
        assert_eq!(experience.of_kind(JobKind::Prove), None);
    }

    proptest! {
        /// More time never makes a job late, more work never makes it early, and no number breaks it.
        #[test]
        fn judgements_are_monotone(
            devices in 0u64..9, running: u64, mine: u64, others: u64, own: u64, left: u64, more: u64,
        ) {
            let load = Load { devices, running, waiting: HashMap::from([(key(1), mine), (key(2), others)]) };
            let verdict = judge(&load, &key(1), own, left);
            if verdict.is_ok() {
                prop_assert!(judge(&load, &key(1), own, left.saturating_add(more)).is_ok());
            } else {
                let busier = Load { running: running.saturating_add(more), ..load.clone() };
                prop_assert!(judge(&busier, &key(1), own, left).is_err());
            }
            let faster = Load { devices: devices + 1, ..load };
            if verdict.is_ok() {
                prop_assert!(judge(&faster, &key(1), own, left).is_ok());
            }
        }
    }
}
