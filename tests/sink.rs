//! Sinks: what they answered for is there, once, and nothing else is.

mod answers;
mod commands;
mod made;
mod pipe;
