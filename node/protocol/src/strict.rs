//! What Ed25519 encodings are refused before `ring` sees them.
//!
//! Implementations differ on encodings that RFC 8032 leaves open: a y coordinate past the field's modulus, a negative
//! zero x, and points of small order, under which one signature holds for many messages or many keys (Chalkias,
//! Garillot, Nikolaenko, "Taming the Many EdDSAs", SSR 2020, section 3). `ring` takes them for a public key. They are
//! refused here, for the key and for the signature's point; that the scalar is below the group's order, and that the
//! signature's point is the one encoding of what the equation gives, `ring` checks.

/// The field's modulus, 2^255 - 19, little-endian.
const MODULUS: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};

/// The y coordinates of the eight points whose order divides 8, little-endian: 0 (order 4), 1 (order 1),
/// -1 (order 2), and the two of order 8.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    },
    {
        let mut bytes = MODULUS;
        bytes[0] = 0xec;
        bytes
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// Refuses the encodings above. Whether the rest is a point at all is left to `ring`.
pub(crate) fn check_point(encoded: &[u8; 32]) -> Result<(), &'static str> {
    let mut y = *encoded;
    y[31] &= 0x7f;
    if y.iter().rev().ge(MODULUS.iter().rev()) {
        return Err("its y coordinate is not below the field's modulus");
    }
    // x is zero only for y = 1 and y = -1, so a negative zero is among these too.
    if SMALL_ORDER.contains(&y) {
        return Err("it is a point of small order");
    }
    Ok(())
}
