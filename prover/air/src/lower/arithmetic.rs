//! Products of words.

use super::row::RowBuilder;
use super::sum::Sum;
use crate::graph::NodeId;
use crate::table::Expr;

impl RowBuilder {
    /// The word's bytes, each looked up as a byte.
    pub(super) fn checked_bytes(&mut self, node: NodeId) -> [Expr; 4] {
        let made = self.forms(node).bytes.is_some();
        let bytes = self.bytes(node);
        if !made {
            self.check_byte_pair(bytes[0], bytes[1]);
            self.check_byte_pair(bytes[2], bytes[3]);
        }
        bytes
    }

    /// `a · b` modulo 2^32 as a sum: the byte convolution's lower four positions. The low half is at most
    /// `255² + 2^8·2·255² < 2^25`, the high half at most `3·255² + 2^8·4·255² < 2^26`.
    pub(super) fn product(&mut self, a: NodeId, b: NodeId) -> Sum {
        let (x, y) = (self.checked_bytes(a), self.checked_bytes(b));
        let positions = [0, 1, 2, 3].map(|position| self.convolution(&x, &y, position));
        let square = 255 * 255;
        Sum {
            limbs: [
                self.half(positions[0], positions[1]),
                self.half(positions[2], positions[3]),
            ],
            min: [0; 2],
            max: [square + 256 * 2 * square, 3 * square + 256 * 4 * square],
        }
    }

    /// `Σ x[i]·y[position − i]`.
    pub(super) fn convolution(&mut self, x: &[Expr; 4], y: &[Expr; 4], position: usize) -> Expr {
        let zero = self.exprs.constant(0);
        (0..4)
            .filter(|i| (position.wrapping_sub(*i)) < 4)
            .fold(zero, |sum, i| {
                let product = self.exprs.mul(x[i], y[position - i]);
                self.exprs.add(sum, product)
            })
    }

    /// `low + 2^8·high`.
    pub(super) fn half(&mut self, low: Expr, high: Expr) -> Expr {
        let high = self.exprs.scale(high, 256);
        self.exprs.add(low, high)
    }
}
