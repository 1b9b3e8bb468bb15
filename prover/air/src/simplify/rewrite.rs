//! One walk over a program that builds its simplified copy.

use std::collections::HashSet;

use arknet_workload::interpreter::evaluate_binary;
use arknet_workload::ir::{
    BinaryOp, Block, Inst, InstKind, LoopParam, MemoryId, Program, Space, Span, Terminator, Type,
    Value,
};

use super::{UNROLL_BUDGET, Unrolling, constants_of, for_each_inst};

/// Rounds of a loop that unrolling looks at before it gives up.
const MAX_ROUNDS: usize = 4_096;

/// How control leaves a rewritten block, in values of the new program.
enum Flow {
    Yield(Vec<Value>),
    Break(Vec<Value>),
    Continue(Vec<Value>),
    Unreachable,
}

/// A loop around the point of the walk.
struct Frame {
    /// Promoted words its body stores to, which ride along as params and results.
    carried: Vec<usize>,
    /// Whether the loop is being unrolled, so no `break` or `continue` of it may remain.
    unrolling: bool,
    /// Set when one remained all the same.
    escaped: bool,
}

/// Builds the simplified copy of `source`.
pub(super) struct Rewriter<'a> {
    source: &'a Program,
    source_constants: Vec<Option<u32>>,
    out: Program,
    /// New value of each source value seen so far.
    map: Vec<Option<Value>>,
    /// Bits of each new value that is a constant.
    constants: Vec<Option<u32>>,
    /// First slot in `words` of each promoted memory.
    promoted: Vec<Option<usize>>,
    /// Current value (`u32`) of each word of the promoted memories.
    words: Vec<Value>,
    frames: Vec<Frame>,
    /// Loops (by the address of their body in `source`) that unrolling failed on.
    kept: HashSet<*const Block>,
    budget: usize,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(source: &'a Program, promote: Vec<MemoryId>, unrolling: Unrolling) -> Self {
        let mut promoted = vec![None; source.memories.len()];
        let mut words = 0;
        for id in promote {
            if let Space::Private { words: length } = source.memory(id).space {
                promoted[id.0 as usize] = Some(words);
                words += length as usize;
            }
        }
        Self {
            source,
            source_constants: constants_of(source),
            out: Program {
                workgroup_size: source.workgroup_size,
                memories: source.memories.clone(),
                values: Vec::new(),
                body: Block::default(),
            },
            map: vec![None; source.values.len()],
            constants: Vec::new(),
            promoted,
            words: vec![Value(0); words],
            frames: Vec::new(),
            kept: HashSet::new(),
            budget: match unrolling {
                Unrolling::Bounded => UNROLL_BUDGET,
                Unrolling::Off => 0,
            },
        }
    }

    pub(super) fn run(mut self) -> Program {
        let mut insts = Vec::new();
        if !self.words.is_empty() {
            let zero = self.constant(&mut insts, Type::U32, 0, Span::default());
            self.words.fill(zero);
        }
        let source = self.source;
        let flow = self.block(&source.body, &mut insts);
        self.out.body = Block {
            insts,
            end: terminator(flow),
        };
        self.out
    }

    fn value(&mut self, ty: Type, constant: Option<u32>) -> Value {
        self.constants.push(constant);
        self.out.new_value(ty)
    }

    fn constant(&mut self, insts: &mut Vec<Inst>, ty: Type, bits: u32, span: Span) -> Value {
        let result = self.value(ty, Some(bits));
        insts.push(Inst {
            kind: InstKind::Const { result, bits },
            span,
        });
        result
    }

    /// The new value of a source value; defined, because definitions dominate uses.
    fn get(&self, value: Value) -> Value {
        self.map[value.0 as usize].expect("a checked program defines values before their uses")
    }

    fn get_all(&self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|&value| self.get(value)).collect()
    }

    fn set(&mut self, source: Value, new: Value) {
        self.map[source.0 as usize] = Some(new);
    }

    fn bits(&self, value: Value) -> Option<u32> {
        self.constants[value.0 as usize]
    }

    fn block(&mut self, block: &'a Block, insts: &mut Vec<Inst>) -> Flow {
        for inst in &block.insts {
            if let Some(flow) = self.inst(inst, insts) {
                return flow;
            }
        }
        match &block.end {
            Terminator::Yield(values) => Flow::Yield(self.get_all(values)),
            Terminator::Break(values) => Flow::Break(self.get_all(values)),
            Terminator::Continue(values) => Flow::Continue(self.get_all(values)),
            Terminator::Unreachable => Flow::Unreachable,
        }
    }

    /// Rewrites one instruction; `Some` where nothing after it in its block is reached.
    fn inst(&mut self, inst: &'a Inst, insts: &mut Vec<Inst>) -> Option<Flow> {
        let span = inst.span;
        match &inst.kind {
            InstKind::Const { result, bits } => {
                let new = self.constant(insts, self.source.type_of(*result), *bits, span);
                self.set(*result, new);
            }
            InstKind::Binary {
                result,
                op,
                lhs,
                rhs,
            } => {
                self.binary(insts, span, *result, *op, self.get(*lhs), self.get(*rhs));
            }
            InstKind::Select {
                result,
                condition,
                accept,
                reject,
            } => {
                let (condition, accept, reject) =
                    (self.get(*condition), self.get(*accept), self.get(*reject));
                match self.bits(condition) {
                    Some(bits) => self.set(*result, if bits == 1 { accept } else { reject }),
                    None => {
                        let new = self.value(self.source.type_of(*result), None);
                        let kind = InstKind::Select {
                            result: new,
                            condition,
                            accept,
                            reject,
                        };
                        insts.push(Inst { kind, span });
                        self.set(*result, new);
                    }
                }
            }
            InstKind::Cast { result, operand } => {
                let new = self.cast(
                    insts,
                    span,
                    self.get(*operand),
                    self.source.type_of(*result),
                );
                self.set(*result, new);
            }
            InstKind::Builtin { result, builtin } => {
                let new = self.value(Type::U32, None);
                insts.push(Inst {
                    kind: InstKind::Builtin {
                        result: new,
                        builtin: *builtin,
                    },
                    span,
                });
                self.set(*result, new);
            }
            InstKind::ArrayLength { result, memory } => {
                let new = self.value(Type::U32, None);
                let kind = InstKind::ArrayLength {
                    result: new,
                    memory: *memory,
                };
                insts.push(Inst { kind, span });
                self.set(*result, new);
            }
            InstKind::Load {
                result,
                memory,
                index,
            } => {
                self.load(insts, span, *result, *memory, *index);
            }
            InstKind::Store {
                memory,
                index,
                value,
            } => {
                self.store(insts, span, *memory, *index, *value);
            }
            InstKind::Atomic {
                op,
                memory,
                index,
                value,
            } => {
                let kind = InstKind::Atomic {
                    op: *op,
                    memory: *memory,
                    index: self.get(*index),
                    value: self.get(*value),
                };
                insts.push(Inst { kind, span });
            }
            InstKind::Barrier { scope } => {
                let kind = InstKind::Barrier { scope: *scope };
                insts.push(Inst { kind, span });
            }
            InstKind::UniformLoad {
                result,
                memory,
                index,
            } => {
                let index = self.get(*index);
                let new = self.value(self.source.type_of(*result), None);
                let kind = InstKind::UniformLoad {
                    result: new,
                    memory: *memory,
                    index,
                };
                insts.push(Inst { kind, span });
                self.set(*result, new);
            }
            InstKind::Meter { steps } => {
                insts.push(Inst {
                    kind: InstKind::Meter { steps: *steps },
                    span,
                });
            }
            InstKind::If {
                condition,
                then,
                otherwise,
                results,
            } => {
                return self.conditional(insts, span, *condition, then, otherwise, results);
            }
            InstKind::Loop {
                params,
                body,
                results,
            } => {
                if !self.unroll(insts, span, params, body, results) {
                    self.keep_loop(insts, span, params, body, results);
                }
            }
        }
        None
    }

    fn binary(
        &mut self,
        insts: &mut Vec<Inst>,
        span: Span,
        result: Value,
        op: BinaryOp,
        lhs: Value,
        rhs: Value,
    ) {
        let ty = self.source.type_of(result);
        let new = match (self.bits(lhs), self.bits(rhs)) {
            (Some(a), Some(b)) => {
                let operand_type = self.out.type_of(lhs);
                self.constant(insts, ty, evaluate_binary(op, operand_type, a, b), span)
            }
            _ => {
                let new = self.value(ty, None);
                insts.push(Inst {
                    kind: InstKind::Binary {
                        result: new,
                        op,
                        lhs,
                        rhs,
                    },
                    span,
                });
                new
            }
        };
        self.set(result, new);
    }

    fn cast(&mut self, insts: &mut Vec<Inst>, span: Span, operand: Value, ty: Type) -> Value {
        if self.out.type_of(operand) == ty {
            return operand;
        }
        match self.bits(operand) {
            Some(bits) => {
                let bits = if ty == Type::Bool {
                    u32::from(bits != 0)
                } else {
                    bits
                };
                self.constant(insts, ty, bits, span)
            }
            None => {
                let result = self.value(ty, None);
                insts.push(Inst {
                    kind: InstKind::Cast { result, operand },
                    span,
                });
                result
            }
        }
    }

    /// The slot of a promoted word. Promotion required a constant index within bounds.
    fn promoted_slot(&self, memory: MemoryId, index: Value) -> Option<usize> {
        let base = self.promoted[memory.0 as usize]?;
        Some(base + self.source_constants[index.0 as usize]? as usize)
    }

    fn load(
        &mut self,
        insts: &mut Vec<Inst>,
        span: Span,
        result: Value,
        memory: MemoryId,
        index: Value,
    ) {
        let ty = self.source.type_of(result);
        if let Some(slot) = self.promoted_slot(memory, index) {
            let new = self.cast(insts, span, self.words[slot], ty);
            self.set(result, new);
            return;
        }
        let index = self.get(index);
        if let (Space::Constant { words }, Some(at)) =
            (&self.source.memory(memory).space, self.bits(index))
            && let Some(&bits) = words.get(at as usize)
        {
            let new = self.constant(insts, ty, bits, span);
            self.set(result, new);
            return;
        }
        let new = self.value(ty, None);
        insts.push(Inst {
            kind: InstKind::Load {
                result: new,
                memory,
                index,
            },
            span,
        });
        self.set(result, new);
    }

    fn store(
        &mut self,
        insts: &mut Vec<Inst>,
        span: Span,
        memory: MemoryId,
        index: Value,
        value: Value,
    ) {
        let new = self.get(value);
        if let Some(slot) = self.promoted_slot(memory, index) {
            self.words[slot] = self.cast(insts, span, new, Type::U32);
            return;
        }
        let index = self.get(index);
        insts.push(Inst {
            kind: InstKind::Store {
                memory,
                index,
                value: new,
            },
            span,
        });
    }

    fn conditional(
        &mut self,
        insts: &mut Vec<Inst>,
        span: Span,
        condition: Value,
        then: &'a Block,
        otherwise: &'a Block,
        results: &[Value],
    ) -> Option<Flow> {
        let condition = self.get(condition);
        if let Some(bits) = self.bits(condition) {
            return match self.block(if bits == 1 { then } else { otherwise }, insts) {
                Flow::Yield(values) => {
                    for (&result, value) in results.iter().zip(values) {
                        self.set(result, value);
                    }
                    None
                }
                flow => Some(flow),
            };
        }
        let before = self.words.clone();
        let (mut then_insts, mut else_insts) = (Vec::new(), Vec::new());
        let mut then_flow = self.block(then, &mut then_insts);
        self.close(&mut then_flow);
        let then_words = std::mem::replace(&mut self.words, before.clone());
        let mut else_flow = self.block(otherwise, &mut else_insts);
        self.close(&mut else_flow);
        let else_words = std::mem::replace(&mut self.words, before);

        // Promoted words that an arm changed leave it as further results.
        let (then_yields, else_yields) = (
            matches!(then_flow, Flow::Yield(_)),
            matches!(else_flow, Flow::Yield(_)),
        );
        let changed: Vec<usize> = (0..self.words.len())
            .filter(|&slot| {
                then_yields && then_words[slot] != self.words[slot]
                    || else_yields && else_words[slot] != self.words[slot]
            })
            .collect();
        for (flow, words) in [(&mut then_flow, &then_words), (&mut else_flow, &else_words)] {
            if let Flow::Yield(values) = flow {
                values.extend(changed.iter().map(|&slot| words[slot]));
            }
        }
        // Where neither arm comes to its end there is nobody to have results.
        let results = if then_yields || else_yields {
            results
        } else {
            &[]
        };
        let mut new_results = Vec::with_capacity(results.len() + changed.len());
        for &result in results {
            let new = self.value(self.source.type_of(result), None);
            self.set(result, new);
            new_results.push(new);
        }
        for slot in changed {
            let new = self.value(Type::U32, None);
            self.words[slot] = new;
            new_results.push(new);
        }
        insts.push(Inst {
            kind: InstKind::If {
                condition,
                then: Block {
                    insts: then_insts,
                    end: terminator(then_flow),
                },
                otherwise: Block {
                    insts: else_insts,
                    end: terminator(else_flow),
                },
                results: new_results,
            },
            span,
        });
        (!then_yields && !else_yields).then_some(Flow::Unreachable)
    }

    /// Gives the exits of the innermost loop their promoted words, and notes that an exit remains.
    fn close(&mut self, flow: &mut Flow) {
        if let (Flow::Break(values) | Flow::Continue(values), Some(frame)) =
            (flow, self.frames.last_mut())
        {
            frame.escaped |= frame.unrolling;
            values.extend(frame.carried.iter().map(|&slot| self.words[slot]));
        }
    }

    /// Replaces a loop by its rounds where every exit condition is a constant. Leaves nothing behind and
    /// returns false where that is not so.
    fn unroll(
        &mut self,
        insts: &mut Vec<Inst>,
        span: Span,
        params: &[LoopParam],
        body: &'a Block,
        results: &[Value],
    ) -> bool {
        let starts_constant = params
            .iter()
            .any(|param| self.bits(self.get(param.initial)).is_some());
        if !starts_constant || self.kept.contains(&std::ptr::from_ref(body)) {
            return false;
        }
        let (insts_before, values_before) = (insts.len(), self.out.values.len());
        let (words_before, budget_before) = (self.words.clone(), self.budget);
        self.frames.push(Frame {
            carried: Vec::new(),
            unrolling: true,
            escaped: false,
        });
        let mut values: Vec<Value> = params.iter().map(|p| self.get(p.initial)).collect();
        let mut left = None;
        for _ in 0..MAX_ROUNDS {
            insts.push(Inst {
                kind: InstKind::Meter { steps: 1 },
                span,
            });
            for (param, &value) in params.iter().zip(&values) {
                self.set(param.param, value);
            }
            let length = insts.len();
            let flow = self.block(body, insts);
            let added = inst_count(&insts[length..]);
            if self.frames.last().is_some_and(|frame| frame.escaped) || added > self.budget {
                break;
            }
            self.budget -= added;
            match flow {
                Flow::Continue(next) => values = next,
                Flow::Break(values) => {
                    left = Some(values);
                    break;
                }
                Flow::Yield(_) | Flow::Unreachable => break,
            }
        }
        self.frames.pop();
        match left {
            Some(values) => {
                for (&result, value) in results.iter().zip(values) {
                    self.set(result, value);
                }
                true
            }
            None => {
                insts.truncate(insts_before);
                self.out.values.truncate(values_before);
                self.constants.truncate(values_before);
                self.words = words_before;
                self.budget = budget_before;
                self.kept.insert(std::ptr::from_ref(body));
                false
            }
        }
    }

    fn keep_loop(
        &mut self,
        insts: &mut Vec<Inst>,
        span: Span,
        params: &[LoopParam],
        body: &'a Block,
        results: &[Value],
    ) {
        let carried = self.stored_words(body);
        let mut new_params = Vec::with_capacity(params.len() + carried.len());
        for param in params {
            let new = self.value(self.source.type_of(param.param), None);
            new_params.push(LoopParam {
                param: new,
                initial: self.get(param.initial),
            });
            self.set(param.param, new);
        }
        for &slot in &carried {
            let new = self.value(Type::U32, None);
            new_params.push(LoopParam {
                param: new,
                initial: self.words[slot],
            });
            self.words[slot] = new;
        }
        self.frames.push(Frame {
            carried: carried.clone(),
            unrolling: false,
            escaped: false,
        });
        let mut body_insts = Vec::new();
        let mut flow = self.block(body, &mut body_insts);
        self.close(&mut flow);
        self.frames.pop();
        let mut new_results = Vec::with_capacity(results.len() + carried.len());
        for &result in results {
            let new = self.value(self.source.type_of(result), None);
            self.set(result, new);
            new_results.push(new);
        }
        for slot in carried {
            let new = self.value(Type::U32, None);
            self.words[slot] = new;
            new_results.push(new);
        }
        insts.push(Inst {
            kind: InstKind::Loop {
                params: new_params,
                body: Block {
                    insts: body_insts,
                    end: terminator(flow),
                },
                results: new_results,
            },
            span,
        });
    }

    /// Slots of the promoted words that a block may store to, in order.
    fn stored_words(&self, block: &Block) -> Vec<usize> {
        let mut slots = Vec::new();
        for_each_inst(block, &mut |kind| {
            if let InstKind::Store { memory, index, .. } = kind {
                slots.extend(self.promoted_slot(*memory, *index));
            }
        });
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

fn inst_count(insts: &[Inst]) -> usize {
    let mut count = insts.len();
    for inst in insts {
        match &inst.kind {
            InstKind::If {
                then, otherwise, ..
            } => {
                for_each_inst(then, &mut |_| count += 1);
                for_each_inst(otherwise, &mut |_| count += 1);
            }
            InstKind::Loop { body, .. } => for_each_inst(body, &mut |_| count += 1),
            _ => {}
        }
    }
    count
}

fn terminator(flow: Flow) -> Terminator {
    match flow {
        Flow::Yield(values) => Terminator::Yield(values),
        Flow::Break(values) => Terminator::Break(values),
        Flow::Continue(values) => Terminator::Continue(values),
        Flow::Unreachable => Terminator::Unreachable,
    }
}
