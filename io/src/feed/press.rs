//! Makes frames of events, in whatever form a subscriber asked for.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use crate::feed::block::{Block, Fate, Form, Slot};
use crate::feed::dictionary::Dictionary;
use crate::feed::frames::{self, Frames, Opcode};
use crate::feed::source::Source;

/// The events' source, and what they may be compressed with.
#[derive(Debug)]
pub(crate) struct Press {
    source: Source,
    dictionary: RwLock<Option<Dictionary>>,
}

impl Press {
    pub(crate) fn new(source: Source, dictionary: Option<Dictionary>) -> Self {
        Self { source, dictionary: RwLock::new(dictionary) }
    }

    /// Where the events come from.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The dictionary in use.
    pub(crate) fn dictionary(&self) -> Option<Dictionary> {
        self.dictionary.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes another dictionary into use.
    pub(crate) fn rotate(&self, dictionary: Dictionary) {
        *self.dictionary.write().unwrap_or_else(PoisonError::into_inner) = Some(dictionary);
    }

    /// The block's frames in a form; none if that form's dictionary is not in use any more.
    pub(crate) fn frames(&self, block: &Block, form: Form) -> Option<Arc<Frames>> {
        let plain = Form { dictionary: None, ..form };
        let frames = block.frames(plain, |block| {
            let messages = block.numbered().map(|(position, slot)| self.message(position, slot, form));
            Frames::new(Opcode::Text, messages)
        });
        if form.dictionary.is_none() {
            return Some(frames);
        }
        let dictionary = self.dictionary().filter(|dictionary| Some(dictionary.id()) == form.dictionary)?;
        let mut compressor = dictionary.compressor().ok()?;
        Some(block.frames(form, |block| {
            let compressed = (0..block.slots().len()).map(|event| {
                let frame = frames.frame(event);
                let content = (!frame.is_empty()).then(|| frames::payload(&frame));
                content.and_then(|content| compressor.compress(&content).ok()).map(Bytes::from)
            });
            Frames::new(Opcode::Binary, compressed)
        }))
    }

    /// One frame that is no event's: what a server says besides, or garbage.
    pub(crate) fn aside(&self, content: &[u8], form: Form) -> Bytes {
        let dictionary = self.dictionary().filter(|dictionary| Some(dictionary.id()) == form.dictionary);
        let compressed =
            dictionary.and_then(|dictionary| dictionary.compressor().ok()?.compress(content).ok());
        compressed.map_or_else(
            || frames::frame(Opcode::Text, content),
            |compressed| frames::frame(Opcode::Binary, &compressed),
        )
    }

    fn message(&self, position: u64, slot: &Slot, form: Form) -> Option<Bytes> {
        let entry = (slot.fate != Fate::Unseen).then(|| self.source.entry(slot, position, form.instance))?;
        self.source.message(slot, &entry, form.wire)
    }
}
