//! Running the job again instead of trusting whoever ran it.

use std::time::Duration;

use arknet_workload::interpreter::{self, RunError};
use arknet_workload::job::Job;

use super::{Invalid, check_claim};
use crate::claim::Claim;
use crate::receipt::Receipt;

/// Checks what `receipt` claims about `job` and `outputs` by running the job in the reference interpreter, whatever
/// the seal. Races and every other trap are found.
///
/// `limits.time` is not applied, since it is about the machine that made the receipt: the job's steps bound the run.
/// The caller sees to it that there is memory for it ([`interpreter::memory_bytes`]).
pub fn replay(receipt: &Receipt, job: &Job, outputs: &[Vec<u32>]) -> Result<Claim, Invalid> {
    let claim = check_claim(receipt, job, outputs)?;
    let execution = interpreter::run_within(job, Duration::MAX).map_err(|error| match error {
        RunError::Trap(trap) => Invalid::Trapped(trap),
        other => Invalid::Replay(other),
    })?;
    let claimed = claim.usage().steps;
    if execution.steps != claimed {
        return Err(Invalid::ReplaySteps {
            claimed,
            got: execution.steps,
        });
    }
    for ((_, memory), (got, claimed)) in job
        .buffer_memories()
        .zip(execution.buffers.iter().zip(outputs))
    {
        // Lengths are equal: both are those of the job's buffers.
        let differs = got
            .iter()
            .zip(claimed)
            .position(|(got, claimed)| got != claimed);
        if let Some(index) = differs {
            return Err(Invalid::ReplayOutput {
                name: memory.name.clone(),
                index,
                claimed: claimed[index],
                got: got[index],
            });
        }
    }
    Ok(claim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arknet_workload::job::Limits;
    use arknet_workload::wgsl::{self, FrontEndLimits};

    use crate::attestation::Attestation;
    use crate::claim::Usage;
    use crate::digest::Digest;
    use crate::seal::{ExecutionSeal, Races, Seal};
    use crate::verify::verify;

    const KERNEL: &str = "
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    for (var i = 0u; i < a[0]; i++) { out[id.x * a[1]] += i + id.x; }
}";

    /// Four invocations with a step more than `a[0]` each, which race where `a[1]` is 0.
    fn job(a: [u32; 2], time: Duration) -> Job {
        let workload = wgsl::compile(KERNEL, "main", &FrontEndLimits::default()).unwrap();
        let limits = Limits {
            steps: 10,
            memory: 1 << 20,
            time,
        };
        Job::new(workload, [2, 1, 1], vec![a.to_vec(), vec![0; 4]], limits).unwrap()
    }

    fn receipt(job: &Job, outputs: &[Vec<u32>], steps: u32) -> Receipt {
        let claim = Claim::new(job, outputs, Usage::new(job, steps)).unwrap();
        let seal = ExecutionSeal::new("cuda", "a GPU", Digest([1; 32]), Races::NotChecked);
        let seal = Seal::Execution(seal.unwrap());
        let attestation =
            Attestation::sign([2; 32], claim.digest(), seal.digest(), None, 0, |_| [3; 64]);
        Receipt::attested(claim, seal, attestation)
    }

    #[test]
    fn an_honest_run_is_repeated_and_is_never_proven() {
        // The declared time is long over: it is not about this machine.
        let job = job([3, 1], Duration::ZERO);
        let outputs = vec![vec![3, 1], vec![3, 6, 9, 12]];
        let receipt = receipt(&job, &outputs, 4);
        assert_eq!(replay(&receipt, &job, &outputs).unwrap(), *receipt.claim());
        let error = verify(&receipt, &job, &outputs).unwrap_err();
        assert!(matches!(error, Invalid::NotProven), "{error}");
    }

    #[test]
    fn a_lie_is_found() {
        let job = job([3, 1], Duration::from_secs(9));
        let wrong = vec![vec![3, 1], vec![3, 6, 8, 12]];
        let error = replay(&receipt(&job, &wrong, 4), &job, &wrong).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`out[2]` is 9 when the job is run again, and 8 in the outputs"
        );
        let right = vec![vec![3, 1], vec![3, 6, 9, 12]];
        for steps in [3, 5] {
            let error = replay(&receipt(&job, &right, steps), &job, &right).unwrap_err();
            assert!(
                matches!(error, Invalid::ReplaySteps { got: 4, .. }),
                "{error}"
            );
        }
        let error = replay(&receipt(&job, &right, 4), &job, &wrong).unwrap_err();
        assert!(matches!(error, Invalid::Claim(_)), "{error}");
        let error = replay(&receipt(&job, &right, 11), &job, &right).unwrap_err();
        assert!(matches!(error, Invalid::OverSteps { .. }), "{error}");
    }

    #[test]
    fn a_run_without_a_meaning_is_found() {
        for (a, outputs) in [([3, 0], [3, 0, 0, 0]), ([11, 1], [55, 66, 77, 88])] {
            let job = job(a, Duration::from_secs(9));
            let outputs = vec![a.to_vec(), outputs.to_vec()];
            let error = replay(&receipt(&job, &outputs, 3), &job, &outputs).unwrap_err();
            assert!(matches!(error, Invalid::Trapped(_)), "{error}");
        }
    }
}
