//! The check behind [`super::verify`], for any AIRs that a statement may compile to.

use arknet_workload::job::Job;

use super::{Invalid, Verified, check_claim};
use crate::claim::Claim;
use crate::config::{Octic, Quintic};
use crate::guard::{GuardError, guarded};
use crate::placement::{Slot, place};
use crate::preset::Preset;
use crate::proof::{AirFor, MalformedProof, ProofError, check_proof};
use crate::receipt::Receipt;
use crate::seal::{Seal, StarkSeal};
use crate::security::{ProofShape, SecurityReport};
use crate::transcript::TranscriptSeed;

/// [`super::verify_with_min_bits`] with any compiler: `compile` makes the statement's tables, given the bound
/// on steps that the receipt claims; `air_version` is that compiler's version.
pub(super) fn check<A>(
    receipt: &Receipt,
    job: &Job,
    outputs: &[Vec<u32>],
    min_bits: u32,
    air_version: u32,
    compile: impl FnOnce(u32) -> Result<Vec<Slot<A>>, Invalid> + Send,
) -> Result<Verified, Invalid>
where
    A: AirFor<Quintic> + AirFor<Octic>,
{
    let claim = check_claim(receipt, job, outputs)?;
    let Seal::Stark(seal) = receipt.seal() else {
        return Err(Invalid::NotProven);
    };
    let preset = seal.preset();
    let steps = claim.usage().steps;
    if seal.air_version() != air_version {
        return Err(Invalid::AirVersion {
            got: seal.air_version(),
            known: air_version,
        });
    }
    let shape = match guarded(|| check_seal(seal, &claim, compile(steps)?)) {
        Ok(result) => result?,
        Err(GuardError::Panicked(message)) => {
            return Err(MalformedProof::Panicked(message).into());
        }
        Err(GuardError::Spawn(error)) => return Err(Invalid::Start(error)),
    };
    let security = SecurityReport::new(&shape);
    let required = min_bits.max(preset.parameters().bits);
    if security.bits() < required {
        return Err(Invalid::Weak {
            bits: security.bits(),
            required,
        });
    }
    Ok(Verified {
        claim,
        security,
        shape,
    })
}

fn check_seal<A>(
    seal: &StarkSeal,
    claim: &Claim,
    slots: Vec<Slot<A>>,
) -> Result<ProofShape, Invalid>
where
    A: AirFor<Quintic> + AirFor<Octic>,
{
    let preset = seal.preset();
    let names: Vec<String> = slots.iter().map(|slot| slot.name.clone()).collect();
    let placed = place(preset, slots, seal.heights())?;
    let tables = names
        .iter()
        .map(String::as_str)
        .zip(seal.heights().iter().copied());
    let seed = TranscriptSeed::new(preset, seal.air_version(), claim, tables);
    match preset {
        Preset::S100 => check_proof::<Quintic, A>(&seed, &placed, seal.proof()),
        Preset::S128 => check_proof::<Octic, A>(&seed, &placed, seal.proof()),
    }
    .map_err(|error| match error {
        ProofError::Unprovable(error) => error.into(),
        ProofError::Malformed(error) => error.into(),
        ProofError::Rejected(reason) => Invalid::Rejected { reason },
    })
}
