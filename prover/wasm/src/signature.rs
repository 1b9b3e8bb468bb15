//! Ed25519 signatures without C code, under the rules of the node: one encoding of a key and of a signature's point, no
//! points of small order, and the equation without cofactor.

use ed25519_dalek::{Signature, VerifyingKey};

/// Whether `signature` is that of `key` over `message`.
pub(crate) fn holds(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let Ok(parsed) = VerifyingKey::from_bytes(key) else {
        return false;
    };
    // The library compares the point of the signature as bytes; that of the key may come in two encodings.
    parsed.to_edwards().compress().as_bytes() == key
        && parsed
            .verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    #[test]
    fn a_signature_holds_for_its_key_and_message() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = key.verifying_key().to_bytes();
        let signature = key.sign(b"message").to_bytes();
        assert!(holds(&public, b"message", &signature));
        assert!(!holds(&public, b"massage", &signature));
        for bit in 0..512 {
            let mut bad = signature;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds(&public, b"message", &bad), "{bit}");
        }
    }

    #[test]
    fn odd_keys_are_refused() {
        // With a key of order 1 or 4, a signature of zeros or of one point holds for many messages.
        let mut one = [0; 32];
        one[0] = 1;
        let signature = [&one[..], &[0; 32]].concat().try_into().unwrap();
        let mut past_modulus = [0xff; 32];
        past_modulus[0] = 0xee;
        past_modulus[31] = 0x7f;
        for key in [one, [0; 32], past_modulus, [0xff; 32]] {
            assert!(!holds(&key, b"message", &signature));
        }
    }
}
