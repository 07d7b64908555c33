//! Which number was given to which key: the one thing that is asked of every transition, and mostly of memory that is not
//! at hand, so each question looks at one place.
//!
//! Keys are hashes already, and are never gone through.

/// Numbers by key.
#[derive(Debug)]
pub(super) struct Table {
    /// Half of them are free at least; as many as a power of two.
    slots: Vec<Slot>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u64,
    number: u32,
}

const FREE: Slot = Slot { key: 0, number: u32::MAX };

impl Default for Table {
    fn default() -> Self {
        Self { slots: vec![FREE; 1 << 10], len: 0 }
    }
}

impl Table {
    /// The number of this key: this one, if it has none yet.
    #[inline]
    pub(super) fn enter(&mut self, key: u64, number: u32) -> u32 {
        if self.len * 2 >= self.slots.len() {
            self.grow();
        }
        let at = self.place(key);
        let slot = &mut self.slots[at];
        if slot.number == FREE.number {
            *slot = Slot { key, number };
            self.len += 1;
        }
        slot.number
    }

    /// The number of this key, if it has one.
    pub(super) fn find(&self, key: u64) -> Option<u32> {
        let number = self.slots[self.place(key)].number;
        (number != FREE.number).then_some(number)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where this key is, or would be.
    #[inline]
    fn place(&self, key: u64) -> usize {
        let last = self.slots.len() - 1;
        let mut at = key as usize & last;
        while self.slots[at].number != FREE.number && self.slots[at].key != key {
            at = (at + 1) & last;
        }
        at
    }

    fn grow(&mut self) {
        let double = vec![FREE; self.slots.len() * 2];
        for slot in core::mem::replace(&mut self.slots, double) {
            if slot.number != FREE.number {
                let at = self.place(slot.key);
                self.slots[at] = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn each_key_keeps_its_first_number() {
        // Keys that all want to lie in the same place, and those that lie behind.
        let keys = |index: u32| u64::from(index % 50) << 32 | u64::from(index / 50);
        let mut table = Table::default();
        for index in 0..5_000 {
            assert_eq!(table.find(keys(index)), None, "{index}");
            assert_eq!(table.enter(keys(index), index), index);
            assert_eq!(table.enter(keys(index), 7), index);
        }
        assert!((0..5_000).all(|index| table.find(keys(index)) == Some(index)));
        assert_eq!((table.len(), table.find(u64::MAX)), (5_000, None));
    }
}
