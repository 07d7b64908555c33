//! A copy of a machine, made over an old one: it takes over the room that the old one had.
//!
//! A search that goes on from each state in every way copies machines by the million, and a copy that asks for memory
//! costs several times one that does not.

use alloc::sync::Arc;

use crate::consumer::Consumer;
use crate::event::Payload;

impl<P: Payload> Clone for Consumer<P> {
    fn clone(&self) -> Self {
        Self {
            config: Arc::clone(&self.config),
            now: self.now,
            latest: self.latest,
            effects: self.effects.clone(),
            state: self.state.clone(),
            writer: self.writer.clone(),
            buffer: self.buffer.clone(),
            buffered_at: self.buffered_at,
            records: self.records.clone(),
            scope: self.scope,
            attempts: self.attempts.clone(),
            approach: self.approach,
            last_cutover: self.last_cutover,
            open_gaps: self.open_gaps.clone(),
            good_at: self.good_at,
            epoch: self.epoch,
            op: self.op,
        }
    }

    fn clone_from(&mut self, from: &Self) {
        // Each by its name, so that a new one cannot be forgotten.
        let Self {
            config,
            now,
            latest,
            effects,
            state,
            writer,
            buffer,
            buffered_at,
            records,
            scope,
            attempts,
            approach,
            last_cutover,
            open_gaps,
            good_at,
            epoch,
            op,
        } = self;
        if !Arc::ptr_eq(config, &from.config) {
            *config = Arc::clone(&from.config);
        }
        effects.clone_from(&from.effects);
        state.clone_from(&from.state);
        writer.clone_from(&from.writer);
        buffer.clone_from(&from.buffer);
        records.clone_from(&from.records);
        attempts.clone_from(&from.attempts);
        open_gaps.clone_from(&from.open_gaps);
        (*now, *latest, *buffered_at, *good_at) = (from.now, from.latest, from.buffered_at, from.good_at);
        (*scope, *approach, *last_cutover) = (from.scope, from.approach, from.last_cutover);
        (*epoch, *op) = (from.epoch, from.op);
    }
}
