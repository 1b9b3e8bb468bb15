//! The provider's signature on a receipt, made and checked under the rules of this crate.

use arknet_receipt::{Attestation, Digest, Receipt};

use crate::digest::RequestDigest;
use crate::identity::{Domain, InvalidKey, KeyPair, PublicKey, Signature};

/// Why an attestation says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// The receipt has none.
    #[error("the receipt carries no attestation")]
    Absent,
    /// The key in it is refused.
    #[error("the attestation's key is refused: {0}")]
    Key(#[from] InvalidKey),
    /// The signature does not hold.
    #[error(transparent)]
    Signature(#[from] arknet_receipt::BadSignature),
}

impl KeyPair {
    /// The attestation that the holder of this key gives to a claim and a seal of these digests, at `finished` seconds
    /// since 1970.
    pub fn attest(
        &self,
        claim: Digest,
        seal: Digest,
        request: Option<RequestDigest>,
        finished: u64,
    ) -> Attestation {
        Attestation::sign(
            *self.public().as_bytes(),
            claim,
            seal,
            request.map(|digest| Digest(digest.0)),
            finished,
            |message| self.sign(Domain::Attestation, message).0,
        )
    }
}

/// Who attested `receipt`, where the signature holds.
pub fn check_attestation(receipt: &Receipt) -> Result<PublicKey, AttestationError> {
    let attestation = receipt.attestation().ok_or(AttestationError::Absent)?;
    let provider = PublicKey::from_bytes(attestation.provider)?;
    receipt.check_attestation(|_, message, signature| {
        provider
            .verify(Domain::Attestation, message, &Signature(*signature))
            .is_ok()
    })?;
    Ok(provider)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arknet_receipt::{Claim, ExecutionSeal, Races, Seal, Usage};
    use arknet_workload::job::{Job, Limits};
    use arknet_workload::wgsl::{FrontEndLimits, compile};

    use super::*;

    fn unattested() -> (Claim, Seal) {
        let source = "@group(0) @binding(0) var<storage, read_write> data: array<u32>;
            @compute @workgroup_size(1) fn main() { data[0] = 7u; }";
        let limits = Limits {
            steps: 0,
            memory: 64,
            time: Duration::from_secs(1),
        };
        let workload = compile(source, "main", &FrontEndLimits::default()).unwrap();
        let job = Job::new(workload, [1, 1, 1], vec![vec![0]], limits).unwrap();
        let claim = Claim::new(&job, &[vec![7]], Usage::new(&job, 0)).unwrap();
        let seal = ExecutionSeal::new("cpu", "a test", Digest([1; 32]), Races::Checked).unwrap();
        (claim, Seal::Execution(seal))
    }

    #[test]
    fn an_attestation_is_its_providers() {
        let key = KeyPair::generate().unwrap();
        let (claim, seal) = unattested();
        let request = Some(RequestDigest::of(b"request"));
        let attestation = key.attest(claim.digest(), seal.digest(), request, 1_000);
        let receipt = Receipt::attested(claim.clone(), seal.clone(), attestation.clone());
        assert_eq!(check_attestation(&receipt), Ok(key.public()));

        let later = Attestation {
            finished: 1_001,
            ..attestation.clone()
        };
        let elsewhere = Attestation {
            provider: *KeyPair::generate().unwrap().public().as_bytes(),
            ..attestation.clone()
        };
        for changed in [later, elsewhere] {
            let receipt = Receipt::attested(claim.clone(), seal.clone(), changed);
            let error = check_attestation(&receipt).unwrap_err();
            assert!(matches!(error, AttestationError::Signature(_)), "{error}");
        }
        let nobody = Attestation {
            provider: [0; 32],
            ..attestation
        };
        let error = check_attestation(&Receipt::attested(claim, seal, nobody)).unwrap_err();
        assert!(matches!(error, AttestationError::Key(_)), "{error}");
    }

    #[test]
    fn the_two_crates_speak_of_one_domain() {
        assert_eq!(Domain::Attestation.tag(), Attestation::DOMAIN);
    }
}
