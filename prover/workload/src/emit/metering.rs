//! How a round of a loop takes its step.
//!
//! What a round must do is small: end the loop where no step is left, and count one down. What it costs depends on how
//! that is printed, since drivers pay for every way out of a loop, so there are three forms:
//!
//! * *uniform*: a loop that a workgroup runs alike ends by a count of its own rounds;
//! * *at the exit*: the loop's own first way out is taken as well where no step is left. That saves one, and is right
//!   where nothing between the start of the round and that exit can be noticed;
//! * *apart*: otherwise, a way out of its own at the start of the round.
//!
//! In neither does a driver see how many rounds there will be. One that did would unroll them: Mesa's tried all of a
//! loop of 100,000 rounds, and ran out of memory.
//!
//! Nothing depends on the form: each round takes one step, and a round without one traps before anything else in it
//! could.

use super::printer::{Exits, Printer, name};
use crate::ir::{Block, Inst, InstKind, Terminator, Value};

/// The first way out of a loop's body, where it takes the step.
struct Exit<'p> {
    /// What comes before it.
    before: &'p [Inst],
    condition: Value,
    /// Whether the way out is taken where the condition does not hold.
    negated: bool,
    leaves: &'p Block,
    goes_on: &'p Block,
    /// What `goes_on` yields.
    results: &'p [Value],
    /// What comes after it.
    after: &'p [Inst],
}

impl<'p> Printer<'p> {
    /// Prints the rounds of a loop whose steps are taken at `site`.
    pub(super) fn rounds(&mut self, body: &'p Block, site: usize, exits: Exits<'p>) {
        if self.sharing.is_uniform_loop(body) {
            // Loops before this one may have left each invocation with steps of its own, but what
            // decides whether a barrier is reached must be the same in all. So the loop goes on until
            // its own rounds, which are the same, are as many as the limit; steps run out no later, and
            // every other loop ends at once from there on.
            self.statement(format_args!("take_steps(1u, {site}u);"));
            self.statement(format_args!("if (rounds_left == 0u) {{ break; }}"));
            self.statement(format_args!("rounds_left -= 1u;"));
            self.block(body, exits);
        } else if let Some(exit) = self.exit(body) {
            self.insts(exit.before, exits);
            self.leave(&exit, site, exits);
            self.insts(exit.after, exits);
            self.end(&body.end, exits);
        } else {
            self.statement(format_args!(
                "if (!take_step()) {{ trap({site}u, 0u); break; }}"
            ));
            self.block(body, exits);
        }
    }

    /// The `if` that leaves the loop, or goes on with one step less.
    fn leave(&mut self, exit: &Exit<'p>, site: usize, exits: Exits<'p>) {
        self.count_instruction();
        self.declare(exit.results);
        let not = if exit.negated { "!" } else { "" };
        let condition = name(exit.condition);
        self.statement(format_args!(
            "if ({not}{condition} | (steps_left == 0u)) {{"
        ));
        self.inside(|printer| {
            printer.statement(format_args!("take_steps(1u, {site}u);"));
            printer.block(exit.leaves, exits);
        });
        self.statement(format_args!("}}"));
        self.statement(format_args!("steps_left -= 1u;"));
        let results = exit.results;
        self.block(exit.goes_on, exits.yielding(results));
    }

    /// Finds the exit that takes the step, if the loop has one that should.
    fn exit(&mut self, body: &'p Block) -> Option<Exit<'p>> {
        let is_if = |inst: &Inst| matches!(inst.kind, InstKind::If { .. });
        let at = body.insts.iter().position(is_if)?;
        let (before, rest) = body.insts.split_at(at);
        let (branch, after) = rest.split_first()?;
        let InstKind::If {
            condition,
            then,
            otherwise,
            results,
        } = &branch.kind
        else {
            return None;
        };
        let breaks = |block: &Block| matches!(block.end, Terminator::Break(_));
        let (negated, leaves, goes_on) = match (breaks(then), breaks(otherwise)) {
            (true, false) => (false, then, otherwise),
            (false, true) => (true, otherwise, then),
            _ => return None,
        };
        let quiet = before.iter().all(|inst| self.is_quiet(inst));
        quiet.then_some(Exit {
            before,
            condition: *condition,
            negated,
            leaves,
            goes_on,
            results,
            after,
        })
    }

    /// Whether nobody can tell if an instruction ran: it cannot trap, and nothing but its result comes of it.
    fn is_quiet(&mut self, inst: &Inst) -> bool {
        match &inst.kind {
            InstKind::Const { result, bits } => {
                // An index that comes later may be this one.
                self.constants[result.0 as usize] = Some(*bits);
                true
            }
            InstKind::Builtin { .. }
            | InstKind::Binary { .. }
            | InstKind::Select { .. }
            | InstKind::Cast { .. }
            | InstKind::ArrayLength { .. } => true,
            InstKind::Load { memory, index, .. } => self.cannot_miss(*memory, *index),
            InstKind::Store { .. }
            | InstKind::Atomic { .. }
            | InstKind::Barrier { .. }
            | InstKind::UniformLoad { .. }
            | InstKind::If { .. }
            | InstKind::Loop { .. }
            | InstKind::Meter { .. } => false,
        }
    }
}
