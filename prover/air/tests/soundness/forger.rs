//! An attacker who rewrites one row to say something else.
//!
//! A row is bound by its *requirements*: constraints that vanish, lookups that some table answers, and the
//! messages that tie it to particular other rows. Given a goal for the latter, [`Forger::forge`] looks for
//! columns that meet them all: it takes the requirement with the fewest columns left to change, solves it
//! exactly for one of them, and goes on with what that breaks; first with what it hears and reads. What answers lookups is fixed, as the tables
//! behind them are public or enumerations; how often they answer is the prover's choice and no hindrance.
//!
//! The search is not complete, so its failure is evidence, not proof. That it is able to forge shows in
//! [`without`](Forger::without): with one requirement taken away, it mostly succeeds.

use arknet_air::{Bus, Direction, RowEvaluator, Table};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

use super::roots::{roots, through};
use super::scene::{BYTE_AND, BYTE_PAIR, Offers};

/// What a row is to say to particular other rows: per interaction that is no lookup, its multiplicity and,
/// where that is not zero, its fields.
pub(crate) type Goal = Vec<Option<(KoalaBear, Vec<KoalaBear>)>>;

/// How a message is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Range,
    BytePair,
    ByteAnd,
    /// By a word of a memory.
    Word,
    /// By one particular row, which this one hears.
    Heard,
    /// By one particular row, which hears this one.
    Told,
    /// It answers others itself, as often as they ask.
    Offer,
}

/// Something that depends on the row and must have a certain value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Constraint(usize),
    Multiplicity(usize),
    Field(usize, usize),
}

/// Rewrites rows of one table.
pub(crate) struct Forger<'a> {
    offers: &'a Offers,
    evaluator: RowEvaluator,
    width: usize,
    kinds: Vec<Kind>,
    /// For each part in the order of [`Forger::position`], the columns it depends on.
    depends: Vec<Vec<usize>>,
    /// Position of each message's parts.
    starts: Vec<usize>,
    constraints: usize,
    without: Option<Requirement>,
}

/// What [`Forger::without`] takes away: a constraint, or the lookup of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requirement {
    Constraint(usize),
    Lookup(usize, Bus),
}

/// What would be a step towards a requirement that is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The part takes a value.
    Reach(Part, KoalaBear),
    /// The part is a number less a column, divided by a power of two: the column becomes the remainder.
    Divide(Part),
}

/// A requirement that is not met.
type Broken = Vec<Step>;

impl Step {
    fn part(self) -> Part {
        match self {
            Self::Reach(part, _) | Self::Divide(part) => part,
        }
    }
}

struct Search<'a> {
    number: usize,
    goal: &'a Goal,
    columns: Vec<KoalaBear>,
    settled: Vec<bool>,
    budget: usize,
}

impl<'a> Forger<'a> {
    pub(crate) fn new(table: &Table, offers: &'a Offers) -> Self {
        let mut evaluator = RowEvaluator::new(table);
        let width = table.main_width();
        // At a random row, a part changes with a column exactly where it depends on it, but for bad luck.
        let mut columns: Vec<KoalaBear> = (0..width).map(|i| noise(i as u64)).collect();
        evaluator.evaluate(0, &columns);
        let constraints = evaluator.constraints().len();
        let mut starts = Vec::new();
        let mut kinds = Vec::new();
        let mut next = constraints;
        for message in evaluator.messages() {
            starts.push(next);
            next += 1 + message.fields().len();
            let tag = message.fields().next().unwrap_or_default();
            kinds.push(match (message.bus(), message.direction()) {
                (_, Direction::Provide) => Kind::Offer,
                (Bus::Range, _) => Kind::Range,
                (Bus::Data, Direction::Send) if tag == BYTE_PAIR => Kind::BytePair,
                (Bus::Data, Direction::Send) if tag == BYTE_AND => Kind::ByteAnd,
                (Bus::Data, Direction::Send) if offers.tags.contains(&tag) => Kind::Word,
                (_, Direction::Receive) => Kind::Heard,
                (_, Direction::Send) => Kind::Told,
            });
        }
        let base = values(&evaluator);
        let mut depends = vec![Vec::new(); base.len()];
        for column in 0..width {
            let before = columns[column];
            columns[column] += noise(1 << 32 | column as u64);
            evaluator.evaluate(0, &columns);
            for (part, (now, then)) in values(&evaluator).iter().zip(&base).enumerate() {
                if now != then {
                    depends[part].push(column);
                }
            }
            columns[column] = before;
        }
        Self {
            offers,
            evaluator,
            width,
            kinds,
            depends,
            starts,
            constraints,
            without: None,
        }
    }

    /// Whether any constraint or message depends on the column at all.
    pub(crate) fn matters(&self, column: usize) -> bool {
        self.depends.iter().any(|columns| columns.contains(&column))
    }

    /// Every requirement that could be taken away.
    pub(crate) fn requirements(&self) -> Vec<Requirement> {
        let lookup = |(index, kind): (usize, &Kind)| match kind {
            Kind::Range => Some(Requirement::Lookup(index, Bus::Range)),
            Kind::BytePair | Kind::ByteAnd | Kind::Word => {
                Some(Requirement::Lookup(index, Bus::Data))
            }
            Kind::Heard | Kind::Told | Kind::Offer => None,
        };
        let lookups = self.kinds.iter().enumerate().filter_map(lookup);
        (0..self.constraints)
            .map(Requirement::Constraint)
            .chain(lookups)
            .collect()
    }

    /// From now on rows need not meet this requirement.
    pub(crate) fn without(&mut self, requirement: Option<Requirement>) {
        self.without = requirement;
    }

    /// What the row says now to particular other rows.
    pub(crate) fn goal_of(&mut self, number: usize, columns: &[KoalaBear]) -> Goal {
        self.evaluator.evaluate(number, columns);
        let messages = self.evaluator.messages().zip(&self.kinds);
        messages
            .map(|(message, kind)| {
                matches!(kind, Kind::Heard | Kind::Told)
                    .then(|| (message.multiplicity(), message.fields().collect()))
            })
            .collect()
    }

    /// The interactions with which a row tells particular other rows something.
    pub(crate) fn told(&self) -> Vec<usize> {
        let all = 0..self.kinds.len();
        all.filter(|&index| self.kinds[index] == Kind::Told)
            .collect()
    }

    /// Whether the row meets every requirement and says what the goal has it say.
    pub(crate) fn accepts(&mut self, number: usize, columns: &[KoalaBear], goal: &Goal) -> bool {
        self.evaluator.evaluate(number, columns);
        self.broken(goal).is_empty()
    }

    /// Looks for columns, near these, that reach the goal.
    pub(crate) fn forge(
        &mut self,
        number: usize,
        columns: &[KoalaBear],
        goal: &Goal,
        budget: usize,
    ) -> Option<Vec<KoalaBear>> {
        let mut search = Search {
            number,
            goal,
            columns: columns.to_vec(),
            settled: vec![false; self.width],
            budget,
        };
        self.search(&mut search).then_some(search.columns)
    }

    fn search(&mut self, search: &mut Search<'_>) -> bool {
        if search.budget == 0 {
            return false;
        }
        search.budget -= 1;
        self.evaluator.evaluate(search.number, &search.columns);
        let broken = self.broken(search.goal);
        let free = |broken: &Broken| {
            let parts = broken.iter().map(|step| self.depends(step.part()));
            let mut columns: Vec<usize> = parts.flatten().copied().collect();
            columns.retain(|&column| !search.settled[column]);
            columns.sort_unstable();
            columns.dedup();
            columns.len()
        };
        if broken.iter().any(|broken| free(broken) == 0) {
            return false;
        }
        // What the row hears and reads comes first, the rest has to follow from it.
        let order = |broken: &&Broken| (!self.is_given(broken), free(broken));
        let Some(tightest) = broken.iter().min_by_key(order) else {
            return true;
        };
        for &step in tightest {
            for column in self.depends(step.part()).to_vec() {
                if search.settled[column] {
                    continue;
                }
                let before = search.columns[column];
                search.settled[column] = true;
                for value in self.solve(search, step, column) {
                    search.columns[column] = value;
                    if self.search(search) {
                        return true;
                    }
                }
                search.columns[column] = before;
                search.settled[column] = false;
            }
        }
        false
    }

    /// Whether a requirement is about what other rows and memories give to this one.
    fn is_given(&self, broken: &Broken) -> bool {
        broken.iter().any(|step| match step.part() {
            Part::Constraint(_) => false,
            Part::Multiplicity(message) | Part::Field(message, _) => {
                matches!(self.kinds[message], Kind::Heard | Kind::Word)
            }
        })
    }

    /// Values of the column that take the step.
    fn solve(&mut self, search: &mut Search<'_>, step: Step, column: usize) -> Vec<KoalaBear> {
        let before = search.columns[column];
        let mut values = [KoalaBear::ZERO; 4];
        for (offset, value) in values.iter_mut().enumerate() {
            search.columns[column] = before + KoalaBear::from_u32(offset as u32);
            self.evaluator.evaluate(search.number, &search.columns);
            *value = self.value(step.part());
        }
        search.columns[column] = before;
        match step {
            Step::Reach(_, target) => {
                let offsets = roots(&through(values.map(|value| value - target)));
                offsets.into_iter().map(|offset| before + offset).collect()
            }
            Step::Divide(_) => {
                let line = through(values);
                let &[_, slope] = &line[..] else {
                    return Vec::new();
                };
                let divisor = signed(slope.inverse()).abs();
                let zero = before + roots(&line)[0];
                let is_digit = (2..=1 << 16).contains(&divisor);
                let remainder = signed(zero).rem_euclid(divisor.max(1));
                is_digit
                    .then(|| KoalaBear::from_i64(remainder))
                    .into_iter()
                    .collect()
            }
        }
    }

    fn position(&self, part: Part) -> usize {
        match part {
            Part::Constraint(constraint) => constraint,
            Part::Multiplicity(message) => self.starts[message],
            Part::Field(message, field) => self.starts[message] + 1 + field,
        }
    }

    fn depends(&self, part: Part) -> &[usize] {
        &self.depends[self.position(part)]
    }

    fn value(&self, part: Part) -> KoalaBear {
        match part {
            Part::Constraint(constraint) => self.evaluator.constraints().nth(constraint),
            Part::Multiplicity(message) => {
                let message = self.evaluator.messages().nth(message);
                message.map(|message| message.multiplicity())
            }
            Part::Field(message, field) => {
                let message = self.evaluator.messages().nth(message);
                message.and_then(|message| message.fields().nth(field))
            }
        }
        .expect("the part exists")
    }

    /// What the row evaluated last does not meet.
    fn broken(&self, goal: &Goal) -> Vec<Broken> {
        let mut broken = Vec::new();
        for (constraint, value) in self.evaluator.constraints().enumerate() {
            let waived = self.without == Some(Requirement::Constraint(constraint));
            if value != KoalaBear::ZERO && !waived {
                let part = Part::Constraint(constraint);
                broken.push(vec![Step::Reach(part, KoalaBear::ZERO)]);
            }
        }
        for (index, message) in self.evaluator.messages().enumerate() {
            let multiplicity = message.multiplicity();
            if let Some((wanted, fields)) = &goal[index] {
                if multiplicity != *wanted {
                    broken.push(vec![Step::Reach(Part::Multiplicity(index), *wanted)]);
                }
                if *wanted != KoalaBear::ZERO {
                    for (field, (value, &wanted)) in message.fields().zip(fields).enumerate() {
                        if value != wanted {
                            broken.push(vec![Step::Reach(Part::Field(index, field), wanted)]);
                        }
                    }
                }
                continue;
            }
            let waived = matches!(self.without, Some(Requirement::Lookup(it, _)) if it == index);
            if multiplicity == KoalaBear::ZERO || waived {
                continue;
            }
            let fields: Vec<KoalaBear> = message.fields().collect();
            match self.kinds[index] {
                Kind::Range => {
                    if fields[0].as_canonical_u32() >= 1 << 16 {
                        broken.push(into_range(index, 0, fields[0], 16));
                    }
                }
                kind @ (Kind::BytePair | Kind::ByteAnd) => {
                    let mut bytes = true;
                    for (field, &byte) in fields.iter().enumerate().take(3).skip(1) {
                        if byte.as_canonical_u32() >= 1 << 8 {
                            broken.push(into_range(index, field, byte, 8));
                            bytes = false;
                        }
                    }
                    let [x, y] = [1, 2].map(|field| fields[field].as_canonical_u32());
                    let both = KoalaBear::from_u32(x & y);
                    if kind == Kind::ByteAnd && bytes && fields[3] != both {
                        broken.push(vec![Step::Reach(Part::Field(index, 3), both)]);
                    }
                }
                Kind::Word => {
                    if !self.offers.words.contains(&fields) {
                        broken.push(self.toward_an_offer(index, &fields));
                    }
                }
                Kind::Heard | Kind::Told | Kind::Offer => {}
            }
        }
        broken
    }

    /// Fields that would bring a lookup closer to a word that is there, first at the same address.
    fn toward_an_offer(&self, index: usize, fields: &[KoalaBear]) -> Broken {
        let mut offers: Vec<(bool, Vec<u32>, &Vec<KoalaBear>)> = self
            .offers
            .words
            .iter()
            .filter(|offer| offer[0] == fields[0])
            .map(|offer| {
                let order = offer.iter().map(KoalaBear::as_canonical_u32).collect();
                (offer[1] != fields[1], order, offer)
            })
            .collect();
        offers.sort_unstable();
        let mut steps = Vec::new();
        for (_, _, offer) in offers.into_iter().take(3) {
            for (field, (&value, &wanted)) in fields.iter().zip(offer).enumerate() {
                let step = Step::Reach(Part::Field(index, field), wanted);
                if value != wanted && !steps.contains(&step) {
                    steps.push(step);
                }
            }
        }
        steps
    }
}

/// Numbers of `bits` bits that a field could become: by a carry, as a quotient, and the ends.
fn into_range(index: usize, field: usize, value: KoalaBear, bits: u32) -> Broken {
    let size = 1i64 << bits;
    let part = Part::Field(index, field);
    let mut targets = vec![signed(value).rem_euclid(size), 0, size - 1];
    targets.dedup();
    let mut steps: Broken = targets
        .into_iter()
        .map(|target| Step::Reach(part, KoalaBear::from_i64(target)))
        .collect();
    steps.insert(1, Step::Divide(part));
    steps
}

/// The integer of smallest absolute value that an element stands for.
fn signed(value: KoalaBear) -> i64 {
    let order = i64::from(KoalaBear::ORDER_U32);
    let value = i64::from(value.as_canonical_u32());
    if value > order / 2 {
        value - order
    } else {
        value
    }
}

/// Values of all parts of the row evaluated last: constraints, then each message's multiplicity and fields.
fn values(evaluator: &RowEvaluator) -> Vec<KoalaBear> {
    let mut values: Vec<KoalaBear> = evaluator.constraints().collect();
    for message in evaluator.messages() {
        values.push(message.multiplicity());
        values.extend(message.fields());
    }
    values
}

/// A fixed sequence without structure (SplitMix64), for tests that must do the same every time.
pub(crate) fn noise(index: u64) -> KoalaBear {
    let mut z = index
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(0x1234_5678_9abc_def1);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    KoalaBear::from_u64((z ^ z >> 31) % u64::from(KoalaBear::ORDER_U32))
}
