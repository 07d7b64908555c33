//! Makes frames of events, in whatever form a subscriber asked for.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use highwater_core::serve::Wire;

use crate::feed::block::{Block, Fate, Form, Slot};
use crate::feed::dictionary::Dictionary;
use crate::feed::frames::{self, Frames, Opcode};
use crate::feed::source::Source;

/// The events' source, and what they may be compressed with.
#[derive(Debug)]
pub(crate) struct Press {
    source: Source,
    /// The older wire's, which nobody hands out and which stays.
    fixed: Dictionary,
    /// The newer wire's, which is handed out and may be replaced.
    current: RwLock<Dictionary>,
}

impl Press {
    pub(crate) fn new(source: Source, dictionary: Dictionary) -> Self {
        Self { source, fixed: dictionary.clone(), current: RwLock::new(dictionary) }
    }

    /// Where the events come from.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The dictionary that is in use on a wire.
    pub(crate) fn dictionary(&self, wire: Wire) -> Dictionary {
        match wire {
            Wire::V1 | Wire::V1OnV2Host => self.fixed.clone(),
            Wire::V2 => self.current.read().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Takes another dictionary into use.
    pub(crate) fn rotate(&self, dictionary: Dictionary) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = dictionary;
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
        let dictionary = self.dictionary_of(form)?;
        Some(block.frames(form, |block| {
            let mut compressor = dictionary.compressor();
            let compressed = (0..block.slots().len()).map(|event| {
                let frame = frames.frame(event);
                (!frame.is_empty()).then(|| compressor.compress(&frames::payload(&frame)))
            });
            Frames::new(Opcode::Binary, compressed)
        }))
    }

    /// One frame that is no event's: what a server says besides, or garbage.
    pub(crate) fn aside(&self, content: &[u8], form: Form) -> Bytes {
        match self.dictionary_of(form) {
            None => frames::frame(Opcode::Text, content),
            Some(dictionary) => frames::frame(Opcode::Binary, &dictionary.compressor().compress(content)),
        }
    }

    fn dictionary_of(&self, form: Form) -> Option<Dictionary> {
        form.dictionary
            .map(|_| self.dictionary(form.wire))
            .filter(|dictionary| Some(dictionary.id()) == form.dictionary)
    }

    fn message(&self, position: u64, slot: &Slot, form: Form) -> Option<Bytes> {
        let entry = (slot.fate != Fate::Unseen).then(|| self.source.entry(slot, position, form.instance))?;
        self.source.message(slot, &entry, form.wire)
    }
}
