//! Receipts from a stranger.

use arknet_receipt::Receipt;

/// A receipt: bytes that decode are the one encoding of what they decode to, which can be shown.
pub fn receipt(data: &[u8]) -> bool {
    let Ok(receipt) = Receipt::decode(data) else {
        return false;
    };
    assert_eq!(receipt.encode(), data, "another encoding");
    assert!(!receipt.to_string().is_empty());
    true
}
