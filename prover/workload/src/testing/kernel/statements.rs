//! Random statements.

use super::expressions::OPERATORS;
use super::generate::{Builder, any_type};
use super::tree::{BOOL, Expr, Root, Scalar, Statement, Step, Style, Ty, U32};

/// Expressions within expressions.
pub(super) const DEPTH: u32 = 2;
/// Control flow within control flow.
const NESTING: u32 = 3;

impl Builder<'_> {
    pub(super) fn declare(&mut self, ty: Ty, value: Expr) -> Statement {
        let local = self.locals.len();
        self.locals.push(ty);
        self.scope.push((local, true));
        Statement::Declare(local, value)
    }

    fn block(&mut self, count: u32) -> Vec<Statement> {
        let height = self.scope.len();
        self.nesting += 1;
        let statements = self.statements(count);
        self.nesting -= 1;
        self.scope.truncate(height);
        statements
    }

    pub(super) fn statements(&mut self, count: u32) -> Vec<Statement> {
        (0..count).map(|_| self.statement()).collect()
    }

    fn statement(&mut self) -> Statement {
        loop {
            let nested = self.nesting < NESTING;
            return match self.random.below(14) {
                0 | 1 => {
                    let ty = any_type(self.random);
                    let value = self.expr(&ty, DEPTH);
                    self.declare(ty, value)
                }
                2..=6 => match self.assignment() {
                    Some(statement) => statement,
                    None => continue,
                },
                7 | 8 if nested => {
                    let condition = self.expr(&BOOL, DEPTH);
                    let accept = self.some_statements();
                    let reject = if self.random.one_in(2) {
                        self.some_statements()
                    } else {
                        Vec::new()
                    };
                    Statement::If(condition, accept, reject)
                }
                9 if nested => self.loop_statement(),
                10 if nested => self.switch(),
                11 if self.in_loop || self.in_switch => Statement::Break(self.expr(&BOOL, 2)),
                12 if self.in_loop => Statement::Continue(self.expr(&BOOL, 2)),
                13 if self.result.is_some() && self.nesting > 0 => {
                    let result = self.result.clone().unwrap_or(U32);
                    let condition = self.expr(&BOOL, 2);
                    Statement::Return(condition, self.expr(&result, 2))
                }
                _ => continue,
            };
        }
    }

    fn some_statements(&mut self) -> Vec<Statement> {
        let count = 1 + self.random.below(3);
        self.block(count)
    }

    fn loop_statement(&mut self) -> Statement {
        let height = self.scope.len();
        let counter = self.locals.len();
        self.locals.push(U32);
        self.scope.push((counter, false));
        let style = *self
            .random
            .pick(&[Style::Loop, Style::Loop, Style::For, Style::While]);
        let outer = (self.in_loop, self.in_switch);
        (self.in_loop, self.in_switch) = (true, false);
        let body = self.some_statements();
        (self.in_loop, self.in_switch) = (false, false);
        // What leaves the function must not stand in `continuing`.
        let result = self.result.take();
        let continuing = if style == Style::Loop && self.random.one_in(2) {
            self.some_statements()
        } else {
            Vec::new()
        };
        let breaks = style == Style::Loop && self.random.one_in(3);
        let break_if = breaks.then(|| self.expr(&BOOL, 2));
        self.result = result;
        (self.in_loop, self.in_switch) = outer;
        self.scope.truncate(height);
        Statement::Loop {
            style,
            counter,
            rounds: 1 + self.random.below(4),
            body,
            continuing,
            break_if,
        }
    }

    fn switch(&mut self) -> Statement {
        let many = self.random.one_in(3);
        let values = if many { 12 } else { 4 };
        let selector = Expr::Binary(
            "%",
            Box::new(self.expr(&U32, 2)),
            Box::new(Expr::Literal(Scalar::U32, values)),
        );
        let outer = self.in_switch;
        self.in_switch = true;
        let mut cases = Vec::new();
        let mut next = 0;
        while next < values && cases.len() < 8 {
            let mut selectors = vec![next];
            while self.random.one_in(4) {
                next += 1;
                selectors.push(next);
            }
            next += 1 + self.random.below(2);
            cases.push((selectors, self.some_statements()));
        }
        let default = self.random.below(cases.len() as u32 + 1) as usize;
        let body = if self.random.one_in(3) {
            Vec::new()
        } else {
            self.some_statements()
        };
        cases.insert(default, (Vec::new(), body));
        self.in_switch = outer;
        Statement::Switch { selector, cases }
    }

    fn assignment(&mut self) -> Option<Statement> {
        let (root, ty) = self.variable(true)?;
        let (place, ty) = self.part(root, ty, 2);
        let words = match &ty {
            Ty::Scalar(of) | Ty::Vector(of, _) => *of != Scalar::Bool,
            _ => false,
        };
        Some(match self.random.below(6) {
            0 if words && matches!(ty, Ty::Scalar(_)) => {
                Statement::Count(place, self.random.one_in(2))
            }
            1 if words => {
                let op = *self.random.pick(&OPERATORS);
                Statement::Update(place, op, self.expr(&ty, 2))
            }
            2 if has_address(root, &place.steps) => {
                Statement::AssignThrough(place, self.expr(&ty, 2))
            }
            _ => Statement::Assign(place, self.expr(&ty, DEPTH)),
        })
    }
}

/// Whether WGSL has a pointer to a part of a variable: there is none to a component of a vector.
fn has_address(root: Root, steps: &[Step]) -> bool {
    root != Root::Pointer && !matches!(steps.last(), Some(Step::Component(_) | Step::Index(_)))
}
