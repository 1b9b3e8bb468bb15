//! Values, and what operations and built-in functions make of them, in Rust's own arithmetic.

use super::tree::{AtomicOp, Program, Scalar, Ty};

/// A value: a scalar with its bits, or the parts of a vector, array or struct.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar(Scalar, u32),
    Parts(Vec<Self>),
}

impl Value {
    pub(super) fn zero(program: &Program, ty: &Ty) -> Self {
        match ty {
            Ty::Scalar(of) => Self::Scalar(*of, 0),
            Ty::Vector(of, len) => Self::Parts(vec![Self::Scalar(*of, 0); *len]),
            Ty::Array(element, len) => Self::Parts(vec![Self::zero(program, element); *len]),
            Ty::Struct(id) => Self::Parts(
                program.structs[*id]
                    .iter()
                    .map(|member| Self::zero(program, member))
                    .collect(),
            ),
        }
    }

    pub(super) fn bits(&self) -> u32 {
        match self {
            Self::Scalar(_, bits) => *bits,
            Self::Parts(_) => panic!("a scalar, not {self:?}"),
        }
    }

    pub(super) fn truth(&self) -> bool {
        self.bits() != 0
    }

    pub(super) fn parts(&self) -> &[Self] {
        match self {
            Self::Scalar(..) => std::slice::from_ref(self),
            Self::Parts(parts) => parts,
        }
    }

    /// The value of components: a scalar if there is one.
    pub(super) fn of(mut components: Vec<Self>) -> Self {
        match components.len() {
            1 => components.remove(0),
            _ => Self::Parts(components),
        }
    }

    pub(super) fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |value, &at| match value {
            Self::Parts(parts) => &mut parts[at],
            Self::Scalar(..) => panic!("a scalar has no parts"),
        })
    }
}

pub(super) fn atomic(op: AtomicOp, signed: bool, old: u32, value: u32) -> u32 {
    let of = if signed { Scalar::I32 } else { Scalar::U32 };
    match op {
        AtomicOp::Add => old.wrapping_add(value),
        AtomicOp::Sub => old.wrapping_sub(value),
        AtomicOp::And => old & value,
        AtomicOp::Or => old | value,
        AtomicOp::Xor => old ^ value,
        AtomicOp::Min if less(of, old, value) => old,
        AtomicOp::Max if less(of, value, old) => old,
        AtomicOp::Min | AtomicOp::Max => value,
    }
}

/// Applies an operation to each component; a scalar among vectors stands for as many equal components.
pub(super) fn each(operands: &[Value], apply: impl Fn(Scalar, &[u32]) -> (Scalar, u32)) -> Value {
    let len = operands.iter().map(|operand| operand.parts().len()).max();
    Value::of(
        (0..len.unwrap_or(0))
            .map(|at| {
                let first = operands[0].parts();
                let Value::Scalar(of, _) = first[at % first.len()] else {
                    panic!("a component is a scalar");
                };
                let bits: Vec<u32> = operands
                    .iter()
                    .map(|operand| operand.parts()[at % operand.parts().len()].bits())
                    .collect();
                let (of, bits) = apply(of, &bits);
                Value::Scalar(of, bits)
            })
            .collect(),
    )
}

pub(super) fn less(of: Scalar, left: u32, right: u32) -> bool {
    match of {
        Scalar::I32 => left.cast_signed() < right.cast_signed(),
        _ => left < right,
    }
}

pub(super) fn binary(op: &str, of: Scalar, left: u32, right: u32) -> (Scalar, u32) {
    let (l, r) = (left.cast_signed(), right.cast_signed());
    let signed = of == Scalar::I32;
    let truth = |value: bool| (Scalar::Bool, u32::from(value));
    match op {
        "+" => (of, left.wrapping_add(right)),
        "-" => (of, left.wrapping_sub(right)),
        "*" => (of, left.wrapping_mul(right)),
        "/" if right == 0 => (of, left),
        "/" if signed => (of, l.wrapping_div(r).cast_unsigned()),
        "/" => (of, left / right),
        "%" if right == 0 => (of, 0),
        "%" if signed => (of, l.wrapping_rem(r).cast_unsigned()),
        "%" => (of, left % right),
        "&" => (of, left & right),
        "|" => (of, left | right),
        "^" => (of, left ^ right),
        "<<" => (of, left << (right % 32)),
        ">>" if signed => (of, (l >> (right % 32)).cast_unsigned()),
        ">>" => (of, left >> (right % 32)),
        "==" => truth(left == right),
        "!=" => truth(left != right),
        "<" => truth(less(of, left, right)),
        "<=" => truth(!less(of, right, left)),
        ">" => truth(less(of, right, left)),
        ">=" => truth(!less(of, left, right)),
        _ => panic!("the operator {op}"),
    }
}

pub(super) fn built_in(name: &str, arguments: &[Value]) -> Value {
    let word = |bits| Value::Scalar(Scalar::U32, bits);
    match name {
        "any" => {
            let any = arguments[0].parts().iter().any(Value::truth);
            return Value::Scalar(Scalar::Bool, u32::from(any));
        }
        "all" => {
            let all = arguments[0].parts().iter().all(Value::truth);
            return Value::Scalar(Scalar::Bool, u32::from(all));
        }
        "dot" => {
            let products = each(arguments, |of, bits| (of, bits[0].wrapping_mul(bits[1])));
            let sum = products
                .parts()
                .iter()
                .fold(0u32, |sum, product| sum.wrapping_add(product.bits()));
            let Value::Scalar(of, _) = arguments[0].parts()[0] else {
                panic!("a component is a scalar");
            };
            return Value::Scalar(of, sum);
        }
        "dot4U8Packed" => {
            let [a, b] = [0, 1].map(|at| arguments[at].bits().to_le_bytes());
            let products = a.iter().zip(b).map(|(a, b)| u32::from(*a) * u32::from(b));
            return word(products.sum());
        }
        "dot4I8Packed" => {
            let [a, b] = [0, 1].map(|at| arguments[at].bits().to_le_bytes().map(u8::cast_signed));
            let products = a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(b));
            let sum: i32 = products.sum();
            return Value::Scalar(Scalar::I32, sum.cast_unsigned());
        }
        "pack4xU8" | "pack4xI8" => return word(packed(&arguments[0], |bits| bits as u8)),
        "pack4xU8Clamp" => return word(packed(&arguments[0], |bits| bits.min(255) as u8)),
        "pack4xI8Clamp" => {
            return word(packed(&arguments[0], |bits| {
                bits.cast_signed().clamp(-128, 127) as u8
            }));
        }
        "unpack4xU8" => {
            let bytes = arguments[0].bits().to_le_bytes();
            return Value::Parts(bytes.iter().map(|&byte| word(byte.into())).collect());
        }
        "unpack4xI8" => {
            let bytes = arguments[0].bits().to_le_bytes().map(u8::cast_signed);
            let number = |byte| Value::Scalar(Scalar::I32, i32::from(byte).cast_unsigned());
            return Value::Parts(bytes.into_iter().map(number).collect());
        }
        _ => {}
    }
    each(arguments, |of, bits| {
        let x = bits[0];
        let signed = of == Scalar::I32;
        let least = |a: u32, b: u32| if less(of, a, b) { a } else { b };
        let most = |a: u32, b: u32| if less(of, a, b) { b } else { a };
        let result = match name {
            "min" => least(x, bits[1]),
            "max" => most(x, bits[1]),
            "clamp" => least(most(x, bits[1]), bits[2]),
            "abs" if signed => x.cast_signed().wrapping_abs().cast_unsigned(),
            "abs" => x,
            "sign" => x.cast_signed().signum().cast_unsigned(),
            "countOneBits" => x.count_ones(),
            "countLeadingZeros" => x.leading_zeros(),
            "countTrailingZeros" => x.trailing_zeros(),
            "reverseBits" => x.reverse_bits(),
            "firstLeadingBit" => {
                let magnitude = if signed && x.cast_signed() < 0 { !x } else { x };
                31u32.wrapping_sub(magnitude.leading_zeros())
            }
            "firstTrailingBit" if x == 0 => u32::MAX,
            "firstTrailingBit" => x.trailing_zeros(),
            "extractBits" => {
                let (offset, count) = range(bits[1], bits[2]);
                match (count, signed) {
                    (0, _) => 0,
                    (_, true) => {
                        ((i64::from(x.cast_signed()) << (64 - count - offset)) >> (64 - count))
                            as u32
                    }
                    (_, false) => ((u64::from(x) << (64 - count - offset)) >> (64 - count)) as u32,
                }
            }
            "insertBits" => {
                let (offset, count) = range(bits[2], bits[3]);
                let mask = (((1u64 << count) - 1) << offset) as u32;
                x & !mask | ((u64::from(bits[1]) << offset) as u32 & mask)
            }
            _ => panic!("the function {name}"),
        };
        (of, result)
    })
}

/// Four components as the bytes of a word.
fn packed(vector: &Value, byte: impl Fn(u32) -> u8) -> u32 {
    let bytes: Vec<u8> = vector
        .parts()
        .iter()
        .map(|part| byte(part.bits()))
        .collect();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// An offset and count of bits, cut to the word.
fn range(offset: u32, count: u32) -> (u32, u32) {
    let offset = offset.min(32);
    (offset, count.min(32 - offset))
}
