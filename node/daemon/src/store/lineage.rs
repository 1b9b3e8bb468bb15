//! Where inputs come from: the graph of jobs whose outputs are inputs of others.

use std::collections::{HashSet, VecDeque};

use arknet_protocol::JobId;

use super::column::{col, get};
use super::{Store, StoreError, tx};

/// Edges of one job that are followed.
const EDGES: u32 = 256;

/// `child` reads as its buffer `input` what `parent` wrote as its buffer `output`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// The job that reads.
    pub child: JobId,
    /// Its buffer.
    pub input: String,
    /// The job that wrote.
    pub parent: JobId,
    /// Its buffer.
    pub output: String,
}

impl Store {
    /// The edges around a job, nearest first: its own, then those of its neighbours, until `max_jobs` jobs are looked at.
    /// All jobs of a lineage are of one client.
    pub async fn lineage(&self, job: JobId, max_jobs: usize) -> Result<Vec<Edge>, StoreError> {
        self.read(move |connection| {
            let mut edges = Vec::new();
            let mut known = HashSet::from([job]);
            let mut seen = HashSet::new();
            let mut ahead = VecDeque::from([job]);
            let mut looked_at = 0;
            while let Some(next) = ahead.pop_front().filter(|_| looked_at < max_jobs) {
                looked_at += 1;
                let around = tx::all(
                    connection,
                    "SELECT child, input, parent, output FROM lineage WHERE child = ?1
                     UNION SELECT child, input, parent, output FROM lineage WHERE parent = ?1 LIMIT ?2",
                    (col(&next), EDGES),
                    |row| {
                        Ok(Edge {
                            child: get(row, 0)?,
                            input: row.get(1)?,
                            parent: get(row, 2)?,
                            output: row.get(3)?,
                        })
                    },
                )?;
                for edge in around {
                    for end in [edge.child, edge.parent] {
                        if known.insert(end) {
                            ahead.push_back(end);
                        }
                    }
                    if seen.insert(edge.clone()) {
                        edges.push(edge);
                    }
                }
            }
            Ok(edges)
        })
        .await
    }
}
