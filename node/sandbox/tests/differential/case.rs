//! What may be said against the answers to a job, and how the jobs of a test ended.

use std::fmt;

use arknet_sandbox::RunError;
use arknet_workload::job::Trap;
use arknet_workload::testing::Outcome;
use arknet_workload::testing::kernel::Expected;

use crate::executions::Answers;

/// Why the answers to a job are wrong.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// Those that do not agree with the interpreter.
    pub(crate) dissenters: Vec<String>,
    text: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} disagree\n{}", self.dissenters.join(", "), self.text)
    }
}

/// What else may be true of a job that traps: the interpreter looks for races only where nothing traps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traps {
    /// It does not race.
    Alone,
    /// It may, as an index that leaves its memory may also hit another invocation's word. The order of the
    /// invocations shows it.
    RarelyRacy,
    /// It may well race.
    OftenRacy,
}

/// Compares the answers to a job with each other, and with what is known beforehand.
pub(crate) fn complaint(
    known: Option<&Expected>,
    traps: Traps,
    answers: &Answers,
) -> Option<Complaint> {
    let expected = &answers.interpreter;
    let mut wrong: Vec<(String, String)> = Vec::new();
    if let Some(known) = known {
        let agrees = match expected {
            Outcome::Finished(execution) => known.is(Ok(execution)),
            Outcome::Trapped(trap) => known.is(Err(trap)),
            Outcome::Unrepeatable => false,
        };
        if !agrees {
            wrong.push(("the kernel's tree".to_owned(), format!("{known:?}")));
        }
    }
    // A race has no meaning, but it must not harm: each run ends with a result or a trap.
    let is_racy = match (expected, &answers.processor, traps) {
        (Outcome::Trapped(Trap::Race { .. }), ..) | (Outcome::Trapped(_), _, Traps::OftenRacy) => {
            true
        }
        (Outcome::Trapped(_), Ok(outcomes), Traps::RarelyRacy) => {
            outcomes.iter().any(|outcome| *outcome != outcomes[0])
        }
        _ => false,
    };
    match &answers.processor {
        Err(objection) => wrong.push(("the processor".to_owned(), objection.to_string())),
        Ok(outcomes) => {
            let mut others = outcomes.iter().filter(|outcome| *outcome != expected);
            if let Some(outcome) = others.next()
                && !is_racy
            {
                wrong.push(("the processor".to_owned(), format!("{outcome:?}")));
            }
        }
    }
    for (name, outcome) in &answers.devices {
        let agrees = match outcome {
            Ok(outcome) => is_racy || outcome == expected,
            Err(RunError::TooComplex { .. }) => true,
            Err(_) => false,
        };
        if !agrees {
            wrong.push((name.clone(), format!("{outcome:?}")));
        }
    }
    if wrong.is_empty() {
        return None;
    }
    let mut text = format!("the interpreter: {expected:?}\n");
    for (name, outcome) in &wrong {
        text += &format!("{name}: {outcome}\n");
    }
    Some(Complaint {
        dissenters: wrong.into_iter().map(|(name, _)| name).collect(),
        text,
    })
}

/// How jobs ended.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) finished: usize,
    pub(crate) out_of_bounds: usize,
    pub(crate) out_of_steps: usize,
    pub(crate) raced: usize,
    /// Runs that a driver was not given because the kernel is too large for it.
    pub(crate) too_complex: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, answers: &Answers) {
        match &answers.interpreter {
            Outcome::Finished(_) => self.finished += 1,
            Outcome::Trapped(Trap::OutOfBounds { .. }) => self.out_of_bounds += 1,
            Outcome::Trapped(Trap::OutOfSteps { .. }) => self.out_of_steps += 1,
            Outcome::Trapped(Trap::Race { .. }) => self.raced += 1,
            Outcome::Unrepeatable => unreachable!("the interpreter is certain"),
        }
        let too_complex = |(_, outcome): &&(_, Result<_, RunError>)| {
            matches!(outcome, Err(RunError::TooComplex { .. }))
        };
        self.too_complex += answers.devices.iter().filter(too_complex).count();
    }

    pub(crate) fn tried(&self) -> usize {
        self.finished + self.out_of_bounds + self.out_of_steps + self.raced
    }
}

/// A number from the environment.
pub(crate) fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| {
        let value = value.parse();
        value.unwrap_or_else(|_| panic!("{name} must be a number"))
    })
}

mod tests {
    use arknet_workload::ir::Span;
    use arknet_workload::job::{Access, Execution, Invocation};
    use arknet_workload::testing::processor::Objection;

    use super::*;

    fn finished(word: u32) -> Outcome {
        Outcome::Finished(Execution {
            buffers: vec![vec![word]],
            steps: 3,
        })
    }

    fn race() -> Outcome {
        Outcome::Trapped(Trap::Race {
            memory: "m".to_owned(),
            index: 0,
            first: Access::Write,
            first_span: Span::default(),
            first_invocation: Invocation(0),
            second: Access::Write,
            second_span: Span::default(),
            second_invocation: Invocation(1),
        })
    }

    fn out_of_steps(limit: u32) -> Outcome {
        Outcome::Trapped(Trap::OutOfSteps {
            span: Span::default(),
            invocation: Invocation(0),
            limit,
        })
    }

    fn answers(interpreter: Outcome, processor: [Outcome; 3], device: Outcome) -> Answers {
        Answers {
            interpreter,
            processor: Ok(processor),
            devices: vec![("device".to_owned(), Ok(device))],
        }
    }

    fn dissenters(known: Option<&Expected>, traps: Traps, answers: &Answers) -> Vec<String> {
        complaint(known, traps, answers).map_or(Vec::new(), |complaint| complaint.dissenters)
    }

    #[test]
    fn whoever_disagrees_is_named() {
        let all = |word| [finished(word), finished(word), finished(word)];
        let agree = answers(finished(1), all(1), finished(1));
        assert!(dissenters(None, Traps::Alone, &agree).is_empty());
        let device = answers(finished(1), all(1), finished(2));
        assert_eq!(dissenters(None, Traps::OftenRacy, &device), ["device"]);
        let order = [finished(1), finished(1), finished(2)];
        let processor = answers(finished(1), order, finished(1));
        assert_eq!(
            dissenters(None, Traps::OftenRacy, &processor),
            ["the processor"]
        );
        let known = Expected::Finished(Execution {
            buffers: vec![vec![1]],
            steps: 4,
        });
        assert_eq!(
            dissenters(Some(&known), Traps::Alone, &agree),
            ["the kernel's tree"]
        );
    }

    #[test]
    fn a_race_may_end_in_any_way_but_not_in_an_error() {
        let outcomes = [finished(1), out_of_steps(2), Outcome::Unrepeatable];
        let mut answers = answers(race(), outcomes, finished(3));
        assert!(dissenters(Some(&Expected::Race), Traps::Alone, &answers).is_empty());
        answers.devices[0].1 = Err(RunError::OverTime {
            limit: std::time::Duration::ZERO,
        });
        assert_eq!(dissenters(None, Traps::Alone, &answers), ["device"]);
        answers.processor = Err(Objection {
            job: None,
            said: "it writes past the end".to_owned(),
        });
        assert_eq!(
            dissenters(None, Traps::Alone, &answers),
            ["the processor", "device"]
        );
    }

    #[test]
    fn a_trap_is_compared_in_every_part_unless_it_may_race() {
        let same = || [out_of_steps(2), out_of_steps(2), out_of_steps(2)];
        let other = answers(out_of_steps(2), same(), out_of_steps(3));
        assert_eq!(dissenters(None, Traps::Alone, &other), ["device"]);
        assert_eq!(dissenters(None, Traps::RarelyRacy, &other), ["device"]);
        assert!(dissenters(None, Traps::OftenRacy, &other).is_empty());
        let orders = [out_of_steps(2), out_of_steps(2), out_of_steps(3)];
        let racy = answers(out_of_steps(2), orders, out_of_steps(3));
        assert!(dissenters(None, Traps::RarelyRacy, &racy).is_empty());
        assert_eq!(
            dissenters(None, Traps::Alone, &racy),
            ["the processor", "device"]
        );
    }
}
