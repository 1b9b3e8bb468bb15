//! Smaller kernels. What is left may break a rule of WGSL, which the front end then says.

use super::tree::{Expr, Place, Program, Scalar, Stage, Statement, Step};

/// The program with the change of this number, counted over all changes that make it simpler. `None` past the last.
pub(super) fn simpler(program: &Program, number: usize) -> Option<Program> {
    let mut program = program.clone();
    let mut shrink = Shrink { left: Some(number) };
    shrink.stages(&mut program.stages);
    shrink.list(&mut program.results);
    for result in &mut program.results {
        shrink.expr(result);
    }
    for function in &mut program.functions {
        if !function.dropped && shrink.turn() {
            function.dropped = true;
        }
        if !function.dropped {
            shrink.statements(&mut function.body);
            shrink.expr(&mut function.value);
        }
    }
    shrink.left.is_none().then_some(program)
}

/// Counts down to the change that is made.
struct Shrink {
    /// Changes to pass over; `None` once one was made.
    left: Option<usize>,
}

impl Shrink {
    /// Whether to make the change at hand.
    fn turn(&mut self) -> bool {
        match &mut self.left {
            None => false,
            Some(0) => {
                self.left = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }

    /// Leaves out a half, then single ones.
    fn list<T>(&mut self, list: &mut Vec<T>) {
        if list.len() > 3 {
            let half = list.len() / 2;
            if self.turn() {
                list.drain(half..);
                return;
            }
            if self.turn() {
                list.drain(..half);
                return;
            }
        }
        for at in 0..list.len() {
            if self.turn() {
                list.remove(at);
                return;
            }
        }
    }

    fn stages(&mut self, stages: &mut Vec<Stage>) {
        self.list(stages);
        for at in 0..stages.len() {
            if let Stage::Rounds(inner) = &mut stages[at]
                && self.turn()
            {
                let inner = std::mem::take(inner);
                stages.splice(at..=at, inner);
                return;
            }
        }
        for stage in stages {
            match stage {
                Stage::Own(body) => self.statements(body),
                Stage::Exchange { value, stray, .. } => {
                    if stray.is_some() && self.turn() {
                        *stray = None;
                    }
                    if let Some(stray) = stray {
                        self.expr(stray);
                    }
                    self.expr(value);
                }
                Stage::Atomic { cell, value, .. } | Stage::Total { cell, value } => {
                    self.expr(cell);
                    self.expr(value);
                }
                Stage::Rounds(inner) => self.stages(inner),
                Stage::UniformLoad { .. } | Stage::Race(_) => {}
            }
        }
    }

    fn statements(&mut self, statements: &mut Vec<Statement>) {
        self.list(statements);
        for at in 0..statements.len() {
            // A statement with others in it gives way to each list of them.
            let bodies = match &mut statements[at] {
                Statement::If(_, accept, reject) => vec![accept, reject],
                Statement::Loop { body, .. } => vec![body],
                Statement::Switch { cases, .. } => cases.iter_mut().map(|(_, body)| body).collect(),
                _ => Vec::new(),
            };
            for body in bodies {
                if self.turn() {
                    let body = std::mem::take(body);
                    statements.splice(at..=at, body);
                    return;
                }
            }
        }
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        match statement {
            Statement::Declare(_, value) => self.expr(value),
            Statement::Assign(place, value)
            | Statement::AssignThrough(place, value)
            | Statement::Update(place, _, value) => {
                self.place(place);
                self.expr(value);
            }
            Statement::Count(place, _) => self.place(place),
            Statement::If(condition, accept, reject) => {
                self.expr(condition);
                self.statements(accept);
                self.statements(reject);
            }
            Statement::Loop {
                rounds,
                body,
                continuing,
                break_if,
                ..
            } => {
                if *rounds > 1 && self.turn() {
                    *rounds = 1;
                }
                if break_if.is_some() && self.turn() {
                    *break_if = None;
                }
                self.statements(body);
                self.statements(continuing);
                if let Some(condition) = break_if {
                    self.expr(condition);
                }
            }
            Statement::Switch { selector, cases } => {
                self.expr(selector);
                self.list(cases);
                for (_, body) in cases {
                    self.statements(body);
                }
            }
            Statement::Break(condition) | Statement::Continue(condition) => self.expr(condition),
            Statement::Return(condition, value) => {
                self.expr(condition);
                self.expr(value);
            }
        }
    }

    fn place(&mut self, place: &mut Place) {
        self.steps(&mut place.steps);
    }

    fn steps(&mut self, steps: &mut [Step]) {
        for step in steps {
            if let Step::Index(index) = step {
                if index.modulo == Some(index.len as u32) && self.turn() {
                    *step = Step::Element(0);
                } else {
                    self.expr(&mut index.value);
                }
            }
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        if !matches!(expr, Expr::Literal(..)) {
            // Only one of them has the right type, if any.
            for of in [Scalar::U32, Scalar::I32, Scalar::Bool] {
                if self.turn() {
                    *expr = Expr::Literal(of, 0);
                    return;
                }
            }
        }
        for at in 0..operands(expr).len() {
            if self.turn() {
                let operand = operands(expr).swap_remove(at).clone();
                *expr = operand;
                return;
            }
        }
        match expr {
            Expr::Read(place) | Expr::Call(_, _, Some(place)) => self.place(place),
            Expr::Buffer(_, steps) => self.steps(steps),
            Expr::Table(index) => self.expr(&mut index.value),
            _ => {}
        }
        for operand in operands(expr) {
            self.expr(operand);
        }
    }
}

/// The expressions that one is made of.
fn operands(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::Unary(_, operand) | Expr::Swizzle(operand, _) | Expr::Cast { operand, .. } => {
            vec![operand]
        }
        Expr::Binary(_, left, right) | Expr::Logical(_, left, right) => vec![left, right],
        Expr::Select(condition, accept, reject) => vec![accept, reject, condition],
        Expr::Construct(_, parts) | Expr::BuiltIn(_, parts) | Expr::Call(_, parts, _) => {
            parts.iter_mut().collect()
        }
        _ => Vec::new(),
    }
}
