//! Random expressions.

use super::generate::{Builder, number, scalar};
use super::tree::{BOOL, Buffer, ELEMENT, Expr, Id, Place, Root, SETTINGS, Scalar, Step, Ty, U32};

impl Builder<'_> {
    /// A variable in sight.
    pub(super) fn variable(&mut self, assigned: bool) -> Option<(Root, Ty)> {
        let mut roots: Vec<(Root, Ty)> = self
            .scope
            .iter()
            .filter(|(_, assignable)| *assignable || !assigned)
            .map(|&(local, _)| (Root::Local(local), self.locals[local].clone()))
            .collect();
        for (at, ty) in self.program.privates.iter().enumerate() {
            roots.push((Root::Private(at), ty.clone()));
        }
        if let Some(ty) = &self.pointer {
            roots.push((Root::Pointer, ty.clone()));
        }
        roots.push((Root::Cell, Ty::Struct(ELEMENT)));
        let at = self.random.below(roots.len().max(1) as u32) as usize;
        roots.into_iter().nth(at)
    }

    /// A part of a variable, perhaps all of it.
    pub(super) fn part(&mut self, root: Root, mut ty: Ty, mut depth: u32) -> (Place, Ty) {
        let mut steps = Vec::new();
        while depth > 0 && !self.random.one_in(3) {
            let Some((step, inner)) = self.step(&ty) else {
                break;
            };
            steps.push(step);
            ty = inner;
            depth -= 1;
        }
        (Place { root, steps }, ty)
    }

    fn step(&mut self, ty: &Ty) -> Option<(Step, Ty)> {
        match ty {
            Ty::Scalar(_) => None,
            Ty::Vector(of, len) => {
                let step = if self.random.one_in(3) && !self.in_index {
                    Step::Index(Box::new(self.index(*len)))
                } else {
                    Step::Component(self.random.below(*len as u32) as usize)
                };
                Some((step, Ty::Scalar(*of)))
            }
            Ty::Array(element, len) => {
                let step = if self.random.one_in(2) && !self.in_index {
                    Step::Index(Box::new(self.index(*len)))
                } else {
                    Step::Element(self.random.below(*len as u32) as usize)
                };
                Some((step, Ty::clone(element)))
            }
            Ty::Struct(id) => {
                let members = &self.program.structs[*id];
                let at = self.random.below(members.len() as u32) as usize;
                Some((Step::Member(at), members[at].clone()))
            }
        }
    }

    /// A variable or a part of one that has a type.
    fn read(&mut self, wanted: &Ty) -> Option<Expr> {
        for _ in 0..6 {
            let (root, ty) = self.variable(false)?;
            if ty == *wanted {
                let steps = Vec::new();
                return Some(Expr::Read(Place { root, steps }));
            }
            let (place, ty) = self.part(root, ty, 3);
            if ty == *wanted {
                return Some(Expr::Read(place));
            }
        }
        None
    }

    /// A part of a buffer that has a type.
    fn buffer(&mut self, wanted: &Ty) -> Option<Expr> {
        for _ in 0..4 {
            let (buffer, id) = if self.random.one_in(3) {
                (Buffer::Settings, SETTINGS)
            } else {
                (Buffer::Input, ELEMENT)
            };
            let mut ty = Ty::Struct(id);
            let mut steps = Vec::new();
            while ty != *wanted {
                let Some((step, inner)) = self.step(&ty) else {
                    break;
                };
                steps.push(step);
                ty = inner;
            }
            let is_plain = matches!(ty, Ty::Scalar(_) | Ty::Vector(..));
            if ty == *wanted && is_plain {
                return Some(Expr::Buffer(buffer, steps));
            }
        }
        None
    }

    /// A call of a function with a result of this type.
    fn call(&mut self, wanted: &Ty, depth: u32) -> Option<Expr> {
        let program = self.program;
        let candidates: Vec<usize> = (0..program.functions.len())
            .filter(|&at| program.functions[at].result == *wanted)
            .collect();
        if candidates.is_empty() || self.calls == 0 {
            return None;
        }
        let at = *self.random.pick(&candidates);
        let function = &program.functions[at];
        let pointer = match &function.pointer {
            None => None,
            Some(ty) => {
                let locals = &self.locals;
                let local = self
                    .scope
                    .iter()
                    .rev()
                    .find(|&&(local, assignable)| assignable && locals[local] == *ty)?
                    .0;
                Some(Place {
                    root: Root::Local(local),
                    steps: Vec::new(),
                })
            }
        };
        self.calls -= 1;
        let arguments = function
            .parameters
            .iter()
            .map(|parameter| self.expr(parameter, depth.min(1)))
            .collect();
        Some(Expr::Call(at, arguments, pointer))
    }

    /// An expression of a type.
    pub(super) fn expr(&mut self, wanted: &Ty, depth: u32) -> Expr {
        if depth > 0
            && self.random.one_in(3)
            && let Some(call) = self.call(wanted, depth)
        {
            return call;
        }
        let known = match self.random.below(8) {
            0..=3 => self.read(wanted),
            4 => self.buffer(wanted),
            _ => None,
        };
        if let Some(expr) = known {
            return expr;
        }
        match wanted {
            Ty::Scalar(of) if depth == 0 => self.leaf(*of),
            Ty::Scalar(of) => self.operation(*of, 1, depth),
            Ty::Vector(of, len) if depth > 0 && !self.random.one_in(3) => {
                self.operation(*of, *len, depth)
            }
            Ty::Vector(of, len) => {
                let mut parts = Vec::new();
                let mut rest = *len;
                if rest > 2 && self.random.one_in(3) {
                    parts.push(self.expr(&Ty::Vector(*of, 2), depth.saturating_sub(1)));
                    rest -= 2;
                }
                for _ in 0..rest {
                    parts.push(self.expr(&Ty::Scalar(*of), depth.saturating_sub(1)));
                }
                Expr::Construct(wanted.clone(), parts)
            }
            Ty::Array(element, len) => {
                let parts = (0..*len)
                    .map(|_| self.expr(element, depth.saturating_sub(1)))
                    .collect();
                Expr::Construct(wanted.clone(), parts)
            }
            Ty::Struct(id) => {
                let members = &self.program.structs[*id];
                let parts = members
                    .iter()
                    .map(|member| self.expr(member, depth.saturating_sub(1)))
                    .collect();
                Expr::Construct(wanted.clone(), parts)
            }
        }
    }

    fn leaf(&mut self, of: Scalar) -> Expr {
        let overrides = &self.program.overrides;
        if self.random.one_in(8)
            && let Some(at) = overrides.iter().position(|(ty, _)| *ty == of)
        {
            return Expr::Override(at);
        }
        match (of, self.random.below(8)) {
            (Scalar::U32, 0) => Expr::LocalIndex,
            (Scalar::U32, 1) => Expr::GlobalIndex,
            (Scalar::U32, 2) => {
                let id = *self
                    .random
                    .pick(&[Id::Local, Id::Group, Id::Global, Id::Groups]);
                Expr::Id(id, self.random.below(3) as usize)
            }
            (Scalar::U32, 3) if !self.in_index => {
                let index = self.index(self.program.table.len());
                Expr::Table(Box::new(index))
            }
            (Scalar::Bool, _) => Expr::Literal(of, self.random.below(2)),
            _ => Expr::Literal(of, self.random.word()),
        }
    }

    /// An operation with components of a type as its result.
    fn operation(&mut self, of: Scalar, len: usize, depth: u32) -> Expr {
        let ty = |of: Scalar| match len {
            1 => Ty::Scalar(of),
            len => Ty::Vector(of, len),
        };
        let wanted = ty(of);
        let depth = depth - 1;
        if self.random.one_in(6) {
            let condition = if self.random.one_in(2) {
                ty(Scalar::Bool)
            } else {
                BOOL
            };
            let condition = self.boxed(&condition, depth);
            return Expr::Select(
                condition,
                self.boxed(&wanted, depth),
                self.boxed(&wanted, depth),
            );
        }
        if self.random.one_in(8) {
            let source = 2 + self.random.below(3) as usize;
            let vector = self.boxed(&Ty::Vector(of, source), depth);
            let components = (0..len)
                .map(|_| self.random.below(source as u32) as usize)
                .collect();
            return Expr::Swizzle(vector, components);
        }
        match of {
            Scalar::Bool => self.truth(len, depth),
            Scalar::U32 | Scalar::I32 => self.arithmetic(of, &wanted, len, depth),
        }
    }

    fn boxed(&mut self, ty: &Ty, depth: u32) -> Box<Expr> {
        Box::new(self.expr(ty, depth))
    }

    fn truth(&mut self, len: usize, depth: u32) -> Expr {
        let ty = |of: Scalar| match len {
            1 => Ty::Scalar(of),
            len => Ty::Vector(of, len),
        };
        match self.random.below(7) {
            0 => Expr::Unary("!", self.boxed(&ty(Scalar::Bool), depth)),
            1 if len == 1 => {
                let and = self.random.one_in(2);
                Expr::Logical(and, self.boxed(&BOOL, depth), self.boxed(&BOOL, depth))
            }
            2 if len == 1 => {
                let name = *self.random.pick(&["any", "all"]);
                let vector = Ty::Vector(Scalar::Bool, 2 + self.random.below(3) as usize);
                Expr::BuiltIn(name, vec![self.expr(&vector, depth)])
            }
            3 => {
                let op = *self.random.pick(&["&", "|", "==", "!="]);
                let ty = ty(Scalar::Bool);
                Expr::Binary(op, self.boxed(&ty, depth), self.boxed(&ty, depth))
            }
            4 => {
                let from = number(self.random);
                Expr::Cast {
                    to: Scalar::Bool,
                    len,
                    bits: false,
                    operand: self.boxed(&ty(from), depth),
                }
            }
            _ => {
                let op = *self.random.pick(&["<", "<=", ">", ">=", "==", "!="]);
                let ty = ty(number(self.random));
                Expr::Binary(op, self.boxed(&ty, depth), self.boxed(&ty, depth))
            }
        }
    }

    fn arithmetic(&mut self, of: Scalar, wanted: &Ty, len: usize, depth: u32) -> Expr {
        let ty = |of: Scalar| match len {
            1 => Ty::Scalar(of),
            len => Ty::Vector(of, len),
        };
        match self.random.below(12) {
            0 => {
                let op = if of == Scalar::I32 { "-" } else { "~" };
                Expr::Unary(op, self.boxed(wanted, depth))
            }
            1 => {
                let op = *self.random.pick(&["<<", ">>"]);
                let amount = self.boxed(&ty(Scalar::U32), depth);
                Expr::Binary(op, self.boxed(wanted, depth), amount)
            }
            2 => {
                let from = scalar(self.random);
                let bits = from != Scalar::Bool && self.random.one_in(2);
                Expr::Cast {
                    to: of,
                    len,
                    bits,
                    operand: self.boxed(&ty(from), depth),
                }
            }
            3 => {
                let name = *self.random.pick(&[
                    "countOneBits",
                    "countLeadingZeros",
                    "countTrailingZeros",
                    "reverseBits",
                    "firstLeadingBit",
                    "firstTrailingBit",
                    "abs",
                ]);
                Expr::BuiltIn(name, vec![self.expr(wanted, depth)])
            }
            4 => self.packing(of, wanted, len, depth),
            5 => {
                let name = *self.random.pick(&["extractBits", "insertBits"]);
                let mut arguments = vec![self.expr(wanted, depth)];
                if name == "insertBits" {
                    arguments.push(self.expr(wanted, depth));
                }
                for _ in 0..2 {
                    let number = if self.random.one_in(3) {
                        self.expr(&U32, depth)
                    } else {
                        Expr::Literal(Scalar::U32, self.random.below(36))
                    };
                    arguments.push(number);
                }
                Expr::BuiltIn(name, arguments)
            }
            6 => {
                let name = *self.random.pick(&["min", "max", "clamp"]);
                let count = if name == "clamp" { 3 } else { 2 };
                let arguments = (0..count).map(|_| self.expr(wanted, depth)).collect();
                Expr::BuiltIn(name, arguments)
            }
            7 if len == 1 => {
                let vector = Ty::Vector(of, 2 + self.random.below(3) as usize);
                let arguments = vec![self.expr(&vector, depth), self.expr(&vector, depth)];
                Expr::BuiltIn("dot", arguments)
            }
            8 if len > 1 => {
                let op = *self.random.pick(&["+", "-", "*", "/", "%"]);
                let (vector, scalar) = (
                    self.boxed(wanted, depth),
                    self.boxed(&Ty::Scalar(of), depth),
                );
                if self.random.one_in(2) {
                    Expr::Binary(op, vector, scalar)
                } else {
                    Expr::Binary(op, scalar, vector)
                }
            }
            // What has no place in the type is too rare where each operand is drawn by itself.
            9 if of == Scalar::I32 && len == 1 => {
                let op = *self.random.pick(&["/", "%"]);
                let [least, minus_one] = [1 << 31, u32::MAX].map(|edge| {
                    let condition = self.boxed(&BOOL, 0);
                    let edge = Box::new(Expr::Literal(of, edge));
                    Box::new(Expr::Select(condition, edge, self.boxed(wanted, depth)))
                });
                Expr::Binary(op, least, minus_one)
            }
            _ => {
                let op = *self.random.pick(&OPERATORS);
                Expr::Binary(op, self.boxed(wanted, depth), self.boxed(wanted, depth))
            }
        }
    }

    /// Functions on the bytes of words, where the type allows one.
    fn packing(&mut self, of: Scalar, wanted: &Ty, len: usize, depth: u32) -> Expr {
        let bytes = |of| Ty::Vector(of, 4);
        let (name, argument, count) = match (of, len, self.random.below(4)) {
            (Scalar::U32, 1, 0) => {
                let name = *self.random.pick(&["pack4xU8", "pack4xU8Clamp"]);
                (name, bytes(Scalar::U32), 1)
            }
            (Scalar::U32, 1, 1) => {
                let name = *self.random.pick(&["pack4xI8", "pack4xI8Clamp"]);
                (name, bytes(Scalar::I32), 1)
            }
            (Scalar::U32, 1, _) => ("dot4U8Packed", U32, 2),
            (Scalar::I32, 1, 0 | 1) => ("dot4I8Packed", U32, 2),
            (Scalar::U32, 4, _) => ("unpack4xU8", U32, 1),
            (Scalar::I32, 4, 0 | 1) => ("unpack4xI8", U32, 1),
            (Scalar::I32, ..) => ("sign", wanted.clone(), 1),
            _ => ("abs", wanted.clone(), 1),
        };
        let arguments = (0..count).map(|_| self.expr(&argument, depth)).collect();
        Expr::BuiltIn(name, arguments)
    }
}

/// Operators on words; the likelier ones stand twice.
pub(super) const OPERATORS: [&str; 10] = ["+", "-", "*", "/", "%", "&", "|", "^", "+", "*"];
