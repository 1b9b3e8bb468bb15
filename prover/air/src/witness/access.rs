//! The accesses of a walk: what they read, what they leave, what they log.

use std::sync::atomic::Ordering;

use arknet_workload::interpreter::evaluate_binary;
use arknet_workload::ir::{MemoryId, Space};

use super::WitnessError;
use super::execute::{LoggedUpdate, Part, Runner};
use super::log::{ABSENT, Entry, entry};
use super::turns::{Deed, EntryPlace, GroupWords, Word};
use super::usage::{Touch, Usage};
use super::walk::Walk;
use crate::fixed::WordState;
use crate::graph::{Access, AccessKind};
use crate::lower::{MemoryPlan, party};

impl Walk {
    /// Does an access of the present block and returns the word that it reads.
    pub(super) fn access(
        &mut self,
        runner: &Runner<'_>,
        position: usize,
        group: &mut GroupWords,
        part: &mut Part,
    ) -> Result<u32, WitnessError> {
        let block = &runner.machine.graph.blocks[self.at.0 as usize];
        let access = &block.accesses[position];
        let place = self.row.map(|row| EntryPlace {
            position: runner.positions[self.at.0 as usize],
            offset: row + runner.layout.access(position),
        });
        let logged = if self.values[access.predicate.0 as usize] == 0 {
            ABSENT
        } else {
            self.perform(runner, position, access, place, group, part)?
        };
        if let (Some(place), Some(logs)) = (place, &mut part.logs) {
            let found = &mut logs[place.position][place.offset..][..runner.layout.entry];
            found.copy_from_slice(&logged[..runner.layout.entry]);
        }
        Ok(logged[entry::READ])
    }

    fn perform(
        &mut self,
        runner: &Runner<'_>,
        position: usize,
        access: &Access,
        place: Option<EntryPlace>,
        group: &mut GroupWords,
        part: &mut Part,
    ) -> Result<Entry, WitnessError> {
        let (machine, memory) = (runner.machine, access.memory);
        let index = self.values[access.index.0 as usize];
        if index >= machine.statement.length(memory) {
            return Err(WitnessError::OutOfBounds {
                invocation: self.invocation,
                memory: runner.name(memory),
                index,
            });
        }
        let value = |node: crate::graph::NodeId| self.values[node.0 as usize];
        let deed = match access.kind {
            AccessKind::Load(_) => Deed::Load,
            AccessKind::Store(node) => Deed::Store(value(node)),
            AccessKind::Update(update) => Deed::Update {
                family: update.family,
                op: update.op,
                ty: update.ty,
                operand: value(update.operand),
            },
        };
        let plan = machine.plans[memory.0 as usize];
        // Every memory that a block accesses has a table.
        let table = runner.tables[memory.0 as usize].unwrap_or(0);
        let mut logged = [0; entry::LONG];
        match (runner.usage(memory, index), deed) {
            (Usage::Viewed, Deed::Load) => {
                runner.shared_reads[table][index as usize].fetch_add(1, Ordering::Relaxed);
                logged[entry::READ] = runner.initial(memory, index);
                logged[entry::CHANGES] = 1;
                logged[entry::GLOBAL] = 1;
            }
            (Usage::Updated, Deed::Update { family, .. }) => {
                logged[entry::PARTY] = party::updaters(family);
                logged[entry::GLOBAL] = 1;
                if let Some(place) = place {
                    part.updates.push(LoggedUpdate {
                        table,
                        address: index,
                        place,
                        deed,
                    });
                }
            }
            _ => {
                let block = &machine.graph.blocks[self.at.0 as usize];
                let site = machine.sites.offset(self.at, block.is_header, position);
                // Where times matter they are below 2^29.
                let time = self.clock.wrapping_mul(machine.sites.count);
                let time = time.wrapping_add(site);
                if plan == MemoryPlan::Phased {
                    let phase = access.moment.map_or(0, |moment| value(moment.phase) + 1);
                    let word = group
                        .entry((table, index))
                        .or_insert_with(|| Word::new(runner.initial(memory, index)));
                    let logs = part.logs.as_deref_mut().unwrap_or(&mut []);
                    let before = word
                        .access(deed, self.invocation, [phase, time], place, logs)
                        .map_err(|_| runner.output_error(memory, index))?;
                    (logged[entry::READ], logged[entry::VALUE]) = (before, before);
                } else {
                    self.own_access(runner, table, index, deed, time, &mut logged);
                }
            }
        }
        Ok(logged)
    }

    /// An access to a word that is the invocation's for the whole run.
    fn own_access(
        &mut self,
        runner: &Runner<'_>,
        table: usize,
        index: u32,
        deed: Deed,
        time: u32,
        logged: &mut Entry,
    ) {
        let memory = &runner.machine.memories[table];
        let invocation = self.invocation;
        let owner = match memory.plan {
            MemoryPlan::ReadWrite => party::owner(invocation),
            MemoryPlan::Private => 0,
            _ => invocation,
        };
        let (value, state, touch) = self.touched.entry((table, index)).or_insert_with(|| {
            let state = WordState {
                party: owner,
                ..WordState::default()
            };
            (
                runner.initial(memory.memory, index),
                state,
                Touch::default(),
            )
        });
        logged[entry::ORDER] = state.order;
        logged[entry::VALUE] = *value;
        logged[entry::OWN] = 1;
        logged[entry::READ] = match memory.plan {
            // Reads come before the write.
            MemoryPlan::WriteOnce { .. } => runner.initial(memory.memory, index),
            _ => *value,
        };
        match deed {
            Deed::Load => {
                touch.loaded = true;
                state.own_reads += 1;
            }
            Deed::Store(stored) => {
                touch.stored = true;
                *value = stored;
            }
            Deed::Update {
                family,
                op,
                ty,
                operand,
            } => {
                touch.update(family);
                *value = evaluate_binary(op, ty, *value, operand);
            }
        }
        state.written = touch.is_written();
        state.value = *value;
        state.order = time;
    }
}

impl Runner<'_> {
    /// How accesses to a word are proven, as far as is known.
    fn usage(&self, memory: MemoryId, index: u32) -> Usage {
        match self.machine.plans[memory.0 as usize] {
            MemoryPlan::ReadOnly => Usage::Viewed,
            MemoryPlan::Updates => Usage::Updated,
            _ => self.touches[memory.0 as usize]
                .get(index as usize)
                .map_or(Usage::Owned, |touch| touch.usage()),
        }
    }

    /// The first word of a memory at an index.
    pub(super) fn initial(&self, memory: MemoryId, index: u32) -> u32 {
        let statement = &self.machine.statement;
        match &statement.workload.program().memory(memory).space {
            Space::Constant { words } => words[index as usize],
            _ => statement
                .buffer_index(memory)
                .map_or(0, |buffer| statement.initial[buffer][index as usize]),
        }
    }

    pub(super) fn name(&self, memory: MemoryId) -> String {
        let program = self.machine.statement.workload.program();
        program.memory(memory).name.clone()
    }

    /// The error of a word that ends wrong or is raced for.
    pub(super) fn output_error(&self, memory: MemoryId, index: u32) -> WitnessError {
        WitnessError::Output {
            memory: self.name(memory),
            index,
        }
    }
}
