//! The library's face: what to follow, where to put it, and until when.

mod error;
mod into_sink;
mod start;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use highwater_core::Config;
use highwater_core::dialect::jetstream::Kind;
use highwater_core::dialect::{Dialect, Subscription};
use tokio::sync::watch;

use crate::address::Address;
use crate::clock::Clock;
use crate::driver::{Driver, Finished, Order, Tally};
use crate::record::Recorder;
use crate::sink::worker::Worker;
use crate::sink::{Origin, Origins};
use crate::socket::{Compression, Network, Sockets, Upstream};

pub use error::FollowError;
pub use into_sink::{IntoSink, Nowhere, SqliteFile, StandardOutput, null, sqlite, stdout};
pub use start::Start;

/// Follows a feed, and others in its stead if it fails.
///
/// ```
/// use highwater::Highwater;
/// use highwater::sink::each::each;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let config = highwater::feed::Config { events: Some(1_000), rate: 0, ..Default::default() };
/// # let feed = highwater::feed::Feed::open(config).await?;
/// # let url = format!("ws://{}", feed.address()?);
/// # tokio::spawn(feed.serve(std::future::pending()));
/// # let ctrl_c = std::future::pending();
/// let finished = Highwater::follow(url)
///     .collection("app.bsky.feed.post")
/// #   .start(highwater::Start::Oldest)
/// #   .configure(|config| config.exit_idle = Some(std::time::Duration::from_millis(200).into()))
///     .into(each(|event| println!("{} posted", event.payload.did())))
///     .run(ctrl_c)
///     .await?;
/// println!("{} events, and then {:?}", finished.tally.received, finished.outcome);
/// # assert!(finished.tally.received > 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it follows nothing until it is run"]
pub struct Highwater {
    urls: Vec<String>,
    dialect: Option<Dialect>,
    collections: Vec<String>,
    dids: Vec<String>,
    kinds: Vec<Kind>,
    start: Start,
    compression: Compression,
    config: Config,
}

/// Something to follow, and somewhere to put it.
#[derive(Debug)]
#[must_use = "it follows nothing until it is run"]
pub struct Following<S> {
    highwater: Highwater,
    sink: S,
    tally: watch::Sender<Tally>,
    recorder: Recorder,
}

impl Highwater {
    /// Follows the feed at `url`, which begins with `wss://` or `ws://`; its path says how it speaks.
    pub fn follow(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            dialect: None,
            collections: Vec::new(),
            dids: Vec::new(),
            kinds: Vec::new(),
            start: Start::default(),
            compression: Compression::Off,
            config: Config::new(Vec::new()),
        }
    }

    /// Follows the feed at `url` if those named before it fail.
    pub fn or(mut self, url: impl Into<String>) -> Self {
        self.urls.push(url.into());
        self
    }

    /// Says how the feeds speak, whatever their paths are.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Asks for this collection, or with `.*` for all that begin so. Without any, for all.
    pub fn collection(mut self, collection: impl Into<String>) -> Self {
        self.collections.push(collection.into());
        self
    }

    /// Asks for this account. Without any, for all.
    pub fn did(mut self, did: impl Into<String>) -> Self {
        self.dids.push(did.into());
        self
    }

    /// Asks for this kind of event. Without any, for all.
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kinds.push(kind);
        self
    }

    /// Where to begin when there is no checkpoint.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Whether frames come compressed.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Changes the machine's limits. Sources, start, filter, compression and seed are not among them.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Where the events go.
    pub fn into<S: IntoSink>(self, sink: S) -> Following<S> {
        Following { highwater: self, sink, tally: watch::Sender::default(), recorder: Recorder::off() }
    }

    /// The feeds, the machine's limits and the names that scopes are stored under.
    fn check(self) -> Result<(Vec<Upstream>, Config, Origins), FollowError> {
        let address = |url: String| {
            Address::parse(&url, self.dialect).map_err(|error| FollowError::Address { url, error })
        };
        let addresses = self.urls.into_iter().map(address).collect::<Result<Vec<_>, _>>()?;
        let origin = |address: &Address| Origin { host: address.host_port(), dialect: address.dialect() };
        let origins = Origins::new(addresses.iter().map(origin).collect())?;
        let dialects: Vec<Dialect> = addresses.iter().map(Address::dialect).collect();
        if let Compression::Fetched = self.compression
            && let Some(without) = dialects.iter().find(|dialect| dialect.dictionary_path().is_none())
        {
            return Err(FollowError::NoDictionary(*without));
        }
        let subscription = Arc::new(Subscription::new(self.collections, self.dids, self.kinds)?);
        let mut config = self.config;
        config.sources = dialects.iter().map(|dialect| dialect.source()).collect();
        config.start = self.start.place(&dialects, crate::clock::calendar())?;
        config.filter = subscription.hash();
        config.seed = jitter_seed();
        config.compress = !matches!(self.compression, Compression::Off);
        let upstream = |address| Upstream::new(address, Arc::clone(&subscription), self.compression.clone());
        Ok((addresses.into_iter().map(upstream).collect(), config, origins))
    }
}

impl<S: IntoSink> Following<S> {
    /// What has passed so far, whenever somebody looks.
    pub fn tally(&self) -> watch::Receiver<Tally> {
        self.tally.subscribe()
    }

    /// Records the run, so that it can be replayed.
    pub fn record(self, recorder: Recorder) -> Self {
        Self { recorder, ..self }
    }

    /// Follows until `shutdown` is ready, or there is an end to it. Dropping the future is a crash: what is durable
    /// is what counts.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<Finished, FollowError> {
        let (upstreams, config, origins) = self.highwater.check()?;
        let (sink, ending) = self.sink.into_sink(origins)?;
        let worker = Worker::spawn(sink, ending).map_err(|error| FollowError::Thread(error.to_string()))?;
        let sockets = Sockets::new(Network::new(), upstreams);
        let clock = Clock::system();
        let driver = Driver::new(config, sockets, worker, clock, Order::Fixed, self.tally, self.recorder);
        Ok(driver.run(shutdown).await?)
    }
}

/// A seed that no other process has: those that lost one server must not come back to it all at once.
fn jitter_seed() -> u64 {
    // The standard library draws the keys of its hash maps from the operating system.
    RandomState::new().build_hasher().finish()
}
