//! Children of the node: what they do, and what becomes of those that do something else.

mod harness;
mod honest;
mod hostile;
mod lifetime;
