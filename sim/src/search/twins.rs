//! Are two states that look the same the same? Of a sample, whatever can happen next is done to both.

use std::collections::BTreeMap;

use super::model::Model;
use super::offer::Offer;
use super::scene::Scene;
use crate::oracle::{Rule, Violation, must};

/// So many states are kept to be compared at most.
const KEPT_MAX: usize = 20_000;

/// States kept, by key.
#[derive(Debug)]
pub(super) struct Twins {
    kept: BTreeMap<u64, Scene>,
    /// One key in so many is kept.
    one_in: u64,
    /// How many pairs were compared.
    pub(super) compared: u64,
}

impl Twins {
    pub(super) fn one_in(one_in: u64) -> Self {
        Self { kept: BTreeMap::new(), one_in, compared: 0 }
    }

    fn is_sampled(&self, key: u64) -> bool {
        // Not the bits that the table of keys goes by.
        (key >> 20).is_multiple_of(self.one_in)
    }

    /// A state was reached for the first time.
    pub(super) fn keep(&mut self, key: u64, scene: &Scene) {
        if self.is_sampled(key) && self.kept.len() < KEPT_MAX {
            self.kept.insert(key, scene.clone());
        }
    }

    /// A state was reached once more, on another path: it is the same whatever comes.
    pub(super) fn compare(&mut self, key: u64, scene: &Scene, model: &Model) -> Result<(), Violation> {
        if !self.is_sampled(key) {
            return Ok(());
        }
        let Some(twin) = self.kept.get(&key) else { return Ok(()) };
        self.compared += 1;
        must(scene.words() == twin.words(), Rule::O18Determinism, || {
            format!("two states share the number {key:x}")
        })?;
        let (mut mine, mut theirs) = (Offer::default(), Offer::default());
        model.offer(scene, &mut mine);
        model.offer(twin, &mut theirs);
        let is_same_offer = mine.acts() == theirs.acts();
        must(is_same_offer, Rule::O18Determinism, || "twins can do different things".to_owned())?;
        for &act in mine.acts() {
            let (mut one, mut other) = (scene.clone(), twin.clone());
            let results = (model.perform(&mut one, act).is_ok(), model.perform(&mut other, act).is_ok());
            must(results.0 == results.1 && one.words() == other.words(), Rule::O18Determinism, || {
                format!("two states that look the same differ once {act}")
            })?;
        }
        Ok(())
    }
}
