//! Connections: one task for each epoch, which opens it, makes items of its frames, and ends it.
//!
//! ```text
//! driver ──open, ping, pause, close──▶ wishes ──▶ task: dial ▸ upgrade ▸ frames ▸ items
//!        ◀─────────── news, at most a few batches under way ───────────┘
//! ```
//!
//! A task waits where the driver is slower than the network, and so does the server in the end: that is all the
//! back-pressure there is. A connection never comes again by itself; the machine decides.

mod decoder;
mod dial;
mod exchange;
mod life;
mod line;
mod opening;
mod upstream;
mod wishes;

use std::sync::Arc;
use std::task::{Context, Poll};

use highwater_core::cursor::Place;
use highwater_core::effect::OpenOptions;
use highwater_core::number::Epoch;
use highwater_core::scope::SourceId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

pub use dial::{Dial, Network};
pub use life::News;
pub use line::FRAME_BYTES_MAX;
pub use upstream::{Compression, Upstream};

use crate::address::Address;
use life::Life;
use opening::Ask;
use wishes::Wishes;

/// So much news is under way to the driver: each is of one batch of frames at most.
const NEWS_MAX: usize = 4;

/// A task ended in a panic: a mistake of ours, after which nothing is certain.
#[derive(Debug)]
pub struct Panicked(pub String);

/// Makes connections to the feeds and brings their news.
#[derive(Debug)]
pub struct Sockets<D> {
    dial: Arc<D>,
    upstreams: Vec<Arc<Upstream>>,
    live: Option<(Epoch, Arc<Wishes>)>,
    tasks: JoinSet<()>,
    news: mpsc::Receiver<News>,
    sender: mpsc::Sender<News>,
}

impl<D: Dial> Sockets<D> {
    /// No connection yet; `upstreams` in the order in which the machine counts its sources.
    pub fn new(dial: D, upstreams: Vec<Upstream>) -> Self {
        let (sender, news) = mpsc::channel(NEWS_MAX);
        let upstreams = upstreams.into_iter().map(Arc::new).collect();
        Self { dial: Arc::new(dial), upstreams, live: None, tasks: JoinSet::new(), news, sender }
    }

    /// Where the feeds are.
    pub fn addresses(&self) -> Vec<Address> {
        self.upstreams.iter().map(|upstream| upstream.address().clone()).collect()
    }

    /// Begins a connection. Its first news is `Opened` or `Closed`.
    pub fn open(&mut self, epoch: Epoch, source: SourceId, place: Place, options: OpenOptions) {
        self.end();
        let wishes = Arc::<Wishes>::default();
        self.live = Some((epoch, Arc::clone(&wishes)));
        let life = Life {
            epoch,
            upstream: Arc::clone(&self.upstreams[usize::from(source.0)]),
            wishes,
            news: self.sender.clone(),
        };
        self.tasks.spawn(life.live(Arc::clone(&self.dial), Ask { place, options }));
    }

    /// Whether this is the connection that was opened last, and not closed by [`close`](Self::close) since.
    pub fn is_live(&self, epoch: Epoch) -> bool {
        self.live.as_ref().is_some_and(|(live, _)| *live == epoch)
    }

    /// Sends a ping.
    pub fn ping(&self, epoch: Epoch) {
        self.wish(epoch, Wishes::ping);
    }

    /// Reads nothing more, not even pings, or reads on.
    pub fn pause(&self, epoch: Epoch, is_paused: bool) {
        self.wish(epoch, |wishes| wishes.pause(is_paused));
    }

    /// Ends the connection; what it still says is dropped, late news may come.
    pub fn close(&mut self, epoch: Epoch) {
        if self.is_live(epoch) {
            self.end();
        }
    }

    /// The next news of any connection, in the order in which each told its own.
    pub fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<Result<News, Panicked>> {
        while let Poll::Ready(Some(ended)) = self.tasks.poll_join_next(cx) {
            if let Err(error) = ended
                && error.is_panic()
            {
                return Poll::Ready(Err(Panicked(crate::panic::message(&*error.into_panic()))));
            }
        }
        self.news.poll_recv(cx).map(|news| Ok(news.expect("the sender lives as long as the receiver")))
    }

    /// Ends what is left and waits until every server was told, or had its time.
    pub async fn finish(mut self) {
        self.end();
        while self.tasks.join_next().await.is_some() {}
    }

    fn wish(&self, epoch: Epoch, wish: impl Fn(&Wishes)) {
        if let Some((_, wishes)) = self.live.as_ref().filter(|(live, _)| *live == epoch) {
            wish(wishes);
        }
    }

    fn end(&mut self) {
        if let Some((_, wishes)) = self.live.take() {
            wishes.end();
        }
    }
}
