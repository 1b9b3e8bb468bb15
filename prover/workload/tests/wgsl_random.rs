//! Random structured kernels, compiled and interpreted, against a direct evaluation of their statements.
//!
//! The values of a program come from control flow only through the lowering to SSA form, so this is its main
//! test: branches, loops, `break`, `continue` and `return` at any depth, and functions with all of these.

use std::fmt::Write;
use std::time::Duration;

use arknet_workload::interpreter;
use arknet_workload::job::{Job, Limits};
use arknet_workload::wgsl::{FrontEndLimits, Refusal, compile};

/// Local variables of a function.
const VARIABLES: usize = 4;
/// Rounds after which a loop is broken, so every program ends.
const ROUNDS: u32 = 5;

/// A condition: `(v[variable] ^ mask) % modulus == 0`, perhaps of two.
struct Condition {
    variable: usize,
    mask: u32,
    modulus: u32,
    /// `&&` or `||` with a load, which must not happen where the left side decides.
    and: Option<bool>,
}

enum Statement {
    /// `v[to] = v[from] * factor + v[other]`
    Assign {
        to: usize,
        from: usize,
        factor: u32,
        other: usize,
    },
    /// `t[v[index] % 3] += v[from]`
    Store {
        index: usize,
        from: usize,
    },
    /// `v[to] ^= t[v[index] % 3]`
    Load {
        to: usize,
        index: usize,
    },
    /// `v[to] += f(v[from])`
    Call {
        to: usize,
        from: usize,
    },
    Declare {
        to: usize,
        from: usize,
    },
    If(Condition, Vec<Statement>, Vec<Statement>),
    Loop {
        body: Vec<Statement>,
        continuing: Vec<Statement>,
        break_if: Option<Condition>,
    },
    Break(Condition),
    Continue(Condition),
    Return(Option<Condition>, usize),
}

struct Random(u64);

impl Random {
    fn below(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(below)) as u32
    }

    fn variable(&mut self) -> usize {
        self.below(VARIABLES as u32) as usize
    }

    fn condition(&mut self) -> Condition {
        Condition {
            variable: self.variable(),
            mask: self.below(8),
            modulus: 2 + self.below(3),
            and: (self.below(3) == 0).then(|| self.below(2) == 0),
        }
    }
}

/// What may stand where statements are generated.
#[derive(Clone, Copy)]
struct Place {
    depth: u32,
    in_loop: bool,
    leaf: bool,
    exits: bool,
}

fn statements(random: &mut Random, place: Place) -> Vec<Statement> {
    (0..1 + random.below(4))
        .map(|_| statement(random, place))
        .collect()
}

fn statement(random: &mut Random, place: Place) -> Statement {
    let deeper = Place {
        depth: place.depth + 1,
        ..place
    };
    loop {
        let (to, from) = (random.variable(), random.variable());
        return match random.below(14) {
            0 | 1 => Statement::Assign {
                to,
                from,
                factor: random.below(5),
                other: random.variable(),
            },
            2 => Statement::Store { index: to, from },
            3 => Statement::Load { to, index: from },
            4 if !place.leaf => Statement::Call { to, from },
            5 => Statement::Declare { to, from },
            6..=8 if place.depth < 4 => Statement::If(
                random.condition(),
                statements(random, deeper),
                if random.below(2) == 0 {
                    Vec::new()
                } else {
                    statements(random, deeper)
                },
            ),
            9 | 10 if place.depth < 3 => Statement::Loop {
                body: statements(
                    random,
                    Place {
                        in_loop: true,
                        exits: true,
                        ..deeper
                    },
                ),
                continuing: if random.below(2) == 0 {
                    Vec::new()
                } else {
                    statements(
                        random,
                        Place {
                            in_loop: false,
                            exits: false,
                            depth: 4,
                            ..place
                        },
                    )
                },
                break_if: (random.below(2) == 0).then(|| random.condition()),
            },
            11 if place.in_loop => Statement::Break(random.condition()),
            12 if place.in_loop => Statement::Continue(random.condition()),
            13 if place.exits => {
                Statement::Return((random.below(4) != 0).then(|| random.condition()), from)
            }
            _ => continue,
        };
    }
}

/// Prints statements; `loops` counts the loops printed, for the names of their counters.
fn print(out: &mut String, statements: &[Statement], loops: &mut u32) {
    for statement in statements {
        match statement {
            Statement::Assign {
                to,
                from,
                factor,
                other,
            } => {
                let _ = write!(out, "v{to} = v{from} * {factor}u + v{other}; ");
            }
            Statement::Store { index, from } => {
                let _ = write!(out, "t[v{index} % 3u] += v{from}; ");
            }
            Statement::Load { to, index } => {
                let _ = write!(out, "v{to} ^= t[v{index} % 3u]; ");
            }
            Statement::Call { to, from } => {
                let _ = write!(out, "v{to} += f(v{from}); ");
            }
            Statement::Declare { to, from } => {
                let _ = write!(
                    out,
                    "{{ var w: u32; w += v{from}; var a: array<u32, 2>; a[v{to} % 2u] += w; v{to} = a[v{from} % 2u] + w; w = 9u; a[0] = 7u; a[1] = 8u; }} "
                );
            }
            Statement::If(condition, accept, reject) => {
                let _ = write!(out, "if {} {{ ", text(condition));
                print(out, accept, loops);
                if !reject.is_empty() {
                    out.push_str("} else { ");
                    print(out, reject, loops);
                }
                out.push_str("} ");
            }
            Statement::Loop {
                body,
                continuing,
                break_if,
            } => {
                let n = *loops;
                *loops += 1;
                let _ = write!(
                    out,
                    "var n{n} = 0u; loop {{ if n{n} == {ROUNDS}u {{ break; }} n{n}++; "
                );
                print(out, body, loops);
                out.push_str("continuing { ");
                print(out, continuing, loops);
                if let Some(condition) = break_if {
                    let _ = write!(out, "break if {}; ", text(condition));
                }
                out.push_str("} } ");
            }
            Statement::Break(condition) => {
                let _ = write!(out, "if {} {{ break; }} ", text(condition));
            }
            Statement::Continue(condition) => {
                let _ = write!(out, "if {} {{ continue; }} ", text(condition));
            }
            Statement::Return(Some(condition), from) => {
                let _ = write!(out, "if {} {{ return v{from}; }} ", text(condition));
            }
            Statement::Return(None, from) => {
                let _ = write!(out, "if true {{ return v{from}; }} ");
            }
        }
    }
}

fn text(condition: &Condition) -> String {
    let Condition {
        variable,
        mask,
        modulus,
        and,
    } = condition;
    let left = format!("(v{variable} ^ {mask}u) % {modulus}u == 0u");
    match and {
        None => left,
        // `small` has two words: a load that should not happen traps.
        Some(true) => format!("(v{variable} < 2u && small[v{variable}] == 1u || {left})"),
        Some(false) => format!("((v{variable} >= 2u || small[v{variable}] == 0u) && {left})"),
    }
}

enum Exit {
    Falls,
    Breaks,
    Continues,
    Returns(u32),
}

struct Machine<'a> {
    callee: Option<&'a [Statement]>,
    v: [u32; VARIABLES],
    t: [u32; 3],
}

impl Machine<'_> {
    fn holds(&self, condition: &Condition) -> bool {
        let v = self.v[condition.variable];
        let left = (v ^ condition.mask).is_multiple_of(condition.modulus);
        match condition.and {
            None => left,
            Some(true) => v == 1 || left,
            Some(false) => v != 1 && left,
        }
    }

    fn run(&mut self, statements: &[Statement]) -> Exit {
        for statement in statements {
            let exit = self.step(statement);
            if !matches!(exit, Exit::Falls) {
                return exit;
            }
        }
        Exit::Falls
    }

    fn step(&mut self, statement: &Statement) -> Exit {
        match statement {
            &Statement::Assign {
                to,
                from,
                factor,
                other,
            } => {
                self.v[to] = self.v[from]
                    .wrapping_mul(factor)
                    .wrapping_add(self.v[other]);
            }
            &Statement::Store { index, from } => {
                let t = &mut self.t[self.v[index] as usize % 3];
                *t = t.wrapping_add(self.v[from]);
            }
            &Statement::Load { to, index } => self.v[to] ^= self.t[self.v[index] as usize % 3],
            &Statement::Call { to, from } => {
                let result = call(self.callee.unwrap(), None, self.v[from]);
                self.v[to] = self.v[to].wrapping_add(result);
            }
            &Statement::Declare { to, from } => {
                let w = self.v[from];
                let mut a = [0; 2];
                a[self.v[to] as usize % 2] = w;
                self.v[to] = a[self.v[from] as usize % 2].wrapping_add(w);
            }
            Statement::If(condition, accept, reject) => {
                let arm = if self.holds(condition) {
                    accept
                } else {
                    reject
                };
                return self.run(arm);
            }
            Statement::Loop {
                body,
                continuing,
                break_if,
            } => {
                for _ in 0..ROUNDS {
                    match self.run(body) {
                        Exit::Falls | Exit::Continues => {}
                        Exit::Breaks => break,
                        Exit::Returns(value) => return Exit::Returns(value),
                    }
                    self.run(continuing);
                    if break_if
                        .as_ref()
                        .is_some_and(|condition| self.holds(condition))
                    {
                        break;
                    }
                }
            }
            Statement::Break(condition) if self.holds(condition) => return Exit::Breaks,
            Statement::Continue(condition) if self.holds(condition) => return Exit::Continues,
            Statement::Return(condition, from)
                if condition
                    .as_ref()
                    .is_none_or(|condition| self.holds(condition)) =>
            {
                return Exit::Returns(self.v[*from]);
            }
            Statement::Break(_) | Statement::Continue(_) | Statement::Return(..) => {}
        }
        Exit::Falls
    }
}

/// What a function of these statements returns.
fn call(statements: &[Statement], callee: Option<&[Statement]>, argument: u32) -> u32 {
    let mut machine = Machine {
        callee,
        v: [argument, argument ^ 5, 1, 0],
        t: [0; 3],
    };
    match machine.run(statements) {
        Exit::Returns(value) => value,
        _ => machine
            .v
            .iter()
            .chain(&machine.t)
            .fold(0, |sum, x| sum.wrapping_add(*x)),
    }
}

fn function(name: &str, statements: &[Statement]) -> String {
    let mut out = format!(
        "fn {name}(argument: u32) -> u32 {{ var v0 = argument; var v1 = argument ^ 5u; var v2 = 1u; var v3: u32; \
         var t: array<u32, 3>; "
    );
    print(&mut out, statements, &mut 0);
    out + "return v0 + v1 + v2 + v3 + t[0] + t[1] + t[2]; }\n"
}

#[test]
fn random_kernels_agree_with_their_evaluation() {
    let programs = std::env::var("ARKNET_FUZZ_CASES").map_or(150, |n| n.parse().unwrap());
    let arguments: Vec<u32> = (0..24).chain([u32::MAX, 1 << 31]).collect();
    let limits = FrontEndLimits {
        operations: 200_000,
        loops: 10_000,
        ..FrontEndLimits::default()
    };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut compiled = 0;
    for _ in 0..programs {
        let place = Place {
            depth: 1,
            in_loop: false,
            leaf: true,
            exits: true,
        };
        let callee = statements(&mut random, Place { depth: 2, ..place });
        let main = statements(
            &mut random,
            Place {
                leaf: false,
                ..place
            },
        );
        let source = format!(
            "@group(0) @binding(0) var<storage, read> small: array<u32, 2>;
             @group(0) @binding(1) var<storage, read> input: array<u32>;
             @group(0) @binding(2) var<storage, read_write> output: array<u32>;
             {}{}
             @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
                 output[id.x] = g(input[id.x]) + small[0];
             }}",
            function("f", &callee),
            function("g", &main),
        );
        let workload = match compile(&source, "main", &limits) {
            Ok(workload) => workload,
            Err(Refusal::OverLimit { .. }) => continue,
            Err(refusal) => panic!("{}", refusal.render("random.wgsl", &source)),
        };
        compiled += 1;
        let text = workload.program().to_string();
        let job = Job::new(
            workload,
            [u32::try_from(arguments.len()).unwrap(), 1, 1],
            vec![vec![0, 1], arguments.clone(), vec![0; arguments.len()]],
            Limits {
                steps: 1 << 20,
                memory: 1 << 20,
                time: Duration::from_secs(60),
            },
        )
        .unwrap();
        let execution =
            interpreter::run(&job).unwrap_or_else(|error| panic!("{error}\n{source}\n{text}"));
        for (&argument, &got) in arguments.iter().zip(&execution.buffers[2]) {
            let expected = call(&main, Some(&callee), argument);
            assert_eq!(got, expected, "of {argument}\n{source}\n{text}");
        }
    }
    assert!(
        compiled * 10 > programs * 9,
        "only {compiled} of {programs} compiled"
    );
}
