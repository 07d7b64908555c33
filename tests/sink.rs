//! Sinks: what they answered for is there, once, and nothing else is.

mod answers;
mod commands;
mod kill;
mod made;
mod model;
mod pipe;
mod world;
