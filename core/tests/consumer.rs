//! The machine by hand and by chance: its main road, and whatever a host or a sink may do to it.

#[path = "consumer/any_host.rs"]
mod any_host;
#[path = "consumer/any_record.rs"]
mod any_record;
#[path = "consumer/main_road.rs"]
mod main_road;

use highwater_core::event::Payload;

/// An event that is its own key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Id(u64);

impl Payload for Id {
    type Key = u64;
    fn key(&self) -> u64 {
        self.0
    }
    fn size(&self) -> usize {
        100
    }
}
