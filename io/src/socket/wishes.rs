//! What the driver wants of a connection: a few flags that the connection's task looks at whenever they change.
//!
//! Flags and not a queue: the latest wish is the one that counts, and there is nothing to fill up.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

/// What the driver wants of one connection.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    is_over: AtomicBool,
    is_paused: AtomicBool,
    pings: AtomicU64,
    waker: AtomicWaker,
}

impl Wishes {
    /// End it; whatever it still says is of no interest.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Read nothing, or read on.
    pub(super) fn pause(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Ordering::Release);
        self.waker.wake();
    }

    /// Send one more ping.
    pub(super) fn ping(&self) {
        self.pings.fetch_add(1, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it shall read nothing.
    pub(super) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }

    /// How many pings were ever asked for.
    pub(super) fn pings(&self) -> u64 {
        self.pings.load(Ordering::Acquire)
    }

    /// Ready once it shall end. The task in `cx` is woken by every wish from now on; there is one such task.
    pub(super) fn poll_over(&self, cx: &Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        if self.is_over.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// What `future` gives, or none as soon as the connection shall end.
    pub(super) async fn unless_over<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| match self.poll_over(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => future.as_mut().poll(cx).map(Some),
        })
        .await
    }
}
