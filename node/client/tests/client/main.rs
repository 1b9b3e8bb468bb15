//! The client against a server that breaks connections, repeats itself, and lies.

mod answers;
mod events;
mod server;
mod submission;
mod uploads;
