//! A forgery that runs through many rows: where one says something else, those that hear it follow suit.

use std::collections::{HashMap, VecDeque};

use arknet_air::{Direction, RowEvaluator};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;

use super::forger::{Forger, Goal};
use super::scene::{Offers, Said, Scene, is_block};

/// A message's place: table, row, interaction.
type Place = (usize, usize, usize);

/// Steps that the forger may take for one row.
const BUDGET: usize = 2_000;

/// Who tells whom what. Made of an honest witness; later changes keep who listens to whom.
pub(crate) struct Plot {
    /// Whom each message reaches.
    reaches: HashMap<Place, Place>,
    /// For each row, its received messages with where they come from.
    heard: HashMap<(usize, usize), Vec<(usize, Place)>>,
    /// What is said now.
    said: HashMap<Place, Vec<KoalaBear>>,
    /// What a row pretends to hear or is made to say, whatever others say.
    imposed: HashMap<Place, (KoalaBear, Vec<KoalaBear>)>,
    offers: Offers,
}

impl Plot {
    pub(crate) fn new(scene: &Scene) -> Self {
        let mut receivers: HashMap<Said, Place> = HashMap::new();
        let mut senders: Vec<(Place, Said)> = Vec::new();
        for (index, table) in scene.tables().iter().enumerate() {
            let Some(trace) = &scene.traces[index] else {
                continue;
            };
            let mut evaluator = RowEvaluator::new(table);
            for (row, columns) in trace.row_slices().enumerate() {
                evaluator.evaluate(row, columns);
                for (message, said) in evaluator.messages().enumerate() {
                    if said.multiplicity() != KoalaBear::ONE {
                        continue;
                    }
                    let place = (index, row, message);
                    let fields = (said.bus(), said.fields().collect());
                    match said.direction() {
                        Direction::Send => senders.push((place, fields)),
                        Direction::Receive => {
                            receivers.insert(fields, place);
                        }
                        Direction::Provide => {}
                    }
                }
            }
        }
        let mut plot = Self {
            reaches: HashMap::new(),
            heard: HashMap::new(),
            said: HashMap::new(),
            imposed: HashMap::new(),
            offers: scene.offers(),
        };
        for (sender, said) in senders {
            // Lookups reach nobody in particular.
            if let Some(&receiver) = receivers.get(&said) {
                plot.reaches.insert(sender, receiver);
                plot.said.insert(sender, said.1);
                let (table, row, message) = receiver;
                let heard = plot.heard.entry((table, row)).or_default();
                heard.push((message, sender));
            }
        }
        plot
    }

    /// The row that hears a message, and the interaction with which it does.
    pub(crate) fn listener(&self, sender: Place) -> Option<Place> {
        self.reaches.get(&sender).copied()
    }

    /// What the row is to say: what it hears as it is said now, anything to others.
    fn goal(&self, scene: &Scene, table: usize, row: usize) -> Goal {
        let mut forger = Forger::new(&scene.tables()[table], &self.offers);
        let columns = scene.row(table, row);
        let mut goal = forger.goal_of(row, columns);
        for message in forger.told() {
            // Whether something is said stays; what is said, follows.
            if goal[message]
                .as_ref()
                .is_some_and(|(multiplicity, _)| *multiplicity != KoalaBear::ZERO)
            {
                goal[message] = None;
            }
        }
        for (message, sender) in self.heard.get(&(table, row)).into_iter().flatten() {
            goal[*message] = Some((KoalaBear::ONE, self.said[sender].clone()));
        }
        for (message, wanted) in goal.iter_mut().enumerate() {
            if let Some(imposed) = self.imposed.get(&(table, row, message)) {
                *wanted = Some(imposed.clone());
            }
        }
        goal
    }

    /// Rewrites a row so that it fits what it hears and looks up, with changes to its goal, and all rows that
    /// hear something else because of it.
    pub(crate) fn rewrite(
        &mut self,
        scene: &mut Scene,
        table: usize,
        row: usize,
        change: impl FnOnce(&mut Goal),
    ) -> Result<(), String> {
        self.offers = scene.offers();
        let mut goal = self.goal(scene, table, row);
        let followed = goal.clone();
        change(&mut goal);
        for (message, (wanted, followed)) in goal.iter().zip(followed).enumerate() {
            if let Some(wanted) = wanted.as_ref().filter(|_| *wanted != followed) {
                self.imposed.insert((table, row, message), wanted.clone());
            }
        }
        self.settle(scene, table, row, &goal)?;
        let mut pending = VecDeque::from([(table, row)]);
        while let Some((table, row)) = pending.pop_front() {
            for (listener, listening) in self.news(scene, table, row) {
                if !is_block(&scene.tables()[listener]) {
                    continue;
                }
                let goal = self.goal(scene, listener, listening);
                self.settle(scene, listener, listening, &goal)?;
                pending.push_back((listener, listening));
            }
        }
        Ok(())
    }

    fn settle(
        &self,
        scene: &mut Scene,
        table: usize,
        row: usize,
        goal: &Goal,
    ) -> Result<(), String> {
        let mut forger = Forger::new(&scene.tables()[table], &self.offers);
        let columns = forger.forge(row, scene.row(table, row), goal, BUDGET);
        let columns = columns.ok_or_else(|| {
            let name = scene.tables()[table].name();
            format!("row {row} of `{name}` cannot follow suit")
        })?;
        scene.row_mut(table, row).copy_from_slice(&columns);
        Ok(())
    }

    /// Notes what the tables of memories say otherwise since the statement changed.
    pub(crate) fn restate(&mut self, scene: &Scene) {
        for table in 0..scene.tables().len() {
            if scene.tables()[table].name().starts_with("memory ") {
                for row in 0..scene.height(table) {
                    self.news(scene, table, row);
                }
            }
        }
    }

    /// Notes what a row says otherwise than before and gives the rows that hear it.
    fn news(&mut self, scene: &Scene, table: usize, row: usize) -> Vec<(usize, usize)> {
        let mut evaluator = RowEvaluator::new(&scene.tables()[table]);
        evaluator.evaluate(row, scene.row(table, row));
        let mut listeners = Vec::new();
        for (message, said) in evaluator.messages().enumerate() {
            let place = (table, row, message);
            let Some(&(listener, listening, _)) = self.reaches.get(&place) else {
                continue;
            };
            let fields: Vec<KoalaBear> = said.fields().collect();
            if self.said[&place] != fields {
                self.said.insert(place, fields);
                listeners.push((listener, listening));
            }
        }
        listeners.dedup();
        listeners
    }

    /// The final words of the statement's buffers as the rows have them now.
    pub(crate) fn outputs(&self, scene: &Scene) -> Vec<Vec<u32>> {
        let statement = scene.machine.statement();
        let mut outputs = statement.outputs.clone();
        for (sender, &(table, ..)) in &self.reaches {
            let name = scene.tables()[table].name();
            let Some(name) = name.strip_prefix("memory ") else {
                continue;
            };
            let memories = statement.workload.program().memories();
            let mut buffers = memories.filter(|(_, memory)| memory.is_buffer());
            let Some(buffer) = buffers.position(|(_, memory)| memory.name == name) else {
                continue;
            };
            let fields: Vec<u32> = self.said[sender]
                .iter()
                .map(KoalaBear::as_canonical_u32)
                .collect();
            // (tag, address, owner, low, high, …); words past the end are of no buffer.
            if let Some(word) = outputs[buffer].get_mut(fields[1] as usize) {
                *word = fields[3] | fields[4] << 16;
            }
        }
        outputs
    }

    /// Lets the tables of private arrays end as the rows say.
    pub(crate) fn settle_private(&self, scene: &mut Scene) {
        for &(table, row) in self.heard.keys() {
            let name = scene.tables()[table].name().to_owned();
            let is_buffer = scene
                .machine
                .statement()
                .workload
                .program()
                .memories()
                .any(|(_, memory)| memory.is_buffer() && name == format!("memory {}", memory.name));
            if name.starts_with("memory ") && !is_buffer {
                let goal = self.goal(scene, table, row);
                self.settle(scene, table, row, &goal)
                    .expect("its columns are free");
            }
        }
    }
}
