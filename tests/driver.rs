//! The whole shell but the network and the disk, in paused time: a real machine, real connections over a wire in
//! memory, and a sink that can be as slow or as broken as a script says.

mod crash;
mod feed;
mod orders;
mod shelf;
mod stop;
mod trouble;

use std::sync::Arc;

use highwater::address::Address;
use highwater::clock::Clock;
use highwater::driver::{Driver, Order};
use highwater::record::Recorder;
use highwater::sink::worker::Worker;
use highwater::socket::{Compression, Sockets, Upstream};
use highwater_core::Config;
use highwater_core::cursor::Place;
use highwater_core::dialect::jetstream::Jetstream;
use highwater_core::dialect::{Dialect, Subscription};
use highwater_core::time::{Duration, WallTime};
use tokio::sync::watch;

use crate::socket::wire::Wire;

/// What the calendar says when a test begins.
const BEGIN: WallTime = WallTime::from_micros(1_795_000_000_000_000);

/// A run from the oldest event on, of one feed, that ends well once nothing new has come for 90 s.
fn config() -> Config {
    let mut config = Config::new(vec![Dialect::JetstreamV1.source()]);
    config.start = Place::Oldest;
    config.exit_idle = Some(Duration::from_secs(90));
    config
}

fn driver(config: Config, wire: Wire, worker: Worker<Jetstream>, order: Order) -> Driver<Wire> {
    let address = Address::parse("ws://feed.example", None).unwrap();
    let upstream = Upstream::new(address, Arc::new(Subscription::default()), Compression::Off);
    let sockets = Sockets::new(wire, vec![upstream]);
    Driver::new(
        config,
        sockets,
        worker,
        Clock::starting_at(BEGIN),
        order,
        watch::Sender::default(),
        Recorder::off(),
    )
}
