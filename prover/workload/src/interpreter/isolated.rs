//! Output memory for invocations that run one after the other, each as if it were alone: what a run with a
//! race is judged by.
//!
//! An invocation sees the initial words and its own stores, never another's. The first access in the canonical
//! order that completes a race is kept; so are, in a second pass, the accesses it races with.

use super::machine::{Fault, Outputs};
use super::touch::Touch;
use crate::job::{Access, Invocation};

/// An access to a word of output memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) output: u32,
    pub(super) index: u32,
    pub(super) access: Access,
    pub(super) invocation: Invocation,
    /// Place in the code.
    pub(super) op: usize,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Search {
    /// The access that completes a race; `before` is its word's history.
    Second,
    /// The first access that races with this one.
    First(Sighting),
}

/// The output buffers of a sequential run.
pub(super) struct Isolated<'a> {
    initial: Vec<&'a [u32]>,
    words: Vec<Vec<(Touch, u32)>>,
    search: Search,
    found: Option<(Sighting, Touch)>,
}

impl<'a> Isolated<'a> {
    pub(super) fn new(initial: Vec<&'a [u32]>, search: Search) -> Self {
        let words = initial
            .iter()
            .map(|words| vec![(Touch::default(), 0); words.len()])
            .collect();
        Self {
            initial,
            words,
            search,
            found: None,
        }
    }

    /// What was looked for, and its word's history before it.
    pub(super) fn found(&self) -> Option<(Sighting, Touch)> {
        self.found
    }

    /// Takes note of an access. Gives whether the word holds the invocation's own store.
    fn access(&mut self, sighting: Sighting) -> Result<bool, Fault> {
        let Sighting {
            output,
            index,
            access,
            invocation,
            ..
        } = sighting;
        let word = self.words[output as usize]
            .get_mut(index as usize)
            .ok_or(Fault::OutOfBounds)?;
        let before = word.0;
        if self.found.is_none() {
            match self.search {
                Search::Second => {
                    let after = match access {
                        Access::Read => before.read(invocation),
                        Access::Write => before.write(invocation),
                    };
                    match after {
                        Some(after) => word.0 = after,
                        None => self.found = Some((sighting, before)),
                    }
                }
                Search::First(second) => {
                    let same_word = (output, index) == (second.output, second.index);
                    let writes = access == Access::Write || second.access == Access::Write;
                    if same_word && writes {
                        self.found = Some((sighting, before));
                    }
                }
            }
        }
        let own = before == Touch::writer(invocation);
        if access == Access::Write {
            // Also where it races: later loads of this invocation must see its store.
            word.0 = Touch::writer(invocation);
        }
        Ok(own)
    }
}

impl Outputs for Isolated<'_> {
    fn load(
        &mut self,
        output: u32,
        index: u32,
        invocation: Invocation,
        op: usize,
    ) -> Result<u32, Fault> {
        let own = self.access(Sighting {
            output,
            index,
            access: Access::Read,
            invocation,
            op,
        })?;
        let (output, index) = (output as usize, index as usize);
        Ok(if own {
            self.words[output][index].1
        } else {
            self.initial[output][index]
        })
    }

    fn store(
        &mut self,
        output: u32,
        index: u32,
        value: u32,
        invocation: Invocation,
        op: usize,
    ) -> Result<(), Fault> {
        self.access(Sighting {
            output,
            index,
            access: Access::Write,
            invocation,
            op,
        })?;
        self.words[output as usize][index as usize].1 = value;
        Ok(())
    }
}
